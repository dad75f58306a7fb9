"""`monocyte weave`: the site of an app, from its directory."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli


def test_a_new_app_is_woven_into_its_directory(shop: Path, cli: Cli) -> None:
    """The start page is named on standard output, what was written beside it."""
    result = cli("weave")
    assert result.exit_code == 0
    assert result.stdout.strip() == str(Path.cwd() / "site" / "index.html")
    assert "0 unchanged, 0 removed" in result.stderr
    page = Path("site/cells/todo.html").read_text(encoding="utf-8")
    assert "There is no evidence yet." in page


def test_again_writes_nothing(shop: Path, cli: Cli) -> None:
    """With --json, every file is told by what became of it."""
    first = json.loads(cli("weave", "--json", "--out", "elsewhere").stdout)
    assert "index.html" in first["written"]
    again = json.loads(cli("weave", "--json", "--out", "elsewhere").stdout)
    assert again["written"] == []
    assert again["unchanged"] == first["written"]


def test_evidence_of_a_check_is_shown(shop: Path, cli: Cli) -> None:
    """What `monocyte check` has left is on the page; once the cell changes, it is out of date."""
    from monocyte.cli.places import open_app
    from monocyte.literate.keeping import Keeper
    from monocyte.literate.record import CellRecord, Record, ScenarioRecord

    (todo,) = (it for it in open_app(None).cells if it.name == "todo")
    seen = tuple(ScenarioRecord(it.name, "shop/todo.py:1", True) for it in todo.scenarios)
    record = Record("shop", {"todo": CellRecord("todo", todo.release, scenarios=seen)})
    Keeper(Path.cwd()).write(record, None, ["todo"])
    cli("weave")
    page = Path("site/cells/todo.html")
    assert "comes true" in page.read_text(encoding="utf-8")
    assert "out of date" not in page.read_text(encoding="utf-8")
    file = Path("shop/todo.py")
    file.write_text(file.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    cli("weave")
    assert "out of date" in page.read_text(encoding="utf-8")


def test_a_faulty_cell_is_told_and_the_others_woven(shop: Path, cli: Cli) -> None:
    """It ends with 2, after the site has been written."""
    Path("shop/broken.py").write_text("from monocyte import Cell\ncell = Cell('broken'\n")
    result = cli("weave")
    assert result.exit_code == 2
    assert "not everything loads" in result.stderr
    assert "shop/broken.py" in Path("site/index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["notes", "notes/letter.txt"])
def test_what_is_not_ours_is_refused(shop: Path, cli: Cli, name: str) -> None:
    """A directory with something else in it, or a file, stays as it is."""
    Path("notes").mkdir()
    Path("notes/letter.txt").write_text("dear")
    result = cli("weave", "--out", name)
    assert result.exit_code == 2
    assert "what to do" in result.stderr
    assert [it.name for it in Path("notes").iterdir()] == ["letter.txt"]


def test_a_place_that_cannot_be_written_is_named(shop: Path, cli: Cli) -> None:
    """The message has the place and no traceback."""
    result = cli("weave", "--out", "/proc/site")
    assert result.exit_code == 2
    assert "/proc/site" in result.stderr
