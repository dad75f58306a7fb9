"""`apply`: from an approved plan to a candidate that was judged, or to why there is none.

What happened stands in the ledger, what was answered in the room of the run; a run is a function of
both. So it may end at any moment, and whoever applies the plan again comes to the same place
without paying twice. Where a plan stands is moved by compare-and-append only.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple, Protocol

from monocyte.errors import GenopsError, IllegalMove, PlanStale
from monocyte.genops import candidates
from monocyte.genops.budget import OverBudget
from monocyte.genops.candidates import Candidate, ref_of
from monocyte.genops.gates import verdict as verdicts
from monocyte.genops.gates.case import Case
from monocyte.genops.gates.verdict import Finding, Verdict
from monocyte.genops.generation import takes
from monocyte.genops.generation.answering import Answering, Order, refuse_unknown
from monocyte.genops.generation.paid import free_unsent
from monocyte.genops.generation.redrawing import redrawing
from monocyte.genops.generation.rooms import Room, clear_rooms, room_of
from monocyte.genops.generation.splicing import unsealed_in
from monocyte.genops.generation.worktrees import commit_files, read_file, sweep, worktree
from monocyte.genops.generation.writing import Cell, Writer
from monocyte.genops.ledger.book import Book
from monocyte.genops.ledger.entries import Entry, Transition
from monocyte.genops.ledger.interface import Decided, Read, record
from monocyte.genops.money import Money
from monocyte.genops.plans.desk import Desk
from monocyte.genops.plans.facts import sealed_names
from monocyte.genops.plans.plan import CellPlan, Plan, told
from monocyte.genops.promotion.merging import Merging
from monocyte.genops.states import FINAL, State, move
from monocyte.literate.trees import tree_of

__all__ = ["Applying", "Judges", "Outcome", "Step", "cancel"]

BASE = "base"
"""Under what name the commit stands in the evidence that a plan is generated on."""

RECORDED = 16 << 20
"""Bytes of recorded calls that are attached to a candidate, at most."""

RESUMED = (State.GENERATING, State.CANDIDATE, State.GATED)
"""Where a run may have been interrupted."""


class Step(NamedTuple):
    """Something that goes on: of which cell, and what; pieces of an answer have the kind "piece".

    Other kinds: "cell" (an attempt, a finding), "gate", "state".
    """

    kind: str
    cell: str
    said: str


class Judges(Protocol):
    """What judges a change; see `gates.judging.judge`."""

    def __call__(self, case: Case, *, hears: Callable[[str], None]) -> Verdict:
        """Judge it."""
        ...


class Outcome(NamedTuple):
    """What became of a plan."""

    plan: Plan
    state: State
    candidate: Candidate | None
    verdict: Verdict | None
    findings: tuple[Finding, ...]
    """Why there is no candidate, or why it was refused."""
    spent: Money
    missing: tuple[str, ...]
    """Whose agreement to the change is missing."""


class Applying:
    """Applies plans of a desk."""

    def __init__(
        self,
        desk: Desk,
        judges: Judges,
        *,
        backend: str = "",
        hears: Callable[[Step], None] = lambda _: None,
        environment: Mapping[str, str] | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.desk, self._judges, self._backend, self._hears = desk, judges, backend, hears
        self._environment = os.environ if environment is None else environment
        self._pause = pause

    def run(self, name: str) -> Outcome:
        """Apply a plan, or go on where it was interrupted.

        Raises:
            ConfigError: the backend is none.
            Unavailable: another process is at it.
            IllegalMove: it does not stand where it could be applied.
            NotApproved, PlanStale, GenopsError: see `Desk.ready`.
            ModelError: no answer came, and nothing was paid for it; the plan can be applied again.
        """
        desk = self.desk
        refuse_unknown(self._backend)
        plan = desk.find(desk.ledger.read().book, name)
        sweep(desk.git)
        clear_rooms(desk.git, _over(desk.ledger.read().book))
        with room_of(desk.git, plan.id) as room:
            base = self._begun(plan, room)
            self._free(plan, room)
            try:
                with ExitStack() as stack:
                    return _Run(self, plan, room, base, stack).go()
            finally:
                if desk.ledger.read().book.state(plan.id) in _OVER:
                    room.clear()

    def order(self, plan: Plan, room: Room, base: str, cell: str) -> Order:
        """What is asked of whoever answers for a cell."""
        desk = self.desk
        return Order(
            plan.id,
            Money(plan.cost.cap),
            desk.person,
            desk.settings.budget,
            desk.root,
            base,
            room,
            desk.moment(desk.ledger.read().book).date(),
            self._environment,
            partial(self.tell, "piece", cell),
            partial(self.tell, "cell", cell),
            self._backend,
            self._pause,
        )

    def tell(self, kind: str, cell: str, said: str) -> None:
        """Say what goes on."""
        self._hears(Step(kind, cell, said))

    def judge(self, case: Case) -> Verdict:
        """Have the gates judge."""
        return self._judges(case, hears=partial(self.tell, "gate", ""))

    def _begun(self, plan: Plan, room: Room) -> str:
        """Let a plan be generated, or go on with it; the commit that it is generated on."""
        book = self.desk.ledger.read().book
        state = book.state(plan.id)
        if state in RESUMED:
            return self._resumed(book, plan, room)
        if state not in (State.PLANNED, State.SPEND_APPROVED):
            move(state, State.GENERATING, plan=plan.id)  # raises, and says what is possible
        plan = self.desk.ready(plan.id)
        base = self.desk.git.resolve("HEAD")
        room.clear()
        room.begin()
        evidence = {BASE: base, **({"backend": self._backend} if self._backend else {})}
        fact = Transition(plan.id, State.SPEND_APPROVED, State.GENERATING, "", evidence)

        def once(seen: Read) -> Decided:
            if (stands := seen.book.state(plan.id)) is not State.SPEND_APPROVED:
                raise IllegalMove(
                    f"{plan.id} is {stands} already: somebody else has applied it",
                    source=stands,
                    target=State.GENERATING,
                    mend=f"monocyte show {plan.id}",
                )
            return Decided(fact)

        record(self.desk.ledger, once, who=self.desk.person)
        self.tell("state", "", f"{plan.id} is {State.GENERATING}")
        return base

    def _resumed(self, book: Book, plan: Plan, room: Room) -> str:
        entry = book.entered[plan.id, State.GENERATING]
        fact = entry.fact
        base = fact.evidence.get(BASE, "") if isinstance(fact, Transition) else ""
        if not room.is_known or not self.desk.git.resolve(base):
            said = f"{plan.id} is being generated elsewhere, by {entry.who}"
            mend = f"have it ended there, or give it up: monocyte apply {plan.id} --cancel"
            raise GenopsError(f"{said} since {entry.at:%Y-%m-%d %H:%M} UTC", mend=mend)
        self.tell("state", "", f"{plan.id} was interrupted: going on")
        return base

    def _free(self, plan: Plan, room: Room) -> None:
        """Free what a killed run had set aside for calls that it never made."""
        ledger, who = self.desk.ledger, self.desk.person
        freed, unclear = free_unsent(ledger, plan.id, room.sent, who)
        for id in freed:
            self.tell("cell", "", f"{id[:8]}: set aside, and never called; free again")
        for id in unclear:
            mend = f"monocyte ledger settle {id[:8]}"
            self.tell("cell", "", f"{id[:8]}: may have been called; stays set aside ({mend})")


def _over(book: Book) -> frozenset[str]:
    """The plans of whose runs nothing is needed any more."""
    return frozenset(plan for plan, state in book.states.items() if state in _OVER)


_OVER = FINAL | {State.MERGE_APPROVED, State.PROMOTED, State.SUPERSEDED}
"""Where nothing of a run is needed any more."""


class _Run:
    """One plan on its way, in its room."""

    def __init__(
        self, applying: Applying, plan: Plan, room: Room, base: str, stack: ExitStack
    ) -> None:
        self.applying, self.plan, self.room, self.base = applying, plan, room, base
        self.desk, self.stack = applying.desk, stack
        self.app = self.desk.root.resolve().relative_to(self.desk.git.top.resolve()).as_posix()
        self.app = "" if self.app == "." else self.app
        book = self.desk.ledger.read().book
        self.made = [*self._entries(State.CANDIDATE)]
        self.judged = [*self._entries(State.GATED)]
        self.writers = {it.cell.name: it for it in self._writers(book)}

    def _entries(self, state: State) -> Iterator[Entry]:
        """The entries with which the plan came into a state, in order."""
        for entry in self.desk.ledger.read().entries:
            fact = entry.fact
            if isinstance(fact, Transition) and (fact.plan, fact.target) == (self.plan.id, state):
                yield entry

    def _writers(self, book: Book) -> Iterator[Writer]:
        desk = self.desk
        chosen = [it for it in self.plan.cells if it.action != "retire"]
        tree = self.stack.enter_context(worktree(desk.git, self.base))
        redraws = redrawing(tree, self.app, desk.package)
        scene = desk.scene(book, desk.lock())
        for it in chosen:
            name, pin = desk.settings.pin_of(it.cell)
            order = self.applying.order(self.plan, self.room, self.base, it.cell)
            way = self.stack.enter_context(Answering(order, it.cell, name, pin))
            yield Writer(
                self._cell(it, told(self.plan, scene, it)),
                way,
                self.room.takes,
                attempts=desk.settings.options.attempts,
                redraws=redraws,
                hears=partial(self.applying.tell, "cell", it.cell),
            )

    def _cell(self, it: CellPlan, briefing: str) -> Cell:
        """A cell as it stands at the base; the work tree must have the same."""
        desk = self.desk
        manifest = next(one for one in desk.manifests if one.name == it.cell)
        path = Path(manifest.file).resolve().relative_to(desk.git.top.resolve()).as_posix()
        raw = read_file(desk.git, self.base, path)
        if raw is None or raw != Path(manifest.file).read_bytes():
            what = f"{path} is not as it was when this was begun"
            mend = f"put it back, or give the plan up: monocyte apply {self.plan.id} --cancel"
            raise PlanStale(what, moved=(path,), mend=mend)
        tree = tree_of(manifest.file)
        if tree is None:
            raise GenopsError("it cannot be read", where=path)
        text = raw.decode("utf-8")
        sealed = sealed_names(manifest, tree, unsealed_in(text))
        return Cell(it.cell, path, text, sealed, briefing)

    # -- rounds ------------------------------------------------------------------------------------

    def go(self) -> Outcome:
        """Write, judge and mend, until it is decided."""
        attempt = 0
        try:
            while True:
                attempt += 1
                if not all(writer.write() for writer in self.writers.values()):
                    return self._failed("no attempt is left")
                candidate = self._candidate(attempt)
                verdict = self._verdict(attempt, candidate)
                if verdict.passed:
                    Merging(self.desk).settle(self.plan)
                    return self._outcome(candidate, verdict)
                if not self._reopened(verdict):
                    return self._failed("the gates refuse it", candidate, verdict)
                if self.desk.ledger.read().book.state(self.plan.id) is State.GATED:
                    self._move(State.GATED, State.GENERATING, "the gates have found something")
        except OverBudget as why:
            return self._over(why)

    def _candidate(self, attempt: int) -> Candidate:
        """All cells together: made and written down, or found as it was."""
        files: dict[str, bytes | None] = {
            it.cell.path: it.text.encode("utf-8")
            for it in self.writers.values()
            if it.text is not None and it.text != it.cell.base
        }
        git, message = self.desk.git, f"Candidate {attempt} of {self.plan.id}"
        commit = commit_files(git, self.base, files, message)
        digests = {path: _digest(raw) for path, raw in files.items()}
        if attempt <= len(self.made):
            return self._known(attempt, commit, digests)
        attached = self._cassettes()
        candidate = Candidate(
            plan=self.plan.id,
            attempt=attempt,
            base=self.base,
            commit=commit,
            files=digests,
            cassettes={name: sha256(raw).hexdigest() for name, raw in attached.items()},
        )
        git.ask("update-ref", "--no-deref", ref_of(self.plan.id, attempt), commit)
        evidence = {"candidate": candidate.digest, "commit": commit}
        files_too = {candidates.FILE: candidate.content, **attached}
        said = f"candidate {attempt}"
        self.made.append(self._move(State.GENERATING, State.CANDIDATE, said, evidence, files_too))
        return candidate

    def _cassettes(self) -> dict[str, bytes]:
        """Everything that was said: every answer in order, and every call as it was recorded.

        What an agent has said on its way may be too much for the ledger; its answers never are.
        """
        taken = [take for it in self.writers.values() for take in it.taken]
        recorded = self.room.cassettes()
        if sum(map(len, recorded.values())) > RECORDED:
            self.applying.tell("state", "", "the recorded calls are too much to be attached")
            recorded = {}
        return {takes.FILE: takes.packed(taken), **recorded}

    def _known(self, attempt: int, commit: str, digests: Mapping[str, str | None]) -> Candidate:
        entry = self.made[attempt - 1]
        raw = self.desk.ledger.attachment(entry.seq, candidates.FILE)
        candidate = candidates.opened(raw)
        if (candidate.commit, candidate.files) != (commit, digests):
            said = f"candidate {attempt} of {self.plan.id} does not come about again as it was"
            mend = f"give the plan up: monocyte apply {self.plan.id} --cancel"
            raise GenopsError(said, mend=mend)
        return candidate

    def _verdict(self, attempt: int, candidate: Candidate) -> Verdict:
        """What the gates say of a candidate, or have said."""
        if attempt <= len(self.judged):
            entry = self.judged[attempt - 1]
            return verdicts.opened(self.desk.ledger.attachment(entry.seq, verdicts.FILE))
        git = self.desk.git
        with worktree(git, self.base) as base, worktree(git, candidate.commit) as head:
            verdict = self.applying.judge(
                Case(
                    base=base,
                    head=head,
                    base_commit=self.base,
                    head_commit=candidate.commit,
                    app=self.app,
                    cells=tuple(it.cell for it in self.plan.cells),
                    rules=frozenset(self.plan.rules),
                    author="model",
                    candidate=candidate.digest,
                )
            )
        _refuse_broken(verdict)
        evidence = {"verdict": verdict.digest, "candidate": candidate.digest}
        attached = {verdicts.FILE: verdict.content}
        self.judged.append(
            self._move(State.CANDIDATE, State.GATED, verdict.summary, evidence, attached)
        )
        return verdict

    def _reopened(self, verdict: Verdict) -> bool:
        """Let the cells be mended in which something was found; whether all of them still can."""
        wrong = [it for it in verdict.findings if it.severity == "error"]
        due: dict[str, list[Finding]] = {}
        for it in wrong:
            for name in [it.cell] if it.cell in self.writers else self.writers:
                due.setdefault(name, []).append(it)
        if not due or any(self.writers[name].left <= 0 for name in due):
            return False
        for name, findings in due.items():
            self.writers[name].reopen(findings)
        return True

    # -- ends --------------------------------------------------------------------------------------

    def _failed(
        self, why: str, candidate: Candidate | None = None, verdict: Verdict | None = None
    ) -> Outcome:
        state = self.desk.ledger.read().book.state(self.plan.id)
        self._move(state, State.FAILED, why)
        return self._outcome(candidate, verdict)

    def _over(self, why: OverBudget) -> Outcome:
        state = self.desk.ledger.read().book.state(self.plan.id)
        self._move(state, State.OVER_BUDGET, why.message)
        return self._outcome(None, None)

    def _outcome(self, candidate: Candidate | None, verdict: Verdict | None) -> Outcome:
        book = self.desk.ledger.read().book
        found = verdict.findings if verdict is not None else ()
        if candidate is None:
            found = tuple(one for it in self.writers.values() for one in it.findings)
        state = book.state(self.plan.id)
        calls = (it for it in book.calls.values() if it.reservation.plan == self.plan.id)
        missing: tuple[str, ...] = ()
        if state is State.GATED:
            missing = tuple(map(str, Merging(self.desk).judged(book, self.plan).missing))
        spent = Money(sum(it.nano for it in calls))
        return Outcome(self.plan, state, candidate, verdict, found, spent, missing)

    def _move(
        self,
        source: State,
        target: State,
        why: str = "",
        evidence: Mapping[str, str] | None = None,
        attached: Mapping[str, bytes] | None = None,
    ) -> Entry:
        """Write down where the plan stands now; raises IllegalMove if it stands elsewhere."""
        told_base = {BASE: self.base} if target is State.GENERATING else {}
        fact = Transition(self.plan.id, source, target, why, {**(evidence or {}), **told_base})
        decided = Decided(fact, dict(attached or {}))
        entry = record(self.desk.ledger, lambda _: decided, who=self.desk.person)
        assert entry is not None  # noqa: S101 (a fact is always written)
        self.applying.tell("state", "", f"{self.plan.id} is {target}" + (f": {why}" if why else ""))
        return entry


def _digest(content: bytes | None) -> str | None:
    return None if content is None else sha256(content).hexdigest()


def _refuse_broken(verdict: Verdict) -> None:
    """Raise GenopsError if a gate could not look, and nothing else is wrong: no model mends it."""
    broke = [it for it in verdict.looked if it.outcome == "broke"]
    wrong = any(it.severity == "error" for it in verdict.findings)
    if verdict.passed or wrong:
        return
    said = "; ".join(f"{it.gate}: {it.said}" for it in broke) or "no gate has looked"
    mend = "see to it, then judge again: monocyte apply"
    raise GenopsError(f"the gates could not judge: {said}", mend=mend)


def cancel(desk: Desk, name: str, why: str) -> State:
    """Give a plan up for good: nothing more is spent on it; where it stands then.

    Raises:
        Unavailable: a process is at it.
        IllegalMove: it has ended.
    """
    plan = desk.find(desk.ledger.read().book, name)
    with room_of(desk.git, plan.id) as room:

        def decide(seen: Read) -> Decided:
            return Decided(Transition(plan.id, seen.book.state(plan.id), State.CANCELLED, why))

        record(desk.ledger, decide, who=desk.person)
        free_unsent(desk.ledger, plan.id, room.sent, desk.person)
        room.clear()
    return State.CANCELLED
