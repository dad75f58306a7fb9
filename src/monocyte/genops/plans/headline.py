"""A plan in one line, the same everywhere: what would be regenerated, for what, at what price."""

from __future__ import annotations

from typing import NamedTuple

from monocyte.genops.money import Money
from monocyte.genops.plans.plan import Plan

__all__ = ["Headline", "headline"]


class Headline(NamedTuple):
    """The line in two parts, for where the price is to stand out."""

    what: str
    price: str

    def __str__(self) -> str:
        return f"{self.what}: {self.price}"


def headline(made: Plan) -> Headline:
    """What a plan is about, and what it is expected to cost."""
    names = ", ".join(f"`{it.cell}`" for it in made.cells[:3])
    more = f" and {len(made.cells) - 3} more" if len(made.cells) > 3 else ""
    reasons = [why for it in made.cells for why in it.reasons if why.about]
    rules = [why for why in reasons if why.kind == "rule"]  # what else changed goes with them
    about = dict.fromkeys(why.about for why in rules or reasons)
    what_for = f" for {', '.join([*about][:3])}" if about else ""
    what_for += f" and {len(about) - 3} more" if len(about) > 3 else ""
    cost = made.cost
    expected, p90, cap = (Money(it).about() for it in (cost.expected, cost.p90, cost.cap))
    return Headline(
        f"Regenerating {names}{more}{what_for}", f"{expected} expected, {p90} p90, cap {cap}"
    )
