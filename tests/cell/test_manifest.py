"""What a well-formed cell turns out to be."""

import inspect
from datetime import datetime, timedelta

import pytest

from monocyte.cell import PORTS, Manifest, Result, Shape
from monocyte.contracts import Message
from tests.cell.apps import HEAD, SHOP, App

BOOKING = '''\
"""# Instrument booking: one microscope, twenty people, and who has it when."""
from datetime import datetime, timedelta
from monocyte import Caller, Cell, Command, Event, Query, Value

class World: ...

# ## Words
class Slot(Value):
    instrument: str
    start: datetime
    end: datetime

class Booked(Event):
    id: int
    who: str
    slot: Slot

class BookInstrument(Command[Booked]):
    slot: Slot

class ListBookings(Query[tuple[Booked, ...]]):
    instrument: str

# ## Rules and behaviour
Calendar = dict[int, Booked | None]
cell = Cell("booking", state=Calendar)
ALONE = cell.rule("BOOK-1", "An instrument serves one person at a time.")
SHORT = cell.rule("BOOK-2", "A booking lasts at most eight hours, and not nothing.")

@cell.handles
def book(ask: BookInstrument, calendar: Calendar, caller: Caller) -> Booked:
    SHORT.require(timedelta(0) < ask.slot.end - ask.slot.start <= timedelta(hours=8))
    for b in bookings(ListBookings(ask.slot.instrument), calendar):
        ALONE.require(ask.slot.end <= b.slot.start or b.slot.end <= ask.slot.start, b.who)
    return Booked(len(calendar) + 1, caller.name, ask.slot)

@cell.handles
def bookings(ask: ListBookings, calendar: Calendar) -> tuple[Booked, ...]:
    return tuple(b for b in calendar.values() if b and b.slot.instrument == ask.instrument)

@cell.evolves
def enter(it: Booked, calendar: Calendar) -> None:
    calendar[it.id] = it

# ## Scenarios and decisions
@cell.scenario
def ada_was_first(lab: World) -> None:
    """Lise cannot have Ada's hour, nor nine hours, nor none."""
'''


def load_one(app: App, source: str, **others: str) -> Manifest:
    """The manifest of `source`, loaded without a fault beside `others`."""
    loaded = app.load(it=source, **others)
    assert [str(fault) for fault in loaded.faults] == []
    return next(m for m in loaded.manifests if m.module.endswith(".it"))


@pytest.mark.parametrize("future", ["", "from __future__ import annotations\n"], ids=bool)
def test_the_manifest_of_a_booking_cell(app: App, future: str) -> None:
    """Everything that the source says by its annotations, whether they are evaluated or text."""
    source = BOOKING.replace('when."""\n', f'when."""\n{future}', 1)
    it = load_one(app, source)
    words = it.words
    slot, booked = words["Slot"], words["Booked"]
    book, bookings = words["BookInstrument"], words["ListBookings"]
    assert list(words) == ["Slot", "Booked", "BookInstrument", "ListBookings"]
    assert (it.name, it.module) == ("booking", f"{app.package}.it")
    assert it.file == str(app.folder / "it.py")
    assert it.purpose.startswith("# Instrument booking")
    assert it.state == dict[int, booked | None]  # type: ignore[valid-type]
    assert {rule.id: rule.text for rule in it.rules.values()} == {
        "BOOK-1": "An instrument serves one person at a time.",
        "BOOK-2": "A booking lasts at most eight hours, and not nothing.",
    }
    assert set(it.handlers) == {book, bookings}
    assert it.events == {"Booked": booked}
    assert [declared.function.__name__ for declared in it.scenarios] == ["ada_was_first"]
    assert (it.reactions, it.timers, it.upcasts) == ({}, {}, {})
    assert not issubclass(slot, Message)


def test_the_handlers_of_a_booking_cell(app: App) -> None:
    """A command emits what it answers; a query answers with events and emits none."""
    it = load_one(app, BOOKING)
    booked = it.words["Booked"]
    handlers = {handler.message.__name__: handler for handler in it.handlers.values()}
    book, bookings = handlers["BookInstrument"], handlers["ListBookings"]
    assert (book.is_command, book.reply) == (True, booked)
    assert book.function.result == Result(Shape.ONE, True, (booked,))  # type: ignore[arg-type]
    assert [(name, port and port.name) for name, port in book.function.arguments] == [
        ("calendar", None),
        ("caller", "Caller"),
    ]
    assert (bookings.is_command, bookings.reply) == (False, tuple[booked, ...])  # type: ignore[valid-type]
    assert bookings.function.result == Result(Shape.ONE, True, ())
    (evolver,) = it.evolvers.values()
    assert (evolver.event, evolver.call.__name__, evolver.replaces) == (booked, "enter", False)


def test_functions_stay_what_they_were(app: App) -> None:
    """A decorated function can be called and read like any other."""
    it = load_one(app, BOOKING)
    (function,) = (h.function for h in it.handlers.values() if h.is_command)
    assert inspect.isfunction(function.call)
    assert function.where == f"{it.file}:{_line(BOOKING, 'def book(') - 1}"


def test_messages_learn_whose_they_are(app: App) -> None:
    """Who sends a message need not know which cell it belongs to."""
    words = load_one(app, BOOKING).words.values()
    owners = {word.__cell__ for word in words if issubclass(word, Message)}
    assert owners == {"booking"}


def test_the_release_follows_the_source(app: App, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The same source is the same release, another source another."""
    other = App(tmp_path_factory.mktemp("other"), "app_of_release")
    first = load_one(app, BOOKING)
    (same, changed) = other.load(
        a=BOOKING, b=BOOKING.replace('"booking"', '"b"').replace("BOOK-", "B-")
    ).manifests
    assert first.release == same.release != changed.release
    assert len(first.release) == 16


def test_async_handlers_and_ports(app: App) -> None:
    """Every port there is can be asked for, in any order after the message."""
    asked = ", ".join(f"p{i}: {port.name}" for i, port in enumerate(PORTS.values()))
    it = load_one(
        app,
        HEAD + "cell = Cell('it', state=int)\nclass Do(Command[None]): ...\n"
        f"@cell.handles\nasync def do(it: Do, {asked}, *, s: int) -> None: ...\n",
    )
    (handler,) = it.handlers.values()
    assert handler.function.is_async
    ports = [port and port.name for _, port in handler.function.arguments]
    assert ports == ["Caller", "Clock", "Ids", "Ask", "Files", None]


def test_a_cell_without_a_state(app: App) -> None:
    """Its evolvers take None, and change nothing."""
    it = load_one(
        app,
        HEAD + "cell = Cell('it')\nclass Said(Event): ...\nclass Say(Command[None]): ...\n"
        "@cell.handles\ndef say(it: Say) -> Said: ...\n"
        "@cell.evolves\ndef said(it: Said, s: None) -> None: ...\n",
    )
    (evolver,) = it.evolvers.values()
    assert it.state is type(None)
    assert not evolver.replaces


UNION = """\
class Up(Event):
    by: int

class Down(Event):
    by: int

class Move(Command[None]):
    pass

cell = Cell("lift", state=dict[str, int])

@cell.handles
def move(it: Move, s: dict[str, int]) -> tuple[Up, Down]: ...

@cell.evolves
def moved(it: Up | Down, s: dict[str, int]) -> None: ...
"""


def test_one_evolver_applies_every_event_of_a_union(app: App) -> None:
    """It is entered for each member; another one for a member is one too many."""
    (it,) = app.load(lift=HEAD + UNION).manifests
    assert [(e.__name__, v.call.__name__) for e, v in it.evolvers.items()] == [
        ("Up", "moved"),
        ("Down", "moved"),
    ]
    again = "\n@cell.evolves\ndef up(it: Up, s: dict[str, int]) -> None: ...\n"
    (fault,) = App(app.root / "again", "again").load(lift=HEAD + UNION + again).faults
    assert fault.message == "Up has two evolvers"


def test_an_evolver_that_returns_the_next_state(app: App) -> None:
    """An immutable state is replaced."""
    it = load_one(
        app,
        HEAD + "cell = Cell('it', state=int)\nclass Said(Event): ...\n"
        "@cell.evolves\ndef said(it: Said, s: int) -> int: ...\n",
    )
    (evolver,) = it.evolvers.values()
    assert evolver.replaces


def test_reactions_and_timers(app: App) -> None:
    """A reaction knows whose event it awaits; a timer its period, or its event and delay."""
    it = load_one(
        app,
        HEAD + "from {app} import shop\ncell = Cell('it', state=int)\n"
        "class Late(Event):\n    at: datetime\n"
        "@cell.evolves\ndef late(it: Late, s: int) -> int: ...\n"
        "@cell.reacts\nasync def on_made(it: shop.Made, ask: Ask) -> Late | None: ...\n"
        "@cell.every(timedelta(days=1))\ndef nightly(it: Tick, s: int) -> tuple[Late, ...]: ...\n"
        "@cell.after(timedelta(hours=1))\ndef remind(it: Late) -> None: ...\n"
        "@cell.after(lambda it: it.at)\ndef again(it: Late) -> None: ...\n",
        shop=SHOP,
    )
    assert list(it.words) == ["Late"]
    late = it.words["Late"]
    (reaction,) = it.reactions.values()
    assert (reaction.event.__name__, reaction.source) == ("Made", "shop")
    assert reaction.function.result == Result(Shape.ONE, False, (late,))  # type: ignore[arg-type]
    assert list(it.timers) == ["nightly", "remind", "again"]
    nightly, remind, again = it.timers.values()
    assert (nightly.period, nightly.delay, nightly.event.__name__) == (timedelta(1), None, "Tick")
    assert nightly.function.result.shape is Shape.EVENTS
    assert (remind.period, remind.delay, remind.event) == (None, timedelta(hours=1), late)
    assert callable(again.delay)
    assert again.delay(late(datetime(2026, 1, 5))) == datetime(2026, 1, 5)  # type: ignore[call-arg] # noqa: DTZ001


def test_upcasts(app: App) -> None:
    """Every older version leads to the next; the event may be named by class or by text."""
    it = load_one(
        app,
        HEAD + "cell = Cell('it')\n"
        "class Sold(Event):\n    __version__: ClassVar[int] = 3\n    price: int\n"
        "@cell.upcasts(Sold, version=1)\n"
        "def sold_1(old: dict[str, object]) -> dict[str, object]:\n    return {**old, 'price': 0}\n"
        "@cell.upcasts('Sold', version=2)\n"
        "def sold_2(old: dict[str, object]) -> dict[str, object]:\n    return old\n",
    )
    assert set(it.upcasts) == {("Sold", 1), ("Sold", 2)}
    assert it.upcasts["Sold", 1]({}) == {"price": 0}


def test_words_are_counted_once(app: App) -> None:
    """An alias is no second word, and another cell's word none of ours."""
    it = load_one(
        app,
        HEAD + "from {app}.shop import Made\nclass V(Value): ...\nOther = V\ncell = Cell('it')\n",
        shop=SHOP,
    )
    assert list(it.words) == ["V"]


def _line(source: str, start: str) -> int:
    return next(i for i, line in enumerate(source.splitlines(), 1) if line.startswith(start))
