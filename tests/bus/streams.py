"""The rows of the parity suite about events: what who follows a cell gets to see."""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from typing import Any, cast

from monocyte.bus import Delivery
from monocyte.errors import BusError, NoSuchCell
from tests.bus.row import Ends, Row, cancelled
from tests.bus.stage import Stage, struck


def rows() -> Iterator[Row]:
    """Everything behind a cursor, each once, in order, however slow the follower."""
    yield Row("history, then live", history_then_live, (1, 2, 3, 4, 5))
    yield Row("from a cursor on", from_a_cursor, (3, 4))
    yield Row("from a cursor that is ahead", from_ahead, (11,))
    yield Row("positions with gaps", gaps, (2, 5, 9, 10))
    yield Row("what a delivery says", saying, (struck(1, "Ä"), struck(2, "b")))
    yield Row("a slow follower", slowly, tuple(range(1, 3001)))
    yield Row("a long history", long_history, tuple(range(1, 1501)))
    yield Row("large events", large_events, tuple(range(1, 13)))
    yield Row("each follower gets all", together, ((1, 2, 3), (2, 3), (3,)))
    yield Row("a follower that comes back", coming_back, (1, 2, 3, 4))
    yield Row("a follower of a cell that leaves and returns", outlasting, (1, 2, 3))
    yield Row("a follower that gives up", not_following, (1, 2))
    yield Row("a stream that is closed", until_closed, (1, 2, 3))
    yield Row("a stream of nobody", no_stream, Ends(NoSuchCell, cell="prob", mend=".*probe.*"))


async def taken(stage: Stage, after: int, many: int) -> tuple[Delivery, ...]:
    """Follow from a cursor on until there are so many."""
    out: list[Delivery] = []
    async with aclosing(cast("Any", stage.transport.follow("probe", after))) as stream:
        while len(out) < many:
            out.append(await anext(stream))
    return tuple(out)


def positions(deliveries: "tuple[Delivery, ...]") -> tuple[int, ...]:
    """Where they stand."""
    return tuple(delivery.seq for delivery in deliveries)


async def history_then_live(stage: Stage) -> Any:
    """Something happens before the follower comes, and while it is there."""
    stage.happen(1, 2, 3)
    stream = stage.transport.follow("probe", 0)
    out = [await anext(stream) for _ in range(3)]
    waits = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    stage.happen(4)
    stage.happen(5)
    out += [await waits, await anext(stream)]
    return positions(tuple(out))


async def from_a_cursor(stage: Stage) -> Any:
    """The cursor stands in the middle."""
    stage.happen(1, 2, 3, 4)
    return positions(await taken(stage, 2, 2))


async def from_ahead(stage: Stage) -> Any:
    """The cursor stands before what has not happened yet."""
    stage.happen(1, 2)
    waits = asyncio.ensure_future(taken(stage, 10, 1))
    await asyncio.sleep(0)
    stage.happen(9, 10)
    stage.happen(11)
    return positions(await waits)


async def gaps(stage: Stage) -> Any:
    """Not every position is an event."""
    stage.happen(2, 5)
    stage.happen(9)
    stage.happen(10)
    return positions(await taken(stage, 0, 4))


async def saying(stage: Stage) -> Any:
    """Each field of a delivery."""
    stage.happen(1, text="Ä")
    stage.happen(2, text="b")
    return await taken(stage, 0, 2)


async def slowly(stage: Stage) -> Any:
    """A hundred things happen for each that the follower takes."""
    stream = stage.transport.follow("probe", 0)
    out = []
    for hundred in range(30):
        stage.happen(*range(100 * hundred + 1, 100 * hundred + 101))
        out.append((await anext(stream)).seq)
    while len(out) < 3000:
        out.append((await anext(stream)).seq)
    return tuple(out)


async def long_history(stage: Stage) -> Any:
    """More has happened than anybody keeps in memory, and all of it before it was served."""
    stage.past += (struck(position) for position in range(1, 1501))
    return positions(await taken(stage, 0, 1500))


async def large_events(stage: Stage) -> Any:
    """Events of half a MiB: few fit in one frame."""
    for position in range(1, 13):
        stage.happen(position, text="x" * (1 << 19))
    return positions(await taken(stage, 0, 12))


async def together(stage: Stage) -> Any:
    """Three followers from three cursors."""
    waits = [asyncio.ensure_future(taken(stage, after, 3 - after)) for after in range(3)]
    await asyncio.sleep(0)
    stage.happen(1, 2)
    stage.happen(3)
    return tuple([positions(await one) for one in waits])


async def coming_back(stage: Stage) -> Any:
    """Take two, leave, and go on from the cursor."""
    stage.happen(1, 2, 3)
    first = positions(await taken(stage, 0, 2))
    stage.happen(4)
    return first + positions(await taken(stage, first[-1], 2))


async def outlasting(stage: Stage) -> Any:
    """The cell is withdrawn and served again under a follower that waits."""
    stage.happen(1)
    stream = stage.transport.follow("probe", 0)
    first = await anext(stream)
    second = asyncio.ensure_future(anext(stream))
    for _ in range(9):  # until it waits where the events are
        await asyncio.sleep(0)
    stage.transport.withdraw("probe")
    stage.serve()
    stage.happen(2, 3)
    return positions((first, await second, await anext(stream)))


async def not_following(stage: Stage) -> Any:
    """One follower is cancelled while it waits; the other one goes on."""
    stays, leaves = (asyncio.ensure_future(taken(stage, 0, 2)) for _ in range(2))
    stage.happen(1)
    await asyncio.sleep(0)
    await cancelled(leaves)
    stage.happen(2)
    return positions(await stays)


async def until_closed(stage: Stage) -> Any:
    """The transport is closed under a follower, which still gets what has happened."""
    stream = stage.transport.follow("probe", 0)
    stage.happen(1)
    out = [(await anext(stream)).seq]
    stage.happen(2, 3)
    await stage.transport.close()
    out += [delivery.seq async for delivery in stream]
    return tuple(out)


async def no_stream(stage: Stage) -> Any:
    """Follow a cell that is not there."""
    try:
        return await anext(stage.transport.follow("prob", 0))
    except BusError as why:
        return why
