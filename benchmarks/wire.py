"""The HTTP client of the benchmarks: small enough that the server, not the client, is measured.

One connection speaks HTTP/1.1 keep-alive with one request in flight; requests are bytes made
beforehand. What it does not expect (a chunked reply, a closed connection) it refuses aloud.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Reply:
    """Status and body of one answer."""

    status: int
    body: bytes


class Connection(asyncio.Protocol):
    """A keep-alive connection to a server on loopback."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[Reply] | None = None
        self._received = b""
        self.closed = False
        """Whether the server has hung up; it may, on a connection that was idle for long."""

    @classmethod
    async def open(cls, port: int) -> "Connection":
        """Connect to 127.0.0.1 on that port."""
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(cls, "127.0.0.1", port)
        return connection

    def request(self, data: bytes) -> asyncio.Future[Reply]:
        """Send a request made by `post` or `get`; the future holds its reply.

        Raises:
            ConnectionError: when awaited: the server hung up before it answered.
        """
        assert self._transport is not None, "not connected"
        assert self._waiting is None, "one request at a time"
        waiting = self._waiting = asyncio.get_running_loop().create_future()
        if self.closed:
            self.connection_lost(None)
        else:
            self._transport.write(data)
        return waiting

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, rest = self._received.partition(b"\r\n\r\n")
        if not found:
            return
        length = content_length(head)
        if len(rest) >= length:
            self._received = rest[length:]
            self._answer(Reply(int(head[9:12]), rest[:length]))

    def connection_lost(self, error: Exception | None) -> None:
        self.closed = True
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_exception(error or ConnectionResetError("the server hung up"))

    def _answer(self, reply: Reply) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_result(reply)


def content_length(head: bytes) -> int:
    """The length that a response's head announces.

    Raises:
        ValueError: it announces none; this client reads no chunks.
    """
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise ValueError(f"no Content-Length in {head!r}")


def post(path: str, body: object, headers: Mapping[str, str] | None = None) -> bytes:
    """A POST request of a JSON body."""
    content = json.dumps(body).encode()
    given = {"Content-Type": "application/json", "Content-Length": str(len(content))}
    return head("POST", path, given | dict(headers or {})) + content


def get(path: str, headers: Mapping[str, str] | None = None) -> bytes:
    """A GET request."""
    return head("GET", path, headers or {})


def head(method: str, path: str, headers: Mapping[str, str]) -> bytes:
    """Request line and headers."""
    lines = (f"{name}: {value}" for name, value in ({"Host": "127.0.0.1"} | dict(headers)).items())
    return "\r\n".join((f"{method} {path} HTTP/1.1", *lines, "", "")).encode()
