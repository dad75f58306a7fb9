"""A toy with everything that a picture can show: a desk that lends books from the shelf."""

from datetime import timedelta

from monocyte import Ask, Cell, Command, Event, Query, Tick
from monocyte.testing import World
from tests.literate.toys import shelf
from tests.literate.toys.shelf import Find

Loans = dict[str, int]
cell = Cell("desk", state=Loans)
HERE = cell.rule("DESK-1", "Only what is on the shelf is lent.")


class Lent(Event):
    title: str


class Lost(Event):
    title: str


class Reminded(Event):
    title: str


class Closed(Event):
    loans: int


class Burnt(Event):
    """Of former times: nothing emits it any more."""

    title: str


class Lend(Command[Lent]):
    title: str


class Lose(Command[int]):
    title: str


class Loaned(Query[int]):
    pass


@cell.handles
async def lend(it: Lend, loans: Loans, ask: Ask) -> Lent:
    await only_real(it.title, ask)
    return Lent(it.title)


@cell.handles
def lose(it: Lose, loans: Loans) -> tuple[int, Lost, Reminded]:
    return len(loans), Lost(it.title), Reminded(it.title)


@cell.handles
def loaned(it: Loaned, loans: Loans) -> int:
    return len(loans)


@cell.reacts
def call_back(it: shelf.Stored, loans: Loans) -> Reminded | None:
    return Reminded(it.title) if it.title in loans else None


@cell.every(timedelta(days=1))
def close(due: Tick, loans: Loans) -> Closed:
    return Closed(len(loans))


@cell.after(timedelta(days=14))
def remind(it: Lent, loans: Loans) -> Reminded:
    return Reminded(it.title)


@cell.evolves
def keep(it: Lent | Burnt, loans: Loans) -> None:
    loans[it.title] = 0


@cell.evolves
def strike(it: Lost, loans: Loans) -> None:
    loans.pop(it.title, None)


@cell.evolves
def note(it: Reminded, loans: Loans) -> None:
    loans[it.title] = loans.get(it.title, 0) + 1


@cell.evolves
def tidy(it: Closed, loans: Loans) -> None:
    """Nothing is remembered."""


async def only_real(title: str, ask: Ask) -> None:
    HERE.require(await ask(Find(title)), title)


cell.picture("""
    # what people do
    person -> Lend         -> lend      -> Lent     -> keep
                              lend      -> shelf.Find
    person -> Lose         -> lose      -> Lost     -> strike
                              lose      -> Reminded -> note
    person -> Loaned       -> loaned

    # by themselves
              shelf.Stored -> call_back -> Reminded -> note
              clock        -> close     -> Closed   -> tidy
              Lent         -> remind    -> Reminded -> note
                                           Burnt    -> keep
""")

# ## Scenarios


@cell.scenario
def a_book_is_lent(lab: World) -> None:
    """It comes back as a duplicate; the old one is called back, and then lost."""
    ada = lab.by("ada")
    with HERE.refuses():
        ada.send(Lend("Emma"))
    ada.send(shelf.Store("Emma"))
    ada.send(Lend("Emma"))
    ada.send(shelf.Store("Emma"))
    lab.advance(timedelta(days=15))
    assert ada.send(Lose("Emma")) == ada.ask(Loaned()) == 1
