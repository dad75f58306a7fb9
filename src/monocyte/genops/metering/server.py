"""The proxy itself: a server on this machine's own address, in a thread of its own.

It awaits; what is let through and what that costs is decided elsewhere. uvicorn serves, for it
takes a socket that is bound already, so that a port is known before anybody needs it, and it tells
when a client goes away; granian, which serves the wall, binds by itself inside of a process.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from monocyte.errors import ConfigError, MonocyteError
from monocyte.genops.budget import OverBudget
from monocyte.genops.metering.cassettes import Recorder
from monocyte.genops.metering.gate import admit, bearer, passed, wire_of
from monocyte.genops.metering.meter import Meter
from monocyte.genops.metering.passage import (
    Books,
    Cut,
    Limits,
    Passage,
    Receive,
    Reply,
    Send,
    send_reply,
)
from monocyte.genops.metering.runs import Run, Runs
from monocyte.genops.metering.upstreams import Late, Lost, NotReached, Upstream
from monocyte.genops.metering.wires import WIRES, Refusal, Wire

if TYPE_CHECKING:
    import uvicorn

__all__ = ["Proxy", "Seat"]


class Seat(NamedTuple):
    """What a client needs to know of the proxy; worthless anywhere else."""

    url: str
    """Without a path: `http://127.0.0.1:PORT`."""
    token: str
    """To be used where a provider's key would be."""


class _Stranger(MonocyteError):
    """Nobody that we let in."""

    fault = "caller"


class _Crowded(MonocyteError):
    """Too many calls at once."""

    fault = "caller"


STATUSES: Mapping[type[MonocyteError], int] = {
    Refusal: 400,
    OverBudget: 400,
    _Stranger: 401,
    _Crowded: 429,
    NotReached: 502,
    Lost: 502,
    Late: 504,
}
"""With which status an error is answered; 400 for all others, after which no client tries again."""


class Proxy:
    """The proxy; a context that serves while it is open.

    ```python
    with Proxy(meter, ProviderUpstream()) as proxy, proxy.seat(run, recorder) as seat:
        ...  # an SDK or an agent, with seat.url and seat.token
    ```
    """

    def __init__(self, meter: Meter, upstream: Upstream, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.url = ""
        self.defects: list[Exception] = []
        """What went wrong that nobody has foreseen; such calls are settled all the same."""
        self._books = Books(meter)
        self._upstream = upstream
        self._runs = Runs()
        self._recorders: dict[str, Recorder | None] = {}
        self._in_flight = 0
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Begin to serve.

        Raises:
            ConfigError: what serves is not installed.
        """
        server = self._server = _uvicorn(self._serve)
        listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"

        async def serve() -> None:
            try:
                await server.serve([listening])
            finally:
                await self._upstream.close()

        self._thread = threading.Thread(
            target=lambda: asyncio.run(serve()), name="metering proxy", daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop; what is in flight is settled as stopped."""
        if self._server and self._thread:
            self._server.should_exit = self._server.force_exit = True
            self._thread.join()
        self._books.close()

    @contextmanager
    def seat(self, run: Run, recorder: Recorder | None = None) -> Iterator[Seat]:
        """Let the run's clients in, as long as the context is open."""
        token = self._runs.open(run)
        self._recorders[token] = recorder
        try:
            yield Seat(self.url, token)
        finally:
            self._runs.close(token)
            del self._recorders[token]

    async def _serve(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request, whatever it is."""
        wire = WIRES["messages" if scope["path"].startswith("/v1/messages") else "chat"]
        try:
            query = scope["query_string"].decode("latin-1")
            wire = wire_of(scope["method"], scope["path"], query)
            await self._handle(wire, scope, receive, send)
        except Cut:
            return  # the server closes the connection, because the answer is not complete
        except MonocyteError as why:
            await send_reply(send, Reply(STATUSES.get(type(why), 400), wire.refusal(str(why))))
        except Exception as why:  # noqa: BLE001  # the edge: one call must not end the others
            self.defects.append(why)
            what = f"the proxy failed: {type(why).__name__}"
            await send_reply(send, Reply(400, wire.refusal(what)))

    async def _handle(
        self, wire: Wire, scope: Mapping[str, Any], receive: Receive, send: Send
    ) -> None:
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        token = bearer(headers)
        run = self._runs.find(token)
        if run is None:
            raise _Stranger("this is no token of a run that is going on")
        recorder = self._recorders.get(token)
        if self._in_flight >= self.limits.in_flight:
            raise _Crowded(f"{self._in_flight} calls are in flight", mend="try again later")
        self._in_flight += 1
        try:
            raw = await _body(receive, self.limits)
            admitted = await asyncio.to_thread(admit, run, wire, headers, raw, self.limits.answer)
            passage = Passage(admitted, self._books, self._upstream, recorder, self.limits)
            await passage.go(passed(headers), receive, send)
        finally:
            self._in_flight -= 1


async def _body(receive: Receive, limits: Limits) -> bytes:
    """The whole request, which may be neither too long nor too slow.

    Raises:
        Refusal: it is.
        Cut: the client has gone away.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(limits.upload):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Cut
                body += message.get("body", b"")
                if len(body) > limits.request:
                    raise Refusal(f"the request has more than {limits.request} bytes")
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError as why:
        raise Refusal("the request took too long to arrive") from why


def _uvicorn(serve: Any) -> uvicorn.Server:
    try:
        import uvicorn  # noqa: PLC0415  # comes with an extra
    except ImportError as why:
        mend = 'pip install "monocyte[genops]"'
        raise ConfigError("the metering proxy has no server", mend=mend) from why
    return uvicorn.Server(
        uvicorn.Config(
            serve,
            interface="asgi3",
            http="h11",
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            log_level="critical",  # a client that is cut off is no error of the server
            access_log=False,
            server_header=False,
            proxy_headers=False,
        )
    )
