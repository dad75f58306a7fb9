"""In a station: what old and new take for the same calls, in one process, turn by turn.

Both are told every step one right after the other, each in a world of its own, and each call of a
function is compared with the same call of the other side: a mean would hide the one that is slow.
Of each call the least of all turns counts, in the processor's time; others compute meanwhile.
"""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Generator, Iterator, Sequence
from contextlib import ExitStack
from functools import wraps
from typing import Any

import msgspec

from monocyte.cell import Function, Manifest
from monocyte.errors import BusError
from monocyte.genops.gates.locked import sealed
from monocyte.genops.gates.stations.growing import Grown, grown
from monocyte.genops.gates.stations.loading import exchanged, opened, so_far
from monocyte.genops.gates.stations.stories import Heard, Step, Story, teller
from monocyte.literate.limits import Overdue, within
from monocyte.literate.scenarios import STEPS
from monocyte.testing import Faults, World
from monocyte.testing.loop import Endless, Stuck

__all__ = ["ALL", "KEPT", "Call", "Measure", "Measured", "Room", "comparable", "measure"]

ALL = "all"
"""What is measured beside functions: the whole of a message, with everything that follows."""

PATIENCE = 1.0
"""Seconds that new may take more than old in all: what is so much slower is measured well."""

AGAIN = 5
"""How often each question is asked again: the least counts."""


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """Which stories to measure, how often, whose functions; `growing` are said again and again."""

    stories: tuple[Story, ...]
    growing: tuple[Story, ...]
    cells: tuple[str, ...]
    turns: int = 3
    timeout: float = 30.0


class Call(msgspec.Struct, frozen=True):
    """The same call on both sides, in seconds of the processor."""

    function: str
    place: str
    """Which call it is: story, step and how many before it."""
    size: int
    """How many times as large the state is; 0 outside of what has grown."""
    old: float
    new: float
    times: int = 1
    """How often it was measured."""
    message: str = ""
    """The step in which it was called, for people."""


class Room(msgspec.Struct, frozen=True):
    """The same step on both sides, in bytes: the most at once, or what is kept."""

    what: str
    old: int
    new: int


class Measured(msgspec.Struct, frozen=True):
    """Every call, and every step's memory; `why` says why they cannot be compared."""

    calls: tuple[Call, ...] = ()
    rooms: tuple[Room, ...] = ()
    why: str = ""


def measure(payload: bytes) -> bytes:
    """Measure a task's stories on both sides."""
    task = opened(payload)
    wish = msgspec.msgpack.decode(task.body, type=Measure)
    base = so_far(task.base, task.package)
    head = exchanged(task)
    if base.faults or head.faults:
        why = (base.faults or head.faults)[0].said
        return sealed(task.key, msgspec.msgpack.encode(Measured(why=why)))
    two = _Two(base.manifests, head.manifests, wish)
    gc.collect()
    gc.freeze()  # what is loaded is not looked through again
    made = grown(base.manifests, wish.growing, wish.cells, wish.timeout)
    if two.all_turns(made):
        two.weighed(made)
    return sealed(task.key, msgspec.msgpack.encode(Measured(tuple(two.calls()), tuple(two.rooms))))


class _Slower(Exception):
    """It is so much slower that nothing more needs to be measured."""


class _Two:
    """Both sides, told the same."""

    def __init__(self, old: tuple[Manifest, ...], new: tuple[Manifest, ...], wish: Measure) -> None:
        self.plain = old, new
        self.clocks = _Clock(), _Clock()
        self.timed = tuple(
            tuple(clock.timed(it) if it.name in wish.cells else it for it in side)
            for clock, side in zip(self.clocks, self.plain, strict=True)
        )
        self.wish = wish
        self.least: dict[tuple[str, int, str, int], list[Any]] = {}
        self.messages: dict[str, str] = {}
        self.other: set[str] = set()
        self.rooms: list[Room] = []
        self.more = 0.0

    def all_turns(self, made: Sequence[Grown]) -> bool:
        """Whether all was measured; not if there is no doubt any more."""
        try:
            for turn in range(self.wish.turns):
                for which, story in enumerate(self.wish.stories):
                    self._told(f"{which}", turn, [(0, it, 1) for it in story.steps])
                if turn < 2:
                    self._told("grown", turn, list(_script(made)))
        except _Slower:
            return False
        return True

    def _told(self, name: str, turn: int, script: Sequence[tuple[int, Step, int]]) -> None:
        gc.collect()
        gc.disable()  # it would come at the same place in every turn, and be somebody's
        try:
            with ExitStack() as stack:
                stack.enter_context(within(self.wish.timeout + len(script) / 50))
                worlds = [stack.enter_context(_world(it)) for it in self.timed]
                tellers = [teller(w, m) for w, m in zip(worlds, self.timed, strict=True)]
                for at, (size, step, times) in enumerate(script):
                    for again in range(times):
                        self._step(f"{name}.{at}", size, step, tellers, (turn + again) % 2)
        except (Endless, Stuck, Overdue, BusError, SystemExit):
            pass  # until there; that it has no end is said elsewhere
        finally:
            gc.enable()

    def _step(self, place: str, size: int, step: Step, tellers: Sequence[Any], first: int) -> None:
        heard: dict[int, Heard] = {}
        for side in (first, 1 - first):
            clock = self.clocks[side]
            clock.spent.clear()
            began = _now()
            heard[side] = tellers[side].take(step)
            clock.spent[ALL] = [_since(began)]
        old, new = (clock.spent for clock in self.clocks)
        if (heard[0].how, heard[0].said) != (heard[1].how, heard[1].said):
            self.other.add(place)  # something else takes what it takes
        for name in new.keys() & old.keys():
            if len(old[name]) == len(new[name]):
                for count, both in enumerate(zip(old[name], new[name], strict=True)):
                    key = place, size, name, count
                    known = self.least.setdefault(key, [*both, 0])
                    known[:] = *map(min, known, both), known[2] + 1
        self.messages[place] = f"{step.word} {step.body.decode('utf-8', 'replace')[:200]}"
        self.more += new[ALL][0] - 2 * old[ALL][0] if place not in self.other else 0.0
        self.more = max(0.0, self.more)
        if self.more > PATIENCE:
            raise _Slower

    def calls(self) -> Iterator[Call]:
        """Each call that was the same on both sides."""
        for (place, size, name, count), (old, new, times) in self.least.items():
            if place not in self.other:
                at, said = f"{place}.{count}", self.messages[place]
                yield Call(name, at, size, old, new, times, said)

    def weighed(self, made: Sequence[Grown]) -> None:
        """The memory of every step; measured apart, for it slows everything down."""
        for name, script in (
            ("", [it for story in self.wish.stories[-2:] for it in story.steps]),
            ("grown", [step for _, step, _ in _script(made[:2])]),
        ):
            old, new = (list(_weights(it, script, self.wish.timeout)) for it in self.plain)
            self.rooms += comparable(name, old, new)


Weight = tuple[str, tuple[str, bytes], int]
"""What was said, what came of it, and how many bytes that took."""


def comparable(name: str, old: Sequence[Weight], new: Sequence[Weight]) -> Iterator[Room]:
    """What the same steps took on both sides; what is kept, only if all of them went alike."""
    pairs = [*zip(old, new, strict=False)]
    is_alike = all(before[:2] == after[:2] for before, after in pairs)
    for before, after in pairs:
        if before[:2] == after[:2] and (is_alike or before[0] != KEPT):
            yield Room(f"{after[0]} {name}".strip(), before[2], after[2])


def _script(made: Sequence[Grown]) -> Iterator[tuple[int, Step, int]]:
    """Size, step and how often: what makes it grow, then what is said at that size."""
    for it in made:
        yield from ((0, step, 1) for step in it.steps)
        for probe, asks in zip(it.probes, it.asks, strict=True):
            yield it.size, probe, AGAIN if asks else 1


def _world(manifests: tuple[Manifest, ...]) -> World:
    return World(*manifests, faults=Faults.none(), steps=STEPS)


KEPT = "kept"
"""What is said to be weighed when a story is over."""


def _weights(
    manifests: tuple[Manifest, ...], script: Sequence[Step], timeout: float
) -> Iterator[Weight]:
    """What each step took at most, and at the end what is kept."""
    gc.collect()
    tracemalloc.start()
    try:
        start = tracemalloc.get_traced_memory()[0]
        with within(timeout + len(script) / 10), _world(manifests) as world:
            told = teller(world, manifests)
            for step in script:
                tracemalloc.reset_peak()
                before = tracemalloc.get_traced_memory()[0]
                heard = told.take(step)
                peak = tracemalloc.get_traced_memory()[1] - before
                yield step.word or step.do, (heard.how, heard.said), max(0, peak)
            gc.collect()
            yield KEPT, ("", b""), max(0, tracemalloc.get_traced_memory()[0] - start)
    except (Endless, Stuck, Overdue, BusError, SystemExit):
        pass
    finally:
        tracemalloc.stop()


# -- clocks ----------------------------------------------------------------------------------------


def _tick() -> float:
    """How coarse the processor's clock is: on some systems it ticks in milliseconds."""
    began = time.thread_time()
    while (now := time.thread_time()) == began:
        pass
    return now - began


TICK = min(_tick() for _ in range(3))


def _now(
    wall: Callable[[], float] = time.perf_counter, spent: Callable[[], float] = time.thread_time
) -> tuple[float, float]:
    return wall(), spent()


def _since(began: tuple[float, float]) -> float:
    """What was spent: the processor's time or, where its clock is coarse, the wall's."""
    now = _now()
    return min(now[0] - began[0], now[1] - began[1] + (TICK if TICK > COARSE else 0.0))


COARSE = 5e-6


class _Clock:
    """What is spent inside of functions, call by call.

    What is awaited counts only while it is its turn.
    """

    def __init__(self) -> None:
        self.spent: dict[str, list[float]] = {}

    def timed(self, manifest: Manifest) -> Manifest:
        """A cell whose functions are timed."""
        return manifest._replace(
            handlers={
                k: it._replace(function=self._seen(k.__name__, it.function))
                for k, it in manifest.handlers.items()
            },
            reactions={
                k: it._replace(function=self._seen(f"on {k.__name__}", it.function))
                for k, it in manifest.reactions.items()
            },
            timers={
                k: it._replace(function=self._seen(f"timer {k}", it.function))
                for k, it in manifest.timers.items()
            },
            evolvers={
                k: it._replace(call=self._called(f"apply {k.__name__}", it.call))
                for k, it in manifest.evolvers.items()
            },
        )

    def _seen(self, name: str, function: Function) -> Function:
        call = function.call

        @wraps(call)
        async def waits(*values: Any, **named: Any) -> Any:
            spent = self.spent.setdefault(name, [])
            spent.append(0.0)
            return await _Steps(call(*values, **named), spent)

        return function._replace(call=waits if function.is_async else self._called(name, call))

    def _called(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)
        def decides(*values: Any, **named: Any) -> Any:
            spent = self.spent.setdefault(name, [])
            began = _now()
            try:
                return call(*values, **named)
            finally:
                spent.append(_since(began))

        return decides


class _Steps:
    """Something awaited, timed in each of its steps, and not while others take theirs."""

    def __init__(self, awaited: Awaitable[Any], spent: list[float]) -> None:
        self._awaited, self._spent, self._at = awaited, spent, len(spent) - 1

    def __await__(self) -> Generator[Any, Any, Any]:
        steps: Any = self._awaited.__await__()
        resume: Callable[[], Any] = lambda: next(steps)  # noqa: E731
        while True:
            began = _now()
            try:
                waits_for = resume()
            except StopIteration as done:
                return done.value
            finally:
                self._spent[self._at] += _since(began)
            try:
                given = yield waits_for
            except BaseException as why:  # noqa: BLE001 (whatever it is, it is for who is awaited)
                resume = lambda why=why: steps.throw(why)  # type: ignore[misc]  # noqa: E731
            else:
                resume = lambda given=given: steps.send(given)  # type: ignore[misc]  # noqa: E731
