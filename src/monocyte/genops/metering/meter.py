"""Meters: who is asked before a call is made, and told what it has cost.

The proxy knows only the protocol. `BookMeter` keeps a book in memory and hands every fact to a
writer first: what could not be written has not happened, so nothing is spent that no log knows.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import date
from threading import Lock
from typing import Protocol

import msgspec

from monocyte.genops.budget import Book, Fact, Released, Reserved, Settled
from monocyte.genops.metering.exchange import Settlement
from monocyte.genops.money import Money

__all__ = ["BookMeter", "Call", "FreeMeter", "Meter", "Writer"]


class Call(msgspec.Struct, frozen=True):
    """A call that wants to be made."""

    plan: str
    cell: str
    person: str
    pin: str
    model: str
    wire: str
    cap: Money
    """What was approved for the plan."""
    worst: Money
    """The most that the call can cost."""
    entered: int
    """Bound of the tokens that go in."""
    output: int
    """Bound of the tokens that come out."""


class Meter(Protocol):
    """Where calls are reserved and settled; asked from one thread at a time, and may block."""

    def reserve(self, call: Call) -> str:
        """Reserve the most that the call can cost, durably; the id of the reservation.

        Raises:
            MonocyteError: the call must not be made.
        """
        ...

    def settle(self, id: str, call: Call, settlement: Settlement) -> None:
        """Write down what the call has come to, durably.

        Raises:
            MonocyteError: it could not be written; then the reservation stays.
        """
        ...


Writer = Callable[[Fact, Call, Settlement | None], None]
"""Keeps a fact for ever, with the call and its settlement, before it takes effect."""


class BookMeter:
    """A meter on a book in memory; safe to be asked from many threads."""

    def __init__(self, book: Book, today: Callable[[], date], write: Writer) -> None:
        self.book = book
        self._today = today
        self._write = write
        self._lock = Lock()

    def reserve(self, call: Call) -> str:
        """Reserve the most that the call can cost; the id of the reservation.

        Raises:
            OverBudget: it would pass a cap.
        """
        with self._lock:
            day = self.book.day(self._today())
            id = secrets.token_hex(16)
            ask = Reserved(id, call.plan, call.person, day, call.worst, call.cap)
            if (refusal := self.book.refuse(ask)) is not None:
                raise refusal
            self._happens(ask, call, None)
        return id

    def settle(self, id: str, call: Call, settlement: Settlement) -> None:
        """Write down what the call has come to."""
        with self._lock:
            free = settlement.due == "nothing"
            fact = Released(id) if free else Settled(id, settlement.amount)
            self._happens(fact, call, settlement)

    def _happens(self, fact: Fact, call: Call, settlement: Settlement | None) -> None:
        self._write(fact, call, settlement)
        self.book.apply(fact)


class FreeMeter:
    """A meter that never refuses: for answers that are played back, and cost nothing."""

    def reserve(self, call: Call) -> str:  # noqa: ARG002  # whatever it is
        """Let it through."""
        return ""

    def settle(self, id: str, call: Call, settlement: Settlement) -> None:
        """Forget it."""
