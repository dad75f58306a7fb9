"""Rules about loops that build a collection: they are comprehensions."""

from __future__ import annotations

import ast

from monocyte.semdiff.normal.bodies import each_block
from monocyte.semdiff.normal.conditions import positive
from monocyte.semdiff.normal.rewriter import RuleSet, Site
from monocyte.semdiff.scopes import Scope

__all__ = ["LOOPS"]

Collected = ast.ListComp | ast.SetComp | ast.DictComp


def collect(body: list[ast.stmt], site: Site) -> list[ast.stmt]:
    """`r = []` then `for x in it: if c: r.append(e)` is `r = [e for x in it if c]`.

    Likewise `set()` with `add`, and `{}` with `r[k] = v`. Side conditions: `r` and the loop's
    variables are variables of this function alone; the latter are read nowhere but in loops that
    set them; `r` is in neither `it`, `c` nor `e`; none of these binds, waits, yields or asks for
    `super`; no `else`; not inside `try` or `with`, where a half-filled `r` could be seen; for
    dicts, k or v is a constant or a loop variable, since the two forms evaluate them in
    different order.
    A comprehension may have a frame of its own: the channel FRAMES.
    """

    def change(block: list[ast.stmt]) -> list[ast.stmt]:
        index = 0
        while index < len(block) - 1:
            made = _Loop(block[index], block[index + 1], body, site).comprehension()
            if made is not None:
                target = block[index].targets  # type: ignore[attr-defined]
                assign = ast.copy_location(ast.Assign(target, made), block[index])
                block = [*block[:index], assign, *block[index + 2 :]]
            index += 1
        return block

    return each_block(body, change, guarded=False) if not site.tries else body


class _Loop:
    """Two neighbouring statements that may together be a comprehension."""

    def __init__(self, first: ast.stmt, second: ast.stmt, body: list[ast.stmt], site: Site) -> None:
        self.first, self.second = first, second
        self.body = body
        self.site = site
        self.result = ""
        self.targets: set[str] = set()

    def comprehension(self) -> Collected | None:
        kind = self.kind()
        if kind is None or not isinstance(self.second, ast.For):
            return None
        generators, last = self.generators(self.second)
        made = self.collected(kind, last, generators) if last is not None else None
        if made is None or not self.is_safe(made):
            return None
        scope = Scope("comprehension", made, self.site.scope, self.site.scope.private)
        scope.bound = {scope.mangle(name) for name in self.targets}
        made.__dict__["scope"] = scope
        return made

    def kind(self) -> str | None:
        """What the first statement starts: a list, set or dict, empty, in a plain variable."""
        match self.first:
            case ast.Assign(targets=[ast.Name(id=name) as target], value=value) if (
                self.site.is_plain(target) and self.site.scope.kind == "function"
            ):
                self.result = name
                match value:
                    case ast.List(elts=[]):
                        return "list"
                    case ast.Dict(keys=[]):
                        return "dict"
                    case ast.Call(func=ast.Name("set"), args=[], keywords=[]) if (
                        self.site.is_builtin("set")
                    ):
                        return "set"
        return None

    def generators(self, loop: ast.For) -> tuple[list[ast.comprehension], ast.stmt | None]:
        """The loops and conditions, outermost first, and the statement inside them all."""
        if loop.orelse:
            return [], None
        generator = ast.comprehension(loop.target, loop.iter, [], 0)
        self.targets |= {n.id for n in ast.walk(loop.target) if isinstance(n, ast.Name)}
        inner = loop.body
        while inner and isinstance(inner[0], ast.If):
            found = _condition(inner[0], inner[1:])
            if found is None:
                return [], None
            test, inner = found
            generator.ifs += _parts(test)
        if len(inner) != 1:
            return [], None
        if isinstance(inner[0], ast.For):
            more, last = self.generators(inner[0])
            return [generator, *more], last
        return [generator], inner[0]

    def collected(
        self, kind: str, last: ast.stmt, generators: list[ast.comprehension]
    ) -> Collected | None:
        match last:
            case ast.Expr(
                ast.Call(
                    func=ast.Attribute(value=ast.Name(id=name), attr=method),
                    args=[element],
                    keywords=[],
                )
            ) if name == self.result and not isinstance(element, ast.Starred):
                if (kind, method) == ("list", "append"):
                    return ast.ListComp(element, generators)
                if (kind, method) == ("set", "add"):
                    return ast.SetComp(element, generators)
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name), slice=key)]) if (
                name == self.result and kind == "dict" and not isinstance(key, ast.Slice)
            ):
                if self.is_quiet(key) or self.is_quiet(last.value):
                    return ast.DictComp(key, last.value, generators)
        return None

    def is_quiet(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Constant) or (
            isinstance(node, ast.Name) and node.id in self.targets
        )

    def is_safe(self, made: Collected) -> bool:
        for node in ast.walk(made):
            if isinstance(node, _NEVER):
                return False
            if isinstance(node, ast.Name) and node.id in {self.result, "super", "__class__"}:
                return False
        targets = [n for g in made.generators for n in ast.walk(g.target)]
        if not all(isinstance(n, _TARGETS) for n in targets):
            return False
        names = [n for n in targets if isinstance(n, ast.Name)]
        plain = all(self.site.is_plain(n) and self.is_local_to_loops(n.id) for n in names)
        first = {n.id for n in ast.walk(made.generators[0].iter) if isinstance(n, ast.Name)}
        return plain and not (first & self.targets)

    def is_local_to_loops(self, name: str) -> bool:
        """Whether every read of the name lies in a `for` that sets it first."""
        return name not in self.site.scope.params and not any(
            _read_outside(name, statement) for statement in self.body
        )


def _condition(branch: ast.If, rest: list[ast.stmt]) -> tuple[ast.expr, list[ast.stmt]] | None:
    """`if c: X`, or `if not c: continue` and X: the condition and X."""
    body, orelse = _without_pass(branch.body), _without_pass(branch.orelse)
    match body, orelse, rest:
        case [_, *_], [], []:
            return branch.test, body
        case [ast.Continue()], [], _:
            return ast.UnaryOp(ast.Not(), branch.test), rest
        case [] | [ast.Continue()], [_, *_], []:
            return ast.UnaryOp(ast.Not(), branch.test), orelse
        case _:
            return None


def _without_pass(body: list[ast.stmt]) -> list[ast.stmt]:
    return [s for s in body if not isinstance(s, ast.Pass)]


def _read_outside(name: str, node: ast.AST) -> bool:
    if isinstance(node, ast.For) and any(
        isinstance(n, ast.Name) and n.id == name for n in ast.walk(node.target)
    ):
        return _read_outside(name, node.iter) or any(_read_outside(name, s) for s in node.orelse)
    if isinstance(node, ast.Name):
        return node.id == name and not isinstance(node.ctx, ast.Store)
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        return node.target.id == name or _read_outside(name, node.value)
    return any(_read_outside(name, child) for child in ast.iter_child_nodes(node))


_NEVER = (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom, ast.Lambda)
_TARGETS = (ast.Name, ast.Tuple, ast.Store)


def split_conditions(node: ast.AST, _site: Site) -> ast.AST:
    """`… if a and b` is `… if a if b`, in a comprehension."""
    for generator in node.generators:  # type: ignore[attr-defined]
        generator.ifs = [part for test in generator.ifs for part in _parts(test)]
    return node


def _parts(test: ast.expr) -> list[ast.expr]:
    found, negated = positive(test)
    if isinstance(found, ast.BoolOp) and isinstance(found.op, ast.Or if negated else ast.And):
        parts = [ast.UnaryOp(ast.Not(), v) if negated else v for v in found.values]
        return [inner for part in parts for inner in _parts(part)]
    return [ast.UnaryOp(ast.Not(), found)] if negated else [found]


LOOPS = RuleSet(
    nodes=dict.fromkeys(
        (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp), (split_conditions,)
    ),
    functions=(collect,),
)
