"""In a station: what old and new take for the same stories, in one process, turn by turn.

In one process, since two would be measured on two machines, as it were; by the processor's time and
not the clock's, since others compute meanwhile.
"""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Generator
from functools import wraps
from typing import Any

import msgspec

from monocyte.cell import Function, Manifest
from monocyte.genops.gates.locked import sealed
from monocyte.genops.gates.stations.loading import exchanged, opened, so_far
from monocyte.genops.gates.stations.stories import Story, tell

__all__ = ["Cost", "Measure", "Measured", "measure"]


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """Which stories to measure, how often, and whose functions."""

    stories: tuple[Story, ...]
    cells: tuple[str, ...]
    turns: int = 3
    timeout: float = 30.0


class Cost(msgspec.Struct, frozen=True):
    """What one side took: the least of all turns."""

    seconds: float
    """Of the processor, for all stories."""
    functions: dict[str, tuple[float, int]]
    """Of these, in each function of the cells in question, by what it answers; and its calls."""
    memory: int
    """The most bytes that were in use at once."""


class Measured(msgspec.Struct, frozen=True):
    """Both sides; `why` says why they cannot be compared."""

    old: Cost | None = None
    new: Cost | None = None
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
    sides = [_Side(it, wish) for it in (base.manifests, head.manifests)]
    for turn in range(wish.turns):
        for side in sides if turn % 2 else reversed(sides):
            side.turn()
    for side in sides:
        side.weigh()
    old, new = (it.cost for it in sides)
    return sealed(task.key, msgspec.msgpack.encode(Measured(old, new)))


class _Side:
    def __init__(self, manifests: tuple[Manifest, ...], wish: Measure) -> None:
        self.clock = _Clock()
        self.plain = manifests
        self.manifests = tuple(
            self.clock.timed(it) if it.name in wish.cells else it for it in manifests
        )
        self.wish = wish
        self.seconds: list[float] = []
        self.each: dict[str, list[float]] = {}
        self.memory = 0

    def turn(self) -> None:
        self.clock.spent.clear()
        gc.collect()
        gc.disable()  # it would come at the same place in every turn, and be somebody's
        began = time.process_time()
        try:
            for story in self.wish.stories:
                tell(self.manifests, story, self.wish.timeout)
        finally:
            gc.enable()
        self.seconds.append(time.process_time() - began)
        for name, took in self.clock.spent.items():  # the same calls in every turn, one by one
            known = self.each.get(name, took)
            self.each[name] = [min(two) for two in zip(known, took, strict=False)]

    def weigh(self) -> None:
        """The peak of memory over the stories; measured apart, for it slows everything down."""
        gc.collect()
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            for story in self.wish.stories[-2:]:
                tell(self.plain, story, self.wish.timeout)
            self.memory = max(0, tracemalloc.get_traced_memory()[1] - before)
        finally:
            tracemalloc.stop()

    @property
    def cost(self) -> Cost:
        functions = {name: (sum(took), len(took)) for name, took in self.each.items()}
        return Cost(min(self.seconds), functions, self.memory)


class _Clock:
    """What is spent inside of functions, call by call.

    By the clock, for the processor's time may tick in milliseconds; the least of all turns is what
    counts, so that whoever else computes meanwhile does not.
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
            began = time.perf_counter()
            try:
                return call(*values, **named)
            finally:
                spent.append(time.perf_counter() - began)

        return decides


class _Steps:
    """Something awaited, timed in each of its steps, and not while others take theirs."""

    def __init__(self, awaited: Awaitable[Any], spent: list[float]) -> None:
        self._awaited, self._spent, self._at = awaited, spent, len(spent) - 1

    def __await__(self) -> Generator[Any, Any, Any]:
        steps: Any = self._awaited.__await__()
        resume: Callable[[], Any] = lambda: next(steps)  # noqa: E731
        while True:
            began = time.perf_counter()
            try:
                waits_for = resume()
            except StopIteration as done:
                return done.value
            finally:
                self._spent[self._at] += time.perf_counter() - began
            try:
                given = yield waits_for
            except BaseException as why:  # noqa: BLE001 (whatever it is, it is for who is awaited)
                resume = lambda why=why: steps.throw(why)  # type: ignore[misc]  # noqa: E731
            else:
                resume = lambda given=given: steps.send(given)  # type: ignore[misc]  # noqa: E731
