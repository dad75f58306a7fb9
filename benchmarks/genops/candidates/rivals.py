"""What a team would notice without gates: its tests, coverage, and linters, by its own settings.

    tests      pytest, which plays every scenario: does it fail?
    coverage   the same, and less than 90 % of the lines run
    linters    the same, and what ruff, bandit, radon and griffe say that they did not say of base

They come from a virtual environment of their own: `--rivals PYTHON`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from benchmarks.genops.candidates.proofs import ran
from benchmarks.genops.candidates.reading import Change
from benchmarks.genops.candidates.trees import Trees

__all__ = ["NAMES", "Noticed", "noticed"]

NAMES = ("tests", "coverage", "linters")
COVERED = re.compile(r"^TOTAL.*?([\d.]+)%$", re.MULTILINE)


class Noticed(NamedTuple):
    """Which of the three would have stopped it; each has all that stands before it, too."""

    tests: bool
    coverage: bool
    linters: bool


def noticed(change: Change, trees: Trees, python: str) -> Noticed:
    """Run them on the head, as a pipeline would."""
    command = (python, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--cov={change.base}")
    done = ran((*command, "--cov-fail-under=90", "--cov-report=term"), trees.head)
    found = COVERED.search(done.out)
    failed = done.code != 0 and not (found and float(found[1]) < 90 and " failed" not in done.out)
    base, head = (_complaints(change.base, tree, python) for tree in (trees.base, trees.head))
    linted = bool(head - base) or _breaking(change, trees, python)
    return Noticed(failed, done.code != 0, done.code != 0 or linted)


def _complaints(package: str, tree: Path, python: str) -> Counter[str]:
    """What linters say, less the line numbers."""
    said: Counter[str] = Counter()
    ruff = ran((python, "-m", "ruff", "check", "--no-cache", "--output-format=json", "."), tree)
    for it in json.loads(ruff.out[ruff.out.index("[") :] or "[]"):
        said[f"ruff {it['code']} {Path(it['filename']).name}"] += 1
    bandit = ran((python, "-m", "bandit", "-q", "-f", "json", "-r", package), tree)
    for it in json.loads(bandit.out[bandit.out.index("{") :])["results"]:
        said[f"bandit {it['test_id']} {it['filename']}"] += 1
    radon = ran((python, "-m", "radon", "cc", "-n", "C", "-j", package), tree)
    for file, blocks in json.loads(radon.out).items():
        for it in blocks if isinstance(blocks, list) else ():
            said[f"radon {it['rank']} {file} {it['name']}"] += 1
    return said


def _breaking(change: Change, trees: Trees, python: str) -> bool:
    command = (python, "-m", "griffe", "check", change.base, "-a", trees.base_commit, "-s", ".")
    return ran(command, trees.head).code != 0
