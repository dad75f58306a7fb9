# ruff: noqa: N815 - visitors are named for what they visit
"""Rewrites of function bodies that change no meaning: twelve kinds, on the syntax tree.

Written from the language reference, not from the rules of the normal form: each looks for places
where its own conditions hold, and rewrites all it finds in a module. `REWRITES` is the table.
"""

import ast
import builtins
import copy
from collections import Counter
from collections.abc import Callable

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Rewrite(ast.NodeTransformer):
    """Counts what it has rewritten; knows the functions around a node."""

    def __init__(self) -> None:
        self.count = 0
        self.stack: list[ast.AST] = []

    def visit_FunctionDef(self, node):
        self.stack.append(node)
        node.body = [r for s in node.body for r in _listed(self.visit(s))]
        self.function(node)
        self.stack.pop()
        return node

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node):
        self.stack.append(node)
        self.generic_visit(node)
        self.stack.pop()
        return node

    def inside(self) -> bool:
        return bool(self.stack) and isinstance(self.stack[-1], FUNCTIONS)

    def fresh(self, node: ast.AST, base: str = "carried") -> str:
        used = {n.id for n in ast.walk(self.stack[0]) if isinstance(n, ast.Name)}
        self.count += 1
        return next(f"{base}_{n}" for n in range(self.count, 9999) if f"{base}_{n}" not in used)

    def function(self, node) -> None:
        pass


def _listed(result):
    return result if isinstance(result, list) else [] if result is None else [result]


def seen(node: ast.AST) -> bool:
    words = {"locals", "vars", "eval", "exec", "dir", "_getframe", "currentframe"}
    return any(
        (isinstance(n, ast.Name) and n.id in words)
        or (isinstance(n, ast.Attribute) and n.attr in words)
        for n in ast.walk(node)
    )


class ReturnTemporary(Rewrite):
    """`return E` becomes `t = E; return t`."""

    def visit_Return(self, node):
        if (
            not self.inside()
            or node.value is None
            or isinstance(node.value, ast.Name | ast.Constant)
        ):
            return node
        if seen(self.stack[-1]):
            return node
        name = self.fresh(node)
        return [
            ast.Assign([ast.Name(name, ast.Store())], node.value),
            ast.Return(ast.Name(name, ast.Load())),
        ]


class ConditionTemporary(Rewrite):
    """`if E:` becomes `t = E; if t:`; where E may be any object, `t = bool(E); if t:`.

    A temporary keeps its value alive to the end of the function. Of what is called or looked up
    nobody knows whether it does something when it dies: there the truth is kept, as `if` asks it.
    """

    def visit_If(self, node):
        self.generic_visit(node)
        if (
            not self.inside()
            or seen(self.stack[-1])
            or isinstance(node.test, ast.Name | ast.Constant)
        ):
            return node
        if isinstance(node.test, ast.BoolOp | ast.UnaryOp) or getattr(node, "is_elif", False):
            return node  # the truth of an operand would be asked twice
        if isinstance(node.test, ast.Compare) and len(node.test.ops) > 1:
            return node
        if any(isinstance(n, ast.NamedExpr) for n in ast.walk(node.test)):
            return node
        value = node.test
        if not _is_truth(value):
            if "bool" in self.bound:
                return node
            value = ast.Call(ast.Name("bool", ast.Load()), [value], [])
        name = self.fresh(node)
        return [
            ast.Assign([ast.Name(name, ast.Store())], value),
            _with(node, test=ast.Name(name, ast.Load())),
        ]


def _is_truth(value: ast.expr) -> bool:
    """Whether it is the result of a comparison, or of a builtin that gives a bool."""
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and value.func.id in SAFE_PREDICATES
    return isinstance(value, ast.Compare)


SAFE_PREDICATES = {"isinstance", "issubclass", "callable", "hasattr"}


class HoistArgument(Rewrite):
    """`return len(E)` becomes `t = E; return len(t)`: builtins cannot change meanwhile."""

    def visit_Return(self, node):
        call = node.value
        if (
            self.inside()
            and isinstance(call, ast.Call)
            and isinstance(call.func, ast.Name)
            and call.func.id in SAFE_BUILTINS - self.bound
            and call.args
            and not isinstance(
                call.args[0], ast.Name | ast.Constant | ast.Starred | ast.GeneratorExp
            )
            and not seen(self.stack[-1])
        ):
            name = self.fresh(node)
            first = ast.Assign([ast.Name(name, ast.Store())], call.args[0])
            call.args[0] = ast.Name(name, ast.Load())
            return [first, node]
        return node


SAFE_BUILTINS = {
    "len",
    "list",
    "tuple",
    "dict",
    "set",
    "frozenset",
    "sorted",
    "str",
    "int",
    "bool",
    "sum",
    "iter",
    "next",
    "min",
    "max",
    "repr",
    "isinstance",
    "any",
    "all",
}


class FlattenElse(Rewrite):
    """`if c: return… else: X` becomes `if c: return…` then X."""

    def visit_If(self, node):
        self.generic_visit(node)
        if (
            node.orelse
            and node.body
            and isinstance(node.body[-1], ast.Return | ast.Raise | ast.Continue | ast.Break)
            and self.inside()
        ):
            rest = node.orelse
            self.count += 1
            return [_with(node, orelse=[]), *rest]
        return node


class AddElse(Rewrite):
    """`if c: return…` then X becomes `if c: return… else: X`."""

    def function(self, node) -> None:
        node.body = self.block(node.body)

    def block(self, body):
        for index, statement in enumerate(body):
            rest = body[index + 1 :]
            if not rest or not isinstance(statement, ast.If) or statement.orelse:
                continue
            if isinstance(statement.body[-1], ast.Return | ast.Raise):
                self.count += 1
                return [*body[:index], _with(statement, orelse=self.block(rest))]
        return body


class SwapBranches(Rewrite):
    """`if c: A else: B` becomes `if not c: B else: A`."""

    def visit_If(self, node):
        self.generic_visit(node)
        if node.orelse:
            self.count += 1
            return ast.If(ast.UnaryOp(ast.Not(), node.test), node.orelse, node.body)
        return node


class ConditionalToIf(Rewrite):
    """`return a if c else b` becomes an `if` statement; `x = a if c else b`, too."""

    def visit_Return(self, node):
        if isinstance(node.value, ast.IfExp):
            self.count += 1
            return ast.If(
                node.value.test, [ast.Return(node.value.body)], [ast.Return(node.value.orelse)]
            )
        return node

    def visit_Assign(self, node):
        if (
            self.inside()
            and isinstance(node.value, ast.IfExp)
            and len(node.targets) == 1
            and isinstance(node.targets[0], ast.Name)
        ):
            self.count += 1
            one, two = (
                ast.Assign([copy.deepcopy(node.targets[0])], v)
                for v in (node.value.body, node.value.orelse)
            )
            return ast.If(node.value.test, [one], [two])
        return node


class ListToLoop(Rewrite):
    """`x = [e for t in it if c]` becomes a loop that appends."""

    def visit_Assign(self, node):
        value = node.value
        if not (self.inside() and isinstance(value, ast.ListComp) and len(value.generators) == 1):
            return node
        target = node.targets[0]
        if (
            len(node.targets) != 1
            or not isinstance(target, ast.Name)
            or not self.free(value, target.id)
        ):
            return node
        generator = value.generators[0]
        append = ast.Expr(
            ast.Call(
                ast.Attribute(ast.Name(target.id, ast.Load()), "append", ast.Load()),
                [value.elt],
                [],
            )
        )
        body: list[ast.stmt] = [append]
        for test in reversed(generator.ifs):
            body = [ast.If(test, body, [])]
        self.count += 1
        return [
            ast.Assign([target], ast.List([], ast.Load())),
            ast.For(generator.target, generator.iter, body, []),
        ]

    def free(self, value, result: str) -> bool:
        function = self.stack[-1]
        if seen(function) or any(
            isinstance(n, ast.Try | ast.With | ast.Global | ast.Nonlocal)
            for n in ast.walk(function)
        ):
            return False
        if value.generators[0].is_async or any(
            isinstance(
                n,
                ast.Await
                | ast.NamedExpr
                | ast.Lambda
                | ast.ListComp
                | ast.SetComp
                | ast.DictComp
                | ast.GeneratorExp,
            )
            and n is not value
            for n in ast.walk(value)
        ):
            return False
        targets = {n.id for n in ast.walk(value.generators[0].target) if isinstance(n, ast.Name)}
        inner = {n.id for n in ast.walk(value) if isinstance(n, ast.Name)}
        everywhere = Counter(n.id for n in ast.walk(function) if isinstance(n, ast.Name))
        here = Counter(n.id for n in ast.walk(value) if isinstance(n, ast.Name))
        arguments = {a.arg for a in ast.walk(function) if isinstance(a, ast.arg)}
        nested = {
            n.id
            for f in ast.walk(function)
            if isinstance(f, (*FUNCTIONS, ast.Lambda)) and f is not function
            for n in ast.walk(f)
            if isinstance(n, ast.Name)
        }
        alone = all(everywhere[t] == here[t] and t not in arguments for t in targets)
        return alone and result not in inner and result not in nested


class DeadCode(Rewrite):
    """`if False:` blocks, statements behind a `return`, unused constants."""

    def function(self, node) -> None:
        if seen(node):
            return
        name = self.fresh(node, "unused")
        dead = [
            ast.If(
                ast.Constant(False),
                [ast.Expr(ast.Call(ast.Name("print", ast.Load()), [ast.Constant(1)], []))],
                [],
            )
        ]
        start = 1 if ast.get_docstring(node, clean=False) is not None else 0
        node.body[start:start] = [ast.Assign([ast.Name(name, ast.Store())], ast.Constant(7)), *dead]
        if isinstance(node.body[-1], ast.Return | ast.Raise):
            node.body.append(
                ast.Expr(ast.Call(ast.Name("print", ast.Load()), [ast.Constant(2)], []))
            )


class AnnotateLocals(Rewrite):
    """`x = E` in a function becomes `x: object = E`."""

    def visit_Assign(self, node):
        declared = (
            {
                n
                for d in ast.walk(self.stack[-1])
                if isinstance(d, ast.Global | ast.Nonlocal)
                for n in d.names
            }
            if self.inside()
            else set()
        )
        if (
            self.inside()
            and len(node.targets) == 1
            and isinstance(node.targets[0], ast.Name)
            and node.targets[0].id not in declared
        ):
            self.count += 1
            return ast.AnnAssign(node.targets[0], ast.Name("object", ast.Load()), node.value, 1)
        return node


class WhileTrue(Rewrite):
    """`while c: X` becomes `while True: if not c: break; X`."""

    def visit_While(self, node):
        self.generic_visit(node)
        if node.orelse or isinstance(node.test, ast.Constant):
            return node
        self.count += 1
        leave = ast.If(ast.UnaryOp(ast.Not(), node.test), [ast.Break()], [])
        return ast.While(ast.Constant(True), [leave, *node.body], [])


class NestIfs(Rewrite):
    """`if a and b: X` becomes `if a: if b: X`."""

    def visit_If(self, node):
        self.generic_visit(node)
        if (
            isinstance(node.test, ast.BoolOp)
            and isinstance(node.test.op, ast.And)
            and not node.orelse
        ):
            self.count += 1
            body = node.body
            for value in reversed(node.test.values):
                body = [ast.If(value, body, [])]
            return body[0]
        return node


class EarlyContinue(Rewrite):
    """A loop body that is one `if c:` becomes `if not c: continue` and the rest."""

    def visit_For(self, node):
        self.generic_visit(node)
        if len(node.body) == 1 and isinstance(node.body[0], ast.If) and not node.body[0].orelse:
            self.count += 1
            inner = node.body[0]
            node.body = [
                ast.If(ast.UnaryOp(ast.Not(), inner.test), [ast.Continue()], []),
                *inner.body,
            ]
        return node


class ExplicitReturn(Rewrite):
    """A function that ends without `return` gets one; a bare `return` becomes `return None`."""

    def function(self, node) -> None:
        last = node.body[-1]
        generator = any(isinstance(n, ast.Yield | ast.YieldFrom) for n in ast.walk(node))
        if not generator and not isinstance(last, ast.Return | ast.Raise):
            self.count += 1
            node.body.append(ast.Return(ast.Constant(None)))


class SpelledConstants(Rewrite):
    """`[]` becomes `list()`, `{}` `dict()`, and an integer n becomes n - 1 + 1."""

    def visit_List(self, node):
        self.generic_visit(node)
        if (
            self.inside()
            and not node.elts
            and isinstance(node.ctx, ast.Load)
            and "list" not in self.bound
        ):
            self.count += 1
            return ast.Call(ast.Name("list", ast.Load()), [], [])
        return node

    def visit_Dict(self, node):
        self.generic_visit(node)
        if self.inside() and not node.keys and "dict" not in self.bound:
            self.count += 1
            return ast.Call(ast.Name("dict", ast.Load()), [], [])
        return node


def _with(node: ast.If, **fields) -> ast.If:
    return ast.If(
        fields.get("test", node.test),
        fields.get("body", node.body),
        fields.get("orelse", node.orelse),
    )


REWRITES: dict[str, type[Rewrite]] = {
    "return-temporary": ReturnTemporary,
    "condition-temporary": ConditionTemporary,
    "hoisted-argument": HoistArgument,
    "else-flattened": FlattenElse,
    "else-added": AddElse,
    "branches-swapped": SwapBranches,
    "conditional-to-if": ConditionalToIf,
    "list-to-loop": ListToLoop,
    "dead-code": DeadCode,
    "locals-annotated": AnnotateLocals,
    "while-true": WhileTrue,
    "ifs-nested": NestIfs,
    "early-continue": EarlyContinue,
    "explicit-return": ExplicitReturn,
    "displays-called": SpelledConstants,
}


def rewrite(kind: str, text: str) -> str | None:
    """A module under one rewrite; None where it finds nothing to do."""
    tree = ast.parse(text)
    made = REWRITES[kind]()
    stars = any(isinstance(n, ast.alias) and n.name == "*" for n in ast.walk(tree))
    stored = {
        n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    named = {getattr(n, "name", None) or getattr(n, "arg", None) for n in ast.walk(tree)}
    made.bound = set(dir(builtins)) if stars else stored | named
    new = ast.fix_missing_locations(made.visit(tree))
    return ast.unparse(new) if made.count else None


Rewriter = Callable[[str], str | None]
