"""Events as they come, over HTTP: server-sent events with a cursor to go on from.

One task follows each cell into a small shared inbox; a reader who is slow fills it and thereby
stops the followers, which hold a position and nothing else. A stream ends when the reader leaves,
when the gateway closes, when its key is revoked, or, saying why, when a cell's history cannot be
read on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing, suppress
from typing import Any

from starlette.types import Receive, Scope, Send

from monocyte.bus import Delivery, Transport, core
from monocyte.contracts.codec import encode_json
from monocyte.dmz.problems import described
from monocyte.errors import BusError

__all__ = ["HEARTBEAT", "EventStream"]

HEARTBEAT = 15.0
"""Seconds of silence after which a stream says that it is still there."""

RETRY = 1000
"""Milliseconds after which a browser comes back when a stream has ended."""

LAST_WORD = 1.0
"""Seconds that a reader is given to take the end of a stream."""

INBOX = 64
"""Events that wait for a reader, of all cells together."""

HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class EventStream:
    """The events of some cells from a position on, as an ASGI application for one request.

    `cursors` has a position for each cell. `allowed` is asked before anything is sent.
    """

    def __init__(
        self,
        transport: Transport,
        cursors: dict[str, int],
        *,
        allowed: Callable[[], bool],
        closing: asyncio.Event,
    ) -> None:
        self._transport = transport
        self._cursors = cursors
        self._allowed = allowed
        self._closing = closing
        self._inbox: asyncio.Queue[Delivery | BusError | None] = asyncio.Queue(INBOX)
        self._ended = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until one of the reasons to end is there."""
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        if scope["method"] == "HEAD":
            return await send({"type": "http.response.body", "body": b""})
        pump = asyncio.create_task(self._pump(send))
        left = asyncio.create_task(_left(receive))
        closing = asyncio.create_task(self._closing.wait())
        followers = [asyncio.create_task(self._follow(cell)) for cell in self._cursors]
        try:
            await asyncio.wait({pump, left, closing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone = left.done()
            tasks: list[asyncio.Task[Any]] = [pump, left, closing, *followers]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if gone:
            return None
        if not pump.cancelled():
            pump.result()  # a fault of ours must not pass for an end
        with suppress(TimeoutError):  # who reads nothing does not read the end either
            async with asyncio.timeout(LAST_WORD):
                await send({"type": "http.response.body", "body": b""})
        return None

    async def _follow(self, cell: str) -> None:
        """Put what happens in a cell into the inbox, and last why it ends: an error, or None."""
        end: BusError | None = None
        try:
            async with aclosing(self._transport.follow(cell, self._cursors[cell])) as feed:
                async for delivery in feed:
                    await self._inbox.put(delivery)
        except BusError as why:
            end = why
        except Exception as why:  # noqa: BLE001 (a supervision edge: reading the history, old shapes)
            end = core.broken_off(cell, why)
        await self._inbox.put(end)

    async def _pump(self, send: Send) -> None:
        """Send what is in the inbox, all at once if there is more than one."""
        said = f"retry: {RETRY}\nid: {self._cursor()}\n: you follow {', '.join(self._cursors)}\n\n"
        chunk = said.encode()
        while self._allowed():
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            if self._ended:
                return
            chunk = await self._next()

    async def _next(self) -> bytes:
        """The next events as they are sent; after a silence, a sign of life."""
        try:
            async with asyncio.timeout(HEARTBEAT):
                said = [self._said(await self._inbox.get())]
        except TimeoutError:
            return b": still here\n\n"
        while not self._inbox.empty() and not self._ended:
            said.append(self._said(self._inbox.get_nowait()))
        return b"".join(said)

    def _said(self, item: Delivery | BusError | None) -> bytes:
        if not isinstance(item, Delivery):
            self._ended = True
            return b": that is all\n\n" if item is None else _problem(item)
        self._cursors[item.cell] = item.seq
        name = type(item.event).__name__
        head = f"id: {self._cursor()}\nevent: {item.cell}.{name}\ndata: "
        return head.encode() + encode_json(_shown(item, name)) + b"\n\n"

    def _cursor(self) -> str:
        return ",".join(f"{cell}={position}" for cell, position in self._cursors.items())


def _problem(error: BusError) -> bytes:
    return b"event: problem\ndata: " + described(error) + b"\n\n"


def _shown(delivery: Delivery, name: str) -> dict[str, object]:
    return {
        "cell": delivery.cell,
        "position": delivery.seq,
        "event": name,
        "at": delivery.at,
        "by": delivery.principal.name,
        "cause": delivery.id,
        "correlation": delivery.correlation,
        "data": delivery.event,
    }


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
