"""Part (h): the woven site of 100 cells: cold, nothing changed, one cell changed.

The cells are copies of the lab's, each copy with names of its own, together with evidence as a
check leaves it. What is timed is `weave` in a fresh process that has loaded the cells; beside it
stands the whole command, which starts Python and loads a hundred cells besides.
"""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.options import Options
from benchmarks.report import ROOT, Goal, Row, Table, versions

if TYPE_CHECKING:
    from monocyte.cell import Loaded, Manifest
    from monocyte.literate.record import CellRecord, Record

LAB = ROOT / "examples" / "lab" / "lab"
CELLS = 100
RECORD = "evidence.json"
CLOCKS = ("cold", "nothing changed", "one cell changed", "a cell that others import changed")

Took = tuple[float, float]
"""Seconds by the clock, and of CPU: they differ where other work is done on the machine."""


def run(options: Options) -> Table:
    """Weave the same hundred cells, in this process and by the command."""
    count = 10 if options.quick else CELLS
    rounds = min(options.rounds, 3)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        package = write_cells(root, count)
        write_record(root, package)
        taken = in_process(root, package, rounds)
        commands = by_command(root, package, rounds)
    rows = [row(f"weave, {name}", samples) for name, samples in taken.items()]
    rows += [row(f"monocyte weave, {name}", samples) for name, samples in commands.items()]
    medians = {name: statistics.median(wall for wall, _ in took) for name, took in taken.items()}
    return Table(
        part="weave",
        title=f"(h) weave: a site of {count} cells like the lab's",
        columns=("", "s median", "s least", "s CPU median", "s CPU least"),
        rows=tuple(rows),
        goals=(
            Goal(f"weave {count} cells, cold", 2.0, medians[CLOCKS[0]], unit=" s"),
            Goal("weave when one cell has changed", 0.2, medians[CLOCKS[2]], unit=" s"),
        ),
        versions=versions("markdown-it-py", "msgspec"),
        notes=(
            "weave: cells are loaded, its modules imported; everything else counts, writing too",
            "two processes share a cold weaving; CPU counts both, and more where cores are shared",
            "monocyte weave: the whole process, which loads the cells again",
        ),
    )


def row(name: str, samples: Sequence[Took]) -> Row:
    """A line of the table."""
    walls, cpus = zip(*samples, strict=True)
    figures = (statistics.median(walls), min(walls), statistics.median(cpus), min(cpus))
    raw: dict[str, object] = {"wall": walls, "cpu": cpus}
    return Row(name, tuple(f"{it:.3f}" for it in figures), raw)


# -- cells -----------------------------------------------------------------------------------


def write_cells(root: Path, count: int, package: str = "woven") -> str:
    """So many cells like the lab's, in copies that know only each other; returns the package."""
    folder = root / package
    folder.mkdir()
    (folder / "__init__.py").touch()
    (root / "monocyte.toml").write_text(f'[app]\nname = "{package}"\ncells = "{package}"\n')
    texts = lab_cells()
    cells = list(texts)
    for number in range(count):
        it, copy = cells[number % len(cells)], f"_{number // len(cells):03}"
        text = copied(texts[it], cells, package, copy)
        (folder / f"{it}{copy}.py").write_text(text, encoding="utf-8")
    return package


def lab_cells() -> dict[str, str]:
    """The sources of the lab's cells, by name; what is imported comes before who imports it."""
    texts = {it.stem: it.read_text("utf-8") for it in sorted(LAB.glob("*.py"))}
    cells = {name: text for name, text in texts.items() if "\ncell = Cell(" in text}
    return {
        name: cells[name] for name in sorted(cells, key=lambda it: len(needs(it, cells, set())))
    }


def needs(name: str, texts: dict[str, str], seen: set[str]) -> set[str]:
    """A cell and all that it imports: who needs fewer comes before who needs it."""
    if name in texts and name not in seen:
        seen.add(name)
        for line in re.findall(r"(?m)^from lab(?:\.(\w+))? import (.*)$", texts[name]):
            for other in re.findall(r"\w+", line[0] or line[1]):
                needs(other, texts, seen)
    return seen


def copied(source: str, names: Sequence[str], package: str, copy: str) -> str:
    """The source of a cell, in which every cell, rule and module is that of one copy."""

    def aliased(found: re.Match[str]) -> str:
        modules = (it.strip() for it in found[1].split(","))
        return f"from {package} import " + ", ".join(f"{it}{copy} as {it}" for it in modules)

    def drawn(found: re.Match[str]) -> str:
        return re.sub(rf"(?<![\w.])({either})\.(?=[A-Z])", rf"\g<1>{copy}.", found[0])

    either = "|".join(names)
    text = re.sub(rf"\bfrom lab\.({either})\b", rf"from {package}.\g<1>{copy}", source)
    text = re.sub(r"(?m)^from lab import (.*)$", aliased, text)
    text = re.sub(rf'Cell\("({either})"', rf'Cell("\g<1>{copy}"', text)
    text = re.sub(r"\b([A-Z]+)-(\d+)\b", rf"\g<1>{copy}-\g<2>", text)
    return re.sub(r'(?s)cell\.picture\(""".*?"""', drawn, text)


def record_of(manifests: Sequence["Manifest"], name: str = "woven") -> "Record":
    """Evidence of the size that a check leaves: all is well, every scenario has a trace."""
    from monocyte.literate.record import Record

    return Record(name, {it.name: cell_record(it) for it in manifests})


def cell_record(manifest: "Manifest") -> "CellRecord":
    """The evidence for one cell."""
    from monocyte.literate.record import (
        CellRecord,
        DecisionRecord,
        MutantRecord,
        RehearsalRecord,
        ScenarioRecord,
        SiteRecord,
        Step,
    )
    from monocyte.literate.rules.sites import read_sites

    names = tuple(it.name for it in manifest.scenarios)
    where = f"{manifest.name}.py:"
    step = Step(
        "ada", manifest.name, "command", "Book", "Book(instrument='a', hour=7)", "Booked(…)"
    )
    return CellRecord(
        manifest.name,
        manifest.release,
        tuple(ScenarioRecord(it, f"{where}1", True, trace=(step,) * 50) for it in names),
        tuple(
            SiteRecord(it.rule, f"{where}{it.line}", it.function, names[:3], names[:2])
            for it in read_sites(manifest).sites
        ),
        (),
        tuple(DecisionRecord(it.name, it.kind, where, "holds") for it in manifest.decisions),
        tuple(
            RehearsalRecord(it, f"undone after {n}", True, steps=(step,) * 6)
            for it in manifest.runbooks
            for n in range(20)
        ),
        tuple(
            MutantRecord(
                f"book: `a < {n}` becomes `a <= {n}`",
                f"{where}{n}",
                "book",
                "boundary",
                "killed",
                names[0],
            )
            for n in range(1, 131)
            if names
        ),
    )


def write_record(root: Path, package: str) -> None:
    """Leave the evidence beside the cells; made elsewhere, so that nothing of it is warm here."""
    program = f"from benchmarks.weave import *; leave_record(Path({str(root)!r}), {package!r})"
    subprocess.run((sys.executable, "-c", program), cwd=ROOT, check=True)


def leave_record(root: Path, package: str) -> None:
    """Make the evidence, and write it."""
    import msgspec

    from monocyte.cell import load_package

    record = record_of(load_package(root, package).manifests, package)
    (root / RECORD).write_bytes(msgspec.json.encode(record))


# -- in a process that has loaded the cells -----------------------------------------------------


def in_process(root: Path, package: str, rounds: int) -> dict[str, list[Took]]:
    """Seconds of each way to weave; every round is a fresh process and a fresh site."""
    taken: dict[str, list[Took]] = {name: [] for name in CLOCKS}
    for number in range(rounds):
        command = (sys.executable, "-m", "benchmarks.weave", str(root), package, f"site-{number}")
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"weaving failed:\n{done.stderr[-2000:]}")
        for name, (wall, cpu) in json.loads(done.stdout).items():
            taken[name].append((wall, cpu))
    return taken


def main(root: Path, package: str, out: Path) -> None:
    """Weave once in each way, and print what it took."""
    from monocyte.cell import load_package

    loaded = load_package(root, package)
    faults = [it for it in loaded.faults if "supersedes" not in it.message]  # not all copies whole
    assert not faults, faults
    cells = list(lab_cells())
    taken: dict[str, Took] = {"cold": timed(root, package, loaded, out)}
    taken["nothing changed"] = timed(root, package, loaded, out)
    for name, cell in ((CLOCKS[2], cells[-1]), (CLOCKS[3], cells[0])):
        change(root / package / f"{cell}_000.py")
        taken[name] = timed(root, package, loaded, out)
    print(json.dumps(taken), flush=True)


def change(file: Path) -> None:
    """Write something more at the end of a cell."""
    file.write_text(file.read_text("utf-8") + "\n# changed\n", encoding="utf-8")


def timed(root: Path, package: str, loaded: "Loaded", out: Path) -> Took:
    """Seconds of one weaving, by the clock and of CPU; the evidence is at hand."""
    import msgspec

    from monocyte.literate.record import Record
    from monocyte.literate.weave import Inputs, weave

    record = msgspec.json.decode((root / RECORD).read_bytes(), type=Record)
    inputs = Inputs(package, root / package, loaded.manifests, loaded.journeys, record)
    begun, used = time.perf_counter(), time.process_time() + children()
    weave(inputs, out)
    return time.perf_counter() - begun, time.process_time() + children() - used


# -- the command -------------------------------------------------------------------------------


def by_command(root: Path, package: str, rounds: int) -> dict[str, list[Took]]:
    """Seconds of the whole command, with nothing written yet and with one cell changed."""
    taken: dict[str, list[Took]] = {"cold": [], "one cell changed": []}
    last = list(lab_cells())[-1]
    for number in range(rounds):
        for samples in taken.values():
            change(root / package / f"{last}_000.py")
            samples.append(command(root, root / f"commanded-{number}"))
    return taken


def command(root: Path, out: Path) -> Took:
    """Seconds of one `monocyte weave`, by the clock and of CPU."""
    program = "import sys; from monocyte.cli import main; main()"
    begun, used = time.perf_counter(), children()
    done = subprocess.run(
        (sys.executable, "-c", program, "weave", "--app", str(root), "--out", str(out)),
        capture_output=True,
        text=True,
        check=False,
    )
    if not (out / "index.html").is_file():
        raise RuntimeError(f"weaving failed:\n{done.stderr[-2000:]}")
    return time.perf_counter() - begun, children() - used


def children() -> float:
    """Seconds of CPU that ended processes have used."""
    times = os.times()
    return times.children_user + times.children_system


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[1]) / sys.argv[3])
