"""The meter that the product uses: every call is reserved and settled in the ledger.

What may be spent is decided on the ledger as it stands, and written behind exactly that; who was
overtaken decides again. So no cap is passed by two proxies at once, nor by one that was killed
between its facts: what it had reserved stays reserved.
"""

from __future__ import annotations

import secrets

import msgspec

from monocyte.genops import budget
from monocyte.genops.ledger.entries import Fact, Release, Reservation
from monocyte.genops.ledger.entries import Settlement as Settled
from monocyte.genops.ledger.interface import Clock, Decided, Ledger, Read, now, record
from monocyte.genops.metering import Call, Settlement
from monocyte.genops.pins import Spending
from monocyte.genops.plans.spending import account

__all__ = ["LedgerMeter"]


class LedgerMeter:
    """Reserves and settles on a ledger, within `[budget]`."""

    def __init__(self, ledger: Ledger, spending: Spending, clock: Clock = now) -> None:
        self._ledger = ledger
        self._spending = spending
        self._clock = clock

    def reserve(self, call: Call) -> str:
        """Write the most that the call can cost; the id of the reservation.

        Raises:
            OverBudget: it would pass a cap.
            LedgerError: the ledger cannot be read or written, so nothing may be spent.
        """
        id = secrets.token_hex(16)
        worst, cap = call.worst.nano, call.cap.nano
        fact = Reservation(id, call.plan, call.person, call.cell, call.model, worst, cap)

        def decide(seen: Read) -> Decided:
            book = account(seen.book, self._spending)
            day = book.day(self._clock().date())
            ask = budget.Reserved(id, call.plan, call.person, day, call.worst, call.cap)
            if (refusal := book.refuse(ask)) is not None:
                raise refusal
            return Decided(fact)

        record(self._ledger, decide, who=call.person)
        return id

    def settle(self, id: str, call: Call, settlement: Settlement) -> None:
        """Write what the call has come to, with the provider's own numbers.

        Raises:
            LedgerError: it cannot be written; the reservation stays as it is.
        """
        usage = msgspec.structs.asdict(settlement.usage) if settlement.usage else {}
        told = (settlement.ending, settlement.model[:200])
        fact: Fact = Settled(id, settlement.amount.nano, usage, *told)
        if settlement.due == "nothing":
            fact = Release(id, settlement.ending)
        record(self._ledger, lambda _: Decided(fact), who=call.person)
