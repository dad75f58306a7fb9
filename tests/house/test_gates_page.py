"""The page of gates shows the kinds that the code has, and the schema is that of a verdict."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def drawing() -> ModuleType:
    """The script docs/generate_gates.py, as a module."""
    spec = importlib.util.spec_from_file_location("generate_gates", DOCS / "generate_gates.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_drawn(drawing: ModuleType) -> None:
    """Whoever adds a kind runs `make docs`."""
    page = (DOCS / "gates.md").read_text(encoding="utf-8")
    assert drawing.drawn(page) == page


def test_the_schema_is_drawn(drawing: ModuleType) -> None:
    """Whoever changes a verdict draws it again, and thinks of its format."""
    assert (DOCS / "gate.schema.json").read_text(encoding="utf-8") == drawing.schema()


def test_a_page_without_marks_is_refused(drawing: ModuleType) -> None:
    """Nothing is drawn into the blue."""
    with pytest.raises(ValueError, match="marks"):
        drawing.drawn("# Gates")
