"""Pictures of cells, three ways: declared by people, derived from the code, walked by scenarios.

A picture is a set of arrows; any two of the three that differ are findings. It is derived from the
manifest (what each function consumes and emits) and from the source (whom it asks), and redrawn
from there. What was walked is read from the trace of a World.

| arrow                          | means                                                           |
|--------------------------------|-----------------------------------------------------------------|
| `person -> Book -> book`       | somebody may send it (a neighbour, too), and who takes it       |
| `book -> Booked -> enter`      | what comes of it, and the function that applies it to the state |
| `people.Left -> give_back`     | a reaction to a neighbour's event                               |
| `book -> people.IsTrained`     | a neighbour is asked, or sent a command                         |
| `clock -> make_digests`        | `cell.every`                                                    |
| `Trained -> remind`            | `cell.after`                                                    |
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import Enum
from itertools import dropwhile
from types import ModuleType
from typing import NamedTuple

from monocyte.cell import Function, Manifest
from monocyte.contracts import Message
from monocyte.literate.findings import Finding, finding
from monocyte.literate.pictures.asking import asked_by, full_name
from monocyte.literate.pictures.notation import (
    Edge,
    Laid,
    Reading,
    aligned,
    close_to,
    edges_of,
    place_of,
    read,
)
from monocyte.literate.pictures.redrawing import put_picture
from monocyte.testing import Said

__all__ = [
    "Derived",
    "Kind",
    "Node",
    "Row",
    "compare",
    "derive",
    "redraw",
    "redraw_file",
    "walked",
]

PERSON, CLOCK = "person", "clock"

FORMER = 3
"""The column where a path begins whose event nothing emits any more."""

UNSEEN = frozenset({"", "?"})
"""What a trace calls a function that it does not know."""

REDRAW = "`monocyte check --fix` redraws it"


class Kind(Enum):
    """What a name in a picture stands for, in words."""

    PERSON = "person"
    CLOCK = "clock"
    COMMAND = "command"
    QUERY = "query"
    HEARD = "neighbour's event"
    FUNCTION = "function"
    EVENT = "event"
    ASKED = "neighbour's message"
    EVOLVER = "evolver"


class Node(NamedTuple):
    """A name in a picture, and what it stands for."""

    name: str
    kind: Kind


class Row(NamedTuple):
    """A path through the cell; it begins in a column: 0 person, 1 message, 2 function, 3 event."""

    start: int
    nodes: tuple[Node, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names along the path."""
        return tuple(node.name for node in self.nodes)

    @property
    def edges(self) -> tuple[Edge, ...]:
        """The arrows along the path."""
        return edges_of(self.names)


class Derived(NamedTuple):
    """The picture of a cell as its code has it, in the order of the source."""

    cell: str
    rows: tuple[Row, ...]

    @property
    def edges(self) -> dict[Edge, tuple[Node, Node]]:
        """Every arrow, with the two things that it joins."""
        return {
            edge: ends
            for row in self.rows
            for edge, ends in zip(
                row.edges, zip(row.nodes, row.nodes[1:], strict=False), strict=True
            )
        }


# -- derived ---------------------------------------------------------------------------------------


def derive(manifest: Manifest) -> Derived:
    """The picture of a cell, from its annotations and its source."""
    begun = sorted(_beginnings(manifest), key=lambda it: _line(it[0]))
    rows = [row for function, nodes in begun for row in _rows(function, nodes, manifest)]
    emitted = {event for function, _ in begun for event in function.result.events}
    rows += [
        Row(FORMER, (Node(event.__name__, Kind.EVENT), Node(evolver.call.__name__, Kind.EVOLVER)))
        for event, evolver in manifest.evolvers.items()
        if event not in emitted  # of former times, kept for the journal
    ]
    return Derived(manifest.name, tuple(rows))


def _beginnings(manifest: Manifest) -> Iterator[tuple[Function, tuple[Node, ...]]]:
    """Every function that something leads to, and what that is."""
    for message, handler in manifest.handlers.items():
        kind = Kind.COMMAND if handler.is_command else Kind.QUERY
        yield handler.function, (Node(PERSON, Kind.PERSON), Node(_name(message, manifest), kind))
    for event, reaction in manifest.reactions.items():
        heard = f"{reaction.source}.{event.__name__}"
        yield reaction.function, (Node(heard, Kind.HEARD),)
    for timer in manifest.timers.values():
        is_after = timer.period is None
        due = Node(timer.event.__name__, Kind.EVENT) if is_after else Node(CLOCK, Kind.CLOCK)
        yield timer.function, (due,)


def _rows(function: Function, before: tuple[Node, ...], manifest: Manifest) -> Iterator[Row]:
    """One path for each event of a function, then one for each ask; the first has it all."""
    behind = [*_events(function, manifest), *_asks(function, manifest)]
    here = Node(function.name, Kind.FUNCTION)
    first, *more = behind or [()]
    yield Row(2 - len(before), (*before, here, *first))
    yield from (Row(2, (here, *path)) for path in more)


def _events(function: Function, manifest: Manifest) -> Iterator[tuple[Node, ...]]:
    for event in function.result.events:
        evolver = manifest.evolvers.get(event)
        happened = Node(_name(event, manifest), Kind.EVENT)
        applied = () if evolver is None else (Node(evolver.call.__name__, Kind.EVOLVER),)
        yield (happened, *applied)


def _asks(function: Function, manifest: Manifest) -> Iterator[tuple[Node, ...]]:
    yield from ((Node(name, Kind.ASKED),) for name in asked_by(function, manifest))


def _name(message: type[Message], manifest: Manifest) -> str:
    return message.__name__ if message.__module__ == manifest.module else full_name(message)


def _line(function: Function) -> int:
    line = function.where.rpartition(":")[2]
    return int(line) if line.isdigit() else 0


# -- walked ----------------------------------------------------------------------------------------


def walked(manifest: Manifest, trace: Iterable[Said]) -> set[Edge]:
    """The arrows of a cell that were walked, as a World has seen it."""
    found: set[Edge] = set()
    for said in trace:
        if said.target == manifest.name:
            found.update(_received(said, manifest))
        elif said.asker and said.source == manifest.name and said.kind in ("command", "query"):
            found.add(Edge(said.asker, f"{said.target}.{said.name}"))
    return {edge for edge in found if edge.source not in UNSEEN and edge.target not in UNSEEN}


def _received(said: Said, manifest: Manifest) -> Iterator[Edge]:
    """What it means for a cell that something has come to it, or happened in it."""
    if said.kind == "timer":
        timer = manifest.timers.get(said.function)
        is_regular = timer is not None and timer.period is not None
        yield Edge(CLOCK if is_regular else said.name, said.function)
    elif said.kind != "event":
        yield from edges_of((PERSON, said.name, said.function))
    elif said.source == said.target:
        yield from edges_of((said.asker, said.name, said.function))
    else:
        yield Edge(f"{said.source}.{said.name}", said.function)


# -- compared --------------------------------------------------------------------------------------


def compare(manifest: Manifest, seen: Collection[Edge] | None = None) -> Iterator[Finding]:
    """Hold the picture of a cell against its code and against what happened.

    `seen` are the arrows that scenarios `walked`; None if that is not to be judged.
    """
    derived = derive(manifest)
    picture = manifest.picture
    if picture is None:
        yield from _missing(manifest, derived)
        reading = Reading((), ())
    else:
        reading = read(picture.text)
        yield from _declared(manifest, derived, reading, picture.text, picture.where)
    if seen is not None:
        yield from _unwalked(manifest, derived, reading, seen)


def _missing(manifest: Manifest, derived: Derived) -> Iterator[Finding]:
    if derived.rows:
        where = f"{manifest.file}:1"
        mend = "`monocyte check --fix` draws it"
        yield finding("picture-missing", manifest.name, where, "this cell has no picture", mend)


def _declared(
    manifest: Manifest, derived: Derived, reading: Reading, text: str, where: str
) -> Iterator[Finding]:
    """What is wrong with the lines, with their arrows; and which arrows are not there."""
    name, edges = manifest.name, derived.edges
    for mistake in reading.mistakes:
        place = place_of(text, where, mistake.number)
        yield finding("picture-syntax", name, place, mistake.message, mistake.mend)
    known = _known(manifest, derived)
    turned: set[Edge] = set()
    unknown: set[str] = set()
    for edge, number in reading.edges.items():
        if edge in edges:
            continue
        place = place_of(text, where, number)
        strangers = [it for it in edge if it not in known]
        for stranger in strangers:
            if stranger not in unknown:
                unknown.add(stranger)
                yield finding("picture-syntax", name, place, *_stranger(stranger, manifest, known))
        if not strangers:
            back = Edge(edge.target, edge.source)
            turned |= {back} & edges.keys()
            yield finding("picture-wrong", name, place, *_wrong(edge, derived))
    for edge in edges:
        if edge not in reading.edges and edge not in turned:
            message = f"{edge} is in the code, but not in the picture"
            mend = f"add the line, or {REDRAW}"
            yield finding("picture-incomplete", name, where, message, mend)


def _known(manifest: Manifest, derived: Derived) -> set[str]:
    """Every name that may stand in the picture."""
    own = {PERSON, CLOCK, *manifest.words}
    own |= {node.name for row in derived.rows for node in row.nodes}
    return own | set(_neighbours(manifest))


def _neighbours(manifest: Manifest) -> Iterator[str]:
    """The messages of others that the cell's module can name."""
    things = list(vars(sys.modules[manifest.module]).values())
    things += [it for m in things if isinstance(m, ModuleType) for it in vars(m).values()]
    for thing in things:
        is_message = isinstance(thing, type) and issubclass(thing, Message)
        if is_message and thing.__module__ not in (manifest.module, Message.__module__):
            yield full_name(thing)


def _stranger(name: str, manifest: Manifest, known: set[str]) -> tuple[str, str]:
    close = close_to(name, known)
    if name in vars(sys.modules[manifest.module]):
        message = (
            f"{name} is no part of a picture: neither a message, nor a function that takes one"
        )
        return message, f"delete it, or {REDRAW}"
    message = f"this cell knows no {name}"
    return message, f"did you mean {close}? {REDRAW}" if close else f"delete it, or {REDRAW}"


def _wrong(edge: Edge, derived: Derived) -> tuple[str, str]:
    """Why an arrow is wrong, and which one would be right."""
    back = Edge(edge.target, edge.source)
    if back in derived.edges:
        return f"{edge} points the wrong way", f"turn it round: {back}; {REDRAW}"
    right = [it for it in derived.edges if it.source == edge.source]
    message = f"{edge} is drawn, but not in the code"
    if not right:
        return message, f"nothing comes of {edge.source}; {REDRAW}"
    there = " and ".join(it.target for it in right[:3]) + (" and more" if right[3:] else "")
    return message, f"{edge.source} leads to {there}; {REDRAW}"


def _unwalked(
    manifest: Manifest, derived: Derived, reading: Reading, found: Collection[Edge]
) -> Iterator[Finding]:
    """Arrows that nobody walks, the first of each path; and walks off the arrows.

    To an event of former times nothing leads any more, so nobody can walk from there.
    """
    text, where = manifest.picture or ("", f"{manifest.file}:1")
    lines, edges = reading.edges, derived.edges
    told: set[Edge] = set()
    for row in derived.rows:
        first = next((edge for edge in row.edges if edge not in found), None)
        if first is None or first in told or row.start == FORMER:
            continue
        told.update(row.edges)
        place = place_of(text, where, lines[first]) if first in lines else where
        wanted = _wanted(*edges[first])
        message = f"no scenario walks {first}"
        yield finding("picture-unwalked", manifest.name, place, message, wanted)
    for edge in sorted(set(found) - edges.keys()):
        message = f"{edge} happens, but nothing in the code says so"
        known = " and in its picture" if edge in lines else ""
        mend = f"name {edge.target} in {edge.source}, where it can be read{known}"
        yield finding("picture-undeclared-walk", manifest.name, where, message, mend)


def _wanted(source: Node, target: Node) -> str:
    """The scenario that is missing, in words."""
    here, there = source.name, target.name
    told = {
        Kind.PERSON: f"somebody sends {there}",
        Kind.COMMAND: f"somebody sends {here}",
        Kind.QUERY: f"somebody asks {here}",
        Kind.HEARD: f"{here} happens, and then lab.settle()",
        Kind.CLOCK: f"time passes (lab.advance) until {there} is due",
    }
    if source.kind is Kind.PERSON and target.kind is Kind.QUERY:
        return f"write a scenario in which somebody asks {there}"
    if source.kind in told:
        return f"write a scenario in which {told[source.kind]}"
    if target.kind is Kind.FUNCTION:
        return f"write a scenario in which {here} happens, and time passes until {there} is due"
    if target.kind is Kind.ASKED:
        return f"write a scenario in which {here} comes so far as to ask {there}"
    return f"write a scenario in which {there} comes of {here}"


# -- redrawn ---------------------------------------------------------------------------------------


def redraw(manifest: Manifest) -> str:
    """The text of the picture as the code has it, without indentation; empty if nothing is there.

    Lines that hold, and remarks, stay where their author put them; what is missing comes beside
    what stands before it in the source.
    """
    derived = derive(manifest)
    reading = read(manifest.picture.text if manifest.picture else "")
    return "\n".join(aligned(_merged(derived, reading)))


def redraw_file(source: str, manifest: Manifest) -> str:
    """The source of a cell with its picture as the code has it; a right one stays as it is.

    Raises:
        SyntaxError: the source is no Python.
    """
    if manifest.picture is not None and not any(compare(manifest)):
        return source
    return put_picture(source, redraw(manifest), "Cell")


def _merged(derived: Derived, reading: Reading) -> list[Laid]:
    """The declared lines that hold, and among them the derived rows that they leave out."""
    edges, columns = derived.edges, _columns(derived)
    kept = [it for it in reading.lines if all(edge in edges for edge in it.edges)]
    kept = list(dropwhile(lambda it: not it.text, kept))
    shown = {edge for line in kept for edge in line.edges}
    after: dict[int, list[Row]] = {}
    at = -1
    for row in derived.rows:
        at = next((i for i, it in enumerate(kept) if _belongs(it.edges, row)), at)
        if not shown.issuperset(row.edges):
            after.setdefault(at, []).append(row)
    merged: list[Laid] = [(row.start, row.names) for row in after.get(-1, ())]
    for i, line in enumerate(kept):
        merged.append((columns[line.edges[0]], line.nodes) if line.nodes else line.text)
        merged += [(row.start, row.names) for row in after.get(i, ())]
    return _trimmed(merged)


def _belongs(edges: tuple[Edge, ...], row: Row) -> bool:
    return bool(edges) and set(edges) <= set(row.edges)


def _columns(derived: Derived) -> Mapping[Edge, int]:
    """The column from which each arrow comes."""
    found: dict[Edge, int] = {}
    for row in derived.rows:
        for column, edge in enumerate(row.edges, row.start):
            found.setdefault(edge, column)
    return found


def _trimmed(rows: list[Laid]) -> list[Laid]:
    """Without empty lines at the end, and without several in a row."""
    kept = [row for i, row in enumerate(rows) if row or rows[i - 1]]
    while kept and not kept[-1]:
        kept.pop()
    return kept
