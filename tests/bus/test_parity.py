"""Every transport plays every row of the parity suite."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import pytest

from monocyte.bus import LoopbackTransport, MemoryTransport, Permit, Transport
from tests.bus.parity import ROWS, Row, play
from tests.bus.stage import Make


@asynccontextmanager
async def memory(permit: Permit) -> AsyncIterator[Transport]:
    """Messages pass by reference."""
    transport = MemoryTransport(permit=permit)
    yield transport
    await transport.close()


@asynccontextmanager
async def loopback(permit: Permit) -> AsyncIterator[Transport]:
    """Everything makes its way as bytes."""
    transport = LoopbackTransport(permit=permit)
    yield transport
    await transport.close()


@asynccontextmanager
async def windy(permit: Permit) -> AsyncIterator[Transport]:
    """Frames are late, and overtake each other."""
    gusts = random.Random(7)

    def wind(frame: bytes) -> Iterable[float]:
        return (gusts.choice((0.0, 0.0, 0.001, 0.002)),)

    transport = LoopbackTransport(permit=permit, weather=wind)
    yield transport
    await transport.close()


TRANSPORTS: dict[str, Make] = {"memory": memory, "loopback": loopback, "windy": windy}


@pytest.mark.parametrize("make", TRANSPORTS.values(), ids=TRANSPORTS)
@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_what_must_come_out_does(row: Row, make: Make) -> None:
    """The row holds on the transport."""
    asyncio.run(play(row, make))
