"""`ci`: GenOps: pipelines for a code host, and the one comment that they keep."""

from __future__ import annotations

import os
from pathlib import Path

import click

from monocyte.cli.places import app_option
from monocyte.cli.show import as_json as print_json
from monocyte.cli.show import failing, json_option, note, say

__all__ = ["ci"]


@click.group()
def ci() -> None:
    """Let a code host plan, judge, apply and promote: pipelines, and a comment on each change."""


@ci.command("init", short_help="Write the pipelines for a code host.")
@click.argument("host", type=click.Choice(["github", "gitlab"]))
@click.option("--force", is_flag=True, help="Write over files that are there.")
@app_option
@json_option
@failing
def init(host: str, force: bool, app_path: Path | None, as_json: bool) -> None:
    """Write the pipelines of the app for HOST, to be committed and reviewed like code.

    On a change: plan and gates, without secrets. For an approved plan, by hand: apply, gates on a
    clean runner, promotion. Each step is a command that you can run yourself.
    """
    from monocyte.genops.ci.pipelines import pipelines, write
    from monocyte.genops.git import Git
    from monocyte.runtime import find_root, read_settings

    root = find_root(app_path or Path.cwd())
    top = Git(root).top
    app = root.resolve().relative_to(top.resolve()).as_posix()
    made = pipelines(host, app=app, name=read_settings(root).app.name)
    written = list(write(top, made, over=force))
    if as_json:
        return print_json({"host": host, "written": written, "files": [*made]})
    for name in made:
        say(f"{'written' if name in written else 'as it was'}: {name}")
    note(NEXT[host])
    return None


NEXT = {
    "github": "next: commit them; in the repository's settings make the environments "
    "monocyte-apply (with the provider's key) and monocyte-promote (with reviewers)",
    "gitlab": "next: include it in .gitlab-ci.yml and commit; protect the environments "
    "monocyte-apply and monocyte-promote, and their variables",
}


@ci.command("comment", short_help="Write what was said of a change as one comment.")
@click.option(
    "--plan",
    "plan_file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="What `monocyte plan --json` has printed.",
)
@click.option(
    "--verdict",
    "verdict_file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="What `monocyte gate --json` has printed.",
)
@click.option("--name", metavar="APP", help="The app's name.  [default: of the app here]")
@click.option("--post", "is_posted", is_flag=True, help="Put it where the code host shows it.")
@click.option(
    "--head", metavar="COMMIT", help="With --post: the change is the one with this commit."
)
@app_option
@json_option
@failing
def comment(  # noqa: PLR0917 (a command has the options that it has)
    plan_file: Path | None,
    verdict_file: Path | None,
    name: str | None,
    is_posted: bool,
    head: str | None,
    app_path: Path | None,
    as_json: bool,
) -> None:
    """Print a plan and a verdict as Markdown: one line, a table, and what is folded.

    With --post it is written over the comment of last time, or a new one, by what a runner of
    GitHub or GitLab has in its environment. Nothing of the change itself is read.
    """
    from monocyte.genops.ci import comment as pages
    from monocyte.genops.ci.posting import host_of, post
    from monocyte.runtime import find_root, read_settings

    if plan_file is None and verdict_file is None:
        raise click.UsageError("give --plan, --verdict, or both")
    app = name or read_settings(find_root(app_path or Path.cwd())).app.name
    plan = pages.planned(plan_file.read_bytes()) if plan_file else None
    verdict = pages.verdict_of(verdict_file.read_bytes()) if verdict_file else None
    page = pages.comment(app, plan, verdict)
    is_new = post(host_of(os.environ, head), pages.mark_of(app), page) if is_posted else None
    if as_json:
        return print_json({"comment": page, "new": is_new})
    say(page.rstrip())
    if is_new is not None:
        note("written as a new comment" if is_new else "written over the comment that was there")
    return None
