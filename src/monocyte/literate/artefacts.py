"""Artefacts: whatever executes to prove a cell, as one thing that can be run and can fail.

A scenario, a decision, the rehearsal of a runbook: each is a callable that raises when it does not
come true. Who runs them (mutation, for one) need not know which is which.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from monocyte.cell import Manifest
from monocyte.testing import World

__all__ = ["Artefact", "Leftovers", "artefacts_of", "played"]

STEPS = 100_000
"""How many callbacks an artefact may take in its World before it is called endless."""


class Artefact(NamedTuple):
    """Something that proves a cell, by running and not raising.

    `cell` is the name of the cell that it proves; of what spans cells, the name of the app. `where`
    is file:line. `function` is the author's function whose statements make it fail: it tells a
    failure of its own from one of another artefact that it calls.
    """

    cell: str
    kind: str
    name: str
    where: str
    run: Callable[[], None]
    function: Callable[..., Any] | None = None

    @property
    def id(self) -> str:
        """What it is known by in reports."""
        return f"{self.cell}.{self.name}"


class Leftovers(AssertionError):
    """A cell has given something up while nobody looked."""


def artefacts_of(manifests: Sequence[Manifest], *, steps: int = STEPS) -> Iterator[Artefact]:
    """The scenarios of the cells, and their decisions about behaviour.

    Each runs in a fresh World with all the cells, at seed 0.
    """
    for cell in manifests:
        for it in cell.scenarios:
            run = partial(played, manifests, it.play, steps)
            yield Artefact(cell.name, "scenario", it.name, it.where, run, it.function)
        for choice in cell.decisions:
            if choice.kind == "behaviour":
                run = partial(played, manifests, choice.function, steps)
                yield Artefact(
                    cell.name, "decision", choice.name, choice.where, run, choice.function
                )


def played(
    manifests: Iterable[Manifest], play: Callable[[World], object], steps: int = STEPS
) -> None:
    """Play it in a fresh World, to the end of what follows from it.

    Raises:
        Leftovers: there are dead letters, and nobody asked for them.
        Exception: whatever did not come true.
    """
    with World(*manifests, steps=steps) as world:
        play(world)
        world.settle()
        for dead in world.unseen_letters:
            raise Leftovers(f"{dead.cell} gave up {dead.letter.name}: {dead.letter.error}")
