"""The one command: `python -m benchmarks [PART ...]` measures, prints tables and writes JSON.

It makes the peers' environment first and runs each part in a fresh process there; `--here` runs
in this interpreter, as it is. Exit code 0: all measured, all goals reached; 1: a goal was missed;
2: something could not be measured.
"""

import argparse
import importlib
import subprocess
import sys
from collections.abc import Sequence

from benchmarks import environment, report
from benchmarks.options import Options
from benchmarks.report import Row, Table

PARTS = {
    "inprocess": "(a) one in-process request beside the peers",
    "journal": "(b) journalled commands beside raw sqlite3 group commit",
    "gateway": "(c) HTTP beside bare starlette on the same server",
    "users": "(d) 150 concurrent users of the lab app",
    "startup": "(e) start-up with 10⁶ journalled events",
    "growth": "(f) 1 to 1 000 cells",
    "mutation": "(g) mutants of a cell beside mutmut",
    "weave": "(h) a site of 100 cells",
    "check": "(i) monocyte check on the lab",
    "swapping": "(j) 150 users while releases take over",
}
"""Every part, a module of this package with `run(options) -> Table`."""

QUICK = Options(rounds=3, seconds=0.02, quick=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; returns the exit code."""
    asked = parser().parse_args(arguments)
    parts = asked.parts or list(PARTS)
    if not asked.here:
        return in_environment(parts, sys.argv[1:] if arguments is None else list(arguments))
    preset = QUICK if asked.quick else Options()
    options = Options(
        asked.rounds or preset.rounds, asked.seconds or preset.seconds, asked.seed, asked.quick
    )
    tables = [measure(part, options) for part in parts]
    paths = report.save(tables, vars(asked), report.COMMITTED if asked.record else report.SCRATCH)
    print("results:", *paths)
    return report.conclude(tables)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    made.add_argument(
        "parts", nargs="*", choices=[*PARTS, []], metavar="PART", help=f"of {', '.join(PARTS)}"
    )
    made.add_argument("--rounds", type=int, help="interleaved rounds (default 7)")
    made.add_argument("--seconds", type=float, help="CPU seconds of one sample (default 0.1)")
    made.add_argument("--seed", type=int, default=0, help="seed of every shuffle and arrival")
    made.add_argument(
        "--quick", action="store_true", help="small sizes: does it run? The figures mean little"
    )
    made.add_argument(
        "--record", action="store_true", help="write to benchmarks/results/, which is committed"
    )
    made.add_argument(
        "--here", action="store_true", help="in this interpreter, without making an environment"
    )
    return made


def in_environment(parts: Sequence[str], arguments: Sequence[str]) -> int:
    """Run each part in a process of its own, in the peers' environment; the worst exit code."""
    python = environment.ensure()
    options = [argument for argument in arguments if argument not in PARTS]
    command = (str(python), "-m", "benchmarks", "--here", *options)
    return max(
        subprocess.run((*command, part), cwd=environment.ROOT, check=False).returncode
        for part in parts
    )


def measure(part: str, options: Options) -> Table:
    """Run one part and print its table; one that cannot be loaded is a table that says so."""
    try:
        table: Table = importlib.import_module(f"benchmarks.{part}").run(options)
    except (ImportError, AttributeError) as missing:
        table = Table(
            part,
            PARTS[part],
            ("",),
            (Row("whole part", missing=f"{type(missing).__name__}: {missing}"),),
        )
    print(report.render(table), flush=True)
    return table


if __name__ == "__main__":
    sys.exit(main())
