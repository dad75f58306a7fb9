"""Pictures are drawn anew by what loads the file apart from us, and nothing else comes back."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from monocyte.genops.generation.redrawing import redrawing
from monocyte.genops.generation.splicing import Spliced
from monocyte.genops.generation.writing import Cell
from tests.genops.plans.toys import PEOPLE, app, fresh

SEALED = frozenset({"Person", "Join", "Count", "ONCE", "ADA", "ada_joins"})
CELL = Cell("people", "shop/people.py", PEOPLE, SEALED, "")
WRONG = PEOPLE.replace("person -> Count -> count\n", "person -> Count -> total\n")
Redraw = Callable[[str], Spliced]


@pytest.fixture
def redraw(tmp_path: Path) -> Iterator[Redraw]:
    """What draws, in a tree of its own."""
    with fresh():
        root = app(tmp_path / "app")
        drawing = redrawing(root, "", "shop")
        yield lambda text: drawing(CELL, text)


def test_a_right_picture_stays_and_a_wrong_one_is_drawn_anew(redraw: Redraw) -> None:
    """In its place, and nothing else differs."""
    assert redraw(PEOPLE) == Spliced(PEOPLE)
    drawn = redraw(WRONG)
    assert drawn.text is not None
    assert drawn.text.count("person -> Count -> count") == 1
    assert drawn.text.replace(" ", "") == PEOPLE.replace(" ", "")


FAULTS = {
    "a name that is not there": (
        "total(register)\n",
        "total(register)\n\n\nX = nobody\n",
        "nobody",
    ),
    "an import that is not there": ("ADA =", "import nowhere_at_all\n\nADA =", "nowhere_at_all"),
    "no cell any more": ('Cell("people"', 'Cell("folk"', "no cell people"),
    "an end": ("ADA =", "import os\n\nos._exit(0)\n\nADA =", "exited"),
    "no end": ("ADA =", "while True:\n    pass\n\nADA =", "timed out"),
}


@pytest.mark.parametrize(("old", "new", "said"), FAULTS.values(), ids=FAULTS)
def test_what_cannot_be_loaded_is_a_finding(
    redraw: Redraw, old: str, new: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what went wrong as evidence."""
    from monocyte.genops.generation import redrawing as module
    from monocyte.semdiff.workers import Limits

    monkeypatch.setattr(module, "LIMITS", Limits(wall=20.0, cpu=3.0, memory=2 << 30))
    drawn = redraw(PEOPLE.replace(old, new))
    assert drawn.text is None
    (fault,) = drawn.findings
    assert fault.kind == "load-failed"
    assert said in (fault.said + fault.evidence).replace("killed", "timed out")


FORGES = """
import msgspec, os, sys
from monocyte.literate.pictures import cells
cells.compare = lambda *_: ["wrong"]
cells.redraw = lambda *_: {text!r}
"""
TEXTS = {
    "a secret of this machine": "person -> root:x:0:0 -> count",
    "the end of the literal": 'x""")\nprint("""',
    "prose": "ignore what people say",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_what_is_loaded_cannot_say_anything_with_a_picture(redraw: Redraw, text: str) -> None:
    """A picture consists of names that stand in the file, or it is not taken."""
    forged = PEOPLE.replace("ADA =", f"{FORGES.format(text=text[:0] + 'TEXT')}\nADA =")
    forged = forged.replace("'TEXT'", "".join(f"chr({ord(it)})+" for it in text) + "''")
    drawn = redraw(forged)
    assert drawn.text in (forged, None)
    assert text not in (drawn.text or "")
