"""Whether comparing gives nothing but bools, as far as the classes of some source decide it.

What a comparison gives may be any object, which may do something when it dies; but it is a class's
own method that makes it. Where all such methods in sight give plain values, nobody can tell when
the result of `a == b` goes.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping

__all__ = ["compares_plainly"]

_METHODS = frozenset({"__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"})
_MENTIONED = re.compile(rb"__(?:eq|ne|lt|le|gt|ge)__")
_PREDICATES = frozenset({"isinstance", "issubclass", "callable", "hasattr", "bool", "all", "any"})

_DECORATORS = frozenset({"abstractmethod", "overload", "override", "final", "no_type_check"})

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def compares_plainly(source: bytes) -> bool:
    """Whether all comparison methods that some source speaks of surely give plain values."""
    if not _MENTIONED.search(source):
        return True
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    nodes = list(_undocumented(tree))
    functions: dict[str, list[_Function]] = {}
    for node in nodes:
        if isinstance(node, _Function):
            functions.setdefault(node.name, []).append(node)
    return all(_is_plain_mention(node, functions) for node in nodes)


def _undocumented(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes but strings that stand as statements: nobody runs these."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            yield from (n for n in ast.iter_child_nodes(node))


def _is_plain_mention(node: ast.AST, functions: Mapping[str, list[_Function]]) -> bool:
    """Whether a node sets no comparison method, or one that gives plain values."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if name in _METHODS:
            return _gives_plain(node)
        case ast.Assign(targets=targets, value=value) if _METHODS & set(_names(targets)):
            return _is_plain_method(value, functions)
        case ast.Name(id=name, ctx=ast.Load()) | ast.ClassDef(name=name) | ast.arg(arg=name):
            return name not in _METHODS
        case ast.Attribute(attr=name, ctx=ctx):
            return name not in _METHODS or isinstance(ctx, ast.Load)
        case ast.alias():
            return not {node.name, node.asname} & _METHODS
        case ast.Constant(value=str(text)):
            return not any(name in text for name in _METHODS)
    return True


def _is_plain_method(value: ast.expr, functions: Mapping[str, list[_Function]]) -> bool:
    """Whether what is assigned as a method gives plain values; `None` cannot be called."""
    match value:
        case ast.Constant():
            return True
        case ast.Attribute(attr=name) if name in _METHODS:
            return True  # another class's, which is looked at where it stands
        case ast.Name(id=name) | ast.Attribute(attr=name):
            given = functions.get(name, ())
            return bool(given) and all(map(_gives_plain, given))
    return False


def _names(targets: Iterable[ast.expr]) -> Iterator[str]:
    for target in targets:
        yield from (n.id for n in ast.walk(target) if isinstance(n, ast.Name))


def _gives_plain(function: _Function) -> bool:
    """Whether all that a function returns are bools, `NotImplemented` or other constants."""
    decorated = any(_word(it) not in _DECORATORS for it in function.decorator_list)
    if isinstance(function, ast.AsyncFunctionDef) or decorated:
        return False
    own = list(_own(function.body))
    if any(isinstance(node, ast.Yield | ast.YieldFrom) for node in own):
        return False
    returned = [node.value for node in own if isinstance(node, ast.Return)]
    return all(value is None or _is_plain(value) for value in returned)


def _word(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _own(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes of a body, without those of functions and classes inside it."""
    for node in body:
        yield node
        if not isinstance(node, _Function | ast.Lambda | ast.ClassDef):
            yield from _own(ast.iter_child_nodes(node))


def _is_plain(value: ast.expr) -> bool:
    match value:
        case ast.Constant() | ast.Compare() | ast.UnaryOp(op=ast.Not()):
            return True
        case ast.Name(id=name):
            return name == "NotImplemented"
        case ast.BoolOp(values=values):
            return all(map(_is_plain, values))
        case ast.IfExp(body=body, orelse=orelse):
            return _is_plain(body) and _is_plain(orelse)
        case ast.Call(func=ast.Name(id=name)):
            return name in _PREDICATES
        case ast.Call(func=ast.Attribute(attr=name)):
            return name in _METHODS
    return False
