"""Draws the map of an app as SVG: cells in layers, those that others build on at the bottom.

Who asks or hears a cell stands above it. Between two cells there is at most one line of questions
(dashed) and one of events for each direction, with the names of its messages on it. The order in a
layer is found by barycentres (Sugiyama, Tagawa and Toda 1981), and a label is a place of its own in
the layout, so that none lies upon another. The narrow drawing is a list, for a phone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from monocyte.literate.pictures.maps import Tie
from monocyte.literate.pictures.svg import (
    SIZE,
    SMALL,
    Arrow,
    Box,
    Curve,
    Href,
    Label,
    element,
    shortened,
    text_width,
)

__all__ = ["draw_map"]

BOX, PAD, APART, MARGIN, LETTER = 26.0, 12.0, 18.0, 2.0, SIZE * SMALL * 1.25
"""In px: the height of a cell, beside its name, between things, around all, a line of a label."""

DOOR, TURN = 16.0, 25.0
"""In px: between two wires where they reach a cell; the height in which wires go aside."""

ACROSS = 7
"""How many cells stand beside each other, at most."""

NAMED = 14
"""Up to how many cells the lines carry names; beyond, a number, with the names in its title."""

MOST = 5
"""How many names a line carries."""

SWEEPS, IN_VAIN, SETTLING = 12, 4, 6
"""How often rows are put in order, and how often in vain; how often spots are moved."""

INFINITE = float("inf")

STRAIGHT = 4
"""How much more a wire wants to be straight than to be short."""

FEW = 300
"""Up to how many spots neighbours are swapped, too, where that saves a crossing."""

Tied = tuple[str, str, str]
"""From, to, asks or tells."""


class _Wire(NamedTuple):
    """All messages of one kind from one cell to another; `upper` stands above `lower`."""

    upper: str
    lower: str
    is_down: bool
    kind: str
    names: tuple[str, ...]


class _Spot(NamedTuple):
    """A place in a row: of a cell (`wire` is -1), or of a wire, which passes or has its label."""

    name: str
    wire: int
    row: int


def draw_map(
    name: str,
    cells: Sequence[str],
    ties: Iterable[Tie],
    *,
    narrow: bool = False,
    href: Href | None = None,
    alone: bool = False,
) -> str:
    """The map of an app as an SVG element; the same map gives the same bytes."""
    ties = [tie for tie in ties if tie.source != tie.target]
    cells = list(dict.fromkeys([*cells, *(it for tie in ties for it in tie[:2])]))
    groups = _groups(ties)
    size, parts = _narrow(cells, groups) if narrow else _wide(cells, groups)
    said = [f"{a} {kind} {b} {', '.join(names)}" for (a, b, kind), names in groups.items()]
    return element(
        size,
        f"Which cells of {name} ask and hear each other",
        "; ".join(said)
        or f"Nobody asks or hears another: {', '.join(cells) or 'there are no cells'}.",
        parts,
        href=href,
        kind="map narrow" if narrow else "map wide",
        alone=alone,
    )


def _groups(ties: Iterable[Tie]) -> dict[Tied, tuple[str, ...]]:
    groups: dict[Tied, tuple[str, ...]] = {}
    for tie in ties:
        key = (tie.source, tie.target, tie.kind)
        groups[key] = (*groups.get(key, ()), tie.name)
    return groups


# -- layers ----------------------------------------------------------------------------------------


def _needs(cells: Sequence[str], groups: Iterable[Tied]) -> dict[str, list[str]]:
    """Whom each cell builds on: whom it asks, and whom it hears; without what closes a circle."""
    wanted: dict[str, list[str]] = {cell: [] for cell in cells}
    for source, target, kind in groups:
        above, below = (source, target) if kind == "asks" else (target, source)
        if below not in wanted[above]:
            wanted[above].append(below)
    kept: dict[str, list[str]] = {}
    for cell in cells:
        _settle(cell, wanted, kept)
    return kept


def _settle(start: str, wanted: Mapping[str, list[str]], kept: dict[str, list[str]]) -> None:
    """Depth first, without recursion: an arrow to a cell that is still open closes a circle."""
    if start in kept:
        return
    kept[start] = []
    open_, ahead = [start], [iter(wanted[start])]
    while open_:
        below = next(ahead[-1], None)
        if below is None:
            open_.pop()
            ahead.pop()
        elif below not in open_:
            kept[open_[-1]].append(below)
            if below not in kept:
                kept[below] = []
                open_.append(below)
                ahead.append(iter(wanted[below]))


def _layers(needs: Mapping[str, list[str]]) -> dict[str, int]:
    """The layer of each cell, 0 at the bottom, above all that it needs; none too wide."""
    layers: dict[str, int] = {}
    filled: dict[int, int] = {}
    waiting = list(needs)
    while waiting:
        ready = [it for it in waiting if all(below in layers for below in needs[it])]
        for cell in ready:
            layer = max((layers[below] + 1 for below in needs[cell]), default=0)
            while filled.get(layer, 0) >= ACROSS:
                layer += 1
            layers[cell] = layer
            filled[layer] = filled.get(layer, 0) + 1
        waiting = [it for it in waiting if it not in layers]
    return layers


def _wires(groups: Mapping[Tied, tuple[str, ...]], layers: Mapping[str, int]) -> list[_Wire]:
    return [
        _Wire(source, target, True, kind, names)
        if layers[source] > layers[target]
        else _Wire(target, source, False, kind, names)
        for (source, target, kind), names in groups.items()
    ]


# -- order -----------------------------------------------------------------------------------------

Rows = list[list[_Spot]]
Links = list[tuple[_Spot, _Spot]]


def _rows(layers: Mapping[str, int], wires: Sequence[_Wire]) -> tuple[Rows, list[list[_Spot]]]:
    """Rows from the top, cells and labels in turn; and the spots along each wire."""
    top = 2 * max(layers.values(), default=0)
    rows: Rows = [[] for _ in range(top + 1)]
    at = {cell: _Spot(cell, -1, top - 2 * layer) for cell, layer in layers.items()}
    for spot in at.values():
        rows[spot.row].append(spot)
    ways: list[list[_Spot]] = []
    for n, wire in enumerate(wires):
        first, last = at[wire.upper], at[wire.lower]
        between = [_Spot("", n, row) for row in range(first.row + 1, last.row)]
        for spot in between:
            rows[spot.row].append(spot)
        ways.append([first, *between, last])
    return rows, ways


def _labelled(way: Sequence[_Spot]) -> _Spot:
    """Where the label stands: in the middle of the way, in a row for labels."""
    inner = [spot for spot in way[1:-1] if spot.row % 2]
    return inner[len(inner) // 2]


def _ordered(rows: Rows, ways: Sequence[Sequence[_Spot]]) -> Rows:
    """The rows in the best order that some sweeps up and down have found."""
    above: dict[_Spot, list[_Spot]] = {}
    below: dict[_Spot, list[_Spot]] = {}
    for way in ways:
        for one, other in pairwise(way):
            below.setdefault(one, []).append(other)
            above.setdefault(other, []).append(one)
    best, fewest, vain = rows, _crossings(rows, below), 0
    for sweep in range(SWEEPS):
        if not fewest or vain == IN_VAIN:
            break
        towards = above if sweep % 2 == 0 else below
        rows = _swept(rows, towards, from_top=towards is above)
        if sum(map(len, rows)) <= FEW:
            rows = [_swapped(row, above, below, rows) for row in rows]
        crossings = _crossings(rows, below)
        vain += 1
        if crossings < fewest:
            best, fewest, vain = rows, crossings, 0
    return best


def _swept(rows: Rows, towards: Mapping[_Spot, list[_Spot]], *, from_top: bool) -> Rows:
    swept = list(rows)
    place: dict[_Spot, float] = {}
    for r in range(len(rows)) if from_top else reversed(range(len(rows))):
        own = {spot: float(i) for i, spot in enumerate(rows[r])}
        for spot, place_now in own.items():
            ends = [place[it] for it in towards.get(spot, ())]
            own[spot] = sum(ends) / len(ends) if ends else place_now
        swept[r] = sorted(rows[r], key=own.__getitem__)
        place |= {spot: float(i) for i, spot in enumerate(swept[r])}
    return swept


def _swapped(
    row: Sequence[_Spot],
    above: Mapping[_Spot, list[_Spot]],
    below: Mapping[_Spot, list[_Spot]],
    rows: Rows,
) -> list[_Spot]:
    """The row with neighbours swapped as long as that saves crossings (Gansner et al. 1993)."""
    if not row:
        return []
    place: dict[_Spot, int] = {}
    for near in rows[max(row[0].row - 1, 0) : row[0].row + 2]:
        place |= {spot: i for i, spot in enumerate(near)}
    ends = {
        spot: [sorted(place[it] for it in side.get(spot, ())) for side in (above, below)]
        for spot in row
    }
    swapped = list(row)
    for _ in swapped:
        before = list(swapped)
        for i in range(len(swapped) - 1):
            one, other = swapped[i], swapped[i + 1]
            if _between(ends[other], ends[one]) < _between(ends[one], ends[other]):
                swapped[i : i + 2] = other, one
        if swapped == before:
            break
    return swapped


def _between(left: list[list[int]], right: list[list[int]]) -> int:
    """How many wires of two neighbours cross."""
    sides = zip(left, right, strict=True)
    return sum(1 for one, other in sides for a in one for b in other if a > b)


def _crossings(rows: Rows, below: Mapping[_Spot, list[_Spot]]) -> int:
    count = 0
    for upper, lower in pairwise(rows):
        place = {spot: i for i, spot in enumerate(lower)}
        ends = [sorted(place[it] for it in below.get(spot, ())) for spot in upper]
        seen: list[int] = []
        for each in ends:
            count += sum(1 for end in each for other in seen if other > end)
            seen += each
    return count


# -- places ----------------------------------------------------------------------------------------


def _across(
    rows: Rows, ways: Sequence[Sequence[_Spot]], widths: Mapping[_Spot, float]
) -> dict[_Spot, float]:
    """The middle of each spot: drawn towards its neighbours, as far as the others make room."""
    near: dict[_Spot, list[_Spot]] = {}
    for way in ways:
        for one, other in pairwise(way):
            near.setdefault(one, []).append(other)
            near.setdefault(other, []).append(one)
    middles: dict[_Spot, float] = {}
    for row in rows:
        middles |= zip(row, _spread(row, [0.0] * len(row), widths), strict=True)
    for sweep in range(SETTLING):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wanted = [_pulled(spot, near, middles) for spot in row]
            middles |= zip(row, _spread(row, wanted, widths), strict=True)
    _straighten(rows, ways, widths, middles)
    left = min((middles[it] - widths[it] / 2 for it in middles), default=0.0)
    return {spot: middle - left + MARGIN for spot, middle in middles.items()}


def _straighten(
    rows: Rows,
    ways: Sequence[Sequence[_Spot]],
    widths: Mapping[_Spot, float],
    middles: dict[_Spot, float],
) -> None:
    """Lets each wire, the longest first, go straight as far as its neighbours leave room."""
    index = {spot: i for row in rows for i, spot in enumerate(row)}
    for way in sorted(ways, key=len, reverse=True):
        run: list[_Spot] = []
        low, high = -INFINITE, INFINITE
        for spot in way[1:-1]:
            least, most = _room(index[spot], rows[spot.row], widths, middles)
            if max(low, least) > min(high, most):
                middles |= _level(run, low, high, middles)
                run, low, high = [], -INFINITE, INFINITE
            run.append(spot)
            low, high = max(low, least), min(high, most)
        middles |= _level(run, low, high, middles)


def _room(
    i: int, row: Sequence[_Spot], widths: Mapping[_Spot, float], middles: Mapping[_Spot, float]
) -> tuple[float, float]:
    """How far the middle of a spot may go to the left and to the right."""
    low, high = -INFINITE, INFINITE
    if i > 0:
        low = middles[row[i - 1]] + _apart(row[i - 1], row[i], widths)
    if i + 1 < len(row):
        high = middles[row[i + 1]] - _apart(row[i + 1], row[i], widths)
    return low, high


def _level(
    run: Sequence[_Spot], low: float, high: float, middles: Mapping[_Spot, float]
) -> dict[_Spot, float]:
    """One place for all of a run: their mean, as far as there is room."""
    mean = sum(middles[spot] for spot in run) / (len(run) or 1)
    return dict.fromkeys(run, min(max(mean, low), high))


def _pulled(
    spot: _Spot, near: Mapping[_Spot, list[_Spot]], middles: Mapping[_Spot, float]
) -> float:
    """The mean of its neighbours, in which what passes pulls what passes to be straight."""
    ends = near.get(spot, ())
    weights = [STRAIGHT if spot.wire >= 0 and it.wire >= 0 else 1 for it in ends]
    pulled = sum(middles[it] * weight for it, weight in zip(ends, weights, strict=True))
    return pulled / sum(weights) if weights else middles[spot]


def _spread(
    row: Sequence[_Spot], wanted: Sequence[float], widths: Mapping[_Spot, float]
) -> list[float]:
    """As near to what is wanted as may be: pushed apart from both sides, and the mean of it."""
    ahead: list[float] = []
    for spot, middle in zip(row, wanted, strict=True):
        ahead.append(_pushed(ahead, spot, row, middle, widths))
    back: list[float] = []
    mirrored = row[::-1]
    for spot, middle in zip(mirrored, reversed(wanted), strict=True):
        back.append(_pushed(back, spot, mirrored, -middle, widths))
    return [(a - b) / 2 for a, b in zip(ahead, reversed(back), strict=True)]


def _pushed(
    placed: Sequence[float],
    spot: _Spot,
    row: Sequence[_Spot],
    wanted: float,
    widths: Mapping[_Spot, float],
) -> float:
    if not placed:
        return wanted
    return max(wanted, placed[-1] + _apart(row[len(placed) - 1], spot, widths))


def _apart(one: _Spot, other: _Spot, widths: Mapping[_Spot, float]) -> float:
    """How far the middles of two spots must be from each other; two bare wires may be near."""
    both = widths[one] + widths[other]
    return both / 2 + (APART if both else APART / 2)


# -- wide ------------------------------------------------------------------------------------------

Parts = list[Box | Arrow | Curve | Label]


def _wide(
    cells: Sequence[str], groups: Mapping[Tied, tuple[str, ...]]
) -> tuple[tuple[float, float], Parts]:
    layers = _layers(_needs(cells, groups))
    wires = _wires(groups, layers)
    rows, ways = _rows(layers, wires)
    said = [_said(wire, len(cells)) for wire in wires]
    label = {_labelled(way): n for n, way in enumerate(ways)}
    rows = _ordered(rows, ways)
    busy = _busy(ways)
    widths = {
        spot: max(_width(spot, said[label[spot]] if spot in label else ()), busy.get(spot, 0))
        for row in rows
        for spot in row
    }
    middles = _across(rows, ways, widths)
    tops, bottom = _down(rows, {spot: len(said[n]) for spot, n in label.items()})
    boxes = {
        s: _cell(s, middles[s], tops[s.row], widths[s]) for row in rows for s in row if s.wire < 0
    }
    heights = [*tops[1:], bottom]
    parts: Parts = list(_drawn(wires, ways, said, boxes, middles, (tops, heights)))
    parts += boxes.values()
    right = max((middles[spot] + widths[spot] / 2 for spot in middles), default=0) + MARGIN
    if wires:
        parts += _legend(bottom + 14)
        right, bottom = max(right, 340), bottom + 30
    return (right, bottom), parts


def _said(wire: _Wire, cells: int) -> tuple[str, ...]:
    if cells > NAMED:
        return (str(len(wire.names)),) if len(wire.names) > 1 else ()
    names = tuple(shortened(name, 26) for name in wire.names)
    hidden = len(names) - MOST + 1
    return names if len(names) <= MOST else (*names[: MOST - 1], f"and {hidden} more")


def _width(spot: _Spot, said: Sequence[str]) -> float:
    if spot.wire < 0:
        return text_width(shortened(spot.name)) + 2 * PAD
    return max((text_width(line, small=True) for line in said), default=0)


def _busy(ways: Sequence[Sequence[_Spot]]) -> dict[_Spot, float]:
    """How wide a cell must be for all wires on one side of it."""
    uppers = Counter(way[0] for way in ways)
    lowers = Counter(way[-1] for way in ways)
    return {spot: (max(uppers[spot], lowers[spot]) + 1) * DOOR for spot in uppers | lowers}


def _down(rows: Rows, lines: Mapping[_Spot, int]) -> tuple[list[float], float]:
    """Where each row begins, and where the last one ends."""
    tops, y = [], MARGIN
    for r, row in enumerate(rows):
        tops.append(y)
        most = max((lines.get(spot, 0) for spot in row), default=0)
        y += BOX if r % 2 == 0 else most * LETTER + 2 * TURN + 4
    return tops, y + MARGIN


def _cell(spot: _Spot, middle: float, top: float, width: float) -> Box:
    return Box(middle - width / 2, top, width, BOX, spot.name, "cell", shortened(spot.name), 6)


def _drawn(
    wires: Sequence[_Wire],
    ways: Sequence[Sequence[_Spot]],
    said: Sequence[tuple[str, ...]],
    boxes: Mapping[_Spot, Box],
    middles: Mapping[_Spot, float],
    heights: tuple[Sequence[float], Sequence[float]],
) -> Iterator[Curve | Label]:
    """Each wire in two parts, above and below its label."""
    tops, bottoms = heights
    doors = _doors(ways, middles, boxes)
    for n, (wire, way) in enumerate(zip(wires, ways, strict=True)):
        here = _labelled(way)
        middle, centre = middles[here], (tops[here.row] + bottoms[here.row]) / 2
        high = centre - len(said[n]) * LETTER / 2 - 2 * bool(said[n])
        low = high + len(said[n]) * LETTER + 5 * bool(said[n])
        before, after = [(doors[n, True], boxes[way[0]].y + BOX)], [(middle, low)]
        for spot in way[1:-1]:
            gap = TURN if spot.row % 2 else 0  # upright beside cells and labels, turns between
            upper = (middles[spot], tops[spot.row] + gap)
            lower = (middles[spot], bottoms[spot.row] - gap)
            if spot.row <= here.row:
                before += [upper] if spot == here else [upper, lower]
            if spot.row >= here.row:
                after += [lower] if spot == here else [upper, lower]
        before.append((middle, high))
        after.append((doors[n, False], boxes[way[-1]].y))
        kind = "dashed" if wire.kind == "asks" else ""
        yield Curve(tuple(before if wire.is_down else before[::-1]), kind, headed=not wire.is_down)
        yield Curve(tuple(after if wire.is_down else after[::-1]), kind, headed=wire.is_down)
        for i, line in enumerate(said[n]):
            title = ", ".join(wire.names)
            yield Label(middle, high + (i + 0.85) * LETTER, line, "middle", title)


def _doors(
    ways: Sequence[Sequence[_Spot]], middles: Mapping[_Spot, float], boxes: Mapping[_Spot, Box]
) -> dict[tuple[int, bool], float]:
    """Where each wire leaves its upper cell (True) and reaches its lower one, side by side."""
    sides: dict[tuple[_Spot, bool], list[tuple[float, int]]] = {}
    for n, way in enumerate(ways):
        sides.setdefault((way[0], True), []).append((middles[way[1]], n))
        sides.setdefault((way[-1], False), []).append((middles[way[-2]], n))
    doors: dict[tuple[int, bool], float] = {}
    for (spot, is_upper), ends in sides.items():
        box = boxes[spot]
        for i, (_, n) in enumerate(sorted(ends), 1):
            doors[n, is_upper] = box.x + box.width * i / (len(ends) + 1)
    return doors


def _legend(y: float) -> Iterator[Curve | Arrow | Label]:
    yield Arrow(((MARGIN, y - 4), (MARGIN + 30, y - 4)), "dashed")
    yield Label(MARGIN + 38, y, "asks or commands")
    yield Arrow(((MARGIN + 164, y - 4), (MARGIN + 194, y - 4)))
    yield Label(MARGIN + 202, y, "tells, and is heard")


# -- narrow ----------------------------------------------------------------------------------------

PHONE = 328.0
"""In px: the width of a phone without its margins."""


def _narrow(
    cells: Sequence[str], groups: Mapping[Tied, tuple[str, ...]]
) -> tuple[tuple[float, float], Parts]:
    """Each cell, whom it asks, and whom it hears; and, in words, who asks and hears it."""
    parts: Parts = []
    y, x = MARGIN, MARGIN + 26
    for cell in cells:
        width = text_width(shortened(cell)) + 2 * PAD
        parts.append(Box(MARGIN, y, width, BOX, cell, "cell", shortened(cell), 6))
        top = y + BOX
        y = top + 6
        for other, kind, names in _of(cell, groups):
            shown = shortened(other)
            parts.append(Box(x, y, text_width(shown) + 2 * PAD, 22, other, "plain", shown, 6))
            down = MARGIN + (8 if kind == "asks" else 16)
            bend = ((down, top), (down, y + 11), (x - 1, y + 11))
            parts.append(Arrow(bend, "dashed") if kind == "asks" else Arrow(bend[::-1]))
            y += 22
            for line in _folded(names, PHONE - x):
                y += LETTER
                parts.append(Label(x + PAD, y, line))
            y += 9
        for line in _used(cell, groups):
            y += LETTER
            parts.append(Label(x, y, line))
        y += 16
    right = max((it.x + it.width for it in parts if isinstance(it, Box)), default=0)
    return (max(PHONE, right + MARGIN), y), parts


def _of(
    cell: str, groups: Mapping[Tied, tuple[str, ...]]
) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for (source, target, kind), names in groups.items():
        if kind == "asks" and source == cell:
            yield target, kind, names
        if kind == "tells" and target == cell:
            yield source, kind, names


def _used(cell: str, groups: Iterable[Tied]) -> Iterator[str]:
    asking = [source for source, target, kind in groups if kind == "asks" and target == cell]
    hearing = [target for source, target, kind in groups if kind == "tells" and source == cell]
    for said, others in (("asked by", asking), ("heard by", hearing)):
        if others:
            yield from _folded([f"{said} {others[0]}", *others[1:]], PHONE - MARGIN - 26 + PAD)


def _folded(names: Sequence[str], width: float) -> Iterator[str]:
    line = ""
    for name in names:
        longer = f"{line}, {name}" if line else name
        if line and text_width(longer, small=True) > width - 2 * PAD:
            yield f"{line},"
            longer = name
        line = longer
    yield line
