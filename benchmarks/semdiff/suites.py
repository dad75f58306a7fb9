"""The packages' own suites: a tree is proven equivalent by the tests that pass on the original.

A suite is run on a copy of the sdist in which the package's files are replaced by those of the tree
that is judged. The copy passes when every test that passed on the untouched tree passes again (a
test that fails gets a second chance, since some depend on the clock). Untouched runs are kept.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from benchmarks.semdiff import corpora

RUNNER = Path(__file__).with_name("suite_run.py")
PYTHON = os.environ.get("MONOCYTE_SUITES_PYTHON", sys.executable)
"""An interpreter with pytest, and what the suites need."""

LENIENT = (
    *("-q", "--tb=no", "--no-header", "-p", "no:cacheprovider", "-p", "no:asyncio"),
    *("-o", "addopts=", "-o", "filterwarnings=default", "-o", "xfail_strict=false"),
)


class Suite(NamedTuple):
    """Where a package's tests are in its sdist, and what pytest must be told."""

    package: str
    tests: tuple[str, ...] = ("tests",)
    options: tuple[str, ...] = ()


TIMED = ("--ignore=tests/tests_asyncio.py", "--ignore=tests/tests_perf.py")
"""Tests of tqdm that ask how long something takes."""

SUITES = {
    "arrow==1.3.0": Suite("arrow"),
    "babel==2.17.0": Suite("babel"),
    "beautifulsoup4==4.13.4": Suite("bs4", ("bs4/tests",)),
    "bleach==6.2.0": Suite("bleach"),
    "boltons==25.0.0": Suite("boltons", ("tests",), ("--noconftest",)),
    "humanize==4.12.3": Suite("humanize"),
    "inflection==0.5.1": Suite("inflection", ("test_inflection.py",)),
    "isodate==0.7.2": Suite("isodate"),
    "jmespath==1.0.1": Suite("jmespath"),
    "jsonschema==4.24.0": Suite("jsonschema", ("jsonschema/tests",)),
    "lark==1.2.2": Suite("lark", ("tests/__main__.py",)),
    "natsort==8.4.0": Suite("natsort"),
    "oauthlib==3.3.1": Suite("oauthlib"),
    "pydash==8.0.5": Suite("pydash", ("tests",), ("--ignore=tests/pytest_mypy_testing",)),
    "schema==0.7.7": Suite("schema", ("test_schema.py",)),
    "simpleeval==1.0.3": Suite("simpleeval", ("test_simpleeval.py",)),
    "tinydb==4.8.2": Suite("tinydb"),
    "tqdm==4.67.1": Suite("tqdm", ("tests",), TIMED),
    "urllib3==2.5.0": Suite(
        "urllib3", ("test",), ("--ignore=test/with_dummyserver", "--ignore=test/contrib")
    ),
    "voluptuous==0.15.2": Suite("voluptuous", ("voluptuous/tests",)),
    "wcwidth==0.2.13": Suite("wcwidth"),
    "werkzeug==3.1.3": Suite("werkzeug", ("tests",), ("--ignore=tests/test_serving.py",)),
    "xmltodict==0.14.2": Suite("xmltodict"),
    "blinker==1.9.0": Suite("blinker"),
    "cssselect==1.3.0": Suite("cssselect"),
    "deepdiff==8.5.0": Suite("deepdiff"),
    "filelock==3.18.0": Suite("filelock"),
    "funcy==2.0": Suite("funcy"),
    "hyperframe==6.1.0": Suite("hyperframe"),
    "idna==3.10": Suite("idna"),
    "markdown==3.8.2": Suite("markdown"),
    "mistune==3.1.3": Suite("mistune"),
    "pathspec==0.12.1": Suite("pathspec"),
    "platformdirs==4.3.8": Suite("platformdirs"),
    "pyasn1==0.6.1": Suite("pyasn1"),
    "pyflakes==3.4.0": Suite("pyflakes", ("pyflakes/test",)),
    "structlog==25.4.0": Suite("structlog"),
    "termcolor==3.1.0": Suite("termcolor"),
    # packages that one may look at
    "toolz==1.0.0": Suite("toolz", ("toolz/tests",)),
    "more-itertools==10.7.0": Suite("more_itertools"),
    "cachetools==6.1.0": Suite("cachetools"),
    "h11==0.16.0": Suite("h11", ("h11/tests",)),
    "packaging==25.0": Suite("packaging"),
    "pluggy==1.6.0": Suite("pluggy", ("testing",), ("--ignore=testing/benchmark.py",)),
    "itsdangerous==2.2.0": Suite("itsdangerous"),
    "sqlparse==0.5.3": Suite("sqlparse"),
    "tabulate==0.9.0": Suite("tabulate", ("test",)),
    "tomlkit==0.13.3": Suite("tomlkit"),
    "marshmallow==4.0.0": Suite("marshmallow", ("tests",), ("--ignore=tests/mypy_test_cases",)),
    "pyparsing==3.2.3": Suite("pyparsing"),
    "python-dateutil==2.9.0.post0": Suite("dateutil"),
}
"""Packages without tests in their sdist are missing."""


NO_SUITE = "the suite does not run untouched"


class Run(NamedTuple):
    """What a run of a suite has shown."""

    passed: list[str]
    imported: frozenset[str]
    """Paths of the package's files that were imported, relative to its tree."""
    why: str = ""


@contextlib.contextmanager
def scratch(requirement: str, package: str, tree: Path) -> Iterator[tuple[Path, Path]]:
    """A copy of the sdist with the tree's files in it: its root, and what belongs on the path."""
    with TemporaryDirectory(prefix="suite-") as folder:
        root = Path(folder, "sdist")
        shutil.copytree(corpora.sdist(requirement), root)
        homes = [root / "src", root / "lib", root]
        home = next(h for h in homes if (h / package).is_dir() or (h / f"{package}.py").is_file())
        shutil.copytree(tree, home, dirs_exist_ok=True)
        yield root, home


def run(requirement: str, suite: Suite, tree: Path, *more: str, seconds: int = 240) -> Run:
    """Run a suite on a tree."""
    told, why = _told(requirement, suite, tree, more, seconds)
    if told is None:
        return Run([], frozenset(), why)
    passed: list[str] = told["passed"]
    return Run(passed, frozenset(told["imported"]), "" if passed else f"exit {told['code']}")


def answers(requirement: str, tree: Path, seconds: int = 400) -> dict[str, list[str]]:
    """Digests of the plain values that each function of a tree returns while the suite runs."""
    told, _ = _told(requirement, SUITES[requirement], tree, (), seconds, SUITE_ANSWERS="1")
    found: dict[str, list[str]] = told["answers"] if told else {}
    return found


def seen(requirement: str, tree: Path) -> list[str]:
    """Who answers otherwise on a tree than on the package as it is, and always the same on that."""
    source = corpora.fetch(requirement)
    before, after = answers(requirement, source), answers(requirement, tree)
    differ = [it for it in before if it in after and before[it] != after[it]]
    if differ:
        again = answers(requirement, source)
        differ = [it for it in differ if before[it] == again.get(it)]
    if differ:
        again = answers(requirement, tree)
        differ = [it for it in differ if after[it] == again.get(it)]
    return differ


def _told(
    requirement: str, suite: Suite, tree: Path, more: Sequence[str], seconds: int, **env: str
) -> tuple[dict[str, Any] | None, str]:
    """What the runner says; or what it printed where it said nothing."""
    with scratch(requirement, suite.package, tree) as (root, home):
        answer = root.parent / "answer.json"
        paths = os.pathsep.join([str(home), str(root)])
        command = [PYTHON, "-P", str(RUNNER), str(answer), str(home)]
        env |= {"PYTHONPATH": paths, "HOME": str(root.parent), "PYTHONHASHSEED": "0"}
        full = [*command, *LENIENT, *suite.options, *(more or suite.tests)]
        why = _ended(full, root, {**os.environ, **env}, seconds)
        if not answer.exists():
            return None, why
        told = json.loads(answer.read_text())
    told["passed"] = sorted(_named(t, root) for t, how in told["tests"].items() if how == "passed")
    return told, why


def _named(test: str, root: Path) -> str:
    """A test's name without what differs from run to run: the folder, numbers of parameters."""
    return NUMBER.sub("", test.replace(str(root), ""))


NUMBER = re.compile(r"(?<=[a-z_])\d+(?=[-\]])")


def _ended(command: list[str], cwd: Path, env: dict[str, str], seconds: int) -> str:
    """Wait for a command, and leave nothing of it behind; what it printed last."""
    with subprocess.Popen(
        command,
        cwd=cwd,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        try:
            said = process.communicate(timeout=seconds)[0].decode(errors="replace")[-300:]
        except subprocess.TimeoutExpired:
            said = f"no end after {seconds} s"
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    return said


def untouched(requirement: str) -> Run:
    """The suite on the package as it is; kept."""
    kept = corpora.home() / "suites" / f"{requirement}.json"
    if not kept.exists():
        made = run(requirement, SUITES[requirement], corpora.fetch(requirement))
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps([made.passed, sorted(made.imported), made.why]))
    passed, imported, why = json.loads(kept.read_text())
    return Run(passed, frozenset(imported), why)


def proven(requirement: str, tree: Path) -> tuple[frozenset[str], str]:
    """The files that a suite has imported and found equivalent; or why there are none."""
    before = untouched(requirement)
    if not before.passed:
        return frozenset(), f"{NO_SUITE}: {before.why}"
    after = run(requirement, SUITES[requirement], tree)
    lost = Counter(before.passed) - Counter(after.passed)
    if lost and after.passed and len(lost) <= 20:
        functions = sorted({test.partition("[")[0] for test in lost})
        lost -= Counter(run(requirement, SUITES[requirement], tree, *functions).passed)
    if lost:
        return frozenset(), after.why or f"{len(lost)} tests fail: {next(iter(lost))}"
    return after.imported & before.imported, ""


if __name__ == "__main__":
    for asked in sys.argv[1:] or SUITES:
        found = untouched(asked)
        print(f"{asked:26} {len(found.passed):6} passed {len(found.imported):4} files {found.why}")
