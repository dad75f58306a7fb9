"""Agreeing to a candidate: signed for exactly these files and exactly what the gates said of them.

An approval to merge names one digest, made of the candidate's and the verdict's: a better verdict
of the same files, or other files with the same verdict, is something else. Which approvals are
needed follows from the classes of change that the verdict names, by the policy of the base
revision; what was refused by a gate cannot be approved at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from monocyte.errors import GenopsError, IllegalMove, NotApproved, PlanStale
from monocyte.genops import candidates
from monocyte.genops.candidates import Candidate
from monocyte.genops.gates import verdict as verdicts
from monocyte.genops.gates.verdict import Verdict
from monocyte.genops.ledger.book import Book
from monocyte.genops.ledger.entries import Transition
from monocyte.genops.ledger.interface import Decided, Read, record
from monocyte.genops.plans.approvals import Statement, Subject, approve, judged, valid
from monocyte.genops.plans.desk import Desk
from monocyte.genops.plans.keys import Signer
from monocyte.genops.plans.plan import Plan, refuse_stale
from monocyte.genops.plans.policy import Need, Unmet, needs, refuse_unmet, unmet
from monocyte.genops.states import State, move
from monocyte.tables import FILE

__all__ = ["Judged", "Merging", "merge_digest"]

LIVES = frozenset({"facts", "lock"})
"""What must not have moved for a change to be merged; prices and budgets are for who spends."""


def merge_digest(candidate: str, verdict: str) -> str:
    """What an approval to merge is bound to: both digests, in hex."""
    return hashlib.sha256(f"{candidate}:{verdict}".encode()).hexdigest()


class Judged(NamedTuple):
    """A candidate with its verdict: where its plan stands, who has agreed, and what is missing."""

    plan: Plan
    candidate: Candidate
    verdict: Verdict
    state: State
    agreed: tuple[Statement, ...]
    missing: tuple[Unmet, ...]

    @property
    def digest(self) -> str:
        """What is approved."""
        return merge_digest(self.candidate.digest, self.verdict.digest)


class Merging:
    """The candidates of an app; what is on the desk are its plans."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    # -- finding -----------------------------------------------------------------------------------

    def plan(self, book: Book, name: str) -> Plan:
        """The plan of that name, or of the candidate whose digest begins so.

        Raises:
            GenopsError: there is none, or more than one.
        """
        asked = name.removeprefix("sha256:")
        found = {
            plan
            for (plan, state), entry in book.entered.items()
            if state is State.CANDIDATE
            and len(asked) >= 6
            and entry.attached.get(candidates.FILE, "").startswith(asked)
        }
        if len(found) > 1:
            raise GenopsError(f"{len(found)} candidates begin with {name}", mend="give more of it")
        return self.desk.find(book, found.pop() if found else name)

    def judged(self, book: Book, plan: Plan) -> Judged:
        """The last candidate of a plan with its verdict.

        Raises:
            GenopsError: there is none, or the verdict is of something else.
            LedgerDamaged: what is attached is not what was.
        """
        candidate = self.candidate(book, plan)
        verdict = self._verdict(book, plan, candidate)
        wanted = self.needs(verdict)
        approval = self.desk.base.approval
        digest = merge_digest(candidate.digest, verdict.digest)
        given = book.approvals.get(plan.id, ())
        subject = self.subject(plan, digest)
        agreed = tuple(valid(given, subject, approval, self.desk.moment(book)))
        missing = tuple(unmet(approval, wanted, [it.by for it in agreed], plan.by))
        return Judged(plan, candidate, verdict, book.state(plan.id), agreed, missing)

    def candidate(self, book: Book, plan: Plan) -> Candidate:
        """The last candidate of a plan; raises GenopsError if there is none, or it is another's."""
        entry = book.entered.get((plan.id, State.CANDIDATE))
        if entry is None:
            raise GenopsError(f"{plan.id} has no candidate", mend=f"monocyte apply {plan.id}")
        found = candidates.opened(self.desk.ledger.attachment(entry.seq, candidates.FILE))
        if found.plan != plan.id:
            raise GenopsError(f"the candidate is of {found.plan}, and not of {plan.id}")
        return found

    def needs(self, verdict: Verdict) -> list[Need]:
        """Whose agreement a change of these classes needs."""
        return needs(self.desk.base.approval, verdict.classes)

    def subject(self, plan: Plan, digest: str) -> Subject:
        """What is signed by who agrees to a candidate."""
        return Subject(self.desk.app, plan.id, "merge", digest)

    # -- agreeing ----------------------------------------------------------------------------------

    def approve(self, name: str, signer: Signer, *, by: str, why: str = "") -> Judged:
        """Agree to a candidate; with the last approval that it needs it is MERGE_APPROVED.

        Raises:
            NotApproved: who signs has no key in the base revision, or made the plan.
            PlanStale: what it was made from has changed.
            GenopsError: a gate has refused it, or the verdict is of something else.
            IllegalMove: it waits for no approval.
        """
        book = self.desk.ledger.read().book
        plan = self.plan(book, name)
        found = self.judged(book, plan)
        if found.state is not State.GATED:
            raise IllegalMove(
                f"{plan.id} is {found.state}: it waits for no approval of its candidate",
                source=found.state,
                target=State.MERGE_APPROVED,
                mend=f"monocyte show {plan.id}",
            )
        refuse_failed(found)
        self.refuse_moved(book, found)
        self._refuse_stranger(plan, by)
        self._sign(found, signer, by=by, why=why)
        return self.settle(plan)

    def settle(self, plan: Plan) -> Judged:
        """Move a plan on if its gates have passed and nobody's agreement is missing."""

        def decide(seen: Read) -> Decided | None:
            if seen.book.state(plan.id) is not State.GATED:
                return None
            found = self.judged(seen.book, plan)
            if found.missing or not found.verdict.passed:
                return None
            names = ", ".join(it.by for it in found.agreed) or "nobody needs to"
            evidence = {"candidate": found.candidate.digest, "verdict": found.verdict.digest}
            target = State.MERGE_APPROVED
            return Decided(Transition(plan.id, State.GATED, target, f"agreed: {names}", evidence))

        record(self.desk.ledger, decide, who=self.desk.person)
        return self.judged(self.desk.ledger.read().book, plan)

    def ready(self, book: Book, plan: Plan) -> Judged:
        """A candidate that may be promoted now: everything is judged once more.

        That it is called MERGE_APPROVED is not enough: anybody may have written that.

        Raises:
            IllegalMove: it is not MERGE_APPROVED.
            NotApproved: somebody's agreement is missing, or has expired.
            PlanStale: what it was made from has changed.
            GenopsError: a gate has refused it, the verdict is of something else, or what it was
                made from is not committed.
        """
        move(book.state(plan.id), State.PROMOTED, plan=plan.id)
        found = self.judged(book, plan)
        refuse_failed(found)
        refuse_unmet(found.missing)
        self.refuse_moved(book, found)
        return found

    def refuse_moved(self, book: Book, found: Judged) -> None:
        """Raise what forbids to merge now: dirt, what has moved, a commit of other files.

        Raises:
            PlanStale: the cells, the lock, or the files have changed since.
            GenopsError: something is not committed, or the commit is not the candidate.
        """
        self.desk.refuse_dirty()
        refuse_stale(found.plan, self.desk.scene(book, self.desk.lock()), LIVES)
        self._refuse_other_files(found.candidate)
        git, candidate = self.desk.git, found.candidate
        paths = [git.top / path for path in candidate.files]
        if dirty := git.changed(paths):
            raise GenopsError(f"not committed: {', '.join(dirty[:5])}", mend="commit or stash it")
        head = git.resolve("HEAD")
        other = sorted(set(differing(git.answer, candidate.base, head)) & candidate.files.keys())
        if other:
            said = f"the branch has changed since it was made: {', '.join(other[:5])}"
            raise PlanStale(said, moved=tuple(other), mend="make a new plan: monocyte plan")

    def _refuse_other_files(self, candidate: Candidate) -> None:
        """The commit must be there, on the base, and differ from it in exactly these files."""
        git = self.desk.git
        for commit in (candidate.base, candidate.commit):
            if git.resolve(commit) != commit:
                shallow = (git.common / "shallow").exists()
                mend = "git fetch --unshallow" if shallow else "fetch it from where it was made"
                raise GenopsError(f"the commit {commit[:12]} is not here", mend=mend)
        parents = git.ask("rev-list", "--parents", "-n", "1", candidate.commit).split()[1:]
        if parents != [candidate.base]:
            raise GenopsError(f"{candidate.commit[:12]} does not stand on its base")
        found = {
            path: content and hashlib.sha256(content).hexdigest()
            for path, content in changed_files(git.answer, candidate.base, candidate.commit)
        }
        if found != candidate.files:
            said = f"the commit {candidate.commit[:12]} does not hold exactly what was judged"
            raise GenopsError(said, mend="generate it again: monocyte apply")

    def _verdict(self, book: Book, plan: Plan, candidate: Candidate) -> Verdict:
        """The verdict of exactly this candidate."""
        entry = book.entered.get((plan.id, State.GATED))
        made = book.entered[plan.id, State.CANDIDATE]
        if entry is None or entry.seq < made.seq:
            raise GenopsError(f"{plan.id} was not judged yet", mend=f"monocyte apply {plan.id}")
        found = verdicts.opened(self.desk.ledger.attachment(entry.seq, verdicts.FILE))
        told = (found.candidate, found.base, found.head)
        if told != (candidate.digest, candidate.base, candidate.commit):
            raise GenopsError("the verdict is of something else than the candidate")
        return found

    def _sign(self, found: Judged, signer: Signer, *, by: str, why: str) -> None:
        """Write the approval, which is held against the base revision before."""
        desk = self.desk
        approval, subject = desk.base.approval, self.subject(found.plan, found.digest)

        def decide(seen: Read) -> Decided:
            moment: datetime = desk.moment(seen.book)
            given = approve(subject, signer, by=by, now=moment, days=approval.days, why=why)
            judged(given, subject, approval, moment)
            return Decided(given)

        record(desk.ledger, decide, who=by)

    def _refuse_stranger(self, plan: Plan, by: str) -> None:
        """Who has no key in the base revision, or made the plan, cannot approve."""
        approval = self.desk.base.approval
        if by not in approval.keys:
            mend = f"have the line of `monocyte keys show {by}` merged under [approval.keys]"
            raise NotApproved(f"{by} has no key in {self.desk.base.name}", where=FILE, mend=mend)
        shared = approval.keys[by] == approval.keys.get(plan.by)
        if not approval.own and (by == plan.by or shared):
            mend = "ask somebody else, or write own = true under [approval], for a team of one"
            raise NotApproved(f"{by} made this plan, and may not approve it", mend=mend)


def refuse_failed(found: Judged) -> None:
    """Raise GenopsError if a gate has refused a candidate, or could not look."""
    if found.verdict.passed:
        return
    errors = [it.said for it in found.verdict.findings if it.severity == "error"]
    broke = [f"{it.gate} could not look" for it in found.verdict.looked if it.outcome == "broke"]
    said = "; ".join([*errors, *broke][:3]) or "no gate has looked"
    mend = "it can be rejected, or made anew; nobody can approve it"
    raise GenopsError(f"the gates refuse it: {said}", mend=mend)


Answer = Callable[..., bytes]


def differing(answer: Answer, old: str, new: str) -> list[str]:
    """The paths in which two commits differ."""
    told = answer("diff-tree", "-r", "-z", "--no-renames", "--name-only", old, new, "--")
    return [os_path.decode("utf-8", "surrogateescape") for os_path in told.split(b"\0") if os_path]


def changed_files(answer: Answer, old: str, new: str) -> list[tuple[str, bytes | None]]:
    """What differs between two commits, with what the newer has there; None where it went.

    Raises:
        GenopsError: it is no plain file: a link, a submodule, or made executable.
    """
    rows = answer("diff-tree", "-r", "-z", "--no-renames", "--raw", "--abbrev=64", old, new, "--")
    fields = rows.split(b"\0")[:-1]
    found: list[tuple[str, bytes | None]] = []
    for told, name in zip(fields[::2], fields[1::2], strict=True):
        before, after, _, blob, how = told.removeprefix(b":").split()
        path = name.decode("utf-8", "surrogateescape")
        if after not in (b"100644", b"000000") and after != before:
            raise GenopsError(f"{path} is no plain file any more", where=path)
        gone = how.startswith(b"D")
        found.append((path, None if gone else answer("cat-file", "blob", blob.decode())))
    return found
