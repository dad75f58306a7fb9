"""# People: who belongs to the lab, in which roles, and what each was trained for.

A hundred and twenty people come and go, and every other cell asks here before it trusts a name.
Membership and training are judged on the day that a message names, never on today: a booking for
June is checked against June, and a year of history can be entered in an afternoon.
"""

from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from typing import Annotated

from monocyte import Caller, Cell, Clock, Command, Event, Meta, Query, State, Value
from monocyte.testing import Operator, Source, Step, Steps, World, answers

# ## Words

Handle = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]*$", min_length=2, max_length=24)]
Course = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]*$", min_length=2, max_length=32)]
Name = Annotated[str, Meta(min_length=1, max_length=80)]


class Role(Enum):
    HEAD = "head"
    OFFICE = "office"
    SCIENTIST = "scientist"
    STUDENT = "student"
    STORES = "stores"
    TECHNICIAN = "technician"
    TRAINER = "trainer"


class Member(Value):
    handle: Handle
    name: Name
    roles: frozenset[Role]
    since: date
    until: date | None = None


class Training(Value):
    course: Course
    on: date
    until: date
    trainer: Handle


class Joined(Event):
    handle: Handle
    name: Name
    roles: frozenset[Role]
    on: date


class RolesGiven(Event):
    handle: Handle
    roles: frozenset[Role]


class Trained(Event):
    handle: Handle
    training: Training


class TrainingEnding(Event):
    handle: Handle
    course: Course
    until: date


class Left(Event):
    handle: Handle
    on: date
    heir: Handle


class Enrol(Command[Joined]):
    handle: Handle
    name: Name
    roles: frozenset[Role]
    on: date


class GiveRoles(Command[RolesGiven]):
    handle: Handle
    roles: frozenset[Role]


class RecordTraining(Command[Trained]):
    handle: Handle
    course: Course
    on: date
    until: date


class SayGoodbye(Command[Left]):
    handle: Handle
    on: date
    heir: Handle


class GetMember(Query[Member | None]):
    handle: Handle


class ListMembers(Query[tuple[Member, ...]]):
    """With a role, only who has it; with a day, as it was on that day."""

    role: Role | None = None
    on: date | None = None


class ListTrainings(Query[tuple[Training, ...]]):
    handle: Handle


class IsTrained(Query[bool]):
    handle: Handle
    course: Course
    on: date


# ## Rules and behaviour


class Person(State):
    name: str
    roles: frozenset[Role]
    since: date
    until: date | None = None
    trainings: list[Training] = []


Register = dict[Handle, Person]

cell = Cell("people", state=Register)

OFFICE = cell.rule("PEOPLE-1", "The office (or the app's owner) keeps the register.")
FOR_EVER = cell.rule("PEOPLE-2", "A handle means one person for ever, also after they left.")
MEMBER = cell.rule("PEOPLE-3", "Only members are trained, given roles, named heirs, or leave.")
TRAINER = cell.rule("PEOPLE-4", "A training is recorded by a trainer, and not for oneself.")
HEIR = cell.rule("PEOPLE-6", "Who leaves names somebody else as heir to their samples.")
cell.retired(
    "PEOPLE-5",
    "A training lasts a year.",
    because="Everybody stood before the trainers in January; the insurance takes three years.",
)
LASTING = cell.rule("PEOPLE-7", "A training lasts a day to three years.", supersedes="PEOPLE-5")


@cell.handles
def enrol(it: Enrol, register: Register, caller: Caller) -> Joined:
    keeps_register(caller)
    FOR_EVER.require(it.handle not in register, it.handle)
    return Joined(it.handle, it.name, it.roles, it.on)


@cell.handles
def give_roles(it: GiveRoles, register: Register, caller: Caller) -> RolesGiven:
    keeps_register(caller)
    staying_member(it.handle, register)
    return RolesGiven(it.handle, it.roles)


@cell.handles
def record_training(it: RecordTraining, register: Register, caller: Caller) -> Trained:
    TRAINER.require("trainer" in caller.roles and caller.name != it.handle, caller.name)
    LASTING.require(timedelta(days=1) <= it.until - it.on <= timedelta(days=3 * 366))
    staying_member(it.handle, register)
    return Trained(it.handle, Training(it.course, it.on, it.until, trainer=caller.name))


@cell.handles
def say_goodbye(it: SayGoodbye, register: Register, caller: Caller) -> Left:
    keeps_register(caller)
    HEIR.require(it.heir != it.handle, it.heir)
    staying_member(it.handle, register)
    staying_member(it.heir, register)
    return Left(it.handle, it.on, it.heir)


@cell.handles
def member(it: GetMember, register: Register) -> Member | None:
    return seen(it.handle, register[it.handle]) if it.handle in register else None


@cell.handles
def members(it: ListMembers, register: Register) -> tuple[Member, ...]:
    """Sorted by name."""
    here = ((handle, who) for handle, who in register.items() if belongs(who, it.on))
    wanted = (seen(h, who) for h, who in here if it.role is None or it.role in who.roles)
    return tuple(sorted(wanted, key=lambda m: (m.name, m.handle)))


@cell.handles
def trainings(it: ListTrainings, register: Register) -> tuple[Training, ...]:
    return tuple(register[it.handle].trainings) if it.handle in register else ()


@cell.handles
def is_trained(it: IsTrained, register: Register) -> bool:
    """Whether that person belongs to the lab on that day, and holds that training."""
    who = register.get(it.handle)
    return who is not None and belongs(who, it.on) and holds(who, it.course, it.on)


def month_before(it: Trained) -> datetime:
    return datetime.combine(it.training.until, time(8), UTC) - timedelta(days=30)


@cell.after(month_before)
def remind(it: Trained, register: Register, clock: Clock) -> TrainingEnding | None:
    """Once; but not who left or has renewed it, nor when it is over anyway (old history)."""
    who, training = register[it.handle], it.training
    renewed = holds(who, training.course, training.until + timedelta(days=1))
    if renewed or who.until is not None or clock.now().date() > training.until:
        return None
    return TrainingEnding(it.handle, training.course, training.until)


@cell.evolves
def join(it: Joined, register: Register) -> None:
    register[it.handle] = Person(it.name, it.roles, it.on)


@cell.evolves
def give(it: RolesGiven, register: Register) -> None:
    register[it.handle].roles = it.roles


@cell.evolves
def learn(it: Trained, register: Register) -> None:
    register[it.handle].trainings.append(it.training)


@cell.evolves
def told(it: TrainingEnding, register: Register) -> None:
    """Said for others to hear; nothing is remembered."""


@cell.evolves
def leave(it: Left, register: Register) -> None:
    register[it.handle].until = it.on


def keeps_register(caller: Caller) -> None:
    OFFICE.require(not caller.roles.isdisjoint(("office", "owner")), caller.name)


def staying_member(handle: Handle, register: Register) -> None:
    who = register.get(handle)
    MEMBER.require(who is not None and who.until is None, handle)


def seen(handle: Handle, who: Person) -> Member:
    return Member(handle, who.name, who.roles, who.since, who.until)


def holds(who: Person, course: Course, on: date) -> bool:
    return any(t.course == course and t.on <= on <= t.until for t in who.trainings)


def belongs(who: Person, on: date | None) -> bool:
    """On that day; without one, whether they are still here."""
    if on is None:
        return who.until is None
    return who.since <= on and (who.until is None or on < who.until)


cell.picture("""
    person -> Enrol          -> enrol           -> Joined         -> join
    person -> GiveRoles      -> give_roles      -> RolesGiven     -> give
    person -> RecordTraining -> record_training -> Trained        -> learn
    person -> SayGoodbye     -> say_goodbye     -> Left           -> leave
    person -> GetMember      -> member
    person -> ListMembers    -> members
    person -> ListTrainings  -> trainings
    person -> IsTrained      -> is_trained
              Trained        -> remind          -> TrainingEnding -> told
""")


# ## Scenarios and decisions

DAY, YEAR_END = date(2026, 1, 5), date(2027, 1, 4)
TOM = Member("tom", "Tom Ochs", frozenset({Role.TRAINER}), DAY)
LISE = Member("lise", "Lise Meyer", frozenset({Role.SCIENTIST}), DAY)


@cell.scenario
def lise_joins_and_learns(lab: World) -> None:
    """Lise joins; Tom, a trainer, teaches her the microscope for a year, to the day."""
    office, tom = lab.by("olga", "office"), lab.by("tom", "trainer")
    for it in (TOM, LISE):
        office.send(Enrol(it.handle, it.name, it.roles, it.since))
    tom.send(RecordTraining("lise", "confocal", DAY, YEAR_END))
    trained = Training("confocal", DAY, YEAR_END, trainer="tom")
    assert tom.ask(ListTrainings("lise")) == (trained,)
    assert tom.ask(ListTrainings("nobody")) == ()
    for on, holds in [(DAY, True), (YEAR_END, True), (date(2027, 1, 5), False)]:
        assert tom.ask(IsTrained("lise", "confocal", on)) is holds
    assert not tom.ask(IsTrained("lise", "nmr", DAY))
    assert not tom.ask(IsTrained("nobody", "confocal", DAY))


@cell.scenario
def who_is_here(lab: World) -> None:
    """By name; with a role, or on a day."""
    lise_joins_and_learns(lab)
    tom = lab.by("tom")
    asked = [ListMembers(), ListMembers(Role.TRAINER), ListMembers(on=date(2026, 1, 4))]
    assert [tom.ask(it) for it in asked] == [(LISE, TOM), (TOM,), ()]
    assert [tom.ask(GetMember(who)) for who in ("tom", "nobody")] == [TOM, None]


@cell.scenario
def who_writes_in_the_register(lab: World) -> None:
    """The office and the owner do; trainers write what they have taught others."""
    lise_joins_and_learns(lab)
    lise, tom, owner = lab.by("lise"), lab.by("tom", "trainer"), lab.by("kim", "owner")
    both = frozenset({Role.SCIENTIST, Role.TRAINER})
    with OFFICE.refuses():
        lise.send(Enrol("bob", "Bob", frozenset(), DAY))
    with OFFICE.refuses():
        lise.send(GiveRoles("lise", both))
    with OFFICE.refuses():
        lise.send(SayGoodbye("tom", DAY, heir="lise"))
    owner.send(GiveRoles("lise", both))
    assert [it.handle for it in lise.ask(ListMembers(Role.TRAINER))] == ["lise", "tom"]
    for who, taught in [(tom, "tom"), (lise, "tom")]:
        with TRAINER.refuses():
            who.send(RecordTraining(taught, "nmr", DAY, YEAR_END))
    with MEMBER.refuses():
        tom.send(RecordTraining("nobody", "nmr", DAY, YEAR_END))


@cell.scenario(given={"no time": (0, 1), "too long": (3 * 366 + 1, 3 * 366)})
def how_a_training_lasts(lab: World, refused: int, accepted: int) -> None:
    """So many days it cannot, but the nearest number it can."""
    lise_joins_and_learns(lab)
    tom = lab.by("tom", "trainer")
    with LASTING.refuses():
        tom.send(RecordTraining("lise", "nmr", DAY, DAY + timedelta(refused)))
    tom.send(RecordTraining("lise", "nmr", DAY, DAY + timedelta(accepted)))


@cell.scenario
def lise_leaves(lab: World) -> None:
    """From that day she counts no more, and nobody ever gets her handle."""
    lise_joins_and_learns(lab)
    office, day = lab.by("olga", "office"), date(2026, 3, 1)
    for who, heir in [("lise", "nobody"), ("nobody", "tom")]:
        with MEMBER.refuses():
            office.send(SayGoodbye(who, day, heir))
    with HEIR.refuses():
        office.send(SayGoodbye("lise", day, heir="lise"))
    office.send(SayGoodbye("lise", day, heir="tom"))
    assert [it.handle for it in office.ask(ListMembers())] == ["tom"]
    with MEMBER.refuses():
        office.send(GiveRoles("lise", frozenset({Role.HEAD})))
    with FOR_EVER.refuses():
        office.send(Enrol("lise", "Lise Ott", frozenset(), day))


@cell.scenario
def two_clerks_and_one_handle(lab: World) -> None:
    """Two people enrolled at once under one handle: exactly one gets it."""
    one = lab.by("olga", "office").start(Enrol("kim", "Kim Lee", frozenset(), DAY))
    two = lab.by("otto", "office").start(Enrol("kim", "Kim Roe", frozenset(), DAY))
    with FOR_EVER.refuses():
        one.result()
        two.result()
    assert len(lab.events(Joined)) == 1


@cell.scenario
def a_month_before_the_end(lab: World) -> None:
    """Lise is told once, at eight, power cut or not; what she has renewed, only then."""
    lise_joins_and_learns(lab)
    renewed = YEAR_END + timedelta(1)
    for until in (YEAR_END, renewed):
        lab.by("tom", "trainer").send(RecordTraining("lise", "nmr", DAY, until))
    lab.advance(datetime(2026, 12, 5, 7, 59, tzinfo=UTC) - lab.now())
    lab.restart()
    assert lab.events(TrainingEnding) == ()
    lab.advance(timedelta(minutes=2))
    assert lab.events(TrainingEnding) == (TrainingEnding("lise", "confocal", YEAR_END),)
    lab.restart()
    lab.advance(timedelta(days=9))
    assert [it.until for it in lab.events(TrainingEnding)] == [YEAR_END, renewed]


@cell.scenario
def nothing_to_renew(lab: World) -> None:
    """What is over is entered without a word, what ends today is not; who leaves hears nothing."""
    lise_joins_and_learns(lab)
    for course, until in [("nmr", date(2026, 1, 4)), ("laser", DAY)]:
        lab.by("tom", "trainer").send(RecordTraining("lise", course, date(2025, 1, 5), until))
    lab.by("olga", "office").send(SayGoodbye("lise", DAY, heir="tom"))
    lab.advance(timedelta(days=400))
    assert [it.course for it in lab.events(TrainingEnding)] == ["laser"]


@cell.decision(instead_of="erasing who left", review="2028-01-01")
def a_goodbye_leaves_the_past(lab: World) -> None:
    """The inspector asks, years later, who was there and trained on the day of the accident."""
    lise_leaves(lab)
    asked = [(2026, 1, 4), (2026, 1, 5), (2026, 2, 28), (2026, 3, 1)]
    found = [lab.by("tom").ask(IsTrained("lise", "confocal", date(*day))) for day in asked]
    assert found == [False, True, True, False]


@cell.decision(
    instead_of="asking the others whom they still need",
    review="2027-11-01",
    refuted_by="from lab.samples import ListOwned",
)
def the_register_needs_nobody(it: Source) -> None:
    """Every cell asks here, so it must answer whatever else is down."""
    assert not any(name.startswith("lab") for name in it.imports)


@cell.decision(instead_of="a time zone for each lab", review="2028-03-01")
def greenwich_is_near_enough() -> None:
    """The lab lives an hour from it: hearing at nine of what is due at eight hurts nobody."""


# ## When it breaks


def everybody(it: Operator, ill: Handle, deputy: Handle) -> object:
    return it.ask(ListMembers())


@cell.runbook(
    when="the only one in a role is ill, or leaves in a hurry",
    after=lise_joins_and_learns,
    keeps=everybody,
    roles=("office",),
    example={"ill": "tom", "deputy": "lise"},
)
def name_a_deputy(it: Operator, ill: Handle, deputy: Handle) -> Steps:
    """Somebody else has their roles, until it is undone."""
    away, here = it.ask(GetMember(ill)), it.ask(GetMember(deputy))
    if away and here and not away.roles <= here.roles:
        both = away.roles | here.roles
        yield Step(
            f"Give {here.name} the roles of {away.name}",
            check=answers(GetMember(deputy), Member(deputy, here.name, both, here.since)),
            do=[GiveRoles(deputy, both)],
            undo=[GiveRoles(deputy, here.roles)],
        )
