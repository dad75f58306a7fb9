"""Who looks at documentation, whose, and whether that goes anywhere. Pure."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from monocyte.semdiff.normal.channels import Channel
from monocyte.semdiff.readers import Reader
from monocyte.semdiff.scopes import FUNCTIONS
from monocyte.semdiff.sight import Sight
from monocyte.semdiff.uses import spelled as _spelled

__all__ = ["Documentation"]

C = Channel


class Documentation(Sight):
    """Finds readers of `__doc__`."""

    def doc(self, node: ast.Attribute | ast.Name) -> Iterator[Reader]:
        """`__doc__`: whose is it, and does it go anywhere but into another `__doc__`?"""
        line = node.lineno
        yield Reader(C.DOCUMENTED, "__doc__", line)
        if self.is_copied(node):
            return
        if isinstance(node, ast.Name):
            yield Reader(C.DOCS, "__doc__", line, self._around(node))
            return
        owner = node.value
        if _is_own_class(owner):
            yield Reader(C.DOCS, "__doc__", line, "<classes>")
        elif isinstance(owner, ast.Name) and self.is_definition(owner.id):
            yield Reader(C.DOCS, "__doc__", line, owner.id)
        elif isinstance(owner, ast.Name) and self._is_inner(owner):
            yield Reader(C.DOCS, "__doc__", line, self.home(node).name)
        else:
            mark = self.imported(owner) if isinstance(owner, ast.Name | ast.Attribute) else ""
            yield Reader(C.DOCS, "__doc__", line, mark)

    def _is_inner(self, name: ast.Name) -> bool:
        """Whether a name is that of a function or class defined inside the same function, bare."""
        owner = self.scope_of(name).owner(name.id)
        return (
            owner is not None
            and owner.is_function
            and owner.stored.get(name.id) == 1
            and any(
                isinstance(n, (*FUNCTIONS, ast.ClassDef))
                and n.name == name.id
                and not n.decorator_list
                and self.scope_of(n) is owner
                for n in self.facts.nodes
            )
        )

    def _around(self, node: ast.AST) -> str:
        """A bare `__doc__` is the module's; in a class body the class's."""
        above = self.parents.get(node)
        while above is not None and not isinstance(above, (*FUNCTIONS, ast.ClassDef, ast.Lambda)):
            above = self.parents.get(above)
        return "<classes>" if isinstance(above, ast.ClassDef) else "<module>"

    def is_copied(self, node: ast.AST) -> bool:
        """Documentation that only becomes documentation, or is only asked whether it is there."""
        above = self.parents.get(node)
        while above is not None:
            match above:
                case ast.Assign(targets=targets):
                    return all(_is_doc(target) for target in targets)
                case ast.keyword() | ast.Call() if self._documents_property(node, above):
                    return True
                case ast.If() | ast.IfExp() if above.test is node:
                    return True
                case (
                    ast.Compare(comparators=[ast.Constant(value=None)]) | ast.UnaryOp(op=ast.Not())
                ):
                    return True
                case ast.BoolOp() | ast.IfExp() | ast.BinOp(op=ast.Add()):
                    pass
                case ast.JoinedStr() | ast.FormattedValue():
                    pass
                case ast.Attribute(attr=name) if name in _DOC_METHODS:
                    pass
                case ast.Call(func=func) if func is node or _spelled(func) in _DOC_FUNCTIONS:
                    pass
                case _:
                    return False
            node, above = above, self.parents.get(above)
        return False

    def _documents_property(self, node: ast.AST, above: ast.keyword | ast.Call) -> bool:
        """`property(get, doc=…)`, the builtin: what it is given becomes its documentation."""
        call = self.parents.get(above) if isinstance(above, ast.keyword) else above
        match call:
            case ast.Call(func=ast.Name(id="property"), args=args):
                given = isinstance(above, ast.keyword) and above.arg == "doc"
                given = given or (len(args) == 4 and args[3] is node)
                return given and self.facts.is_builtin("property", self.scope_of(call))
            case _:
                return False

    def is_looked_up_doc(self, node: ast.expr) -> bool:
        """`x.__doc__ = getattr(f, "__doc__", None)`, or a key of a class's namespace."""
        parent = self.parents.get(node)
        if isinstance(parent, ast.Dict):
            return node in parent.keys
        if isinstance(parent, ast.List | ast.Tuple):
            return self._is_export(parent)
        if isinstance(parent, ast.Subscript):
            return not isinstance(parent.ctx, ast.Load)
        return (
            isinstance(parent, ast.Call)
            and _spelled(parent.func) == "getattr"
            and self.is_copied(parent)
        )

    def _is_export(self, node: ast.AST) -> bool:
        """A name in `__all__`."""
        parent = self.parents.get(node)
        return isinstance(parent, ast.Assign) and _spelled(parent.targets[0]) == "__all__"


def _is_own_class(node: ast.expr) -> bool:
    """`self`, `cls`, `type(self)`, `self.__class__`."""
    match node:
        case ast.Name(id="self" | "cls"):
            return True
        case ast.Call(func=ast.Name(id="type"), args=[ast.Name(id="self")]):
            return True
        case ast.Attribute(value=ast.Name(id="self"), attr="__class__"):
            return True
        case _:
            return False


_DOC_METHODS = frozenset({"strip", "rstrip", "lstrip", "replace", "expandtabs"})
_DOC_FUNCTIONS = frozenset({"dedent", "cleandoc"})


def _is_doc(target: ast.expr) -> bool:
    if isinstance(target, ast.Subscript):
        return isinstance(target.slice, ast.Constant) and target.slice.value == "__doc__"
    return _spelled(target) == "__doc__"
