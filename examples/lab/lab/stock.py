"""# Stock: how much is left of every sample, and who hears of it before there is nothing.

What was frozen is the samples' affair; here stands what has been taken since, and added. Amounts
are whole numbers of the sample's unit.
"""

import ast
from datetime import date
from typing import Annotated

from lab.people import Enrol, Handle
from lab.samples import Amount, Barcode, CheckOut, GetSample, RegisterSample, Sample, Title, Unit
from monocyte import Ask, Caller, Cell, Command, Event, Meta, Query
from monocyte.testing import Operator, Source, Step, Steps, World, answers

# ## Words

Portion = Annotated[int, Meta(ge=1, le=10**9)]


class Consumed(Event):
    barcode: Barcode
    amount: Portion
    by: Handle


class Restocked(Event):
    barcode: Barcode
    amount: Portion


class RanLow(Event):
    barcode: Barcode
    title: Title
    owner: Handle
    left: Amount
    unit: Unit


class Consume(Command[Amount]):
    """Answered with what is left."""

    barcode: Barcode
    amount: Portion


class Restock(Command[Amount]):
    """Answered with what is there now."""

    barcode: Barcode
    amount: Portion


class HowMuch(Query[Amount]):
    barcode: Barcode


# ## Rules and behaviour

Ledger = dict[Barcode, int]
"""What was added to each sample since it was registered, less what was taken."""

cell = Cell("stock", state=Ledger)

KNOWN = cell.rule("STOCK-1", "Only what is registered is used, restocked or asked for.")
ENOUGH = cell.rule("STOCK-2", "Nobody uses more than there is.", supersedes="SAMPLE-6")
IN_HAND = cell.rule("STOCK-3", "What somebody has taken out, nobody else uses.")


@cell.handles
async def consume(
    it: Consume, ledger: Ledger, caller: Caller, ask: Ask
) -> tuple[Amount, Consumed, *tuple[RanLow, ...]]:
    """Running low is said once: when the amount passes the mark."""
    sample = await known(it.barcode, ask)
    IN_HAND.require(sample.holder in (None, caller.name), f"{sample.holder} has it")
    before = amount_left(sample, ledger)
    ENOUGH.require(it.amount <= before, f"{before} {sample.unit.value} left")
    left = before - it.amount
    used = Consumed(it.barcode, it.amount, caller.name)
    if left <= sample.low < before:
        return left, used, RanLow(it.barcode, sample.title, sample.owner, left, sample.unit)
    return left, used


@cell.handles
async def restock(it: Restock, ledger: Ledger, ask: Ask) -> tuple[Amount, Restocked]:
    sample = await known(it.barcode, ask)
    now = amount_left(sample, ledger) + it.amount
    return now, Restocked(it.barcode, it.amount)


@cell.handles
async def how_much(it: HowMuch, ledger: Ledger, ask: Ask) -> Amount:
    return amount_left(await known(it.barcode, ask), ledger)


@cell.evolves
def use(it: Consumed, ledger: Ledger) -> None:
    count(it.barcode, -it.amount, ledger)


@cell.evolves
def fill(it: Restocked, ledger: Ledger) -> None:
    count(it.barcode, it.amount, ledger)


@cell.evolves
def ran_low(it: RanLow, ledger: Ledger) -> None:
    """Said for others to hear; nothing is remembered."""


def count(barcode: Barcode, more: int, ledger: Ledger) -> None:
    ledger[barcode] = ledger.get(barcode, 0) + more


def amount_left(sample: Sample, ledger: Ledger) -> Amount:
    return sample.amount + ledger.get(sample.barcode, 0)


async def known(barcode: Barcode, ask: Ask) -> Sample:
    sample = await ask(GetSample(barcode))
    if sample is None:
        KNOWN.refuse(barcode)
    return sample


cell.picture("""
    person -> Consume -> consume  -> Consumed  -> use
                         consume  -> RanLow    -> ran_low
                         consume  -> samples.GetSample
    person -> Restock -> restock  -> Restocked -> fill
                         restock  -> samples.GetSample
    person -> HowMuch -> how_much -> samples.GetSample
""")


# ## Scenarios and decisions


@cell.scenario
def a_hundred_microlitres(lab: World) -> None:
    """Ada freezes ninety and finds ten more; Lise, who shares her shelf, uses most of it."""
    for who in ("ada", "lise"):
        lab.by("olga", "office").send(Enrol(who, who.title(), frozenset(), date(2026, 1, 5)))
    frozen = RegisterSample("AB000001", "anti-GFP", "ada", "box-7", Unit.MICROLITRES, 90, low=20)
    lab.by("ada").send(frozen)
    assert lab.by("ada").send(Restock("AB000001", 10)) == 100
    assert lab.by("lise").ask(HowMuch("AB000001")) == 100
    assert lab.by("lise").send(Consume("AB000001", 79)) == 21
    assert lab.events(RanLow) == ()


@cell.scenario
def it_runs_low(lab: World) -> None:
    """That is said once; there is no more than there is; restocked, it can run low again."""
    a_hundred_microlitres(lab)
    lise = lab.by("lise")
    assert [lise.send(Consume("AB000001", 1)) for _ in range(2)] == [20, 19]
    assert lab.events(RanLow) == (RanLow("AB000001", "anti-GFP", "ada", 20, Unit.MICROLITRES),)
    with ENOUGH.refuses():
        lise.send(Consume("AB000001", 20))
    assert lise.send(Restock("AB000001", 81)) == 100
    lab.restart()
    assert lise.send(Consume("AB000001", 100)) == 0
    assert [it.left for it in lab.events(RanLow)] == [20, 0]


@cell.scenario
def two_people_and_the_last_drop(lab: World) -> None:
    """At once: exactly one gets it."""
    a_hundred_microlitres(lab)
    tries = [lab.by(who).start(Consume("AB000001", 11)) for who in ("ada", "lise")]
    with ENOUGH.refuses():
        for attempt in tries:
            attempt.result()
    assert lab.by("ada").ask(HowMuch("AB000001")) == 10


@cell.scenario
def whose_hands(lab: World) -> None:
    """What Ada has on her bench is hers to use; what has no label, nobody's."""
    a_hundred_microlitres(lab)
    ada, lise = lab.by("ada"), lab.by("lise")
    ada.send(CheckOut("AB000001"))
    with IN_HAND.refuses():
        lise.send(Consume("AB000001", 1))
    assert ada.send(Consume("AB000001", 1)) == 20
    with KNOWN.refuses():
        lise.send(Consume("AB000009", 1))


@cell.decision(instead_of="refusing what exceeds the first amount", review="2027-12-01")
def more_than_was_frozen(lab: World) -> None:
    """Cells grow: one flask becomes ten, and the barcode stands for all of them."""
    a_hundred_microlitres(lab)
    assert lab.by("ada").send(Restock("AB000001", 900)) == 921


@cell.decision(
    instead_of="floating point, as the balance prints it",
    review="2028-01-01",
    refuted_by="DROP = 0.05",
)
def amounts_are_whole(it: Source) -> None:
    """A thousand drops are a thousand drops: nothing is lost to rounding, so ENOUGH is exact."""
    numbers = (node.value for node in ast.walk(it.tree) if isinstance(node, ast.Constant))
    assert not any(isinstance(number, float) for number in numbers)


# ## When it breaks


def amount_of(it: Operator, barcode: Barcode, counted: Amount) -> Amount:
    return it.ask(HowMuch(barcode))


@cell.runbook(
    when="there is less in the vial than it says here",
    after=a_hundred_microlitres,
    keeps=amount_of,
    example={"barcode": "AB000001", "counted": 15},
)
def write_off(it: Operator, barcode: Barcode, counted: Amount) -> Steps:
    """Something was spilt, or forgotten to be written down: what was counted counts."""
    missing = it.ask(HowMuch(barcode)) - counted
    yield Step("Count again, somebody else than before")
    if missing > 0:
        yield Step(
            f"Take {missing} away",
            check=answers(HowMuch(barcode), counted),
            do=[Consume(barcode, missing)],
            undo=[Restock(barcode, missing)],
        )
