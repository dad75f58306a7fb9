"""The book of rules, `rules.lock`: every rule that an app ever had, so that no ID is used again.

One line for each ID, in an order of its own, so that a review sees what changed. People read it,
and only `accept` writes it. What was once accepted is never forgotten: a line leaves the book by
hand only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from monocyte.cell import Manifest, Retired, Rule
from monocyte.literate.findings import Finding, finding

__all__ = ["FILE", "Line", "accept", "rulebook_findings"]

FILE = "rules.lock"
"""The name of the book, beside `monocyte.toml`."""

State = Literal["in force", "retired"]

HEADER = """\
# Every rule that this app ever had, one line each: ID | cell | in force, or retired | text.
# An ID means one thing for ever. `monocyte check` compares the code with this book, and
# `monocyte check --fix` accepts what was declared, reworded or retired: commit it, and review it.
"""
SEPARATOR = " | "
STATES: tuple[State, ...] = ("in force", "retired")


class Line(NamedTuple):
    """A rule as it was accepted; `number` is its line in the book, 0 if it is not there yet."""

    id: str
    cell: str
    state: State
    text: str
    number: int = 0

    def __str__(self) -> str:
        return SEPARATOR.join((self.id, self.cell, self.state, self.text))


def rulebook_findings(
    path: Path, manifests: Sequence[Manifest], *, complete: bool = True
) -> Iterator[Finding]:
    """What differs between the book and the code.

    `complete` says that the manifests are all cells of the app; else none is called vanished that
    may be in a cell that could not be loaded.
    """
    book = _read(path)
    yield from book.faults
    declared = _declared(manifests)
    if not book.exists:
        if declared:
            what = f"there is no {FILE} yet: nobody would notice that an ID is used again"
            yield finding("rule-unlocked", "", f"{path}:1", what, "write it: monocyte check --fix")
        return
    for id, rule in declared.items():
        known = book.lines.get(id)
        if known is not None:
            yield from _changed(known, rule, path)
        elif not book.faults:  # its line may be the one that cannot be read
            what = f"{id} is not in {FILE} yet"
            yield finding("rule-unlocked", rule.cell, rule.where, what, ACCEPT)
    loaded = {manifest.name for manifest in manifests}
    for id, line in book.lines.items():
        if id not in declared and (complete or line.cell in loaded):
            yield _vanished(line, path)


def accept(path: Path, manifests: Sequence[Manifest]) -> bool:
    """Write what the code declares into the book; whether that changed anything.

    What is only in the book stays, and so does a retired ID. A book that cannot be read is left as
    it is: what it knows would be lost.
    """
    book = _read(path)
    if book.faults:
        return False
    lines = dict(book.lines)
    for id, rule in _declared(manifests).items():
        if not _is_reused(lines.get(id), rule):
            lines[id] = Line(id, rule.cell, _state(rule), _plain(rule.text))
    text = HEADER + "".join(f"{lines[id]}\n" for id in sorted(lines, key=_order))
    if not lines or (book.exists and book.text == text):
        return False
    path.write_text(text, encoding="utf-8", newline="\n")
    return True


# -- what differs ----------------------------------------------------------------------------------

ACCEPT = "accept it: monocyte check --fix"


def _changed(known: Line, rule: Rule | Retired, path: Path) -> Iterator[Finding]:
    """One finding at most: what weighs most."""
    at = f"{path}:{known.number}"
    if _is_reused(known, rule):
        what = f'{rule.id} was retired for ever: it meant "{known.text}" (see {at})'
        mend = f"give the new rule an ID of its own, and keep cell.retired({rule.id!r}, …)"
        yield finding("rule-reused", rule.cell, rule.where, what, mend)
    elif known.cell != rule.cell:
        what = f"{rule.id} was accepted for the cell {known.cell}, and is now in {rule.cell}"
        mend = f"{ACCEPT}, if it was moved; or give it an ID of its own (see {at})"
        yield finding("rule-moved", rule.cell, rule.where, what, mend)
    elif known.text != _plain(rule.text):
        what = f'{rule.id} was accepted as "{known.text}" (see {at})'
        mend = (
            f"a new meaning is a new rule: cell.rule(…, supersedes={rule.id!r}); "
            f"the same in better words: monocyte check --fix"
        )
        yield finding("rule-reworded", rule.cell, rule.where, what, mend)
    elif known.state != _state(rule):
        what = f"{rule.id} is retired now, and {FILE} has it in force"
        yield finding("rule-unlocked", rule.cell, rule.where, what, ACCEPT)


def _vanished(line: Line, path: Path) -> Finding:
    what = f'{line.id} ("{line.text}") is declared nowhere any more'
    because = "the reason that it had" if line.state == "retired" else "why it is no longer needed"
    mend = f'keep it in its cell: cell.retired({line.id!r}, "{line.text}", because="{because}")'
    return finding("rule-vanished", line.cell, f"{path}:{line.number}", what, mend)


def _is_reused(known: Line | None, rule: Rule | Retired) -> bool:
    return known is not None and known.state == "retired" and isinstance(rule, Rule)


# -- the file --------------------------------------------------------------------------------------


class _Book(NamedTuple):
    """What stands in the file; `faults` are the lines that cannot be read."""

    exists: bool
    text: str
    lines: dict[str, Line]
    faults: tuple[Finding, ...]


def _read(path: Path) -> _Book:
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return _Book(exists=False, text="", lines={}, faults=())
    except (OSError, UnicodeDecodeError) as why:
        fault = _damaged(path, 1, f"it cannot be read: {why}")
        return _Book(exists=True, text="", lines={}, faults=(fault,))
    lines: dict[str, Line] = {}
    faults: list[Finding] = []
    for number, row in enumerate(text.split("\n"), 1):
        stripped = row.strip()
        if not stripped or stripped.startswith("#"):
            continue
        line = _line(stripped, number)
        if line is None:
            faults.append(_damaged(path, number, f"this is no rule: {stripped[:60]}"))
        elif first := lines.get(line.id):
            faults.append(_damaged(path, number, f"{line.id} is also on line {first.number}"))
        else:
            lines[line.id] = line
    return _Book(exists=True, text=text, lines=lines, faults=tuple(faults))


def _line(row: str, number: int) -> Line | None:
    parts = row.split(SEPARATOR, 3)
    state = next((state for state in STATES if parts[2:3] == [state]), None)
    return Line(parts[0], parts[1], state, parts[3], number) if state and parts[3:] else None


def _damaged(path: Path, number: int, what: str) -> Finding:
    mend = f"restore it from your history: ID{SEPARATOR}cell{SEPARATOR}in force{SEPARATOR}text"
    return finding("rulebook-damaged", "", f"{path}:{number}", what, mend)


def _declared(manifests: Sequence[Manifest]) -> dict[str, Rule | Retired]:
    found: dict[str, Rule | Retired] = {}
    for manifest in manifests:
        found |= {**manifest.rules, **manifest.retired}
    return found


def _state(rule: Rule | Retired) -> State:
    return "retired" if isinstance(rule, Retired) else "in force"


def _plain(text: str) -> str:
    """A text on one line; how it is broken over lines means nothing."""
    return " ".join(text.split())


def _order(id: str) -> tuple[tuple[str, int], ...]:
    """BOOK-2 before BOOK-10."""
    return tuple((word, int(number or 0)) for word, number in re.findall(r"(\D*)(\d*)", id))
