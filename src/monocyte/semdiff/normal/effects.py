"""What a statement of a module or class touches when executed, so that order can be judged.

A statement is *inert* when executing it only reads names and binds names. Two statements may swap
places when they touch nothing in conflicting ways. Everything not recognised here is effectful, and
keeps its place among all that could notice.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from monocyte.semdiff.normal.facts import ModuleFacts
from monocyte.semdiff.scopes import FUNCTIONS, Scope, inner_scope

__all__ = [
    "OUTSIDE",
    "PURE_CALLS",
    "PURE_DECORATORS",
    "Effects",
    "effects_of",
    "mentions",
    "reach_of",
]

OUTSIDE = "!outside"
"""A pseudo-name: what lies behind imported modules, which any effectful statement may change."""

PURE_CALLS = frozenset(
    {
        *("logging.getLogger", "re.compile", "struct.Struct", "typing.TypeVar", "typing.NewType"),
        *("typing.ParamSpec", "typing.TypeVarTuple", "collections.namedtuple", "object"),
        *("threading.Lock", "threading.RLock", "threading.local", "decimal.Decimal"),
        *("datetime.timedelta", "operator.attrgetter", "operator.itemgetter", "pathlib.Path"),
    }
)
"""Constructors that touch nothing but their arguments; called with inert arguments only."""

PURE_DECORATORS = frozenset(
    {
        *("staticmethod", "classmethod", "property", "functools.wraps", "functools.lru_cache"),
        *("functools.cache", "functools.cached_property", "functools.total_ordering"),
        *("contextlib.contextmanager", "contextlib.asynccontextmanager", "abc.abstractmethod"),
        *("typing.overload", "typing.final", "typing.runtime_checkable", "typing.no_type_check"),
        *("dataclasses.dataclass", "enum.unique", "types.coroutine"),
    }
)
"""Decorators that look at the function alone, and neither call nor remember it elsewhere."""

PLAIN_BASES = frozenset({"object", "abc.ABC", "typing.Generic", "typing.Protocol"})


@dataclass(slots=True)
class Effects:
    """What one statement touches: names read and bound, and whether it may do anything else."""

    reads: set[str] = field(default_factory=set)
    binds: set[str] = field(default_factory=set)
    inert: bool = True

    def add(self, other: Effects) -> None:
        """Join what another part of the same statement touches."""
        self.reads |= other.reads
        self.binds |= other.binds
        self.inert = self.inert and other.inert


EFFECTFUL = Effects(inert=False)


def effects_of(node: ast.stmt, facts: ModuleFacts, scope: Scope) -> Effects:
    """What executing a statement of a module's or class's body touches."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            found = _function(node, facts, scope)
        case ast.ClassDef():
            found = _class(node, facts, scope)
        case ast.Assign():
            found = _assigned(node.targets, node.value, facts, scope)
        case ast.AnnAssign(simple=1):
            found = _inert([node.value], facts, scope)
            found.add(_annotated([node.annotation], facts, scope))
            found.binds = {*_bound(node.target), "!annotations"}
        case ast.Import() | ast.ImportFrom():
            found = Effects()  # its bindings are the importer's business, see imports.py
        case ast.Global() | ast.Nonlocal() | ast.Pass():
            found = Effects()
        case ast.If():
            found = _branches(node, facts, scope)
        case _:
            found = Effects(inert=False)
    if not found.inert:
        found.reads |= mentions(node)
        found.binds |= {n.id for n in ast.walk(node) if _is_store(n)}  # type: ignore[attr-defined]
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            found.binds.add(node.name)
    return found


def _is_store(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)


def _bound(target: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(target) if isinstance(n, ast.Name)}


def _assigned(
    targets: Iterable[ast.expr], value: ast.expr, facts: ModuleFacts, scope: Scope
) -> Effects:
    found = _inert([value], facts, scope)
    for target in targets:
        if isinstance(target, ast.Name):
            found.binds.add(target.id)
        else:
            found.inert = False
    return found


def _branches(node: ast.If, facts: ModuleFacts, scope: Scope) -> Effects:
    found = _inert([node.test], facts, scope) if _is_flag(node.test) else Effects(inert=False)
    for statement in (*node.body, *node.orelse):
        inner = effects_of(statement, facts, scope)
        if isinstance(statement, ast.Import | ast.ImportFrom):
            inner = Effects(inert=False)
        found.add(inner)
    return found


def _is_flag(test: ast.expr) -> bool:
    """`TYPE_CHECKING`: a name whose truth runs no code of ours is enough here."""
    return isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"


def _function(
    node: ast.FunctionDef | ast.AsyncFunctionDef, facts: ModuleFacts, scope: Scope
) -> Effects:
    found = _decorators(node.decorator_list, facts, scope)
    found.add(_inert([*node.args.defaults, *node.args.kw_defaults], facts, scope))
    if not facts.lazy_annotations:
        every = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
        starred = (node.args.vararg, node.args.kwarg)
        annotations = [a.annotation for a in (*every, *starred) if a is not None]
        found.add(_annotated([*annotations, node.returns], facts, scope))
    if "header" in node.__dict__:
        found.inert = False
    found.binds.add(node.name)
    return found


def _decorators(nodes: Iterable[ast.expr], facts: ModuleFacts, scope: Scope) -> Effects:
    found = Effects()
    for node in nodes:
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr="setter" | "getter" | "deleter") if (
                name in scope.bound and scope.kind == "class"
            ):
                found.reads.add(name)
            case ast.Call(func=called, args=args, keywords=keywords) if (
                facts.dotted(called, scope) in PURE_DECORATORS
            ):
                found.add(_inert([called, *args, *(k.value for k in keywords)], facts, scope))
            case ast.Name() | ast.Attribute() if facts.dotted(node, scope) in PURE_DECORATORS:
                found.add(_inert([node], facts, scope))
            case _:
                return Effects(inert=False)
    return found


def is_plain_class(node: ast.ClassDef, facts: ModuleFacts, scope: Scope) -> bool:
    """Whether creating the class runs nobody's code: known bases, no metaclass, pure decorators."""
    return (
        not node.keywords
        and "header" not in node.__dict__
        and all(_is_plain_base(base, facts, scope) for base in node.bases)
        and _decorators(node.decorator_list, facts, scope).inert
        and not any(
            isinstance(s, FUNCTIONS) and s.name in {"__init_subclass__", "__set_name__"}
            for s in node.body
        )
    )


def _is_plain_base(base: ast.expr, facts: ModuleFacts, scope: Scope) -> bool:
    if isinstance(base, ast.Subscript):
        base = base.value
    origin = facts.dotted(base, scope)
    if origin is not None:
        return origin in PLAIN_BASES or origin in _BUILTIN_TYPES
    if not isinstance(base, ast.Name) or facts.scope.stored.get(base.id) != 1:
        return False
    return any(
        isinstance(s, ast.ClassDef) and s.name == base.id and is_plain_class(s, facts, facts.scope)
        for s in facts.body
    )


_BUILTIN_TYPES = frozenset(n for n, v in vars(builtins).items() if isinstance(v, type))


def _class(node: ast.ClassDef, facts: ModuleFacts, scope: Scope) -> Effects:
    if not is_plain_class(node, facts, scope):
        return Effects(inert=False)
    found = _decorators(node.decorator_list, facts, scope)
    found.add(_inert(node.bases, facts, scope))
    inner = inner_scope(node)
    for statement in node.body:
        found.add(effects_of(statement, facts, inner))
        if isinstance(statement, ast.Import | ast.ImportFrom):
            found.inert = False
    found.binds = {node.name}
    return found


def _inert(nodes: Iterable[ast.expr | None], facts: ModuleFacts, scope: Scope) -> Effects:
    """Reads of expressions that run nobody's code; effectful if one of them may."""
    found = Effects()
    for node in nodes:
        if node is not None:
            found.inert = _is_inert(node, facts, scope) and found.inert
            found.reads |= mentions(node)
            if any(isinstance(n, ast.Attribute | ast.Call | ast.Subscript) for n in ast.walk(node)):
                found.reads.add(OUTSIDE)
    return found


_ANNOTATION_PARTS = (
    *(ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.Tuple, ast.List, ast.BinOp),
    *(ast.BitOr, ast.expr_context),
)


def _annotated(nodes: Iterable[ast.expr | None], facts: ModuleFacts, scope: Scope) -> Effects:
    """Annotations: subscripting types and joining them by `|` is taken to run nobody's code."""
    found = Effects()
    for node in nodes:
        if node is not None:
            found.inert = found.inert and all(
                isinstance(part, _ANNOTATION_PARTS) for part in ast.walk(node)
            )
            found.inert = found.inert and not _looks_into_own(node, facts, scope)
            found.reads |= mentions(node)
    return found


def _looks_into_own(node: ast.expr, facts: ModuleFacts, scope: Scope) -> bool:
    """Whether a subscript, attribute or `|` of something made in sight may run its methods."""
    for part in ast.walk(node):
        if not isinstance(part, ast.Attribute | ast.Subscript | ast.BinOp):
            continue
        plain = facts.asks_module(part) if isinstance(part, ast.Attribute) else None
        if plain is not None:
            if not plain:
                return True
            continue
        for name in mentions(part):
            own = name in facts.scope.bound or name in scope.bound
            if own and (facts.is_dynamic_root(name)):
                return True
    return False


def _is_inert(  # noqa: C901, PLR0911 - one case for each kind of expression
    node: ast.expr, facts: ModuleFacts, scope: Scope
) -> bool:
    def all_inert(nodes: Iterable[ast.expr | None]) -> bool:
        return all(n is None or _is_inert(n, facts, scope) for n in nodes)

    match node:
        case ast.Constant():
            return True
        case ast.Name():
            return scope.owner(node.id) is not None or _is_known(node.id, facts, scope)
        case ast.Tuple() | ast.List():
            return all_inert(node.elts)
        case ast.Set():
            return all(isinstance(e, ast.Constant) for e in node.elts)
        case ast.Dict():
            return all(isinstance(k, ast.Constant) for k in node.keys) and all_inert(node.values)
        case ast.Lambda():
            return all_inert([*node.args.defaults, *node.args.kw_defaults])
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _is_number(operand)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult(), right=right):
            return _is_number(left) and _is_number(right)
        case ast.Attribute():
            return facts.dotted(node, scope) is not None
        case ast.Subscript(value=value, slice=inner):
            origin = facts.dotted(value, scope) or ""
            known = origin.startswith(("typing.", "collections.abc.")) or origin in _BUILTIN_TYPES
            return known and all_inert([inner])
        case ast.Call(func=called, args=args, keywords=keywords):
            pure = facts.dotted(called, scope) in PURE_CALLS
            return pure and all_inert([*args, *(k.value for k in keywords)])
        case _:
            return False


def _is_known(name: str, facts: ModuleFacts, scope: Scope) -> bool:
    """Whether a global name is bound by somebody: reading another one raises."""
    bound = name in facts.scope.bound or name in scope.bound
    return bound or facts.is_builtin(name, scope)


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in {int, float}


def mentions(node: ast.AST) -> set[str]:
    """Every name that occurs in a piece of code, read or bound."""
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def reach_of(statements: Iterable[tuple[ast.stmt, Effects]]) -> set[str]:
    """The names that effectful statements may read, through everything they mention."""
    listed = list(statements)
    bodies: dict[str, set[str]] = {}
    for statement, effects in listed:
        for name in effects.binds:
            bodies.setdefault(name, set()).update(mentions(statement))
    reached = {OUTSIDE}
    todo = [name for _, effects in listed if not effects.inert for name in effects.reads]
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo.extend(bodies.get(name, ()))
    return reached


def imported_names(nodes: Iterable[ast.stmt]) -> Iterator[str]:
    """The names that imports among these statements bind."""
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from (a.asname or a.name.partition(".")[0] for a in node.names)
