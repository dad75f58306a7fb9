"""In a worker: stop code that takes too long, from inside, and run coroutines to their end.

A stopped call costs milliseconds; a killed worker costs the whole job. Code that swallows the stop
is stopped again, and in the end killed from outside.
"""

from __future__ import annotations

import signal
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

__all__ = ["Overtime", "finish", "stopwatch"]

AGAIN = 0.02
"""Seconds until code that swallowed the stop is stopped again."""


class Overtime(BaseException):
    """The time of a call is up; no `except Exception` may catch it."""


class _Armed:
    yes = False
    is_ready = False


@contextmanager
def stopwatch(cpu: float, wall: float = 0.0) -> Iterator[None]:
    """Raise Overtime inside once that many seconds are used (wall: ten times cpu by default)."""
    if not _Armed.is_ready:
        signal.signal(signal.SIGPROF, _stop)
        signal.signal(signal.SIGALRM, _stop)
        _Armed.is_ready = True
    _Armed.yes = True
    try:
        signal.setitimer(signal.ITIMER_PROF, cpu, AGAIN)
        signal.setitimer(signal.ITIMER_REAL, wall or cpu * 10, AGAIN)
        yield
    finally:
        _Armed.yes = False  # first of all: a signal that is on its way must not land outside
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    if _Armed.yes:
        raise Overtime


def finish(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine returns, in a loop of its own."""
    import asyncio  # noqa: PLC0415 (50 ms that most jobs need not pay)

    return asyncio.run(coroutine)
