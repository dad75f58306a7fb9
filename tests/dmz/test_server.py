"""The server: what it makes of bytes that are no request, and how it starts and stops.

Rows that granian answers by itself are asserted as they are: there is no problem document, but
there is a status, and the server goes on.
"""

import asyncio
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from monocyte.contracts.codec import MAX_BYTES
from monocyte.dmz import Server, server, stream
from monocyte.dmz.stream import EventStream
from monocyte.errors import ConfigError
from tests.dmz.site import Site, outside, run
from tests.dmz.test_stream import Endless
from tests.runtime.toys import doors

Standing = tuple[asyncio.Runner, Site]


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    """One app for a table of requests that change nothing, and the loop that it is on."""
    with asyncio.Runner() as runner:
        opening = outside(tmp_path_factory.mktemp("standing"))
        yield runner, runner.run(opening.__aenter__())
        runner.run(opening.__aexit__(None, None, None))


async def exchange(site: Site, *parts: bytes) -> bytes:
    """Send some bytes and read until the server closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    key = site.client.headers["authorization"].encode()
    try:
        for part in parts:
            writer.write(part.replace(b"$KEY", key))
            await writer.drain()
        async with asyncio.timeout(15):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


HEAD = b"Host: toys\r\nAuthorization: $KEY\r\nConnection: close\r\n"
GET = b"GET /cells/rooms/Count HTTP/1.1\r\n" + HEAD
POST = b"POST /cells/rooms/Book HTTP/1.1\r\n" + HEAD
BODY = b'{"room": ""}'
"""Of which the gateway says 400, so that nothing is changed."""


class Row(NamedTuple):
    """What is sent, the status that comes back, and whether the gateway has seen it at all."""

    sent: tuple[bytes, ...]
    status: int
    ours: bool


def sized(length: bytes, body: bytes = BODY) -> tuple[bytes, ...]:
    """A command whose length is said to be something."""
    return (POST + b"Content-Length: " + length + b"\r\n\r\n" + body,)


def chunked(*chunks: bytes) -> tuple[bytes, ...]:
    """A command in chunks, as they are written."""
    return (POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(chunks),)


ROWS = {
    "a request": Row((GET + b"\r\n",), 200, True),
    "in pieces": Row((GET[:9], GET[9:60], GET[60:] + b"\r\n"), 200, True),
    "no request": Row((b"hello\r\n\r\n",), 400, False),
    "zeros": Row((b"\0" * 1000 + b"\r\n\r\n",), 400, False),
    "TLS": Row((b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 200,), 400, False),
    "a giant header": Row((GET + b"X: " + b"x" * (1 << 20) + b"\r\n\r\n",), 431, False),
    "a giant key": Row((GET.replace(b"$KEY", b"Bearer " + b"x" * 200_000) + b"\r\n",), 431, False),
    "very many headers": Row((GET + b"X: y\r\n" * 10_000 + b"\r\n",), 431, False),
    "a giant path": Row(
        (b"GET /" + b"x" * 200_000 + b" HTTP/1.1\r\n" + HEAD + b"\r\n",), 431, False
    ),
    "a header without a name": Row((GET + b": x\r\n\r\n",), 400, False),
    "a null in a header": Row((GET + b"X: \0\r\n\r\n",), 400, False),
    "a negative length": Row(sized(b"-1"), 400, False),
    "a length in words": Row(sized(b"many"), 400, False),
    "a length beyond numbers": Row(sized(b"9" * 40), 400, False),
    "two lengths": Row(sized(b"12\r\nContent-Length: 5"), 400, False),
    "a length and less": Row(sized(b"5"), 400, True),
    "an announced giant": Row(sized(b"104857600"), 413, True),
    "just too large": Row(sized(str(MAX_BYTES + 1).encode()), 413, True),
    "chunks": Row(chunked(b"c\r\n", BODY, b"\r\n0\r\n\r\n"), 400, True),
    "a chunk of no size": Row(chunked(b"xyz\r\n\r\n"), 400, True),
    "a chunk of endless size": Row(chunked(b"f" * 40 + b"\r\n"), 400, True),
    "a key twice": Row((GET + b"Authorization: Bearer mono_x\r\n\r\n",), 400, True),
    "an idempotency key twice": Row(
        (POST + b"Idempotency-Key: a\r\nIdempotency-Key: b\r\nContent-Length: 0\r\n\r\n",),
        400,
        True,
    ),
    "a body with a query": Row((GET + b"Content-Length: 5\r\n\r\nhello",), 200, True),
}


@pytest.mark.parametrize("name", ROWS)
def test_bytes_that_are_no_good_request_do_no_harm(name: str, standing: Standing) -> None:
    """One answer with the right status, and the server goes on for everybody else."""
    runner, site = standing
    row = ROWS[name]

    async def work() -> None:
        answer = await exchange(site, *row.sent)
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.split(b" ", 2)[1] == str(row.status).encode(), answer[:500]
        if row.status >= 400:
            assert (b"application/problem+json" in head) == row.ours, answer[:500]
            assert body.startswith(b"{") == row.ours
        await site.unharmed()

    runner.run(work())


@pytest.mark.parametrize("framing", ["declared", "chunked"])
def test_a_giant_body_is_refused_early_and_not_kept(framing: str, standing: Standing) -> None:
    """Of 100 MB in pieces only the first are taken; the client hears 413, or nothing."""
    runner, site = standing
    piece = b"x" * (1 << 16)

    async def work() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
        key = site.client.headers["authorization"].encode()
        how = (
            b"Transfer-Encoding: chunked" if framing == "chunked" else b"Content-Length: 104857600"
        )
        writer.write(POST.replace(b"$KEY", key) + how + b"\r\n\r\n")
        answering = asyncio.create_task(reader.read())
        sent = 0
        try:
            while sent < 100 << 20 and not answering.done():
                writer.write(b"10000\r\n" + piece + b"\r\n" if framing == "chunked" else piece)
                await writer.drain()
                sent += len(piece)
        except ConnectionError:
            pass
        try:
            answer = await answering
        except ConnectionError:
            answer = b""
        writer.close()
        assert sent < 20 << 20, "it was read to its end"
        assert answer.startswith(b"HTTP/1.1 413") or not answer
        await site.unharmed()

    runner.run(work())


def test_a_body_that_never_comes_is_no_command(standing: Standing) -> None:
    """A length that promises more than is sent: whoever waits for it, waits alone."""
    runner, site = standing

    async def work() -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", site.port)
        key = site.client.headers["authorization"].encode()
        writer.write(POST.replace(b"$KEY", key) + b'Content-Length: 500\r\n\r\n{"room": "a"}')
        await writer.drain()
        await site.unharmed()
        writer.close()
        await site.unharmed()

    runner.run(work())


def test_requests_in_a_pipeline_are_answered_in_order(standing: Standing) -> None:
    """A good one, a bad one, another good one, all in one packet."""
    runner, site = standing
    first = GET.replace(b"Connection: close\r\n", b"") + b"\r\n"
    second = first.replace(b"rooms/Count", b"nowhere/Count")

    async def work() -> None:
        answer = await exchange(site, first + second + GET + b"\r\n")
        statuses = re.findall(rb"HTTP/1.1 (\d+) ", answer)
        assert statuses == [b"200", b"404", b"200"]

    runner.run(work())


def test_a_slow_loris_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Headers that drip in are waited for as long as the setting says, and no longer."""
    assert server.HEADERS_WITHIN == 10_000
    monkeypatch.setattr(server, "HEADERS_WITHIN", 300)

    async def work() -> None:
        async with outside(tmp_path) as site:
            reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
            writer.write(b"GET / HTTP/1.1\r\nX: ")
            async with asyncio.timeout(20):
                answer = await reader.read()
            writer.close()
            assert answer == b"" or answer.startswith(b"HTTP/1.1 408")
            await site.unharmed()

    run(work())


def test_what_is_in_flight_is_answered_before_the_server_stops(tmp_path: Path) -> None:
    """Stopping waits for a handler, and its command is not lost."""

    async def work() -> None:
        async with asyncio.timeout(20), httpx.AsyncClient() as client:
            async with outside(tmp_path) as site:
                address, headers = f"{site.url}/cells/doors/Pass", site.client.headers
                posting = client.post(address, json={"door": "x"}, headers=headers)
                passing = asyncio.create_task(posting)
                while not doors.log:  # noqa: ASYNC110 (the handler has no event)
                    await asyncio.sleep(0.01)
                asyncio.get_running_loop().call_later(0.7, doors.opened["x"].set)
            assert (await passing).json() == {"door": "x"}

    run(work())


def test_who_takes_no_answer_does_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader who never reads is given up after a while; the patience is that of the server."""
    assert server.PATIENCE == 10
    monkeypatch.setattr(server, "PATIENCE", 0.2)
    monkeypatch.setattr(stream, "LAST_WORD", 0.1)
    endless, closing = Endless(), asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        following = EventStream(endless, {"rooms": 0}, allowed=lambda: True, closing=closing)  # type: ignore[arg-type]
        await following(scope, receive, send)

    async def work() -> None:
        async with asyncio.timeout(20):
            async with Server(app, "127.0.0.1", 0) as running:
                port = int(running.url.rpartition(":")[2])
                _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
                writer.write(GET + b"\r\n")
                taken = -1
                while taken != endless.taken or not taken:  # until the line is full
                    taken = endless.taken
                    await asyncio.sleep(0.1)
                closing.set()
            writer.close()

    run(work())


def test_who_leaves_over_a_socket_cancels_the_handler(tmp_path: Path) -> None:
    """Closing the connection is enough."""

    async def work() -> None:
        async with outside(tmp_path) as site:
            _, writer = await asyncio.open_connection("127.0.0.1", site.port)
            key = site.client.headers["authorization"].encode()
            asked = GET.replace(b"rooms/Count", b"doors/Peek?door=x").replace(b"$KEY", key)
            writer.write(asked + b"\r\n")
            async with asyncio.timeout(20):
                while not doors.log:  # noqa: ASYNC110 (the handler has no event)
                    await asyncio.sleep(0.01)
                writer.close()
                while doors.log != ["waits at x", "left x"]:  # noqa: ASYNC110 (as above)
                    await asyncio.sleep(0.01)
            await site.unharmed()

    run(work())


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "192.168.1.5", "example.org", "", "127.0.0.1.nip.io"],  # noqa: S104
)
def test_it_listens_to_this_machine_only(host: str) -> None:
    """Whatever else is asked for is refused before a socket is opened, with the mend."""

    async def work() -> None:
        with pytest.raises(ConfigError, match="loopback") as refusal:
            await Server(None, host, 0).start()  # type: ignore[arg-type]
        assert "reverse proxy" in refusal.value.mend

    run(work())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.0.0.2", "::1"])
def test_it_listens_on_each_name_of_this_machine(host: str, tmp_path: Path) -> None:
    """Its URL says where."""

    async def app(_: object, __: object, send: object) -> None:
        """Answer nothing."""

    async def work() -> None:
        async with Server(app, host, 0) as running:
            port = int(running.url.rpartition(":")[2])
            _, writer = await asyncio.open_connection(host, port)
            writer.close()

    run(work())


def test_a_port_that_is_taken_is_an_error(tmp_path: Path) -> None:
    """Even by another of its kind, with whom granian would share it without a word."""

    async def work() -> None:
        async with outside(tmp_path) as site:
            with pytest.raises(ConfigError, match="cannot be had") as refusal:
                await Server(None, "127.0.0.1", site.port).start()  # type: ignore[arg-type]
            assert "--port" in refusal.value.mend
            await site.unharmed()

    run(work())


def test_a_port_that_somebody_else_has_is_an_error() -> None:
    """Any program will do."""

    async def work() -> None:
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            with pytest.raises(ConfigError, match="cannot be had"):
                await Server(None, "127.0.0.1", other.getsockname()[1]).start()  # type: ignore[arg-type]

    run(work())


def test_it_can_be_started_again_on_its_port(tmp_path: Path) -> None:
    """A restart finds its own port free, connections of before notwithstanding."""

    async def app(_: object, __: object, send: object) -> None:
        """Answer nothing."""

    async def work() -> None:
        async with Server(app, "127.0.0.1", 0) as first:
            port = int(first.url.rpartition(":")[2])
        async with Server(app, "127.0.0.1", port) as second:
            assert second.url == first.url

    run(work())
