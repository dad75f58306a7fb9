"""docs/cli.md says what the commands say of themselves."""

import importlib.util
from pathlib import Path
from types import ModuleType

import click
import pytest

from monocyte import cli

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def generator() -> ModuleType:
    """The script docs/generate_cli.py, as a module."""
    spec = importlib.util.spec_from_file_location("generate_cli", DOCS / "generate_cli.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@click.group()
def shop() -> None:
    """Sell things."""


@shop.group()
def till() -> None:
    """Take money."""


@till.command("open")
@click.option("--quietly", is_flag=True, help="Without the bell.")
def open_till(quietly: bool) -> None:
    """Open it."""


@shop.command(hidden=True)
def steal() -> None:
    """Never mind."""


def test_every_visible_command_has_a_section(generator: ModuleType) -> None:
    """Groups are walked to the leaves; hidden commands stay hidden."""
    page = generator.page(shop, "shop")
    headings = [line for line in page.splitlines() if line.startswith("##")]
    assert headings == ["## shop", "### shop till", "#### shop till open"]
    assert "Usage: shop till open [OPTIONS]" in page
    assert "Without the bell." in page
    assert "steal" not in page


def test_the_page_is_up_to_date(generator: ModuleType) -> None:
    """The committed page is what `make docs` draws."""
    drawn = generator.page(cli.main, "monocyte")
    assert generator.PAGE.read_text(encoding="utf-8") == drawn, "run `make docs`"
