"""`check`: the one gate that a person runs before pushing."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from monocyte.cli.places import app_option, complete_cell, open_app, refuse_unknown
from monocyte.cli.show import as_json as print_json
from monocyte.cli.show import counted, failing, json_option, note, say, stages
from monocyte.errors import ConfigError

if TYPE_CHECKING:
    from monocyte.literate.checking import Report
    from monocyte.literate.evidence import Subject
    from monocyte.literate.findings import Finding

__all__ = ["check"]

COLOURS = {"error": "red", "warning": "yellow", "note": "blue"}

PERIOD = 0.5
"""Seconds between two looks at the files, while watching."""


class Day(click.ParamType[date]):
    """A date as YYYY-MM-DD."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read it."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            return self.fail(f"{value!r} is no date: write YYYY-MM-DD", param, ctx)


@click.command(short_help="Check everything that the cells say about themselves.")
@click.argument("cells", metavar="[CELL]...", nargs=-1, shell_complete=complete_cell())
@click.option(
    "--fix", is_flag=True, help="Redraw pictures from the code, accept rules, for review."
)
@click.option("--all", "fresh", is_flag=True, help="Try every mutant again, as CI does.")
@click.option("--no-mutation", is_flag=True, help="Leave out what takes longest.")
@click.option("--watch", is_flag=True, help="Check again whenever a file changes; Ctrl-C ends it.")
@click.option(
    "--sarif",
    "sarif_file",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="Write the findings as SARIF 2.1.0 into this file; - for standard output.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(0),
    default=20.0,
    show_default=True,
    metavar="SECONDS",
    help="How long a scenario or a decision may take; 0 is for ever.",
)
@click.option("--today", type=Day(), help="Judge dates as on this day.  [default: today]")
@click.option(
    "--jobs", type=click.IntRange(1), help="Processes for mutants.  [default: one a core]"
)
@app_option
@json_option
@failing
def check(  # noqa: PLR0913, PLR0917 (a command has the options that it has)
    cells: tuple[str, ...],
    fix: bool,
    fresh: bool,
    no_mutation: bool,
    watch: bool,
    sarif_file: Path | None,
    timeout: float,
    today: date | None,
    jobs: int | None,
    app_path: Path | None,
    as_json: bool,
) -> None:
    """Check an app: definitions, rules, pictures, scenarios, decisions, runbooks, sizes, mutants.

    With CELL, only those cells are judged; their neighbours take part all the same. Mutants are
    tried where code or evidence has changed since the last time; --all tries every one. Ends with 1
    if there is an error, and with 0 if there are only warnings.
    """
    from monocyte.literate.checking import checked
    from monocyte.literate.evidence import Options, Subject

    if watch:
        _watch(app_path)
        return
    app = open_app(app_path, tolerant=True)
    subject = Subject(app.settings.app.name, app.root, app.cells, app.journeys, app.faults)
    if not app.faults:
        refuse_unknown(cells, (it.name for it in subject.parts))
    if fix and _mended(subject):
        _again("--fix")
    options = Options(
        today or datetime.now().astimezone().date(),
        frozenset(cells),
        fresh=fresh,
        mutation=not no_mutation,
        jobs=jobs or 0,
        timeout=timeout,
    )
    with stages() as progress:
        report = checked(subject, options, progress)
    if sarif_file is not None:
        _write_sarif(report, subject, sarif_file)
    if as_json:
        print_json(_fields(report))
    elif str(sarif_file) != "-":
        _show(report)
    if report.number("error"):
        raise SystemExit(1)


def _mended(subject: Subject) -> bool:
    """Mend what can be, and say what; whether anything was."""
    from monocyte.literate.mending import mended

    files = list(mended(subject))
    for file in files:
        note(f"{click.style('redrawn:', fg='green')} {_near(str(file))}, for you to review")
    return bool(files)


def _again(without: str) -> NoReturn:
    """Check in a process of its own: what was imported cannot be imported anew."""
    raise SystemExit(subprocess.run(_command(without), check=False).returncode)  # noqa: S603 (us)


def _command(without: str) -> list[str]:
    given: list[str] = click.get_current_context().find_root().obj
    arguments = [argument for argument in given if argument != without]
    return [sys.executable, "-c", "from monocyte.cli import main; main()", *arguments]


# -- what is shown ---------------------------------------------------------------------------------


def _show(report: Report) -> None:
    for finding in report.findings:
        for line in _lines(finding):
            say(line)
    say(_summary(report))


def _lines(finding: Finding) -> list[str]:
    severity = click.style(f"{finding.severity}:", fg=COLOURS[finding.severity], bold=True)
    first, *more = finding.message.splitlines()
    lines = [f"{_near(finding.where)}: {severity} {first} [{finding.kind}]"]
    lines += [f"    {line}" for line in more]
    if finding.mend:
        lines.append(f"  what to do: {finding.mend}")
    return lines


def _near(where: str) -> str:
    """A place as seen from where one stands."""
    here = str(Path.cwd()) + "/"
    return where.removeprefix(here)


SHOWN = (
    ("cells", "cell"),
    ("rules", "rule"),
    ("scenarios", "scenario"),
    ("decisions", "decision"),
    ("assumptions", "assumption"),
    ("runbooks", "runbook"),
    ("rehearsals", "rehearsal"),
)
"""What is counted in the last lines, if there is any."""


def _summary(report: Report) -> str:
    counts, errors, warnings = report.counts, report.number("error"), report.number("warning")
    numbers = [(getattr(counts, name), noun) for name, noun in SHOWN]
    lines = [", ".join(counted(number, noun) for number, noun in numbers if number)]
    if counts.mutants:
        kept = f", {counts.kept:,} known from before" if counts.kept else ""
        ended = f"{counts.survived:,} survive, {counts.waived:,} waived{kept}"
        lines.append(f"{counted(counts.mutants, 'mutant')}: {ended}")
    executed = f"{counts.executed:,} of {counted(counts.artefacts, 'artefact')} executed"
    proven = f", {counts.cannot_fail:,} cannot fail" if counts.mutants else ""
    lines += [executed + proven, *report.left_out]
    colour = "red" if errors else "yellow" if warnings else "green"
    verdict = f"{counted(errors, 'error')}, {counted(warnings, 'warning')}"
    lines.append(click.style(f"{verdict}, {sum(report.seconds.values()):.1f} s", fg=colour))
    return "\n".join(lines)


def _fields(report: Report) -> dict[str, Any]:
    return {
        "errors": report.number("error"),
        "warnings": report.number("warning"),
        "findings": [found._asdict() for found in report.findings],
        "counts": report.counts._asdict(),
        "seconds": {stage: round(seconds, 3) for stage, seconds in report.seconds.items()},
        "left_out": list(report.left_out),
    }


def _write_sarif(report: Report, subject: Subject, file: Path) -> None:
    from monocyte.literate.sarif import sarif

    root = next(
        (it for it in (subject.root, *subject.root.parents) if (it / ".git").exists()), None
    )
    log = json.dumps(sarif(report.findings, root or subject.root, version("monocyte")), indent=1)
    if str(file) == "-":
        return say(log)
    try:
        file.write_text(log + "\n", encoding="utf-8")
    except OSError as why:
        said = f"the findings cannot be written: {why.strerror}"
        raise ConfigError(said, where=str(file), mend="name another file") from why
    return None


# -- watching --------------------------------------------------------------------------------------


def _watch(app_path: Path | None) -> None:
    """Check again and again, whenever something has changed."""
    from monocyte.runtime import find_root

    root = find_root(app_path or Path.cwd())
    seen: dict[Path, int] = {}
    try:
        while True:
            now = _stamps(root)
            if now != seen:
                seen = now
                note(click.style(f"— {datetime.now().astimezone():%H:%M:%S} —", dim=True))
                subprocess.run(_command("--watch"), check=False)  # noqa: S603 (us)
            time.sleep(PERIOD)
    except KeyboardInterrupt:
        note("")


def _stamps(root: Path) -> dict[Path, int]:
    """When each file that matters was last changed."""
    files = [*root.rglob("*.py"), root / "monocyte.toml", root / "rules.lock"]
    stamps: dict[Path, int] = {}
    for file in files:
        try:
            stamps[file] = file.stat().st_mtime_ns
        except OSError:  # it went away meanwhile: that is a change, too
            stamps[file] = 0
    return stamps
