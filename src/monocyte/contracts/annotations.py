"""Types as trees: what an annotation is made of. Pure inspection; judging is done elsewhere."""

from __future__ import annotations

import re
import types
import typing
from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Any, Literal, NewType, TypeVar, Union, get_args, get_origin

import msgspec

__all__ = ["is_recursive", "parts", "reach", "spell", "struct_of", "unalias", "union_members"]

_ALIAS: Any = getattr(typing, "TypeAliasType", ())
"""What `type X = ...` makes; Python 3.11 has none."""

_MODULES = re.compile(r"(?:[A-Za-z_]\w*|<locals>)\.(?=[A-Za-z_<])")

DEEPEST = 64
"""A type that nests deeper than this counts as recursive: a generic may grow for ever."""

MOST = 8
"""So many parametrisations of one struct are looked into: a generic may have ever more."""


def unalias(annotation: Any) -> Any:
    """The type behind `NewType`s and `type` aliases; any other annotation itself."""
    while True:
        if isinstance(annotation, NewType):
            annotation = annotation.__supertype__
        elif isinstance(annotation, _ALIAS):
            annotation = annotation.__value__
        else:
            return annotation


def struct_of(annotation: Any) -> type[msgspec.Struct] | None:
    """The struct class that an annotation names, with parameters (`Box[int]`) or without."""
    named = get_origin(annotation) or annotation
    return named if isinstance(named, type) and issubclass(named, msgspec.Struct) else None


def union_members(annotation: Any) -> tuple[Any, ...]:
    """The members of a union; an annotation that is none has no members."""
    return get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else ()


def parts(annotation: Any) -> tuple[Any, ...]:
    """What a type is directly made of: members of a union, items of a tuple, fields of a struct."""
    annotation = unalias(annotation)
    if struct_of(annotation) is not None:
        return tuple(field.type for field in msgspec.structs.fields(annotation))
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return ()
    if origin is Annotated:
        return args[:1]
    return tuple(arg for arg in args if arg is not Ellipsis and not isinstance(arg, list))


def reach(annotation: Any) -> Iterator[Any]:
    """The type and all that it is made of, each once, aliases resolved."""
    seen: list[Any] = []  # not a set: what stands in `Annotated` need not be hashable
    shapes: Counter[type | None] = Counter()
    ahead = [annotation]
    while ahead:
        here = unalias(ahead.pop())
        shape = struct_of(here)
        if shapes[shape] > MOST or here in seen:
            continue
        seen.append(here)
        shapes[shape] += shape is not None
        yield here
        ahead += reversed(parts(here))


def is_recursive(annotation: Any, inside: tuple[Any, ...] = ()) -> bool:
    """Whether values of the type can nest without end."""
    annotation = unalias(annotation)
    if annotation in (Any, object) or isinstance(annotation, TypeVar):
        return True
    if (named := struct_of(annotation)) is not None:
        if annotation in inside or sum(struct_of(it) is named for it in inside) > MOST:
            return True
        inside = (*inside, annotation)
    return any(is_recursive(part, inside) for part in parts(annotation))


def spell(annotation: Any) -> str:
    """The annotation as an author would write it: `dict[int, Booked | None]`, without modules."""
    if annotation is None or annotation is types.NoneType:
        return "None"
    if isinstance(annotation, type) and get_origin(annotation) is None:
        return annotation.__name__
    return _MODULES.sub("", str(annotation)).replace("NoneType", "None")
