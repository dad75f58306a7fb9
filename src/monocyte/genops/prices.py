"""What a model costs: prices as exact values, and the only place that knows where they come from.

They come from the library genai-prices, which brings its tables along and is never asked to fetch
newer ones: the same installation prices the same call alike for ever. A model that it does not know
is an error, never free; a price may also be written down by the operator, for a model of one's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache
from importlib import metadata
from typing import Any, Final, Literal

import msgspec

from monocyte.errors import MonocyteError
from monocyte.genops.money import NANO, Money

__all__ = ["MTOK", "Dearest", "Price", "Rates", "Unpriced", "Usage", "edition", "price_of"]

MTOK: Final = 10**6
"""Prices are quoted for a million tokens."""

MOST_TOKENS: Final = 10**9
"""More tokens than any call can have; a number beyond is a lie or a defect."""

Dearest = Literal["input", "write", "write_1h"]
"""What is the dearest that a token of a request may be billed as: plain, or written to a cache."""


class Unpriced(MonocyteError):
    """Nobody knows what this would cost, so it is not done."""

    fault = "operator"


class Usage(msgspec.Struct, frozen=True):
    """Tokens of one call, each counted once: cached ones are not in `input`."""

    input: int = 0
    read: int = 0
    """From the provider's cache."""
    write: int = 0
    """Into the provider's cache, for minutes."""
    write_1h: int = 0
    """Into the provider's cache, for an hour."""
    output: int = 0
    """With what the model thought to itself."""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            number = getattr(self, name)
            if type(number) is not int or not 0 <= number <= MOST_TOKENS:
                raise ValueError(f"{number!r} is no number of tokens")

    @property
    def entered(self) -> int:
        """All tokens of the request, however billed."""
        return self.input + self.read + self.write + self.write_1h


class Rates(msgspec.Struct, frozen=True):
    """Nano-dollars per million tokens, for requests of more than `above` tokens."""

    above: int
    input: int
    read: int
    write: int
    write_1h: int
    output: int

    def cost(self, usage: Usage) -> Money:
        """What the tokens cost at these rates, rounded up to the nano-dollar."""
        total = sum(getattr(usage, name) * getattr(self, name) for name in KINDS)
        return Money(-(-total // MTOK))

    def dearest(self, what: Dearest) -> int:
        """The highest rate that a token of a request may come to."""
        rates = {"input": max(self.input, self.read)}
        rates["write"] = max(rates["input"], self.write)
        rates["write_1h"] = max(rates["write"], self.write_1h)
        return rates[what]


KINDS: Final = ("input", "read", "write", "write_1h", "output")


class Price(msgspec.Struct, frozen=True):
    """What a model costs: rates by the size of the request, the first from its first token."""

    model: str
    rates: tuple[Rates, ...]
    source: str
    """Who says so, and in which edition."""

    def __post_init__(self) -> None:
        starts = [rates.above for rates in self.rates]
        if not starts or starts[0] != -1 or starts != sorted(set(starts)):
            raise ValueError("rates are in order of size, the first for every request")

    @classmethod
    def flat(cls, model: str, *, entered: Money, output: Money, source: str) -> Price:
        """A price for a million tokens that an operator has written down."""
        rate = entered.nano
        return cls(model, (Rates(-1, rate, rate, rate, rate, output.nano),), source)

    def cost(self, usage: Usage) -> Money:
        """What a call has cost, of which these are the tokens."""
        fitting = [rates for rates in self.rates if usage.entered > rates.above]
        return fitting[-1].cost(usage)

    def worst(self, entered: int, output: int, dearest: Dearest = "write_1h") -> Money:
        """The most that a call of at most so many tokens can cost."""
        fitting = [rates for rates in self.rates if entered > rates.above]
        return max(
            Money(-(-(entered * rates.dearest(dearest) + output * rates.output) // MTOK))
            for rates in fitting
        )


def edition() -> str:
    """Which prices these are: `genai-prices 0.2.3`.

    Raises:
        Unpriced: there are none, because the library is missing.
    """
    try:
        return f"genai-prices {metadata.version('genai-prices')}"
    except metadata.PackageNotFoundError as why:
        raise _missing() from why


@lru_cache(maxsize=256)
def price_of(provider: str, model: str, on: date) -> Price:
    """What a provider's model costs on that day; at its dearest hour, if hours differ.

    Raises:
        Unpriced: nobody knows that, or only a part of it.
    """
    try:
        found = _look_up(provider, model)
    except LookupError as why:
        mend = "write its price into the pin, or pin a model that genai-prices knows"
        raise Unpriced(f"no price is known for {model} of {provider}", mend=mend) from why
    quotes = [_rates_of(model, quote) for quote in _quotes(found, on)]
    return Price(model, _dearest_of(quotes), edition())


def _missing() -> Unpriced:
    return Unpriced("no prices are installed here", mend='pip install "monocyte[genops]"')


def _look_up(provider: str, model: str) -> Any:
    try:
        # Imported late: it costs a third of a second, and comes with an extra.
        from genai_prices import data_snapshot  # noqa: PLC0415
    except ImportError as why:
        raise _missing() from why
    # `Any` from here on: the extra may be missing where types are checked.
    found: Any = data_snapshot.get_snapshot().find_provider_model(model, None, provider, None)[1]
    if not _means(found.match, model.lower()):
        raise LookupError(f"{model} only begins like {found.id}")
    return found


_EDITION = re.compile(r"[-@](20\d{6}|20\d\d-\d\d-\d\d|latest)\Z")
"""What may follow the name of a model so that it is still that model: a date."""


def _means(clause: Any, model: str) -> bool:
    """Whether a name is one of this model's, and not only begins like one.

    The library guesses by beginnings, so it would price a larger sister as the one that it knows.
    """
    if (start := getattr(clause, "starts_with", None)) is not None:
        name = _EDITION.sub("", model)
        return model.startswith(start) and len(start.rstrip("-@")) >= len(name)
    if (parts := getattr(clause, "or_", None)) is not None:
        return any(_means(part, model) for part in parts)
    if (parts := getattr(clause, "and_", None)) is not None:
        return all(_means(part, model) for part in parts)
    exact = hasattr(clause, "equals") or hasattr(clause, "regex")
    return exact and bool(clause.is_match(model))


def _quotes(found: Any, on: date) -> list[Any]:
    """Every quotation that may hold at some hour of the day."""
    if not isinstance(found.prices, list):
        return [found.prices]
    noon = datetime.combine(on, time(12), UTC)
    by_hour = [q.prices for q in found.prices if hasattr(q.constraint, "start_time")]
    return [found.get_prices(noon), *by_hour, *([found.prices[0].prices] if by_hour else [])]


def _rates_of(model: str, quote: Any) -> tuple[Rates, ...]:
    """The quotation as exact numbers, each threshold with all its rates.

    What has no price of its own is billed as the next that has: a token that is read from a cache
    as one that is not, a token kept for an hour as one kept for minutes.
    """
    if quote.input_mtok is None or quote.output_mtok is None:
        mend = "write its price into the pin"
        raise Unpriced(f"the price of {model} is known in part only", mend=mend)
    write = quote.cache_write_5m_mtok or quote.cache_write_mtok or quote.input_mtok
    prices = {
        "input": quote.input_mtok,
        "read": quote.input_mtok if quote.cache_read_mtok is None else quote.cache_read_mtok,
        "write": write,
        "write_1h": quote.cache_write_1h_mtok or write,
        "output": quote.output_mtok,
    }
    starts = sorted({-1, *(start for price in prices.values() for start in _starts(price))})
    return tuple(
        Rates(above, **{name: _nano(_at(price, above)) for name, price in prices.items()})
        for above in starts
    )


def _starts(price: Any) -> Iterator[int]:
    return (tier.start for tier in getattr(price, "tiers", ()))


def _at(price: Any, above: int) -> Decimal:
    """The price for requests that are larger than that, if only just."""
    if isinstance(price, Decimal):
        return price
    reached = [tier.price for tier in price.tiers if tier.start <= above]
    return Decimal(reached[-1] if reached else price.base)


def _nano(dollars: Decimal) -> int:
    return int((dollars * NANO).to_integral_exact())


def _dearest_of(quotes: list[tuple[Rates, ...]]) -> tuple[Rates, ...]:
    """The most of each rate over quotations that hold at different hours."""
    starts = sorted({rates.above for quote in quotes for rates in quote})
    return tuple(
        Rates(
            above,
            **{
                name: max(
                    getattr([rates for rates in quote if rates.above <= above][-1], name)
                    for quote in quotes
                )
                for name in KINDS
            },
        )
        for above in starts
    )
