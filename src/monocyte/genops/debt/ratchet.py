"""The ratchet: what may not grow, and by how much what must grow may.

A change that adds what was asked for adds code. What it may not add is code that stands twice, that
nobody uses or that could be said more simply, nor functions that nobody can follow, nor far more
text than what was asked for. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from monocyte.genops.debt.measures import Debt, Measured, Remark

__all__ = ["Allowed", "Overgrown", "overgrown"]


class Allowed(NamedTuple):
    """Within which bounds an app may grow by one change."""

    complexity: int = 15
    """Of one function; one that is worse already may stay as bad."""
    lines: int = 0
    """More duplicated lines than before. Any slack is used up by each change anew, and adds up."""
    remarks: int = 0
    """More places that could be simpler; as above."""
    tokens: int = 300
    """More tokens for each thing that was asked for."""
    share: float = 0.10
    """More tokens of a cell, as a part of what it has, whatever was asked for."""


class Overgrown(NamedTuple):
    """What grew beyond its bounds, where, and what to do about it."""

    kind: str
    where: str
    said: str
    mend: str


def overgrown(
    base: Measured, head: Measured, asked: int, allowed: Allowed | None = None
) -> Iterator[Overgrown]:
    """What a change has made worse; `asked` is how many things were asked for (rules, words…)."""
    bounds = allowed or Allowed()
    yield from _complexity(base.debt, head.debt, bounds)
    yield from _clones(base, head, bounds)
    yield from _dead(base.debt, head.debt)
    yield from _simpler(base.debt, head.debt, bounds)
    yield from _size(base.debt, head.debt, asked, bounds)


def _complexity(base: Debt, head: Debt, bounds: Allowed) -> Iterator[Overgrown]:
    for file, it in head.cells.items():
        before = base.cells[file].worst if file in base.cells else 0
        if it.worst > max(bounds.complexity, before):
            said = f"{it.where} has a cognitive complexity of {it.worst}, before at most {before}"
            mend = f"part it until it has at most {bounds.complexity}, or leave early"
            yield Overgrown("too-complex", file, said, mend)


def _clones(base: Measured, head: Measured, bounds: Allowed) -> Iterator[Overgrown]:
    more = head.debt.duplicated - base.debt.duplicated
    if more > bounds.lines:
        worst = head.clones[0]
        said = f"{more} more lines stand twice than before; the longest: {worst}"
        mend = "give what stands twice a name, and call it"
        yield Overgrown("duplicated", f"{worst.file}:{worst.first}", said, mend)


def _dead(base: Debt, head: Debt) -> Iterator[Overgrown]:
    for it in _new(base.dead, head.dead):
        yield Overgrown("dead-code", it.place, it.said, "take it out")


def _simpler(base: Debt, head: Debt, bounds: Allowed) -> Iterator[Overgrown]:
    new = _new(base.simpler, head.simpler)
    if len(head.simpler) - len(base.simpler) > bounds.remarks:
        for it in new:
            yield Overgrown("wordy", it.place, f"{it.rule}: {it.said}", "say it so")


def _size(base: Debt, head: Debt, asked: int, bounds: Allowed) -> Iterator[Overgrown]:
    room = bounds.tokens * max(1, asked) + int(bounds.share * base.tokens / max(1, len(base.cells)))
    more = head.tokens - base.tokens
    if more > room:
        grown = {
            file: it.tokens - (base.cells[file].tokens if file in base.cells else 0)
            for file, it in head.cells.items()
        }
        file = max(grown, key=lambda it: grown[it])
        said = f"{more} tokens more, for {asked} things that were asked for; up to {room} is usual"
        mend = "say it in fewer words: what is there already can be called"
        yield Overgrown("overgrown", file, said, mend)


def _new(before: tuple[Remark, ...], after: tuple[Remark, ...]) -> list[Remark]:
    """Remarks that were not made before, wherever their lines have moved."""
    known = Counter((it.file, it.rule, it.said) for it in before)
    found = []
    for it in after:
        key = it.file, it.rule, it.said
        known[key] -= 1
        if known[key] < 0:
            found.append(it)
    return found
