"""Reading a journal file, on a connection of its own that cannot write or hold up whoever does.

What is read is fetched in chunks, each in a read transaction of its own, so that no reader keeps
the write-ahead log from being folded back. One lock guards the connection: any thread may read.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from operator import add
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

import msgspec

from monocyte.errors import JournalUnavailable
from monocyte.journal import chain, layout, refusals
from monocyte.journal.entries import (
    Entry,
    EventRecord,
    Snapshot,
    decode,
    decode_all,
    decode_events,
)
from monocyte.journal.findings import Finding

__all__ = ["JournalReader", "Last", "Stored", "pack_snapshot"]

_CHUNK_BYTES: Final = 2 << 20
_CHUNK_ROWS: Final = 512

_FIND: Final = f"SELECT body FROM entries WHERE id = ? AND key >> {layout.SHIFT} = ?"  # noqa: S608
_NEXT: Final = "SELECT key, link, body FROM entries WHERE key > ? AND key < ? ORDER BY key LIMIT ?"
_BEFORE: Final = """
    SELECT key, link, body FROM entries WHERE key > ? AND key <= ? ORDER BY key DESC LIMIT 2"""
_STORED: Final = """
    SELECT key, id, link, body FROM entries WHERE key > ? AND key < ? ORDER BY key LIMIT ?"""
_LAST: Final = """
    SELECT n, key, link, body FROM entries WHERE key > ? AND key < ? ORDER BY key DESC LIMIT 1"""
_IDENTITY: Final = "SELECT value FROM meta WHERE name = 'identity'"
_SNAPSHOTS: Final = "SELECT seq FROM snapshots WHERE cell = ? ORDER BY seq DESC"
_SNAPSHOT: Final = "SELECT link, digest, body FROM snapshots WHERE cell = ? AND seq = ?"

_Row = tuple[int, bytes, bytes]
_Types = type | tuple[type, ...]

_STORED_TYPES: Final = (int, (str, type(None)), bytes, bytes)
_ROW_TYPES: Final = (int, bytes, bytes)


class Stored(NamedTuple):
    """An entry as it is stored."""

    key: int
    id: str | None
    link: bytes
    body: bytes


class Last(NamedTuple):
    """The last entry of a cell, as it is stored."""

    n: int
    key: int
    link: bytes
    body: bytes


def pack_snapshot(snapshot: Snapshot) -> tuple[bytes, bytes]:
    """The bytes of a snapshot and their digest."""
    body = msgspec.msgpack.encode(snapshot)
    return body, sha256(body).digest()


class JournalReader:
    """Reads a journal file, also one that another process is writing.

    Usable in a `with` statement. Only what is durable is seen.
    """

    def __init__(self, path: Path) -> None:
        """Open the file for reading.

        Raises:
            JournalUnavailable: there is no journal of that name, or a newer one, or no right to it.
        """
        self.path = path
        self.findings: list[Finding] = []
        """What was found damaged and passed over while reading."""
        self._lock = Lock()
        self._numbers: dict[str, int] = {}
        if not path.exists():
            raise JournalUnavailable("there is no such journal", where=str(path))
        if not path.is_file():
            raise layout.NotAJournal(
                "this is not a journal", where=str(path), mend="name another file"
            )
        with layout.translating(path):
            self._connection = layout.connect_readonly(path)
            try:
                layout.check_format(self._connection, path)
                self.identity: bytes = self._identity()
            except BaseException:
                self._connection.close()
                raise

    def _identity(self) -> bytes:
        for (identity,) in self._fetch(_IDENTITY, types=(object,)):
            if isinstance(identity, bytes):
                return identity
        raise layout.NotAJournal("the identity of this journal is gone", where=str(self.path))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    def read(self, cell: str, after: int = 0) -> Iterator[Entry]:
        """See `Journal.read`."""
        for bodies in self._verified(cell, after):
            yield from decode_all(bodies)

    def events(self, cell: str, after: int = 0) -> Iterator[tuple[int, EventRecord]]:
        """See `Journal.events`."""
        chunks = self._verified(cell, after)
        for bodies in chunks:
            yield from (it for it in decode_events(bodies) if it[0] > after)
            break  # only the first entry can begin before the cursor
        for bodies in chunks:
            yield from decode_events(bodies)

    def find(self, cell: str, id: str) -> Entry | None:
        """See `Journal.find`; only durable entries are seen."""
        number = self.number(cell)
        if number is None:
            return None
        rows = self._fetch(_FIND, (id, number), types=(bytes,))
        return decode(rows[0][0]) if rows else None

    def snapshot(self, cell: str) -> Snapshot | None:
        """See `Journal.snapshot`; damaged ones are passed over and noted in `findings`."""
        number = self.number(cell)
        if number is None:
            return None
        for (seq,) in self._fetch(_SNAPSHOTS, (number,), types=(int,)):
            link, digest, body = self._fetch(_SNAPSHOT, (number, seq), types=(bytes, bytes, bytes))[
                0
            ]
            why = self._why_useless(number, seq, link, sha256(body).digest() == digest)
            if why is None:
                return msgspec.msgpack.decode(body, type=Snapshot)
            finding = Finding(
                kind="snapshot-damaged",
                where=f"{self.path}, {cell!r} at {seq}",
                detail=f"this snapshot {why}, so an older one or none is used",
                mend="nothing: it only makes this start slower",
                damage=True,
            )
            if finding not in self.findings:
                self.findings.append(finding)
        return None

    def cells(self) -> tuple[str, ...]:
        """See `Journal.cells`."""
        rows = self._fetch("SELECT number, name FROM cells ORDER BY name", types=(int, str))
        return tuple(name for number, name in rows if self._has_entries(number))

    def last(self, cell: str) -> int:
        """The highest durable position of the cell; 0 for none."""
        number = self.number(cell)
        rows = [] if number is None else self._before(number, layout.MASK)
        return decode(rows[0][2]).end if rows else 0

    def number(self, cell: str) -> int | None:
        """The number that stands for the cell in this file."""
        number = self._numbers.get(cell)
        if number is None:
            rows = self._fetch("SELECT number FROM cells WHERE name = ?", (cell,), types=(int,))
            if not rows:
                return None
            number = self._numbers[cell] = rows[0][0]
        return number

    def tails(self) -> Iterator[tuple[str, int, Last | None]]:
        """Every cell that is known here, with its number and its last entry."""
        for number, name in self._fetch("SELECT number, name FROM cells", types=(int, str)):
            rows = self._fetch(_LAST, layout.span(number), types=(int, *_ROW_TYPES))
            yield name, number, Last(*rows[0]) if rows else None

    def rows(self, cell: int) -> Iterator[Stored]:
        """The entries of the cell of that number as they are stored, unverified."""
        low, high = layout.span(cell)
        while rows := self._fetch(_STORED, (low, high, _CHUNK_ROWS), types=_STORED_TYPES):
            yield from (Stored(*row) for row in rows)
            low = rows[-1][0]

    def size(self) -> int:
        """How many bytes the file has when all of it is folded together."""
        ((pages,),) = self._fetch("PRAGMA page_count", types=(int,))
        ((page,),) = self._fetch("PRAGMA page_size", types=(int,))
        return int(pages * page)

    def census(self) -> tuple[int, int]:
        """How many entries there are, and the highest number of one."""
        sql = "SELECT count(*), coalesce(max(n), 0) FROM entries"
        held, highest = self._fetch(sql, types=(int, int))[0]
        return held, highest

    def remarks(self) -> list[tuple[int, str, str]]:
        """What was decided about this journal: when (µs since the epoch), kind, and detail."""
        sql = "SELECT at, kind, detail FROM remarks ORDER BY at"
        return self._fetch(sql, types=(int, str, str))

    def at(self, key: int) -> tuple[int, bytes] | None:
        """Number and link of the entry with that key."""
        sql = "SELECT n, link FROM entries WHERE key = ?"
        rows = self._fetch(sql, (key,), types=(int, bytes))
        return rows[0] if rows else None

    def copy_to(
        self, target: sqlite3.Connection, progress: Callable[[int, int], None] | None
    ) -> None:
        """Copy all of it, as of one moment, whatever is written meanwhile."""

        def tell(_: int, left: int, pages: int) -> None:
            if progress is not None:
                progress(pages - left, pages)

        with self._lock:
            self._connection.execute("BEGIN")
            try:
                self._connection.execute("SELECT 1 FROM meta").fetchone()  # the moment is now
                self._connection.backup(target, pages=1024, progress=tell)
            finally:
                self._connection.execute("ROLLBACK")

    # -- within -----------------------------------------------------------------------------------

    def _fetch(
        self, sql: str, values: tuple[object, ...] = (), *, types: tuple[_Types, ...]
    ) -> list[Any]:
        """The rows, in which every column is of its type: in damaged pages SQLite finds others."""
        try:
            with self._lock:
                rows = self._connection.execute(sql, values).fetchall()
        except sqlite3.ProgrammingError as why:  # the connection is closed
            raise refusals.closed(str(self.path)) from why
        except sqlite3.Error as why:
            raise layout.translated(why, self.path) from why
        columns = zip(*rows, strict=True) if rows else ((),) * len(types)
        for column, expected in zip(columns, types, strict=True):
            if not all(issubclass(found, expected) for found in set(map(type, column))):
                raise refusals.damaged(str(self.path))
        return rows

    def _has_entries(self, number: int) -> bool:
        return bool(self._fetch(_NEXT, (*layout.span(number), 1), types=_ROW_TYPES))

    def _before(self, number: int, position: int) -> list[_Row]:
        """The last two entries that start at or before a position, the later one first."""
        base, _ = layout.span(number)
        return self._fetch(_BEFORE, (base, base + position), types=_ROW_TYPES)

    def _verified(self, cell: str, after: int) -> Iterator[Sequence[bytes]]:
        """The bytes of the entries that end behind a position, in chunks, held against the chain.

        Folds of millions come by here: everything is done for a chunk at once.
        """
        number = self.number(cell)
        if number is None:
            return
        low, high = layout.span(number)
        previous = chain.first(cell)
        before = self._before(number, after) if after else []
        if before and decode(before[0][2]).end > after:  # the cursor stands inside that entry
            before = before[1:]
        if before:
            low, previous, _ = before[0]
        for keys, links, bodies in self._chunks(low, high):
            made = [it.digest() for it in map(sha256, map(add, (previous, *links), bodies))]
            if made != links:  # chain.link, for all of them
                broken = next(at for at, link in enumerate(made) if link != links[at])
                yield bodies[:broken]
                raise refusals.broken_link(str(self.path), cell, keys[broken] & layout.MASK)
            previous = links[-1]
            yield bodies

    def _chunks(self, low: int, high: int) -> Iterator[tuple[list[int], list[bytes], list[bytes]]]:
        limit = 32
        while rows := self._fetch(_NEXT, (low, high, limit), types=_ROW_TYPES):
            keys, links, bodies = map(list, zip(*rows, strict=True))
            yield keys, links, bodies
            if len(rows) < limit:
                return
            low = keys[-1]
            average = sum(map(len, bodies)) // len(rows) + 1
            limit = max(1, min(_CHUNK_ROWS, _CHUNK_BYTES // average))

    def _why_useless(self, number: int, seq: int, link: bytes, whole: bool) -> str | None:
        if not whole:
            return "is damaged"
        rows = self._before(number, seq)
        if not rows or rows[0][1] != link or decode(rows[0][2]).end != seq:
            return "does not fit the entries"
        return None
