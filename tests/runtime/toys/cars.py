"""# Cars: another cell with a `Booked` and a `Book`, of another shape."""

from monocyte import Cell, Command, Event, Query, State
from tests.runtime.toys import rooms


class Booked(Event):
    plate: str


class Book(Command[Booked]):
    """Book a car."""

    plate: str


class Find(Query[int]):
    """How many cars are booked."""

    seats: int | None = None


class Garage(State):
    booked: int = 0


cell = Cell("cars", state=Garage)


@cell.handles
def book(ask: Book, garage: Garage) -> Booked:
    return Booked(ask.plate)


@cell.handles
def find(ask: Find, garage: Garage) -> int:
    return garage.booked


@cell.evolves
def enter(it: Booked, garage: Garage) -> None:
    garage.booked += 1


@cell.reacts
def on_room(it: rooms.Booked, garage: Garage) -> Booked | None:
    """Whoever books the annex needs a car."""
    return Booked("annex") if it.room == "annex" else None
