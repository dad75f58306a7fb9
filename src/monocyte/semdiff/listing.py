"""Who goes through the names that something has, and whether `__doc__` may be among them. Pure.

A name that comes out of `dir()` may be any; one that was asked first how it begins is not. What is
listed reaches the code that shares a function, a name or an attribute with that, in its module.
"""

from __future__ import annotations

import ast
from functools import cached_property

from monocyte.semdiff.scopes import FUNCTIONS
from monocyte.semdiff.sight import Sight
from monocyte.semdiff.uses import spelled as _spelled

__all__ = ["Listing"]

_LISTERS = frozenset({"dir", "getmembers", "getmembers_static"})


class Listing(Sight):
    """Finds `dir(x)` whose names are taken as they come."""

    def may_be_listed(self, call: ast.Call) -> bool:
        """Whether the name with which `getattr` is called here may come from a listing."""
        if not self._listings:
            return False
        around = self._outermost(call)
        if any(self._outermost(it) is around for it in self._listings):
            return True
        if isinstance(around, FUNCTIONS) and around.name == "__getattr__":
            # it is asked for what is not there, and documentation always is
            return "__getattr__" in self.facts.words and around in self._reached
        return around in self._reached

    @cached_property
    def _listings(self) -> list[ast.AST]:
        if not self.facts.words & _LISTERS:
            return []
        return [n for n in self.facts.nodes if self._lists(n) and not self._is_sorted_out(n)]

    def _lists(self, node: ast.AST) -> bool:
        """`dir`, `inspect.getmembers`: the builtin or an import, handed on or called."""
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            if self.word_of(node) not in _LISTERS:
                return False
            return self.scope_of(node).owner(node.id) is None or node.id in self.facts.origins
        return isinstance(node, ast.Attribute) and node.attr in _LISTERS

    def _is_sorted_out(self, node: ast.AST) -> bool:
        """Whether what it lists is only counted, searched for a name, or asked how it begins."""
        call = self.parents.get(node)
        if not isinstance(call, ast.Call) or call.func is not node:
            return False
        listed: ast.AST = call
        above = self.parents.get(listed)
        while isinstance(above, ast.Call) and _spelled(above.func) in {"sorted", "list", "set"}:
            listed, above = above, self.parents.get(above)
        match above:
            case ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[inner]):
                return inner is listed
            case ast.Call(func=ast.Name(id="len")):
                return True
            case ast.comprehension(target=target, ifs=[first, *_]):
                return _excludes(first, _first_name(target))
            case ast.For(target=target, body=[first, *rest]):
                return _starts_by_excluding(first, rest, _first_name(target))
            case _:
                return False

    def _outermost(self, node: ast.AST) -> ast.AST:
        """The method or function of the module around a node; the module for its own code."""
        found: ast.AST = self.facts.tree
        above: ast.AST | None = node
        while above is not None:
            if isinstance(above, FUNCTIONS):
                found = above
            above = self.parents.get(above)
        return found

    @cached_property
    def _reached(self) -> set[ast.AST]:
        """The code to which some names or attributes lead from a listing, either way."""
        pieces: dict[ast.AST, _Piece] = {}
        for node in self.facts.nodes:
            for outer in (self._outermost(node),) if isinstance(node, _NAMING) else ():
                pieces.setdefault(outer, _Piece(self._names_of(outer))).take(node)
        reached = {self._outermost(it) for it in self._listings}
        while True:
            given = {w for it in reached if it in pieces for w in pieces[it].words}
            known = {w for it in reached if it in pieces for w in pieces[it].kept}
            known |= {w for it in reached for w in self._names_of(it)}
            more = {
                outer
                for outer, piece in pieces.items()
                if outer not in reached and (piece.names & given or piece.words & known)
            }
            if not more:
                return reached
            reached |= more

    def _names_of(self, outer: ast.AST) -> set[str]:
        """By which names a function can be called: its own, or its class's if it is special."""
        if not isinstance(outer, FUNCTIONS):
            return set()
        above = self.parents.get(outer)
        if outer.name.startswith("__") and isinstance(above, ast.ClassDef):
            return {above.name} | {outer.name} - {"__init__"}
        return {outer.name}


class _Piece:
    """What a function mentions, what it keeps for others, and how it is called itself."""

    def __init__(self, names: set[str]) -> None:
        self.names = names
        self.words: set[str] = set()
        self.kept: set[str] = set()

    def take(self, node: ast.AST) -> None:
        word = _spelled(node)
        self.words.add(word)
        stored = not isinstance(getattr(node, "ctx", None), ast.Load)
        if stored and (isinstance(node, ast.Attribute) or not self.names):
            self.kept.add(word)


_NAMING = (ast.Name, ast.Attribute)


def _first_name(target: ast.expr) -> str:
    """The variable that holds the name, also of `for name, value in getmembers(x)`."""
    match target:
        case ast.Name(id=name) | ast.Tuple(elts=[ast.Name(id=name), *_]):
            return name
        case _:
            return ""


def _excludes(test: ast.expr, name: str) -> bool:
    """Whether a test is false of `__doc__`, for all that can be read from it."""
    match test:
        case ast.BoolOp(op=ast.And(), values=[first, *_]):
            return _excludes(first, name)
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return _covers(inner, name)
        case ast.Call(func=ast.Attribute(value=ast.Name(id=own), attr="isupper")):
            return own == name
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id=own), attr="startswith"),
            args=[ast.Constant(value=str(start))],
        ):
            return own == name and not "__doc__".startswith(start)
        case ast.Compare(
            left=ast.Subscript(value=ast.Name(id=own), slice=ast.Constant(value=0)),
            ops=[ast.NotEq()],
            comparators=[ast.Constant(value="_")],
        ):
            return own == name
        case ast.Compare(left=ast.Name(id=own), ops=[ast.In()]):
            return own == name  # of names that stand somewhere, or come from another listing
        case _:
            return False


def _covers(test: ast.expr, name: str) -> bool:
    """Whether a test is true of `__doc__`: `name.startswith("_")`."""
    match test:
        case ast.BoolOp(op=ast.Or(), values=[first, *_]):
            return _covers(first, name)
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id=own), attr="startswith"),
            args=[ast.Constant(value="_" | "__")],
        ):
            return own == name
        case ast.Compare(
            left=ast.Subscript(value=ast.Name(id=own), slice=ast.Constant(value=0)),
            ops=[ast.Eq()],
            comparators=[ast.Constant(value="_")],
        ):
            return own == name
        case _:
            return False


def _starts_by_excluding(first: ast.stmt, rest: list[ast.stmt], name: str) -> bool:
    match first:
        case ast.If(test=test, body=[ast.Continue() | ast.Break() | ast.Return()], orelse=[]):
            return _covers(test, name)
        case ast.If(test=test, orelse=[]) if not rest:
            return _excludes(test, name)
        case _:
            return False
