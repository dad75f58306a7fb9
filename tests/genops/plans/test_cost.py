"""What work will cost: learnt from the past, a documented guess before, and a cap that holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monocyte.genops.money import Money
from monocyte.genops.plans.cost import PRIOR, Cost, Past, Work, cost_of, total, worst
from monocyte.genops.prices import Price

PRICE = Price.flat("m", entered=Money.parse("3"), output=Money.parse("15"), source="test")
WORK = Work("change", "writer", 4000, 16_000, 2000, 16_000, 3)


def test_without_a_past_the_prior_stands_in() -> None:
    """A base of 4 000 tokens in and 2 000 out, and what usually comes of that."""
    cost = cost_of(WORK, PRICE, ())
    assert cost.base == Money.parse("0.042").nano
    assert cost.runs == 0
    assert cost.expected == cost.base * 1835 // 1000
    assert cost.p90 == cost.base * 3


def test_the_past_takes_over() -> None:
    """A hundred runs that cost twice their base outweigh ten that never were."""
    past = [Past("writer", "change", 100, 200)] * 100
    cost = cost_of(WORK, PRICE, past)
    assert cost.runs == 100
    assert 1.9 < cost.expected / cost.base < 2.1
    assert cost.p90 == cost.base * 2


@pytest.mark.parametrize(
    "past",
    [Past("other", "change", 1, 9), Past("writer", "create", 1, 9), Past("writer", "change", 0, 9)],
    ids=str,
)
def test_another_past_says_nothing(past: Past) -> None:
    """Of another pin, of other work, or of work that had no price."""
    assert cost_of(WORK, PRICE, [past] * 50) == cost_of(WORK, PRICE, ())


def test_the_cap_counts_every_attempt_in_bytes() -> None:
    """Each carries the answer and the evidence of the one before, at its worst."""
    once = Work("change", "writer", 4000, 16_000, 2000, 16_000, 1)
    assert worst(once, PRICE) == Money.parse("0.288")
    more = worst(WORK, PRICE).nano - 3 * worst(once, PRICE).nano
    assert more == (1 + 2) * 36_000 * 3_000


COSTS = st.builds(
    lambda base, more, surplus, cap: Cost(
        base, base + more, base + more + surplus, base + more + surplus + cap
    ),
    *([st.integers(0, 10**12)] * 4),
)


@given(costs=st.lists(COSTS, max_size=8), room=st.integers(0, 10**13))
def test_a_total_is_between_its_parts(costs: list[Cost], room: int) -> None:
    """Not below what is expected, not above what all at their dearest would be, nor above room."""
    whole = total(costs, Money(room))
    assert whole.expected == sum(it.expected for it in costs)
    assert whole.expected <= whole.p90 <= sum(it.p90 for it in costs)
    assert whole.cap <= room
    assert whole.cap <= sum(it.cap for it in costs)


@given(
    actual=st.lists(st.integers(0, 10**6), max_size=30),
    tokens=st.integers(0, 10**5),
    kind=st.sampled_from(sorted(PRIOR)),
)
def test_an_estimate_is_in_order(actual: list[int], tokens: int, kind: str) -> None:
    """Whatever the past was: expected, p90 and cap never cross."""
    past = [Past("writer", kind, 1000, it) for it in actual]
    work = WORK._replace(kind=kind, tokens=tokens, size=tokens)
    cost = cost_of(work, PRICE, past)
    assert 0 <= cost.expected <= cost.p90 <= cost.cap
