"""Reacts to payments: has slips kept elsewhere, and says what it has filed."""

from monocyte import Ask, Cell, Event, Ids, Query, State
from tests.engine.toys import archive, bank, gates


class Filed(Event):
    amount: int
    slip: str


class Amounts(Query[tuple[int, ...]]):
    pass


class Desk(State):
    filed: list[int] = []


cell = Cell("clerk", state=Desk)


@cell.reacts
async def on_paid(it: bank.Paid, desk: Desk, ask: Ask, ids: Ids) -> Filed:
    slip = ids.new()
    await ask(archive.Keep(slip))
    await ask(archive.Drop(slip))
    await gates.enter("file")
    return Filed(it.amount, slip)


@cell.handles
def filed(it: Amounts, desk: Desk) -> tuple[int, ...]:
    return tuple(desk.filed)


@cell.evolves
def file(it: Filed, desk: Desk) -> None:
    desk.filed.append(it.amount)
