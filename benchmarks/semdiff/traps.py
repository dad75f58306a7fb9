"""Pairs that look equal and run differently. Each is proven by running both: the output differs.

`python -m benchmarks.semdiff.traps` runs every pair and asks the diff about it. A trap for which
the diff says SAME (every finding SAME, or none) is a false SAME: a release blocker.

Old and new are separated by `====`. `# file: NAME` starts a further file; the first is `main.py`.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.semdiff import (
    trap_cases,
    trap_cases_across,
    trap_cases_imports,
    trap_cases_lives,
    trap_cases_readers,
    trap_cases_third,
)
from monocyte.semdiff.diff import diff_trees
from monocyte.semdiff.sources import from_texts, python_lines
from monocyte.semdiff.verdicts import Verdict

CASES = {
    **trap_cases.CASES,
    **trap_cases_across.CASES,
    **trap_cases_third.CASES,
    **trap_cases_readers.CASES,
    **trap_cases_imports.CASES,
    **trap_cases_lives.CASES,
}


def files_of(side: str) -> dict[str, bytes]:
    """The files of one side of a trap."""
    found: dict[str, list[str]] = {}
    name = "main.py"
    for line in python_lines(side.strip("\n")):
        if line.startswith("# file: "):
            name = line.removeprefix("# file: ").strip()
            found[name] = []
        else:
            found.setdefault(name, []).append(line)
    return {path: "".join(lines).encode() for path, lines in found.items()}


def run(files: dict[str, bytes]) -> str:
    """What running `main.py` prints."""
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        done = subprocess.run(
            [sys.executable, "main.py"], cwd=folder, capture_output=True, timeout=120, check=False
        )
    failed = f"exit {done.returncode}" if done.returncode else ""
    return done.stdout.decode("utf-8", "replace") + failed


def main() -> int:
    """Prove every trap, and ask the diff."""
    same, unproven = [], []
    for name, text in CASES.items():
        old, new = (files_of(side) for side in text.split("====\n"))
        if run(old) == run(new):
            unproven.append(name)
            continue
        findings = list(diff_trees(from_texts(old), from_texts(new)))
        if all(finding.verdict is Verdict.SAME for finding in findings):
            same.append(name)
    proven = len(CASES) - len(unproven)
    print(f"{len(CASES)} traps, {proven} proven by output, {len(same)} false SAME")
    for name in unproven:
        print("  not proven:", name)
    for name in same:
        print("  FALSE SAME:", name)
    return 1 if same or unproven else 0


if __name__ == "__main__":
    sys.exit(main())
