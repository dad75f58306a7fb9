"""Is this value what its type says? Constructors do not ask; the bus asks for every message.

A quick check is compiled per type: when it says yes, the value is valid, is within `MAX_BYTES`, and
crosses by reference. When it hesitates (a control character, a time zone, a long tuple, a `Map`,
anything unusual) the value makes the whole way through the codec, and what arrives is what a wire
would have delivered. So a message means the same in memory and on a wire, at the price of some type
comparisons. The quick check may hesitate needlessly; it must never say yes in vain.
"""

from __future__ import annotations

import enum
import keyword
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin
from uuid import UUID

import msgspec

from monocyte.contracts.annotations import DEEPEST, struct_of, unalias, union_members
from monocyte.contracts.codec import MAX_BYTES, decode, encode, refuse_infinite
from monocyte.contracts.values import Map, Value
from monocyte.errors import Invalid, TooLarge

__all__ = ["compile_check", "quick_check", "quick_tests", "through_the_wire"]

T = TypeVar("T")
Test = tuple[str, int]
"""A boolean expression, and how many bytes a value that passes it encodes to at most."""

NEVER: Test = ("False", 0)

_MISSING = getattr(enum.Enum._missing_, "__func__", None)
"""What an Enum does that makes no members up."""

RUNGS = ((1 << 14, 64), (1 << 12, 64), (1 << 10, 64), (1 << 8, 64), (1 << 6, 32), (1 << 4, 8))
"""Below which length strings (in characters) and tuples are quick: the first rung is taken on which
no value of the type can pass `MAX_BYTES`. Longer ones are measured on the way through the codec."""


@cache
def quick_check(annotation: Any) -> Callable[[Any], bool]:
    """A function that says yes when a value surely is of the type, no when in doubt."""
    (source,), names = quick_tests(v=annotation)
    return _function(source, names)


def quick_tests(**variables: Any) -> tuple[list[str], dict[str, Any]]:
    """The quick check of each variable's type as an expression, and the names that they use.

    For code that is compiled around them, which saves it a call for each.
    """
    for rung in RUNGS:
        compiler = _Compiler(*rung)
        tests = [compiler.test(annotation, name) for name, annotation in variables.items()]
        if all(most <= MAX_BYTES for _, most in tests):
            return [source for source, _ in tests], compiler.names
    return ["False" for _ in variables], {}


def _function(source: str, names: dict[str, Any]) -> Callable[[Any], bool]:
    function: Callable[[Any], bool] = eval(f"lambda v: {source}", names)  # noqa: S307 (our own source)
    return function


@cache
def compile_check(annotation: Any) -> Callable[[Any], Any]:
    """A function that returns the value, or its equal off the wire, and raises `Invalid`."""
    quick = quick_check(annotation)

    def check(value: Any) -> Any:
        return value if quick(value) else through_the_wire(annotation, value)

    return check


def through_the_wire(annotation: type[T], value: Any) -> T:
    """Encode and decode a value, as a wire would.

    Raises:
        Invalid: it is not of the type, or does not come back equal, or holds NaN or an infinity.
        TooLarge: it passes a limit.
    """
    wanted = struct_of(annotation)
    if wanted is not None and issubclass(wanted, Value) and not isinstance(value, wanted):
        raise Invalid(f"{wanted.__name__} was expected, not {type(value).__name__}")
    arrived = decode(annotation, encode(value))
    refuse_infinite(annotation, arrived)
    try:
        found = next(_differences(value, arrived, "$"), None)
    except RecursionError as why:  # more levels than `==` can compare, fewer than the codec's limit
        raise TooLarge(f"{type(value).__name__} nests too deep to compare") from why
    if found is not None:
        raise Invalid("{1!r:.200} becomes {2!r:.200} on a wire - at `{0}`".format(*found))
    return arrived


def _differences(sent: Any, arrived: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Where what arrived is not equal to what was sent; a set or scalar differs as a whole."""
    if arrived == sent or _same_instant(sent, arrived):
        return
    pairs = list(_pairs(sent, arrived)) if type(sent) is type(arrived) else []
    for step, left, right in pairs:
        yield from _differences(left, right, path + step)
    if not pairs:
        yield path, sent, arrived


def _pairs(sent: Any, arrived: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(sent, msgspec.Struct):
        for name in sent.__struct_fields__:
            yield f".{name}", getattr(sent, name), getattr(arrived, name)
    elif isinstance(sent, tuple) and len(sent) == len(arrived):
        for i, (left, right) in enumerate(zip(sent, arrived, strict=True)):
            yield f"[{i}]", left, right
    elif isinstance(sent, Map) and sent.keys() == arrived.keys():
        for key in sent:
            yield f"[{key!r}]", sent[key], arrived[key]


def _same_instant(sent: Any, arrived: Any) -> bool:
    """Python holds an hour that a clock shows twice unequal to itself elsewhere (PEP 495)."""
    if not (isinstance(sent, datetime) and isinstance(arrived, datetime) and sent.tzinfo):
        return False
    return bool(sent.astimezone(UTC) == arrived)


class _Compiler:
    """Turns types into the source of boolean expressions, and collects the names in them."""

    def __init__(self, long: int, many: int) -> None:
        self.long = long
        self.many = many
        self.names: dict[str, Any] = {"datetime": datetime, "date": date, "time": time}
        self.names |= {"UTC": UTC, "timedelta": timedelta, "UUID": UUID}
        self.inside: tuple[Any, ...] = ()
        self.locals = 0

    def name(self, thing: Any) -> str:
        name = f"n{len(self.names)}"
        self.names[name] = thing
        return name

    def bound(self, annotation: Any, part: str) -> Test:
        """The test of a part, which is looked up where the test names it first."""
        self.locals += 1
        local = f"v{self.locals}_"
        source, most = self.test(annotation, local)
        return source.replace(local, f"({local} := {part})", 1), most

    def test(self, annotation: Any, v: str) -> Test:
        annotation = unalias(annotation)
        origin, args = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            return self.constrained(unalias(args[0]), args[1:], v)
        if union_members(annotation):
            return self.either([self.test(member, v) for member in args])
        if origin is Literal:
            return self.either([self.constant(value, v) for value in args])
        if origin is tuple:
            return self.row(args, v)
        if struct_of(annotation) is not None:
            return self.record(annotation, v)
        if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
            return self.member(annotation, v)
        return self.scalar(annotation, v)

    def scalar(self, annotation: Any, v: str) -> Test:
        if annotation not in SCALARS:
            return NEVER
        source, most = SCALARS[annotation]
        return source.format(v=v, long=self.long), most or 4 * self.long + 5

    def either(self, tests: list[Test]) -> Test:
        return "(" + " or ".join(t[0] for t in tests) + ")", max(t[1] for t in tests)

    def every(self, tests: list[Test]) -> Test:
        return "(" + " and ".join(t[0] for t in tests) + ")", sum(t[1] for t in tests)

    def constant(self, value: Any, v: str) -> Test:
        same = f"(type({v}) is {self.name(type(value))} and {v} == {self.name(value)})"
        return same, len(encode(value))

    def member(self, cls: type[enum.Enum], v: str) -> Test:
        """Only members that the codec finds again: no flags, no values made up on demand."""
        values = [member.value for member in cls.__members__.values()]
        made_up = getattr(cls._missing_, "__func__", None) is not _MISSING
        if made_up or {type(value) for value in values} not in ({int}, {str}):
            return NEVER
        try:
            return f"type({v}) is {self.name(cls)}", max(len(encode(value)) for value in values)
        except Invalid:
            return NEVER

    def record(self, annotation: Any, v: str) -> Test:
        if annotation in self.inside or len(self.inside) > DEEPEST:
            return NEVER
        cls = get_origin(annotation) or annotation
        config = cls.__struct_config__
        head = len(encode((config.tag_field, config.tag))) + 5
        tests: list[Test] = [(f"type({v}) is {self.name(cls)}", head)]
        outer, self.inside = self.inside, (*self.inside, annotation)
        for field in msgspec.structs.fields(annotation):
            source, most = self.bound(field.type, _attribute(v, field.name))
            tests.append((source, most + len(encode(field.encode_name))))
        self.inside = outer
        return self.every(tests)

    def row(self, args: tuple[Any, ...], v: str) -> Test:
        is_it = f"type({v}) is {self.name(tuple)}"
        if len(args) == 2 and args[1] is Ellipsis:
            inner = _Compiler(self.long, self.many)
            inner.inside = self.inside
            source, most = inner.test(args[0], "v")
            function = self.name(_function(source, inner.names))
            each = f"{self.name(all)}({self.name(map)}({function}, {v}))"
            return f"({is_it} and len({v}) < {self.many} and {each})", most * self.many + 5
        items = [self.bound(arg, f"{v}[{i}]") for i, arg in enumerate(args)]
        return self.every([(f"{is_it} and len({v}) == {len(args)}", 5), *items])

    def constrained(self, base: Any, metas: tuple[Any, ...], v: str) -> Test:
        tests = [self.test(base, v)]
        for meta in metas:
            if isinstance(meta, msgspec.Meta):
                tests += [(source, 0) for source in self.bounds(base, meta, v)]
        return self.every(tests)

    def bounds(self, base: Any, meta: msgspec.Meta, v: str) -> Iterator[str]:
        for field, template in BOUNDS.items():
            bound = getattr(meta, field)
            if bound is None:
                continue
            if base is float and (field == "multiple_of" or float(bound) != bound):
                yield "False"  # the codec rounds there
            else:
                yield template.format(v=v, bound=self.name(bound))
        if meta.pattern is not None:
            yield f"{self.name(re.compile(meta.pattern).search)}({v}) is not None"
        if meta.tz is not None:
            yield f"({v}.tzinfo is not None) is {meta.tz}"


def _attribute(v: str, name: str) -> str:
    return f"getattr({v}, {name!r})" if keyword.iskeyword(name) else f"{v}.{name}"


BOUNDS = {
    "ge": "{v} >= {bound}",
    "gt": "{v} > {bound}",
    "le": "{v} <= {bound}",
    "lt": "{v} < {bound}",
    "multiple_of": "{v} % {bound} == 0",
    "min_length": "len({v}) >= {bound}",
    "max_length": "len({v}) <= {bound}",
}
"""A constraint of `msgspec.Meta` as an expression."""

SCALARS: dict[Any, Test] = {
    bool: ("type({v}) is bool", 1),
    int: ("(type({v}) is int and -0x8000000000000000 <= {v} <= 0x7fffffffffffffff)", 9),
    float: ("(type({v}) is float and {v} - {v} == 0.0)", 9),
    str: ("(type({v}) is str and len({v}) < {long} and ({v}.isascii() or {v}.isprintable()))", 0),
    bytes: ("(type({v}) is bytes and len({v}) < {long})", 0),
    None: ("{v} is None", 1),
    type(None): ("{v} is None", 1),
    datetime: (
        "(type({v}) is datetime and ({v}.tzinfo is UTC or {v}.tzinfo is None) and not {v}.fold)",
        34,
    ),
    date: ("type({v}) is date", 12),
    time: ("(type({v}) is time and {v}.tzinfo is None and not {v}.fold)", 17),
    timedelta: ("type({v}) is timedelta", 40),
    UUID: ("type({v}) is UUID", 38),
}
"""Scalars of which a glance tells that a wire carries them exactly: test, and bytes at most (0: by
length, at four bytes a character). `isprintable` is false for lone surrogates."""
