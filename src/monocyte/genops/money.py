"""Money: one exact integer type, so that no sum is ever a little off.

An amount is a whole number of nano-dollars. There are no floats here: text and `Decimal` come in,
text goes out, and what does not come out even is rounded up, against the spender.
"""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, Context, Decimal, Inexact, localcontext
from typing import Final

import msgspec

from monocyte.errors import MonocyteError

__all__ = ["NANO", "ZERO", "Money", "NotMoney"]

NANO: Final = 10**9
"""Nano-dollars in a dollar."""

_EXACT = Context(prec=60)
_AMOUNT = re.compile(r"\$?(?P<number>[0-9]{1,12}(\.[0-9]{1,9})?)", re.ASCII)
_CENT = NANO // 100


class NotMoney(MonocyteError):
    """What should be an amount of US dollars is none."""

    fault = "operator"


class Money(msgspec.Struct, frozen=True, order=True):
    """An amount of US dollars, in whole nano-dollars; never negative."""

    nano: int = 0

    def __post_init__(self) -> None:
        if type(self.nano) is not int or self.nano < 0:
            raise NotMoney(f"{self.nano!r} nano-dollars are no amount", mend="this is our defect")

    @classmethod
    def parse(cls, text: str) -> Money:
        """The amount that `text` says: "0.40" or "$0.40".

        Raises:
            NotMoney: it says none, or one finer than a nano-dollar.
        """
        found = _AMOUNT.fullmatch(text)
        if found is None:
            raise NotMoney(f"{text!r} is no amount of dollars", mend='write "0.40"')
        with localcontext(_EXACT):
            return cls(int(Decimal(found["number"]) * NANO))

    @classmethod
    def at_least(cls, dollars: Decimal) -> Money:
        """The smallest amount that is not below `dollars`."""
        with localcontext(_EXACT):
            return cls(int((dollars * NANO).to_integral_value(rounding=ROUND_CEILING)))

    def __add__(self, other: Money) -> Money:
        return Money(self.nano + other.nano)

    def __mul__(self, times: int) -> Money:
        return Money(self.nano * times)

    def less(self, other: Money) -> Money:
        """What is left when `other` is taken away; nothing, where there is not enough."""
        return Money(max(0, self.nano - other.nano))

    def share(self, numerator: int, denominator: int) -> Money:
        """So many parts of it, rounded up."""
        return Money(-(-self.nano * numerator // denominator))

    def __str__(self) -> str:
        """All of it, with cents at least: $0.40, $0.004912."""
        whole, rest = divmod(self.nano, NANO)
        digits = f"{rest:09d}".rstrip("0").ljust(2, "0")
        return f"${whole}.{digits}"

    def about(self) -> str:
        """For people: in cents, or below a cent to two digits; rounded up."""
        if self.nano >= _CENT or not self.nano:
            return str(Money(-(-self.nano // _CENT) * _CENT))
        step = 10 ** max(0, len(str(self.nano)) - 2)
        return str(Money(-(-self.nano // step) * step))

    @property
    def dollars(self) -> Decimal:
        """The same as a decimal number."""
        with localcontext(_EXACT) as exact:
            exact.traps[Inexact] = True
            return Decimal(self.nano) / NANO


ZERO: Final = Money()
"""Nothing."""
