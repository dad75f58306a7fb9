"""Images of states: msgpack without limits, in the order in which things are.

A state may be larger than any message, its dicts may have any keys, and their order belongs to it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar, get_args, get_origin

import msgspec

from monocyte.contracts.values import Map
from monocyte.errors import Invalid

__all__ = ["from_image", "image"]

T = TypeVar("T")


def image(state: Any) -> bytes:
    """The state as bytes, from which `from_image` makes its equal.

    Raises:
        Invalid: it holds what cannot be kept.
    """
    try:
        return _encode(state)
    except (OverflowError, UnicodeEncodeError, TypeError, ValueError, RecursionError) as why:
        raise Invalid(f"the state cannot be kept: {why}") from why


def from_image(annotation: type[T], data: bytes) -> T:
    """The state of that type.

    Raises:
        Invalid: the bytes are not an image of such a state.
    """
    kind: Any = annotation
    try:
        state: T = _decoder(kind)(data)
    except (msgspec.DecodeError, UnicodeError, ValueError, RecursionError) as why:
        raise Invalid(f"this is no image of the state: {why}") from why
    return state


def _plain(value: Any) -> Any:
    if isinstance(value, Map):
        return dict(value)
    raise TypeError(f"a {type(value).__name__} cannot be kept")


def _typed(annotation: Any, value: Any) -> Any:
    if (get_origin(annotation) or annotation) is not Map:
        raise TypeError(f"{annotation} cannot be kept")
    return Map(msgspec.convert(value, dict[get_args(annotation)], dec_hook=_typed))  # type: ignore[misc]


_encode = msgspec.msgpack.Encoder(enc_hook=_plain).encode


@cache
def _decoder(annotation: Any) -> Callable[[bytes], Any]:
    return msgspec.msgpack.Decoder(annotation, dec_hook=_typed).decode
