"""Group commit: one thread that makes durable what others queued, as much at once as there is.

A batch is one SQL statement with one row of values per entry, so that SQLite does all of it, sync
included, in one call during which Python's lock is free: anything finer would have to win that
lock back from a busy loop for every row. While a batch is being synced the next one fills. Those
who wait are told by one call of `wake` per batch.

Threads: the first half of `Writer` belongs to the loop's thread, the second to the writer's. What
they share are deques and single attributes, each written by one side only.
"""

from __future__ import annotations

import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain as joined
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Final

from monocyte.errors import JournalError, JournalUnavailable
from monocyte.journal import layout
from monocyte.journal.head import HeadFile
from monocyte.journal.interface import Done, Wake

__all__ = ["Aside", "Row", "Writer"]

Row = tuple[int, int, str | None, bytes, bytes]
"""key, n, id, link, body: a row of the table of entries."""

Aside = Callable[[sqlite3.Connection | None], None]
"""What has its place in the queue but is no entry; called with None once nothing is written."""

_BATCH_ROWS: Final = 256
_BATCH_BYTES: Final = 4 << 20
_STATEMENT_ROWS: Final = 64
_INSERT: Final = tuple(
    "INSERT INTO entries (key, n, id, link, body) VALUES "  # noqa: S608 - nothing but marks
    + ",".join(["(?,?,?,?,?)"] * rows)
    for rows in range(_STATEMENT_ROWS + 1)
)

_CHECKPOINT_BYTES: Final = 4 << 20
"""About as much is written to the write-ahead log before it is folded back and written anew:
overwriting a file syncs in half the time that growing it takes."""
_BATCH_OVERHEAD: Final = 12 << 10
"""Bytes of pages that a batch writes beside its entries, roughly."""

_SLOW: Final = 0.001
"""Seconds: where a commit takes longer, the sync is what costs, and waiting for company pays."""
_PATIENCE: Final = 0.75
"""How long to wait for company, in commits."""
_RETRY: Final = 16
"""Where company did not come, it is waited for again after so many commits."""

_NEVER: Final = 1 << 62


class Writer:
    """Writes on `connection`, from its making until `stop`; the connection is not closed here."""

    def __init__(
        self, connection: sqlite3.Connection, head: HeadFile, path: Path, wake: Wake
    ) -> None:
        self.failure: JournalError | None = None
        """Why nothing is written any more; set by the thread, once."""
        self.durable = 0
        """The number of the last entry that this writer made durable."""
        self._connection = connection
        self._head = head
        self._path = path
        self._wake = wake
        self._queue: deque[tuple[Row, Done] | Aside] = deque()
        self._settled: deque[tuple[Iterator[Done], JournalError | None]] = deque()
        self._bell: SimpleQueue[None] = SimpleQueue()
        self._ring_at = _NEVER
        self._stopping = False
        self._logged = 0
        self._commits = 0
        self._took = 0.0
        self._crowd = 0
        self._company = True
        self._thread = Thread(target=self._run, name=f"journal {path.name}", daemon=True)
        self._thread.start()

    # -- the loop's thread ------------------------------------------------------------------------

    def put(self, item: tuple[Row, Done] | Aside) -> None:
        """Queue an entry and whom to tell, or something aside."""
        self._queue.append(item)
        if len(self._queue) >= self._ring_at:
            self._ring()

    def settle(self) -> None:
        """Tell those whose entries have become durable, or have failed, in order."""
        while self._settled:
            dones, error = self._settled.popleft()
            try:
                for done in dones:
                    done(error)
            except BaseException:
                self._settled.appendleft((dones, error))  # the others must still be told
                self._wake(self.settle)
                raise

    def flush(self) -> None:
        """Return when everything queued is written or has failed, and everybody was told."""
        reached = Event()
        self.put(lambda _: reached.set())
        reached.wait()
        self.settle()

    def stop(self) -> None:
        """Flush, and end the thread."""
        self._stopping = True
        self._ring()
        self._thread.join()
        self.settle()

    def _ring(self) -> None:
        self._ring_at = _NEVER
        self._bell.put(None)

    # -- the writer's thread ----------------------------------------------------------------------

    def _run(self) -> None:
        while self._wait():
            if callable(self._queue[0]):
                self._do_aside(self._queue.popleft())  # type: ignore[arg-type]
                continue
            self._linger()
            batch = self._take()
            error = self._commit([row for row, _ in batch])
            self._settled.append((iter([done for _, done in batch]), error))
            self._tell()
            self._checkpoint()

    def _wait(self) -> bool:
        """Sleep until there is something to write; False when there never will be."""
        while not self._queue:
            if self._stopping:
                return False
            self._ring_at = 1
            if not self._queue and not self._stopping:  # else it came before the bell was hung
                self._bell.get()
        self._ring_at = _NEVER
        return True

    def _linger(self) -> None:
        """Where syncs are slow, wait a little for those who were told last to come back.

        Without it a crowd that was once split over two batches stays so: each half arrives while
        the other is being synced, and every entry waits for two syncs.
        """
        expected = min(self._crowd, _BATCH_ROWS)
        hopeful = self._company or self._commits % _RETRY == 0
        if self._took < _SLOW or not hopeful or len(self._queue) >= expected or self._stopping:
            return
        self._ring_at = expected
        if len(self._queue) < expected:
            with suppress(Empty):
                self._bell.get(timeout=self._took * _PATIENCE)
        self._ring_at = _NEVER
        self._company = len(self._queue) >= expected * 0.9

    def _take(self) -> list[tuple[Row, Done]]:
        batch: list[tuple[Row, Done]] = []
        size = 0
        queue = self._queue
        while queue and len(batch) < _BATCH_ROWS and size < _BATCH_BYTES:
            item = queue[0]
            if callable(item):
                break
            batch.append(item)
            size += len(item[0][4])
            queue.popleft()
        self._logged += size + _BATCH_OVERHEAD
        return batch

    def _commit(self, rows: list[Row]) -> JournalError | None:
        if self.failure is not None:
            return self.failure
        began = time.perf_counter()
        try:
            self._insert(rows)
            key, n, _, link, _ = rows[-1]
            self._head.write(n, key, link)
        except Exception as why:  # noqa: BLE001 - the edge of a thread: who waits must be told
            return self._fail(why)
        self.durable = n
        self._commits += 1
        self._took = time.perf_counter() - began
        self._crowd = len(rows) + len(self._queue)
        return None

    def _insert(self, rows: list[Row]) -> None:
        if len(rows) <= _STATEMENT_ROWS:  # one statement is one transaction
            self._connection.execute(_INSERT[len(rows)], list(joined.from_iterable(rows)))
            return
        self._connection.execute("BEGIN IMMEDIATE")
        for start in range(0, len(rows), _STATEMENT_ROWS):
            part = rows[start : start + _STATEMENT_ROWS]
            self._connection.execute(_INSERT[len(part)], list(joined.from_iterable(part)))
        self._connection.execute("COMMIT")

    def _do_aside(self, aside: Aside) -> None:
        try:
            aside(None if self.failure else self._connection)
        except Exception as why:  # noqa: BLE001 - as above
            self._fail(why)

    def _fail(self, why: Exception) -> JournalError:
        if isinstance(why, JournalError):
            error = why
        elif isinstance(why, sqlite3.Error):
            error = layout.translated(why, self._path)
        else:
            error = JournalUnavailable(f"cannot be written: {why}", where=str(self._path))
        with suppress(sqlite3.Error):
            self._connection.rollback()
        self.failure = error
        return error

    def _tell(self) -> None:
        with suppress(RuntimeError):  # the loop is closed: `stop` will tell whoever is left
            self._wake(self.settle)

    def _checkpoint(self) -> None:
        """Fold the write-ahead log back, behind an acknowledgement and not before it."""
        if self._logged < _CHECKPOINT_BYTES or self.failure is not None:
            return
        self._logged = 0
        try:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        except sqlite3.Error as why:
            self._fail(why)
