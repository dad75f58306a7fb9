"""Pictures of cells: derived, walked, compared with what is declared, and redrawn."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monocyte.cell import Cell, Manifest, Picture, load_cells
from monocyte.literate.pictures.cells import compare, derive, redraw, redraw_file, walked
from monocyte.literate.pictures.notation import Edge, edges_of, read
from monocyte.testing import Said, World
from tests.literate.toys import desk, shelf

LOADED = load_cells([desk.cell, shelf.cell])
DESK, SHELF = LOADED.manifests
SOURCE = DESK.file
with open(SOURCE, encoding="utf-8", newline="") as file:  # noqa: PTH123 (as it is, byte for byte)
    TEXT = file.read()

DERIVED = """\
person -> Lend         -> lend      -> Lent     -> keep
                          lend      -> shelf.Find
person -> Lose         -> lose      -> Lost     -> strike
                          lose      -> Reminded -> note
person -> Loaned       -> loaned
          shelf.Stored -> call_back -> Reminded -> note
          clock        -> close     -> Closed   -> tidy
          Lent         -> remind    -> Reminded -> note
                                       Burnt    -> keep"""


def drawn(text: str, manifest: Manifest = DESK) -> Manifest:
    """The desk with another picture, as if it stood in its file."""
    line = next(n for n, it in enumerate(TEXT.split("\n"), 1) if it.startswith("cell.picture"))
    return manifest._replace(picture=Picture(text, f"{SOURCE}:{line}"))


def trace() -> tuple[Said, ...]:
    """What is said in the one scenario of the desk."""
    with World(*LOADED.manifests) as world:
        desk.a_book_is_lent(world)
        world.settle()
        return world.trace


@dataclass(frozen=True)
class Fault:
    """What a finding must say."""

    kind: str
    message: str
    mend: str = ""


# -- derived ---------------------------------------------------------------------------------------


def test_everything_is_derived() -> None:
    """Commands, queries, asks through helpers, reactions, both timers, unions, former events."""
    assert not LOADED.faults
    assert redraw(DESK._replace(picture=None)) == DERIVED


def test_an_empty_cell_has_an_empty_picture() -> None:
    """It neither needs one nor gets one."""
    manifest = load_cells([Cell("empty")]).manifests[0]
    assert (derive(manifest).rows, redraw(manifest), list(compare(manifest, ()))) == ((), "", [])
    assert redraw_file("cell = Cell('empty')\n", manifest) == "cell = Cell('empty')\n"


def test_a_good_picture_is_in_order() -> None:
    """Declared, derived and walked are the same arrows."""
    assert list(compare(DESK, walked(DESK, trace()))) == []


# -- compared --------------------------------------------------------------------------------------

GOOD = desk.cell.drawn.text if desk.cell.drawn else ""

CHANGED = {
    "turned round": (
        ("loaned\n", "loaned\n    Lost -> lose\n"),
        "Lost -> lose\n",
        [
            Fault(
                "picture-wrong", "Lost -> lose points the wrong way", "turn it round: lose -> Lost"
            )
        ],
    ),
    "turned round, and the right one is missing": (
        ("person -> Loaned       -> loaned", "person -> Loaned\n loaned -> Loaned"),
        "loaned -> Loaned",
        [Fault("picture-wrong", "loaned -> Loaned points the wrong way", "Loaned -> loaned")],
    ),
    "another function": (
        ("Loaned       -> loaned", "Loaned       -> lose"),
        "Loaned       -> lose",
        [
            Fault("picture-wrong", "Loaned -> lose is drawn", "Loaned leads to loaned"),
            Fault("picture-incomplete", "Loaned -> loaned is in the code", "--fix"),
        ],
    ),
    "a message of former times": (
        ("person -> Loaned ", "person -> LoanedOut "),
        "LoanedOut",
        [
            Fault("picture-syntax", "knows no LoanedOut", "did you mean Loaned?"),
            Fault("picture-incomplete", "person -> Loaned is"),
            Fault("picture-incomplete", "Loaned -> loaned is"),
        ],
    ),
    "no evolver": (
        ("Closed   -> tidy", "Closed"),
        "picture",
        [Fault("picture-incomplete", "Closed -> tidy is in the code", "add the line")],
    ),
    "an ask of nobody": (
        ("lend      -> shelf.Find", "lend      -> shelf.Count"),
        "shelf.Count",
        [
            Fault("picture-wrong", "lend -> shelf.Count is drawn", "leads to Lent and shelf.Find"),
            Fault("picture-incomplete", "lend -> shelf.Find"),
        ],
    ),
    "a neighbour that is none": (
        ("lend      -> shelf.Find", "lend      -> shelves.Find"),
        "shelves.Find",
        [
            Fault("picture-syntax", "knows no shelves.Find", "did you mean shelf.Find?"),
            Fault("picture-incomplete", "lend -> shelf.Find"),
        ],
    ),
    "a private function": (
        ("# by themselves", "lend -> only_real"),
        "lend -> only_real",
        [Fault("picture-syntax", "only_real is no part of a picture", "delete it")],
    ),
    "another arrow": (
        ("Burnt    -> keep", "Burnt => keep"),
        "Burnt => keep",
        [
            Fault("picture-syntax", "'=>' is no arrow", "write it as ->"),
            Fault("picture-incomplete", "Burnt -> keep"),
        ],
    ),
    "the same line again": (
        ("Burnt    -> keep", "Burnt -> keep\n    Burnt  ->  keep"),
        "Burnt  ->  keep",
        [Fault("picture-syntax", "stands here twice", "delete one")],
    ),
}


@pytest.mark.parametrize("name", CHANGED)
def test_what_differs_from_the_code(name: str) -> None:
    """Each difference is found once, with what is wrong and how to mend it."""
    (old, new), _, faults = CHANGED[name]
    assert old in GOOD
    findings = list(compare(drawn(GOOD.replace(old, new, 1))))
    assert [it.kind for it in findings] == [fault.kind for fault in faults]
    for found, fault in zip(findings, faults, strict=True):
        assert fault.message in found.message
        assert fault.mend in found.mend
        assert (found.cell, found.severity) == ("desk", "error")


@pytest.mark.parametrize("name", CHANGED)
def test_the_very_line_is_named(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A finding about a line leads to that line of the file, or to the call if nothing is there."""
    (old, new), marked, faults = CHANGED[name]
    file = tmp_path_factory.mktemp("cells") / "desk.py"
    source = TEXT.replace(old, new, 1)
    file.write_text(source, encoding="utf-8")
    lines = source.split("\n")
    call = next(n for n, it in enumerate(lines, 1) if it.startswith("cell.picture"))
    picture = Picture(GOOD.replace(old, new, 1), f"{file}:{call}")
    found = next(compare(DESK._replace(picture=picture)))
    line = int(found.where.rpartition(":")[2])
    assert marked.strip() in lines[line - 1]
    assert faults


def test_a_cell_without_a_picture_is_told_so() -> None:
    """Once, and not arrow by arrow."""
    (found,) = compare(DESK._replace(picture=None))
    assert (found.kind, found.where) == ("picture-missing", f"{SOURCE}:1")
    assert "--fix" in found.mend


# -- walked ----------------------------------------------------------------------------------------


def test_what_is_walked_is_read_from_a_trace() -> None:
    """Every arrow of the desk but that of former times, which no arrow leads to."""
    assert walked(DESK, trace()) == derive(DESK).edges.keys() - {Edge("Burnt", "keep")}
    assert walked(SHELF, trace()) == derive(SHELF).edges.keys() - set(edges_of(COUNTING))


COUNTING = ("person", "Count", "count")


UNWALKED = {
    ("person", "Lend"): "somebody sends Lend",
    ("person", "Loaned"): "somebody asks Loaned",
    ("Lend", "lend"): "somebody sends Lend",
    ("lend", "Lent"): "Lent comes of lend",
    ("lend", "shelf.Find"): "lend comes so far as to ask shelf.Find",
    ("shelf.Stored", "call_back"): "shelf.Stored happens",
    ("clock", "close"): "time passes (lab.advance) until close is due",
    ("Lent", "remind"): "Lent happens, and time passes until remind is due",
}


@pytest.mark.parametrize("edge", UNWALKED)
def test_an_arrow_that_nobody_walks(edge: tuple[str, str]) -> None:
    """One finding, at its line, that says which scenario to write."""
    seen = derive(DESK).edges.keys() - {Edge(*edge)}
    (found,) = compare(DESK, seen)
    assert (found.kind, found.message) == ("picture-unwalked", f"no scenario walks {Edge(*edge)}")
    assert UNWALKED[edge] in found.mend
    line = int(found.where.rpartition(":")[2])
    assert edge[1] in TEXT.split("\n")[line - 1]


def test_only_the_first_arrow_of_a_path_is_told() -> None:
    """What lies behind an arrow that nobody walks is no news."""
    findings = list(compare(DESK, ()))
    told = {it.message.rpartition("walks ")[2] for it in findings}
    assert {it.kind for it in findings} == {"picture-unwalked"}
    assert "person -> Lend" in told
    assert "Lend -> lend" not in told


def test_what_happens_but_is_not_in_the_code() -> None:
    """A message that was picked at run time is seen when it is sent."""
    strange = Said(trace()[0].at, "desk", "shelf", "query", "Count", "", "", "count", "lose")
    (found,) = compare(DESK, walked(DESK, (*trace(), strange)))
    assert found.kind == "picture-undeclared-walk"
    assert "lose -> shelf.Count happens" in found.message


# -- redrawn ---------------------------------------------------------------------------------------


def test_lines_that_hold_stay_where_they_are() -> None:
    """Order and remarks are the author's; what is wrong goes, and what is missing comes nearby."""
    text = """
        clock -> close -> Closed -> tidy
        # lending
        person -> Lend -> lend -> Lent
        Lent -> keep
        person -> Lend -> lose

        # the rest
        person -> Loaned -> loaned
    """
    assert redraw(drawn(text)).split("\n") == [
        "          clock        -> close     -> Closed   -> tidy",
        "          Lent         -> remind    -> Reminded -> note",
        "                                       Burnt    -> keep",
        "# lending",
        "person -> Lend         -> lend      -> Lent",
        "                          lend      -> shelf.Find",
        "person -> Lose         -> lose      -> Lost     -> strike",
        "                          lose      -> Reminded -> note",
        "                                       Lent     -> keep",
        "",
        "# the rest",
        "person -> Loaned       -> loaned",
        "          shelf.Stored -> call_back -> Reminded -> note",
    ]


LINES = st.lists(
    st.one_of(
        st.sampled_from(GOOD.split("\n")),
        st.text("abcLent ->#=.→", max_size=30),
        st.lists(st.sampled_from(["person", "Lend", "lend", "Lent", "keep", "shelf.Find"])).map(
            " -> ".join
        ),
    ),
    max_size=12,
)


@given(LINES)
def test_redrawing_always_mends(lines: list[str]) -> None:
    """Whatever was declared: the redrawn picture is right, and redrawing it changes nothing."""
    redrawn = redraw(drawn("\n".join(lines)))
    again = DESK._replace(picture=Picture(redrawn, "nowhere:1"))
    assert list(compare(again)) == []
    assert redraw(again) == redrawn
    assert read(redrawn).edges.keys() == derive(DESK).edges.keys()


@given(st.text(max_size=200))
def test_any_text_can_be_compared(text: str) -> None:
    """Nonsense is findings, never an exception."""
    for found in compare(drawn(text)):
        assert found.kind in ("picture-syntax", "picture-wrong", "picture-incomplete")
        assert found.mend


def test_a_file_is_redrawn_in_place() -> None:
    """A wrong line is replaced, and nothing else; a right picture stays as its author laid it."""
    broken = TEXT.replace("-> loaned\n", "-> lose\n", 1)
    manifest = drawn(GOOD.replace("-> loaned\n", "-> lose\n", 1))
    assert broken != TEXT
    assert redraw_file(broken, manifest) == TEXT
    crooked = TEXT.replace("person -> Loaned       ->", "person->Loaned ->", 1)
    manifest = drawn(GOOD.replace("person -> Loaned       ->", "person->Loaned ->", 1))
    assert crooked != TEXT
    assert redraw_file(crooked, manifest) == crooked


def test_arrows_join_neighbours() -> None:
    """A path of n names has n - 1 arrows."""
    assert edges_of(("a", "b", "c")) == (Edge("a", "b"), Edge("b", "c"))
    assert edges_of(("a",)) == ()
