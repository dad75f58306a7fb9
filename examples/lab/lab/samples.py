"""# Samples: what every barcode in the freezers is, where it is, and in whose hands.

Some thousands of vials, in boxes. What is scanned at the freezer door is believed at once; what
stays on a bench for two weeks is asked for; what somebody leaves behind has an heir.
"""

from datetime import date, timedelta
from enum import Enum
from typing import Annotated

from lab.people import Enrol, GetMember, Handle, Left, SayGoodbye
from monocyte import Ask, Caller, Cell, Command, Event, Meta, Query, State, Value
from monocyte.testing import Operator, Step, Steps, World, answers

# ## Words

Barcode = Annotated[str, Meta(pattern=r"^[A-Z]{2}[0-9]{6}$")]
Place = Annotated[str, Meta(pattern=r"^[a-z0-9-]+(/[a-z0-9-]+)*$", max_length=48)]
Title = Annotated[str, Meta(min_length=1, max_length=120)]
Amount = Annotated[int, Meta(ge=0, le=10**9)]


class Unit(Enum):
    MICROLITRES = "µl"
    MILLIGRAMS = "mg"
    PIECES = "pieces"


class Sample(Value):
    """The `amount` of the first day, and what is `low`; who has it, if it is not in its place."""

    barcode: Barcode
    title: Title
    owner: Handle
    place: Place
    unit: Unit
    amount: Amount
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


class MoveBox(Command[int]):
    """All that is in a place, to an empty one; answered with how many samples that are."""

    place: Place
    to: Place


class CheckOut(Command[CheckedOut]):
    barcode: Barcode


class PutBack(Command[Returned]):
    barcode: Barcode
    place: Place


class GetSample(Query[Sample | None]):
    barcode: Barcode


class ListPlace(Query[tuple[Sample, ...]]):
    place: Place


class ListOwned(Query[tuple[Sample, ...]]):
    owner: Handle


class FindUnknown(Query[tuple[Barcode, ...]]):
    """Which of these stick on nothing in the lab."""

    barcodes: tuple[Barcode, ...]


# ## Rules and behaviour


class Vial(State):
    title: Title
    owner: Handle
    place: Place
    unit: Unit
    amount: Amount
    low: Amount
    holder: Handle | None = None
    outings: int = 0


class Store(State):
    vials: dict[Barcode, Vial] = {}
    places: dict[Place, list[Barcode]] = {}
    owners: dict[Handle, list[Barcode]] = {}


cell = Cell("samples", state=Store)

ONCE = cell.rule("SAMPLE-1", "A barcode means one thing for ever.")
OWNED = cell.rule("SAMPLE-2", "A new sample belongs to somebody who is in the lab.")
KNOWN = cell.rule("SAMPLE-3", "Only what is registered is moved, taken or put back.")
BOX = cell.rule("SAMPLE-4", "A place holds at most 81 samples: a box of nine by nine.")
HELD = cell.rule("SAMPLE-5", "What is out is in one person's hands, and nobody else's.")
EMPTY = cell.rule("SAMPLE-7", "A box is put where nothing else is.")
cell.retired(
    "SAMPLE-6",
    "Nobody uses more than there is.",
    because="What is left has become the affair of a cell of its own.",
)


@cell.handles
async def register(it: RegisterSample, store: Store, ask: Ask) -> Registered:
    ONCE.require(it.barcode not in store.vials, it.barcode)
    has_room(it.place, it.barcode, store)
    owner = await ask(GetMember(it.owner))
    OWNED.require(owner is not None and owner.until is None, it.owner)
    return Registered(it.barcode, it.title, it.owner, it.place, it.unit, it.amount, it.low)


@cell.handles
def move(it: MoveSample, store: Store, caller: Caller) -> Moved:
    holder = known(it.barcode, store).holder
    HELD.require(holder in (None, caller.name), f"{holder} has it")
    has_room(it.place, it.barcode, store)
    return Moved(it.barcode, it.place)


@cell.handles
def move_box(it: MoveBox, store: Store) -> tuple[int, *tuple[Moved, ...]]:
    """What is out comes back to the new place, if it comes back."""
    EMPTY.require(not store.places.get(it.to), it.to)
    inside = store.places.get(it.place, [])
    return len(inside), *(Moved(barcode, it.to) for barcode in inside)


@cell.handles
def check_out(it: CheckOut, store: Store, caller: Caller) -> CheckedOut:
    vial = known(it.barcode, store)
    HELD.require(vial.holder is None, f"{vial.holder} has it")
    return CheckedOut(it.barcode, caller.name, vial.outings + 1)


@cell.handles
def put_back(it: PutBack, store: Store, caller: Caller) -> Returned:
    """Into any place with room; its own is kept free while it is out."""
    holder = known(it.barcode, store).holder
    HELD.require(holder == caller.name, f"{holder or 'nobody'} has it")
    has_room(it.place, it.barcode, store)
    return Returned(it.barcode, it.place)


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
    mine = store.owners.get(it.handle, [])
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
    store.places.setdefault(it.place, []).append(it.barcode)
    store.owners.setdefault(it.owner, []).append(it.barcode)


@cell.evolves
def shift(it: Moved, store: Store) -> None:
    vial = store.vials[it.barcode]
    store.places[vial.place].remove(it.barcode)
    store.places.setdefault(it.place, []).append(it.barcode)
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
def inherit(it: HandedOver, store: Store) -> None:
    vial = store.vials[it.barcode]
    store.owners[vial.owner].remove(it.barcode)
    store.owners.setdefault(it.owner, []).append(it.barcode)
    vial.owner = it.owner


@cell.evolves
def overdue(it: Overdue, store: Store) -> None:
    """Said for others to hear; nothing is remembered."""


def known(barcode: Barcode, store: Store) -> Vial:
    KNOWN.require(barcode in store.vials, barcode)
    return store.vials[barcode]


def seen(barcode: Barcode, store: Store) -> Sample:
    it = store.vials[barcode]
    return Sample(barcode, it.title, it.owner, it.place, it.unit, it.amount, it.low, it.holder)


def has_room(place: Place, barcode: Barcode, store: Store) -> None:
    """Its own place has room for it."""
    others = [other for other in store.places.get(place, []) if other != barcode]
    BOX.require(len(others) < 81, place)


cell.picture("""
    person -> RegisterSample -> register  -> Registered -> enter
                                register  -> people.GetMember
    person -> MoveSample     -> move      -> Moved      -> shift
    person -> MoveBox        -> move_box  -> Moved      -> shift
    person -> CheckOut       -> check_out -> CheckedOut -> take
    person -> PutBack        -> put_back  -> Returned   -> give
    person -> GetSample      -> sample
    person -> ListPlace      -> at_place
    person -> ListOwned      -> owned
    person -> FindUnknown    -> unknown
              people.Left    -> hand_over -> HandedOver -> inherit
              CheckedOut     -> ask_back  -> Overdue    -> overdue
""")


# ## Scenarios and decisions

SHELF, BENCH = "freezer-1/shelf-2/box-7", "room-214/bench-3"


def antibody(barcode: Barcode, owner: Handle = "ada", place: Place = SHELF) -> RegisterSample:
    return RegisterSample(barcode, "anti-GFP", owner, place, Unit.MICROLITRES, 100, low=20)


@cell.scenario
def ada_freezes_an_antibody(lab: World) -> None:
    """Its barcode is taken now; and nothing belongs to a stranger."""
    for who in ("ada", "lise"):
        lab.by("olga", "office").send(Enrol(who, who.title(), frozenset(), date(2026, 1, 5)))
    ada, lise = lab.by("ada"), lab.by("lise")
    ada.send(antibody("AB000001"))
    with ONCE.refuses():
        lise.send(antibody("AB000001", "lise"))
    with OWNED.refuses():
        ada.send(antibody("AB000002", "nobody"))
    assert lise.ask(FindUnknown(("AB000001", "AB000002"))) == ("AB000002",)
    frozen = Sample("AB000001", "anti-GFP", "ada", SHELF, Unit.MICROLITRES, 100, 20, None)
    assert [lise.ask(GetSample(it)) for it in ("AB000001", "AB000002")] == [frozen, None]


@cell.scenario
def one_vial_two_hands(lab: World) -> None:
    """Both grab it at once: one has it, and only they can move it or put it back."""
    ada_freezes_an_antibody(lab)
    tries = [lab.by(who).start(CheckOut("AB000001")) for who in ("ada", "lise")]
    with HELD.refuses():
        for attempt in tries:
            attempt.result()
    lab.restart()
    (out,) = lab.events(CheckedOut)
    holder, other = lab.by(out.by), lab.by("lise" if out.by == "ada" else "ada")
    with HELD.refuses():
        other.send(MoveSample("AB000001", BENCH))
    with HELD.refuses():
        other.send(PutBack("AB000001", SHELF))
    holder.send(MoveSample("AB000001", SHELF))
    holder.send(PutBack("AB000001", BENCH))
    other.send(antibody("AB000000", place=BENCH))
    assert [it.barcode for it in other.ask(ListPlace(BENCH))] == ["AB000000", "AB000001"]
    other.send(MoveSample("AB000001", SHELF))
    with KNOWN.refuses():
        other.send(CheckOut("AB000009"))


@cell.scenario
def a_box_is_nine_by_nine(lab: World) -> None:
    """The 82nd vial goes elsewhere, and stays there."""
    ada_freezes_an_antibody(lab)
    ada = lab.by("ada")
    for n in range(2, 82):
        ada.send(antibody(f"AB{n:06}"))
    ada.send(MoveSample("AB000081", SHELF))
    with BOX.refuses():
        ada.send(antibody("AB000082"))
    ada.send(antibody("AB000082", place=BENCH))
    with BOX.refuses():
        ada.send(MoveSample("AB000082", SHELF))
    ada.send(CheckOut("AB000082"))
    with BOX.refuses():
        ada.send(PutBack("AB000082", SHELF))


@cell.scenario
def a_box_moves(lab: World) -> None:
    """Whole, and to where there is none."""
    ada_freezes_an_antibody(lab)
    ada = lab.by("ada")
    ada.send(antibody("AB000002", place=BENCH))
    with EMPTY.refuses():
        ada.send(MoveBox(SHELF, BENCH))
    ada.send(MoveSample("AB000002", SHELF))
    assert ada.send(MoveBox(SHELF, BENCH)) == 2
    assert [it.place for it in ada.ask(ListPlace(BENCH))] == [BENCH, BENCH]
    assert ada.ask(ListPlace(SHELF)) == ()


@cell.scenario
def forgotten_on_the_bench(lab: World) -> None:
    """After two weeks, counted across a power cut, Lise is asked; not for what she brought back."""
    ada_freezes_an_antibody(lab)
    lise = lab.by("lise")
    lab.by("ada").send(antibody("AB000002"))
    for barcode in ("AB000001", "AB000002"):
        lise.send(CheckOut(barcode))
        lise.send(PutBack(barcode, SHELF))
    lab.advance(timedelta(days=10))
    lise.send(CheckOut("AB000001"))
    assert [it.outing for it in lab.events(CheckedOut)] == [1, 1, 2]
    lab.restart()
    lab.advance(timedelta(days=13))
    assert lab.events(Overdue) == ()
    lab.advance(timedelta(days=2))
    assert lab.events(Overdue) == (Overdue("AB000001", "anti-GFP", owner="ada", holder="lise"),)


@cell.scenario
def lise_inherits(lab: World) -> None:
    """Ada leaves; what she owned is Lise's, once, even when the power fails meanwhile."""
    ada_freezes_an_antibody(lab)
    lab.by("lise").send(antibody("AB000002", "lise"))
    lab.by("olga", "office").send(SayGoodbye("ada", date(2026, 1, 6), heir="lise"))
    lab.restart()
    lab.settle()
    lise = lab.by("lise")
    assert [(it.barcode, it.owner) for it in lise.ask(ListOwned("lise"))] == [
        ("AB000001", "lise"),
        ("AB000002", "lise"),
    ]
    assert lise.ask(ListOwned("ada")) == ()
    with OWNED.refuses():
        lise.send(antibody("AB000003", "ada"))


@cell.decision(instead_of="giving it to the next vial", review="2027-06-01")
def a_place_waits(lab: World) -> None:
    """Who brings a vial back at night must not stand before a full box."""
    a_box_is_nine_by_nine(lab)
    ada = lab.by("ada")
    ada.send(CheckOut("AB000001"))
    with BOX.refuses():
        ada.send(antibody("AB000083"))
    ada.send(PutBack("AB000001", SHELF))


@cell.decision(instead_of="a size for each box", review="2027-05-01")
def boxes_have_81_places() -> None:
    """All boxes are bought from one supplier, who makes them nine by nine and says to go on so."""


# ## When it breaks


def boxes(it: Operator, place: Place, to: Place) -> object:
    return it.ask(ListPlace(place)), it.ask(ListPlace(to))


@cell.runbook(
    when="a freezer thaws",
    after=ada_freezes_an_antibody,
    keeps=boxes,
    example={"place": SHELF, "to": "freezer-2/shelf-1/box-1"},
)
def carry_over(it: Operator, place: Place, to: Place) -> Steps:
    """A box stands in a cold freezer, and everybody finds it there."""
    yield Step(f"Carry the box from {place} to {to}, on dry ice")
    yield Step(
        "Say so here",
        check=answers(ListPlace(place), ()),
        do=[MoveBox(place, to)],
        undo=[MoveBox(to, place)],
    )
