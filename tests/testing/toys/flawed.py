"""A cell that has an effect outside before it has decided: what a power cut puts to the test."""

from monocyte import Cell, Command, Event, Files, State


class Stamped(Event):
    number: int


class Stamp(Command[Stamped]):
    pass


class Stamps(State):
    last: int = 0


cell = Cell("flawed", state=Stamps)


@cell.handles
async def stamp(it: Stamp, stamps: Stamps, files: Files) -> Stamped:
    """Counts in a file: once, if what it has read is saved before it writes."""
    before = await files.read("count") if "count" in await files.list() else b"0"
    number = int(before) + 1
    await files.write("count", str(number).encode())
    return Stamped(number)


@cell.evolves
def mark(it: Stamped, stamps: Stamps) -> None:
    stamps.last = it.number
