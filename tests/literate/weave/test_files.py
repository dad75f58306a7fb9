"""On which files a page depends."""

import sys
from pathlib import Path
from types import ModuleType

import pytest

from monocyte.literate.weave.files import Files, digest

IMPORTS = {
    "from a name": "from wovenapp.other import Word",
    "from the package": "from wovenapp import other",
    "among several": "from wovenapp import (\n    this,\n    other,\n)",
    "as a module": "import wovenapp.other as o",
    "relatively": "from .other import Word",
    "relatively, the module": "from . import other",
    "inside of a function": "def f():\n    from wovenapp.other import Word",
}


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of two modules, as if it had been imported."""
    folder = tmp_path / "wovenapp"
    folder.mkdir()
    for name in ("cell", "other", "third"):
        (folder / f"{name}.py").write_text("x = 1\n")
        module = ModuleType(f"wovenapp.{name}")
        module.__file__ = str(folder / f"{name}.py")
        monkeypatch.setitem(sys.modules, module.__name__, module)
    return folder


@pytest.mark.parametrize("source", IMPORTS.values(), ids=IMPORTS)
def test_what_is_imported_counts(app: Path, source: str) -> None:
    """However it is written: another text there is another digest here."""
    (app / "cell.py").write_text(f"{source}\n")
    before = Files(app.parent).closure("wovenapp.cell")
    assert Files(app.parent).closure("wovenapp.cell") == before
    (app / "other.py").write_text("x = 2\n")
    assert Files(app.parent).closure("wovenapp.cell") != before


def test_what_is_imported_further_on_counts(app: Path) -> None:
    """Through another module, and in circles."""
    (app / "cell.py").write_text("import wovenapp.other\n")
    (app / "other.py").write_text("import wovenapp.third, wovenapp.cell\n")
    before = Files(app.parent).closure("wovenapp.cell")
    (app / "third.py").write_text("x = 2\n")
    assert Files(app.parent).closure("wovenapp.cell") != before


def test_nothing_else_counts(app: Path) -> None:
    """A module that is not imported, and Python itself."""
    (app / "cell.py").write_text("import json\n")
    before = Files(app.parent).closure("wovenapp.cell")
    (app / "other.py").write_text("x = 2\n")
    assert Files(app.parent).closure("wovenapp.cell") == before


def test_a_file_that_is_gone_is_empty(app: Path) -> None:
    """It can be removed while the site is woven."""
    assert Files(app.parent).raw(str(app / "gone.py")) == b""


def test_parts_of_a_digest_do_not_run_together() -> None:
    """Text that moves from one part to the next is another digest."""
    assert digest("ab", "c") != digest("a", "bc")
    assert digest("a") == digest(b"a")
