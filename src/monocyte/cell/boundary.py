"""Cells keep to their bounds: of a neighbour they use its words, and nothing else.

Read from the source, so that what is never executed is seen too: every import, every attribute of a
neighbour's module, every other use of such a module (as an argument of `getattr`, say), and what is
passed on by a helper module. What cannot be seen this way: names inside of strings (`eval`, quoted
annotations), and objects found through the interpreter (`gc`, frames, a function's `__globals__`).
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any, get_origin

from monocyte.cell.definition import Cell
from monocyte.cell.places import line_of
from monocyte.contracts import Value
from monocyte.contracts.annotations import unalias
from monocyte.contracts.immutable import type_faults
from monocyte.errors import DefinitionError

__all__ = ["boundary_faults"]

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
DYNAMIC = frozenset({"import_module", "__import__", "sys.modules"})
"""Ways to a module that no reader of the imports would see."""

WORDS = "use only a neighbour's words (Value, Command, Query, Event, Enum); ask it for the rest"


def boundary_faults(cell: Cell, neighbours: Mapping[str, Cell]) -> Iterator[DefinitionError]:
    """Every use of a neighbour's name that is not one of its words.

    `neighbours` are the cells of the app by their modules, which are imported.
    """
    file = Path(cell.file)
    if cell.is_global and file.is_file():  # or else the file is not the cell's: a test, a prompt
        others = {name for name, other in neighbours.items() if other is not cell}
        reader = _Reader(cell, others)
        reader.read(ast.parse(file.read_bytes()))
        yield from sorted(reader.faults, key=line_of)


class _Reader:
    """Walks one file; `modules` are the names in it that stand for modules."""

    def __init__(self, cell: Cell, others: set[str]) -> None:
        self.cell = cell
        self.others = others
        self.modules: dict[str, str] = {}
        self.faults: list[DefinitionError] = []

    def read(self, tree: ast.Module) -> None:
        """Imports first, since a function may use what is imported below it; then every name."""
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                self._import(node)
            elif isinstance(node, ast.ImportFrom):
                self._import_from(node)
        ahead: list[tuple[ast.AST, frozenset[str]]] = [(tree, frozenset())]
        while ahead:  # a stack of our own: an expression may nest deeper than Python recurses
            node, local = ahead.pop()
            if isinstance(node, FUNCTIONS):
                local |= _bound(node)
            chain = _chain(node)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                continue  # a field or variable of that name, not a use of the module
            if chain:
                self._use(chain, local, getattr(node, "lineno", 0))
            else:
                ahead += [(child, local) for child in ast.iter_child_nodes(node)]

    # -- imports -----------------------------------------------------------------------------------

    def _import(self, node: ast.Import) -> None:
        for alias in node.names:
            whole, first = alias.name, alias.name.partition(".")[0]
            self.modules[alias.asname or first] = whole if alias.asname else first

    def _import_from(self, node: ast.ImportFrom) -> None:
        origin = self._absolute(node)
        for alias in node.names:
            module = _module_of(origin, alias.name)
            if module is not None:
                self.modules[alias.asname or alias.name] = module
            elif alias.name == "*" and origin in self.others:
                self._private(f"{origin}.*", node.lineno)
            elif alias.name != "*":
                self._name(origin, alias.name, node.lineno)

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        own = sys.modules[self.cell.module]
        package = getattr(own, "__package__", None) or self.cell.module.rpartition(".")[0]
        parents = package.split(".")
        parents = parents[: len(parents) - node.level + 1]
        return ".".join([*parents, *([node.module] if node.module else [])])

    # -- uses --------------------------------------------------------------------------------------

    def _use(self, chain: list[str], local: frozenset[str], line: int) -> None:
        """Follow a dotted name through modules up to the first thing that is none."""
        if not DYNAMIC.isdisjoint([*chain, ".".join(chain[:2])]):
            self._dynamic(".".join(chain), line)
        first, *rest = chain
        if first not in self.modules or first in local:
            return
        module = self.modules[first]
        while rest and (inner := _module_of(module, rest[0])) is not None:
            module = inner
            del rest[0]
        if rest:
            self._name(module, rest[0], line)
        elif module in self.others:
            mend = f"write {'.'.join(chain)}.Word where you use it: a module is not passed on"
            self._fault(f"{module} is used as a value", line, mend)

    def _name(self, origin: str, name: str, line: int) -> None:
        """A name of a module: it must be a word if the module, or the thing, is a neighbour's."""
        thing = getattr(sys.modules.get(origin), name, None)
        home = getattr(thing, "__module__", None)
        is_word = not name.startswith("_") and _is_word(thing)
        if origin in self.others and not is_word:
            self._private(f"{origin}.{name}", line)
        elif home in self.others and not _is_word(thing):
            self._private(f"{home}.{name}", line)

    def _private(self, what: str, line: int) -> None:
        self._fault(f"{what} is private to its cell", line, WORDS)

    def _dynamic(self, what: str, line: int) -> None:
        mend = "import what you need at the top, by its name"
        self._fault(f"{what} hides what a cell imports", line, mend)

    def _fault(self, message: str, line: int, mend: str) -> None:
        self.faults.append(DefinitionError(message, where=f"{self.cell.file}:{line}", mend=mend))


def _is_word(thing: Any) -> bool:
    """A message, a value, an enum, or an alias of a type made of nothing but those."""
    thing = unalias(thing)
    if isinstance(thing, type) and get_origin(thing) is None:
        return issubclass(thing, (Value, Enum))
    return get_origin(thing) is not None and not list(type_faults(thing))


def _module_of(origin: str, name: str) -> str | None:
    """The full name of the module that `origin.name` is; None if it is something else."""
    if f"{origin}.{name}" in sys.modules:
        return f"{origin}.{name}"
    thing = getattr(sys.modules.get(origin), name, None)
    return thing.__name__ if isinstance(thing, ModuleType) else None


def _chain(node: ast.AST) -> list[str]:
    """`a.b.c` as its names; empty if it is anything else, or starts with anything but a name."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return [*names, node.id][::-1] if isinstance(node, ast.Name) else []


def _bound(function: ast.AST) -> frozenset[str]:
    """The names that are local to a function: its parameters, and what is assigned in it."""
    return frozenset(
        inner.arg if isinstance(inner, ast.arg) else inner.id
        for inner in ast.walk(function)
        if isinstance(inner, ast.arg)
        or (isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store))
    )
