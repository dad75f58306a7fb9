"""The transport of one process: messages pass by reference, and mean what they mean on a wire.

Words are immutable by type and are held against their types, so that nothing needs to be copied.
Each route is compiled into one closure; a request costs one coroutine and no task.
"""

from __future__ import annotations

import time
from asyncio import CancelledError
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from typing import Any

from monocyte.bus import core
from monocyte.bus.account import BLOCKING, Account
from monocyte.bus.deadlines import Deadlines
from monocyte.bus.feed import Feed
from monocyte.bus.interface import Delivery, Permit, Request, Route, Service, permit_all
from monocyte.contracts import Envelope, Message
from monocyte.contracts.check import compile_check, quick_tests
from monocyte.errors import BusError

__all__ = ["MemoryTransport"]


class MemoryTransport:
    """Carries messages by reference, within the running event loop.

    `permit` is the policy hook. `now` is the clock of the deadlines, in seconds: the loop's.
    """

    def __init__(
        self, *, permit: Permit = permit_all, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._permit = permit
        self._now = now
        self._services: dict[str, Service] = {}
        self._routes: dict[type[Message], tuple[Route, core.Gate, Account]] = {}
        self._feeds: dict[str, Feed] = {}
        self.requests = _Requests(self)
        self._deadlines = Deadlines()
        self._closed = False

    @property
    def services(self) -> tuple[Service, ...]:
        """What is served, in the order in which it was first served."""
        return tuple(self._services.values())

    def serve(self, service: Service) -> None:
        """Start to answer for a cell, or replace how it is answered; its followers go on."""
        self._forget(self._services.get(service.cell))
        self._services[service.cell] = service
        gate = core.Gate(service.in_flight)
        for route in service.routes:
            self._routes[route.message] = route, gate, service.account
        if service.cell in self._feeds:
            self._feeds[service.cell].renew(service.history)

    def withdraw(self, cell: str) -> None:
        """Stop to answer for a cell; what is in flight goes on, followers wait for its return."""
        self._forget(self._services.pop(cell, None))

    def _forget(self, service: Service | None) -> None:
        for route in service.routes if service else ():
            del self._routes[route.message]
            self.requests.pop(route.message, None)

    def request(self, envelope: Envelope, message: Message) -> Awaitable[Any]:
        """Ask the cell that the message belongs to.

        Raises:
            BusError: every way in which a request can end without an answer.
        """
        return self.requests[type(message)](envelope, message)

    def publish(self, cell: str, deliveries: Iterable[Delivery]) -> None:
        """Hand on durable events of a cell; who begins to follow later finds them in history."""
        if (feed := self._feeds.get(cell)) is not None:
            feed.publish(deliveries)

    def follow(self, cell: str, after: int) -> AsyncGenerator[Delivery, None]:
        """Every event of a cell behind a position, then as they come.

        Raises:
            NoSuchCell: the cell is not served here.
        """
        if cell not in self._feeds:
            if cell not in self._services:
                raise core.missing(cell, "", self.services)
            self._feeds[cell] = Feed(self._services[cell].history)
        return self._feeds[cell].follow(after)

    async def close(self) -> None:
        """End every stream and refuse every further request."""
        self._closed = True
        self._routes.clear()
        self.requests.clear()
        for feed in self._feeds.values():
            feed.close()

    def compile(self, message: type[Message]) -> Request:
        """How to ask a kind of message; one that nobody answers fails when awaited."""
        if (found := self._routes.get(message)) is not None:
            route, gate, account = found
            compiled = (
                self._immediate(route, account) if route.immediate else self._waiting(route, gate)
            )
            self.requests[message] = compiled
            return compiled

        async def request(_: Envelope, message: Message) -> Any:
            if self._closed:
                raise core.closed()
            raise core.missing(message.__cell__, type(message).__name__, self.services)

        return request

    def _immediate(self, route: Route, account: Account) -> Request:
        """The closure of a route that never waits: everything inline, nothing called twice."""
        check, check_reply = _checks(route)
        (message_fits, reply_fits), names = quick_tests(message=route.message, reply=route.reply)
        names |= {
            "BusError": BusError,
            "CancelledError": CancelledError,
            "account": account,
            "answer": route.answer,
            "ask_cycle": core.ask_cycle,
            "blocking": BLOCKING,
            "cell": route.cell,
            "crashed": core.crashed,
            "check": check,
            "check_reply": check_reply,
            "denied": core.denied,
            "expired": core.expired,
            "name": route.message.__name__,
            "now": self._now,
            "permit": self._permit,
            "route": route,
        }
        source = _IMMEDIATE.format(
            names=", ".join(names), message_fits=message_fits, reply_fits=reply_fits
        )
        exec(source, made := dict(names))  # noqa: S102 (a template of ours, filled with tests of ours)
        request: Request = made["compiled"](**names)
        return request

    def _waiting(self, route: Route, gate: core.Gate) -> Request:
        permit, now, answer = self._permit, self._now, route.answer
        check, check_reply = _checks(route)
        deadlines = self._deadlines

        async def request(envelope: Envelope, message: Message) -> Any:
            core.admit(envelope, route, permit, now())
            message = check(message)
            gate.enter(route)
            waiting = deadlines.enter(envelope.deadline)
            try:
                return check_reply(await answer(envelope, message))
            except CancelledError as why:
                if deadlines.ended(waiting):
                    raise core.expired(route) from why
                if waiting.task.cancelling():
                    raise
                raise core.crashed(route, why) from why  # nobody cancelled: the handler's own
            except BusError:
                raise
            except Exception as why:  # a supervision edge: only errors of the bus may pass
                raise core.crashed(route, why) from why
            finally:
                deadlines.leave(waiting)
                gate.in_flight -= 1

        return request


_IMMEDIATE = """
def compiled({names}):
    async def request(envelope, message):
        started = now()
        if envelope.deadline <= started:
            raise expired(route)
        if envelope.path and cell in envelope.path:
            raise ask_cycle(envelope, route)
        if not permit(envelope.principal, route):
            raise denied(envelope, route)
        if not {message_fits}:
            message = check(message)
        try:
            reply = answer(envelope, message)
        except BusError:
            raise
        except (Exception, CancelledError) as why:
            raise crashed(route, why) from why
        if not {reply_fits}:
            reply = check_reply(reply)
        account.queries += 1
        spent = now() - started
        account.cpu += spent
        if spent > blocking:
            account.held(name, spent)
        return reply
    return request
"""
"""What `_waiting` says, for an answer that is there at once, with both checks written out."""


class _Requests(dict[type[Message], Request]):
    """The compiled routes by type of message: each is compiled when it is first asked for."""

    def __init__(self, transport: MemoryTransport) -> None:
        super().__init__()
        self._transport = transport

    def __missing__(self, message: type[Message]) -> Request:
        return self._transport.compile(message)


def _checks(route: Route) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """How a message and its reply are held against their types, failing as each side's fault."""
    message: Any = route.message
    fits, reply_fits = compile_check(message), compile_check(route.reply)

    def check(message: Any) -> Any:
        try:
            return fits(message)
        except BusError as why:
            raise core.invalid(route, why) from why

    def check_reply(reply: Any) -> Any:
        try:
            return reply_fits(reply)
        except BusError as why:
            raise core.wrong_reply(route, why) from why

    return check, check_reply
