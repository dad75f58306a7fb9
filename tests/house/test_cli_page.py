"""docs/cli.md says what the commands say of themselves."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import click
import pytest

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


DRAW = """
import runpy, sys
from monocyte import cli
sys.stdout.write(runpy.run_path(sys.argv[1])["page"](cli.main, "monocyte"))
"""


def test_the_page_is_up_to_date() -> None:
    """The committed page is what `make docs` draws, where no command has run before."""
    drawn = subprocess.run(
        [sys.executable, "-c", DRAW, DOCS / "generate_cli.py"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert (DOCS / "cli.md").read_text(encoding="utf-8") == drawn, "run `make docs`"
