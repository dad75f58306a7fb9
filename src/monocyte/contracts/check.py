"""Is this value what its type says? Constructors do not ask; the bus asks for every message.

A quick check is compiled per type: when it says yes, the value is valid and crosses by reference.
When it hesitates (a string that is not ASCII, a time zone, a long tuple, anything unusual) the value
makes the whole way through the codec, and what arrives is what a wire would have delivered. So a
message means the same in memory and on a wire, at the price of some type comparisons.
"""

from __future__ import annotations

import enum
import types
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import msgspec

from monocyte.contracts.codec import decode, encode
from monocyte.contracts.values import Value
from monocyte.errors import Invalid

__all__ = ["compile_check", "quick_check", "through_the_wire"]

T = TypeVar("T")
LONG = 1 << 14
"""Strings, bytes and tuples from this length on take the slow way, where the size is measured."""


@lru_cache(maxsize=None)
def quick_check(annotation: Any) -> Callable[[Any], bool]:
    """A function that says yes when a value surely is of the type, no when in doubt."""
    return _Compiler().function(annotation)


@lru_cache(maxsize=None)
def compile_check(annotation: Any) -> Callable[[Any], Any]:
    """A function that returns the value, or its equal off the wire, and raises `Invalid`."""
    quick = quick_check(annotation)

    def check(value: Any) -> Any:
        return value if quick(value) else through_the_wire(annotation, value)

    return check


def through_the_wire(annotation: type[T], value: Any) -> T:
    """Encode and decode a value, as a wire would.

    Raises:
        Invalid: it is not of the type, or does not come back equal (NaN).
        TooLarge: it passes a limit.
    """
    wanted = get_origin(annotation) or annotation
    if isinstance(wanted, type) and issubclass(wanted, Value) and not isinstance(value, wanted):
        raise Invalid(f"{wanted.__name__} was expected, not {type(value).__name__}")
    arrived = decode(annotation, encode(value))
    if arrived != value:
        raise Invalid(f"{value!r:.200} does not survive the wire: it arrives as {arrived!r:.200}")
    return arrived


class _Compiler:
    """Turns a type into the source of one boolean expression over `v`, and that into a function."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"datetime": datetime, "date": date, "UTC": UTC, "delta": timedelta}
        self.inside: tuple[Any, ...] = ()

    def function(self, annotation: Any) -> Callable[[Any], bool]:
        source = f"lambda v: {self.test(annotation, 'v')}"
        function: Callable[[Any], bool] = eval(source, self.names)  # noqa: S307 (our own source)
        return function

    def name(self, thing: Any) -> str:
        name = f"n{len(self.names)}"
        self.names[name] = thing
        return name

    def test(self, annotation: Any, v: str) -> str:
        origin, args = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            return self.constrained(args, v)
        if origin in (Union, types.UnionType):
            return "(" + " or ".join(self.test(a, v) for a in args) + ")"
        if origin is tuple:
            return self.tuple(args, v)
        if annotation in SCALARS:
            return SCALARS[annotation].format(v=v)
        if isinstance(annotation, type):
            return self.named(annotation, v)
        return "False"

    def named(self, cls: type, v: str) -> str:
        is_it = f"type({v}) is {self.name(cls)}"
        if issubclass(cls, enum.Enum):
            return is_it
        if not issubclass(cls, msgspec.Struct) or cls in self.inside:
            return "False"
        outer, self.inside = self.inside, (*self.inside, cls)
        tests = [self.test(f.type, f"{v}.{f.name}") for f in msgspec.structs.fields(cls)]
        self.inside = outer
        return "(" + " and ".join([is_it, *tests]) + ")"

    def tuple(self, args: tuple[Any, ...], v: str) -> str:
        is_it = f"type({v}) is {self.name(tuple)}"
        if len(args) == 2 and args[1] is Ellipsis:
            inner = _Compiler()
            inner.inside = self.inside
            each = self.name(inner.function(args[0]))
            return f"({is_it} and len({v}) < 64 and {self.name(all)}({self.name(map)}({each}, {v})))"
        parts = [self.test(arg, f"{v}[{i}]") for i, arg in enumerate(args)]
        return "(" + " and ".join([is_it, f"len({v}) == {len(args)}", *parts]) + ")"

    def constrained(self, args: tuple[Any, ...], v: str) -> str:
        tests = [self.test(args[0], v)]
        for meta in args[1:]:
            if isinstance(meta, msgspec.Meta):
                if meta.pattern is not None or meta.multiple_of is not None or meta.tz is not None:
                    return "False"
                tests += [
                    f"{left}{v}{right} {sign} {self.name(bound)}"
                    for field, left, sign, right in BOUNDS
                    if (bound := getattr(meta, field)) is not None
                ]
        return "(" + " and ".join(tests) + ")"


BOUNDS = (
    ("ge", "", ">=", ""),
    ("gt", "", ">", ""),
    ("le", "", "<=", ""),
    ("lt", "", "<", ""),
    ("min_length", "len(", ">=", ")"),
    ("max_length", "len(", "<=", ")"),
)
"""A constraint of `msgspec.Meta` as a comparison: field, what stands before and after the value."""

SCALARS: dict[Any, str] = {
    bool: "type({v}) is bool",
    int: "(type({v}) is int and -0x8000000000000000 <= {v} <= 0x7fffffffffffffff)",
    float: "(type({v}) is float and {v} - {v} == 0.0)",
    str: f"(type({{v}}) is str and {{v}}.isascii() and len({{v}}) < {LONG})",
    bytes: f"(type({{v}}) is bytes and len({{v}}) < {LONG})",
    None: "{v} is None",
    type(None): "{v} is None",
    datetime: "(type({v}) is datetime and ({v}.tzinfo is None or {v}.tzinfo is UTC))",
    date: "type({v}) is date",
    timedelta: "type({v}) is delta",
}
"""Scalars of which a glance tells that a wire carries them exactly."""
