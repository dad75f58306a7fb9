"""A whole app under load, to be killed or cut off at any moment, and checked at each start.

Run as `python -m tests.torture.load DIRECTORY`. It reads orders on stdin, one per line, and forks a
child for each, so that a start costs milliseconds: `run SECONDS [SYNCHRONOUS]` starts the app,
checks it, says `checked …`, and lets workers send until the time is over; `check DIRECTORY` only
checks what is there. The child's pid is said first, `gone` at its end.

Each worker sends its numbers one after the other, each until it is answered, under the same id. The
answers are appended to the file `acks`, a line each: what a caller outside knows.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import time
from pathlib import Path
from typing import Any

from monocyte.bus import Client
from monocyte.cell import load_cells
from monocyte.contracts import Principal
from monocyte.errors import MonocyteError, Refused
from monocyte.journal import layout
from monocyte.runtime import Runtime, Settings
from monocyte.runtime.settings import AppSettings, JournalSettings
from tests.torture.toys import ledger, mirror, tally

WORKERS = 24
JOURNAL = "journal.db"
RESENT = 60
"""So many of the last answers of all workers are asked for again at each start."""
PAUSE = 0.01
"""Seconds between two commands of a worker, at least: less, and the backlog only grows."""
QUIET = 60.0
"""Seconds in which everything that was begun must have taken its effect."""

MANIFESTS = load_cells([ledger.cell, mirror.cell, tally.cell]).manifests
SETTINGS = Settings(app=AppSettings("torture", "toys"), journal=JournalSettings(JOURNAL))

Acks = dict[int, list[str]]
"""By worker, the receipt of each number; `-` stands for a refusal."""


def acknowledged(text: str) -> Acks:
    """The acks in the text of the file; a torn last line is none."""
    acks: Acks = {worker: [] for worker in range(WORKERS)}
    for line in text.splitlines(keepends=True):
        if line.endswith("\n"):
            worker, number, receipt = line.split()
            assert len(acks[int(worker)]) == int(number) - 1, f"acknowledged out of turn: {line}"
            acks[int(worker)].append(receipt)
    return acks


def command(worker: int, number: int) -> ledger.Put | ledger.PutSlowly:
    """What a worker sends as that number."""
    kind = ledger.PutSlowly if number % 3 == 0 else ledger.Put
    return kind(worker, number)


def id_of(worker: int, number: int) -> str:
    """The id under which it is sent, each time."""
    return f"{worker}-{number}"


class App:
    """A runtime, and what was acknowledged of it."""

    def __init__(self, runtime: Runtime, acks: Acks) -> None:
        self.runtime = runtime
        self.acks = acks
        self.client: Client = runtime.client(Principal("worker"))

    async def send(self, worker: int, number: int) -> str:
        """Send a number; gives the receipt."""
        return (await self.client.send(command(worker, number), id=id_of(worker, number))).receipt

    # -- checking ----------------------------------------------------------------------------------

    async def wrong(self) -> list[str]:
        """What is not as it was acknowledged, or did not take effect exactly once."""
        found = [
            f"{name} is down: {it['state']}"
            for name, it in self.runtime.status().items()
            if it["state"] != "up" or it["dead_letters"]
        ]
        return found or [*await self.lost(), *await self.miscounted()]

    async def lost(self) -> list[str]:
        """What is answered otherwise than at first: all is known to the ledger, some is resent."""
        last = await self.client.ask(ledger.Last())
        found = []
        for worker, receipts in self.acks.items():
            sent = last.get(worker, 0)
            if not len(receipts) <= sent <= len(receipts) + 1:
                found.append(f"{worker}: {len(receipts)} acknowledged, {sent} entered")
            for number in range(max(1, len(receipts) - RESENT // WORKERS), len(receipts) + 1):
                again = await self.send(worker, number)
                if again != receipts[number - 1]:
                    found.append(f"{id_of(worker, number)}: {receipts[number - 1]}, then {again}")
        return found

    async def miscounted(self) -> list[str]:
        """What reactions, their commands, and timers have done more or less than once."""
        until = time.monotonic() + QUIET
        while not self.quiet():
            if time.monotonic() > until:
                return ["it does not become quiet"]
            await asyncio.sleep(0.002)
        entered = sum((await self.client.ask(ledger.Last())).values())
        queries: dict[str, Any] = {
            "echoes": ledger.Report(),
            "mirrored": mirror.Report(),
            "counted": tally.Report(),
        }
        reports = {name: await self.client.ask(query) for name, query in queries.items()}
        return [f"{n}: {it} of {entered}" for n, it in reports.items() if it != (entered, 0)]

    def quiet(self) -> bool:
        """Whether everything has taken its effect."""
        host = self.runtime.host
        return host.quiet and not any(e.fold.books.due for e in host.engines.values())

    # -- load --------------------------------------------------------------------------------------

    async def load(self, acks: Path, seconds: float) -> None:
        """Let workers send until the time is over."""
        until = time.monotonic() + seconds
        fd = os.open(acks, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        await asyncio.gather(*(self.work(worker, fd, until) for worker in self.acks))
        os.close(fd)

    async def work(self, worker: int, fd: int, until: float) -> None:
        """Send one number after the other; now and then one that is not its turn."""
        number = len(self.acks[worker])
        while time.monotonic() < until:
            number += 1
            receipt = await self.send(worker, number)
            os.write(fd, f"{worker} {number} {receipt}\n".encode())
            if number % 7 == 0:
                await self.refused(worker, number)
            await asyncio.sleep(PAUSE * (1 + worker % 6))  # reactions keep pace

    async def refused(self, worker: int, number: int) -> None:
        """A number that is not in turn is refused, and so it is when it is sent again."""
        for _ in range(2):
            try:
                await self.client.send(ledger.Put(worker, number + 5), id=f"no-{worker}-{number}")
            except Refused:
                continue
            raise AssertionError(f"{worker} was let in out of turn")


async def start(directory: Path, acks: str, seconds: float) -> None:
    """Start the app, check it, and load it if there is time."""
    try:
        async with Runtime(MANIFESTS, SETTINGS, directory) as runtime:
            damages = [str(it) for it in runtime.journal.opening_report if it.damage]
            app = App(runtime, acknowledged(acks))
            wrong = [*damages, *await app.wrong()]
            say(f"checked {wrong or 'clean'}")
            if not wrong and seconds:
                await app.load(directory / "acks", seconds)
    except MonocyteError as why:
        say(f"checked {why!r}")


def say(line: str) -> None:
    """Tell whoever reads stdout, at once."""
    os.write(1, f"{line}\n".encode())


def child(home: Path, order: list[str]) -> None:
    """Do what was ordered, in a process of its own."""
    if order[0] == "check":
        directory, seconds = Path(order[1]), 0.0
    else:
        directory, seconds = home, float(order[1])
        if order[2:]:
            layout.SYNCHRONOUS["full"] = order[2]
    file = directory / "acks"
    asyncio.run(start(directory, file.read_text() if file.exists() else "", seconds))


def main() -> None:
    """Fork a child for each order; the parent was slow to start, once."""
    gc.freeze()
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                child(Path(sys.argv[1]), line.split())
                code = 0
            finally:
                os._exit(code)
        say(f"pid {pid}")
        os.waitpid(pid, 0)
        say("gone")


if __name__ == "__main__":
    main()
