"""A host whose journal, clock and restarts are in the hands of the test, on a virtual loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from monocyte.bus import Client, MemoryTransport, fresh_id
from monocyte.cell import Manifest, load_cells
from monocyte.contracts import Command, Principal, Query
from monocyte.contracts.facts import Fact
from monocyte.engine import Engine, Host, Outside
from monocyte.errors import JournalUnavailable
from monocyte.journal import Entry, MemoryJournal
from monocyte.testing.loop import VirtualLoop
from tests.engine.toys import alarm, archive, bank, clerk, gates, oracle

R = TypeVar("R")

START = 1_767_603_600_000_000
"""2026-01-05T09:00Z, in µs since the epoch."""

LOADED = load_cells([it.cell for it in (oracle, bank, archive, clerk, alarm)])
MANIFESTS = {it.name: it for it in LOADED.manifests}
ADA = Principal("ada")
FULL = JournalUnavailable("the disk is full")


class Stage:
    """A host, and everything around it that a test may want to hold back or break."""

    def __init__(
        self,
        loop: VirtualLoop,
        manifests: tuple[Manifest, ...],
        *,
        strict: bool = False,
        files: Path | None = None,
    ) -> None:
        self.loop = loop
        self.manifests = manifests
        self.strict = strict
        self.files = files
        self.held = False
        self.turns: list[Callable[[], None]] = []
        self.skew = 0
        """How far the clock on the wall is ahead, in µs."""
        self.facts: list[Fact] = []
        self.tasks: list[asyncio.Task[Any]] = []
        self.journal = MemoryJournal(self._schedule)
        self.host: Host
        self.transport: MemoryTransport

    def _schedule(self, turn: Callable[[], None]) -> None:
        if self.held:
            self.turns.append(turn)
        else:
            self.loop.call_soon(turn)

    def wall(self) -> int:
        """The clock on the wall."""
        return START + self.skew + int(self.loop.time() * 1_000_000)

    async def start(self, *manifests: Manifest) -> None:
        """Start a host on the journal as it is, perhaps with another release of the cells."""
        self.manifests = manifests or self.manifests
        self.transport = MemoryTransport(now=self.loop.time)
        outside = Outside(self.wall, fresh_id, self.transport, self.files)
        self.host = Host(
            self.manifests, self.journal, outside, emit=self.facts.append, strict=self.strict
        )
        await self.host.start()

    async def crash(self, *manifests: Manifest) -> None:
        """Cut the power, and start again."""
        self.journal.crash()
        await self.host.abandon()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.tasks.clear()
        self.journal.crash()
        self.turns.clear()
        self.held = False
        await self.start(*manifests)

    def hold(self) -> None:
        """Write nothing from now on."""
        self.held = True

    def release(self) -> None:
        """Write again."""
        self.held = False
        turns, self.turns = self.turns, []
        for turn in turns:
            turn()

    def fail_writes(self) -> None:
        """What is queued fails, as on a full disk."""
        self.journal.fail(FULL)
        self.release()

    def client(self, principal: Principal = ADA) -> Client:
        """Somebody on the bus."""
        return Client(self.transport, principal, now=self.loop.time)

    def send(self, command: Command[R], id: str = "") -> Awaitable[R]:
        """Send as Ada."""
        return self.client().send(command, id=id)

    def ask(self, query: Query[R]) -> Awaitable[R]:
        """Ask as Ada."""
        return self.client().ask(query)

    def begin(self, work: Awaitable[R]) -> asyncio.Task[R]:
        """Let it run beside the test, until the next crash."""
        task: asyncio.Task[R] = asyncio.ensure_future(work)
        self.tasks.append(task)
        return task

    def engine(self, cell: str) -> Engine:
        """The engine of a cell."""
        return self.host.engines[cell]

    def entries(self, cell: str, *kinds: str) -> list[Entry]:
        """What is durable."""
        return [it for it in self.journal.read(cell) if not kinds or it.kind in kinds]

    def said(self, kind: str) -> list[str]:
        """The texts of the facts of a kind."""
        return [it.text for it in self.facts if it.kind == kind]


def play(
    story: Callable[[Stage], Coroutine[Any, Any, None]],
    *cells: str,
    strict: bool = False,
    files: Path | None = None,
    seed: int = 0,
) -> Stage:
    """Run a story with those cells, all by default."""
    gates.reset()
    loop = VirtualLoop(seed)
    manifests = tuple(MANIFESTS[name] for name in cells or MANIFESTS)
    stage = Stage(loop, manifests, strict=strict, files=files)

    async def whole() -> None:
        await stage.start()
        try:
            await story(stage)
        finally:
            await stage.host.abandon()

    try:
        loop.run(whole())
    finally:
        loop.ending = True
        loop.clear()
        loop.close()
    return stage


async def turns(count: int = 20) -> None:
    """Let others run for some turns of the loop."""
    for _ in range(count):
        await asyncio.sleep(0)


async def until(condition: Callable[[], object], pause: float = 0) -> None:
    """Let others run, and the virtual time pass, until something is so."""
    while not condition():  # noqa: ASYNC110 (the condition has no event of its own)
        await asyncio.sleep(pause)
