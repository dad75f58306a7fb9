"""# Seats: who has which hour of an instrument. The one cell that the benchmarks measure."""

from typing import Annotated

from msgspec import Meta

from monocyte import Caller, Cell, Command, Event, Query, Value


# ## Words
class Seat(Value):
    instrument: str
    hour: int
    free: bool


class Look(Query[Seat]):
    instrument: str
    hour: int


class Taken(Event):
    id: int
    who: str
    instrument: str
    hour: int


class Take(Command[Taken]):
    instrument: str
    hour: Annotated[int, Meta(ge=0)]


# ## Behaviour: an hour is a seat, and after the last seat the first is given away again
Seats = dict[int, Taken]
cell = Cell("booking", state=Seats)
SEATS = 100_000


@cell.handles
def look(ask: Look, seats: Seats) -> Seat:
    return Seat(ask.instrument, ask.hour, ask.hour % 2 == 0)


@cell.handles
def take(ask: Take, seats: Seats, caller: Caller) -> Taken:
    return Taken(ask.hour % SEATS, caller.name, ask.instrument, ask.hour)


@cell.evolves
def enter(it: Taken, seats: Seats) -> None:
    seats[it.id] = it
