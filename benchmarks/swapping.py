"""Part (j): what 150 people notice while one release after the other takes over from a cell.

The crowd of part (d) at the lab app with a year of commands behind it. In every round they live at
it twice: left alone, and while the cell that they use most is exchanged all the time, five times a
second if that were quick enough; each exchange reads the files, loads the cell and folds its past.
"""

import asyncio
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks import servers
from benchmarks.load import Crowd
from benchmarks.options import Options
from benchmarks.report import ROOT, Goal, Table, versions
from benchmarks.users import (
    READS,
    USERS,
    WRITES,
    Waited,
    asks,
    lab_data,
    live,
    nth,
    row,
    tell_a_year,
)

CELL = "lab/instruments.py"
ALONE, SWAPPING = "left alone", "while releases take over"


def run(options: Options) -> Table:
    """Seed the lab, then let the crowd live at it, in turns with and without exchanges."""
    rounds, seconds, commands = (1, 3.0, 500) if options.quick else (3, 30.0, 20_000)
    waited = {ALONE: Waited(), SWAPPING: Waited()}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        root = Path(folder, "lab")
        shutil.copytree(ROOT / "examples" / "lab", root, ignore=lab_data)
        people = tell_a_year(root, commands)
        server = stack.enter_context(servers.serving(Path(folder, "log"), root, CELL))
        servers.leave_first_core()
        mark = root / "swapping"
        for turn in range(rounds):
            for name in (ALONE, SWAPPING):
                if name == SWAPPING:
                    mark.touch()
                crowd = Crowd(
                    server.port,
                    USERS,
                    asks(people, READS),
                    asks(people, WRITES),
                    seed=options.seed + turn,
                )
                asyncio.run(live(server, crowd, seconds, waited[name]))
                mark.unlink(missing_ok=True)
        swaps = int((root / "swapped").read_text())
    return report(waited, commands, swaps)


def report(waited: dict[str, Waited], commands: int, swaps: int) -> Table:
    """The table of all rounds."""
    calm, swapping = waited[ALONE], waited[SWAPPING]
    return Table(
        part="swapping",
        title=f"(j) {USERS} users while {swaps} releases take over: milliseconds they wait",
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
            Goal(
                "p99 while releases take over",
                3,
                nth(swapping.all, 99) / nth(calm.all, 99),
                unit="x",
            ),
            Goal("requests that failed", 0, sum(swapping.failed.values())),
            Goal("releases that took over", 1, swaps, at_most=False),
        ),
        versions=versions("granian", "starlette", "msgspec"),
        notes=(
            f"the lab has {commands:_} commands behind it, and is held to one core",
            f"failures by status: {swapping.failed or 'none'}",
        ),
    )
