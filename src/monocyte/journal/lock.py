"""One process per journal: a lock file that says who holds it.

The lock is the kernel's (flock), so that it ends with the process, however that ends; what is
written in the file only names the holder. The file is never removed: removing it would let two
processes each lock a file of that name.
"""

from __future__ import annotations

import fcntl
import os
import shlex
import sys
import time
from pathlib import Path
from typing import Final

from monocyte.errors import JournalLocked

__all__ = ["FileLock", "is_held"]

_TRIES: Final = 5
_PAUSE: Final = 0.02
"""Seconds between two tries."""


class FileLock:
    """Holds the lock from its making until `release`."""

    def __init__(self, path: Path) -> None:
        """Take the lock.

        Raises:
            JournalLocked: somebody else holds it; the error names the process.
            OSError: the file cannot be opened.
        """
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if not _taken(self._fd):
            holder = os.pread(self._fd, 4096, 0).decode(errors="replace").strip()
            os.close(self._fd)
            raise _locked(path, holder)
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"{os.getpid()} {shlex.join(sys.orig_argv)}\n".encode(), 0)

    def release(self) -> None:
        """Let go; the next opener may have it."""
        os.close(self._fd)


def _taken(fd: int) -> bool:
    """Try a little longer than it takes others to ask `is_held`, or a killed process to go."""
    for left in reversed(range(_TRIES)):
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if left:
                time.sleep(_PAUSE)
        else:
            return True
    return False


def is_held(path: Path) -> bool:
    """Whether somebody holds the lock just now; the file need not be there."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def _locked(path: Path, holder: str) -> JournalLocked:
    pid, _, command = holder.partition(" ")
    who = f"process {pid} ({command})" if pid else "another process"
    return JournalLocked(
        f"{who} writes to this journal",
        where=str(path.with_suffix("")),
        mend="stop that process first, or give this one a journal of its own; "
        "`monocyte journal show` can read it meanwhile",
    )
