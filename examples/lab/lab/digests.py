"""# Digests: a day's notices in one letter, and whoever has not read it is reminded once.

News wait in each person's inbox until the morning and become one numbered digest. The last thirty
are kept.
"""

from datetime import date, datetime, timedelta
from typing import Annotated

import monocyte
from lab.notebook import Text, WriteEntry
from lab.notices import Noted, Notice, Topic
from lab.people import Enrol, Handle, Left, SayGoodbye
from monocyte import Caller, Cell, Command, Event, Meta, Query, State, Tick, Value
from monocyte.testing import Operator, Source, Step, Steps, World, answers

# ## Words

Number = Annotated[int, Meta(ge=1)]


class Digest(Value):
    number: Number
    made: datetime
    notices: tuple[Notice, ...]


class Collected(Event):
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


class Held(Event):
    held: bool


class Forgotten(Event):
    who: Handle


class MarkRead(Command[WasRead]):
    number: Number


class HoldDigests(Command[Held]):
    """News are collected all the same, for the first digest after that."""

    held: bool


class AreHeld(Query[bool]):
    pass


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


class Post(State):
    inboxes: dict[Handle, Inbox] = {}
    held: bool = False


cell = Cell("digests", state=Post)

THERE = cell.rule(
    "DIGEST-1",
    "Only a digest of one's own is marked read, and only once.",
    supersedes="NOTICE-1",
)
OFFICE = cell.rule("DIGEST-2", "The office holds the digests back, and lets them go.")


@cell.handles
def mark_read(it: MarkRead, post: Post, caller: Caller) -> WasRead:
    THERE.require(it.number in inbox_of(caller.name, post).unread, str(it.number))
    return WasRead(caller.name, it.number)


@cell.handles
def hold(it: HoldDigests, caller: Caller) -> Held:
    OFFICE.require("office" in caller.roles, caller.name)
    return Held(it.held)


@cell.handles
def are_held(it: AreHeld, post: Post) -> bool:
    return post.held


@cell.handles
def news(it: MyNews, post: Post, caller: Caller) -> tuple[Notice, ...]:
    return tuple(inbox_of(caller.name, post).fresh)


@cell.handles
def digests(it: MyDigests, post: Post, caller: Caller) -> tuple[Digest, ...]:
    inbox = inbox_of(caller.name, post)
    kept = (d for d in reversed(inbox.digests) if not it.unread or d.number in inbox.unread)
    return tuple(kept)


@cell.reacts
def collect(it: Noted) -> Collected:
    return Collected(it.to, it.notice)


@cell.reacts
def farewell(it: Left) -> Forgotten:
    return Forgotten(it.handle)


@cell.every(timedelta(days=1))
def make_digests(due: Tick, post: Post) -> tuple[DigestMade, ...]:
    """Nobody gets an empty one."""
    waiting = {} if post.held else post.inboxes
    fresh = ((who, inbox) for who, inbox in waiting.items() if inbox.fresh)
    return tuple(DigestMade(who, inbox.made + 1, due.at) for who, inbox in fresh)


@cell.after(timedelta(days=2))
def remind(it: DigestMade, post: Post) -> Reminded | None:
    return Reminded(it.to, it.number) if it.number in inbox_of(it.to, post).unread else None


@cell.evolves
def note(it: Collected, post: Post) -> None:
    post.inboxes.setdefault(it.to, Inbox()).fresh.append(it.notice)


@cell.evolves
def bundle(it: DigestMade, post: Post) -> None:
    inbox = post.inboxes[it.to]
    inbox.digests.append(Digest(it.number, it.at, tuple(inbox.fresh)))
    inbox.unread.append(it.number)
    del inbox.digests[:-30], inbox.unread[:-30]
    inbox.fresh, inbox.made = [], it.number


@cell.evolves
def nudge(it: Reminded, post: Post) -> None:
    """Said for whatever reaches people outside; nothing is remembered."""


@cell.evolves
def tick_off(it: WasRead, post: Post) -> None:
    post.inboxes[it.to].unread.remove(it.number)


@cell.evolves
def stop(it: Held, post: Post) -> None:
    post.held = it.held


@cell.evolves
def forget(it: Forgotten, post: Post) -> None:
    post.inboxes.pop(it.who, None)


def inbox_of(who: Handle, post: Post) -> Inbox:
    return post.inboxes.get(who, Inbox())


cell.picture("""
    person -> MarkRead      -> mark_read    -> WasRead    -> tick_off
    person -> HoldDigests   -> hold         -> Held       -> stop
    person -> AreHeld       -> are_held
    person -> MyNews        -> news
    person -> MyDigests     -> digests
              notices.Noted -> collect      -> Collected  -> note
              people.Left   -> farewell     -> Forgotten  -> forget
              clock         -> make_digests -> DigestMade -> bundle
              DigestMade    -> remind       -> Reminded   -> nudge
""")


# ## Scenarios and decisions

DAY = timedelta(days=1)
MONDAY = date(2026, 1, 5)


def enrol(lab: World, *people: Handle) -> None:
    for who in people:
        lab.by("olga", "office").send(Enrol(who, who.title(), frozenset(), MONDAY))
    lab.settle()


@cell.scenario
def the_first_morning(lab: World) -> None:
    """Who joins finds one notice in tomorrow's digest, whenever the power fails."""
    enrol(lab, "ada", "lise")
    lab.restart()
    ada, hello = lab.by("ada"), (Notice(Topic.LAB, "Welcome to the lab, Ada."),)
    assert ada.ask(MyNews()) == hello
    lab.restart()
    lab.advance(DAY + timedelta(hours=1))
    assert [(it.number, it.notices) for it in ada.ask(MyDigests())] == [(1, hello)]
    assert ada.ask(MyNews()) == ()


@cell.scenario
def who_does_not_read_is_reminded_once(lab: World) -> None:
    """Ada reads her digest and hears no more of it; Lise is reminded after two days."""
    the_first_morning(lab)
    ada, lise = lab.by("ada"), lab.by("lise")
    ada.send(MarkRead(1))
    for number in (1, 2):
        with THERE.refuses():
            ada.send(MarkRead(number))
    lab.advance(DAY)
    lab.restart()
    assert lab.events(Reminded) == ()
    lab.advance(9 * DAY)
    assert lab.events(Reminded) == (Reminded("lise", 1),)
    assert len(lab.events(DigestMade)) == 2
    assert [len(who.ask(MyDigests(unread=True))) for who in (ada, lise)] == [0, 1]
    assert len(ada.ask(MyDigests())) == 1


@cell.scenario
def ada_leaves(lab: World) -> None:
    """Nothing is kept for her, and nobody reminds her."""
    the_first_morning(lab)
    lab.by("olga", "office").send(SayGoodbye("ada", MONDAY, heir="lise"))
    lab.advance(9 * DAY)
    assert lab.by("ada").ask(MyDigests()) == ()
    assert "ada" not in {it.to for it in lab.events(Reminded)}


@cell.scenario
def a_flood(lab: World) -> None:
    """While the office holds them back there are no digests, and then one with everything."""
    olga = lab.by("olga", "office")
    with OFFICE.refuses():
        lab.by("ada").send(HoldDigests(held=True))
    olga.send(HoldDigests(held=True))
    enrol(lab, "ada")
    lab.advance(3 * DAY)
    assert lab.events(DigestMade) == ()
    assert olga.ask(AreHeld())
    olga.send(HoldDigests(held=False))
    lab.advance(DAY)
    assert [it.to for it in lab.events(DigestMade)] == ["ada"]


@cell.decision(instead_of="keeping all", review="2028-01-01")
def thirty_are_kept(lab: World) -> None:
    """Who has not read them for a month will not read them; the journal has them all."""
    for _ in range(31):
        lab.by("lise").send(WriteEntry(MONDAY, Text("Gel", "As @ada says.")))
        lab.settle()
        lab.advance(DAY)
    ada = lab.by("ada")
    assert [it.number for it in ada.ask(MyDigests())] == [*range(31, 1, -1)]
    with THERE.refuses():
        ada.send(MarkRead(1))
    ada.send(MarkRead(2))


def there_is_a_way_out() -> bool:
    return hasattr(monocyte, "Http")


@cell.decision(
    instead_of="sending mail",
    until=there_is_a_way_out,
    review="2027-08-01",
    refuted_by="import smtplib",
)
def reminders_are_only_said(it: Source) -> None:
    """Nothing goes out past the wall; once a port leads there, reminders should, too."""
    assert it.imports.isdisjoint(("smtplib", "socket", "subprocess"))


# ## When it breaks


def held(it: Operator) -> bool:
    return it.ask(AreHeld())


@cell.runbook(
    when="a cell floods everybody with news",
    after=the_first_morning,
    keeps=held,
    roles=("office",),
)
def hold_back(it: Operator) -> Steps:
    """Nobody gets a digest of a thousand notices while the cell is being mended."""
    yield Step(
        "Hold the digests",
        check=answers(AreHeld(), True),
        do=[HoldDigests(held=True)],
        undo=[HoldDigests(held=False)],
    )
    yield Step("Find the cell that says too much, in `monocyte events`, and take it out of service")
