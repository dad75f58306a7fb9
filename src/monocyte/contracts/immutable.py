"""Words are immutable by type: find the fields that are not, each with its mend.

Pure inspection of annotations; run once, when a cell is loaded.
"""

from __future__ import annotations

import enum
import types
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import (
    Annotated,
    Any,
    ClassVar,
    Literal,
    NamedTuple,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)
from uuid import UUID

from monocyte.contracts.values import Map, Value

__all__ = ["FieldFault", "field_faults", "type_faults"]

SCALARS = (
    *(bool, int, float, str, bytes, type(None), Decimal, UUID),
    *(datetime, date, time, timedelta),
)
"""Types whose values cannot change, and which the codec carries exactly."""

MENDS: dict[Any, str] = {
    list: "use tuple[..., ...]",
    dict: "use monocyte.Map[K, V]",
    set: "use frozenset[...]",
    bytearray: "use bytes",
    Any: "say the type: an immutable one",
    object: "say the type: an immutable one",
}


class FieldFault(NamedTuple):
    """A field that could change under its reader: its name, its type, and the mend."""

    field: str
    type: str
    mend: str


def field_faults(word: type[Value]) -> Iterator[FieldFault]:
    """The mutable fields of one word, in the order in which they are declared.

    Raises:
        NameError: an annotation names what does not exist.
    """
    for name, annotation in get_type_hints(word, include_extras=True).items():
        if get_origin(annotation) is not ClassVar:
            for mend in type_faults(annotation):
                yield FieldFault(name, _spell(annotation), mend)


def type_faults(annotation: Any) -> Iterator[str]:
    """What to do about each part of a type that is not immutable; nothing if all is well."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from type_faults(args[0])
    elif origin is Literal or isinstance(annotation, TypeVar):
        return
    elif origin in (Union, types.UnionType, tuple, frozenset, Map):
        for part in args:
            if part is not Ellipsis:
                yield from type_faults(part)
    elif origin is not None and isinstance(origin, type) and issubclass(origin, Value):
        for part in args:
            yield from type_faults(part)
    elif not _is_immutable(annotation):
        base = origin or annotation
        yield MENDS.get(base, f"{_spell(annotation)} is not known to be immutable: use a Value")


def _is_immutable(annotation: Any) -> bool:
    if annotation is None or annotation in SCALARS:
        return True
    return isinstance(annotation, type) and issubclass(annotation, (Value, enum.Enum))


def _spell(annotation: Any) -> str:
    if isinstance(annotation, type) and get_origin(annotation) is None:
        return annotation.__name__
    return str(annotation).replace("typing.", "")
