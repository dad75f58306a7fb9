"""How a cost is measured: CPU time, in pairs with a baseline, in interleaved rounds.

The rule that keeps the figures honest: every sample of a candidate is taken right after a sample
of the baseline, and only the ratio within such a pair counts; a machine that slows down for a
minute slows both. Candidates take turns in a shuffled order in every round. The garbage collector
runs for everybody, on a heap collected and frozen before each sample.
"""

import asyncio
import gc
import random
import statistics
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

WARM_UP = 100
"""Requests before each sample; they fill bubus's history, after which it costs twice as much."""

Spin = Callable[[int], Awaitable[object]]
"""Makes that many requests one after the other and returns the last reply."""


class Candidate(Protocol):
    """One way of getting from a question to an answer."""

    @property
    def name(self) -> str:
        """What the row is called."""
        ...

    def open(self) -> AbstractAsyncContextManager[Spin]:
        """Set the thing up, lend its spin, tear it down; ImportError if it isn't installed."""
        ...

    def cpu(self) -> float:
        """CPU seconds used so far by the process that does the work."""
        ...


@dataclass(frozen=True)
class Plan:
    """How long and how often to measure; `seconds` is the CPU time of one sample."""

    rounds: int = 7
    seconds: float = 0.1
    seed: int = 0


@dataclass
class Samples:
    """What one candidate cost, by round: CPU seconds per request, ratio to its baseline."""

    cpu: list[float] = field(default_factory=list)
    ratio: list[float] = field(default_factory=list)

    def micros(self) -> float:
        """Median CPU time per request, in microseconds."""
        return statistics.median(self.cpu) * 1e6

    def spread(self) -> tuple[float, float, float]:
        """The quartiles of the ratios: first, median, third."""
        return quartiles(self.ratio)


@dataclass(frozen=True)
class Skipped:
    """A candidate that could not be measured, and why; never dropped in silence."""

    reason: str


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """First quartile, median and third quartile; all the same for a single value."""
    if len(values) < 2:
        return (values[0],) * 3
    first, _, third = statistics.quantiles(values, n=4, method="inclusive")
    return first, statistics.median(values), third


async def interleave(
    baseline: Candidate, candidates: Sequence[Candidate], plan: Plan
) -> dict[str, Samples | Skipped]:
    """Measure every candidate in rounds, each sample paired with one of the baseline."""
    counts: dict[str, int] = {}
    results: dict[str, Samples | Skipped] = {}
    for candidate in (baseline, *candidates):
        try:
            counts[candidate.name] = await calibrate(candidate, plan.seconds)
            results[candidate.name] = Samples()
        except ImportError as missing:
            results[candidate.name] = Skipped(f"not installed: {missing}")
        except Exception as why:  # noqa: BLE001 (one that fails must not take the others with it)
            results[candidate.name] = Skipped(f"{type(why).__name__}: {why}")
    order = [c for c in candidates if c.name in counts]
    shuffle = random.Random(plan.seed).shuffle
    for _ in range(plan.rounds):
        shuffle(order)
        for candidate in order:
            await pair(baseline, candidate, counts, results)
    return results


async def pair(
    baseline: Candidate,
    candidate: Candidate,
    counts: dict[str, int],
    results: dict[str, Samples | Skipped],
) -> None:
    """Take a sample of the baseline, then one of the candidate, and note both."""
    base = await sample(baseline, counts[baseline.name])
    cost = await sample(candidate, counts[candidate.name])
    for name, seconds in ((baseline.name, base), (candidate.name, cost)):
        noted = results[name]
        assert isinstance(noted, Samples)
        noted.cpu.append(seconds)
        noted.ratio.append(seconds / base)


async def calibrate(candidate: Candidate, seconds: float) -> int:
    """How many requests fill a sample of that many CPU seconds; warms up on the way."""
    count = 50
    while True:
        took = count * await sample(candidate, count)
        if took >= seconds / 10:
            return max(1, round(count * seconds / took))
        count *= 4


async def sample(candidate: Candidate, count: int) -> float:
    """CPU seconds per request, over `count` requests after a short warm-up."""
    async with candidate.open() as spin:
        await spin(WARM_UP)
        return await timed(spin, count, candidate.cpu)


async def timed(spin: Spin, count: int, cpu: Callable[[], float]) -> float:
    """CPU seconds per request of one spin on a collected heap, collector on."""
    gc.collect()
    gc.freeze()
    try:
        start = cpu()
        await spin(count)
        return (cpu() - start) / count
    finally:
        gc.unfreeze()


def measure(
    baseline: Candidate, candidates: Sequence[Candidate], plan: Plan
) -> dict[str, Samples | Skipped]:
    """`interleave` on an event loop of its own."""
    return asyncio.run(interleave(baseline, candidates, plan))
