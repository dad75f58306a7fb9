"""Where rules are enforced: every `RULE.require(…)` and `RULE.refuse(…)` in the file of a cell.

Read from the source and never executed. What is seen is a rule that is called by its name. A rule
that is renamed, passed on or looped over is seen when it is asked, and reported as `uses` until
then. Scenarios, decisions and runbooks enforce nothing: what stands in them is passed over.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any, NamedTuple

from monocyte.cell import Manifest, Rule
from monocyte.literate.trees import tree_of

__all__ = ["Guard", "Place", "Reading", "Site", "read_sites"]

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
LOOPS = (ast.For, ast.AsyncFor, ast.While)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
METHODS = ("require", "refuse")


class Place(NamedTuple):
    """Where a call ends: unlike where it starts, this is its own, even in `f(a).require(b)(c)`.

    The line counts from 1, the column in bytes from 0: as a running frame has them.
    """

    line: int
    column: int


class Guard(NamedTuple):
    """What decides whether a `refuse` is reached.

    Who has been on a line of `test` and then goes on outside of it and of `branch`, or returns,
    has not been refused. An empty `test` is the whole function, which may return before.
    """

    test: frozenset[int]
    branch: frozenset[int]


class Site(NamedTuple):
    """A call that enforces a rule; `variable` is what the rule is called in its file."""

    rule: str
    variable: str
    method: str
    function: str
    file: str
    line: int
    column: int
    end: Place
    guard: Guard | None = None
    """Of a `refuse`; None if nothing decides, and everybody who comes there is refused."""

    @property
    def where(self) -> str:
        """file:line."""
        return f"{self.file}:{self.line}"

    @property
    def both(self) -> bool:
        """Whether it can be held at all, and not refused only."""
        return self.method == "require" or self.guard is not None


class Reading(NamedTuple):
    """What the file of a cell says about its rules."""

    sites: tuple[Site, ...]
    uses: Mapping[str, tuple[int, ...]]
    """By rule, the lines where it is used in a way that cannot be followed: renamed, passed on."""
    entrances: Mapping[str, tuple[str, ...]]
    """By function, the messages (or timers) that lead there."""


def read_sites(manifest: Manifest) -> Reading:
    """Read the file of a cell; nothing if it is gone."""
    tree = tree_of(manifest.file)
    if tree is None:
        return Reading((), {}, {})
    reader = _Reader(manifest)
    reader.read(tree)
    return reader.reading(tree)


class _Scope(NamedTuple):
    """What surrounds a node: its function, the names that are local there, what guards it."""

    function: str = ""
    local: frozenset[str] = frozenset()
    guard: Guard | None = None


class _Reader:
    """Walks one file; on a stack of its own: expressions may nest deeper than Python recurses."""

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        self.namespace: dict[str, Any] = vars(sys.modules[manifest.module])
        self.proofs = {
            it.__code__.co_name
            for it in (
                *(scenario.function for scenario in manifest.scenarios),
                *(decision.function for decision in manifest.decisions),
                *(runbook.function for runbook in manifest.runbooks.values()),
            )
        }
        self.sites: list[Site] = []
        self.uses: dict[str, list[int]] = {}

    def reading(self, tree: ast.Module) -> Reading:
        """What was found, in the order of the file."""
        sites = tuple(sorted(self.sites, key=lambda it: (it.line, it.column)))
        uses = {rule: tuple(sorted(lines)) for rule, lines in self.uses.items()}
        return Reading(sites, uses, _entrances(self.manifest, tree))

    def read(self, tree: ast.Module) -> None:
        """Find every call of a rule, and every other use."""
        ahead: list[tuple[ast.AST, _Scope]] = [(it, _Scope()) for it in tree.body]
        while ahead:
            node, scope = ahead.pop()
            if isinstance(node, FUNCTIONS) and not scope.function and node.name in self.proofs:
                continue
            if isinstance(node, ast.Call) and self._call(node, scope):
                inside = [*node.args, *node.keywords]
                ahead += [(child, scope) for child in inside]
                continue
            if scope.function and (rule := self._rule(node, scope)) is not None:
                self.uses.setdefault(rule.id, []).append(getattr(node, "lineno", 0))
                continue
            ahead += _inside(node, scope)

    def _call(self, node: ast.Call, scope: _Scope) -> bool:
        """Whether the call enforces a rule; it is noted then."""
        called = node.func
        if not scope.function or not isinstance(called, ast.Attribute):
            return False
        rule = self._rule(called.value, scope)
        if rule is None or called.attr not in METHODS:
            return False
        self.sites.append(
            Site(
                *(rule.id, ast.unparse(called.value), called.attr, scope.function),
                *(self.manifest.file, node.lineno, node.col_offset),
                Place(node.end_lineno or 0, node.end_col_offset or 0),
                scope.guard if called.attr == "refuse" else None,
            )
        )
        return True

    def _rule(self, node: ast.AST, scope: _Scope) -> Rule | None:
        """The rule of this cell that a name, or a name of a helper module, stands for."""
        names: list[str] = []
        while isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id in scope.local:
            return None
        thing = self.namespace.get(node.id)
        while names and isinstance(thing, (ModuleType, type)):
            thing = getattr(thing, names.pop(), None)
        is_own = (
            isinstance(thing, Rule) and not names and self.manifest.rules.get(thing.id) is thing
        )
        return thing if is_own else None


# -- what guards what ------------------------------------------------------------------------------


def _inside(node: ast.AST, scope: _Scope) -> Iterator[tuple[ast.AST, _Scope]]:
    """The parts of a node, each with what surrounds it."""
    if isinstance(node, (*FUNCTIONS, ast.Lambda)):
        yield from _in_function(node, scope)
        return
    guards = dict(_guards(node))
    for child in ast.iter_child_nodes(node):
        guard = guards.get(child)
        yield child, scope if guard is None else scope._replace(guard=guard)


def _in_function(
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, scope: _Scope
) -> Iterator[tuple[ast.AST, _Scope]]:
    name = scope.function or getattr(node, "name", "<lambda>")
    inner = _Scope(name, scope.local | _bound(node))
    yield node.args, inner
    if isinstance(node, ast.Lambda):
        yield node.body, inner
        return
    leaves: ast.AST | None = None  # the first statement by which it may return before its end
    for statement in node.body:
        whole = Guard(frozenset(), _lines(*node.body)) if leaves is not None else None
        yield statement, inner._replace(guard=whole)
        returns = (it for it in _own_nodes(statement) if isinstance(it, ast.Return))
        leaves = leaves or next(returns, None)


def _guards(node: ast.AST) -> Iterator[tuple[ast.AST, Guard]]:
    """Which parts of a node are reached only sometimes, and what decides that."""
    if isinstance(node, ast.If):
        for block in (node.body, node.orelse):
            guard = Guard(_lines(node.test) | {node.lineno}, _lines(*block))
            yield from ((it, guard) for it in block)
    elif isinstance(node, LOOPS):
        head = _lines(node.test if isinstance(node, ast.While) else node.iter) | {node.lineno}
        yield from ((it, Guard(head, _lines(*node.body))) for it in node.body)
        ran = head | _lines(*node.body)
        yield from ((it, Guard(ran, _lines(*node.orelse))) for it in node.orelse)
    elif isinstance(node, ast.Match):
        heads = _lines(node.subject).union(
            *(_lines(it.pattern, *([it.guard] if it.guard else ())) for it in node.cases)
        )
        yield from ((it, Guard(heads, _lines(*it.body))) for it in node.cases)
    elif isinstance(node, (ast.Try, ast.TryStar)):
        tried = _lines(*node.body) | {it.lineno for it in node.handlers}
        for it in node.handlers:
            yield it, Guard(tried, _lines(*it.body))
    elif isinstance(node, ast.BoolOp):
        yield from ((it, Guard(_lines(node), frozenset())) for it in node.values[1:])
    elif isinstance(node, ast.IfExp):
        yield from ((it, Guard(_lines(node), frozenset())) for it in (node.body, node.orelse))
    elif isinstance(node, COMPREHENSIONS):
        guard = Guard(_lines(node), frozenset())
        yield from ((it, guard) for it in ast.iter_child_nodes(node))


def _lines(*nodes: ast.AST) -> frozenset[int]:
    found: set[int] = set()
    for node in nodes:
        first: int = getattr(node, "lineno", 0)
        found |= {*range(first, (getattr(node, "end_lineno", None) or first) + 1)}
    return frozenset(found)


def _own_nodes(statement: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a statement that belong to the same function."""
    ahead = [statement]
    while ahead:
        node = ahead.pop()
        if not isinstance(node, (*FUNCTIONS, ast.Lambda, ast.ClassDef)):
            yield node
            ahead += ast.iter_child_nodes(node)


def _bound(function: ast.AST) -> frozenset[str]:
    """The names that are local to a function: its parameters, and what is assigned in it."""
    return frozenset(
        inner.arg if isinstance(inner, ast.arg) else inner.id
        for inner in ast.walk(function)
        if isinstance(inner, ast.arg)
        or (isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store))
    )


# -- how to get there ------------------------------------------------------------------------------


def _entrances(manifest: Manifest, tree: ast.Module) -> dict[str, tuple[str, ...]]:
    """By function, what leads there: the message of a handler that names it, or that is it."""
    named: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, FUNCTIONS):
            plain = {it.id for it in ast.walk(node) if isinstance(it, ast.Name)}
            methods = {it.attr for it in ast.walk(node) if isinstance(it, ast.Attribute)}
            named.setdefault(node.name, set()).update(plain | methods)
    found: dict[str, dict[str, None]] = {name: {} for name in named}
    for message, function in _doors(manifest):
        seen, ahead = set[str](), [function]
        while ahead:
            name = ahead.pop()
            if name in named and name not in seen:
                seen.add(name)
                found[name][message] = None
                ahead += named[name]
    return {name: tuple(messages) for name, messages in found.items()}


def _doors(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """What arrives at a cell, and the function that takes it."""
    for handler in manifest.handlers.values():
        yield handler.message.__name__, handler.function.name
    for reaction in manifest.reactions.values():
        yield f"{reaction.source}.{reaction.event.__name__}", reaction.function.name
    for timer in manifest.timers.values():
        yield f"the timer {timer.name}", timer.function.name
