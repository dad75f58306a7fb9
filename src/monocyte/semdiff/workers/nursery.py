"""The nursery: a fresh interpreter that forks a locked child for each job and reports its fate.

It never runs anybody's code itself, so each child starts from the same clean state; a fork costs
milliseconds where a new interpreter with its imports costs half a second. Whatever a child does
(die, hang, print, fork, exit, send nonsense), it is read to its end, killed with all its
descendants, and reported.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import NamedTuple

import msgspec

from monocyte.semdiff.workers.frames import Broken, Fate, Job, Report, Setup, receive, send
from monocyte.semdiff.workers.lock import lock, lock_nursery

__all__ = ["main"]

WANTED, TOLD = 61, 62
"""Descriptors of the conversation with our parent, out of the way of 0, 1 and 2."""


def main() -> None:
    """Read the setup, then do jobs until the parent is gone."""
    os.dup2(0, WANTED)
    os.dup2(1, TOLD)
    _to_null(0, 1)
    setup = receive(WANTED, Setup)
    sys.path[1:1] = setup.paths
    for name in setup.preload:
        with contextlib.suppress(ImportError):
            module, _, function = name.partition(":")
            found = importlib.import_module(module)
            if function:
                getattr(found, function)()
    lock_nursery(setup.folder)
    gc.collect()
    gc.freeze()  # what is here is never garbage, and children do not copy it to find that out
    with contextlib.suppress(Broken):
        while True:
            send(TOLD, _do(receive(WANTED, Job), setup.folder))


class _Child(NamedTuple):
    pid: int
    result: int
    stdout: int
    stderr: int
    folder: str
    until: float


def _do(job: Job, folder: str) -> Report:
    started = time.monotonic()
    child = _fork(job, folder)
    data, late = _read_all(child.result, child.until)
    if not late:
        late = not _await_end(child.pid, child.until)
    _kill(child.pid)
    _, status, used = os.wait4(child.pid, 0)
    _bury_descendants()
    fate, value, detail = _fate(data, late, status)
    report = Report(
        fate,
        value,
        detail,
        stdout=_captured(child.stdout, job.limits.output),
        stderr=_captured(child.stderr, job.limits.output),
        seconds=time.monotonic() - started,
        cpu=used.ru_utime + used.ru_stime,
        pid=child.pid,
    )
    for fd in (child.result, child.stdout, child.stderr):
        os.close(fd)
    shutil.rmtree(child.folder, ignore_errors=True)
    return report


def _fork(job: Job, folder: str) -> _Child:
    mine, theirs = os.pipe()
    stdout, stderr = _scratch(folder), _scratch(folder)
    room = tempfile.mkdtemp(prefix="job-", dir=folder)
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            _move(theirs, stdout, stderr)
            _work(job, room)
        finally:
            os._exit(70)
    os.close(theirs)
    return _Child(pid, mine, stdout, stderr, room, time.monotonic() + job.limits.wall)


def _scratch(folder: str) -> int:
    fd, path = tempfile.mkstemp(dir=folder)
    Path(path).unlink()
    return fd


def _move(result: int, stdout: int, stderr: int) -> None:
    """The child keeps its outputs and the end of its own pipe, and nothing of the nursery's."""
    os.dup2(result, 63)
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    os.closerange(3, 63)
    os.closerange(64, 1024)


def _work(job: Job, room: str) -> None:
    """In the child: lock it, do the job, answer. It ends in os._exit, whatever happens."""
    os.chdir(room)
    os.environ.update(HOME=room, TMPDIR=room)
    tempfile.tempdir = room
    module, _, name = job.entry.partition(":")
    try:
        entry = getattr(importlib.import_module(module), name)
        lock(job.limits, room)
        value = entry(job.payload)
        answer = Report(Fate.DONE, value)
    except MemoryError:
        answer = Report(Fate.OUT_OF_MEMORY, detail="MemoryError")
    except SystemExit as left:
        answer = Report(Fate.EXITED, detail=f"SystemExit({left.code!r})")
    except BaseException:  # noqa: BLE001 (the edge: whatever it was, it is reported)
        answer = Report(Fate.FAILED, detail=traceback.format_exc(limit=-12))
    with contextlib.suppress(Exception):
        sys.stdout.flush()
        sys.stderr.flush()
    with contextlib.suppress(Broken):
        send(63, answer)
    os._exit(0)


def _read_all(fd: int, until: float) -> tuple[bytes, bool]:
    """What the child wrote until the first complete frame, its end, or the deadline."""
    data = b""
    poll = select.poll()
    poll.register(fd, select.POLLIN | select.POLLHUP)
    while len(data) < 4 or len(data) < 4 + int.from_bytes(data[:4], "big"):
        left = until - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            return data, True
        piece = os.read(fd, 1 << 20)
        if not piece:
            break
        data += piece
    return data, False


def _await_end(pid: int, until: float) -> bool:
    """Whether the child ends by itself before the deadline (it is left unreaped)."""
    while time.monotonic() < until:
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return True
        time.sleep(0.0005)
    return False


def _kill(pid: int) -> None:
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)


def _bury_descendants() -> None:
    """Kill what a child left behind: as their subreaper we inherit whatever outlived it."""
    while True:
        try:
            with open("/proc/thread-self/children", encoding="ascii") as file:  # noqa: PTH123
                left = [int(pid) for pid in file.read().split()]
        except OSError:
            return
        for pid in left:
            _kill(pid)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
        if not left:
            return


def _fate(data: bytes, late: bool, status: int) -> tuple[Fate, bytes, str]:
    """Judge a child by what it wrote and how it ended."""
    code = os.waitstatus_to_exitcode(status)
    if late:
        return Fate.TIMED_OUT, b"", "wall time is up"
    if code == -signal.SIGXCPU:
        return Fate.TIMED_OUT, b"", "processor time is up"
    if not data:
        if code < 0:
            return Fate.KILLED, b"", signal.Signals(-code).name
        return Fate.EXITED, b"", f"exit code {code}"
    try:
        said = msgspec.msgpack.decode(data[4:], type=Report)
    except msgspec.MsgspecError as error:
        return Fate.GARBAGE, b"", str(error)
    return said.fate, said.value, said.detail


def _captured(fd: int, limit: int) -> bytes:
    return os.pread(fd, limit, 0)


def _to_null(*fds: int) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for fd in fds:
        os.dup2(null, fd)
    os.close(null)
