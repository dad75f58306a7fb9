"""Load the cells of a package: import each file once, read it, and check that it stays in its bounds.

Each file that defines a `Cell` named `cell` is a cell. A file that cannot be loaded is reported with
file:line and left out; the others are loaded all the same.
"""

from __future__ import annotations

import ast
import importlib
import sys
import traceback
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, get_origin

from monocyte.cell.definition import Cell
from monocyte.cell.manifest import Manifest, manifest_of
from monocyte.contracts import Value
from monocyte.contracts.immutable import type_faults
from monocyte.errors import DefinitionError

__all__ = ["Loaded", "load_package", "load_cells"]


class Loaded(NamedTuple):
    """The cells that are well formed, and what is wrong with the others."""

    manifests: tuple[Manifest, ...]
    faults: tuple[DefinitionError, ...]


def load_package(root: Path, package: str) -> Loaded:
    """Load every cell of the package `package` in the directory `root`.

    Raises:
        DefinitionError: there is no such package, or there is no cell in it.
    """
    root = root.resolve()
    folder = root.joinpath(*package.split("."))
    if not folder.is_dir():
        raise DefinitionError(
            f"there is no package {package}",
            where=str(folder),
            mend="make it, or name another under [app] cells",
        )
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    importlib.invalidate_caches()
    cells: list[Cell] = []
    faults: list[DefinitionError] = []
    for file in sorted(folder.glob("*.py")):
        name = package if file.stem == "__init__" else f"{package}.{file.stem}"
        try:
            cell = getattr(_import(name, file), "cell", None)
        except DefinitionError as fault:
            faults.append(fault)
        else:
            cells += [cell] if isinstance(cell, Cell) else []
    if not cells and not faults:
        raise DefinitionError(
            f"the package {package} has no cell",
            where=str(folder),
            mend="write one, or run `monocyte new`",
        )
    loaded = load_cells(cells)
    return Loaded(loaded.manifests, (*faults, *loaded.faults))


def load_cells(cells: list[Cell]) -> Loaded:
    """Read cells whose modules are imported, and check them against each other."""
    manifests: dict[str, Manifest] = {}
    faults: list[DefinitionError] = []
    neighbours = {cell.module: cell for cell in cells}
    for cell in cells:
        try:
            manifest = manifest_of(cell)
            if cell.name in manifests:
                raise DefinitionError(
                    f"two cells are called {cell.name}",
                    where=cell.where,
                    mend=f"rename one; the other is {manifests[cell.name].file}",
                )
        except DefinitionError as fault:
            faults += [fault, *fault.more]
            continue
        trespasses = list(boundary_faults(cell, neighbours))
        faults += trespasses
        if not trespasses:
            manifests[cell.name] = manifest
    return Loaded(tuple(manifests.values()), tuple(faults))


def _import(name: str, file: Path) -> ModuleType:
    try:
        return importlib.import_module(name)
    except DefinitionError:
        raise
    except SyntaxError as why:
        raise DefinitionError(
            f"{why.msg}", where=f"{why.filename}:{why.lineno}", mend="correct the syntax"
        ) from why
    except (
        Exception
    ) as why:  # a supervision edge: the author's code runs here, and may fail in any way
        lines = [
            f.lineno for f in traceback.extract_tb(why.__traceback__) if Path(f.filename) == file
        ]
        raise DefinitionError(
            f"{type(why).__name__}: {why}",
            where=f"{file}:{lines[-1] if lines else 1}",
            mend="a cell must import cleanly; it runs nothing at import",
        ) from why


def boundary_faults(cell: Cell, neighbours: dict[str, Cell]) -> Iterator[DefinitionError]:
    """Every use of a neighbour's name that is not one of its words."""
    tree = ast.parse(Path(cell.file).read_bytes())
    modules: dict[str, ModuleType] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from _import_faults(cell, node, neighbours, modules)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name in neighbours and alias.asname:
                    modules[alias.asname] = sys.modules[alias.name]
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in modules
        ):
            yield from _name_faults(cell, modules[node.value.id], node.attr, node.lineno)


def _import_faults(
    cell: Cell, node: ast.ImportFrom, neighbours: dict[str, Cell], modules: dict[str, ModuleType]
) -> Iterator[DefinitionError]:
    origin = _absolute(cell.module, node)
    for alias in node.names:
        if f"{origin}.{alias.name}" in neighbours:
            modules[alias.asname or alias.name] = sys.modules[f"{origin}.{alias.name}"]
        elif origin in neighbours and origin != cell.module:
            yield from _name_faults(cell, sys.modules[origin], alias.name, node.lineno)


def _name_faults(
    cell: Cell, neighbour: ModuleType, name: str, line: int
) -> Iterator[DefinitionError]:
    if name == "*" or name.startswith("_") or not _is_word(getattr(neighbour, name, None)):
        yield DefinitionError(
            f"{neighbour.__name__}.{name} is private to its cell",
            where=f"{cell.file}:{line}",
            mend="use only a neighbour's words (Value, Command, Query, Event, Enum); ask it for the rest",
        )


def _is_word(thing: Any) -> bool:
    if isinstance(thing, type) and get_origin(thing) is None:
        return issubclass(thing, (Value, Enum))
    return get_origin(thing) is not None and not list(type_faults(thing))


def _absolute(module: str, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parent = module.split(".")[: -node.level]
    return ".".join([*parent, *(node.module or "").split(".")]).strip(".")
