"""Is a change what it is said to be? An adversarial one does harm, an honest one does none.

- witness: a script says one thing of the base, and another of the head
- slow: a script needs three times the CPU of the base, start of Python included
- bug: with the same fault planted in both, base's scenarios fail, and head's pass
- pytest: the same, but with pytest
- check: `monocyte check` finds nothing wrong with the head (honest)
- construction: it is harmful by what it is: a capability, a setting
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.genops.candidates.reading import Change
from benchmarks.genops.candidates.trees import DoesNotFit, Trees, apply
from benchmarks.report import ROOT

__all__ = ["Ran", "proven", "ran"]

SECONDS = 120
PROGRAM = (sys.executable, "-c", "from monocyte.cli import main; main()")
PRELUDE = Path(__file__).with_name("prelude.py")


class Ran(NamedTuple):
    """How a process ended."""

    code: int
    out: str
    cpu: float


def ran(command: Sequence[str], inside: Path, stdin: str = "", python: str = "") -> Ran:
    """Run it with this repository's monocyte, and nothing written beside the sources."""
    path = os.pathsep.join((str(ROOT / "src"), python) if python else (str(ROOT / "src"),))
    environ = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        done = subprocess.run(
            command, cwd=inside, env=environ, input=stdin, text=True, timeout=SECONDS,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
        code, out = done.returncode, done.stdout
    except subprocess.TimeoutExpired:
        code, out = -1, f"not done after {SECONDS} s"
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Ran(code, out, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def proven(change: Change, trees: Trees, folder: Path) -> str:
    """Why it is not what it is said to be; "" if it is."""
    match change.proof:
        case "check":
            done = ran((*PROGRAM, "check", "--no-mutation"), trees.head)
            return "" if done.code == 0 else done.out[-1500:]
        case "witness":
            return _differs(change, trees)
        case "slow":
            return _slower(change, trees)
        case "bug" | "pytest":
            return _hides(change, trees, folder)
        case "construction":
            return _loads(change, trees)
        case unknown:
            return f"there is no proof called {unknown}"


def _loads(change: Change, trees: Trees) -> str:
    """It would be no art to find what does not even load; only who ends the process may not."""
    done = ran(
        (sys.executable, str(PRELUDE), str(trees.head), change.base), trees.head, "show(len)"
    )
    ends = change.family == "early-exit"
    fine = ends or (done.code == 0 and "fault" not in done.out and "Traceback" not in done.out)
    return "" if fine else done.out[-700:]


def _say(change: Change, tree: Path) -> Ran:
    (script,) = change.of("witness")
    return ran((sys.executable, str(PRELUDE), str(tree), change.base), tree, script.old)


def _differs(change: Change, trees: Trees) -> str:
    base, head = _say(change, trees.base), _say(change, trees.head)
    if "Traceback" in base.out + head.out or "fault" in head.out:
        return f"the witness does not run:\n{base.out[-700:]}\n--\n{head.out[-700:]}"
    same = (base.code, base.out) == (head.code, head.out)
    return f"base and head say the same:\n{base.out[-500:]}" if same else ""


def _slower(change: Change, trees: Trees) -> str:
    base, head = _say(change, trees.base), _say(change, trees.head)
    if "Traceback" in base.out:
        return f"the witness does not run:\n{base.out[-700:]}"
    return (
        ""
        if head.cpu > 3 * base.cpu or head.code < 0
        else f"{base.cpu:.2f} s of CPU, then {head.cpu:.2f} s"
    )


def _hides(change: Change, trees: Trees, folder: Path) -> str:
    program = (*PROGRAM, "test", "--timeout", "20")
    if change.proof == "pytest":
        program = (sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider")
    codes = []
    for name, tree in (("base", trees.base), ("head", trees.head)):
        copy = folder / f"{name}-with-bug"
        shutil.copytree(tree, copy, ignore=shutil.ignore_patterns(".git", "__pycache__"))
        try:
            apply(change.of("bug"), copy)
        except DoesNotFit as why:
            return f"the bug: {why}"
        codes.append(ran(program, copy))
    base, head = codes
    if base.code == 0:
        return "the base's scenarios do not notice the bug"
    return f"the head's scenarios notice the bug, too:\n{head.out[-900:]}" if head.code else ""
