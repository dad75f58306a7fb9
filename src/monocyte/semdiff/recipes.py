"""Recipes: how a value is made, so that each version makes its own, and a person can write it down.

An argument is never made once and copied: old and new have classes of their own, and may mutate
what they get. A recipe is an immutable scalar itself, or one of the nodes here; `build` makes a
fresh value with the classes of one version, `render` writes the expression that makes it. What is
rendered is what is confirmed and what a person runs. Pure: nothing here imports what is judged.
"""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import fractions
import math
import pathlib
import uuid
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

__all__ = [
    "Attributes",
    "Code",
    "Made",
    "Many",
    "Member",
    "Pairs",
    "build",
    "imports",
    "leaves",
    "render",
]

Resolve = Callable[[str, str], Any]
"""From a module and a qualified name to the object of one version."""


class Many(NamedTuple):
    """A collection of recipes: a list, a tuple, a set, a deque, an iterator and the like."""

    kind: str
    items: tuple[Any, ...]


class Pairs(NamedTuple):
    """A mapping of recipes."""

    kind: str
    items: tuple[tuple[Any, Any], ...]


class Made(NamedTuple):
    """What a class or function named by module and qualified name returns for these."""

    module: str
    name: str
    args: tuple[Any, ...]
    named: tuple[tuple[str, Any], ...] = ()


class Member(NamedTuple):
    """An object that has a name: a member of an enumeration, a class, a function."""

    module: str
    name: str


class Attributes(NamedTuple):
    """An object of which nothing is known but the attributes that are read."""

    items: tuple[tuple[str, Any], ...]


class Code(NamedTuple):
    """An expression that needs nothing but builtins, as `lambda *_: 0`."""

    text: str


MANY: dict[str, Callable[[list[Any]], Any]] = {
    "list": list,
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
    "collections.deque": collections.deque,
    "iter": iter,
    "bytearray": bytearray,
}
PAIRS: dict[str, Callable[[dict[Any, Any]], Any]] = {
    "dict": dict,
    "collections.OrderedDict": collections.OrderedDict,
    "collections.Counter": collections.Counter,
}


def build(recipe: Any, resolve: Resolve) -> Any:
    """Make the value, with what `resolve` finds; raises whatever its constructors raise."""
    match recipe:
        case Many(kind, items):
            return MANY[kind]([build(item, resolve) for item in items])
        case Pairs(kind, items):
            made = {build(key, resolve): build(value, resolve) for key, value in items}
            return dict(made) if kind == "dict" else _factory(kind, resolve)(made)
        case Made(module, name, args, named):
            made_args = [build(arg, resolve) for arg in args]
            return resolve(module, name)(*made_args, **{k: build(v, resolve) for k, v in named})
        case Member(module, name):
            return resolve(module, name)
        case Attributes(items):
            space = resolve("types", "SimpleNamespace")
            return space(**{name: build(value, resolve) for name, value in items})
        case Code(text):
            return eval(text, {})  # noqa: S307 (our own text)
    return recipe


def _factory(kind: str, resolve: Resolve) -> Any:
    if kind in PAIRS:
        return PAIRS[kind]
    module, _, name = kind.rpartition(".")
    return resolve(module, name)


def render(recipe: Any) -> str:
    """The expression that makes the value, given `imports` of the recipe."""
    match recipe:
        case Many(kind, items):
            return _render_many(kind, [render(item) for item in items])
        case Pairs(kind, items):
            inside = "{" + ", ".join(f"{render(k)}: {render(v)}" for k, v in items) + "}"
            return inside if kind == "dict" else f"{kind}({inside})"
        case Made(module, name, args, named):
            inside = ", ".join([*map(render, args), *(f"{k}={render(v)}" for k, v in named)])
            return f"{dotted(module, name)}({inside})"
        case Member(module, name):
            return dotted(module, name)
        case Attributes(items):
            inside = ", ".join(f"{name}={render(value)}" for name, value in items)
            return f"types.SimpleNamespace({inside})"
        case Code(text):
            return f"({text})"
    return _render_scalar(recipe)


def dotted(module: str, name: str) -> str:
    """How a name of a module is written where the module is imported whole."""
    return name if module == "builtins" else f"{module}.{name}"


def _render_many(kind: str, items: list[str]) -> str:
    inside = ", ".join(items)
    match kind:
        case "list":
            return f"[{inside}]"
        case "tuple":
            return f"({inside},)" if len(items) == 1 else f"({inside})"
        case "set":
            return f"{{{inside}}}" if items else "set()"
    return f"{kind}([{inside}])"


def _render_scalar(value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    if isinstance(value, complex):
        return f"complex({_render_scalar(value.real)}, {_render_scalar(value.imag)})"
    if isinstance(value, pathlib.PurePath):
        return f"pathlib.{type(value).__name__}({str(value)!r})"
    if isinstance(value, decimal.Decimal | fractions.Fraction | uuid.UUID):
        return f"{type(value).__module__}.{value!r}"
    if isinstance(value, range | slice):
        return repr(value)
    return repr(value)  # datetime and its relatives, and the builtins, are their own expression


def leaves(recipe: Any) -> Iterator[Any]:
    """Every node of a recipe, itself first."""
    yield recipe
    match recipe:
        case Many(_, items):
            parts: list[Any] = list(items)
        case Pairs(_, items) | Attributes(items):
            parts = [part for pair in items for part in pair]
        case Made(_, _, args, named):
            parts = [*args, *(value for _, value in named)]
        case _:
            return
    for part in parts:
        yield from leaves(part)


SCALAR_MODULES = (
    (dt.date | dt.time | dt.timedelta, "datetime"),
    (decimal.Decimal, "decimal"),
    (fractions.Fraction, "fractions"),
    (uuid.UUID, "uuid"),
    (pathlib.PurePath, "pathlib"),
)


def imports(recipe: Any) -> set[str]:
    """The modules that its expression names."""
    found: set[str] = set()
    for node in leaves(recipe):
        match node:
            case Made(module, _) | Member(module, _) | Made(module, _, _, _):
                found.add(module)
            case Many(kind, _) | Pairs(kind, _) if "." in kind:
                found.add(kind.rpartition(".")[0])
            case Attributes():
                found.add("types")
            case _:
                found.update(name for kind, name in SCALAR_MODULES if isinstance(node, kind))
    return found - {"builtins"}
