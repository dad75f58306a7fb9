"""Drawings of cells and apps: sound SVG, complete, without overlaps, the same every time."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monocyte.cell import load_cells
from monocyte.literate.pictures.cartography import draw_map
from monocyte.literate.pictures.cells import Derived, Kind, Node, Row, derive
from monocyte.literate.pictures.drawing import draw, draw_both
from monocyte.literate.pictures.maps import Tie
from monocyte.literate.pictures.notation import Edge
from monocyte.literate.pictures.svg import STYLE, TINTS, Box, Label, element, shortened, text_width
from tests.literate.toys import desk, shelf

DESK = derive(load_cells([desk.cell, shelf.cell]).manifests[0])
SVG = "{http://www.w3.org/2000/svg}"

Area = tuple[float, float, float, float]


def parsed(text: str) -> ET.Element:
    """The element, once it is well formed and refers to nothing outside."""
    root = ET.fromstring(text)  # noqa: S314 (our own)
    assert root.tag == f"{SVG}svg"
    assert not re.search(r"<script|<image|url\(|\bid=|@import|font-face", text)
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    return root


def areas(root: ET.Element) -> list[Area]:
    """Left, top, right and bottom of every box."""
    sides = [[float(it.attrib[k]) for k in ("x", "y", "width", "height")] for it in boxes(root)]
    return [(x, y, x + width, y + height) for x, y, width, height in sides]


def boxes(root: ET.Element) -> list[ET.Element]:
    """Every box."""
    return root.findall(f".//{SVG}rect")


def names(root: ET.Element) -> list[str]:
    """What stands in the boxes."""
    return [it.text or "" for it in root.findall(f".//{SVG}g/{SVG}text")]


def assert_sound(root: ET.Element) -> None:
    """No box lies on another, all are inside, and each is wide enough for what it says."""
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    placed = areas(root)
    for left, top, right, bottom in placed:
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
    for one, other in combinations(placed, 2):
        is_apart = one[2] <= other[0] or other[2] <= one[0]
        assert is_apart or one[3] <= other[1] or other[3] <= one[1], (one, other)
    for area, name in zip(placed, names(root), strict=True):
        assert text_width(name) <= area[2] - area[0]


def heads(text: str) -> int:
    """How many arrows there are."""
    return sum(path.count("Z") for path in re.findall(r'class="head" d="([^"]*)"', text))


def points(text: str) -> Iterator[tuple[float, float]]:
    """Points along every curve."""
    for path in re.findall(r'class="line"[^>]* d="([^"]*)"', text):
        for start, bends in re.findall(r"M([^MC]*)((?:C[^MC]*)+)", path):
            here = tuple(map(float, start.split()))
            for bend in bends.split("C")[1:]:
                x = [here[0], *map(float, bend.split()[::2])]
                y = [here[1], *map(float, bend.split()[1::2])]
                yield from zip(_bent(x), _bent(y), strict=True)
                here = (x[3], y[3])


def _bent(c: list[float]) -> list[float]:
    """A cubic curve of Bézier's, at nine points; its ends are not among them."""
    steps = [t / 10 for t in range(1, 10)]
    return [
        c[0] * (1 - t) ** 3 + 3 * c[1] * t * (1 - t) ** 2 + 3 * c[2] * t * t * (1 - t) + c[3] * t**3
        for t in steps
    ]


# -- cells -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("narrow", [False, True], ids=["wide", "narrow"])
def test_a_cell_is_drawn(narrow: bool) -> None:
    """Every thing is there, boxes do not lie upon each other, and it says what it shows."""
    text = draw(DESK, narrow=narrow)
    root = parsed(text)
    assert_sound(root)
    assert root.attrib["role"] == "img"
    assert root.attrib["class"] == ("picture narrow" if narrow else "picture wide")
    assert root.findtext(f"{SVG}title") == "How messages pass through the cell desk"
    assert "person to Lend to lend to Lent to keep" in (root.findtext(f"{SVG}desc") or "")
    wanted = {name.removeprefix("shelf.") for row in DESK.rows for name in row.names} - {"person"}
    assert wanted <= {name.removeprefix("shelf.") for name in names(root)}
    assert text == draw(DESK, narrow=narrow)


def test_what_is_shared_is_one_box() -> None:
    """Neighbouring rows share a box; what comes again further down is a ghost with no evolver."""
    root = parsed(draw(DESK))
    shown = names(root)
    assert shown.count("person") == 2  # who sends, who asks
    assert shown.count("Reminded") == 3
    assert shown.count("note") == 1
    ghosts = [it for it in root.iter(f"{SVG}g") if "ghost" in it.attrib.get("class", "")]
    assert [it.findtext(f"{SVG}text") for it in ghosts].count("Reminded") == 2


def test_a_phone_can_show_it() -> None:
    """The narrow drawing is no wider than a phone, unless a name is."""
    assert float(parsed(draw(DESK, narrow=True)).attrib["width"]) <= 330
    long = Derived("c", (Row(2, (Node("f" * 60, Kind.FUNCTION), Node("E" * 60, Kind.EVENT))),))
    assert float(parsed(draw(_began(long), narrow=True)).attrib["width"]) <= 380


def _began(derived: Derived) -> Derived:
    """The same paths, each begun by a command."""
    start = (Node("person", Kind.PERSON), Node("C", Kind.COMMAND))
    return Derived(derived.cell, tuple(Row(0, (*start, *row.nodes)) for row in derived.rows))


def test_names_are_links() -> None:
    """Where they lead is the caller's to say; then it is a group, for an image hides its links."""
    root = parsed(draw(DESK, href=lambda name: f"#{name}&" if name == "Lend" else None))
    (link,) = root.findall(f".//{SVG}a")
    assert (link.attrib["href"], root.attrib["role"]) == ("#Lend&", "group")


def test_arrows_are_marked() -> None:
    """What a check has found can be seen."""
    text = draw(DESK, marks={Edge("Lend", "lend"): "unwalked"})
    assert len(re.findall('<g class="unwalked">', text)) == 1
    assert ".unwalked" in STYLE


def test_both_and_alone() -> None:
    """For a page both, without a style; for a file one, with it."""
    both = draw_both(DESK)
    assert (both.count("<svg"), both.count("<style")) == (2, 0)
    alone = draw(DESK, alone=True)
    assert alone.count("<style") == 1
    assert "prefers-color-scheme: dark" in alone
    parsed(alone)


def test_an_empty_cell_is_drawn() -> None:
    """As nothing, soundly."""
    for narrow in (False, True):
        root = parsed(draw(Derived("empty", ()), narrow=narrow))
        assert boxes(root) == []
        assert root.findtext(f"{SVG}desc") == "Nothing passes through it."


@pytest.mark.parametrize(
    "name", ["человек", "日本語", "e\u0301te\u0301", "<b>&\"'</b>", "🐈", "\x00\x1b"]
)
@pytest.mark.parametrize("narrow", [False, True], ids=["wide", "narrow"])
def test_any_name_can_be_drawn(name: str, narrow: bool) -> None:
    """Names of any script fit into their boxes, and none breaks the markup."""
    row = Row(2, (Node(name, Kind.FUNCTION), Node(f"{name}.E", Kind.EVENT)))
    assert_sound(parsed(draw(_began(Derived(name, (row,))), narrow=narrow)))


def test_five_hundred_things() -> None:
    """A cell far too big is drawn all the same: as wide as a small one, only longer."""
    rows = tuple(
        Row(0, (person, Node(f"M{n}", Kind.COMMAND), Node(f"f{n}", Kind.FUNCTION), event, evolver))
        for n in range(125)
        for person in [Node("person", Kind.PERSON)]
        for event in [Node(f"E{n % 100}", Kind.EVENT)]
        for evolver in [Node(f"e{n % 100}", Kind.EVOLVER)]
    )
    for narrow in (False, True):
        root = parsed(draw(Derived("big", rows), narrow=narrow))
        assert float(root.attrib["width"]) < 600
        assert len(boxes(root)) > 400


FLOWS = st.lists(
    st.tuples(
        st.sampled_from([Kind.COMMAND, Kind.QUERY, Kind.HEARD, Kind.CLOCK, Kind.EVENT]),
        st.lists(st.integers(0, 5), max_size=4, unique=True),
    ),
    max_size=12,
)


@given(FLOWS)
@settings(max_examples=60)
def test_boxes_never_lie_upon_each_other(flows: list[tuple[Kind, list[int]]]) -> None:
    """Whatever leads to whatever, wide and narrow; and every function has its arrow."""
    rows: list[Row] = []
    for n, (kind, events) in enumerate(flows):
        name = {Kind.HEARD: f"other{n % 3}.E{n}", Kind.CLOCK: "clock"}.get(kind, f"M{n}")
        before = [Node(name, kind)]
        if kind in (Kind.COMMAND, Kind.QUERY):
            before.insert(0, Node("person", Kind.PERSON))
        after = [(Node(f"E{e}", Kind.EVENT), Node(f"e{e}", Kind.EVOLVER)) for e in events]
        function = Node(f"f{n}", Kind.FUNCTION)
        rows.append(Row(2 - len(before), (*before, function, *(after[0] if after else ()))))
        rows += [Row(2, (function, *path)) for path in after[1:]]
    derived = Derived("it", tuple(rows))
    for narrow in (False, True):
        text = draw(derived, narrow=narrow)
        assert_sound(parsed(text))
        assert heads(text) >= len(flows)


# -- maps ------------------------------------------------------------------------------------------

LAB = (
    Tie("instruments", "people", "asks", "IsTrained"),
    Tie("samples", "people", "asks", "GetMember"),
    Tie("notebook", "samples", "asks", "FindUnknown"),
    Tie("people", "notices", "tells", "Joined"),
    Tie("people", "notices", "tells", "Left"),
    Tie("samples", "notices", "tells", "RanLow"),
    Tie("notices", "people", "asks", "ListMembers"),
)
CELLS = ("instruments", "notebook", "notices", "people", "samples", "alone")


@pytest.mark.parametrize("narrow", [False, True], ids=["wide", "narrow"])
def test_a_map_is_drawn(narrow: bool) -> None:
    """Every cell once (in the list, also where others name it), every message, every arrow."""
    text = draw_map("lab", CELLS, LAB, narrow=narrow)
    root = parsed(text)
    assert_sound(root)
    assert set(CELLS) <= set(names(root))
    assert all(tie.name in text for tie in LAB)
    assert heads(text) == len({tie[:3] for tie in LAB}) + (0 if narrow else 2)  # and the legend
    assert text == draw_map("lab", CELLS, LAB, narrow=narrow)


def test_who_is_built_upon_stands_below() -> None:
    """Below who asks it, and below who hears it."""
    root = parsed(draw_map("lab", CELLS, LAB))
    top = {name: area[1] for area, name in zip(areas(root), names(root), strict=True)}
    assert top["people"] > top["samples"] > top["notebook"]
    assert top["people"] > top["instruments"]
    assert top["samples"] > top["notices"]


def test_labels_do_not_lie_upon_each_other() -> None:
    """Nor do they lie upon cells."""
    root = parsed(draw_map("lab", CELLS, LAB))
    labels = [it for it in root.findall(f"{SVG}text") if it.attrib["text-anchor"] == "middle"]
    spans = sorted(
        (float(it.attrib["y"]), float(it.attrib["x"]), text_width(_said(it), small=True))
        for it in labels
    )
    assert len(spans) == len(LAB)
    for (y, x, width), (below, beside, other) in pairwise(spans):
        assert below - y > 5 or abs(beside - x) >= (width + other) / 2
    for y, x, _ in spans:
        assert not any(a[0] < x < a[2] and a[1] < y - 4 < a[3] for a in areas(root))


def _said(label: ET.Element) -> str:
    return "".join(it.tail or "" for it in label) + (label.text or "")


def test_circles_and_cells_without_ties() -> None:
    """Cells that tell and ask each other in circles are drawn, and so is who talks to nobody."""
    ties = [Tie(a, b, "asks", "Q") for a, b in ("ab", "bc", "ca", "ac", "aa")]
    for narrow in (False, True):
        root = parsed(draw_map("circle", ["d"], ties, narrow=narrow))
        assert_sound(root)
        assert set("abcd") <= set(names(root))
    assert boxes(parsed(draw_map("none", [], []))) == []


def test_a_hundred_cells() -> None:
    """No layer gets too wide, lines carry numbers instead of names, and every arrow is there."""
    cells = [f"cell_{n:03}" for n in range(100)]
    ties = [Tie(cells[n], cells[n // 3], "asks", f"Q{k}") for n in range(1, 100) for k in (0, 1)]
    text = draw_map("big", cells, ties)
    root = parsed(text)
    assert_sound(root)
    assert heads(text) == 99 + 2
    assert len(boxes(root)) == 100
    assert text.count("<title>Q0, Q1</title>2</text>") == 99


@given(
    st.lists(
        st.tuples(
            st.integers(0, 9),
            st.integers(0, 9),
            st.sampled_from(["asks", "tells"]),
            st.integers(0, 3),
        ),
        max_size=30,
    )
)
@settings(max_examples=60)
def test_any_map_is_sound(drawn: list[tuple[int, int, str, int]]) -> None:
    """Whoever talks to whom: no box upon another, an arrow for each, and none through a box."""
    ties = [Tie(f"c{a}", f"c{b}", kind, f"M{n}") for a, b, kind, n in drawn]  # type: ignore[arg-type]
    wires = {tie[:3] for tie in ties if tie.source != tie.target}
    text = draw_map("any", [f"c{n}" for n in range(10)], ties)
    root = parsed(text)
    assert_sound(root)
    assert heads(text) == len(wires) + (2 if wires else 0)
    placed = areas(root)
    for x, y in points(text):
        assert not any(a[0] < x < a[2] and a[1] + 0.2 < y < a[3] - 0.2 for a in placed), (x, y)


# -- what drawings are made of ---------------------------------------------------------------------


def test_widths() -> None:
    """Wide letters are twice as wide, and those that combine take no room."""
    assert text_width("日本") == text_width("abcd")
    assert text_width("e\u0301") == text_width("e")
    assert shortened("a" * 50) == "a" * 33 + "…"
    assert text_width(shortened("日" * 50)) <= text_width("a" * 34)


def test_titles_are_escaped() -> None:
    """Whatever a name is, it stays text."""
    parts: list[Box | Label] = [
        Box(0, 0, 9, 9, "<x>", "plain", title='"&'),
        Label(0, 0, "<y>", title="</text>"),
    ]
    root = parsed(element((10, 10), "<t>", "<d>", parts))
    assert root.findtext(f"{SVG}title") == "<t>"
    assert names(root) == ["<x>"]


@pytest.mark.parametrize("tint", TINTS.values())
def test_tints_can_be_seen_on_white_and_on_black(tint: str) -> None:
    """A contrast of 3:1 at least, as WCAG 2.2 wants of graphics (1.4.11)."""
    channels = [int(tint[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    light = sum(share * c for share, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    assert 1.05 / (light + 0.05) >= 3
    assert (light + 0.05) / (0.0056 + 0.05) >= 3  # #111
