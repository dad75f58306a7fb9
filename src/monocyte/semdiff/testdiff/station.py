"""In a worker: collect a suite with pytest, run its tests, and run them again on mutants.

Every test starts from nothing: its fixtures, whatever their scope, are made for it and undone
after it, so that what a test sees does not hang on which ran before. What is found out is told
line by line as it is found, so that a run that is killed has still told what it knew.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import inspect
import os
import random
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import msgspec

from monocyte.semdiff.lines import Lines
from monocyte.semdiff.mutator import Mutator
from monocyte.semdiff.testdiff.asked import Asked, Killed, Ran, Suite, Told
from monocyte.semdiff.workers.stopwatch import stopwatch

__all__ = ["run_suite"]

LONGEST = 5.0
"""Seconds for one test on the code as it is; one that takes longer is not looked at."""
LEAST, TIMES = 0.1, 10.0
"""Seconds for a test on a mutant: at least so many, or so many times what it takes without."""

HANGS = "Overtime"


def run_suite(payload: bytes) -> bytes:
    """The job: from what is Asked to lines on stdout; returns nothing."""
    asked = msgspec.msgpack.decode(payload, type=Asked)
    teller = _Teller()
    _settle_in(asked.suite)
    import pytest  # noqa: PLC0415 (only where it is: whoever diffs need not have it)

    plugin = _Plugin(asked, teller)
    code = pytest.main(_arguments(asked.suite), plugins=[plugin])
    if code == pytest.ExitCode.USAGE_ERROR and not plugin.began and asked.suite.addopts:
        teller.tell(Told("options", why="pytest does not take the suite's `addopts` here"))
        bare = msgspec.structs.replace(asked.suite, addopts=())
        code = pytest.main(_arguments(bare), plugins=[plugin])
    if not plugin.began:
        teller.tell(Told("unusable", why=plugin.why or f"pytest ended with {code!r}"))
    teller.tell(Told("done"))
    return b""


class _Teller:
    """A way to our side that no test writes to: what stdout was, while stdout leads nowhere."""

    def __init__(self) -> None:
        self._out = os.dup(1)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)

    def tell(self, thing: Ran | Killed | Told) -> None:
        text = msgspec.json.encode(thing) + b"\n"
        while text:
            text = text[os.write(self._out, text) :]


def _settle_in(suite: Suite) -> None:
    os.chdir(suite.root)
    os.environ.pop("PYTEST_ADDOPTS", None)
    sys.path[:0] = [str(Path(suite.root, it)) for it in suite.paths]
    for name in list(sys.modules):
        if name.partition(".")[0] in suite.names - sys.stdlib_module_names:
            del sys.modules[name]  # what is tested is the tree's, not what we or pytest use


def _arguments(suite: Suite) -> list[str]:
    said = ["-q", "-s", "--assert=plain", "-p", "no:cacheprovider", "-p", "no:faulthandler"]
    said += [f"--rootdir={suite.root}", "--continue-on-collection-errors"]
    options = " ".join(f"'{it}'" if " " in it else it for it in suite.addopts)
    return [*said, "-o", f"addopts={options}", *(str(Path(suite.root, it)) for it in suite.files)]


class _Plugin:
    """What pytest asks of us: how to run what it has collected."""

    def __init__(self, asked: Asked, teller: _Teller) -> None:
        self.asked, self.tell = asked, teller.tell
        self.root = os.path.realpath(asked.suite.root)
        self.until = time.monotonic() + asked.seconds
        self.began = False
        self.why = ""

    def pytest_configure(self, config: Any) -> None:
        """Give every run of a generated test the same inputs, and draw no tracebacks."""
        config.option.tbstyle = "value"
        if "hypothesis" in sys.modules or self._is_generating():
            _derandomize()

    def _is_generating(self) -> bool:
        files = [Path(self.root, it) for it in self.asked.suite.files]
        return any(b"hypothesis" in it.read_bytes() for it in files if it.is_file())

    def pytest_collectreport(self, report: Any) -> None:
        """A file that cannot be collected is told, with the reason."""
        if report.failed:
            lines = str(report.longrepr).strip().splitlines()
            self.tell(Told("uncollected", report.nodeid, lines[-1][:300] if lines else ""))

    def pytest_internalerror(self, excrepr: Any) -> None:
        """Keep the reason for our side."""
        self.why = str(excrepr).strip().splitlines()[-1][:300]

    def pytest_runtestloop(self, session: Any) -> bool:
        """Run what is asked, in our own order, instead of everything once."""
        self.began = True
        bench = _Bench(self.asked, self.root, session.items, session)
        for told in bench.survey() if self.asked.survey else bench.kills():
            self.tell(told)
        session.config.pluginmanager.unregister(name="terminalreporter")  # it sums up for nobody
        return True


def _derandomize() -> None:
    try:
        from hypothesis import HealthCheck, settings  # noqa: PLC0415
    except ImportError:
        return
    quiet = {"suppress_health_check": list(HealthCheck), "deadline": None, "database": None}
    settings.register_profile("monocyte", derandomize=True, **quiet)  # type: ignore[arg-type]
    settings.load_profile("monocyte")


class _Bench:
    """Collected tests and the live functions of the code under test."""

    def __init__(self, asked: Asked, root: str, items: Iterable[Any], session: Any) -> None:
        self.asked, self.root, self.session = asked, root, session
        self.until = time.monotonic() + asked.seconds
        self.items = {item.nodeid: item for item in items}
        files = {str(Path(root, it)) for it in asked.suite.code}
        self.functions = _functions(files)
        self.caches = _caches(files)
        self.lines = Lines(_codes(self.functions))
        self.usual: dict[str, float] = {}

    # -- on the code as it is ---------------------------------------------------------------------

    def survey(self) -> Iterator[Ran]:
        """Every test, those that are wanted with what they did."""
        wanted = frozenset(self.asked.wanted)
        for item in self.items.values():
            file, name = _place(item, self.root)
            if wanted and (file, name) not in wanted:
                yield Ran(item.nodeid, file, name, "")
            elif time.monotonic() > self.until:
                yield Ran(item.nodeid, file, name, "", why="the time was up before its turn")
            else:
                yield self._watched(item, file, name)

    def _watched(self, item: Any, file: str, name: str) -> Ran:
        self.lines.seen = set()
        if sys.version_info >= (3, 12):
            sys.monitoring.restart_events()
        began = time.process_time()
        with self.lines:
            outcome, why = self.run(item, LONGEST)
        touched: dict[str, list[int]] = {}
        for path, line in sorted(self.lines.seen):
            touched.setdefault(os.path.relpath(path, self.root), []).append(line)
        kept = {path: tuple(lines) for path, lines in touched.items()}
        return Ran(item.nodeid, file, name, outcome, time.process_time() - began, kept, why)

    def run(self, item: Any, seconds: float) -> tuple[str, str]:
        """Run one test from nothing, within so many seconds: its outcome, and why."""
        from _pytest.runner import runtestprotocol  # noqa: PLC0415

        random.seed(0)
        for cache in self.caches:
            cache.cache_clear()
        try:
            with stopwatch(seconds, 3 * seconds + 1):
                return _outcome(runtestprotocol(item, log=False, nextitem=None))
        except BaseException as error:  # noqa: BLE001 (the edge: anybody's test)
            with contextlib.suppress(BaseException):
                self.session._setupstate.teardown_exact(None)  # noqa: SLF001
            return "failed", type(error).__name__

    # -- on mutants -------------------------------------------------------------------------------

    def kills(self) -> Iterator[Killed | Told]:
        """Each mutant with the tests that fail on it; then whether they pass without."""
        mutators: dict[str, Mutator] = {}
        used: dict[str, None] = {}
        for it in self.asked.tries:
            if time.monotonic() > self.until:
                break
            yield Killed(it.file, it.number)
            tests = [test for test in it.tests if test in self.items]
            self._time(tests)
            used.update(dict.fromkeys(tests))
            if it.file not in mutators:
                path = Path(self.root, it.file)
                mutators[it.file] = Mutator(path.read_bytes().decode("utf-8", "replace"), str(path))
            errors = self._errors(mutators[it.file], it.number, tests)
            yield Killed(it.file, it.number, tuple(errors), errors)
        for test in used:
            outcome, why = self.run(self.items[test], LONGEST)
            if outcome != "passed":
                yield Told("unsteady", test, why or outcome)

    def _time(self, tests: Iterable[str]) -> None:
        for test in tests:
            if test not in self.usual:
                began = time.process_time()
                self.run(self.items[test], LONGEST)
                self.usual[test] = time.process_time() - began

    def _errors(self, mutator: Mutator, number: int, tests: Iterable[str]) -> dict[str, str]:
        mutant = mutator.mutants[number]
        live = self.functions.get((mutator.file, mutant.function), [])
        failed: dict[str, str] = {}
        noticed: set[tuple[str, str]] = set()
        try:
            with mutator.swap(mutant, live):
                for test in tests:
                    function = _place(self.items[test], self.root)
                    if function in noticed:
                        continue  # one of its parameters is enough
                    limit = max(LEAST, TIMES * self.usual[test])
                    outcome, why = self.run(self.items[test], limit)
                    if outcome not in ("passed", "skipped"):
                        failed[test] = why
                        if HANGS in why:
                            break  # whoever runs it hangs, whatever is asked of it
                        noticed.add(function)
        except (ValueError, SyntaxError):
            return {}
        return failed


def _outcome(reports: Iterable[Any]) -> tuple[str, str]:
    """One word for the reports of setup, call and teardown, and how it failed."""
    held = list(reports)
    for report in held:
        if report.failed:
            return "failed", _why(report)
    for report in held:
        if report.skipped:
            return ("xfailed" if hasattr(report, "wasxfail") else "skipped"), _why(report)
    was = any(hasattr(it, "wasxfail") for it in held)
    return ("xpassed" if was else "passed"), ""


def _why(report: Any) -> str:
    crash = getattr(getattr(report, "longrepr", None), "reprcrash", None)
    said = getattr(crash, "message", "") or str(getattr(report, "longrepr", "") or "")
    lines = [line for line in said.strip().splitlines() if line.strip()]
    return lines[0][:200] if lines else ""


def _place(item: Any, root: str) -> tuple[str, str]:
    """The file and the qualified name of a test's function."""
    function = inspect.unwrap(getattr(item, "obj", None) or item.runtest)
    function = getattr(function, "__func__", function)
    code = getattr(function, "__code__", None)
    if isinstance(code, CodeType):
        path = os.path.realpath(code.co_filename)
        if path.startswith(root + os.sep):
            return os.path.relpath(path, root), code.co_qualname
    file, _, rest = item.nodeid.partition("::")
    return file, rest.partition("[")[0].replace("::", ".")


def _functions(files: set[str]) -> dict[tuple[str, str], list[FunctionType]]:
    """Every live function of these files, by file and qualified name, whoever holds it."""
    found: dict[tuple[str, str], list[FunctionType]] = {}
    for thing in gc.get_objects():
        if isinstance(thing, FunctionType) and thing.__code__.co_filename in files:
            key = (thing.__code__.co_filename, thing.__code__.co_qualname)
            found.setdefault(key, []).append(thing)
    return found


def _codes(functions: dict[tuple[str, str], list[FunctionType]]) -> set[CodeType]:
    left = [it.__code__ for held in functions.values() for it in held]
    found: set[CodeType] = set()
    while left:
        code = left.pop()
        if code not in found:
            found.add(code)
            left += [it for it in code.co_consts if isinstance(it, CodeType)]
    return found


def _caches(files: set[str]) -> list[Any]:
    """What remembers results of the code under test: it would hide that the code is another."""
    kind = type(functools.lru_cache(_why))
    return [
        it
        for it in gc.get_objects()
        if isinstance(it, kind)
        and getattr(getattr(it, "__wrapped__", None), "__code__", None) is not None
        and it.__wrapped__.__code__.co_filename in files
    ]
