"""What travels between us, the nursery and its children: length-prefixed msgpack, nothing else.

A frame that does not decode is garbage, and who sent it is treated as broken.
"""

from __future__ import annotations

import os
import select
import time
from enum import StrEnum
from typing import TypeVar

import msgspec

__all__ = ["Broken", "Fate", "Job", "Limits", "Report", "Setup", "receive", "send"]

T = TypeVar("T")
LARGEST = 1 << 28


class Broken(Exception):
    """The other side has gone, is late, or talks nonsense; the argument says which."""


class Fate(StrEnum):
    """What became of the child that did a job."""

    DONE = "done"
    FAILED = "failed"  # the job raised
    TIMED_OUT = "timed out"
    OUT_OF_MEMORY = "out of memory"
    EXITED = "exited"  # os._exit, or the end of the process by itself
    KILLED = "killed"  # by a signal: a crash
    GARBAGE = "garbage"  # what it wrote was no result


class Limits(msgspec.Struct, frozen=True):
    """What one job may use, at most."""

    wall: float = 10.0
    """Seconds until it is killed."""
    cpu: float = 10.0
    """Seconds of processor time until it is killed."""
    memory: int = 1 << 30
    """Bytes of address space beyond what the nursery has."""
    output: int = 1 << 20
    """Bytes of stdout, of stderr, and of any file that it writes."""
    forks: bool = False
    """Whether it may have children of its own; they are as locked, and end with it."""


class Setup(msgspec.Struct, frozen=True):
    """How a nursery is started: what it may import, and what it imports beforehand.

    `module:function` is called as well: what a library makes ready late, it makes ready once.
    """

    paths: tuple[str, ...]
    preload: tuple[str, ...]
    folder: str


class Job(msgspec.Struct, frozen=True):
    """`entry` is `module:function` of ours, from bytes to bytes."""

    entry: str
    payload: bytes
    limits: Limits


class Report(msgspec.Struct, frozen=True):
    """What became of a job; `value` is what its entry returned, if it is done."""

    fate: Fate
    value: bytes = b""
    detail: str = ""
    stdout: bytes = b""
    stderr: bytes = b""
    seconds: float = 0.0
    """Wall time."""
    cpu: float = 0.0
    pid: int = 0


def send(fd: int, message: object) -> None:
    """Write one frame; raises Broken if nobody reads."""
    body = msgspec.msgpack.encode(message)
    data = memoryview(len(body).to_bytes(4, "big") + body)
    try:
        while data:
            data = data[os.write(fd, data) :]
    except OSError as error:
        raise Broken(f"nobody reads: {error}") from None


def receive(fd: int, kind: type[T], until: float | None = None) -> T:
    """Read one frame, until that monotonic time; raises Broken if none comes or it is garbage."""
    size = int.from_bytes(_read(fd, 4, until), "big")
    if size > LARGEST:
        raise Broken("garbage: a frame too large")
    try:
        return msgspec.msgpack.decode(_read(fd, size, until), type=kind)
    except msgspec.MsgspecError as error:
        raise Broken(f"garbage: {error}") from None


def _read(fd: int, size: int, until: float | None) -> bytes:
    data = b""
    while len(data) < size:
        if until is not None and not _ready(fd, until):
            raise Broken("late")
        piece = os.read(fd, min(size - len(data), 1 << 20))
        if not piece:
            raise Broken("gone")
        data += piece
    return data


def _ready(fd: int, until: float) -> bool:
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(max(0.0, until - time.monotonic()) * 1000))
