"""The ways in which a mutator breaks code: a table of operators, each one node to its replacements.

An operator yields (replacement, words) for a node it applies to, and nothing for others; a
replacement of None removes the statement. Each is one mistake that people and models make. What
cannot change behaviour (docstrings, annotations) never reaches an operator. To add one, add a
function and a row.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from typing import NamedTuple

__all__ = ["OPERATORS", "Operator"]

Variants = Iterator[tuple[ast.AST | None, str]]


class Operator(NamedTuple):
    """A way of breaking code: its name, the nodes it looks at, what it makes of one."""

    name: str
    nodes: tuple[type[ast.AST], ...]
    variants: Callable[[ast.AST], Variants]


SIGNS: dict[type[ast.AST], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.MatMult: "@",
}
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.Gt,
    ast.Gt: ast.Lt,
    ast.LtE: ast.GtE,
    ast.GtE: ast.LtE,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
BOUNDARIES: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
}
BITS: dict[type[ast.operator], type[ast.operator]] = {
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
TWINS = {
    "min": "max",
    "max": "min",
    "any": "all",
    "all": "any",
    "lower": "upper",
    "upper": "lower",
    "startswith": "endswith",
    "endswith": "startswith",
    "lstrip": "rstrip",
    "rstrip": "lstrip",
    "find": "rfind",
    "rfind": "find",
    "add": "discard",
    "append": "remove",
    "appendleft": "append",
    "popleft": "pop",
    "union": "intersection",
    "intersection": "union",
    "keys": "values",
    "floor": "ceil",
}
CHECKS = (
    "require",
    "refuse",
    "check",
    "validate",
    "ensure",
    "verify",
    "assert",
    "guard",
    "enforce",
)


def _copy(node: ast.AST, **changes: object) -> ast.AST:
    made = copy.copy(node)
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def _turned(sign: ast.AST, other: ast.AST) -> str:
    return f"`{SIGNS[type(sign)]}` becomes `{SIGNS[type(other)]}`"


# -- expressions -------------------------------------------------------------------------------


def _compared(table: dict[type[ast.cmpop], type[ast.cmpop]]) -> Callable[[ast.AST], Variants]:
    def variants(node: ast.AST) -> Variants:
        assert isinstance(node, ast.Compare)  # noqa: S101 (by the table)
        for i, sign in enumerate(node.ops):
            if type(sign) in table:
                other = table[type(sign)]()
                ops = [*node.ops[:i], other, *node.ops[i + 1 :]]
                yield _copy(node, ops=ops), _turned(sign, other)

    return variants


def _computed(
    table: dict[type[ast.operator], type[ast.operator]],
) -> Callable[[ast.AST], Variants]:
    def variants(node: ast.AST) -> Variants:
        assert isinstance(node, ast.BinOp | ast.AugAssign)  # noqa: S101
        if type(node.op) in table and not _joins_text(node):
            other = table[type(node.op)]()
            yield _copy(node, op=other), _turned(node.op, other)

    return variants


def _joins_text(node: ast.BinOp | ast.AugAssign) -> bool:
    """Text has no `-`: such a mutant dies of a TypeError and tells nothing."""
    parts = (node.left, node.right) if isinstance(node, ast.BinOp) else (node.value,)
    return any(
        isinstance(it, ast.JoinedStr)
        or (isinstance(it, ast.Constant) and isinstance(it.value, str))
        for it in parts
    )


def _number(node: ast.AST) -> Variants:
    assert isinstance(node, ast.Constant)  # noqa: S101
    value = node.value
    if isinstance(value, int | float) and not isinstance(value, bool):
        yield _copy(node, value=value + 1), f"{value} becomes {value + 1}"
        if value not in (0, 1):
            yield _copy(node, value=0), f"{value} becomes 0"


def _truth(node: ast.AST) -> Variants:
    assert isinstance(node, ast.Constant)  # noqa: S101
    if isinstance(node.value, bool):
        yield _copy(node, value=not node.value), f"{node.value} becomes {not node.value}"


def _text(node: ast.AST) -> Variants:
    assert isinstance(node, ast.Constant)  # noqa: S101
    if isinstance(node.value, str):
        if node.value:
            yield _copy(node, value=""), "the text becomes empty"
        yield _copy(node, value=f"{node.value}!"), "the text gets a `!`"
    elif isinstance(node.value, bytes):
        yield _copy(node, value=node.value + b"!"), "the bytes get a `!`"


def _logic(node: ast.AST) -> Variants:
    assert isinstance(node, ast.BoolOp)  # noqa: S101
    is_and = isinstance(node.op, ast.And)
    words = "`and` becomes `or`" if is_and else "`or` becomes `and`"
    yield _copy(node, op=ast.Or() if is_and else ast.And()), words


def _operand(node: ast.AST) -> Variants:
    assert isinstance(node, ast.BoolOp)  # noqa: S101
    for i, value in enumerate(node.values):
        left = [*node.values[:i], *node.values[i + 1 :]]
        made = left[0] if len(left) == 1 else _copy(node, values=left)
        yield made, f"`{ast.unparse(value)}` is not asked any more"


def _unary(node: ast.AST) -> Variants:
    assert isinstance(node, ast.UnaryOp)  # noqa: S101
    sign = {ast.USub: "-", ast.Not: "not", ast.Invert: "~"}.get(type(node.op))
    if sign:
        yield node.operand, f"`{sign}` is removed"


def _swapped(node: ast.AST) -> Variants:
    assert isinstance(node, ast.Call)  # noqa: S101
    args = node.args
    for i in range(len(args) - 1):
        pair = (args[i], args[i + 1])
        if not any(isinstance(it, ast.Starred) for it in pair) and ast.dump(pair[0]) != ast.dump(
            pair[1]
        ):
            swapped = [*args[:i], args[i + 1], args[i], *args[i + 2 :]]
            yield _copy(node, args=swapped), f"arguments {i + 1} and {i + 2} are swapped"


def _keyword(node: ast.AST) -> Variants:
    assert isinstance(node, ast.Call)  # noqa: S101
    for i, keyword in enumerate(node.keywords):
        if keyword.arg:
            left = [*node.keywords[:i], *node.keywords[i + 1 :]]
            yield _copy(node, keywords=left), f"the argument `{keyword.arg}` is not given any more"


def _twin(node: ast.AST) -> Variants:
    assert isinstance(node, ast.Call)  # noqa: S101
    function = node.func
    if isinstance(function, ast.Attribute) and function.attr in TWINS:
        other = TWINS[function.attr]
        made = _copy(function, attr=other)
        yield _copy(node, func=made), f"`{function.attr}` becomes `{other}`"
    elif isinstance(function, ast.Name) and function.id in TWINS:
        other = TWINS[function.id]
        yield _copy(node, func=_copy(function, id=other)), f"`{function.id}` becomes `{other}`"


def _call(node: ast.AST) -> Variants:
    """`abs(x)`, `sorted(x)`, `text.strip()`: as if it had been forgotten."""
    assert isinstance(node, ast.Call)  # noqa: S101
    name = ast.unparse(node.func).rpartition(".")[2]
    if isinstance(node.func, ast.Name) and name in FORGOTTEN and len(node.args) == 1:
        yield node.args[0], f"`{name}` is not applied any more"
    elif isinstance(node.func, ast.Attribute) and name in FORGOTTEN_METHODS:
        yield node.func.value, f"`.{name}` is not applied any more"


FORGOTTEN = frozenset(
    [
        "abs",
        "sorted",
        "reversed",
        "set",
        "list",
        "tuple",
        "int",
        "float",
        "str",
        "round",
        "len",
        "bool",
        "sum",
    ]
)
FORGOTTEN_METHODS = frozenset(
    ["strip", "lower", "upper", "lstrip", "rstrip", "copy", "casefold", "title"]
)


def _off_by_one(node: ast.AST) -> Variants:
    """One too far, one too short: in `range`, and where an index is computed."""
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id == "range" and node.args:
            i = 0 if len(node.args) == 1 else 1
            for sign, words in ((ast.Add(), "further"), (ast.Sub(), "less far")):
                stop = ast.BinOp(node.args[i], sign, ast.Constant(1))
                args = [*node.args[:i], stop, *node.args[i + 1 :]]
                yield _copy(node, args=args), f"the range goes one {words}"
    elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Name | ast.BinOp):
        index = ast.BinOp(node.slice, ast.Add(), ast.Constant(1))
        if isinstance(node.ctx, ast.Load):
            yield _copy(node, slice=index), "the index is one higher"


def _slice(node: ast.AST) -> Variants:
    assert isinstance(node, ast.Slice)  # noqa: S101
    for field, words in (("lower", "beginning"), ("upper", "end"), ("step", "step")):
        if getattr(node, field) is not None:
            yield _copy(node, **{field: None}), f"the slice loses its {words}"


def _choice(node: ast.AST) -> Variants:
    assert isinstance(node, ast.IfExp)  # noqa: S101
    yield node.body, "it is always the first choice"
    yield node.orelse, "it is always the second choice"


def _collection(node: ast.AST) -> Variants:
    if isinstance(node, ast.Dict) and node.keys:
        made = _copy(node, keys=node.keys[:-1], values=node.values[:-1])
        yield made, "the last pair is missing"
    elif isinstance(node, ast.List | ast.Set) and len(node.elts) > 1:
        made = _copy(node, elts=node.elts[:-1])
        yield from () if _is_target(node) else [(made, "the last item is missing")]


def _is_target(node: ast.AST) -> bool:
    return isinstance(getattr(node, "ctx", None), ast.Store)


def _filter(node: ast.AST) -> Variants:
    assert isinstance(node, ast.comprehension)  # noqa: S101
    for i, condition in enumerate(node.ifs):
        left = [*node.ifs[:i], *node.ifs[i + 1 :]]
        yield _copy(node, ifs=left), f"`if {ast.unparse(condition)}` does not filter any more"


# -- statements --------------------------------------------------------------------------------

Conditional = ast.If | ast.While | ast.IfExp | ast.Assert


def _negated(node: ast.AST) -> Variants:
    assert isinstance(node, Conditional)  # noqa: S101
    yield _copy(node, test=ast.UnaryOp(ast.Not(), node.test)), "the condition is negated"


def _decided(node: ast.AST) -> Variants:
    assert isinstance(node, ast.If | ast.While)  # noqa: S101
    yield _copy(node, test=ast.Constant(value=False)), "the condition never holds"
    if isinstance(node, ast.If):
        yield _copy(node, test=ast.Constant(value=True)), "the condition always holds"


def _loop(node: ast.AST) -> Variants:
    assert isinstance(node, ast.For)  # noqa: S101
    empty = ast.Tuple([], ast.Load())
    yield _copy(node, iter=empty), "the loop does nothing"


def _else(node: ast.AST) -> Variants:
    assert isinstance(node, ast.If | ast.For | ast.While | ast.Try)  # noqa: S101
    if node.orelse and not (len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If)):
        yield _copy(node, orelse=[]), "the `else` is missing"


def _removed(node: ast.AST) -> Variants:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant | ast.Yield | ast.Await):
        return
    if isinstance(node, ast.Expr) and _is_check(node.value):
        return
    yield None, "the statement is missing"


def _is_check(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = ast.unparse(node.func).rpartition(".")[2].lower().lstrip("_")
    return name.startswith(CHECKS)


def _check(node: ast.AST) -> Variants:
    """Removed: `RULE.require(…)`, `validate(…)`, an `assert`."""
    if isinstance(node, ast.Assert) or (isinstance(node, ast.Expr) and _is_check(node.value)):
        yield None, "the check is missing"


def _emptied(node: ast.AST) -> Variants:
    assert isinstance(node, ast.Assign | ast.AnnAssign)  # noqa: S101
    if node.value is not None and not isinstance(node.value, ast.Constant):
        yield _copy(node, value=ast.Constant(None)), "None is assigned instead"


def _returned(node: ast.AST) -> Variants:
    assert isinstance(node, ast.Return)  # noqa: S101
    value = node.value
    if value is None or (isinstance(value, ast.Constant) and value.value is None):
        return
    yield _copy(node, value=ast.Constant(None)), "None is returned instead"
    if isinstance(value, ast.Compare | ast.BoolOp):
        yield _copy(node, value=ast.UnaryOp(ast.Not(), value)), "the answer is negated"


def _event(node: ast.AST) -> Variants:
    """A yield that is dropped, an event that is left out of what a handler returns."""
    if isinstance(node, ast.Expr):
        if isinstance(node.value, ast.Yield | ast.YieldFrom):
            # `if False: yield` keeps it a generator.
            empty = ast.If(ast.Constant(value=False), [ast.Expr(node.value)], [])
            yield empty, "it is not yielded any more"
    elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
        items = node.value.elts
        for i in range(1, len(items)):
            left = [*items[:i], *items[i + 1 :]]
            made = _copy(node.value, elts=left)
            yield _copy(node, value=made), f"`{ast.unparse(items[i])}` is not returned any more"


def _raised(node: ast.AST) -> Variants:
    assert isinstance(node, ast.Raise)  # noqa: S101
    yield None, "nothing is raised"
    if node.exc is not None:
        name = ast.unparse(node.exc.func if isinstance(node.exc, ast.Call) else node.exc)
        other = "RuntimeError" if name != "RuntimeError" else "ValueError"
        made = ast.Call(ast.Name(other, ast.Load()), [], [])
        yield _copy(node, exc=made), f"{other} is raised instead"


def _caught(node: ast.AST) -> Variants:
    assert isinstance(node, ast.ExceptHandler)  # noqa: S101
    if not (len(node.body) == 1 and isinstance(node.body[0], ast.Raise)):
        yield _copy(node, body=[ast.Raise(None, None)]), "the exception is let through"


def _augmented(node: ast.AST) -> Variants:
    assert isinstance(node, ast.AugAssign)  # noqa: S101
    made = ast.Assign([node.target], node.value, lineno=node.lineno)
    yield made, f"`{SIGNS[type(node.op)]}=` becomes `=`"


def _jumped(node: ast.AST) -> Variants:
    if isinstance(node, ast.Break):
        yield ast.Continue(), "`break` becomes `continue`"
    else:
        yield ast.Break(), "`continue` becomes `break`"


def _stayed(node: ast.AST) -> Variants:
    yield None, f"`{ast.unparse(node)}` is missing"


def _default(node: ast.AST) -> Variants:
    """Of a parameter; the names it is asked with are made by the mutator."""
    assert isinstance(node, ast.arguments)  # noqa: S101
    for field in ("defaults", "kw_defaults"):
        values = getattr(node, field)
        for i, value in enumerate(values):
            for other in _other_default(value):
                changed = [*values[:i], other, *values[i + 1 :]]
                words = f"the default `{ast.unparse(value)}` becomes `{ast.unparse(other)}`"
                yield _copy(node, **{field: changed}), words


def _other_default(value: ast.AST | None) -> Iterator[ast.expr]:
    if not isinstance(value, ast.Constant):
        return
    if isinstance(value.value, bool):
        yield ast.Constant(value=not value.value)
    elif isinstance(value.value, int | float):
        yield ast.Constant(value.value + 1)
    elif isinstance(value.value, str):
        yield ast.Constant(f"{value.value}!")
    elif value.value is None:
        yield ast.Constant(0)


def _decorator(node: ast.AST) -> Variants:
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)  # noqa: S101
    for i, decorator in enumerate(node.decorator_list):
        left = [*node.decorator_list[:i], *node.decorator_list[i + 1 :]]
        yield _copy(node, decorator_list=left), f"`@{ast.unparse(decorator)}` is missing"


SIMPLE = (ast.Expr, ast.Assign, ast.AugAssign, ast.Delete)
OPERATORS: tuple[Operator, ...] = (
    Operator("comparison", (ast.Compare,), _compared(COMPARISONS)),
    Operator("boundary", (ast.Compare,), _compared(BOUNDARIES)),
    Operator("arithmetic", (ast.BinOp,), _computed(ARITHMETIC)),
    Operator("bits", (ast.BinOp,), _computed(BITS)),
    Operator("number", (ast.Constant,), _number),
    Operator("truth", (ast.Constant,), _truth),
    Operator("text", (ast.Constant,), _text),
    Operator("logic", (ast.BoolOp,), _logic),
    Operator("operand", (ast.BoolOp,), _operand),
    Operator("unary", (ast.UnaryOp,), _unary),
    Operator("swapped arguments", (ast.Call,), _swapped),
    Operator("keyword", (ast.Call,), _keyword),
    Operator("twin", (ast.Call,), _twin),
    Operator("forgotten call", (ast.Call,), _call),
    Operator("off by one", (ast.Call, ast.Subscript), _off_by_one),
    Operator("slice", (ast.Slice,), _slice),
    Operator("choice", (ast.IfExp,), _choice),
    Operator("collection", (ast.Dict, ast.List, ast.Set), _collection),
    Operator("filter", (ast.comprehension,), _filter),
    Operator("negated condition", (ast.If, ast.While, ast.IfExp, ast.Assert), _negated),
    Operator("decided condition", (ast.If, ast.While), _decided),
    Operator("loop", (ast.For,), _loop),
    Operator("else", (ast.If, ast.For, ast.While, ast.Try), _else),
    Operator("statement", SIMPLE, _removed),
    Operator("check", (ast.Expr, ast.Assert), _check),
    Operator("assigned value", (ast.Assign, ast.AnnAssign), _emptied),
    Operator("return value", (ast.Return,), _returned),
    Operator("event", (ast.Expr, ast.Return), _event),
    Operator("raise", (ast.Raise,), _raised),
    Operator("except", (ast.ExceptHandler,), _caught),
    Operator("augmented assignment", (ast.AugAssign,), _augmented),
    Operator("augmented sign", (ast.AugAssign,), _computed({**ARITHMETIC, **BITS})),
    Operator("jump", (ast.Break, ast.Continue), _jumped),
    Operator("missing jump", (ast.Break, ast.Continue), _stayed),
    Operator("default", (ast.arguments,), _default),
    Operator("decorator", (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef), _decorator),
)
"""Every operator, in the order in which the mutants of one node come."""
