"""Decisions: does each hold, could it fail at all, and is its time over?

One about behaviour is played in a World. One about structure is checked on the cell's source, and
again on that source with its refutation added, where it must fail. An assumption about the outside
world nothing can execute: people look at it again when its day has come. Whoever lets that day
pass is warned for a while, and then stopped.
"""

from __future__ import annotations

import inspect
import tokenize
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from textwrap import dedent
from typing import NamedTuple

from monocyte.cell import Decision, Manifest, Source
from monocyte.literate.artefacts import STEPS, played
from monocyte.literate.findings import Finding, finding
from monocyte.literate.limits import LIMIT, Overdue, within
from monocyte.literate.record import DecisionRecord
from monocyte.literate.scenarios import explained

__all__ = ["GRACE", "Due", "Verdict", "calendar", "judge"]

GRACE = timedelta(days=30)
"""How long somebody may take to look at a decision again, before it is an error."""

VERDICTS = {
    "decision-failed": "failed",
    "decision-raised": "raised",
    "decision-unrefuted": "unrefuted",
    "decision-expired": "expired",
    "assumption-overdue": "overdue",
    "decision-expiring": "expiring",
    "assumption-due": "due",
}
"""What is said of a decision with that finding; of several, the first here."""


class Verdict(NamedTuple):
    """What became of one decision: its record, and what there is to do."""

    record: DecisionRecord
    findings: tuple[Finding, ...]


class Due(NamedTuple):
    """A day on which people look at a decision again; `what` is `ends` or `review`."""

    on: date
    cell: str
    decision: str
    kind: str
    what: str
    where: str
    condition: bool
    """Whether it may end before, by a condition."""


def judge(
    manifest: Manifest,
    manifests: Sequence[Manifest],
    today: date,
    *,
    steps: int = STEPS,
    timeout: float = LIMIT,
) -> Iterator[Verdict]:
    """Judge every decision of a cell, as of that day; a check may take `timeout` seconds."""
    court = _Court(manifest, manifests, today, steps, timeout)
    for decision in manifest.decisions:
        findings = tuple(court.findings(decision))
        kinds = {it.kind for it in findings}
        verdict = next((said for kind, said in VERDICTS.items() if kind in kinds), "holds")
        ends = min(_days(decision), default=None)
        told = (decision.name, decision.kind, decision.where, verdict)
        yield Verdict(DecisionRecord(*told, ends[0].isoformat() if ends else ""), findings)


def calendar(manifests: Iterable[Manifest]) -> tuple[Due, ...]:
    """Every day on which a decision of these cells ends or is looked at again, in order."""
    return tuple(
        sorted(
            Due(on, cell.name, it.name, it.kind, what, it.where, callable(it.until))
            for cell in manifests
            for it in cell.decisions
            for on, what in _days(it)
        )
    )


def _days(decision: Decision) -> Iterator[tuple[date, str]]:
    if isinstance(decision.until, date):
        yield decision.until, "ends"
    if decision.review is not None:
        yield decision.review, "review"


class _Failure(NamedTuple):
    """How a check, or a condition, did not come through."""

    asserted: bool
    error: str
    where: str


class _Court(NamedTuple):
    """Judges the decisions of one cell."""

    manifest: Manifest
    manifests: Sequence[Manifest]
    today: date
    steps: int
    timeout: float

    def findings(self, it: Decision) -> Iterator[Finding]:
        """Everything that there is to say about a decision."""
        if it.kind == "behaviour":
            yield from self._behaviour(it)
        elif it.kind == "structure":
            yield from self._structure(it)
        over, raised = self._over(it)
        yield from raised
        if over:
            yield over

    # -- does it hold ------------------------------------------------------------------------------

    def _behaviour(self, it: Decision) -> Iterator[Finding]:
        failure = self._tried(lambda: played(self.manifests, it.function, self.steps), it)
        if failure is not None:
            yield self._failed(it, failure)

    def _structure(self, it: Decision) -> Iterator[Finding]:
        try:
            source = self._read()
        except (OSError, SyntaxError, ValueError) as why:
            yield self._raised(it, f"{it.name} cannot be checked: {why}", it.where)
            return
        failure = self._tried(lambda: it.function(source), it)
        if failure is not None:
            yield self._failed(it, failure)
            return
        yield from self._refuted(it, source)

    def _refuted(self, it: Decision, source: Source) -> Iterator[Finding]:
        """The same check, on a source that is as it says it must not be."""
        try:
            other = Source(f"{source.text}\n{dedent(it.refuted_by)}\n", source.file)
        except (SyntaxError, ValueError) as why:
            said = why.msg if isinstance(why, SyntaxError) else str(why)
            what = f"what would refute {it.name} is no Python: {said} ({it.refuted_by.strip()!r})"
            yield self._raised(it, what, it.where, "write refuted_by= as statements of a cell")
            return
        failure = self._tried(lambda: it.function(other), it)
        if failure is None:
            what = f"{it.name} cannot fail: it holds with {it.refuted_by.strip()!r} added, too"
            mend = "assert what it says, or name source in refuted_by= that breaks it"
            yield finding("decision-unrefuted", self.manifest.name, it.where, what, mend)
        elif not failure.asserted:
            what = f"{it.name} is not refuted by an assert, it raises: {failure.error}"
            yield self._raised(it, what, failure.where)

    def _failed(self, it: Decision, failure: _Failure) -> Finding:
        if not failure.asserted:
            return self._raised(it, f"{it.name} raised: {failure.error}", failure.where)
        what = f"{it.name} does not hold: {failure.error}"
        mend = f"mend the code, or take the alternative and say so: {it.instead_of}"
        return finding("decision-failed", self.manifest.name, failure.where, what, mend)

    def _raised(self, it: Decision, what: str, where: str, mend: str = "") -> Finding:
        mend = mend or "a check asserts, and a condition answers: neither raises anything else"
        return finding("decision-raised", self.manifest.name, where or it.where, what, mend)

    def _tried(self, run: Callable[[], object], it: Decision) -> _Failure | None:
        """How it fails; None if it does not."""
        files = frozenset(cell.file for cell in self.manifests)
        try:
            with within(self.timeout, files):
                run()
        except AssertionError as why:
            error, where = explained(why, files)
            return _Failure(asserted=True, error=error, where=where or it.where)
        except (Exception, Overdue, SystemExit) as why:  # noqa: BLE001 (the author's code)
            error, where = explained(why, files)
            return _Failure(asserted=False, error=error, where=where or it.where)
        return None

    def _read(self) -> Source:
        with tokenize.open(self.manifest.file) as file:
            return Source(file.read(), self.manifest.file)

    # -- is its time over --------------------------------------------------------------------------

    def _over(self, it: Decision) -> tuple[Finding | None, list[Finding]]:
        """What there is to say about its time; and what went wrong with its condition."""
        if callable(it.until):
            answers: list[bool] = []
            failure = self._tried(lambda: answers.append(bool(self._asked(it))), it)
            if failure is not None:
                what = f"the condition that ends {it.name} raised: {failure.error}"
                return None, [self._raised(it, what, failure.where)]
            if answers[0]:
                late = it.review is not None and self.today >= it.review
                return self._said(it, "the condition that ends it has come true", late=late), []
        day, what = min(_days(it), default=(date.max, ""))
        if self.today < day:
            return None, []
        days = (self.today - day).days
        past = f"{days} day{'' if days == 1 else 's'} ago" if days else "today"
        said = f"it {'ended' if what == 'ends' else 'was to be looked at'} on {day} ({past})"
        return self._said(it, said, late=self.today - day > GRACE), []

    def _asked(self, it: Decision) -> object:
        """What its condition answers; it may take the source of the cell."""
        assert callable(it.until)  # noqa: S101 (only then it is asked)
        parameters = inspect.signature(it.until).parameters.values()
        wants = any(p.default is p.empty for p in parameters)
        return it.until(self._read()) if wants else it.until()

    def _said(self, it: Decision, why: str, *, late: bool) -> Finding:
        if it.kind == "assumption":
            kind = "assumption-overdue" if late else "assumption-due"
            what = f"is it still so? {it.name}: {why}"
        else:
            kind = "decision-expired" if late else "decision-expiring"
            what = f"the time of {it.name} is over: {why}"
        date_of = "review" if it.until is None or callable(it.until) else "until"
        mend = (
            f'look whether "{_first(it.rationale)}" is still true: if so, give it a new '
            f"{date_of}=; if not, take the alternative: {it.instead_of}"
        )
        return finding(kind, self.manifest.name, it.where, what, mend)


def _first(text: str) -> str:
    """The first sentence, or line, of a rationale."""
    return text.splitlines()[0].strip() if text else ""
