"""What each release has cost its readers: measured when it lands, kept beside it in the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from monocyte.errors import GenopsError
from monocyte.genops.attached import read_attached
from monocyte.genops.debt.measures import Debt, measure
from monocyte.genops.git import Git
from monocyte.genops.ledger.gitledger import GitLedger
from monocyte.genops.ledger.interface import Read
from monocyte.genops.states import State

__all__ = ["FILE", "Release", "measured_at", "opened", "releases"]

FILE = "debt.json"
"""Under what name it is attached to the transition to PROMOTED."""


class Release(NamedTuple):
    """A release, and the app as it was with it."""

    at: datetime
    plan: str
    debt: Debt


def measured_at(git: Git, commit: str, folder: str) -> Debt:
    """What is measured of the Python files in a folder, by its path in the repository, at a commit.

    Raises:
        GenopsError: one of them is no Python, or no text.
        LedgerUnavailable: git cannot say.
    """
    told = git.ask("ls-tree", "-r", "-z", "--name-only", "--full-tree", commit, "--", folder)
    texts: dict[str, str] = {}
    for path in told.split("\0"):
        if path.endswith(".py"):
            try:
                texts[path] = git.answer("cat-file", "blob", f"{commit}:{path}").decode("utf-8-sig")
            except UnicodeDecodeError as why:
                raise GenopsError(f"this is no text: {why}", where=path) from why
    return measure(texts).debt


def opened(attached: bytes) -> Debt:
    """What was attached; raises GenopsError if it is of another format."""
    return read_attached(attached, Debt, "measure of a release", "monocyte debt")


def releases(ledger: GitLedger, seen: Read) -> Iterator[Release]:
    """Every release with what was measured of it, the oldest first.

    Raises:
        LedgerDamaged: what is attached is not what was.
        GenopsError: it is of another format.
    """
    for (plan, state), entry in sorted(seen.book.entered.items(), key=lambda it: it[1].seq):
        if state is State.PROMOTED and FILE in entry.attached:
            yield Release(entry.at, plan, opened(ledger.attachment(entry.seq, FILE)))
