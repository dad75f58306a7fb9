"""Facts for ledgers of tests, and repositories to keep them in."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monocyte.genops.ledger.entries import Fact, Reservation, Settlement, Transition
from monocyte.genops.ledger.interface import Clock, Ledger
from monocyte.genops.states import State

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def planned(plan: str = "plan-1", why: str = "") -> Transition:
    """A plan that was made."""
    return Transition(plan, State.DRAFT, State.PLANNED, why)


def reserved(id: str = "call-1", nano: int = 5, person: str = "ada", plan: str = "plan-1") -> Fact:
    """Money that was set aside."""
    return Reservation(id, plan, person, "booking", "writer", nano, cap=100)


def settled(id: str = "call-1", nano: int = 3) -> Settlement:
    """A call that has ended."""
    return Settlement(id, nano, {"input": 7})


def write(ledger: Ledger, *facts: Fact) -> None:
    """Append facts one after the other."""
    for fact in facts:
        ledger.append(fact, who="ada", after=ledger.read().head)


class Hand:
    """A clock that is set by hand."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        """What it says."""
        return self.at

    def jump(self, **by: float) -> None:
        """Set it on, or back."""
        self.at += timedelta(**by)


def git(*arguments: str, cwd: Path) -> str:
    """Run git as a person would, who has no settings."""
    done = subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@e", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def repository(at: Path) -> Path:
    """A repository with one commit."""
    at.mkdir(parents=True, exist_ok=True)
    git("init", "-q", "-b", "main", cwd=at)
    git("commit", "-q", "--allow-empty", "-m", "start", cwd=at)
    return at


CLOCK: Clock = Hand()
