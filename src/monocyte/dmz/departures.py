"""Clients who leave before they are answered: what they asked for is cancelled.

Most requests are answered long before it is worth asking whether anybody still waits. So those that
may take time are entered in a set, which costs next to nothing, and only who is still there when
the timer looks for the second time is given a task that listens for the end of the connection.
"""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.types import Receive

__all__ = ["Departures", "Waiting"]

LOOK_EVERY = 0.25
"""Seconds; a request is watched after one to two of these."""


class Waiting:
    """A request that may take time; `gone` once its client has left and its task is cancelled."""

    __slots__ = ("gone", "receive", "seen", "task", "watcher")

    def __init__(self, task: asyncio.Task[Any], receive: Receive) -> None:
        self.task = task
        self.receive = receive
        self.seen = False
        self.gone = False
        self.watcher: asyncio.Task[None] | None = None


class Departures:
    """The requests that may take time, on one loop.

    Use it as: `waiting = enter(receive)`, `try: …`, `except CancelledError: if waiting.gone: …`,
    `finally: leave(waiting)`.
    """

    def __init__(self) -> None:
        self._waiting: set[Waiting] = set()
        self._timer: asyncio.TimerHandle | None = None

    def enter(self, receive: Receive) -> Waiting:
        """The running task answers a request whose body has been read with `receive`."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a request must be answered within a task")
        waiting = Waiting(task, receive)
        self._waiting.add(waiting)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LOOK_EVERY, self._look)
        return waiting

    def leave(self, waiting: Waiting) -> None:
        """It is answered, or was cancelled."""
        self._waiting.discard(waiting)
        if waiting.watcher is not None:
            waiting.watcher.cancel()

    def _look(self) -> None:
        self._timer = None
        for waiting in self._waiting:
            if waiting.seen and waiting.watcher is None:
                waiting.watcher = asyncio.create_task(_watch(waiting))
            waiting.seen = True
        if self._waiting:
            self._timer = asyncio.get_running_loop().call_later(LOOK_EVERY, self._look)


async def _watch(waiting: Waiting) -> None:
    while (await waiting.receive())["type"] != "http.disconnect":
        pass
    waiting.gone = True
    waiting.task.cancel()
