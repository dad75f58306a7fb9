"""Runs scenarios, of cells and across them, each in a fresh World, under as many seeds as wanted.

Seed 0 is the plain world: first come, first served, and nothing goes wrong. Every other seed draws
another order of things and its own faults. An outcome names its seed: the same scenario under the
same seed does the same again, in any process.
"""

from __future__ import annotations

import ast
import linecache
import reprlib
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from textwrap import dedent, indent
from traceback import walk_tb
from types import FrameType, FunctionType, ModuleType
from typing import NamedTuple

from monocyte.cell import Journeys, Manifest, Scenario
from monocyte.contracts.facts import Fact
from monocyte.errors import Crashed, MonocyteError
from monocyte.literate.limits import LIMIT, Overdue, within
from monocyte.testing import Faults, Said, World, story
from monocyte.testing.loop import Endless

__all__ = ["Leftovers", "Outcome", "explained", "play", "run", "staged"]

LAST = 12
"""How many lines of its trace a failure shows."""

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

    trace: tuple[Said, ...] = ()
    """Who said what to whom: of a failure, and of all if wanted."""
    endless: bool = False
    """Whether it was stopped, because it did not end by itself."""

    def __str__(self) -> str:
        name = f"{self.cell}.{self.scenario}, seed {self.seed}"
        if self.passed:
            return f"{name}: passed"
        said = f"{name}: failed at {self.where}\n{indent(self.error, '    ')}"
        if not self.trace:
            return said
        head = (
            "what had been said until then" if len(self.trace) <= LAST else "the last that was said"
        )
        return f"{said}\n  {head}:\n{indent(self.told(LAST), '  ')}"

    def told(self, last: int = 0) -> str:
        """The trace as people read it, or the last lines of it."""
        return "\n".join(story(self.trace).splitlines()[-last:])


def run(
    manifests: Sequence[Manifest],
    seeds: Iterable[int] = (0,),
    *,
    journeys: Sequence[Journeys] = (),
    faults: Faults | None = None,
    steps: int = STEPS,
    timeout: float = LIMIT,
    traced: bool = False,
) -> Generator[Outcome, None, None]:
    """Run every scenario of the cells, then of the app, in a World with all cells, seed by seed.

    What follows from a scenario is run to its end; a dead letter that it did not ask for fails it,
    and so does one that takes more than `steps`, or more than `timeout` seconds (0: for ever).
    `faults` are those of all seeds; else none for seed 0, and all of them for the others. With
    `traced`, outcomes of what went well have their traces, too.
    """
    owners: list[Manifest | Journeys] = [*manifests, *journeys]
    files = frozenset(owner.file for owner in owners)
    chosen = [(owner.name, scenario) for owner in owners for scenario in owner.scenarios]
    for seed in seeds:
        drawn = faults if faults is not None else Faults.all() if seed else Faults.none()
        stage = _Staging(manifests, files, seed, drawn, steps, timeout, traced)
        for name, scenario in chosen:
            yield stage.run(name, scenario)


@contextmanager
def staged(
    manifests: Sequence[Manifest], scenario: Scenario, *, seed: int = 0, steps: int = STEPS
) -> Iterator[World]:
    """A World in which a scenario has been played, and has taken its effect.

    Raises:
        Exception: whatever the scenario raises; it comes from its author.
    """
    with World(*manifests, seed=seed, steps=steps) as world:
        play(scenario.play, world)
        yield world


class Leftovers(AssertionError):
    """A cell has given something up while nobody looked."""


def play(perform: Callable[[World], object], world: World) -> None:
    """Play something to its end; what cells gave up while nobody looked is a failure, too.

    Raises:
        Leftovers: there are dead letters, and nobody asked for them.
        Exception: whatever did not come true.
    """
    perform(world)
    world.settle()
    if (letters := world.unseen_letters) and (first := letters[0]):
        raise Leftovers(
            f"{first.cell} gave up {first.letter.name} from {first.letter.source}: "
            f"{first.letter.error} (look at lab.dead_letters if that is meant)"
        )


class _Staging(NamedTuple):
    """How scenarios are run."""

    manifests: Sequence[Manifest]
    files: frozenset[str]
    seed: int
    faults: Faults
    steps: int
    timeout: float
    traced: bool

    def run(self, owner: str, scenario: Scenario) -> Outcome:
        """Run one."""
        started = time.perf_counter()
        failure: BaseException | None = None
        log: tuple[str, ...] = ()
        trace: tuple[Said, ...] = ()
        crashes: list[Fact] = []
        ended = False
        try:
            with within(self.timeout, self.files), self._world() as world:
                try:
                    play(scenario.play, world)
                    ended = True
                finally:
                    log = world.log
                    crashes = [it for it in world.facts if it.kind == "crashed"]
                    trace = world.trace if self.traced or not ended else ()
        except (Exception, Overdue, SystemExit) as why:  # noqa: BLE001 (a supervision edge: the author's code)
            failure = why
        error, where = ("", "") if failure is None else explained(failure, self.files)
        if isinstance(failure, Crashed) and crashes:  # what callers are not told, authors are
            error, where = f"{error}\n{crashes[-1].text}", crashes[-1].where
        return Outcome(
            owner,
            scenario.name,
            self.seed,
            failure is None,
            error,
            where or (scenario.where if failure is not None else ""),
            time.perf_counter() - started,
            log,
            trace,
            isinstance(failure, (Overdue, Endless)),
        )

    def _world(self) -> World:
        return World(*self.manifests, seed=self.seed, faults=self.faults, steps=self.steps)


def explained(why: BaseException, files: Iterable[str]) -> tuple[str, str]:
    """What went wrong in those files of the author's, with statement and variables; and where.

    The place is empty if it did not come about in any of them.
    """
    walked = _walked(why, frozenset(files))
    said = str(why) if isinstance(why, MonocyteError) else ""
    said = f"{type(why).__name__}: {said or why}" if said or str(why) else type(why).__name__
    if not walked:
        return said, ""
    frame, line = walked[-1]
    parts = [_statement(frame.f_code.co_filename, line), said, *_variables(frame)]
    return "\n".join(parts), f"{frame.f_code.co_filename}:{line}"


def _walked(why: BaseException, files: frozenset[str]) -> list[tuple[FrameType, int]]:
    """The frames and lines in those files, of the error or of what it came about amid."""
    while True:
        found = [(f, n) for f, n in walk_tb(why.__traceback__) if f.f_code.co_filename in files]
        if found or not isinstance(why, Overdue) or why.__context__ is None:
            return found
        why = why.__context__


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
