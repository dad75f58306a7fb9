"""# Doors: handlers that wait, spin or fall over, as the test says."""

import asyncio
import threading

from monocyte import Cell, Command, Event, Query


class Passed(Event):
    door: str


class Pass(Command[Passed]):
    """Wait before a door, then pass it."""

    door: str


class Peek(Query[str]):
    """Wait before a door, then look."""

    door: str


class Spin(Command[None]):
    """Hold the loop until somebody notices."""


class Fall(Query[int]):
    """Crash."""


Seen = dict[str, int]
cell = Cell("doors", state=Seen)

opened: dict[str, asyncio.Event] = {}
log: list[str] = []
noticed = threading.Event()


async def wait(door: str) -> None:
    log.append(f"waits at {door}")
    try:
        await opened.setdefault(door, asyncio.Event()).wait()
    except asyncio.CancelledError:
        log.append(f"left {door}")
        raise


@cell.handles
async def go(ask: Pass, seen: Seen) -> Passed:
    await wait(ask.door)
    return Passed(ask.door)


@cell.handles
async def peek(ask: Peek, seen: Seen) -> str:
    await wait(ask.door)
    return ask.door


@cell.handles
def spin(ask: Spin, seen: Seen) -> None:
    while not noticed.wait(0.001):
        pass


@cell.handles
def fall(ask: Fall, seen: Seen) -> int:
    raise ZeroDivisionError("the floor is wet")


@cell.evolves
def enter(it: Passed, seen: Seen) -> None:
    seen[it.door] = seen.get(it.door, 0) + 1
