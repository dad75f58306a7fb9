"""The budget: what may still be spent, decided before it is spent. Pure.

A call first reserves the most that it can cost; it is refused if that, on top of what was spent and
of what is reserved by calls in flight, would pass any cap. Afterwards it is settled at what it has
cost, or released if it cost nothing. What happened are facts; a `Book` is a fold of them, so it can
be had again from any log that kept them. Whatever is unclear counts as spent: a reservation that
nobody settled holds its money for ever.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Literal, NamedTuple

import msgspec

from monocyte.errors import MonocyteError
from monocyte.genops.money import ZERO, Money

__all__ = [
    "Book",
    "Cap",
    "Fact",
    "OverBudget",
    "Released",
    "Reserved",
    "Settled",
    "Whose",
    "Window",
    "WrongFact",
]

Window = Literal["plan", "day", "month"]
"""For how long a cap holds; days and months are those of UTC."""

Whose = Literal["all", "each"]
"""Whether a cap is for everybody together, or for each person."""


class OverBudget(MonocyteError):
    """It could cost more than what is left."""

    fault = "operator"


class WrongFact(MonocyteError):
    """A fact that cannot have happened after those before it."""


class Cap(msgspec.Struct, frozen=True):
    """The most that may be spent in a window."""

    window: Window
    whose: Whose
    amount: Money


class Reserved(msgspec.Struct, frozen=True, tag="reserved"):
    """A call may cost up to `amount`."""

    id: str
    plan: str
    person: str
    day: date
    amount: Money
    cap: Money
    """What was approved for the plan as a whole."""


class Settled(msgspec.Struct, frozen=True, tag="settled"):
    """The call has cost `amount`."""

    id: str
    amount: Money


class Released(msgspec.Struct, frozen=True, tag="released"):
    """The call was never made, or costs nothing."""

    id: str


Fact = Reserved | Settled | Released
"""What a book is folded from."""


class _Account(NamedTuple):
    """What a cap counts: everything of one plan, day or month, of everybody or one person."""

    window: Window
    period: str
    person: str


class Book:
    """Spent and reserved money by plan, day, month and person; only `apply` changes it."""

    def __init__(self, caps: Iterable[Cap], facts: Iterable[Fact] = ()) -> None:
        self.caps = tuple(caps)
        self.open: dict[str, Reserved] = {}
        """Reservations that are neither settled nor released, by their id."""
        self.latest = date.min
        """The last day of any reservation: time only goes forward, whatever a clock says."""
        self._spent: Counter[_Account] = Counter()
        self._held: Counter[_Account] = Counter()
        self._seen: set[str] = set()
        for fact in facts:
            self.apply(fact)

    def day(self, today: date) -> date:
        """The day to book on: a clock that is set back opens no day again."""
        return max(today, self.latest)

    def left(self, plan: str, person: str, day: date, cap: Money) -> Money:
        """What may still be reserved; nothing if there are no caps at all."""
        return min((room for _, room in self._rooms(plan, person, day, cap)), default=ZERO)

    def spent(self, plan: str) -> Money:
        """What a plan has cost until now, without its calls in flight."""
        return Money(self._spent[_Account("plan", plan, "")])

    def held(self, plan: str) -> Money:
        """What a plan's calls in flight may still cost."""
        return Money(self._held[_Account("plan", plan, "")])

    def refuse(self, ask: Reserved) -> OverBudget | None:
        """Why this may not be reserved; nothing if it may."""
        if ask.id in self._seen:
            return OverBudget(f"{ask.id} is already booked", mend="this is our defect")
        if not self.caps:
            return OverBudget("there is no budget", mend="write caps into [budget]")
        for what, room in self._rooms(ask.plan, ask.person, self.day(ask.day), ask.cap):
            if ask.amount > room:
                message = f"the call may cost {ask.amount.about()}; {what} has {room.about()} left"
                return OverBudget(message, mend="make it smaller, or have more approved")
        return None

    def apply(self, fact: Fact) -> None:
        """What it is after that has happened.

        Raises:
            WrongFact: it cannot have happened; the log is damaged, or we are.
        """
        match fact:
            case Reserved():
                self._reserve(fact)
            case Settled(id=id, amount=amount):
                self._close(id, amount.nano)
            case Released(id=id):
                self._close(id, 0)

    def _reserve(self, fact: Reserved) -> None:
        if fact.id in self._seen:
            raise WrongFact(f"{fact.id} is reserved twice")
        self._seen.add(fact.id)
        self.open[fact.id] = fact
        self.latest = max(self.latest, fact.day)
        for account in _accounts(fact.plan, fact.person, fact.day):
            self._held[account] += fact.amount.nano

    def _close(self, id: str, nano: int) -> None:
        hold = self.open.pop(id, None)
        if hold is None:
            raise WrongFact(f"{id} is settled, but not open")
        for account in _accounts(hold.plan, hold.person, hold.day):
            self._held[account] -= hold.amount.nano
            self._spent[account] += nano

    def _rooms(
        self, plan: str, person: str, day: date, approved: Money
    ) -> Iterator[tuple[str, Money]]:
        """What each cap leaves, and what to call it."""
        own = [Cap("plan", "all", approved)] if self.caps else []
        for cap in (*own, *self.caps):
            account = _account(cap, plan, person, day)
            used = Money(self._spent[account] + self._held[account])
            yield _name(cap, account), cap.amount.less(used)


def _periods(plan: str, day: date) -> dict[Window, str]:
    return {"plan": plan, "day": day.isoformat(), "month": day.isoformat()[:7]}


def _accounts(plan: str, person: str, day: date) -> Iterator[_Account]:
    for window, period in _periods(plan, day).items():
        yield _Account(window, period, "")
        yield _Account(window, period, f"={person}")  # so that nobody is called like everybody


def _account(cap: Cap, plan: str, person: str, day: date) -> _Account:
    period = _periods(plan, day)[cap.window]
    return _Account(cap.window, period, f"={person}" if cap.whose == "each" else "")


def _name(cap: Cap, account: _Account) -> str:
    whose = f" of {account.person[1:]}" if cap.whose == "each" else ""
    return f"the {cap.window} {account.period}{whose}"
