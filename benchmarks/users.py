"""Part (d): how long 150 people wait who use the lab app at once.

Each asks once a second on average (Poisson), 80 % of it reads; the app has a year of commands
behind it and waits for the disk before it acknowledges. It runs on one core, the crowd on another.
A delay counts from the moment at which the request was due. The control is the same crowd with the
same rhythm at bare starlette: what is left is server, client, loopback and the machine.
"""

import asyncio
import json
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from benchmarks import servers, wire
from benchmarks.load import Crowd, Make
from benchmarks.options import Options
from benchmarks.report import ROOT, Goal, Row, Table, versions
from benchmarks.servers import Server

USERS = 150
LAB, CONTROL = "monocyte, the lab app", "bare starlette"


@dataclass
class Waited:
    """What the crowd has seen of one server over all rounds: delays in seconds, failures, CPU."""

    read: list[float] = field(default_factory=list)
    write: list[float] = field(default_factory=list)
    refused: int = 0
    failed: dict[int, int] = field(default_factory=dict)
    cpu: list[float] = field(default_factory=list)
    """Share of a core, by round."""
    delayed: list[float] = field(default_factory=list)
    """Share of the time in which it was ready but somebody else had the core, by round."""

    @property
    def all(self) -> list[float]:
        """Reads and writes."""
        return self.read + self.write


def run(options: Options) -> Table:
    """Seed the lab, then let the crowd live at each server in turn."""
    rounds, seconds, commands = (1, 3.0, 500) if options.quick else (3, 30.0, 20_000)
    waited = {LAB: Waited(), CONTROL: Waited()}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        root = Path(folder)
        shutil.copytree(ROOT / "examples" / "lab", root / "lab", ignore=lab_data)
        people = tell_a_year(root / "lab", commands)
        lab = stack.enter_context(servers.serving(root / "lab.log", root / "lab"))
        bare = stack.enter_context(servers.serving(root / "bare.log"))
        servers.leave_first_core()
        rhythm = ((LAB, lab, asks(people, READS), asks(people, WRITES)), (CONTROL, bare, *PLAIN))
        for turn in range(rounds):
            for name, server, read, write in rhythm:
                crowd = Crowd(server.port, USERS, read, write, seed=options.seed + turn)
                asyncio.run(live(server, crowd, seconds, waited[name]))
    return report(waited, commands)


def report(waited: dict[str, Waited], commands: int) -> Table:
    """The table of all rounds."""
    lab = waited[LAB]
    per_cent = 100 * lab.refused / max(1, len(lab.write))
    return Table(
        part="users",
        title=f"(d) {USERS} users, one request a second each, 80 % reads: milliseconds they wait",
        columns=(
            "",
            "requests",
            "p50",
            "p99",
            "max",
            "reads p99",
            "writes p99",
            "% CPU",
            "% delayed",
        ),
        rows=tuple(row(name, seen) for name, seen in waited.items()),
        goals=(
            Goal("p99 of all requests at the lab app", 50, 1000 * nth(lab.all, 99), unit=" ms"),
            Goal("requests that failed", 0, sum(lab.failed.values())),
        ),
        versions=versions("granian", "starlette", "msgspec"),
        notes=(
            f"the lab has {commands:_} commands behind it",
            f"{per_cent:.0f} % of its writes were refused by a rule, which is journalled too",
            f"failures by status: {lab.failed or 'none'}",
        ),
    )


def row(name: str, seen: Waited) -> Row:
    """A line of the table."""
    delays = (nth(seen.all, 50), nth(seen.all, 99), max(seen.all))
    shown = (*delays, nth(seen.read, 99), nth(seen.write, 99))
    figures = (str(len(seen.all)), *(f"{1000 * delay:.1f}" for delay in shown))
    shares = (f"{100 * statistics.median(share):.0f}" for share in (seen.cpu, seen.delayed))
    raw = {"read": seen.read, "write": seen.write, "cpu": seen.cpu, "delayed": seen.delayed}
    return Row(name, (*figures, *shares), dict(raw))


def nth(delays: list[float], percent: int) -> float:
    """A percentile."""
    return statistics.quantiles(delays, n=100, method="inclusive")[percent - 1]


async def live(server: Server, crowd: Crowd, seconds: float, into: Waited) -> None:
    """Let a crowd live, after a warm-up of a tenth of the time, and add up what it saw."""
    await crowd.live(seconds / 10)
    crowd.forget()
    cpu, delayed = server.cpu(), server.delayed()
    await crowd.live(seconds)
    into.cpu.append((server.cpu() - cpu) / seconds)
    into.delayed.append((server.delayed() - delayed) / seconds)
    into.read += crowd.delays["read"]
    into.write += crowd.delays["write"]
    into.refused += crowd.refused
    for status, times in crowd.failed.items():
        into.failed[status] = into.failed.get(status, 0) + times


# -- the lab and its people ------------------------------------------------------------------------


def lab_data(folder: str, names: list[str]) -> list[str]:
    """What is not copied of the lab: what it keeps."""
    return [name for name in names if name in ("data", "__pycache__")]


def tell_a_year(root: Path, commands: int) -> list[dict[str, str]]:
    """Let the lab in that directory live through its year; returns its users with their keys."""
    command = (sys.executable, "-m", "benchmarks.lab_year", str(root), str(commands), str(USERS))
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the lab's year could not be told:\n{done.stderr[-3000:]}")
    people: list[dict[str, str]] = json.loads(done.stdout)
    return people


# -- what they ask ---------------------------------------------------------------------------------

Ask = Callable[[str, random.Random], tuple[str, dict[str, Any]]]
"""From a person's handle: a message's address, and its fields."""

INSTRUMENTS = ("centrifuge", "qpcr-1", "qpcr-2", "plate-reader")
"""Those for which nobody needs a training."""


def day(chance: random.Random) -> str:
    """A day of the year that the lab has behind it."""
    return f"2025-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"


def slot(chance: random.Random) -> dict[str, str]:
    """An hour of the year to come."""
    date = f"2026-{chance.randint(2, 12):02}-{chance.randint(1, 28):02}"
    hour = chance.randint(7, 20)
    return {"start": f"{date}T{hour:02}:00:00Z", "end": f"{date}T{hour + 1:02}:00:00Z"}


def on_a_day(who: str, chance: random.Random) -> dict[str, str]:
    """An instrument and a day."""
    return {"instrument": chance.choice(INSTRUMENTS), "day": day(chance)}


READS: tuple[Ask, ...] = (
    lambda who, chance: ("instruments/ListBookings", on_a_day(who, chance)),
    lambda who, chance: ("instruments/FindFree", on_a_day(who, chance)),
    lambda who, chance: ("equipment/ListInstruments", {}),
    lambda who, chance: (
        "instruments/ListBookingsOf",
        {"who": who, "since": f"{day(chance)}T00:00:00Z"},
    ),
    lambda who, chance: ("digests/MyNews", {}),
    lambda who, chance: ("people/GetMember", {"handle": who}),
    lambda who, chance: ("notebook/ListEntries", {"author": who}),
    lambda who, chance: ("notebook/Search", {"words": chance.choice(("buffer", "cells", "gel"))}),
    lambda who, chance: ("samples/ListOwned", {"owner": who}),
)

WRITES: tuple[Ask, ...] = (
    lambda who, chance: (
        "instruments/BookInstrument",
        {"instrument": chance.choice(INSTRUMENTS), "slot": slot(chance)},
    ),
    lambda who, chance: (
        "notebook/WriteEntry",
        {"day": day(chance), "text": {"title": "A day in the lab", "body": "Cells grew. " * 20}},
    ),
    lambda who, chance: ("notices/Mute", {"topics": []}),
)


def asks(people: list[dict[str, str]], table: tuple[Ask, ...]) -> Make:
    """How a user makes one request of a table: a GET if it reads, else a POST."""
    reads = table is READS

    def make(number: int, chance: random.Random) -> bytes:
        person = people[number]
        headers = {"Authorization": f"Bearer {person['key']}"}
        address, fields = chance.choice(table)(person["handle"], chance)
        if reads:
            return wire.get(f"/cells/{address}?{urlencode(fields)}", headers)
        return wire.post(f"/cells/{address}", fields, headers)

    return make


PLAIN: tuple[Make, Make] = (
    lambda number, chance: wire.get("/look?instrument=microscope&hour=2"),
    lambda number, chance: wire.post("/look", {"instrument": "microscope", "hour": 2}),
)
