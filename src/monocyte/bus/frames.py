"""What goes over any wire: five frames, each a msgpack array that opens with its name.

A frame says everything that the other end needs and nothing that holds on one machine only: of
the deadline it carries what is left, and that an id is fresh stays at home. Fields are added at the
end, with a default, so that an older end skips what a newer one says. No I/O, and no decisions.
"""

from __future__ import annotations

import math
from typing import Annotated, Any

import msgspec

from monocyte.bus.interface import Delivery
from monocyte.contracts import FOREVER, Envelope, Event, Fault, Message, Principal, to_fault
from monocyte.contracts.check import compile_check
from monocyte.contracts.codec import MAX_BYTES, decode, encode
from monocyte.contracts.envelope import parse_traceparent
from monocyte.errors import BusError, Invalid, TooLarge

__all__ = [
    "FRAME_BYTES",
    "HEAD_BYTES",
    "Cancel",
    "Events",
    "Frame",
    "Happened",
    "Pull",
    "Reply",
    "Request",
    "delivery_of",
    "envelope_of",
    "happened",
    "pack",
    "request",
    "unpack",
]

HEAD_BYTES = 1 << 16
"""What may stand around a message in its frame, in bytes: the envelope, mostly its labels."""

FRAME_BYTES = MAX_BYTES + HEAD_BYTES
"""No frame is larger than this, so that every message that may be sent at all has room in one."""

Name = Annotated[str, msgspec.Meta(max_length=512)]
"""What names a cell or its message; the bound keeps a hostile one from costing anything."""


class Request(msgspec.Struct, tag="request", array_like=True, frozen=True, gc=False):
    """A message on its way to `address`, which is `cell.Message`.

    `key` names the request among those of one asking end, and nowhere else. A message that cannot
    be sent travels as the reason, so that the questions before its validity are asked all the same.
    `left` is what is left of the deadline, in seconds; None for none.
    """

    key: int
    address: Name
    version: int
    body: bytes | Fault
    id: str | int
    left: float | None
    traceparent: str
    principal: str
    roles: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    cause: str | int = ""
    correlation: str | int = ""
    path: tuple[str, ...] = ()


class Reply(msgspec.Struct, tag="reply", array_like=True, frozen=True, gc=False):
    """How a request ended: the encoded answer, or why there is none. Also the end of a pull."""

    key: int
    outcome: bytes | Fault


class Cancel(msgspec.Struct, tag="cancel", array_like=True, frozen=True, gc=False):
    """Nobody waits for that request or pull any more."""

    key: int


class Pull(msgspec.Struct, tag="pull", array_like=True, frozen=True, gc=False):
    """The next events of a cell behind a position, please, as soon as there are some."""

    key: int
    cell: Name
    after: int


class Happened(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One event of a cell, with its position and what led to it; `at` in µs since the epoch."""

    seq: int
    name: str
    version: int
    body: bytes
    id: str
    at: int
    correlation: str
    principal: str
    roles: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()


class Events(msgspec.Struct, tag="events", array_like=True, frozen=True, gc=False):
    """The answer to a pull: some events in order, or none when the stream has ended."""

    key: int
    cell: Name
    events: tuple[Happened, ...]


Frame = Request | Reply | Cancel | Pull | Events
_ANY: Any = Frame


def pack(frame: Frame) -> bytes:
    """The bytes of a frame.

    Raises:
        Invalid: it holds what no wire can carry.
        TooLarge: it takes more than `FRAME_BYTES`.
    """
    return encode(frame, FRAME_BYTES)


def unpack(data: bytes) -> Frame:
    """The frame that the bytes say.

    Raises:
        Invalid: they say none.
        TooLarge: they are more than `FRAME_BYTES`, or nest without end.
    """
    if len(data) > FRAME_BYTES:
        raise TooLarge(f"a frame of {len(data):,} bytes arrived; {FRAME_BYTES:,} are allowed")
    try:
        frame: Frame = decode(_ANY, data, FRAME_BYTES)
    except BusError as why:
        raise type(why)(f"what arrived is not a frame of the bus: {why.__cause__}") from why
    return frame


def request(key: int, envelope: Envelope, message: Message, now: float) -> Request:
    """The frame of a message with its envelope, `now` being the asking end's clock in seconds."""
    word = type(message)
    return Request(
        key,
        f"{word.__cell__}.{word.__name__}",
        word.__version__,
        _body(message),
        envelope.id,
        None if envelope.deadline == FOREVER else envelope.deadline - now,
        envelope.traceparent,
        envelope.principal.name,
        envelope.principal.roles,
        envelope.labels,
        envelope.cause,
        envelope.correlation,
        envelope.path,
    )


def envelope_of(frame: Request, now: float) -> Envelope:
    """The envelope that a request came in, `now` being the answering end's clock in seconds.

    Raises:
        Invalid: its deadline or its trace is malformed.
    """
    left = FOREVER if frame.left is None else frame.left
    if math.isnan(left):
        raise Invalid("what is left of a deadline is a number of seconds, not NaN")
    return Envelope(
        frame.id,
        Principal(frame.principal, frame.roles),
        frame.cause,
        frame.correlation,
        frame.labels,
        now + left,
        *parse_traceparent(frame.traceparent),
        frame.path,
    )


def happened(delivery: Delivery) -> Happened:
    """An event as it goes over a wire.

    Raises:
        Invalid: it holds what no wire can carry.
        TooLarge: it passes a limit.
    """
    event = delivery.event
    return Happened(
        delivery.seq,
        type(event).__name__,
        type(event).__version__,
        encode(event),
        delivery.id,
        delivery.at,
        delivery.correlation,
        delivery.principal.name,
        delivery.principal.roles,
        delivery.labels,
    )


def delivery_of(cell: str, it: Happened, word: type[Event]) -> Delivery:
    """An event as it came over a wire.

    Raises:
        Invalid: it does not fit its type.
        TooLarge: it passes a limit.
    """
    event = decode(word, it.body)
    principal = Principal(it.principal, it.roles)
    return Delivery(cell, it.seq, event, it.id, it.at, principal, it.correlation, it.labels)


def _body(message: Message) -> bytes | Fault:
    word: Any = type(message)
    try:
        return encode(compile_check(word)(message))
    except BusError as why:
        return to_fault(why)
