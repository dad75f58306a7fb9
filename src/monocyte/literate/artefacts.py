"""Artefacts: whatever executes to prove a cell, as one thing that can be run and can fail.

A scenario, a decision, the rehearsal of a runbook: each is a callable that raises when it does not
come true. Who runs them (mutation, for one) need not know which is which.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from traceback import walk_tb
from types import CodeType
from typing import Any, NamedTuple

from monocyte.cell import Journeys, Manifest
from monocyte.errors import Refused
from monocyte.literate.scenarios import play
from monocyte.semdiff import code_objects
from monocyte.testing import World

__all__ = ["Artefact", "artefacts_of", "played"]

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

    def failed(self, why: BaseException, others: Collection[CodeType]) -> bool:
        """Whether an error is its own expectation that did not come true.

        Not its own is what fails in another artefact that it calls; and not an expectation that
        the code merely broke down on the way. `others` is the code of all artefacts.
        """
        if self.function is None:
            return True
        own, walked = code_objects(self.function), [f.f_code for f, _ in walk_tb(why.__traceback__)]
        called = [code for code in _codes_of(why) if code in others]
        if called and called[-1] not in own:
            return False
        return isinstance(why, AssertionError | Refused) or (bool(walked) and walked[-1] in own)


def _codes_of(why: BaseException | None) -> Iterator[CodeType]:
    """What was running when it was raised, then when what caused it was."""
    while why is not None:
        yield from (frame.f_code for frame, _ in walk_tb(why.__traceback__))
        why = why.__cause__


def artefacts_of(
    manifests: Sequence[Manifest], journeys: Sequence[Journeys] = (), *, steps: int = STEPS
) -> Iterator[Artefact]:
    """The scenarios of the cells and across them, and the decisions about behaviour.

    Each runs in a fresh World with all the cells, at seed 0.
    """
    owners: list[Manifest | Journeys] = [*manifests, *journeys]
    for owner in owners:
        for it in owner.scenarios:
            run = partial(played, manifests, it.play, steps)
            yield Artefact(owner.name, "scenario", it.name, it.where, run, it.function)
    for cell in manifests:
        for choice in cell.decisions:
            if choice.kind == "behaviour":
                run = partial(played, manifests, choice.function, steps)
                yield Artefact(
                    cell.name, "decision", choice.name, choice.where, run, choice.function
                )


def played(
    manifests: Iterable[Manifest], perform: Callable[[World], object], steps: int = STEPS
) -> None:
    """Play it in a fresh World, to the end of what follows from it.

    Raises:
        Leftovers: there are dead letters, and nobody asked for them.
        Exception: whatever did not come true.
    """
    with World(*manifests, steps=steps) as world:
        play(perform, world)
