"""Measures raw sqlite3, the journal alone, and whole commands, in turns; prints JSON.

`python -m benchmarks.journal.bench [--rounds N] [--table]`. Every round measures each of them once,
in a shuffled order, on new files in one directory; ratios are taken within a round.
"""

import argparse
import asyncio
import gc
import json
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from msgspec.structs import replace

from benchmarks.ours import booking, word
from monocyte.contracts import ANYONE
from monocyte.errors import JournalError
from monocyte.journal import Entry, SqliteJournal
from monocyte.journal.chain import SIZE
from monocyte.journal.entries import encode
from monocyte.runtime import Runtime
from monocyte.runtime.settings import AppSettings, Settings

IN_FLIGHT = 64
Send = Callable[[int], Awaitable[object]]
Sample = dict[str, float]


def percentile(values: list[float], part: float) -> float:
    """The value below which so large a part of them lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


# -- raw ------------------------------------------------------------------------------------------


def opened(folder: Path) -> sqlite3.Connection:
    """A new database with a table of rows, synced at each commit."""
    path = folder / f"raw-{time.monotonic_ns()}"
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE rows (n INTEGER PRIMARY KEY, body BLOB)")
    return connection


class Crowd:
    """Group commit for those who wait on a loop: a thread commits what is there, and no more."""

    def __init__(self, folder: Path, size: int) -> None:
        self.commits = 0
        self._connection = opened(folder)
        self._body = random.randbytes(size)
        self._rows = count()
        self._queue: SimpleQueue[asyncio.Future[None] | None] = SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._thread = Thread(target=self._run)
        self._thread.start()

    def send(self, _number: int) -> asyncio.Future[None]:
        durable = self._loop.create_future()
        self._queue.put(durable)
        return durable

    def close(self) -> None:
        self._queue.put(None)
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            batch = [first]
            with suppress(Empty):
                while (waiting := self._queue.get_nowait()) is not None:
                    batch.append(waiting)
            self._connection.execute("BEGIN")
            rows = [(next(self._rows), self._body) for _ in batch]
            self._connection.executemany("INSERT INTO rows VALUES (?, ?)", rows)
            self._connection.execute("COMMIT")
            self.commits += 1
            self._loop.call_soon_threadsafe(self._tell, batch)

    def _tell(self, batch: list[asyncio.Future[None]]) -> None:
        for waiting in batch:
            waiting.set_result(None)


@asynccontextmanager
async def crowd(folder: Path, size: int) -> AsyncIterator[tuple[Crowd, Send]]:
    """Tasks that wait for raw group commit."""
    made = Crowd(folder, size)
    try:
        yield made, made.send
    finally:
        made.close()


def raw(folder: Path, size: int, batches: int, batch: int) -> Sample:
    """Group commit with nothing around it: rows of that size, one transaction after the other."""
    connection = opened(folder)
    body, waits = random.randbytes(size), []
    began = time.perf_counter()
    for number in range(batches):
        start = time.perf_counter()
        connection.execute("BEGIN")
        for n in range(number * batch, (number + 1) * batch):
            connection.execute("INSERT INTO rows VALUES (?, ?)", (n, body))
        connection.execute("COMMIT")
        waits.append(time.perf_counter() - start)
    rate = batches * batch / (time.perf_counter() - began)
    connection.close()
    return {"rate": rate, "p50": percentile(waits, 0.5), "p99": percentile(waits, 0.99)}


# -- ours -----------------------------------------------------------------------------------------


@asynccontextmanager
async def commands(folder: Path) -> AsyncIterator[tuple[SqliteJournal, Send]]:
    """Commands to a cell, through bus and engine, by way of the runtime that users get."""
    root = folder / f"app-{time.monotonic_ns()}"
    root.mkdir()
    runtime = Runtime((booking(),), Settings(AppSettings("bench", "bench")), root)
    await runtime.start()
    take, client = word("Take"), runtime.client(ANYONE)
    try:
        yield runtime.journal, lambda number: client.send(take("microscope", number))
    finally:
        await runtime.stop()


@asynccontextmanager
async def appends(folder: Path, like: Entry) -> AsyncIterator[tuple[SqliteJournal, Send]]:
    """Entries like that one, appended to a journal and awaited."""
    loop = asyncio.get_running_loop()
    path = folder / f"journal-{time.monotonic_ns()}"
    journal = SqliteJournal(path, wake=loop.call_soon_threadsafe)

    serial = count()

    def send(_number: int) -> Awaitable[object]:
        durable = loop.create_future()

        def done(error: JournalError | None) -> None:
            durable.set_result(error)

        entry = replace(
            like, seq=journal.last(like.cell) + 1, id=f"{like.id[:-10]}{next(serial):010}"
        )
        journal.append(entry, done)
        return durable

    try:
        yield journal, send
    finally:
        journal.close()


async def drive(journal: SqliteJournal | Crowd, send: Send, total: int, in_flight: int) -> Sample:
    """So many, so many at a time: rate, latencies, the loop's ticks, entries per commit."""
    waits: list[float] = []
    ticks: list[float] = []
    numbers = iter(range(total))

    async def caller() -> None:
        for number in numbers:
            start = time.perf_counter()
            await send(number)
            waits.append(time.perf_counter() - start)

    async def tick() -> None:
        while True:
            start = time.perf_counter()
            await asyncio.sleep(0.001)
            ticks.append(time.perf_counter() - start - 0.001)

    gc.collect()
    commits = journal.commits
    ticking = asyncio.create_task(tick())
    began = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(in_flight)))
    rate = total / (time.perf_counter() - began)
    ticking.cancel()
    return {
        "rate": rate,
        "p50": percentile(waits, 0.5),
        "p99": percentile(waits, 0.99),
        "tick": percentile(ticks or [0.0], 0.99),  # a warm-up may be over before the first
        "batch": total / max(1, journal.commits - commits),
    }


# -- in turns -------------------------------------------------------------------------------------


async def example(folder: Path) -> Entry:
    """An entry as a command makes it: what the others are made like."""
    async with commands(folder) as (journal, send):
        await send(1)
        return next(journal.read(journal.cells()[0]))


async def measure(rounds: int, many: int, lone: int, folder: Path) -> dict[str, Any]:
    """All rounds; samples by flight, candidate and figure."""
    like = await example(folder)
    size = len(encode(like)) + len(like.id) + SIZE
    results: dict[str, Any] = {"row bytes": size, "many": {}, "lone": {}}
    for _ in range(rounds):
        for flight, number, in_flight in (("many", many, IN_FLIGHT), ("lone", lone, 1)):
            samples = {"raw": raw(folder, size, number // in_flight, in_flight)}
            candidates: tuple[tuple[str, Any], ...] = (
                ("raw, awaited", crowd(folder, size)),
                ("journal", appends(folder, like)),
                ("command", commands(folder)),
            )
            for name, candidate in candidates:
                async with candidate as (journal, send):
                    await drive(journal, send, in_flight * 2, in_flight)
                    samples[name] = await drive(journal, send, number, in_flight)
                samples[name]["of raw"] = samples[name]["rate"] / samples["raw"]["rate"]
            for name, sample in samples.items():
                for figure, value in sample.items():
                    row = results[flight].setdefault(name, {})
                    row.setdefault(figure, []).append(value)
    return results


def main() -> None:
    """The command line."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rounds", type=int, default=7)
    asked.add_argument("--commands", type=int, default=12_800)
    asked.add_argument("--lone", type=int, default=500)
    asked.add_argument("--table", action="store_true", help="a table, not JSON")
    options = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = asyncio.run(measure(options.rounds, options.commands, options.lone, Path(folder)))
    if not options.table:
        json.dump(results, sys.stdout)
        return
    from benchmarks.journal import COLUMNS, table_rows
    from benchmarks.report import Table, render

    rows = tuple(table_rows("here", results))
    print(render(Table("journal", "this process, as it is", COLUMNS, rows)))


if __name__ == "__main__":
    main()
