"""Places: file:line of what must be mended, or as much of it as can be known."""

import sys
from types import ModuleType

import pytest

from monocyte.cell.places import class_place, line_of
from monocyte.errors import DefinitionError


class Here:
    """field: not this line."""

    field: int


def test_a_class_and_its_field() -> None:
    """A field is found by the syntax, not by the text; an unknown one is its class."""
    (file, at), (_, field) = (class_place(Here, f).rsplit(":", 1) for f in ("", "field"))
    assert file == __file__
    assert int(field) == int(at) + 3
    assert class_place(Here, "gone") == class_place(Here)


@pytest.mark.parametrize("file", [None, "/no/such/file.py", __file__])
def test_what_has_no_source(monkeypatch: pytest.MonkeyPatch, file: str | None) -> None:
    """A class whose source is gone is still placed, in its file if that is known."""
    module = ModuleType("ghost")
    module.__file__ = file
    monkeypatch.setitem(sys.modules, "ghost", module)
    ghost = type("Ghost", (), {"__module__": "ghost"})
    assert class_place(ghost) == (file or "?")


@pytest.mark.parametrize(
    ("where", "order"),
    [("a/b.py:12", ("a/b.py", 12)), ("C:/b.py:3", ("C:/b.py", 3)), ("somewhere", ("", 0))],
)
def test_faults_have_an_order(where: str, order: tuple[str, int]) -> None:
    """By file, and then by line as a number."""
    assert line_of(DefinitionError("wrong", where=where)) == order
