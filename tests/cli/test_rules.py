"""`monocyte rules`: requirement by line by scenario, for people and for machines."""

import json
from pathlib import Path

from tests.cli.conftest import Cli

OLD = '\n\ncell.retired("TODO-0", "One promise a day.", because="some days are long")\n'


def grown(shop: Path) -> Path:
    """The new app, whose cell has a past; the file of that cell."""
    (file,) = shop.rglob("todo.py")
    file.write_text(file.read_text() + OLD)
    return file


def test_rules_are_listed_with_their_lines(shop: Path, cli: Cli) -> None:
    """ID and text, each line that enforces it, and who saw it let pass and refuse."""
    grown(shop)
    result = cli("rules")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == "todo"
    at = next(n for n, line in enumerate(lines) if line.startswith("  TODO-1  "))
    assert lines[at + 1].startswith("      todo.py:")
    assert lines[at + 2].startswith("          held: ")
    assert lines[at + 3].startswith("          refused: ")
    assert "by no scenario" not in result.stdout, "what a new app is made of is seen both ways"
    assert "      retired: some days are long" in lines


def test_rules_are_listed_for_machines(shop: Path, cli: Cli) -> None:
    """Everything, names in full."""
    file = grown(shop)
    rows = {row["id"]: row for row in json.loads(cli("rules", "todo", "--json").stdout)}
    first, old = rows["TODO-1"], rows["TODO-0"]
    assert (first["cell"], first["state"]) == ("todo", "in force")
    assert first["sites"]
    for site in first["sites"]:
        assert site["where"].startswith(f"{file}:")
        assert site["held_by"]
        assert site["refused_by"]
    assert (old["state"], old["because"], old["sites"]) == ("retired", "some days are long", [])


def test_a_cell_that_is_not_there(shop: Path, cli: Cli) -> None:
    """Is named, with what may have been meant."""
    result = cli("rules", "tood")
    assert result.exit_code == 1
    assert "did you mean todo?" in result.stderr


def test_an_app_without_rules(shop: Path, cli: Cli) -> None:
    """Says so beside its empty answer."""
    (file,) = shop.rglob("todo.py")
    file.write_text('from monocyte import Cell\n\ncell = Cell("todo")\n')
    result = cli("rules")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "there are no rules" in result.stderr
