"""Who is on the bus and asks: a principal with a transport."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from itertools import count
from typing import Protocol, TypeVar

from monocyte.bus.interface import Delivery, Transport
from monocyte.contracts import ANYONE, Command, Envelope, Principal, Query

__all__ = ["Client", "fresh_id", "fresh_number"]

R = TypeVar("R")

fresh_number = count(1).__next__
"""The id of the next query: it tells it from the others of this process, cheaply."""


def _begin() -> None:
    """Begin anew in a forked process, which must not draw what its parent draws."""
    global _process, _moments  # noqa: PLW0603
    _process = os.urandom(4).hex()
    _moments = count(time.time_ns() // 1000)


_process: str
_moments: count[int]
_begin()
os.register_at_fork(after_in_child=_begin)


def fresh_id() -> str:
    """An id that no other request has, in this process or another; later ones sort after."""
    return f"{next(_moments):013x}{_process}"


class AskQuery(Protocol):
    """Ask a query.

    Raises:
        BusError: when awaited: whatever the request ends in.
    """

    def __call__(self, query: Query[R]) -> Awaitable[R]:
        """The answer, to be awaited."""


class Client:
    """Sends commands and asks queries as one principal.

    `timeout` is in seconds, from each request on. `new_id` makes the ids of commands.
    """

    def __init__(
        self,
        transport: Transport,
        principal: Principal = ANYONE,
        *,
        labels: frozenset[str] = frozenset(),
        timeout: float = 30.0,
        now: Callable[[], float] = time.monotonic,
        new_id: Callable[[], str] = fresh_id,
    ) -> None:
        self.principal = principal
        self.labels = labels
        self.timeout = timeout
        self._transport = transport
        self._now = now
        self._new_id = new_id
        self.ask: AskQuery = self._compile_ask()

    def _compile_ask(self) -> AskQuery:
        """`ask`, with what stays the same looked up once: it is the busiest way there is."""
        requests, now, principal = self._transport.requests, self._now, self.principal
        labels, timeout = self.labels, self.timeout

        def ask(query: Query[R]) -> Awaitable[R]:
            return requests[type(query)](
                Envelope(fresh_number(), principal, "", "", labels, now() + timeout), query
            )

        return ask

    def send(
        self, command: Command[R], *, id: str = "", trace: tuple[int, int] = (0, 0)
    ) -> Awaitable[R]:
        """Send a command. Sending it again under the same `id` gives the first answer.

        Raises:
            BusError: when awaited: whatever the request ends in.
        """
        envelope = Envelope(
            id or self._new_id(),
            self.principal,
            "",
            "",
            self.labels,
            self._now() + self.timeout,
            *trace,
            (),
            not id,
        )
        return self._transport.request(envelope, command)

    def follow(self, cell: str, after: int = 0) -> AsyncGenerator[Delivery, None]:
        """The events of a cell from a position on, then as they come.

        Raises:
            NoSuchCell: the cell is not served here.
        """
        return self._transport.follow(cell, after)
