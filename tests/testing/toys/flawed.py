"""A cell with two flaws that a plain World cannot see: power cuts and failing ports can."""

from contextlib import suppress

from monocyte import Ask, BusError, Cell, Command, Event, Files, Query, State
from tests.testing.toys import rates


class Stamped(Event):
    number: int


class Stamp(Command[Stamped]):
    pass


class Guess(Query[int]):
    pass


class Stamps(State):
    last: int = 0


cell = Cell("flawed", state=Stamps)


@cell.handles
async def stamp(it: Stamp, stamps: Stamps, files: Files) -> Stamped:
    """Counts in a file: done again after a power cut, it counts twice."""
    before = await files.read("count") if "count" in await files.list() else b"0"
    number = int(before) + 1
    await files.write("count", str(number).encode())
    return Stamped(number)


@cell.handles
async def guess(it: Guess, stamps: Stamps, ask: Ask) -> int:
    """Says something when it does not know."""
    with suppress(BusError):
        return await ask(rates.Rate())
    return -1


@cell.evolves
def mark(it: Stamped, stamps: Stamps) -> None:
    stamps.last = it.number
