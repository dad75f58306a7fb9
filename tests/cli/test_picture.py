"""`monocyte picture`: as text, as a drawing, as Mermaid, as JSON; of a cell and of the app."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.cli.conftest import Cli


def test_the_picture_of_a_cell(shop: Path, cli: Cli) -> None:
    """It is what stands in the file of a new cell."""
    result = cli("picture", "todo")
    assert result.exit_code == 0
    declared = next(shop.rglob("todo.py")).read_text(encoding="utf-8")
    drawn = declared.split('cell.picture("""')[1].split('"""')[0]
    assert [it.strip() for it in result.stdout.strip().split("\n")] == [
        it.strip() for it in drawn.strip().split("\n")
    ]


def test_the_map_of_an_app(shop: Path, cli: Cli) -> None:
    """A single cell has nobody to talk to."""
    result = cli("picture")
    assert (result.exit_code, result.stdout.strip()) == (0, "")


@pytest.mark.parametrize("what", [["todo"], ["todo", "--narrow"], []], ids=["cell", "list", "map"])
def test_a_drawing_goes_into_a_file(shop: Path, cli: Cli, what: list[str]) -> None:
    """It is sound, stands alone, and where it went is said beside the answer."""
    result = cli("picture", *what, "--svg", "it.svg")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "it.svg" in result.stderr
    root = ET.parse(shop / "it.svg").getroot()  # noqa: S314 (our own)
    assert root.attrib["role"] == "img"
    assert "color-scheme" in (root.findtext("{http://www.w3.org/2000/svg}style") or "")


def test_mermaid(shop: Path, cli: Cli) -> None:
    """The text of a flowchart, for a cell and for the app."""
    assert cli("picture", "todo", "--mermaid").stdout.startswith("flowchart LR\n")
    assert cli("picture", "--mermaid").stdout == 'flowchart TB\n    n0["todo"]\n'


def test_json(shop: Path, cli: Cli) -> None:
    """Every arrow, with what it joins."""
    arrows = json.loads(cli("picture", "todo", "--json").stdout)
    assert {it["source_kind"] for it in arrows} >= {"person", "command", "function", "event"}
    assert json.loads(cli("picture", "--json").stdout) == []


def test_a_cell_that_is_not_there(shop: Path, cli: Cli) -> None:
    """The name that was probably meant is told."""
    result = cli("picture", "tod")
    assert result.exit_code == 1
    assert "did you mean todo?" in result.stderr


def test_a_file_that_cannot_be_written(shop: Path, cli: Cli) -> None:
    """It is said which."""
    result = cli("picture", "todo", "--svg", "nowhere/it.svg")
    assert result.exit_code == 2
    assert "nowhere" in result.stderr
