"""What a cell costs: CPU time and waiting time, step by step; and who held the loop too long.

A coroutine is driven through `accounted`, which measures each of its steps between two awaits. All
times are in seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Generator
from types import coroutine
from typing import Any, TypeVar

__all__ = ["BLOCKING", "Account", "accounted"]

T = TypeVar("T")

BLOCKING = 0.05
"""A step that holds the loop longer than this, in seconds, is a fact worth telling."""


class Account:
    """The running totals of one cell; `on_blocked` hears of a step that held the loop too long."""

    __slots__ = (
        "blocked",
        "commands",
        "cpu",
        "crashes",
        "on_blocked",
        "queries",
        "reactions",
        "refusals",
        "reruns",
        "timers",
        "waiting",
    )

    def __init__(self, on_blocked: Callable[[str, float], None] = lambda *_: None) -> None:
        self.cpu = 0.0
        self.waiting = 0.0
        self.queries = 0
        self.commands = 0
        self.reactions = 0
        self.timers = 0
        self.refusals = 0
        self.crashes = 0
        self.reruns = 0
        self.blocked = 0
        self.on_blocked = on_blocked

    def totals(self) -> dict[str, float]:
        """Every total by name; `cpu` and `waiting` in seconds."""
        return {name: getattr(self, name) for name in self.__slots__ if name != "on_blocked"}

    def step(self, function: str, seconds: float) -> None:
        """Book a step of a function that has just let go of the loop."""
        self.cpu += seconds
        if seconds > BLOCKING:
            self.held(function, seconds)

    def held(self, function: str, seconds: float) -> None:
        """Tell that a step held the loop for too long."""
        self.blocked += 1
        self.on_blocked(function, seconds)


@coroutine
def accounted(
    account: Account,
    function: str,
    work: Coroutine[Any, Any, T],
    now: Callable[[], float] = time.perf_counter,
) -> Generator[Any, Any, T]:
    """Drive a coroutine to its end, booking each step as CPU time and each await as waiting."""
    sent: Any = None
    error: BaseException | None = None
    while True:
        started = now()
        try:
            wanted = work.send(sent) if error is None else work.throw(error)
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            stopped = now()
            account.step(function, stopped - started)
        sent, error = None, None
        try:
            sent = yield wanted
        except BaseException as why:  # noqa: BLE001 (it is the coroutine's to handle, cancellation too)
            error = why
        finally:
            account.waiting += now() - stopped
