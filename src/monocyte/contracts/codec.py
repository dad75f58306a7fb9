"""The one seam to the codec: msgpack on the wire and in the journal, JSON at the wall.

Everything that is decoded is held against its type, strictly, within limits of size and depth; what
does not fit is `Invalid` or `TooLarge`, never a traceback. msgspec is imported for this here alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, TypeVar, get_args, get_origin

import msgspec

from monocyte.contracts.values import Map
from monocyte.errors import Invalid, TooLarge

__all__ = [
    "MAX_BYTES",
    "MAX_DEPTH",
    "decode",
    "decode_json",
    "digest",
    "encode",
    "encode_json",
    "from_strings",
    "json_schema",
    "json_schemas",
    "raw",
    "to_builtins",
]

T = TypeVar("T")

MAX_BYTES = 1 << 20
"""No message is larger than this, in bytes of either encoding."""

MAX_DEPTH = 32
"""No message nests deeper than this."""


def _plain(value: Any) -> Any:
    if isinstance(value, Map):
        return dict(value)
    raise TypeError(f"{type(value).__name__} cannot be sent")


def _typed(annotation: Any, value: Any) -> Any:
    if (get_origin(annotation) or annotation) is Map:
        items = dict[get_args(annotation) or (Any, Any)]  # type: ignore[misc]
        return Map(msgspec.convert(value, items, dec_hook=_typed, str_keys=True))
    raise TypeError(f"{annotation} cannot be received")


def _described(annotation: Any) -> dict[str, Any]:
    if (get_origin(annotation) or annotation) is Map:
        _, item = get_args(annotation) or (Any, Any)
        return {"type": "object", "additionalProperties": json_schema(item)}
    raise TypeError(f"{annotation} has no JSON Schema")


_to_msgpack = msgspec.msgpack.Encoder(enc_hook=_plain).encode
_to_json = msgspec.json.Encoder(enc_hook=_plain, order="deterministic").encode


@lru_cache(maxsize=None)
def _from_msgpack(annotation: Any) -> Callable[[bytes], Any]:
    return msgspec.msgpack.Decoder(annotation, dec_hook=_typed).decode


@lru_cache(maxsize=None)
def _from_json(annotation: Any) -> Callable[[bytes], Any]:
    return msgspec.json.Decoder(annotation, dec_hook=_typed).decode


def encode(value: Any, limit: int = MAX_BYTES) -> bytes:
    """The msgpack of a value.

    Raises:
        Invalid: it holds what no wire can carry (an integer beyond 64 bits, a lone surrogate).
        TooLarge: it takes more than `limit` bytes.
    """
    try:
        data = _to_msgpack(value)
    except (OverflowError, UnicodeEncodeError, TypeError, ValueError, RecursionError) as why:
        raise Invalid(f"{type(value).__name__} cannot be sent: {why}") from why
    if len(data) > limit:
        raise TooLarge(f"{type(value).__name__} takes {len(data):,} bytes; {limit:,} are allowed")
    return data


def decode(annotation: type[T], data: bytes, limit: int = MAX_BYTES) -> T:
    """The value of that type in msgpack `data`.

    Raises:
        Invalid: the data are malformed or do not fit the type.
        TooLarge: they pass the limits of size or depth.
    """
    return _decode(_from_msgpack(annotation), annotation, data, limit)


def decode_json(annotation: type[T], data: bytes, limit: int = MAX_BYTES) -> T:
    """The value of that type in JSON `data`; raises as `decode` does."""
    value = _decode(_from_json(annotation), annotation, data, limit)
    encode(value, limit)  # what JSON can say and msgpack cannot: integers beyond 64 bits
    return value


def encode_json(value: Any) -> bytes:
    """The JSON of a value, keys in order.

    Raises:
        Invalid: it holds what JSON cannot say.
    """
    try:
        return _to_json(value)
    except (TypeError, ValueError, RecursionError) as why:
        raise Invalid(f"{type(value).__name__} cannot be said in JSON: {why}") from why


def from_strings(annotation: type[T], fields: Mapping[str, str]) -> T:
    """A value from its fields as strings, as a URL's query has them.

    Raises:
        Invalid: a field is missing, unknown or of the wrong form.
    """
    try:
        value = msgspec.convert(fields, annotation, strict=False, dec_hook=_typed)
    except (msgspec.ValidationError, TypeError, ValueError) as why:
        raise Invalid(f"{_name(annotation)}: {why}") from why
    encode(value)
    return value


def to_builtins(value: Any) -> Any:
    """The value as dicts, lists and scalars that JSON can say."""
    return msgspec.to_builtins(value, enc_hook=_plain, str_keys=True)


def raw(data: bytes) -> Any:
    """What msgpack `data` say, untyped: for upcasters and for showing."""
    return msgspec.msgpack.decode(data)


def json_schemas(types: Iterable[Any]) -> tuple[tuple[dict[str, Any], ...], dict[str, Any]]:
    """One JSON Schema (2020-12) for each type, and the definitions that they share."""
    return msgspec.json.schema_components(
        types, schema_hook=_described, ref_template="#/components/schemas/{name}"
    )


def json_schema(annotation: Any) -> dict[str, Any]:
    """The JSON Schema (2020-12) of one type, complete in itself."""
    return msgspec.json.schema(annotation, schema_hook=_described)


def digest(annotation: Any) -> str:
    """Sixteen hex digits that change when the shape of a type does."""
    shape = msgspec.json.encode(json_schema(annotation), order="sorted")
    return hashlib.blake2b(shape, digest_size=8).hexdigest()


def _decode(decoder: Callable[[bytes], T], annotation: Any, data: bytes, limit: int) -> T:
    if len(data) > limit:
        raise TooLarge(
            f"{_name(annotation)}: {len(data):,} bytes were sent; {limit:,} are allowed"
        )
    try:
        value = decoder(data)
    except RecursionError as why:
        raise TooLarge(f"{_name(annotation)}: nested deeper than {MAX_DEPTH} levels") from why
    except (msgspec.DecodeError, UnicodeError, ValueError) as why:
        raise Invalid(f"{_name(annotation)}: {why}") from why
    if _recursive(annotation) and _depth(value) > MAX_DEPTH:
        raise TooLarge(f"{_name(annotation)}: nested deeper than {MAX_DEPTH} levels")
    return value


@lru_cache(maxsize=None)
def _recursive(annotation: Any) -> bool:
    """Whether values of the type can nest without end: then, and only then, depth is counted."""
    return _reaches(annotation, ())


def _reaches(annotation: Any, inside: tuple[Any, ...]) -> bool:
    if annotation in inside:
        return True
    if annotation is Any or annotation is object:
        return True
    parts: Iterable[Any] = get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        parts = [field.type for field in msgspec.structs.fields(annotation)]
        inside = (*inside, annotation)
    return any(_reaches(p, inside) for p in parts if p is not Ellipsis and not isinstance(p, str))


def _depth(value: Any) -> int:
    deepest, level = 0, [msgspec.to_builtins(value, enc_hook=_plain, str_keys=True)]
    while level and deepest <= MAX_DEPTH:
        deepest += 1
        level = [part for item in level for part in _parts(item)]
    return deepest


def _parts(item: Any) -> Iterable[Any]:
    if isinstance(item, dict):
        return item.values()
    return item if isinstance(item, (list, tuple)) else ()


def _name(annotation: Any) -> str:
    return str(getattr(annotation, "__name__", annotation))
