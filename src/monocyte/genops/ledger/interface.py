"""`Ledger`: what every ledger can do, whatever keeps it; and how one writes to it safely.

There is one way to write: say behind which head. Whoever decided on an older one is told so, reads
again and decides again. So two can write at once, and no rule is judged against a past that was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

from monocyte.errors import LedgerMoved
from monocyte.genops.ledger.book import Book, folded
from monocyte.genops.ledger.entries import Damage, Entry, Fact, Head

__all__ = ["Clock", "Ledger", "Read", "now", "record"]

Clock = Callable[[], datetime]
"""Says what time it is, with its zone."""

TRIES = 1000
"""Each miss is another's success, so this many misses are a defect and no traffic."""


def now() -> datetime:
    """The time of this machine."""
    return datetime.now(UTC)


class Read(NamedTuple):
    """A ledger as it was at one moment: its head, and every entry up to it."""

    head: Head
    entries: tuple[Entry, ...]

    @property
    def book(self) -> Book:
        """What follows from the entries."""
        return folded(self.entries)


class Ledger(Protocol):
    """An append-only log of facts."""

    def read(self) -> Read:
        """Everything, as of now; raises LedgerDamaged or LedgerUnavailable, never guesses."""
        ...

    def append(
        self, fact: Fact, *, who: str, after: Head, files: Mapping[str, bytes] | None = None
    ) -> Entry:
        """Write one entry behind `after`, whole or not at all; it is durable when this returns.

        Raises:
            LedgerMoved: another entry came first.
            LedgerUnavailable: it cannot be written; nothing was.
        """
        ...

    def attachment(self, seq: int, name: str) -> bytes:
        """What was attached to an entry under a name; raises LedgerDamaged if it is another."""
        ...

    def verify(self) -> Iterator[Damage]:
        """Everything that is wrong with it, the first first."""
        ...


class Decided(NamedTuple):
    """What somebody decided on a book: a fact, and what is attached to it."""

    fact: Fact
    files: Mapping[str, bytes] = {}


def record(ledger: Ledger, decide: Callable[[Read], Decided | None], *, who: str) -> Entry | None:
    """Decide on what stands in the ledger, and write it; decide again if others came first.

    `decide` may raise whatever forbids it, and returns None if there is nothing to write.
    """
    for _ in range(TRIES):
        seen = ledger.read()
        decided = decide(seen)
        if decided is None:
            return None
        seen.book.judge(decided.fact)
        try:
            return ledger.append(decided.fact, who=who, after=seen.head, files=decided.files)
        except LedgerMoved:
            continue
    raise LedgerMoved(f"the ledger was never still in {TRIES} tries", mend="try again later")
