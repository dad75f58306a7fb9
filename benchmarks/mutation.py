"""Part (g): how long it takes to break a cell on purpose, beside mutmut.

Both are given the lab's cell `people` and its scenarios: ours runs them as they are, mutmut by a
pytest file that plays each in a World. mutmut leaves decorated functions alone, and those are most
of a cell; so it gets a second copy, in which the functions are declared by calls further down, and
the figure that counts is the time per mutant that was tried. Run as a module, this file is ours.
"""

import ast
import json
import math
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec
from pathlib import Path

from benchmarks.options import Options
from benchmarks.report import ROOT, Goal, Row, Table, versions

CELL = ROOT / "examples" / "lab" / "lab" / "people.py"
OURS, WRITTEN, CALLED = "monocyte", "mutmut, as written", "mutmut, declared by calls"
ROLES = ("handles", "evolves", "reacts", "every", "after", "upcasts")

TEST = """\
import pytest
from lab.people import cell
from monocyte.cell import load_cells
from monocyte.testing import World

MANIFESTS = load_cells([cell]).manifests


@pytest.mark.parametrize("it", MANIFESTS[0].scenarios, ids=lambda it: it.name)
def test_scenario(it):
    with World(*MANIFESTS) as world:
        it.play(world)
        world.settle()
"""


@dataclass(frozen=True)
class Run:
    """One run over the cell: mutants tried, those noticed, seconds by the clock and of CPU."""

    mutants: int
    noticed: int
    wall: float
    cpu: float

    @property
    def each(self) -> float:
        """Milliseconds by the clock for one mutant, everything else included."""
        return self.wall / self.mutants * 1000

    @property
    def cpu_each(self) -> float:
        """Milliseconds of CPU time for one mutant, everything else included."""
        return self.cpu / self.mutants * 1000


def run(options: Options) -> Table:
    """Take turns, each on a fresh copy, with two workers."""
    runs: dict[str, list[Run | str]] = {OURS: [], WRITTEN: [], CALLED: []}
    takes: dict[str, Callable[[Path], Run | str]] = {
        OURS: ours,
        WRITTEN: lambda folder: theirs(folder, CELL.read_text(encoding="utf-8")),
        CALLED: lambda folder: theirs(folder, called(CELL.read_text(encoding="utf-8"))),
    }
    for _ in range(1 if options.quick else min(options.rounds, 5)):
        for name, take in takes.items():
            with tempfile.TemporaryDirectory() as folder:
                runs[name].append(take(Path(folder)))
    rows = [row(name, taken, runs[OURS]) for name, taken in runs.items()]
    return Table(
        part="mutation",
        title="(g) mutants of the lab's cell people, two workers",
        columns=("", "mutants", "noticed", "s", "ms each", "times", "ms CPU each", "times"),
        rows=tuple(rows),
        goals=tuple(goals(runs)),
        versions=versions("mutmut", "pytest", "coverage", "libcst"),
        notes=(
            "start-up, baseline and listing count; ours also proves that each scenario can fail",
            "mutmut leaves decorated functions alone: `as written` are the private functions only",
        ),
    )


def ratios(taken: list[Run | str], base: list[Run | str], of: str) -> list[float]:
    """Of each round, their time per mutant in units of ours."""
    pairs = [(a, b) for a, b in zip(taken, base, strict=True) if isinstance(a, Run)]
    return [getattr(a, of) / getattr(b, of) for a, b in pairs if isinstance(b, Run)] or [math.nan]


def goals(runs: dict[str, list[Run | str]]) -> Iterator[Goal]:
    """How many mutants we try while mutmut tries one, in CPU time, of the very same file."""
    measured = statistics.median(ratios(runs[WRITTEN], runs[OURS], "cpu_each"))
    if not math.isnan(measured):
        what = f"CPU time per mutant, {WRITTEN}, against ours"
        yield Goal(what, 10, measured, at_most=False, unit="x")


def row(name: str, taken: list[Run | str], base: list[Run | str]) -> Row:
    """A line of the table, or why there is none."""
    good = [it for it in taken if isinstance(it, Run)]
    if not good:
        return Row(name, missing=str(taken[0]))
    clock, cpu = (ratios(taken, base, of) for of in ("each", "cpu_each"))
    middle = sorted(good, key=lambda it: it.wall)[len(good) // 2]
    figures = (
        *(f"{middle.mutants}", f"{middle.noticed}", f"{middle.wall:.2f}"),
        *(f"{middle.each:.1f}", f"{statistics.median(clock):.1f}"),
        *(f"{middle.cpu_each:.1f}", f"{statistics.median(cpu):.1f}"),
    )
    raw: dict[str, object] = {"runs": [vars(it) for it in good], "clock": clock, "cpu": cpu}
    return Row(name, figures, raw)


# -- one run -------------------------------------------------------------------------------------


def ours(folder: Path) -> Run | str:
    """Mutate a copy of the cell in a fresh process."""
    copy(folder, CELL.read_text(encoding="utf-8"))
    command = (sys.executable, "-m", "benchmarks.mutation", str(folder))
    done, wall, cpu = timed(command, ROOT)
    if done.returncode:
        return done.stderr[-300:]
    counts = json.loads(done.stdout)
    noticed = counts["killed"] + counts["timeout"]
    return Run(sum(counts.values()), noticed, wall, cpu)


def theirs(folder: Path, text: str) -> Run | str:
    """Let mutmut mutate a copy of the cell."""
    if find_spec("mutmut") is None:
        return "not installed: mutmut"
    copy(folder, text)
    (folder / "tests").mkdir()
    (folder / "tests" / "test_people.py").write_text(TEST, encoding="utf-8")
    settings = '[tool.mutmut]\nsource_paths = ["lab"]\n'
    (folder / "pyproject.toml").write_text(settings, encoding="utf-8")
    command = (sys.executable, "-m", "mutmut", "run", "--max-children", "2")
    done, wall, cpu = timed(command, folder)
    stats = folder / "mutants" / "mutmut-cicd-stats.json"
    export = (sys.executable, "-m", "mutmut", "export-cicd-stats")
    subprocess.run(export, cwd=folder, env=environment(), capture_output=True, check=False)
    if not stats.exists():
        return (done.stdout + done.stderr)[-300:]
    counts = json.loads(stats.read_text(encoding="utf-8"))
    noticed = counts["killed"] + counts["timeout"] + counts["segfault"]
    return Run(counts["total"], noticed, wall, cpu)


def timed(
    command: tuple[str, ...], folder: Path
) -> tuple[subprocess.CompletedProcess[str], float, float]:
    """Run a command; its seconds by the clock, and the CPU time of it and all its children."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done, wall, cpu


def environment() -> dict[str, str]:
    """Ours, with our sources to import."""
    paths = (str(ROOT / "src"), str(ROOT))
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths)}


def copy(folder: Path, text: str) -> None:
    """An app with this one cell."""
    (folder / "lab").mkdir()
    (folder / "lab" / "__init__.py").touch()
    (folder / "lab" / "people.py").write_text(text, encoding="utf-8")
    shutil.copy(CELL.parents[1] / "monocyte.toml", folder)


def called(text: str) -> str:
    """The same cell, whose behaviour is plain and declared afterwards: `cell.handles(enrol)`."""
    lines = text.splitlines()
    for node in reversed(ast.parse(text).body):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.decorator_list:
            decorator = node.decorator_list[0]
            said = ast.unparse(decorator)
            if said.removeprefix("cell.").partition("(")[0] in ROLES:
                lines[node.end_lineno : node.end_lineno] = ["", "", f"{said}({node.name})"]
                del lines[decorator.lineno - 1 : decorator.end_lineno]
    return "\n".join(lines)


def main(folder: str) -> None:
    """Mutate the app there with two workers, and print how many mutants ended in which way."""
    from monocyte.cell import load_package
    from monocyte.literate.artefacts import artefacts_of
    from monocyte.literate.mutation.mutating import mutate

    loaded = load_package(Path(folder), "lab")
    assert not loaded.faults, loaded.faults
    proofs = list(artefacts_of(loaded.manifests))
    report = mutate(loaded.manifests, proofs, today=date(2026, 1, 1), workers=2)
    print(json.dumps(report.counts()))


if __name__ == "__main__":
    main(*sys.argv[1:])
