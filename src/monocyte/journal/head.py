"""The head file: how far the journal had been acknowledged, kept beside it.

SQLite takes a damaged write-ahead log for one that ends before the damage, so a flipped byte would
take acknowledged entries away without a word. The head says which entry was the last one: a journal
that does not hold it has lost something. It is written after each durable commit and before anybody
is told, and never synced: after a killed process it is exact, after a power cut a lower bound.

Two slots, one disk sector each, are written in turn, so that a torn write leaves the other one.
"""

from __future__ import annotations

import os
from pathlib import Path
from struct import Struct
from typing import Final
from zlib import crc32

import msgspec

__all__ = ["Head", "HeadFile", "path_of", "read_head"]

_SLOT: Final = 512
_MAGIC: Final = b"MONOHEAD"
_FIELDS: Final = Struct(">8sB16sQQ32s")
_CHECK: Final = Struct(">I")
_SIZE: Final = _FIELDS.size + _CHECK.size


class Head(msgspec.Struct, frozen=True):
    """The last acknowledged entry: the number of entries up to it, its key and its link."""

    journal: bytes
    """Identity of the journal, 16 bytes: a head of another journal says nothing about this one."""
    count: int
    key: int
    link: bytes
    relaxed: bool = False
    """Whether it was acknowledged before it was synced, so that a power cut may take it away."""


def path_of(journal: Path) -> Path:
    """Where the head of a journal is kept."""
    return journal.with_name(journal.name + ".head")


def read_head(path: Path) -> Head | None:
    """The newest whole slot of a head file; None if there is none.

    Raises:
        OSError: the file is there and cannot be read.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    heads = (_unpack(data[start : start + _SIZE]) for start in (0, _SLOT))
    return max((head for head in heads if head), key=lambda head: head.count, default=None)


def _pack(head: Head) -> bytes:
    fields = _FIELDS.pack(_MAGIC, head.relaxed, head.journal, head.count, head.key, head.link)
    return fields + _CHECK.pack(crc32(fields))


def _unpack(data: bytes) -> Head | None:
    fields, check = data[: _FIELDS.size], data[_FIELDS.size :]
    if len(data) != _SIZE or _CHECK.pack(crc32(fields)) != check:
        return None
    magic, relaxed, journal, count, key, link = _FIELDS.unpack(fields)
    return Head(journal, count, key, link, bool(relaxed)) if magic == _MAGIC else None


class HeadFile:
    """A head file that is open for writing: the writer's."""

    def __init__(self, path: Path, head: Head) -> None:
        """Replace what is there by `head`, synced.

        Raises:
            OSError: the file cannot be written.
        """
        self._journal = head.journal
        self._relaxed = head.relaxed
        self._turn = 0
        fresh = path.with_name(path.name + ".new")
        self._fd = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        os.pwrite(self._fd, _pack(head).ljust(2 * _SLOT, b"\0"), 0)
        os.fsync(self._fd)
        fresh.replace(path)

    def write(self, count: int, key: int, link: bytes) -> None:
        """Say that the entry of that number, key and link is durable.

        Raises:
            OSError: the disk refuses.
        """
        self._turn ^= _SLOT
        head = _FIELDS.pack(_MAGIC, self._relaxed, self._journal, count, key, link)
        os.pwrite(self._fd, head + _CHECK.pack(crc32(head)), self._turn)

    def close(self) -> None:
        """Let go of the file."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
