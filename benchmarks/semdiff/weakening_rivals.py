"""What coverage and the suite's mutation score see of an edit of a suite: both fall, or do not.

    python -m benchmarks.semdiff.weakening_rivals OUT PLAN -- PYTEST ARGUMENTS

runs tests, in the folder of the suite, on the original code: each under coverage, then the mutants
of PLAN by the tests that cover their lines, each in a fork (see `killing`). The parent asks each
test file of a suite once, and of an edited suite those files that differ; all of them if the edit
is in what sways all: a conftest, a setting. Tests are taken to be independent of other files.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import coverage
import pytest

from benchmarks.semdiff import corpora
from benchmarks.semdiff.killing import UNNOTICED, forked, functions_in, gentle, passes
from monocyte.semdiff.mutator import Mutator

SAMPLE = 80
"""Mutants of a suite's code, as many of each file; those that its tests notice make the score."""
AT_MOST = 1.0
"""Seconds of tests that are tried on one mutant, the quick ones first."""
CASES = 60
"""Cases of one test that are run: some have thousands."""
CHECKOUT = Path(__file__).parents[2]


class Seen(NamedTuple):
    """What a suite, or some files of it, ran and noticed."""

    lines: frozenset[str]
    killed: frozenset[str]

    def __or__(self, other: Seen) -> Seen:
        return Seen(self.lines | other.lines, self.killed | other.killed)


NOTHING = Seen(frozenset(), frozenset())


class Rivals:
    """One suite as it was: what each of its test files covers and kills, asked once."""

    def __init__(self, name: str, root: Path, files: list[str], code: dict[str, str]) -> None:
        self.code = code
        kept = corpora.home() / "suites" / f"rivals-{name}.json"
        if not kept.exists():
            found = {it: run(root, self.sample(), [it]) for it in files}
            told = {it: [sorted(part) for part in seen] for it, seen in found.items()}
            kept.write_text(json.dumps(told))
        held = json.loads(kept.read_text())
        self.files = {it: Seen(*map(frozenset, parts)) for it, parts in held.items()}
        self.whole = self._union(self.files)

    def _union(self, files: Any) -> Seen:
        found = NOTHING
        for it in files:
            found |= self.files[it]
        return found

    def sample(self) -> list[str]:
        """The mutants that are tried: a file and a number each."""
        rows = []
        for path, text in sorted(self.code.items()):
            mutants = [it for it in Mutator(text, path).mutants if it.function]
            random.Random(path).shuffle(mutants)
            rows.append([f"{path}#{it.number}" for it in mutants])
        every = [it for row in itertools.zip_longest(*rows) for it in row if it]
        return every[:SAMPLE]

    def edited(self, root: Path, old: set[str], new: set[str] | None) -> tuple[Seen, int]:
        """What the edited suite sees, and how many mutants its edited files notice no more.

        `old` files are edited, and are `new` now; None for all.
        """
        if new is None:
            found = run(root, sorted(self.whole.killed), [])
            return found, len(self.whole.killed - found.killed)
        due = self._union(it for it in self.files if it in old).killed
        found = run(root, sorted(due), sorted(new)) if new else NOTHING
        return found | self._union(it for it in self.files if it not in old), len(
            due - found.killed
        )


def run(root: Path, mutants: list[str], arguments: list[str]) -> Seen:
    """Ask a process of its own."""
    paths = [str(root), *(str(root / it) for it in ("src", "lib") if (root / it).is_dir())]
    with tempfile.TemporaryDirectory() as folder:
        out, plan = Path(folder, "out.json"), Path(folder, "plan.json")
        plan.write_text(json.dumps(mutants))
        environment = {
            **os.environ,
            "PYTHONPATH": ":".join([*paths, str(CHECKOUT), *sys.path]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": folder,
        }
        options = (
            *("-q", "-p", "no:cacheprovider", "--continue-on-collection-errors"),
            *("-W", "ignore::pytest.PytestAssertRewriteWarning"),  # `gentle` imports hypothesis
        )
        command = [sys.executable, "-m", __spec__.name, str(out), str(plan)]
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(
                [*command, "--", *options, *arguments],
                cwd=root,
                env=environment,
                capture_output=True,
                timeout=400,
                check=False,
            )
        if not out.exists():
            return NOTHING
        lines, killed = json.loads(out.read_text())
        return Seen(frozenset(lines), frozenset(killed))


class Asking:
    """A pytest plugin that runs tests under coverage, then mutants."""

    def __init__(self, out: Path, plan: Path) -> None:
        self.out = out
        self.plan: dict[str, list[int]] = {}
        for it in json.loads(plan.read_text()):
            path, _, number = it.partition("#")
            self.plan.setdefault(path, []).append(int(number))
        self.root = Path.cwd().resolve()
        self.coverage = coverage.Coverage(
            data_file=None, include=[f"{self.root}/*"], config_file=False
        )
        self.took: dict[str, float] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run all there is, and say what came of it."""
        items = {item.nodeid: item for item in thinned(session.items)}
        self.coverage.start()
        for name, item in items.items():
            self.coverage.switch_context(name)
            began = time.perf_counter()
            if passes(item):
                self.took[name] = time.perf_counter() - began
        self.coverage.stop()
        for name in unfit([items[it] for it in self.took]):
            del self.took[name]
        data = self.coverage.get_data()
        lines = [
            f"{Path(file).relative_to(self.root)}:{line}"
            for file in data.measured_files()
            if not Path(file).name.startswith(("test", "conftest"))
            for line in data.lines(file) or ()
        ]
        killed = [it for path in self.plan for it in self._kills(path, items)]
        self.out.write_text(json.dumps([lines, killed]))
        return True

    def _kills(self, path: str, items: dict[str, pytest.Item]) -> list[str]:
        file = self.root / path
        mutator = Mutator(file.read_bytes().decode(), str(file))
        covering = self.coverage.get_data().contexts_by_lineno(str(file))
        live = functions_in(file)
        found = []
        for number in self.plan[path]:
            mutant = mutator.mutants[number]
            names = {it for it in covering.get(mutant.line, ()) if it in self.took}
            functions = live.get(mutant.function, [])
            if names and functions and self._notices(mutator, mutant, functions, names, items):
                found.append(f"{path}#{number}")
        return found

    def _notices(
        self, mutator: Mutator, mutant: Any, functions: Any, names: set[str], items: Any
    ) -> bool:
        chosen: list[str] = []
        seconds = 0.0
        for name in sorted(names, key=lambda it: (self.took[it], it)):
            seconds += self.took[name]
            if chosen and seconds > AT_MOST:
                break
            chosen.append(name)
        with contextlib.suppress(ValueError), mutator.swap(mutant, functions):
            how = forked([items[it] for it in chosen], 1.0 + 10 * seconds)
            return how not in UNNOTICED
        return False


def thinned(items: list[pytest.Item]) -> list[pytest.Item]:
    """At most so many cases of each test, spread over all of them, the last one too."""
    by_test: dict[str, list[pytest.Item]] = {}
    for it in items:
        by_test.setdefault(it.nodeid.partition("[")[0], []).append(it)
    kept = []
    for cases in by_test.values():
        step = (len(cases) - 1) // CASES + 1
        kept += cases[::-1][::step][::-1]
    return kept


def unfit(items: list[pytest.Item]) -> list[str]:
    """Those that do not pass in a fork as they are: what they say of a mutant means nothing."""
    if not items or forked(items, 30.0) == "survived":
        return []
    if len(items) == 1:
        return [items[0].nodeid]
    half = len(items) // 2
    return unfit(items[:half]) + unfit(items[half:])


def main() -> int:
    """Let pytest collect, and ask."""
    cut = sys.argv.index("--")
    gentle()
    asking = Asking(Path(sys.argv[1]), Path(sys.argv[2]))
    return int(pytest.main(sys.argv[cut + 1 :], plugins=[asking]))


if __name__ == "__main__":
    sys.exit(main())
