"""A client wraps what it is asked to send in envelopes of its own."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Mapping
from itertools import count
from typing import Any

from monocyte.bus import Client, Delivery, MemoryTransport, Request, Transport, fresh_id
from monocyte.contracts import ANYONE, Envelope, Message
from tests.bus.stage import LISE, Look, Stage, Wait, struck


class FakeTransport(MemoryTransport):
    """Keeps what it is asked, and answers with the number of it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[Envelope, Message]] = []
        self.followed: list[tuple[str, int]] = []
        self.requests: Any = defaultdict(lambda: self.request)

    async def request(self, envelope: Envelope, message: Message) -> Any:
        """Keep it."""
        self.asked.append((envelope, message))
        return len(self.asked)

    async def follow(self, cell: str, after: int) -> AsyncGenerator[Delivery, None]:
        """One event."""
        self.followed.append((cell, after))
        yield struck(after + 1)


def asked(*requests: Any, **options: Any) -> list[tuple[Envelope, Message]]:
    """What reaches the transport when a client is used like that; its clock stands at 100."""
    transport = FakeTransport()
    client = Client(transport, now=lambda: 100.0, **options)

    async def main() -> None:
        for request in requests:
            await request(client)

    asyncio.run(main())
    return transport.asked


def test_a_query_goes_out_with_who_asks_and_until_when() -> None:
    """The principal, the labels, and the timeout from now on."""
    ((envelope, message),) = asked(
        lambda client: client.ask(Look()),
        principal=LISE,
        labels=frozenset({"web"}),
        timeout=5.0,
    )
    assert message == Look()
    assert (envelope.principal, envelope.labels) == (LISE, frozenset({"web"}))
    assert (envelope.deadline, envelope.path, envelope.fresh) == (105.0, (), False)


def test_a_client_without_a_principal_is_anyone() -> None:
    """It has no role, and half a minute."""
    ((envelope, _),) = asked(lambda client: client.ask(Look()))
    assert (envelope.principal, envelope.deadline) == (ANYONE, 130.0)


def test_each_query_has_an_id_of_its_own() -> None:
    """A counter is enough: nobody answers a query from memory."""
    ids = [envelope.id for envelope, _ in asked(*[lambda client: client.ask(Look())] * 3)]
    assert len(set(ids)) == 3


def test_a_command_has_a_fresh_id() -> None:
    """Nobody can have answered it before, and nobody needs to look."""
    numbers = count(1)
    sent = asked(*[lambda client: client.send(Wait(1))] * 2, new_id=lambda: f"c-{next(numbers)}")
    assert [(envelope.id, envelope.fresh) for envelope, _ in sent] == [("c-1", True), ("c-2", True)]


def test_a_command_with_an_id_may_have_been_answered() -> None:
    """It is sent again on purpose: its id is not fresh."""
    ((envelope, _),) = asked(lambda client: client.send(Wait(1), id="again"))
    assert (envelope.id, envelope.fresh) == ("again", False)


def test_a_command_carries_the_trace_that_it_is_given() -> None:
    """Trace and span, as the wall has read them."""
    ((envelope, _),) = asked(lambda client: client.send(Wait(1), trace=(0xAB, 0xCD)))
    assert envelope.traceparent == f"00-{0xAB:032x}-{0xCD:016x}-01"


def test_labels_deadline_and_principal_hold_for_commands_too() -> None:
    """As for queries."""
    ((envelope, _),) = asked(
        lambda client: client.send(Wait(1)), principal=LISE, labels=frozenset({"model"}), timeout=1
    )
    assert (envelope.principal, envelope.labels, envelope.deadline) == (
        LISE,
        frozenset({"model"}),
        101.0,
    )


def test_ids_are_never_made_twice() -> None:
    """Nor in another process, which starts with another prefix."""
    ids = [fresh_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert len({id.rpartition("-")[0] for id in ids}) == 1


def test_a_client_follows() -> None:
    """From the beginning, or from a cursor."""

    async def main() -> None:
        transport = FakeTransport()
        client = Client(transport)
        assert [delivery.seq async for delivery in client.follow("probe")] == [1]
        assert [delivery.seq async for delivery in client.follow("probe", 7)] == [8]
        assert transport.followed == [("probe", 0), ("probe", 7)]

    asyncio.run(main())


def test_nothing_is_sent_before_it_is_awaited() -> None:
    """A request that is dropped has not happened."""

    async def main() -> None:
        transport = FakeTransport()
        request: Awaitable[None] = Client(transport).ask(Look())
        assert not transport.asked
        await request
        assert len(transport.asked) == 1

    asyncio.run(main())


def test_a_client_finds_what_is_served_later() -> None:
    """A client is made before the cells are, and outlives them."""

    async def main() -> None:
        transport: Transport = MemoryTransport()
        client = Client(transport, LISE)
        stage = Stage()
        stage.begin(transport)
        await client.ask(Look())
        transport.withdraw("probe")
        stage.serve()
        await client.ask(Look())
        assert len(stage.log) == 2

    asyncio.run(main())


def test_a_transport_says_how_to_ask_each_kind_of_message() -> None:
    """The mapping answers for what nobody serves, too: by failing when awaited."""
    requests: Mapping[type[Message], Request] = MemoryTransport().requests
    assert callable(requests[Look])
