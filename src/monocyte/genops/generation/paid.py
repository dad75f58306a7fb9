"""What a run has reserved, paid and been refused: a meter that looks on, and notes calls as sent.

Between a reservation in the ledger and the call itself a note is written, durably. So after a kill
it can be told which calls were certainly not made: those that are reserved, and have no note. Those
that have one may have been made, and stay reserved until a person says what they cost.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from threading import Condition
from typing import Final

from monocyte.errors import GenopsError
from monocyte.genops.budget import OverBudget
from monocyte.genops.ledger.book import Book
from monocyte.genops.ledger.entries import Fact, Release
from monocyte.genops.ledger.entries import Settlement as Settled
from monocyte.genops.ledger.interface import Decided, Ledger, Read, record
from monocyte.genops.metering import Call, Meter, Settlement
from monocyte.genops.money import ZERO, Money

__all__ = ["Watch", "free_unsent", "open_calls", "settle_by_hand"]

PATIENCE: Final = 30.0
"""Seconds until a call that is over is settled: git may be slow."""

NEVER: Final = "the process was killed before the call was made"


class Watch:
    """A meter before another one; `folder` is where notes are written."""

    def __init__(self, inner: Meter, folder: Path) -> None:
        self._inner, self._folder = inner, folder
        self._open: set[str] = set()
        self._changed = Condition()
        self.settlements: list[Settlement] = []
        self.refused: OverBudget | None = None
        """Why a call was refused for want of money, if one was."""

    def reserve(self, call: Call) -> str:
        """Reserve, and note that the call is about to be made.

        Raises:
            OverBudget: it would pass a cap.
            GenopsError: it cannot be noted; then it is not made.
        """
        try:
            id = self._inner.reserve(call)
        except OverBudget as why:
            self.refused = why
            raise
        with self._changed:
            self._open.add(id)
        _note(self._folder / id)
        return id

    def settle(self, id: str, call: Call, settlement: Settlement) -> None:
        """Settle, and remember how it ended."""
        try:
            self._inner.settle(id, call, settlement)
        finally:
            with self._changed:
                self.settlements.append(settlement)
                self._open.discard(id)
                self._changed.notify_all()

    def settled(self, since: int = 0) -> list[Settlement]:
        """How the calls have ended behind so many others; waits for what is about to be settled."""
        with self._changed:
            self._changed.wait_for(lambda: not self._open, PATIENCE)
            return self.settlements[since:]

    @property
    def spent(self) -> Money:
        """What all calls have come to."""
        return sum((it.amount for it in self.settlements), ZERO)


def _note(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            os.fsync(file.fileno())
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as why:
        said = f"a call cannot be noted, so it is not made: {why.strerror}"
        raise GenopsError(said, where=str(path), mend="make room") from why


def open_calls(book: Book, plan: str) -> Iterator[str]:
    """The reservations of a plan that nobody has settled."""
    for id, call in book.calls.items():
        if call.reservation.plan == plan and call.settled is None and not call.released:
            yield id


def free_unsent(ledger: Ledger, plan: str, folder: Path, who: str) -> tuple[list[str], list[str]]:
    """Free what was reserved for calls that were certainly not made; those, and the others.

    To be asked only by who holds the run: then nobody is about to make a call.
    """
    freed: list[str] = []
    unclear: list[str] = []
    for id in [*open_calls(ledger.read().book, plan)]:
        if (folder / id).exists() or not folder.exists():
            unclear.append(id)
            continue

        def release(seen: Read, id: str = id) -> Decided | None:
            return Decided(Release(id, NEVER)) if id in open_calls(seen.book, plan) else None

        record(ledger, release, who=who)
        freed.append(id)
    return freed, unclear


def settle_by_hand(ledger: Ledger, begins: str, cost: Money, why: str, who: str) -> str:
    """Write what a call has cost that nobody saw the end of; its whole id.

    Raises:
        GenopsError: no open reservation begins so, or more than one.
    """

    def decide(seen: Read) -> Decided:
        calls = seen.book.calls.items()
        still = [id for id, it in calls if it.settled is None and not it.released]
        chosen = [id for id in still if id.startswith(begins)]
        if len(chosen) != 1:
            mend = f"one of: {', '.join(it[:8] for it in still)}" if still else "nothing is open"
            what = (
                "no open reservation begins" if not chosen else f"{len(chosen)} reservations begin"
            )
            raise GenopsError(f"{what} with {begins!r}", mend=mend)
        said = f"by hand: {why}"
        fact: Fact = (
            Settled(chosen[0], cost.nano, ending=said) if cost.nano else Release(chosen[0], said)
        )
        return Decided(fact)

    entry = record(ledger, decide, who=who)
    fact = entry.fact if entry is not None else None
    return fact.reservation if isinstance(fact, (Settled, Release)) else ""
