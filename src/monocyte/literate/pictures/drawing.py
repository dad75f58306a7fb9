"""Draws the picture of a cell as SVG: a table of paths, in which what is shared is one tall box.

Each path takes a row, each kind of thing a column: who, message, function, event, evolver. Rows
that share a thing are put beside each other, so nearly every arrow is short and level and none
cross; what still comes again further down is dashed, and is followed up where it stood first. The
narrow drawing has the same paths as an indented list, for a phone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from monocyte.literate.pictures.cells import Derived, Kind, Node
from monocyte.literate.pictures.notation import Edge
from monocyte.literate.pictures.svg import Arrow, Box, Href, Label, element, shortened, text_width

__all__ = ["draw", "draw_both"]

SLOT, BOX, GAP, BREAK, PAD, MARGIN = 29.0, 22.0, 34.0, 12.0, 10.0, 2.0
"""In px: a row, a box in it, between columns, between sections, beside a name, around it all."""

HEADINGS = ("who", "message", "function", "event", "evolver")

CLASSES = {
    Kind.PERSON: "plain",
    Kind.CLOCK: "plain",
    Kind.COMMAND: "command",
    Kind.QUERY: "query",
    Kind.HEARD: "neighbour",
    Kind.ASKED: "neighbour",
    Kind.FUNCTION: "function",
    Kind.EVENT: "event",
    Kind.EVOLVER: "function",
}

SECTIONS = {
    "somebody sends": Kind.COMMAND,
    "somebody asks": Kind.QUERY,
    "a neighbour says": Kind.HEARD,
    "time passes": Kind.CLOCK,
    "of former times": Kind.EVENT,
}

NONE: Mapping[Edge, str] = {}


class _Flow(NamedTuple):
    """A function (none for events of former times), what leads to it, and what comes of it."""

    before: tuple[Node, ...]
    function: Node | None
    after: tuple[tuple[Node, ...], ...]


Slot = tuple[Node | None, ...]
"""One row of the table: what stands in each of the five columns."""


class _Run(NamedTuple):
    """The same thing in neighbouring rows of a column."""

    node: Node
    column: int
    first: int
    last: int
    is_ghost: bool


def draw_both(
    derived: Derived, *, href: Href | None = None, marks: Mapping[Edge, str] = NONE
) -> str:
    """The wide and the narrow drawing; the page shows one (classes `wide` and `narrow`)."""
    wide = draw(derived, href=href, marks=marks)
    return f"{wide}\n{draw(derived, narrow=True, href=href, marks=marks)}"


def draw(
    derived: Derived,
    *,
    narrow: bool = False,
    href: Href | None = None,
    marks: Mapping[Edge, str] = NONE,
    alone: bool = False,
) -> str:
    """The picture of a cell as an SVG element; the same picture gives the same bytes.

    `href` says where a name leads to, `marks` gives arrows a class (`unwalked`, `wrong`), `alone`
    makes it fit to stand in a file by itself.
    """
    sections = _sections(derived)
    size, parts = _narrow(sections, marks) if narrow else _wide(sections, marks)
    lines = [" to ".join(row.names) for row in derived.rows]
    return element(
        size,
        f"How messages pass through the cell {derived.cell}",
        "; ".join(lines) or "Nothing passes through it.",
        parts,
        href=href,
        kind="narrow" if narrow else "wide",
        alone=alone,
    )


# -- what belongs together -------------------------------------------------------------------------


def _sections(derived: Derived) -> dict[str, list[_Flow]]:
    """The functions of a cell by what leads to them."""
    flows: dict[object, _Flow] = {}
    for row in derived.rows:
        at = next((i for i, node in enumerate(row.nodes) if node.kind is Kind.FUNCTION), None)
        if at is None:
            flows[row.names] = _Flow((), None, (row.nodes,))
            continue
        function, after = row.nodes[at], row.nodes[at + 1 :]
        flow = flows.setdefault(function.name, _Flow(row.nodes[:at], function, ()))
        if after:
            flows[function.name] = flow._replace(after=(*flow.after, after))
    found: dict[str, list[_Flow]] = {title: [] for title in SECTIONS}
    for flow in flows.values():
        found[_section(flow)].append(flow)
    return {title: _neighbourly(inside) for title, inside in found.items() if inside}


def _section(flow: _Flow) -> str:
    if flow.function is None:
        return "of former times"
    kind = flow.before[-1].kind
    kind = Kind.CLOCK if kind is Kind.EVENT else kind
    return next(title for title, its in SECTIONS.items() if its is kind)


def _neighbourly(flows: list[_Flow]) -> list[_Flow]:
    """The functions in an order in which those with the same event stand beside each other.

    Where one has further events, it stands at an end of its group, with those on the outside.
    """
    count: dict[str, int] = {}
    for flow in flows:
        for path in flow.after:
            count[path[0].name] = count.get(path[0].name, 0) + 1
    groups: dict[str, list[_Flow]] = {}
    for n, flow in enumerate(flows):
        main = max((path[0].name for path in flow.after), key=lambda it: count[it], default=f" {n}")
        key = main if count.get(main, 0) > 1 else f" {n}"
        groups.setdefault(key, []).append(flow)
    return [flow for main, group in groups.items() for flow in _ends_out(group, main)]


def _ends_out(group: list[_Flow], main: str) -> list[_Flow]:
    if len(group) == 1:
        return group
    forked = [flow for flow in group if len(flow.after) > 1]
    above = [_sorted(flow, main, last=True) for flow in forked[: len(forked) // 2]]
    below = [_sorted(flow, main, last=False) for flow in forked[len(forked) // 2 :]]
    plain = [flow for flow in group if len(flow.after) == 1]
    plain.sort(key=lambda it: _beside(it, above[-1:]) - _beside(it, below[:1]), reverse=True)
    return [*above, *plain, *below]


def _beside(flow: _Flow, others: list[_Flow]) -> bool:
    """Whether a function hears the same neighbour as another."""
    return any(_before(flow.before)[0] == _before(other.before)[0] for other in others)


def _sorted(flow: _Flow, main: str, *, last: bool) -> _Flow:
    return flow._replace(
        after=tuple(sorted(flow.after, key=lambda it: (it[0].name == main) is last))
    )


# -- wide: a table ---------------------------------------------------------------------------------


def _wide(
    sections: Mapping[str, list[_Flow]], marks: Mapping[Edge, str]
) -> tuple[tuple[float, float], list[Box | Arrow | Label]]:
    slots: list[Slot] = []
    tops: list[float] = []
    starts: set[int] = set()
    y = MARGIN + 20
    for flows in sections.values():
        starts.add(len(slots))
        for slot in (slot for flow in flows for slot in _slots(flow)):
            slots.append(slot)
            tops.append(y)
            y += SLOT
        y += BREAK
    slots, ghosts = _without_repeats(slots)
    runs = [run for column in range(5) for run in _runs(slots, column, starts, ghosts)]
    lefts, widths, width = _places(runs)
    boxes = {run: _placed(run, lefts, widths, tops) for run in runs}
    labels = [
        Label(lefts[c] + widths[c] / 2, MARGIN + 11, HEADINGS[c], "middle") for c in sorted(lefts)
    ]
    return (width, y - BREAK + MARGIN), [
        *_level(runs, slots, boxes, marks),
        *boxes.values(),
        *labels,
    ]


def _slots(flow: _Flow) -> Iterator[Slot]:
    for path in flow.after or ((),):
        event, evolver = [*path, None, None][:2]
        yield (*_before(flow.before), flow.function, event, evolver)


def _before(before: Sequence[Node]) -> tuple[Node | None, Node | None]:
    """The first two columns; a neighbour's name goes into the first."""
    if not before:
        return None, None
    last = before[-1]
    if last.kind is Kind.CLOCK:
        return last, None
    if last.kind is Kind.HEARD:
        return Node(last.name.partition(".")[0], Kind.HEARD), last
    return (before[0] if len(before) > 1 else None), last


def _without_repeats(slots: list[Slot]) -> tuple[list[Slot], set[int]]:
    """The rows, but an event that comes again further down is a ghost, without its evolver."""
    seen: set[Node] = set()
    ghosts: set[int] = set()
    kept: list[Slot] = []
    for i, slot in enumerate(slots):
        event, previous = slot[3], slots[i - 1][3] if i else None
        again = event is not None and event in seen
        if again and (event != previous or i - 1 in ghosts):
            ghosts.add(i)
            slot = (*slot[:4], None)  # noqa: PLW2901
        if event is not None:
            seen.add(event)
        kept.append(slot)
    return kept, ghosts


def _runs(slots: list[Slot], column: int, starts: set[int], ghosts: set[int]) -> Iterator[_Run]:
    first = 0
    for i in range(1, len(slots) + 1):
        is_same = i < len(slots) and i not in starts and slots[i][column] == slots[first][column]
        if is_same and (column != 3 or (i in ghosts) == (first in ghosts)):
            continue
        node = slots[first][column]
        if node is not None:
            is_ghost = (column == 3 and first in ghosts) or (
                column == 1 and node.kind is Kind.EVENT
            )
            yield _Run(node, column, first, i - 1, is_ghost)
        first = i


def _places(runs: list[_Run]) -> tuple[dict[int, float], dict[int, float], float]:
    """Where each column begins, how wide it is, and how wide all of it is."""
    widths: dict[int, float] = {}
    for run in runs:
        heading = text_width(HEADINGS[run.column], small=True)
        needed = max(heading, text_width(_shown(run.node)) + 2 * PAD)
        widths[run.column] = max(widths.get(run.column, 0), needed)
    lefts, x = {}, MARGIN
    for column in sorted(widths):
        lefts[column] = x
        x += widths[column] + GAP
    return lefts, widths, max(x - GAP, 0) + MARGIN


def _placed(
    run: _Run, lefts: Mapping[int, float], widths: Mapping[int, float], tops: Sequence[float]
) -> Box:
    top, bottom = tops[run.first], tops[run.last] + BOX
    kind = CLASSES[run.node.kind] + (" ghost" if run.is_ghost else "")
    x, width = lefts[run.column], widths[run.column]
    return _box(run.node, x, top, width, bottom - top, kind)


def _box(node: Node, x: float, y: float, width: float, height: float, kind: str) -> Box:
    corners = BOX / 2 if node.kind in (Kind.FUNCTION, Kind.EVOLVER) else 4
    title = f"{node.kind.value} {node.name}"
    return Box(x, y, width, height, node.name, kind, _shown(node), corners, title)


def _shown(node: Node) -> str:
    name = node.name.partition(".")[2] if node.kind is Kind.HEARD else node.name
    return shortened(name or node.name)


def _level(
    runs: list[_Run], slots: list[Slot], boxes: Mapping[_Run, Box], marks: Mapping[Edge, str]
) -> Iterator[Arrow]:
    """An arrow for each two boxes that meet in a row, in the middle of the rows that they share."""
    at = {(run.column, i): run for run in runs for i in range(run.first, run.last + 1)}
    joined: dict[tuple[_Run, _Run], None] = {}
    for i in range(len(slots)):
        row = [at[column, i] for column in range(5) if (column, i) in at]
        joined |= dict.fromkeys(pairwise(row))
    for one, other in joined:
        a, b = boxes[one], boxes[other]
        y = (max(a.y, b.y) + min(a.y + a.height, b.y + b.height)) / 2
        start, end = (a.x + a.width, y), (b.x - 1, y)
        yield Arrow((start, end), _arrow_kind(one.node, other.node, marks))


def _arrow_kind(one: Node, other: Node, marks: Mapping[Edge, str]) -> str:
    later = one.kind is Kind.EVENT and other.kind is Kind.FUNCTION
    asks = other.kind is Kind.ASKED
    return marks.get(Edge(one.name, other.name), "dashed" if later or asks else "")


# -- narrow: an indented list ----------------------------------------------------------------------

STEP, LINE, PHONE = 22.0, 27.0, 328.0
"""In px: an indentation, a line, the width of a phone without its margins."""


def _narrow(
    sections: Mapping[str, list[_Flow]], marks: Mapping[Edge, str]
) -> tuple[tuple[float, float], list[Box | Arrow | Label]]:
    parts: list[Box | Arrow | Label] = []
    y, seen = MARGIN, set[Node]()
    for title, flows in sections.items():
        parts.append(Label(MARGIN, y + 14, title))
        y += 24
        for flow in flows:
            parts += _listed(flow, y, seen, marks)
            y = max(it.y for it in parts if isinstance(it, Box)) + LINE + 6
        y += BREAK
    right = max((it.x + it.width for it in parts if isinstance(it, Box)), default=0)
    return (max(PHONE, right + MARGIN), y + MARGIN), parts


def _listed(flow: _Flow, y: float, seen: set[Node], marks: Mapping[Edge, str]) -> list[Box | Arrow]:
    """A function below what leads to it; what comes of it beside it, or below if that is too wide.

    The evolver of an event is shown when the event is first `seen`.
    """
    listing = _Listing(marks)
    parent: Box | None = None
    for level, node in enumerate((*flow.before[-1:], *([flow.function] if flow.function else []))):
        parent = listing.add(node, MARGIN + STEP * level, y, parent)
        y += LINE
    paths = [path[:1] if path[0] in seen else path for path in flow.after]
    seen.update(path[0] for path in paths)
    beside = parent.x + parent.width + STEP if parent is not None else MARGIN
    is_beside = parent is None or all(beside + _length(path) <= PHONE for path in paths)
    y -= LINE if is_beside and parent is not None else 0
    for path in paths:
        event = listing.add(path[0], beside if is_beside else MARGIN + 2 * STEP, y, parent)
        for evolver in path[1:]:
            y += 0 if is_beside else LINE
            x = event.x + event.width + STEP if is_beside else event.x + STEP
            listing.add(evolver, x, y, event)
        y += LINE
    return listing.parts


def _length(path: Sequence[Node]) -> float:
    """How long a path is that stands on one line."""
    return sum(text_width(_listed_as(node)) + 2 * PAD + STEP for node in path) - STEP


def _listed_as(node: Node) -> str:
    return shortened(node.name)


class _Listing:
    """Boxes of a list, each with an arrow from another: level, or down and to the right."""

    def __init__(self, marks: Mapping[Edge, str]) -> None:
        self.parts: list[Box | Arrow] = []
        self._marks = marks
        self._nodes: dict[Box, Node] = {}

    def add(self, node: Node, x: float, y: float, parent: Box | None) -> Box:
        """The box of a thing, at its place."""
        width = text_width(_listed_as(node)) + 2 * PAD
        box = _box(node, x, y, width, BOX, CLASSES[node.kind])._replace(shown=_listed_as(node))
        self.parts.append(box)
        self._nodes[box] = node
        if parent is not None:
            kind = _arrow_kind(self._nodes[parent], node, self._marks)
            self.parts.append(Arrow(_way(parent, box), kind))
        return box


def _way(one: Box, other: Box) -> tuple[tuple[float, float], ...]:
    end = (other.x - 1, other.middle)
    if one.y == other.y:
        return (one.x + one.width, one.middle), end
    is_beside = other.x > one.x + one.width
    down = one.x + one.width - 10 if is_beside else one.x + 9
    return (down, one.y + BOX), (down, other.middle), end
