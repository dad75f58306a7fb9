"""Words are immutable by type: find the fields that are not, each with its mend.

What the codec cannot carry, or could not tell apart on arrival, is found here too, so that no
message fails for its type once the app runs. Pure inspection of annotations, when a cell is loaded.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import (
    Annotated,
    Any,
    ClassVar,
    Literal,
    NamedTuple,
    TypeVar,
    get_args,
    get_origin,
    get_type_hints,
)
from uuid import UUID

import msgspec

from monocyte.contracts.annotations import reach, spell, struct_of, unalias, union_members
from monocyte.contracts.values import Map, Value

__all__ = ["FieldFault", "field_faults", "type_faults"]

KEYS = (str, int, Decimal, UUID, datetime, date, time, timedelta)
"""Scalars that JSON can say as the name of a member of an object."""

SCALARS = (*KEYS, bool, float, bytes, type(None))
"""Types whose values cannot change, and which the codec carries exactly."""

MENDS: dict[Any, str] = {
    list: "use tuple[..., ...]",
    dict: "use monocyte.Map[K, V]",
    set: "use frozenset[...]",
    bytearray: "use bytes",
    Any: "say the type: an immutable one",
    object: "say the type: an immutable one",
    tuple: "say of what: tuple[int, ...]",
    frozenset: "say of what: frozenset[str]",
    Map: "say of what: Map[str, int]",
    get_origin(Callable[[], None]): "a message is data: name what to do, or send another message",
}

UNCARRIED = {
    "multiple Struct types": "tag its members: class X(Value, tag=True)",
    "more than one": "keep one of them, or wrap each in a Value with tag=True",
}
"""What the codec says of a type that it cannot carry (in part), and what to do about it."""


class FieldFault(NamedTuple):
    """A field that could change under its reader: its name, its type, and the mend."""

    field: str
    type: str
    mend: str


def field_faults(word: type[Value]) -> Iterator[FieldFault]:
    """The faulty fields of one word, in the order in which they are declared.

    Raises:
        NameError: an annotation names what does not exist.
    """
    for name, annotation in get_type_hints(word, include_extras=True).items():
        if get_origin(annotation) is not ClassVar:
            for mend in type_faults(annotation):
                yield FieldFault(name, spell(annotation), mend)


def type_faults(annotation: Any) -> Iterator[str]:
    """What to do about each part of a type that is not immutable; nothing if all is well.

    A Value among the parts answers for its own fields: hand it to `field_faults`.
    """
    mends = list(_mends(annotation))
    yield from mends or _uncarried(annotation)


def _mends(annotation: Any) -> Iterator[str]:
    annotation = unalias(annotation)
    origin, args = get_origin(annotation), get_args(annotation)
    struct = struct_of(annotation)
    if origin is Annotated:
        yield from _mends(args[0])
    elif origin is Literal or isinstance(annotation, TypeVar):
        return
    elif struct is not None and issubclass(struct, Value):
        if not args and vars(struct).get("__parameters__"):
            yield f"say of what: {struct.__name__}[...]"
        yield from _mends_of_each(args)
    elif origin in (tuple, frozenset, Map) or union_members(annotation):
        yield from _shape_mends(origin, args)
        yield from _mends_of_each(args)
    elif isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        yield from _enum_mends(annotation)
    elif annotation is not None and annotation not in SCALARS:
        unknown = f"{spell(annotation)} is not known to be immutable: use a Value"
        yield MENDS.get(origin or annotation, unknown)


def _mends_of_each(annotations: Iterable[Any]) -> Iterator[str]:
    for annotation in annotations:
        if annotation is not Ellipsis:
            yield from _mends(annotation)


def _shape_mends(origin: Any, args: tuple[Any, ...]) -> Iterator[str]:
    if origin is Map and not _is_key(args[0]):
        yield f"a Map has keys that JSON can say (str, int, an Enum, a date), not {spell(args[0])}"
    if origin is frozenset and any(get_origin(part) is frozenset for part in reach(args[0])):
        yield "put tuples into the frozenset: sets of sets have no order to be sent in"


def _is_key(annotation: Any) -> bool:
    annotation = unalias(annotation)
    if get_origin(annotation) is Annotated:
        return _is_key(get_args(annotation)[0])
    if get_origin(annotation) is Literal:
        return all(type(value) in (str, int) for value in get_args(annotation))
    if members := union_members(annotation):
        return all(map(_is_key, members))
    return annotation in KEYS or isinstance(annotation, (enum.EnumType, TypeVar))


def _enum_mends(cls: type[enum.Enum]) -> Iterator[str]:
    if issubclass(cls, enum.Flag):
        yield f"use a frozenset of an Enum for {cls.__name__}: a wire knows no combined flags"
        return
    values = [member.value for member in cls.__members__.values()]
    if {type(value) for value in values} not in ({int}, {str}):
        yield f"give the members of {cls.__name__} values that are all int or all str"


def _uncarried(annotation: Any) -> Iterator[str]:
    """What the codec says of the type, and of the dicts that Maps are on the wire."""
    try:
        for part in reach(annotation):
            if get_origin(part) is Map:
                msgspec.msgpack.Decoder(dict[get_args(part)])  # type: ignore[misc]
        msgspec.msgpack.Decoder(annotation)
    except (TypeError, RecursionError) as why:  # the latter of a generic that grows for ever
        mends = (mend for said, mend in UNCARRIED.items() if said in str(why))
        yield next(mends, f"use a type that the codec can carry: {why}")
