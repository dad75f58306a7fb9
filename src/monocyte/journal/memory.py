"""A journal in memory, for Worlds and tests: the same semantics, no thread, no disk, no time.

Being *queued* and being *durable* are two steps, and whoever drives it decides when they happen:
by default one turn of the given scheduler takes everything queued through both. A crash is injected
before the write with `crash()`, and between the write and its acknowledgement with `persist()` and
then `crash()`. Entries are kept as bytes, so that what is read is what a disk would give back.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator

from monocyte.errors import JournalError
from monocyte.journal import chain, refusals
from monocyte.journal.entries import (
    ANSWERING,
    Entry,
    EventRecord,
    Snapshot,
    decode,
    decode_all,
    decode_events,
    encode,
)
from monocyte.journal.findings import Finding
from monocyte.journal.interface import Done

__all__ = ["MemoryJournal"]

_WHERE = "the journal in memory"


class _Cell:
    """The durable entries of one cell."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.ends: list[int] = []
        self.bodies: list[bytes] = []
        self.links: list[bytes] = []
        self.snapshots: list[Snapshot] = []

    @property
    def end(self) -> int:
        return self.ends[-1] if self.ends else 0

    def add(self, end: int, body: bytes) -> None:
        previous = self.links[-1] if self.links else chain.first(self.name)
        self.ends.append(end)
        self.bodies.append(body)
        self.links.append(chain.link(previous, body))


class MemoryJournal:
    """Durable is what `persist` has taken over from the queue; `settle` then tells who waits.

    `schedule` is given a callable to run soon, whenever something was queued into an empty queue.
    """

    def __init__(self, schedule: Callable[[Callable[[], None]], None]) -> None:
        self._schedule = schedule
        self._scheduled = False
        self._queue: deque[tuple[Entry, bytes, Done] | Snapshot] = deque()
        self._unsettled: deque[tuple[Done, JournalError | None]] = deque()
        self._cells: dict[str, _Cell] = {}
        self._last: dict[str, int] = {}
        self._answers: dict[tuple[str, str], Entry] = {}
        self._durable_answers: dict[tuple[str, str], bytes] = {}
        self._failure: JournalError | None = None
        self._closed = False

    # -- what every journal does ------------------------------------------------------------------

    @property
    def opening_report(self) -> tuple[Finding, ...]:
        """Always empty: there is nothing to open."""
        return ()

    @property
    def failure(self) -> JournalError | None:
        """What `fail` was given, until `recover`."""
        return self._failure

    def append(self, entry: Entry, done: Done) -> None:
        """See `Journal.append`; an id that was ever answered is refused here at once."""
        self._admit()
        expected = self.last(entry.cell) + 1
        if entry.seq != expected:
            raise refusals.out_of_sequence(entry, expected)
        body = encode(entry)
        if entry.kind in ANSWERING:
            if self.find(entry.cell, entry.id) is not None:
                raise refusals.repeated(entry)
            self._answers[entry.cell, entry.id] = entry
        self._last[entry.cell] = entry.end
        self._queue.append((entry, body, done))
        self._soon()

    def last(self, cell: str) -> int:
        """See `Journal.last`."""
        return self._last.get(cell, 0)

    def read(self, cell: str, after: int = 0) -> Iterator[Entry]:
        """See `Journal.read`."""
        return decode_all(self._bodies(cell, after))

    def events(self, cell: str, after: int = 0) -> Iterator[tuple[int, EventRecord]]:
        """See `Journal.events`."""
        return (it for it in decode_events(self._bodies(cell, after)) if it[0] > after)

    def find(self, cell: str, id: str) -> Entry | None:
        """See `Journal.find`."""
        queued = self._answers.get((cell, id))
        if queued is not None:
            return queued
        body = self._durable_answers.get((cell, id))
        return None if body is None else decode(body)

    def save(self, snapshot: Snapshot) -> None:
        """See `Journal.save`."""
        self._admit()
        if not 0 < snapshot.seq <= self.last(snapshot.cell):
            raise refusals.unfounded(snapshot)
        self._queue.append(snapshot)
        self._soon()

    def snapshot(self, cell: str) -> Snapshot | None:
        """See `Journal.snapshot`."""
        kept = self._cells.get(cell)
        return kept.snapshots[-1] if kept and kept.snapshots else None

    def cells(self) -> tuple[str, ...]:
        """See `Journal.cells`."""
        return tuple(sorted(name for name, kept in self._cells.items() if kept.ends))

    def recover(self) -> None:
        """See `Journal.recover`."""
        if self._failure is not None:
            self.settle()
            self._failure = None
            self._renumber()

    def flush(self) -> None:
        """See `Journal.flush`."""
        self.persist()
        self.settle()

    def close(self) -> None:
        """See `Journal.close`."""
        if not self._closed:
            self.flush()
            self._closed = True

    # -- what drives it ---------------------------------------------------------------------------

    @property
    def queued(self) -> int:
        """How many appends and snapshots are not durable yet."""
        return len(self._queue)

    def persist(self, count: int | None = None) -> int:
        """Make the first `count` things of the queue durable, all by default; says how many."""
        count = len(self._queue) if count is None else min(count, len(self._queue))
        for _ in range(count):
            item = self._queue.popleft()
            if isinstance(item, Snapshot):
                self._keep(item)
            else:
                self._write(*item)
        return count

    def settle(self) -> None:
        """Call the `done` of what has become durable or has failed."""
        while self._unsettled:
            done, error = self._unsettled.popleft()
            done(error)

    def fail(self, error: JournalError) -> None:
        """Fail as a full disk would: what is queued gets `error`, once settled."""
        self._failure = error
        for item in self._queue:
            if not isinstance(item, Snapshot):
                self._unsettled.append((item[2], error))
        self._queue.clear()
        self._soon()

    def crash(self) -> int:
        """Lose power: the queue is gone, nobody is told; says how many things were lost.

        What remains is the journal as the next start would open it.
        """
        lost = len(self._queue)
        self._queue.clear()
        self._unsettled.clear()
        self._scheduled = self._closed = False
        self._failure = None
        self._renumber()
        return lost

    # -- within -----------------------------------------------------------------------------------

    def _admit(self) -> None:
        if self._failure is not None:
            raise refusals.failed(self._failure)
        if self._closed:
            raise refusals.closed(_WHERE)

    def _soon(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._schedule(self._turn)

    def _turn(self) -> None:
        self._scheduled = False
        self.flush()

    def _write(self, entry: Entry, body: bytes, done: Done) -> None:
        kept = self._cells.setdefault(entry.cell, _Cell(entry.cell))
        kept.add(entry.end, body)
        if entry.kind in ANSWERING:
            self._durable_answers[entry.cell, entry.id] = body
            self._answers.pop((entry.cell, entry.id), None)
        self._unsettled.append((done, None))

    def _keep(self, snapshot: Snapshot) -> None:
        kept = self._cells.setdefault(snapshot.cell, _Cell(snapshot.cell))
        kept.snapshots = sorted([*kept.snapshots, snapshot], key=lambda s: s.seq)[-2:]

    def _renumber(self) -> None:
        self._answers.clear()
        self._last = {name: kept.end for name, kept in self._cells.items()}

    def _bodies(self, cell: str, after: int) -> Iterator[bytes]:
        kept = self._cells.get(cell)
        if kept is None:
            return
        start = bisect_right(kept.ends, after)
        previous = kept.links[start - 1] if start else chain.first(cell)
        for at in range(start, len(kept.ends)):
            previous = chain.link(previous, kept.bodies[at])
            if previous != kept.links[at]:
                raise refusals.broken_link(_WHERE, cell, kept.ends[at])
            yield kept.bodies[at]
