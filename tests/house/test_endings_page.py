"""docs/metering.md has the table of endings as the code has it."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def generator() -> ModuleType:
    """The script docs/generate_endings.py, as a module."""
    spec = importlib.util.spec_from_file_location("generate_endings", DOCS / "generate_endings.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_is_up_to_date(generator: ModuleType) -> None:
    """The committed page is what `make docs` draws."""
    page = (DOCS / "metering.md").read_text(encoding="utf-8")
    assert generator.drawn(page) == page, "run `make docs`"


def test_an_edit_of_the_table_is_noticed(generator: ModuleType) -> None:
    """And so is a page without its marks."""
    page = (DOCS / "metering.md").read_text(encoding="utf-8")
    assert generator.drawn(page.replace("| `gone` |", "| `went` |")) == page
    with pytest.raises(ValueError, match="marks"):
        generator.drawn(page.replace(generator.END, ""))
