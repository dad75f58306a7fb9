"""The map of an app: which cell asks which, and who hears what; declared, derived, walked.

    instruments -> people:  IsTrained
    people      => notices: Joined, Left

`->` is a question or a command, sent by the first to the second; `=>` an event, told by the first
and heard by the second. Each name is an arrow of its own; a line is only a way to write several.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from monocyte.cell import Function, Journeys, Manifest
from monocyte.literate.findings import Finding, finding
from monocyte.literate.pictures.asking import asked_by
from monocyte.literate.pictures.cells import REDRAW
from monocyte.literate.pictures.notation import Mistake, close_to, place_of
from monocyte.literate.pictures.redrawing import put_picture
from monocyte.testing import Said

__all__ = [
    "Tie",
    "ask_cycles",
    "compare_map",
    "derive_map",
    "read_map",
    "redraw_map",
    "redraw_map_file",
    "walked_map",
]

ARROWS: dict[str, Literal["asks", "tells"]] = {"->": "asks", "=>": "tells"}

LINE = re.compile(r"(?P<source>\w+)\s*(?P<arrow>->|=>)\s*(?P<target>\w+)\s*:\s*(?P<names>.*)")

WIDTH = 96
"""How many characters a line may take, without its indentation."""


class Tie(NamedTuple):
    """One message between two cells: `source` asks or tells `target`."""

    source: str
    target: str
    kind: Literal["asks", "tells"]
    name: str

    def __str__(self) -> str:
        return f"{self.source} {_arrow(self.kind)} {self.target}: {self.name}"


# -- derived, walked -------------------------------------------------------------------------------


def derive_map(manifests: Iterable[Manifest]) -> tuple[Tie, ...]:
    """Every message between cells, as their code has it, cell by cell."""
    found: dict[Tie, None] = {}
    for manifest in manifests:
        for function in _functions(manifest):
            for asked in asked_by(function, manifest):
                found[_asks(manifest.name, asked)] = None
        for reaction in manifest.reactions.values():
            found[Tie(reaction.source, manifest.name, "tells", reaction.event.__name__)] = None
    return tuple(found)


def walked_map(trace: Iterable[Said]) -> set[Tie]:
    """The messages between cells that were sent, or heard, as a World has seen it."""
    return {
        Tie(said.source, said.target, "tells" if said.kind == "event" else "asks", said.name)
        for said in trace
        if said.source != said.target and (said.asker or said.kind == "event")
    }


def _asks(cell: str, asked: str) -> Tie:
    target, _, name = asked.partition(".")
    return Tie(cell, target, "asks", name)


def _functions(manifest: Manifest) -> Iterator[Function]:
    yield from (it.function for it in manifest.handlers.values())
    yield from (it.function for it in manifest.reactions.values())
    yield from (it.function for it in manifest.timers.values())


def ask_cycles(manifests: Sequence[Manifest]) -> Iterator[Finding]:
    """Ways in which a cell, while it waits for an answer, is asked by whom it has asked.

    Such a request ends in `AskCycle` when it happens. Cells that ask each other in ways that do not
    meet are fine.
    """
    begin: list[tuple[Manifest, Function, str]] = []
    for manifest in manifests:
        handlers = {message.__name__: it.function for message, it in manifest.handlers.items()}
        begin += [(manifest, it, f"{manifest.name}.{name}") for name, it in handlers.items()]
        begin += [
            (manifest, function, f"{manifest.name}.{function.name}")
            for function in _functions(manifest)
            if function not in handlers.values()
        ]
    asks = {message: asked_by(function, manifest) for manifest, function, message in begin}
    told: set[frozenset[str]] = set()
    for manifest, function, message in begin:
        circle = _circle(message, asks)
        if circle and frozenset(circle) not in told:
            told.add(frozenset(circle))
            said = f"cells ask each other in a circle: {' -> '.join(circle)}"
            mend = f"let {circle[-2]} answer from its own state, or react to an event instead"
            yield finding("ask-cycle", manifest.name, function.where, said, mend)


def _circle(start: str, asks: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The shortest way from a message back to its own cell, or nothing."""
    home = _cell(start)
    ways: list[tuple[str, ...]] = [(start,)]
    seen = {start}
    for way in ways:  # grows while it is walked
        for asked in asks.get(way[-1], ()):
            if _cell(asked) == home:
                return (*way, asked)
            if asked not in seen:
                seen.add(asked)
                ways.append((*way, asked))
    return ()


def _cell(message: str) -> str:
    return message.partition(".")[0]


# -- the notation ----------------------------------------------------------------------------------


class Reading(NamedTuple):
    """What was read: every tie with the number of its line, and the mistakes."""

    ties: dict[Tie, int]
    mistakes: tuple[Mistake, ...]


def read_map(text: str) -> Reading:
    """Read a map line by line; what cannot be read is a mistake, and left out. It never raises."""
    ties: dict[Tie, int] = {}
    mistakes: list[Mistake] = []
    for number, raw in enumerate(text.split("\n")):
        said = raw.strip()
        if not said or said.startswith("#"):
            continue
        line = LINE.fullmatch(said)
        names = [name.strip() for name in line["names"].split(",")] if line else []
        if line is None or not all(name.isidentifier() for name in names):
            what = f"{said[:60]!r} is no line of a map"
            mend = "write `asker -> asked: Message`, or `teller => hearer: Event, Event`"
            mistakes.append(Mistake(number, what, mend))
            continue
        for name in names:
            tie = Tie(line["source"], line["target"], ARROWS[line["arrow"]], name)
            if tie in ties:
                mistakes.append(Mistake(number, f"{tie} stands here twice", "delete one of them"))
            ties.setdefault(tie, number)
    return Reading(ties, tuple(mistakes))


def redraw_map(manifests: Sequence[Manifest]) -> str:
    """The map as the code has it: asks first, then events, in the order of the cells."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    ties = derive_map(manifests)
    for tie in sorted(ties, key=lambda it: (it.kind, it.source, it.target)):
        groups.setdefault(tie[:3], []).append(tie.name)
    first = max((len(source) for source, _, _ in groups), default=0)
    second = max((len(target) for _, target, _ in groups), default=0) + 1
    lines: list[str] = []
    for (source, target, kind), names in groups.items():
        head = f"{source:{first}} {_arrow(kind)} {target + ':':{second}} "
        lines += wrapped(head, names)
    return "\n".join(lines)


def redraw_map_file(source: str, manifests: Sequence[Manifest]) -> str:
    """The source of an app's journeys with its map as the code has it.

    Raises:
        SyntaxError: the source is no Python.
    """
    return put_picture(source, redraw_map(manifests), "App")


def wrapped(head: str, names: Sequence[str]) -> Iterator[str]:
    """As many names on a line as fit; what does not starts another line for the same two cells."""
    line = ""
    for name in names:
        longer = f"{line}, {name}" if line else f"{head}{name}"
        if line and len(longer) > WIDTH:
            yield line
            longer = f"{head}{name}"
        line = longer
    yield line


def _arrow(kind: str) -> str:
    return next(arrow for arrow, its in ARROWS.items() if its == kind)


# -- compared --------------------------------------------------------------------------------------


def compare_map(
    journeys: Journeys, manifests: Sequence[Manifest], seen: Collection[Tie] | None = None
) -> Iterator[Finding]:
    """Hold the map of an app against its code and against what happened.

    `seen` are the ties that scenarios `walked_map`; None if that is not to be judged.
    Cycles of asks are another question: `ask_cycles`.
    """
    derived = derive_map(manifests)
    text, where = journeys.picture or ("", f"{journeys.file}:1")
    reading = read_map(text)
    if journeys.picture is not None:
        yield from _declared(journeys, derived, reading)
    elif derived:
        mend = "`monocyte check --fix` draws it"
        yield finding("picture-missing", journeys.name, where, "this app has no map", mend)
    if seen is None:
        return
    for tie in derived:
        if tie not in seen:
            place = place_of(text, where, reading.ties[tie]) if tie in reading.ties else where
            message = f"no scenario walks {tie}"
            yield finding("picture-unwalked", journeys.name, place, message, _wanted(tie))
    for tie in sorted(set(seen) - set(derived)):
        message = f"{tie} happens, but nothing in the code says so"
        mend = f"name {tie.name} in {tie.source}, where it can be read"
        yield finding("picture-undeclared-walk", journeys.name, where, message, mend)


def _declared(journeys: Journeys, derived: Sequence[Tie], reading: Reading) -> Iterator[Finding]:
    text, where = journeys.picture or ("", "")
    name, known = journeys.name, set(derived)
    for mistake in reading.mistakes:
        place = place_of(text, where, mistake.number)
        yield finding("picture-syntax", name, place, mistake.message, mistake.mend)
    for tie, number in reading.ties.items():
        if tie not in known:
            place = place_of(text, where, number)
            message = f"{tie} is drawn, but not in the code"
            yield finding("picture-wrong", name, place, message, _right(tie, known))
    for tie in derived:
        if tie not in reading.ties:
            message = f"{tie} is in the code, but not in the map"
            yield finding("picture-incomplete", name, where, message, f"add it, or {REDRAW}")


def _right(tie: Tie, known: set[Tie]) -> str:
    """What to write instead."""
    turned = {
        tie._replace(source=tie.target, target=tie.source): "turn it round: ",
        tie._replace(kind="asks" if tie.kind == "tells" else "tells"): "it is the other arrow: ",
    }
    for other, mend in turned.items():
        if other in known:
            return f"{mend}{other}; {REDRAW}"
    close = close_to(str(tie), map(str, known))
    return f"did you mean {close}? {REDRAW}" if close else f"delete it, or {REDRAW}"


def _wanted(tie: Tie) -> str:
    if tie.kind == "asks":
        return f"write a scenario in which {tie.source} asks {tie.target} for {tie.name}"
    return f"write a scenario in which {tie.source} tells {tie.name}, and then lab.settle()"
