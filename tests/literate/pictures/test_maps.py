"""Maps of apps: read, derived, walked, compared, redrawn; and circles of asks."""

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monocyte.cell import App, Journeys, Manifest, Picture, load_cells, load_package
from monocyte.cell.proving import journeys_of
from monocyte.literate.pictures.maps import (
    Tie,
    ask_cycles,
    compare_map,
    derive_map,
    read_map,
    redraw_map,
    redraw_map_file,
    walked_map,
    wrapped,
)
from monocyte.testing import World
from tests.literate.toys import asker, desk, shelf

MANIFESTS = load_cells([asker.cell, desk.cell, shelf.cell]).manifests
APP = journeys_of(App("toys"), "")

TIES = (
    Tie("asker", "shelf", "asks", "Find"),
    Tie("asker", "shelf", "asks", "Store"),
    Tie("asker", "shelf", "asks", "Count"),
    Tie("desk", "shelf", "asks", "Find"),
    Tie("shelf", "desk", "tells", "Stored"),
)

MAP = """\
asker -> shelf: Find, Store, Count
desk  -> shelf: Find
shelf => desk:  Stored"""


def journeys(text: str | None) -> Journeys:
    """An app with that map, or without one."""
    picture = None if text is None else Picture(text, "journeys.py:3")
    return APP._replace(file="journeys.py", picture=picture)


def test_a_map_is_derived_and_redrawn() -> None:
    """Who asks whom, who hears what; in columns."""
    assert derive_map(MANIFESTS) == TIES
    assert redraw_map(MANIFESTS) == MAP
    assert list(compare_map(journeys(MAP), MANIFESTS)) == []
    assert redraw_map([]) == ""


def test_a_map_is_walked() -> None:
    """By what cells say to each other, not by what people say to them."""
    with World(*MANIFESTS) as world:
        desk.a_book_is_lent(world)
        world.by("ada").send(asker.Go())
        world.settle()
        seen = walked_map(world.trace)
    assert seen == {*TIES}
    missing = {*TIES} - {Tie("desk", "shelf", "asks", "Find")}
    (found,) = compare_map(journeys(MAP), MANIFESTS, missing)
    assert (found.kind, found.cell) == ("picture-unwalked", "toys")
    assert "no scenario walks desk -> shelf: Find" in found.message
    assert "in which desk asks shelf for Find" in found.mend


WRONG = {
    "turned round": (
        "desk  -> shelf: Find",
        "shelf -> desk: Find",
        ["picture-wrong", "picture-incomplete"],
        "turn it round: desk -> shelf: Find",
    ),
    "the other arrow": (
        "shelf => desk:  Stored",
        "shelf -> desk:  Stored",
        ["picture-wrong", "picture-incomplete"],
        "it is the other arrow: shelf => desk: Stored",
    ),
    "a misspelt name": (
        "Stored",
        "Stord",
        ["picture-wrong", "picture-incomplete"],
        "did you mean shelf => desk: Stored?",
    ),
    "a name too much": ("Count", "Count, Own", ["picture-wrong"], "--fix"),
    "a line is missing": ("desk  -> shelf: Find\n", "", ["picture-incomplete"], "--fix"),
    "twice": ("Count", "Count, Find", ["picture-syntax"], "delete one"),
    "no colon": (
        "shelf => desk:  Stored",
        "shelf => desk",
        ["picture-syntax", "picture-incomplete"],
        "teller => hearer",
    ),
    "no names": (
        "shelf => desk:  Stored",
        "shelf => desk:",
        ["picture-syntax", "picture-incomplete"],
        "teller => hearer",
    ),
    "no arrow": (
        "shelf => desk:  Stored",
        "shelf tells desk: Stored",
        ["picture-syntax", "picture-incomplete"],
        "teller => hearer",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_differs_from_the_code(name: str) -> None:
    """Each difference once, with the mend."""
    old, new, kinds, mend = WRONG[name]
    assert old in MAP
    findings = list(compare_map(journeys(MAP.replace(old, new, 1)), MANIFESTS))
    assert [it.kind for it in findings] == kinds
    assert mend in findings[0].mend


def test_a_map_that_is_missing() -> None:
    """Said once; an app whose cells do not talk needs none."""
    assert [it.kind for it in compare_map(journeys(None), MANIFESTS)] == ["picture-missing"]
    assert list(compare_map(journeys(None), MANIFESTS[-1:])) == []


def test_what_happens_but_is_not_in_the_code() -> None:
    """A message picked at run time is seen when it is sent."""
    strange = Tie("desk", "shelf", "asks", "Count")
    (found,) = compare_map(journeys(MAP), MANIFESTS, {*TIES, strange})
    assert found.kind == "picture-undeclared-walk"
    assert "desk -> shelf: Count happens" in found.message


@given(st.text(alphabet="ab ,:->=#\né🐈", max_size=80))
def test_reading_never_raises(text: str) -> None:
    """Nonsense is a mistake."""
    reading = read_map(text)
    assert all(it.mend for it in reading.mistakes)


def test_many_names_take_several_lines() -> None:
    """A line stays within its width, and nothing is lost."""
    names = [f"SomethingHasHappened{n}" for n in range(12)]
    lines = list(wrapped("a => b: ", names))
    assert (len(lines), max(map(len, lines)) <= 96) == (4, True)
    assert list(read_map("\n".join(lines)).ties) == [Tie("a", "b", "tells", it) for it in names]


def test_a_map_is_put_into_its_file() -> None:
    """Where the app is made."""
    source = 'from monocyte import App\n\napp = App("toys")\n'
    assert redraw_map_file(source, MANIFESTS).endswith(
        'app.picture("""\n    asker -> shelf: Find, Store, Count\n'
        '    desk  -> shelf: Find\n    shelf => desk:  Stored\n""")\n'
    )


# -- circles ---------------------------------------------------------------------------------------

CELL = """\
from monocyte import Ask, Cell, Query
cell = Cell({name!r})

class Q{name}(Query[int]): pass
class Plain{name}(Query[int]): pass

@cell.handles
async def answer(it: Q{name}, ask: Ask) -> int:
    from {package}.{asks} import {message}
    return await ask({message}())

@cell.handles
def plain(it: Plain{name}) -> int: return 1
"""

CIRCLES = {
    "two": ({"a": ("b", "Qb"), "b": ("a", "Qa")}, "a.Qa -> b.Qb -> a.Qa"),
    "three": (
        {"a": ("b", "Qb"), "b": ("c", "Qc"), "c": ("a", "Plaina")},
        "a.Qa -> b.Qb -> c.Qc -> a.Plaina",
    ),
    "none: they do not meet": ({"a": ("b", "Plainb"), "b": ("a", "Plaina")}, ""),
    "none: a chain": ({"a": ("b", "Qb"), "b": ("c", "Plainc"), "c": ("b", "Plainb")}, ""),
}


def cells(names: dict[str, tuple[str, str]], root: Path, package: str) -> tuple[Manifest, ...]:
    """Cells that ask each other as told."""
    folder = root / package
    folder.mkdir()
    for name, (asks, message) in names.items():
        text = CELL.format(name=name, package=package, asks=asks, message=message)
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    loaded = load_package(root, package)
    assert not loaded.faults
    return loaded.manifests


@pytest.mark.parametrize("name", CIRCLES)
def test_circles_of_asks(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found once, with the whole way, where it begins; asks that never meet are no circle."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    names, way = CIRCLES[name]
    manifests = cells(names, tmp_path, f"circles_{list(CIRCLES).index(name)}")
    findings = list(ask_cycles(manifests))
    if not way:
        assert findings == []
        return
    (found,) = findings
    assert (found.kind, found.severity, found.cell) == ("ask-cycle", "error", "a")
    assert way in found.message
    assert found.where.endswith("a.py:7")
