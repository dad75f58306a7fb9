"""The journal on disk: one SQLite file per process, synced before anything is acknowledged.

Here is what belongs to the loop's thread: numbering, chaining, recent answers. Writing is in
writer.py, reading in reader.py, opening and recovery in opening.py, the file's layout in layout.py.
Nothing here grows with the number of entries.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Final

from monocyte.errors import JournalError
from monocyte.journal import chain, layout, refusals
from monocyte.journal.entries import ANSWERING, Entry, EventRecord, Snapshot, encode
from monocyte.journal.findings import Finding
from monocyte.journal.interface import Done, Wake
from monocyte.journal.layout import Durability
from monocyte.journal.lock import FileLock
from monocyte.journal.opening import Opened, Tail, beside, fold_back, open_file
from monocyte.journal.reader import pack_snapshot
from monocyte.journal.writer import Writer

__all__ = ["SqliteJournal"]

_RECENT: Final = 4096
"""At least so many of the last answers are found without the disk, at most twice as many…"""
_RECENT_BYTES: Final = 8 << 20
"""…unless they are large."""


class SqliteJournal:
    """A journal in the file `path`; `<path>.lock` and `<path>.head` are kept beside it.

    `durability="relaxed"` acknowledges before the disk has it: a killed process still loses
    nothing, a power cut may take the last seconds, which is then reported.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        wake: Wake,
        durability: Durability = "full",
        accept_loss: bool = False,
    ) -> None:
        """Open the journal, made if it is not there.

        Raises:
            JournalLocked: another process has it open.
            JournalDamaged: acknowledged entries are missing, or the file is damaged;
                `accept_loss=True` accepts the former, and says so in the journal.
            JournalUnavailable: it cannot be opened or made.
        """
        self.path = Path(path).resolve()  # two names of one file are one journal
        self._wake = wake
        self._durability = durability
        self._closed = False
        with layout.translating(self.path):
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = FileLock(beside(self.path, ".lock"))
        try:
            self._start(open_file(self.path, durability, accept_loss=accept_loss))
        except BaseException:
            self._lock.release()
            raise

    def _start(self, opened: Opened) -> None:
        self._opened = opened
        self._reader = opened.reader
        self._tails = opened.tails
        self._count = opened.count
        self._numbers = max((t.base >> layout.SHIFT for t in opened.tails.values()), default=0)
        self._young: dict[tuple[str, str], Entry] = {}
        self._old: dict[tuple[str, str], Entry] = {}
        self._young_bytes = 0
        self._old_until = 0
        self._writer = Writer(opened.connection, opened.head, self.path, self._wake)

    @property
    def opening_report(self) -> tuple[Finding, ...]:
        """See `Journal.opening_report`; damaged snapshots that were passed over are added to it."""
        return (*self._opened.findings, *self._reader.findings)

    @property
    def failure(self) -> JournalError | None:
        """See `Journal.failure`."""
        return self._writer.failure

    @property
    def commits(self) -> int:
        """How many commits it took so far: entries divided by commits is what one sync carries."""
        return self._writer.commits

    # -- writing ----------------------------------------------------------------------------------

    def append(self, entry: Entry, done: Done) -> None:
        """See `Journal.append`.

        An id that was answered long ago is found out only when it is written, and then fails the
        journal: ask `find` first for every id that came from outside.
        """
        if self._writer.failure is not None or self._closed:
            self._refuse()
        tail = self._tails.get(entry.cell) or self._register(entry.cell)
        seq = entry.seq
        if seq != tail.last + 1:
            raise refusals.out_of_sequence(entry, tail.last + 1)
        body = encode(entry)
        id = None
        if entry.kind in ANSWERING:
            id = entry.id
            self._remember(entry, len(body))
        tail.link = link = sha256(tail.link + body).digest()  # chain.link, inlined
        tail.last = seq + (len(entry.events) or 1) - 1
        self._count = n = self._count + 1
        self._writer.put(((tail.base + seq, n, id, link, body), done))

    def save(self, snapshot: Snapshot) -> None:
        """See `Journal.save`; one that finds no room is noted in `opening_report`."""
        if self._writer.failure is not None or self._closed:
            self._refuse()
        tail = self._tails.get(snapshot.cell)
        if tail is None or not 0 < snapshot.seq <= tail.last:
            raise refusals.unfounded(snapshot)
        number = tail.base >> layout.SHIFT
        self._writer.put(lambda connection: self._write_snapshot(connection, number, snapshot))

    def last(self, cell: str) -> int:
        """See `Journal.last`."""
        tail = self._tails.get(cell)
        return tail.last if tail else 0

    def recover(self) -> None:
        """See `Journal.recover`.

        The write-ahead log is folded back and begun anew: after a failed sync the kernel may hold
        for written what is not, and nothing must be appended behind a hole.
        """
        if self._writer.failure is None or self._closed:
            return
        self._writer.stop()
        self._opened.stop_writing()
        opened = open_file(self.path, self._durability, accept_loss=False)
        try:
            fold_back(opened.connection, self.path)
        except BaseException:
            opened.close()
            raise
        self._reader.close()
        self._start(opened)

    def flush(self) -> None:
        """See `Journal.flush`."""
        if not self._closed:
            self._writer.flush()

    def close(self) -> None:
        """See `Journal.close`."""
        if self._closed:
            return
        self._closed = True
        self._writer.stop()
        self._opened.close()
        self._lock.release()

    # -- reading ----------------------------------------------------------------------------------

    def read(self, cell: str, after: int = 0) -> Iterator[Entry]:
        """See `Journal.read`."""
        return self._reader.read(cell, after)

    def events(self, cell: str, after: int = 0) -> Iterator[tuple[int, EventRecord]]:
        """See `Journal.events`."""
        return self._reader.events(cell, after)

    def find(self, cell: str, id: str) -> Entry | None:
        """See `Journal.find`."""
        key = (cell, id)
        return self._young.get(key) or self._old.get(key) or self._reader.find(cell, id)

    def snapshot(self, cell: str) -> Snapshot | None:
        """See `Journal.snapshot`."""
        return self._reader.snapshot(cell)

    def cells(self) -> tuple[str, ...]:
        """See `Journal.cells`."""
        return self._reader.cells()

    # -- within -----------------------------------------------------------------------------------

    def _refuse(self) -> None:
        if self._closed:
            raise refusals.closed(str(self.path))
        if self._writer.failure is not None:
            raise refusals.failed(self._writer.failure)

    def _register(self, cell: str) -> Tail:
        self._numbers = number = self._numbers + 1
        tail = self._tails[cell] = Tail(number, 0, chain.first(cell))

        def write(connection: sqlite3.Connection | None) -> None:
            if connection is not None:
                connection.execute("INSERT INTO cells VALUES (?, ?)", (number, cell))

        self._writer.put(write)
        return tail

    def _remember(self, entry: Entry, size: int) -> None:
        key = (entry.cell, entry.id)
        if key in self._young or key in self._old:
            raise refusals.repeated(entry)
        self._young[key] = entry
        self._young_bytes += size
        if len(self._young) > _RECENT or self._young_bytes > _RECENT_BYTES:
            self._age()

    def _age(self) -> None:
        """Let the older half of the recent answers go, once all of it can be found on disk."""
        if self._writer.durable >= self._old_until:
            self._old, self._young = self._young, {}
            self._old_until = self._count + 1
            self._young_bytes = 0

    def _write_snapshot(
        self, connection: sqlite3.Connection | None, number: int, snapshot: Snapshot
    ) -> None:
        if connection is None:
            return
        body, digest = pack_snapshot(snapshot)
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(
                _SAVE, (number, snapshot.seq, digest, body, *_upto(number, snapshot))
            )
            connection.execute(_FORGET, (number, number))
            connection.execute("COMMIT")
        except sqlite3.Error as why:
            if getattr(why, "sqlite_errorname", "") != "SQLITE_FULL":
                raise
            connection.rollback()
            self._reader.findings.append(_no_room(self.path, snapshot))


_SAVE: Final = """
    INSERT OR REPLACE INTO snapshots (cell, seq, digest, body, link) VALUES (?, ?, ?, ?, (
        SELECT link FROM entries WHERE key > ? AND key <= ? ORDER BY key DESC LIMIT 1))"""
_FORGET: Final = """
    DELETE FROM snapshots WHERE cell = ? AND seq NOT IN (
        SELECT seq FROM snapshots WHERE cell = ? ORDER BY seq DESC LIMIT 2)"""


def _upto(number: int, snapshot: Snapshot) -> tuple[int, int]:
    base, _ = layout.span(number)
    return base, base + snapshot.seq


def _no_room(path: Path, snapshot: Snapshot) -> Finding:
    return Finding(
        kind="snapshot-not-saved",
        where=f"{path}, {snapshot.cell!r} at {snapshot.seq}",
        detail="there was no room for this snapshot",
        mend="free some space on the disk; until then starts take longer",
    )
