"""Reacts to what is entered: tells the tally, and remembers that it did."""

from monocyte import Ask, Cell, Event, Query, State
from tests.torture.toys import ledger, tally


class Mirrored(Event):
    worker: int
    number: int


class Report(Query[tuple[int, int]]):
    """How many there were, and how many of them were wrong."""


class Glass(State):
    last: dict[int, int] = {}
    count: int = 0
    wrong: int = 0


cell = Cell("mirror", state=Glass)


@cell.reacts
async def on_entered(it: ledger.Entered, glass: Glass, ask: Ask) -> Mirrored:
    await ask(tally.Count(it.worker, it.number))
    return Mirrored(it.worker, it.number)


@cell.handles
def report(it: Report, glass: Glass) -> tuple[int, int]:
    return glass.count, glass.wrong


@cell.evolves
def mirrored(it: Mirrored, glass: Glass) -> None:
    glass.count += 1
    glass.wrong += it.number != glass.last.get(it.worker, 0) + 1
    glass.last[it.worker] = it.number
