"""Runs jobs in forked children, a few at a time, each in one that is thrown away afterwards.

A child has the parent's memory as it was, and whatever it does to that memory, to the process or
to the clock concerns nobody else: it may loop, exit, eat memory or leave rubbish in a global. The
rule of this file: every child that was started is waited for, however the parent goes on.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import os
import resource
import selectors
import shutil
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Generic, Literal, NamedTuple, TypeVar

import msgspec

__all__ = ["Child", "Ended", "Job", "cores", "gathered", "run_forked"]

K = TypeVar("K")
T = TypeVar("T")

MEMORY = 1 << 30
"""How many bytes a child may add to what it was born with."""


class Job(NamedTuple, Generic[K]):
    """Something to run in a child: for so many seconds of CPU time, unless it is allowed more.

    `silence` is how many seconds by the clock it may say nothing; it may be asleep.
    """

    key: K
    work: Callable[[Child], None]
    seconds: float
    silence: float


class Ended(NamedTuple, Generic[K]):
    """What a child said, in order, and how it ended: `why` is for people."""

    key: K
    said: list[Any]
    how: Literal["done", "died", "timeout"]
    why: str
    seconds: float


class Child:
    """What a job has in its child: a way to say something, and to be held to a time."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe

    def say(self, thing: Any) -> None:
        """Tell the parent; it is heard even if the child dies next."""
        text = msgspec.json.encode(thing) + b"\n"
        while text:
            text = text[os.write(self._pipe, text) :]

    def allow(self, seconds: float) -> None:
        """From now on, so many seconds of CPU time; then the child is ended, whatever it does."""
        signal.setitimer(signal.ITIMER_PROF, seconds)


class _Running:
    """A child at work, seen from its parent."""

    def __init__(self, pid: int, pipe: int, job: Job[Any]) -> None:
        self.pid, self.pipe, self.job = pid, pipe, job
        self.began = self.last = time.monotonic()
        self.heard = bytearray()

    @property
    def late(self) -> float:
        """When it has been silent for too long."""
        return self.last + self.job.silence

    def hear(self) -> bool:
        """Take what it says; False when it has ended."""
        text = os.read(self.pipe, 1 << 16)
        self.heard += text
        self.last = time.monotonic()
        return bool(text)


def cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_forked(
    take: Callable[[], Job[K] | None], workers: int = 0
) -> Generator[Ended[K], None, None]:
    """Run jobs in children, as many at a time as there are cores (or `workers`); as they end.

    `take` gives the next job whenever there is room, or None as long as there is none: what a child
    has found out may make more. It is over when there is none and nothing runs; whoever stops
    listening ends it at once.
    """
    pool = _Pool(workers or cores())
    try:
        yield from pool.run(take)
    finally:
        pool.close()


def gathered(
    works: Sequence[Callable[[], Iterable[Any]]], kind: type[T], *, seconds: float, workers: int = 0
) -> Iterator[tuple[int, list[T], str]]:
    """Run each work in a child: its number, what it yielded, and why it did not end (or nothing).

    They come as they end. A work may take so many seconds of CPU time; what it yields must be of
    that kind, and have a form in JSON.
    """
    left = iter(enumerate(works))

    def tell(work: Callable[[], Iterable[Any]], child: Child) -> None:
        for thing in work():
            child.say(thing)

    def take() -> Job[int] | None:
        number, work = next(left, (-1, None))
        return Job(number, partial(tell, work), seconds, 2 * seconds) if work else None

    with contextlib.closing(run_forked(take, workers)) as ended:
        for end in ended:
            said = [msgspec.convert(it, kind) for it in end.said]
            yield end.key, said, "" if end.how == "done" else end.why


class _Pool:
    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._running: dict[int, _Running] = {}
        self._selector = selectors.DefaultSelector()
        self._scratch = Path(tempfile.mkdtemp(prefix="monocyte-"))
        # What is alive now is never looked at by a child's collector, so it stays shared.
        gc.freeze()

    def run(self, take: Callable[[], Job[Any] | None]) -> Iterator[Ended[Any]]:
        while True:
            while len(self._running) < self._workers and (job := take()) is not None:
                self._start(job)
            if not self._running:
                return
            yield from list(self._listen())

    def close(self) -> None:
        """End whatever still runs, and wait for it."""
        for child in self._running.values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGKILL)
        for child in list(self._running.values()):
            self._reap(child)
        self._selector.close()
        gc.unfreeze()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _start(self, job: Job[Any]) -> None:
        # Ctrl-C waits until the child is on the list, and never reaches the child.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        try:
            reading, writing = os.pipe()
            with warnings.catch_warnings():
                # A child uses no thread of its parent's, and none of its parent's streams.
                warnings.simplefilter("ignore", DeprecationWarning)
                pid = os.fork()
            if pid == 0:
                os.close(reading)
                _live(job, writing, self._scratch)
            os.close(writing)
            child = _Running(pid, reading, job)
            self._running[reading] = child
            self._selector.register(reading, selectors.EVENT_READ)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _listen(self) -> Iterator[Ended[Any]]:
        """Wait until some child says something or is late; those that have ended come back."""
        late = min((child.late for child in self._running.values()), default=0.0)
        wait = max(0.0, late - time.monotonic())
        for key, _ in self._selector.select(wait):
            child = self._running[key.fd]
            if not child.hear():
                yield self._ended(child, self._reap(child))
        for child in [it for it in self._running.values() if it.late < time.monotonic()]:
            os.kill(child.pid, signal.SIGKILL)
            self._reap(child)
            yield self._ended(child, -signal.SIGPROF)

    def _reap(self, child: _Running) -> int:
        """Wait for the end of a child; its exit code, negative for a signal."""
        self._selector.unregister(child.pipe)
        os.close(child.pipe)
        del self._running[child.pipe]
        return os.waitstatus_to_exitcode(os.waitpid(child.pid, 0)[1])

    def _ended(self, child: _Running, code: int) -> Ended[Any]:
        lines = child.heard.split(b"\n")[:-1]  # a last line without its end was never finished
        said = [msgspec.json.decode(line) for line in lines]
        how: Literal["done", "died", "timeout"]
        how, why = "done", ""
        if code == -signal.SIGPROF:
            how, why = "timeout", "it did not end in its time"
        elif code == -signal.SIGKILL:
            how, why = "died", "the process was killed"
        elif code != DONE:
            how, why = "died", f"the process ended with {code}"
        return Ended(child.job.key, said, how, why, time.monotonic() - child.began)


DONE = 86
"""The exit code of a job that came to its end; any other was chosen by what it ran."""


def _live(job: Job[Any], pipe: int, scratch: Path) -> None:
    """The whole life of a child; it never returns, so nothing of the parent's is run twice."""
    code = 1
    try:
        _settle_in(scratch)
        child = Child(pipe)
        child.allow(job.seconds)
        job.work(child)
        code = DONE
    except BaseException as why:  # noqa: BLE001 (a supervision edge: nothing may get out of here)
        with contextlib.suppress(OSError):
            os.write(2, repr(why).encode())
    finally:
        os._exit(code)


def _settle_in(scratch: Path) -> None:
    """Cut the child loose from what it shares with its parent, and bound what it can take."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it, and ends its children
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    faulthandler.disable()  # it would write to where the parent wants its own faults
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    # New objects: another thread may have held the lock of an old one when the fork came.
    sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    tempfile.tempdir = str(scratch)
    with contextlib.suppress(ValueError, OSError):  # not every system can bound it
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        most = _memory() + MEMORY
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        if hard in (resource.RLIM_INFINITY, -1) or most < hard:
            resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def _memory() -> int:
    """Bytes of address space in use; 0 bytes more than that would be too strict elsewhere."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
    return int(pages) * resource.getpagesize()
