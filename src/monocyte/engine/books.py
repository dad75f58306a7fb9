"""What an engine keeps beside the state of its cell: cursors, timers, dead letters.

Like the state, the books are folded from the journal's entries, live and at a start alike; they are
part of every snapshot. Times are in µs since the epoch, UTC.
"""

from __future__ import annotations

import heapq
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from monocyte.cell import Manifest, Timer
from monocyte.contracts import Event, Fault
from monocyte.contracts.codec import decode, encode
from monocyte.contracts.images import from_image, image
from monocyte.journal import Entry, EventRecord, PortResult

__all__ = ["Books", "DeadLetter", "Due"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST_BEGUN = 10_000
"""So many interrupted tries are remembered; beyond, the oldest is forgotten."""

MICROSECOND = timedelta(microseconds=1)


class DeadLetter(msgspec.Struct, frozen=True):
    """A delivery that was given up: whence, what, why, and when."""

    source: tuple[str, int]
    """The cell and position of an event, or `@` and the name of a timer and when it was due."""
    event: EventRecord
    """What was delivered, in the shape that it had then."""
    error: str
    at: int
    labels: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The type of the event."""
        return self.event.name

    @property
    def message(self) -> bytes:
        """The fields of the event, as msgpack."""
        return self.event.body


class Due(msgspec.Struct, frozen=True, array_like=True):
    """A timer that waits for its moment; `seq` is the event's position, 0 for `cell.every`."""

    at: int
    timer: str
    seq: int
    event: bytes

    @property
    def source(self) -> tuple[str, int]:
        """What tells this firing from every other: of an event's timer its position, else when."""
        return (f"@{self.timer}", self.seq or self.at)


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    """The books as a snapshot keeps them."""

    last_event: int
    cursors: dict[str, int]
    due: tuple[Due, ...]
    fired: dict[str, int]
    dead: dict[int, DeadLetter]
    begun: dict[str, tuple[PortResult, ...]] = {}


class Books:
    """The cursor in each cell that is followed; timers by source; dead letters by position."""

    __slots__ = ("_agenda", "_ticks", "begun", "cursors", "dead", "due", "fired", "last_event")

    def __init__(self) -> None:
        self.last_event = 0
        """The position of the last event."""
        self.cursors: dict[str, int] = {}
        self.due: dict[tuple[str, int], Due] = {}
        self.fired: dict[str, int] = {}
        """When each timer of `cell.every` was last due."""
        self.dead: dict[int, DeadLetter] = {}
        self.begun: dict[str, tuple[PortResult, ...]] = {}
        """What was seen before an effect by those who have not decided yet, by their ids."""
        self._ticks: dict[str, Due] = {}
        """Of `due`, those of `cell.every`, by name."""
        self._agenda: list[tuple[int, str, int]] = []
        """A heap of (moment, source) of what is due, with some that no longer is."""

    @classmethod
    def restored(cls, data: bytes) -> Books:
        """The books of a snapshot."""
        kept, books = from_image(_Kept, data), cls()
        books.last_event, books.cursors = kept.last_event, kept.cursors
        books.fired, books.dead, books.begun = kept.fired, kept.dead, kept.begun
        for due in kept.due:
            books._await(due)
        return books

    def kept(self) -> bytes:
        """The books as a snapshot keeps them."""
        due = tuple(self.due.values())
        return image(_Kept(self.last_event, self.cursors, due, self.fired, self.dead, self.begun))

    def next_due(self) -> Due | None:
        """The timer that is due first."""
        while self._agenda:
            at, timer, number = self._agenda[0]
            due = self.due.get((timer, number))
            if due is not None and due.at == at:
                return due
            heapq.heappop(self._agenda)
        return None

    def happened(self, manifest: Manifest, event: Event, seq: int, at: int) -> None:
        """Start the timers that run from an event of this cell."""
        for timer in manifest.timers.values():
            if timer.event is type(event) and timer.delay is not None:
                self._await(Due(_after(timer, event, at), timer.name, seq, encode(event)))

    def enter(self, manifest: Manifest, entry: Entry) -> None:
        """Fold in what an entry says of itself, apart from its events."""
        for timer in manifest.timers.values():
            if timer.period is not None and timer.name not in self.fired:
                # It waits from the first entry on: a power cut at its first moment loses nothing.
                self.fired[timer.name] = _moment_before(timer.period, entry.at)
        if entry.kind == "begun":
            self._begin(entry)
        else:
            self.begun.pop(entry.id, None)
        if entry.source is None:
            return
        if entry.kind in ("reaction", "skipped"):
            cell, seq = entry.source
            self.cursors[cell] = max(seq, self.cursors.get(cell, 0))
        elif entry.kind == "timer":
            self._fired(manifest, entry.source, entry.at)
        elif entry.kind == "dead":
            self._died(manifest, entry)
        elif entry.kind == "resent":
            self.dead.pop(entry.source[1], None)

    def _begin(self, entry: Entry) -> None:
        self.begun[entry.id] = entry.ports
        if len(self.begun) > MOST_BEGUN:  # whoever began it has never come back
            del self.begun[next(iter(self.begun))]

    def plan(self, manifest: Manifest, now: int) -> None:
        """Let every timer of `cell.every` wait for the right moment, whatever the clock has done.

        Those missed are one, the latest. One that waits for longer than its period was planned when
        the clock was ahead.
        """
        for timer in manifest.timers.values():
            if timer.period is None:
                continue
            step = timer.period // MICROSECOND
            due = self._ticks.get(timer.name)
            if due is None:
                self._repeat(timer, now)
            elif due.at + step <= now:
                self._tick(timer.name, now // step * step)
            elif due.at - step > now:
                self._tick(timer.name, now // step * step + step)

    def _repeat(self, timer: Timer, now: int) -> None:
        if timer.period is not None:
            self._tick(timer.name, _next(timer.period, self.fired.get(timer.name), now))

    def _tick(self, timer: str, at: int) -> None:
        before = self._ticks.get(timer)
        if before is not None:
            self.due.pop(before.source, None)
        self._await(Due(at, timer, 0, b""))

    def _await(self, due: Due) -> None:
        self.due[due.source] = due
        if due.seq == 0:
            self._ticks[due.timer] = due
        heapq.heappush(self._agenda, (due.at, *due.source))

    def _fired(self, manifest: Manifest, source: tuple[str, int], at: int) -> None:
        self.due.pop(source, None)
        timer = manifest.timers.get(source[0][1:])
        if timer is not None and timer.period is not None:
            self.fired[timer.name] = source[1]
            self._repeat(timer, at)

    def _died(self, manifest: Manifest, entry: Entry) -> None:
        source = entry.source or ("", 0)
        if source[0].startswith("@"):
            self._fired(manifest, source, entry.at)
        else:
            self.cursors[source[0]] = max(source[1], self.cursors.get(source[0], 0))
        self.begun.pop(f"{manifest.name}<{source[0].lstrip('@')}:{source[1]}", None)
        why = decode(Fault, entry.reply or b"").message
        event = EventRecord(entry.name, entry.version, entry.message)
        self.dead[entry.seq] = DeadLetter(source, event, why, entry.at, entry.labels)


def _after(timer: Timer, event: Event, at: int) -> int:
    delay: Any = timer.delay
    wanted: timedelta | datetime = delay(event) if callable(delay) else delay
    if isinstance(wanted, datetime):
        return (wanted - EPOCH) // MICROSECOND
    return at + wanted // MICROSECOND


def _moment_before(period: timedelta, at: int) -> int:
    step = period // MICROSECOND
    return at // step * step


def _next(period: timedelta, last: int | None, now: int) -> int:
    """The next multiple of the period; those missed while nobody was here are one."""
    step = period // MICROSECOND
    if last is None or last + step > now:
        return (now if last is None else last) // step * step + step
    return now // step * step
