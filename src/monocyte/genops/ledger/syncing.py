"""Bring the ledgers of two clones together: what others have pushed stays, ours stands behind it.

Nothing is ever overwritten: a push that is no continuation is refused by git. Then our own entries
that nobody has seen are chained anew behind the others', and each is judged again: what is not
possible there is kept as a `Void`, so that it is neither lost nor true. Money that was spent stays
spent, whatever others have decided.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from monocyte.errors import GenopsError, LedgerDamaged, LedgerMoved, LedgerUnavailable
from monocyte.genops.ledger.book import Book, folded, voided
from monocyte.genops.ledger.entries import Entry, Fact, Head, Settlement, seal
from monocyte.genops.ledger.gitledger import REF, Commit, GitLedger
from monocyte.genops.ledger.interface import Read

__all__ = ["Synced", "sync"]

INCOMING = "refs/monocyte/incoming"

TRIES = 20

BEHIND = ("fetch first", "non-fast-forward", "stale", "lock", "failed to update ref")
"""How git says that others were faster."""

Judge = Callable[[Book, Fact], None]
"""Raises GenopsError if a fact is not possible behind what a book knows."""


class Synced(NamedTuple):
    """What came of it: how many entries came, went, were chained anew, and came too late."""

    pulled: int
    pushed: int
    moved: int = 0
    voided: tuple[str, ...] = ()


def by_book(book: Book, fact: Fact) -> None:
    """Judge a fact by the book alone."""
    book.judge(fact)


def sync(ledger: GitLedger, remote: str = "origin", judge: Judge = by_book) -> Synced:
    """Fetch what others wrote, put our own behind it, and push.

    `judge` says what else must hold of a fact that stands behind others now, such as a cap.

    Raises:
        LedgerUnavailable: the remote does not answer, or will not take it.
        LedgerDamaged: the remote has lost what it had, or is another ledger.
    """
    with ledger.alone():
        start = ledger.read().head
        voids: tuple[str, ...] = ()
        moved = 0
        for _ in range(TRIES):
            theirs = _fetch(ledger, remote)
            own = ledger.read()
            if theirs and theirs != own.head.mark:
                moved, late = _behind(ledger, own, theirs, judge, moved)
                voids += late
            if _push(ledger, remote, theirs):
                return _counted(ledger, start, theirs, moved, voids)
    raise LedgerMoved(f"{remote} was never still in {TRIES} tries", mend="try again later")


def _counted(
    ledger: GitLedger, start: Head, theirs: str, moved: int, voids: tuple[str, ...]
) -> Synced:
    end = ledger.read().head
    known = len(ledger.commits(theirs)) if theirs else 0
    return Synced(end.seq - start.seq, end.seq - known, moved, voids)


def _fetch(ledger: GitLedger, remote: str) -> str:
    """The end of their ledger, checked; nothing if they have none."""
    git = ledger.git
    there = git.run("ls-remote", "--exit-code", "--", remote, REF)
    seen = git.resolve(_tracking(remote))
    if there.returncode == 2 and not seen:
        return ""
    if there.returncode == 2:
        raise LedgerDamaged(f"{remote} had a ledger, and has none any more", where=REF)
    if there.returncode:
        raise git.failure(there, "ls-remote")
    git.ask("fetch", "--no-tags", "--no-write-fetch-head", "--", remote, f"+{REF}:{INCOMING}")
    theirs = git.resolve(INCOMING)
    if seen and not git.is_ancestor(seen, theirs):
        mend = "find out who has forced a push; `monocyte ledger show` has what we know"
        raise LedgerDamaged(f"{remote} has lost entries that it had", where=REF, mend=mend)
    _refuse_damage(ledger, remote, theirs)
    git.ask("update-ref", _tracking(remote), theirs)
    return theirs


def _refuse_damage(ledger: GitLedger, remote: str, theirs: str) -> None:
    for found in ledger.damages_of(ledger.commits(theirs)):
        raise LedgerDamaged(f"{remote}: {found.what}", where=f"{REF}, entry {found.seq}")


def _behind(
    ledger: GitLedger, own: Read, theirs: str, judge: Judge, moved: int
) -> tuple[int, tuple[str, ...]]:
    """Let our ledger continue theirs; how many entries moved, and which came too late."""
    git, mark = ledger.git, own.head.mark
    if not mark or git.is_ancestor(mark, theirs):
        ledger.advance(theirs, mark)
        return moved, ()
    if git.is_ancestor(theirs, mark):
        return moved, ()
    shared = git.run("merge-base", mark, theirs)
    if shared.returncode:
        raise LedgerDamaged("these are two ledgers, and not one", where=REF)
    common = len(ledger.commits(shared.stdout.decode().strip()))
    mine = ledger.commits(mark)[common:]
    end, late = _chained(ledger, mine, own.entries[common:], theirs, judge)
    ledger.advance(end, mark)
    return moved + len(mine), late


def _chained(
    ledger: GitLedger,
    commits: tuple[Commit, ...],
    entries: tuple[Entry, ...],
    theirs: str,
    judge: Judge,
) -> tuple[str, tuple[str, ...]]:
    """Our own entries once more, behind theirs; nothing names them yet."""
    head, before = ledger.as_read(ledger.commits(theirs))
    book, late = folded(before), list[str]()
    for commit, entry in zip(commits, entries, strict=True):
        fact = _judged(book, entry.fact, judge)
        if fact is not entry.fact:
            late.append(getattr(fact, "why", ""))
        fresh = _again(entry, fact, head, book.last)
        link = seal(fresh).link
        head = Head(fresh.seq, link, ledger.commit(fresh, commit.tree, head.mark))
        book.add(fresh)
    return head.mark, tuple(late)


def _judged(book: Book, fact: Fact, judge: Judge) -> Fact:
    if isinstance(fact, Settlement):
        return fact
    try:
        book.judge(fact)
        judge(book, fact)
    except GenopsError as why:
        return voided(fact, why)
    return fact


def _again(entry: Entry, fact: Fact, head: Head, last: Entry | None) -> Entry:
    """The same entry behind another: its time does not run backwards there either."""
    at = entry.at if last is None else max(entry.at, last.at)
    clock = entry.clock or (entry.at if at != entry.at else None)
    return Entry(
        seq=head.seq + 1,
        at=at,
        clock=clock,
        who=entry.who,
        fact=fact,
        attached=entry.attached,
        previous=head.link.hex(),
    )


def _push(ledger: GitLedger, remote: str, theirs: str) -> bool:
    """Offer what we have; False if they have gone on meanwhile."""
    git, end = ledger.git, ledger.read().head.mark
    if not end or end == theirs:
        return True
    done = git.run("push", "--porcelain", "--no-verify", "--", remote, f"{end}:{REF}")
    if done.returncode == 0:
        git.ask("update-ref", _tracking(remote), end)
        return True
    said = done.stdout.decode("utf-8", "replace")
    if not any(word in said for word in BEHIND):
        raise LedgerUnavailable(
            f"{remote} does not take the ledger: {said.strip()} {done.stderr.decode().strip()}",
            where=REF,
            mend=f"may you push to {REF} there?",
        )
    return False


def _tracking(remote: str) -> str:
    """What the remote had when it was last asked."""
    name = "".join(it if it.isalnum() else "-" for it in remote)
    return f"refs/monocyte/remotes/{name}/ledger"
