"""Part (i): the gate: `monocyte check` on the lab, on everything, cold, and on one changed cell.

The whole command is timed, in a copy of the lab: Python starts, the cells load, scenarios are
played, runbooks rehearsed, mutants tried. A changed cell is one in which a handler, and so its
mutants, has changed; what is known of the others is taken over, as on a developer's machine.
"""

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.options import Options
from benchmarks.report import ROOT, Goal, Row, Table, versions

LAB = ROOT / "examples" / "lab"
COMMAND = (sys.executable, "-c", "from monocyte.cli import main; main()", "check", "--json")
CHANGED = Path("lab") / "instruments.py"
EDIT = ("tuple(hour.start for hour in idle)", "tuple(it.start for it in [*idle])")
"""A change of a handler that nobody could see, so that the check stays green."""


def run(options: Options) -> Table:
    """Check everything cold, nothing changed, and one cell changed, each in a fresh process."""
    rounds = 1 if options.quick else min(options.rounds, 5)
    taken: dict[str, list[float]] = {"all, cold": [], "nothing changed": [], "one cell changed": []}
    said: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            app = Path(folder) / f"lab-{number}"
            shutil.copytree(LAB, app, ignore=shutil.ignore_patterns("data", ".monocyte"))
            for name, samples in taken.items():
                if name == "one cell changed":
                    change(app / CHANGED, number)
                seconds, said[name] = timed(app)
                samples.append(seconds)
    medians = {name: statistics.median(samples) for name, samples in taken.items()}
    return Table(
        part="check",
        title="(i) monocyte check on the lab",
        columns=("", "s median", "s least", "s most", "mutants tried", "artefacts"),
        rows=tuple(row(name, taken[name], said[name]["counts"]) for name in taken),
        goals=(
            Goal("check everything, cold", 30.0, medians["all, cold"], unit=" s"),
            Goal("check when one cell has changed", 3.0, medians["one cell changed"], unit=" s"),
        ),
        versions=versions("msgspec"),
        notes=(
            f"{os.cpu_count()} cores; the whole command; of its last cold run, seconds by stage: "
            + ", ".join(
                f"{k} {v:.1f}" for k, v in said["all, cold"]["seconds"].items() if v > 0.05
            ),
            f"peak memory of a process: {peak()} MB",
        ),
    )


def row(name: str, samples: Sequence[float], counts: dict[str, int]) -> Row:
    """A line of the table."""
    figures = (statistics.median(samples), min(samples), max(samples))
    tried = counts["mutants"] - counts["kept"]
    shown = (*(f"{it:.2f}" for it in figures), f"{tried:,}", f"{counts['artefacts']:,}")
    return Row(name, shown, {"seconds": list(samples)})


def timed(app: Path) -> tuple[float, dict[str, Any]]:
    """Seconds of the whole command, and what it said.

    Raises:
        RuntimeError: the lab is not green, so the figure would be of something else.
    """
    began = time.perf_counter()
    done = subprocess.run(COMMAND, cwd=app, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - began
    if done.returncode:
        raise RuntimeError(
            f"the check of the lab fails:\n{done.stdout[-2000:]}{done.stderr[-500:]}"
        )
    said: dict[str, Any] = json.loads(done.stdout)
    return seconds, said


def change(file: Path, number: int) -> None:
    """Change one handler of a cell."""
    text, (old, new) = file.read_text(encoding="utf-8"), EDIT
    assert text.count(old) == 1, number
    file.write_text(text.replace(old, new), encoding="utf-8")


def peak() -> int:
    """MB of the biggest of the processes that were run."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return used // (1024 if sys.platform == "linux" else 1024 * 1024)
