"""Whom a function asks: the neighbours' commands and queries that it makes, read from the source.

Handlers may ask only if they take the port `Ask`; what they do with it no annotation says. So their
source is read, and that of the functions they name, in the same file or in a helper module. A
message that is picked at run time (`getattr`, a table) is not seen; the walked picture has it then.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import lru_cache
from types import FunctionType, ModuleType
from typing import Any

from monocyte.cell import Cell, Function, Manifest
from monocyte.contracts import Command, Query
from monocyte.literate.trees import stamp_of, tree_of

__all__ = ["asked_by", "full_name"]

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

Message = type[Command[Any]] | type[Query[Any]]


def asked_by(function: Function, manifest: Manifest) -> tuple[str, ...]:
    """The neighbours' messages that a function makes, as cell.Message, in the order of the source.

    Nothing if it cannot ask, or if its source is gone.
    """
    if not any(port is not None and port.name == "Ask" for _, port in function.arguments):
        return ()
    if not isinstance(function.call, FunctionType):
        return ()
    found = _made(function.call, manifest.module)
    return tuple(dict.fromkeys(full_name(message) for message in found))


@lru_cache(maxsize=4096)
def _made(function: FunctionType, module: str) -> tuple[Message, ...]:
    """The neighbours' messages that it makes: read once, for pictures, maps, cards and pages."""
    return tuple(dict.fromkeys(_Reader(module).read(function)))


def full_name(message: type[Any]) -> str:
    """What a message is called outside of its cell: cell.Message."""
    return f"{home_of(message)}.{message.__name__}"


def home_of(message: type[Any]) -> str:
    """The name of the cell that a message belongs to."""
    named: str = getattr(message, "__cell__", "")
    home = getattr(sys.modules.get(message.__module__), "cell", None)
    return named or (home.name if isinstance(home, Cell) else message.__module__)


class _Reader:
    """Walks from function to function, each once."""

    def __init__(self, module: str) -> None:
        self.module = module
        self.seen: set[Any] = set()

    def read(self, function: FunctionType) -> Iterator[Message]:
        """Every message that the function makes, or one that it names."""
        if function.__code__ in self.seen:
            return
        self.seen.add(function.__code__)
        node = _definition(function)
        if node is None:
            return
        scope = _scope(function, node)
        for thing in _named(node, scope):
            if isinstance(thing, FunctionType):
                if _is_ours(thing, function):
                    yield from self.read(thing)
            elif (message := _message(thing)) is not None and message.__module__ != self.module:
                yield message


def _is_ours(callee: FunctionType, caller: FunctionType) -> bool:
    """Whether to read on: in the same package, but not in another cell, whose code is its own."""
    if callee.__module__ == caller.__module__:
        return True
    same_package = callee.__module__.partition(".")[0] == caller.__module__.partition(".")[0]
    home = getattr(sys.modules.get(callee.__module__), "cell", None)
    return same_package and not isinstance(home, Cell)


def _message(thing: Any) -> Message | None:
    kind = thing if isinstance(thing, type) else type(thing)
    return kind if issubclass(kind, (Command, Query)) and kind not in (Command, Query) else None


def _named(node: ast.AST, scope: dict[str, Any]) -> Iterator[Any]:
    """What the names of a body stand for, from the top down; annotations are not its body."""
    for part in _body(node):
        if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name):
            module = scope.get(part.value.id)
            if isinstance(module, ModuleType):
                yield getattr(module, part.attr, None)
        elif isinstance(part, ast.Name) and part.id in scope:
            yield scope[part.id]


def _body(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes inside, in the order of the source, without decorators and annotations."""
    for name, value in ast.iter_fields(node):
        if name in ("decorator_list", "annotation", "returns"):
            continue
        for child in value if isinstance(value, list) else (value,):
            if isinstance(child, ast.AST) and not _is_test_of_type(child):
                yield child
                yield from _body(child)


def _is_test_of_type(node: ast.AST) -> bool:
    """`isinstance(it, Message)` looks at a message and makes none."""
    is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    return is_call and node.func.id in ("isinstance", "issubclass")  # type: ignore[attr-defined]


def _scope(function: FunctionType, node: ast.AST) -> dict[str, Any]:
    """What the names in a function mean: of its module, of around it, imported inside of it."""
    scope = dict(function.__globals__)
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            scope[name] = cell.cell_contents
        except ValueError:
            continue
    for name in function.__code__.co_varnames:
        scope.pop(name, None)
    for part in ast.walk(node):
        if isinstance(part, ast.ImportFrom) and part.module in sys.modules:
            module = sys.modules[part.module]
            scope |= {it.asname or it.name: getattr(module, it.name, None) for it in part.names}
    return scope


def _definition(function: FunctionType) -> ast.AST | None:
    code = function.__code__
    return _definitions(code.co_filename, stamp_of(code.co_filename)).get(
        (code.co_firstlineno, code.co_name)
    )


@lru_cache(maxsize=256)
def _definitions(file: str, stamp: int) -> dict[tuple[int, str], ast.AST]:  # noqa: ARG001 (the key)
    """The functions of a file, by their first line (a decorator's, if any) and name."""
    tree = tree_of(file)
    if tree is None:
        return {}
    return {
        (min([node.lineno, *(it.lineno for it in node.decorator_list)]), node.name): node
        for node in ast.walk(tree)
        if isinstance(node, FUNCTIONS)
    }
