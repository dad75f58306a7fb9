"""# Notices: what happened elsewhere that you should know.

Listens to all the others and changes nothing for them, so it can fail without anybody's work
stopping. What is said here waits for the next morning's digest.
"""

import ast
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Annotated

from lab import equipment, instruments, notebook, people, samples, stock
from lab.people import Handle, Role
from monocyte import Ask, Caller, Cell, Command, Event, Meta, Query, Value
from monocyte.testing import Operator, Source, Step, Steps, World, answers

# ## Words


class Topic(Enum):
    LAB = "lab"
    TRAINING = "training"
    BOOKING = "booking"
    SAMPLE = "sample"
    NOTEBOOK = "notebook"


class Notice(Value):
    topic: Topic
    text: Annotated[str, Meta(max_length=500)]


class Noted(Event):
    to: Handle
    notice: Notice


class Muted(Event):
    who: Handle
    topics: frozenset[Topic]


class Mute(Command[Muted]):
    """From now on no news about these topics, and about all others again."""

    topics: frozenset[Topic]


class WhatIMute(Query[frozenset[Topic]]):
    pass


# ## Rules and behaviour


Muting = dict[Handle, frozenset[Topic]]
News = tuple[Noted, ...]

cell = Cell("notices", state=Muting)

cell.retired(
    "NOTICE-1",
    "Only a digest of one's own is marked read, and only once.",
    because="The digests have become a cell of their own.",
)
HEARD = cell.rule("NOTICE-2", "Nobody mutes what happens to their bookings and samples.")


@cell.handles
def mute(it: Mute, caller: Caller) -> Muted:
    HEARD.require(it.topics.isdisjoint((Topic.BOOKING, Topic.SAMPLE)))
    return Muted(caller.name, it.topics)


@cell.handles
def what_i_mute(it: WhatIMute, muting: Muting, caller: Caller) -> frozenset[Topic]:
    return muting.get(caller.name, frozenset())


@cell.reacts
def welcome(it: people.Joined, muting: Muting) -> News:
    return tell(muting, [it.handle], Topic.LAB, f"Welcome to the lab, {it.name}.")


@cell.reacts
def taught(it: people.Trained, muting: Muting) -> News:
    text = f"You may use what needs {it.training.course} until {it.training.until}."
    return tell(muting, [it.handle], Topic.TRAINING, text)


@cell.reacts
def ending(it: people.TrainingEnding, muting: Muting) -> News:
    text = f"Your training for {it.course} ends on {it.until}: renew it."
    return tell(muting, [it.handle], Topic.TRAINING, text)


@cell.reacts
def farewell(it: people.Left, muting: Muting) -> News:
    text = f"{it.handle} has left on {it.on}; their samples are yours."
    return tell(muting, [it.heir], Topic.SAMPLE, text)


@cell.reacts
def cancelled(it: instruments.Cancelled, muting: Muting) -> News:
    """What somebody cancels themselves is no news to them."""
    booking = it.booking
    text = f"{it.by} cancelled your {booking.instrument} of {moment(booking.slot.start)}: {it.why}"
    return tell(muting, [booking.who], Topic.BOOKING, text) if it.by != booking.who else ()


@cell.reacts
async def broken(it: equipment.OutOfService, muting: Muting, ask: Ask) -> News:
    crew = await ask(people.ListMembers(Role.TECHNICIAN))
    text = f"{it.instrument} is out from {moment(it.slot.start)} to {moment(it.slot.end)}: {it.why}"
    return tell(muting, [m.handle for m in crew], Topic.LAB, text)


@cell.reacts
async def low(it: stock.RanLow, muting: Muting, ask: Ask) -> News:
    """To its owner, and to the stores, who order."""
    stores = await ask(people.ListMembers(Role.STORES))
    text = f"{it.barcode} {it.title}: {it.left} {it.unit.value} left."
    who = [it.owner, *(m.handle for m in stores)]
    return tell(muting, who, Topic.SAMPLE, text)


@cell.reacts
def overdue(it: samples.Overdue, muting: Muting) -> News:
    text = f"{it.barcode} {it.title} is with {it.holder} for two weeks: put it back."
    return tell(muting, [it.holder, it.owner], Topic.SAMPLE, text)


@cell.reacts
def mentioned(it: notebook.Written, muting: Muting) -> News:
    text = f"{it.author} mentions you in {it.page}, {it.text.title}."
    return tell(muting, it.mentions, Topic.NOTEBOOK, text)


@cell.reacts
def mentioned_later(it: notebook.Revised, muting: Muting) -> News:
    text = f"You are now mentioned in {it.page}, {it.text.title}."
    return tell(muting, it.mentions, Topic.NOTEBOOK, text)


@cell.reacts
def witnessed(it: notebook.Witnessed, muting: Muting) -> News:
    return tell(muting, [it.author], Topic.NOTEBOOK, f"{it.by} witnessed your {it.page}.")


@cell.evolves
def note(it: Noted, muting: Muting) -> None:
    """Said for the digests; nothing is remembered."""


@cell.evolves
def silence(it: Muted, muting: Muting) -> None:
    muting[it.who] = it.topics


def tell(muting: Muting, who: Iterable[Handle], topic: Topic, text: str) -> News:
    """News to each once, but not to those who have muted the topic."""
    heard = (w for w in dict.fromkeys(who) if topic not in muting.get(w, ()))
    return tuple(Noted(w, Notice(topic, text)) for w in heard)


def moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


cell.picture("""
    person -> Mute                   -> mute            -> Muted -> silence
    person -> WhatIMute              -> what_i_mute
              people.Joined          -> welcome         -> Noted -> note
              people.Trained         -> taught          -> Noted -> note
              people.TrainingEnding  -> ending          -> Noted -> note
              people.Left            -> farewell        -> Noted -> note
              instruments.Cancelled  -> cancelled       -> Noted -> note
              equipment.OutOfService -> broken          -> Noted -> note
                                        broken          -> people.ListMembers
              stock.RanLow           -> low             -> Noted -> note
                                        low             -> people.ListMembers
              samples.Overdue        -> overdue         -> Noted -> note
              notebook.Written       -> mentioned       -> Noted -> note
              notebook.Revised       -> mentioned_later -> Noted -> note
              notebook.Witnessed     -> witnessed       -> Noted -> note
""")


# ## Scenarios and decisions

DAY = date(2026, 1, 5)
EVERYBODY = {
    "ada": Role.SCIENTIST,
    "lise": Role.STUDENT,
    "sam": Role.STORES,
    "tea": Role.TECHNICIAN,
}
DMSO = samples.RegisterSample("AB000001", "DMSO", "ada", "bench-1", samples.Unit.PIECES, 9, 5)


def heard(lab: World, who: Handle, topic: Topic) -> list[str]:
    lab.settle()
    notices = (it.notice for it in lab.events(Noted) if it.to == who)
    return [notice.text for notice in notices if notice.topic is topic]


@cell.scenario
def everybody_is_welcome(lab: World) -> None:
    """Who joins hears of it once, also when the power fails meanwhile."""
    for who, role in EVERYBODY.items():
        lab.by("olga", "office").send(people.Enrol(who, who.title(), frozenset({role}), DAY))
    lab.restart()
    assert heard(lab, "ada", Topic.LAB) == ["Welcome to the lab, Ada."]
    assert len(lab.events(Noted)) == len(EVERYBODY)


@cell.scenario
def a_training(lab: World) -> None:
    """Whoever is taught hears until when it holds, and that it ends."""
    everybody_is_welcome(lab)
    taught = people.RecordTraining("ada", "nmr", DAY, date(2026, 3, 5))
    lab.by("tom", "trainer").send(taught)
    lab.advance(timedelta(days=31))
    assert heard(lab, "ada", Topic.TRAINING) == [
        "You may use what needs nmr until 2026-03-05.",
        "Your training for nmr ends on 2026-03-05: renew it.",
    ]


@cell.scenario
def samples_and_stores(lab: World) -> None:
    """Owner and stores hear of low stock, holder and owner of what stays on a bench."""
    everybody_is_welcome(lab)
    lab.by("ada").send(DMSO)
    lab.by("lise").send(stock.Consume("AB000001", 4))
    lab.by("lise").send(samples.CheckOut("AB000001"))
    lab.advance(timedelta(days=15))
    low = "AB000001 DMSO: 5 pieces left."
    forgotten = "AB000001 DMSO is with lise for two weeks: put it back."
    for who, news in [("ada", [low, forgotten]), ("sam", [low]), ("lise", [forgotten])]:
        assert heard(lab, who, Topic.SAMPLE) == news


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
    text = "tea cancelled your laser of 2026-01-12 09:00: lens"
    assert heard(lab, "ada", Topic.BOOKING) == [text]
    out = "laser is out from 2026-01-12 08:00 to 2026-01-12 10:00: lens"
    assert heard(lab, "tea", Topic.LAB)[1:] == [out]
    assert len(heard(lab, "ada", Topic.LAB)) == 1


@cell.scenario
def lise_is_mentioned(lab: World) -> None:
    """Once, also where she is added later; and Ada hears who has witnessed her page."""
    everybody_is_welcome(lab)
    ada, lise = lab.by("ada"), lab.by("lise")
    ada.send(notebook.WriteEntry(DAY, notebook.Text("Gel", "As @lise says.")))
    ada.send(notebook.ReviseEntry("ada-1", 1, notebook.Text("Gel", "As @lise and @sam say.")))
    ada.send(notebook.SignEntry("ada-1"))
    lise.send(notebook.WitnessEntry("ada-1"))
    for who, news in [
        ("lise", "ada mentions you in ada-1, Gel."),
        ("sam", "You are now mentioned in ada-1, Gel."),
        ("ada", "lise witnessed your ada-1."),
    ]:
        assert heard(lab, who, Topic.NOTEBOOK) == [news]


@cell.scenario
def lise_wants_her_peace(lab: World) -> None:
    """She mutes the notebook, and hears of it again later; her bookings she cannot mute."""
    everybody_is_welcome(lab)
    ada, lise = lab.by("ada"), lab.by("lise")
    for topic in (Topic.BOOKING, Topic.SAMPLE):
        with HEARD.refuses():
            lise.send(Mute(frozenset({topic})))
    for muted, count in [(frozenset({Topic.NOTEBOOK}), 0), (frozenset[Topic](), 1)]:
        lise.send(Mute(muted))
        assert lise.ask(WhatIMute()) == muted
        ada.send(notebook.WriteEntry(DAY, notebook.Text("Gel", "As @lise says.")))
        assert len(heard(lab, "lise", Topic.NOTEBOOK)) == count


@cell.scenario
def ada_leaves(lab: World) -> None:
    """Her heir hears it in one sentence, however many samples there are."""
    everybody_is_welcome(lab)
    for barcode in ("AB000001", "AB000002"):
        it = samples.RegisterSample(barcode, "DMSO", "ada", "box-1", samples.Unit.PIECES, 9)
        lab.by("ada").send(it)
    lab.by("olga", "office").send(people.SayGoodbye("ada", DAY, heir="lise"))
    text = "ada has left on 2026-01-05; their samples are yours."
    assert heard(lab, "lise", Topic.SAMPLE) == [text]


@cell.decision(instead_of="a notice for each role that one has", review="2027-12-01")
def a_vial_is_asked_of_its_holder_once(lab: World) -> None:
    """Who has their own vial on the bench is one person, and is not told twice."""
    everybody_is_welcome(lab)
    lab.by("ada").send(DMSO)
    lab.by("ada").send(samples.CheckOut("AB000001"))
    lab.advance(timedelta(days=15))
    assert len(heard(lab, "ada", Topic.SAMPLE)) == 1


@cell.decision(
    instead_of="cancelling, ordering and renewing from here",
    review="2027-10-01",
    refuted_by="async def order(ask):\n    await ask(stock.Restock('AB000001', 100))",
)
def it_only_listens(it: Source) -> None:
    """Whatever goes wrong here is annoying, and nothing more: of others, only members are asked."""
    asked = [ast.unparse(node.value) for node in ast.walk(it.tree) if isinstance(node, ast.Await)]
    assert all(call.startswith("ask(people.ListMembers(") for call in asked)


# ## When it breaks


def muted(it: Operator, topics: frozenset[Topic]) -> frozenset[Topic]:
    return it.ask(WhatIMute())


@cell.runbook(
    when="a topic drowns what you have to know",
    after=everybody_is_welcome,
    keeps=muted,
    example={"topics": frozenset({Topic.NOTEBOOK})},
)
def quiet(it: Operator, topics: frozenset[Topic]) -> Steps:
    """You hear no more of it, until you undo this."""
    before = it.ask(WhatIMute())
    if not topics <= before:
        yield Step(
            "Mute it",
            check=answers(WhatIMute(), before | topics),
            do=[Mute(before | topics)],
            undo=[Mute(before)],
        )
