"""Part (c): what the wall adds to a request: the gateway beside bare starlette on the same server.

The figure is CPU time of the server process per request, eight connections kept busy; the server
has a core of its own where there are two.
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from benchmarks import servers, wire
from benchmarks.harness import Plan, Samples, Skipped, Spin, measure
from benchmarks.load import hammer
from benchmarks.options import Options
from benchmarks.ours import APP
from benchmarks.report import Goal, Table, ratio_row, versions
from benchmarks.servers import Server

CONNECTIONS = 8
LONGER = 10
"""Samples are so many times longer than in-process ones: the kernel counts in ticks of 10 ms."""

OURS = "monocyte, query by GET"
LOOK = {"instrument": "microscope", "hour": 2}
QUERY = urlencode(LOOK)


@dataclass(frozen=True)
class Asked:
    """A candidate: one request to one server, again and again."""

    name: str
    server: Server
    request: bytes

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Spin]:
        """Lend a spin that keeps all connections busy."""

        async def spin(count: int) -> float:
            return await hammer(self.server.port, [self.request] * count, CONNECTIONS)

        yield spin

    def cpu(self) -> float:
        """CPU seconds of the server."""
        return self.server.cpu()


def run(options: Options) -> Table:
    """Start both servers and measure them in interleaved rounds."""
    plan = Plan(options.rounds, options.seconds * LONGER, options.seed)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        root = Path(folder)
        shutil.copytree(APP, root / "app")
        key = {"Authorization": f"Bearer {owner_key(root / 'app')}"}
        bare = stack.enter_context(servers.serving(root / "bare.log"))
        ours = stack.enter_context(servers.serving(root / "ours.log", root / "app"))
        servers.leave_first_core()
        baseline, *others = (
            Asked("starlette, GET", bare, wire.get(f"/look?{QUERY}")),
            Asked("starlette, POST", bare, wire.post("/look", LOOK)),
            Asked(OURS, ours, wire.get(f"/cells/booking/Look?{QUERY}", key)),
            Asked("monocyte, command by POST", ours, wire.post("/cells/booking/Take", LOOK, key)),
        )
        asyncio.run(look_alike(baseline, others[1]))
        results = measure(baseline, others, plan)
    return Table(
        part="gateway",
        title=f"(c) HTTP: server CPU per request, {CONNECTIONS} connections kept busy",
        columns=("", "µs CPU", "times starlette", "q1", "q3"),
        rows=tuple(ratio_row(name, result) for name, result in results.items()),
        goals=tuple(goals(results)),
        versions=versions("granian", "starlette", "msgspec"),
        notes=("the command is journalled and waits for its fsync; starlette keeps nothing",),
    )


def owner_key(root: Path) -> str:
    """A key of the app in that directory, for somebody who may do everything."""
    from monocyte.app import load_app
    from monocyte.dmz import OWNER

    return load_app(root).keys().add("ada", (OWNER,))


async def look_alike(*asked: Asked) -> None:
    """Prove that the compared servers give the same answer to the same question."""
    bodies = set()
    for candidate in asked:
        line = await wire.Connection.open(candidate.server.port)
        reply = await line.request(candidate.request)
        bodies.add((reply.status, reply.body))
        line.close()
    assert len(bodies) == 1, bodies


def goals(results: dict[str, Samples | Skipped]) -> list[Goal]:
    """A query through the gateway against the same answer from bare starlette."""
    ours = results[OURS]
    if isinstance(ours, Skipped):
        return []
    return [Goal("gateway against bare starlette", 1.3, ours.spread()[1], unit="x")]
