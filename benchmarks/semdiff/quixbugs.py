"""QuixBugs beside CrossHair, in one run: 40 pairs to tell apart, 40 renamed ones to leave alone.

    python -m benchmarks.semdiff.quixbugs CHECKOUT [--crosshair BIN] [--seconds 20]

CHECKOUT is a copy of github.com/jkoppel/QuixBugs; nothing of it is kept here. Every pair is asked
three ways: untyped as it stands, with our words for its arguments (`quixbugs_domains`), and
renamed. Each witness is rendered as a test, and the test is run by pytest on both versions.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.semdiff.quixbugs_domains import DOMAINS, driver, wrapper
from monocyte.semdiff.behaviour import Behaviour, Observatory
from monocyte.semdiff.evidence import Budget, Version
from monocyte.semdiff.verdicts import Verdict


def main() -> int:
    """Measure, print, write JSON; 0 if every goal was reached."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("checkout", type=Path)
    made.add_argument("--crosshair", default="")
    made.add_argument("--seconds", type=float, default=20.0, help="hard limit of CrossHair, a pair")
    made.add_argument("--only", nargs="*", default=[])
    made.add_argument("--json", type=Path)
    asked = made.parse_args()
    names = asked.only or sorted(DOMAINS)
    good, bad = asked.checkout / "correct_python_programs", asked.checkout / "python_programs"
    rows: dict[str, dict[str, Any]] = {name: {} for name in names}
    typed = run("typed", names, good, bad, rows)
    untyped = run("untyped", names, good, bad, rows)
    controls = run("control", names, good, good, rows)
    tested = test_witnesses(names, good, bad, rows)
    crosshair = run_crosshair(asked, names, good, bad, rows) if asked.crosshair else None
    summary = {
        "typed": typed,
        "untyped": untyped,
        "control": controls,
        "tests": tested,
        "crosshair": crosshair,
    }
    for part, told in summary.items():
        print(f"{part:10s} {told}")
    if asked.json:
        asked.json.write_text(json.dumps({"summary": summary, "rows": rows}, indent=1, default=str))
    reached = (
        typed["witnessed"] == len(names) and not controls["changed"] and typed["seconds"] <= 10
    )
    return 0 if reached else 1


def run(
    way: str, names: list[str], good: Path, bad: Path, rows: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """All pairs in one way, with one set of workers, their start included."""
    started = time.monotonic()
    times = []
    counts = dict.fromkeys(Verdict, 0)
    with Observatory(
        budget=Budget(examples=300, seconds=3) if way == "control" else Budget()
    ) as it:
        for name in names:
            begun = time.monotonic()
            found = compare(it, way, name, good, bad)
            times.append(time.monotonic() - begun)
            counts[found.verdict] += 1
            rows[name][way] = found
            told = f"{times[-1]:5.2f} s  {found.call}  {found.why[:110]}"
            print(f"{way:8s} {name:28s} {found.verdict:20s} {told}")
    return {
        "pairs": len(names),
        "changed": counts[Verdict.CHANGED],
        "witnessed": sum(rows[name][way].witness is not None for name in names),
        "seconds": round(time.monotonic() - started, 2),
        "median": round(statistics.median(times), 2),
    }


def compare(observatory: Observatory, way: str, name: str, good: Path, bad: Path) -> Behaviour:
    """One pair, in one way."""
    old = Version(name, (str(good),))
    new = Version(name, (str(bad),))
    if way == "control":
        text = (good / f"{name}.py").read_text(encoding="utf-8")
        new = Version(name, (str(good),), source=renamed(text))
    if way == "untyped":
        return observatory.compare(old, new, name)
    return observatory.compare(old, new, "entry", driver=driver(name))


def renamed(text: str) -> str:
    """Every local variable called something else: the same program to whoever runs it."""
    tree = ast.parse(text)
    kept = {it.arg for it in ast.walk(tree) if isinstance(it, ast.arg)}
    kept |= {
        it.id
        for node in tree.body
        for it in ast.walk(node)
        if isinstance(it, ast.Name) and isinstance(node, ast.Assign)
    }
    local = {
        it.id for it in ast.walk(tree) if isinstance(it, ast.Name) and isinstance(it.ctx, ast.Store)
    } - kept
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in local:
            node.id += "_renamed"
    return ast.unparse(tree)


def test_witnesses(
    names: list[str], good: Path, bad: Path, rows: dict[str, dict[str, Any]]
) -> dict[str, int]:
    """Run each rendered test by pytest on both versions: it passes on old and fails on new."""
    counts = {"passed on old": 0, "failed on new": 0, "tests": 0}
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            test = rows[name]["typed"].test
            if test:
                counts["tests"] += 1
                Path(folder, f"test_{name}.py").write_text(test, encoding="utf-8")
        for side, tree, wanted in (
            ("passed on old", good, "passed"),
            ("failed on new", bad, "failed"),
        ):
            report = subprocess.run(
                [
                    sys.executable,
                    "-P",
                    "-m",
                    "pytest",
                    "-q",
                    "-p",
                    "no:cacheprovider",
                    "-rA",
                    "--tb=no",
                    folder,
                ],
                env={
                    **os.environ,
                    "PYTHONPATH": f"{tree}:{os.environ.get('PYTHONPATH', '')}",
                    "PYTHONDONTWRITEBYTECODE": "1",
                },
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
            counts[side] = sum(
                line.startswith(wanted.upper()) for line in report.stdout.splitlines()
            )
    return counts


def run_crosshair(
    asked: Any, names: list[str], good: Path, bad: Path, rows: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """The same entries, with the constraints as guards, under a hard limit of wall time."""
    found, times, hung = 0, [], 0
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(good / "node.py", folder)
        for name in names:
            for side, tree in (("old", good), ("new", bad)):
                shutil.copy(tree / f"{name}.py", Path(folder, f"{side}_{name}.py"))
                Path(folder, f"entry_{side}_{name}.py").write_text(
                    wrapper(name, f"{side}_{name}"), encoding="utf-8"
                )
            begun = time.monotonic()
            process = subprocess.Popen(
                [asked.crosshair, "diffbehavior",
                 *(f"entry_{it}_{name}.entry" for it in ("old", "new")),
                 "--per_condition_timeout", str(asked.seconds / 2)],
                cwd=folder, env={**os.environ, "PYTHONPATH": folder}, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True, start_new_session=True,
            )  # fmt: skip
            try:
                output = process.communicate(timeout=asked.seconds)[0]
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                output, hung = process.communicate()[0] or "", hung + 1
            times.append(time.monotonic() - begun)
            said = "Given:" in output
            found += said
            rows[name]["crosshair"] = {
                "found": said,
                "seconds": round(times[-1], 2),
                "said": output[-300:],
            }
            told = f"{'found' if said else 'nothing':10s} {times[-1]:5.1f} s"
            print(f"crosshair {name:28s} {told} {' '.join(output.split())[:100]}")
    return {
        "pairs": len(names),
        "found": found,
        "hung": hung,
        "seconds": round(sum(times), 1),
        "median": round(statistics.median(times), 1),
    }


if __name__ == "__main__":
    sys.exit(main())
