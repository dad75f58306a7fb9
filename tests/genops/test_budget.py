"""No sequence of calls, whatever becomes of them, passes a cap."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from monocyte.genops.budget import Book, Cap, Released, Reserved, Settled, WrongFact
from monocyte.genops.money import ZERO, Money

DAY = date(2026, 1, 31)
CAP = Money.parse("1.00")
DAILY = (Cap("day", "all", CAP),)


def ask(id: str = "1", amount: str = "0.40", **more: object) -> Reserved:
    """A call that may cost so much."""
    fields = {"plan": "p", "person": "ada", "day": DAY, "cap": CAP, **more}
    return Reserved(id=id, amount=Money.parse(amount), **fields)  # type: ignore[arg-type]


def test_what_is_reserved_counts_until_it_is_settled() -> None:
    """In flight it counts in full; settled, as much as it cost; released, nothing."""
    book = Book(DAILY, [ask("1", "0.60")])
    assert book.refuse(ask("2", "0.41")) is not None
    assert book.refuse(ask("2", "0.40")) is None
    book.apply(Settled("1", Money.parse("0.10")))
    assert book.refuse(ask("2", "0.90")) is None
    book.apply(ask("2", "0.90"))
    book.apply(Released("2"))
    assert (str(book.spent("p")), str(book.held("p"))) == ("$0.10", "$0.00")
    assert book.left("p", "ada", DAY, CAP) == Money.parse("0.90")


WINDOWS: dict[str, tuple[Cap, Reserved, bool]] = {
    "same day": (Cap("day", "all", CAP), ask("2", "0.50", plan="q"), False),
    "next day": (
        Cap("day", "all", CAP),
        ask("2", "0.50", plan="q", day=DAY + timedelta(1)),
        True,
    ),
    "next month": (
        Cap("month", "all", CAP),
        ask("2", "0.50", plan="q", day=DAY + timedelta(1)),
        True,
    ),
    "same month": (Cap("month", "all", CAP), ask("2", "0.50", plan="q"), False),
    "other person": (Cap("day", "each", CAP), ask("2", "0.50", plan="q", person="lise"), True),
    "same person": (Cap("day", "each", CAP), ask("2", "0.50", plan="q"), False),
    "everybody": (Cap("day", "all", CAP), ask("2", "0.50", plan="q", person="lise"), False),
    "same plan": (Cap("day", "all", CAP * 9), ask("2", "0.50"), False),
    "other plan": (Cap("day", "all", CAP * 9), ask("2", "0.50", plan="q"), True),
    "yesterday, by a clock that was set back": (
        Cap("day", "all", CAP),
        ask("2", "0.50", plan="q", day=DAY - timedelta(1)),
        False,
    ),
}


@pytest.mark.parametrize(("cap", "second", "fits"), WINDOWS.values(), ids=WINDOWS)
def test_every_window_counts_what_belongs_to_it(cap: Cap, second: Reserved, fits: bool) -> None:
    """After sixty cents, another fifty fit or not by window and person."""
    book = Book([cap], [ask("1", "0.60")])
    assert (book.refuse(second) is None) is fits


def test_a_person_cannot_be_called_like_everybody() -> None:
    """An empty name has an account of its own."""
    book = Book([Cap("day", "each", CAP)], [ask("1", "0.60", person="lise")])
    assert book.refuse(ask("2", "0.50", person="", plan="q")) is None


def test_without_caps_nothing_may_be_spent() -> None:
    """Not even what was approved."""
    book = Book(())
    assert "there is no budget" in str(book.refuse(ask()))
    assert book.left("p", "ada", DAY, CAP) == ZERO


def test_a_refusal_says_which_cap_and_how_much_is_left() -> None:
    """So that somebody can do something about it."""
    book = Book([Cap("month", "each", Money.parse("0.30"))])
    refusal = str(book.refuse(ask()))
    assert "may cost $0.40" in refusal
    assert "the month 2026-01 of ada has $0.30 left" in refusal


IMPOSSIBLE = {
    "reserved twice": [ask(), ask()],
    "reserved again": [ask(), Released("1"), ask()],
    "settled, never reserved": [Settled("1", CAP)],
    "settled twice": [ask(), Settled("1", CAP), Settled("1", CAP)],
    "released after it was settled": [ask(), Settled("1", CAP), Released("1")],
}


@pytest.mark.parametrize("facts", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_a_log_that_cannot_be_is_not_believed(facts: list[Reserved | Settled]) -> None:
    """A damaged log is an error, not a cheaper past."""
    with pytest.raises(WrongFact):
        Book(DAILY, facts)


def test_a_claim_beyond_the_reservation_stops_everything() -> None:
    """It is booked as it was said, and leaves nothing."""
    book = Book(DAILY, [ask("1"), Settled("1", Money.parse("1.50"))])
    assert book.left("p", "ada", DAY, CAP) == ZERO
    assert book.refuse(ask("2", "0.000000001")) is not None


class Spending(RuleBasedStateMachine):
    """Calls begin and end in any order, on any day, of anybody."""

    def __init__(self) -> None:
        super().__init__()
        self.caps = (Cap("day", "all", CAP), Cap("month", "each", CAP * 2))
        self.book = Book(self.caps)
        self.facts: list[Reserved | Settled | Released] = []
        self.paid: list[tuple[Reserved, int]] = []

    def happens(self, fact: Reserved | Settled | Released) -> None:
        """Write and apply."""
        self.facts.append(fact)
        self.book.apply(fact)

    @rule(
        nano=st.integers(0, 2 * CAP.nano),
        days=st.integers(-3, 3),
        plan=st.sampled_from("pq"),
        person=st.sampled_from(["ada", "lise"]),
    )
    def reserve(self, nano: int, days: int, plan: str, person: str) -> None:
        """Ask, and begin if it is allowed."""
        day = self.book.day(DAY + timedelta(days))
        one = Reserved(str(len(self.facts)), plan, person, day, Money(nano), CAP)
        if self.book.refuse(one) is None:
            self.happens(one)

    @precondition(lambda self: self.book.open)
    @rule(data=st.data(), share=st.floats(0, 1))
    def settle(self, data: st.DataObject, share: float) -> None:
        """End at any price up to the reservation."""
        hold = self.book.open[data.draw(st.sampled_from(sorted(self.book.open)))]
        nano = min(int(hold.amount.nano * share), hold.amount.nano)
        self.happens(Settled(hold.id, Money(nano)))
        self.paid.append((hold, nano))

    @precondition(lambda self: self.book.open)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        """End without any price."""
        self.happens(Released(data.draw(st.sampled_from(sorted(self.book.open)))))

    @rule()
    def crash(self) -> None:
        """Start again from what is written."""
        again = Book(self.caps, self.facts)
        assert vars(again) == vars(self.book)
        self.book = again

    @invariant()
    def nobody_pays_more_than_a_cap(self) -> None:
        """Neither a plan, nor a day, nor a person's month."""
        for key, cap in (
            (lambda hold: hold.plan, CAP),
            (lambda hold: hold.day, CAP),
            (lambda hold: (hold.person, hold.day.isoformat()[:7]), CAP * 2),
        ):
            sums: dict[object, int] = {}
            for hold, nano in self.paid:
                sums[key(hold)] = sums.get(key(hold), 0) + nano
            assert all(nano <= cap.nano for nano in sums.values())


TestSpending = Spending.TestCase


@given(st.dates(), st.dates())
def test_time_only_goes_forward(first: date, second: date) -> None:
    """A clock that is set back opens no day again."""
    book = Book(DAILY, [ask("1", "0.10", day=first)])
    assert book.day(second) == max(first, second)
