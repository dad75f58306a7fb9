"""QuixBugs beside CrossHair, in one run: 40 pairs to tell apart, 40 renamed ones to leave alone.

    python -m benchmarks.semdiff.quixbugs CHECKOUT [--crosshair BIN] [--seconds 20] [--untyped]

CHECKOUT is a copy of github.com/jkoppel/QuixBugs; nothing of it is kept here. Every pair is asked
with our words for its arguments (`quixbugs_domains`), then, pair by pair, CrossHair's
`diffbehavior` with the same words as guards, under a hard limit of wall time; then renamed, and as
it stands without types. Each witness is rendered as a test, and the test is run by pytest on both
versions. Processor time, workers and their start included, is told beside wall time, since machines
are shared.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
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
    made.add_argument("--untyped", action="store_true", help="ask without types, too")
    made.add_argument("--only", nargs="*", default=[])
    made.add_argument("--json", type=Path)
    asked = made.parse_args()
    names = asked.only or sorted(DOMAINS)
    good, bad = asked.checkout / "correct_python_programs", asked.checkout / "python_programs"
    rows: dict[str, dict[str, Any]] = {name: {} for name in names}
    peer = CrossHair(asked.crosshair, asked.seconds, good, bad) if asked.crosshair else None
    with tempfile.TemporaryDirectory() as folder:
        ask = partial(peer.ask, Path(folder)) if peer else None
        typed = run("typed", names, good, bad, rows, ask)
    controls = run("control", names, good, good, rows)
    untyped = run("untyped", names, good, bad, rows) if asked.untyped else None
    summary = {
        "versions": versions(asked.crosshair),
        "typed": typed,
        "crosshair": peer and peer.told(),
        "control": controls,
        "untyped": untyped,
        "tests": test_witnesses(names, good, bad, rows),
    }
    for part, told in summary.items():
        print(f"{part:10s} {told}")
    if asked.json:
        asked.json.write_text(json.dumps({"summary": summary, "rows": rows}, indent=1, default=str))
    reached = (
        typed["witnessed"] == len(names) and not controls["changed"] and typed["seconds"] <= 10
    )
    return 0 if reached else 1


def versions(crosshair: str) -> dict[str, str]:
    """What was compared."""
    found = {it: version(it) for it in ("monocyte", "hypothesis")}
    found["python"] = platform.python_version()
    if crosshair:
        names = ("crosshair-tool", "z3-solver")
        asked = f"from importlib.metadata import version; print(*map(version, {names}))"
        beside = Path(crosshair).with_name("python")
        said = subprocess.run([beside, "-c", asked], capture_output=True, text=True, check=True)
        found |= dict(zip(names, said.stdout.split(), strict=True))
    return found


def run(
    way: str,
    names: list[str],
    good: Path,
    bad: Path,
    rows: dict[str, dict[str, Any]],
    peer: Callable[[str], dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """All pairs in one way, with one set of workers; after each, the peer has its turn."""
    before, started = used(), time.monotonic()
    times, theirs = [], 0.0
    counts = dict.fromkeys(Verdict, 0)
    budget = Budget(examples=300, seconds=3) if way == "control" else Budget()
    with Observatory(budget=budget) as it:
        for name in names:
            begun = time.monotonic()
            found = compare(it, way, name, good, bad)
            times.append(time.monotonic() - begun)
            counts[found.verdict] += 1
            rows[name][way] = found
            told = f"{times[-1]:5.2f} s  {found.call}  {found.why[:110]}"
            print(f"{way:8s} {name:28s} {found.verdict:20s} {told}", flush=True)
            if peer:
                rows[name]["crosshair"] = answer = peer(name)
                theirs += answer["cpu"]
                begun_again = time.monotonic()
                started += begun_again - begun - times[-1]
    return {
        "pairs": len(names),
        "changed": counts[Verdict.CHANGED],
        "witnessed": sum(rows[name][way].witness is not None for name in names),
        "seconds": round(time.monotonic() - started, 2),
        "cpu": round(used() - before - theirs, 2),
        "median": round(statistics.median(times), 2),
    }


def used() -> float:
    """Processor seconds of this process, and of its children that have ended."""
    both = [resource.getrusage(it) for it in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(it.ru_utime + it.ru_stime for it in both)


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


@dataclass
class CrossHair:
    """The peer: the same entries, with the constraints as guards, under a hard limit of time."""

    command: str
    seconds: float
    good: Path
    bad: Path
    answers: list[dict[str, Any]] = field(default_factory=list)

    def ask(self, folder: Path, name: str) -> dict[str, Any]:
        """One pair."""
        shutil.copy(self.good / "node.py", folder)
        for side, tree in (("old", self.good), ("new", self.bad)):
            shutil.copy(tree / f"{name}.py", folder / f"{side}_{name}.py")
            text = wrapper(name, f"{side}_{name}")
            (folder / f"entry_{side}_{name}.py").write_text(text, encoding="utf-8")
        before, begun = used(), time.monotonic()
        output, hung = self._output(folder, name)
        answer = {
            "found": "Given:" in output,
            "hung": hung,
            "seconds": round(time.monotonic() - begun, 2),
            "cpu": round(used() - before, 2),
            "said": output[-300:],
        }
        self.answers.append(answer)
        told = f"{'found' if answer['found'] else 'nothing':10s} {answer['seconds']:5.1f} s"
        print(f"crosshair {name:28s} {told} {' '.join(output.split())[:100]}", flush=True)
        return answer

    def _output(self, folder: Path, name: str) -> tuple[str, bool]:
        entries = [f"entry_{side}_{name}.entry" for side in ("old", "new")]
        limit = ["--per_condition_timeout", str(self.seconds / 2)]
        process = subprocess.Popen(
            [self.command, "diffbehavior", *entries, *limit],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            return process.communicate(timeout=self.seconds)[0], False
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            return process.communicate()[0] or "", True

    def told(self) -> dict[str, Any]:
        """All pairs in sum."""
        times = [it["seconds"] for it in self.answers]
        return {
            "pairs": len(times),
            "found": sum(it["found"] for it in self.answers),
            "hung": sum(it["hung"] for it in self.answers),
            "seconds": round(sum(times), 1),
            "cpu": round(sum(it["cpu"] for it in self.answers), 1),
            "median": round(statistics.median(times), 1),
        }


if __name__ == "__main__":
    sys.exit(main())
