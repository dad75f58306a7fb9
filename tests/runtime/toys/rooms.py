"""# Rooms: <b>who</b> has which & since when."""

from typing import Annotated

from msgspec import Meta

from monocyte import Caller, Cell, Command, Event, Query, Value

Name = Annotated[str, Meta(min_length=1, max_length=40, description="Of a room, as on its door.")]


class Booked(Event):
    id: int
    who: str
    room: str


class Book(Command[Booked]):
    """Book a room <script>alert(1)</script> for good.

    Nobody else gets it & that is that.
    """

    room: Name
    guests: Annotated[int, Meta(ge=1, le=100)] = 1
    price: float = 0.0


class Count(Query[int]):
    """How many rooms are booked."""


class Find(Query[tuple[Booked, ...]]):
    """The bookings of somebody."""

    who: str
    most: int = 10


class Compare(Query[int]):
    """How many of these rooms are booked."""

    rooms: tuple[str, ...]


class Tree(Value):
    leaves: "tuple[Tree, ...]" = ()


class Weigh(Query[int]):
    """Nests as deep as you like."""

    tree: Tree


Rooms = dict[int, Booked]
cell = Cell("rooms", state=Rooms)
ONCE = cell.rule("ROOM-1", "A room is booked once.")


@cell.handles
def book(ask: Book, rooms: Rooms, caller: Caller) -> Booked:
    ONCE.require(ask.room not in {it.room for it in rooms.values()}, ask.room)
    return Booked(len(rooms) + 1, caller.name, ask.room)


@cell.handles
def count(ask: Count, rooms: Rooms) -> int:
    return len(rooms)


@cell.handles
def find(ask: Find, rooms: Rooms) -> tuple[Booked, ...]:
    return tuple(it for it in rooms.values() if it.who == ask.who)[: ask.most]


@cell.handles
def compare(ask: Compare, rooms: Rooms) -> int:
    return sum(it.room in ask.rooms for it in rooms.values())


@cell.handles
def weigh(ask: Weigh, rooms: Rooms) -> int:
    return len(ask.tree.leaves)


@cell.evolves
def enter(it: Booked, rooms: Rooms) -> None:
    rooms[it.id] = it
