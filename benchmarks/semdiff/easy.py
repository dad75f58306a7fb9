"""Easy rewrites of whole packages: every file that is flagged is a false alarm.

`python -m benchmarks.semdiff.easy [tuning|held-out] [--tools PYTHON] [--show]`; PYTHON has black,
ruff, isort, libcst.
"""

import argparse
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from benchmarks.semdiff import corpora
from monocyte.semdiff.diff import diff_trees
from monocyte.semdiff.sources import from_directory
from monocyte.semdiff.verdicts import Verdict

REWRITES = Path(__file__).with_name("easy_rewrites.py")
KINDS = (
    *("black", "ruff", "ruff-check", "comments", "docstrings", "renamed-locals"),
    *("reordered-functions", "reordered-methods", "sorted-imports", "all-at-once"),
)


def rewritten(requirement: str, kind: str, tools: str) -> Path:
    """A copy of a package under one rewrite, made once."""
    source = corpora.fetch(requirement)
    target = corpora.home() / "easy" / kind / source.name
    if not target.is_dir():
        shutil.copytree(source, target)
        subprocess.run([tools, str(REWRITES), kind, str(target)], check=True)
    return target


def measure(requirement: str, kind: str, tools: str, *, show: bool) -> Counter[str]:
    """How many files were rewritten, and how many of them were flagged."""
    old = from_directory(corpora.fetch(requirement))
    new = from_directory(rewritten(requirement, kind, tools))
    changed = {p for p in old if p in new and old[p].data != new[p].data}
    flagged: Counter[str] = Counter()
    for finding in diff_trees(old, new):
        if finding.verdict is not Verdict.SAME:
            place = finding.new or finding.old
            flagged[place.file if place else "?"] += 1
            if show:
                print("   ", kind, requirement, finding.explain()[:230])
    return Counter(files=len(changed), flagged=len(flagged.keys() & changed))


def main() -> int:
    """Measure every kind on every package of one set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("set", nargs="?", default="held-out", choices=["tuning", "held-out"])
    parser.add_argument("--tools", default=sys.executable)
    parser.add_argument("--kinds", nargs="*", default=KINDS)
    parser.add_argument("--show", action="store_true")
    asked = parser.parse_args()
    packages = corpora.TUNING if asked.set == "tuning" else corpora.HELD_OUT
    total: Counter[str] = Counter()
    for kind in asked.kinds:
        began = time.perf_counter()
        count: Counter[str] = Counter()
        for requirement in packages:
            count += measure(requirement, kind, asked.tools, show=asked.show)
        seconds = time.perf_counter() - began
        print(
            f"{kind:22} {count['files']:5} rewritten {count['flagged']:4} flagged {seconds:7.1f} s"
        )
        total += count
    print(f"{'all':22} {total['files']:5} rewritten {total['flagged']:4} flagged")
    return 1 if total["flagged"] else 0


if __name__ == "__main__":
    sys.exit(main())
