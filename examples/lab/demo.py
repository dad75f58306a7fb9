"""A year of the lab, told to the app over its bus; then people use it over HTTP, and it is killed.

`python demo.py` makes everything anew in `data/demo` beside this file and says what it does. Nothing
is simulated: the cells, the journal, the gateway and the signals are the real ones.
"""

import argparse
import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from monocyte.app import App, load_app
from monocyte.contracts import Principal
from monocyte.errors import BusError, Refused
from monocyte.runtime import Runtime

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from seed import Sent, commands  # noqa: E402 (it lives beside this file, not in the package)

console = Console(highlight=False)


@dataclass
class Tally:
    """What became of the commands that were sent."""

    accepted: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--commands", type=int, default=20_000, help="how many commands, at least")
    options.add_argument("--seed", type=int, default=0, help="another seed, another year")
    given = options.parse_args()
    data = HERE / "data" / "demo"
    shutil.rmtree(data, ignore_errors=True)
    app = at_home_in(load_app(HERE), data)
    for fault in app.faults:
        raise SystemExit(str(fault))
    asyncio.run(a_year(app, list(commands(given.seed, given.commands))))
    a_day(app)
    console.print(f"\nThe journal is in {os.path.relpath(app.journal)}. Look around:")
    for line in ("monocyte cells", "monocyte journal verify", "monocyte run"):
        console.print(f"  cd {os.path.relpath(HERE)} && {line}", markup=False)


def at_home_in(app: App, data: Path) -> App:
    """The app with another place for what it keeps, and with any port that is free."""
    journal = msgspec.structs.replace(app.settings.journal, path=str(data / "journal.db"))
    return app._replace(settings=msgspec.structs.replace(app.settings, journal=journal))


# -- a year over the bus ---------------------------------------------------------------------------


async def a_year(app: App, year: list[Sent]) -> None:
    console.rule("[bold]A year of the lab, over the bus")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    tally, started = Tally(), time.perf_counter()
    async with app.runtime() as runtime:
        with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
            bar = progress.add_task("commands", total=len(year))
            for _, together in groupby(year, key=attrgetter("at")):
                batch = list(together)
                await asyncio.gather(*(send(runtime, sent, tally) for sent in batch))
                progress.advance(bar, len(batch))
        sent_in = time.perf_counter() - started
        while not runtime.host.quiet:
            await asyncio.sleep(0.01)
        settled_in = time.perf_counter() - started
        report(runtime, app, tally, sent_in, settled_in)


async def send(runtime: Runtime, sent: Sent, tally: Tally) -> None:
    try:
        await runtime.client(Principal(sent.who, sent.roles)).send(sent.command)
        tally.accepted += 1
    except Refused as why:
        tally.refused[f"{why.rule}  {why.message.partition(' (')[0]}"] += 1
    except BusError as why:
        tally.failed[f"{why.kind}  {why.message}"] += 1


def report(runtime: Runtime, app: App, tally: Tally, sent_in: float, settled_in: float) -> None:
    total = tally.accepted + tally.refused.total() + tally.failed.total()
    console.print(
        f"{total:,} commands in {sent_in:.1f} s ({total / sent_in:,.0f}/s, each synced to disk): "
        f"{tally.accepted:,} accepted, {tally.refused.total():,} refused by a rule, "
        f"{tally.failed.total():,} failed; all that followed from them by {settled_in:.1f} s"
    )
    for rule, times in tally.refused.most_common(6):
        console.print(f"  {times:>5} × {rule}", markup=False)
    for error, times in tally.failed.most_common(3):
        console.print(f"  {times:>5} × {error}", style="red", markup=False)
    table = Table("cell", "position", "commands", "refused", "reactions", "CPU s", "dead letters")
    for name, cell in runtime.status().items():
        row = ("position", "commands", "refusals", "reactions")
        cpu, dead = f"{cell['cpu']:.2f}", str(cell["dead_letters"])
        table.add_row(name, *(f"{cell[key]:,.0f}" for key in row), cpu, dead)
    console.print(table)
    size = sum(f.stat().st_size for f in app.journal.parent.glob("journal.db*"))
    console.print(f"the journal is {size / 1e6:.1f} MB")


# -- a day over HTTP -------------------------------------------------------------------------------


class Person:
    """Somebody with a key, who talks to the app over HTTP."""

    def __init__(self, url: str, name: str, key: str) -> None:
        self.url, self.name, self.key = url, name, key

    def send(self, address: str, id: str = "", **fields: Any) -> Any:
        return self._say("POST", address, json.dumps(fields).encode(), id)

    def ask(self, address: str, **fields: Any) -> Any:
        return self._say("GET", f"{address}?{urlencode({'json': json.dumps(fields)})}", None, "")

    def _say(self, method: str, address: str, body: bytes | None, id: str) -> Any:
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        headers |= {"Idempotency-Key": id} if id else {}
        where = f"{self.url}/cells/{address.replace('.', '/', 1)}"
        request = urllib.request.Request(where, body, headers, method=method)  # noqa: S310 (loopback)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
                return json.loads(response.read())
        except urllib.error.HTTPError as problem:
            return json.loads(problem.read())


@dataclass
class Process:
    """`monocyte run` as a process of its own."""

    child: subprocess.Popen[str]
    url: str
    new_key: str

    def kill(self) -> None:
        """What a power cut or an impatient operator does."""
        self.child.send_signal(signal.SIGKILL)
        self.child.wait()

    def stop(self) -> None:
        self.child.send_signal(signal.SIGTERM)
        self.child.wait(30)


def run(home: Path) -> Process:
    command = [sys.executable, "-m", "monocyte.cli", "run", str(home), "--port", "0", "--json"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603
    line = child.stdout.readline() if child.stdout else ""
    if not line:
        raise SystemExit("the app did not start; its message is above")
    said = json.loads(line)
    return Process(child, said["url"], said["new_key"])


def a_day(app: App) -> None:
    console.rule("[bold]A day of it, over HTTP")
    home = a_home(app)
    process = run(home)
    keys = app.keys()
    ada, noor = at_the_wall(app, process, keys.add("ada", ("office",)), keys.add("noor", ()))
    for line in journey(ada, noor):
        console.print(line, markup=False)
    console.rule("[bold]kill -9, in the middle of it")
    acknowledged = []
    for n in range(200):
        answer = ada.send("notebook.WriteEntry", f"demo-{n}", **page(n))
        acknowledged.append((n, answer))
    process.kill()
    process = run(home)
    ada.url = noor.url = process.url
    again = [ada.send("notebook.WriteEntry", f"demo-{n}", **page(n)) for n, _ in acknowledged]
    same = sum(first == second for (_, first), second in zip(acknowledged, again, strict=True))
    console.print(
        f"200 entries acknowledged, killed, started again, all 200 sent again: {same} first answers"
    )
    process.stop()
    if same != len(acknowledged):
        raise SystemExit("an acknowledged command was lost or done twice")
