"""A year of the lab, told over its bus; people use it over HTTP, it is killed; a rule is changed.

`python demo.py` makes a copy of the app in `data/demo` beside this file and says what it does with
it. Nothing is simulated: the cells, the journal, the gateway and the signals are the real ones.
"""

from __future__ import annotations

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
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from monocyte.app import App, load_app
from monocyte.contracts import Principal
from monocyte.dmz import OWNER
from monocyte.errors import BusError, Refused
from monocyte.runtime import Runtime
from regenerating import a_rule

if TYPE_CHECKING:
    from seed import Sent

HERE = Path(__file__).resolve().parent
DAY = "2026-03-02"
"""A Monday after the year that was told."""

console = Console(highlight=False)


@dataclass
class Tally:
    """What became of the commands that were sent."""

    accepted: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--commands", type=int, default=20_000, help="how many commands, at least")
    options.add_argument("--seed", type=int, default=0, help="another seed, another year")
    given = options.parse_args()
    app = load_app(a_copy(HERE / "data" / "demo"))
    if app.faults:
        raise SystemExit(str(app.faults[0]))
    from seed import commands  # noqa: PLC0415 (only now: it is to find the cells of the copy)

    asyncio.run(a_year(app, list(commands(given.seed, given.commands))))
    a_day(app)
    home = os.path.relpath(app.root)
    console.print("\nLook around, while it is down or (with your key) while it runs:")
    for line in ("cells", "events notices", "journal verify"):
        console.print(f"  monocyte {line} --app {home}", markup=False)
    console.print(f"  monocyte run {home}", markup=False)


def a_copy(home: Path) -> Path:
    """The lab as an app of its own, with nothing in its journal."""
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(HERE / "lab", home / "lab", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("monocyte.toml", "rules.lock"):
        shutil.copy(HERE / name, home)
    return home


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
        while not runtime.host.quiet:  # noqa: ASYNC110 (nobody tells when nothing is left)
            await asyncio.sleep(0.01)  # what reacts to the last commands has its turn
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
        console.print(f"  {times:>5} x {rule}", markup=False)
    for error, times in tally.failed.most_common(3):
        console.print(f"  {times:>5} x {error}", style="red", markup=False)
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

    def says(self, address: str, **fields: Any) -> str:
        return self._line(address, self.send(address, **fields))

    def asks(self, address: str, **fields: Any) -> str:
        return self._line(address, self.ask(address, **fields))

    def _line(self, address: str, answer: Any) -> str:
        if isinstance(answer, dict) and "status" in answer and "detail" in answer:
            told = f"{answer['status']} {answer.get('rule', '')} {answer['detail']}"
        else:
            told = f"200 {json.dumps(answer, ensure_ascii=False)}"
        return f"  {self.name:<6} {address:<28} {' '.join(told.split())[:150]}"

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
    program = Path(sys.executable).with_name("monocyte")
    command = [str(program), "run", str(home), "--port", "0", "--json"]
    with (home / "data" / "app.log").open("a") as log:
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)  # noqa: S603
    line = child.stdout.readline() if child.stdout else ""
    if not line:
        raise SystemExit(f"the app did not start; it says why in {log.name}")
    said = json.loads(line)
    return Process(child, said["url"], said["new_key"])


def a_day(app: App) -> None:
    console.rule("[bold]A day of it, over HTTP")
    process = run(app.root)
    console.print(
        f"`monocyte run` answers at {process.url}; people get keys with `monocyte access add`"
    )
    keys = app.keys()
    office = Person(process.url, "petra", keys.add("petra", ("office", "trainer")))
    ada = Person(process.url, "ada-l", keys.add("ada-l", ("scientist",)))
    try:
        for line in journey(office, ada):
            console.print(line, markup=False)
        console.rule("[bold]kill -9, with two hundred answers given")
        first = [write(ada, n) for n in range(200)]
        process.kill()
        process = run(app.root)
        ada.url = process.url
        again = [write(ada, n) for n in range(200)]
        pages = ada.ask("notebook.ListEntries", author="ada-l")
        judge(first, again, pages)
        owner = keys.add("demo", (OWNER,))
        a_rule(app.root, owner, lambda: "detail" not in ada.ask("people.ListMembers"))
    finally:
        process.stop()


def judge(first: list[Any], again: list[Any], pages: list[Any]) -> None:
    """Nothing that was acknowledged is lost, and nothing is done twice."""
    same = sum(one == other for one, other in zip(first, again, strict=True))
    console.print(
        f"started again, and all 200 sent again under their ids: {same} give their first answer, "
        f"ada-l has {len(pages)} pages"
    )
    if same != len(first) or len(pages) != len(first):
        raise SystemExit("an acknowledged command was lost, or done twice")


def write(author: Person, n: int) -> Any:
    text = {"title": f"Day {n}", "body": f"Nothing *unusual* in run {n}."}
    return author.send("notebook.WriteEntry", id=f"page-{n}", day=DAY, text=text)


def journey(office: Person, ada: Person) -> Iterator[str]:
    """A newcomer's first Monday, as lines to be printed."""
    slot = {"start": f"{DAY}T09:00:00Z", "end": f"{DAY}T11:00:00Z"}
    nine_hours = slot | {"end": f"{DAY}T18:00:00Z"}
    newcomer = {"handle": "ada-l", "name": "Ada Lind", "roles": ["scientist"], "on": DAY}
    trained = {"handle": "ada-l", "course": "confocal", "on": DAY, "until": "2027-03-02"}
    yield office.says("people.Enrol", **newcomer)
    yield ada.says("instruments.BookInstrument", instrument="confocal-1", slot=slot)
    yield office.says("people.RecordTraining", **trained)
    yield ada.says("instruments.BookInstrument", instrument="confocal-1", slot=nine_hours)
    yield ada.says("instruments.BookInstrument", instrument="confocal-1", slot=slot)
    yield ada.says("instruments.BookInstrument", instrument="confocal-1", slot=slot)
    yield ada.says("instruments.BookInstrument", instrument="confocal-1", slto=slot)
    yield ada.asks("notebook.Search", words="western blot", limit=2)
    yield ada.asks("digests.MyNews")


if __name__ == "__main__":
    main()
