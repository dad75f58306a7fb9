"""What an engine keeps beside the state of its cell: cursors, timers, dead letters.

Like the state, the books are folded from the journal's entries, live and at a start alike; they are
part of every snapshot. Times are in µs since the epoch, UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from monocyte.cell import Manifest, Timer
from monocyte.contracts import Event, Fault
from monocyte.contracts.codec import decode, encode
from monocyte.journal import Entry

__all__ = ["Books", "DeadLetter", "Due"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class DeadLetter(msgspec.Struct, frozen=True):
    """A delivery that was given up: whence, what, why, and when."""

    source: tuple[str, int]
    """The cell and position of an event, or `@` and the name of a timer and when it was due."""
    name: str
    message: bytes
    error: str
    at: int


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


class Books(msgspec.Struct):
    """The cursor in each cell that is followed; timers by source; dead letters by position."""

    last_event: int = 0
    """The position of the last event."""
    cursors: dict[str, int] = {}
    due: dict[tuple[str, int], Due] = {}
    fired: dict[str, int] = {}
    """When each timer of `cell.every` was last due."""
    dead: dict[int, DeadLetter] = {}

    def next_due(self) -> Due | None:
        """The timer that is due first."""
        return min(self.due.values(), key=lambda due: (due.at, due.timer, due.seq), default=None)

    def happened(self, manifest: Manifest, event: Event, seq: int, at: int) -> None:
        """Start the timers that run from an event of this cell."""
        for timer in manifest.timers.values():
            if timer.event is type(event) and timer.delay is not None:
                self._await(Due(_after(timer, event, at), timer.name, seq, encode(event)))

    def enter(self, manifest: Manifest, entry: Entry) -> None:
        """Fold in what an entry says of itself, apart from its events."""
        if entry.source is None:
            return
        if entry.kind in ("reaction", "skipped"):
            cell, seq = entry.source
            self.cursors[cell] = max(seq, self.cursors.get(cell, 0))
        elif entry.kind == "timer":
            self._fired(manifest, entry.source)
        elif entry.kind == "dead":
            self._died(manifest, entry)
        elif entry.kind == "resent":
            self.dead.pop(entry.source[1], None)

    def plan(self, manifest: Manifest, now: int) -> None:
        """Make sure that every timer of `cell.every` waits for its next moment."""
        waiting = {due.timer for due in self.due.values()}
        for timer in manifest.timers.values():
            if timer.period is not None and timer.name not in waiting:
                self._await(
                    Due(_next(timer.period, self.fired.get(timer.name), now), timer.name, 0, b"")
                )
        for source in [s for s, due in self.due.items() if due.timer not in manifest.timers]:
            del self.due[source]

    def _await(self, due: Due) -> None:
        self.due[due.source] = due

    def _fired(self, manifest: Manifest, source: tuple[str, int]) -> None:
        self.due.pop(source, None)
        timer = manifest.timers.get(source[0][1:])
        if timer is not None and timer.period is not None:
            self.fired[timer.name] = source[1]

    def _died(self, manifest: Manifest, entry: Entry) -> None:
        source = entry.source or ("", 0)
        if source[0].startswith("@"):
            self._fired(manifest, source)
        else:
            self.cursors[source[0]] = max(source[1], self.cursors.get(source[0], 0))
        why = decode(Fault, entry.reply or b"").message
        self.dead[entry.seq] = DeadLetter(source, entry.name, entry.message, why, entry.at)


def _after(timer: Timer, event: Event, at: int) -> int:
    delay: Any = timer.delay
    wanted: timedelta | datetime = delay(event) if callable(delay) else delay
    if isinstance(wanted, datetime):
        return (wanted - EPOCH) // MICROSECOND
    return at + wanted // MICROSECOND


def _next(period: timedelta, last: int | None, now: int) -> int:
    """The next multiple of the period; those missed while nobody was here are one."""
    step = period // MICROSECOND
    if last is None or last + step > now:
        return (now if last is None else last) // step * step + step
    return now // step * step
