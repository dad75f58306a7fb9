"""Holds at most a hundred coins; deciding slowly means asking the oracle first."""

from monocyte import Ask, Caller, Cell, Clock, Command, Event, Files, Ids, Query, State
from tests.engine.toys import gates, oracle


class Paid(Event):
    amount: int
    receipt: str


class Cracked(Event):
    pass


class Wrong(Event):
    amount: int


class Pay(Command[Paid]):
    amount: int


class PaySlowly(Command[Paid]):
    amount: int


class Crack(Command[Cracked]):
    pass


class Explode(Command[None]):
    pass


class ExplodeSlowly(Command[None]):
    pass


class Cheat(Command[None]):
    pass


class Lie(Command[Wrong]):
    pass


class Write(Command[None]):
    name: str


class Balance(Query[int]):
    pass


class BalanceTwice(Query[tuple[int, int]]):
    pass


class Meddle(Query[None]):
    how: str


class Coins(State):
    total: int = 0
    payments: int = 0


cell = Cell("bank", state=Coins)

POSITIVE = cell.rule("BANK-1", "What is paid is more than nothing.")
CAP = cell.rule("BANK-2", "There is room for a hundred coins.")


@cell.handles
def pay(it: Pay, coins: Coins, ids: Ids) -> Paid:
    gates.check("pay")
    POSITIVE.require(it.amount > 0)
    CAP.require(coins.total + it.amount <= 100)
    return Paid(it.amount, ids.new())


@cell.handles
async def pay_slowly(it: PaySlowly, coins: Coins, ask: Ask, clock: Clock) -> Paid:
    seen = coins.total
    clock.now()
    await ask(oracle.Rate())
    await gates.enter("slow")
    CAP.require(seen + it.amount <= 100)
    return Paid(it.amount, "slow")


@cell.handles
def crack(it: Crack) -> Cracked:
    return Cracked()


@cell.handles
def explode(it: Explode) -> None:
    raise ValueError("as told")


@cell.handles
async def explode_slowly(it: ExplodeSlowly, ask: Ask) -> None:
    await gates.enter("explode")


@cell.handles
def cheat(it: Cheat, coins: Coins) -> None:
    coins.total += 1000


@cell.handles
def lie(it: Lie) -> Wrong:
    return Wrong("three")  # type: ignore[arg-type]


@cell.handles
async def write(it: Write, files: Files, caller: Caller) -> None:
    gates.passed["write"] += 1
    await files.write(it.name, caller.name.encode())
    await gates.enter("written")


@cell.handles
def balance(it: Balance, coins: Coins) -> int:
    return coins.total


@cell.handles
async def balance_twice(it: BalanceTwice, coins: Coins, ask: Ask) -> tuple[int, int]:
    first = coins.total
    await ask(oracle.Rate())
    return first, coins.total


@cell.handles
async def meddle(it: Meddle, ask: Ask, files: Files) -> None:
    if it.how == "send":
        await ask(Pay(1))
    elif it.how == "write":
        await files.write("a", b"")
    else:
        await files.remove("a")


@cell.evolves
def enter(it: Paid, coins: Coins) -> None:
    coins.payments += 1
    coins.total += it.amount


@cell.evolves
def half(it: Cracked, coins: Coins) -> None:
    coins.total += 7
    raise RuntimeError("half-way")


@cell.evolves
def wrong(it: Wrong, coins: Coins) -> None:
    coins.total += it.amount
