"""`diff`: what a change to Python code means, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monocyte.cli.show import failing, json_option, note

if TYPE_CHECKING:
    from monocyte.semdiff.difference import Difference
    from monocyte.semdiff.revisions import Git

__all__ = ["EXITS", "diff"]

EXITS = {"ignored": 0, "note": 0, "warning": 1, "breaking": 4}
"""What the command ends with, by the worst that it found; 2 and 3 are what they always are."""

UNREADABLE = 2
"""What it ends with where nothing that differs can be read, as for anything that makes no sense."""

SEVERITIES = ("note", "warning", "breaking")

format_options = (
    click.option("--sarif", is_flag=True, help="Print SARIF, for code hosts and editors."),
    click.option("--markdown", is_flag=True, help="Print Markdown, for a pull request."),
    click.option(
        "--html",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Write a page for a browser to this file, beside what is printed.",
    ),
)


def _formats(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(format_options):
        command = option(command)
    return command


@click.command(short_help="Say what a change to Python code means.")
@click.argument("specs", metavar="[OLD] [NEW]", nargs=-1)
@click.option("--staged", is_flag=True, help="Compare HEAD, or OLD, with what is staged.")
@click.option(
    "--only",
    multiple=True,
    metavar="PATH",
    help="Tell about this file or folder only; may be given again.",
)
@click.option("--no-run", is_flag=True, help="Run no code: only say what reading it can tell.")
@click.option(
    "--seconds",
    type=click.FloatRange(min=0),
    default=30,
    show_default=True,
    help="How long code may be run, in all, to see what differs.",
)
@click.option(
    "--tests",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write every witness as a test into this folder.",
)
@click.option(
    "--fail-on",
    type=click.Choice((*SEVERITIES, "never")),
    default="warning",
    show_default=True,
    help="From which severity on to end with another code than 0.",
)
@click.option("--impact", is_flag=True, help="Read large programs, too, to see who can feel it.")
@click.option("--full", is_flag=True, help="Tell everything that was ignored or not looked at.")
@click.option("--no-cache", is_flag=True, help="Neither use nor keep what is known already.")
@json_option
@_formats
@failing
def diff(  # noqa: PLR0913, PLR0917 (an option each)
    specs: tuple[str, ...],
    staged: bool,
    only: tuple[str, ...],
    no_run: bool,
    seconds: float,
    tests: Path | None,
    fail_on: str,
    impact: bool,
    full: bool,
    no_cache: bool,
    as_json: bool,
    sarif: bool,
    markdown: bool,
    html: Path | None,
) -> None:
    """Say what changed in meaning between OLD and NEW: directories, files, wheels or revisions.

    Without OLD, it is HEAD; without NEW, the working tree. `A..B` compares two revisions, `A...B`
    what B has changed since both parted.

    Each definition that differs is the same (for whoever runs it), changed (a witness shows it),
    without a difference that was found (with how hard it was looked for), or unknown (with the
    reason). Code is run only in locked processes that may not write, start or call anything; it is
    never imported here.

    Ends with 0 if nothing but notes was found, 1 if a meaning has changed or may have, 4 if
    something breaks.
    """
    from monocyte.semdiff.difference import Options, difference
    from monocyte.semdiff.keeping import Keeper
    from monocyte.semdiff.opening import open_pair

    if as_json + sarif + markdown > 1:
        raise click.UsageError("--json, --sarif and --markdown exclude each other")
    git = _git_here()
    old, new = open_pair(specs, git, staged=staged, name=os.environ.get("BASE", ""))
    folder = None if no_cache else _cache()
    options = Options(run=not no_run, seconds=seconds, only=only, impact=impact or None)
    found = difference(old, new, options, memory=Keeper(folder) if folder else None)
    if html is not None:
        _write_html(found, html)
    if tests is not None:
        _write_tests(found, tests)
    click.echo(
        _printed(found, as_json=as_json, sarif=sarif, markdown=markdown, full=full), nl=False
    )
    raise SystemExit(_exit(found, fail_on))


def _printed(found: Difference, *, as_json: bool, sarif: bool, markdown: bool, full: bool) -> str:
    from monocyte.semdiff import report

    if as_json:
        return report.as_json(found, version("monocyte"))
    if sarif:
        return report.as_sarif(found, version("monocyte"))
    if markdown:
        return report.as_markdown(found)
    is_terminal = sys.stdout.isatty()
    width = os.get_terminal_size().columns if is_terminal else 80
    colour = is_terminal and "NO_COLOR" not in os.environ
    return report.as_text(found, width=width, colour=colour, full=full)


def _exit(found: Difference, fail_on: str) -> int:
    severity = found.severity.name.lower()
    if fail_on == "never" or severity not in SEVERITIES:
        return 0
    if all(it.finding.rule == "unreadable" for it in found.changes):
        return UNREADABLE
    if SEVERITIES.index(severity) < SEVERITIES.index(fail_on):
        return 0
    return EXITS[severity] or 1


def _write_html(found: Difference, path: Path) -> None:
    from monocyte.semdiff.report import as_html

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(as_html(found), encoding="utf-8", errors="backslashreplace")
    note(f"{path} is written")


def _write_tests(found: Difference, folder: Path) -> None:
    import re

    tests = [it for it in found.changes if it.test]
    folder.mkdir(parents=True, exist_ok=True)
    for number, change in enumerate(tests, 1):
        place = f"{Path(change.place.file).with_suffix('')}_{change.finding.definition}"
        slug = re.sub(r"\W+", "_", place).strip("_").lower()[:80]
        path = folder / f"test_diff_{number:02}_{slug}.py"
        path.write_text(change.test, encoding="utf-8", errors="backslashreplace")
    note(f"{len(tests)} written to {folder}")


# -- git ------------------------------------------------------------------------------------------


def _git_here() -> Git | None:
    """Git in this directory; None where there is no repository, or no git."""
    try:
        _git(["rev-parse", "--git-dir"])
    except OSError:
        return None
    return _git


def _git(arguments: Sequence[str], given: bytes = b"") -> bytes:
    """Run git; what it says is wrong comes as OSError."""
    run = subprocess.run(  # noqa: S603 (our own arguments)
        # Nothing that a repository sets up for itself may run: it may be anybody's.
        ["git", "-c", "core.fsmonitor=false", *arguments],  # noqa: S607 (the user's own git)
        input=given,
        capture_output=True,
        check=False,
        env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"},
    )
    if run.returncode:
        raise OSError(run.returncode, run.stderr.decode("utf-8", "replace").strip())
    return run.stdout


def _cache() -> Path:
    """Where programs of this user keep what may be deleted; a repository may be anybody's."""
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "monocyte" / "diff"
