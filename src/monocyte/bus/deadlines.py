"""Deadlines of many requests at the price of one timer.

`asyncio.timeout` costs a timer per request, several times what a request costs. Here requests that
wait are entered in a set; one timer stands at the earliest deadline that was open when it was set,
and looks for the next one when it fires. A request that is late is cancelled and told why.
"""

from __future__ import annotations

import asyncio
from typing import Any

from monocyte.contracts import FOREVER

__all__ = ["Deadlines", "Waiting"]


class Waiting:
    """A request that waits until `deadline`, in seconds of the loop; `late` once it passed."""

    __slots__ = ("deadline", "late", "task")

    def __init__(self, deadline: float, task: asyncio.Task[Any]) -> None:
        self.deadline = deadline
        self.task = task
        self.late = False


class Deadlines:
    """The requests that wait, on one loop.

    Use it as: `waiting = enter(deadline)`, `try: …`, `except CancelledError: if ended(waiting): …`,
    `finally: leave(waiting)`.
    """

    def __init__(self) -> None:
        self._waiting: set[Waiting] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._next = FOREVER

    def enter(self, deadline: float) -> Waiting:
        """The running task waits from now on, until `deadline`."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a request must be awaited within a task")
        waiting = Waiting(deadline, task)
        self._waiting.add(waiting)
        if deadline < self._next:
            self._set(deadline)
        return waiting

    def leave(self, waiting: Waiting) -> None:
        """It waits no more; a deadline that it has slept through cancels nothing else."""
        self._waiting.discard(waiting)
        if waiting.late:
            waiting.task.uncancel()

    def ended(self, waiting: Waiting) -> bool:
        """Whether the cancellation that has just arrived was the deadline's, and nobody else's."""
        late, waiting.late = waiting.late, False
        return late and waiting.task.uncancel() == 0

    def _set(self, deadline: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._next = deadline
        self._timer = asyncio.get_running_loop().call_at(deadline, self._look)

    def _look(self) -> None:
        now, self._next, self._timer = asyncio.get_running_loop().time(), FOREVER, None
        for waiting in self._waiting:
            if waiting.deadline <= now and not waiting.late:
                waiting.late = True
                waiting.task.cancel()
        left = [w.deadline for w in self._waiting if not w.late]
        if left:
            self._set(min(left))
