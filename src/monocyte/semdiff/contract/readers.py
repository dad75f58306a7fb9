"""In a worker: who reads and writes messages of which kind: msgspec by our codec, pydantic itself.

Dataclasses, attrs classes, TypedDicts, NamedTuples, enums and Structs are read by the codec, as
they are on the bus. A pydantic model reads JSON by its own rules, and has no second wire.
"""

from __future__ import annotations

import enum
import re
import sys
import types
from collections.abc import Iterator
from typing import Any, get_args, get_origin

from monocyte.contracts import codec

__all__ = ["is_model", "judging", "mentioned", "pack", "parse", "script", "unpack"]


def is_model(annotation: Any) -> bool:
    """Whether it is a pydantic model."""
    named = get_origin(annotation) or annotation
    return isinstance(named, type) and hasattr(named, "__pydantic_validator__")


def parse(annotation: Any, data: bytes) -> Any:
    """The value that JSON says."""
    if is_model(annotation):
        return annotation.model_validate_json(data)
    if any(map(_holds_model, get_args(annotation))):
        return sys.modules["pydantic"].TypeAdapter(annotation).validate_json(data)
    return codec.decode_json(annotation, data)


def _holds_model(annotation: Any) -> bool:
    return is_model(annotation) or any(map(_holds_model, get_args(annotation)))


def pack(annotation: Any, value: Any) -> bytes:
    """The value on the second wire; nothing if there is none."""
    return b"" if is_model(annotation) else codec.encode(value)


def unpack(annotation: Any, data: bytes) -> None:
    """Read from the second wire, if there is one."""
    if data:
        codec.decode(annotation, data)


def script(module: str, name: str, data: bytes, *, model: bool, packed: bool = False) -> str:
    """Code that reads a message, for people to run."""
    lines = [f"from {module} import {name}"]
    if model:
        return "\n".join([*lines, f"print(repr({name}.model_validate_json({data!r})))\n"])
    read = "decode" if packed else "decode_json"
    lines = ["from monocyte.contracts import codec", *lines]
    return "\n".join([*lines, f"print(repr(codec.{read}({name}, {data!r})))\n"])


def judging(named: Any) -> str:
    """What stands for the code that judges a message after it was read."""
    found = sorted(repr(_code(code)) for code in _judges(named))
    validators = [it.validator for it in getattr(named, "__attrs_attrs__", ()) if it.validator]
    return "".join([*found, *(re.sub(r" at 0x\w+", "", repr(it)) for it in validators)])


def mentioned(named: Any) -> list[int | float | str]:
    """Numbers and short texts that the judging code compares with, where they can be seen."""
    found: dict[int | float | str, None] = {}
    ahead = list(_judges(named))
    while ahead:
        for constant in ahead.pop().co_consts:
            if isinstance(constant, types.CodeType):
                ahead.append(constant)
            elif _is_short(constant):
                found[constant] = None
    return list(found)


def _is_short(constant: Any) -> bool:
    if isinstance(constant, str):
        return len(constant) < SHORT
    return isinstance(constant, int | float) and not isinstance(constant, bool)


SHORT = 30
"""Longer texts are for people."""


def _judges(named: Any) -> Iterator[types.CodeType]:
    if isinstance(named, type) and issubclass(named, enum.Enum):
        yield from _codes(vars(named).get("_missing_"))
        return
    yield from _codes(getattr(named, "__post_init__", None))
    yield from _codes(getattr(named, "__attrs_post_init__", None))
    for attribute in getattr(named, "__attrs_attrs__", ()):
        yield from _codes(attribute.validator)
    decorators = getattr(named, "__pydantic_decorators__", None)
    for kind in ("validators", "field_validators", "root_validators", "model_validators"):
        for found in getattr(decorators, kind, {}).values():
            yield from _codes(found.func)


def _codes(function: Any) -> Iterator[types.CodeType]:
    plain = getattr(function, "__func__", function)
    code = getattr(getattr(plain, "__wrapped__", plain), "__code__", None)
    if isinstance(code, types.CodeType):
        yield code


def _code(code: types.CodeType) -> tuple[Any, ...]:
    """Code without the lines it stands on."""
    inner = [_code(c) for c in code.co_consts if isinstance(c, types.CodeType)]
    plain = [c for c in code.co_consts if not isinstance(c, types.CodeType)]
    return (code.co_code.hex(), plain, code.co_names, inner)
