"""Loading a package: which files are cells, what breaks only itself, where modules come from."""

import sys
from pathlib import Path

import pytest

from monocyte import Query
from monocyte.cell import Cell, load_cells, load_package
from monocyte.errors import DefinitionError
from tests.cell.apps import HEAD, SHOP, App
from tests.cell.conftest import AppMaker

BROKEN = {
    "syntax": ("x = 1\ny = (2 #!\n", "'(' was never closed", "correct the syntax"),
    "syntax that only the compiler finds": (
        HEAD + "cell = Cell('bad')\nreturn 1 #!\n",
        "'return' outside function",
        "correct the syntax",
    ),
    "indentation": ("def f():\nx = 1 #!\n", "expected an indented block", "correct the syntax"),
    "an undefined name": (
        HEAD + "cell = Cell('bad')\nclass E(Event):\n    x: Nobody #!\n",
        "NameError: name 'Nobody' is not defined",
        "a cell must import cleanly",
    ),
    "an exception": (
        HEAD + "cell = Cell('bad')\ndef f():\n    return 1 / 0 #!\n\nf()\n",
        "ZeroDivisionError: division by zero",
        "a cell must import cleanly",
    ),
    "an exit": (
        HEAD + "cell = Cell('bad')\nraise SystemExit('bye') #!\n",
        "SystemExit: bye",
        "a cell must import cleanly",
    ),
    "a module that is not there": (
        "import nowhere_at_all #!\n" + HEAD + "cell = Cell('bad')\n",
        "ModuleNotFoundError: No module named 'nowhere_at_all'",
        "a cell must import cleanly",
    ),
    "a cell of another name": (
        HEAD + "bad = Cell('bad') #!\n",
        "the cell bad is called bad in its file",
        "a file holds one cell, and calls it `cell`",
    ),
    "two cells in a file": (
        HEAD + "cell = Cell('bad')\nother = Cell('worse') #!\n",
        "the cell worse is called other in its file",
        "a file holds one cell",
    ),
    "a bad name": (HEAD + "cell = Cell('Bad Cell') #!\n", "'Bad Cell' is no name", "lower-case"),
    "a name that is not ASCII": (HEAD + "cell = Cell('é') #!\n", "'é' is no name", "lower-case"),
    "no name": (HEAD + "cell = Cell('') #!\n", "'' is no name for a cell", "lower-case"),
}


@pytest.mark.parametrize(("source", "message", "mend"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_file_leaves_the_others_alone(
    app: App, source: str, message: str, mend: str
) -> None:
    """A file that cannot be loaded is reported at its line; the cells beside it are loaded."""
    loaded = app.load(bad=source, shop=SHOP)
    (fault,) = loaded.faults
    assert message in fault.message
    assert mend in fault.mend
    assert [fault.where] == app.marked("bad")
    assert [manifest.name for manifest in loaded.manifests] == ["shop"]


@pytest.mark.parametrize(
    "content",
    [b"x = '\xff'", b"x = 1\0", b"x = " + b"(" * 5000, b"x = " + b"-" * 99999 + b"1"],
    ids=["bytes", "null", "parentheses", "signs"],
)
def test_a_file_that_is_no_python_is_reported(app: App, content: bytes) -> None:
    """Wrong bytes end in a report, not in a traceback."""
    app.write("bad.py", "").write_bytes(content)
    loaded = app.load(shop=SHOP)
    (fault,) = loaded.faults
    assert fault.where == f"{app.folder / 'bad.py'}:1"
    assert [manifest.name for manifest in loaded.manifests] == ["shop"]


def test_who_imports_a_broken_neighbour_is_told_so(app: App) -> None:
    """The neighbour is blamed at its line; the importer at its import, with the cause."""
    loaded = app.load(
        bad=HEAD + "cell = Cell('bad')\nx = 1 / 0 #!\n",
        user="from {app}.bad import x #!\n" + HEAD + "cell = Cell('user')\n",
        shop=SHOP,
    )
    bad, user = loaded.faults
    assert [bad.where] == app.marked("bad")
    assert [user.where] == app.marked("user")
    assert user.message == "what it imports does not load: ZeroDivisionError: division by zero"
    assert user.mend == f"mend {bad.where}"
    assert [manifest.name for manifest in loaded.manifests] == ["shop"]


def test_who_imports_a_neighbour_with_a_syntax_error_is_told_so(app: App) -> None:
    """A syntax error is reported once where it is, and once where it is imported."""
    loaded = app.load(
        bad="x = = 1 #!\n", user="import {app}.bad #!\n" + HEAD + "cell = Cell('user')\n"
    )
    bad, user = loaded.faults
    assert [bad.where] == app.marked("bad")
    assert [user.where] == app.marked("user")
    assert user.mend == f"mend {bad.where}"


def test_all_faults_of_all_cells_are_reported_at_once(app: App) -> None:
    """Nobody mends one line to be shown the next: everything is said in one go, by line."""
    many = (
        HEAD + "class V(Value):\n    a: list[int] #!\n    b: set[int] #!\n"
        "class Count(Query[int]): ... #!\n"
        "class Sold(Event): ...\n"
        "cell = Cell('many', state=dict[str, Any]) #!\n"
        "A = cell.rule('A-1', 'So.')\nB = cell.rule('A-1', 'So.') #!\n"
        "@cell.every(timedelta(0)) #!\ndef tidy(it: Tick, a, b) -> Sold: ...\n"
        "from {app}.shop import _Draft #!\n"
    )
    loaded = app.load(many=many, shop=SHOP, worse=HEAD + "cell = Cell('WORSE') #!\n")
    found = sorted({fault.where for fault in loaded.faults})
    assert found == sorted([*app.marked("many"), *app.marked("worse")])
    at_the_timer = [f.message for f in loaded.faults if f.where == app.marked("many")[5]]
    assert at_the_timer == [
        "parameter a of tidy has no annotation",
        "parameter b of tidy has no annotation",
        "a timer needs a period above zero",
        "nobody can apply Sold",
    ]
    assert [manifest.name for manifest in loaded.manifests] == ["shop"]


def test_two_cells_of_a_name(app: App) -> None:
    """The second to take a name is refused."""
    loaded = app.load(shop=SHOP, store=HEAD + "cell = Cell('shop') #!\n")
    (fault,) = loaded.faults
    assert fault.message == "two cells are called shop"
    assert [fault.where] == app.marked("store")
    assert [manifest.file for manifest in loaded.manifests] == [str(app.folder / "shop.py")]


def test_two_rules_of_an_id(app: App) -> None:
    """A rule's ID means one thing in the whole app."""
    rule = HEAD + "cell = Cell('%s')\nA = cell.rule('A-1', 'So.') #!\n"
    loaded = app.load(one=rule % "one", two=rule % "two")
    (fault,) = loaded.faults
    assert fault.message == "rule A-1 is declared twice"
    assert [fault.where] == app.marked("two")
    assert app.marked("one")[0] in fault.mend
    assert [manifest.name for manifest in loaded.manifests] == ["one"]


def test_reactions(app: App) -> None:
    """A reaction is to another cell's event, and emits only its own."""
    other = (
        HEAD + "from {app}.shop import Made, Make\n"
        "class Noted(Event): ...\nclass Note(Command[None]): ...\n"
        "cell = Cell('other')\n"
        "@cell.evolves\ndef note(it: Noted, s: None) -> None: ...\n"
        "@cell.handles\ndef take(it: Note) -> Noted: ...\n"
        "@cell.reacts #!\ndef own(it: Noted) -> None: ...\n"
        "@cell.reacts #!\ndef tick(it: Tick) -> None: ...\n"
        "@cell.reacts #!\ndef foreign(it: Made) -> Made: ...\n"
        "@cell.reacts #!\ndef again(it: Made) -> None: ...\n"
        "@cell.handles #!\ndef make(it: Make) -> None: ...\n"
    )
    loaded = app.load(shop=SHOP, other=other)
    assert [fault.where for fault in loaded.faults] == app.marked("other")
    assert [fault.message for fault in loaded.faults] == [
        "own consumes Noted",
        "Tick belongs to no cell",
        "foreign emits Made, which is not this cell's",
        "Made has two reactions",
        "make consumes Make",
    ]


# -- which files are cells, and where they come from -----------------------------------------------


def test_cells_in_folders_and_in_init(app: App) -> None:
    """A cell may stand in any folder of the package, and in `__init__.py` too."""
    app.write("__init__.py", HEAD + "cell = Cell('whole')\n")
    app.write("depot/shelf.py", HEAD + "from ..shop import Made\ncell = Cell('shelf')\n")
    app.write("depot/deep/__init__.py", HEAD + "cell = Cell('deep')\n")
    loaded = app.load(shop=SHOP)
    assert loaded.faults == ()
    assert {manifest.name: manifest.module for manifest in loaded.manifests} == {
        "whole": app.package,
        "shop": f"{app.package}.shop",
        "shelf": f"{app.package}.depot.shelf",
        "deep": f"{app.package}.depot.deep",
    }


def test_modules_that_are_no_cells_are_not_imported(app: App) -> None:
    """Scripts and helpers stay untouched until somebody imports them."""
    for name in ("__main__.py", "script.py", "tests/test_shop.py", ".venv/x.py", "no-name/x.py"):
        app.write(name, "cello = 1\nraise SystemExit('this must not run')\n")
    app.write("layout.py", "cell = (1, 2)\n")
    app.write("again.py", "from {app}.shop import cell\n")
    loaded = app.load(shop=SHOP)
    assert loaded.faults == ()
    assert [manifest.name for manifest in loaded.manifests] == ["shop"]
    assert f"{app.package}.again" not in sys.modules


def test_a_cell_that_is_made_elsewhere(app: App) -> None:
    """`cell = other.cell` is no second cell, and is not passed over in silence."""
    loaded = app.load(shop=SHOP, twin="from {app} import shop\ncell = shop.cell\n")
    (fault,) = loaded.faults
    assert fault.message == f"the cell shop is made in {app.package}.shop"
    assert fault.where == f"{app.folder / 'twin.py'}:1"


def test_loading_twice_gives_the_same_cells(app: App) -> None:
    """Modules are imported once, and reading them again changes nothing."""
    first = app.load(shop=SHOP)
    again = load_package(app.root, app.package)
    assert again == first
    assert again.manifests[0].words["Made"] is first.manifests[0].words["Made"]


def test_imports_come_from_the_root_under_one_name(app: App) -> None:
    """The root stands first on the path, once, and a cell's module has one name."""
    app.load(shop=SHOP)
    app.load()
    assert sys.path[0] == str(app.root)
    assert sys.path.count(str(app.root)) == 1
    file = str(app.folder / "shop.py")
    names = [n for n, m in list(sys.modules.items()) if getattr(m, "__file__", None) == file]
    assert names == [f"{app.package}.shop"]


def test_two_apps_of_one_name_do_not_mix(app_in: AppMaker) -> None:
    """A process holds one package of a name: the second is refused, and the first goes on."""
    first, second = app_in("first"), app_in("second")
    assert len(first.load(shop=SHOP).manifests) == 1
    with pytest.raises(DefinitionError, match="another module is called app_of_one_name") as why:
        second.load(shop=SHOP)
    assert str(first.folder) in why.value.message
    assert "a process of its own" in why.value.mend
    assert len(first.load().manifests) == 1


def test_a_package_named_like_a_module_of_python(tmp_path: Path) -> None:
    """An app cannot take the place of a module that is in use."""
    app = App(tmp_path, "json")
    with pytest.raises(DefinitionError, match="another module is called json"):
        app.load(shop=SHOP)


@pytest.mark.parametrize("package", ["missing", "", ".", "..", "a/b", "a-b", "shop."])
def test_no_such_package(tmp_path: Path, package: str) -> None:
    """What is no package is said so, whatever the name."""
    with pytest.raises(DefinitionError, match="there is no package"):
        load_package(tmp_path, package)


def test_a_package_without_a_cell(app: App) -> None:
    """An app of no cells is a mistake, and says what to do."""
    with pytest.raises(DefinitionError, match="has no cell") as why:
        app.load(helper="x = 1\n")
    assert "monocyte new" in why.value.mend


def test_a_nested_package(tmp_path: Path) -> None:
    """A package may be a package inside of another."""
    app = App(tmp_path, "app_outer.inner")
    app.folder = tmp_path / "app_outer" / "inner"
    (manifest,) = app.load(shop=SHOP).manifests
    assert manifest.module == "app_outer.inner.shop"


def test_cells_without_a_file_can_be_loaded() -> None:
    """What is typed at a prompt has no source to read, and no neighbours to trespass on."""
    space: dict[str, object] = {"__name__": __name__}
    exec(compile("from monocyte import Cell\ncell = Cell('typed')", "<prompt>", "exec"), space)  # noqa: S102
    cell = space["cell"]
    assert isinstance(cell, Cell)
    assert load_cells([cell]).faults == ()


def test_a_cell_that_nests_deep_is_read(app: App) -> None:
    """An expression may be deeper than Python recurses."""
    deep = "x = " + " + ".join("1" for _ in range(900)) + "\n"
    loaded = app.load(deep=HEAD + "cell = Cell('deep')\n" + deep)
    assert [str(fault) for fault in loaded.faults] == []


def test_a_name_is_a_word_once(app: App) -> None:
    """Two messages of one name cannot be told apart by who sends them."""
    twice = (
        "class Outer:\n    class Count(Query[int]): ...\n"
        "class Count(Query[int]): ...\ncell = Cell('shop')\n"
        "@cell.handles #!\ndef inner(it: Outer.Count) -> int: ...\n"
        "@cell.handles\ndef count(it: Count) -> int: ...\n"
    )
    loaded = app.load(shop=HEAD + twice)
    assert [fault.message for fault in loaded.faults] == ["two words of this cell are called Count"]
    assert [fault.where for fault in loaded.faults] == app.marked("shop")


def test_a_cell_reads_well_in_a_debugger() -> None:
    """Its name says which it is."""
    assert repr(Cell("booking")) == "Cell('booking')"


def test_folders_that_lead_in_circles(app: App) -> None:
    """A link to a folder is not followed: it may lead back, and a module has one name."""
    app.write("__init__.py", "")
    (app.folder / "loop").symlink_to(app.folder, target_is_directory=True)
    loaded = app.load(shop=SHOP)
    assert loaded.faults == ()
    assert [manifest.module for manifest in loaded.manifests] == [f"{app.package}.shop"]


def test_a_cell_may_be_made_in_a_function() -> None:
    """Then its functions stand there too, as in a test of one's own."""
    cell = Cell("local")

    class Count(Query[int]): ...

    @cell.handles
    def count(it: Count) -> int:
        return 1

    (manifest,) = load_cells([cell]).manifests
    assert [handler.function.call for handler in manifest.handlers.values()] == [count]
