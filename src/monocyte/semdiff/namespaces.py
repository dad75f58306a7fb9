"""Who goes through the names of a module or a class, in their order. Pure."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from monocyte.semdiff.normal.channels import Channel
from monocyte.semdiff.readers import Reader
from monocyte.semdiff.sight import Sight
from monocyte.semdiff.uses import spelled as _spelled

__all__ = ["Namespaces"]

C = Channel


class Namespaces(Sight):
    """Finds readers of `globals()`, `vars()`, `__dict__`."""

    def namespace(self, node: ast.Attribute | ast.Name) -> Iterator[Reader]:
        """`globals()`, `vars()`, `__dict__`: only going through them shows an order."""
        used: ast.AST = node
        if not self.is_builtin_word(node):
            return
        if isinstance(node, ast.Name):
            call = self.parents.get(node)
            if not isinstance(call, ast.Call) or call.func is not node:
                yield Reader(C.ORDER, node.id, node.lineno)
                yield Reader(C.NAMES, node.id, node.lineno)
                return
            if node.id in {"locals", "vars"} and not call.args and self.scope_of(node).is_function:
                return  # a frame's variables: their names and order are kept where this stands
            used = call
        if isinstance(node, ast.Attribute) and self._is_instance(node.value):
            return
        if not self._is_looked_up(used) and not self._is_of_arguments(used):
            yield Reader(C.ORDER, _spelled(node), node.lineno, self._whose(used))

    def _is_of_arguments(self, used: ast.AST) -> bool:
        """`vars(parser.parse_args())`, directly or by a variable: an object of what was asked."""
        match used:
            case ast.Call(args=[ast.Name(id=name)]):
                stores = (
                    self.parents.get(n)
                    for n in self.facts.nodes
                    if (isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store))
                    or (isinstance(n, ast.arg) and n.arg == name)
                )
                values = [getattr(it, "value", None) for it in stores]
                return bool(values) and all(map(_parses, values))
            case ast.Call(args=[value]):
                return _parses(value)
            case _:
                return False

    def _whose(self, used: ast.AST) -> str:
        """Of `vars(name)` or `name.__dict__` of an import, whose name that is; or anybody's."""
        match used:
            case ast.Call(args=[ast.Name() | ast.Attribute() as owner]):
                return self.imported(owner)
            case ast.Attribute(value=ast.Name() | ast.Attribute() as owner):
                return self.imported(owner)
            case _:
                return ""

    def is_builtin_word(self, node: ast.Attribute | ast.Name) -> bool:
        """Whether it is the builtin (or `__dict__`), and no variable or attribute of that name."""
        if isinstance(node, ast.Attribute):
            return node.attr == "__dict__" or "builtins" in _spelled(node.value)
        scope = self.scope_of(node)
        return scope.owner(node.id) is None and node.id not in self.facts.scope.bound

    def _is_instance(self, node: ast.AST) -> bool:
        """`self.__dict__` in a class that is no metaclass: an instance's attributes."""
        if not isinstance(node, ast.Name) or node.id != "self":
            return False
        above = self.parents.get(node)
        while above is not None and not isinstance(above, ast.ClassDef):
            above = self.parents.get(above)
        return above is not None and not any(
            isinstance(n, ast.Name | ast.Attribute)
            and _spelled(n).lower().endswith(("type", "meta"))
            for base in above.bases
            for n in ast.walk(base)
        )

    def _is_looked_up(self, node: ast.AST) -> bool:
        """Whether names are looked up in it, or all are taken, whatever their order."""
        parent = self.parents.get(node)
        match parent:
            case (
                ast.Subscript(value=inner)
                | ast.BinOp(op=ast.Mod(), right=inner, left=ast.Constant(value=str()))
            ):
                return inner is node
            case ast.Attribute(attr="get" | "setdefault" | "pop" | "update" | "__contains__"):
                return True
            case ast.Attribute(attr="items" | "keys"):
                call = self.parents.get(parent)
                return isinstance(call, ast.Call) and self._is_sorted(call)
            case ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[inner]):
                return inner is node
            case ast.Compare(ops=[ast.Eq() | ast.NotEq()]):
                return True
            case ast.keyword(arg=None):
                call = self.parents.get(parent)
                return isinstance(call, ast.Call) and _formats(call)
            case _:
                return self._is_sorted(node)

    def _is_sorted(self, node: ast.AST) -> bool:
        """`sorted(x)`, `set(x)`: no order is left; `exec(…, x)` looks up."""
        match self.parents.get(node):
            case ast.Call(func=ast.Name(id="eval" | "exec")):
                return True
            case ast.Call(func=ast.Name(id="sorted" | "set" | "frozenset" | "len"), keywords=[]):
                return True
            case _:
                return False


def _formats(call: ast.Call) -> bool:
    """`"{name}".format(…)`."""
    func = call.func
    return (
        isinstance(func, ast.Attribute)
        and func.attr == "format"
        and isinstance(func.value, ast.Constant)
    )


def _parses(value: ast.AST | None) -> bool:
    """`parser.parse_args(…)`."""
    return isinstance(value, ast.Call) and _spelled(value.func) == "parse_args"
