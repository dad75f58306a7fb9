"""A fork of this process that does a part of its jobs: half of the time where there are two cores.

Jobs are functions of ours without arguments, made before the fork, that give bytes and touch
nothing else. They are dealt through a pipe, so that each is done once, by whoever is free. A twin
that dies, or cannot be had, costs time and no answer: what it has not told is done here.
"""

from __future__ import annotations

import gc
import os
import signal
import struct
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

__all__ = ["Job", "Twin", "may_fork"]

Job = Callable[[], bytes]

MOST = 8000
"""Jobs: their numbers fit into a pipe before anybody reads them."""

_NUMBER = struct.Struct("<I")
_TOLD = struct.Struct("<Ii")
"""The number of a job, and how long its result is; less than nothing where it failed."""


def may_fork() -> bool:
    """Whether a fork helps, and is safe: a second core, and no threads that could hold a lock."""
    if sys.platform != "linux" or threading.active_count() > 1:
        return False
    return len(os.sched_getaffinity(0)) > 1


class Twin:
    """Jobs by name, done here and in a fork; those for `later` only there, after all others."""

    def __init__(self, jobs: Mapping[str, Job], later: Mapping[str, Job]) -> None:
        self._jobs = {**jobs, **later}
        self._names = list(self._jobs)
        self._done: dict[str, bytes] = {}
        self._at = 0
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (closed by __exit__)
        self._due, due = os.pipe()
        os.write(due, b"".join(map(_NUMBER.pack, range(min(len(jobs), MOST)))))
        os.close(due)
        self._told, told = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        """Of the fork; in it, none."""
        if not self.pid:
            self._work(told, range(len(jobs), len(self._names)))
        os.close(told)

    def __contains__(self, name: str) -> bool:
        return name in self._jobs

    def take(self, name: str) -> bytes:
        """What a job gives: meanwhile, others are done here; raises what it raises."""
        while name not in self._done:
            self._hear(wait=False)
            number = b"" if name in self._done else os.read(self._due, _NUMBER.size)
            if number:
                due = self._names[_NUMBER.unpack(number)[0]]
                self._done[due] = self._jobs[due]()
            elif name not in self._done and not self._hear(wait=True):
                self._done[name] = self._jobs[name]()
        return self._done[name]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._due)
        os.close(self._told)
        self._file.close()

    def _hear(self, *, wait: bool) -> bool:
        """Take in what the twin has done; whether it lives, or has told something."""
        os.set_blocking(self._told, wait)
        try:
            told = os.read(self._told, 512 * _TOLD.size)
        except BlockingIOError:
            return True
        for number, length in _TOLD.iter_unpack(told):
            if length >= 0:
                self._done[self._names[number]] = os.pread(self._file.fileno(), length, self._at)
                self._at += length
        return bool(told)

    # -- in the fork ------------------------------------------------------------------------------

    def _work(self, told: int, later: range) -> None:
        """All jobs that nobody has taken, then those for later; never comes back."""
        gc.disable()  # it ends soon, and freeing what it has read would take a fifth of its time
        try:
            while number := os.read(self._due, _NUMBER.size):
                self._do(_NUMBER.unpack(number)[0], told)
            for each in later:
                self._do(each, told)
        finally:
            os._exit(0)

    def _do(self, number: int, told: int) -> None:
        try:
            value = self._jobs[self._names[number]]()
        except Exception:  # noqa: BLE001 (whoever asks for it gets the error, by doing it again)
            os.write(told, _TOLD.pack(number, -1))
            return
        left = memoryview(value)
        while left:
            left = left[os.write(self._file.fileno(), left) :]
        os.write(told, _TOLD.pack(number, len(value)))
