"""The kill matrix: which tests notice which mutants of the old code, before and after.

Our side of it: what is run, in which order, for how long. Mutants are those on lines that the old
tests ran. A test's kills are lost if no test that is new or changed has them now; each loss that is
told was seen again in a process that had run nothing else.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from importlib.util import find_spec
from itertools import zip_longest
from pathlib import Path, PurePosixPath
from pkgutil import iter_modules

import msgspec

from monocyte.semdiff.mutator import Mutant, Mutator
from monocyte.semdiff.testdiff.asked import Asked, Key, Killed, Ran, Told, Try
from monocyte.semdiff.testdiff.layout import Layout
from monocyte.semdiff.testdiff.loading import loaded
from monocyte.semdiff.workers import Fate, Limits, Report, Worker

__all__ = ["Matrix", "Runs", "Side", "Spot", "running"]

Spot = tuple[str, int]
"""A mutant: its file and its number there."""

BATCH = 100
"""Mutants in one process: when it is killed, or a mutant spoils it, so many are at stake."""
PATIENCE = 20.0
"""Seconds beyond the budget until a run is killed."""
GROWTH = 2 << 30
MOST, LEAST, MORE = 400, 80, 40
"""Mutants that are tried, at most; for no test, and for each one more."""


@dataclass
class Side:
    """What was seen of one suite on the old code."""

    ran: dict[str, Ran] = field(default_factory=dict)
    """Collected tests by pytest's id."""
    uncollected: dict[str, str] = field(default_factory=dict)
    """Files that could not be collected, and why."""
    kills: dict[str, set[Spot]] = field(default_factory=lambda: defaultdict(set))
    errors: dict[tuple[str, Spot], str] = field(default_factory=dict)
    begun: set[Spot] = field(default_factory=set)
    """Mutants that were tried, also those of which nothing came out: they hang, or end it all."""
    problem: str = ""
    """Why nothing could be run, if so."""

    def of(self, key: Key) -> list[Ran]:
        """The collected tests of one function, by its parameters."""
        return [it for it in self.ran.values() if (it.file, it.name) == key]

    def kills_of(self, key: Key) -> set[Spot]:
        """What a test function notices, under any of its parameters."""
        return {spot for it in self.of(key) for spot in self.kills.get(it.id, ())}


@dataclass
class Matrix:
    """Both suites on the old code's mutants."""

    old: Side
    new: Side
    mutants: dict[Spot, Mutant] = field(default_factory=dict)
    """The mutants that both suites were tried on."""
    possible: int = 0
    """Mutants on lines that the old tests ran."""

    @property
    def is_enough(self) -> bool:
        """Whether so many were tried that a loss would have shown."""
        noticed: set[Spot] = set().union(*self.old.kills.values())
        tried = len(self.old.begun) >= min(self.possible, ENOUGH)
        return tried and noticed <= self.new.begun

    @property
    def budget(self) -> str:
        """What was tried, in words."""
        tests = sum(bool(it.outcome) for it in self.old.ran.values())
        tried = f"{len(self.mutants)} of {self.possible} mutants of the old code"
        return f"tried: {tried}, {tests} tests"


@contextmanager
def running(
    layout: Layout, files: tuple[Sequence[str], Sequence[str]], seconds: float
) -> Iterator[Runs]:
    """A worker for both suites, within so many seconds."""
    with Worker(preload=_preloaded()) as worker:
        yield Runs(layout, worker, files, seconds)


def _preloaded() -> tuple[str, ...]:
    """pytest, its plugins that are installed, and what runs them: imported once for all runs."""
    found = find_spec("_pytest")
    parts = [it.name for it in iter_modules(found.submodule_search_locations)] if found else []
    plugins = {it.module for it in entry_points(group="pytest11")}
    station = "monocyte.semdiff.testdiff.station"
    return (station, "pytest", *(f"_pytest.{it}" for it in parts), *sorted(plugins))


class Runs:
    """Runs of both suites in locked processes, within one budget of time."""

    def __init__(
        self,
        layout: Layout,
        worker: Worker,
        files: tuple[Sequence[str], Sequence[str]],
        seconds: float,
    ) -> None:
        self.layout, self.worker = layout, worker
        self.until = time.monotonic() + seconds
        self.reserve = seconds * 0.4
        self.suites = tuple(layout.suite(i, files[i]) for i in (0, 1))
        self.mutators: dict[str, Mutator] = {}

    @property
    def left(self) -> float:
        """Seconds of the budget that are left."""
        return max(0.0, self.until - time.monotonic())

    # -- as it is ---------------------------------------------------------------------------------

    def matrix(
        self,
        wanted: tuple[Collection[Key], Collection[Key]],
        pairs: Mapping[Key, Key],
        words: Collection[str] = (),
        *,
        thorough: bool = False,
    ) -> Matrix:
        """Run the wanted tests of both sides on the old code, and on its mutants.

        What a test notices is not asked if its new version does not even run; nor what one that is
        gone noticed, if there is no test that could do so in its place. To be thorough is for where
        something is suspected, and is to be overruled only if nothing at all is lost. `words` are
        what the old tests mention: the constants among them are mutated as well.
        """
        found = Matrix(self._survey(0, wanted[0]), self._survey(1, wanted[1]))
        if found.old.problem or found.new.problem:
            return found
        due = [key for key in wanted[0] if self._matters(found.new, pairs.get(key), wanted[1])]
        most = MOST if thorough else min(MOST, LEAST + MORE * len(due))
        self._kill(found, due, most)
        self._load(found, due, pairs, words)
        return found

    @staticmethod
    def _matters(new: Side, key: Key | None, others: Collection[Key]) -> bool:
        """Whether what a test noticed may be noticed now."""
        if key is None:
            return bool(others)
        return any(it.outcome == "passed" for it in new.of(key))

    def _survey(self, side: int, wanted: Collection[Key]) -> Side:
        """Run the wanted tests of one suite on the code as it is."""
        found = Side()
        if not self.suites[side].files:
            return found
        asked = Asked(self.suites[side], wanted=tuple(sorted(wanted)), seconds=self.left * 0.3)
        lines, report = self._run(asked)
        for it in lines:
            if isinstance(it, Ran):
                found.ran[it.id] = it
            elif isinstance(it, Told) and it.what == "uncollected":
                found.uncollected[it.about] = it.why
            elif isinstance(it, Told) and it.what == "unusable":
                found.problem = it.why
        if report.fate is not Fate.DONE and not found.ran:
            last = report.detail.strip().splitlines()[-1:] or [str(report.fate)]
            found.problem = f"the tests could not be run: {last[0]}"
        return found

    def _run(self, asked: Asked) -> tuple[list[Ran | Killed | Told], Report]:
        most = asked.seconds + PATIENCE
        limits = Limits(wall=most, cpu=most, memory=GROWTH, output=64 << 20)
        report = self.worker.run("monocyte.semdiff.testdiff.station:run_suite", asked, limits)
        return [_LINE.decode(it) for it in report.stdout.splitlines() if it.endswith(b"}")], report

    # -- on mutants -------------------------------------------------------------------------------

    def _kill(self, found: Matrix, due: Collection[Key], most: int) -> None:
        """Try mutants on both suites, as many as there is time for."""
        old = {it.id for it in found.old.ran.values() if (it.file, it.name) in due}
        reached = [_reached(found.old, old), _reached(found.new, set(found.new.ran))]
        spots = self._chosen(found, reached[0], most)
        for start in range(0, len(spots), BATCH):
            if self.left <= 0:
                break
            tried = self._batch(0, spots[start : start + BATCH], reached[0], found)
            noticed = set().union(*found.old.kills.values())
            # What nobody noticed cannot be lost; some of it is tried, for what may be gained.
            again = sorted(tried & noticed) + sorted(tried - noticed)[: BATCH // 4]
            for spot in self._batch(1, again, reached[1], found):
                found.mutants[spot] = self.mutators[spot[0]].mutants[spot[1]]

    def _load(
        self, found: Matrix, due: Collection[Key], pairs: Mapping[Key, Key], words: Collection[str]
    ) -> None:
        """Try mutants of what runs when a module is loaded, each in files that are mutated."""
        again = {pairs[key] for key in due if key in pairs}
        for spot in self._loaded(found, due, words):
            if self.left <= self.reserve:
                break
            before = self._put(0, spot, set(due), found)
            after = self._put(1, spot, again, found) if before else None
            if before and after is not None:
                found.mutants[spot] = self.mutators[spot[0]].mutants[spot[1]]
                for held, failed in ((found.old, before), (found.new, after)):
                    held.begun.add(spot)
                    for test, why in failed.items():
                        held.kills[test].add(spot)
                        held.errors[test, spot] = why

    def _loaded(self, found: Matrix, due: Collection[Key], words: Collection[str]) -> list[Spot]:
        ran = _reached(found.old, {it.id for key in due for it in found.old.of(key)})
        chosen: list[list[Spot]] = []
        for file in self.layout.code:
            stem = PurePosixPath(file).stem
            if file in ran or stem in words or PurePosixPath(file).parent.name in words:
                with suppress(SyntaxError, ValueError, RecursionError):
                    text = Path(self.suites[0].root, file).read_bytes().decode()
                    mutants = loaded(text, self._mutator(file), ran.get(file, {}), words)
                    chosen.append([(file, it.number) for it in mutants])
        turns = zip_longest(*chosen)
        return [it for turn in turns for it in turn if it is not None][:MOST_LOADED]

    def _put(
        self, side: int, spot: Spot, wanted: Collection[Key], found: Matrix
    ) -> dict[str, str] | None:
        """Which tests fail, and how, with a mutated file in a suite; None if that tells nothing."""
        path = Path(self.suites[side].root, spot[0])
        text, mutated = self.mutated(spot)
        if not wanted or not path.is_file():
            return {}
        try:
            path.write_bytes(mutated.encode())
            side_of = self._survey(side, wanted)
        finally:
            path.write_bytes(text.encode())
        passed = {
            it.id for it in (found.old, found.new)[side].ran.values() if it.outcome == "passed"
        }
        seen = {it.id: it for it in side_of.ran.values() if it.id in passed and it.outcome}
        failed = {name: it.why for name, it in seen.items() if it.outcome == "failed"}
        keys = [it for it in (found.old, found.new)[side].ran.values() if it.id in passed]
        is_whole = {it.id for it in keys if (it.file, it.name) in wanted} <= seen.keys()
        hangs = any(HANGS in why for why in failed.values())
        return failed if is_whole and not hangs else None

    def _chosen(
        self, found: Matrix, reached: Mapping[str, Mapping[int, set[str]]], most: int
    ) -> list[Spot]:
        """Mutants on lines that ran, each test served in turn, the least shared lines first."""
        by_test: dict[str, list[tuple[int, Spot]]] = defaultdict(list)
        everything: set[Spot] = set()
        for file in sorted(reached):
            for mutant in self._mutator(file).mutants:
                tests = reached[file].get(mutant.line, set())
                if mutant.function and tests:
                    everything.add((file, mutant.number))
                    for test in tests:
                        by_test[test].append((len(tests), (file, mutant.number)))
        found.possible = len(everything)
        shuffled = random.Random(0)  # noqa: S311 (which mutants, not whose secrets)
        queues = []
        for test in sorted(by_test):
            shuffled.shuffle(by_test[test])
            queues.append(iter(sorted(by_test[test], key=lambda it: it[0])))
        return _in_turn(queues, most)

    def _mutator(self, file: str) -> Mutator:
        if file not in self.mutators:
            path = Path(self.suites[0].root, file)
            self.mutators[file] = Mutator(path.read_bytes().decode("utf-8", "replace"), file)
        return self.mutators[file]

    def _batch(
        self,
        side: int,
        spots: Sequence[Spot],
        reached: Mapping[str, Mapping[int, set[str]]],
        found: Matrix,
    ) -> set[Spot]:
        """Try some mutants on one suite, and note who noticed; which of them were tried."""
        tries, tried = [], set()
        for file, number in spots:
            line = self._mutator(file).mutants[number].line
            tests = sorted(reached.get(file, {}).get(line, ()))
            if tests:
                tries.append(Try(file, number, tuple(tests)))
            else:
                tried.add((file, number))  # nobody runs it, so nobody notices
        held = (found.old, found.new)[side]
        held.begun |= tried
        return tried | self._tried(side, tries, held)

    def _tried(self, side: int, tries: Sequence[Try], held: Side) -> set[Spot]:
        """Try mutants in one process; those that spoil it are tried again in smaller batches."""
        done: set[Spot] = set()
        left = list(tries)
        while left and self.left > 0:
            asked = Asked(self.suites[side], tries=tuple(left), survey=False, seconds=self.left)
            lines, report = self._run(asked)
            killed = [it for it in lines if isinstance(it, Killed)]
            if _spoilt(lines) and len(left) > 1:
                half = len(left) // 2
                return done.union(
                    *(self._tried(side, it, held) for it in (left[:half], left[half:]))
                )
            held.begun |= {(it.file, it.number) for it in killed}
            for it in killed:
                if it.by is not None and not any(HANGS in why for why in it.errors.values()):
                    _note(held, it)
                    done.add((it.file, it.number))
            if report.fate is Fate.DONE:
                break
            stuck = killed[-1] if killed else None
            if stuck is None:
                break
            if (
                stuck.by is None
            ):  # the process ended under it: somebody noticed, but nobody said who
                done.discard((stuck.file, stuck.number))
            at = next(
                i for i, it in enumerate(left) if (it.file, it.number) == (stuck.file, stuck.number)
            )
            left = left[at + 1 :]
        return done

    # -- once more --------------------------------------------------------------------------------

    def mutated(self, spot: Spot) -> tuple[str, str]:
        """The text of a mutant's file, without it and with it."""
        text = Path(self.suites[0].root, spot[0]).read_bytes().decode("utf-8", "replace")
        mutator = self._mutator(spot[0])
        return text, mutator.source(mutator.mutants[spot[1]])

    def seen_again(
        self,
        found: Matrix,
        losses: Mapping[Key, Sequence[Spot]],
        pairs: Mapping[Key, Key],
    ) -> dict[Key, Spot]:
        """Of each test one loss that shows in processes of their own, if one of the first does."""
        shown: dict[Key, Spot] = {}
        for turn in range(ROUNDS):
            due = {
                key: spots[turn]
                for key, spots in losses.items()
                if key not in shown and turn < len(spots)
            }
            if not due or self.left <= 0:
                break
            old = self._again(0, due, found)
            again = {pairs[key]: spot for key, spot in due.items() if key in pairs and key in old}
            new = self._again(1, again, found)
            shown.update({key: due[key] for key in old if pairs.get(key) not in new})
        return shown

    def _again(self, side: int, due: Mapping[Key, Spot], found: Matrix) -> set[Key]:
        """Which of these functions notice their mutant, or cannot be told not to."""
        held = (found.old, found.new)[side]
        loading = {key: spot for key, spot in due.items() if not found.mutants[spot].function}
        noticing = {key for key, spot in loading.items() if self._notices(side, key, spot, found)}
        due = {key: spot for key, spot in due.items() if key not in loading}
        return noticing | self._swapped_again(side, due, held)

    def _notices(self, side: int, key: Key, spot: Spot, found: Matrix) -> bool:
        failed = self._put(side, spot, {key}, found)
        return bool(failed) if side == 0 or failed is not None else True

    def _swapped_again(self, side: int, due: Mapping[Key, Spot], held: Side) -> set[Key]:
        by_id = {it.id: key for key in due for it in held.of(key) if it.outcome == "passed"}
        tests: dict[Spot, list[str]] = defaultdict(list)
        for test, key in by_id.items():
            tests[due[key]].append(test)
        tries = tuple(Try(*spot, tuple(names)) for spot, names in tests.items())
        if not tries:
            return set()
        asked = Asked(self.suites[side], tries=tries, survey=False, seconds=self.left + 5)
        lines, report = self._run(asked)
        noticed = {by_id[test] for it in lines if isinstance(it, Killed) for test in it.by or ()}
        if side == 0:  # what is unsteady shows nothing
            return noticed - {by_id[it] for it in _spoilt(lines)}
        finished = {
            (it.file, it.number) for it in lines if isinstance(it, Killed) and it.by is not None
        }
        stuck = {key for key, spot in due.items() if spot in tests and spot not in finished}
        return noticed | (stuck if report.fate is not Fate.DONE else set())


HANGS = "Overtime"
"""How a test fails on a mutant that does not end: that tells nothing of what it checks."""

ENOUGH = 60
"""Mutants (or all there are) that must have been tried for a suspicion to be overruled."""

MOST_LOADED = 6
"""Mutants of constants and decorators that are tried: each takes a run of its own on each side."""

ROUNDS = 3
"""Losses of one test that are looked at again, until one shows."""


def _spoilt(lines: Iterable[Ran | Killed | Told]) -> set[str]:
    """Tests that failed after all, on the code as it is."""
    return {it.about for it in lines if isinstance(it, Told) and it.what == "unsteady"}


def _note(held: Side, killed: Killed) -> None:
    for test in killed.by or ():
        held.kills[test].add((killed.file, killed.number))
        held.errors[test, (killed.file, killed.number)] = killed.errors.get(test, "")


def _reached(side: Side, tests: Collection[str]) -> dict[str, dict[int, set[str]]]:
    """Which passing tests run which line, by file."""
    found: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for ran in side.ran.values():
        if ran.outcome == "passed" and ran.id in tests:
            for file, lines in ran.touched.items():
                for line in lines:
                    found[file][line].add(ran.id)
    return found


def _in_turn(queues: Sequence[Iterable[tuple[int, Spot]]], most: int) -> list[Spot]:
    chosen: dict[Spot, None] = {}
    left = [iter(it) for it in queues]
    while left and len(chosen) < most:
        kept = []
        for queue in left:
            for _, spot in queue:
                if spot not in chosen:
                    chosen[spot] = None
                    kept.append(queue)
                    break
        left = kept
    return list(chosen)[:most]


_LINE = msgspec.json.Decoder(Ran | Killed | Told)
