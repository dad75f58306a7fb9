"""The notation of pictures: lines of names joined by arrows, read and laid out.

    person -> BookInstrument -> book -> Booked -> enter

Only the form is known here; what the names mean is known to `pictures` and `maps`. Blank lines and
lines that start with `#` are the author's, and mean nothing. Reading never raises.
"""

from __future__ import annotations

import linecache
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from itertools import pairwise, starmap
from typing import NamedTuple

__all__ = [
    "ARROW",
    "Edge",
    "Laid",
    "Line",
    "Mistake",
    "Reading",
    "aligned",
    "cells_of",
    "close_to",
    "edges_of",
    "place_of",
    "read",
]

ARROW = "->"

WIDTH = 96
"""How many characters a line of a picture may take, without its indentation."""

NODE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)?")
"""A name of Python, or two with a dot between: a neighbour's message."""

STROKES = re.compile(r"[-=<>~→⇒⟶←]+")
"""What people type when they mean an arrow; no name has these."""


class Edge(NamedTuple):
    """An arrow: two names, as they are written."""

    source: str
    target: str

    def __str__(self) -> str:
        return f"{self.source} {ARROW} {self.target}"


class Line(NamedTuple):
    """A line of a picture: the names along its path, or, without any, a remark as it stands."""

    number: int
    """Counted from 0 at the start of the text."""
    nodes: tuple[str, ...]
    text: str

    @property
    def edges(self) -> tuple[Edge, ...]:
        """The arrows on this line."""
        return edges_of(self.nodes)


class Mistake(NamedTuple):
    """Why a line cannot be read, and what to write instead."""

    number: int
    message: str
    mend: str


class Reading(NamedTuple):
    """The lines that make sense, remarks included, and the mistakes in the others."""

    lines: tuple[Line, ...]
    mistakes: tuple[Mistake, ...]

    @property
    def edges(self) -> dict[Edge, int]:
        """Every arrow, with the number of the first line that has it."""
        found: dict[Edge, int] = {}
        for line in self.lines:
            for edge in line.edges:
                found.setdefault(edge, line.number)
        return found


def read(text: str) -> Reading:
    """Read a picture line by line; what cannot be read is a mistake, and left out."""
    lines: list[Line] = []
    mistakes: list[Mistake] = []
    first: dict[tuple[str, ...], int] = {}
    for number, raw in enumerate(text.split("\n")):
        said = raw.strip()
        if not said or said.startswith("#"):
            lines.append(Line(number, (), said))
            continue
        nodes = tuple(part.strip() for part in said.split(ARROW))
        found = _mistake(number, said, nodes)
        if found is None and first.setdefault(nodes, number) != number:
            found = Mistake(number, "this line stands here twice", "delete one of them")
        if found is None:
            lines.append(Line(number, nodes, said))
        else:
            mistakes.append(found)
    return Reading(tuple(lines), tuple(mistakes))


def _mistake(number: int, said: str, nodes: tuple[str, ...]) -> Mistake | None:
    strange = next((it for it in STROKES.findall(said) if it != ARROW), "")
    if strange:
        what = f"{strange!r} is no arrow"
        return Mistake(number, what, f"write it as {ARROW}, from left to right")
    if len(nodes) == 1:
        what = f"there is no arrow in {_short(said)!r}"
        mend = f"join what leads to what by {ARROW}; a remark starts with #"
        return Mistake(number, what, mend)
    for node in nodes:
        if not node:
            what = f"an arrow in {_short(said)!r} has nothing before or behind it"
            return Mistake(number, what, "name both of its ends")
        if not NODE.fullmatch(node):
            mend = "a name of this cell, or cell.Message for a neighbour's"
            return Mistake(number, f"{_short(node)!r} is no name", mend)
    return None


def edges_of(nodes: Sequence[str]) -> tuple[Edge, ...]:
    """The arrows along a path."""
    return tuple(starmap(Edge, pairwise(nodes)))


def close_to(name: str, known: Iterable[str]) -> str:
    """The known name that was probably meant, or nothing; case matters only between equals."""
    by_lower: dict[str, list[str]] = {}
    for it in sorted(known):
        by_lower.setdefault(it.lower(), []).append(it)
    close = get_close_matches(name.lower(), by_lower, n=1)
    return get_close_matches(name, by_lower[close[0]], n=1, cutoff=0)[0] if close else ""


def place_of(text: str, where: str, number: int) -> str:
    """file:line of a line of the text, if the call at `where` has it written out; else `where`."""
    file, _, start = where.rpartition(":")
    if not start.isdigit():
        return where
    raw = [line.strip() for line in text.split("\n")]
    said = next((n for n, line in enumerate(raw) if line), None)
    if said is None or number >= len(raw):
        return where
    linecache.checkcache(file)
    for skipped in range(3):
        here = linecache.getline(file, int(start) + said + skipped)
        if raw[said] in here and _stands_alone(raw[said], here):
            return f"{file}:{int(start) + number + skipped}"
    return where


def _stands_alone(said: str, here: str) -> bool:
    """Whether a line of a file is that line of the text, but for its quotes and the call."""
    around = here.replace(said, "", 1).strip()
    return not around or not around[-1].isalnum()


# -- laying out ------------------------------------------------------------------------------------

Laid = tuple[int, tuple[str, ...]] | str
"""What is laid out: the column where a path begins, with its names; or a remark."""


def aligned(rows: Sequence[Laid], width: int = WIDTH) -> list[str]:
    """The lines of a picture, in columns if they fit into `width`, and without if they do not."""
    columns = _columns(rows)
    lines = [row if isinstance(row, str) else _in_columns(row, columns) for row in rows]
    if max(map(cells_of, lines), default=0) <= width:
        return lines
    lines = [line for row in rows for line in _without_columns(row, width)]
    return [it for i, it in enumerate(lines) if ARROW not in it or it not in lines[:i]]


def _columns(rows: Sequence[Laid]) -> dict[int, int]:
    """The width of each column: of the names in it that something follows."""
    widths: dict[int, int] = {}
    for row in rows:
        if not isinstance(row, str):
            for column, name in enumerate(row[1][:-1], row[0]):
                widths[column] = max(widths.get(column, 0), cells_of(name))
    return widths


def _in_columns(row: tuple[int, tuple[str, ...]], widths: dict[int, int]) -> str:
    start, names = row
    before = "".join(
        " " * (width + len(ARROW) + 2) for c, width in sorted(widths.items()) if c < start
    )
    joined = f" {ARROW} ".join(
        name + " " * (widths.get(column, 0) - cells_of(name))
        for column, name in enumerate(names, start)
    )
    return (before + joined).rstrip()


def _without_columns(row: Laid, width: int) -> Iterator[str]:
    """The path on one line, or on two that meet in the middle."""
    if isinstance(row, str):
        yield row
        return
    names = row[1]
    whole = f" {ARROW} ".join(names)
    middle = len(names) // 2
    halves = (names[: middle + 1], names[middle:])
    too_long = cells_of(whole) > width and all(len(half) > 1 for half in halves)
    yield from (f" {ARROW} ".join(half) for half in (halves if too_long else (names,)))


def cells_of(text: str) -> int:
    """How many columns of a terminal a text takes: two for what is wide, none for what combines."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) or c == "\ufe0f" else _wide(c) for c in text)


def _wide(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _short(text: str, most: int = 40) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
