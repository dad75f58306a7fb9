"""What one test checks, by reading it: its checks that can fail, those that cannot, and why.

Two styles of writing the same check (`assert a == b`, `self.assertEqual(a, b)`) read the same.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

from monocyte.semdiff.testdiff.checks import Check, Dead, Raises, Reading
from monocyte.semdiff.testdiff.conventions import Function, Module
from monocyte.semdiff.testdiff.foregone import (
    called,
    empty_locals,
    hollow,
    is_itself,
    size,
    truth,
)
from monocyte.semdiff.testdiff.names import Names, literal, shown
from monocyte.semdiff.testdiff.vocabulary import (
    EQUAL,
    ERRORS,
    FAKES,
    OPPOSITE,
    PATCHES,
    SIGNS,
    STOPS,
    SWALLOWED,
    TOLERANCES,
)

__all__ = ["read"]


def read(function: Function, module: Module, names: Names) -> Reading:
    """Read a function of a test module: a test, a fixture, a helper."""
    reader = _Reader(module, names, function)
    reader.block(function.body, (), None)
    return reader.found


Why = tuple[str, str] | None
"""Why nothing here can fail: the rule and the words; None while it can."""


class _Reader:
    def __init__(self, module: Module, names: Names, function: Function) -> None:
        self.module, self.names = module, names
        self.found = Reading()
        self.used = {it.id for it in ast.walk(function) if isinstance(it, ast.Name)}
        self.empty = empty_locals(function)
        self.own = function.name

    # -- statements -------------------------------------------------------------------------------

    def block(self, body: Sequence[ast.stmt], conditions: tuple[str, ...], why: Why) -> None:
        """Read statements in turn; what stands after one that leaves is never reached."""
        for node in body:
            self.statement(node, conditions, why)
            leaving = self._leaving(node)
            if leaving and why is None:
                if not conditions and not isinstance(node, ast.Raise) and node is not body[-1]:
                    self.found.stops.setdefault("return", node.lineno)
                why = ("unreachable", f"it stands after `{leaving}`")

    def _leaving(self, node: ast.stmt) -> str:
        if isinstance(node, ast.Return | ast.Raise | ast.Break | ast.Continue):
            return type(node).__name__.lower()
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            name = self.names.dotted(node.value.func)
            if name in STOPS and name != "pytest.importorskip":
                return shown(node)
        return ""

    def statement(  # noqa: C901 (one line for each kind)
        self, node: ast.stmt, conditions: tuple[str, ...], why: Why
    ) -> None:
        """Read one statement, and what is in it."""
        match node:
            case ast.Assert(test=test):
                self._assert(test, node.lineno, conditions, why)
            case ast.If(test=test, body=body, orelse=orelse):
                self._branch(test, body, orelse, conditions, why)
            case ast.While(test=test, body=body, orelse=orelse):
                self._branch(test, body, [], conditions, why)
                self.block(orelse, conditions, why)
            case ast.For(target=target, iter=iterated) | ast.AsyncFor(target=target, iter=iterated):
                self._loop(node, target, iterated, conditions, why)
            case ast.Try() | ast.TryStar():
                self._try(node, conditions, why)
            case ast.With(items=items) | ast.AsyncWith(items=items):
                self._with(node, items, conditions, why)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                calls = name in self.used or bool(node.decorator_list)
                uncalled = ("uncalled", f"nobody calls `{name}`")
                self.block(node.body, conditions, why if calls else why or uncalled)
            case ast.ClassDef(body=body):
                self.block(body, conditions, why)
            case ast.Match(subject=subject, cases=cases):
                for case in cases:
                    self.block(case.body, (*conditions, f"match {shown(subject)}"), why)
            case _:
                self._plain(node, conditions, why)

    def _branch(
        self,
        test: ast.expr,
        body: Sequence[ast.stmt],
        orelse: Sequence[ast.stmt],
        conditions: tuple[str, ...],
        why: Why,
    ) -> None:
        value = truth(test)
        said = shown(test)
        never = ("unreachable", f"`{said}` never holds")
        always = ("unreachable", f"`{said}` always holds")
        inner = conditions if value else (*conditions, said)
        self.block(body, inner, (why or never) if value is False else why)
        inner = conditions if value is False else (*conditions, f"not ({said})")
        self.block(orelse, inner, (why or always) if value else why)
        leaves = value is None and why is None and not orelse and self._leaving(body[-1])
        if leaves and isinstance(body[-1], ast.Return | ast.Expr):
            self.found.stops.setdefault(f"return if {said}", body[-1].lineno)

    def _loop(
        self,
        node: ast.For | ast.AsyncFor,
        target: ast.expr,
        iterated: ast.expr,
        conditions: tuple[str, ...],
        why: Why,
    ) -> None:
        turns = size(iterated, self.names, self.empty)
        if turns is not None:
            self.found.loops.append((shown(target), turns, node.lineno))
        nothing = ("empty-loop", f"the loop over `{shown(iterated)}` has no turn")
        self._expressions([iterated], conditions, why)
        self.block(node.body, conditions, (why or nothing) if turns == 0 else why)
        self.block(node.orelse, conditions, why)

    def _try(self, node: ast.Try | ast.TryStar, conditions: tuple[str, ...], why: Why) -> None:
        swallowing = next((it for it in node.handlers if self._swallows(it)), None)
        inner = why
        if swallowing is not None:
            caught = shown(swallowing.type) if swallowing.type else "everything"
            inner = why or ("swallowed", f"`except` catches {caught}")
        if any(isinstance(it, ast.Return) for it in node.finalbody):
            inner = why or ("swallowed", "`finally` returns")
        self.block(node.body, conditions, inner)
        for handler in node.handlers:
            self.block(handler.body, (*conditions, "an error"), why)
        self.block(node.orelse, conditions, why)
        self.block(node.finalbody, conditions, why)

    def _swallows(self, handler: ast.ExceptHandler) -> bool:
        caught = [handler.type] if handler.type else []
        if caught and isinstance(caught[0], ast.Tuple):
            caught = list(caught[0].elts)
        names = {self.names.dotted(it).rpartition(".")[2] for it in caught}
        if handler.type is not None and not names & SWALLOWED:
            return False
        again = (ast.Raise, ast.Assert)
        inside = [it for part in handler.body for it in ast.walk(part)]
        fails = any(
            isinstance(it, ast.Call)
            and (
                self.names.dotted(it.func).rpartition(".")[2].startswith(("fail", "assert", "exit"))
            )
            for it in inside
        )
        return not fails and not any(isinstance(it, again) for it in inside)

    def _with(
        self,
        node: ast.With | ast.AsyncWith,
        items: Sequence[ast.withitem],
        conditions: tuple[str, ...],
        why: Why,
    ) -> None:
        for item in items:
            call = item.context_expr
            name = self.names.dotted(call)
            last = name.rpartition(".")[2]
            arguments = call.args if isinstance(call, ast.Call) else []
            if last == "suppress":
                caught = {self.names.dotted(it).rpartition(".")[2] for it in arguments}
                if caught & SWALLOWED and why is None:
                    why = ("swallowed", f"`{shown(call)}` is around it")
            elif last in ERRORS and isinstance(call, ast.Call):
                self._raises(call, last, conditions, why)
            else:
                self._expressions([call], conditions, why)
        self.block(node.body, conditions, why)

    def _plain(self, node: ast.stmt, conditions: tuple[str, ...], why: Why) -> None:
        if isinstance(node, ast.Raise) and node.exc is not None:
            name = self.names.dotted(node.exc)
            if name in STOPS and why is None:
                self._stop(STOPS[name], conditions, node.lineno)
            elif name.endswith("AssertionError"):
                self._add(Check("fail", shown(node), "", node.lineno, conditions), why)
        if isinstance(node, ast.Assign):
            for target in node.targets:
                dotted = self.names.dotted(target) if isinstance(target, ast.Attribute) else ""
                if dotted and not dotted.startswith(("self.", "cls.")) and why is None:
                    self.found.mocks.setdefault(dotted, node.lineno)
                if isinstance(target, ast.Subscript) and (
                    self.names.dotted(target.value) == "sys.modules"
                ):
                    self.found.mocks.setdefault(f"sys.modules {shown(target.slice)}", node.lineno)
        self._expressions([node], conditions, why)

    # -- expressions ------------------------------------------------------------------------------

    def _expressions(self, nodes: Iterable[ast.AST], conditions: tuple[str, ...], why: Why) -> None:
        for node in nodes:
            for it in _calls(node):
                self._call(it, conditions, why)

    def _call(self, node: ast.Call, conditions: tuple[str, ...], why: Why) -> None:
        name = self.names.dotted(node.func)
        last = name.rpartition(".")[2]
        if name in STOPS:
            if why is None:
                self._stop(STOPS[name], conditions, node.lineno)
        elif last in ERRORS and node.args:
            self._raises(node, last, conditions, why)
        elif last in ("assertTrue", "assertFalse", "assert_") and node.args:
            test = node.args[0]
            if last == "assertFalse":
                test = ast.UnaryOp(ast.Not(), test)
            self._assert(test, node.lineno, conditions, why)
        elif last in ("assertIsNone", "assertIsNotNone") and node.args:
            sign = ast.Is() if last == "assertIsNone" else ast.IsNot()
            test = ast.Compare(node.args[0], [sign], [ast.Constant(None)])
            self._assert(test, node.lineno, conditions, why)
        elif last in EQUAL and len(node.args) >= 2:
            self._two(EQUAL[last], node.args[0], node.args[1], node.lineno, conditions, why)
            self._tolerance(node, last)
        elif last == "fail" and name.partition(".")[0] in ("self", "pytest", "cls"):
            self._add(Check("fail", "", "", node.lineno, conditions), why)
        elif self._is_checking(last):
            self._add(Check("helper", shown(node, 200), "", node.lineno, conditions), why)
        self._mock(node, name, last, why)

    def _is_checking(self, last: str) -> bool:
        if last.lower().startswith(("assert", "_assert", "check", "_check", "verify", "expect")):
            return True
        return last != self.own and last in _checking(self.module)

    def _stop(self, kind: str, conditions: tuple[str, ...], line: int) -> None:
        when = f" if {' and '.join(conditions)}" if conditions else ""
        self.found.stops.setdefault(f"{kind}{when}", line)

    def _mock(self, node: ast.Call, name: str, last: str, why: Why) -> None:
        if why is not None:
            return
        if last in FAKES:
            self.found.mocks.setdefault(last, node.lineno)
        elif last in (
            "patch",
            "setattr",
            "setitem",
            "object",
            "dict",
            "delattr",
            "multiple",
        ):
            if not any(name.endswith(f".{it}") or name == it for it in PATCHES):
                return
            target = node.args[0] if node.args else None
            said = literal(target)
            if isinstance(said, str):
                self.found.mocks.setdefault(said, node.lineno)
            elif target is not None:
                attribute = literal(node.args[1]) if len(node.args) > 1 else ""
                dotted = f"{self.names.dotted(target)}.{attribute}"
                self.found.mocks.setdefault(dotted, node.lineno)

    def _raises(self, node: ast.Call, last: str, conditions: tuple[str, ...], why: Why) -> None:
        error = shown(node.args[0]) if node.args else ""
        match = next((shown(it.value, 200) for it in node.keywords if it.arg == "match"), None)
        if "Regex" in last and len(node.args) > 1:
            match = shown(node.args[1], 200)
        kind = "warns" if "arn" in last else "raises"
        check = Check("raises", error, kind, node.lineno, conditions)
        self._add(check, why)
        if why is None:
            self.found.raises.append(Raises(error, match, node.lineno))

    # -- asserts ----------------------------------------------------------------------------------

    def _assert(self, test: ast.expr, line: int, conditions: tuple[str, ...], why: Why) -> None:
        if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
            for part in test.values:
                self._assert(part, line, conditions, why)
            return
        reason = hollow(test)
        if reason:
            self._dead(shown(test), line, why or ("cannot-fail", reason))
            return
        match test:
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                self._two(SIGNS[type(op)], left, right, line, conditions, why)
            case ast.Compare():
                self._add(Check("<", shown(test, 200), "", line, conditions), why)
            case ast.UnaryOp(
                op=ast.Not(),
                operand=ast.Compare(left=left, ops=[op], comparators=[right]),
            ) if type(op) in OPPOSITE:
                self._two(OPPOSITE[type(op)], left, right, line, conditions, why)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                self._add(Check("falsehood", shown(operand, 200), "", line, conditions), why)
            case ast.Call(func=ast.Name(id="isinstance"), args=[left, right]):
                self._two("isinstance", left, right, line, conditions, why)
            case _:
                self._add(Check("truth", shown(test, 200), "", line, conditions), why)
        for call in _calls(test):
            name = self.names.dotted(call.func)
            self._tolerance(call, name.rpartition(".")[2])
            self._mock(call, name, name.rpartition(".")[2], why)

    def _two(
        self,
        sign: str,
        left: ast.expr,
        right: ast.expr,
        line: int,
        conditions: tuple[str, ...],
        why: Why,
    ) -> None:
        if sign in ("==", "is", "<=", ">=") and is_itself(left, right):
            self._dead(shown(left), line, why or ("cannot-fail", "it is compared with itself"))
            return
        if sign in ("==", "!=") and literal(left) is not ... and literal(right) is ...:
            left, right = right, left
        for one, other in ((left, right), (right, left)):
            if called(one) == "approx" and isinstance(one, ast.Call) and one.args:
                sign, left, right = "approx", other, one.args[0]
                self._tolerance(one, "approx")
        if sign == "is" and literal(right) in (True, False):
            sign = "=="
        actual, expected = shown(left, 300), shown(right, 300)
        check = Check(sign, actual, expected, line, conditions, literal(right))
        self._add(check, why)
        if sign in ("<", "<=") and called(left) == "abs":
            width = literal(right)
            if isinstance(width, int | float):
                self.found.tolerances.append(("abs", float(width), line))

    def _tolerance(self, node: ast.Call, last: str) -> None:
        kinds = TOLERANCES.get(last)
        if kinds is None:
            return
        named = {it.arg: literal(it.value) for it in node.keywords}
        for kind, (position, usual) in kinds.items():
            value = named.get(kind, usual)
            if position is not None and len(node.args) > position:
                value = literal(node.args[position])
            if isinstance(value, int | float) and not isinstance(value, bool):
                width = 10.0**-value if kind == "places" or last == "round" else float(value)
                if kind == "places" and "delta" in named:
                    continue
                self.found.tolerances.append((f"{last} {kind}", width, node.lineno))

    def _add(self, check: Check, why: Why) -> None:
        if why is not None:
            self._dead(check.text, check.line, why)
        else:
            self.found.checks.append(check)

    def _dead(self, text: str, line: int, why: tuple[str, str]) -> None:
        self.found.dead.append(Dead(text, line, why[1], why[0]))


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    """The calls in an expression or plain statement, nested functions left out."""
    left: list[ast.AST] = [node]
    while left:
        it = left.pop()
        if isinstance(it, ast.Call):
            yield it
        if not isinstance(it, ast.Lambda):
            left += ast.iter_child_nodes(it)


_CHECKING = "_checking_names"


def _checking(module: Module) -> frozenset[str]:
    """Functions and methods of a module that check something, by name."""
    held = getattr(module, _CHECKING, None)
    if held is None:
        held = frozenset(
            it.name for it in ast.walk(module.tree) if isinstance(it, Function) and _has_check(it)
        )
        setattr(module, _CHECKING, held)
    return held


def _has_check(function: Function) -> bool:
    for node in ast.walk(function):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Raise) and node.exc and "AssertionError" in ast.dump(node.exc):
            return True
        if isinstance(node, ast.Call) and called(node).startswith(("assert", "raises", "fail")):
            return True
    return False
