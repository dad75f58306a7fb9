"""What a journal holds: entries, the events and port results in them, snapshots; and their bytes.

An entry is one decided thing of one cell: a command with its answer, a refusal, a reaction, a
timer, a dead letter. Its msgpack is an array in the order of the fields here, and that is the
format on disk: new fields go last, with a default; nothing is ever reordered or taken out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from monocyte.errors import JournalDamaged, JournalError

__all__ = [
    "ANSWERING",
    "Entry",
    "EventRecord",
    "PortResult",
    "Snapshot",
    "decode",
    "decode_all",
    "decode_events",
    "encode",
]

ANSWERING: Final = frozenset({"command", "refusal"})
"""Kinds of entries that answer a command: their ids are unique in a cell and `find` knows them."""


class PortResult(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a port returned: found again by port, method, digest of the arguments, and ordinal."""

    port: str
    method: str
    args: bytes
    """Digest of the arguments, 8 bytes."""
    ordinal: int
    """How many calls of the same port, method and arguments came before it in the same run."""
    result: bytes
    failed: bool = False


class EventRecord(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An event as it is stored: the name and version of its type, and its msgpack."""

    name: str
    version: int
    body: bytes


class Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One decided thing of one cell, with all that it made happen."""

    cell: str
    seq: int
    """Its first position in the cell: 1 for the first entry, then the one after `end`."""
    kind: str
    """command, refusal, begun, reaction, timer, dead, resent or skipped."""
    id: str
    at: int
    """When it was decided, in µs since the epoch, UTC."""
    name: str
    """The type of the message, with its `version`."""
    version: int
    message: bytes
    reply: bytes | None = None
    events: tuple[EventRecord, ...] = ()
    ports: tuple[PortResult, ...] = ()
    principal: str = ""
    roles: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    cause: str = ""
    correlation: str = ""
    release: str = ""
    source: tuple[str, int] | None = None
    """Of a reaction: cell and position of the event. Of a timer: its name and due time, in µs."""

    @property
    def end(self) -> int:
        """Its last position: event i has position `seq + i`; without events it still takes one."""
        return self.seq + (len(self.events) or 1) - 1


class _Happened(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The head of an entry, up to its events: what a fold needs; the rest is skipped unbuilt."""

    cell: str
    seq: int
    kind: str
    id: str
    at: int
    name: str
    version: int
    message: bytes
    reply: bytes | None = None
    events: tuple[EventRecord, ...] = ()


class Snapshot(msgspec.Struct, frozen=True):
    """The state of a cell with every entry folded in whose positions are up to `seq`, inclusive."""

    cell: str
    seq: int
    at: int
    """When it was taken, in µs since the epoch, UTC."""
    release: str
    schema: str
    """Digest of the type of the state: another schema makes the snapshot useless, not wrong."""
    body: bytes


_to_bytes = msgspec.msgpack.Encoder().encode
_to_entry = msgspec.msgpack.Decoder(Entry).decode
_to_happened = msgspec.msgpack.Decoder(_Happened).decode
_NOT_DECODED: Final = (msgspec.DecodeError, UnicodeError)


def encode(entry: Entry) -> bytes:
    """The bytes of an entry.

    Raises:
        JournalError: a field holds what has no bytes (a lone surrogate, an integer beyond 64 bits).
    """
    try:
        return _to_bytes(entry)
    except (OverflowError, TypeError, ValueError) as why:
        raise JournalError(
            f"an entry of {entry.cell!r} cannot be written: {why}",
            where=f"{entry.cell!r} at {entry.seq}",
            mend="this is a defect of whoever made the entry; nothing was written",
        ) from why


def decode(body: bytes) -> Entry:
    """The entry in `body`.

    Raises:
        JournalDamaged: these are not the bytes of an entry.
    """
    try:
        return _to_entry(body)
    except _NOT_DECODED as why:
        raise _damaged(why) from why


def decode_all(bodies: Iterable[bytes]) -> Iterator[Entry]:
    """The entries in `bodies`, one after the other; raises as `decode` does."""
    try:
        yield from map(_to_entry, bodies)
    except _NOT_DECODED as why:
        raise _damaged(why) from why


def decode_events(bodies: Iterable[bytes]) -> Iterator[tuple[int, EventRecord]]:
    """Position and event for all events in `bodies`, without building the rest of the entries.

    Raises:
        JournalDamaged: these are not the bytes of entries.
    """
    try:
        for happened in map(_to_happened, bodies):
            position = happened.seq
            for event in happened.events:
                yield position, event
                position += 1
    except _NOT_DECODED as why:
        raise _damaged(why) from why


def _damaged(why: Exception) -> JournalDamaged:
    return JournalDamaged(
        f"these bytes are not an entry: {why}",
        mend="run `monocyte journal verify`, then restore the newest backup",
    )
