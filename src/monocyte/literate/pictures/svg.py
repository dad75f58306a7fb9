"""What our drawings are made of: boxes with a name, arrows, and the SVG element around them.

No identifiers, scripts, fonts or references: several drawings may stand in one page, and one by
itself in a file. They take the colour of the text around them, and tell kinds apart by shape and
place first, by a tint that is legible on white and on black second. `STYLE` is for the page.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape
from itertools import pairwise
from typing import NamedTuple

from monocyte.literate.pictures.notation import cells_of

__all__ = [
    "SIZE",
    "SMALL",
    "STYLE",
    "Arrow",
    "Box",
    "Curve",
    "Href",
    "Label",
    "element",
    "shortened",
    "text_width",
]

SIZE = 12.5
"""The height of the letters, in px."""

ADVANCE = 0.602 * SIZE
"""How wide a letter is in the widest of the usual monospaced fonts, in px."""

SMALL = 0.84
"""Of labels, against names."""

LONGEST = 34
"""How many characters of a name are shown; its title has them all."""

FONT = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"

TINTS = {
    "command": "#3b7dd8",
    "query": "#16958a",
    "event": "#c47a10",
    "neighbour": "#9561c9",
}
"""The colour of each kind that has one; all have a contrast of 3 or more on white and on #111."""

STYLE = (
    """\
.picture { max-width: 100%; height: auto; color: inherit; }
.picture .box { fill: currentColor; fill-opacity: .05; stroke: currentColor; stroke-opacity: .45; }
"""
    + "".join(
        f".picture .{kind} .box {{ fill: {tint}; fill-opacity: .13; stroke: {tint};"
        f" stroke-opacity: 1; }}\n"
        for kind, tint in TINTS.items()
    )
    + """\
.picture .plain .box { fill: none; stroke-opacity: .3; }
.picture .ghost .box { stroke-dasharray: 3 3; fill-opacity: .04; }
.picture .muted { opacity: .65; }
.picture .line { fill: none; stroke: currentColor; stroke-opacity: .55; }
.picture .head { fill: currentColor; fill-opacity: .7; stroke: none; }
.picture .dashed .line { stroke-dasharray: 5 3; }
.picture .unwalked .line, .picture .wrong .line { stroke: #d6453d; stroke-opacity: 1; }
.picture .unwalked .head, .picture .wrong .head { fill: #d6453d; fill-opacity: 1; }
.picture .unwalked .line { stroke-dasharray: 2 3; }
.picture a { text-decoration: none; }
.picture a:hover .box, .picture a:focus .box { stroke-width: 2.5; stroke-opacity: 1; }
@media print { .picture .box { fill-opacity: 0; } }
"""
)
"""The style sheet for every drawing in a page."""

ALONE = """\
:root { color: #1c1e21; background: #fff; }
@media (prefers-color-scheme: dark) { :root { color: #e6e6e6; background: #15171a; } }
"""
"""What a drawing needs besides, in a file of its own."""

Href = Callable[[str], str | None]
"""Where the name in a box leads to, if anywhere."""


class Box(NamedTuple):
    """A rectangle with a name; `kind` is its class, `round` the radius of its corners, in px."""

    x: float
    y: float
    width: float
    height: float
    name: str
    kind: str
    shown: str = ""
    round: float = 4
    title: str = ""

    @property
    def middle(self) -> float:
        """Its middle, from above."""
        return self.y + self.height / 2


class Arrow(NamedTuple):
    """A line along points, with a head at its end; `kind` is its class."""

    points: tuple[tuple[float, float], ...]
    kind: str = ""


class Curve(NamedTuple):
    """A line from above to below, or the other way, that passes through its points upright."""

    points: tuple[tuple[float, float], ...]
    kind: str = ""
    headed: bool = True


class Label(NamedTuple):
    """Small text; `anchor` is start, middle or end."""

    x: float
    y: float
    text: str
    anchor: str = "start"
    title: str = ""


def text_width(text: str, *, small: bool = False) -> float:
    """How wide a text is at most, in px."""
    return cells_of(text) * ADVANCE * (SMALL if small else 1)


def shortened(text: str, most: int = LONGEST) -> str:
    """A text of at most so many columns."""
    if cells_of(text) <= most:
        return text
    kept = text[: most - 1]
    while cells_of(kept) > most - 1:
        kept = kept[:-1]
    return f"{kept}…"


def element(
    size: tuple[float, float],
    title: str,
    description: str,
    parts: Iterable[Box | Arrow | Curve | Label],
    *,
    href: Href | None = None,
    kind: str = "",
    alone: bool = False,
) -> str:
    """The SVG element, `size` px wide and high; `alone` brings its style along, for a file."""
    parts = list(parts)
    drawn = [
        *_arrows([it for it in parts if isinstance(it, (Arrow, Curve))]),
        *(_box(it, href) for it in parts if isinstance(it, Box)),
        *(_label(it) for it in parts if isinstance(it, Label)),
    ]
    width, height = _number(math.ceil(size[0])), _number(math.ceil(size[1]))
    links = any(it.startswith("<a ") for it in drawn)
    role = "group" if links else "img"  # what is inside of an image cannot be reached
    style = f"<style>{ALONE}{STYLE}</style>\n" if alone else ""
    body, kind = "\n".join(drawn), f"picture {kind}".strip()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{kind}" role="{role}" '
        f'aria-label="{_escaped(title)}" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="{FONT}" font-size="{SIZE}" '
        f'fill="currentColor">\n'
        f"<title>{_escaped(title)}</title>\n<desc>{_escaped(description)}</desc>\n"
        f"{style}{body}\n</svg>"
    )


def _box(it: Box, href: Href | None) -> str:
    shown = it.shown or shortened(it.name)
    title = f"<title>{_escaped(it.title)}</title>" if it.title else ""
    x, y = _number(it.x + it.width / 2), _number(it.middle + SIZE * 0.34)
    drawn = (
        f'<g class="{it.kind}">{title}<rect class="box" x="{_number(it.x)}" y="{_number(it.y)}" '
        f'width="{_number(it.width)}" height="{_number(it.height)}" rx="{_number(it.round)}" '
        f'fill="none" stroke="currentColor"/>'
        f'<text x="{x}" y="{y}" text-anchor="middle">{_escaped(shown)}</text></g>'
    )
    target = href(it.name) if href is not None else None
    return drawn if target is None else f'<a href="{_escaped(target)}">{drawn}</a>'


def _label(it: Label) -> str:
    title = f"<title>{_escaped(it.title)}</title>" if it.title else ""
    return (
        f'<text class="muted" x="{_number(it.x)}" y="{_number(it.y)}" text-anchor="{it.anchor}" '
        f'font-size="{_number(SIZE * SMALL)}">{title}{_escaped(it.text)}</text>'
    )


def _arrows(arrows: Sequence[Arrow | Curve]) -> Iterator[str]:
    """Two paths for each kind: the lines, then the heads."""
    for kind in dict.fromkeys(it.kind for it in arrows):
        same = [it for it in arrows if it.kind == kind]
        lines = "".join(
            _line(it.points) if isinstance(it, Arrow) else _curve(it.points) for it in same
        )
        heads = "".join(_head(*_end(it)) for it in same if isinstance(it, Arrow) or it.headed)
        yield (
            f'<g class="{kind}"><path class="line" fill="none" stroke="currentColor" d="{lines}"/>'
            f'<path class="head" d="{heads}"/></g>'
        )


def _end(it: Arrow | Curve) -> tuple[tuple[float, float], tuple[float, float]]:
    """The last point, and one from where the line comes to it."""
    (ax, ay), (x, y) = it.points[-2], it.points[-1]
    return (x, y), ((x, ay) if isinstance(it, Curve) else (ax, ay))


def _curve(points: Sequence[tuple[float, float]]) -> str:
    """A smooth line through the points, upright at its ends, that goes no further than they do.

    x is a function of y: a cubic spline whose slopes are limited as by Fritsch and Carlson (1980).
    """
    slopes = [(bx - ax) / ((by - ay) or 1) for (ax, ay), (bx, by) in pairwise(points)]
    inner = [2 * a * b / (a + b) if a * b > 0 else 0.0 for a, b in pairwise(slopes)]
    tangents = [0.0, *inner, 0.0]
    said = f"M{_number(points[0][0])} {_number(points[0][1])}"
    for (one, other), (s, t) in zip(pairwise(points), pairwise(tangents), strict=True):
        third = (other[1] - one[1]) / 3
        near, far = (one[0] + s * third, one[1] + third), (other[0] - t * third, other[1] - third)
        said += "C" + " ".join(f"{_number(x)} {_number(y)}" for x, y in (near, far, other))
    return said


def _line(points: Sequence[tuple[float, float]], bend: float = 8) -> str:
    """A polyline whose corners are rounded."""
    x, y = points[0]
    said = f"M{_number(x)} {_number(y)}"
    for before, corner, behind in zip(points, points[1:], points[2:], strict=False):
        (ax, ay), (bx, by) = _towards(corner, before, bend), _towards(corner, behind, bend)
        x, y = corner
        said += (
            f"L{_number(ax)} {_number(ay)}Q{_number(x)} {_number(y)} {_number(bx)} {_number(by)}"
        )
    x, y = points[-1]
    return f"{said}L{_number(x)} {_number(y)}"


def _towards(
    start: tuple[float, float], end: tuple[float, float], length: float
) -> tuple[float, float]:
    """The point that far from the start, at most half of the way to the end."""
    (ax, ay), (bx, by) = start, end
    share = min(length / (math.hypot(bx - ax, by - ay) or 1), 0.5)
    return ax + (bx - ax) * share, ay + (by - ay) * share


def _head(
    end: tuple[float, float], origin: tuple[float, float], length: float = 7, half: float = 3.2
) -> str:
    (x, y), (ax, ay) = end, origin
    distance = math.hypot(x - ax, y - ay) or 1
    dx, dy = (x - ax) / distance, (y - ay) / distance
    bx, by = x - dx * length, y - dy * length
    one, other = (bx - dy * half, by + dx * half), (bx + dy * half, by - dx * half)
    corners = "L".join(f"{_number(cx)} {_number(cy)}" for cx, cy in ((x, y), one, other))
    return f"M{corners}Z"


def _number(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


def _escaped(text: str) -> str:
    """Escaped for text and attributes, without the characters that XML has no way to say."""
    return escape("".join(c for c in text if c.isprintable() or c in "\n\t"))
