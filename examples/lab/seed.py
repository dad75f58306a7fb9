"""A year of the lab, made up from a seed: the same seed and start tell the same year.

Knows nothing of how commands travel. Two promises to whoever sends them: `at` never goes back, and
the commands of one `at`, some tens, do not depend on each other: they may be sent at once; send the
next when all of them have been answered. As in life, some are refused: hours that are taken, vials
that somebody else holds, trainings that have lapsed, a barcode with a slip of the pen.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from random import Random
from typing import Any, NamedTuple

from inventory import (
    BENCHES,
    COURSES,
    EXPERIMENTS,
    FIRST,
    GENES,
    LAST,
    MACHINES,
    STAFF,
    STOCK,
)
from lab import equipment, instruments, notebook, notices, people, samples, stock
from lab.people import Role
from monocyte import Command

DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)
YEAR = 364
"""Days told of: 52 weeks, so that they can start on any Monday."""


class Sent(NamedTuple):
    """A command, who sends it (with which roles), and when it was sent in the lab's own time."""

    at: datetime
    who: str
    roles: frozenset[str]
    command: Command[Any]


def commands(seed: int = 0, count: int = 20_000, start: date = date(2025, 1, 6)) -> Iterator[Sent]:
    """At least `count` commands of the year from `start` on, the day when the lab opens."""
    year = Year(Random(seed), start)
    yield from year.opening()
    moments = list(working_hours(start))
    total, done = sum(weight for _, weight in moments), 0.0
    for at, weight in moments:
        done += weight
        yield from year.moment(at, target=count * done / total)


def working_hours(start: date) -> Iterator[tuple[datetime, float]]:
    """The moments at which people send commands, and how busy each is."""
    for n in range(YEAR):
        today = start + n * DAY
        season = 0.1 if (today.month, today.day) >= (12, 22) else 0.6 if today.month == 8 else 1.0
        if today.weekday() >= 5:
            yield datetime.combine(today, time(11), UTC), 0.15 * season
            continue
        yield datetime.combine(today, time(8), UTC), 0.0
        for hour, weight in ((9, 1.2), (11, 1.0), (14, 1.1), (17, 0.8)):
            yield datetime.combine(today, time(hour), UTC), weight * season


# -- what the teller knows of it -------------------------------------------------------------------
# Just enough to make most commands succeed; the cells know better.


@dataclass(eq=False)
class Person:
    handle: str
    name: str
    role: Role
    roles: frozenset[str]
    courses: dict[str, date] = field(default_factory=dict)
    pages: int = 0
    wrote: int = -1


@dataclass(eq=False)
class Vial:
    barcode: str
    place: str
    left: int
    low: int
    portion: int
    holder: Person | None = None
    touched: int = -1


@dataclass(eq=False)
class Leaf:
    page: str
    author: Person
    text: notebook.Text
    revision: int = 1
    signed: bool = False
    witnesses: list[Person] = field(default_factory=list)
    touched: int = -1


@dataclass(eq=False)
class Booking:
    machine: str
    who: Person
    slot: equipment.Slot
    touched: int


class Year:
    """Tells the year moment by moment; `turn` counts the moments."""

    def __init__(self, rng: Random, start: date) -> None:
        self.rng = rng
        self.at = datetime.combine(start, time(7), UTC)
        self.turn = 0
        self.sent = 0
        self.out: list[Sent] = []
        self.later: dict[int, list[Callable[[], bool]]] = defaultdict(list)
        self.names = self.fresh_names()
        self.staff: list[Person] = []
        self.vials: list[Vial] = []
        self.numbers: dict[str, int] = defaultdict(int)
        self.opened = 12
        self.boxes = [(number, 0) for number in range(self.opened)]
        self.leaves: list[Leaf] = []
        self.bookings: dict[tuple[str, date], list[Booking]] = defaultdict(list)
        self.coming: list[Booking] = []
        self.outages: dict[str, list[equipment.Slot]] = defaultdict(list)
        self.activities: tuple[tuple[Callable[[], bool], float], ...] = (
            (self.book, 80),
            (self.cancel, 4),
            (self.register, 6),
            (self.check_out, 11),
            (self.consume, 18),
            (self.move, 2),
            (self.write, 10),
            (self.revise, 5),
            (self.sign, 7),
            (self.witness, 3),
            (self.mute, 0.1),
        )

    # -- the course of the year --------------------------------------------------------------------

    def opening(self) -> Iterator[Sent]:
        """The first morning: everybody joins, what there is is entered."""
        for count, role, roles in STAFF:
            for _ in range(count):
                self.enrol(role, roles)
            yield from self.close()
        for name, title, room, course in MACHINES:
            added = equipment.Instrument(name, title, room, course)
            self.tell(self.one_of("technician"), equipment.AddInstrument(added))
        for who in self.staff:
            self.educate(who)
            yield from self.close()
        for _ in range(8):
            for _ in range(50):
                self.register()
            yield from self.close()

    def moment(self, at: datetime, target: float) -> Iterator[Sent]:
        """What is sent at one moment: what is due, and whatever else people think of."""
        self.at = at
        for action in self.later.pop(self.turn, ()):
            action()
        if at.hour == 8:
            self.administer()
        doings, weights = zip(*self.activities, strict=True)
        tries = 0
        while self.sent < target and tries < 5_000:
            tries += 1
            self.rng.choices(doings, weights)[0]()
        yield from self.close()

    def close(self) -> Iterator[Sent]:
        yield from self.out
        self.out = []
        self.turn += 1
        self.at += SECOND
        self.coming = [b for b in self.coming if b.slot.start > self.at]

    def tell(self, who: Person, command: Command[Any]) -> bool:
        self.out.append(Sent(self.at, who.handle, who.roles, command))
        self.sent += 1
        return True

    def slip(self, share: float) -> bool:
        """Whether somebody makes a mistake now."""
        return self.rng.random() < share

    def in_days(self, first: int, last: int, action: Callable[[], bool]) -> None:
        """At some moment so many working days from now; five moments make a day."""
        self.later[self.turn + self.rng.randint(5 * first, 5 * last + 4)].append(action)

    @property
    def today(self) -> date:
        return self.at.date()

    # -- people ------------------------------------------------------------------------------------

    def fresh_names(self) -> Iterator[tuple[str, str]]:
        """Handles and names; a handle is the first name, longer when that is taken."""
        taken: set[str] = set()
        while True:
            first, last = self.rng.choice(FIRST), self.rng.choice(LAST)
            short, long = plain(first), f"{plain(first)}-{plain(last)}"
            handle = long if short in taken else short
            if handle not in taken and len(handle) <= 24:
                taken.add(handle)
                yield handle, f"{first} {last}"

    def one_of(self, role: str, *, but: Person | None = None) -> Person:
        return self.rng.choice([p for p in self.staff if role in p.roles and p is not but])

    def anybody(self) -> Person:
        return self.rng.choice(self.staff)

    def enrol(self, role: Role, roles: frozenset[str]) -> Person:
        handle, name = next(self.names)
        who = Person(handle, name, role, roles)
        clerk = who if role is Role.OFFICE else self.one_of("office")
        self.tell(clerk, people.Enrol(handle, name, frozenset({role}), self.today))
        self.staff.append(who)
        return who

    def educate(self, who: Person) -> None:
        """What somebody who is here already has learned within the last year."""
        for course in self.rng.sample(COURSES, self.rng.choice((1, 2, 2, 3, 3, 4))):
            self.train(who, course, self.today - self.rng.randint(0, 350) * DAY)

    def train(self, who: Person, course: str, on: date) -> bool:
        until = on + 365 * DAY
        trainer = self.one_of("trainer", but=who)
        who.courses[course] = until
        return self.tell(trainer, people.RecordTraining(who.handle, course, on, until))

    def administer(self) -> None:
        """The first hour: comings and goings, trainings, maintenance."""
        if self.slip(0.07):
            role, roles = self.rng.choice([(r, w) for _, r, w in STAFF[-2:]])
            newcomer = self.enrol(role, roles)
            for course in self.rng.sample(COURSES, 2):
                self.in_days(1, 8, partial(self.train_now, newcomer, course))
        if self.slip(0.09):
            self.goodbye()
        if self.slip(0.05):
            who = self.rng.choice([p for p in self.staff if p.role is Role.STUDENT])
            promoted = frozenset({Role.STUDENT, Role.SCIENTIST})
            self.tell(self.one_of("office"), people.GiveRoles(who.handle, promoted))
        for who in self.staff:
            for course, until in list(who.courses.items()):
                if until - self.today < 21 * DAY and self.slip(0.1):
                    self.train(who, course, self.today)
        if self.slip(0.2):
            self.break_down()

    def train_now(self, who: Person, course: str) -> bool:
        return who in self.staff and self.train(who, course, self.today)

    def goodbye(self) -> bool:
        busy = {v.holder.handle for v in self.vials if v.holder}
        leavers = [p for p in self.staff if p.role in (Role.SCIENTIST, Role.STUDENT)]
        who = self.rng.choice(leavers)
        if who.handle in busy:
            return False
        heir = self.rng.choice([p for p in leavers if p is not who])
        self.staff.remove(who)
        self.coming = [b for b in self.coming if b.who is not who]
        told = people.SayGoodbye(who.handle, self.today + 3 * DAY, heir.handle)
        return self.tell(self.one_of("office"), told)

    # -- instruments -------------------------------------------------------------------------------

    def book(self) -> bool:
        who, (machine, _, _, course) = self.anybody(), self.rng.choice(MACHINES)
        slot = self.hours(9 if self.slip(0.005) else None)
        allowed = course is None or slot.start.date() <= who.courses.get(course, date.min)
        free = self.is_free(machine, slot)
        if not (allowed or self.slip(0.008)) or not (free or self.slip(0.06)):
            return False
        if self.week(who, machine, slot) + length(slot) > 24 * HOUR and not self.slip(0.05):
            return False
        if allowed and free and length(slot) <= 8 * HOUR:
            self.enter(machine, who, slot, rival=self.slip(0.01))
        purpose = self.rng.choice(EXPERIMENTS)[0].format(gene=self.rng.choice(GENES))
        return self.tell(who, instruments.BookInstrument(machine, slot, purpose))

    def enter(self, machine: str, who: Person, slot: equipment.Slot, *, rival: bool) -> None:
        """Remember a booking; with a rival for the same hours, nobody knows whose it is."""
        booking = Booking(machine, who, slot, touched=self.turn)
        for day in {slot.start.date(), slot.end.date()}:
            self.bookings[machine, day].append(booking)
        if not rival:
            self.coming.append(booking)
        else:
            self.tell(self.anybody(), instruments.BookInstrument(machine, slot, "urgent"))

    def hours(self, hours: int | None) -> equipment.Slot:
        """Some hours of the next two weeks, mostly by day."""
        day = self.today + self.rng.choice((1, 1, 1, 2, 2, 3, 4, 5, 7, 9, 14)) * DAY
        begin = self.rng.choice((7, 8, 9, 9, 10, 11, 12, 13, 14, 15, 16, 18, 20))
        start = datetime.combine(day, time(begin), UTC) + self.rng.choice((0, 0, 0.5)) * HOUR
        lasting = hours or self.rng.choice((1, 1, 2, 2, 2, 3, 4, 4, 6, 8))
        return equipment.Slot(start, start + lasting * HOUR)

    def is_free(self, machine: str, slot: equipment.Slot) -> bool:
        days = sorted({slot.start.date(), slot.end.date()})
        taken = [b.slot for day in days for b in self.bookings.get((machine, day), ())]
        return not any(touch(slot, other) for other in (*taken, *self.outages[machine]))

    def week(self, who: Person, machine: str, slot: equipment.Slot) -> timedelta:
        monday = slot.start.date() - slot.start.weekday() * DAY
        days = [monday + n * DAY for n in range(7)]
        found = {b for day in days for b in self.bookings.get((machine, day), ()) if b.who is who}
        return sum((length(b.slot) for b in found if b.slot.start.date() in days), timedelta(0))

    def cancel(self) -> bool:
        if not self.coming or (booking := self.rng.choice(self.coming)).touched == self.turn:
            return False
        start, stranger = booking.slot.start, self.slip(0.03)
        who = self.anybody() if stranger else booking.who
        if stranger and (who is booking.who or "technician" in who.roles):
            return False
        booking.touched = self.turn
        if not stranger:
            self.forget(booking)
        why = self.rng.choice(("cells died", "ill", "meeting", "sample not ready", "moved"))
        return self.tell(who, instruments.CancelBooking(booking.machine, start, why))

    def forget(self, booking: Booking) -> None:
        self.coming.remove(booking)
        # Freed from the next moment on: whoever books it now could be faster than the cancelling.
        gone = partial(self.free, booking)
        self.later[self.turn + 1].append(gone)

    def free(self, booking: Booking) -> bool:
        for day in {booking.slot.start.date(), booking.slot.end.date()}:
            self.bookings[booking.machine, day].remove(booking)
        return False

    def break_down(self) -> bool:
        """A machine is out from tomorrow on, for some hours or days, and perhaps back early."""
        machine = self.rng.choice(MACHINES)[0]
        start = datetime.combine(self.today + DAY, time(self.rng.choice((8, 10, 13))), UTC)
        slot = equipment.Slot(start, start + self.rng.choice((3, 5, 8, 24, 48, 96)) * HOUR)
        why = self.rng.choice(
            ("laser", "service", "leak", "vacuum pump", "helium fill", "software")
        )
        self.outages[machine].append(slot)
        for booking in [b for b in self.coming if b.machine == machine and touch(b.slot, slot)]:
            self.forget(booking)
        technician = self.one_of("technician")
        if self.slip(0.3):
            back = equipment.PutBackInService(machine, slot.start, slot.start + 2 * HOUR)
            self.in_days(2, 3, partial(self.tell, technician, back))
        return self.tell(technician, equipment.TakeOutOfService(machine, slot, why))

    # -- samples -----------------------------------------------------------------------------------

    def register(self) -> bool:
        owner, (prefix, what, unit, few, many, portion) = self.anybody(), self.rng.choice(STOCK)
        twice = self.some_vial() if self.vials and self.slip(0.006) else None
        if twice is not None:
            barcode, place = twice.barcode, self.rng.choice(BENCHES)
        else:
            self.numbers[prefix] += 1
            barcode, place = f"{prefix}{self.numbers[prefix]:06}", self.room()
        amount = self.rng.randint(few, many)
        title = what.format(self.rng.choice(GENES))
        if place not in BENCHES:
            vial = Vial(barcode, place, amount, amount // 5, portion, touched=self.turn)
            self.vials.append(vial)
        command = samples.RegisterSample(
            barcode, title, owner.handle, place, unit, amount, low=amount // 5
        )
        return self.tell(owner, command)

    def room(self) -> str:
        """One of the boxes that are being filled; when it is full, the next new one."""
        at = self.rng.randrange(len(self.boxes))
        number, filled = self.boxes[at]
        if filled == 81:
            self.opened, number, filled = self.opened + 1, self.opened, 0
        self.boxes[at] = number, filled + 1
        return f"freezer-{number // 60 + 1}/shelf-{number // 10 % 6 + 1}/box-{number % 10 + 1}"

    def some_vial(self) -> Vial | None:
        """A vial that nobody has touched at this moment: often the new, or what everybody uses."""
        old = self.slip(0.6)
        vial = self.rng.choice(self.vials[:150] if old else self.vials[-300:])
        return None if vial.touched == self.turn else vial

    def check_out(self) -> bool:
        vial, who = self.some_vial(), self.anybody()
        if vial is None or (vial.holder is not None and not self.slip(0.1)):
            return False
        vial.touched = self.turn
        if vial.holder is None:
            vial.holder = who
            self.in_days(0, 3, partial(self.put_back, vial))
        return self.tell(who, samples.CheckOut(vial.barcode))

    def put_back(self, vial: Vial) -> bool:
        who = vial.holder
        if who is None or self.slip(0.004):  # forgotten on the bench
            return False
        if vial.touched == self.turn:
            self.later[self.turn + 1].append(partial(self.put_back, vial))
            return False
        vial.holder, vial.touched = None, self.turn
        return self.tell(who, samples.PutBack(vial.barcode, vial.place))

    def consume(self) -> bool:
        vial = self.some_vial()
        if vial is None:
            return False
        who = vial.holder or self.anybody()
        wanted = vial.left + 1 if self.slip(0.01) else self.rng.randint(1, 2 * vial.portion)
        if wanted > vial.left and not self.slip(0.05):
            return False
        vial.touched = self.turn
        if self.slip(0.004):
            return self.tell(who, stock.Consume(f"ZZ{vial.barcode[2:]}", wanted))
        if wanted <= vial.left:
            self.use(vial, wanted)
        return self.tell(who, stock.Consume(vial.barcode, wanted))

    def use(self, vial: Vial, amount: int) -> None:
        if vial.left - amount <= vial.low < vial.left and self.slip(0.7):
            self.in_days(2, 6, partial(self.restock, vial))
        vial.left -= amount

    def restock(self, vial: Vial) -> bool:
        amount = 5 * vial.low + vial.portion
        vial.left += amount
        vial.touched = self.turn
        return self.tell(self.one_of("stores"), stock.Restock(vial.barcode, amount))

    def move(self) -> bool:
        vial = self.some_vial()
        if vial is None or vial.holder is not None:
            return False
        vial.place, vial.touched = self.room(), self.turn
        return self.tell(self.anybody(), samples.MoveSample(vial.barcode, vial.place))

    # -- notebook and notices ----------------------------------------------------------------------

    def write(self) -> bool:
        who = self.anybody()
        if who.wrote == self.turn:
            return False
        text, slipped = self.text(who), self.slip(0.008)
        who.wrote = self.turn
        if slipped:
            text = notebook.Text(text.title, f"{text.body}\nControl: ZZ{who.pages:06}.\n")
        else:
            who.pages += 1
            self.leaves.append(Leaf(f"{who.handle}-{who.pages}", who, text, touched=self.turn))
        return self.tell(who, notebook.WriteEntry(self.today, text))

    def text(self, who: Person) -> notebook.Text:
        """A page in Markdown: aim, steps, what was seen, with what, and whom to ask."""
        rng, (title, steps, seen) = self.rng, self.rng.choice(EXPERIMENTS)
        fill = {"gene": rng.choice(GENES), "n": rng.randint(2, 60)}
        title = title.format_map(fill)
        lines = [f"## {title}", "", "### Done", ""]
        lines += [f"{n}. {step.format_map(fill)}" for n, step in enumerate(steps, 1)]
        old = [v for v in rng.sample(self.vials, 3) if v.touched != self.turn]
        lines += ["", "### With", ""] + [f"- {vial.barcode}" for vial in old]
        lines += ["", "### Seen", "", rng.choice(seen).format_map(fill)]
        colleague = self.anybody()
        if colleague is not who and self.slip(0.25):
            asked = rng.choice(("Thanks to @{}.", "@{}: can you look at this?", "Next: ask @{}."))
            lines += ["", asked.format(colleague.handle)]
        return notebook.Text(title, "\n".join(lines) + "\n")

    def some_leaf(self, *, signed: bool) -> Leaf | None:
        """One of the last three hundred pages, signed or not, whose author is here."""
        if not self.leaves:
            return None
        leaf = self.rng.choice(self.leaves[-300:])
        usable = leaf.signed is signed and leaf.author in self.staff and leaf.touched != self.turn
        if usable:
            leaf.touched = self.turn
        return leaf if usable else None

    def revise(self) -> bool:
        leaf = self.some_leaf(signed=self.slip(0.02))
        if leaf is None:
            return False
        note = self.rng.choice(
            ("Repeated, same result.", "Wrong buffer: pH was 7.0.", "See gel 2.")
        )
        text = notebook.Text(leaf.text.title, f"{leaf.text.body}\n**{self.today}** {note}\n")
        stale = leaf.revision > 1 and self.slip(0.03)
        command = notebook.ReviseEntry(leaf.page, leaf.revision - stale, text)
        if not (stale or leaf.signed):
            leaf.text, leaf.revision = text, leaf.revision + 1
        return self.tell(leaf.author, command)

    def sign(self) -> bool:
        leaf = self.some_leaf(signed=False)
        if leaf is None:
            return False
        who = leaf.author
        if self.slip(0.01):
            who = self.anybody()
        leaf.signed = who is leaf.author
        return self.tell(who, notebook.SignEntry(leaf.page))

    def witness(self) -> bool:
        leaf, who = self.some_leaf(signed=not self.slip(0.01)), self.anybody()
        if leaf is None or who is leaf.author or who in leaf.witnesses:
            return False
        leaf.witnesses += [who] if leaf.signed else []
        return self.tell(who, notebook.WitnessEntry(leaf.page))

    def mute(self) -> bool:
        topic = self.rng.choice(
            (notices.Topic.NOTEBOOK, notices.Topic.TRAINING, notices.Topic.SAMPLE)
        )
        return self.tell(self.anybody(), notices.Mute(frozenset({topic})))


def plain(name: str) -> str:
    """A name as it can stand in a handle."""
    spelled = name.lower().replace("ø", "o")
    letters = unicodedata.normalize("NFKD", spelled)
    return "".join(letter for letter in letters if letter.isascii() and letter.isalpha())


def length(slot: equipment.Slot) -> timedelta:
    return slot.end - slot.start


def touch(one: equipment.Slot, other: equipment.Slot) -> bool:
    return one.start < other.end and other.start < one.end
