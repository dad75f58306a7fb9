"""An event loop without a world: virtual time, an order drawn from a seed, no I/O, no threads.

Time stands still while anything is ready, and jumps to the next timer when nothing is. Futures and
tasks hash by their number, so that not even a set of them has an order of its own from run to run.
The loop is driven from outside by `run_until`, which says what waits when nothing ever comes.
"""

from __future__ import annotations

import asyncio
import heapq
import math
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator
from contextlib import contextmanager
from contextvars import Context
from itertools import count
from random import Random
from typing import Any, TypeVar

from monocyte.errors import MonocyteError

__all__ = ["Endless", "Stuck", "VirtualLoop"]

T = TypeVar("T")

ASYNCIO = asyncio.__path__[0]

STEPS = 1_000_000
"""How many callbacks a loop runs in its life, unless it is told otherwise."""

SHOWN = 8
"""How many of the tasks that wait are named in an error."""


class Stuck(MonocyteError):
    """Nothing is ready and nothing will be: somebody waits for what nobody brings about."""

    fault = "author"


class Endless(MonocyteError):
    """The budget of steps is spent: something goes on for ever."""

    fault = "author"


class _Future(asyncio.Future[Any]):
    """A future whose hash is the same in every run."""

    def __init__(self, *, loop: VirtualLoop) -> None:
        self.number = loop.number()
        super().__init__(loop=loop)

    def __hash__(self) -> int:
        return self.number


class _Task(asyncio.Task[Any]):
    """A task whose hash is the same in every run."""

    def __init__(self, coroutine: Any, *, loop: VirtualLoop, **options: Any) -> None:
        self.number = loop.number()
        options["name"] = options.get("name") or getattr(coroutine, "__qualname__", "a task")
        super().__init__(coroutine, loop=loop, **options)
        loop.adopt(self)

    def __hash__(self) -> int:
        return self.number


MANY = 1000
"""Beyond so many tasks, those that are done are let go."""

_Loop: Any = asyncio.AbstractEventLoop  # whose sockets, servers and signals stay away on purpose


class VirtualLoop(_Loop):  # type: ignore[misc]
    """Runs what is ready in an order drawn from `seed`; seed 0 is first come, first served.

    `offload` runs the functions that would go to a thread (`asyncio.to_thread`), here and now.
    """

    def __init__(self, seed: int = 0, *, steps: int = STEPS) -> None:
        self.steps = steps
        """How many callbacks may still run."""
        self.offload: Callable[[Callable[[], Any]], Awaitable[Any]] = _inline
        self.ending = False
        """Whether exceptions that nobody takes pass: whoever would take them is being stopped."""
        self.number: Callable[[], int] = count(1).__next__
        self._random = Random(f"schedule {seed}") if seed else None
        self._now = 0.0
        self._ready: list[asyncio.Handle] = []
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._raised: BaseException | None = None
        self._forgotten = 0
        self._tasks: list[asyncio.Task[Any]] = []
        self._many = MANY
        self._closed = False

    # -- driving it ------------------------------------------------------------------------------

    def run_until(self, done: Callable[[], bool], horizon: float = math.inf) -> None:
        """Run step by step until `done()`; time may pass up to `horizon`, in seconds from now.

        Raises:
            Stuck: before that, nothing was left to run.
            Endless: the budget of steps is spent.
        """
        latest = self._now + horizon
        with self._running():
            while not done():
                self._step(latest)

    def run(self, work: Generator[Any, Any, T] | Any) -> T:
        """Run a coroutine to its end and give what it returns."""
        with self._running():
            task = self.create_task(work)
        self.run_until(task.done)
        result: T = task.result()
        return result

    def start(self, work: Any) -> None:
        """Run a coroutine beside the others."""
        self.create_task(work)

    def clear(self) -> None:
        """Forget everything that was ready or timed: nobody is left who waits for it."""
        self._forgotten = self.number()
        self._ready.clear()
        self._timers.clear()

    def tasks(self) -> list[asyncio.Task[Any]]:
        """The tasks that are not done, in the order in which they were made."""
        self._tasks = [task for task in self._tasks if not task.done()]
        return list(self._tasks)

    def adopt(self, task: asyncio.Task[Any]) -> None:
        """Hold a task until it is done: one held by nobody would end when the collector comes."""
        self._tasks.append(task)
        if len(self._tasks) > self._many:
            self._many = MANY + 2 * len(self.tasks())

    def _step(self, latest: float) -> None:
        if not self._ready:
            self._jump(latest)
        if self.steps <= 0:
            raise Endless(
                f"the budget of steps is spent; {self._waiting()}",
                mend="end the loop that feeds itself, or give the World more steps",
            )
        self.steps -= 1
        at = 0 if self._random is None else self._random.randrange(len(self._ready))
        handle = self._ready.pop(at)
        if not handle.cancelled():
            handle._run()  # noqa: SLF001 (this is what an event loop does with handles)
        if self._raised is not None:
            raised, self._raised = self._raised, None
            raise raised

    def _jump(self, latest: float) -> None:
        """Let time pass until something is ready."""
        while not self._ready:
            while self._timers and self._timers[0][2].cancelled():
                heapq.heappop(self._timers)
            if not self._timers or self._timers[0][0] > latest:
                span = f"within {latest - self._now:.0f} s" if self._timers else "and never will be"
                raise Stuck(
                    f"nothing is ready {span}; {self._waiting()}",
                    mend="see that what they wait for comes about, or that they do not wait",
                )
            self._now = max(self._now, self._timers[0][0])
            while self._timers and self._timers[0][0] <= self._now:
                self._ready.append(heapq.heappop(self._timers)[2])

    def _waiting(self) -> str:
        waiting = self.tasks()
        named = "; ".join(_where(task) for task in waiting[:SHOWN])
        more = f"; and {len(waiting) - SHOWN} more" if len(waiting) > SHOWN else ""
        return f"{len(waiting)} wait: {named}{more}" if waiting else "nobody waits"

    @contextmanager
    def _running(self) -> Iterator[None]:
        """Be the running loop of this thread, and look after its asynchronous generators."""
        if asyncio._get_running_loop() is not None:  # noqa: SLF001 (made for event loops)
            raise MonocyteError(
                "a World runs its own loop and cannot be used inside of another",
                mend="use it in a plain function",
            )
        hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(finalizer=self._finish)
        asyncio._set_running_loop(self)  # noqa: SLF001
        try:
            yield
        finally:
            asyncio._set_running_loop(None)  # noqa: SLF001
            sys.set_asyncgen_hooks(*hooks)

    def _finish(self, generator: AsyncGenerator[Any, Any]) -> None:
        if not self._closed:
            self.start(generator.aclose())

    # -- what asyncio asks of a loop -------------------------------------------------------------

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._now

    def call_soon(
        self, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        """Run a callback in a coming step."""
        handle = asyncio.Handle(callback, list(args), self, context)
        self._ready.append(handle)
        return handle

    call_soon_threadsafe = call_soon

    def call_later(
        self, delay: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Run a callback after so many virtual seconds."""
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Run a callback at a virtual time; at infinity it is never run."""
        timer = asyncio.TimerHandle(when, callback, list(args), self, context)
        if when < math.inf:
            heapq.heappush(self._timers, (when, self.number(), timer))
        return timer

    def create_future(self) -> asyncio.Future[Any]:
        """A future of this loop."""
        return _Future(loop=self)

    def create_task(self, coro: Any, **options: Any) -> Any:
        """A task of this loop."""
        return _Task(coro, loop=self, **options)

    def run_in_executor(
        self,
        executor: Any,  # noqa: ARG002 (there are no threads to choose from)
        func: Callable[..., Any],
        *args: Any,
    ) -> asyncio.Future[Any]:
        """Run a function as `offload` does."""
        return _Task(_offloaded(self.offload, lambda: func(*args)), loop=self)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """An exception that nobody takes ends the run: it is a defect, and must not pass."""
        why, future = context.get("exception"), context.get("future")
        if self.ending or (future is not None and hash(future) < self._forgotten):
            return  # who would have taken it is gone
        if why is not None and not isinstance(why, asyncio.CancelledError):
            self._raised = why

    def is_running(self) -> bool:
        """Whether a step is being made."""
        return asyncio._get_running_loop() is self  # noqa: SLF001

    def is_closed(self) -> bool:
        """Whether it has been closed."""
        return self._closed

    def get_debug(self) -> bool:
        """Never: asyncio's debugging measures the time of the wall."""
        return False

    def close(self) -> None:
        """Forget everything; tasks that are left are dropped where they are."""
        self.clear()
        self._closed = True

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Nothing to do: it is skipped when its time comes."""


async def _inline(work: Callable[[], Any]) -> Any:
    return work()


async def _offloaded(
    offload: Callable[[Callable[[], Any]], Awaitable[Any]], work: Callable[[], Any]
) -> Any:
    return await offload(work)


def _where(task: asyncio.Task[Any]) -> str:
    """The name of a task and the innermost line of the author's in which it waits."""
    places: list[str] = []
    awaited: Any = task.get_coro()
    while awaited is not None:
        frame = getattr(awaited, "cr_frame", None) or getattr(awaited, "gi_frame", None)
        if frame is not None and not frame.f_code.co_filename.startswith(ASYNCIO):
            places.append(f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}")
        inner = getattr(awaited, "cr_await", None) or getattr(awaited, "gi_yieldfrom", None)
        # `accounted` drives the coroutine `work` by hand: nothing else leads to the author's line
        awaited = inner or (frame.f_locals.get("work") if frame is not None else None)
    return f"{task.get_name()} ({' < '.join(reversed(places[-3:]))})"
