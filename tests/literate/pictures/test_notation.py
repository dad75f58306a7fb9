"""The notation of pictures: what can be read, what is said about the rest, how it is laid out."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monocyte.literate.pictures.notation import (
    Edge,
    Laid,
    aligned,
    cells_of,
    close_to,
    place_of,
    read,
)


def test_lines_are_read() -> None:
    """Paths become arrows, each with its first line; remarks and empty lines are kept."""
    reading = read("\n  # why\n  person -> A -> a\n\n  A->a->B.C\n")
    assert not reading.mistakes
    assert reading.edges == {
        Edge("person", "A"): 2,
        Edge("A", "a"): 2,
        Edge("a", "B.C"): 4,
    }
    assert [line.text for line in reading.lines] == [
        "",
        "# why",
        "person -> A -> a",
        "",
        "A->a->B.C",
        "",
    ]


MISTAKES = {
    "a => b": "'=>' is no arrow",
    "a <- b": "'<-' is no arrow",
    "a --> b": "'-->' is no arrow",
    "a → b": "'→' is no arrow",
    "a - b": "'-' is no arrow",
    "a -> b <-> c": "'<->' is no arrow",
    "person": "there is no arrow in 'person'",
    "a b": "there is no arrow in 'a b'",
    "a ->": "nothing before or behind it",
    "-> a": "nothing before or behind it",
    "a -> -> b": "nothing before or behind it",
    "a b -> c": "'a b' is no name",
    "a.b.c -> d": "'a.b.c' is no name",
    "1a -> d": "'1a' is no name",
    "a() -> d": "'a()' is no name",
}


@pytest.mark.parametrize("line", MISTAKES)
def test_what_cannot_be_read(line: str) -> None:
    """One mistake, with the number of its line and what to write; the other lines are read."""
    reading = read(f"x -> y\n  {line}\ny -> z")
    (mistake,) = reading.mistakes
    assert mistake.number == 1
    assert MISTAKES[line] in mistake.message
    assert mistake.mend
    assert list(reading.edges) == [Edge("x", "y"), Edge("y", "z")]


def test_a_line_stands_once() -> None:
    """The second is the mistake; the same arrow as part of another path is none."""
    reading = read("a -> b\na  ->  b\na -> b -> c")
    assert [it.number for it in reading.mistakes] == [1]


@given(st.text(alphabet="ab ->#\n.é🐈→", max_size=80))
def test_reading_never_raises(text: str) -> None:
    """Every line is either read or a mistake."""
    reading = read(text)
    numbers = [it.number for it in reading.lines] + [it.number for it in reading.mistakes]
    assert sorted(numbers) == list(range(text.count("\n") + 1))


def test_names_that_are_no_ascii() -> None:
    """Python allows them, and so do pictures; columns count what the terminal does."""
    rows: list[Laid] = [(0, ("человек", "日本", "x")), (0, ("p", "Ma", "y"))]
    assert aligned(rows) == ["человек -> 日本 -> x", "p       -> Ma   -> y"]
    assert not read("человек -> 日本 -> x").mistakes
    assert (cells_of("日本"), cells_of("é"), cells_of("e\u0301")) == (4, 1, 1)


def test_columns_that_nobody_uses_take_no_room() -> None:
    """A cell that nobody sends to has no first column."""
    rows: list[Laid] = [(1, ("a.B", "c")), "# then", (2, ("c", "D"))]
    assert aligned(rows) == ["a.B -> c", "# then", "       c -> D"]


def test_what_is_too_wide_is_not_aligned() -> None:
    """First the columns go, then paths fall apart in the middle; the arrows stay the same."""
    rows: list[Laid] = [(0, ("a", "b" * 30, "c", "d", "e")), (0, ("a" * 30, "b", "c", "d", "e"))]
    for width in (200, 60, 30):
        lines = aligned(rows, width)
        assert not read("\n".join(lines)).mistakes
        assert read("\n".join(lines)).edges.keys() == read("\n".join(aligned(rows))).edges.keys()
    assert max(map(len, aligned(rows, 60))) <= 60
    assert len(aligned(rows, 30)) == 3  # what both end in stands there once


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Bookd", "Booked"),
        ("booked", "Booked"),
        ("enter_", "enter"),
        ("zzz", ""),
        ("LEFT", "Left"),
        ("lefd", "left"),
    ],
)
def test_what_was_probably_meant(name: str, meant: str) -> None:
    """The closest known name, whatever its case; nothing if none is close."""
    assert close_to(name, ["Left", "Booked", "left", "enter", "people.Left"]) == meant


PLACES = {
    "as it should be": (
        'cell.picture("""\n    a -> b\n    c -> d\n""")',
        "\n    a -> b\n    c -> d\n",
        4,
    ),
    "continued": (
        'cell.picture("""\\\n    a -> b\n    c -> d\n""")',
        "    a -> b\n    c -> d\n",
        4,
    ),
    "on its own line": ('cell.picture(\n    """\na -> b\nc -> d\n"""\n)', "\na -> b\nc -> d\n", 5),
    "beside the quotes": ('cell.picture("""a -> b\nc -> d""")', "a -> b\nc -> d", 3),
    "made elsewhere": ("cell.picture(MAP)", "\na -> b\nc -> d\n", 2),
}


@pytest.mark.parametrize("name", PLACES)
def test_where_a_line_stands(name: str, tmp_path: Path) -> None:
    """The line in the file, however the text is quoted; the call if it is not written out there."""
    code, text, line = PLACES[name]
    file = tmp_path / "cell.py"
    file.write_text(f"# a cell\n{code}\n", encoding="utf-8")
    number = next(n for n, it in enumerate(text.split("\n")) if "c -> d" in it)
    assert place_of(text, f"{file}:2", number) == f"{file}:{line}"


def test_a_file_that_is_gone() -> None:
    """Then the call is all that is known, or even that is not."""
    assert place_of("a -> b", "gone.py:7", 0) == "gone.py:7"
    assert place_of("a -> b", "<string>", 0) == "<string>"
