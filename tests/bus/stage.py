"""The stage of the parity suite: words of every kind, a cell that does everything, and a log.

The handlers are plain routes: what is under test is the transport, not the engine.
"""

import asyncio
import enum
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Annotated, Any, ClassVar
from uuid import UUID

from msgspec import Meta

from monocyte.bus import Account, Delivery, Permit, Route, Service, Transport
from monocyte.contracts import (
    Command,
    Envelope,
    Event,
    Map,
    Message,
    Principal,
    Query,
    Value,
    reply_type,
    to_error,
)
from monocyte.contracts.faults import Fault
from monocyte.errors import BusError

LISE = Principal("lise", frozenset({"trainer"}))

Make = Callable[[Permit], AbstractAsyncContextManager[Transport]]
"""How a transport under test is opened and closed; it keeps to the policy that it is given."""


# -- words -----------------------------------------------------------------------------------------


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1


class Nest(Value):
    inner: "Nest | None" = None


class Everything(Value):
    """A field of every kind that a word may have."""

    flag: bool = True
    whole: int = 0
    real: float = 0.0
    text: str = ""
    octets: bytes = b""
    price: Decimal = Decimal(0)
    moment: datetime = datetime(2026, 1, 5, 9)  # noqa: DTZ001 (words may hold a naive one)
    day: date = date(2026, 1, 5)
    span: timedelta = timedelta(0)
    number: UUID = UUID(int=0)
    colour: Colour = Colour.RED
    many: tuple[int, ...] = ()
    some: frozenset[str] = frozenset()
    table: Map[str, int] = Map()
    nest: Nest = Nest()
    other: "int | str | None" = None
    few: Annotated[int, Meta(ge=0, le=9)] = 0


class Echo(Query[Everything]):
    """Answered at once with what it holds."""

    __cell__: ClassVar[str] = "probe"
    it: Everything


class EchoLater(Command[Everything]):
    """Answered after a moment with what it holds."""

    __cell__: ClassVar[str] = "probe"
    it: Everything


class Fail(Query[None]):
    """Answered with that error, at once."""

    __cell__: ClassVar[str] = "probe"
    fault: str
    cell: str = ""
    where: str = ""
    mend: str = ""
    rule: str = ""
    detail: str = ""


class FailLater(Command[None]):
    """Answered with that error, after a moment."""

    __cell__: ClassVar[str] = "probe"
    fault: str


class Break(Query[None]):
    """The handler breaks off with the exception of that number in `BROKEN`, at once."""

    __cell__: ClassVar[str] = "probe"
    how: int


class BreakLater(Command[None]):
    """The handler breaks off with the exception of that number in `BROKEN`, after a moment."""

    __cell__: ClassVar[str] = "probe"
    how: int


class Lie(Query[int]):
    """Answered with the value of that number in `LIES`, at once: never an integer of 64 bits."""

    __cell__: ClassVar[str] = "probe"
    which: int


class LieLater(Command[int]):
    """Answered with the value of that number in `LIES`, after a moment."""

    __cell__: ClassVar[str] = "probe"
    which: int


class Long(Query[str]):
    """Answered with a text of that length."""

    __cell__: ClassVar[str] = "probe"
    length: int


class Scribble(Query[str]):
    """The handler tries to change what it was given."""

    __cell__: ClassVar[str] = "probe"
    text: str


class Look(Query[None]):
    """The handler logs its envelope, at once."""

    __cell__: ClassVar[str] = "probe"


class LookLater(Command[None]):
    """The handler logs its envelope, after a moment."""

    __cell__: ClassVar[str] = "probe"


class Hang(Command[None]):
    """Never answered; the handler logs that it has begun, and how it ends."""

    __cell__: ClassVar[str] = "probe"
    name: str = "it"


class Wait(Command[int]):
    """Answered with its number once the stage is open."""

    __cell__: ClassVar[str] = "probe"
    number: int


class Relay(Query[None]):
    """Another cell, which asks along the way: one letter for each cell, the last one hangs."""

    __cell__: ClassVar[str] = "a"
    way: str


class RelayB(Query[None]):
    """As `Relay`, of the cell b."""

    __cell__: ClassVar[str] = "b"
    way: str


class Misspelled(Query[None]):
    """Of a cell that is nearly there."""

    __cell__: ClassVar[str] = "prob"


class Looks(Query[None]):
    """Nearly a message of a cell that is there."""

    __cell__: ClassVar[str] = "probe"


class Homeless(Query[None]):
    """Of no cell at all."""


class Struck(Event):
    """What happens on the stage."""

    __cell__: ClassVar[str] = "probe"
    it: Everything


class Whispered(Event):
    """Another thing that happens."""

    __cell__: ClassVar[str] = "probe"


BROKEN: tuple[BaseException, ...] = (
    ZeroDivisionError("the secret is 42"),
    TimeoutError("the secret is 42"),
    asyncio.CancelledError("the secret is 42"),
)
LIES: tuple[Any, ...] = ("three", None, 2**64, 0.5, True, [1])


# -- the stage -------------------------------------------------------------------------------------


class Log(list[Any]):
    """What has been observed, in order; `reaches` waits until there is that much of it."""

    def __init__(self) -> None:
        super().__init__()
        self._more = asyncio.Event()

    def add(self, *what: Any) -> None:
        """Note something."""
        self.extend(what)
        self._more.set()

    async def reaches(self, length: int) -> tuple[Any, ...]:
        """All that is there, once there is so much."""
        async with asyncio.timeout(5):
            while len(self) < length:
                self._more.clear()
                await self._more.wait()
        return tuple(self)


class Stage:
    """A transport that serves the cells `probe`, `a` and `b`; one is played on for each row."""

    def __init__(self) -> None:
        self.log = Log()
        self.open = asyncio.Event()
        self.past: list[Delivery] = []
        self.transport: Transport
        self._ids = count(1).__next__

    def permit(self, principal: Principal, route: Route) -> bool:
        """The policy: everything to everybody, but to eve."""
        return principal.name != "eve"

    def begin(self, transport: Transport) -> None:
        """Serve the cells."""
        self.transport = transport
        self.serve()
        for word in (Relay, RelayB):
            self.transport.serve(service(word.__cell__, route(word, self._relay)))

    def serve(self, in_flight: int = 256) -> None:
        """Serve the cell probe, or replace how it is served."""
        routes = [
            *(route(word, answer, immediate=True) for word, answer in self._immediate.items()),
            *(route(word, answer) for word, answer in self._waiting.items()),
        ]
        self.transport.serve(
            Service("probe", tuple(routes), (Struck,), self._history, Account(), in_flight)
        )

    def ask(self, message: Message, **envelope: Any) -> Awaitable[Any]:
        """Ask as lise, with an envelope of these fields."""
        given = {"id": self._ids(), "principal": LISE, **envelope}
        return self.transport.request(Envelope(**given), message)

    def start(self, message: Message, **envelope: Any) -> asyncio.Task[Any]:
        """Ask in a task."""
        return asyncio.ensure_future(settled(self.ask(message, **envelope)))

    def within(self, seconds: float) -> float:
        """The deadline so many seconds from now."""
        return time.monotonic() + seconds

    def happen(self, *positions: int, text: str = "") -> tuple[Delivery, ...]:
        """Let something happen at these positions: it is history, and is published."""
        deliveries = tuple(struck(position, text) for position in positions)
        self.past += deliveries
        self.transport.publish("probe", deliveries)
        return deliveries

    def _history(self, after: int) -> Iterator[Delivery]:
        return (delivery for delivery in tuple(self.past) if delivery.seq > after)

    # -- handlers

    @property
    def _immediate(self) -> dict[type[Message], Callable[[Envelope, Any], Any]]:
        return {
            Echo: lambda envelope, ask: ask.it,
            Fail: lambda envelope, ask: self._fail(ask),
            Break: lambda envelope, ask: self._break(ask),
            Lie: lambda envelope, ask: LIES[ask.which],
            Long: lambda envelope, ask: "x" * ask.length,
            Scribble: lambda envelope, ask: setattr(ask, "text", "scribbled"),
            Look: lambda envelope, ask: self.log.add(envelope),
        }

    @property
    def _waiting(self) -> dict[type[Message], Callable[[Envelope, Any], Any]]:
        return {
            EchoLater: _later(lambda envelope, ask: ask.it),
            FailLater: _later(lambda envelope, ask: self._fail(Fail(ask.fault))),
            BreakLater: _later(lambda envelope, ask: self._break(ask)),
            LieLater: _later(lambda envelope, ask: LIES[ask.which]),
            LookLater: _later(lambda envelope, ask: self.log.add(envelope)),
            Hang: self._hang,
            Wait: self._wait,
        }

    def _fail(self, ask: Fail) -> None:
        self.log.add("called")
        fault = Fault(ask.fault, "it fails", ask.cell, ask.where, ask.mend, ask.rule, ask.detail)
        raise to_error(fault)

    def _break(self, ask: Break | BreakLater) -> None:
        self.log.add("called")
        raise BROKEN[ask.how]

    async def _hang(self, envelope: Envelope, ask: Hang) -> None:
        self.log.add(f"{ask.name} began")
        try:
            await asyncio.Event().wait()
        finally:
            self.log.add(f"{ask.name} was cancelled")

    async def _wait(self, envelope: Envelope, ask: Wait) -> int:
        self.log.add(ask.number)
        await self.open.wait()
        return ask.number

    async def _relay(self, envelope: Envelope, ask: Relay | RelayB) -> None:
        way, ways = ask.way[1:], {"a": Relay, "b": RelayB}
        message = ways[way[0]](way) if way else Hang("far")
        await self.transport.request(envelope.child(self._ids(), ask.__cell__), message)


def struck(position: int, text: str = "") -> Delivery:
    """Something that has happened at that position."""
    event = Struck(Everything(whole=position, text=text))
    labels = frozenset({"web"})
    return Delivery("probe", position, event, f"c{position}", 10**15, LISE, "c1", labels)


def route(
    message: type[Message], answer: Callable[[Envelope, Any], Any], *, immediate: bool = False
) -> Route:
    """How a message is answered."""
    command = issubclass(message, Command)
    return Route(message.__cell__, message, reply_type(message), command, immediate, answer)


def service(cell: str, *routes: Route) -> Service:
    """A cell without a past."""
    return Service(cell, routes, (), lambda after: iter(()), Account())


async def settled(asked: Awaitable[Any]) -> Any:
    """What a request ends in, be it an error."""
    try:
        return await asked
    except BusError as why:
        return why


def _later(answer: Callable[[Envelope, Any], Any]) -> Callable[[Envelope, Any], Any]:
    async def later(envelope: Envelope, ask: Any) -> Any:
        await asyncio.sleep(0)
        return answer(envelope, ask)

    return later
