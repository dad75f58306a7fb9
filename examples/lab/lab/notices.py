"""# Notices: what happened elsewhere that you should know, once a day, in one digest.

Listens to all the others and is asked by none of them, so it can fail without anybody's work
stopping. News wait in each person's inbox until the morning, become one numbered digest, and who
has not read it two days later is reminded once. The last thirty digests are kept.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Annotated

from lab import equipment, instruments, notebook, people, samples, stock
from lab.people import Handle, Role
from monocyte import Ask, Caller, Cell, Command, Event, Meta, Query, State, Tick, Value
from monocyte.testing import World

# ## Words

Number = Annotated[int, Meta(ge=1)]


class Topic(Enum):
    LAB = "lab"
    TRAINING = "training"
    BOOKING = "booking"
    SAMPLE = "sample"
    NOTEBOOK = "notebook"


class Notice(Value):
    topic: Topic
    text: Annotated[str, Meta(max_length=500)]


class Digest(Value):
    number: Number
    made: datetime
    notices: tuple[Notice, ...]


class Noted(Event):
    to: Handle
    notice: Notice


class DigestMade(Event):
    to: Handle
    number: Number
    at: datetime


class Reminded(Event):
    to: Handle
    number: Number


class WasRead(Event):
    to: Handle
    number: Number


class Muted(Event):
    who: Handle
    topics: frozenset[Topic]


class Forgotten(Event):
    who: Handle


class MarkRead(Command[WasRead]):
    number: Number


class Mute(Command[Muted]):
    """From now on no news about these topics, and about all others again."""

    topics: frozenset[Topic]


class MyNews(Query[tuple[Notice, ...]]):
    """What the next digest of the caller will say."""


class MyDigests(Query[tuple[Digest, ...]]):
    """The digests of the caller, the newest first."""

    unread: bool = False


# ## Rules and behaviour


class Inbox(State):
    fresh: list[Notice] = []
    digests: list[Digest] = []
    unread: list[Number] = []
    made: int = 0
    muted: frozenset[Topic] = frozenset()


Inboxes = dict[Handle, Inbox]
News = tuple[Noted, ...]

cell = Cell("notices", state=Inboxes)

THERE = cell.rule("NOTICE-1", "Only a digest of one's own is marked read, and only once.")
HEARD = cell.rule("NOTICE-2", "Nobody mutes what happens to their bookings and samples.")


@cell.handles
def mark_read(it: MarkRead, inboxes: Inboxes, caller: Caller) -> WasRead:
    THERE.require(it.number in inbox_of(caller.name, inboxes).unread, str(it.number))
    return WasRead(caller.name, it.number)


@cell.handles
def mute(it: Mute, caller: Caller) -> Muted:
    HEARD.require(it.topics.isdisjoint((Topic.BOOKING, Topic.SAMPLE)))
    return Muted(caller.name, it.topics)


@cell.handles
def news(it: MyNews, inboxes: Inboxes, caller: Caller) -> tuple[Notice, ...]:
    return tuple(inbox_of(caller.name, inboxes).fresh)


@cell.handles
def digests(it: MyDigests, inboxes: Inboxes, caller: Caller) -> tuple[Digest, ...]:
    inbox = inbox_of(caller.name, inboxes)
    kept = (d for d in reversed(inbox.digests) if not it.unread or d.number in inbox.unread)
    return tuple(kept)


@cell.reacts
def welcome(it: people.Joined, inboxes: Inboxes) -> News:
    return tell(inboxes, [it.handle], Topic.LAB, f"Welcome to the lab, {it.name}.")


@cell.reacts
def taught(it: people.Trained, inboxes: Inboxes) -> News:
    text = f"You may use what needs {it.training.course} until {it.training.until}."
    return tell(inboxes, [it.handle], Topic.TRAINING, text)


@cell.reacts
def ending(it: people.TrainingEnding, inboxes: Inboxes) -> News:
    text = f"Your training for {it.course} ends on {it.until}: renew it."
    return tell(inboxes, [it.handle], Topic.TRAINING, text)


@cell.reacts
def farewell(it: people.Left, inboxes: Inboxes) -> tuple[Noted | Forgotten, ...]:
    text = f"{it.handle} has left on {it.on}; their samples are yours."
    return Forgotten(it.handle), *tell(inboxes, [it.heir], Topic.SAMPLE, text)


@cell.reacts
def cancelled(it: instruments.Cancelled, inboxes: Inboxes) -> News:
    """What somebody cancels themselves is no news to them."""
    booking = it.booking
    text = f"{it.by} cancelled your {booking.instrument} of {moment(booking.slot.start)}: {it.why}"
    return tell(inboxes, [booking.who], Topic.BOOKING, text) if it.by != booking.who else ()


@cell.reacts
async def broken(it: equipment.OutOfService, inboxes: Inboxes, ask: Ask) -> News:
    crew = await ask(people.ListMembers(Role.TECHNICIAN))
    text = f"{it.instrument} is out from {moment(it.slot.start)} to {moment(it.slot.end)}: {it.why}"
    return tell(inboxes, [m.handle for m in crew], Topic.LAB, text)


@cell.reacts
async def low(it: stock.RanLow, inboxes: Inboxes, ask: Ask) -> News:
    """To its owner, and to the stores, who order."""
    stores = await ask(people.ListMembers(Role.STORES))
    text = f"{it.barcode} {it.title}: {it.left} {it.unit.value} left."
    who = [it.owner, *(m.handle for m in stores)]
    return tell(inboxes, who, Topic.SAMPLE, text)


@cell.reacts
def overdue(it: samples.Overdue, inboxes: Inboxes) -> News:
    text = f"{it.barcode} {it.title} is with {it.holder} for two weeks: put it back."
    return tell(inboxes, [it.holder, it.owner], Topic.SAMPLE, text)


@cell.reacts
def mentioned(it: notebook.Written, inboxes: Inboxes) -> News:
    text = f"{it.author} mentions you in {it.page}, {it.text.title}."
    return tell(inboxes, it.mentions, Topic.NOTEBOOK, text)


@cell.reacts
def mentioned_later(it: notebook.Revised, inboxes: Inboxes) -> News:
    text = f"You are now mentioned in {it.page}, {it.text.title}."
    return tell(inboxes, it.mentions, Topic.NOTEBOOK, text)


@cell.reacts
def witnessed(it: notebook.Witnessed, inboxes: Inboxes) -> News:
    return tell(inboxes, [it.author], Topic.NOTEBOOK, f"{it.by} witnessed your {it.page}.")


@cell.every(timedelta(days=1))
def make_digests(due: Tick, inboxes: Inboxes) -> tuple[DigestMade, ...]:
    """Nobody gets an empty one."""
    fresh = ((who, inbox) for who, inbox in inboxes.items() if inbox.fresh)
    return tuple(DigestMade(who, inbox.made + 1, due.at) for who, inbox in fresh)


@cell.after(timedelta(days=2))
def remind(it: DigestMade, inboxes: Inboxes) -> Reminded | None:
    unread = it.number in inbox_of(it.to, inboxes).unread
    return Reminded(it.to, it.number) if unread else None


@cell.evolves
def note(it: Noted, inboxes: Inboxes) -> None:
    inboxes.setdefault(it.to, Inbox()).fresh.append(it.notice)


@cell.evolves
def bundle(it: DigestMade, inboxes: Inboxes) -> None:
    inbox = inboxes[it.to]
    inbox.digests.append(Digest(it.number, it.at, tuple(inbox.fresh)))
    inbox.unread.append(it.number)
    del inbox.digests[:-30], inbox.unread[:-30]
    inbox.fresh, inbox.made = [], it.number


@cell.evolves
def nudge(it: Reminded, inboxes: Inboxes) -> None:
    """Said for whatever reaches people outside; nothing is remembered."""


@cell.evolves
def tick_off(it: WasRead, inboxes: Inboxes) -> None:
    inboxes[it.to].unread.remove(it.number)


@cell.evolves
def silence(it: Muted, inboxes: Inboxes) -> None:
    inboxes.setdefault(it.who, Inbox()).muted = it.topics


@cell.evolves
def forget(it: Forgotten, inboxes: Inboxes) -> None:
    inboxes.pop(it.who, None)


def inbox_of(who: Handle, inboxes: Inboxes) -> Inbox:
    return inboxes.get(who, Inbox())


def tell(inboxes: Inboxes, who: Iterable[Handle], topic: Topic, text: str) -> News:
    """News to each once, but not to those who have muted the topic."""
    heard = (w for w in dict.fromkeys(who) if topic not in inbox_of(w, inboxes).muted)
    return tuple(Noted(w, Notice(topic, text)) for w in heard)


def moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


# ## Scenarios

DAY = date(2026, 1, 5)
EVERYBODY = {
    "ada": Role.SCIENTIST,
    "lise": Role.STUDENT,
    "sam": Role.STORES,
    "tea": Role.TECHNICIAN,
}


@cell.scenario
def everybody_is_welcome(lab: World) -> None:
    """Who joins finds one notice in tomorrow's digest, also when the power fails meanwhile."""
    for who, role in EVERYBODY.items():
        lab.by("olga", "office").send(people.Enrol(who, who.title(), frozenset({role}), DAY))
    lab.restart()
    lab.settle()
    hello = (Notice(Topic.LAB, "Welcome to the lab, Ada."),)
    assert lab.by("ada").ask(MyNews()) == hello
    lab.restart()
    lab.advance(timedelta(days=1, hours=1))
    assert [(d.number, d.notices) for d in lab.by("ada").ask(MyDigests())] == [(1, hello)]
    assert lab.by("ada").ask(MyNews()) == ()


@cell.scenario
def who_does_not_read_is_reminded_once(lab: World) -> None:
    """Ada reads her digest and hears no more of it; Lise is reminded after two days."""
    everybody_is_welcome(lab)
    lab.by("ada").send(MarkRead(1))
    for number in (1, 2):
        with THERE.refuses():
            lab.by("ada").send(MarkRead(number))
    lab.advance(timedelta(days=1))
    lab.restart()
    lab.advance(timedelta(days=9))
    assert {it.to for it in lab.events(Reminded)} == EVERYBODY.keys() - {"ada"}
    assert len(lab.events(DigestMade)) == len(EVERYBODY)
    assert [len(lab.by(who).ask(MyDigests(unread=True))) for who in ("ada", "lise")] == [0, 1]


@cell.scenario
def samples_and_stores(lab: World) -> None:
    """Owner and stores hear of low stock; the heir of a farewell; who is gone of nothing."""
    everybody_is_welcome(lab)
    it = samples.RegisterSample("AB000001", "DMSO", "ada", "bench-1", samples.Unit.PIECES, 9, 5)
    lab.by("ada").send(it)
    lab.by("lise").send(stock.Consume("AB000001", 4))
    lab.settle()
    notice = Notice(Topic.SAMPLE, "AB000001 DMSO: 5 pieces left.")
    for who, heard in [("ada", (notice,)), ("sam", (notice,)), ("lise", ())]:
        assert lab.by(who).ask(MyNews()) == heard
    lab.by("olga", "office").send(people.SayGoodbye("ada", date(2026, 2, 1), heir="lise"))
    lab.settle()
    assert lab.by("ada").ask(MyDigests()) == ()
    assert [it.topic for it in lab.by("lise").ask(MyNews())] == [Topic.SAMPLE]


@cell.scenario
def forgotten_vial(lab: World) -> None:
    """Two weeks on Lise's bench: she hears of it, and Ada, whose vial it is."""
    everybody_is_welcome(lab)
    it = samples.RegisterSample("AB000001", "DMSO", "ada", "bench-1", samples.Unit.PIECES, 9)
    lab.by("ada").send(it)
    lab.by("lise").send(samples.CheckOut("AB000001"))
    lab.advance(timedelta(days=16))
    lab.settle()
    text = "AB000001 DMSO is with lise for two weeks: put it back."
    for who in ("ada", "lise"):
        assert lab.by(who).ask(MyDigests())[0].notices == (Notice(Topic.SAMPLE, text),)


@cell.scenario
def the_laser_dies(lab: World) -> None:
    """The technicians hear of it, and who had booked; who cancels their own time does not."""
    everybody_is_welcome(lab)
    tea, ada = lab.by("tea", "technician"), lab.by("ada")
    tea.send(equipment.AddInstrument(equipment.Instrument("laser", "Laser", "1.01")))
    hours = [datetime(2026, 1, 12, hour, tzinfo=UTC) for hour in (8, 9, 10)]
    first, second = equipment.Slot(*hours[:2]), equipment.Slot(*hours[1:])
    for slot in (first, second):
        ada.send(instruments.BookInstrument("laser", slot))
    ada.send(instruments.CancelBooking("laser", first.start))
    tea.send(equipment.TakeOutOfService("laser", equipment.Slot(hours[0], hours[2]), "lens"))
    lab.settle()
    text = "tea cancelled your laser of 2026-01-12 09:00: lens"
    assert ada.ask(MyNews()) == (Notice(Topic.BOOKING, text),)
    assert [it.topic for it in tea.ask(MyNews())] == [Topic.LAB]


@cell.scenario
def lise_wants_her_peace(lab: World) -> None:
    """She mutes the notebook, and hears of it again later; her bookings she cannot mute."""
    everybody_is_welcome(lab)
    ada, lise = lab.by("ada"), lab.by("lise")
    with HEARD.refuses():
        lise.send(Mute(frozenset({Topic.BOOKING})))
    for muted, heard in [({Topic.NOTEBOOK}, 0), (set[Topic](), 1)]:
        lise.send(Mute(frozenset(muted)))
        ada.send(notebook.WriteEntry(DAY, notebook.Text("Gel", "As @lise says.")))
        lab.settle()
        assert len(lise.ask(MyNews())) == heard
    assert lise.ask(MyNews())[0].text == "ada mentions you in ada-2, Gel."
