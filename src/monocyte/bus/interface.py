"""The transport interface: what memory does today, and NATS and Redis can do later.

A host serves cells on a transport; a client asks through it. The semantics are stated once, by the
parity suite (`tests/bus/parity.py`), and every transport passes it: values, isolation, refusals,
crashes, wrong types, missing handlers, deadlines, cancellation, cycles of asks, no hidden retry.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from monocyte.bus.account import Account
from monocyte.contracts import Envelope, Event, Message, Principal

__all__ = [
    "Delivery",
    "History",
    "Permit",
    "Request",
    "Route",
    "Service",
    "Transport",
    "permit_all",
]


class Route(NamedTuple):
    """One message that a cell answers.

    `answer` is a coroutine function, or a plain one where the answer is `immediate`: then it never
    waits, so that it can neither be cancelled nor overtaken. It raises a `BusError`, nothing else.
    """

    cell: str
    message: type[Message]
    reply: Any
    is_command: bool
    immediate: bool
    answer: Callable[[Envelope, Any], Any]

    @property
    def address(self) -> str:
        """The name of the message for people and wires: `cell.Message`."""
        return f"{self.cell}.{self.message.__name__}"


class Delivery(NamedTuple):
    """An event on its way to who follows the cell; `seq` is the cursor to go on from."""

    cell: str
    seq: int
    event: Event
    id: str
    """The command, reaction or timer that made it happen."""
    at: int
    """When it was decided, in µs since the epoch, UTC."""
    principal: Principal
    correlation: str
    labels: frozenset[str]


History = Callable[[int], Iterator[Delivery]]
"""The durable events of one cell behind a position, ascending."""


class Service(NamedTuple):
    """A cell as its host serves it."""

    cell: str
    routes: tuple[Route, ...]
    events: tuple[type[Event], ...]
    history: History
    account: Account
    in_flight: int = 256
    """How many requests may wait for their answers at once; the next one is `Busy`."""


Permit = Callable[[Principal, Route], bool]
"""The policy hook: may this principal send this? Called for every request: pure and quick."""


def permit_all(principal: Principal, route: Route) -> bool:  # noqa: ARG001 (the shape of a hook)
    """The policy until there is one: whoever is on the bus may send everything."""
    return True


Request = Callable[[Envelope, Any], Awaitable[Any]]
"""Asks one kind of message; raises, when awaited, every `BusError` that a request can end in."""


class Transport(Protocol):
    """Carries requests to cells and their events to who follows them."""

    @property
    def requests(self) -> Mapping[type[Message], Request]:
        """How to ask each kind of message: `request`, looked up; also for what nobody answers."""

    def serve(self, service: Service) -> None:
        """Start to answer for a cell, or replace how it is answered."""

    def withdraw(self, cell: str) -> None:
        """Stop to answer for a cell: it is `NoSuchCell` from now on; what is in flight goes on."""

    def request(self, envelope: Envelope, message: Message) -> Awaitable[Any]:
        """Ask the cell that the message belongs to. Cancelling the wait cancels the handler.

        Raises:
            BusError: every way in which a request can end without an answer.
        """

    def publish(self, cell: str, deliveries: Iterable[Delivery]) -> None:
        """Hand on events of a cell that are durable, in order; not looked at if nobody follows."""

    def follow(self, cell: str, after: int) -> AsyncGenerator[Delivery, None]:
        """Every event of a cell behind a position, first those of its history, then as they come.

        Raises:
            NoSuchCell: the cell is not served here.
        """

    async def close(self) -> None:
        """End every stream and refuse every further request."""
