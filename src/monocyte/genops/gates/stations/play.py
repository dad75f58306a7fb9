"""In a station: play scenarios, and tell how each went; two that must fail are among them."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator

import msgspec

from monocyte.cell import Rule, Scenario
from monocyte.genops.gates.locked import Task, sealed
from monocyte.genops.gates.stations.loading import Fault, Owner, Staged, alone, exchanged, opened
from monocyte.literate.scenarios import Outcome, run
from monocyte.testing import World

__all__ = ["CONTROLS", "Play", "Played", "Went", "play"]

CONTROLS = ("control_asserts", "control_raises", "control_refuses")
"""Scenarios of the judge's own: none of them can come true."""

JUDGE = "judge"


class Play(msgspec.Struct, frozen=True, kw_only=True):
    """How to play: the head alone, or its cells in the world of the base."""

    exchanged: bool
    only_base: bool = False
    """The base alone."""
    names: tuple[str, ...] | None = None
    """As `owner.name[row]`; None for all."""
    timeout: float = 20.0
    seeds: tuple[int, ...] = (0,)


class Went(msgspec.Struct, frozen=True):
    """How one scenario went, under one seed."""

    owner: str
    scenario: str
    seed: int
    passed: bool
    error: str = ""
    where: str = ""


class Played(msgspec.Struct, frozen=True):
    """Everything that was played, or why nothing could be."""

    went: tuple[Went, ...] = ()
    faults: tuple[Fault, ...] = ()


def play(payload: bytes) -> bytes:
    """Play a task's scenarios; a sealed Played."""
    task = opened(payload)
    wish = msgspec.msgpack.decode(task.body, type=Play)
    order = random.Random(task.key)  # noqa: S311 (where the controls stand; no secret hangs on it)
    staged = _staged(task, wish)
    if staged.faults:
        return sealed(task.key, msgspec.msgpack.encode(Played((), staged.faults)))
    went = tuple(_went(it) for it in _outcomes(staged, wish, order))
    return sealed(task.key, msgspec.msgpack.encode(Played(went)))


def _staged(task: Task, wish: Play) -> Staged:
    if wish.exchanged:
        return exchanged(task)
    return alone(task.base if wish.only_base else task.head, task.package)


def _outcomes(staged: Staged, wish: Play, order: random.Random) -> Iterator[Outcome]:
    cells = [it._replace(scenarios=()) for it in staged.manifests]
    for seed in wish.seeds:
        planned = [*staged.owners]
        planned.insert(order.randint(0, len(planned)), _controls())
        for owner in planned:
            for scenario in owner.scenarios:
                if owner.name != JUDGE and not _wanted(f"{owner.name}.{scenario.name}", wish.names):
                    continue
                sys.stderr.write(f"at: {owner.name}.{scenario.name}\n")
                sys.stderr.flush()
                one = owner._replace(scenarios=(scenario,))
                yield from run(cells, (seed,), journeys=[one], timeout=wish.timeout)  # type: ignore[list-item]


def _wanted(name: str, names: tuple[str, ...] | None) -> bool:
    """Whether it is among them; rows that nobody could read are `name[*]`."""
    stem = f"{name.partition('[')[0]}[*]"
    return names is None or name in names or stem in names


def _controls() -> Owner:
    made = {it.__name__: it for it in (control_asserts, control_raises, control_refuses)}
    where = f"{__file__}:1"
    return Owner(JUDGE, __file__, tuple(Scenario(made[it], where) for it in CONTROLS))


def control_asserts(lab: World) -> None:
    """Nothing is equal to something else."""
    assert lab.now() is None  # noqa: S101 (as scenarios do)


def control_raises(lab: World) -> None:
    """What is raised must be heard."""
    raise LookupError(str(lab.seed))


def control_refuses(lab: World) -> None:
    """A rule that nobody asks for refuses nothing."""
    with Rule("CONTROL-0", "Nobody asks for this.", JUDGE, __file__).refuses():
        lab.settle()


def _went(it: Outcome) -> Went:
    return Went(it.cell, it.scenario, it.seed, it.passed, it.error[:4000], it.where)
