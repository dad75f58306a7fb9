"""The gateway: HTTP in, bus requests out. It is one more client of the bus, and the first wall.

Nobody is anonymous but who asks for health. A reply leaves only when everything that it may depend
on is durable. What is not a message, in whichever way it is not, gets a problem document.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route as HttpRoute
from starlette.types import Receive, Scope, Send

from monocyte.bus import Route, Service, Transport, core, fresh_id
from monocyte.contracts import Envelope, Principal
from monocyte.contracts.codec import decode_json, encode_json, from_strings
from monocyte.contracts.envelope import parse_traceparent
from monocyte.contracts.facts import Emit, Fact, ignore
from monocyte.dmz import incoming
from monocyte.dmz.departures import Departures
from monocyte.dmz.incoming import Headers
from monocyte.dmz.keys import OWNER, Keys
from monocyte.dmz.openapi import openapi
from monocyte.dmz.page import page
from monocyte.dmz.problems import problem, problem_of
from monocyte.dmz.stream import EventStream
from monocyte.errors import (
    BusError,
    Cancelled,
    ConfigError,
    NoSuchCell,
    NoSuchMessage,
    Unavailable,
)

__all__ = ["Gateway"]

SAFE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
"""What every page says to the browser: nothing is loaded from anywhere."""

OPERATOR = "operator"
"""The role of who may release."""

NO_LABELS: frozenset[str] = frozenset()

WHO = "send your key: Authorization: Bearer mono_…"

ANSWERED = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"application/json"), (b"cache-control", b"no-store")],
}


class Inside(Protocol):
    """What the gateway must know of the app behind it; the runtime is one."""

    @property
    def transport(self) -> Transport:
        """The bus."""

    @property
    def services(self) -> tuple[Service, ...]:
        """The cells as the bus serves them."""

    @property
    def ready(self) -> bool:
        """Whether every cell answers."""

    def status(self) -> dict[str, Any]:
        """How each cell is."""

    def written(self) -> Awaitable[None] | None:
        """Wait until everything that was decided so far is durable; None if it is."""

    def latest(self, cell: str) -> int:
        """The position of the last event of a cell."""

    def letters(self) -> list[dict[str, Any]]:
        """Every dead letter of every cell."""

    async def resend(self, cell: str, position: int) -> None:
        """Let a dead letter take its effect after all."""


class Releases(Protocol):
    """Who receives releases for the app."""

    async def receive(self, body: bytes, by: str, *, trial: bool = False) -> dict[str, Any]:
        """Let a release take over, or only try it; raises BusError if it cannot."""

    def standing(self) -> dict[str, Any]:
        """What was received last, and what became of it."""


class Gateway:
    """The HTTP face of an app, as an ASGI application; `timeout` is in seconds.

    Messages take a short way: a dictionary of the paths that were asked before. Everything else is
    routed by `app`.
    """

    def __init__(
        self,
        name: str,
        version: str,
        inside: Inside,
        keys: Keys,
        *,
        timeout: float = 30.0,
        emit: Emit = ignore,
        releases: Releases | None = None,
    ) -> None:
        self._releases = releases
        self._name, self._version = name, version
        self._inside = inside
        self._transport = inside.transport
        self._keys = keys
        self._timeout = timeout
        self._emit = emit
        self._known: dict[str, Route] = {}
        self._departures = Departures()
        self._closing = asyncio.Event()
        self.app = Starlette(
            routes=[
                HttpRoute("/cells/{cell}/{message}", _Endpoint(self)),
                HttpRoute("/events", self._events, methods=["GET"]),
                HttpRoute("/cells", self._cells, methods=["GET"]),
                HttpRoute("/letters", self._letters, methods=["GET"]),
                HttpRoute("/letters/{cell}/{position:int}", self._resend, methods=["POST"]),
                HttpRoute("/releases", self._release, methods=["GET", "POST"]),
                HttpRoute("/openapi.json", self._openapi, methods=["GET"]),
                HttpRoute("/docs", self._docs, methods=["GET"]),
                HttpRoute("/health/live", _live, methods=["GET"]),
                HttpRoute("/health/ready", self._ready, methods=["GET"]),
            ],
            exception_handlers={
                404: _no_such_page,
                405: _wrong_method,
                BusError: _bus_error,
                _TurnedAwayError: _turned_away,
                500: lambda _, why: self._broken(why),
            },
        )
        self.app.router.redirect_slashes = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["path"] in self._known:
            await self.answer(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def close(self) -> None:
        """End every stream of events."""
        self._closing.set()

    # -- one message -------------------------------------------------------------------------------

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request for `/cells/{cell}/{message}`."""
        try:
            body = await self._reply(scope, receive)
        except _TurnedAwayError as why:
            await why.response(scope, receive, send)
        except BusError as why:
            await problem_of(why)(scope, receive, send)
        except Exception as why:  # noqa: BLE001 (a supervision edge: the server keeps no log)
            await self._broken(why)(scope, receive, send)
        else:
            await send(ANSWERED)
            await send({"type": "http.response.body", "body": body})

    async def _reply(self, scope: Scope, receive: Receive) -> bytes:
        headers = incoming.headers(scope)
        principal = self._principal(headers)
        route = self._known.get(scope["path"]) or self._look_up(scope)
        if scope["method"] != ("POST" if route.is_command else "GET"):
            raise _wrong_verb(route)
        body = b""
        if route.is_command:
            body = await incoming.body(receive, headers.get(b"content-length"))
        envelope = self._envelope(principal, headers)
        try:
            return await self._replied(route, envelope, scope, body, receive)
        except (NoSuchCell, NoSuchMessage):
            renewed = self._renewed(scope["path"], route)
            if renewed is None:
                raise
            return await self._replied(renewed, envelope, scope, body, receive)

    async def _replied(
        self, route: Route, envelope: Envelope, scope: Scope, body: bytes, receive: Receive
    ) -> bytes:
        if route.is_command:
            message = decode_json(route.message, body)
        else:
            message = _query(route, scope["query_string"])
        if route.immediate:
            reply = await self._ask(route, envelope, message)
        else:
            reply = await self._ask_while_there(route, envelope, message, receive)
        return encode_json(reply)

    async def _ask(self, route: Route, envelope: Envelope, message: Any) -> Any:
        """The reply, once everything that it may depend on is durable; so with a refusal."""
        try:
            reply = await self._transport.requests[route.message](envelope, message)
        except BusError:
            if (written := self._inside.written()) is not None:
                await written
            raise
        if (written := self._inside.written()) is not None:
            await written
        return reply

    async def _ask_while_there(
        self, route: Route, envelope: Envelope, message: Any, receive: Receive
    ) -> Any:
        """As `_ask`; the handler is cancelled when the client leaves."""
        waiting = self._departures.enter(receive)
        try:
            return await self._ask(route, envelope, message)
        except asyncio.CancelledError:
            if not waiting.gone:
                raise
            waiting.task.uncancel()
            raise Cancelled(f"{route.address}: the client left", cell=route.cell) from None
        finally:
            self._departures.leave(waiting)

    def _principal(self, headers: Headers) -> Principal:
        key = incoming.bearer(headers.get(b"authorization"))
        principal = self._holder(key) if key is not None else None
        if principal is None:
            raise _TurnedAwayError(problem("unauthenticated", WHO))
        return principal

    def _holder(self, key: str) -> Principal | None:
        try:
            return self._keys.holder(key)
        except ConfigError as why:
            raise Unavailable("nobody can be let in: the keys cannot be read") from why

    def _look_up(self, scope: Scope) -> Route:
        cell, message = scope["path_params"]["cell"], scope["path_params"]["message"]
        route = self._known[scope["path"]] = self._find(cell, message)
        return route

    def _renewed(self, path: str, stale: Route) -> Route | None:
        """The route of a message whose cell has another release by now; None if it has not."""
        self._known.pop(path, None)
        with suppress(BusError):
            route = self._find(stale.cell, stale.message.__name__)
            if route.message is not stale.message and route.is_command is stale.is_command:
                self._known[path] = route
                return route
        return None

    def _find(self, cell: str, message: str) -> Route:
        services = self._inside.services
        for service in services:
            for route in service.routes if service.cell == cell else ():
                if route.message.__name__ == message:
                    return route
        raise core.missing(cell, message, services)

    def _envelope(self, principal: Principal, headers: Headers) -> Envelope:
        given = incoming.key(headers.get(b"idempotency-key"))
        traced = headers.get(b"traceparent")
        trace = (0, 0) if traced is None else parse_traceparent(traced.decode("latin-1"))
        wanted = headers.get(b"monocyte-timeout")
        deadline = time.monotonic() + incoming.timeout(wanted, self._timeout)
        # A key is its holder's own: nobody reads another's answer by guessing it.
        id = f"{principal.name}:{given}" if given else fresh_id()
        return Envelope(id, principal, "", "", NO_LABELS, deadline, *trace, (), not given)

    # -- events ------------------------------------------------------------------------------------

    async def _events(self, request: Request) -> EventStream:
        headers = incoming.headers(request.scope)
        key = incoming.bearer(headers.get(b"authorization")) or ""
        self._principal(headers)
        return EventStream(
            self._transport,
            self._cursors(request),
            allowed=lambda: self._holder(key) is not None,
            closing=self._closing,
        )

    def _cursors(self, request: Request) -> dict[str, int]:
        """Where to begin in each cell that is to be followed."""
        services = {service.cell: service for service in self._inside.services}
        cells = request.query_params.getlist("cell") or list(services)
        for cell in cells:
            if cell not in services:
                raise core.missing(cell, "", services.values())
        after = request.headers.get("last-event-id") or request.query_params.get("after", "")
        if after == "now":
            return {cell: self._inside.latest(cell) for cell in cells}
        given = incoming.cursor(after)
        for cell in given:
            if cell not in cells:
                raise NoSuchCell(f"the cursor names {cell}, which is not followed", cell=cell)
        return {cell: given.get(cell, 0) for cell in cells}

    # -- what there is -----------------------------------------------------------------------------

    async def _cells(self, request: Request) -> Response:
        self._known_reader(request)
        inside = self._inside
        about = {"app": self._name, "version": self._version, "ready": inside.ready}
        return _json(about | {"cells": inside.status()})

    async def _letters(self, request: Request) -> Response:
        self._owner(request)
        return _json(self._inside.letters())

    async def _resend(self, request: Request) -> Response:
        self._owner(request)
        await self._inside.resend(**request.path_params)
        return _json(None)

    async def _release(self, request: Request) -> Response:
        principal, releases = self._operator(request)
        if request.method != "POST":
            return _json(releases.standing())
        headers = incoming.headers(request.scope)
        body = await incoming.body(request.receive, headers.get(b"content-length"))
        trial = incoming.fields(request.scope["query_string"]).get("trial", "") == "yes"
        return _json(await releases.receive(body, principal.name, trial=trial))

    def _operator(self, request: Request) -> tuple[Principal, Releases]:
        """Who may release: with the role, and only where the app receives releases at all."""
        principal = self._known_reader(request)
        if not principal.roles & {OWNER, OPERATOR}:
            raise _TurnedAwayError(problem("denied", f"this is for who has the role {OPERATOR}"))
        if self._releases is None:
            raise _TurnedAwayError(problem("no-such-page", "this app receives no releases"))
        return principal, self._releases

    async def _openapi(self, request: Request) -> Response:
        self._known_reader(request)
        return _json(openapi(self._name, self._version, self._inside.services))

    async def _docs(self, request: Request) -> Response:
        self._browser(request)
        described = openapi(self._name, self._version, self._inside.services)
        return HTMLResponse(page(described), headers=SAFE)

    async def _ready(self, _: Request) -> Response:
        ready = self._inside.ready
        return PlainTextResponse("ready\n" if ready else "not ready\n", 200 if ready else 503)

    def _known_reader(self, request: Request) -> Principal:
        return self._principal(incoming.headers(request.scope))

    def _owner(self, request: Request) -> None:
        if OWNER not in self._known_reader(request).roles:
            raise _TurnedAwayError(problem("denied", f"this is for who has the role {OWNER}"))

    def _browser(self, request: Request) -> None:
        """Who reads a page in a browser, which asks for a name and a password: the key.

        For pages alone: a browser sends it along by itself, and so for whoever tells it to post.
        """
        given = incoming.headers(request.scope).get(b"authorization")
        key = incoming.bearer(given) or incoming.basic(given)
        if key is None or self._holder(key) is None:
            response = problem("unauthenticated", "any name, and your key as the password")
            response.headers["WWW-Authenticate"] = 'Basic realm="monocyte", charset="UTF-8"'
            raise _TurnedAwayError(response)

    def _broken(self, why: Exception) -> Response:
        frame = traceback.extract_tb(why.__traceback__)[-1]
        what = f"the gateway failed with {type(why).__name__}"
        self._emit(Fact("crashed", "", f"{what}: {why}", f"{frame.filename}:{frame.lineno}"))
        return problem("crashed", f"{what}; the host's log has the rest")


class _Endpoint:
    """`/cells/{cell}/{message}` for a path that is asked for the first time, or in vain."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._gateway.answer(scope, receive, send)


class _TurnedAwayError(Exception):
    """The wall itself answers, before anything reaches the bus."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


def _query(route: Route, query: bytes) -> Any:
    """A query from the URL: its fields as parameters, or all of it as `json`."""
    fields = incoming.fields(query)
    if len(fields) == 1 and "json" in fields:
        return decode_json(route.message, fields["json"].encode())
    return from_strings(route.message, fields)


def _wrong_verb(route: Route) -> _TurnedAwayError:
    kind, method = ("command", "POST") if route.is_command else ("query", "GET")
    detail = f"{route.address} is a {kind}: {method} it"
    return _TurnedAwayError(problem("wrong-method", detail, allow=method))


def _json(value: Any) -> Response:
    return JSONResponse(value, headers={"Cache-Control": "no-store"})


async def _live(_: Request) -> Response:
    return PlainTextResponse("alive\n")


async def _no_such_page(request: Request, _: Exception) -> Response:
    return problem("no-such-page", f"there is nothing at {request.url.path[:200]}; see /docs")


async def _wrong_method(request: Request, why: Exception) -> Response:
    allow = (why.headers or {}).get("Allow", "") if isinstance(why, HTTPException) else ""
    path = request.url.path[:200]
    return problem("wrong-method", f"{request.method} does not go with {path}", allow=allow)


async def _bus_error(_: Request, why: Exception) -> Response:
    return problem_of(why if isinstance(why, BusError) else BusError(str(why)))


async def _turned_away(_: Request, why: Exception) -> Response:
    return why.response if isinstance(why, _TurnedAwayError) else Response(status_code=500)
