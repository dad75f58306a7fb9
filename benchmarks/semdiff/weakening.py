"""Weakened tests: how many are caught, and how many honest edits are taken for weakened.

`python -m benchmarks.semdiff.weakening [--held-out] [--only NAME]`. Suites are those of real
packages, from their sdists. A weakening counts where a machine has proven it: the test does not
run any more (pytest, in a process of its own, says so), or a mutant of the old code that it
notices goes unnoticed (the finding's own script, run in a copy of the tree, says so; else a mutant
is looked for here, by what pytest says of files that were really changed). An honest edit counts
where its tests pass and, with `--rivals`, its files notice every mutant of a sample as before.
Half of the suites, ways and edits are held out.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from benchmarks.semdiff import corpora
from benchmarks.semdiff.weakening_cases import (
    WAYS,
    Edit,
    Target,
    checks,
    equals,
    parametrized,
    raisings,
)
from benchmarks.semdiff.weakening_honest import EDITS
from benchmarks.semdiff.weakening_rivals import Rivals
from monocyte.semdiff.mutator import Mutator
from monocyte.semdiff.sources import Tree, from_directory, held
from monocyte.semdiff.testdiff import test_diff as judge_tests
from monocyte.semdiff.testdiff.conventions import conventions, is_support
from monocyte.semdiff.testdiff.layout import CONFIG_FILES, code_files
from monocyte.semdiff.verdicts import Finding, Severity

TUNING = (
    *("toolz==1.0.0", "cachetools==6.1.0", "inflection==0.5.1", "schema==0.7.7"),
    *("simpleeval==1.0.3", "packaging==25.0"),
)
HELD_OUT = (
    *("h11==0.16.0", "itsdangerous==2.2.0", "humanize==4.12.3", "sqlparse==0.5.3"),
    *("idna==3.10", "xmltodict==0.14.2"),
)
SECONDS = 25.0


class Suite:
    """A package's suite: its tree, and which of its tests pass."""

    def __init__(self, requirement: str) -> None:
        self.name = requirement.partition("==")[0]
        self.root = corpora.sdist(requirement)
        self.tree = from_directory(self.root)
        self.rules = conventions(self.tree)
        self.texts = {
            path: source.data.decode()
            for path, source in {**self.tree.sources, **self.tree.others}.items()
            if path.endswith((".py", ".toml", ".ini", ".cfg"))
        }
        files = [it for it in self.tree if it.endswith(".py") and self.rules.is_test_file(it)]
        self.trees: dict[str, ast.Module] = {}
        self.files = sorted(files)
        self.passing = self._known(self.files)
        self.targets = list(self._targets(files))
        random.Random(7).shuffle(self.targets)

    @cached_property
    def rivals(self) -> Rivals:
        """What coverage and mutants say of it as it is."""
        code = {it: self.texts[it] for it in code_files(self.tree, self.rules)}
        return Rivals(self.root.name, self.root, self.files, code)

    @cached_property
    def plain(self) -> dict[str, str]:
        """What passes if pytest is told nothing."""
        return outcomes(self.root, [])

    def _known(self, files: list[str]) -> dict[str, str]:
        """Which of its tests pass, asked once."""
        kept = corpora.home() / "suites" / f"{self.root.name}.json"
        if not kept.exists():
            kept.parent.mkdir(exist_ok=True)
            kept.write_text(json.dumps(outcomes(self.root, files)))
        return json.loads(kept.read_text())

    def _targets(self, files: list[str]) -> Iterator[tuple[str, str, str]]:
        """File, class and name of the tests that pass, plain or in a plain class."""
        for path in sorted(files):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(self.texts[path])
            for node in tree.body:
                inner = node.body if isinstance(node, ast.ClassDef) else [node]
                owner = node.name if isinstance(node, ast.ClassDef) else ""
                for it in inner:
                    is_test = isinstance(it, ast.FunctionDef) and it.name.startswith("test")
                    if is_test and self.passed(path, owner, it.name):  # type: ignore[attr-defined]
                        yield path, owner, it.name  # type: ignore[attr-defined]

    def passed(self, path: str, owner: str, name: str) -> int:
        """How many cases of a test pass."""
        return passed(self.passing, "::".join([path, *([owner] if owner else []), name]))

    def target(self, at: tuple[str, str, str]) -> Target:
        """A test, to be looked at; a copy of it, to be edited."""
        path, owner, name = at
        if path not in self.trees:
            self.trees[path] = ast.parse(self.texts[path])
        return Target(path, self.trees[path], name, owner, held=self.texts)


def passed(found: dict[str, str], test: str) -> int:
    """How many cases of a test have passed."""
    return sum(
        outcome == "passed"
        for known, outcome in found.items()
        if known == test or known.startswith(f"{test}[")
    )


RUNNING = """
import json, sys
import pytest
class Plugin:
    def __init__(self): self.found = {}
    def pytest_runtest_logreport(self, report):
        if report.when == "call" or report.outcome != "passed":
            said = report.outcome
            if hasattr(report, "wasxfail"): said = "x" + said
            self.found[report.nodeid] = said
plugin = Plugin()
where = sys.argv[1]
said = ["-q", "-s", "-p", "no:cacheprovider", "--continue-on-collection-errors"]
pytest.main([*said, *sys.argv[2:]], plugins=[plugin])
open(where, "w").write(json.dumps(plugin.found))
"""


def outcomes(root: Path, arguments: list[str]) -> dict[str, str]:
    """What pytest, run by hand, says of each test."""
    paths = [str(root), *(str(root / it) for it in ("src", "lib") if (root / it).is_dir())]
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder, "found.json")
        environment = {**os.environ, "PYTHONPATH": ":".join(paths), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-c", RUNNING, str(where), *arguments]
        try:
            subprocess.run(
                command, cwd=root, env=environment, capture_output=True, timeout=120, check=False
            )
            return json.loads(where.read_text()) if where.exists() else {}
        except subprocess.TimeoutExpired:
            return {"": "timed out"}


def suits(needs: str, target: Target) -> bool:
    """Whether a way can be done to a test."""
    node = target.node
    bases = [ast.unparse(it) for it in target.class_.bases] if target.owner else []
    is_case = any("Test" in it for it in bases) or bool(bases)
    asked = {
        "eq": lambda: len(equals(node)) >= 1,
        "eq2": lambda: len(equals(node)) >= 2,
        "checks": lambda: bool(checks(node)),
        "raises": lambda: bool(raisings(node)),
        "match": lambda: any(
            kw.arg == "match"
            for it in raisings(node)
            for kw in it.items[0].context_expr.keywords  # type: ignore[attr-defined]
        ),
        "param": lambda: parametrized(node) is not None,
        "noparam": lambda: not node.decorator_list,
        "class": lambda: bool(target.owner),
        "pytest": lambda: not is_case,
        "only": lambda: not is_case,
        "plain": lambda: not target.owner,
        "folder": lambda: "/" in target.path,
        "subject": lambda: any(
            isinstance(it, ast.Call) and isinstance(it.func, ast.Name)
            for equal in equals(node)
            for it in ast.walk(equal.actual)
        ),
        "splits": lambda: (
            len(node.body) >= 2
            and len(equals(node)) == len(node.body)
            and all(it.body is node.body for it in equals(node))
        ),
    }
    return all(asked.get(word, lambda: True)() for word in needs.split())


class Case(NamedTuple):
    """One edit of one suite."""

    name: str
    suite: Suite
    target: Target
    at: tuple[str, str, str]
    new: Tree


def cases(ways: dict[str, tuple[str, Edit]], suites: list[Suite], times: int) -> Iterator[Case]:
    """Each way done to so many suites, one test each."""
    for number, (name, (needs, edit)) in enumerate(ways.items()):
        done = 0
        order = suites[number % len(suites) :] + suites[: number % len(suites)]
        for suite in order:
            if done == times:
                break
            made = _made(name, needs, edit, suite, number)
            if made is not None:
                done += 1
                yield made
        if done < times:
            print(f"  {name}: applied to {done} suites only")


def _made(name: str, needs: str, edit: Edit, suite: Suite, number: int) -> Case | None:
    failed = 0
    found = suite.targets[number * 3 % len(suite.targets) :] + suite.targets
    for at in found:
        if suits(needs, suite.target(at)):
            target = replace(suite.target(at), tree=ast.parse(suite.texts[at[0]]))
            target.files, target.gone = {}, set()
            before = ast.dump(target.tree)
            try:
                edit(target)
            except LookupError:
                failed += 1
                if failed == PATIENCE:
                    return None
                continue
            tree = changed(suite, target, ast.dump(target.tree) != before or name == "printed anew")
            return Case(name, suite, target, at, tree)
    return None


PATIENCE = 6
"""Tests of one suite that a way may fail on, until it is not done there."""


def changed(suite: Suite, target: Target, edited: bool) -> Tree:
    """The suite's tree with the edit in it."""
    tree = Tree(dict(suite.tree.sources), dict(suite.tree.others), name="new")
    if edited:
        ast.fix_missing_locations(target.tree)
        tree.add(held(target.path, ast.unparse(target.tree)))
    for path in target.gone:
        tree.sources.pop(path, None)
    for path, text in target.files.items():
        tree.add(held(path, text))
    return tree


# -- proofs ---------------------------------------------------------------------------------------


def laid_out(tree: Tree, folder: Path) -> Path:
    for source in (*tree.sources.values(), *tree.others.values()):
        path = folder / source.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(source.data)
    return folder


def proven(case: Case, findings: list[Finding]) -> str:
    """How it is known that the test is weaker; empty if no machine could tell."""
    path, owner, name = case.at
    test = "::".join([path, *([owner] if owner else []), name])
    with tempfile.TemporaryDirectory() as folder:
        old = laid_out(case.suite.tree, Path(folder, "old"))
        new = laid_out(case.new, Path(folder, "new"))
        for finding in findings:
            if finding.witness and "path.write_text(text)" in finding.witness.code:
                said = [_witnessed(finding.witness.code, it) for it in (old, new)]
                if said == [1, 0]:
                    return "its witness"
        after = outcomes(new, [path] if (new / path).exists() else [])
        if passed(after, test) < case.suite.passed(*case.at):
            return "does not run"
        is_config = bool(set(case.target.files) & CONFIG_FILES)
        if is_config and passed(outcomes(new, []), test) < passed(case.suite.plain, test):
            return "does not run"
        return _by_mutants(case, test, old, new)


def _witnessed(code: str, root: Path) -> int:
    """The exit code of pytest in a witness."""
    paths = [str(root), *(str(root / it) for it in ("src", "lib") if (root / it).is_dir())]
    environment = {**os.environ, "PYTHONPATH": ":".join(paths), "PYTHONDONTWRITEBYTECODE": "1"}
    code = code.replace("subprocess.run(", "done = subprocess.run(") + "sys.exit(done.returncode)\n"
    command = [sys.executable, "-c", code]
    try:
        run = subprocess.run(
            command, cwd=root, env=environment, capture_output=True, timeout=60, check=False
        )
    except subprocess.TimeoutExpired:
        return 1
    return run.returncode


MOST = 16


def _by_mutants(case: Case, test: str, old: Path, new: Path) -> str:
    """Look for a mutant that tells, by running pytest on files that were really changed."""
    words = set(_words(case.suite.target(case.at).node))
    tried = 0
    for path in code_files(case.suite.tree, case.suite.rules):
        text = case.suite.texts[path]
        mutator = Mutator(text, path)
        near = [it for it in mutator.mutants if set(it.function.split(".")) & words]
        random.Random(3).shuffle(near)
        for mutant in near[: MOST // 2]:
            if tried == MOST:
                return ""
            tried += 1
            said = []
            for root in (old, new):
                (root / path).write_text(mutator.source(mutant))
                found = outcomes(root, [test])
                (root / path).write_text(text)
                said.append(any(it == "failed" for it in found.values()) or not found)
                if not said[0]:
                    break
            if said == [True, False]:
                return "a mutant"
    return ""


def _words(node: ast.AST) -> Iterator[str]:
    for it in ast.walk(node):
        if isinstance(it, ast.Name):
            yield it.id
        elif isinstance(it, ast.Attribute):
            yield it.attr


# -- beside others --------------------------------------------------------------------------------


def counted(old: str, new: str) -> bool:
    """Counting assertions: fewer than before."""
    return _assertions(new) < _assertions(old)


def _assertions(text: str) -> int:
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return 0
    return sum(isinstance(it, ast.Assert) or _is_asserting(it) for it in ast.walk(tree))


def _is_asserting(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr.startswith(("assert", "raises"))
    )


GREP = ("skip", "xfail", "or True", "assert True", "# noqa", "except:", "return\n")


def grepped(old: str, new: str) -> bool:
    """Looking for words: more of them than before."""
    return any(new.count(it) > old.count(it) for it in GREP)


def text_of(tree: Tree, suite: Suite) -> str:
    """All Python of the tests."""
    parts = [tree[it].text for it in sorted(tree) if is_support(it, suite.rules)]
    return "\n".join(ast.unparse(ast.parse(it)) for it in parts)


def beside(case: Case, *, costly: bool) -> tuple[dict[str, bool], int]:
    """Who else says that the suite is weaker; and how many mutants the edited files lose."""
    suite, tree = case.suite, case.new
    before, after = text_of(suite.tree, suite), text_of(tree, suite)
    told = {
        "assertions counted": counted(before, after),
        "words looked for": grepped(before, after),
    }
    if not costly:
        return told, 0
    every = {*suite.tree, *tree, *suite.tree.others, *tree.others}
    edited = {it for it in every if _data(suite.tree, it) != _data(tree, it)}
    old = edited & set(suite.files)
    new = {it for it in edited if it in tree.sources and suite.rules.is_test_file(it)}
    sways = edited - old - new - {it for it in edited if _is_inert(it)}
    with tempfile.TemporaryDirectory() as folder:
        root = laid_out(tree, Path(folder, "new"))
        seen, lost = suite.rivals.edited(root, old, None if sways else new)
    told["coverage"] = len(seen.lines) < len(suite.rivals.whole.lines)
    told["mutation score"] = len(seen.killed) < len(suite.rivals.whole.killed)
    return told, lost


def _data(tree: Tree, path: str) -> bytes:
    held = tree.sources.get(path) or tree.others.get(path)
    return held.data if held else b""


def _is_inert(path: str) -> bool:
    """A file that pytest does not read by itself."""
    return path.endswith(".py") and not path.endswith("conftest.py")


# -- measuring ------------------------------------------------------------------------------------


def alarms(findings: list[Finding]) -> list[Finding]:
    return [it for it in findings if it.severity >= Severity.WARNING]


def measure(case: Case) -> tuple[list[Finding], float, float]:
    began, used = time.perf_counter(), _cpu()
    found = judge_tests(case.suite.tree, case.new, SECONDS)
    return found, time.perf_counter() - began, _cpu() - used


def _cpu() -> float:
    ours, theirs = (
        resource.getrusage(it) for it in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return ours.ru_utime + ours.ru_stime + theirs.ru_utime + theirs.ru_stime


def half(table: dict[str, tuple[str, Edit]], held_out: bool) -> dict[str, tuple[str, Edit]]:
    names = list(table)[1 if held_out else 0 :: 2]
    return {it: table[it] for it in names}


def main() -> int:
    """Measure one half: the one that was tuned on, or the one that was held out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--kind", choices=("weak", "honest"), default="")
    parser.add_argument("--start", type=int, default=0, help="ways and edits to leave out")
    parser.add_argument("--minutes", type=float, default=1e6, help="begin no case after these")
    parser.add_argument("--times", type=int, default=0, help="suites for each way or edit")
    parser.add_argument("--rivals", action="store_true", help="ask coverage and mutants as well")
    parser.add_argument("--no-proof", action="store_true", help="skip the proofs: for a first look")
    asked = parser.parse_args()
    suites = [Suite(it) for it in (HELD_OUT if asked.held_out else TUNING)]
    print(", ".join(f"{it.name}: {len(it.targets)} tests" for it in suites), flush=True)
    count: Counter[str] = Counter()
    seconds: list[float] = []
    due: list[tuple[str, Case]] = []
    for kind, table, times in (
        ("weak", WAYS, asked.times or 1),
        ("honest", EDITS, asked.times or 3),
    ):
        if asked.kind not in ("", kind):
            continue
        chosen = half(table, asked.held_out)
        chosen = {k: v for k, v in list(chosen.items())[asked.start :] if asked.only in k}
        due += [(kind, case) for case in cases(chosen, suites, times)]
    random.Random(11).shuffle(due)  # a run that is cut short is a fair sample
    until = time.monotonic() + 60 * asked.minutes
    for kind, case in due:
        if time.monotonic() > until:
            count[f"{kind}: not reached"] += 1
            continue
        _one(kind, case, count, seconds, proof=not asked.no_proof, rivals=asked.rivals)
    for name, number in sorted(count.items()):
        print(f"{name:44} {number}")
    if seconds:
        seconds.sort()
        print(f"CPU seconds: median {seconds[len(seconds) // 2]:.1f}, worst {seconds[-1]:.1f}")
    return 0


def _one(
    kind: str,
    case: Case,
    count: Counter[str],
    seconds: list[float],
    *,
    proof: bool,
    rivals: bool,
) -> None:
    found, wall, cpu = measure(case)
    seconds.append(cpu)
    loud = alarms(found)
    where = f"{case.suite.name} {'::'.join(it for it in case.at if it)}"
    told, lost = beside(case, costly=rivals)
    if kind == "weak":
        how = proven(case, loud) if proof else "not asked"
        count[f"weak: {'proven by ' + how if how else 'not proven, left out'}"] += 1
        verdict = "caught" if loud else "MISSED"
        if how:
            count["weak: cases"] += 1
            count[f"weak: {verdict}"] += 1
            count.update({f"weak: caught by {name}": yes for name, yes in told.items()})
    else:
        how = ""
        verdict = "FALSE ALARM" if loud else "quiet"
        if proof and (lost or not _passes(case)):
            how = f"loses {lost} mutants" if lost else "does not pass"
            count[f"honest: {'loses mutants' if lost else how}, left out"] += 1
            verdict = f"left out, {'loud' if loud else 'quiet'}"
        else:
            count["honest: cases"] += 1
            count[f"honest: {verdict}"] += 1
            count.update({f"honest: alarm by {name}": yes for name, yes in told.items()})
    said = "; ".join(f"{it.rule}: {it.what}"[:110] for it in (loud or found)[:2])
    also = ", ".join(name for name, yes in told.items() if yes)
    print(
        f"{verdict:11} {case.name} | {where} | {how} | {said} | {also} | {cpu:.1f} of {wall:.1f} s",
        flush=True,
    )
    if verdict == "FALSE ALARM":
        for it in loud[:3]:
            print("      ", it.verdict, it.rule, it.definition, it.what[:200], it.why[:3])


def _passes(case: Case) -> bool:
    """Whether the edited suite passes as before: no test of the files it touched fails."""
    with tempfile.TemporaryDirectory() as folder:
        root = laid_out(case.new, Path(folder, "new"))
        files = [it for it in {case.at[0], *case.target.files} if (root / it).is_file()]
        files = [it for it in files if case.suite.rules.is_test_file(it)]
        after = outcomes(root, sorted(files))
    before = {k: v for k, v in case.suite.passing.items() if k.startswith(f"{case.at[0]}::")}
    failed = sum(v == "failed" for v in after.values())
    return bool(after) and failed <= sum(v == "failed" for v in before.values())


if __name__ == "__main__":
    sys.exit(main())
