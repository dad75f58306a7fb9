"""The shapes of types, as JSON Schema (2020-12): what the wall shows, what digests compare.

Our own, because msgspec's tells its hook of a `Map`, but not of what. Tables, and one method for
each kind of type; what a type may be is decided elsewhere (`immutable.py`).
"""

from __future__ import annotations

import enum
import hashlib
import inspect
import re
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import chain
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin
from uuid import UUID

import msgspec

from monocyte.contracts.annotations import spell, struct_of, unalias, union_members
from monocyte.contracts.values import Map

__all__ = ["digest", "json_schema", "json_schemas"]

SCALARS: dict[Any, dict[str, Any]] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    bytes: {"type": "string", "contentEncoding": "base64"},
    None: {"type": "null"},
    type(None): {"type": "null"},
    Decimal: {"type": "string", "format": "decimal"},
    UUID: {"type": "string", "format": "uuid"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
    time: {"type": "string", "format": "time"},
    timedelta: {"type": "string", "format": "duration"},
    Any: {},
    object: {},
    tuple: {"type": "array"},
    frozenset: {"type": "array"},
    list: {"type": "array"},
    set: {"type": "array"},
    dict: {"type": "object"},
    Map: {"type": "object"},
}

CONSTRAINTS = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
    "multiple_of": "multipleOf",
    "pattern": "pattern",
    "title": "title",
    "description": "description",
    "examples": "examples",
}
"""Fields of `msgspec.Meta`; lengths follow, their name depends on what is measured."""

LENGTHS = {"string": "Length", "array": "Items", "object": "Properties"}

PROSE = frozenset({"title", "description", "examples"})
"""What a schema says to people: no part of the shape."""


def json_schemas(
    types: Iterable[Any], ref_template: str = "#/components/schemas/{name}"
) -> tuple[tuple[dict[str, Any], ...], dict[str, Any]]:
    """One JSON Schema for each type, and the definitions that they share.

    Raises:
        TypeError: a type has no JSON Schema.
    """
    describer = _Describer(ref_template)
    return tuple([describer.of(annotation) for annotation in types]), describer.shared


def json_schema(annotation: Any) -> dict[str, Any]:
    """The JSON Schema of one type, complete in itself; raises as `json_schemas` does."""
    (schema,), shared = json_schemas([annotation], "#/$defs/{name}")
    return {**schema, "$defs": shared} if shared else schema


def digest(annotation: Any) -> str:
    """Sixteen hex digits that change when the shape of a type does; its prose is no shape."""
    shape = msgspec.json.encode(_shape(json_schema(annotation)), order="sorted")
    return hashlib.blake2b(shape, digest_size=8).hexdigest()


def _shape(schema: Any, *, of_names: bool = False) -> Any:
    """The schema without its prose; under `properties` and `$defs` every key is somebody's name."""
    if isinstance(schema, list):
        return [_shape(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _shape(part, of_names=not of_names and key in ("properties", "$defs"))
        for key, part in schema.items()
        if of_names or key not in PROSE
    }


class _Describer:
    """Describes types; those that have a name once, under that name, in `shared`."""

    def __init__(self, ref_template: str) -> None:
        self.ref_template = ref_template
        self.shared: dict[str, Any] = {}
        self.named: dict[str, Any] = {}

    def of(self, annotation: Any) -> dict[str, Any]:
        annotation = unalias(annotation)
        origin, args = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            return self.constrained(args[0], args[1:])
        if members := union_members(annotation):
            return self.union(members)
        if origin is Literal:
            return {"enum": list(args)}
        if struct_of(annotation) is not None or isinstance(annotation, enum.EnumType):
            return {"$ref": self.ref_template.format(name=self.name(annotation))}
        if origin in (dict, Map):
            return self.mapping(*args)
        if origin in (tuple, frozenset, list, set):
            return self.array(origin, args)
        if isinstance(annotation, TypeVar):
            return {}
        if annotation not in SCALARS:
            raise TypeError(f"{spell(annotation)} has no JSON Schema")
        return dict(SCALARS[annotation])

    def constrained(self, base: Any, metas: tuple[Any, ...]) -> dict[str, Any]:
        schema = self.of(base)
        for meta in metas:
            if isinstance(meta, msgspec.Meta):
                schema |= _constraints(meta, schema.get("type"))
        return schema

    def union(self, members: tuple[Any, ...]) -> dict[str, Any]:
        schema: dict[str, Any] = {"anyOf": [self.of(member) for member in members]}
        tagged = [m for m in members if (cls := struct_of(m)) and cls.__struct_config__.tag]
        if len(tagged) == len(members):
            fields = {_config(member).tag_field for member in tagged}
            refs = {str(_config(m).tag): self.of(m)["$ref"] for m in tagged}
            schema["discriminator"] = {"propertyName": fields.pop(), "mapping": refs}
        return schema

    def mapping(self, key: Any, item: Any) -> dict[str, Any]:
        names, items = self.names(key), self.of(item)
        return {
            "type": "object",
            **({} if names == SCALARS[str] else {"propertyNames": names}),
            **({"additionalProperties": items} if items else {}),
        }

    def names(self, key: Any) -> dict[str, Any]:
        """The keys of a mapping: JSON has only strings for them."""
        plain = unalias(key)
        base = get_args(plain)[0] if get_origin(plain) is Annotated else plain
        if members := union_members(base):
            return {"anyOf": [self.names(member) for member in members]}
        if get_origin(base) is Literal:
            return {"enum": [str(value) for value in get_args(base)]}
        if isinstance(base, type) and issubclass(base, enum.Enum):
            return {"enum": sorted({str(member.value) for member in base})}
        if unalias(base) is int:
            return {"pattern": r"^-?(0|[1-9][0-9]*)$"}
        return self.of(plain)

    def array(self, origin: Any, args: tuple[Any, ...]) -> dict[str, Any]:
        if origin is tuple and args[1:] != (Ellipsis,):
            row = {"prefixItems": [self.of(arg) for arg in args]} if args else {}
            return {"type": "array", **row, "items": False, "minItems": len(args)}
        return {"type": "array", "items": self.of(args[0])}

    def name(self, annotation: Any) -> str:
        """The name under which a struct or an enum is described, once it is."""
        short = re.sub(r"[^A-Za-z0-9_]+", "_", _short(annotation)).strip("_")
        named = get_origin(annotation) or annotation
        long = re.sub(r"[^A-Za-z0-9_.]+", "_", f"{named.__module__}.{named.__qualname__}.{short}")
        for name in chain((short, long), (f"{long}_{n}" for n in range(2, 1 << 16))):
            if name not in self.named:
                self.named[name] = annotation
                self.shared[name] = {}  # a place in the order, and an end to recursion
                self.shared[name] = self.described(annotation, short)
                return name
            if self.named[name] == annotation:
                return name
        raise TypeError(f"too many types are called {short}")

    def described(self, annotation: Any, title: str) -> dict[str, Any]:
        cls = get_origin(annotation) or annotation
        schema = {"title": title}
        if doc := vars(cls).get("__doc__"):
            schema["description"] = inspect.cleandoc(doc)
        if issubclass(cls, enum.Enum):
            values: list[Any] = sorted(member.value for member in cls.__members__.values())
            return {**schema, "enum": values}
        rows = self.row if cls.__struct_config__.array_like else self.record
        return {**schema, **rows(annotation, cls.__struct_config__)}

    def record(self, annotation: Any, config: Any) -> dict[str, Any]:
        fields = msgspec.structs.fields(annotation)
        tag = {config.tag_field: {"enum": [config.tag]}} if config.tag_field else {}
        properties = tag | {field.encode_name: self.field(field) for field in fields}
        required = [*tag, *(field.encode_name for field in fields if field.required)]
        closed = {"additionalProperties": False} if config.forbid_unknown_fields else {}
        return {"type": "object", "properties": properties, "required": required, **closed}

    def row(self, annotation: Any, config: Any) -> dict[str, Any]:
        fields = msgspec.structs.fields(annotation)
        tag = [{"enum": [config.tag]}] if config.tag_field else []
        row = [*tag, *(self.field(field) for field in fields)]
        least = len(tag) + sum(field.required for field in fields)
        closed = {"items": False} if config.forbid_unknown_fields else {}
        return {
            "type": "array",
            **({"prefixItems": row} if row else {}),
            "minItems": least,
            **closed,
        }

    def field(self, field: msgspec.structs.FieldInfo) -> dict[str, Any]:
        schema = self.of(field.type)
        if field.default is not msgspec.NODEFAULT:
            said = msgspec.json.encode(field.default, enc_hook=dict)
            schema["default"] = msgspec.json.decode(said)
        return schema


def _constraints(meta: msgspec.Meta, kind: Any) -> dict[str, Any]:
    found = {name: getattr(meta, field) for field, name in CONSTRAINTS.items()}
    if kind in LENGTHS:
        found[f"min{LENGTHS[kind]}"] = meta.min_length
        found[f"max{LENGTHS[kind]}"] = meta.max_length
    return {key: part for key, part in found.items() if part is not None} | (
        meta.extra_json_schema or {}
    )


def _config(annotation: Any) -> Any:
    return (get_origin(annotation) or annotation).__struct_config__


def _short(annotation: Any) -> str:
    args = get_args(annotation)
    named = (get_origin(annotation) or annotation).__name__
    return f"{named}[{', '.join(map(_short_arg, args))}]" if args else str(named)


def _short_arg(annotation: Any) -> str:
    if isinstance(annotation, type) or struct_of(annotation) is not None:
        return _short(annotation)
    return spell(annotation)
