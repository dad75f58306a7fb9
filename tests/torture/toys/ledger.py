"""Takes what workers put, each in turn; every third time it asks another cell first."""

from datetime import timedelta

from monocyte import Ask, Cell, Command, Event, Ids, Map, Query, State
from tests.torture.toys import tally


class Entered(Event):
    worker: int
    number: int
    receipt: str


class Echoed(Event):
    worker: int
    number: int


class Put(Command[Entered]):
    worker: int
    number: int


class PutSlowly(Command[Entered]):
    worker: int
    number: int


class Report(Query[tuple[int, int]]):
    """How many echoes there were, and how many of them were wrong."""


class Last(Query[Map[int, int]]):
    """The last number of each worker."""


class Book(State):
    last: dict[int, int] = {}
    echoed: dict[int, int] = {}
    count: int = 0
    wrong: int = 0


cell = Cell("ledger", state=Book)

IN_TURN = cell.rule("LEDGER-1", "The numbers of a worker are entered one by one, without a gap.")


def _in_turn(worker: int, number: int, book: Book) -> None:
    IN_TURN.require(number == book.last.get(worker, 0) + 1, str(book.last.get(worker, 0)))


@cell.handles
def put(it: Put, book: Book, ids: Ids) -> Entered:
    _in_turn(it.worker, it.number, book)
    return Entered(it.worker, it.number, ids.new())


@cell.handles
async def put_slowly(it: PutSlowly, book: Book, ask: Ask, ids: Ids) -> Entered:
    await ask(tally.Report())
    _in_turn(it.worker, it.number, book)
    return Entered(it.worker, it.number, ids.new())


@cell.handles
def report(it: Report, book: Book) -> tuple[int, int]:
    return book.count, book.wrong


@cell.handles
def last(it: Last, book: Book) -> Map[int, int]:
    return Map(book.last)


@cell.after(timedelta(milliseconds=10))
def echo(it: Entered, book: Book) -> Echoed:
    return Echoed(it.worker, it.number)


@cell.evolves
def entered(it: Entered, book: Book) -> None:
    book.last[it.worker] = it.number


@cell.evolves
def echoed(it: Echoed, book: Book) -> None:
    book.count += 1
    book.wrong += it.number != book.echoed.get(it.worker, 0) + 1
    book.echoed[it.worker] = it.number
