"""One call on its way through the proxy: reserved, sent, handed on, settled, kept.

Its rule: what was reserved is settled exactly once, however the call ends; and nobody sees the end
of an answer before the call is settled and the answer kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final

import msgspec

from monocyte.errors import MonocyteError
from monocyte.genops.metering.cassettes import Recorder
from monocyte.genops.metering.exchange import Ending, Settlement
from monocyte.genops.metering.gate import Admitted
from monocyte.genops.metering.meter import Call, Meter
from monocyte.genops.metering.secrets import Secret
from monocyte.genops.metering.upstreams import Arriving, Late, Lost, NotReached, Upstream
from monocyte.genops.money import ZERO

__all__ = ["Books", "Cut", "Leaking", "Limits", "Passage", "Receive", "Reply", "Send"]

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

SHOWN: Final = 64 << 10
"""Bytes of a provider's complaint that are handed on."""


class Limits(msgspec.Struct, frozen=True):
    """Sizes in bytes and times in seconds that calls must keep to."""

    request: int = 16 << 20
    answer: int = 32 << 20
    upload: float = 30.0
    """Until a request has arrived."""
    total: float = 900.0
    """Until an answer is complete."""
    in_flight: int = 16
    """Calls at the same time."""


class Reply(msgspec.Struct, frozen=True):
    """An answer that is sent as a whole."""

    status: int
    body: bytes
    kind: str = "application/json"
    later: str = ""
    """When to try again, where the provider has said so."""


class Cut(Exception):
    """The answer cannot be completed, and the client must see that it is not."""


class Leaking(MonocyteError):
    """The provider repeats our key; nothing of that answer is handed on or kept."""

    fault = "operator"


class Books:
    """A meter behind one thread of its own: it may block, and is asked in order."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._desk = ThreadPoolExecutor(1, thread_name_prefix="meter")

    async def reserve(self, call: Call) -> str:
        """The reservation; taken back if nobody waits for it any more.

        Raises:
            MonocyteError: the call must not be made.
        """
        booked = self._desk.submit(self._meter.reserve, call)
        try:
            return await asyncio.shield(asyncio.wrap_future(booked))
        except asyncio.CancelledError:
            booked.add_done_callback(lambda done: self._unreserve(done, call))
            raise

    def settle(self, hold: str, call: Call, settlement: Settlement) -> Future[None]:
        """Begin to write down what became of it."""
        return self._desk.submit(self._meter.settle, hold, call, settlement)

    def keep(self, keeping: Callable[[], object]) -> Future[object]:
        """Begin to do something that may block, after all that was begun before."""
        return self._desk.submit(keeping)

    def close(self) -> None:
        """Finish what was begun."""
        self._desk.shutdown()

    def _unreserve(self, done: Future[str], call: Call) -> None:
        if not done.cancelled() and done.exception() is None:
            nothing = Settlement("unreachable", ZERO, None, "")
            self._meter.settle(done.result(), call, nothing)


class Passage:
    """A call that was let through."""

    def __init__(
        self,
        admitted: Admitted,
        books: Books,
        upstream: Upstream,
        recorder: Recorder | None,
        limits: Limits,
    ) -> None:
        self._route, self._exchange, self._call = admitted
        self._books = books
        self._upstream = upstream
        self._recorder = recorder
        self._limits = limits
        self._hold = ""
        self._settled: Future[None] | None = None
        self._begun = False

    async def go(self, headers: Mapping[str, str], receive: Receive, send: Send) -> None:
        """Answer the client.

        Raises:
            MonocyteError: there is no answer, and nothing of one was sent.
            Cut: a part of one was.
        """
        self._hold = await self._books.reserve(self._call)
        answering = asyncio.create_task(self._answer(headers, send))
        leaving = asyncio.create_task(_gone(receive))
        try:
            await asyncio.wait((answering, leaving), return_when=asyncio.FIRST_COMPLETED)
            if not answering.done():
                self._exchange.ends("gone")
                raise Cut
            answering.result()
        finally:
            self._exchange.ends("stopped")  # unless it has ended otherwise
            self._settle()
            answering.cancel()
            leaving.cancel()
            await asyncio.gather(answering, leaving, return_exceptions=True)

    async def _answer(self, headers: Mapping[str, str], send: Send) -> None:
        try:
            async with asyncio.timeout(self._limits.total):
                await self._relay(headers, send)
        except (MonocyteError, TimeoutError, OSError) as why:
            self._exchange.ends(_ENDS.get(type(why), "broken"))
            if self._begun:
                raise Cut from why
            if isinstance(why, TimeoutError):
                raise Late("the answer took too long") from why
            raise

    async def _relay(self, headers: Mapping[str, str], send: Send) -> None:
        """Hand on what arrives; the last bytes only after the call is settled and kept."""
        exchange = self._exchange
        async with self._upstream.send(self._route, exchange, headers) as arriving:
            kind = arriving.headers.get("content-type", "application/json")
            exchange.answers(arriving.status, kind)
            if exchange.reader is None:
                await self._complain(arriving, send)
                return
            answer, unsent = bytearray(), bytearray()
            async for chunk in _guarded(arriving.chunks, self._route.key):
                exchange.feed(chunk)
                answer += chunk
                unsent += chunk
                if exchange.settlement is not None:
                    break
                if kind.startswith("text/event-stream"):
                    await self._send(send, arriving.status, kind, unsent)
            exchange.end()
        await self._keep(arriving.status, kind, bytes(answer))
        await self._send(send, arriving.status, kind, unsent, last=True)

    async def _keep(self, status: int, kind: str, answer: bytes) -> None:
        """Settle the call, then keep the answer, if it is one.

        Raises:
            Lost: it is none.
        """
        await asyncio.wrap_future(self._settle())
        exchange, recorder = self._exchange, self._recorder
        ending = exchange.settlement.ending if exchange.settlement else "stopped"
        if ending in ("broken", "endless"):
            raise Lost(f"there is no answer: {ending}")
        if recorder is not None:
            wire, body = exchange.wire.name, exchange.original
            kept = self._books.keep(lambda: recorder.keep(wire, body, status, kind, answer))
            await asyncio.wrap_future(kept)

    async def _complain(self, arriving: Arriving, send: Send) -> None:
        """Hand on why the provider does not answer; but not what it says about our key."""
        said = bytearray()
        async for chunk in arriving.chunks:
            said += chunk
            if len(said) > SHOWN:
                break
        await asyncio.wrap_future(self._settle())
        status, key = arriving.status, self._route.key
        if status in (401, 403) or status < 400 or (key and key.inside(bytes(said))):
            message = f"the provider would not answer: status {status}"
            mend = "look at its key, and at what the account may do"
            raise MonocyteError(message, mend=mend)
        later = arriving.headers.get("retry-after", "")[:32]
        await send_reply(send, Reply(status, bytes(said[:SHOWN]), later=later))

    async def _send(
        self, send: Send, status: int, kind: str, unsent: bytearray, *, last: bool = False
    ) -> None:
        """Hand on what has not been, and forget it."""
        if not self._begun:
            self._begun = True
            await send(_start(status, kind))
        piece = bytes(unsent)
        unsent.clear()
        await send({"type": "http.response.body", "body": piece, "more_body": not last})

    def _settle(self) -> Future[None]:
        """Write down what the call has come to: once."""
        if self._settled is None:
            assert self._exchange.settlement is not None  # noqa: S101  # it has ended
            settlement = self._exchange.settlement
            self._settled = self._books.settle(self._hold, self._call, settlement)
        return self._settled


_ENDS: Final[dict[type[BaseException], Ending]] = {
    NotReached: "unreachable",
    Lost: "broken",
    Late: "late",
    TimeoutError: "late",
    Leaking: "broken",
}
"""How a call ends by which error."""


async def send_reply(send: Send, reply: Reply) -> None:
    """Send an answer as a whole."""
    more = [(b"retry-after", reply.later.encode("latin-1"))] if reply.later else []
    length = (b"content-length", str(len(reply.body)).encode())
    await send(_start(reply.status, reply.kind, [length, *more]))
    await send({"type": "http.response.body", "body": reply.body, "more_body": False})


def _start(
    status: int, kind: str, more: list[tuple[bytes, bytes]] | None = None
) -> MutableMapping[str, Any]:
    headers = [(b"content-type", kind.encode("latin-1", "replace")), *(more or [])]
    return {"type": "http.response.start", "status": status, "headers": headers}


async def _gone(receive: Receive) -> None:
    """Return when the client has gone away."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _guarded(chunks: AsyncIterator[bytes], key: Secret | None) -> AsyncIterator[bytes]:
    """What arrives, as long as our key is not in it, however it was cut.

    Raises:
        Leaking: it is.
    """
    tail = b""
    async for chunk in chunks:
        if key is not None:
            if key.inside(tail + chunk):
                raise Leaking("the provider repeats our key", mend="do not use this provider")
            tail = (tail + chunk)[-(key.size - 1) :]
        yield chunk
