"""Part (f): what 1, 10, 100 and 1 000 cells cost, per request and while they do nothing.

The cells are copies of the one in `app/`, each in a file of its own, hosted by the runtime on one
journal on disk. Requests go to one cell, and to all of them in turn: the first finds
what the bus's tables cost, the second also what the processor's caches do.
"""

import asyncio
import gc
import tempfile
import time
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from benchmarks.harness import Plan, Samples, Spin, interleave
from benchmarks.options import Options
from benchmarks.ours import APP
from benchmarks.report import Goal, Row, Table, ratio_row, versions

if TYPE_CHECKING:
    from monocyte.cell import Manifest
    from monocyte.runtime import Runtime

SIZES = (1, 10, 100, 1000)
KINDS = (("query", "Look", "ask", 1), ("command", "Take", "send", 64))
"""What is measured: its name, its word in the cell, the client's method, how many in flight."""


@dataclass(frozen=True)
class Asked:
    """A candidate on a host that stays up: one kind of request, to some of its cells in turn."""

    name: str
    spin: Spin

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Spin]:
        """Lend the spin."""
        yield self.spin

    def cpu(self) -> float:
        """CPU seconds of this process, its journal's thread included."""
        return time.process_time()


@dataclass(frozen=True)
class Idle:
    """Bytes per cell: its definition, imported and read; being hosted; what a first query adds.

    The last is large because a route is compiled when it is first asked for.
    """

    definition: float
    hosted: float
    asked: float


def run(options: Options) -> Table:
    """Measure all sizes in interleaved rounds."""
    return asyncio.run(grow(options))


async def grow(options: Options) -> Table:
    """Host every size at once, weigh them, and ask them."""
    plan = Plan(options.rounds, options.seconds, options.seed)
    sizes = SIZES[:3] if options.quick else SIZES
    rows: list[Row] = []
    goals: list[Goal] = []
    async with AsyncExitStack() as stack:
        hosts = {size: await stack.enter_async_context(hosted(size)) for size in sizes}
        for kind in KINDS:
            first, *more = candidates(kind, hosts)
            results = await interleave(first, more, plan)
            rows += [ratio_row(name, result) for name, result in results.items()]
            last = results[f"{kind[0]}, one of {sizes[-1]}"]
            if isinstance(last, Samples):
                what = f"{kind[0]} at {sizes[-1]} cells against at 1"
                goals.append(Goal(what, 1.2, last.spread()[1], unit="x"))
        for size, (_, _, idle) in hosts.items():
            rows += weights(size, idle)
        goals.append(Goal("bytes per idle cell", 3000, hosts[sizes[-1]][2].hosted, unit=" B"))
    return Table(
        part="growth",
        title="(f) growth: CPU time per request, times that at 1 cell; bytes of an idle cell",
        columns=("", "µs CPU", "times 1 cell", "q1", "q3"),
        rows=tuple(rows),
        goals=tuple(goals),
        versions=versions("msgspec"),
        notes=("the journal is on disk; 64 commands in flight, each waits for its fsync",),
    )


Hosted = tuple["Runtime", "tuple[Manifest, ...]", Idle]


def candidates(kind: tuple[str, str, str, int], hosts: dict[int, Hosted]) -> list[Asked]:
    """One kind of request, to one cell of each size, then to all; the first is the baseline."""
    name, word, method, in_flight = kind
    one, every = [], []
    for size, (runtime, manifests, _) in hosts.items():
        words = [manifest.words[word] for manifest in manifests]
        send = getattr(client(runtime), method)
        one.append(Asked(f"{name}, one of {size}", in_turn(words[:1], send, in_flight)))
        if size > 1:
            every.append(Asked(f"{name}, all {size} in turn", in_turn(words, send, in_flight)))
    return [*one, *every]


def in_turn(
    words: Sequence[Callable[[str, int], Any]],
    send: Callable[[Any], Awaitable[Any]],
    in_flight: int,
) -> Spin:
    """A spin that asks one cell after the other, with so many requests in flight."""
    turns = cycle(words)

    async def work(hours: Iterator[int]) -> object:
        reply: object = None
        for hour in hours:
            reply = await send(next(turns)("microscope", hour))
        return reply

    async def spin(count: int) -> object:
        hours = iter(range(count))
        if in_flight == 1:
            return await work(hours)
        return await asyncio.gather(*(work(hours) for _ in range(in_flight)))

    return spin


async def ask_all(
    runtime: "Runtime", manifests: Sequence["Manifest"], _: str, word: str, method: str, __: int
) -> None:
    """Ask every cell once, so that no sample pays for what only the first request does."""
    send = getattr(client(runtime), method)
    for manifest in manifests:
        await send(manifest.words[word]("microscope", 1))


def client(runtime: "Runtime") -> Any:
    """Somebody who may ask anything."""
    from monocyte.contracts import ANYONE

    return runtime.client(ANYONE)


@asynccontextmanager
async def hosted(size: int) -> AsyncIterator[Hosted]:
    """A running app of so many cells, with what one of them weighs."""
    from monocyte.cell import load_package
    from monocyte.runtime import Runtime
    from monocyte.runtime.settings import AppSettings, Settings

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        package = write_cells(root, size)
        with Weighed() as definition:
            loaded = load_package(root, package)
        assert not loaded.faults, loaded.faults
        runtime = Runtime(loaded.manifests, Settings(AppSettings(package, package)), root)
        with Weighed() as running:
            await runtime.start()
        try:
            with Weighed() as asked:
                await ask_all(runtime, loaded.manifests, *KINDS[0])
            await ask_all(runtime, loaded.manifests, *KINDS[1])
            weighed = (definition, running, asked)
            yield runtime, loaded.manifests, Idle(*(w.bytes / size for w in weighed))
        finally:
            await runtime.stop()


def write_cells(root: Path, size: int) -> str:
    """Copy the cell of the benchmarks so often, under names of their own; returns the package."""
    package = f"grown{size}"
    source = (APP / "bench" / "booking.py").read_text()
    folder = root / package
    folder.mkdir()
    (folder / "__init__.py").touch()
    for number in range(size):
        name = f"{package}_{number:04}"
        (folder / f"{name}.py").write_text(source.replace('Cell("booking"', f'Cell("{name}"'))
    return package


class Weighed:
    """What the block has allocated in Python and still holds at its end, in bytes."""

    bytes = 0

    def __enter__(self) -> Self:
        gc.collect()
        tracemalloc.start()
        return self

    def __exit__(self, *_: object) -> None:
        gc.collect()
        self.bytes = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()


def weights(size: int, idle: Idle) -> Iterator[Row]:
    """The lines about the memory of one cell."""
    for name, size_of in (
        ("idle cell", idle.hosted),
        ("  its first query adds", idle.asked),
        ("  its definition takes", idle.definition),
    ):
        yield Row(f"{name}, of {size}", (f"{size_of:.0f} B",), {"bytes": size_of})
