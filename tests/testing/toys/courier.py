"""Registers each payment elsewhere, by what another try would not see: an id, a time, a balance."""

from monocyte import Ask, Cell, Clock, Event, Ids, State
from tests.testing.toys import registry, till


class Sent(Event):
    reference: str


class Bag(State):
    sent: list[str] = []


cell = Cell("courier", state=Bag)


@cell.reacts
async def send(it: till.PaidIn, bag: Bag, ask: Ask, ids: Ids, clock: Clock) -> Sent:
    balance = await ask(till.Balance())
    registered = await ask(registry.Register(ids.new(), clock.now(), balance))
    return Sent(registered.reference)


@cell.evolves
def note(it: Sent, bag: Bag) -> None:
    bag.sent.append(it.reference)
