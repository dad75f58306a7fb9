"""`gate`: judge any change to cells, by whomever, by what it means."""

from __future__ import annotations

import json
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monocyte.cli.places import app_option
from monocyte.cli.show import failing, json_option, note, say
from monocyte.errors import ConfigError

if TYPE_CHECKING:
    from monocyte.genops.git import Git

__all__ = ["gate"]


@click.command(short_help="Judge a change to cells by what it means.")
@click.argument("change", metavar="[BASE..HEAD]", required=False)
@click.option(
    "--author",
    type=click.Choice(["person", "model"]),
    default="person",
    show_default=True,
    help="Who wrote it: a model may change nothing but behaviour.",
)
@click.option("--rule", "rules", multiple=True, help="A rule that was changed on purpose.")
@click.option(
    "--corpus",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Replay what a journal has recorded; see `monocyte journal sample`.",
)
@click.option(
    "--sarif",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the findings as SARIF 2.1.0 into this file.",
)
@click.option(
    "--junit",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the gates as JUnit XML into this file.",
)
@click.option("--plan", metavar="PLAN", help="Judge the last candidate of PLAN once more.")
@click.option("--full", is_flag=True, help="Tell notes and all evidence, too.")
@app_option
@json_option
@failing
def gate(  # noqa: PLR0913, PLR0917 (a command has the options that it has)
    change: str | None,
    author: str,
    rules: tuple[str, ...],
    corpus: Path | None,
    sarif: Path | None,
    junit: Path | None,
    plan: str | None,
    full: bool,
    app_path: Path | None,
    as_json: bool,
) -> None:
    """Judge what HEAD changes since BASE, in revisions of git; no plan is needed.

    Without BASE..HEAD it is what HEAD has changed since it parted from the branch that is merged
    into; `A...B` is what B has changed since both parted. Everything that is set, limits and keys
    of settings, is what BASE says. The code of HEAD runs in locked processes only.

    Ends with 0 if nothing is in its way, 2 if a person must agree, 1 if it is refused, or cannot be
    judged.
    """
    from monocyte.genops.gates.judging import judge
    from monocyte.genops.gates.report import as_junit, as_sarif, as_text, exit_code
    from monocyte.genops.gates.trees import case_of
    from monocyte.genops.git import Git
    from monocyte.runtime import find_root

    root = find_root(app_path or Path.cwd())
    git = Git(root)
    candidate = ""
    if plan is not None:
        if change or rules:
            raise click.UsageError(
                "--plan says what is judged, whose it is, and which rules are meant"
            )
        base, head, rules, candidate = _candidate(app_path, plan)
        author = "model"
    else:
        base, head = _revisions(git, root, change)
    with tempfile.TemporaryDirectory(prefix="monocyte-gate-") as folder:
        case = case_of(
            git,
            base,
            head,
            root,
            Path(folder),
            author="model" if author == "model" else "person",
            rules=rules,
            corpus=corpus.resolve() if corpus is not None else None,
        )._replace(candidate=candidate)
        verdict = judge(case, hears=lambda it: None if as_json else note(it))
    if sarif is not None:
        log = as_sarif(verdict, version("monocyte"))
        _written(sarif, json.dumps(log, indent=1) + "\n")
    if junit is not None:
        _written(junit, as_junit(verdict))
    say(verdict.content.decode() if as_json else as_text(verdict, full=full).rstrip("\n"))
    raise SystemExit(exit_code(verdict))


def _candidate(app_path: Path | None, name: str) -> tuple[str, str, tuple[str, ...], str]:
    """The last candidate of a plan: its commits, the rules that were changed, and its digest."""
    from monocyte.cli.plan import desk_of
    from monocyte.genops.promotion.merging import Merging

    desk = desk_of(app_path)
    book = desk.ledger.read().book
    plan = desk.find(book, name)
    found = Merging(desk).candidate(book, plan)
    for commit in (found.base, found.commit):
        if not desk.git.resolve(commit):
            mend = "git fetch REMOTE '+refs/monocyte/*:refs/monocyte/*'"
            raise ConfigError(f"the commit {commit[:12]} of the candidate is not here", mend=mend)
    return found.base, found.commit, plan.rules, found.digest


def _revisions(git: Git, root: Path, change: str | None) -> tuple[str, str]:
    """The two commits that are meant.

    Raises:
        ConfigError: git knows no such revision.
    """
    from monocyte.genops.plans.base import base_of

    if change is None:
        base, head, parted = base_of(git, root).commit, "HEAD", True
    else:
        parted = "..." in change
        base, _, head = change.partition("..." if parted else "..")
        base, head = base or "HEAD", head or "HEAD"
    old, new = _resolved(git, base), _resolved(git, head)
    if parted:
        found = git.run("merge-base", old, new)
        old = found.stdout.decode().strip() or old
    return old, new


def _resolved(git: Git, revision: str) -> str:
    commit = git.resolve(revision)
    if not commit:
        mend = "see how it is spelled: git log --oneline --all; a shallow clone has not all"
        raise ConfigError(f"git knows no revision {revision!r}", where=str(git.top), mend=mend)
    return commit


def _written(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as why:
        what = f"it cannot be written: {why.strerror}"
        raise ConfigError(what, where=str(file), mend="name another file") from why
