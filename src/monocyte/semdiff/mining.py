"""What the text of both versions tells about inputs worth trying: constants, boundaries, shapes.

Constants are where behaviour turns, so they are tried, and their neighbours. Where a parameter
has no annotation, what is done with it tells what it may be. Pure: from syntax trees to values,
nothing run.
"""

from __future__ import annotations

import ast
import datetime as dt
import decimal
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import msgspec

__all__ = ["Mined", "mine", "uses_of"]

T = TypeVar("T")


class Mined(msgspec.Struct):
    """What was found, in the order found, without repetition."""

    ints: list[int] = msgspec.field(default_factory=list)
    floats: list[float] = msgspec.field(default_factory=list)
    strings: list[str] = msgspec.field(default_factory=list)
    bytes: list[bytes] = msgspec.field(default_factory=list)
    patterns: list[str] = msgspec.field(default_factory=list)
    keys: list[str] = msgspec.field(default_factory=list)
    deltas: list[dt.timedelta] = msgspec.field(default_factory=list)
    decimals: list[decimal.Decimal] = msgspec.field(default_factory=list)
    dates: list[dt.datetime] = msgspec.field(default_factory=list)


MOST = 60
PATTERNED = frozenset(
    ["compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"]
)


def mine(trees: Iterable[ast.AST]) -> Mined:
    """Everything in these trees, nearest first: give the changed functions before their modules."""
    found = Mined()
    for tree in trees:
        skipped = set(_docstrings(tree))
        for node in ast.walk(tree):
            if id(node) not in skipped:
                _take(node, found)
    _boundaries(found)
    return found


def _docstrings(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield id(node.value)


def _take(node: ast.AST, found: Mined) -> None:
    match node:
        case ast.Constant(value=bool() | None):
            pass
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            _add(found.ints if isinstance(value, int) else found.floats, -value)
        case ast.Constant(value=int() as value):
            _add(found.ints, value)
        case ast.Constant(value=float() as value):
            _add(found.floats, value)
        case ast.Constant(value=str() as value) if len(value) < 200:
            _add(found.strings, value)
        case ast.Constant(value=bytes() as value):
            _add(found.bytes, value)
        case ast.Subscript(slice=ast.Constant(value=str() as key)):
            _add(found.keys, key)
        case ast.Call():
            _take_call(node, found)


def _take_call(node: ast.Call, found: Mined) -> None:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    first = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
    if isinstance(first, str):
        if name in PATTERNED and isinstance(node.func, ast.Attribute):
            _add(found.patterns, first)
        if name in ("get", "pop", "setdefault", "getattr", "hasattr"):
            _add(found.keys, first)
    made = _literal_call(name, node)
    for kind, room in (
        (dt.timedelta, found.deltas),
        (decimal.Decimal, found.decimals),
        (dt.datetime, found.dates),
    ):
        if isinstance(made, kind):
            _add(room, made)


MAKERS: dict[str, Any] = {
    "timedelta": dt.timedelta,
    "Decimal": decimal.Decimal,
    "datetime": dt.datetime,
}


def _literal_call(name: str, node: ast.Call) -> Any:
    """The value of a call of a known maker with nothing but constants."""
    if name not in MAKERS or not all(isinstance(arg, ast.Constant) for arg in node.args):
        return None
    named = {k.arg or "": k.value.value for k in node.keywords if isinstance(k.value, ast.Constant)}
    if len(named) < len(node.keywords) or "" in named:
        return None
    args = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
    try:
        return MAKERS[name](*args, **named)
    except (TypeError, ValueError, ArithmeticError):
        return None


def _add(room: list[Any], value: Any) -> None:
    if len(room) < MOST and not any(value == it and type(value) is type(it) for it in room):
        room.append(value)


def _boundaries(found: Mined) -> None:
    """Neighbours, after the values themselves."""
    for text in found.strings:
        if text.lstrip("-").isdecimal() and len(text) < 10:
            _add(found.ints, int(text))
    cent, second, hour = decimal.Decimal("0.01"), dt.timedelta(seconds=1), dt.timedelta(hours=1)
    _spread(found.ints, lambda it: (it - 1, it + 1, -it))
    _spread(found.floats, lambda it: (it - 1, it + 1, it * 0.999, it * 1.001))
    _spread(found.strings, lambda it: (it + "a", it[:-1], it.upper(), it + it))
    _spread(found.deltas, lambda it: (it + second, it - second, it + hour, it - hour))
    _spread(found.decimals, lambda it: (it + cent, it - cent))


def _spread(room: list[T], neighbours: Callable[[T], tuple[T, ...]]) -> None:
    for value in tuple(room):
        for near in neighbours(value):
            _add(room, near)


# -- parameters without annotation -------------------------------------------------------------

STRING = frozenset(
    [
        "split",
        "strip",
        "lstrip",
        "rstrip",
        "lower",
        "upper",
        "startswith",
        "endswith",
        "join",
        "replace",
        "encode",
        "isdigit",
        "isalpha",
        "isspace",
        "isupper",
        "islower",
        "title",
        "rfind",
        "splitlines",
        "zfill",
        "format",
        "partition",
        "rpartition",
        "casefold",
    ]
)
LIST = frozenset(["append", "extend", "insert", "sort", "reverse"])
MAPPING = frozenset(["items", "keys", "values", "get", "setdefault"])
SET = frozenset(["add", "discard", "union", "intersection", "difference", "issubset", "issuperset"])
BITS = (ast.BitAnd, ast.BitOr, ast.BitXor, ast.LShift, ast.RShift)
TYPES = frozenset(["int", "float", "str", "bytes", "list", "tuple", "dict", "set", "bool"])


def uses_of(function: ast.AST, name: str) -> list[str]:
    """What `name` may be, by what is done with it: names of builtin types, likeliest first.

    Also `callable`, and `.attribute` for each attribute that is read of it.
    """
    votes: dict[str, int] = {}

    def vote(kind: str, weight: int = 1) -> None:
        votes[kind] = votes.get(kind, 0) + weight

    for node in ast.walk(function):
        for kind, weight in _votes(node, name):
            vote(kind, weight)
    return sorted(votes, key=lambda kind: -votes[kind])


def _votes(node: ast.AST, name: str) -> Iterator[tuple[str, int]]:  # noqa: C901 (a table)
    match node:
        case ast.Call(func=ast.Name(id=called)) if called == name:
            yield "callable", 5
        case ast.Call(func=ast.Name(id=called), args=[ast.Name(id=first), *others]) if (
            first == name
        ):
            yield from _votes_of_call(called, others)
        case ast.Attribute(value=ast.Name(id=owner), attr=attribute) if owner == name:
            yield _kind_of_attribute(attribute), 3
        case ast.For(iter=ast.Name(id=over)) | ast.comprehension(iter=ast.Name(id=over)) if (
            over == name
        ):
            yield "list", 2
            yield "str", 1
        case ast.Subscript(value=ast.Name(id=owner), slice=index) if owner == name:
            yield from _votes_of_index(index)
        case ast.BinOp(left=left, op=op, right=right):
            for one, other in ((left, right), (right, left)):
                if _is(one, name):
                    yield from _votes_of_arithmetic(op, other)
        case ast.Compare(left=left, comparators=[right]):
            for one, other in ((left, right), (right, left)):
                if _is(one, name) and isinstance(other, ast.Constant) and other.value is not None:
                    yield type(other.value).__name__, 3


def _is(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _votes_of_call(called: str, others: list[ast.expr]) -> Iterator[tuple[str, int]]:
    if called == "range":
        yield "int", 5
    elif called in ("len", "sorted", "enumerate", "sum", "min", "max", "set", "list", "iter"):
        yield "list", 2
        yield "str", 1
    elif called == "isinstance" and others:
        for kind in ast.walk(others[0]):
            if isinstance(kind, ast.Name) and kind.id in TYPES:
                yield kind.id, 3
    elif called in ("abs", "round", "int", "float", "chr"):
        yield "int", 1


def _kind_of_attribute(attribute: str) -> str:
    for names, kind in ((STRING, "str"), (LIST, "list"), (MAPPING, "dict"), (SET, "set")):
        if attribute in names:
            return kind
    return f".{attribute}"


def _votes_of_index(index: ast.expr) -> Iterator[tuple[str, int]]:
    if isinstance(index, ast.Constant) and isinstance(index.value, str):
        yield "dict", 3
    else:
        yield "list", 2
        yield "str", 1
    if isinstance(index, ast.Tuple):
        yield "dict", 2


def _votes_of_arithmetic(op: ast.operator, other: ast.expr) -> Iterator[tuple[str, int]]:
    if isinstance(other, ast.Constant):
        yield type(other.value).__name__, 2
    elif isinstance(op, BITS):
        yield "int", 3
    else:
        yield "int", 1
    if isinstance(op, ast.Div):
        yield "float", 2
