"""Monocyte's own rows: requests by the whole path that users get, nothing switched off.

The cell is the one of `app/`, loaded as any app is, on the host that runtime and World stand on.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.harness import Spin
from benchmarks.peers import Peer, by_position

if TYPE_CHECKING:
    from monocyte.bus import Client
    from monocyte.cell import Manifest

APP = Path(__file__).resolve().parent / "app"


@cache
def booking() -> "Manifest":
    """The cell of the benchmarks."""
    from monocyte.cell import load_package

    loaded = load_package(APP, "bench")
    assert not loaded.faults, loaded.faults
    return loaded.manifests[0]


def word(name: str) -> Any:
    """One of the cell's message types."""
    return booking().words[name]


@asynccontextmanager
async def hosted() -> AsyncIterator["Client"]:
    """A client of the cell, hosted with a journal in memory."""
    from monocyte.bus import Client, MemoryTransport, fresh_id
    from monocyte.engine import Host, Outside
    from monocyte.journal import MemoryJournal

    transport = MemoryTransport()
    journal = MemoryJournal(asyncio.get_running_loop().call_soon)
    outside = Outside(lambda: time.time_ns() // 1000, fresh_id, transport)
    host = Host((booking(),), journal, outside)
    await host.start()
    try:
        yield Client(transport)
    finally:
        await host.stop()


async def query() -> AsyncIterator[Spin]:
    """A query: envelope, deadline, limits, policy hook, checks of types, engine, handler."""
    async with hosted() as client:
        yield by_position(word("Look"), client.ask)


async def command() -> AsyncIterator[Spin]:
    """A command that is journalled (in memory), folded and published; its reply is a seat again."""
    seat = word("Seat")
    async with hosted() as client:

        async def send(take: Any) -> Any:
            taken = await client.send(take)
            return seat(taken.instrument, taken.hour, taken.hour % 2 == 0)

        yield by_position(word("Take"), send)


OURS: tuple[Peer, ...] = (
    Peer("monocyte query", "", query),
    Peer("monocyte command, journal in memory", "", command),
)
