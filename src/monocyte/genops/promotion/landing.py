"""One commit on the branch and one entry in the ledger, together: all of a release, or nothing.

Everything is made before anything moves: the commit, what is signed, the files beside their places.
Then one transaction of git moves the branch and the ledger. What follows (files put in place) can
be done again by whoever comes next, so a kill at any moment is mended by the same command.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from monocyte.errors import GenopsError, NotApproved
from monocyte.genops.debt import releases
from monocyte.genops.ledger.entries import Transition
from monocyte.genops.ledger.gitledger import Step
from monocyte.genops.ledger.interface import Read
from monocyte.genops.pins import Approval, regeneration
from monocyte.genops.plans.desk import Desk
from monocyte.genops.plans.keys import Signer
from monocyte.genops.promotion import provenance
from monocyte.genops.promotion.commits import (
    Branch,
    Files,
    commit_on,
    drafted,
    file_at,
    is_as_in,
    lay_out,
)
from monocyte.genops.promotion.merging import changed_files
from monocyte.genops.promotion.provenance import Order, Resource, Statement, digest_of
from monocyte.tables import FILE

__all__ = [
    "Change",
    "Hand",
    "Landed",
    "alone",
    "inside",
    "land",
    "mend_files",
    "policy_of",
    "within",
]


class Hand(NamedTuple):
    """Who releases: their name, and the key that they sign with."""

    by: str
    signer: Signer


class Change(NamedTuple):
    """What is to land: files by path within the repository, and what is said of them."""

    branch: Branch
    files: Files
    message: str
    order: Callable[[int], Order]
    """What was asked for, once it is known which entry says so."""
    fact: Callable[[Mapping[str, str]], Transition]
    """The entry, given what it is to name: commit, branch, provenance."""
    made_from: tuple[Resource, ...]
    byproducts: tuple[Resource, ...]
    commit: str = ""
    """The commit, if it is on the branch already: a kill has left it there."""


class Landed(NamedTuple):
    """What has landed: where, as which commit, and what was signed of it."""

    branch: str
    commit: str
    statement: Statement
    envelope: str


def land(
    desk: Desk,
    hand: Hand,
    change: Change,
    seen: Read,
    tried: Callable[[str, Files], object] = lambda *_: None,
) -> Landed:
    """Let a change land behind what was seen of the ledger.

    Before anything moves, `tried` is given what was signed, and the files by path within the app:
    it may raise what an app that runs has against them.

    Raises:
        LedgerMoved: somebody else has written to the ledger; look again.
        RefMoved: the branch was moved meanwhile.
        NotApproved: who signs has no key in the base revision.
        GenopsError, LedgerUnavailable: it cannot be written; nothing was changed, unless the error
            says that the commit stands.
    """
    refuse_stranger(desk, hand)
    git, branch = desk.git, change.branch
    with drafted(git, {} if change.commit else change.files) as drafts:
        commit = change.commit or commit_on(
            git, branch.tip, change.files, change.message, desk.person
        )
        statement = _statement(desk, hand, change, commit, seen.head.seq + 1)
        envelope = provenance.signed(statement, hand.signer)
        folder = inside(desk, desk.package.replace(".", "/"))
        cost = releases.measured_at(git, commit, folder).content
        tried(envelope, {within(desk, path): it for path, it in change.files.items()})
        named = {
            "commit": commit,
            "branch": branch.ref,
            "provenance": hashlib.sha256(envelope.encode()).hexdigest(),
        }
        desk.ledger.append(
            change.fact(named),
            who=desk.person,
            after=seen.head,
            files={provenance.FILE: envelope.encode(), releases.FILE: cost},
            along=() if change.commit else (Step(branch.ref, commit, branch.tip),),
        )
        if not change.commit:
            lay_out(git, change.files, drafts, branch.tip)
    return Landed(branch.ref, commit, statement, envelope)


def mend_files(desk: Desk, commit: str) -> list[str]:
    """Bring files to a commit at the tip, where a kill has left those of its parent; say which."""
    git = desk.git
    parent = git.resolve(f"{commit}^")
    files = {
        path: content
        for path, content in changed_files(git.answer, parent, commit)
        if not is_as_in(git, commit, path) and is_as_in(git, parent, path)
    }
    with drafted(git, files) as drafts:
        lay_out(git, files, drafts, parent)
    return sorted(files)


@contextmanager
def alone(desk: Desk) -> Iterator[None]:
    """While nobody else releases anything in this clone; who dies lets go by dying.

    Raises:
        GenopsError: somebody does.
    """
    folder = desk.git.common / "monocyte"
    try:
        folder.mkdir(exist_ok=True)
        lock = os.open(folder / "release-lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as why:
        raise GenopsError(f"cannot be locked: {why.strerror}", where=str(folder)) from why
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as why:
        mend = "wait for it, then look: monocyte status"
        raise GenopsError("another release is under way in this clone", mend=mend) from why
    finally:
        os.close(lock)


def within(desk: Desk, path: str) -> str:
    """A path within the app, given one within the repository.

    Raises:
        GenopsError: it is outside of the app.
    """
    prefix = _prefix(desk)
    if not path.startswith(prefix):
        mend = "one release is of one app; make a plan for the other"
        raise GenopsError(f"{path} is outside of the app", where=path, mend=mend)
    return path.removeprefix(prefix)


def inside(desk: Desk, path: str) -> str:
    """A path within the repository, given one within the app."""
    return f"{_prefix(desk)}{path}"


def policy_of(desk: Desk, commit: str) -> Approval:
    """The keys and the policy that counted then; they must be part of the base revision's past."""
    git = desk.git
    if not commit or git.resolve(commit) != commit:
        raise GenopsError(f"the revision {commit[:12] or '?'} whose keys counted is not here")
    if not git.is_ancestor(commit, desk.base.commit):
        raise GenopsError(f"{commit[:12]}, whose keys counted, is no part of {desk.base.name}")
    content = file_at(git, commit, inside(desk, FILE))
    if content is None:
        raise GenopsError(f"{commit[:12]} says nothing about keys", where=FILE)
    text = content.decode("utf-8-sig", "replace")
    return regeneration(f"{commit[:12]}:{FILE}", text).approval


def refuse_stranger(desk: Desk, hand: Hand) -> None:
    """Raise NotApproved if nobody could verify what somebody signs."""
    if hand.by not in desk.base.approval.keys:
        mend = f"have the line of `monocyte keys show {hand.by}` merged under [approval.keys]"
        said = f"{hand.by} has no key in {desk.base.name}: nobody could verify the release"
        raise NotApproved(said, where=FILE, mend=mend)


def _prefix(desk: Desk) -> str:
    found = desk.root.resolve().relative_to(desk.git.top.resolve()).as_posix()
    return "" if found == "." else f"{found}/"


def _statement(desk: Desk, hand: Hand, change: Change, commit: str, seq: int) -> Statement:
    return provenance.state(
        change.order(seq),
        {within(desk, path): it for path, it in change.files.items()},
        commit=commit,
        made_from=change.made_from,
        byproducts=change.byproducts,
        version=version("monocyte"),
        by=hand.by,
        at=desk.clock(),
    )


def replaced(desk: Desk, parent: str, files: Files) -> dict[str, str | None]:
    """SHA-256 of what files were, by path within the app."""
    olds = {within(desk, path): file_at(desk.git, parent, path) for path in files}
    return {path: None if it is None else digest_of(it) for path, it in sorted(olds.items())}


def folder_of(desk: Desk, tree: Path) -> Path:
    """The app in a whole tree of the repository."""
    return tree / _prefix(desk)
