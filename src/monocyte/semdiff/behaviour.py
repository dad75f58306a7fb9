"""Evidence for a changed definition: an input on which old and new differ, confirmed and runnable.

Verdicts are three of the four. CHANGED, if fresh processes that see one version each disagree on an
input and each agrees with itself, also under another order of sets. NO DIFFERENCE FOUND, with the
budget and how much of the change was covered. UNKNOWN, if nothing could be tried, or what was seen
does not repeat itself. SAME is not for a search to say. Nothing that is judged is imported here.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Self

import msgspec

from monocyte.semdiff.evidence import (
    Budget,
    Call,
    Found,
    Import,
    Imported,
    Replay,
    Replayed,
    Search,
    Version,
)
from monocyte.semdiff.outcomes import Outcome, difference, told
from monocyte.semdiff.rendering import render_script, render_test
from monocyte.semdiff.verdicts import Verdict, Witness
from monocyte.semdiff.workers import Fate, Limits, Report, Worker

__all__ = ["UNSTEADY", "Behaviour", "Observatory"]


class Behaviour(msgspec.Struct, frozen=True):
    """What is known of how a definition behaves in two versions, and what the search has cost."""

    definition: str
    verdict: Verdict
    why: str
    witness: Witness | None = None
    call: str = ""
    """The call on which they differ, as it would be written."""
    differs: str = ""
    """In what: value, type, arguments, output, effects, exception, time…"""
    test: str = ""
    """Source of a pytest module that passes on the old version and fails on the new."""
    examples: int = 0
    seconds: float = 0.0
    covered: int = 0
    """Changed lines that ran, of both versions."""
    changed: int = 0
    """Changed lines that can run, of both versions."""
    unstable: int = 0
    guessed: tuple[str, ...] = ()

    @property
    def budget(self) -> str:
        """The budget and the coverage, in words."""
        lines = f"{self.covered} of {self.changed} changed lines ran" if self.changed else ""
        return f"{self.examples} inputs, {self.seconds:.1f} s" + (f", {lines}" if lines else "")


class Observatory:
    """Workers to look for differences with; make one, ask it about many definitions, close it."""

    def __init__(
        self,
        *,
        budget: Budget | None = None,
        paths: Sequence[str] = (),
        until: float = math.inf,
    ) -> None:
        self.budget = budget or Budget()
        self.until = until
        self._searcher = Worker(paths=paths, preload=PRELOAD, seed=0)
        self._others = tuple(Worker(paths=paths, preload=PLAIN, seed=seed) for seed in (1, 2))
        for worker in (self._searcher, *self._others):
            worker.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the workers."""
        for worker in (self._searcher, *self._others):
            worker.close()

    def compare(
        self,
        old: Version,
        new: Version,
        name: str,
        *,
        driver: str = "",
        recorded: Iterable[Call] = (),
    ) -> Behaviour:
        """Look for an input on which the definition `name` behaves differently."""
        asked = Search(old, new, name, self.budget, driver, tuple(recorded))
        found = self._search(asked)
        if not found.problem and found.call is None and self.budget.symbolic:
            found = self._solve(asked, found)
        if found.problem or found.call is None:
            return _nothing(asked, found)
        return self._confirm(asked, found, found.call)

    def imported(
        self, old: Version, new: Version, names: Sequence[str] = ()
    ) -> tuple[Imported | str, Imported | str]:
        """What each version holds once it is imported; as a text, why that cannot be said.

        Each is imported twice, in processes that hash differently. A value that differs from itself
        is `UNSTEADY`.
        """
        limits = self._within(Limits(wall=30, cpu=10), 1)
        seen: list[list[Imported | str]] = [[], []]
        for turn in (0, 1):
            busy = [(i, self._others[(i + turn) % 2]) for i in (0, 1)]
            for i, worker in busy:
                worker.begin(IMPORT, Import((old, new)[i], tuple(names)), limits)
            for i, worker in busy:
                report = worker.end()
                is_done = report.fate is Fate.DONE
                seen[i].append(
                    msgspec.msgpack.decode(report.value, type=Imported)
                    if is_done
                    else f"importing it ended badly: {_ended(report)}"
                )
        return _steady(*seen[0]), _steady(*seen[1])

    def _search(self, asked: Search) -> Found:
        for small in (False, True):
            attempt = msgspec.structs.replace(asked, small=small)
            report = self._searcher.run(SEARCH, attempt, self._within(self._limits(), 1))
            if report.fate is Fate.DONE:
                return msgspec.msgpack.decode(report.value, type=Found)
        return Found(problem=f"the search itself {_ended(report)}", seconds=report.seconds)

    def _solve(self, asked: Search, found: Found) -> Found:
        """What CrossHair adds; that it found nothing, or had to be killed, adds nothing."""
        most = self.budget.symbolic * 2
        limits = self._within(Limits(wall=most, cpu=most, memory=2 << 30), 1)
        report = self._searcher.run(SOLVE, asked, limits)
        if report.fate is not Fate.DONE:
            return found
        solved = msgspec.msgpack.decode(report.value, type=Found)
        if solved.call is None:
            return found
        return msgspec.structs.replace(
            found, call=solved.call, differs=solved.differs, source=solved.source
        )

    def _limits(self) -> Limits:
        most = self.budget.seconds + self.budget.shrink + 5
        return Limits(wall=most * 3, cpu=most)

    def _within(self, limits: Limits, least: float) -> Limits:
        """Limits that end when all time is up, but let what has begun come to an end."""
        left = max(self.until - time.monotonic(), least)
        return msgspec.structs.replace(limits, wall=min(limits.wall, left))

    def _confirm(self, asked: Search, found: Found, call: Call) -> Behaviour:
        old, new = self._replayed(asked, call)
        for name, outcomes in (("old", old), ("new", new)):
            if isinstance(outcomes, str):
                return _unknown(asked, found, f"the {name} version {outcomes}")
            if difference(*outcomes):
                differs = difference(*outcomes)
                why = f"the {name} version differs from itself in its {differs} on {call.text}"
                return _unknown(asked, found, why)
        assert not isinstance(old, str)  # noqa: S101 (both have been looked at)
        assert not isinstance(new, str)  # noqa: S101
        differs = difference(old[0], new[0], guessed=bool(found.guessed))
        if not differs or (differs == "time" and not _clearly(old[0], new[0])):
            return _unknown(asked, found, f"a difference on {call.text} did not repeat itself")
        return _changed(asked, found, call, (old[0], new[0], differs))

    def _replayed(self, asked: Search, call: Call) -> list[tuple[Outcome, Outcome] | str]:
        """Old and new, each in two fresh processes that hash differently, two at a time."""
        seconds = self.budget.hang
        limits = self._within(Limits(wall=seconds * 10 + 5, cpu=seconds + 5), 4)
        versions = (asked.old, asked.new)
        seen: list[list[Outcome | str]] = [[], []]
        for turn in (0, 1):
            pairs = [(i, self._others[(i + turn) % 2]) for i in (0, 1)]
            # Not finishing is not asked twice: it costs its whole time, and hangs on no hash.
            due = [(i, it) for i, it in pairs if not _is_endless(seen[i])]
            for i, worker in due:
                question = Replay(versions[i], asked.name, (call,), seconds, asked.driver, turn)
                worker.begin(REPLAY, question, limits)
            for i, worker in due:
                seen[i].append(_outcome(worker.end()))
        return [_pair(outcomes) for outcomes in seen]


def _steady(once: Imported | str, again: Imported | str) -> Imported | str:
    """What both imports agree on."""
    if isinstance(once, str) or isinstance(again, str):
        return once if isinstance(once, str) else str(again)
    if (once.ended, once.output, once.effects) != (again.ended, again.output, again.effects):
        return "importing it does not do the same twice"
    names, asked = (
        {it: _agreed(ours.get(it), theirs.get(it)) for it in ours.keys() | theirs.keys()}
        for ours, theirs in ((once.names, again.names), (once.asked, again.asked))
    )
    return msgspec.structs.replace(once, names=names, asked=asked)


def _agreed(once: str | None, again: str | None) -> str:
    return once if once is not None and once == again else UNSTEADY


def _is_endless(outcomes: list[Outcome | str]) -> bool:
    return bool(outcomes) and isinstance(outcomes[0], Outcome) and outcomes[0].kind == "unfinished"


def _pair(outcomes: list[Outcome | str]) -> tuple[Outcome, Outcome] | str:
    """Both outcomes, or what went wrong."""
    first, last = outcomes[0], outcomes[-1]
    if isinstance(first, str):
        return first
    return last if isinstance(last, str) else (first, last)


UNSTEADY = "<differs from itself>"
"""The image of a value that is not the same in two imports of one version."""

PRELOAD = ("asyncio", "monocyte.semdiff.search:warm")
PLAIN = ("asyncio", "monocyte.semdiff.replaying", "monocyte.semdiff.importing")
SOLVE = "monocyte.semdiff.symbolic:solve"
SEARCH, REPLAY = "monocyte.semdiff.search:search", "monocyte.semdiff.replaying:replay"
IMPORT = "monocyte.semdiff.importing:import_it"

CRASHES = {Fate.KILLED: "crashed", Fate.EXITED: "exited", Fate.TIMED_OUT: "unfinished"}
CRASHES[Fate.OUT_OF_MEMORY] = "unfinished"


def _outcome(report: Report) -> Outcome | str:
    """What a call did; that it took its process with it is an outcome too."""
    if report.fate in CRASHES:
        return Outcome(CRASHES[report.fate], value=report.detail)
    if report.fate is not Fate.DONE:
        return _ended(report)
    replayed = msgspec.msgpack.decode(report.value, type=Replayed)
    if replayed.problem:
        return replayed.problem
    if replayed.outcomes[0].kind == "unmade":
        return "cannot make the arguments"
    return replayed.outcomes[0]


def _ended(report: Report) -> str:
    detail = report.detail.strip().splitlines()[-1:] or [""]
    return f"{report.fate.value} ({detail[0]})"


def _clearly(old: Outcome, new: Outcome) -> bool:
    """Whether the one that finished was so fast that the other is not merely slow."""
    done = old if new.kind == "unfinished" else new
    return done.seconds * 20 < max(old.seconds, new.seconds)


def _covered(asked: Search, found: Found) -> tuple[int, int]:
    ran = can = 0
    for lines, covered, executable in (
        (asked.old.lines, found.covered_old, found.executable_old),
        (asked.new.lines, found.covered_new, found.executable_new),
    ):
        ran += len(set(lines) & set(covered))
        can += len(set(lines) & set(executable))
    return ran, can


def _behaviour(asked: Search, found: Found, verdict: Verdict, why: str) -> Behaviour:
    covered, changed = _covered(asked, found)
    return Behaviour(
        asked.name,
        verdict,
        why,
        examples=found.examples,
        seconds=found.seconds,
        covered=covered,
        changed=changed,
        unstable=found.unstable,
        guessed=found.guessed,
    )


def _unknown(asked: Search, found: Found, why: str) -> Behaviour:
    return _behaviour(asked, found, Verdict.UNKNOWN, why)


def _nothing(asked: Search, found: Found) -> Behaviour:
    if found.problem:
        return _unknown(asked, found, found.problem)
    if found.unstable and found.unstable * 2 >= found.examples - found.invalid:
        return _unknown(asked, found, "it is not deterministic: a version differs from itself")
    if found.examples == found.invalid:
        return _unknown(asked, found, "no input could be made on which a version finishes")
    result = _behaviour(asked, found, Verdict.NO_DIFFERENCE_FOUND, "")
    return msgspec.structs.replace(result, why=result.budget)


def _changed(
    asked: Search, found: Found, call: Call, seen: tuple[Outcome, Outcome, str]
) -> Behaviour:
    old, new, differs = seen
    words = (told(old, differs), told(new, differs))
    result = _behaviour(asked, found, Verdict.CHANGED, f"old {words[0]}, new {words[1]}")
    return msgspec.structs.replace(
        result,
        witness=Witness(code=render_script(asked, call), old=words[0], new=words[1]),
        call=call.text,
        differs=differs,
        test=render_test(asked, call, old, new, differs),
    )
