"""The in-process peers: each makes the same real request and gets the same real reply.

One function per peer sets it up in its own idiom, the way its documentation does, with the
message types it wants, and lends a spin; `PEERS` is the table. Imports sit inside the functions:
a peer that isn't installed is one row less, said aloud.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec

from benchmarks.harness import Spin


class Look(msgspec.Struct, frozen=True):
    """Is this instrument free at that hour?"""

    instrument: str
    hour: int


class Seat(msgspec.Struct, frozen=True):
    """What the handlers answer: even hours are free."""

    instrument: str
    hour: int
    free: bool


Send = Callable[[Any], Awaitable[Any]]
Setup = Callable[[], AsyncIterator[Spin]]


@dataclass(frozen=True)
class Peer:
    """A row of the table; `distribution` is the package to give the version of, if any."""

    name: str
    distribution: str
    setup: Setup

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Spin]:
        """Lend the peer's spin after proof that its replies are real."""
        async with self.lent() as spin:
            reply = await spin(3)
            assert (reply.instrument, reply.hour, reply.free) == ("microscope", 2, True), reply  # type: ignore[attr-defined]
            yield spin

    def cpu(self) -> float:
        """CPU seconds of this process."""
        return time.process_time()

    def lent(self) -> AbstractAsyncContextManager[Spin]:
        """The set-up as a context manager."""
        return asynccontextmanager(self.setup)()


def by_position(message: Callable[[str, int], object], send: Send) -> Spin:
    """A spin for message types that take their fields in order, as msgspec and dataclasses do."""

    async def spin(count: int) -> object:
        reply: object = None
        for hour in range(count):
            reply = await send(message("microscope", hour))
        return reply

    return spin


def by_keyword(message: Callable[..., object], send: Send) -> Spin:
    """A spin for message types that take keywords only, as pydantic does."""

    async def spin(count: int) -> object:
        reply: object = None
        for hour in range(count):
            reply = await send(message(instrument="microscope", hour=hour))
        return reply

    return spin


async def seat(look: Look) -> Seat:
    """The handler of the peers that leave message types to us."""
    return Seat(look.instrument, look.hour, look.hour % 2 == 0)


async def bare_await() -> AsyncIterator[Spin]:
    """The physical limit of asynchronous Python: build a message, await the handler."""
    yield by_position(Look, seat)


async def dict_dispatch() -> AsyncIterator[Spin]:
    """The least that can be called a bus: find the handler by the type of the message."""
    handlers: dict[type, Send] = {Look: seat}

    async def send(message: object) -> object:
        return await handlers[type(message)](message)

    yield by_position(Look, send)


async def queue_and_future() -> AsyncIterator[Spin]:
    """What people write by hand: a task that serves a queue of (message, future)."""
    inbox: asyncio.Queue[tuple[Look, asyncio.Future[Seat]]] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    async def serve() -> None:
        while True:
            message, answer = await inbox.get()
            answer.set_result(await seat(message))

    async def send(message: Look) -> Seat:
        answer: asyncio.Future[Seat] = loop.create_future()
        inbox.put_nowait((message, answer))
        return await answer

    server = loop.create_task(serve())
    try:
        yield by_position(Look, send)
    finally:
        server.cancel()


async def blinker() -> AsyncIterator[Spin]:
    """A signal with one asynchronous receiver, held strongly; the reply is the first result."""
    from blinker import Signal

    signal = Signal()

    async def receive(sender: None, look: Look) -> Seat:
        return await seat(look)

    async def send(message: Look) -> Seat:
        reply: Seat = (await signal.send_async(None, look=message))[0][1]
        return reply

    signal.connect(receive, weak=False)
    yield by_position(Look, send)


async def pyee() -> AsyncIterator[Spin]:
    """An emitter with one asynchronous listener; a future travels along for the reply."""
    from pyee.asyncio import AsyncIOEventEmitter

    emitter = AsyncIOEventEmitter()
    loop = asyncio.get_running_loop()

    async def listen(message: Look, answer: asyncio.Future[Seat]) -> None:
        answer.set_result(await seat(message))

    async def send(message: Look) -> Seat:
        answer: asyncio.Future[Seat] = loop.create_future()
        emitter.emit("look", message, answer)
        return await answer

    emitter.add_listener("look", listen)
    yield by_position(Look, send)


async def lato() -> AsyncIterator[Spin]:
    """An application with one asynchronous query handler."""
    from lato import Application, Query

    class LatoLook(Query):
        instrument: str
        hour: int

    app = Application("lab")

    @app.handler(LatoLook)
    async def look(query: LatoLook) -> Seat:
        return Seat(query.instrument, query.hour, query.hour % 2 == 0)

    yield by_keyword(LatoLook, app.execute_async)


@cache
def autogen_agent() -> tuple[type, type]:
    """The agent's class and its message's, defined once: handlers are found by type."""
    from autogen_core import MessageContext, RoutedAgent, message_handler

    @dataclass
    class AgentLook:
        instrument: str
        hour: int

    @dataclass
    class AgentSeat:
        instrument: str
        hour: int
        free: bool

    class Booking(RoutedAgent):
        @message_handler
        async def look(self, message: AgentLook, ctx: MessageContext) -> AgentSeat:
            return AgentSeat(message.instrument, message.hour, message.hour % 2 == 0)

    return Booking, AgentLook


async def autogen() -> AsyncIterator[Spin]:
    """A single-threaded runtime with one agent and direct messages, logging off as by default."""
    from autogen_core import AgentId, SingleThreadedAgentRuntime

    agent, message = autogen_agent()
    runtime = SingleThreadedAgentRuntime()
    await agent.register(runtime, "booking", lambda: agent("booking"))  # type: ignore[attr-defined]
    address = AgentId("booking", "default")

    async def send(look: object) -> object:
        return await runtime.send_message(look, recipient=address)

    runtime.start()
    try:
        yield by_position(message, send)
    finally:
        await runtime.stop()


async def faststream() -> AsyncIterator[Spin]:
    """A NATS broker under its own TestNatsBroker, pydantic messages, the reply decoded."""
    from faststream.nats import NatsBroker, TestNatsBroker
    from pydantic import BaseModel

    class WireLook(BaseModel):
        instrument: str
        hour: int

    class WireSeat(BaseModel):
        instrument: str
        hour: int
        free: bool

    broker = NatsBroker(logger=None)

    @broker.subscriber("look")
    async def look(message: WireLook) -> WireSeat:
        return WireSeat(
            instrument=message.instrument, hour=message.hour, free=message.hour % 2 == 0
        )

    async def send(message: WireLook) -> WireSeat:
        reply = await broker.request(message, "look")
        return WireSeat.model_validate(await reply.decode())

    async with TestNatsBroker(broker):
        yield by_keyword(WireLook, send)


async def bubus() -> AsyncIterator[Spin]:
    """A bus with one asynchronous handler whose result is awaited."""
    from bubus import BaseEvent, EventBus
    from pydantic import BaseModel

    class EventSeat(BaseModel):
        instrument: str
        hour: int
        free: bool

    class EventLook(BaseEvent[EventSeat]):
        instrument: str
        hour: int

    bus = EventBus()

    async def look(event: EventLook) -> EventSeat:
        return EventSeat(instrument=event.instrument, hour=event.hour, free=event.hour % 2 == 0)

    async def send(event: EventLook) -> EventSeat | None:
        return await bus.dispatch(event).event_result()

    bus.on(EventLook, look)
    try:
        yield by_keyword(EventLook, send)
    finally:
        await bus.stop(clear=True)


BARE = Peer("bare await", "", bare_await)
PEERS = (
    Peer("dict dispatch", "", dict_dispatch),
    Peer("blinker", "blinker", blinker),
    Peer("asyncio.Queue + Future", "", queue_and_future),
    Peer("pyee", "pyee", pyee),
    Peer("lato", "lato", lato),
    Peer("autogen-core", "autogen-core", autogen),
    Peer("FastStream TestNatsBroker", "faststream", faststream),
    Peer("bubus", "bubus", bubus),
)
