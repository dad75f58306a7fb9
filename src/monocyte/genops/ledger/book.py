"""`Book`: what follows from the entries of a ledger: states, approvals, what is set aside.

A fold and nothing else: the same entries give the same book on every machine. It also judges if a
further fact is possible; what was not possible and stands there all the same is counted against
nobody, but shown by `faults`. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import msgspec

from monocyte.errors import GenopsError, IllegalMove
from monocyte.genops.ledger.entries import (
    Adoption,
    Approval,
    Entry,
    Fact,
    Release,
    Reservation,
    Settlement,
    Transition,
    Void,
    Waiver,
)
from monocyte.genops.states import State, move

__all__ = ["Book", "Call", "folded"]


class Call(NamedTuple):
    """A call of a model: what was set aside, on which day, and what it cost if that is known."""

    reservation: Reservation
    at: datetime
    settled: int | None = None
    released: bool = False

    @property
    def nano(self) -> int:
        """What it counts for, in nano-USD: what it cost, or else all that it may yet cost."""
        if self.settled is not None:
            return self.settled
        return 0 if self.released else self.reservation.nano


class Book:
    """What is known after some entries; made by `folded`."""

    def __init__(self) -> None:
        self.states: dict[str, State] = {}
        self.made: dict[str, Entry] = {}
        """The entry with which a plan became PLANNED, by plan."""
        self.moved: dict[str, Entry] = {}
        """The last transition of each plan."""
        self.entered: dict[tuple[str, State], Entry] = {}
        """The last entry with which a plan came into a state; what is attached there counts."""
        self.approvals: dict[str, list[Approval]] = {}
        self.calls: dict[str, Call] = {}
        self.late: dict[str, Reservation] = {}
        """Reservations that came too late: their calls may have been made all the same."""
        self.adopted: dict[tuple[str, str], Entry] = {}
        self.waivers: dict[tuple[str, str], Waiver] = {}
        """The last waiver of each cell of each app."""
        self.faults: list[tuple[int, str]] = []
        self.last: Entry | None = None

    def state(self, plan: str) -> State:
        """Where a plan stands."""
        return self.states.get(plan, State.DRAFT)

    def judge(self, fact: Fact) -> None:
        """Accept a fact as possible behind all others.

        Raises:
            IllegalMove: the plan does not stand where the fact has it, or no way leads there.
            GenopsError: it speaks of a call that was never made, is over, or is known already.
        """
        match fact:
            case Transition():
                self._judge_move(fact)
            case Reservation() if fact.id in self.calls:
                raise GenopsError(f"the reservation {fact.id} was made already")
            case Settlement() | Release():
                self._judge_end(fact)
            case Void():
                _readable(fact)
            case Approval() if fact.plan not in self.made:
                raise GenopsError(f"there is no plan {fact.plan}")
            case _:
                pass

    def add(self, entry: Entry) -> None:
        """Take an entry in, possible or not: what stands there stands there."""
        try:
            self.judge(entry.fact)
        except GenopsError as why:
            self.faults.append((entry.seq, why.message))
            if not isinstance(entry.fact, Settlement):  # what was spent was spent
                self.last = entry
                return
        self._take(entry)
        self.last = entry

    def spent(self, plan: str, cell: str) -> int:
        """What the calls for a cell of a plan count for, in nano-USD."""
        calls = (it for it in self.calls.values() if it.reservation.plan == plan)
        return sum(it.nano for it in calls if it.reservation.cell == cell)

    def _judge_move(self, fact: Transition) -> None:
        stands = self.state(fact.plan)
        if stands is not fact.source:
            raise IllegalMove(
                f"{fact.plan} is {stands}, and no longer {fact.source}",
                source=stands,
                target=fact.target,
                mend=f"look again: monocyte show {fact.plan}",
            )
        move(fact.source, fact.target, plan=fact.plan)

    def _judge_end(self, fact: Settlement | Release) -> None:
        call = self.calls.get(fact.reservation)
        if call is None:
            raise GenopsError(f"there is no reservation {fact.reservation}")
        if call.settled is not None or call.released:
            raise GenopsError(f"the reservation {fact.reservation} is over already")

    def _take(self, entry: Entry) -> None:
        match entry.fact:
            case Transition() as fact:
                self.states[fact.plan] = fact.target
                self.moved[fact.plan] = entry
                self.entered[fact.plan, fact.target] = entry
                if fact.target is State.PLANNED:
                    self.made[fact.plan] = entry
            case Approval() as fact:
                self.approvals.setdefault(fact.plan, []).append(fact)
            case Reservation() as fact:
                self.calls[fact.id] = Call(fact, entry.at)
            case Settlement() as fact:
                self._settle(entry, fact)
            case Release() as fact:
                self.calls[fact.reservation] = self.calls[fact.reservation]._replace(released=True)
            case Adoption() as fact:
                self.adopted |= {(fact.app, cell): entry for cell in fact.cells}
            case Waiver() as fact:
                self.waivers[fact.app, fact.cell] = fact
            case Void() as fact if isinstance(lost := _readable(fact), Reservation):
                self.late[lost.id] = lost

    def _settle(self, entry: Entry, fact: Settlement) -> None:
        """What was spent counts, even if nobody had set it aside, and even if it comes twice."""
        call = self.calls.get(fact.reservation)
        if call is None:
            unknown = Reservation(fact.reservation, "?", "?", "", "?", fact.nano, fact.nano)
            call = Call(self.late.get(fact.reservation, unknown), entry.at)
        self.calls[fact.reservation] = call._replace(settled=fact.nano + (call.settled or 0))


def _readable(void: Void) -> Fact:
    """The fact that came too late; raises GenopsError if it is none."""
    try:
        fact: Fact = msgspec.json.decode(void.fact, type=Fact)
    except (msgspec.DecodeError, UnicodeDecodeError) as why:
        raise GenopsError(f"what came too late cannot be read: {why}") from why
    return fact


def folded(entries: Iterable[Entry]) -> Book:
    """The book that follows from entries."""
    book = Book()
    for entry in entries:
        book.add(entry)
    return book


def voided(fact: Fact, why: GenopsError) -> Void:
    """What is written in place of a fact that came too late, so that it is not lost."""
    return Void(msgspec.json.encode(fact, order="sorted").decode(), why.message)
