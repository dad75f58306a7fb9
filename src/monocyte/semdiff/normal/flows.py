"""Which statement comes after which: one graph for every way of writing the same decisions.

A body is lowered to steps and edges, as the compiler does it: `and`, `or`, `not` and conditional
expressions become jumps, `break` and `continue` become edges, what nothing leads to is gone. Every
step bears the region it runs in (a `with`, a `try`, a handler, the loop whose iterator it keeps
alive), so an edge says what it leaves. Equal graphs evaluate the same things, in the same order, as
often, under the same protection; nothing here moves, copies or drops an evaluation.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

__all__ = ["COMPOUND", "Region", "Step", "flow_of", "is_asked_once", "resolved"]


class Region:
    """What protects a step, or is kept alive around it; told apart by identity."""


@dataclass(slots=True, eq=False)
class Step:
    """One evaluation, and where control may go from it."""

    kind: str
    parts: tuple[object, ...] = ()
    edges: list[Step] = field(default_factory=list)
    region: Region | None = None
    opens: tuple[Region, ...] = ()
    """The regions that are entered through this step alone."""


class _Join(Step):
    """The head of a loop before it is known: it stands for its only edge."""


def resolved(step: Step) -> Step:
    """The step that an edge leads to; a loop around nothing never ends."""
    seen = step
    while isinstance(step, _Join):
        step = step.edges[0]
        if step is seen:
            return Step("forever")
    return step


def flow_of(body: Sequence[ast.stmt], is_builtin: Callable[[str], bool], *, whole: bool) -> Step:
    """The first step of a function's whole body, or of statements that something follows."""
    lowering = _Lowering(is_builtin)
    after = lowering.constant(None) if whole else Step("next")
    return lowering.block(body, after, _Around())


@dataclass(frozen=True)
class _Around:
    """Where a statement stands."""

    region: Region | None = None
    leave: Step | None = None
    """Where `break` leads."""
    again: Step | None = None
    """Where `continue` leads."""

    def inside(self, region: Region) -> _Around:
        return replace(self, region=region)


class _Lowering:
    """Builds a graph from its end: each statement is told what comes after it."""

    def __init__(self, is_builtin: Callable[[str], bool]) -> None:
        self.is_builtin = is_builtin
        self.constants: dict[tuple[type, str], Step] = {}

    def block(self, body: Sequence[ast.stmt], after: Step, around: _Around) -> Step:
        for statement in reversed(body):
            lower = _STATEMENTS.get(type(statement), _Lowering.plain)
            after = lower(self, statement, after, around)
        return after

    def plain(self, node: ast.stmt, after: Step, around: _Around) -> Step:
        """A statement that is only executed."""
        return Step("do", (node,), [after], around.region)

    def nothing(self, _node: ast.stmt, after: Step, _around: _Around) -> Step:
        """`pass`, and declarations: what these say is in every name already."""
        return after

    # -- conditions -------------------------------------------------------------------------------

    def test(self, test: ast.expr, yes: Step, no: Step, around: _Around) -> Step:
        """A condition, of which only the truth counts: `and`, `or`, `not` are ways to jump."""
        match test:
            case ast.Constant():
                return yes if test.value else no
            case ast.UnaryOp(op=ast.Not()):
                return self.test(test.operand, no, yes, around)
            case ast.BoolOp(op=ast.And()):
                for value in reversed(test.values):
                    yes = self.test(value, yes, no, around)
                return yes
            case ast.BoolOp():
                for value in reversed(test.values):
                    no = self.test(value, yes, no, around)
                return no
            case ast.IfExp():
                one, two = (self.test(v, yes, no, around) for v in (test.body, test.orelse))
                return self.test(test.test, one, two, around)
            case ast.Compare(ops=[ast.IsNot() | ast.NotIn() as op]):
                flipped = ast.Is() if isinstance(op, ast.IsNot) else ast.In()
                found = ast.Compare(test.left, [flipped], test.comparators)
                return Step("if", (found,), [no, yes], around.region)
        asked = self.asked(test)
        if asked is not None:
            return self.test(asked, yes, no, around)
        return Step("if", (test,), [yes, no], around.region)

    def asked(self, value: ast.expr) -> ast.expr | None:
        """What `bool(…)` is asked about, if its truth is not asked twice then."""
        match value:
            case ast.Call(func=ast.Name("bool"), args=[inner], keywords=[]):
                return inner if is_asked_once(inner) and self.is_builtin("bool") else None
        return None

    def if_(self, node: ast.If, after: Step, around: _Around) -> Step:
        yes, no = (self.block(body, after, around) for body in (node.body, node.orelse))
        return self.test(node.test, yes, no, around)

    def expression(self, node: ast.Expr, after: Step, around: _Around) -> Step:
        """An expression for its effects: `c and f()` is `if c: f()`."""

        def again(value: ast.expr) -> Step:
            return self.expression(ast.Expr(value), after, around)

        match node.value:
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self.test(test, again(body), again(orelse), around)
            case ast.BoolOp(op=op, values=[*first, last]) if all(map(is_asked_once, first)):
                test = first[0] if len(first) == 1 else ast.BoolOp(op, first)
                sides = again(last), after
                yes, no = sides if isinstance(op, ast.And) else sides[::-1]
                return self.test(test, yes, no, around)
            case ast.Constant():
                return after
        return self.plain(node, after, around)

    def assign(self, node: ast.Assign, after: Step, around: _Around) -> Step:
        """`x = a if c else b`: the value comes first, whatever the target is."""
        if not isinstance(node.value, ast.IfExp):
            return self.plain(node, after, around)
        yes, no = (
            self.assign(ast.Assign(node.targets, value), after, around)
            for value in (node.value.body, node.value.orelse)
        )
        return self.test(node.value.test, yes, no, around)

    # -- jumps ------------------------------------------------------------------------------------

    def return_(self, node: ast.Return, _after: Step, around: _Around) -> Step:
        """`return`; of a conditional expression, or of something that is surely a bool, a jump."""
        match node.value:
            case None:
                return self.constant(None)
            case ast.Constant(value=value):
                return self.constant(value)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                yes, no = (self.return_(ast.Return(v), _after, around) for v in (body, orelse))
                return self.test(test, yes, no, around)
            case value if self.is_truth(value):
                return self.test(value, self.constant(True), self.constant(False), around)
        return Step("return", (node.value,), [], around.region)

    def constant(self, value: object) -> Step:
        """Returning a constant evaluates nothing: all regions are left, then it is returned."""
        key = type(value), repr(value)
        if key not in self.constants:
            self.constants[key] = Step("return", (ast.Constant(value),))  # type: ignore[arg-type]
        return self.constants[key]

    def is_truth(self, value: ast.expr) -> bool:
        """Whether a value surely is a bool, and found by asking each part for its truth once."""
        match value:
            case ast.UnaryOp(op=ast.Not()):
                return is_asked_once(value)
            case ast.Compare(ops=[ast.Is() | ast.IsNot() | ast.In() | ast.NotIn()]):
                return True
        return self.asked(value) is not None

    def raise_(self, node: ast.Raise, _after: Step, around: _Around) -> Step:
        return Step("do", (node,), [], around.region)

    def break_(self, _node: ast.Break, _after: Step, around: _Around) -> Step:
        assert around.leave is not None  # noqa: S101 (it compiles)
        return around.leave

    def continue_(self, _node: ast.Continue, _after: Step, around: _Around) -> Step:
        assert around.again is not None  # noqa: S101 (it compiles)
        return around.again

    # -- loops ------------------------------------------------------------------------------------

    def while_(self, node: ast.While, after: Step, around: _Around) -> Step:
        head = _Join("join")
        inside = replace(around, leave=after, again=head)
        yes = self.block(node.body, head, inside)
        head.edges = [self.test(node.test, yes, self.block(node.orelse, after, around), around)]
        return head

    def for_(self, node: ast.For | ast.AsyncFor, after: Step, around: _Around) -> Step:
        """The iterator lives in a region, which ends where it is exhausted or left."""
        kind = type(node).__name__
        region = Region()
        head = Step(f"{kind} next", (node.target,), [], region)
        inside = _Around(region, after, head)
        exhausted = self.block(node.orelse, after, around)
        head.edges = [self.block(node.body, head, inside), exhausted]
        return Step(kind, (node.iter,), [head], around.region, (region,))

    # -- protection -------------------------------------------------------------------------------

    def with_(self, node: ast.With | ast.AsyncWith, after: Step, around: _Around) -> Step:
        """Whatever is raised inside may be swallowed: then comes what comes after."""
        kind = type(node).__name__
        regions = [Region() for _ in node.items]
        body = self.block(node.body, after, around.inside(regions[-1]))
        for index in reversed(range(len(regions))):
            item, outer = node.items[index], regions[index - 1] if index else around.region
            parts = item.context_expr, item.optional_vars
            body = Step(kind, parts, [body, after], outer, (regions[index],))
        return body

    def try_(self, node: ast.Try | ast.TryStar, after: Step, around: _Around) -> Step:
        if not node.finalbody:
            return self.caught(node, after, around)
        body, final = Region(), Region()
        entry = self.caught(node, after, around.inside(body))
        resume = Step("resume", region=final)
        last = self.block(node.finalbody, resume, around.inside(final))
        return Step("finally", (), [entry, last], around.region, (body, final))

    def caught(self, node: ast.Try | ast.TryStar, after: Step, around: _Around) -> Step:
        kind = type(node).__name__
        fine = self.block(node.orelse, after, around)
        if not node.handlers:
            return self.block(node.body, fine, around)
        body, handling = Region(), Region()
        entry = self.block(node.body, fine, around.inside(body))
        handler = Step("reraise", region=handling)
        for clause in reversed(node.handlers):
            handler = self.handler(clause, handler, after, around.inside(handling), kind)
        return Step(kind, (), [entry, handler], around.region, (body, handling))

    def handler(
        self, clause: ast.ExceptHandler, other: Step, after: Step, around: _Around, kind: str
    ) -> Step:
        """One clause: its type, the name that it binds and in the end deletes, its block."""
        after = other if kind == "TryStar" else after
        name = clause.name and ast.Name(clause.name, ast.Store())
        region = Region()
        body = self.block(clause.body, after, around.inside(region))
        return Step(kind + " except", (clause.type, name), [body, other], around.region, (region,))

    def match(self, node: ast.Match, after: Step, around: _Around) -> Step:
        """All cases in one step: what they look at, where each leads, and where none does."""
        *cases, last = node.cases
        if _is_wildcard(last):
            other = self.block(last.body, after, around)
        else:
            cases, other = node.cases, after
        looks = [[case.pattern, case.guard] for case in cases]
        edges = [self.block(case.body, after, around) for case in cases]
        return Step("Match", (node.subject, looks), [*edges, other], around.region)


def _is_wildcard(case: ast.match_case) -> bool:
    """`case _`, which looks at nothing."""
    return case.guard is None and isinstance(case.pattern, ast.MatchAs) and not case.pattern.name


def is_asked_once(test: ast.expr) -> bool:
    """Whether no part's truth is asked as a value and then once more as a condition."""
    while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test = test.operand
    if isinstance(test, ast.IfExp):
        return is_asked_once(test.body) and is_asked_once(test.orelse)
    chained = isinstance(test, ast.Compare) and len(test.ops) > 1
    return not chained and not isinstance(test, ast.BoolOp | ast.Starred)


_STATEMENTS: dict[type[ast.stmt], Callable[[_Lowering, Any, Step, _Around], Step]] = {
    **dict.fromkeys((ast.Pass, ast.Global, ast.Nonlocal), _Lowering.nothing),
    ast.Expr: _Lowering.expression,
    ast.Assign: _Lowering.assign,
    ast.Return: _Lowering.return_,
    ast.Raise: _Lowering.raise_,
    ast.Break: _Lowering.break_,
    ast.Continue: _Lowering.continue_,
    ast.If: _Lowering.if_,
    ast.While: _Lowering.while_,
    **dict.fromkeys((ast.For, ast.AsyncFor), _Lowering.for_),
    **dict.fromkeys((ast.With, ast.AsyncWith), _Lowering.with_),
    **dict.fromkeys((ast.Try, ast.TryStar), _Lowering.try_),
    ast.Match: _Lowering.match,
}

COMPOUND = (
    *(ast.If, ast.While, ast.For, ast.AsyncFor, ast.With, ast.AsyncWith),
    *(ast.Try, ast.TryStar, ast.Match),
)
"""Statements that hold others."""
