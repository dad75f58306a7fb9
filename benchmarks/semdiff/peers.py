"""Other tools on the same labels: git diff, tree-sitter's structure, ast.dump, griffe.

    python -m benchmarks.semdiff.peers easy|hard|mutants [--tools PYTHON] [--sample N] [--json FILE]

Equivalent files (see `heldout`): what a tool flags is a false alarm. Mutants (see `mutants`): what
it flags is a find, and each mutant is a file of its own. Dropped labels are left out. difftastic is
not among them: no registry at hand has a binary of it.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.semdiff import corpora, heldout, mutants, suites

JUDGE = Path(__file__).with_name("peers_judge.py")
Pair = tuple[str, str, str]
"""A label, the old file, the new one."""


def equivalents(group: str, kinds: Iterable[str], largest: int, tools: str) -> Iterator[Pair]:
    """Every rewritten file that has a label, sorted by what it was made of."""
    for requirement in (p for p in corpora.HELD_OUT if heldout.size(p) <= largest):
        old = corpora.fetch(requirement)
        for kind in kinds:
            new = heldout.copied(group, requirement, kind, tools)
            for path, label in heldout.labels(group, requirement, kind, tools).items():
                if label != "dropped":
                    yield label, str(old / path), str(new / path)


def broken(folder: Path, sample: int) -> Iterator[Pair]:
    """A sample of killed mutants, each written as a whole module."""
    every = [
        (path, text, one)
        for requirement in mutants.PACKAGES
        for path, text, killed in mutants.modules(requirement)
        for one in killed
    ]
    random.Random(20261122).shuffle(every)
    for number, (path, text, one) in enumerate(every[:sample]):
        old = folder / path.replace("/", "__")
        new = folder / f"{number}.py"
        old.write_text(text, encoding="utf-8", newline="")
        new.write_text(mutants.together(text, [one]), encoding="utf-8", newline="")
        yield "mutant", str(old), str(new)


def asked(pairs: list[Pair], folder: Path) -> dict[str, Any]:
    """What the tools say, in the environment that has them."""
    question, answer = folder / "pairs.json", folder / "answers.json"
    question.write_text(json.dumps([pair[1:] for pair in pairs]))
    subprocess.run([suites.PYTHON, "-P", str(JUDGE), str(question), str(answer)], check=True)
    told: dict[str, Any] = json.loads(answer.read_text())
    return told


def main() -> int:
    """Ask, and print a row for each tool."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("group", choices=["easy", "hard", "mutants"])
    parser.add_argument("--tools", default=sys.executable)
    parser.add_argument("--sample", type=int, default=1000)
    parser.add_argument("--kinds", nargs="*")
    parser.add_argument("--largest", type=int, default=10**9, help="bytes of a package")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        mutated = given.group == "mutants"
        found = (
            broken(folder, given.sample)
            if mutated
            else equivalents(
                given.group, given.kinds or heldout.KINDS[given.group], given.largest, given.tools
            )
        )
        pairs = sorted(found, key=lambda pair: pair[1])
        told = asked(pairs, folder)
    print(told["versions"])
    rows = []
    for tool, said in told["tools"].items():
        row: dict[str, Any] = {"tool": tool, "cpu seconds": said["cpu"]}
        for label in dict.fromkeys(pair[0] for pair in pairs):
            ours = [f for f, pair in zip(said["flagged"], pairs, strict=True) if pair[0] == label]
            row |= {label: len(ours), f"{label} flagged": ours.count(True)}
            row |= {f"{label} failed": ours.count(None)}
        rows.append(row)
        print("  ".join(f"{key} {value}" for key, value in row.items()), flush=True)
    if given.json:
        given.json.write_text(json.dumps({"versions": told["versions"], "rows": rows}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
