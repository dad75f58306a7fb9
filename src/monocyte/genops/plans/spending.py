"""What the ledger's calls mean for the budget, and what past plans say about new ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from monocyte.errors import GenopsError
from monocyte.genops import budget
from monocyte.genops.ledger.book import Book, Call
from monocyte.genops.ledger.entries import Fact, Reservation, Transition
from monocyte.genops.money import Money
from monocyte.genops.pins import Spending
from monocyte.genops.plans.cost import Past
from monocyte.genops.states import State

__all__ = ["account", "history", "room", "within"]

OVER = frozenset({State.PROMOTED, State.ROLLED_BACK, State.SUPERSEDED, State.FAILED})
"""Where it is known what a plan has cost to its end; who stopped early says nothing."""


def account(book: Book, spending: Spending) -> budget.Book:
    """The budget's book of everything that the ledger knows; raises WrongFact if that cannot be."""
    return budget.Book(spending.caps, (it for call in book.calls.values() for it in _facts(call)))


def _facts(call: Call) -> Iterator[budget.Fact]:
    it = call.reservation
    day = call.at.date()
    yield budget.Reserved(it.id, it.plan, it.person, day, Money(it.nano), Money(it.cap))
    if call.settled is not None:
        yield budget.Settled(it.id, Money(call.settled))
    elif call.released:
        yield budget.Released(it.id)


def room(book: Book, spending: Spending, *, plan: str, person: str, today: date) -> Money:
    """What the caps leave for a plan of a person; nothing if there are none.

    The day is that of the ledger if the clock stands behind it: setting it back opens no day again.
    """
    known = today if book.last is None else max(today, book.last.at.date())
    kept = account(book, spending)
    endless = Money(max((cap.amount.nano for cap in kept.caps), default=0))
    return kept.left(plan, person, kept.day(known), endless)


def within(spending: Spending) -> Callable[[Book, Fact], None]:
    """Judges whether a reservation that stands behind others' now is still within the caps."""

    def judge(book: Book, fact: Fact) -> None:
        if not isinstance(fact, Reservation):
            return
        kept = account(book, spending)
        day = kept.day(book.last.at.date() if book.last is not None else date.min)
        told = (fact.id, fact.plan, fact.person, day, Money(fact.nano), Money(fact.cap))
        if (refusal := kept.refuse(budget.Reserved(*told))) is not None:
            raise GenopsError(refusal.message)

    return judge


def history(book: Book) -> Iterator[Past]:
    """What generated cells were thought to cost, and did, the oldest first."""
    for plan, entry in book.made.items():
        fact = entry.fact
        if isinstance(fact, Transition) and book.state(plan) in OVER:
            for cell, it in fact.estimates.items():
                yield Past(it.pin, it.kind, it.nano, book.spent(plan, cell))
