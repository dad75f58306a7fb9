"""`runbook`: list, show, and work through what is to be done when something breaks."""

from __future__ import annotations

import inspect
import json
import os
import platform
import re
import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, NoReturn, get_args, get_origin

import click

from monocyte.cli.guides import Console, Lines, show_plan
from monocyte.cli.places import app_option, complete_runbook, open_app, reach_options
from monocyte.cli.show import CODES, failing, fault_lines, json_option, note, say, table
from monocyte.cli.show import as_json as print_json
from monocyte.errors import ConfigError, Invalid, JournalDamaged, MonocyteError

if TYPE_CHECKING:
    from monocyte.app import App
    from monocyte.cell import Manifest
    from monocyte.cell.evidence import Runbook
    from monocyte.literate.runbooks.planning import Procedure
    from monocyte.literate.runbooks.progress import Progress
    from monocyte.literate.runbooks.runner import Preview, Runner

__all__ = ["runbook"]


@click.group(short_help="List, show and work through runbooks.")
def runbook() -> None:
    """List, show and work through runbooks: what is to be done when something breaks."""


# -- list and show ---------------------------------------------------------------------------------


@runbook.command("list", short_help="List the runbooks, and how they were last used.")
@app_option
@json_option
@failing
def list_(app_path: Path | None, as_json: bool) -> None:
    """List every runbook of the app: when it is needed, and its last run."""
    app = open_app(app_path, tolerant=True)
    runs = list(_runs(app))
    rows = [_described(app, manifest, book, runs) for manifest, book in _all(app)]
    if as_json:
        print_json(rows)
    elif not rows:
        note("this app has no runbook")
    else:
        shown = [(r["name"], r["when"], _usage(r), _last(r["runs"])) for r in rows]
        table(("name", "when", "arguments", "last run"), shown)


@runbook.command(short_help="Show a runbook, and its steps as they are planned just now.")
@click.argument("name", shell_complete=complete_runbook())
@click.argument("arguments", metavar="[ARG=VALUE]...", nargs=-1)
@reach_options
@json_option
@failing
def show(
    name: str,
    arguments: tuple[str, ...],
    app_path: Path | None,
    url: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    """Show the runbook NAME: when and why, what it needs, and its runs.

    NAME is cell.runbook, or just runbook. With its arguments, its steps are planned from what the
    app answers now; nothing is sent.
    """
    app = open_app(app_path, tolerant=True)
    manifest, book = _find(app, name)
    about = _described(app, manifest, book, list(_runs(app)))
    steps: list[Preview] = []
    planned = bool(arguments) or not book.parameters
    if planned:
        procedure = _procedure(app, manifest, book, _given(manifest, book, arguments))
        steps = _previewed(app, procedure, url, key)
    if as_json:
        print_json(about | ({"steps": [_fields(step) for step in steps]} if planned else {}))
        return
    _show(about)
    if planned:
        say("")
        show_plan(steps)


def _described(app: App, manifest: Manifest, book: Runbook, runs: list[_Run]) -> dict[str, Any]:
    name = f"{manifest.name}.{book.name}"
    return {
        "name": name,
        "purpose": book.purpose,
        "when": book.when,
        "roles": list(book.roles),
        "parameters": {it: _typed(kind) for it, kind in book.parameters.items()},
        "example": dict(book.example),
        "where": book.where,
        "rehearsed": _rehearsed(app, manifest, book),
        "runs": [run._asdict() for run in runs if run.runbook == name],
    }


def _rehearsed(app: App, manifest: Manifest, book: Runbook) -> dict[str, Any] | None:
    """What the last check has seen of it; `current` says that the cell is still the same."""
    from monocyte.literate.keeping import Keeper

    record = Keeper(app.root).record()
    cell = record.cells.get(manifest.name) if record else None
    found = [it for it in cell.rehearsals if it.runbook == book.name] if cell else []
    if cell is None or not found:
        return None
    failed = [f"{it.name}: {it.error}" for it in found if not it.passed]
    current = cell.digest == manifest.release
    return {"rehearsals": len(found), "failed": failed, "current": current}


def _told(rehearsed: dict[str, Any] | None) -> str:
    """How it was rehearsed, in a line."""
    if rehearsed is None:
        return "not rehearsed yet; `monocyte check` does it"
    failed, stale = rehearsed["failed"], "" if rehearsed["current"] else ", before the cell changed"
    if failed:
        return f"its rehearsal failed{stale}: {failed[0]}"
    return f"rehearsed {rehearsed['rehearsals']} times, well{stale}"


def _usage(row: dict[str, Any]) -> str:
    return " ".join(f"{name}=…" for name in row["parameters"])


def _last(runs: list[dict[str, Any]]) -> str:
    return f"{runs[-1]['state']} ({runs[-1]['by']}, {runs[-1]['at'][:16]})" if runs else "never"


def _show(about: dict[str, Any]) -> None:
    say(f"{click.style(about['name'], bold=True)}: {about['purpose']}")
    say(f"  when: {about['when']}")
    if about["roles"]:
        say(f"  in the role of: {', '.join(about['roles'])}")
    for name, kind in about["parameters"].items():
        say(f"  {name}: {kind}")
    say(f"  for example: {_example(about['name'], about['example'])}")
    say(f"  {_told(about['rehearsed'])}")
    for run in about["runs"][-5:]:
        say(f"  run {run['run']}: {_last([run])}")
    say(f"  written at {about['where']}")


def _example(name: str, example: Mapping[str, Any]) -> str:
    from monocyte.cli.show import one_json

    words = [
        f"{key}={value if isinstance(value, str) else one_json(value)}"
        for key, value in example.items()
    ]
    return shlex.join(["monocyte", "runbook", "run", name, *words])


def _typed(annotation: Any) -> str:
    """A type as people read it, with its constraints."""
    from monocyte.contracts.annotations import spell

    if get_origin(annotation) is not Annotated:
        return spell(annotation)
    inner, *more = get_args(annotation)
    said = ", ".join(re.sub(r"^(msgspec\.)?Meta\((.*)\)$", r"\2", str(it)) for it in more)
    return f"{_typed(inner)} ({said})"


# -- run -------------------------------------------------------------------------------------------


class _Asked(NamedTuple):
    """What was typed."""

    words: tuple[str, ...]
    yes: bool
    dry_run: bool
    resume: str
    undo: str
    app_path: Path | None
    url: str | None
    key: str | None
    as_json: bool

    @property
    def name(self) -> str:
        """The first word that is no argument."""
        return self.words[0] if self.words and "=" not in self.words[0] else ""

    @property
    def arguments(self) -> tuple[str, ...]:
        """The others."""
        return self.words[1:] if self.name else self.words

    def refuse_nonsense(self) -> None:
        """Options that do not go together, and questions that nobody can answer.

        Raises:
            click.UsageError: what was typed makes no sense.
            ConfigError: nobody is there to be asked.
        """
        if sum(map(bool, (self.resume, self.undo, self.dry_run))) > 1:
            raise click.UsageError("one of --dry-run, --resume and --undo at a time")
        if (self.resume or self.undo) and self.arguments:
            raise click.UsageError("the arguments of a run stand in its record; give none")
        if not (self.resume or self.undo or self.name):
            raise click.UsageError("which runbook? see: monocyte runbook list")
        is_asked = sys.stdin.isatty() and not self.as_json
        if not (self.yes or self.dry_run or is_asked):
            why = "with --json" if self.as_json else "and nobody is at a terminal"
            raise ConfigError(
                f"every step is to be confirmed, {why}",
                mend="add --yes to confirm them all beforehand; --dry-run shows them",
            )

    def again(self, option: str, run: str) -> str:
        """The command that takes the run up again."""
        kept = (("--app", self.app_path), ("--url", self.url))
        place = [str(part) for name, value in kept if value for part in (name, value)]
        return shlex.join(["monocyte", "runbook", "run", option, run, *place])


@runbook.command(short_help="Work through a runbook, step by step.")
@click.argument(
    "words", metavar="[NAME] [ARG=VALUE]...", nargs=-1, shell_complete=complete_runbook()
)
@click.option("--yes", is_flag=True, help="Do not ask before each step.")
@click.option("--dry-run", is_flag=True, help="Show what would be done; send nothing.")
@click.option("--resume", default="", metavar="RUN", help="Go on with a run that was left.")
@click.option("--undo", default="", metavar="RUN", help="Take back what a run has done.")
@reach_options
@json_option
@failing
def run(  # noqa: PLR0913, PLR0917 (a command has the options that it has)
    words: tuple[str, ...],
    yes: bool,
    dry_run: bool,
    resume: str,
    undo: str,
    app_path: Path | None,
    url: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    """Work through the runbook NAME, step by step, and confirm each.

    An app that runs is asked over HTTP, with your key; one that does not is asked in this process.
    What happens is recorded beside the app's journal, before it happens: a run that was interrupted
    by whatever can be resumed, or undone. With --json, every entry of the record is a line.
    """
    asked = _Asked(words, yes, dry_run, resume, undo, app_path, url, key, as_json)
    asked.refuse_nonsense()
    app = open_app(app_path, tolerant=True)
    if resume or undo:
        _take_up(app, asked)
        return
    manifest, book = _find(app, asked.name)
    procedure = _procedure(app, manifest, book, _given(manifest, book, asked.arguments))
    if not dry_run:
        _begin(app, procedure, asked)
    elif as_json:
        print_json([_fields(step) for step in _previewed(app, procedure, url, key)])
    else:
        show_plan(_previewed(app, procedure, url, key))


def _previewed(app: App, procedure: Procedure, url: str | None, key: str | None) -> list[Preview]:
    from monocyte.cli.desks import desk
    from monocyte.literate.runbooks.runner import preview

    with desk(app, procedure, url, key) as at:
        return list(preview(procedure, at))


def _fields(it: Preview) -> dict[str, Any]:
    step = it.step
    return {
        "title": step.title,
        "where": step.where,
        "check": step.check,
        "wanted": step.wanted,
        "holds": it.holds,
        "sure": it.sure,
        "do": step.do,
        "undo": step.undo,
    }


def _begin(app: App, procedure: Procedure, asked: _Asked) -> None:
    from datetime import UTC, datetime
    from secrets import token_hex

    for left in _runs(app):
        if left.runbook == procedure.name and left.state in ("open", "undoing"):
            note(f"{left.run} ({left.by}, {left.at[:16]}) was never finished:")
            _ways(left.state, left.run, asked)
    rehearsed = _rehearsed(app, procedure.manifest, procedure.runbook)
    if rehearsed is None or rehearsed["failed"] or not rehearsed["current"]:
        note(f"{procedure.runbook.name}: {_told(rehearsed)}")
    plain = re.sub(r"[^A-Za-z0-9_]", "-", procedure.runbook.name)[:60]  # it stands in ids
    name = f"{plain}-{datetime.now(UTC):%Y%m%d-%H%M%S}-{token_hex(2)}"
    with _hands(app, procedure, asked, name, fresh=True) as runner:
        runner.start(name)


def _take_up(app: App, asked: _Asked) -> None:
    name = asked.resume or asked.undo
    progress = _progress(app, name)
    procedure = _gone(app, progress) if asked.undo else None
    procedure = procedure or _recorded(app, progress)
    if asked.name and asked.name not in (procedure.name, procedure.runbook.name):
        raise ConfigError(f"{name} is a run of {procedure.name}", mend="name that, or nothing")
    if progress.hands[-1].release != procedure.manifest.release:
        note(f"{procedure.manifest.name} has changed since; what was begun stays as it was begun")
    with _hands(app, procedure, asked, name) as runner:
        if asked.undo:
            runner.undo()
        else:
            runner.resume()


@contextmanager
def _hands(
    app: App, procedure: Procedure, asked: _Asked, name: str, *, fresh: bool = False
) -> Iterator[Runner]:
    """A runner on a run; if it does not come to its end, it is said how to go on."""
    from monocyte.cli.desks import desk
    from monocyte.literate.runbooks.logbook import FileLogbook
    from monocyte.literate.runbooks.runner import Runner

    guide = Lines() if asked.as_json else Console(yes=asked.yes)
    process = f"{platform.node()}:{os.getpid()}"
    with (
        desk(app, procedure, asked.url, asked.key) as at,
        FileLogbook(_folder(app), name, fresh=fresh) as log,
    ):
        if log.torn:
            note("the last line of its record was never finished, and is dropped")
        note(f"{procedure.name}, as {at.name}; this is run {name}")
        if lacking := sorted(set(procedure.runbook.roles) - at.roles):
            note(f"it is rehearsed in the role of {', '.join(lacking)}, which {at.name} may lack")
        runner = Runner(procedure, at, log, guide, process=process)
        try:
            yield runner
        except (KeyboardInterrupt, click.Abort):
            note("")
            _how_to_go_on(runner.progress, name, asked)
            raise SystemExit(130) from None
        except MonocyteError as why:
            _fail(why, runner.progress, name, asked)


def _fail(why: MonocyteError, progress: Progress, name: str, asked: _Asked) -> NoReturn:
    """Say what went wrong, and how to go on; end with the code of what the app has said."""
    from monocyte.literate.runbooks.runner import Stopped

    cause = (why.cause or why) if isinstance(why, Stopped) else why
    code = 1 if isinstance(cause, Stopped) else _code(cause)
    if asked.as_json:
        fields = {"message": why.message, "where": why.where, "mend": why.mend, "run": name}
        print_json({"error": fields})
    else:
        for line in fault_lines(why):
            note(line)
        _how_to_go_on(progress, name, asked)
    raise SystemExit(code)


def _code(why: MonocyteError) -> int:
    return next(code for family, code in CODES if isinstance(why, family))


def _how_to_go_on(progress: Progress, name: str, asked: _Asked) -> None:
    if not progress.hands or progress.state in ("done", "undone"):
        return
    note(f"run {name} stands still; {_so_far(progress)}")
    _ways(progress.state, name, asked)


def _so_far(progress: Progress) -> str:
    effects = [step for step in progress.steps if step.done or step.had_effect]
    if not effects:
        return "nothing of it is done"
    told = (
        f"{step.number}. {step.plan.title}"
        f"{'' if not step.undone else ' (taken back)'}"
        f"{'' if step.done or step.undone else ' (in part)'}"
        for step in effects
    )
    return "so far: " + "; ".join(told)


def _ways(state: str, name: str, asked: _Asked) -> None:
    if state == "open":
        note(f"  go on:     {asked.again('--resume', name)}")
    note(f"  take back: {asked.again('--undo', name)}")


# -- which runbook, with what ----------------------------------------------------------------------


def _all(app: App) -> list[tuple[Manifest, Runbook]]:
    return [(manifest, book) for manifest in app.cells for book in manifest.runbooks.values()]


def _find(app: App, name: str) -> tuple[Manifest, Runbook]:
    """The runbook of that name, with its cell's or, if there is only one, without.

    Raises:
        ConfigError: there is none, or there are several.
        DefinitionError: it may be in a cell that is not well formed.
    """
    from difflib import get_close_matches

    known = _all(app)
    found = [(m, b) for m, b in known if name in (b.name, f"{m.name}.{b.name}")]
    if len(found) == 1:
        return found[0]
    names = [f"{m.name}.{b.name}" for m, b in found or known]
    if found:
        raise ConfigError(f"several runbooks are called {name}", mend=f"say {' or '.join(names)}")
    if app.faults:
        raise app.faults[0]
    close = get_close_matches(name, [*names, *(b.name for _, b in known)], n=1, cutoff=0.5)
    there = f"there is: {', '.join(names)}" if names else "this app has none"
    mend = f"did you mean {close[0]}?" if close else there
    raise ConfigError(f"there is no runbook {name!r}", mend=mend)


def _procedure(
    app: App, manifest: Manifest, book: Runbook, arguments: Mapping[str, Any]
) -> Procedure:
    from monocyte.literate.runbooks.planning import Procedure, Words

    return Procedure(manifest, book, Words(app.cells), arguments)


def _given(manifest: Manifest, book: Runbook, words: tuple[str, ...]) -> dict[str, Any]:
    """The arguments, each of the type of its parameter.

    Raises:
        ConfigError: one is missing, unknown, given twice, or not of its type.
    """
    usage = _example(f"{manifest.name}.{book.name}", book.example)
    given: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or name not in book.parameters:
            known = ", ".join(book.parameters) or "none"
            what = f"{book.name} has no argument {name!r}" if equals else f"{word!r} is no argument"
            raise ConfigError(what, mend=f"it takes {known}: {usage}")
        if name in given:
            raise ConfigError(f"{name} is given twice", mend=usage)
        given[name] = _value(name, book.parameters[name], text)
    signature = inspect.signature(book.function)
    needed = {n for n, it in signature.parameters.items() if it.default is signature.empty}
    missing = [name for name in book.parameters if name in needed - given.keys()]
    if missing:
        told = ", ".join(f"{name}: {_typed(book.parameters[name])}" for name in missing)
        raise ConfigError(f"{book.name} needs {told}", mend=usage)
    return given


def _value(name: str, annotation: Any, text: str) -> Any:
    """What was typed, as JSON if that fits, else as plain text."""
    from monocyte.contracts.codec import decode_json

    try:
        return decode_json(annotation, text.encode("utf-8", "surrogateescape"))
    except MonocyteError as as_value:
        try:
            return decode_json(annotation, json.dumps(text).encode())
        except MonocyteError as as_text:
            why = as_value if _is_json(text) else as_text
            said = why.message.partition(": ")[2] or why.message
            raise ConfigError(
                f"{name}={text} is no {_typed(annotation)}: {said}",
                mend=f"give {name} as plain text, or as JSON",
            ) from why


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


# -- runs ------------------------------------------------------------------------------------------


class _Run(NamedTuple):
    """A run as it is listed."""

    run: str
    runbook: str
    by: str
    at: str
    state: str


def _folder(app: App) -> Path:
    return app.data / "runbooks"


def _runs(app: App) -> Iterator[_Run]:
    """The runs of an app, oldest first; a record that is damaged is said, and left out."""
    from monocyte.literate.runbooks.logbook import logbooks
    from monocyte.literate.runbooks.progress import Progress

    for name, read in logbooks(_folder(app)):
        try:
            progress = Progress(read().entries)
        except JournalDamaged as why:
            note(f"{why.where}: {why.message}")
            continue
        if progress.hands:
            first, last = progress.taken, progress.hands[-1]
            yield _Run(name, first.runbook, last.by, last.at, progress.state)


def _progress(app: App, name: str) -> Progress:
    """How far a run has come.

    Raises:
        ConfigError: there is no such run.
        JournalDamaged: its record is not what was written.
    """
    from difflib import get_close_matches

    from monocyte.literate.runbooks.logbook import logbooks
    from monocyte.literate.runbooks.progress import Progress

    known = dict(logbooks(_folder(app)))
    if name not in known:
        close = get_close_matches(name, known, n=1)
        mend = f"did you mean {close[0]}?" if close else "see: monocyte runbook show NAME"
        raise ConfigError(f"there is no run {name!r}", mend=mend)
    progress = Progress(known[name]().entries)
    if not progress.hands:
        raise ConfigError(f"nothing stands in the record of {name}", mend="run it anew")
    return progress


def _gone(app: App, progress: Progress) -> Procedure | None:
    """What it takes to undo a run whose runbook is not there any more; None if it is there.

    What was done stands in the record: of the app only the commands are needed.
    """
    from monocyte.cell.evidence import Runbook, Scenario

    cell, _, name = progress.taken.runbook.partition(".")
    manifest = next((it for it in app.cells if it.name == cell), None)
    if manifest is None or name in manifest.runbooks:
        return None
    note(f"{cell} has no runbook {name} any more; what it did can be taken back all the same")
    nothing = Scenario(lambda _: None, manifest.file)
    book = Runbook(
        *(name, lambda _: None, manifest.file, "", nothing, None),
        *(progress.taken.roles, {}, {}),
    )
    return _procedure(app, manifest, book, progress.taken.arguments)


def _recorded(app: App, progress: Progress) -> Procedure:
    """The runbook of a run, with the arguments that it was begun with."""
    from monocyte.contracts.codec import decode_json

    manifest, book = _find(app, progress.taken.runbook)
    try:
        arguments = {
            name: decode_json(book.parameters[name], json.dumps(value).encode())
            for name, value in progress.taken.arguments.items()
        }
    except (Invalid, KeyError) as why:
        message = f"{progress.taken.runbook} no longer takes the arguments of this run"
        raise ConfigError(message, where=book.where, mend="finish it by hand") from why
    return _procedure(app, manifest, book, arguments)
