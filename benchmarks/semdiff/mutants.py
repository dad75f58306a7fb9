"""Mutants of real packages: none may be SAME, and the definition that was broken is named.

`python -m benchmarks.semdiff.mutants [--each N] [--seed S]`. Every mutant is made by
`semdiff.mutator`; it counts as killed when a test of the package's own suite, run in a forked child
with the mutated function swapped in, fails, hangs or dies. Suites come from the packages' sdists.
"""

import argparse
import ast
import contextlib
import functools
import gc
import importlib
import inspect
import os
import random
import signal
import subprocess
import sys
import tarfile
import time
import unittest
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import NamedTuple

from benchmarks.semdiff import corpora
from monocyte.semdiff.diff import diff_trees
from monocyte.semdiff.mutator import Mutant, Mutator
from monocyte.semdiff.sources import from_texts
from monocyte.semdiff.verdicts import Verdict

SUITES = {
    "toolz==1.0.0": (
        ("toolz.itertoolz", "toolz.dicttoolz", "toolz.functoolz", "toolz.recipes"),
        ("test_itertoolz", "test_dicttoolz", "test_functoolz", "test_recipes"),
    ),
    "more-itertools==10.7.0": (
        ("more_itertools.more", "more_itertools.recipes"),
        ("test_more", "test_recipes"),
    ),
    "cachetools==6.1.0": (
        ("cachetools", "cachetools.keys", "cachetools.func"),
        (
            *("test_lru", "test_fifo", "test_lfu", "test_rr", "test_ttl", "test_tlru"),
            *("test_cache", "test_cached", "test_keys", "test_func"),
        ),
    ),
}
"""Modules to break, and the test modules that notice."""

SECONDS = 3
Test = tuple[frozenset[str], Callable[[], object]]


def sdist(requirement: str) -> Path:
    """The unpacked sdist of a package, with its tests."""
    folder = corpora.home() / "sdists" / requirement.replace("==", "-")
    if not folder.is_dir():
        held = folder.parent
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(held)]
        name = requirement.replace("==", "-").replace("-", "[-_]")
        if not list(held.glob(f"{name}.tar.gz")):
            subprocess.run([*command, "--no-binary", ":all:", requirement], check=True)
        with tarfile.open(next(held.glob(f"{name}.tar.gz"))) as archive:
            archive.extractall(folder, filter="data")
    return next(path for path in folder.iterdir() if path.is_dir())


def load(requirement: str) -> tuple[list[ModuleType], list[Test]]:
    """The modules of a package, and the tests of its suite that need no fixtures."""
    root = sdist(requirement)
    modules, suites = SUITES[requirement]
    for folder in (root, root / "src", *{path.parent for path in root.rglob("test_*.py")}):
        sys.path.insert(0, str(folder))
    loaded = [importlib.import_module(name) for name in modules]
    package = next((p.parent for p in root.rglob(f"{suites[0]}.py")), root)
    if (package / "__init__.py").exists():
        sys.path.insert(0, str(package.parent.parent))
        names = [f"{package.parent.name}.{package.name}.{name}" for name in suites]
        if package.parent == root:
            names = [f"{package.name}.{name}" for name in suites]
    else:
        names = list(suites)
    return loaded, [test for name in names for test in tests_of(importlib.import_module(name))]


def tests_of(module: ModuleType) -> Iterator[Test]:
    """Plain test functions, and methods of test cases."""
    for name, value in vars(module).items():
        if inspect.isfunction(value) and name.startswith("test"):
            if not any(p.default is p.empty for p in inspect.signature(value).parameters.values()):
                yield mentioned(value.__code__), value
        elif inspect.isclass(value) and issubclass(value, unittest.TestCase):
            for method in unittest.TestLoader().getTestCaseNames(value):
                code = getattr(value, method).__code__
                helpers = [v.__code__ for v in vars(value).values() if inspect.isfunction(v)]
                words = frozenset().union(*map(mentioned, (code, *helpers)))
                yield words, functools.partial(run_case, value, method)


def run_case(case: type[unittest.TestCase], method: str) -> None:
    """One method of a test case; raises what it raises."""
    with contextlib.suppress(unittest.SkipTest):
        case(method).debug()


def mentioned(code: CodeType) -> frozenset[str]:
    """Every name that a piece of code and the code in it uses."""
    inner = (c for c in code.co_consts if isinstance(c, CodeType))
    return frozenset(code.co_names).union(*map(mentioned, inner))


def passes(test: Test) -> bool:
    """Whether a test passes on the code as it is."""
    try:
        test[1]()
    except BaseException:  # noqa: BLE001 - a failing or missing fixture: not a test for us
        return False
    return True


def functions_in(module: ModuleType) -> dict[str, list[FunctionType]]:
    """Every live function that a module has defined, by qualified name."""
    found: dict[str, list[FunctionType]] = {}
    for thing in gc.get_objects():
        if isinstance(thing, FunctionType) and thing.__code__.co_filename == module.__file__:
            found.setdefault(thing.__code__.co_qualname, []).append(thing)
    return found


def killed(
    mutator: Mutator, mutant: Mutant, functions: list[FunctionType], tests: list[Test]
) -> bool:
    """Whether a test fails in a child where the mutant is swapped in."""
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        signal.alarm(SECONDS)
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        swapped = False
        try:
            with mutator.swap(mutant, functions):
                swapped = True
                for _, test in tests:
                    test()
        except BaseException:  # noqa: BLE001 - whatever it is, the mutant was noticed
            os._exit(1 if swapped else 0)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return status != 0


class Broken(NamedTuple):
    """A killed mutant, as the lines that it replaces."""

    mutant: Mutant
    first: int
    last: int
    lines: list[str]

    @property
    def root(self) -> str:
        """The definition of the module in which it stands."""
        return self.mutant.definition.partition(".")[0]


def broken(mutant: Mutant, text: str, mutated: str) -> Broken:
    """The region of a module in which a mutant's text differs."""
    old, new = text.splitlines(), mutated.splitlines()
    first = next(n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b)
    tail = 0
    while tail < min(len(old), len(new)) - first and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    return Broken(mutant, first, len(old) - tail, new[first : len(new) - tail])


def batches(found: list[Broken]) -> Iterator[list[Broken]]:
    """Mutants of different definitions, put into one text: many are judged by one diff."""
    left = found
    while left:
        taken: list[Broken] = []
        rest: list[Broken] = []
        for one in left:
            (rest if any(_clash(one, other) for other in taken) else taken).append(one)
        yield sorted(taken, key=lambda one: one.first)
        left = rest


def _clash(one: Broken, other: Broken) -> bool:
    """Same definition, or lines in common: some mutants are the whole module, printed again."""
    return one.root == other.root or (one.first <= other.last and other.first <= one.last)


def together(text: str, batch: list[Broken]) -> str:
    """A module with all mutants of a batch in it."""
    lines = text.splitlines()
    for one in reversed(batch):
        lines[one.first : one.last] = one.lines
    return "\n".join(lines) + "\n"


def judge(path: str, text: str, batch: list[Broken]) -> Counter[str]:
    """What the diff says of a batch: each mutant's definition must be flagged, and no other."""
    mutated = together(text, batch)
    ast.parse(mutated)
    found = diff_trees(from_texts({path: text}), from_texts({path: mutated}))
    flagged = {f.definition.partition("#")[0] for f in found if f.verdict is not Verdict.SAME}
    count: Counter[str] = Counter()
    for one in batch:
        wanted = one.mutant.definition
        ours = {name for name in flagged if name.partition(".")[0] == one.root}
        named = bool(ours) and all(f"{wanted}.".startswith(f"{name}.") for name in ours)
        count["same"] += not ours
        count["named"] += named
        if not named:
            print("  FALSE SAME:" if not ours else "  not named:", one.mutant, sorted(ours))
    strangers = {name.partition(".")[0] for name in flagged} - {one.root for one in batch}
    for name in strangers:
        print("  flagged though untouched:", path, name)
    count["strangers"] += len(strangers)
    return count


def measure(requirement: str, each: int, seed: int) -> Counter[str]:
    """Break one package, and ask its suite and the diff."""
    modules, tests = load(requirement)
    tests = [test for test in tests if passes(test)]
    count: Counter[str] = Counter()
    operators: Counter[str] = Counter()
    for module in modules:
        path = Path(module.__file__ or "")
        text = path.read_text(encoding="utf-8")
        mutator = Mutator(text, str(path))
        mutants = [m for m in mutator.mutants if m.function]
        random.Random(seed).shuffle(mutants)
        live = functions_in(module)
        found: list[Broken] = []
        for mutant in mutants[:each]:
            names = set(mutant.function.replace(".<locals>", "").split("."))
            near = [t for t in tests if names & t[0]]
            functions = live.get(mutant.function, [])
            if not near or not functions or not killed(mutator, mutant, functions, near):
                count["not killed"] += 1
                continue
            operators[mutant.operator] += 1
            found.append(broken(mutant, text, mutator.source(mutant)))
        count["killed"] += len(found)
        for batch in batches(found):
            count += judge(path.name, text, batch)
    count.update({f"operator {name}": n for name, n in operators.items()})
    return count


def main() -> int:
    """Measure every package, each in a process of its own memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", nargs="*", default=list(SUITES))
    parser.add_argument("--each", type=int, default=1500, help="mutants of each module at most")
    parser.add_argument("--seed", type=int, default=20261122)
    asked = parser.parse_args()
    total: Counter[str] = Counter()
    for requirement in asked.packages:
        began = time.perf_counter()
        count = measure(requirement, asked.each, asked.seed)
        total += count
        show(requirement, count, time.perf_counter() - began)
    show("all", total, 0)
    return 1 if total["same"] else 0


def show(name: str, count: Counter[str], seconds: float) -> None:
    """One row."""
    operators = sum(key.startswith("operator ") for key in count)
    print(
        f"{name:26} {count['killed']:5} killed ({count['not killed']} not), {operators} operators,"
        f" {count['same']} SAME, {count['named']} named right, {count['strangers']} others flagged,"
        f" {seconds:.0f} s",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
