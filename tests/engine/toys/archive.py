"""Keeps slips and can let go of them: two commands with the very same fields."""

from monocyte import Cell, Command, Event, Query, State
from tests.engine.toys import gates


class Kept(Event):
    slip: str


class Dropped(Event):
    slip: str


class Keep(Command[Kept]):
    slip: str


class Drop(Command[Dropped]):
    slip: str


class Slips(Query[tuple[str, ...]]):
    pass


class Shelf(State):
    slips: list[str] = []


cell = Cell("archive", state=Shelf)


@cell.handles
async def keep(it: Keep, shelf: Shelf) -> Kept:
    await gates.enter("keep")
    return Kept(it.slip)


@cell.handles
def drop(it: Drop, shelf: Shelf) -> Dropped:
    return Dropped(it.slip)


@cell.handles
def slips(it: Slips, shelf: Shelf) -> tuple[str, ...]:
    return tuple(shelf.slips)


@cell.evolves
def kept(it: Kept, shelf: Shelf) -> None:
    shelf.slips.append(it.slip)


@cell.evolves
def dropped(it: Dropped, shelf: Shelf) -> None:
    shelf.slips.append(f"-{it.slip}")
