"""An app of the toys behind its gateway, in this process: over a real socket, or without one."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from monocyte.app import App, serving
from monocyte.cell import load_cells
from monocyte.contracts.facts import Fact
from monocyte.dmz import OWNER, Gateway, Keys
from monocyte.runtime import Runtime, Settings
from monocyte.runtime.settings import AppSettings, GatewaySettings, LimitSettings
from tests.runtime.toys import cars, doors, rooms

LOADED = load_cells([rooms.cell, cars.cell, doors.cell])
"""Read once."""
assert not LOADED.faults, LOADED.faults


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run a test's coroutine; whatever it leaves running is a fault of the code under test."""

    async def alone() -> None:
        doors.opened.clear()
        doors.log.clear()
        await work
        for _ in range(100):  # what was cancelled gets its turns to end
            if len(asyncio.all_tasks()) == 1:
                return
            await asyncio.sleep(0.01)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, f"tasks leak: {left}"

    asyncio.run(alone())


@dataclass
class Site:
    """The app and a client of it, who is `ada`, an owner."""

    runtime: Runtime
    keys: Keys
    client: httpx.AsyncClient
    gateway: Gateway
    url: str = ""
    facts: list[Fact] = field(default_factory=list)

    async def book(self, room: str, **headers: str) -> httpx.Response:
        """Book a room."""
        return await self.client.post("/cells/rooms/Book", json={"room": room}, headers=headers)

    async def count(self) -> int:
        """How many rooms are booked, according to a query over HTTP."""
        answer = await self.client.get("/cells/rooms/Count")
        assert answer.status_code == 200, answer.text
        return int(answer.text)

    async def unharmed(self, bookings: int = 0) -> None:
        """Nothing was lost or added, and every cell answers as before."""
        assert await self.count() == bookings
        assert (await self.client.get("/cells/cars/Find")).text == "0"
        assert (await self.client.get("/health/ready")).status_code == 200

    @property
    def port(self) -> int:
        """The port of the socket."""
        return int(self.url.rpartition(":")[2])


def app_at(root: Path, **limits: Any) -> App:
    """The toys as an app with its data below `root`."""
    about = AppSettings("toys", "toys")
    settings = Settings(about, gateway=GatewaySettings(port=0), limits=LimitSettings(**limits))
    return App(root, settings, LOADED.manifests, ())


def bearer(key: str) -> dict[str, str]:
    """The header that bears a key."""
    return {"Authorization": f"Bearer {key}"}


@asynccontextmanager
async def inside(root: Path, key: str = "", **limits: Any) -> AsyncIterator[Site]:
    """The app without a socket: httpx calls the gateway."""
    app = app_at(root, **limits)
    keys, facts = app.keys(), list[Fact]()
    key = key or keys.add("ada", (OWNER,))
    async with app.runtime(facts.append) as runtime:
        gateway = Gateway("toys", "1", runtime, keys, emit=facts.append)
        transport = httpx.ASGITransport(gateway)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://toys", headers=bearer(key)
        ) as client:
            yield Site(runtime, keys, client, gateway, facts=facts)
            gateway.close()


@asynccontextmanager
async def outside(root: Path, key: str = "", **limits: Any) -> AsyncIterator[Site]:
    """The app as `monocyte run` serves it, on a free port; again with the last time's `key`."""
    app = app_at(root, **limits)
    facts = list[Fact]()
    keys = app.keys()
    key = key or keys.add("ada", (OWNER,))
    async with (
        serving(app, facts.append) as at,
        httpx.AsyncClient(base_url=at.url, headers=bearer(key), timeout=10) as client,
    ):
        yield Site(at.runtime, at.keys, client, at.gateway, at.url, facts)
