"""What a plan for fifty-six cells costs: CPU seconds of the whole command, least of several rounds.

    python -m benchmarks.genops.plan [--cells 56] [--rounds 5]

The cells are whole copies of the lab, eight cells each, of 234 to 468 lines. Beside the command
stands what it cannot do without: a process that only loads the cells. Other work on the machine
makes CPU seconds dearer, too, so that the least of the rounds is shown.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.report import ROOT
from benchmarks.weave import write_cells

GOAL = 2.0
"""Seconds."""

PACKAGE = "woven"
SETTINGS = """
[models.writer]
provider = "somebody"
model = "writer-20250101"
price = { input = "1.00", output = "5.00" }

[genops]
model = "writer"

[budget]
plan = "1000.00"
"""
PROGRAM = (sys.executable, "-c", "from monocyte.cli import main; main()")
LOAD = f"""
from pathlib import Path
from monocyte.cell import load_package
load_package(Path(), {PACKAGE!r})
"""
LOADING = (sys.executable, "-c", LOAD)


def main() -> int:
    """Measure and print; 1 if a plan for a changed cell takes longer than its goal."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--cells", type=int, default=56)
    made.add_argument("--rounds", type=int, default=5)
    asked = made.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        prepare(root, asked.cells)
        taken = {
            "loading the cells": least(LOADING, root, asked.rounds, 0),
            "plan, nothing changed": least((*PROGRAM, "plan"), root, asked.rounds, 0),
        }
        change(root)
        taken["plan, a rule added"] = least((*PROGRAM, "plan"), root, asked.rounds, 2)
        taken["plan --all"] = least((*PROGRAM, "plan", "--all"), root, asked.rounds, 2)
    rounded = {name: round(seconds, 2) for name, seconds in taken.items()}
    print(json.dumps({"cells": asked.cells, "cpu seconds": rounded}, indent=1))
    return int(taken["plan, a rule added"] > GOAL)


def prepare(root: Path, count: int) -> None:
    """An app in a repository, adopted and committed."""
    write_cells(root, count, PACKAGE)
    settings = root / "monocyte.toml"
    settings.write_text(settings.read_text("utf-8") + SETTINGS, "utf-8")
    (root / ".gitignore").write_text("__pycache__/\n", "utf-8")
    git = ("git", "-c", "user.name=b", "-c", "user.email=b@example.org")
    commit = ((*git, "add", "-A"), (*git, "commit", "-q", "-m", "cells"))
    for command in ((*git, "init", "-q"), *commit, (*PROGRAM, "plan", "--adopt"), *commit):
        spent(command, root, 0)


def change(root: Path) -> None:
    """Add a rule to one cell that others import."""
    file = root / PACKAGE / "people_000.py"
    text = file.read_text("utf-8")
    file.write_text(f'{text}\nFRESH = cell.rule("FRESH-1", "Nothing is stale.")\n', "utf-8")


def least(command: Sequence[str], root: Path, rounds: int, code: int) -> float:
    """The least CPU seconds that a command took."""
    return min(spent(command, root, code) for _ in range(rounds))


def spent(command: Sequence[str], root: Path, code: int) -> float:
    """CPU seconds of a command and of what it started, which must end with that code."""
    before = os.times()
    path = {"PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        command, cwd=root, env={**os.environ, **path}, capture_output=True, text=True, check=False
    )
    if done.returncode != code:
        raise SystemExit(f"{command[-1]} ended with {done.returncode}: {done.stderr}")
    after = os.times()
    user, system = after.children_user, after.children_system
    return user + system - before.children_user - before.children_system


if __name__ == "__main__":
    sys.exit(main())
