"""# Instruments: who has which machine when, and nobody else at that time.

Sixteen machines, a hundred and twenty people. A booking is named by its instrument and its start,
because at one time only one person can have it, and people speak of it so.
"""

from bisect import bisect_left, insort
from datetime import UTC, date, datetime, time, timedelta

from lab.equipment import (
    AddInstrument,
    BackInService,
    GetInstrument,
    Instrument,
    InstrumentName,
    Line,
    Moment,
    OutOfService,
    PutBackInService,
    Slot,
    TakeOutOfService,
)
from lab.people import Enrol, Handle, IsTrained, Left, RecordTraining, SayGoodbye
from monocyte import Ask, Caller, Cell, Command, Event, Query, State
from monocyte.testing import Operator, Source, Step, Steps, World, answers

# ## Words


class Booked(Event):
    instrument: InstrumentName
    slot: Slot
    who: Handle
    purpose: Line


class Cancelled(Event):
    booking: Booked
    by: Handle
    why: Line


class Closed(Event):
    instrument: InstrumentName
    slot: Slot


class BookInstrument(Command[Booked]):
    """For the caller, or for `who`."""

    instrument: InstrumentName
    slot: Slot
    purpose: Line = ""
    who: Handle | None = None


class CancelBooking(Command[Cancelled]):
    instrument: InstrumentName
    start: Moment
    why: Line = ""


class ListBookings(Query[tuple[Booked, ...]]):
    """What starts on that day (UTC)."""

    instrument: InstrumentName
    day: date


class ListBookingsOf(Query[tuple[Booked, ...]]):
    who: Handle
    since: Moment


class FindFree(Query[tuple[Moment, ...]]):
    """Its hours in which it works, and nobody has it."""

    instrument: InstrumentName
    day: date


class WhoHas(Query[Handle | None]):
    instrument: InstrumentName
    at: Moment


# ## Rules and behaviour

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LONGEST = 8 * HOUR


class Plan(State):
    diaries: dict[InstrumentName, list[Booked]] = {}  # by their start
    closed: dict[InstrumentName, dict[Moment, Slot]] = {}  # by their start


cell = Cell("instruments", state=Plan)

ALONE = cell.rule("INSTRUMENT-1", "An instrument serves one person at a time.")
SHORT = cell.rule("INSTRUMENT-2", "A booking lasts at most eight hours, and not nothing.")
TRAINED = cell.rule("INSTRUMENT-3", "Who has an instrument is trained for it on that day.")
WORKING = cell.rule("INSTRUMENT-4", "Nobody books what is out of service at that time.")
FAIR = cell.rule("INSTRUMENT-5", "Nobody has one instrument for over 24 hours of a calendar week.")
OWN = cell.rule("INSTRUMENT-6", "People book and cancel for themselves, technicians for anybody.")
KNOWN = cell.rule("INSTRUMENT-8", "Only an instrument of the lab is booked.")
BOOKED = cell.rule("INSTRUMENT-9", "Only what was booked can be cancelled.")
cell.retired(
    "INSTRUMENT-7",
    "Technicians (and the owner) look after the instruments.",
    because="The machines have become a cell of their own.",
)


@cell.handles
async def book(it: BookInstrument, plan: Plan, caller: Caller, ask: Ask) -> Booked:
    who, slot, today = it.who or caller.name, it.slot, day(it.slot.start)
    OWN.require(who == caller.name or is_technical(caller), who)
    SHORT.require(timedelta(0) < slot.length <= LONGEST)
    WORKING.require(works(slot, it.instrument, plan))
    others = booked(slot, it.instrument, plan)
    ALONE.require(not others, ", ".join(other.who for other in others))
    monday = midnight(today - today.weekday() * DAY)
    week = starting(it.instrument, monday, monday + 7 * DAY, plan)
    taken = sum((b.slot.length for b in week if b.who == who), slot.length)
    FAIR.require(taken <= DAY)
    machine = await ask(GetInstrument(it.instrument))
    if machine is None:
        KNOWN.refuse(it.instrument)
    if machine.course is not None:
        TRAINED.require(await ask(IsTrained(who, machine.course, today)), machine.course)
    return Booked(it.instrument, slot, who, it.purpose)


@cell.handles
def cancel(it: CancelBooking, plan: Plan, caller: Caller) -> Cancelled:
    found = starting(it.instrument, it.start, it.start + timedelta.resolution, plan)
    BOOKED.require(bool(found), it.instrument)
    (booking,) = found
    OWN.require(caller.name == booking.who or is_technical(caller), booking.who)
    return Cancelled(booking, caller.name, it.why)


@cell.handles
def bookings(it: ListBookings, plan: Plan) -> tuple[Booked, ...]:
    start = midnight(it.day)
    return tuple(starting(it.instrument, start, start + DAY, plan))


@cell.handles
def bookings_of(it: ListBookingsOf, plan: Plan) -> tuple[Booked, ...]:
    return held_by(it.who, it.since, plan)


@cell.handles
def free(it: FindFree, plan: Plan) -> tuple[Moment, ...]:
    name, starts = it.instrument, (midnight(it.day) + n * HOUR for n in range(24))
    hours = (Slot(start, start + HOUR) for start in starts)
    idle = (h for h in hours if works(h, name, plan) and not booked(h, name, plan))
    return tuple(hour.start for hour in idle)


@cell.handles
def who_has(it: WhoHas, plan: Plan) -> Handle | None:
    now = Slot(it.at, it.at + timedelta.resolution)
    return next((b.who for b in booked(now, it.instrument, plan)), None)


@cell.reacts
def stop(it: OutOfService, plan: Plan) -> tuple[Closed | Cancelled, ...]:
    hit = booked(it.slot, it.instrument, plan)
    return Closed(it.instrument, it.slot), *(Cancelled(b, it.by, it.why) for b in hit)


@cell.reacts
def resume(it: BackInService) -> Closed:
    return Closed(it.instrument, it.slot)


@cell.reacts
def give_back(it: Left, plan: Plan) -> tuple[Cancelled, ...]:
    held = held_by(it.handle, midnight(it.on), plan)
    return tuple(Cancelled(booking, it.handle, "left the lab") for booking in held)


@cell.evolves
def enter(it: Booked, plan: Plan) -> None:
    insort(plan.diaries.setdefault(it.instrument, []), it, key=by_start)


@cell.evolves
def strike(it: Cancelled, plan: Plan) -> None:
    plan.diaries[it.booking.instrument].remove(it.booking)


@cell.evolves
def close(it: Closed, plan: Plan) -> None:
    plan.closed.setdefault(it.instrument, {})[it.slot.start] = it.slot


def starting(name: InstrumentName, since: datetime, until: datetime, plan: Plan) -> list[Booked]:
    """The bookings that start from then until before then."""
    diary = plan.diaries.get(name, [])
    first, last = (bisect_left(diary, moment, key=by_start) for moment in (since, until))
    return diary[first:last]


def booked(slot: Slot, name: InstrumentName, plan: Plan) -> list[Booked]:
    near = starting(name, slot.start - LONGEST, slot.end, plan)
    return [booking for booking in near if booking.slot.touches(slot)]


def works(slot: Slot, name: InstrumentName, plan: Plan) -> bool:
    return not any(slot.touches(closed) for closed in plan.closed.get(name, {}).values())


def held_by(who: Handle, since: datetime, plan: Plan) -> tuple[Booked, ...]:
    later = (d[bisect_left(d, since, key=by_start) :] for d in plan.diaries.values())
    mine = (booking for diary in later for booking in diary if booking.who == who)
    return tuple(sorted(mine, key=by_start))


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


def by_start(booking: Booked) -> datetime:
    return booking.slot.start


def is_technical(caller: Caller) -> bool:
    return not caller.roles.isdisjoint(("technician", "owner"))


cell.picture("""
    person -> BookInstrument          -> book        -> Booked                  -> enter
                                         book        -> equipment.GetInstrument
                                         book        -> people.IsTrained
    person -> CancelBooking           -> cancel      -> Cancelled               -> strike
    person -> ListBookings            -> bookings
    person -> ListBookingsOf          -> bookings_of
    person -> FindFree                -> free
    person -> WhoHas                  -> who_has
              equipment.OutOfService  -> stop        -> Closed                  -> close
                                         stop        -> Cancelled               -> strike
              equipment.BackInService -> resume      -> Closed                  -> close
              people.Left             -> give_back   -> Cancelled               -> strike
""")


# ## Scenarios and decisions

TODAY, MONDAY = date(2026, 1, 5), date(2026, 1, 12)
CONFOCAL = Instrument("confocal", "Confocal microscope", "2.14", "confocal")
WIDEFIELD = Instrument("widefield", "Widefield microscope", "2.15")


def on(start: int, end: int, days: int = 0) -> Slot:
    first = midnight(MONDAY) + days * DAY
    return Slot(first + start * HOUR, first + end * HOUR)


def two_people_two_machines(lab: World) -> None:
    """The confocal needs a training, which Ada and Lise have; the widefield needs none."""
    for who in ("ada", "lise"):
        lab.by("olga", "office").send(Enrol(who, who.title(), frozenset(), TODAY))
        taught = RecordTraining(who, "confocal", TODAY, date(2026, 12, 31))
        lab.by("tom", "trainer").send(taught)
    for machine in (CONFOCAL, WIDEFIELD):
        lab.by("tea", "technician").send(AddInstrument(machine))


@cell.scenario
def ada_was_first(lab: World) -> None:
    """She has the confocal from ten to twelve on Monday, Lise the hour after."""
    two_people_two_machines(lab)
    ada, lise = lab.by("ada"), lab.by("lise")
    later = lise.send(BookInstrument("confocal", on(12, 13)))
    hers = ada.send(BookInstrument("confocal", on(10, 12)))
    for hours in (on(9, 11), on(11, 12), on(9, 13)):
        with ALONE.refuses():
            lise.send(BookInstrument("confocal", hours))
    assert ada.ask(ListBookings("confocal", MONDAY)) == (hers, later)
    free = ada.ask(FindFree("confocal", MONDAY))
    assert [it.hour for it in free] == [*range(10), *range(13, 24)]


@cell.scenario
def two_people_want_the_same_hour(lab: World) -> None:
    """At once: exactly one gets it, and a power cut changes nothing about that."""
    two_people_two_machines(lab)
    tries = [lab.by(who).start(BookInstrument("confocal", on(10, 12))) for who in ("ada", "lise")]
    with ALONE.refuses():
        for attempt in tries:
            attempt.result()
    lab.restart()
    (booking,) = lab.events(Booked)
    assert lab.by("tom").ask(ListBookings("confocal", MONDAY)) == (booking,)


@cell.scenario
def who_may_book(lab: World) -> None:
    """Tom was never taught, Ada's training ends with the year, nobody hogs a machine."""
    two_people_two_machines(lab)
    ada, tom = lab.by("ada"), lab.by("tom")
    with TRAINED.refuses():
        tom.send(BookInstrument("confocal", on(10, 12)))
    with TRAINED.refuses():
        ada.send(BookInstrument("confocal", on(10, 12, 354)))
    with OWN.refuses():
        ada.send(BookInstrument("widefield", on(10, 12), who="tom"))
    with KNOWN.refuses():
        ada.send(BookInstrument("telescope", on(10, 12)))
    for hours in (on(13, 22), on(13, 13), on(14, 13)):
        with SHORT.refuses():
            ada.send(BookInstrument("confocal", hours))
    ada.send(BookInstrument("widefield", on(0, 8)))
    for days in (-1, 0, 3, 7, 6):
        tom.send(BookInstrument("widefield", on(16, 24, days)))
    with FAIR.refuses():
        tom.send(BookInstrument("widefield", on(8, 9, 6)))
    tom.send(BookInstrument("widefield", on(0, 8, 7)))
    assert tom.ask(WhoHas("widefield", on(0, 8).start)) == "ada"


@cell.scenario
def the_laser_dies(lab: World) -> None:
    """Ada loses her hours, nobody books while it is broken, and it comes back early."""
    ada_was_first(lab)
    lise, tea = lab.by("lise"), lab.by("tea", "technician")
    tea.send(TakeOutOfService("confocal", on(8, 11), "laser"))
    lab.settle()
    assert [(it.booking.who, it.by) for it in lab.events(Cancelled)] == [("ada", "tea")]
    with WORKING.refuses():
        lise.send(BookInstrument("confocal", on(10, 12)))
    tea.send(PutBackInService("confocal", on(8, 11).start, on(10, 11).start))
    lab.settle()
    lise.send(BookInstrument("confocal", on(10, 12)))
    assert lise.ask(FindFree("confocal", MONDAY))[8] == on(13, 14).start


@cell.scenario
def giving_time_back(lab: World) -> None:
    """Ada cancels her own hours only, the owner (or a technician) anybody's."""
    ada_was_first(lab)
    ada, cancelling = lab.by("ada"), CancelBooking("confocal", on(12, 13).start)
    with OWN.refuses():
        ada.send(cancelling)
    lab.by("kim", "owner").send(cancelling)
    ada.send(CancelBooking("confocal", on(10, 12).start))
    with BOOKED.refuses():
        ada.send(cancelling)
    assert ada.ask(ListBookings("confocal", MONDAY)) == ()


@cell.scenario
def ada_leaves(lab: World) -> None:
    """Her hours from the last day on are free; those before stay hers, for the funders."""
    ada_was_first(lab)
    ada, since = lab.by("ada"), on(10, 12).start
    for name, days in (("widefield", -1), ("widefield", 1), ("confocal", 2)):
        ada.send(BookInstrument(name, on(9, 10, days)))
    held = ada.ask(ListBookingsOf("ada", since))
    assert [b.slot for b in held] == [on(10, 12), on(9, 10, 1), on(9, 10, 2)]
    lab.by("olga", "office").send(SayGoodbye("ada", date(2026, 1, 13), heir="lise"))
    lab.settle()
    assert ada.ask(ListBookingsOf("ada", since)) == held[:1]


@cell.decision(instead_of="asking the equipment for each booking", review="2027-09-01")
def bad_news_may_be_late(lab: World) -> None:
    """It cancels what was booked meanwhile, so nobody comes to a dead machine."""
    two_people_two_machines(lab)
    lab.by("tea", "technician").start(TakeOutOfService("widefield", on(8, 12), "lamp"))
    lab.by("ada").start(BookInstrument("widefield", on(10, 12)))
    lab.settle()
    assert lab.by("ada").ask(WhoHas("widefield", on(11, 12).start)) is None


@cell.decision(instead_of="refusing what is over", review="2027-06-01", refuted_by="Clock")
def the_past_may_be_booked(it: Source) -> None:
    """Whoever walked in at night writes it down in the morning: nothing here knows the time."""
    assert "Clock" not in it.names


# ## When it breaks


def calendar(it: Operator, day: date, **machines: InstrumentName) -> object:
    return [it.ask(ListBookings(machine, day)) for machine in machines.values()]


@cell.runbook(
    when="an instrument has to go away for a day, and there is another one like it",
    after=ada_was_first,
    keeps=calendar,
    roles=("technician",),
    example={"day": MONDAY, "away": "confocal", "twin": "widefield"},
)
def move_over(it: Operator, day: date, away: InstrumentName, twin: InstrumentName) -> Steps:
    """Everybody has the same hours on its twin, before it goes out of service."""
    for b in it.ask(ListBookings(away, day)):
        start = b.slot.start
        yield Step(
            f"Give {b.who} the same hours on the {twin}",
            check=answers(WhoHas(twin, start), b.who),
            do=[BookInstrument(twin, b.slot, b.purpose, b.who)],
            undo=[CancelBooking(twin, start)],
        )
        yield Step(
            f"Take those on the {away} away",
            check=answers(WhoHas(away, start), None),
            do=[CancelBooking(away, start, f"see {twin}")],
            undo=[BookInstrument(away, b.slot, b.purpose, b.who)],
        )
