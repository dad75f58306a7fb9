"""Whose name is it? Every scope of a module and what each name in it is bound to. Pure.

The resolver follows the language reference; `disagreements` compares it with the compiler's own
symbol table. The diff asks that for every module it judges: a resolver that is wrong about a name
must end in UNKNOWN, never in SAME. Names are held mangled (`__x` in class C is `_C__x`).
"""

from __future__ import annotations

import ast
import builtins
import symtable
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

__all__ = ["BUILTINS", "Scope", "disagreements", "inner_scope", "resolve_module"]

BUILTINS = frozenset(dir(builtins)) - {"__doc__", "__name__", "__package__", "__spec__"}

Function = ast.FunctionDef | ast.AsyncFunctionDef
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_HANDLERS_FIRST = sys.version_info >= (3, 13)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Scope:
    """A block of names: module, class, function, lambda, comprehension, type parameters."""

    __slots__ = (
        *("kind", "node", "parent", "private", "depth", "bound", "params", "globals", "nonlocals"),
        *("used", "children", "deleted", "handled", "owners", "stored", "loaded"),
    )

    def __init__(self, kind: str, node: ast.AST, parent: Scope | None, private: str = "") -> None:
        self.kind = kind
        self.node = node
        self.parent = parent
        self.private = private
        self.depth: int = parent.depth + 1 if parent else 0
        self.bound: set[str] = set()
        self.params: list[str] = []
        self.globals: set[str] = set()
        self.nonlocals: set[str] = set()
        self.used: set[str] = set()
        self.deleted: set[str] = set()
        self.handled: dict[str, int] = {}
        self.children: list[Scope] = []
        self.owners: dict[str, Scope | None] = {}
        self.stored: dict[str, int] = {}
        self.loaded: dict[str, int] = {}
        if parent is not None:
            parent.children.append(self)

    @property
    def is_function(self) -> bool:
        """Whether names bound here are variables of a frame, hence nobody else's business."""
        return self.kind in {"function", "lambda", "comprehension", "typeparams"}

    def mangle(self, name: str) -> str:
        """The name as the compiler stores it: private names of a class carry the class."""
        if not self.private or not name.startswith("__") or name.endswith("__") or "." in name:
            return name
        stripped = self.private.lstrip("_")
        return f"_{stripped}{name}" if stripped else name

    def owner(self, name: str) -> Scope | None:
        """The scope that a (mangled) name read here belongs to; None means globals or builtins."""
        try:
            return self.owners[name]
        except KeyError:
            found = self.owners[name] = self._look(name)
            return found

    def _look(self, name: str) -> Scope | None:
        if name in self.globals:
            return None
        if name in self.bound and name not in self.nonlocals:
            return None if self.kind == "module" else self
        above = self.parent
        while above is not None:
            if above.is_function:
                if name in above.globals:
                    return None
                if name in above.bound and name not in above.nonlocals:
                    return above
            above = above.parent
        return None

    def within(self) -> Iterator[Scope]:
        """This scope and all below it."""
        yield self
        for child in self.children:
            yield from child.within()


def inner_scope(node: ast.AST) -> Scope:
    """The scope that a def, class, lambda or comprehension opens, as `resolve_module` put it."""
    scope: Scope = node.__dict__["scope"]
    return scope


def resolve_module(tree: ast.Module) -> Scope:
    """Resolve every name of a module; each node that opens a scope gets it as `node.scope`."""
    scope = Scope("module", tree, None)
    tree.__dict__["scope"] = scope
    _Resolver(scope).all(tree.body)
    return scope


class _Resolver:
    """Walks one scope; opens a further one of its kind for each scope inside."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def all(self, nodes: Iterable[ast.AST | None]) -> None:
        for node in nodes:
            if node is not None:
                self.visit(node)

    def visit(self, node: ast.AST) -> None:
        handler = _HANDLERS.get(node.__class__)
        if handler is not None:
            handler(self, node)
            return
        for name in node._fields:
            value = getattr(node, name, None)
            if value.__class__ is list:
                for child in value:
                    if isinstance(child, ast.AST) and child._fields:
                        self.visit(child)
            elif isinstance(value, ast.AST) and value._fields:
                self.visit(value)

    def bind(self, name: str) -> None:
        name = self.scope.mangle(name)
        self.scope.bound.add(name)
        self.scope.stored[name] = self.scope.stored.get(name, 0) + 1

    def name(self, node: ast.Name) -> None:
        name = self.scope.mangle(node.id)
        if isinstance(node.ctx, ast.Load):
            self.scope.used.add(name)
            self.scope.loaded[name] = self.scope.loaded.get(name, 0) + 1
            return
        self.bind(node.id)
        if isinstance(node.ctx, ast.Del):
            self.scope.deleted.add(name)

    def walrus(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        scope = self.scope
        while scope.kind == "comprehension" and scope.parent is not None:
            scope.used.add(scope.mangle(node.target.id))
            scope = scope.parent
        _Resolver(scope).bind(node.target.id)

    def declared_global(self, node: ast.Global) -> None:
        self.scope.globals.update(map(self.scope.mangle, node.names))

    def declared_nonlocal(self, node: ast.Nonlocal) -> None:
        self.scope.nonlocals.update(map(self.scope.mangle, node.names))

    def imported(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name != "*":
                self.bind(alias.asname or alias.name.partition(".")[0])

    def handler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self.bind(node.name)
            name = self.scope.mangle(node.name)
            self.scope.handled[name] = self.scope.handled.get(name, 0) + 1
        self.all([node.type, *node.body])

    def tried(self, node: ast.Try) -> None:
        """In the compiler's order, so that scopes are met as its table lists them."""
        late, later = (
            (node.handlers, node.orelse) if _HANDLERS_FIRST else (node.orelse, node.handlers)
        )
        self.all([*node.body, *late, *later, *node.finalbody])

    def captured(self, node: ast.MatchAs | ast.MatchStar) -> None:
        if node.name:
            self.bind(node.name)
        self.all(ast.iter_child_nodes(node))

    def captured_rest(self, node: ast.MatchMapping) -> None:
        if node.rest:
            self.bind(node.rest)
        self.all(ast.iter_child_nodes(node))

    def annotated(self, node: ast.AnnAssign) -> None:
        self.all([node.annotation, node.value, node.target])

    def yielded(self, node: ast.AST) -> None:
        """A `yield` makes its function a generator, reached or not."""
        self.scope.node.__dict__["generator"] = True
        self.all(ast.iter_child_nodes(node))

    def function(self, node: Function) -> None:
        self.bind(node.name)
        self.all([*node.decorator_list, *_defaults(node.args)])
        header = self.type_parameters(node)
        header.all([*_annotations(node.args), node.returns])
        body = header.open("function", node)
        body.parameters(node.args)
        body.all(node.body)

    def lambda_(self, node: ast.Lambda) -> None:
        self.all(_defaults(node.args))
        body = self.open("lambda", node)
        body.parameters(node.args)
        body.visit(node.body)

    def class_(self, node: ast.ClassDef) -> None:
        self.bind(node.name)
        self.all(node.decorator_list)
        header = self.type_parameters(node)
        header.all([*node.bases, *node.keywords])
        header.open("class", node, private=node.name).all(node.body)

    def type_parameters(self, node: ast.AST) -> _Resolver:
        """Python 3.12: `def f[T]` has a scope between the outer one and its own."""
        parameters: list[ast.AST] = getattr(node, "type_params", [])
        if not parameters:
            return self
        between = Scope("typeparams", node, self.scope, self.scope.private)
        node.__dict__["header"] = between
        walker = _Resolver(between)
        for parameter in parameters:
            walker.bind(parameter.name)  # type: ignore[attr-defined]
        walker.all(child for p in parameters for child in ast.iter_child_nodes(p))
        return walker

    def type_alias(self, node: ast.AST) -> None:
        self.visit(node.name)  # type: ignore[attr-defined]
        walker = self.type_parameters(node)
        walker.visit(node.value)  # type: ignore[attr-defined]

    def comprehension(self, node: Comprehension) -> None:
        first, *rest = node.generators
        self.visit(first.iter)
        inner = self.open("comprehension", node)
        inner.all([first.target, *first.ifs, *rest])
        if isinstance(node, ast.DictComp):
            inner.all([node.key, node.value])
        else:
            inner.visit(node.elt)

    def open(self, kind: str, node: ast.AST, private: str = "") -> _Resolver:
        scope = Scope(kind, node, self.scope, private or self.scope.private)
        node.__dict__["scope"] = scope
        return _Resolver(scope)

    def parameters(self, arguments: ast.arguments) -> None:
        for argument in _parameters(arguments):
            self.bind(argument.arg)
            self.scope.params.append(self.scope.mangle(argument.arg))


_HANDLERS: dict[type[ast.AST], Callable[[_Resolver, Any], None]] = {
    ast.Name: _Resolver.name,
    ast.NamedExpr: _Resolver.walrus,
    ast.Global: _Resolver.declared_global,
    ast.Nonlocal: _Resolver.declared_nonlocal,
    ast.Import: _Resolver.imported,
    ast.ImportFrom: _Resolver.imported,
    ast.ExceptHandler: _Resolver.handler,
    ast.Yield: _Resolver.yielded,
    ast.YieldFrom: _Resolver.yielded,
    ast.Try: _Resolver.tried,
    ast.TryStar: _Resolver.tried,
    ast.MatchAs: _Resolver.captured,
    ast.MatchStar: _Resolver.captured,
    ast.MatchMapping: _Resolver.captured_rest,
    ast.AnnAssign: _Resolver.annotated,
    ast.FunctionDef: _Resolver.function,
    ast.AsyncFunctionDef: _Resolver.function,
    ast.Lambda: _Resolver.lambda_,
    ast.ClassDef: _Resolver.class_,
    **dict.fromkeys(COMPREHENSIONS, _Resolver.comprehension),
    **({ast.TypeAlias: _Resolver.type_alias} if hasattr(ast, "TypeAlias") else {}),
}


def _parameters(arguments: ast.arguments) -> list[ast.arg]:
    starred = [a for a in (arguments.vararg, arguments.kwarg) if a is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *starred]


def _annotations(arguments: ast.arguments) -> Iterator[ast.expr | None]:
    return (argument.annotation for argument in _parameters(arguments))


def _defaults(arguments: ast.arguments) -> list[ast.expr | None]:
    return [*arguments.defaults, *arguments.kw_defaults]


# -- the compiler's opinion -----------------------------------------------------------------------

_COMPILERS_OWN = {"__class__", "__classdict__", "__type_params__", "__conditional_annotations__"}
_KINDS = {"module": "module", "class": "class", "function": "function"}


def disagreements(scope: Scope, table: symtable.SymbolTable) -> Iterator[str]:
    """Where the resolver and the compiler's symbol table differ, each as a sentence."""
    ours = _plain(scope.children)
    theirs = list(_plain_tables(table))
    if [_tabled(s) for s in ours] != [t.get_name() for t in theirs]:
        yield f"scopes inside {table.get_name()!r} (line {table.get_lineno()}) differ"
        return
    inlined = _inlined(scope)
    for symbol in table.get_symbols():
        if symbol.get_name() not in inlined:
            yield from _disagreement(scope, symbol, table)
    for inner, their in zip(ours, theirs, strict=True):
        yield from disagreements(inner, their)


def _disagreement(
    scope: Scope, symbol: symtable.Symbol, table: symtable.SymbolTable
) -> Iterator[str]:
    name = symbol.get_name()
    if name.startswith(".") or name in _COMPILERS_OWN:
        return
    owner = scope.owner(name)
    if scope.kind == "module":
        agreed = True
    elif symbol.is_free():
        agreed = owner is not None and owner is not scope
    elif symbol.is_local() and not symbol.is_declared_global():
        agreed = owner is scope
    else:
        agreed = owner is None
    if not agreed:
        place = f"{table.get_name()!r} (line {table.get_lineno()})"
        yield f"{name!r} in {place} is resolved differently"


_INLINES = sys.version_info >= (3, 12)
"""Since PEP 709 no table shows every comprehension; none shows type parameters alike."""

_HIDDEN = {"typeparams", "comprehension"} if _INLINES else {"typeparams"}


def _plain(scopes: list[Scope]) -> list[Scope]:
    """The scopes that this Python's table shows under a name; through the others we look."""
    return [
        found
        for scope in scopes
        for found in (_plain(scope.children) if scope.kind in _HIDDEN else [scope])
    ]


def _inlined(scope: Scope) -> set[str]:
    """Names of comprehensions that the compiler may have moved into the scope around them."""
    hidden = [child for child in scope.children if child.kind in _HIDDEN]
    return {name for child in hidden for name in (child.bound | _inlined(child))}


def _plain_tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    for child in table.get_children():
        kind = str(getattr(child.get_type(), "value", child.get_type()))
        if kind in _KINDS and not (_INLINES and child.get_name().strip("<>") in _COMPREHENDED):
            yield child
        else:
            yield from _plain_tables(child)


_COMPREHENSION_NAMES: dict[type[ast.AST], str] = {
    ast.ListComp: "listcomp",
    ast.SetComp: "setcomp",
    ast.DictComp: "dictcomp",
    ast.GeneratorExp: "genexpr",
}
_COMPREHENDED = set(_COMPREHENSION_NAMES.values())


def _tabled(scope: Scope) -> str:
    node = scope.node
    if isinstance(node, ast.Lambda):
        return "lambda"
    return _COMPREHENSION_NAMES.get(type(node)) or str(getattr(node, "name", ""))
