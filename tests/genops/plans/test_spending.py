"""The ledger's calls against the budget: what counts, what clones may not spend together."""

from datetime import date

import pytest

from monocyte.errors import GenopsError
from monocyte.genops.ledger.book import Book
from monocyte.genops.ledger.entries import Estimated, Fact, Release, Reservation, Transition
from monocyte.genops.ledger.memory import MemoryLedger
from monocyte.genops.money import Money
from monocyte.genops.pins import Caps, Spending
from monocyte.genops.plans.cost import Past
from monocyte.genops.plans.spending import history, room, within
from monocyte.genops.states import State
from tests.genops.ledger.facts import Hand, reserved, settled, write

DAY = date(2026, 11, 22)
CENT = 10**7
BUDGET = Spending(plan="0.50", day="1.00", month="1.50", person=Caps(day="0.70"))


def book(*facts: Fact, clock: Hand | None = None) -> Book:
    """What is known after these facts."""
    ledger = MemoryLedger(clock or Hand())
    write(ledger, *facts)
    return ledger.read().book


def call(id: str, cents: int, person: str = "ada", plan: str = "p") -> Reservation:
    """So much set aside."""
    return Reservation(id, plan, person, "booking", "writer", cents * CENT, cap=50 * CENT)


LEFT: dict[str, tuple[list[Fact], int]] = {
    "nothing yet": ([], 50),
    "set aside": ([call("a", 30)], 20),
    "settled for less": ([call("a", 30), settled("a", 10 * CENT)], 40),
    "released": ([call("a", 30), Release("a", "not made")], 50),
    "by others": ([call("a", 50, "bob", "q"), call("b", 20, "bob", "r")], 30),
    "by oneself": ([call("a", 50, "ada", "q")], 20),
    "everything": ([call("a", 50, "bob", "q"), call("b", 50, "eve", "r")], 0),
    "settled for more": ([call("a", 10), settled("a", 60 * CENT)], 0),
}


@pytest.mark.parametrize(("facts", "cents"), LEFT.values(), ids=LEFT)
def test_what_is_left_is_what_the_tightest_cap_leaves(facts: list[Fact], cents: int) -> None:
    """Of plan, day, month and person."""
    left = room(book(*facts), BUDGET, plan="p", person="ada", today=DAY)
    assert left == Money(cents * CENT)


def test_where_there_are_no_caps_nothing_is_left() -> None:
    """It fails closed."""
    assert room(book(), Spending(), plan="p", person="ada", today=DAY) == Money(0)


def test_a_clock_that_is_set_back_opens_no_day_again() -> None:
    """Yesterday's room is not today's."""
    spent = book(call("a", 50, "bob", "q"), call("b", 50, "eve", "r"))
    yesterday = date(2026, 11, 21)
    assert room(spent, BUDGET, plan="p", person="ada", today=yesterday) == Money(0)
    tomorrow = date(2026, 11, 23)
    assert room(spent, BUDGET, plan="p", person="ada", today=tomorrow) == Money(50 * CENT)


def test_what_comes_behind_others_is_judged_by_the_caps_again() -> None:
    """Each alone was within them."""
    judge = within(BUDGET)
    others = book(call("a", 50, "bob", "q"), call("b", 30, "eve", "r"))
    judge(others, call("c", 20))
    judge(others, Transition("p", State.DRAFT, State.PLANNED))
    with pytest.raises(GenopsError, match="left"):
        judge(others, call("c", 21))


def test_the_past_of_a_plan_that_is_over_counts() -> None:
    """What each cell was thought to cost, and did; a plan that is under way says nothing yet."""
    made = Transition(
        "plan-1",
        State.DRAFT,
        State.PLANNED,
        estimates={"booking": Estimated("writer", "change", 7)},
    )
    steps = [
        Transition("plan-1", State.PLANNED, State.SPEND_APPROVED),
        Transition("plan-1", State.SPEND_APPROVED, State.GENERATING),
        reserved("a", nano=9),
        settled("a", nano=5),
    ]
    assert list(history(book(made, *steps))) == []
    failed = Transition("plan-1", State.GENERATING, State.FAILED)
    assert list(history(book(made, *steps, failed))) == [Past("writer", "change", 7, 5)]
