"""Writes a letter for each payment, by sending a command on, and remembers that it did."""

from monocyte import Ask, Cell, Event, State
from tests.testing.toys import letters, till


class Posted(Event):
    receipt: str


class Bag(State):
    posted: list[str] = []


cell = Cell("post", state=Bag)


@cell.reacts
async def write(it: till.PaidIn, bag: Bag, ask: Ask) -> Posted:
    await ask(letters.WriteLetter(it.who, it.receipt))
    return Posted(it.receipt)


@cell.evolves
def carry(it: Posted, bag: Bag) -> None:
    bag.posted.append(it.receipt)
