"""# Tea: who fills the kettle, and what is left of the biscuits.

A program of two cells in one text; `test_impact` takes it apart, and plays it changed.
"""

TILL = '''
"""# Tea money."""
from monocyte import Cell, Command, Event, Query
from monocyte.testing import World

PRICE = 30
DEAR = 200


class Paid(Event):
    who: str
    cents: int


class Pay(Command[Paid]):
    cups: int
    who: str = "ada"


class Owed(Query[int]):
    who: str


class Forgiven(Event):
    who: str


class Forgive(Command[Forgiven]):
    who: str


Ledger = dict[str, int]
cell = Cell("till", state=Ledger)
SOME = cell.rule("TILL-1", "Nobody pays for no tea.")
KNOWN = cell.rule("TILL-2", "Only debts are forgiven.")


def price(cups: int) -> int:
    return cups * PRICE


def polite(who: str) -> str:
    return f"dear {who}"


@cell.handles
def pay(ask: Pay, ledger: Ledger) -> Paid:
    SOME.require(ask.cups > 0)
    return Paid(ask.who, price(ask.cups))


@cell.handles
def owed(ask: Owed, ledger: Ledger) -> int:
    return ledger.get(ask.who, 0)


@cell.handles
def forgive(ask: Forgive, ledger: Ledger) -> Forgiven:
    KNOWN.require(ledger.get(ask.who, 0) > 0)
    return Forgiven(ask.who)


@cell.evolves
def enter(it: Paid, ledger: Ledger) -> None:
    ledger[it.who] = ledger.get(it.who, 0) + it.cents


@cell.evolves
def strike(it: Forgiven, ledger: Ledger) -> None:
    ledger[it.who] = 0


@cell.scenario
def ada_pays(lab: World) -> None:
    """Two cups are sixty."""
    assert lab.by("ada").send(Pay(2)).cents == 60


@cell.scenario
def ada_owes(lab: World) -> None:
    """What was paid is in the ledger."""
    ada_pays(lab)
    assert lab.by("ada").send(Owed("ada")) == 60


@cell.scenario
def nothing_is_owed_at_first(lab: World) -> None:
    """An empty ledger owes nothing."""
    assert lab.by("ada").send(Owed("bob")) == 0


@cell.scenario
def a_debt_is_forgiven(lab: World) -> None:
    """Then nothing is owed."""
    lab.by("ada").send(Pay(3))
    lab.by("ada").send(Forgive("ada"))
    assert lab.by("ada").send(Owed("ada")) == 0


@cell.scenario
def politeness(lab: World) -> None:
    """It costs nothing."""
    assert polite("ada") == "dear ada"
'''

SHELF = '''
"""# Biscuits: one for every cup."""
from monocyte import Cell, Command, Event, Query
from monocyte.testing import World

from till import Paid, Pay


class Taken(Event):
    count: int


class Take(Command[Taken]):
    count: int


class Left(Query[int]):
    pass


Tin = dict[str, int]
cell = Cell("shelf", state=Tin)
FULL = 10


@cell.handles
def take(ask: Take, tin: Tin) -> Taken:
    return Taken(ask.count)


@cell.handles
def left(ask: Left, tin: Tin) -> int:
    return FULL - tin.get("eaten", 0)


@cell.evolves
def gone(it: Taken, tin: Tin) -> None:
    tin["eaten"] = tin.get("eaten", 0) + it.count


@cell.reacts
def with_tea(it: Paid) -> Taken:
    return Taken(1)


@cell.scenario
def tea_takes_one(lab: World) -> None:
    """Whoever pays gets a biscuit."""
    lab.by("ada").send(Pay(1))
    lab.settle()
    assert lab.by("ada").send(Left()) == 9


@cell.scenario
def full(lab: World) -> None:
    """Nobody has been here yet."""
    assert lab.by("ada").send(Left()) == 10
'''
