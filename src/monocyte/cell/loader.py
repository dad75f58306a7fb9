"""Load the cells of a package: import each file once, read it, check that it stays in its bounds.

A file is a cell if it makes a `Cell` and calls it `cell`, and holds the app's journeys if it makes
an `App` and calls it `app`, in whatever folder of the package it stands; other modules are imported
by those that need them. A file that cannot be loaded is reported with file:line and left out, and
so is who depends on it; the others are loaded all the same.
"""

from __future__ import annotations

import ast
import importlib
import sys
import traceback
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from monocyte.cell.boundary import boundary_faults
from monocyte.cell.definition import App, Cell
from monocyte.cell.manifest import Manifest, manifest_of
from monocyte.cell.proving import Journeys, journeys_of, retirement_faults
from monocyte.cell.rules import Retired, Rule
from monocyte.errors import DefinitionError

__all__ = [
    "Loaded",
    "cell_of",
    "declares",
    "import_fault",
    "load_cells",
    "load_package",
    "texts_of",
]


class Loaded(NamedTuple):
    """The cells that are well formed, journeys across them, and what is wrong with the others."""

    manifests: tuple[Manifest, ...]
    faults: tuple[DefinitionError, ...]
    journeys: tuple[Journeys, ...] = ()
    texts: Mapping[str, bytes] = {}
    """What the modules of the package were when they were about to be loaded, by their names."""


def load_package(root: Path, package: str) -> Loaded:
    """Load every cell of the package `package` in the directory `root`.

    Modules are imported under their names in the package, from `root`, which comes first on
    `sys.path` from then on; so a process holds one package of a name.

    Raises:
        DefinitionError: there is no such package, there is no cell in it, or another package of
            that name has been imported.
    """
    folder = _find(root.resolve(), package)
    texts = texts_of(root, package)
    cells: list[Cell] = []
    journeys: list[Journeys] = []
    faults: list[DefinitionError] = []
    for file in _files(folder):
        try:
            if _declares(file):
                module = _import(_module_name(file, folder, package), file)
                cells += cell_of(module)
                journeys += _journeys_of(module)
        except DefinitionError as fault:
            faults += [fault, *fault.more]
    if not cells and not faults:
        raise DefinitionError(
            f"the package {package} has no cell",
            where=str(folder),
            mend="write one, or run `monocyte new`",
        )
    loaded = load_cells(cells)
    faults += [*loaded.faults, *_crowding(journeys, cells)]
    return Loaded(loaded.manifests, tuple(faults), tuple(journeys), texts)


def texts_of(root: Path, package: str) -> dict[str, bytes]:
    """The files of a package as they are now, by the names of their modules."""
    folder = root.resolve().joinpath(*package.split("."))
    found = {}
    for file in _files(folder):
        with suppress(OSError):  # whoever loads it says so
            found[_module_name(file, folder, package)] = file.read_bytes()
    return found


def load_cells(cells: Sequence[Cell], only: Container[str] | None = None) -> Loaded:
    """Read cells whose modules are imported, and check them against each other.

    With `only`, cells of other modules are known to be well formed: just their names are taken.
    """
    manifests: list[Manifest] = []
    faults: dict[tuple[str, str], DefinitionError] = {}  # two cells may share a faulty helper
    neighbours = {cell.module: cell for cell in cells}
    names = _Names()
    for cell in cells:
        found = [*names.take(cell)]
        if only is not None and cell.module not in only:
            continue
        found += boundary_faults(cell, neighbours)
        try:
            manifest = manifest_of(cell)
        except DefinitionError as first:
            found += [first, *first.more]
        else:
            manifests += [] if found else [manifest]
        for fault in found:
            faults.setdefault((fault.where, fault.message), fault)
    for fault in retirement_faults(names.rules):
        faults.setdefault((fault.where, fault.message), fault)
    return Loaded(tuple(manifests), tuple(faults.values()))


class _Names:
    """What means one thing in the whole app: the names of cells, the IDs of rules."""

    def __init__(self) -> None:
        self.cells: dict[str, Cell] = {}
        self.rules: dict[str, Rule | Retired] = {}

    def take(self, cell: Cell) -> Iterator[DefinitionError]:
        """Every name of the cell that another has taken."""
        first = self.cells.setdefault(cell.name, cell)
        if first is not cell:
            yield DefinitionError(
                f"two cells are called {cell.name}",
                where=cell.where,
                mend=f"rename one; the other is at {first.where}",
            )
        declared: dict[str, Rule | Retired] = {**cell.rules, **cell.retired_rules}
        for id, rule in declared.items():
            taken = self.rules.setdefault(id, rule)
            if taken is not rule:
                yield DefinitionError(
                    f"rule {id} is declared twice",
                    where=rule.where,
                    mend=f"give it an ID of its own; the first is at {taken.where}",
                )


# -- files and modules -----------------------------------------------------------------------------


def _find(root: Path, package: str) -> Path:
    """The folder of a package, once imports lead there and nowhere else."""
    names = package.split(".")
    folder = root.joinpath(*names)
    if not all(name.isidentifier() for name in names) or not folder.is_dir():
        raise DefinitionError(
            f"there is no package {package!r}",
            where=str(folder),
            mend="make it, or name another under [app] cells",
        )
    for i in range(len(names)):
        _refuse_namesake(".".join(names[: i + 1]), root.joinpath(*names[: i + 1]))
    sys.path[:] = [str(root), *(path for path in sys.path if path != str(root))]
    importlib.invalidate_caches()
    return folder


def _refuse_namesake(name: str, folder: Path) -> None:
    """Python keeps one module of a name: two would share their classes and mix up their cells."""
    module = sys.modules.get(name)
    if module is None:
        return
    homes = [Path(path).resolve() for path in getattr(module, "__path__", ())]
    if folder not in homes:
        home = homes[0] if homes else getattr(module, "__file__", None) or "Python itself"
        raise DefinitionError(
            f"another module is called {name}: {home}",
            where=str(folder),
            mend="rename the package, or run each app in a process of its own",
        )


def _files(folder: Path) -> Iterator[Path]:
    """The modules of a package, folder by folder; hidden and foreign folders are passed over."""
    yield from sorted(folder.glob("*.py"))
    for inner in sorted(folder.iterdir()):
        if inner.is_dir() and not inner.is_symlink() and inner.name.isidentifier():
            yield from _files(inner)


def _module_name(file: Path, folder: Path, package: str) -> str:
    inside = file.relative_to(folder).with_suffix("").parts
    return ".".join([package, *(part for part in inside if part != "__init__")])


def _declares(file: Path) -> bool:
    """Whether a statement at the top level of a file makes a `Cell` or an `App`, or seems to."""
    try:
        tree = ast.parse(file.read_bytes(), file)
    except SyntaxError as why:
        raise _syntax_fault(why, file) from why
    except (OSError, ValueError, RecursionError, MemoryError) as why:
        mend = "a cell is a readable file of Python"
        said = f"{type(why).__name__}: {why}"
        raise DefinitionError(said, where=f"{file}:1", mend=mend) from why
    return declares(tree)


def declares(tree: ast.Module) -> bool:
    """Whether a statement at the top level of a module makes a `Cell` or an `App`."""
    return any(map(_is_made, tree.body))


def _is_made(statement: ast.stmt) -> bool:
    if not isinstance(statement, (ast.Assign, ast.AnnAssign)):
        return False
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    called = statement.value.func if isinstance(statement.value, ast.Call) else None
    name = getattr(called, "id", getattr(called, "attr", None))
    return name in {"Cell", "App"} or any(getattr(it, "id", None) == "cell" for it in targets)


def _import(name: str, file: Path) -> ModuleType:
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as why:  # a supervision edge: the author's code runs here
        raise import_fault(why, file) from why


def import_fault(why: BaseException, file: Path) -> DefinitionError:
    """What went wrong, at the last line of this file that had a part in it."""
    if isinstance(why, SyntaxError) and why.filename == str(file):
        return _syntax_fault(why, file)
    frames = traceback.extract_tb(why.__traceback__)
    own = [i for i, frame in enumerate(frames) if frame.filename == str(file)]
    line = (frames[own[-1]].lineno if own else None) or 1
    said = f"{type(why).__name__}: {why}"
    beyond = [f for f in frames[own[-1] + 1 :] if _is_import(f, file)] if own else []
    culprit = f"{beyond[-1].filename}:{beyond[-1].lineno}" if beyond else ""
    if isinstance(why, SyntaxError):
        culprit = f"{why.filename}:{why.lineno}"
    if culprit:
        what = f"what it imports does not load: {said}"
        return DefinitionError(what, where=f"{file}:{line}", mend=f"mend {culprit}")
    mend = "a cell must import cleanly: it runs nothing but its definitions"
    return DefinitionError(said, where=f"{file}:{line}", mend=mend)


def _is_import(frame: traceback.FrameSummary, file: Path) -> bool:
    return frame.name == "<module>" and frame.filename != str(file)


def _syntax_fault(why: SyntaxError, file: Path) -> DefinitionError:
    return DefinitionError(why.msg, where=f"{file}:{why.lineno or 1}", mend="correct the syntax")


def cell_of(module: ModuleType) -> Iterator[Cell]:
    """The one cell of a module; none if what it calls `cell` is something else."""
    made = {name: thing for name, thing in vars(module).items() if isinstance(thing, Cell)}
    cell = made.pop("cell", None)
    for name, other in made.items():
        if other is not cell and other.module == module.__name__:
            raise DefinitionError(
                f"the cell {other.name} is called {name} in its file",
                where=other.where,
                mend="a file holds one cell, and calls it `cell`",
            )
    if cell is not None and cell.module != module.__name__:
        raise DefinitionError(
            f"the cell {cell.name} is made in {cell.module}",
            where=f"{module.__file__}:1",
            mend="a cell is made in its own file, by `cell = Cell(...)`",
        )
    yield from [cell] if cell else []


def _journeys_of(module: ModuleType) -> Iterator[Journeys]:
    """What a module declares across cells, in an `App` of its own that it calls `app`."""
    app = getattr(module, "app", None)
    if isinstance(app, App) and app.module == module.__name__:
        yield journeys_of(app, (module.__doc__ or "").strip())


def _crowding(journeys: Sequence[Journeys], cells: Sequence[Cell]) -> Iterator[DefinitionError]:
    """An app is declared once, under a name that no cell has."""
    for second in journeys[1:]:
        mend = f"move its scenarios to {journeys[0].file}"
        yield DefinitionError("the app is declared twice", where=second.where, mend=mend)
    taken = {cell.name: cell.where for cell in cells}
    for app in journeys:
        if app.name in taken:
            what = f"the app and a cell are both called {app.name}"
            mend = f"rename one; the cell is at {taken[app.name]}"
            yield DefinitionError(what, where=app.where, mend=mend)
