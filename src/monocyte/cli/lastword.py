"""Holds a judging command to its last word: code of an app may end its process, not its verdict.

The command runs in a child that inherits the terminal. When it has come to its end, it says so
with its exit code; whoever ends it before, even with 0, makes it fail. The rule of this file: what
the child has not said did not happen.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

from monocyte.errors import DefinitionError

__all__ = ["held_to_its_word"]

PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def held_to_its_word(work: Callable[[], Any]) -> NoReturn:
    """Run `work` in a child until it raises SystemExit, and end as it says.

    Raises:
        SystemExit: with the code that the child ended with, and said.
        DefinitionError: it ended, with whatever code, before it could say it.
    """
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)  # they wait until both are ready
    child = os.fork()
    if child == 0:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(reading)
        _say_at_the_end(work, writing)
    os.close(writing)
    for number in PASSED_ON:
        signal.signal(number, partial(_pass_on, child))
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.set_blocking(reading, False)  # what the child has left behind may still hold the other end
    try:
        word = os.read(reading, 16)
    except BlockingIOError:
        word = b""
    if word.strip().isdigit():
        raise SystemExit(int(word))
    if status < 0:
        _end_likewise(-status)
    said = f"it came to no end: its process ended with {status} before there was a verdict"
    mend = "find what ends it (os._exit, os.exec…) when a cell is loaded or played"
    raise DefinitionError(said, mend=mend)


def _say_at_the_end(work: Callable[[], Any], pipe: int) -> NoReturn:
    """The child: it ends as any program does, only that its exit code is said before."""
    code: object = 1
    try:
        work()
        code = 0
    except SystemExit as why:
        code = why.code
        raise
    finally:
        number = code if isinstance(code, int) else int(code is not None)
        os.write(pipe, b"%d\n" % number)
    raise SystemExit(0)


def _pass_on(child: int, number: int, _: object) -> None:
    """What would end us ends the child, and it says how; Ctrl-C at a terminal has told it."""
    if number != signal.SIGINT or not _is_in_front():
        os.kill(child, number)


def _is_in_front() -> bool:
    """Whether a terminal tells our whole group what is pressed."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    finally:
        os.close(terminal)


def _end_likewise(number: int) -> NoReturn:
    """End by the signal that ended the child, as a shell expects it."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    raise SystemExit(128 + number)
