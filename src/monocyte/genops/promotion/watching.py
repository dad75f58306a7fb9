"""The watch after a release: what cells do now, held against as long a time before. Pure.

Counted are what each cell counts anyway: requests, crashes, refusals, seconds of work. A share is
compared with the share before, so that an app which always refuses much is not rolled back for it;
and with few requests nothing is concluded from shares at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

__all__ = ["Counted", "Limits", "Sample", "breach", "sampled", "since"]

FEW = 20
"""Requests of which at least so many must be there before refusals and latency are judged."""

CRASHES = 2
"""So many crashes are no accident."""

LEAST = 0.001
"""Seconds of work for a request below which nobody notices a factor."""


class Limits(NamedTuple):
    """`[watch]`: for how long, and by how much it may be worse than before."""

    seconds: float
    errors: float
    """Of requests, the share that may crash in addition."""
    refusals: float
    """Of requests, the share that may be refused in addition."""
    latency: float
    """How many times the seconds of work for a request, on average."""


class Counted(NamedTuple):
    """What some cells have done."""

    requests: float = 0
    crashes: float = 0
    refusals: float = 0
    seconds: float = 0

    def __sub__(self, other: Counted) -> Counted:
        return Counted(*(max(0, a - b) for a, b in zip(self, other, strict=True)))

    def share(self, number: float) -> float:
        """A number of requests as a share of all."""
        return number / self.requests if self.requests else 0.0


class Sample(NamedTuple):
    """What each cell has counted up to a moment, in seconds of some clock."""

    at: float
    cells: Mapping[str, Counted]

    def of(self, names: Iterable[str]) -> Counted:
        """What some of them have counted together."""
        rows = [self.cells[it] for it in names if it in self.cells]
        return Counted(*map(sum, zip(*rows, strict=True))) if rows else Counted()


def sampled(at: float, status: Mapping[str, Mapping[str, Any]]) -> Sample:
    """What a runtime says of its cells, as a sample."""
    return Sample(at, {name: _counted(row) for name, row in status.items()})


def since(samples: Sequence[Sample], seconds: float, now: Sample, cells: Iterable[str]) -> Counted:
    """What cells have counted in the last so many seconds, as far as there are samples."""
    cells = tuple(cells)
    known = [it for it in samples if it.at >= now.at - seconds]
    return now.of(cells) - known[0].of(cells) if known else Counted()


def _counted(row: Mapping[str, Any]) -> Counted:
    asked = ("queries", "commands", "reactions", "timers")
    work = float(row["cpu"]) + float(row["waiting"])
    crashes, refusals = float(row["crashes"]), float(row["refusals"])
    # A query that is answered at once is counted when it has an answer: not if it crashes.
    requests = max(sum(float(row[it]) for it in asked), crashes + refusals)
    return Counted(requests, crashes, refusals, work)


def breach(before: Counted, after: Counted, limits: Limits) -> str:
    """Why a release is to be rolled back, in words; nothing if it is not."""
    crashed = after.share(after.crashes)
    if after.crashes >= CRASHES and crashed - before.share(before.crashes) > limits.errors:
        return f"{after.crashes:.0f} of {after.requests:.0f} requests crashed"
    if after.requests < FEW:
        return ""
    refused, was = after.share(after.refusals), before.share(before.refusals)
    if before.requests >= FEW and refused - was > limits.refusals:
        return f"{refused:.0%} of requests were refused, and {was:.0%} before"
    work, used = after.share(after.seconds), before.share(before.seconds)
    if before.requests >= FEW and work > limits.latency * max(used, LEAST):
        return f"a request took {work * 1000:.1f} ms, and {used * 1000:.1f} ms before"
    return ""
