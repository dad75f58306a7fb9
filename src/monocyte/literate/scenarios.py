"""Runs the scenarios of cells, each in a fresh World, under as many seeds as wanted.

Seed 0 is the plain world: first come, first served, and nothing goes wrong. Every other seed draws
another order of things and its own faults. An outcome names its seed: the same scenario under the
same seed does the same again, in any process.
"""

from __future__ import annotations

import ast
import linecache
import reprlib
import time
from collections.abc import Iterable, Iterator, Sequence
from textwrap import dedent, indent
from traceback import walk_tb
from types import FrameType, FunctionType, ModuleType
from typing import NamedTuple

from monocyte.cell import Manifest, Scenario
from monocyte.errors import MonocyteError
from monocyte.testing import Faults, World

__all__ = ["Outcome", "run"]

STEPS = 1_000_000
"""How many callbacks a scenario may take before it is called endless."""

SEEN = 12
"""How many of the local variables are shown."""


class Outcome(NamedTuple):
    """How one scenario went under one seed; `error` and `where` (file:line) are empty if well."""

    cell: str
    scenario: str
    seed: int
    passed: bool
    error: str
    where: str
    seconds: float
    log: tuple[str, ...] = ()
    """What the World did and what it made go wrong, in order."""

    def __str__(self) -> str:
        name = f"{self.cell}.{self.scenario}, seed {self.seed}"
        if self.passed:
            return f"{name}: passed"
        return f"{name}: failed at {self.where}\n{indent(self.error, '    ')}"


def run(
    manifests: Sequence[Manifest],
    seeds: Iterable[int] = (0,),
    *,
    faults: Faults | None = None,
    steps: int = STEPS,
) -> Iterator[Outcome]:
    """Run every scenario of the cells, in a World with all of them, seed by seed.

    What follows from a scenario is run to its end; a dead letter that it did not ask for fails it.
    `faults` are those of all seeds; else none for seed 0, and all of them for the others.
    """
    for seed in seeds:
        drawn = faults if faults is not None else Faults.all() if seed else Faults.none()
        for manifest in manifests:
            for scenario in manifest.scenarios:
                yield _run(manifests, manifest, scenario, seed, drawn, steps)


def _run(
    manifests: Sequence[Manifest],
    manifest: Manifest,
    scenario: Scenario,
    seed: int,
    faults: Faults,
    steps: int,
) -> Outcome:
    started, failure = time.perf_counter(), None
    log: tuple[str, ...] = ()
    try:
        with World(*manifests, seed=seed, faults=faults, steps=steps) as world:
            try:
                scenario.play(world)
                _refuse_leftovers(world)
            finally:
                log = world.log
    except Exception as why:  # noqa: BLE001 (a supervision edge: the author's code)
        failure = why
    error, where = ("", "") if failure is None else _told(failure, manifests, scenario)
    name, seconds = scenario.name, time.perf_counter() - started
    return Outcome(manifest.name, name, seed, failure is None, error, where, seconds, log)


def _refuse_leftovers(world: World) -> None:
    """What cells gave up while nobody looked is a failure, too.

    Raises:
        AssertionError: there are dead letters, and the scenario did not ask for them.
    """
    world.settle()
    if (letters := world.unseen_letters) and (first := letters[0]):
        raise AssertionError(
            f"{first.cell} gave up {first.letter.name} from {first.letter.source}: "
            f"{first.letter.error} (look at lab.dead_letters if that is meant)"
        )


def _told(why: Exception, manifests: Sequence[Manifest], scenario: Scenario) -> tuple[str, str]:
    """What went wrong, with the statement of the author's and its variables; and where."""
    files = {manifest.file for manifest in manifests}
    walked = [(f, line) for f, line in walk_tb(why.__traceback__) if f.f_code.co_filename in files]
    said = str(why) if isinstance(why, MonocyteError) else ""
    said = f"{type(why).__name__}: {said or why}" if said or str(why) else type(why).__name__
    if not walked:
        return said, scenario.where
    frame, line = walked[-1]
    parts = [_statement(frame.f_code.co_filename, line), said, *_variables(frame)]
    return "\n".join(parts), f"{frame.f_code.co_filename}:{line}"


def _statement(file: str, line: int) -> str:
    """The lines of the innermost statement around a line; of a compound one, its head."""
    lines = linecache.getlines(file)
    around = [
        node
        for node in ast.walk(ast.parse("".join(lines)))
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or line)
    ]
    if not around:
        return ""
    inner = around[-1]  # walked breadth first: the deepest comes last
    body: list[ast.stmt] = getattr(inner, "body", [])
    last = body[0].lineno - 1 if body else inner.end_lineno
    return dedent("".join(lines[inner.lineno - 1 : last])).rstrip()


def _variables(frame: FrameType) -> list[str]:
    """The local variables that hold values, briefly."""
    values = {
        name: value
        for name, value in frame.f_locals.items()
        if not isinstance(value, (World, FunctionType, ModuleType, type))
    }
    shown = reprlib.Repr()
    shown.maxother = shown.maxstring = 160
    shown.maxtuple = shown.maxlist = shown.maxdict = shown.maxset = 8
    return [f"{name} = {shown.repr(value)}" for name, value in list(values.items())[:SEEN]]
