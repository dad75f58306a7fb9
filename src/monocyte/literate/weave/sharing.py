"""Two cores for one weaving: a second process makes a part of the files, if it can be had.

It is a fork, so it has all that was loaded and nothing needs to be sent to it. It only ever helps:
where there is none (another system, a thread that runs, a single core), or where it fails, this
process makes what is missing, and meets the same error itself.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import msgspec

__all__ = ["FEWEST", "shared"]

T = TypeVar("T")

FEWEST = 60
"""Fewer pieces of work than this are done sooner than a process is started."""


def shared(work: Sequence[T], do: Callable[[T], bytes]) -> list[bytes]:
    """What `do` returns for each piece of work, in order, whoever did it."""
    if len(work) < FEWEST or not _can_fork():
        return [do(it) for it in work]
    middle = len(work) // 2
    with _helping(work[middle:], do) as answer:
        own = [do(it) for it in work[:middle]]
        theirs = answer()
    return own + ([do(it) for it in work[middle:]] if theirs is None else theirs)


def _can_fork() -> bool:
    """Whether a fork is safe: no other thread may hold a lock; macOS forbids much after it."""
    is_possible = hasattr(os, "fork") and os.uname().sysname == "Linux"
    return is_possible and threading.active_count() == 1 and (os.cpu_count() or 1) > 1


@contextmanager
def _helping(
    work: Sequence[T], do: Callable[[T], bytes]
) -> Iterator[Callable[[], list[bytes] | None]]:
    """Start a helper; it is waited for in any case, so that nobody writes any more afterwards."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _help(work, do, writing)
    os.close(writing)
    waited = False

    def answer() -> list[bytes] | None:
        nonlocal waited
        with os.fdopen(reading, "rb", closefd=False) as pipe:
            said = pipe.read()
        waited = True
        _, status = os.waitpid(child, 0)
        return msgspec.msgpack.decode(said, type=list[bytes]) if status == 0 else None

    try:
        yield answer
    finally:
        os.close(reading)
        if not waited:
            os.waitpid(child, 0)


def _help(work: Sequence[T], do: Callable[[T], bytes], writing: int) -> None:
    """Do the work, answer, and end at once: nothing of the parent may be flushed or closed here."""
    code = 1
    try:
        said = msgspec.msgpack.encode([do(it) for it in work])
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(said)
        code = 0
    finally:
        os._exit(code)
