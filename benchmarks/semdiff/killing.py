"""Breaks a package, and asks its own suite: one process, one fork for every mutant.

`python -P killing.py FOLDER KEPT [--modules NAME…] [--each N] [--seconds S] -- PYTEST OPTIONS`, run
by path in the environment that the suite needs, on a copy of the sdist. The package and its tests
are imported once; each test is run twice as it is, to learn which lines it covers and how long it
takes, and must pass both times. A mutant is a function's code swapped in a child, where the tests
that cover its line run until one fails. Every answer is a line of `KEPT/<module>.jsonl` at once, so
that a run that is cut short goes on where it was.
"""

import argparse
import contextlib
import gc
import importlib
import json
import os
import random
import resource
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import coverage
import pytest
from _pytest.runner import runtestprotocol

from monocyte.semdiff.mutator import Mutant, Mutator

SECONDS = 5.0
"""A mutant's tests may take that long, or ten times as long as before if that is less."""
AT_MOST = 1.5
"""Seconds of tests that are tried on one mutant, the quick ones first."""
TESTS = 1500
"""Tests of a suite that are used: some have tens of thousands of cases."""
MEMORY = 2**30


class Killer:
    """A pytest plugin that runs mutants in the place of the tests."""

    def __init__(self, asked: argparse.Namespace) -> None:
        self.asked = asked
        self.folder = Path(asked.folder).resolve()
        self.kept = Path(asked.kept)
        self.coverage = coverage.Coverage(
            data_file=None, include=[f"{self.folder}/*"], config_file=False
        )
        self.took: dict[str, float] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Learn what each test covers; then break one module after the other."""
        chosen = list(session.items)
        random.Random(self.asked.seed).shuffle(chosen)
        items = {item.nodeid: item for item in chosen[:TESTS]}
        self._learn(items)
        print(f"{len(self.took)} of {len(items)} tests pass twice", flush=True)
        modules = [importlib.import_module(name) for name in self.asked.modules]
        for module in modules:
            self._break(module, items)
        return True

    def _learn(self, items: dict[str, pytest.Item]) -> None:
        self.coverage.start()
        for name, item in items.items():
            self.coverage.switch_context(name)
            began = time.perf_counter()
            if passes(item):
                self.took[name] = time.perf_counter() - began
        self.coverage.stop()
        slow = {name for name, seconds in self.took.items() if seconds > AT_MOST}
        for name in list(self.took):
            if name in slow or forked([items[name]], SECONDS) != "survived":
                del self.took[name]

    def _break(self, module: ModuleType, items: dict[str, pytest.Item]) -> None:
        path = Path(module.__file__ or "")
        kept = self.kept / f"{module.__name__}.jsonl"
        known = (
            {json.loads(line)["number"] for line in kept.read_text().splitlines()}
            if kept.exists()
            else set()
        )
        text = path.read_bytes().decode("utf-8")
        mutator = Mutator(text, str(path))
        covering = self.coverage.get_data().contexts_by_lineno(str(path))
        live = functions_in(path)
        mutants = [m for m in mutator.mutants if m.function]
        random.Random(self.asked.seed).shuffle(mutants)
        until = time.monotonic() + self.asked.seconds
        count = 0
        with kept.open("a", encoding="utf-8") as out:
            for mutant in mutants[: self.asked.each]:
                if time.monotonic() > until:
                    break
                if mutant.number in known:
                    continue
                names = [t for t in covering.get(mutant.line, ()) if t in self.took]
                functions = live.get(mutant.function, [])
                how = self._judged(mutator, mutant, functions, names, items)
                count += how not in UNNOTICED
                out.write(json.dumps(told(mutant, how, text, mutator)) + "\n")
                out.flush()
        print(f"{module.__name__:30} {len(mutants):5} mutants {count:5} newly killed", flush=True)

    def _judged(
        self,
        mutator: Mutator,
        mutant: Mutant,
        functions: list[FunctionType],
        names: list[str],
        items: dict[str, pytest.Item],
    ) -> str:
        """What became of a mutant: the test that failed, or why none did."""
        if not functions or not names:
            return "uncovered"
        chosen: list[str] = []
        seconds = 0.0
        for name in sorted(names, key=self.took.__getitem__):
            seconds += self.took[name]
            if chosen and seconds > AT_MOST:
                break
            chosen.append(name)
        limit = min(SECONDS, 0.5 + 10 * seconds)
        with contextlib.suppress(ValueError), mutator.swap(mutant, functions):
            return forked([items[name] for name in chosen], limit)
        return "not swapped"


UNNOTICED = frozenset({"survived", "uncovered", "not swapped"})


def passes(item: pytest.Item) -> bool:
    """Whether a test passes, with its fixtures set up and torn down."""
    reports = runtestprotocol(item, log=False, nextitem=None)
    return all(report.passed for report in reports)


def forked(items: list[pytest.Item], seconds: float) -> str:
    """Run tests in a child: the name of the one that failed, `timeout`, `died` or `survived`."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _alone(seconds)
        for item in items:
            os.write(writing, b".")
            ok = False
            with contextlib.suppress(BaseException):
                ok = passes(item)
            if not ok:
                os.write(writing, b"F")
                os._exit(1)
        os._exit(0)
    os.close(writing)
    _, status = os.waitpid(child, 0)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)
    with os.fdopen(reading, "rb") as pipe:
        seen = pipe.read()
    if seen.endswith(b"F"):
        return items[len(seen) - 2].nodeid
    if os.WIFSIGNALED(status):
        return "timeout" if os.WTERMSIG(status) in {signal.SIGALRM, signal.SIGXCPU} else "died"
    return "survived" if os.WEXITSTATUS(status) == 0 else "died"


def _alone(seconds: float) -> None:
    """A group of its own, nothing to say, and limits of time, memory and file size."""
    os.setpgid(0, 0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, 4 * seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (round(seconds) or 1, round(seconds) or 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (10**7, 10**7))
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)


def functions_in(path: Path) -> dict[str, list[FunctionType]]:
    """Every live function that a module has defined, by qualified name."""
    found: dict[str, list[FunctionType]] = {}
    for thing in gc.get_objects():
        if isinstance(thing, FunctionType) and thing.__code__.co_filename == str(path):
            found.setdefault(thing.__code__.co_qualname, []).append(thing)
    return found


def told(mutant: Mutant, how: str, text: str, mutator: Mutator) -> dict[str, Any]:
    """One line of the answer; of a killed mutant also the lines that it replaces."""
    line = {"number": mutant.number, "how": how, "operator": mutant.operator}
    if how in UNNOTICED:
        return line
    old, new = text.split("\n"), mutator.source(mutant).split("\n")
    head = next(_common(old, new), 0)
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    return {
        **line,
        "definition": mutant.definition,
        "what": f"line {mutant.line}, {mutant.operator}: {mutant.what}",
        "first": head,
        "last": len(old) - tail,
        "lines": new[head : len(new) - tail],
    }


def _common(old: list[str], new: list[str]) -> Iterator[int]:
    return (n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b)


def main() -> int:
    """Read what is asked, and let pytest collect."""
    cut = sys.argv.index("--")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("kept")
    parser.add_argument("--modules", nargs="+", required=True)
    parser.add_argument("--each", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=20261122)
    asked = parser.parse_args(sys.argv[1:cut])
    Path(asked.kept).mkdir(parents=True, exist_ok=True)
    gentle()
    return int(pytest.main(sys.argv[cut + 1 :], plugins=[Killer(asked)]))


def gentle() -> None:
    """Let property tests, where there are any, try the same few examples each time."""
    with contextlib.suppress(ImportError):
        from hypothesis import settings

        settings.register_profile(
            "mutants", derandomize=True, max_examples=20, database=None, deadline=None
        )
        settings.load_profile("mutants")


if __name__ == "__main__":
    sys.exit(main())
