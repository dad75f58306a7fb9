"""Two ways of loading a server: as hard as it takes, and as people do.

`hammer` keeps every connection busy (closed loop): it finds the cost of a request. `Crowd` sends at
random moments whether the server keeps up or not (open loop): it finds how long people wait, and a
delay counts from the moment at which the request was due, so a stall is not hidden by the requests
that it held back.
"""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from benchmarks.wire import Connection, Reply

Make = Callable[[int, random.Random], bytes]
"""Makes the next request of a user, whose number is given."""


REFUSED = 422
"""The status of a refusal by a rule."""


HUNG_UP = 0
"""What a request counts as that the server dropped without an answer."""


class UnexpectedReply(Exception):
    """A server under measurement answered something else than success."""


async def hammer(port: int, requests: Sequence[bytes], connections: int) -> float:
    """Send all requests over so many busy connections; returns the seconds that it took."""
    waiting = iter(requests)
    lines = [await Connection.open(port) for _ in range(connections)]

    async def work(line: Connection) -> None:
        for request in waiting:
            succeeded(await line.request(request), request)

    start = time.perf_counter()
    try:
        await asyncio.gather(*map(work, lines))
        return time.perf_counter() - start
    finally:
        for line in lines:
            line.close()


def succeeded(reply: Reply, request: bytes) -> None:
    """Do nothing if the reply is a success.

    Raises:
        UnexpectedReply: it is not; with request and reply.
    """
    if not 200 <= reply.status < 300:
        raise UnexpectedReply(f"{reply.status} {reply.body[:300]!r} to {request[:300]!r}")


@dataclass
class Crowd:
    """Users who each ask at random moments (Poisson), so often a second on average.

    `reads` of the requests are made by `read`, the others by `write`. `delays` holds the seconds
    from when each request was due to its answer, by kind. A refusal by a rule is an answer, and
    counted; everything else but success is `failed`, counted by status.
    """

    port: int
    users: int
    read: Make
    write: Make
    rate: float = 1.0
    reads: float = 0.8
    seed: int = 0
    delays: dict[str, list[float]] = field(default_factory=lambda: {"read": [], "write": []})
    refused: int = 0
    failed: dict[int, int] = field(default_factory=dict)

    def forget(self) -> None:
        """Begin to count anew."""
        self.delays = {"read": [], "write": []}
        self.refused, self.failed = 0, {}

    async def live(self, seconds: float) -> None:
        """Let all users ask for so long, each over a connection that is open before the first."""
        lines = [await Connection.open(self.port) for _ in range(self.users)]
        end = time.perf_counter() + seconds
        async with asyncio.TaskGroup() as group:
            for number, line in enumerate(lines):
                group.create_task(self.user(number, line, end))

    async def user(self, number: int, line: Connection, end: float) -> None:
        """One user's session."""
        chance = random.Random(f"{self.seed}/{number}")
        due = time.perf_counter() + chance.expovariate(self.rate)
        try:
            while due < end:
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                if line.closed:
                    line = await Connection.open(self.port)
                await self.ask(line, number, chance, due)
                due += chance.expovariate(self.rate)
        finally:
            line.close()

    async def ask(self, line: Connection, number: int, chance: random.Random, due: float) -> None:
        """Send one request and note how long it took, or that it failed."""
        kind, make = ("read", self.read) if chance.random() < self.reads else ("write", self.write)
        try:
            reply = await line.request(make(number, chance))
        except ConnectionError:
            self.failed[HUNG_UP] = self.failed.get(HUNG_UP, 0) + 1
            return
        if 200 <= reply.status < 300 or reply.status == REFUSED:
            self.delays[kind].append(time.perf_counter() - due)
            self.refused += reply.status == REFUSED
        else:
            self.failed[reply.status] = self.failed.get(reply.status, 0) + 1
