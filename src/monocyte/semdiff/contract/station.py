"""The three things a locked worker does for a contract: describe its messages, say some, read some.

Runs in a worker, where the code of one version is imported. It never sees the other version's code,
only what that one said.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import importlib
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import msgspec

from monocyte.contracts.values import Command, Event, Query, reply_type
from monocyte.semdiff.contract.loading import install
from monocyte.semdiff.contract.readers import is_model, pack, parse, unpack
from monocyte.semdiff.contract.samples import Hints, samples
from monocyte.semdiff.contract.shapes import fields_of, shape_of

__all__ = ["Described", "Outcome", "Spoken", "Told", "Version", "describe", "read", "speak"]

REPLY = " -> reply"


class Version(msgspec.Struct, frozen=True):
    """One version of a program: its files, and the modules that hold messages."""

    files: dict[str, str]
    modules: tuple[str, ...]


class Told(msgspec.Struct, frozen=True):
    """What a message is: its role, its declared version, its shape."""

    role: str
    version: int
    shape: dict[str, Any]
    is_model: bool = False
    """Whether it is read by pydantic, not by our codec."""


class Described(msgspec.Struct, frozen=True):
    """The messages of a version by `module.Name`, and why a module or a message has none."""

    messages: dict[str, Told]
    errors: dict[str, str]


class Spoken(msgspec.Struct, frozen=True):
    """One message as a version says it, and what it means to that version."""

    json: bytes
    packed: bytes
    meant: bytes
    """The meaning, as JSON."""


class Wanted(msgspec.Struct, frozen=True):
    version: Version
    names: tuple[str, ...]
    hints: dict[str, Hints]


class Given(msgspec.Struct, frozen=True):
    version: Version
    messages: dict[str, list[Spoken]]


class Outcome(msgspec.Struct, frozen=True):
    """What a version made of one message: an error for each wire, or the meaning."""

    json_error: str
    packed_error: str
    meant: bytes


def _load(version: Version) -> tuple[dict[str, Any], dict[str, str]]:
    """Annotations by `module.Name`, and what could not be imported."""
    install(version.files)
    found: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for name in version.modules:
        try:
            module = importlib.import_module(name)
        except BaseException as why:  # noqa: BLE001 (a supervision edge: it is their code)
            errors[name] = f"{type(why).__name__}: {why}"[:300]
            continue
        for key, value in vars(module).items():
            if _is_message(value, name) and not key.startswith("_"):
                found[f"{name}.{key}"] = value
                reply = _reply(value)
                if reply is not None:
                    found[f"{name}.{key}{REPLY}"] = reply
    return found, errors


def _is_message(value: Any, module: str) -> bool:
    if not isinstance(value, type) or value.__module__ != module:
        return False
    if issubclass(value, msgspec.Struct | Enum) or dataclasses.is_dataclass(value):
        return True
    return is_model(value) or bool(fields_of(value))


def _reply(value: Any) -> Any:
    if isinstance(value, type) and issubclass(value, Command | Query):
        try:
            return reply_type(value)
        except TypeError:
            return None
    return None


def _role(value: Any) -> str:
    for role, base in (("command", Command), ("query", Query), ("event", Event)):
        if isinstance(value, type) and issubclass(value, base):
            return role
    return "value"


def describe(payload: bytes) -> bytes:
    """A Version; what is Described."""
    found, errors = _load(msgspec.msgpack.decode(payload, type=Version))
    messages: dict[str, Told] = {}
    for name, annotation in found.items():
        try:
            shape, model = shape_of(annotation), is_model(annotation)
            told = Told(_role(annotation), _version(annotation), shape, model)
            msgspec.msgpack.encode(told)
            messages[name] = told
        except Exception as why:  # noqa: BLE001 (as above)
            errors[name] = f"{type(why).__name__}: {why}"[:300]
    return msgspec.msgpack.encode(Described(messages, errors))


def _version(annotation: Any) -> int:
    version = getattr(annotation, "__version__", 1)
    return version if isinstance(version, int) else 1


def fits(annotation: Any, value: Any) -> bool:
    """Whether a type accepts a plain value, written as JSON."""
    try:
        parse(annotation, msgspec.json.encode(value))
    except Exception:  # noqa: BLE001 (as above)
        return False
    return True


def speak(payload: bytes) -> bytes:
    """Wanted; name -> what is Spoken under this version."""
    wanted = msgspec.msgpack.decode(payload, type=Wanted)
    found, _ = _load(wanted.version)
    said: dict[str, list[Spoken]] = {}
    for name in wanted.names:
        if name in found:
            values = samples(found[name], wanted.hints[name], fits)
            spoken = [_spoken(found[name], value) for value in values]
            said[name] = [one for one in spoken if one is not None]
    return msgspec.msgpack.encode(said)


def _spoken(annotation: Any, value: Any) -> Spoken | None:
    data = msgspec.json.encode(value)
    try:
        first, again = (parse(annotation, data) for _ in range(2))
        meant = meaning(first, annotation)
        if meaning(again, annotation) != meant:  # made anew each time: an id, a moment
            meant = {"$unsteady": True}
        return Spoken(data, pack(annotation, first), msgspec.json.encode(meant))
    except Exception:  # noqa: BLE001 (as above)
        return None


def read(payload: bytes) -> bytes:
    """Given; name -> the Outcome of each message."""
    given = msgspec.msgpack.decode(payload, type=Given)
    found, _ = _load(given.version)
    outcomes = {
        name: [_outcome(found[name], message) for message in messages]
        for name, messages in given.messages.items()
        if name in found
    }
    return msgspec.msgpack.encode(outcomes)


def _outcome(annotation: Any, message: Spoken) -> Outcome:
    meant, json_error, packed_error = b"null", "", ""
    try:
        meant = msgspec.json.encode(meaning(parse(annotation, message.json), annotation))
    except Exception as why:  # noqa: BLE001 (as above)
        json_error = f"{type(why).__name__}: {why}"
    try:
        unpack(annotation, message.packed)
    except Exception as why:  # noqa: BLE001 (as above)
        packed_error = f"{type(why).__name__}: {why}"
    return Outcome(json_error, packed_error, meant)


def meaning(  # noqa: C901, PLR0911 (one case for each kind of value)
    value: Any, annotation: Any = None
) -> Any:
    """A value as plain data in which equal things are equal: fields by their names on the wire."""
    if isinstance(value, Enum):
        return meaning(value.value)
    if value is None or isinstance(value, bool | str | float):
        return value
    if isinstance(value, int):
        return value if abs(value) < 1 << 63 else {"$number": str(value)}
    if isinstance(value, Decimal):
        return {"$number": str(value.normalize())}
    if isinstance(value, bytes | bytearray):
        return {"$bytes": value.hex()}
    if isinstance(value, dt.datetime):
        moment = value if value.tzinfo is None else value.astimezone(dt.UTC)
        return {"$text": moment.isoformat()}
    if isinstance(value, dt.date | dt.time | UUID | dt.timedelta):
        return {"$text": str(value)}
    if fields := fields_of(annotation if isinstance(value, dict) else type(value)):
        held = (
            value if isinstance(value, dict) else {n: getattr(value, n, None) for n, *_ in fields}
        )
        return {"$fields": {wire: meaning(held[n], t) for n, wire, t, *_ in fields if n in held}}
    if isinstance(value, Mapping):
        return {"$map": sorted(([meaning(k), meaning(v)] for k, v in value.items()), key=repr)}
    if isinstance(value, set | frozenset):
        return {"$set": sorted((meaning(item) for item in value), key=repr)}
    if isinstance(value, list | tuple):
        return [meaning(item) for item in value]
    return {"$fields": {}} if isinstance(value, msgspec.Struct) else {"$text": repr(type(value))}
