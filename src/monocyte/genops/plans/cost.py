"""What a plan will cost before anything is spent: expected, at the ninetieth percentile, at most.

The base is one attempt: the packed tokens, and a file as long as the present one. How far that is
off is taken from the ledger's own history, what runs of the same pin and kind have really cost over
what their base was. While there is little history, the prior stands in for it: ten runs that never
were, spread as published measurements of coding agents are. The cap is no estimate at all: it is
the worst case by which the proxy refuses calls, in bytes and not in tokens. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isqrt
from typing import NamedTuple

import msgspec

from monocyte.genops.money import ZERO, Money
from monocyte.genops.prices import Price, Usage

__all__ = ["PRIOR", "Cost", "Past", "Work", "cost_of", "total"]

PRIOR = {
    "change": (600, 750, 900, 1000, 1100, 1300, 1600, 2100, 3000, 6000),
    "create": (800, 1000, 1200, 1400, 1700, 2000, 2500, 3200, 4500, 9000),
    "agent": (4_000, 6_000, 8_000, 10_000, 13_000, 17_000, 22_000, 30_000, 45_000, 90_000),
}
"""Ratios of actual to base in thousandths, by kind of work, before there is any history.

One attempt suffices for most changes of a cell; up to three are made, and the later ones carry the
earlier. The same task has been seen to vary thirtyfold between two runs, hence the tail. An agent
sends its own instructions, 9 000 to 28 000 tokens, with every step that it takes.
"""

STEPS = 40
"""Calls that an agent makes in an attempt, at most: then the cap of its plan ends it."""

REMEMBERED = 100
"""So many past runs of a pin and kind count, the latest; ten of them outweigh the prior by half."""

EVIDENCE = 20_000
"""Bytes of failing evidence that a further attempt is shown, at most."""


class Cost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Amounts in nano-USD; `runs` are how many past runs stand behind the estimate."""

    base: int
    expected: int
    p90: int
    cap: int
    runs: int = 0


class Past(NamedTuple):
    """A run that is over: by which pin, what kind of work, its base, and what it really cost."""

    pin: str
    kind: str
    base: int
    actual: int


class Work(NamedTuple):
    """What is to be done for a cell."""

    kind: str
    pin: str
    tokens: int
    """Of the packed context, estimated."""
    size: int
    """Tokens that the proxy reserves for it at most, before any answer: see `weigh`."""
    answer: int
    """Tokens of the answer, estimated."""
    most: int
    """Tokens of an answer, at most: the cap of each call."""
    attempts: int


def cost_of(work: Work, price: Price, history: Iterable[Past]) -> Cost:
    """What the work for one cell will cost."""
    base = price.cost(Usage(input=work.tokens, output=min(work.answer, work.most)))
    known = [it for it in history if (it.pin, it.kind) == (work.pin, work.kind) and it.base > 0]
    seen = [it.actual * 1000 // it.base for it in known][-REMEMBERED:]
    ratios = sorted([*seen, *PRIOR[work.kind]])
    mean = Money(sum(ratios)).share(1, len(ratios)).nano
    cap = worst(work, price)
    expected = min(base.nano * mean // 1000, cap.nano)
    p90 = min(base.nano * _percentile(ratios, 90) // 1000, cap.nano)
    return Cost(base.nano, expected, max(expected, p90), cap.nano, len(seen))


def worst(work: Work, price: Price) -> Money:
    """The most that all attempts can cost: each carries the answer and the evidence of the last."""
    spent = ZERO
    for attempt in range(work.attempts):
        entered = work.size + attempt * (work.most + EVIDENCE)
        spent += price.worst(entered, work.most)
    return spent * (STEPS if work.kind == "agent" else 1)


def total(costs: Sequence[Cost], room: Money) -> Cost:
    """The cost of a whole plan: what is expected adds up, but not all will be dear at once.

    The surplus at the ninetieth percentile adds up as independent deviations do, by squares. The
    cap is never above `room`, what the budget leaves.
    """
    expected = sum(it.expected for it in costs)
    surplus = isqrt(sum((it.p90 - it.expected) ** 2 for it in costs))
    cap = min(sum(it.cap for it in costs), room.nano)
    base = sum(it.base for it in costs)
    return Cost(base, expected, expected + surplus, cap, min((it.runs for it in costs), default=0))


def _percentile(ordered: Sequence[int], percent: int) -> int:
    """By the nearest rank."""
    return ordered[-(-len(ordered) * percent // 100) - 1]
