"""Types as plain data that can leave a worker: what a message is made of, as nested dicts.

Runs in a locked worker, beside the code that is judged. Nothing is decided here.
"""

from __future__ import annotations

import dataclasses
import enum
import typing
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin
from uuid import UUID

import msgspec

from monocyte.contracts.annotations import unalias, union_members
from monocyte.contracts.values import Map
from monocyte.semdiff.contract.readers import is_model, judging, mentioned

__all__ = ["Shape", "fields_of", "shape_of"]

Shape = dict[str, Any]

SCALARS: dict[Any, str] = {
    bool: "bool", int: "int", float: "float", str: "str", bytes: "bytes", bytearray: "bytes",
    type(None): "none", None: "none", Decimal: "decimal", UUID: "uuid", datetime: "datetime",
    date: "date", time: "time", timedelta: "timedelta", Any: "any", object: "any",
}  # fmt: skip
MANY = {list: "list", tuple: "list", set: "set", frozenset: "set"}
LIMITS = ("gt", "ge", "lt", "le", "multiple_of", "pattern", "min_length", "max_length", "tz")
DEEPEST = 8


def shape_of(  # noqa: C901, PLR0911 (one case for each kind of type)
    annotation: Any, inside: tuple[Any, ...] = ()
) -> Shape:
    """The shape of a type; a type inside itself is a `ref`."""
    annotation = unalias(annotation)
    if annotation in SCALARS if isinstance(annotation, typing.Hashable) else False:
        return {"kind": SCALARS[annotation]}
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _constrained(args[0], args[1:], inside)
    if members := union_members(annotation):
        return {"kind": "union", "members": [shape_of(member, inside) for member in members]}
    if origin is Literal:
        return {"kind": "literal", "values": list(args)}
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        values = {name: member.value for name, member in annotation.__members__.items()}
        return {"kind": "enum", "name": annotation.__name__, "members": values}
    named = origin or annotation
    if named in (dict, Map, Mapping) or (
        isinstance(named, type) and issubclass(named, Mapping) and not fields_of(annotation)
    ):
        key, value = args if len(args) == 2 else (Any, Any)
        return {"kind": "map", "key": shape_of(key, inside), "value": shape_of(value, inside)}
    if named is tuple and args and args[-1] is not Ellipsis:
        return {"kind": "row", "items": [shape_of(arg, inside) for arg in args]}
    if named in MANY:
        return {"kind": MANY[named], "item": shape_of(args[0] if args else Any, inside)}
    if isinstance(annotation, TypeVar):
        return {"kind": "any"}
    if annotation in inside or len(inside) > DEEPEST:
        return {"kind": "ref", "name": getattr(annotation, "__name__", str(annotation))}
    return _record(annotation, (*inside, annotation))


def _constrained(base: Any, metas: tuple[Any, ...], inside: tuple[Any, ...]) -> Shape:
    shape = shape_of(base, inside)
    for meta in metas:
        if isinstance(meta, msgspec.Meta):
            found = {name: getattr(meta, name) for name in LIMITS}
            shape["limits"] = shape.get("limits", {}) | {
                name: limit for name, limit in found.items() if limit is not None
            }
            prose = [meta.title, meta.description, meta.examples]
            shape["prose"] = [str(text) for text in prose if text is not None]
        else:  # annotated_types, as pydantic has them
            found = {name: getattr(meta, name, None) for name in LIMITS if name != "tz"}
            shape["limits"] = shape.get("limits", {}) | {
                name: getattr(limit, "pattern", limit)
                for name, limit in found.items()
                if isinstance(getattr(limit, "pattern", limit), int | float | str)
            }
    return shape


def fields_of(annotation: Any) -> list[tuple[str, str, Any, bool, Any]]:
    """(name, name on the wire, type, required, default) of a record's fields; none of others."""
    named = get_origin(annotation) or annotation
    if not isinstance(named, type):
        return []
    if issubclass(named, msgspec.Struct):
        return [
            (f.name, f.encode_name, f.type, f.required, _default(f.default, f.default_factory))
            for f in msgspec.structs.fields(annotation)
        ]
    if is_model(named):
        return [
            (
                n,
                _alias(n, f),
                Annotated[(f.annotation, *f.metadata)] if f.metadata else f.annotation,
                f.is_required(),
                _made(f.default_factory) if f.default_factory else _plain(f.default),
            )
            for n, f in vars(named)["__pydantic_fields__"].items()
        ]
    if (attributes := vars(named).get("__attrs_attrs__")) is not None:
        hints = typing.get_type_hints(named, include_extras=True)
        return [
            (a.name, a.name, hints.get(a.name, Any), *_attrs_default(a.default))
            for a in attributes
            if a.init
        ]
    if dataclasses.is_dataclass(named):
        hints = typing.get_type_hints(named, include_extras=True)
        return [
            (
                f.name,
                f.name,
                hints[f.name],
                _is_required(f),
                _default(_none(f.default), _none(f.default_factory)),
            )
            for f in dataclasses.fields(named)
            if f.init
        ]
    if issubclass(named, dict) and hasattr(named, "__required_keys__"):
        hints = typing.get_type_hints(named, include_extras=True)
        return [(n, n, _unwrapped(t), n in named.__required_keys__, None) for n, t in hints.items()]
    if issubclass(named, tuple) and hasattr(named, "_fields"):
        hints = typing.get_type_hints(named, include_extras=True)
        defaults: dict[str, Any] = getattr(named, "_field_defaults", {})
        return [
            (n, n, hints.get(n, Any), n not in defaults, _plain(defaults.get(n)))
            for n in named._fields
        ]
    return []


def _alias(name: str, field: Any) -> str:
    """Under which name pydantic reads it; of several (AliasChoices) the first."""
    alias = field.validation_alias or field.alias or name
    choices = getattr(alias, "choices", [alias])
    return choices[0] if isinstance(choices[0], str) else str(choices[0])


def _attrs_default(default: Any) -> tuple[bool, Any]:
    """Whether it is required, and else its default, of a field of attrs."""
    if type(default).__name__ == "_Nothing":
        return True, None
    factory = getattr(default, "factory", None)
    return False, _made(factory) if factory is not None else _plain(default)


def _made(factory: Any) -> str:
    return f"<made by {getattr(factory, '__qualname__', factory)}>"


def _unwrapped(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) in (typing.Required, typing.NotRequired) else hint


def _none(value: Any) -> Any:
    return msgspec.NODEFAULT if value is dataclasses.MISSING else value


def _is_required(field: Any) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _default(value: Any, factory: Any) -> Any:
    if value is not msgspec.NODEFAULT:
        return _plain(value)
    if factory is msgspec.NODEFAULT:
        return None
    return _made(factory)


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | float | str | None) else repr(value)


def _forbids(named: Any) -> bool:
    config = getattr(named, "model_config", None)
    return isinstance(config, dict) and config.get("extra") == "forbid"


def _record(annotation: Any, inside: tuple[Any, ...]) -> Shape:
    fields = fields_of(annotation)
    named = get_origin(annotation) or annotation
    config = getattr(named, "__struct_config__", None)
    is_tuple = isinstance(named, type) and issubclass(named, tuple)
    if not fields and config is None and not is_model(named):
        return {"kind": "custom", "name": str(annotation)}
    return {
        "kind": "record",
        "name": getattr(named, "__name__", str(named)),
        "fields": [
            {"name": n, "wire": w, "required": r, "default": d, "shape": shape_of(t, inside)}
            for n, w, t, r, d in fields
        ],
        "tag": [config.tag_field, config.tag] if config and config.tag_field else None,
        "row": bool(config and config.array_like) or is_tuple,
        "forbids": bool(config and config.forbid_unknown_fields) or _forbids(named),
        "judges": judging(named),
        "mentions": mentioned(named),
    }
