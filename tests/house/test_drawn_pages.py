"""Pages with tables that are drawn from the code have them as the code does."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {
    "generate_states": "| PLANNED |",
    "generate_endings": "| `gone` |",
    "generate_gates": "| `sealed-removed` |",
}
"""Each script, and a cell of its table."""


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """A script of docs/ as a module, by its name."""

    def load(name: str) -> ModuleType:
        monkeypatch.syspath_prepend(str(DOCS))  # as for who runs it
        spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.mark.parametrize("name", PAGES)
def test_the_table_is_up_to_date(script: Callable[[str], ModuleType], name: str) -> None:
    """The committed page is what `make docs` draws."""
    drawing = script(name)
    page = drawing.PAGE.read_text(encoding="utf-8")
    assert drawing.drawn(page) == page, "run `make docs`"


@pytest.mark.parametrize(("name", "cell"), PAGES.items())
def test_an_edit_of_the_table_is_noticed(
    script: Callable[[str], ModuleType], name: str, cell: str
) -> None:
    """And so is a page without its marks."""
    drawing = script(name)
    page = drawing.PAGE.read_text(encoding="utf-8")
    edited = page.replace(cell, "| another |")
    assert edited != page
    assert drawing.drawn(edited) == page
    with pytest.raises(ValueError, match="marks"):
        drawing.drawn(page.replace(drawing.END, ""))


def test_the_schema_of_a_verdict_is_up_to_date(script: Callable[[str], ModuleType]) -> None:
    """Whoever changes a verdict draws it again, and thinks of its format."""
    drawing = script("generate_gates")
    assert drawing.SCHEMA.read_text(encoding="utf-8") == drawing.schema()
