"""What every journal does: the contract that engine and World stand on.

All methods are called on one thread, the loop's, except where they say otherwise. Whatever
implements this passes the conformance suite in tests/journal/test_conformance.py.

**Order.** The order of appends is the order of commits, across all cells: once an entry is durable,
so is everything that was appended before it, and `done` is called in that order.

**Failure.** A write that fails takes everything with it that was queued at that moment or behind
it: each of those gets `done(JournalUnavailable)`, in order. The journal has then *failed*:
`failure` says why, `append` and `save` raise it at once, reading still works as far as the disk
does. An entry that got an error may or may not be on disk: after `recover` has returned, and only
then, what `read`, `last` and `find` say is the truth, and whoever keeps state in memory must
rebuild it from there. Nothing is retried by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from monocyte.errors import JournalError
from monocyte.journal.entries import Entry, EventRecord, Snapshot
from monocyte.journal.findings import Finding

__all__ = ["Done", "Journal", "Wake"]

Done = Callable[[JournalError | None], None]
"""Called once, on the loop's thread: with None when the entry is durable, else with the reason."""

Wake = Callable[[Callable[[], None]], object]
"""Runs a callable soon on the loop's thread, from any thread: `loop.call_soon_threadsafe`."""


class Journal(Protocol):
    """An append-only log of entries, one sequence of positions per cell, with snapshots."""

    @property
    def opening_report(self) -> tuple[Finding, ...]:
        """What opening (or the last `recover`) found and did; empty when all was as it was left."""

    @property
    def failure(self) -> JournalError | None:
        """Why nothing can be appended until `recover`; None while all is well."""

    def append(self, entry: Entry, done: Done) -> None:
        """Queue an entry and return; `entry.seq` must be `last(entry.cell) + 1`.

        Raises:
            JournalError: the entry is out of sequence, repeats a recent id, or has no bytes;
                nothing was queued and the journal is as before.
            JournalUnavailable: the journal has failed or is closed; nothing was queued.
        """

    def last(self, cell: str) -> int:
        """The highest position handed out in the cell, durable or queued; 0 for none."""

    def read(self, cell: str, after: int = 0) -> Iterator[Entry]:
        """Durable entries that end behind position `after`, ascending; verifies the chain.

        May be used on any thread, and left before its end. Sees at least what was durable when it
        was called.

        Raises:
            JournalDamaged: an entry is not what was written.
        """

    def events(self, cell: str, after: int = 0) -> Iterator[tuple[int, EventRecord]]:
        """Position and event for the durable events behind position `after`: `read`, for folds."""

    def find(self, cell: str, id: str) -> Entry | None:
        """The entry that answered the command of that id, durable or queued."""

    def save(self, snapshot: Snapshot) -> None:
        """Queue a snapshot behind what was appended; failing to keep it harms nothing else.

        Raises:
            JournalError: the cell has no entries up to there.
            JournalUnavailable: the journal has failed or is closed.
        """

    def snapshot(self, cell: str) -> Snapshot | None:
        """The newest durable snapshot that is whole; the newest two of each cell are kept."""

    def cells(self) -> tuple[str, ...]:
        """The cells that have durable entries, by name."""

    def recover(self) -> None:
        """Reopen a failed journal: numbering goes back to what is durable. Else do nothing.

        Whatever was still to be answered has been answered, with the failure, when it returns.

        Raises:
            JournalError: it cannot be reopened yet; it stays failed and may be tried again.
        """

    def flush(self) -> None:
        """Return when everything queued is durable or failed, and all `done` have been called."""

    def close(self) -> None:
        """Flush and let go of the files; closing twice is harmless."""
