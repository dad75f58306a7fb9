"""Money is exact, never negative, and rounded against the spender."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monocyte.genops.money import NANO, ZERO, Money, NotMoney

AMOUNTS = st.integers(0, 10**20).map(Money)

SAID = {
    "0": (0, "$0.00"),
    "0.40": (NANO * 4 // 10, "$0.40"),
    "$0.4": (NANO * 4 // 10, "$0.40"),
    "0.000000001": (1, "$0.000000001"),
    "12.345": (12_345_000_000, "$12.345"),
    "999999999999": (999_999_999_999 * NANO, "$999999999999.00"),
}


@pytest.mark.parametrize(("text", "said"), SAID.items(), ids=SAID)
def test_an_amount_is_read_and_written_exactly(text: str, said: tuple[int, str]) -> None:
    """What was said is what is kept, to the nano-dollar."""
    assert (Money.parse(text).nano, str(Money.parse(text))) == said


@pytest.mark.parametrize(
    "text", ["", "-1", "1e3", "0.0000000001", "$", "1,50", " 1", "٣", "NaN", "1.", "1" * 13]
)
def test_what_is_no_amount_is_an_error(text: str) -> None:
    """Nothing is guessed, and nothing is negative."""
    with pytest.raises(NotMoney):
        Money.parse(text)


@pytest.mark.parametrize("nano", [-1, 0.5, True, "1"])
def test_no_other_money_can_be_built(nano: int) -> None:
    """Floats, booleans and debts are refused by the type itself."""
    with pytest.raises(NotMoney):
        Money(nano)


ABOUT = {
    0: "$0.00",
    1: "$0.000000001",
    4_912_345: "$0.0050",
    10_000_001: "$0.02",
    110 * 10**6: "$0.11",
}


@pytest.mark.parametrize(("nano", "said"), [*ABOUT.items()])
def test_about_is_rounded_up_for_people(nano: int, said: str) -> None:
    """In cents, or below one to two digits."""
    assert Decimal(Money(nano).about()[1:]) == Decimal(said[1:])


@given(AMOUNTS)
def test_every_amount_survives_its_own_text(amount: Money) -> None:
    """Reading is the inverse of writing."""
    assert Money.parse(str(amount)) == amount
    assert Money.at_least(amount.dollars) == amount


@given(AMOUNTS)
def test_about_is_never_less(amount: Money) -> None:
    """A person who was told a price never pays more than that."""
    assert Money.parse(amount.about()) >= amount


@given(AMOUNTS, AMOUNTS)
def test_taking_away_never_goes_below_nothing(one: Money, other: Money) -> None:
    """What is left and what was taken make up the whole, if it was enough."""
    assert one.less(other) + other == max(one, other)
    assert ZERO.less(one) == ZERO


@given(AMOUNTS, st.integers(1, 1000))
def test_shares_are_rounded_up(amount: Money, parts: int) -> None:
    """All shares together are never less than the whole."""
    assert amount.share(1, parts) * parts >= amount
    assert amount.share(parts, parts) == amount


@given(st.decimals(0, 10**6, allow_nan=False, places=15))
def test_dollars_are_rounded_against_the_spender(dollars: Decimal) -> None:
    """A fraction of a nano-dollar counts as one."""
    assert 0 <= Decimal(Money.at_least(dollars).nano) - dollars * NANO < 1
