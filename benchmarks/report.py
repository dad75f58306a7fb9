"""What a run says: a table for people and JSON for machines, with versions and the machine.

A row that could not be measured stays in the table and makes the whole run fail: a benchmark that
silently lost a peer lies about the rest.
"""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from benchmarks.harness import Samples, Skipped

ROOT = Path(__file__).resolve().parent.parent
COMMITTED = ROOT / "benchmarks" / "results"
SCRATCH = COMMITTED / "raw"
"""Where results go by default; ignored by git. `--record` writes to COMMITTED instead."""


@dataclass(frozen=True)
class Row:
    """One line of a table; `raw` keeps every sample, `missing` says why there is none."""

    name: str
    cells: tuple[str, ...] = ()
    raw: dict[str, object] = field(default_factory=dict)
    missing: str = ""


@dataclass(frozen=True)
class Goal:
    """A figure that we must reach, what was measured, and in which direction better lies."""

    what: str
    limit: float
    measured: float
    at_most: bool = True
    unit: str = ""

    @property
    def met(self) -> bool:
        """True when the measured figure is on the good side of the limit."""
        return self.measured <= self.limit if self.at_most else self.measured >= self.limit

    def explain(self) -> str:
        """One line for people."""
        sign = "≤" if self.at_most else "≥"
        verdict = "reached" if self.met else "MISSED"
        goal = f"goal {sign} {self.limit:g}{self.unit}"
        return f"{verdict}: {self.what}: {self.measured:.3g}{self.unit} ({goal})"


@dataclass(frozen=True)
class Table:
    """The outcome of one part of the benchmarks."""

    part: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    goals: tuple[Goal, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[Row, ...]:
        """The rows that could not be measured."""
        return tuple(row for row in self.rows if row.missing)


def ratio_row(name: str, result: Samples | Skipped) -> Row:
    """A row of µs CPU, median ratio to the baseline, and the ratio's quartiles."""
    if isinstance(result, Skipped):
        return Row(name, missing=result.reason)
    first, median, third = result.spread()
    figures = (f"{result.micros():.2f}", f"{median:.2f}", f"{first:.2f}", f"{third:.2f}")
    return Row(name, figures, {"cpu_seconds": result.cpu, "ratio": result.ratio})


def version(distribution: str) -> str:
    """The installed version of a distribution, or `absent`."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "absent"


def versions(*distributions: str) -> dict[str, str]:
    """Installed versions by distribution, for `Table.versions`."""
    return {name: version(name) for name in distributions}


def machine() -> dict[str, object]:
    """What the figures were measured on: Python, processor, cores, kernel, load, commit."""
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "load": os.getloadavg(),
        "commit": commit(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def processor() -> str:
    """The processor's name, as the kernel gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def commit() -> str:
    """The short commit of the measured tree, `+` when it has changes; empty without git."""
    described = subprocess.run(
        ("git", "describe", "--always", "--dirty=+"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return described.stdout.strip()


def render(table: Table) -> str:
    """The table for people: aligned columns, then goals, missing rows, notes and versions."""
    lines = [f"\n{table.title}", *aligned(table)]
    lines += [goal.explain() for goal in table.goals]
    lines += [f"note: {note}" for note in table.notes]
    if table.versions:
        lines.append(
            "versions: " + ", ".join(f"{name} {number}" for name, number in table.versions.items())
        )
    lines += [f"!! NOT MEASURED: {row.name}: {row.missing}" for row in table.missing]
    return "\n".join(lines)


def aligned(table: Table) -> Iterable[str]:
    """The lines of the table proper, names left, figures right."""
    body = [(row.name, *(row.cells or ("NOT MEASURED",))) for row in table.rows]
    grid = [table.columns, *body]
    widths = [
        max(len(line[i]) for line in grid if i < len(line)) for i in range(len(table.columns))
    ]
    for line in grid:
        name, *figures = line
        right = (figure.rjust(width) for figure, width in zip(figures, widths[1:], strict=False))
        yield "  ".join((name.ljust(widths[0]), *right)).rstrip()


def as_json(tables: Sequence[Table], options: dict[str, object]) -> str:
    """Everything measured, for machines."""
    parts = [
        asdict(table) | {"goals": [asdict(goal) | {"met": goal.met} for goal in table.goals]}
        for table in tables
    ]
    return json.dumps(
        {"machine": machine(), "options": options, "parts": parts}, indent=2, ensure_ascii=False
    )


def save(tables: Sequence[Table], options: dict[str, object], directory: Path) -> list[Path]:
    """Write one JSON file per part, named after it and the Python; returns the paths."""
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for table in tables:
        path = directory / f"{table.part}-py{sys.version_info.major}.{sys.version_info.minor}.json"
        path.write_text(as_json([table], options) + "\n")
        paths.append(path)
    return paths


def conclude(tables: Sequence[Table]) -> int:
    """Say on stderr what is missing or missed; 2 if any is missing, 1 if missed, else 0."""
    missing = [
        f"{table.part}: {row.name}: {row.missing}" for table in tables for row in table.missing
    ]
    missed = [
        f"{table.part}: {goal.explain()}"
        for table in tables
        for goal in table.goals
        if not goal.met
    ]
    for line in (*(f"NOT MEASURED: {m}" for m in missing), *missed):
        print(line, file=sys.stderr)
    return 2 if missing else 1 if missed else 0
