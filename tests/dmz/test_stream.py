"""Events over HTTP: all of them, once, from any position on, at a cost that is bounded."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from monocyte.bus import Delivery
from monocyte.contracts import ANYONE
from monocyte.dmz import stream
from monocyte.dmz.stream import INBOX, EventStream
from monocyte.errors import JournalDamaged
from tests.dmz.site import Site, outside, run
from tests.runtime.toys import rooms


class Sent(NamedTuple):
    """One block of a stream."""

    id: str
    event: str
    data: dict[str, Any]


class Reading:
    """A stream as a browser reads it."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.last_id = ""
        self._lines = response.aiter_lines()

    async def block(self) -> dict[str, str]:
        """The next block, by its fields; comments are under the empty name."""
        fields: dict[str, str] = {}
        async for line in self._lines:
            if not line:
                return fields
            name, _, value = line.partition(": ")
            fields[name] = value
        raise EOFError

    async def next(self) -> Sent:
        """The next event."""
        while True:
            fields = await self.block()
            self.last_id = fields.get("id", self.last_id)
            if "data" in fields:
                return Sent(self.last_id, fields["event"], json.loads(fields["data"]))

    async def take(self, count: int) -> list[tuple[str, int]]:
        """The next so many events, by cell and position."""
        return [((it := await self.next()).data["cell"], it.data["position"]) for _ in range(count)]

    async def ends(self) -> bool:
        """Whether nothing but comments comes until the end."""
        try:
            await self.next()
        except EOFError:
            return True
        return False


@asynccontextmanager
async def reading(site: Site, query: str = "", last: str = "") -> AsyncIterator[Reading]:
    """Follow what happens."""
    headers = {"Last-Event-ID": last} if last else {}
    async with site.client.stream("GET", f"/events{query}", headers=headers) as response:
        assert response.status_code == 200, await response.aread()
        yield Reading(response)


async def book(site: Site, *names: str) -> None:
    """Book some rooms."""
    for room in names:
        assert (await site.book(room)).status_code == 200


def test_events_come_from_the_beginning_and_then_as_they_happen(tmp_path: Path) -> None:
    """With everything that is to be known of each."""

    async def work() -> None:
        async with outside(tmp_path) as site:
            await book(site, "a")
            async with reading(site) as events:
                first = await events.next()
                await book(site, "b")
                second = await events.next()
            assert (first.event, second.event) == ("rooms.Booked", "rooms.Booked")
            assert first.data["data"] == {"id": 1, "who": "ada", "room": "a"}
            assert second.data["data"]["room"] == "b"
            assert (first.data["by"], first.data["position"], second.data["position"]) == (
                "ada",
                1,
                2,
            )
            assert events.response.headers["content-type"].startswith("text/event-stream")
            assert events.response.headers["cache-control"] == "no-store"

    run(work())


def test_several_cells_are_one_stream_with_one_cursor(tmp_path: Path) -> None:
    """Each cell's events in order; the id names the position in each."""

    async def work() -> None:
        async with outside(tmp_path) as site:
            await book(site, "a", "annex", "b")
            async with reading(site, "?cell=rooms&cell=cars") as events:
                seen = await events.take(4)
                assert sorted(seen) == [("cars", 2), ("rooms", 1), ("rooms", 2), ("rooms", 3)]
                assert events.last_id == "rooms=3,cars=2"
            async with reading(site, "?cell=cars") as events:
                assert await events.take(1) == [("cars", 2)]

    run(work())


@pytest.mark.parametrize("after", ["rooms=2", "rooms=2,cars=0"])
def test_a_cursor_is_where_to_go_on(after: str, tmp_path: Path) -> None:
    """Cells that it does not name begin at their beginning."""

    async def work() -> None:
        async with outside(tmp_path) as site:
            await book(site, "a", "annex", "b")
            async with reading(site, f"?after={after}") as events:
                assert sorted(await events.take(2)) == [("cars", 2), ("rooms", 3)]

    run(work())


def test_now_is_the_end(tmp_path: Path) -> None:
    """Only what comes; and the first line says where that is, in case the line breaks before."""

    async def work() -> None:
        async with outside(tmp_path) as site:
            await book(site, "a", "b")
            async with reading(site, "?after=now&cell=rooms") as events:
                hello = await events.block()
                assert hello["id"] == "rooms=2"
                assert int(hello["retry"]) > 0
            await book(site, "c")
            async with reading(site, "?after=now&cell=rooms", last=hello["id"]) as events:
                assert await events.take(1) == [("rooms", 3)]

    run(work())


def test_a_reader_goes_on_across_a_restart(tmp_path: Path) -> None:
    """Last-Event-ID loses nothing and repeats nothing, wherever the line broke."""
    seen: list[tuple[str, int]] = []

    async def before(first: list[str]) -> str:
        async with outside(tmp_path) as site:
            await book(site, "a", "annex", "b", "c")
            async with reading(site) as events:
                seen.extend(await events.take(3))
            await book(site, "d")
            first.append(site.client.headers["authorization"].removeprefix("Bearer "))
            return events.last_id

    async def work() -> None:
        keys: list[str] = []
        last = await before(keys)
        async with outside(tmp_path, keys[0]) as site, reading(site, last=last) as events:
            await book(site, "e")
            seen.extend(await events.take(4))
            await book(site, "f")
            assert await events.take(1) == [("rooms", 7)]

    run(work())
    assert sorted(seen) == [("cars", 2), *(("rooms", n) for n in range(1, 7))]


def test_open_streams_do_not_hold_up_the_end(tmp_path: Path) -> None:
    """When the server stops, each stream ends as a stream does, at once."""

    async def work() -> None:
        async with (
            asyncio.timeout(20),
            outside(tmp_path) as site,
            reading(site) as one,
            reading(site, "?cell=cars") as two,
        ):
            await one.block()
            await two.block()
            site.gateway.close()
            assert await one.ends()
            assert await two.ends()

    run(work())


def test_whose_key_is_revoked_hears_no_more(tmp_path: Path) -> None:
    """Not even the event that comes next."""

    async def work() -> None:
        async with outside(tmp_path) as site:
            lise = site.keys.add("lise", ())
            headers = {"Authorization": f"Bearer {lise}"}
            async with site.client.stream("GET", "/events", headers=headers) as response:
                events = Reading(response)
                await book(site, "a")
                assert await events.take(1) == [("rooms", 1)]
                site.keys.revoke("lise")
                await book(site, "b")
                assert await events.ends()

    run(work())


def test_who_leaves_leaves_nothing_behind(tmp_path: Path) -> None:
    """The followers of a reader that is gone end too; `run` counts the tasks at the end."""

    async def work() -> None:
        async with outside(tmp_path) as site:
            at_rest = len(asyncio.all_tasks())
            for _ in range(5):
                async with reading(site) as events:
                    await events.block()
                    assert len(asyncio.all_tasks()) > at_rest
            async with asyncio.timeout(10):
                while len(asyncio.all_tasks()) > at_rest:  # noqa: ASYNC110 (it has no event)
                    await asyncio.sleep(0.01)

    run(work())


def test_head_is_answered_without_a_stream(tmp_path: Path) -> None:
    """Whoever asks only for the headers gets only them."""

    async def work() -> None:
        async with outside(tmp_path) as site:
            answer = await site.client.head("/events")
            assert answer.status_code in (200, 405)
            assert answer.content == b""

    run(work())


# -- without a server ------------------------------------------------------------------------------


class Endless:
    """A transport whose one cell has events without end, and counts how many were taken."""

    def __init__(self, *, fails: Exception | None = None, ends_after: int = 1 << 40) -> None:
        self.taken = 0
        self.fails = fails
        self.ends_after = ends_after

    async def follow(self, cell: str, after: int) -> AsyncGenerator[Delivery, None]:
        """Events as fast as they are wanted."""
        while self.taken < self.ends_after:
            self.taken += 1
            event = rooms.Booked(self.taken, "ada", "a")
            yield Delivery(cell, after + self.taken, event, "id", 0, ANYONE, "", frozenset())
            if self.taken % INBOX == 0:
                await asyncio.sleep(0)
        if self.fails is not None:
            raise self.fails


async def serve(
    transport: Any,
    chunks: list[bytes],
    *,
    slow: asyncio.Event | None = None,
    allowed: bool = True,
    closing: asyncio.Event | None = None,
) -> None:
    """Let a stream send into `chunks`; a reader who is `slow` takes nothing until the event."""

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        if message.get("body") and slow is not None:
            await slow.wait()
        chunks.append(message.get("body", b""))
        await asyncio.sleep(0)

    following = EventStream(
        transport, {"rooms": 0}, allowed=lambda: allowed, closing=closing or asyncio.Event()
    )
    await following({"type": "http", "method": "GET"}, receive, send)


def test_a_slow_reader_costs_no_more_than_the_inbox() -> None:
    """What is not read is not taken: the follower stops at a full inbox."""

    async def work() -> None:
        endless, slow, closing = Endless(), asyncio.Event(), asyncio.Event()
        serving = asyncio.create_task(serve(endless, [], slow=slow, closing=closing))
        for _ in range(1000):
            await asyncio.sleep(0)
        assert endless.taken <= INBOX + 1
        slow.set()
        for _ in range(1000):
            await asyncio.sleep(0)
        assert endless.taken > INBOX + 1
        closing.set()
        await serving

    run(work())


def test_events_that_wait_are_sent_together() -> None:
    """One message to the server for all that is there, with the cursor of each."""

    async def work() -> None:
        chunks: list[bytes] = []
        await serve(Endless(ends_after=200), chunks)
        assert len(chunks) < 100
        text = b"".join(chunks).decode()
        assert text.count("\nid: rooms=") == 201
        assert "id: rooms=200\nevent: rooms.Booked\n" in text

    run(work())


def test_a_stream_ends_with_its_cell() -> None:
    """When there will be no more events, the reader is told so by the end."""

    async def work() -> None:
        chunks: list[bytes] = []
        await serve(Endless(ends_after=3), chunks)
        assert b"".join(chunks).endswith(b": that is all\n\n")

    run(work())


FAILURES = [JournalDamaged("entry 7 is not what was written"), ZeroDivisionError("in an upcaster")]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
def test_a_history_that_cannot_be_read_ends_the_stream_with_a_problem(failure: Exception) -> None:
    """Never a stream that goes on without one of its cells as if nothing were."""

    async def work() -> None:
        chunks: list[bytes] = []
        await serve(Endless(fails=failure, ends_after=3), chunks)
        said = b"".join(chunks).decode()
        last = said.rstrip().rpartition("\n\n")[2]
        assert last.startswith("event: problem\ndata: {")
        assert type(failure).__name__ in last

    run(work())


def test_a_silence_is_broken_by_a_sign_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies and browsers give up on a line that says nothing."""
    monkeypatch.setattr(stream, "HEARTBEAT", 0.01)

    class Silent:
        async def follow(self, cell: str, after: int) -> AsyncGenerator[Delivery, None]:
            await asyncio.Event().wait()
            yield Delivery(cell, after, rooms.Booked(1, "", ""), "", 0, ANYONE, "", frozenset())

    async def work() -> None:
        chunks: list[bytes] = []
        closing = asyncio.Event()
        serving = asyncio.create_task(serve(Silent(), chunks, closing=closing))
        async with asyncio.timeout(10):
            while chunks.count(b": still here\n\n") < 3:  # noqa: ASYNC110 (it has no event)
                await asyncio.sleep(0.01)
        closing.set()
        await serving

    run(work())


def test_who_may_not_hear_hears_nothing() -> None:
    """The question is asked before the first byte."""

    async def work() -> None:
        chunks: list[bytes] = []
        await serve(Endless(), chunks, allowed=False)
        assert b"".join(chunks) == b""

    run(work())
