"""A process that appends to a journal under load, to be killed or cut off at any moment.

Run as `python -m tests.journal.powercut.load DIRECTORY`. It reads orders on stdin, one per line:
`run SECONDS [SYNCHRONOUS]` forks a child that opens the journal, takes up where the acks end, keeps
64 commands in flight over several cells, and ends after so many seconds. The child's pid is
printed, then a line `opened` or `refused …` from the child itself, and at its end `ended`.

What was acknowledged is appended to the file `acks`, a line `cell id seq` each, after the journal
said so: that file is what a caller outside would know. Commands are numbered 1, 2, 3… in each cell
and sent again after a start until they are acknowledged, under the same id.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from monocyte.errors import JournalError
from monocyte.journal import Entry, EventRecord, Snapshot, SqliteJournal, layout

CELLS = ("people", "instruments", "samples", "notebook", "notices")
IN_FLIGHT = 64


def acknowledged(text: str) -> dict[str, dict[str, int]]:
    """By cell, the ids that were acknowledged and their positions; a torn last line is none."""
    acks: dict[str, dict[str, int]] = defaultdict(dict)
    for line in text.splitlines(keepends=True):
        if line.endswith("\n"):
            cell, id, seq = line.split()
            acks[cell][id] = int(seq)
    return acks


class Load:
    """Callers of one journal, as many as are in flight."""

    def __init__(self, directory: Path, journal: SqliteJournal, until: float) -> None:
        self.journal = journal
        self.until = until
        self.rng = random.Random(os.getpid())
        acks = directory / "acks"
        known = acknowledged(acks.read_text()) if acks.exists() else {}
        self.next = {cell: len(known.get(cell, ())) + 1 for cell in CELLS}
        self.fd = os.open(acks, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    async def run(self) -> None:
        """Send until the time is over."""
        await asyncio.gather(*(self.caller(CELLS[i % len(CELLS)]) for i in range(IN_FLIGHT)))

    async def caller(self, cell: str) -> None:
        """Send one command after the other, each until it is answered."""
        while time.monotonic() < self.until:
            number = self.next[cell]
            self.next[cell] = number + 1
            await self.send(cell, f"{cell}-{number}")

    async def send(self, cell: str, id: str) -> None:
        """Send a command; one that was applied before is acknowledged with its first position."""
        entry = self.journal.find(cell, id)
        if entry is None:
            entry = self.entry(cell, id)
            durable = asyncio.get_running_loop().create_future()
            self.journal.append(entry, _settle(durable))
            if self.rng.random() < 0.001:
                self.snapshot(cell)
            await durable
        os.write(self.fd, f"{cell} {id} {entry.seq}\n".encode())

    def entry(self, cell: str, id: str) -> Entry:
        """A command's entry, now and then without events, now and then large."""
        size = 20_000 if self.rng.random() < 0.01 else self.rng.randint(10, 200)
        events = (EventRecord("Done", 1, self.rng.randbytes(size)),) * self.rng.randint(0, 2)
        seq = self.journal.last(cell) + 1
        return Entry(cell, seq, "command", id, 0, "Do", 1, b"message", None, events)

    def snapshot(self, cell: str) -> None:
        """Save a state that is larger than a page."""
        body = self.rng.randbytes(30_000)
        self.journal.save(Snapshot(cell, self.journal.last(cell), 0, "", "", body))


def _settle(durable: asyncio.Future[None]) -> Callable[[JournalError | None], None]:
    def done(error: JournalError | None) -> None:
        if error is None:
            durable.set_result(None)
        else:
            durable.set_exception(error)

    return done


async def work(directory: Path, seconds: float) -> None:
    """Open, send, close."""
    loop = asyncio.get_running_loop()
    try:
        journal = SqliteJournal(directory / "journal", wake=loop.call_soon_threadsafe)
    except JournalError as why:
        say(f"refused {type(why).__name__}: {why.message}")
        return
    say("opened")
    load = Load(directory, journal, time.monotonic() + seconds)
    await load.run()
    journal.close()
    os.close(load.fd)
    say("ended")


def say(line: str) -> None:
    """Tell whoever reads stdout, at once."""
    os.write(1, f"{line}\n".encode())


def main() -> None:
    """Fork a child for each order; it is the parent that was slow to start, once."""
    directory = Path(sys.argv[1])
    for line in sys.stdin:
        seconds, *synchronous = line.split()[1:]
        pid = os.fork()
        if pid == 0:
            if synchronous:
                layout.SYNCHRONOUS["full"] = synchronous[0]
            asyncio.run(work(directory, float(seconds)))
            os._exit(0)
        say(f"pid {pid}")
        os.waitpid(pid, 0)
        say("gone")


if __name__ == "__main__":
    main()
