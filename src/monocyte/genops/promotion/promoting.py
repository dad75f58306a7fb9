"""`promote`: a candidate that was agreed to becomes a commit, a lock and a signed provenance.

It is looked at once more in full before anything is written. The commit holds exactly the files of
the candidate, and `regen.lock` with the facts that a process of its own has read from the whole
tree. Plans of the same cells that it takes the place of become SUPERSEDED.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from monocyte.errors import GenopsError, IllegalMove, LedgerMoved
from monocyte.genops.gates.verdict import Verdict
from monocyte.genops.ledger.book import Book
from monocyte.genops.ledger.entries import Transition
from monocyte.genops.ledger.interface import TRIES, Decided, Read, record
from monocyte.genops.plans import lock as locks
from monocyte.genops.plans.desk import Desk
from monocyte.genops.plans.lock import Lock, Locked
from monocyte.genops.plans.plan import TEMPLATE, CellPlan, Plan
from monocyte.genops.plans.policy import refuse_unmet
from monocyte.genops.promotion.bundles import Deliver, bundled, nowhere
from monocyte.genops.promotion.commits import (
    Branch,
    Files,
    branch_of,
    checked_out,
    commit_on,
    file_at,
)
from monocyte.genops.promotion.landing import (
    Change,
    Hand,
    Landed,
    alone,
    folder_of,
    inside,
    land,
    mend_files,
    policy_of,
    replaced,
    within,
)
from monocyte.genops.promotion.looking import Seen, look
from monocyte.genops.promotion.merging import Judged, Merging, changed_files, refuse_failed
from monocyte.genops.promotion.provenance import FILE, Order, materials, opened, results, unverified
from monocyte.genops.promotion.rejudging import refuse_other
from monocyte.genops.states import State

__all__ = ["Promoted", "Promoting", "lock_of", "release_of"]


JudgesAgain = Callable[[Judged], Verdict | None]
"""What the gates say of a candidate now; None if what the ledger says of them is trusted."""


def trusting(_: Judged) -> None:
    """What the ledger says is trusted."""


class Promoted(NamedTuple):
    """A release: of which plan, where it landed, and which plans it took the place of."""

    plan: Plan
    landed: Landed
    superseded: tuple[str, ...] = ()
    mended: tuple[str, ...] = ()
    """Files that an interrupted promotion had not put in place."""


class Promoting:
    """Promotes the candidates of an app."""

    def __init__(
        self,
        desk: Desk,
        package: str,
        hand: Hand,
        deliver: Deliver = nowhere,
        judge_again: JudgesAgain = trusting,
    ) -> None:
        self.desk, self.package, self.hand, self.deliver = desk, package, hand, deliver
        self.merging, self.judge_again = Merging(desk), judge_again

    def promote(self, name: str) -> Promoted:
        """Promote the candidate of a plan, or end what was interrupted.

        Raises:
            IllegalMove: it is not MERGE_APPROVED, or somebody else has just promoted it.
            NotApproved: somebody's agreement is missing or expired, or who signs has no key.
            PlanStale: the cells, the lock, or the branch in these files have changed.
            GenopsError: anything else that is in the way; nothing was changed, unless it says so.
        """
        with alone(self.desk):
            plan = self.merging.plan(self.desk.ledger.read().book, name)
            return self._promote(plan)

    def _promote(self, plan: Plan) -> Promoted:
        for turn in range(TRIES):
            seen = self.desk.ledger.read()
            if seen.book.state(plan.id) is State.PROMOTED and turn == 0:
                return self._resume(seen.book, plan)
            change = self._change(seen.book, plan)
            try:
                landed = land(self.desk, self.hand, change, seen, self._tried(seen.book, plan))
            except LedgerMoved:
                continue
            mended = mend_files(self.desk, landed.commit) if change.commit else []
            lock = self._lock_at(landed.commit)
            return Promoted(plan, landed, tuple(self.supersede(plan, lock)), tuple(mended))
        raise LedgerMoved(f"the ledger was never still in {TRIES} tries", mend="try again later")

    def _tried(self, book: Book, plan: Plan) -> Callable[[str, Files], object]:
        """Asks the app that runs what it has against a release, before that lands."""
        return lambda envelope, files: self.deliver(bundled(book, plan, envelope, files), True)

    # -- what lands --------------------------------------------------------------------------------

    def _change(self, book: Book, plan: Plan) -> Change:
        branch = branch_of(self.desk.git)
        candidate = self.merging.candidate(book, plan) if self._is_judged(book, plan) else None
        if candidate is not None and self._has_landed(branch, plan, candidate.files):
            found = self.merging.judged(book, plan)
            refuse_failed(found)
            refuse_unmet(found.missing)
            return self._landed_change(branch, found)
        found = self.merging.ready(book, plan)
        if (verdict := self.judge_again(found)) is not None:
            refuse_other(self.desk, found, verdict)
        files = self._files(found, branch)
        return self._as_change(branch, branch.tip, found, files)

    def _is_judged(self, book: Book, plan: Plan) -> bool:
        return book.state(plan.id) is State.MERGE_APPROVED

    def _as_change(
        self, branch: Branch, parent: str, found: Judged, files: dict[str, bytes | None]
    ) -> Change:
        plan, candidate = found.plan, found.candidate

        def fact(named: Mapping[str, str]) -> Transition:
            digests = {"candidate": candidate.digest, "verdict": found.verdict.digest}
            source, target = State.MERGE_APPROVED, State.PROMOTED
            why = f"{branch.ref.removeprefix('refs/heads/')} is {named['commit'][:12]}"
            return Transition(plan.id, source, target, why, {**digests, **named})

        return Change(
            branch,
            files,
            message_of(found),
            lambda seq: self._order(found, parent, files, seq),
            fact,
            materials(plan, candidate, self.desk.base.commit, parent),
            tuple(results(found.verdict)),
        )

    def _order(
        self, found: Judged, parent: str, files: Mapping[str, bytes | None], seq: int
    ) -> Order:
        return Order(
            app=self.desk.app,
            plan=found.plan.id,
            act="promote",
            cells=tuple(it.cell for it in found.plan.cells),
            rules=found.plan.rules,
            classes=found.verdict.classes,
            author=found.plan.by,
            candidate=found.candidate.digest,
            verdict=found.verdict.digest,
            sequence=seq,
            replaces=replaced(self.desk, parent, files),
            removes=tuple(within(self.desk, path) for path, it in files.items() if it is None),
        )

    def _files(self, found: Judged, branch: Branch) -> dict[str, bytes | None]:
        """The files of the candidate and the lock that goes with them."""
        git, candidate = self.desk.git, found.candidate
        files = dict(changed_files(git.answer, candidate.base, candidate.commit))
        for path in files:
            within(self.desk, path)
        lock_path = inside(self.desk, locks.FILE)
        if lock_path in files:
            mend = "reject it: what is locked is written by a promotion alone"
            raise GenopsError(f"the candidate has written {locks.FILE} itself", mend=mend)
        draft = commit_on(git, branch.tip, files, "to be looked at", self.desk.person)
        with checked_out(git, draft) as tree:
            seen = look(folder_of(self.desk, tree), self.package)
        return {**files, lock_path: lock_of(found.plan, self.desk.lock(), seen).content}

    # -- what was interrupted ----------------------------------------------------------------------

    def _has_landed(self, branch: Branch, plan: Plan, files: Mapping[str, str | None]) -> bool:
        """Whether the tip is this very release, of which the ledger does not know yet."""
        git = self.desk.git
        told = git.ask("show", "-s", "--format=%(trailers:key=Plan,valueonly)", branch.tip)
        parent = git.resolve(f"{branch.tip}^")
        if told.strip() != plan.id or not parent:
            return False
        found = changed_files(git.answer, parent, branch.tip)
        lock = inside(self.desk, locks.FILE)
        return sorted(path for path, _ in found if path != lock) == sorted(files)

    def _landed_change(self, branch: Branch, found: Judged) -> Change:
        git = self.desk.git
        parent = git.resolve(f"{branch.tip}^")
        files = dict(changed_files(git.answer, parent, branch.tip))
        wanted = dict(changed_files(git.answer, found.candidate.base, found.candidate.commit))
        if any(files[path] != it for path, it in wanted.items()):
            raise GenopsError(f"{branch.tip[:12]} says that it is {found.plan.id}, and is not")
        return self._as_change(branch, parent, found, files)._replace(commit=branch.tip)

    def _resume(self, book: Book, plan: Plan) -> Promoted:
        """End a promotion that was killed after it had been decided."""
        desk, branch = self.desk, branch_of(self.desk.git)
        landed = release_of(desk, book, plan)
        git, commit = desk.git, landed.commit
        if not git.is_ancestor(commit, branch.tip):
            if git.resolve(f"{commit}^") != branch.tip:
                mend = f"git switch {landed.branch.removeprefix('refs/heads/')}, or git cherry-pick"
                said = f"{plan.id} is PROMOTED as {commit[:12]}, which is not on this branch"
                raise IllegalMove(said, source=State.PROMOTED, target=State.PROMOTED, mend=mend)
            git.ask("update-ref", "--no-deref", branch.ref, commit, branch.tip)
        mended = mend_files(desk, commit) if git.resolve("HEAD") == commit else []
        superseded = self.supersede(plan, self._lock_at(commit))
        return Promoted(plan, landed, tuple(superseded), tuple(mended))

    # -- what is no longer in force ----------------------------------------------------------------

    def supersede(self, plan: Plan, lock: Lock) -> list[str]:
        """Say of earlier plans of these cells, of which nothing is left, that they are over."""
        left = {it.plan for it in lock.cells.values()}
        cells = {it.cell for it in plan.cells}
        book = self.desk.ledger.read().book
        old = [
            id
            for id, state in book.states.items()
            if state is State.PROMOTED
            and id not in {plan.id, *left}
            and self.desk.app_of(book, id) == self.desk.app
            and cells & {it.cell for it in self.desk.find(book, id).cells}
        ]
        for id in old:
            self._over(id, plan.id)
        return old

    def _over(self, old: str, new: str) -> None:
        def decide(seen: Read) -> Decided | None:
            if seen.book.state(old) is not State.PROMOTED:
                return None
            return Decided(Transition(old, State.PROMOTED, State.SUPERSEDED, f"by {new}"))

        record(self.desk.ledger, decide, who=self.desk.person)

    def _lock_at(self, commit: str) -> Lock:
        content = file_at(self.desk.git, commit, inside(self.desk, locks.FILE))
        return Lock() if content is None else locks.opened(content)


def release_of(desk: Desk, book: Book, plan: Plan, state: State = State.PROMOTED) -> Landed:
    """What was released with a plan, as the ledger has it.

    Raises:
        GenopsError: it was never released.
        NotApproved: who has signed it had no key in the base revision of then.
    """
    entry = book.entered.get((plan.id, state))
    if entry is None or not isinstance(entry.fact, Transition):
        raise GenopsError(f"{plan.id} was not released", mend=f"monocyte promote {plan.id}")
    envelope = desk.ledger.attachment(entry.seq, FILE).decode()
    told = entry.fact.evidence
    policy = policy_of(desk, unverified(envelope).base)
    statement = opened(envelope, policy.keys)
    if statement.commit != told.get("commit") or statement.order.plan != plan.id:
        raise GenopsError(f"what was signed of {plan.id} is of another release")
    return Landed(told["branch"], told["commit"], statement, envelope)


def message_of(found: Judged) -> str:
    """The message of the commit: what for, and trailers that say whose word that is."""
    plan, verdict = found.plan, found.verdict
    names = ", ".join(it.cell for it in plan.cells)
    rules = plan.rules
    title = f"Regenerate {names}" + (f" for {', '.join(rules)}" if rules else "")
    why = "\n".join(f"- {it.cell}: {why.said}" for it in plan.cells for why in it.reasons)
    models = dict.fromkeys(f"{it.model} ({it.pin})" for it in plan.cells if it.pin)
    passed = sum(it.outcome == "passed" for it in verdict.looked)
    trailers = [
        ("Plan", plan.id),
        ("Candidate", f"sha256:{found.candidate.digest}"),
        *((("Rules", ", ".join(rules)),) if rules else ()),
        *(("Model", it) for it in models),
        *(("Approved-by", it.by) for it in found.agreed),
        ("Gates", f"{passed} of {len(verdict.looked)} passed. {verdict.summary}".strip()),
    ]
    told = "\n".join(f"{key}: {' '.join(value.split())}" for key, value in trailers)
    return f"{' '.join(title.split())[:100]}\n\n{why}\n\n{told}\n"


def lock_of(plan: Plan, before: Lock, seen: Mapping[str, Seen]) -> Lock:
    """The lock once a plan is released: the facts of its cells as they were seen in the tree."""
    return before.with_cells({it.cell: _locked(plan, it, seen) for it in plan.cells})


def _locked(plan: Plan, it: CellPlan, seen: Mapping[str, Seen]) -> Locked | None:
    cell = seen.get(it.cell)
    if (cell is None) != (it.action == "retire"):
        raise GenopsError(f"{it.cell} {'is gone' if cell is None else 'is still there'}")
    return (
        None
        if cell is None
        else Locked(
            plan=plan.id,
            pin=it.pin,
            pin_digest=plan.read.get(f"pin {it.pin}", ""),
            template=TEMPLATE,
            text=cell.text,
            facts=cell.facts,
        )
    )
