"""One app in one process: its journal, its bus, its cells, and what they cost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Self

from monocyte.bus import Client, MemoryTransport, Permit, Service, fresh_id, permit_all
from monocyte.cell import Manifest
from monocyte.contracts import Principal
from monocyte.contracts.codec import raw
from monocyte.contracts.facts import Emit, Fact, ignore
from monocyte.engine import Host, Outside
from monocyte.errors import DefinitionError, NoSuchCell
from monocyte.journal import SqliteJournal
from monocyte.runtime.settings import Settings
from monocyte.runtime.watchdog import Watchdog

__all__ = ["Runtime"]


class Runtime:
    """An app at work, from `start` to `stop`; an async context manager does both.

    `root` is the app's directory; the paths of the settings are relative to it. `faults` are those
    of cells that could not be loaded: the others run, and the app is not ready.
    """

    def __init__(
        self,
        manifests: Iterable[Manifest],
        settings: Settings,
        root: Path,
        *,
        faults: Iterable[DefinitionError] = (),
        emit: Emit = ignore,
        permit: Permit = permit_all,
    ) -> None:
        self.manifests = tuple(manifests)
        self.faults = tuple(faults)
        self.settings = settings
        self.path = root / settings.journal.path
        self.emit = emit
        self.transport = MemoryTransport(permit=permit)
        self.journal: SqliteJournal
        self.host: Host
        self._watchdog: Watchdog

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Open the journal, load and serve every cell.

        Raises:
            JournalError: the journal cannot be opened: locked, damaged, not writable.
        """
        loop = asyncio.get_running_loop()
        self.journal = SqliteJournal(
            self.path,
            wake=_waker(loop),
            durability=self.settings.journal.durability,
        )
        for finding in self.journal.opening_report:
            self.emit(Fact("journal", "", str(finding)))
        outside = Outside(_wall, fresh_id, self.transport, self.path.parent / "files")
        self.host = Host(
            self.manifests,
            self.journal,
            outside,
            emit=self.emit,
            in_flight=self.settings.limits.in_flight,
        )
        await self.host.start()
        self._watchdog = Watchdog(self.manifests, self.emit)

    async def stop(self) -> None:
        """End every request and stream, save the states, close the journal."""
        await self.host.stop()
        await self.transport.close()
        self._watchdog.stop()
        self.journal.close()

    async def swap(self, manifests: Sequence[Manifest], patience: float = 10.0) -> None:
        """Let other releases of these cells take over, all at once, without refusing anybody.

        If this raises, nothing has changed.

        Raises:
            NoSuchCell: there is no such cell.
            Busy: what was begun had not ended within `patience` seconds.
            JournalDamaged: a release cannot read what is in the journal.
            Crashed: an evolver or an upcaster cannot take what happened.
        """
        await self.host.swap(manifests, patience)
        new = {manifest.name: manifest for manifest in manifests}
        self.manifests = tuple(new.get(it.name, it) for it in self.manifests)

    def client(self, principal: Principal) -> Client:
        """A client on the bus."""
        return Client(self.transport, principal, timeout=self.settings.limits.timeout)

    def written(self) -> Awaitable[None] | None:
        """Wait until everything that was decided so far is durable; None if it is."""
        return self.host.written()

    def latest(self, cell: str) -> int:
        """The position of the last event of a cell."""
        return self.host.engines[cell].fold.books.last_event

    def letters(self) -> list[dict[str, Any]]:
        """Every dead letter of every cell, as JSON has it."""
        return [
            {
                "cell": name,
                "position": position,
                "from": f"{letter.source[0]}:{letter.source[1]}",
                "message": letter.name,
                "fields": raw(letter.message),
                "error": letter.error,
                "at": letter.at,
            }
            for name, engine in self.host.engines.items()
            for position, letter in engine.dead_letters.items()
        ]

    async def resend(self, cell: str, position: int) -> None:
        """Let a dead letter take its effect after all.

        Raises:
            NoSuchCell: there is no such cell.
            Refused: there is no such dead letter.
            BusError: it failed again; it stays on the list.
        """
        if cell not in self.host.engines:
            raise NoSuchCell(f"there is no cell {cell!r}", cell=cell)
        await self.host.engines[cell].resend(position)

    @property
    def services(self) -> tuple[Service, ...]:
        """The cells as the bus serves them."""
        return self.transport.services

    @property
    def ready(self) -> bool:
        """Whether every cell was loaded and answers, and the journal writes."""
        healthy = all(engine.failure is None for engine in self.host.engines.values())
        return healthy and not self.faults and self.journal.failure is None

    def status(self) -> dict[str, Any]:
        """How each cell is and what it has cost, for people and machines; times in seconds."""
        return {
            name: {
                "state": "up" if engine.failure is None else f"down: {engine.failure.message}",
                "position": engine.fold.seq,
                "release": engine.manifest.release,
                "dead_letters": len(engine.dead_letters),
                **engine.account.totals(),
            }
            for name, engine in self.host.engines.items()
        }

    @property
    def lag(self) -> float:
        """How late the loop's last beat was, in seconds."""
        return self._watchdog.last_lag


def _wall() -> int:
    return time.time_ns() // 1000


def _waker(loop: asyncio.AbstractEventLoop) -> Callable[[Callable[[], None]], None]:
    def wake(call: Callable[[], None]) -> None:
        loop.call_soon_threadsafe(call)

    return wake
