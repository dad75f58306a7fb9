"""A till that nobody may overdraw; taking out asks for the fee first, and may be overtaken."""

from datetime import timedelta

from monocyte import Ask, Caller, Cell, Clock, Command, Event, Ids, Query, State, Tick
from tests.testing.toys import fees


class PaidIn(Event):
    who: str
    amount: int
    receipt: str


class TakenOut(Event):
    who: str
    amount: int


class Counted(Event):
    day: int
    balance: int


class Thanked(Event):
    receipt: str


class PayIn(Command[PaidIn]):
    amount: int


class TakeOut(Command[TakenOut]):
    amount: int


class Balance(Query[int]):
    pass


class Money(State):
    balance: int = 0
    days: int = 0


cell = Cell("till", state=Money)

COVERED = cell.rule("TILL-1", "Nobody takes out what is not there.")
SOMETHING = cell.rule("TILL-2", "What is paid in is more than nothing.")


@cell.handles
def pay_in(it: PayIn, money: Money, caller: Caller, ids: Ids) -> PaidIn:
    SOMETHING.require(it.amount > 0)
    return PaidIn(caller.name, it.amount, ids.new())


@cell.handles
async def take_out(it: TakeOut, money: Money, caller: Caller, ask: Ask, clock: Clock) -> TakenOut:
    """The fee is asked for while the balance may change."""
    balance = money.balance
    wanted = it.amount + await ask(fees.FeeFor(it.amount))
    COVERED.require(balance >= wanted, f"{clock.now():%H:%M}")
    return TakenOut(caller.name, wanted)


@cell.handles
def balance_of(it: Balance, money: Money) -> int:
    return money.balance


@cell.every(timedelta(days=1))
def count(due: Tick, money: Money) -> Counted:
    return Counted(money.days + 1, money.balance)


@cell.after(timedelta(minutes=15))
def thank(it: PaidIn, money: Money) -> Thanked:
    return Thanked(it.receipt)


@cell.evolves
def add(it: PaidIn, money: Money) -> None:
    money.balance += it.amount


@cell.evolves
def subtract(it: TakenOut, money: Money) -> None:
    money.balance -= it.amount


@cell.evolves
def another_day(it: Counted, money: Money) -> None:
    money.days = it.day


@cell.evolves
def polite(it: Thanked, money: Money) -> None:
    """Nothing is remembered."""
