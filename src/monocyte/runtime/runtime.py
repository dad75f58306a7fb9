"""One app in one process: its journal, its bus, its cells, and what they cost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

from monocyte.bus import Client, MemoryTransport, Permit, fresh_id, permit_all
from monocyte.cell import Manifest
from monocyte.contracts import Principal
from monocyte.contracts.facts import Emit, Fact, ignore
from monocyte.engine import Host, Outside
from monocyte.journal import SqliteJournal
from monocyte.runtime.settings import Settings
from monocyte.runtime.watchdog import Watchdog

__all__ = ["Runtime"]


class Runtime:
    """An app at work, from `start` to `stop`; an async context manager does both.

    `root` is the app's directory; the paths of the settings are relative to it.
    """

    def __init__(
        self,
        manifests: Iterable[Manifest],
        settings: Settings,
        root: Path,
        *,
        emit: Emit = ignore,
        permit: Permit = permit_all,
    ) -> None:
        self.manifests = tuple(manifests)
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
            self.path, wake=loop.call_soon_threadsafe, durability=self.settings.journal.durability
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

    def client(self, principal: Principal) -> Client:
        """A client on the bus."""
        return Client(self.transport, principal, timeout=self.settings.limits.timeout)

    @property
    def ready(self) -> bool:
        """Whether every cell answers and the journal writes."""
        healthy = all(engine.failure is None for engine in self.host.engines.values())
        return healthy and self.journal.failure is None

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
