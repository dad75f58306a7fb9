"""Monocyte's own rows: requests by the whole path that users get, nothing switched off."""

from collections.abc import AsyncIterator

from benchmarks.harness import Spin
from benchmarks.peers import Peer, by_position


async def bus() -> AsyncIterator[Spin]:
    """Client and transport alone, a plain function behind the route: what the engine stands on."""
    from monocyte import Query, Value
    from monocyte.bus import Client, MemoryTransport, Route, Service

    class BusSeat(Value):
        instrument: str
        hour: int
        free: bool

    class BusLook(Query[BusSeat]):
        instrument: str
        hour: int

    def answer(envelope: object, look: BusLook) -> BusSeat:
        return BusSeat(look.instrument, look.hour, look.hour % 2 == 0)

    transport = MemoryTransport()
    route = Route("booking", BusLook, BusSeat, is_command=False, immediate=True, answer=answer)
    transport.serve(Service("booking", (route,), (), lambda after: iter(())))
    yield by_position(BusLook, Client(transport).ask)


OURS: tuple[Peer, ...] = (Peer("monocyte bus, no engine", "", bus),)
