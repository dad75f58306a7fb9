"""`verify`: whether everything that the ledger says of releases can still be shown, offline.

The chain and what is attached to it; of each release its signature by the keys of the revision that
counted then, and that this revision is part of the branch that is merged into; who has agreed; that
the commit holds exactly the files that were signed; and that `regen.lock` says what was released
last. Each damage says where; nothing is mended here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from monocyte.errors import GenopsError, LedgerDamaged, MonocyteError
from monocyte.genops import candidates
from monocyte.genops.gates import verdict as verdicts
from monocyte.genops.ledger.book import Book
from monocyte.genops.ledger.entries import Entry, Transition
from monocyte.genops.pins import Approval
from monocyte.genops.plans import lock as locks
from monocyte.genops.plans.approvals import Subject, valid
from monocyte.genops.plans.desk import Desk
from monocyte.genops.plans.facts import text_of
from monocyte.genops.plans.plan import Plan
from monocyte.genops.plans.policy import needs, unmet
from monocyte.genops.promotion import provenance
from monocyte.genops.promotion.commits import file_at
from monocyte.genops.promotion.landing import inside, policy_of, within
from monocyte.genops.promotion.merging import changed_files, merge_digest
from monocyte.genops.promotion.provenance import Statement, digest_of
from monocyte.genops.states import State

__all__ = ["Damage", "verify"]

RELEASES = (State.PROMOTED, State.ROLLED_BACK)


class Damage(NamedTuple):
    """What cannot be shown, and of what."""

    about: str
    what: str


def verify(desk: Desk) -> Iterator[Damage]:
    """Everything that is wrong, the ledger first: if that is damaged, nothing else is looked at."""
    damaged = [Damage(f"ledger, entry {it.seq}", it.what) for it in desk.ledger.verify()]
    yield from damaged
    if damaged:
        return
    book = desk.ledger.read().book
    for seq, why in book.faults:
        yield Damage(f"ledger, entry {seq}", f"it was not possible: {why}")
    for (id, state), entry in book.entered.items():
        if state in RELEASES and desk.app_of(book, id) == desk.app:
            yield from _release(desk, book, id, state, entry)
    yield from _lock(desk, book)


def _release(desk: Desk, book: Book, id: str, state: State, entry: Entry) -> Iterator[Damage]:
    about = f"{id} ({state.lower()}, entry {entry.seq})"
    try:
        plan = desk.find(book, id)
        envelope = desk.ledger.attachment(entry.seq, provenance.FILE).decode()
        claimed = provenance.unverified(envelope)
        policy = policy_of(desk, claimed.base)
        statement = provenance.opened(envelope, policy.keys)
        _refuse_unlike(plan, statement, entry, state)
        _refuse_files(desk, statement)
        if state is State.PROMOTED:
            _refuse_unapproved(desk, book, plan, statement, policy, entry)
    except MonocyteError as why:
        yield Damage(about, f"{why.where}: {why.message}" if why.where else why.message)


def _refuse_unlike(plan: Plan, statement: Statement, entry: Entry, state: State) -> None:
    """What was signed must be what the ledger says."""
    fact, order = entry.fact, statement.order
    evidence = fact.evidence if isinstance(fact, Transition) else {}
    act = "promote" if state is State.PROMOTED else "rollback"
    told = (order.plan, order.app, order.act, statement.commit, order.sequence)
    if told != (plan.id, plan.app, act, evidence.get("commit"), entry.seq):
        raise GenopsError("what was signed is of another release")
    if order.act == "promote" and (order.candidate, order.verdict) != (
        evidence.get("candidate"),
        evidence.get("verdict"),
    ):
        raise GenopsError("what was signed is of another candidate, or another verdict")


def _refuse_files(desk: Desk, statement: Statement) -> None:
    """The commit must hold exactly the files that were signed, and have replaced what it says."""
    git, commit = desk.git, statement.commit
    if git.resolve(commit) != commit:
        raise GenopsError(f"the commit {commit[:12]} is not here", mend="git fetch")
    parent = git.resolve(f"{commit}^")
    found = {
        within(desk, path): None if it is None else digest_of(it)
        for path, it in changed_files(git.answer, parent, commit)
    }
    signed = {
        path: it for path, it in statement.files.items() if it != statement.order.replaces.get(path)
    }
    provenance.refuse_other(found, signed)
    for path, digest in statement.order.replaces.items():
        old = file_at(git, parent, inside(desk, path))
        if (None if old is None else digest_of(old)) != digest:
            raise GenopsError("it did not replace what it says", where=path)


def _refuse_unapproved(
    desk: Desk, book: Book, plan: Plan, statement: Statement, policy: Approval, entry: Entry
) -> None:
    """Who had to agree by then must have signed, for this candidate and this verdict."""
    made = book.entered.get((plan.id, State.CANDIDATE))
    gated = book.entered.get((plan.id, State.GATED))
    order = statement.order
    if made is None or gated is None or made.attached.get(candidates.FILE) != order.candidate:
        raise GenopsError("the candidate is not the one that was signed")
    verdict = verdicts.opened(desk.ledger.attachment(gated.seq, verdicts.FILE))
    if verdict.digest != order.verdict or verdict.classes != order.classes:
        raise GenopsError("the verdict is not the one that was signed")
    if not verdict.passed:
        raise GenopsError("the gates had refused it")
    subject = Subject(desk.app, plan.id, "merge", merge_digest(order.candidate, order.verdict))
    given = valid(book.approvals.get(plan.id, ()), subject, policy, entry.at)
    names = [it.by for it in given]
    missing = unmet(policy, needs(policy, verdict.classes), names, plan.by)
    if missing:
        raise GenopsError(f"it was not agreed to: {missing[0]}")


def _lock(desk: Desk, book: Book) -> Iterator[Damage]:
    """What is locked must have been released by the plan that it names, and stand in the files."""
    lock = locks.read_lock(desk.root)
    if lock is None:
        return
    files = {it.name: it.file for it in desk.manifests}
    for cell, it in lock.cells.items():
        about = f"{locks.FILE}, {cell}"
        if it.plan and book.state(it.plan) not in (State.PROMOTED, State.SUPERSEDED):
            yield Damage(about, f"{it.plan} is {book.state(it.plan)}, and not what runs")
        is_same = cell in files and it.text == text_of(files[cell])
        if is_same and desk.facts[cell].generated != it.facts.generated:
            yield Damage(about, "what is locked is not what stands in the file")
        if it.plan:
            yield from _locked(desk, book, cell, it)


def _locked(desk: Desk, book: Book, cell: str, it: locks.Locked) -> Iterator[Damage]:
    """What is locked of a cell must be what its release has locked."""
    about = f"{locks.FILE}, {cell}"
    entry = book.entered.get((it.plan, State.PROMOTED))
    if entry is None or not isinstance(entry.fact, Transition):
        yield Damage(about, f"{it.plan} was never promoted")
        return
    commit = entry.fact.evidence.get("commit", "")
    try:
        content = file_at(desk.git, commit, inside(desk, locks.FILE))
        was = locks.opened(content).cells.get(cell) if content is not None else None
    except (GenopsError, LedgerDamaged) as why:
        yield Damage(about, why.message)
        return
    if was != it and (was is None or (was.plan, was.facts) != (it.plan, it.facts)):
        yield Damage(about, f"it is not what {it.plan} has locked")
