"""Whether a module may rebind its own globals, or the builtins, by other means than assignment.

Namespaces are told by the words that lead to them. What is only looked into changes nothing: each
use that is known to read is a row here, everything else counts as writing.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import cached_property

from monocyte.semdiff.scopes import COMPREHENSIONS, FUNCTIONS, Scope, inner_scope

__all__ = ["NAMESPACES", "rebinds_unseen"]

_NAMESPACE_ATTRIBUTES = frozenset({"__globals__", "f_globals", "f_builtins", "__builtins__"})
NAMESPACES = _NAMESPACE_ATTRIBUTES | {
    *("globals", "exec", "eval", "vars", "locals", "modules", "builtins", "__dict__")
}
"""Words that lead to a namespace; without any of them there is nothing to look at."""

_READING = frozenset({"get", "items", "keys", "values", "copy", "__contains__", "__getitem__"})
"""Methods of a namespace that change nothing."""

_TAKING = frozenset({"dict", "list", "set", "frozenset", "tuple", "sorted", "len", "bool", "repr"})
"""Builtins that copy what they are given, or look at it only."""

_LOOKING = frozenset({"getattr", "hasattr", "isinstance", "id", "repr", "type", "bool", "dir"})
"""Builtins that change nothing about an object."""

_TELLING = ("import builtins", "__builtins__", "globals(", "import __main__", "sys.modules")
"""What a string says that leads to a namespace when it is executed."""


_WAYS_TO_ITSELF = frozenset(
    {"modules", "__import__", "import_module", "importlib", "getmodule", "__main__", "gc"}
    | {"ModuleType", "builtins", "__builtins__", "__loader__", "__spec__", "pkgutil", "runpy"}
)
"""Words by which a module may get hold of itself, or of the builtins, as an object."""


def rebinds_unseen(
    scope: Scope, parents: Mapping[ast.AST, ast.AST], is_held: Callable[[], bool]
) -> bool:
    """Whether the module may rebind globals or builtins by other means than assignment.

    `is_held`: whether others may get hold of this very module, or of the builtins, as an object.
    """
    found = _Namespaces(scope, parents, is_held)
    return any(found.writes(node) for node in parents if isinstance(node, _NAMING))


_NAMING = (ast.Name, ast.Constant, ast.Attribute, ast.alias)


class _Namespaces:
    """Looks at every word of a module that leads to a namespace."""

    def __init__(
        self, scope: Scope, parents: Mapping[ast.AST, ast.AST], is_held: Callable[[], bool]
    ) -> None:
        self.is_held = is_held
        self.scope = scope
        self.parents = parents
        self.words = {_word(node) for node in parents}
        aliases = [n for n in parents if isinstance(n, ast.alias)]
        self.imported = {it.asname or it.name.partition(".")[0] for it in aliases}
        self.systems = {a.asname or "sys" for a in aliases if a.name == "sys"}

    def writes(self, node: ast.AST) -> bool:  # noqa: C901, PLR0911 - a table of words
        """Whether it leads to a namespace that is not only read."""
        match node:
            case ast.Name(id="exec" | "eval") if self.is_global(node):
                return not self.has_namespace(node)
            case ast.Constant(value=str(text)) if self.words & {"exec", "eval"}:
                documents = isinstance(self.parents[node], ast.Expr)
                return not documents and any(word in text for word in _TELLING)
            case ast.Name(id="globals") if self.is_global(node):
                return not self.is_call(node) or not self.is_read(self.parents[node])
            case ast.Name(id="vars" | "locals") if self.is_global(node):
                return self.is_of_module(node) and not self.is_read(self.parents[node])
            case ast.Name(id="builtins"):
                return not self.is_looked_at(node)
            case ast.Name(id="__builtins__") | ast.alias(name="__builtins__" | "modules"):
                return True
            case ast.alias(name="builtins"):
                return node.asname is not None
            case ast.Attribute(attr="__dict__", value=owner):
                return self.may_be_module(owner) and not self.is_read(node)
            case ast.Attribute(attr=attr) if attr in _NAMESPACE_ATTRIBUTES:
                return not self.is_read(node)
            case ast.Attribute(attr="modules", value=ast.Name(id=name)) if name in self.systems:
                return not self.is_module_looked_up(node)
        return False

    def is_global(self, node: ast.Name) -> bool:
        """Whether a name belongs to no function around it: then it is a global or a builtin."""
        below: ast.AST = node
        for above in self.around(node):
            if _is_inside(below, above):
                scope = inner_scope(above)
                owner = scope.owner(node.id)
                return owner is None or (owner is scope and scope.kind == "comprehension")
            below = above
        return True

    def is_call(self, node: ast.AST) -> bool:
        above = self.parents[node]
        return isinstance(above, ast.Call) and above.func is node

    def has_namespace(self, node: ast.AST) -> bool:
        """`exec(code, {…})`: names are bound there, and nowhere else."""
        call = self.parents[node]
        if not isinstance(call, ast.Call) or call.func is not node or len(call.args) < 2:
            return False
        return not any(isinstance(argument, ast.Starred) for argument in call.args)

    def is_of_module(self, node: ast.AST) -> bool:
        """`vars` and `locals`: of a module, if no function is around them or one is handed over."""
        call = self.parents[node]
        if not isinstance(call, ast.Call) or call.func is not node:
            return True
        if call.args or call.keywords:
            return self.may_be_module(call.args[0]) if call.args else True
        return not any(isinstance(n, (*FUNCTIONS, ast.Lambda)) for n in self.around(node))

    def may_be_module(self, owner: ast.expr) -> bool:
        """Whether it may be a module: an import, or something of which we know nothing.

        Of the latter only this module and the builtins count, and these have to be got hold of.
        """
        named = {n.id for n in ast.walk(owner) if isinstance(n, ast.Name)}
        if not named & self.imported and not self.is_reached:
            return False
        match owner:
            case ast.Name(id="self"):
                return "ModuleType" in self.words or not self.is_in_method(owner)
            case ast.Name():
                return not self.is_instance(owner)
        return True

    @cached_property
    def is_reached(self) -> bool:
        """Whether some code may get hold of this module, or of the builtins, as an object."""
        texts = (n.value for n in self.parents if isinstance(n, ast.Constant))
        said = {text for text in texts if isinstance(text, str) and text in _WAYS_TO_ITSELF}
        return bool(said or self.words & _WAYS_TO_ITSELF) or "*" in self.imported or self.is_held()

    def is_in_method(self, node: ast.AST) -> bool:
        functions = [n for n in self.around(node) if isinstance(n, FUNCTIONS)]
        return bool(functions) and isinstance(self.parents[functions[0]], ast.ClassDef)

    def is_instance(self, name: ast.Name) -> bool:
        """Whether whatever is called so here is a new object: `object.__new__(…)`, `Thing(…)`."""
        stores = [n for n in self.same(name) if not isinstance(getattr(n, "ctx", None), ast.Load)]
        return bool(stores) and all(_is_made(self.parents[n]) for n in stores)

    def same(self, name: ast.Name) -> list[ast.AST]:
        """Where a variable is mentioned: in its function, if that binds it, else anywhere."""
        inside: ast.AST = self.scope.node
        for above in self.around(name):
            if isinstance(above, FUNCTIONS) and name.id in inner_scope(above).bound:
                inside = above
                break
        return [n for n in ast.walk(inside) if name.id in _mentioned(n)]

    def around(self, node: ast.AST) -> list[ast.AST]:
        """What encloses a node, innermost first."""
        found = []
        while node in self.parents:
            node = self.parents[node]
            found.append(node)
        return found

    def is_module_looked_up(self, node: ast.AST) -> bool:
        """`sys.modules`: asked for a module, which is only looked at; or given one."""
        above = self.parents[node]
        match above:
            case ast.Subscript(value=value, ctx=ctx) if value is node:
                return not isinstance(ctx, ast.Load) or self.is_looked_at(above)
            case ast.Attribute(attr="get" | "pop" | "setdefault"):
                call = self.parents[above]
                return isinstance(call, ast.Call) and self.is_looked_at(call)
        return isinstance(above, ast.Compare)

    def is_looked_at(self, node: ast.AST) -> bool:
        """Whether an object is only asked for attributes, which leads to no change of them."""
        above = self.parents[node]
        match above:
            case ast.Attribute(attr="__dict__"):
                return self.is_read(above)
            case ast.Attribute(ctx=ast.Load()) | ast.Compare() | ast.If() | ast.Expr():
                return True
            case ast.Call(func=ast.Name(id=name), args=[first, *rest]) if first is node:
                names = {a.value for a in rest if isinstance(a, ast.Constant)}
                return name in _LOOKING and "__dict__" not in names
            case ast.Assign(targets=[ast.Name() as name]):
                return all(map(self.is_looked_at, self.reads(name)))
        return False

    def is_read(self, node: ast.AST) -> bool:
        """Whether a namespace is only read."""
        above = self.parents[node]
        match above:
            case ast.Attribute(attr=attr):
                return attr in _READING and self.is_call(above)
            case ast.Subscript(value=value, ctx=ast.Load()) if value is node:
                return True
            case ast.Call(func=func) if func is not node:
                copied = isinstance(func, ast.Attribute) and func.attr == "update"
                return copied or (isinstance(func, ast.Name) and func.id in _TAKING)
            case ast.Assign(targets=[ast.Name() as name]):
                return all(map(self.is_read, self.reads(name)))
            case ast.IfExp() | ast.BoolOp():
                return self.is_read(above)
            case ast.keyword(arg=None) | ast.comprehension() | ast.For() | ast.Compare():
                return True
        return False

    def reads(self, name: ast.Name) -> list[ast.AST]:
        """Where a variable is read; a declaration or an import of its name is taken for one."""
        return [
            n
            for n in self.same(name)
            if not isinstance(n, ast.arg) and not isinstance(getattr(n, "ctx", None), ast.Store)
        ]


def _is_inside(node: ast.AST, above: ast.AST) -> bool:
    """Whether a part of something with a scope belongs to that, and not to its header."""
    if isinstance(above, ast.Lambda):
        return node is above.body
    if isinstance(above, (*FUNCTIONS, ast.ClassDef)):
        return node in above.body
    return isinstance(above, COMPREHENSIONS)


def _mentioned(node: ast.AST) -> tuple[str, ...]:
    match node:
        case ast.Name(id=name) | ast.arg(arg=name):
            return (name,)
        case ast.alias():
            return (node.asname or node.name.partition(".")[0],)
        case ast.Global() | ast.Nonlocal():
            return tuple(node.names)
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return (name,)
    return ()


_MAKING = frozenset({"__new__", "copy", "local"})


def _is_made(node: ast.AST) -> bool:
    """An assignment of a new object."""
    match node:
        case ast.Assign(value=ast.Call(func=func)):
            word = _word(func)
            return word in _MAKING or word[:1].isupper()
    return False


def _word(node: ast.AST) -> str:
    match node:
        case ast.Name(id=word) | ast.Attribute(attr=word):
            return word
        case ast.alias(name=name):
            return name.rpartition(".")[2]
    return ""
