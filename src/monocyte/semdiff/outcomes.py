"""What a call did, as plain text that can be compared across versions and processes.

An *image* of a value names types and fields, never addresses, and never calls anybody's
`__repr__` or `__eq__`: two versions of a class are two classes, and equality may be what has
changed. Iterators are read to their end, up to a bound. Pure: who calls, and where, is elsewhere.
"""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import enum
import fractions
import re
import types
import uuid
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

import msgspec

__all__ = ["Outcome", "difference", "image", "told"]

ITEMS = 1000
"""How much of an iterator is read."""

DEEP = 60


class Outcome(msgspec.Struct, frozen=True):
    """One call: how it ended, what it left behind, and what it said."""

    kind: str
    """returned, raised, unfinished (out of time or memory) or exited."""
    type: str = ""
    """Of what was returned or raised."""
    value: str = ""
    """Image of what was returned."""
    message: str = ""
    """Of what was raised, if the code that is judged raised it by itself."""
    arguments: str = ""
    """Image of the arguments afterwards."""
    output: str = ""
    effects: tuple[str, ...] = ()
    source: str = ""
    """An expression equal to what was returned, if there is a plain one."""
    seconds: float = 0.0
    """Processor time."""


OUT_OF_RESOURCES = "unfinished"
MISFITS = frozenset({"TypeError", "AttributeError"})
"""What Python raises when an argument is of a type that the code was not written for."""


def difference(old: Outcome, new: Outcome, *, guessed: bool = False) -> str:
    """In what two outcomes differ, the weightiest first; empty if in nothing.

    With `guessed` argument types, two calls that both fail on the type of their arguments do not
    differ: that is the guess at fault.
    """
    if guessed and old.kind == new.kind == "raised" and {old.type, new.type} <= MISFITS:
        return ""
    if OUT_OF_RESOURCES in (old.kind, new.kind):
        return "" if old.kind == new.kind else "time"
    if old.kind != new.kind:
        return "exception" if "raised" in (old.kind, new.kind) else "exit"
    if old.type != new.type:
        return "exception type" if old.kind == "raised" else "type"
    for field in ("value", "arguments", "output", "effects", "message"):
        if getattr(old, field) != getattr(new, field):
            return "exception message" if field == "message" else field
    return ""


def told(outcome: Outcome, differs: str = "") -> str:
    """An outcome in words, with what it differs in."""
    match outcome.kind:
        case "returned":
            text = f"returned {_short(outcome.source or outcome.value)}"
        case "raised":
            text = f"raised {outcome.type}"
            text += f": {_short(outcome.message)}" if outcome.message else ""
        case "unfinished":
            return "did not finish"
        case _:
            text = f"exited with {outcome.value}"
    extra = {
        "type": f" of type {outcome.type}",
        "arguments": f", leaving the arguments {_short(outcome.arguments)}",
        "output": f", printing {_short(repr(outcome.output))}",
        "effects": f", having tried {_short(', '.join(outcome.effects) or 'nothing')}",
    }
    return text + extra.get(differs, "")


def _short(text: str, most: int = 300) -> str:
    return text if len(text) <= most else f"{text[:most]}… ({len(text)} characters)"


# -- images ------------------------------------------------------------------------------------

PLAIN = (type(None), bool, str, bytes, complex, float, type(Ellipsis), type(NotImplemented))
VALUES = (
    *(dt.date, dt.datetime, dt.time, dt.timedelta, dt.timezone),
    *(decimal.Decimal, fractions.Fraction, uuid.UUID, range, slice, re.Pattern),
)
FUNCTIONS = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
)
ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def image(value: Any, marks: dict[int, str] | None = None) -> str:
    """Plain text that is equal for two values that nobody can tell apart.

    `marks` gives names to mutable objects, by `id`, that are recognised when met again.
    """
    return _Painter(marks or {}).paint(value, 0)


class _Painter:
    def __init__(self, marks: dict[int, str]) -> None:
        self.marks = marks
        self.open: dict[int, int] = {}

    def paint(self, value: Any, depth: int) -> str:  # noqa: PLR0911 (a table)
        """The image of a value at this depth."""
        kind = type(value)
        if kind in PLAIN:
            return repr(value)
        if kind is int:
            return repr(value) if abs(value) < 10**300 else hex(value)
        if kind in VALUES or isinstance(value, PurePath):
            return repr(value)
        if isinstance(value, enum.Enum):
            return f"{kind.__qualname__}.{value.name}"
        if isinstance(value, type):
            return f"<class {value.__qualname__}>"
        if isinstance(value, FUNCTIONS):
            return f"<function {getattr(value, '__qualname__', '?')}>"
        if isinstance(value, types.ModuleType):
            return f"<module {value.__name__}>"
        if id(value) in self.open:
            return f"<cycle {depth - self.open[id(value)]}>"
        if depth > DEEP:
            return "<deep>"
        return self._inside(value, depth)

    def _inside(self, value: Any, depth: int) -> str:
        self.open[id(value)] = depth
        try:
            mark = self.marks.get(id(value), "")
            return (f"<{mark}> " if mark else "") + self._composed(value, depth + 1)
        finally:
            del self.open[id(value)]

    def _composed(self, value: Any, depth: int) -> str:
        kind = type(value)
        name = kind.__qualname__
        if isinstance(value, dict | types.MappingProxyType):
            pairs = (f"{self.paint(k, depth)}: {self.paint(v, depth)}" for k, v in value.items())
            return _named(name, "dict", "{" + ", ".join(pairs) + "}") + self._fields(value, depth)
        if isinstance(value, list | tuple | collections.deque):
            left, right = ("(", ")") if isinstance(value, tuple) else ("[", "]")
            inside = ", ".join([self.paint(item, depth) for item in value])
            inside += "," if isinstance(value, tuple) and len(value) == 1 else ""
            # A list of a class of one's own may have attributes beside its items.
            text = _named(name, "list tuple", left + inside + right)
            return text if kind in (list, tuple) else text + self._fields(value, depth)
        if isinstance(value, set | frozenset):
            inside = ", ".join(sorted(self.paint(item, depth) for item in value))
            text = _named(name, "set", "{" + inside + "}") if value else f"{name}()"
            return text + self._fields(value, depth)
        if isinstance(value, int | float | str | bytes | bytearray | complex):
            plain = next(base for base in kind.__mro__ if base.__module__ == "builtins")
            return f"{name}({_plainly(plain, value)})" + self._fields(value, depth)
        if isinstance(value, BaseException):
            return f"{name}({', '.join(self.paint(arg, depth) for arg in value.args)})"
        if isinstance(value, Iterator):
            return f"<{name} of {self._read(value, depth)}>"
        return self._object(value, depth)

    def _read(self, iterator: Iterator[Any], depth: int) -> str:
        items: list[str] = []
        try:
            while len(items) < ITEMS:
                items.append(self.paint(next(iterator), depth))
        except StopIteration as stop:
            return _list(items, f"returning {self.paint(stop.value, depth)}")
        except Exception as error:  # noqa: BLE001 (the edge: what it raises is what it says)
            return _list(items, f"raising {type(error).__qualname__}")
        return _list(items, "and more")

    def _fields(self, value: Any, depth: int) -> str:
        found = dict(getattr(value, "__dict__", None) or {})
        for name in _slots(type(value)):
            if hasattr(value, name):
                found.setdefault(name, getattr(value, name))
        if not found:
            return ""
        inside = ", ".join(f"{k}={self.paint(found[k], depth)}" for k in sorted(found, key=str))
        return f"({inside})"

    def _object(self, value: Any, depth: int) -> str:
        name = type(value).__qualname__
        fields = self._fields(value, depth)
        if fields:
            return name + fields
        if type(value).__module__.partition(".")[0] in ("builtins", "collections", "itertools"):
            return ADDRESS.sub("", repr(value))
        # A library's own type without fields (an array, a matched text) tells itself by its repr.
        try:
            return f"{name}()" if _default_repr(value) else ADDRESS.sub("", repr(value))
        except Exception:  # noqa: BLE001 (the edge: anybody's __repr__)
            return f"{name}()"


def _plainly(plain: Any, value: Any) -> str:
    """Its text as the builtin that it derives from would write it."""
    return str(plain.__repr__(value))


def _default_repr(value: Any) -> bool:
    return getattr(type(value), "__repr__", None) is object.__repr__


def _slots(kind: type) -> Iterator[str]:
    """The fields of a Struct, and the slots of every class above it."""
    yield from getattr(kind, "__struct_fields__", ())
    for base in kind.__mro__:
        slots = base.__dict__.get("__slots__") or ()
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__"):
                yield name


def _named(name: str, plain: str, inside: str) -> str:
    return inside if name in plain.split() else name + inside


def _list(items: list[str], end: str) -> str:
    return f"[{', '.join(items)}] {end}"
