"""Group commit: one thread that makes durable what others queued, as much at once as there is.

A batch is one SQL statement with one row of values per entry, so that SQLite does all of it, sync
included, in one call during which Python's lock is free: anything finer would have to win that
lock back from a busy loop for every row. While a batch is being synced the next one fills. Those
who wait are told by one call of `wake` per batch.

Threads: the first half of `Writer` belongs to the loop's thread, the second to the writer's. What
they share are deques and single attributes; the bell may ring once too often, never too seldom.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain as joined
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Thread
from time import perf_counter
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

_PATIENCE: Final = 1.0
"""How long to wait for those who were told last, in commits."""
_RETRY: Final = 16
"""Where they did not come back in time, it is tried again after 2, 4… and then so many commits."""
_CROWD: Final = 32
"""So many in flight are worth two commits that overlap with the loop's work."""

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
        self.commits = 0
        """How many batches were committed."""
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
        self._took = 0.0
        self._crowd = 0
        self._quick = True
        self._retry = 1
        self._pause = 0
        self._untold = False
        self._told_at = 0.0
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
                self._tell()
                self._do_aside(self._queue.popleft())  # type: ignore[arg-type]
                continue
            self._gather()
            batch = self._take()
            self._tell()
            error = self._commit([row for row, _ in batch])
            self._settled.append((iter([done for _, done in batch]), error))
            self._untold = True
            self._checkpoint()

    def _wait(self) -> bool:
        """Sleep until there is something to write; False when there never will be."""
        while not self._queue:
            self._tell()
            if self._stopping:
                return False
            self._ring_at = 1
            if not self._queue and not self._stopping:  # else it came before the bell was hung
                self._bell.get()
        self._ring_at = _NEVER
        return True

    def _gather(self) -> None:
        """Where those who were told last come back sooner than a commit takes, wait for them.

        Without it a crowd that was once split over two batches stays so: each half arrives while
        the other is being synced, and every entry waits for two syncs. Where the loop takes longer
        than that to bring them back, being split is right: it works on one half during the sync of
        the other.
        """
        expected = min(self._crowd, _BATCH_ROWS)
        self._pause -= 1
        if not expected or self._stopping or not (self._quick or self._pause <= 0):
            return
        self._tell()
        until = self._told_at + self._took * _PATIENCE
        if len(self._queue) < expected:
            left = until - perf_counter()
            if left <= 0 and len(self._queue) < expected / 2:
                return  # nothing was going on, which does not say how quick they are
            self._await(expected, left)
        self._judge(quick=perf_counter() < until)

    def _await(self, expected: int, seconds: float) -> None:
        self._ring_at = expected
        if len(self._queue) < expected and seconds > 0:
            with suppress(Empty):
                self._bell.get(timeout=seconds)
        self._ring_at = _NEVER

    def _judge(self, *, quick: bool) -> None:
        self._quick = quick
        self._retry = 1 if quick else min(2 * self._retry, _RETRY)
        self._pause = self._retry

    def _take(self) -> list[tuple[Row, Done]]:
        batch: list[tuple[Row, Done]] = []
        size = 0
        queue = self._queue
        rows = _BATCH_ROWS
        if not self._quick and self._crowd >= _CROWD:
            rows = min(rows, (self._crowd + 1) // 2)
        while queue and len(batch) < rows and size < _BATCH_BYTES:
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
        began = perf_counter()
        try:
            self._insert(rows)
            key, n, _, link, _ = rows[-1]
            self._head.write(n, key, link)
        except Exception as why:  # noqa: BLE001 - the edge of a thread: who waits must be told
            return self._fail(why)
        self.durable = n
        self.commits += 1
        self._took = perf_counter() - began
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
        """Have the loop settle; as late as it may be, so that it does not take Python's lock."""
        if not self._untold:
            return
        self._untold = False
        self._told_at = perf_counter()
        with suppress(RuntimeError):  # the loop is closed: `stop` will tell whoever is left
            self._wake(self.settle)

    def _checkpoint(self) -> None:
        """Fold the write-ahead log back, behind an acknowledgement and not before it."""
        if self._logged < _CHECKPOINT_BYTES or self.failure is not None:
            return
        self._logged = 0
        self._tell()
        try:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        except sqlite3.Error as why:
            self._fail(why)
