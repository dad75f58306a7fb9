"""# Samples: what every barcode in the freezers is, where it is, and how much is left.

Some thousands of vials and boxes. What is scanned at the freezer door is believed at once; what
stays on a bench for two weeks is asked for, and an owner hears that a sample runs low before there
is nothing. Amounts are whole numbers of the sample's unit: nothing is lost to rounding.
"""

from datetime import date, timedelta
from enum import Enum
from typing import Annotated

from lab.people import Enrol, GetMember, Handle, Left, SayGoodbye
from monocyte import Ask, Caller, Cell, Command, Event, Meta, Query, State, Value
from monocyte.testing import World

# ## Words

Barcode = Annotated[str, Meta(pattern=r"^[A-Z]{2}[0-9]{6}$")]
Place = Annotated[str, Meta(pattern=r"^[a-z0-9-]+(/[a-z0-9-]+)*$", max_length=48)]
Title = Annotated[str, Meta(min_length=1, max_length=120)]
Amount = Annotated[int, Meta(ge=0, le=10**9)]
Portion = Annotated[int, Meta(ge=1, le=10**9)]


class Unit(Enum):
    MICROLITRES = "µl"
    MILLIGRAMS = "mg"
    PIECES = "pieces"


class Sample(Value):
    """How much of it is `left`, and when that is `low`; who has it, if it is not in its place."""

    barcode: Barcode
    title: Title
    owner: Handle
    place: Place
    unit: Unit
    left: Amount
    low: Amount
    holder: Handle | None


class Registered(Event):
    barcode: Barcode
    title: Title
    owner: Handle
    place: Place
    unit: Unit
    amount: Amount
    low: Amount


class Moved(Event):
    barcode: Barcode
    place: Place


class CheckedOut(Event):
    barcode: Barcode
    by: Handle
    outing: int


class Returned(Event):
    barcode: Barcode
    place: Place


class Overdue(Event):
    barcode: Barcode
    title: Title
    owner: Handle
    holder: Handle


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


class HandedOver(Event):
    barcode: Barcode
    owner: Handle


class RegisterSample(Command[Registered]):
    barcode: Barcode
    title: Title
    owner: Handle
    place: Place
    unit: Unit
    amount: Amount
    low: Amount = 0


class MoveSample(Command[Moved]):
    barcode: Barcode
    place: Place


class CheckOut(Command[CheckedOut]):
    barcode: Barcode


class PutBack(Command[Returned]):
    barcode: Barcode
    place: Place


class Consume(Command[Amount]):
    """Answered with what is left."""

    barcode: Barcode
    amount: Portion


class Restock(Command[Amount]):
    """Answered with what is there now."""

    barcode: Barcode
    amount: Portion


class GetSample(Query[Sample | None]):
    barcode: Barcode


class ListPlace(Query[tuple[Sample, ...]]):
    place: Place


class ListOwned(Query[tuple[Sample, ...]]):
    owner: Handle


class FindUnknown(Query[tuple[Barcode, ...]]):
    """Which of these barcodes stick on nothing in the lab."""

    barcodes: tuple[Barcode, ...]


# ## Rules and behaviour


class Vial(State):
    """A sample as it is now, and how often it was out."""

    title: Title
    owner: Handle
    place: Place
    unit: Unit
    left: Amount
    low: Amount
    holder: Handle | None = None
    outings: int = 0


class Store(State):
    vials: dict[Barcode, Vial] = {}
    places: dict[Place, set[Barcode]] = {}
    owners: dict[Handle, set[Barcode]] = {}


cell = Cell("samples", state=Store)

ONCE = cell.rule("SAMPLE-1", "A barcode means one thing for ever.")
OWNED = cell.rule("SAMPLE-2", "A new sample belongs to somebody who is in the lab.")
KNOWN = cell.rule("SAMPLE-3", "Only what is registered is moved, taken, used or restocked.")
BOX = cell.rule("SAMPLE-4", "A place holds at most 81 samples: a box of nine by nine.")
HELD = cell.rule("SAMPLE-5", "What is out is in one person's hands, and nobody else's.")
ENOUGH = cell.rule("SAMPLE-6", "Nobody uses more than there is.")


@cell.handles
async def register(it: RegisterSample, store: Store, ask: Ask) -> Registered:
    ONCE.require(it.barcode not in store.vials, it.barcode)
    has_room(it.place, store)
    owner = await ask(GetMember(it.owner))
    OWNED.require(owner is not None and owner.until is None, it.owner)
    return Registered(it.barcode, it.title, it.owner, it.place, it.unit, it.amount, it.low)


@cell.handles
def move(it: MoveSample, store: Store, caller: Caller) -> Moved:
    vial = at_hand(it.barcode, store, caller)
    if it.place != vial.place:
        has_room(it.place, store)
    return Moved(it.barcode, it.place)


@cell.handles
def check_out(it: CheckOut, store: Store, caller: Caller) -> CheckedOut:
    vial = known(it.barcode, store)
    HELD.require(vial.holder is None, f"{vial.holder} has it")
    return CheckedOut(it.barcode, caller.name, vial.outings + 1)


@cell.handles
def put_back(it: PutBack, store: Store, caller: Caller) -> Returned:
    """Into any place with room; its own is kept free while it is out."""
    vial = known(it.barcode, store)
    HELD.require(vial.holder == caller.name, f"{vial.holder or 'nobody'} has it")
    if it.place != vial.place:
        has_room(it.place, store)
    return Returned(it.barcode, it.place)


@cell.handles
def consume(
    it: Consume, store: Store, caller: Caller
) -> tuple[Amount, Consumed, *tuple[RanLow, ...]]:
    """Running low is said once: when the amount passes the mark."""
    vial = at_hand(it.barcode, store, caller)
    ENOUGH.require(it.amount <= vial.left, f"{vial.left} {vial.unit.value} left")
    left = vial.left - it.amount
    used = Consumed(it.barcode, it.amount, caller.name)
    if left <= vial.low < vial.left:
        return left, used, RanLow(it.barcode, vial.title, vial.owner, left, vial.unit)
    return left, used


@cell.handles
def restock(it: Restock, store: Store) -> tuple[Amount, Restocked]:
    return known(it.barcode, store).left + it.amount, Restocked(it.barcode, it.amount)


@cell.handles
def sample(it: GetSample, store: Store) -> Sample | None:
    return seen(it.barcode, store) if it.barcode in store.vials else None


@cell.handles
def at_place(it: ListPlace, store: Store) -> tuple[Sample, ...]:
    return tuple(seen(b, store) for b in sorted(store.places.get(it.place, ())))


@cell.handles
def owned(it: ListOwned, store: Store) -> tuple[Sample, ...]:
    return tuple(seen(b, store) for b in sorted(store.owners.get(it.owner, ())))


@cell.handles
def unknown(it: FindUnknown, store: Store) -> tuple[Barcode, ...]:
    return tuple(b for b in it.barcodes if b not in store.vials)


@cell.reacts
def hand_over(it: Left, store: Store) -> tuple[HandedOver, ...]:
    """What belonged to who leaves belongs to the heir from now on."""
    mine = sorted(store.owners.get(it.handle, ()))
    return tuple(HandedOver(barcode, it.heir) for barcode in mine)


@cell.after(timedelta(days=14))
def ask_back(it: CheckedOut, store: Store) -> Overdue | None:
    """Only when it is still the same outing."""
    vial = store.vials[it.barcode]
    if vial.holder is None or vial.outings != it.outing:
        return None
    return Overdue(it.barcode, vial.title, vial.owner, vial.holder)


@cell.evolves
def enter(it: Registered, store: Store) -> None:
    store.vials[it.barcode] = Vial(it.title, it.owner, it.place, it.unit, it.amount, it.low)
    store.places.setdefault(it.place, set()).add(it.barcode)
    store.owners.setdefault(it.owner, set()).add(it.barcode)


@cell.evolves
def shift(it: Moved, store: Store) -> None:
    vial = store.vials[it.barcode]
    store.places[vial.place].discard(it.barcode)
    store.places.setdefault(it.place, set()).add(it.barcode)
    vial.place = it.place


@cell.evolves
def take(it: CheckedOut, store: Store) -> None:
    vial = store.vials[it.barcode]
    vial.holder, vial.outings = it.by, it.outing


@cell.evolves
def give(it: Returned, store: Store) -> None:
    shift(Moved(it.barcode, it.place), store)
    store.vials[it.barcode].holder = None


@cell.evolves
def use(it: Consumed, store: Store) -> None:
    store.vials[it.barcode].left -= it.amount


@cell.evolves
def fill(it: Restocked, store: Store) -> None:
    store.vials[it.barcode].left += it.amount


@cell.evolves
def inherit(it: HandedOver, store: Store) -> None:
    vial = store.vials[it.barcode]
    store.owners[vial.owner].discard(it.barcode)
    store.owners.setdefault(it.owner, set()).add(it.barcode)
    vial.owner = it.owner


@cell.evolves
def ran_low(it: RanLow, store: Store) -> None:
    """Said for others to hear; nothing is remembered."""


@cell.evolves
def overdue(it: Overdue, store: Store) -> None:
    """Said for others to hear; nothing is remembered."""


def known(barcode: Barcode, store: Store) -> Vial:
    KNOWN.require(barcode in store.vials, barcode)
    return store.vials[barcode]


def at_hand(barcode: Barcode, store: Store, caller: Caller) -> Vial:
    """A sample that the caller may touch: it is in its place, or in their hands."""
    vial = known(barcode, store)
    HELD.require(vial.holder in (None, caller.name), f"{vial.holder} has it")
    return vial


def seen(barcode: Barcode, store: Store) -> Sample:
    it = store.vials[barcode]
    return Sample(barcode, it.title, it.owner, it.place, it.unit, it.left, it.low, it.holder)


def has_room(place: Place, store: Store) -> None:
    BOX.require(len(store.places.get(place, ())) < 81, place)


# ## Scenarios

SHELF, BENCH = "freezer-1/shelf-2/box-7", "room-214/bench-3"


def antibody(barcode: Barcode, owner: Handle = "ada", place: Place = SHELF) -> RegisterSample:
    return RegisterSample(barcode, "anti-GFP", owner, place, Unit.MICROLITRES, 100, low=20)


@cell.scenario
def ada_freezes_an_antibody(lab: World) -> None:
    """Its barcode is taken now; and nothing belongs to a stranger."""
    for who in ("ada", "lise"):
        lab.by("olga", "office").send(Enrol(who, who.title(), frozenset(), date(2026, 1, 5)))
    lab.by("ada").send(antibody("AB000001"))
    with ONCE.refuses():
        lab.by("lise").send(antibody("AB000001", "lise"))
    with OWNED.refuses():
        lab.by("ada").send(antibody("AB000002", "nobody"))
    asked = FindUnknown(("AB000001", "AB000002"))
    assert lab.by("lise").ask(asked) == ("AB000002",)


@cell.scenario
def one_vial_two_hands(lab: World) -> None:
    """Both grab it at once: one has it, and only they can use it or put it back."""
    ada_freezes_an_antibody(lab)
    tries = [lab.by(who).start(CheckOut("AB000001")) for who in ("ada", "lise")]
    with HELD.refuses():
        for attempt in tries:
            attempt.result()
    lab.restart()
    (out,) = lab.events(CheckedOut)
    other = lab.by("lise" if out.by == "ada" else "ada")
    with HELD.refuses():
        other.send(Consume("AB000001", 1))
    with HELD.refuses():
        other.send(PutBack("AB000001", SHELF))
    lab.by(out.by).send(PutBack("AB000001", BENCH))
    assert [s.barcode for s in other.ask(ListPlace(BENCH))] == ["AB000001"]
    other.send(MoveSample("AB000001", SHELF))


@cell.scenario
def it_runs_low(lab: World) -> None:
    """That is said once; there is no more than there is; restocked, it can run low again."""
    ada_freezes_an_antibody(lab)
    lise = lab.by("lise")
    assert [lise.send(Consume("AB000001", n)) for n in (79, 1, 1)] == [21, 20, 19]
    assert [it.left for it in lab.events(RanLow)] == [20]
    with ENOUGH.refuses():
        lise.send(Consume("AB000001", 20))
    with KNOWN.refuses():
        lise.send(Consume("AB000009", 1))
    assert lise.send(Restock("AB000001", 81)) == 100
    lise.send(Consume("AB000001", 100))
    assert [it.left for it in lab.events(RanLow)] == [20, 0]


@cell.scenario
def a_box_is_nine_by_nine(lab: World) -> None:
    """The 82nd vial goes elsewhere."""
    ada_freezes_an_antibody(lab)
    for n in range(2, 82):
        lab.by("ada").send(antibody(f"AB{n:06}"))
    with BOX.refuses():
        lab.by("ada").send(antibody("AB000082"))
    lab.by("ada").send(antibody("AB000082", place=BENCH))
    with BOX.refuses():
        lab.by("ada").send(MoveSample("AB000082", SHELF))


@cell.scenario
def forgotten_on_the_bench(lab: World) -> None:
    """After two weeks, counted across a power cut, Ada is asked; not for what she brought back."""
    ada_freezes_an_antibody(lab)
    ada = lab.by("ada")
    ada.send(CheckOut("AB000001"))
    ada.send(PutBack("AB000001", SHELF))
    lab.advance(timedelta(days=10))
    ada.send(CheckOut("AB000001"))
    lab.restart()
    lab.advance(timedelta(days=13))
    assert lab.events(Overdue) == ()
    lab.advance(timedelta(days=2))
    assert [(it.holder, it.barcode) for it in lab.events(Overdue)] == [("ada", "AB000001")]


@cell.scenario
def lise_inherits(lab: World) -> None:
    """Ada leaves; what she owned is Lise's, once, even when the power fails meanwhile."""
    ada_freezes_an_antibody(lab)
    lab.by("olga", "office").send(SayGoodbye("ada", date(2026, 1, 6), heir="lise"))
    lab.restart()
    lab.settle()
    assert [s.barcode for s in lab.by("lise").ask(ListOwned("lise"))] == ["AB000001"]
    assert len(lab.events(HandedOver)) == 1
    with OWNED.refuses():
        lab.by("lise").send(antibody("AB000003", "ada"))
