"""Keeps whatever it is told to keep; the same twice is two."""

from datetime import datetime

from monocyte import Cell, Command, Event, State


class Registered(Event):
    reference: str
    at: datetime
    balance: int


class Register(Command[Registered]):
    reference: str
    at: datetime
    balance: int


class Ledger(State):
    references: list[str] = []


cell = Cell("registry", state=Ledger)


@cell.handles
def register(it: Register, ledger: Ledger) -> Registered:
    return Registered(it.reference, it.at, it.balance)


@cell.evolves
def enter(it: Registered, ledger: Ledger) -> None:
    ledger.references.append(it.reference)
