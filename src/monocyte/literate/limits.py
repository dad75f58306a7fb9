"""Stops what never ends, by the clock on the wall: a signal interrupts even a busy loop.

The only file here that knows signals. Where there is none (in another thread, on a system without
SIGALRM) nothing is stopped, and the step limit of a World is all that there is. What would end the
whole process, and us with it, is an error instead.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

__all__ = ["LIMIT", "Overdue", "within"]

LIMIT = 20.0
"""Seconds that a scenario may take."""

AGAIN = 0.2
"""Seconds after which it is tried again, and harder."""

DEBUGGERS = ("bdb", "pdb", "pydevd", "debugpy", "_pydevd_bundle")


class Overdue(KeyboardInterrupt):
    """Something took longer than it may.

    It interrupts as Ctrl-C does, so that neither an event loop nor a handler keeps it for itself.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(f"it never ended: it was stopped after {seconds:g} s")


@contextmanager
def within(seconds: float, files: Iterable[str] = ()) -> Iterator[None]:
    """Interrupt what stands inside when it takes longer; 0 is for ever.

    It is interrupted in the author's `files` where it can be, else wherever it is.

    Raises:
        Overdue: it took longer; raised where it was.
        SystemExit: it called `os._exit`; raised where it was.
    """
    with _staying():
        if seconds <= 0 or not _can_ring():
            yield
        else:
            with _ringing(seconds, files):
                yield


@contextmanager
def _staying() -> Iterator[None]:
    """Whoever would end this process, without a word from us, gets `SystemExit` instead."""
    here, ended = os.getpid(), os._exit

    def stay(status: int) -> None:
        if os.getpid() != here:  # a child that was made meanwhile may go
            ended(status)
        raise SystemExit(f"os._exit({status}) would have ended everything here")

    homes = [os, sys.modules[os.name]]  # `os` has it from `posix`
    for home in homes:
        vars(home)["_exit"] = stay
    try:
        yield
    finally:
        for home in homes:
            vars(home)["_exit"] = ended


@contextmanager
def _ringing(seconds: float, files: Iterable[str]) -> Iterator[None]:
    alarm = _Alarm(seconds, frozenset(files))
    started, tracing = time.monotonic(), sys.gettrace()
    before = signal.signal(signal.SIGALRM, alarm.ring)
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before or signal.SIG_DFL)
        alarm.over = True
        if alarm.rings:
            sys.settrace(tracing)
        if left:  # somebody else's alarm, such as that of pytest-timeout
            rest = max(left - (time.monotonic() - started), 0.001)
            signal.setitimer(signal.ITIMER_REAL, rest, interval)


class _Alarm:
    """Rings until it is heard.

    First it waits for the next line of the author's, so that nothing of ours is left half done.
    Then it interrupts whatever runs. Who swallows that with `except BaseException` is interrupted
    some lines later each time, until it happens outside of the `try`.
    """

    def __init__(self, seconds: float, files: frozenset[str]) -> None:
        self.rings = 0
        self.over = False
        self._seconds = seconds
        self._files = files
        self._lines = 0

    def ring(self, _: int, frame: FrameType | None) -> None:
        """The time is over."""
        if _is_debugged():
            return
        self.rings += 1
        self._lines = self.rings % 16
        inside = frame is not None and frame.f_code.co_filename in self._files
        sys.settrace(_nothing)  # without which no frame is traced
        while frame is not None:
            if frame.f_code.co_filename in self._files:
                frame.f_trace = self._interrupt
            frame = frame.f_back
        if inside or self.rings % 2 == 0:
            raise Overdue(self._seconds)

    def _interrupt(self, frame: FrameType, event: str, _: Any) -> Any:
        if self.over:
            return None
        self._lines -= event == "line"
        if self._lines <= 0:
            raise Overdue(self._seconds)
        return frame.f_trace


def _nothing(frame: FrameType, event: str, argument: Any) -> None:
    """Trace no function that is called from now on."""


def _can_ring() -> bool:
    main = threading.current_thread() is threading.main_thread()
    return main and hasattr(signal, "SIGALRM")


def _is_debugged() -> bool:
    """Whether somebody looks at it step by step, and may take their time."""
    return getattr(sys.gettrace(), "__module__", "") in DEBUGGERS
