"""The gateway: HTTP in, bus requests out. It is one more client of the bus, and the first wall.

Nobody is anonymous but who asks for health. A reply leaves only when everything that it may depend
on is durable. What is not a message, in whichever way it is not, gets a problem document.
"""

from __future__ import annotations

import asyncio
import time
from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import suppress
from typing import Any, Protocol
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route as HttpRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from monocyte.bus import Delivery, Route, Service, Transport, core, fresh_id
from monocyte.contracts import Envelope, Principal
from monocyte.contracts.codec import MAX_BYTES, decode_json, encode_json, from_strings
from monocyte.contracts.envelope import parse_traceparent
from monocyte.dmz.keys import OWNER, Keys
from monocyte.dmz.openapi import openapi
from monocyte.dmz.page import page
from monocyte.dmz.problems import problem, problem_of
from monocyte.errors import BusError, Invalid, NoSuchCell, TooLarge

__all__ = ["Gateway"]

HEARTBEAT = 15.0
"""Seconds of silence after which a stream of events says that it is still there."""

LONGEST_ID = 128
LONGEST_TIMEOUT = 3600.0

SAFE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
"""What every page says to the browser: nothing is loaded from anywhere."""


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


class Gateway:
    """The HTTP face of an app, as an ASGI application; `timeout` is in seconds."""

    def __init__(
        self, name: str, version: str, inside: Inside, keys: Keys, *, timeout: float = 30.0
    ) -> None:
        self._name, self._version = name, version
        self._inside = inside
        self._transport = inside.transport
        self._keys = keys
        self._timeout = timeout
        self._closing = asyncio.Event()
        self.app: ASGIApp = Starlette(
            routes=[
                HttpRoute("/cells/{cell}/{message}", _Endpoint(self)),
                HttpRoute("/events", self._events),
                HttpRoute("/cells", self._cells),
                HttpRoute("/letters", self._letters),
                HttpRoute("/letters/{cell}/{position:int}", self._resend, methods=["POST"]),
                HttpRoute("/openapi.json", self._openapi),
                HttpRoute("/docs", self._docs),
                HttpRoute("/health/live", _live),
                HttpRoute("/health/ready", self._ready),
            ],
            exception_handlers={404: _no_such_page, 405: _wrong_method, 500: _broken},
        )

    def close(self) -> None:
        """End every stream of events."""
        self._closing.set()

    # -- one message -------------------------------------------------------------------------------

    async def answer(self, request: Request) -> Response:
        """Answer one request for `/cells/{cell}/{message}`."""
        principal = self._principal(request.headers)
        if principal is None:
            return _who_are_you()
        try:
            route = self._route(**request.path_params)
            if request.method != ("POST" if route.is_command else "GET"):
                return _method(route)
            message = await _message(route, request)
            envelope = self._envelope(principal, request.headers)
            reply = await self._transport.requests[route.message](envelope, message)
            if (written := self._inside.written()) is not None:
                await written
            body = encode_json(reply)
        except BusError as why:
            return problem_of(why)
        return Response(body, media_type="application/json")

    def _principal(self, headers: Mapping[str, str]) -> Principal | None:
        scheme, _, key = headers.get("authorization", "").partition(" ")
        return self._keys.holder(key.strip()) if scheme.lower() == "bearer" else None

    def _reader(self, headers: Mapping[str, str]) -> Principal | None:
        """Who reads a page in a browser, which asks for a name and a password: the key.

        For pages alone: a browser sends it along by itself, and so for whoever tells it to post.
        """
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        with suppress(ValueError):
            return self._keys.holder(b64decode(given, validate=True).decode().partition(":")[2])
        return None

    def _route(self, cell: str, message: str) -> Route:
        services = self._inside.services
        for service in services:
            if service.cell == cell:
                for route in service.routes:
                    if route.message.__name__ == message:
                        return route
        raise core.missing(cell, message, services)

    def _envelope(self, principal: Principal, headers: Mapping[str, str]) -> Envelope:
        given = headers.get("idempotency-key", "")
        if given and (len(given) > LONGEST_ID or not given.isprintable()):
            raise Invalid(f"Idempotency-Key: at most {LONGEST_ID} printable characters")
        trace = parse_traceparent(headers["traceparent"]) if "traceparent" in headers else (0, 0)
        deadline = time.monotonic() + _timeout(headers.get("monocyte-timeout"), self._timeout)
        # A key is its holder's own: nobody reads another's answer by guessing it.
        id = f"{principal.name}:{given}" if given else fresh_id()
        labels: frozenset[str] = frozenset()
        return Envelope(id, principal, "", "", labels, deadline, *trace, (), not given)

    # -- events ------------------------------------------------------------------------------------

    async def _events(self, request: Request) -> Response:
        if self._principal(request.headers) is None:
            return _who_are_you()
        try:
            cursors = self._cursors(request)
        except BusError as why:
            return problem_of(why)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        stream = self._stream(cursors)
        return StreamingResponse(stream, media_type="text/event-stream", headers=headers)

    def _cursors(self, request: Request) -> dict[str, int]:
        services = {service.cell: service for service in self._inside.services}
        cells = request.query_params.getlist("cell") or list(services)
        for cell in cells:
            if cell not in services:
                raise core.missing(cell, "", services.values())
        after = request.headers.get("last-event-id") or request.query_params.get("after", "")
        if after == "now":
            return {cell: self._inside.latest(cell) for cell in cells}
        given = _cursor(after)
        for cell in given:
            if cell not in cells:
                raise NoSuchCell(f"the cursor names {cell}, which is not followed", cell=cell)
        return {cell: given.get(cell, 0) for cell in cells}

    async def _stream(self, cursors: dict[str, int]) -> AsyncIterator[bytes]:
        """The events of several cells as they come, each with the cursor to go on from."""
        inbox: asyncio.Queue[Delivery] = asyncio.Queue(maxsize=64)
        followers = [asyncio.create_task(self._follow(c, n, inbox)) for c, n in cursors.items()]
        closing = asyncio.create_task(self._closing.wait())
        try:
            yield b": you follow " + ", ".join(cursors).encode() + b"\n\n"
            while not closing.done():
                arriving = asyncio.create_task(inbox.get())
                await asyncio.wait(
                    {arriving, closing}, timeout=HEARTBEAT, return_when=asyncio.FIRST_COMPLETED
                )
                if arriving.done():
                    delivery = arriving.result()
                    cursors[delivery.cell] = delivery.seq
                    yield _event(delivery, cursors)
                else:
                    arriving.cancel()
                    yield b": still here\n\n"
        finally:
            for task in (*followers, closing):
                task.cancel()
            await asyncio.gather(*followers, closing, return_exceptions=True)

    async def _follow(self, cell: str, after: int, inbox: asyncio.Queue[Delivery]) -> None:
        async for delivery in self._transport.follow(cell, after):
            await inbox.put(delivery)

    # -- what there is -----------------------------------------------------------------------------

    async def _cells(self, request: Request) -> Response:
        if self._principal(request.headers) is None:
            return _who_are_you()
        inside = self._inside
        about = {"app": self._name, "version": self._version, "ready": inside.ready}
        return JSONResponse(about | {"cells": inside.status()})

    async def _letters(self, request: Request) -> Response:
        if (refusal := self._only_owner(request)) is not None:
            return refusal
        return JSONResponse(self._inside.letters())

    async def _resend(self, request: Request) -> Response:
        if (refusal := self._only_owner(request)) is not None:
            return refusal
        try:
            await self._inside.resend(**request.path_params)
        except BusError as why:
            return problem_of(why)
        return Response(b"null", media_type="application/json")

    def _only_owner(self, request: Request) -> Response | None:
        principal = self._principal(request.headers)
        if principal is None:
            return _who_are_you()
        if OWNER not in principal.roles:
            return problem("denied", f"this is for who has the role {OWNER}")
        return None

    async def _openapi(self, request: Request) -> Response:
        if self._principal(request.headers) is None:
            return _who_are_you()
        return JSONResponse(openapi(self._name, self._version, self._inside.services))

    async def _docs(self, request: Request) -> Response:
        if self._principal(request.headers) is None and self._reader(request.headers) is None:
            return _sign_in()
        described = openapi(self._name, self._version, self._inside.services)
        return HTMLResponse(page(described), headers=SAFE)

    async def _ready(self, _: Request) -> Response:
        ready = self._inside.ready
        return PlainTextResponse("ready\n" if ready else "not ready\n", 200 if ready else 503)


class _Endpoint:
    """`/cells/{cell}/{message}` as a bare ASGI application: the busiest path there is."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._gateway.answer(Request(scope, receive, send))
        await response(scope, receive, send)


async def _message(route: Route, request: Request) -> Any:
    if not route.is_command:
        return _query(route, request.scope["query_string"])
    return decode_json(route.message, await _body(request))


def _query(route: Route, query: bytes) -> Any:
    """A query from the URL: its fields as parameters, or all of it as `json`."""
    fields: dict[str, str] = {}
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True, errors="strict"):
        if name in fields:
            raise Invalid(f"{route.message.__name__}: {name} is given twice")
        fields[name] = value
    if set(fields) == {"json"}:
        return decode_json(route.message, fields["json"].encode())
    return from_strings(route.message, fields)


async def _body(request: Request) -> bytes:
    declared = request.headers.get("content-length", "0")
    if not declared.isdigit():
        raise Invalid("Content-Length is no number")
    if int(declared) > MAX_BYTES:
        raise TooLarge(f"{int(declared):,} bytes were announced; {MAX_BYTES:,} are allowed")
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BYTES:
            raise TooLarge(f"more than {MAX_BYTES:,} bytes were sent, which is all that is allowed")
        parts.append(part)
    return b"".join(parts)


def _timeout(given: str | None, default: float) -> float:
    if given is None:
        return default
    with suppress(ValueError):
        if (seconds := float(given)) <= LONGEST_TIMEOUT and seconds == seconds:  # noqa: PLR0124 (NaN)
            return seconds
    raise Invalid(f"Monocyte-Timeout: seconds up to {LONGEST_TIMEOUT:.0f}, not {given[:40]!r}")


def _cursor(text: str) -> dict[str, int]:
    cursors: dict[str, int] = {}
    for part in filter(None, text.split(",")):
        cell, _, position = part.partition("=")
        if not (position.isascii() and position.isdigit()) or len(position) > 18:
            raise Invalid(f"{part[:80]!r} is no cursor: cell=position,…")
        cursors[cell] = int(position)
    return cursors


def _event(delivery: Delivery, cursors: dict[str, int]) -> bytes:
    cursor = ",".join(f"{cell}={position}" for cell, position in cursors.items())
    body = encode_json(
        {
            "cell": delivery.cell,
            "position": delivery.seq,
            "event": type(delivery.event).__name__,
            "at": delivery.at,
            "by": delivery.principal.name,
            "cause": delivery.id,
            "correlation": delivery.correlation,
            "data": delivery.event,
        }
    )
    name = f"{delivery.cell}.{type(delivery.event).__name__}"
    return f"id: {cursor}\nevent: {name}\ndata: ".encode() + body + b"\n\n"


def _who_are_you() -> Response:
    return problem("unauthenticated", "send your key: Authorization: Bearer mono_…")


def _sign_in() -> Response:
    response = problem("unauthenticated", "any name, and your key as the password")
    response.headers["WWW-Authenticate"] = 'Basic realm="monocyte", charset="UTF-8"'
    return response


def _method(route: Route) -> Response:
    kind, method = ("command", "POST") if route.is_command else ("query", "GET")
    response = problem("wrong-method", f"{route.address} is a {kind}: {method} it")
    response.headers["Allow"] = method
    return response


async def _live(_: Request) -> Response:
    return PlainTextResponse("alive\n")


async def _no_such_page(request: Request, _: Exception) -> Response:
    return problem("no-such-page", f"there is nothing at {request.url.path[:200]}; see /docs")


async def _wrong_method(request: Request, _: Exception) -> Response:
    return problem("wrong-method", f"{request.method} does not go with {request.url.path[:200]}")


async def _broken(_: Request, why: Exception) -> Response:
    return problem("crashed", f"the gateway failed with {type(why).__name__}; the log has more")
