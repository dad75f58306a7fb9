"""From what a process asked the disk to do, to what a power cut at any moment could have left.

The recording is the shim's (shim.c). What was synced is there; of what was not, each 512-byte
sector of each write may or may not be, independently; names appear and vanish in order, up to any
point behind the last sync of their directory. One recording gives as many power cuts as one likes.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Final

SECTOR: Final = 512
_HEADER: Final = struct.Struct("=8I")


class Operation(IntEnum):
    """As in shim.c."""

    OPEN = 1
    WRITE = 2
    TRUNCATE = 3
    SYNC = 4
    RENAME = 5
    UNLINK = 6
    SYNC_DIRECTORY = 7


@dataclass(frozen=True, slots=True)
class Record:
    """One thing that the disk was asked to do."""

    operation: Operation
    file: int
    offset: int
    """Of a write; of a sync, the sequence number up to which it covers what was asked before."""
    size: int
    sequence: int
    data: bytes

    @property
    def names(self) -> list[str]:
        """The paths in it, below the recorded directory."""
        return [part.decode() for part in self.data.split(b"\0")]


def records(log: Path) -> Iterator[Record]:
    """The recording, in order; a last record that is cut off is left out."""
    with log.open("rb") as file:
        while len(header := file.read(_HEADER.size)) == _HEADER.size:
            length, code, number, low, high, size, sequence, count = _HEADER.unpack(header)
            data = file.read(length - _HEADER.size)
            if len(data) < length - _HEADER.size:
                return
            offset = high << 32 | low
            yield Record(Operation(code), number, offset, size, sequence, data[:count])


@dataclass
class _File:
    synced: bytearray = field(default_factory=bytearray)
    pending: list[Record] = field(default_factory=list)


class Disk:
    """What is safe on the disk, and what is only on its way."""

    def __init__(self) -> None:
        self._files: dict[int, _File] = {}
        self._names: dict[str, int] = {}
        self._pending_names: list[Record] = []
        self._seen: dict[str, int] = {}

    def ask(self, record: Record) -> None:
        """Take the next thing of the recording."""
        match record.operation:
            case Operation.WRITE | Operation.TRUNCATE:
                self._file(record.file).pending.append(record)
            case Operation.SYNC:
                self._sync(self._file(record.file), record.offset)
            case Operation.SYNC_DIRECTORY:
                covered = [it for it in self._pending_names if it.sequence <= record.offset]
                self._pending_names = self._pending_names[len(covered) :]
                self._names = _renamed(self._names, covered)
            case Operation.OPEN if self._seen.get(record.names[0]) == record.file:
                pass
            case _:
                self._pending_names.append(record)
                self._seen = _renamed(self._seen, [record])

    def cut(self, rng: random.Random, target: Path) -> None:
        """Write to the empty directory `target` what a power cut now could leave."""
        until = rng.randint(0, len(self._pending_names))
        names = _renamed(self._names, self._pending_names[:until])
        for name, number in names.items():
            if not name.endswith("-shm"):  # shared memory is never on its way to the disk
                target.joinpath(name).write_bytes(_survives(self._file(number), rng))

    def name_of(self, file: int) -> str | None:
        """How a file is called now."""
        return next((name for name, number in self._seen.items() if number == file), None)

    def _file(self, number: int) -> _File:
        return self._files.setdefault(number, _File())

    @staticmethod
    def _sync(file: _File, until: int) -> None:
        covered = [it for it in file.pending if it.sequence <= until]
        file.pending = file.pending[len(covered) :]
        for record in covered:
            _do(file.synced, record)


def _renamed(names: dict[str, int], changes: list[Record]) -> dict[str, int]:
    names = dict(names)
    for change in changes:
        match change.operation:
            case Operation.OPEN:
                names[change.names[0]] = change.file
            case Operation.RENAME:
                names[change.names[1]] = names.pop(change.names[0])
            case Operation.UNLINK:
                names.pop(change.names[0], None)
    return names


def _do(content: bytearray, record: Record) -> None:
    if record.operation is Operation.WRITE:
        _put(content, record.offset, record.data)
    else:
        del content[record.size :]
        content.extend(bytes(record.size - len(content)))


def _put(content: bytearray, offset: int, data: bytes) -> None:
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


def _survives(file: _File, rng: random.Random) -> bytes:
    content = bytearray(file.synced)
    style = rng.choice(["none", "all", "first ones", "some", "torn"])
    first = rng.randint(0, len(file.pending))
    for index, record in enumerate(file.pending):
        if style == "all" or (style == "first ones" and index < first):
            _do(content, record)
        elif style in ("some", "torn") and rng.random() < 0.5:
            _do_torn(content, record, rng) if style == "torn" else _do(content, record)
    return bytes(content)


def _do_torn(content: bytearray, record: Record, rng: random.Random) -> None:
    if record.operation is not Operation.WRITE:
        _do(content, record)
        return
    begin, end = record.offset, record.offset + len(record.data)
    while begin < end:
        stop = min(end, (begin // SECTOR + 1) * SECTOR)
        if rng.random() < 0.5:
            _put(content, begin, record.data[begin - record.offset : stop - record.offset])
        begin = stop
