"""# Instruments: who has which machine when, and nobody else at that time.

Sixteen machines, a hundred and twenty people. A booking is named by its instrument and its start,
because at one time only one person can have it; that is also how people speak of it. Past times
may be booked: whoever walked in at night writes it down in the morning.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from lab.people import Course, Enrol, Handle, IsTrained, Left, RecordTraining, SayGoodbye
from monocyte import Ask, Caller, Cell, Command, Event, Meta, Query, State, Value
from monocyte.testing import World

# ## Words

InstrumentName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]*$", min_length=2, max_length=32)]
Moment = Annotated[datetime, Meta(tz=True)]
Line = Annotated[str, Meta(max_length=200)]


class Slot(Value):
    start: Moment
    end: Moment


class Instrument(Value):
    name: InstrumentName
    title: Line
    room: Line
    course: Course | None = None


class Added(Event):
    instrument: Instrument


class Booked(Event):
    instrument: InstrumentName
    slot: Slot
    who: Handle
    purpose: Line


class Cancelled(Event):
    booking: Booked
    by: Handle
    why: Line


class OutOfService(Event):
    instrument: InstrumentName
    slot: Slot
    why: Line


class BackInService(Event):
    instrument: InstrumentName
    at: Moment


class AddInstrument(Command[Added]):
    instrument: Instrument


class BookInstrument(Command[Booked]):
    instrument: InstrumentName
    slot: Slot
    purpose: Line = ""


class CancelBooking(Command[Cancelled]):
    instrument: InstrumentName
    start: Moment
    why: Line = ""


class TakeOutOfService(Command[int]):
    """Answered with how many bookings it cancels."""

    instrument: InstrumentName
    slot: Slot
    why: Line


class PutBackInService(Command[BackInService]):
    instrument: InstrumentName
    at: Moment


class ListInstruments(Query[tuple[Instrument, ...]]):
    pass


class ListBookings(Query[tuple[Booked, ...]]):
    instrument: InstrumentName
    day: date


class ListBookingsOf(Query[tuple[Booked, ...]]):
    who: Handle
    since: Moment


class FindFree(Query[tuple[Slot, ...]]):
    instrument: InstrumentName
    day: date


# ## Rules and behaviour


class Plan(State):
    instruments: dict[InstrumentName, Instrument] = {}
    outages: dict[InstrumentName, list[OutOfService]] = {}
    days: dict[InstrumentName, dict[date, list[Booked]]] = {}  # by the (UTC) day of the start
    people: dict[Handle, list[Booked]] = {}


cell = Cell("instruments", state=Plan)

ALONE = cell.rule("INSTRUMENT-1", "An instrument serves one person at a time.")
SHORT = cell.rule("INSTRUMENT-2", "A booking lasts at most eight hours, and not nothing.")
TRAINED = cell.rule("INSTRUMENT-3", "Who books an instrument is trained for it on that day.")
WORKING = cell.rule("INSTRUMENT-4", "Nobody books what is out of service at that time.")
FAIR = cell.rule("INSTRUMENT-5", "Nobody has one instrument for over 24 hours of a calendar week.")
OWN = cell.rule("INSTRUMENT-6", "A booking is cancelled by who made it, or by a technician.")
TECHNICAL = cell.rule("INSTRUMENT-7", "Technicians (and the owner) look after the instruments.")
KNOWN = cell.rule("INSTRUMENT-8", "An instrument is added once, and used after that.")
BOOKED = cell.rule("INSTRUMENT-9", "Only what was booked can be cancelled.")


@cell.handles
def add(it: AddInstrument, plan: Plan, caller: Caller) -> Added:
    TECHNICAL.require(is_technical(caller), caller.name)
    KNOWN.require(it.instrument.name not in plan.instruments, it.instrument.name)
    return Added(it.instrument)


@cell.handles
async def book(it: BookInstrument, plan: Plan, caller: Caller, ask: Ask) -> Booked:
    KNOWN.require(it.instrument in plan.instruments, it.instrument)
    SHORT.require(timedelta(0) < length(it.slot) <= timedelta(hours=8))
    for outage in plan.outages.get(it.instrument, ()):
        WORKING.require(apart(outage.slot, it.slot), outage.why)
    for other in around(it.slot, it.instrument, plan):
        ALONE.require(apart(other.slot, it.slot), other.who)
    taken = sum((length(b.slot) for b in week_of(caller.name, it, plan)), length(it.slot))
    FAIR.require(taken <= timedelta(hours=24), str(taken))
    course = plan.instruments[it.instrument].course
    if course is not None:
        TRAINED.require(await ask(IsTrained(caller.name, course, day(it.slot.start))), course)
    return Booked(it.instrument, it.slot, caller.name, it.purpose)


@cell.handles
def cancel(it: CancelBooking, plan: Plan, caller: Caller) -> Cancelled:
    starting = plan.days.get(it.instrument, {}).get(day(it.start), [])
    booking = next((b for b in starting if b.slot.start == it.start), None)
    if booking is None:
        BOOKED.refuse(f"{it.instrument} at {it.start.isoformat()}")
    OWN.require(caller.name == booking.who or is_technical(caller), booking.who)
    return Cancelled(booking, caller.name, it.why)


@cell.handles
def take_out(
    it: TakeOutOfService, plan: Plan, caller: Caller
) -> tuple[int, OutOfService, *tuple[Cancelled, ...]]:
    """Out of service, and whoever booked that time has it cancelled."""
    looks_after(it.instrument, plan, caller)
    booked = (b for starting in plan.days.get(it.instrument, {}).values() for b in starting)
    hit = tuple(Cancelled(b, caller.name, it.why) for b in booked if not apart(b.slot, it.slot))
    return len(hit), OutOfService(it.instrument, it.slot, it.why), *hit


@cell.handles
def put_back(it: PutBackInService, plan: Plan, caller: Caller) -> BackInService:
    looks_after(it.instrument, plan, caller)
    return BackInService(it.instrument, it.at)


@cell.handles
def instruments(it: ListInstruments, plan: Plan) -> tuple[Instrument, ...]:
    return tuple(plan.instruments.values())


@cell.handles
def bookings(it: ListBookings, plan: Plan) -> tuple[Booked, ...]:
    """What starts on that day, in order."""
    return tuple(sorted(plan.days.get(it.instrument, {}).get(it.day, ()), key=by_start))


@cell.handles
def bookings_of(it: ListBookingsOf, plan: Plan) -> tuple[Booked, ...]:
    mine = (b for b in plan.people.get(it.who, ()) if b.slot.start >= it.since)
    return tuple(sorted(mine, key=by_start))


@cell.handles
def free(it: FindFree, plan: Plan) -> tuple[Slot, ...]:
    """What is left of that day (UTC) beside its bookings and outages."""
    midnight = datetime.combine(it.day, time(), UTC)
    whole = Slot(midnight, midnight + timedelta(days=1))
    busy = [b.slot for b in around(whole, it.instrument, plan)]
    busy += [o.slot for o in plan.outages.get(it.instrument, ()) if not apart(o.slot, whole)]
    gaps, start = [], whole.start
    for slot in sorted(busy, key=lambda s: s.start):
        gaps.append(Slot(start, slot.start))
        start = max(start, slot.end)
    return tuple(gap for gap in [*gaps, Slot(start, whole.end)] if gap.start < gap.end)


@cell.reacts
def give_back(it: Left, plan: Plan) -> tuple[Cancelled, ...]:
    """Who leaves needs no more time here."""
    held = plan.people.get(it.handle, ())
    gone = (b for b in held if day(b.slot.start) >= it.on)
    return tuple(Cancelled(b, by=it.handle, why="left the lab") for b in gone)


@cell.evolves
def acquire(it: Added, plan: Plan) -> None:
    plan.instruments[it.instrument.name] = it.instrument


@cell.evolves
def enter(it: Booked, plan: Plan) -> None:
    days = plan.days.setdefault(it.instrument, {})
    days.setdefault(day(it.slot.start), []).append(it)
    plan.people.setdefault(it.who, []).append(it)


@cell.evolves
def strike(it: Cancelled, plan: Plan) -> None:
    plan.days[it.booking.instrument][day(it.booking.slot.start)].remove(it.booking)
    plan.people[it.booking.who].remove(it.booking)


@cell.evolves
def close(it: OutOfService, plan: Plan) -> None:
    plan.outages.setdefault(it.instrument, []).append(it)


@cell.evolves
def reopen(it: BackInService, plan: Plan) -> None:
    """Outages end now, at the latest; those still to come are off."""
    begun = (o for o in plan.outages.get(it.instrument, ()) if o.slot.start < it.at)
    plan.outages[it.instrument] = [
        OutOfService(o.instrument, Slot(o.slot.start, min(o.slot.end, it.at)), o.why) for o in begun
    ]


def around(slot: Slot, instrument: InstrumentName, plan: Plan) -> Iterator[Booked]:
    """The bookings that may touch a slot: of its days, and of the evening before."""
    days, starting = plan.days.get(instrument, {}), day(slot.start) - timedelta(days=1)
    while starting <= day(slot.end):
        yield from days.get(starting, ())
        starting += timedelta(days=1)


def week_of(who: Handle, it: BookInstrument, plan: Plan) -> Iterator[Booked]:
    days, start = plan.days.get(it.instrument, {}), day(it.slot.start)
    monday = start - timedelta(days=start.weekday())
    for n in range(7):
        yield from (b for b in days.get(monday + timedelta(days=n), ()) if b.who == who)


def apart(one: Slot, other: Slot) -> bool:
    return one.end <= other.start or other.end <= one.start


def length(slot: Slot) -> timedelta:
    return slot.end - slot.start


def day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


def by_start(booking: Booked) -> datetime:
    return booking.slot.start


def looks_after(instrument: InstrumentName, plan: Plan, caller: Caller) -> None:
    TECHNICAL.require(is_technical(caller), caller.name)
    KNOWN.require(instrument in plan.instruments, instrument)


def is_technical(caller: Caller) -> bool:
    return not caller.roles.isdisjoint(("technician", "owner"))


# ## Scenarios


def on(start: int, end: int, january: int = 12) -> Slot:
    midnight = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=january - 1)
    return Slot(midnight + timedelta(hours=start), midnight + timedelta(hours=end))


@cell.scenario
def ada_and_lise_are_trained(lab: World) -> None:
    """The confocal needs a training, which Ada and Lise have; the balance needs none."""
    for who in ("ada", "lise", "tom"):
        lab.by("olga", "office").send(Enrol(who, who.title(), frozenset(), date(2026, 1, 5)))
    for who in ("ada", "lise"):
        taught = RecordTraining(who, "confocal", date(2026, 1, 5), date(2026, 12, 31))
        lab.by("tom", "trainer").send(taught)
    tea = lab.by("tea", "technician")
    tea.send(AddInstrument(Instrument("confocal", "Confocal microscope", "2.14", "confocal")))
    balance = AddInstrument(Instrument("balance", "Fine balance", "1.03"))
    with TECHNICAL.refuses():
        lab.by("ada").send(balance)
    tea.send(balance)
    with KNOWN.refuses():
        tea.send(balance)


@cell.scenario
def ada_was_first(lab: World) -> None:
    """Lise cannot have Ada's hours, nor nine hours, nor none; but the hour after."""
    ada_and_lise_are_trained(lab)
    ada, lise = lab.by("ada"), lab.by("lise")
    ada.send(BookInstrument("confocal", on(10, 12)))
    for hours in (on(9, 11), on(11, 13), on(9, 13), on(10, 12)):
        with ALONE.refuses():
            lise.send(BookInstrument("confocal", hours))
    for hours in (on(13, 22), on(13, 13), on(14, 13)):
        with SHORT.refuses():
            lise.send(BookInstrument("confocal", hours))
    lise.send(BookInstrument("confocal", on(12, 13)))
    assert ada.ask(FindFree("confocal", date(2026, 1, 12))) == (on(0, 10), on(13, 24))
    assert [b.who for b in ada.ask(ListBookings("confocal", date(2026, 1, 12)))] == ["ada", "lise"]


@cell.scenario
def two_people_want_the_same_hour(lab: World) -> None:
    """At once: exactly one gets it, and a power cut changes nothing about that."""
    ada_and_lise_are_trained(lab)
    tries = [lab.by(who).start(BookInstrument("confocal", on(10, 12))) for who in ("ada", "lise")]
    with ALONE.refuses():
        for attempt in tries:
            attempt.result()
    lab.restart()
    assert lab.by("tom").ask(ListBookings("confocal", date(2026, 1, 12))) == lab.events(Booked)
    assert len(lab.events(Booked)) == 1


@cell.scenario
def who_may_book(lab: World) -> None:
    """Tom was never taught, Ada's training ends with the year, nobody hogs a machine."""
    ada_and_lise_are_trained(lab)
    with TRAINED.refuses():
        lab.by("tom").send(BookInstrument("confocal", on(10, 12)))
    with TRAINED.refuses():
        lab.by("ada").send(BookInstrument("confocal", on(10, 12, january=366)))
    with KNOWN.refuses():
        lab.by("ada").send(BookInstrument("telescope", on(10, 12)))
    for weekday in (12, 13, 14):
        lab.by("tom").send(BookInstrument("balance", on(8, 16, weekday)))
    with FAIR.refuses():
        lab.by("tom").send(BookInstrument("balance", on(8, 9, january=18)))
    lab.by("tom").send(BookInstrument("balance", on(8, 9, january=19)))


@cell.scenario
def the_laser_dies(lab: World) -> None:
    """Ada loses her hours, nobody books while it is broken, and it comes back early."""
    ada_was_first(lab)
    lise, tea = lab.by("lise"), lab.by("tea", "technician")
    with TECHNICAL.refuses():
        lise.send(TakeOutOfService("confocal", on(0, 24), "I need a break"))
    assert tea.send(TakeOutOfService("confocal", on(11, 12), "laser")) == 1
    assert [(it.booking.who, it.why) for it in lab.events(Cancelled)] == [("ada", "laser")]
    with WORKING.refuses():
        lise.send(BookInstrument("confocal", on(8, 12)))
    lise.send(BookInstrument("confocal", on(8, 11)))
    with KNOWN.refuses():
        tea.send(PutBackInService("telescope", on(9, 9).end))
    tea.send(PutBackInService("confocal", on(11, 11).end))
    lise.send(BookInstrument("confocal", on(11, 12)))


@cell.scenario
def giving_time_back(lab: World) -> None:
    """Ada cancels her own hours only; when Lise leaves, hers are free by themselves."""
    ada_was_first(lab)
    ada = lab.by("ada")
    with OWN.refuses():
        ada.send(CancelBooking("confocal", on(12, 13).start))
    ada.send(CancelBooking("confocal", on(10, 12).start, "cells died"))
    with BOOKED.refuses():
        ada.send(CancelBooking("confocal", on(10, 12).start))
    lab.by("olga", "office").send(SayGoodbye("lise", date(2026, 1, 12), heir="ada"))
    lab.settle()
    assert ada.ask(FindFree("confocal", date(2026, 1, 12))) == (on(0, 24),)
