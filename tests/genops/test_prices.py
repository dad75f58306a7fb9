"""Prices are exact, agree with their source, and are an error where they are unknown."""

import builtins
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib import metadata
from typing import Any

import genai_prices
import pytest
from genai_prices.data_snapshot import get_snapshot
from hypothesis import given
from hypothesis import strategies as st

from monocyte.genops import prices
from monocyte.genops.money import NANO, Money
from monocyte.genops.prices import Dearest, Price, Rates, Unpriced, Usage, price_of

TODAY = date(2026, 11, 22)
DEAREST: tuple[Dearest, ...] = ("input", "write", "write_1h")


def known() -> list[tuple[str, str]]:
    """Every model of both providers that writes text, has a price for it, and matches itself."""
    found = []
    for provider in get_snapshot().providers:
        for model in provider.models if provider.id in ("openai", "anthropic") else ():
            try:
                price_of(provider.id, model.id, TODAY)
            except Unpriced:
                continue
            found.append((provider.id, model.id))
    return found


KNOWN = known()
COUNT = st.integers(0, 400_000)
USAGE = st.builds(Usage, input=COUNT, read=COUNT, write=COUNT, write_1h=COUNT, output=COUNT)


def test_there_are_models_to_compare() -> None:
    """The comparison below compares something."""
    assert len(KNOWN) > 60


@given(st.sampled_from(KNOWN), USAGE)
def test_we_agree_with_where_the_prices_come_from(named: tuple[str, str], usage: Usage) -> None:
    """Ours is theirs, rounded up; where a kind of token has no price of its own, it is not less."""
    provider, model = named
    theirs = genai_prices.calc_price(
        genai_prices.Usage(
            input_tokens=usage.entered,
            cache_read_tokens=usage.read,
            cache_write_tokens=usage.write + usage.write_1h,
            cache_write_1h_tokens=usage.write_1h,
            output_tokens=usage.output,
        ),
        model_ref=model,
        provider_id=provider,
        genai_request_timestamp=datetime(2026, 11, 22, 12, tzinfo=UTC),
    )
    ours = price_of(provider, model, TODAY).cost(usage)
    assert 0 <= Decimal(ours.nano) - theirs.total_price * NANO < 1


@given(st.sampled_from(KNOWN), USAGE, st.integers(0, 1000), st.sampled_from(DEAREST))
def test_the_worst_case_is_never_passed(
    named: tuple[str, str], usage: Usage, more: int, dearest: Dearest
) -> None:
    """No usage within the bounds costs more, however its tokens are billed."""
    price = price_of(*named, TODAY)
    if dearest != "write_1h":
        usage = Usage(usage.input, usage.read, usage.write, 0, usage.output)
    if dearest == "input":
        usage = Usage(usage.input, usage.read, 0, 0, usage.output)
    worst = price.worst(usage.entered + more, usage.output + more, dearest)
    assert price.cost(usage) <= worst


def test_large_requests_cost_more_from_the_first_token() -> None:
    """A threshold raises the rate of the whole call, and the worst case knows it."""
    price = price_of("anthropic", "claude-sonnet-4-5-20250929", TODAY)
    small, large = price.cost(Usage(input=200_000)), price.cost(Usage(input=200_001))
    assert (small, large) == (Money.parse("0.6"), Money.parse("1.200006"))
    assert price.worst(200_001, 0, "input") == large


def test_cache_writes_have_their_own_price() -> None:
    """An hour costs twice, minutes cost a quarter more, and reading a tenth."""
    price = price_of("anthropic", "claude-haiku-4-5-20251001", TODAY)
    million = (Usage(10**6), Usage(read=10**6), Usage(write=10**6), Usage(write_1h=10**6))
    assert [str(price.cost(it)) for it in million] == ["$1.00", "$0.10", "$1.25", "$2.00"]


def test_prices_that_differ_by_the_hour_are_the_dearest() -> None:
    """A call may be made at any hour of the day that it was priced on."""
    price = price_of("deepseek", "deepseek-chat", TODAY)
    assert price.rates[0].input == 270_000_000


@pytest.mark.parametrize("model", ["gpt-4o-9999-01-01", "whisper-1", "", "no-such"])
def test_what_nobody_has_priced_is_an_error(model: str) -> None:
    """An unknown model is never free, nor is one that is not priced by tokens."""
    with pytest.raises(Unpriced):
        price_of("openai", model, TODAY)


NAMES = {
    ("anthropic", "claude-sonnet-4-5-20250929"): True,
    ("anthropic", "claude-sonnet-4-5"): True,
    ("anthropic", "claude-sonnet-4-20250514"): True,
    ("anthropic", "claude-sonnet-4-5-xl"): False,
    ("anthropic", "claude-sonnet-4-5-20250929-fast"): False,
    ("anthropic", "claude-haiku-4-55"): False,
    ("openai", "gpt-5.4-2026-03-05"): True,
    ("openai", "gpt-5-nano-2025-08-07"): True,
    ("openai", "gpt-5-nano-giant"): False,
    ("openai", "my-moderation-of-everything"): False,
}


@pytest.mark.parametrize(("named", "known"), NAMES.items(), ids=str)
def test_a_name_that_only_begins_alike_is_another_model(
    named: tuple[str, str], known: bool
) -> None:
    """A sister of tomorrow is not sold at today's price."""
    if known:
        assert price_of(*named, TODAY).rates
    else:
        with pytest.raises(Unpriced):
            price_of(*named, TODAY)


def test_an_unknown_provider_is_an_error() -> None:
    """Prices of others are not borrowed."""
    with pytest.raises(Unpriced):
        price_of("acme", "gpt-4o-2024-08-06", TODAY)


def test_without_the_library_there_are_no_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the error says what to install."""
    real = builtins.__import__

    def without(name: str, *args: Any, **more: Any) -> Any:
        if name.startswith("genai_prices"):
            raise ImportError(name)
        return real(name, *args, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    price_of.cache_clear()
    with pytest.raises(Unpriced, match=r"monocyte\[genops\]"):
        price_of("openai", "gpt-4o-2024-08-06", TODAY)
    monkeypatch.setattr(metadata, "version", _missing)
    with pytest.raises(Unpriced, match=r"monocyte\[genops\]"):
        prices.edition()


def _missing(name: str) -> str:
    raise metadata.PackageNotFoundError(name)


def test_an_operators_price_is_taken_as_it_is() -> None:
    """For a model of one's own; caches cost what plain tokens do."""
    price = Price.flat(
        "ours", entered=Money.parse("1"), output=Money.parse("2"), source="monocyte.toml"
    )
    assert str(price.cost(Usage(1, 1, 1, 1, 1))) == "$0.000006"
    assert price.cost(Usage()) == Money(0)


@pytest.mark.parametrize("wrong", [-1, 1.5, True, 10**9 + 1, None])
def test_no_other_number_of_tokens_can_be_built(wrong: Any) -> None:
    """What a provider says must be a count."""
    with pytest.raises(ValueError, match="no number"):
        Usage(output=wrong)


@pytest.mark.parametrize("starts", [(), (0,), (-1, -1), (-1, 5, 3)])
def test_rates_are_in_order(starts: tuple[int, ...]) -> None:
    """The first rate holds for every request, further ones for larger and larger ones."""
    with pytest.raises(ValueError, match="in order"):
        Price("m", tuple(Rates(start, 1, 1, 1, 1, 1) for start in starts), "a test")


def test_the_edition_says_whose_prices_these_are() -> None:
    """So that a plan can be bound to them."""
    assert prices.edition() == price_of("openai", "gpt-4o-2024-08-06", TODAY).source
