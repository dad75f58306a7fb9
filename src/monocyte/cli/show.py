"""How commands speak: tables for people, plain text in pipes, JSON for machines; and how they fail.

Answers go to standard output, everything else to standard error. Exit codes are a table.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Any, NoReturn, ParamSpec, TypeVar

import click
from click.termui import progressbar

from monocyte.errors import (
    BusError,
    Busy,
    ConfigError,
    Crashed,
    DeadlineExceeded,
    DefinitionError,
    GenopsError,
    Invalid,
    JournalDamaged,
    JournalError,
    LedgerDamaged,
    LedgerMoved,
    LedgerUnavailable,
    MonocyteError,
    PortFailed,
    TooLarge,
    Unavailable,
)

__all__ = [
    "EXIT_CODES",
    "as_json",
    "counted",
    "failing",
    "fault_lines",
    "json_option",
    "note",
    "one_json",
    "progress",
    "say",
    "stages",
    "stop",
    "table",
]

P = ParamSpec("P")
T = TypeVar("T")

EXIT_CODES = {
    0: "all is well",
    1: "the answer is no: refused, failed, damaged, not found",
    2: "it was asked wrongly: options, fields, settings, or a cell that is not well formed",
    3: "it cannot be done now: busy, unavailable, locked, too late, crashed",
    130: "it was interrupted",
}
"""What a command ends with."""

CODES: tuple[tuple[type[MonocyteError], int], ...] = (
    (Invalid, 2),
    (TooLarge, 2),
    (Unavailable, 3),
    (Busy, 3),
    (DeadlineExceeded, 3),
    (Crashed, 3),
    (PortFailed, 3),
    (BusError, 1),
    (JournalDamaged, 1),
    (JournalError, 3),
    (LedgerDamaged, 1),
    (LedgerMoved, 3),
    (LedgerUnavailable, 3),
    (GenopsError, 1),
    (MonocyteError, 2),
)
"""The exit code of each family of errors; the first that fits."""

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for machines.")


def as_json(value: Any) -> None:
    """Print a value as JSON, over several lines for people and on one line in a pipe."""
    click.echo(one_json(value, indent=2 if sys.stdout.isatty() else None))


def one_json(value: Any, indent: int | None = None) -> str:
    """A value as JSON, as the wall says it: times in ISO 8601, bytes in base64."""
    from monocyte.contracts.codec import to_builtins

    return json.dumps(to_builtins(value), indent=indent, ensure_ascii=False)


def say(text: str) -> None:
    """Print a line of the answer."""
    click.echo(text)


def note(text: str) -> None:
    """Print a line beside the answer."""
    click.echo(text, err=True)


def counted(number: int, noun: str) -> str:
    """A number with its noun, in the plural unless there is one."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def table(headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print rows: as a drawn table on a terminal, as columns apart by two spaces in a pipe."""
    rows = [[str(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        from rich import box
        from rich.console import Console
        from rich.table import Table

        drawn = Table(box=box.SIMPLE_HEAD)
        for header in headers:
            drawn.add_column(header, overflow="fold")
        for row in rows:
            drawn.add_row(*row)
        Console(highlight=False, markup=False).print(drawn)
        return
    widths = [max(map(len, column)) for column in zip(headers, *rows, strict=True)]
    for row in (headers, *rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error, where that is a terminal; call it with what is done, of how much."""
    with progressbar(length=1, label=label, file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:

        def show(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        yield show


@contextmanager
def stages() -> Iterator[Callable[[str, int, int], None]]:
    """A bar for one stage after the other; call it with the stage, what is done, of how much."""
    with ExitStack() as open_bar:
        shown: dict[str, Callable[[int, int], None]] = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in shown:
                open_bar.close()
                shown.clear()
                shown[stage] = open_bar.enter_context(progress(f"{stage:12}"))
            shown[stage](done, total)

        yield show


def stop(error: MonocyteError, *, json_wanted: bool = False, code: int | None = None) -> NoReturn:
    """Say an error and end with its exit code, or with the one that is given."""
    if json_wanted:
        as_json({"error": _fields(error)})
    else:
        for line in fault_lines(error):
            note(line)
    own = next(code for family, code in CODES if isinstance(error, family))
    raise SystemExit(own if code is None else code)


def fault_lines(error: MonocyteError) -> list[str]:
    """An error, and what else was wrong with the same cell, as lines for people."""
    red = click.style("error:", fg="red", bold=True)
    lines = [f"{red} {error.where + ': ' if error.where else ''}{error.message}"]
    if error.mend:
        lines.append(f"  what to do: {error.mend}")
    more = error.more if isinstance(error, DefinitionError) else ()
    return lines + [line for fault in more for line in fault_lines(fault)]


def failing(command: Callable[P, T], *, code: int | None = None) -> Callable[P, T]:
    """Let a command end in an error with a message and an exit code, never in a traceback."""

    @wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return command(*args, **kwargs)
        except MonocyteError as why:
            stop(why, json_wanted=bool(kwargs.get("as_json")), code=code)
        except BrokenPipeError:
            return _close_quietly()
        except OSError as why:
            named = str(why.filename or "")
            error = ConfigError(why.strerror or str(why), where=named, mend="see to the file")
            stop(error, json_wanted=bool(kwargs.get("as_json")), code=code)
        except KeyboardInterrupt:
            note("")
            raise SystemExit(130) from None

    return guarded


def _close_quietly() -> NoReturn:
    """End well though nobody reads on, as behind `| head`: what is left to flush goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise SystemExit(0)


def _fields(error: MonocyteError) -> dict[str, Any]:
    names = ("message", "where", "mend", "cell", "kind", "rule", "detail", "fault")
    return {name: value for name in names if (value := getattr(error, name, ""))}
