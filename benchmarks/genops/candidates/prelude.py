"""Played in a process of its own: a script about an app, with everything that it may speak of.

    python prelude.py ROOT PACKAGE < script

`show(f, ...)` prints what f answers or how it fails. Everything else is of the app: the words of
all cells, the cells' modules under their names, and a world `lab` with a few things in it.
"""

import importlib
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT, PACKAGE = Path(sys.argv[1]), sys.argv[2]
sys.path.insert(0, str(ROOT))

from monocyte.cell import load_package  # noqa: E402
from monocyte.testing import World  # noqa: E402

LOADED = load_package(ROOT, PACKAGE)
for fault in LOADED.faults:
    print("fault", fault)


def world(seed: int = 0) -> World:
    return World(*LOADED.manifests, seed=seed)


def show(perform: Callable[..., Any], *arguments: Any) -> None:
    try:
        print(repr(perform(*arguments)))
    except Exception as why:  # noqa: BLE001 (how it fails is what is asked)
        print(type(why).__name__, str(why)[:300])


NAMES: dict[str, Any] = {
    "UTC": UTC,
    "World": World,
    "date": date,
    "datetime": datetime,
    "timedelta": timedelta,
    "show": show,
    "world": world,
    "root": ROOT,
    "HOUR": timedelta(hours=1),
    "DAY": timedelta(days=1),
}
for file in sorted((ROOT / PACKAGE).glob("*.py")):
    if not file.stem.startswith("_") and file.stem != "journeys":
        module = NAMES[file.stem] = importlib.import_module(f"{PACKAGE}.{file.stem}")
        words = {name: it for name, it in vars(module).items() if isinstance(it, type)}
        NAMES |= {name: it for name, it in words.items() if it.__module__ == module.__name__}

LAB = """
TODAY = date(2026, 1, 5)
lab = world()
olga, tea, tom = lab.by("olga", "office"), lab.by("tea", "technician"), lab.by("tom", "trainer")
ada, lise, kim = lab.by("ada"), lab.by("lise"), lab.by("kim", "owner")
def enrol(*names):
    for who in names:
        olga.send(Enrol(who, who.title(), frozenset(), TODAY))
def vial(n=1, amount=100, low=20, owner="ada", place="box-1"):
    it = RegisterSample(f"AB{n:06}", "anti-GFP", owner, place, Unit.MICROLITRES, amount, low)
    return lab.by(owner).send(it)
def machine(name="laser", course=None):
    return tea.send(AddInstrument(Instrument(name, name.title(), "1.01", course)))
def at(hour, day=0, minute=0):
    return datetime(2026, 1, 12, tzinfo=UTC) + timedelta(days=day, hours=hour, minutes=minute)
def slot(start, end, day=0):
    return Slot(at(start, day), at(end, day))
def book(who, start, end, day=0, name="laser", **more):
    return lab.by(who).send(BookInstrument(name, slot(start, end, day), **more))
def write(who="ada", body="HeLa blot", title="Gel", day=TODAY):
    return lab.by(who).send(WriteEntry(day, Text(title, body)))
"""
DESK = """
lab = world()
ada, lise, tim = lab.by("ada"), lab.by("lise"), lab.by("tim", "lead")
"""

if __name__ == "__main__":
    exec(compile(LAB if PACKAGE == "lab" else DESK, "prelude", "exec"), NAMES)  # noqa: S102
    try:
        exec(compile(sys.stdin.read(), "witness", "exec"), NAMES)  # noqa: S102
    finally:
        NAMES["lab"].close()
