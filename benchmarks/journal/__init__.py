"""Part (b): journalled commands beside raw sqlite3 group commit, on this disk and a slow one.

The slow disk is this one with 2 ms added to each sync by a preloaded library. Each disk is measured
in a process of its own by bench.py; what is compared is compared within one round.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.options import Options
from benchmarks.report import ROOT, Goal, Row, Table, versions

SHIM = ROOT / "tests" / "journal" / "powercut" / "shim.c"
DISKS = (("this disk", 0, 0.4), ("each sync 2 ms slower", 2000, 0.6))
"""Name, µs added to each sync, the share of raw group commit to be reached."""

COLUMNS = ("", "per s", "of raw", "p50 ms", "p99 ms", "tick p99 ms", "per commit")


def run(options: Options) -> Table:
    """Measure both disks."""
    rows: list[Row] = []
    goals: list[Goal] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, delay, share in DISKS:
            try:
                result = measured(options, delay, Path(folder))
            except (OSError, subprocess.CalledProcessError) as why:
                rows.append(Row(f"{name}: everything", missing=str(why)))
                continue
            rows += table_rows(name, result)
            of_raw = median(result["many"]["command"]["of raw"])
            tick = median(result["many"]["command"]["tick"]) * 1e3
            goals.append(Goal(f"commands on {name}, of raw", share, of_raw, at_most=False))
            goals.append(Goal(f"tick of the loop on {name}, p99", 5, tick, unit=" ms"))
    return Table(
        part="journal",
        title="(b) journalled commands beside raw sqlite3 group commit",
        columns=COLUMNS,
        rows=tuple(rows),
        goals=tuple(goals),
        versions=versions("msgspec") | {"sqlite": sqlite_version()},
        notes=(
            "raw: BEGIN; 64 x INSERT of a row of the same size; COMMIT; synchronous=FULL, no loop",
            "raw, awaited: the same by a thread, for 64 tasks that each await their own row",
            "journal: entries appended by 64 tasks, each awaiting its own",
            "command: commands sent by 64 tasks to a cell, through the bus and the engine",
        ),
    )


def measured(options: Options, delay: int, folder: Path) -> dict[str, Any]:
    """Run bench.py in a process whose syncs take so many µs longer."""
    environment = dict(os.environ)
    if delay:
        environment |= {"LD_PRELOAD": str(compiled(folder)), "MONOCYTE_SHIM_DELAY": str(delay)}
    command = [sys.executable, "-m", "benchmarks.journal.bench", "--rounds", str(options.rounds)]
    if options.quick:
        command += ["--commands", "640", "--lone", "50"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def compiled(folder: Path) -> Path:
    """The library that makes syncs slower."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise FileNotFoundError("it takes a C compiler, cc, to make syncs slower")
    target = folder / "shim.so"
    subprocess.run(
        [compiler, "-O2", "-shared", "-fPIC", "-o", target, SHIM, "-ldl", "-lpthread"], check=True
    )
    return target


def table_rows(disk: str, result: dict[str, Any]) -> list[Row]:
    """The rows of one disk: many in flight, then one."""
    rows = []
    for flight, kinds in (("64 in flight", result["many"]), ("alone", result["lone"])):
        for kind, samples in kinds.items():
            rows.append(Row(f"{disk}: {kind}, {flight}", cells(samples), samples))
    return rows


def cells(samples: dict[str, list[float]]) -> tuple[str, ...]:
    """Medians over the rounds, in the order of the columns."""
    at = {name: median(values) for name, values in samples.items() if values}
    return (
        f"{at['rate']:,.0f}",
        f"{at['of raw']:.2f}" if "of raw" in at else "",
        *(f"{at[name] * 1e3:.2f}" if name in at else "" for name in ("p50", "p99", "tick")),
        f"{at['batch']:.0f}" if "batch" in at else "",
    )


def sqlite_version() -> str:
    """The SQLite that Python is linked to."""
    import sqlite3

    return sqlite3.sqlite_version
