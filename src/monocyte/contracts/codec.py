"""The one seam to the codec: msgpack on the wire and in the journal, JSON at the wall.

Everything that is decoded is held against its type, strictly, within limits of size and depth; what
does not fit is `Invalid` or `TooLarge`, never a traceback. Equal values (of the same types) give
equal bytes, whatever order their maps and sets were filled in, so that a digest of them means
something. The shapes of types, as JSON Schema, are in `schema.py`.
"""

from __future__ import annotations

import copy
import json
import types
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from functools import cache, partial
from typing import Any, TypeVar, get_args, get_origin

import msgspec

from monocyte.contracts.annotations import is_recursive, reach
from monocyte.contracts.schema import digest, json_schema, json_schemas
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
    "refuse_infinite",
    "to_builtins",
]

T = TypeVar("T")

MAX_BYTES = 1 << 20
"""No message is larger than this, in bytes of either encoding."""

MAX_DEPTH = 32
"""No message nests deeper than this."""

SAID = 300
"""No more than about so many characters of a complaint are repeated: it may quote what was sent."""


# -- out ------------------------------------------------------------------------------------------


def encode(value: Any, limit: int = MAX_BYTES) -> bytes:
    """The msgpack of a value.

    Raises:
        Invalid: it holds what no wire can carry (an integer beyond 64 bits, a lone surrogate).
        TooLarge: it takes more than `limit` bytes.
    """
    try:
        data = _pack(value)
    except _UNSAYABLE as why:
        data = _unsorted(_msgpack, value, "cannot be sent", why)
    if len(data) > limit:
        raise TooLarge(f"{type(value).__name__} takes {len(data):,} bytes; {limit:,} are allowed")
    return data


def encode_json(value: Any) -> bytes:
    """The JSON of a value, keys in order.

    Raises:
        Invalid: it holds what JSON cannot say.
    """
    try:
        data = _say(value)
    except _UNSAYABLE as why:
        data = _unsorted(_json, value, "cannot be said in JSON", why)
    if b"null" in data:  # which msgspec also says for NaN and the infinities
        refuse_infinite(Any, value)
    return data


def to_builtins(value: Any) -> Any:
    """The value as dicts, lists and scalars that JSON can say."""
    return msgspec.to_builtins(value, enc_hook=_as_dict, str_keys=True)


class _Packing:
    """One encoding: its encoder, and how it writes what msgspec cannot put in order."""

    def __init__(self, encoder: Any, row: Callable[[list[bytes]], bytes], name: Any) -> None:
        self.encode = encoder(enc_hook=self.hook, order="deterministic").encode
        self.row = row
        self.name = name

    def hook(self, value: Any) -> Any:
        """A `Map` as a dict in the order of its keys."""
        if isinstance(value, Map):
            return self.name(value)
        raise TypeError(f"a {type(value).__name__} is not a message's value")

    def ordered(self, value: Any) -> Any:
        """The value with its sets written out, for members that Python cannot sort."""
        if isinstance(value, (set, frozenset)):
            return msgspec.Raw(self.row(sorted(self.encode(self.ordered(one)) for one in value)))
        if isinstance(value, (list, tuple)):
            return [self.ordered(one) for one in value]
        if isinstance(value, (dict, Map)):
            return type(value)({key: self.ordered(one) for key, one in value.items()})
        if isinstance(value, msgspec.Struct):
            twin = copy.copy(value)
            for field in value.__struct_fields__:
                part = self.ordered(getattr(value, field))
                msgspec.structs.force_setattr(twin, field, part)
            return twin
        return value


def _msgpack_map(value: Map[Any, Any]) -> Any:
    if all(type(key) is str for key in value):
        return dict(value)
    pairs = sorted((_msgpack.encode(key), _msgpack.encode(value[key])) for key in value)
    return msgspec.Raw(b"\xdf" + len(pairs).to_bytes(4, "big") + b"".join(map(b"".join, pairs)))


def _json_map(value: Map[Any, Any]) -> Any:
    return {key if type(key) is str else _json_name(key): item for key, item in value.items()}


def _json_name(key: Any) -> str:
    said = _json.encode(key)
    return str(msgspec.json.decode(said)) if said.startswith(b'"') else said.decode()


def _msgpack_row(items: list[bytes]) -> bytes:
    return b"\xdd" + len(items).to_bytes(4, "big") + b"".join(items)


def _json_row(items: list[bytes]) -> bytes:
    return b"[" + b",".join(items) + b"]"


_msgpack = _Packing(msgspec.msgpack.Encoder, _msgpack_row, _msgpack_map)
_json = _Packing(msgspec.json.Encoder, _json_row, _json_map)
_pack: Callable[[Any], bytes] = _msgpack.encode
_say: Callable[[Any], bytes] = _json.encode
_UNSAYABLE = (OverflowError, UnicodeEncodeError, TypeError, ValueError, RecursionError)


def _unsorted(packing: _Packing, value: Any, complaint: str, why: Exception) -> bytes:
    """The bytes after all, if a set that Python cannot sort was all that was wrong."""
    if not isinstance(why, TypeError):
        raise _unsayable(packing, value, complaint, why) from why
    try:
        return bytes(packing.encode(packing.ordered(value)))
    except _UNSAYABLE as still:
        raise _unsayable(packing, value, complaint, still) from still


def _unsayable(packing: _Packing, value: Any, complaint: str, why: Exception) -> Invalid:
    if isinstance(why, RecursionError):
        return Invalid(f"{type(value).__name__} {complaint}: it nests too deep")
    path = _path(value, partial(_fails, packing.encode))
    return Invalid(f"{type(value).__name__} {complaint}: {_short(str(why))} - at `{path}`")


def _fails(encode: Callable[[Any], bytes], value: Any) -> bool:
    try:
        encode(value)
    except _UNSAYABLE:
        return True
    return False


def _path(value: Any, wrong: Callable[[Any], bool]) -> str:
    """The way to the innermost part of a value that is wrong, as msgspec spells it."""
    path = "$"
    while found := next(((step, part) for step, part in _steps(value) if wrong(part)), None):
        path, value = path + found[0], found[1]
    return path


def _steps(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, msgspec.Struct):
        yield from ((f".{name}", getattr(value, name)) for name in value.__struct_fields__)
    elif isinstance(value, Mapping):
        yield from ((f"[{key!r:.80}]", item) for key, item in value.items())
    elif isinstance(value, (list, tuple)):
        yield from ((f"[{i}]", item) for i, item in enumerate(value))


# -- in -------------------------------------------------------------------------------------------


def decode(annotation: type[T], data: bytes, limit: int = MAX_BYTES) -> T:
    """The value of that type in msgpack `data`.

    Raises:
        Invalid: the data are malformed or do not fit the type.
        TooLarge: they pass the limits of size or depth.
    """
    value: T = _decode(_from_msgpack, annotation, data, limit)
    return value


def decode_json(annotation: type[T], data: bytes, limit: int = MAX_BYTES) -> T:
    """The value of that type in JSON `data`; raises as `decode` does.

    Of a key that is there twice the last value counts, as in most readers of JSON.
    """
    value: T = _decode(_from_json, annotation, data, limit)
    encode(value, limit)  # what JSON can say and msgpack cannot: integers beyond 64 bits
    return value


def from_strings(annotation: type[T], fields: Mapping[str, str]) -> T:
    """A value from its fields as strings, as a URL's query has them.

    Raises:
        Invalid: a field is missing, unknown or of the wrong form.
        TooLarge: they pass the limit of size.
    """
    try:
        value = msgspec.convert(fields, annotation, strict=False, dec_hook=_by_name)
    except (msgspec.ValidationError, TypeError, ValueError) as why:
        raise Invalid(f"{_name(annotation)}: {_explained(why)}") from why
    refuse_infinite(annotation, value)
    encode(value)
    return value


def raw(data: bytes) -> Any:
    """What msgpack `data` say, untyped: for upcasters and for showing.

    Raises:
        Invalid: the data are malformed.
        TooLarge: they nest too deep.
    """
    return _decode(_from_msgpack, Any, data, len(data))


def refuse_infinite(annotation: Any, value: Any) -> None:
    """Messages hold finite numbers only: JSON can say no others, and NaN is not equal to itself.

    `decode` does not ask: it reads journals and snapshots too, and a state may hold infinities.

    Raises:
        Invalid: a value of that type holds NaN or an infinity.
    """
    if not _has_floats(annotation):
        return
    if _is_infinite(value):
        path = _path(value, _is_infinite)
        raise Invalid(f"{type(value).__name__}: a number in a message is finite - at `{path}`")


def _is_infinite(value: Any) -> bool:
    try:
        json.dumps(to_builtins(value), allow_nan=False)
    except ValueError:
        return True
    return False


@cache
def _has_floats(annotation: Any) -> bool:
    return any(
        part in (float, Any, object) or isinstance(part, TypeVar) for part in reach(annotation)
    )


Reader = tuple[Callable[[bytes], Any], bool]
"""A decoder, and whether what it decodes can nest without end: only then is depth counted."""


@cache
def _from_msgpack(annotation: Hashable) -> Reader:
    decoder: Any = msgspec.msgpack.Decoder(annotation, dec_hook=_by_type)
    return decoder.decode, is_recursive(annotation)


@cache
def _from_json(annotation: Hashable) -> Reader:
    decoder: Any = msgspec.json.Decoder(annotation, dec_hook=_by_name)
    return decoder.decode, is_recursive(annotation)


def _typed(annotation: Any, value: Any, *, str_keys: bool) -> Any:
    if (get_origin(annotation) or annotation) is not Map:
        raise TypeError(f"{annotation} cannot be received")
    key, item = get_args(annotation) or (Any, Any)
    hook = _by_name if str_keys else _by_type
    wanted: Any = types.GenericAlias(dict, (key, item))
    convert = partial(msgspec.convert, type=wanted, dec_hook=hook, str_keys=str_keys)
    try:
        return Map(convert(value))
    except (
        msgspec.ValidationError
    ) as why:  # as ValueError, which msgspec prefixes with its own path
        raise ValueError(_at_key(why, value, convert)) from why


def _at_key(why: Exception, value: Any, convert: Callable[[Any], Any]) -> str:
    """The complaint with the key in its path, where msgspec has dots."""
    for name, part in value.items() if isinstance(value, dict) else ():
        try:
            convert({name: part})
        except msgspec.ValidationError as here:
            said, _, path = str(here).rpartition(" - at `")
            return f"{said} - at `$[{name!r:.80}]{path.rpartition('$')[2].removeprefix('[...]')}"
    return str(why)


_by_type = partial(_typed, str_keys=False)
_by_name = partial(_typed, str_keys=True)


def _decode(reader: Callable[[Any], Reader], annotation: Any, data: bytes, limit: int) -> Any:
    if len(data) > limit:
        sent = f"{len(data):,} bytes were sent; {limit:,} are allowed"
        raise TooLarge(f"{_name(annotation)}: {sent}")
    decoder, nests = reader(annotation)
    try:
        value = decoder(data)
        deep = nests and _depth(value) > MAX_DEPTH
    except RecursionError as why:
        raise TooLarge(f"{_name(annotation)}: nested deeper than {MAX_DEPTH} levels") from why
    except (msgspec.DecodeError, UnicodeError, ValueError) as why:
        raise Invalid(f"{_name(annotation)}: {_explained(why)}") from why
    if deep:
        raise TooLarge(f"{_name(annotation)}: nested deeper than {MAX_DEPTH} levels")
    return value


def _depth(value: Any) -> int:
    deepest, level = 0, [to_builtins(value)]
    while level and deepest <= MAX_DEPTH:
        deepest += 1
        level = [part for item in level for part in _inner(item)]
    return deepest


def _inner(item: Any) -> Iterable[Any]:
    if isinstance(item, dict):
        return item.values()
    return item if isinstance(item, (list, tuple)) else ()


def _as_dict(value: Any) -> Any:
    if isinstance(value, Map):
        return dict(value)
    raise TypeError(f"a {type(value).__name__} is not a message's value")


def _explained(why: Exception) -> str:
    """The complaint with one path to the place, and not too long: it may quote what was sent."""
    said, *paths = str(why).split(" - at `")
    path = "".join(part.rstrip("`").removeprefix("$") for part in reversed(paths))
    return _short(said) + (f" - at `${_short(path)}`" if paths else "")


def _short(text: str) -> str:
    return text if len(text) <= SAID else f"{text[:SAID]}…"


def _name(annotation: Any) -> str:
    return str(getattr(annotation, "__name__", annotation))
