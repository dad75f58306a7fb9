"""Part (e): how long until a cell with a long past answers its first query.

Two journals hold the same million events over a hundred thousand objects: one is folded from its
beginning, the other from a snapshot and a tail. Each start happens in a fresh process, the file in
the page cache, and ends without saving anything. Run as a module, this file is that process.
"""

import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.options import Options
from benchmarks.ours import booking, word
from benchmarks.report import ROOT, Goal, Row, Table, versions

if TYPE_CHECKING:
    from monocyte.runtime import Runtime

COLD, WARM, LIMIT = "cold fold", "snapshot and tail", "decode and assign, no journal"


@dataclass(frozen=True)
class Past:
    """How much has happened: events in all, and how many of them behind the snapshot."""

    events: int
    tail: int


@dataclass(frozen=True)
class Start:
    """What one start took, in seconds, and how many objects the state then had."""

    wall: float
    cpu: float
    objects: int


def run(options: Options) -> Table:
    """Write the two journals, then start on each of them in turn."""
    past = Past(20_000, 200) if options.quick else Past(1_000_000, 10_000)
    with tempfile.TemporaryDirectory() as folder:
        cold, warm = Path(folder, "cold"), Path(folder, "warm")
        size = write(cold, warm, past)
        starts: dict[str, list[Start]] = {WARM: [], COLD: [], LIMIT: []}
        for _ in range(min(options.rounds, 5)):
            for name, root in ((WARM, warm), (COLD, cold), (LIMIT, Path("-"))):
                starts[name].append(in_process(root, past))
    medians = {name: statistics.median(s.wall for s in taken) for name, taken in starts.items()}
    return Table(
        part="startup",
        title=f"(e) start-up with {past.events:_} events, {starts[COLD][0].objects:_} objects",
        columns=("", "s until it answers", "s CPU", "events/s"),
        rows=tuple(row(name, taken, past) for name, taken in starts.items()),
        goals=(
            Goal(
                f"start from a snapshot and a tail of {past.tail:_}", 0.5, medians[WARM], unit=" s"
            ),
            Goal(f"cold fold of {past.events:_} events", 6, medians[COLD], unit=" s"),
        ),
        versions=versions("msgspec"),
        notes=(f"the journal has {size / 1e6:.0f} MB; imports are not counted",),
    )


def row(name: str, starts: list[Start], past: Past) -> Row:
    """A line of the table."""
    wall = statistics.median(start.wall for start in starts)
    cpu = statistics.median(start.cpu for start in starts)
    folded = past.tail if name == WARM else past.events
    raw: dict[str, object] = {"wall": [s.wall for s in starts], "cpu": [s.cpu for s in starts]}
    return Row(name, (f"{wall:.3f}", f"{cpu:.3f}", f"{folded / wall:.0f}"), raw)


# -- the past --------------------------------------------------------------------------------


def write(cold: Path, warm: Path, past: Past) -> int:
    """Fill both journals with the same events, one of them with a snapshot; returns the bytes."""
    asyncio.run(append(cold, 1, past.events - past.tail))
    shutil.copytree(cold, warm)
    asyncio.run(save(warm))
    for root in (cold, warm):
        asyncio.run(append(root, past.events - past.tail + 1, past.events))
    return sum(file.stat().st_size for file in cold.rglob("*") if file.is_file())


async def append(root: Path, first: int, last: int) -> None:
    """Append one command with one event for each position from first to last."""
    from monocyte.journal import SqliteJournal

    runtime = hosting(root)
    wake = asyncio.get_running_loop().call_soon_threadsafe
    journal = SqliteJournal(runtime.path, wake=wake)
    make = entries()
    for seq in range(first, last + 1):
        journal.append(make(seq), written)
        if seq % 10_000 == 0:
            journal.flush()
    journal.close()


def written(error: Exception | None) -> None:
    """Raise what has kept an entry from the disk."""
    if error is not None:
        raise error


def entries() -> Callable[[int], Any]:
    """A function that makes the entry of a position."""
    from monocyte.contracts.codec import encode
    from monocyte.journal import Entry, EventRecord

    release, take, taken = booking().release, word("Take"), word("Taken")
    now = time.time_ns() // 1000

    def make(seq: int) -> Any:
        event = EventRecord("Taken", 1, encode(taken(seq % 100_000, "ada", "microscope", seq)))
        message = encode(take("microscope", seq))
        return Entry(
            *("booking", seq, "command", f"past-{seq}", now, "Take", 1, message),
            events=(event,),
            principal="ada",
            release=release,
        )

    return make


async def save(root: Path) -> None:
    """Start on a journal and stop, which saves a snapshot."""
    async with hosting(root):
        pass


def hosting(root: Path) -> "Runtime":
    """The benchmarks' app with its journal under `root`."""
    from monocyte.runtime import Runtime, Settings
    from monocyte.runtime.settings import AppSettings

    (root / "data").mkdir(parents=True, exist_ok=True)
    return Runtime((booking(),), Settings(AppSettings("bench", "bench")), root)


# -- one start, in a process of its own ------------------------------------------------------


def in_process(root: Path, past: Past) -> Start:
    """Start on the journal under `root` in a fresh process."""
    command = (sys.executable, "-m", "benchmarks.startup", str(root), str(past.events))
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"a start failed:\n{done.stderr[-2000:]}")
    return Start(**json.loads(done.stdout))


def main(root: str, events: str) -> None:
    """Start once, print what it took, and end without saving anything."""
    start = decode(int(events)) if root == "-" else asyncio.run(answer(Path(root), int(events)))
    print(json.dumps(vars(start)), flush=True)
    os._exit(0)


async def answer(root: Path, events: int) -> Start:
    """Start the runtime and ask one query."""
    from monocyte.contracts import ANYONE

    runtime, look = hosting(root), word("Look")
    wall, cpu = time.perf_counter(), time.process_time()
    await runtime.start()
    await runtime.client(ANYONE).ask(look("microscope", 1))
    took = time.perf_counter() - wall, time.process_time() - cpu
    fold = runtime.host.engines["booking"].fold
    assert fold.seq == events, f"folded to {fold.seq} of {events}"
    return Start(*took, len(fold.state))


def decode(events: int) -> Start:
    """The limit: the same events from memory into the same dictionary."""
    from monocyte.contracts.codec import decode, encode

    taken = word("Taken")
    bodies = [encode(taken(n % 100_000, "ada", "microscope", n)) for n in range(1, events + 1)]
    state: dict[int, object] = {}
    wall, cpu = time.perf_counter(), time.process_time()
    for body in bodies:
        event = decode(taken, body)
        state[event.id] = event
    return Start(time.perf_counter() - wall, time.process_time() - cpu, len(state))


if __name__ == "__main__":
    main(*sys.argv[1:])
