"""# Equipment: which machines the lab has, and whether they work.

Sixteen machines, looked after by technicians. An outage is named by its machine and its start; when
its end turns out to be another, it is said again. Who has a machine at what time is no concern of
this cell: the calendar of the instruments listens to it.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from lab.people import Course, Handle
from monocyte import Caller, Cell, Command, Event, Meta, Query, State, Value
from monocyte.testing import Operator, Source, Step, Steps, World, answers

# ## Words

InstrumentName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]*$", min_length=2, max_length=32)]
Moment = Annotated[datetime, Meta(tz=True)]
Line = Annotated[str, Meta(max_length=200)]


class Slot(Value):
    """From `start` until just before `end`."""

    start: Moment
    end: Moment

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    def touches(self, other: "Slot") -> bool:
        return max(self.start, other.start) < min(self.end, other.end)


class Instrument(Value):
    name: InstrumentName
    title: Line
    room: Line
    course: Course | None = None


class Added(Event):
    instrument: Instrument


class OutOfService(Event):
    instrument: InstrumentName
    slot: Slot
    why: Line
    by: Handle


class BackInService(Event):
    """The outage that started at `slot.start` has ended at `slot.end`."""

    instrument: InstrumentName
    slot: Slot


class AddInstrument(Command[Added]):
    instrument: Instrument


class TakeOutOfService(Command[OutOfService]):
    """Whatever was booked in that time is cancelled."""

    instrument: InstrumentName
    slot: Slot
    why: Line


class PutBackInService(Command[BackInService]):
    """The outage that started then ends at `at`."""

    instrument: InstrumentName
    start: Moment
    at: Moment


class GetInstrument(Query[Instrument | None]):
    name: InstrumentName


class ListInstruments(Query[tuple[Instrument, ...]]):
    pass


class WhyOut(Query[Line | None]):
    """Why it is out of service at that moment, if it is; of several reasons the newest."""

    instrument: InstrumentName
    at: Moment


# ## Rules and behaviour


class Outage(State):
    until: datetime
    why: Line


class Machine(State):
    instrument: Instrument
    outages: dict[Moment, Outage] = {}  # by their start


Shed = dict[InstrumentName, Machine]

cell = Cell("equipment", state=Shed)

TECHNICAL = cell.rule(
    "EQUIPMENT-1",
    "Technicians (and the owner) look after the machines.",
    supersedes="INSTRUMENT-7",
)
KNOWN = cell.rule("EQUIPMENT-2", "A machine is added once, and looked after from then on.")
TIMELY = cell.rule("EQUIPMENT-3", "An outage ends after it starts.")
OUT = cell.rule("EQUIPMENT-4", "Only what is out of service is put back.")


@cell.handles
def add(it: AddInstrument, shed: Shed, caller: Caller) -> Added:
    only_technical(caller)
    KNOWN.require(it.instrument.name not in shed, it.instrument.name)
    return Added(it.instrument)


@cell.handles
def take_out(it: TakeOutOfService, shed: Shed, caller: Caller) -> OutOfService:
    looks_after(it.instrument, shed, caller)
    TIMELY.require(it.slot.start < it.slot.end)
    return OutOfService(it.instrument, it.slot, it.why, caller.name)


@cell.handles
def put_back(it: PutBackInService, shed: Shed, caller: Caller) -> BackInService:
    looks_after(it.instrument, shed, caller)
    outage = shed[it.instrument].outages.get(it.start)
    OUT.require(outage is not None and it.start <= it.at < outage.until, it.instrument)
    return BackInService(it.instrument, Slot(it.start, it.at))


@cell.handles
def instrument(it: GetInstrument, shed: Shed) -> Instrument | None:
    return shed[it.name].instrument if it.name in shed else None


@cell.handles
def instruments(it: ListInstruments, shed: Shed) -> tuple[Instrument, ...]:
    return tuple(machine.instrument for machine in shed.values())


@cell.handles
def why_out(it: WhyOut, shed: Shed) -> Line | None:
    outages = shed[it.instrument].outages if it.instrument in shed else {}
    newest_first = reversed(outages.items())
    return next((o.why for start, o in newest_first if start <= it.at < o.until), None)


@cell.evolves
def acquire(it: Added, shed: Shed) -> None:
    shed[it.instrument.name] = Machine(it.instrument)


@cell.evolves
def close(it: OutOfService, shed: Shed) -> None:
    shed[it.instrument].outages[it.slot.start] = Outage(it.slot.end, it.why)


@cell.evolves
def reopen(it: BackInService, shed: Shed) -> None:
    shed[it.instrument].outages[it.slot.start].until = it.slot.end


def looks_after(name: InstrumentName, shed: Shed, caller: Caller) -> None:
    only_technical(caller)
    KNOWN.require(name in shed, name)


def only_technical(caller: Caller) -> None:
    TECHNICAL.require(not caller.roles.isdisjoint(("technician", "owner")), caller.name)


cell.picture("""
    person -> AddInstrument    -> add         -> Added         -> acquire
    person -> TakeOutOfService -> take_out    -> OutOfService  -> close
    person -> PutBackInService -> put_back    -> BackInService -> reopen
    person -> GetInstrument    -> instrument
    person -> ListInstruments  -> instruments
    person -> WhyOut           -> why_out
""")


# ## Scenarios and decisions

CONFOCAL = Instrument("confocal", "Confocal microscope", "2.14", "confocal")
WIDEFIELD = Instrument("widefield", "Widefield microscope", "2.15")


def at(hour: int) -> datetime:
    return datetime(2026, 1, 12, hour, tzinfo=UTC)


@cell.scenario
def two_microscopes_arrive(lab: World) -> None:
    """Tea, a technician, unpacks one, the owner the other; Ada may not, nobody twice."""
    lab.by("tea", "technician").send(AddInstrument(CONFOCAL))
    with TECHNICAL.refuses():
        lab.by("ada", "scientist").send(AddInstrument(WIDEFIELD))
    lab.by("kim", "owner").send(AddInstrument(WIDEFIELD))
    with KNOWN.refuses():
        lab.by("tea", "technician").send(AddInstrument(CONFOCAL))
    assert lab.by("ada").ask(ListInstruments()) == (CONFOCAL, WIDEFIELD)
    assert lab.by("ada").ask(GetInstrument("widefield")) == WIDEFIELD
    assert lab.by("ada").ask(GetInstrument("telescope")) is None


@cell.scenario
def the_laser_dies(lab: World) -> None:
    """After its cleaning it is out from nine to five, but works again at two."""
    two_microscopes_arrive(lab)
    ada, tea = lab.by("ada"), lab.by("tea", "technician")
    with TECHNICAL.refuses():
        ada.send(TakeOutOfService("confocal", Slot(at(9), at(17)), "I need a break"))
    tea.send(TakeOutOfService("confocal", Slot(at(8), at(10)), "cleaning"))
    tea.send(TakeOutOfService("confocal", Slot(at(9), at(17)), "laser"))
    lab.restart()
    told = [ada.ask(WhyOut("confocal", at(hour))) for hour in (7, 8, 9, 16, 17)]
    assert told == [None, "cleaning", "laser", "laser", None]
    with OUT.refuses():
        tea.send(PutBackInService("confocal", at(9), at(17)))
    tea.send(PutBackInService("confocal", at(9), at(14)))
    assert [ada.ask(WhyOut("confocal", at(hour))) for hour in (13, 14)] == ["laser", None]


@cell.scenario
def slips_of_a_technician(lab: World) -> None:
    """Nobody repairs what is not there, or works, or does so in no time at all."""
    two_microscopes_arrive(lab)
    tea = lab.by("tea", "technician")
    with KNOWN.refuses():
        tea.send(TakeOutOfService("telescope", Slot(at(9), at(17)), "stolen?"))
    with TIMELY.refuses():
        tea.send(TakeOutOfService("confocal", Slot(at(9), at(9)), "laser"))
    with OUT.refuses():
        tea.send(PutBackInService("confocal", at(9), at(9)))
    with TECHNICAL.refuses():
        lab.by("ada").send(PutBackInService("confocal", at(9), at(9)))
    assert tea.ask(WhyOut("telescope", at(9))) is None


@cell.decision(instead_of="outages with numbers", review="2028-01-01")
def a_start_names_an_outage(lab: World) -> None:
    """A repair takes longer than they say: whoever says so again makes no second outage of it."""
    the_laser_dies(lab)
    tea = lab.by("tea", "technician")
    tea.send(TakeOutOfService("confocal", Slot(at(9), at(20)), "laser, again"))
    assert tea.ask(WhyOut("confocal", at(19))) == "laser, again"
    tea.send(PutBackInService("confocal", at(9), at(9)))
    assert tea.ask(WhyOut("confocal", at(10))) is None


@cell.decision(
    instead_of="striking out bookings here",
    review="2027-10-01",
    refuted_by="from lab.instruments import Booked",
)
def nobody_is_known_who_listens(it: Source) -> None:
    """The calendar reacts by itself, so a machine can be stopped while the calendar is down."""
    assert not any(name.startswith(("lab.instruments", "lab.notices")) for name in it.imports)


# ## When it breaks


def state_of(it: Operator, instrument: InstrumentName, slot: Slot, why: Line) -> object:
    moments = slot.start, slot.end - timedelta(minutes=1)
    return [it.ask(WhyOut(instrument, moment)) for moment in moments]


@cell.runbook(
    when="a machine breaks, or smells as if it will",
    after=two_microscopes_arrive,
    keeps=state_of,
    roles=("technician",),
    example={"instrument": "confocal", "slot": Slot(at(9), at(17)), "why": "laser"},
)
def stop_it(it: Operator, instrument: InstrumentName, slot: Slot, why: Line) -> Steps:
    """Nobody touches it, or travels to it. To undo it does not bring cancelled bookings back."""
    yield Step(f"Switch the {instrument} off, and hang a sign on it")
    yield Step(
        "Take it out of service, which cancels what is booked",
        check=answers(WhyOut(instrument, slot.start), why),
        do=[TakeOutOfService(instrument, slot, why)],
        undo=[PutBackInService(instrument, slot.start, slot.start)],
    )
