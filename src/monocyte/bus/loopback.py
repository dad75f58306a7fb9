"""The transport of the strict mode: one process, and yet everything makes its way as bytes.

What works here works over a wire: each request, answer, cancel and event is a frame between two
ends, each request runs in a task of its own, and frames meet the weather. With a loop that orders
its callbacks by a seed, and weather from the same seed, a run can be repeated exactly.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Mapping
from typing import Any

from monocyte.bus.ends import AnsweringEnd, AskingEnd
from monocyte.bus.feed import Feed
from monocyte.bus.interface import Delivery, Permit, Request, Service, permit_all
from monocyte.bus.peer import Served
from monocyte.contracts import Envelope, Event, Message

__all__ = ["LoopbackTransport", "Weather", "calm"]

Weather = Callable[[bytes], Iterable[float]]
"""When copies of a frame arrive, in seconds from now: two for a duplicate, none for a loss.

Unequal delays let frames overtake each other. What frame it is, `frames.unpack` tells.
"""


def calm(frame: bytes) -> Iterable[float]:  # noqa: ARG001 (the shape of a weather)
    """Each frame arrives once, at once, in order."""
    return (0.0,)


class LoopbackTransport:
    """Carries everything as bytes, within the running event loop.

    `permit` is the policy hook. `now` is the clock of the deadlines, in seconds: the loop's.
    """

    def __init__(
        self,
        *,
        permit: Permit = permit_all,
        now: Callable[[], float] = time.monotonic,
        weather: Weather = calm,
    ) -> None:
        self._weather = weather
        self._served = Served(permit)
        self._feeds: dict[str, Feed] = {}
        self._words: dict[str, type[Event]] = {}
        self.requests: Mapping[type[Message], Request] = defaultdict(lambda: self.request)
        self._asking = AskingEnd(self._to_answer, now, self._words)
        self.requests = _Requests(self)
        self._answering = AnsweringEnd(self._served, self._feeds, self._to_ask, now)

    @property
    def services(self) -> tuple[Service, ...]:
        """What is served, in the order in which it was first served."""
        return self._served.services

    def serve(self, service: Service) -> None:
        """Start to answer for a cell, or replace how it is answered; its followers go on."""
        self._served.serve(service)
        self._words.update({f"{service.cell}.{word.__name__}": word for word in service.events})
        if service.cell in self._feeds:
            self._feeds[service.cell].renew(service.history)
        else:
            self._feeds[service.cell] = Feed(service.history)

    def withdraw(self, cell: str) -> None:
        """Stop to answer for a cell; what is in flight goes on, followers wait for its return."""
        self._served.withdraw(cell)

    def request(self, envelope: Envelope, message: Message) -> Coroutine[Any, Any, Any]:
        """Ask the cell that the message belongs to.

        Raises:
            BusError: every way in which a request can end without an answer.
        """
        return self._asking.request(envelope, message)

    def publish(self, cell: str, deliveries: Iterable[Delivery]) -> None:
        """Hand on durable events of a cell."""
        self._feeds[cell].publish(deliveries)

    def follow(self, cell: str, after: int) -> AsyncGenerator[Delivery, None]:
        """Every event of a cell behind a position, then as they come.

        Raises:
            NoSuchCell: when iterated: the cell is not served here.
        """
        return self._asking.follow(cell, after)

    async def close(self) -> None:
        """End every stream and refuse every further request."""
        self._served.closed = True
        for feed in self._feeds.values():
            feed.close()

    def _to_answer(self, frame: bytes) -> None:
        self._carry(frame, lambda: self._answering.receive(frame))

    def _to_ask(self, frame: bytes) -> None:
        self._carry(frame, lambda: self._asking.receive(frame))

    def _carry(self, frame: bytes, arrive: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        for delay in self._weather(frame):
            if delay > 0:
                loop.call_later(delay, arrive)
            else:
                loop.call_soon(arrive)


class _Requests(dict[type[Message], Request]):
    """Every message is asked in the same way."""

    def __init__(self, transport: LoopbackTransport) -> None:
        super().__init__()
        self._transport = transport

    def __missing__(self, message: type[Message]) -> Request:
        return self._transport.request
