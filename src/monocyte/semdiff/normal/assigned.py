"""Which variables of a function may be read before they are assigned.

Renaming such a variable shows: the interpreter's message names it. A forward analysis over the
syntax, pessimistic: loops may run zero times, any statement of a `try` may raise, any `with` may
swallow. A state is the set of names surely assigned; None is a point that is never reached.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from monocyte.semdiff.scopes import COMPREHENSIONS, FUNCTIONS, Scope, inner_scope

__all__ = ["KNOWN_TO_SWALLOW", "maybe_unbound"]

State = frozenset[str] | None


def maybe_unbound(scope: Scope, *, passing: bool = False) -> frozenset[str]:
    """The variables of a function that some read, its own or an inner one's, may find unset.

    `passing`: a manager that is not known to swallow errors passes them on.
    """
    if not isinstance(scope.node, FUNCTIONS):
        return frozenset()
    flow = _Flow(scope, passing=passing)
    flow.block(scope.node.body, frozenset(scope.params))
    also = {n for n, count in scope.handled.items() if scope.stored[n] > count}
    return frozenset(flow.unsure | (scope.deleted & scope.bound) | also)


def _meet(states: Iterable[State]) -> State:
    met: State = None
    for state in states:
        if state is not None:
            met = state if met is None else met & state
    return met


class _Flow:
    def __init__(self, scope: Scope, *, passing: bool) -> None:
        self.scope = scope
        self.passing = passing
        self.unsure: set[str] = set()
        self.breaks: list[list[State]] = []

    # -- expressions ------------------------------------------------------------------------------

    def read(self, node: ast.AST | None, state: State) -> State:
        """What is assigned after an expression; notes its unsure reads on the way."""
        if node is None or state is None:
            return state
        if isinstance(node, ast.Name):
            return self.name(node, state)
        if isinstance(node, (ast.Lambda, *COMPREHENSIONS)):
            return self.inner(node, state)
        if isinstance(node, ast.BoolOp | ast.IfExp | ast.Compare):
            return self.sometimes(node, state)
        if isinstance(node, ast.NamedExpr):
            state = self.read(node.value, state)
            return self.assign(node.target, state)
        for child in ast.iter_child_nodes(node):
            state = self.read(child, state)
        return state

    def name(self, node: ast.Name, state: frozenset[str]) -> State:
        name = self.scope.mangle(node.id)
        if isinstance(node.ctx, ast.Store):
            return state | {name}
        if self.scope.owner(name) is self.scope and name not in state:
            self.unsure.add(name)
        return state - {name} if isinstance(node.ctx, ast.Del) else state

    def sometimes(self, node: ast.BoolOp | ast.IfExp | ast.Compare, state: State) -> State:
        """The first operand is evaluated for sure, the others perhaps."""
        children = [c for c in ast.iter_child_nodes(node) if isinstance(c, ast.expr)]
        if isinstance(node, ast.IfExp):
            children = [node.test, node.body, node.orelse]
        after = self.read(children[0], state)
        if isinstance(node, ast.IfExp):
            return _meet([self.read(node.body, after), self.read(node.orelse, after)])
        inner = after
        for child in children[1:]:
            inner = self.read(child, inner)
        return after

    def inner(self, node: ast.AST, state: frozenset[str]) -> State:
        """A scope inside reads our variables now or later: what is unassigned now is unsure."""
        if isinstance(node, COMPREHENSIONS):
            after = self.read(node.generators[0].iter, state)
            state = after if after is not None else state
        elif isinstance(node, ast.Lambda):
            for default in [*node.args.defaults, *node.args.kw_defaults]:
                self.read(default, state)
        for scope in inner_scope(node).within():
            for name in scope.used | scope.nonlocals:
                if scope.owner(name) is self.scope and name not in state:
                    self.unsure.add(name)
        return state

    def assign(self, target: ast.AST, state: State) -> State:
        return self.read(target, state)

    # -- statements -------------------------------------------------------------------------------

    def block(self, statements: Sequence[ast.stmt], state: State) -> State:
        for statement in statements:
            if state is None:
                return None
            state = self.statement(statement, state)
        return state

    def statement(  # noqa: C901, PLR0911 - one case for each kind of statement
        self, node: ast.stmt, state: frozenset[str]
    ) -> State:
        match node:
            case ast.Return() | ast.Raise():
                for child in ast.iter_child_nodes(node):
                    self.read(child, state)
                return None
            case ast.Break():
                self.breaks[-1].append(state)
                return None
            case ast.Continue():
                return None
            case ast.If():
                after = self.read(node.test, state)
                return _meet([self.block(node.body, after), self.block(node.orelse, after)])
            case ast.For() | ast.AsyncFor() | ast.While():
                return self.loop(node, state)
            case ast.Try() | ast.TryStar():
                return self.tried(node, state)
            case ast.With() | ast.AsyncWith():
                return self.managed(node, state)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                return self.defined(node, state)
            case ast.Match():
                return self.matched(node, state)
            case _:
                return self.simple(node, state)

    def simple(self, node: ast.stmt, state: State) -> State:
        match node:
            case ast.Assign():
                state = self.read(node.value, state)
                for target in node.targets:
                    state = self.assign(target, state)
            case ast.AugAssign():
                if isinstance(node.target, ast.Name) and state is not None:
                    self.name(ast.Name(node.target.id, ast.Load()), state)
                state = self.assign(node.target, self.read(node.value, state))
            case ast.AnnAssign():
                state = self.read(node.value, state)
                if node.value is not None or not isinstance(node.target, ast.Name):
                    state = self.assign(node.target, state)
            case ast.Import() | ast.ImportFrom():
                names = (a.asname or a.name.partition(".")[0] for a in node.names)
                state = None if state is None else state | set(map(self.scope.mangle, names))
            case _:
                state = self.read(node, state)
        return state

    def loop(self, node: ast.For | ast.AsyncFor | ast.While, state: State) -> State:
        self.breaks.append([])
        if isinstance(node, ast.While):
            before = self.read(node.test, state)
            self.block(node.body, before)
            endless = isinstance(node.test, ast.Constant) and bool(node.test.value)
            ended = None if endless else before
        else:
            before = self.read(node.iter, state)
            self.block(node.body, self.assign(node.target, before))
            ended = before
        return _meet([self.block(node.orelse, ended), *self.breaks.pop()])

    def tried(self, node: ast.Try | ast.TryStar, state: frozenset[str]) -> State:
        outcomes = [self.block(node.orelse, self.block(node.body, state))]
        for handler in node.handlers:
            self.read(handler.type, state)
            name = {self.scope.mangle(handler.name)} if handler.name else set[str]()
            after = self.block(handler.body, state | name)
            outcomes.append(after if after is None else after - name)
        met = _meet(outcomes)
        final = self.block(node.finalbody, state)
        if met is None or final is None:
            return None
        return met | final

    def managed(self, node: ast.With | ast.AsyncWith, state: State) -> State:
        for item in node.items:
            state = self.read(item.context_expr, state)
            if item.optional_vars is not None:
                state = self.assign(item.optional_vars, state)
        after = self.block(node.body, state)
        words = [_last_word(item.context_expr) for item in node.items]
        if self.passing:
            return state if KNOWN_TO_SWALLOW.intersection(words) else after
        return after if _LEAVING.issuperset(words) else state

    def defined(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, state: frozenset[str]
    ) -> State:
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, ast.stmt):
                self.read(child, state)
        name = {self.scope.mangle(node.name)}
        self.inner(node, state | name)
        return state | name

    def matched(self, node: ast.Match, state: State) -> State:
        outcomes = [self.read(node.subject, state)]
        subject = outcomes[0]
        for case in node.cases:
            names = {n for p in ast.walk(case.pattern) if (n := _captured(p))}
            inside = None if subject is None else subject | set(map(self.scope.mangle, names))
            inside = self.read(case.guard, inside)
            outcomes.append(self.block(case.body, inside))
            for pattern in ast.walk(case.pattern):
                if isinstance(pattern, ast.expr):
                    self.read(pattern, subject)
        return _meet(outcomes)


def _captured(pattern: ast.AST) -> str | None:
    if isinstance(pattern, ast.MatchAs | ast.MatchStar):
        return pattern.name
    return pattern.rest if isinstance(pattern, ast.MatchMapping) else None


_LEAVING = frozenset(
    {"open", "closing", "aclosing", "nullcontext", "redirect_stdout", "redirect_stderr", "urlopen"}
    | {"catch_warnings", "NamedTemporaryFile", "TemporaryDirectory", "TemporaryFile", "ZipFile"}
    | {"ThreadPoolExecutor", "ProcessPoolExecutor", "Popen", "localcontext"}
)
"""Managers of the standard library that never swallow an error."""

KNOWN_TO_SWALLOW = frozenset(
    {"suppress", "ignored", "raises", "assertRaises", "assertRaisesRegex", "ExitStack"}
    | {"AsyncExitStack", "move_on_after", "move_on_at", "subTest"}
)
"""Managers that are known to swallow errors."""


def _last_word(manager: ast.expr) -> str:
    if isinstance(manager, ast.Call):
        manager = manager.func
    if isinstance(manager, ast.Attribute):
        return manager.attr
    return manager.id if isinstance(manager, ast.Name) else ""
