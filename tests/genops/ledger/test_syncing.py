"""Two clones and a bare repository between them: nothing is lost, nothing is overwritten."""

from pathlib import Path
from typing import NamedTuple

import pytest

from monocyte.errors import GenopsError, LedgerDamaged, LedgerUnavailable
from monocyte.genops.ledger.book import Book
from monocyte.genops.ledger.entries import Fact, Reservation, Transition, Void
from monocyte.genops.ledger.gitledger import REF, GitLedger
from monocyte.genops.ledger.syncing import Synced, sync
from monocyte.genops.states import State
from tests.genops.ledger.facts import git, planned, repository, reserved, settled, write


class Two(NamedTuple):
    """Two people with a clone each."""

    ada: GitLedger
    bob: GitLedger
    bare: Path


@pytest.fixture
def two(tmp_path: Path) -> Two:
    """A bare repository with a ledger, and two clones that know it."""
    repository(tmp_path / "seed")
    git("clone", "-q", "--bare", "seed", "bare.git", cwd=tmp_path)
    for name in ("ada", "bob"):
        git("clone", "-q", "bare.git", name, cwd=tmp_path)
    ada, bob = GitLedger(tmp_path / "ada"), GitLedger(tmp_path / "bob")
    write(ada, planned())
    assert sync(ada) == Synced(0, 1)
    assert sync(bob) == Synced(1, 0)
    return Two(ada, bob, tmp_path / "bare.git")


def agree(two: Two) -> None:
    """Both have the same, sound ledger."""
    sync(two.ada)
    assert two.ada.read() == two.bob.read()
    assert [*two.ada.verify(), *two.bob.verify()] == []


def test_what_one_pushes_the_other_has(two: Two) -> None:
    """And asking again does nothing."""
    write(two.ada, reserved("a"))
    assert sync(two.ada) == Synced(0, 1)
    assert sync(two.bob) == Synced(1, 0)
    assert sync(two.bob) == Synced(0, 0)
    agree(two)


def test_ours_stands_behind_theirs_if_both_wrote(two: Two) -> None:
    """Chained anew, with what was attached, and by whom it was written."""
    write(two.ada, reserved("a"), settled("a"))
    after = two.bob.read().head
    two.bob.append(planned("plan-2"), who="bob", after=after, files={"plan.json": b"{}"})
    write(two.bob, reserved("b", plan="plan-2"))
    sync(two.ada)
    assert sync(two.bob) == Synced(2, 2, moved=2)
    agree(two)
    entries = two.bob.read().entries
    assert [it.who for it in entries] == ["ada", "ada", "ada", "bob", "ada"]
    assert two.ada.attachment(4, "plan.json") == b"{}"


def test_what_is_not_possible_any_more_is_kept_as_void(two: Two) -> None:
    """Both ended the plan, in another way: the first push holds, the other is told."""
    write(two.ada, Transition("plan-1", State.PLANNED, State.CANCELLED))
    write(two.bob, Transition("plan-1", State.PLANNED, State.SPEND_APPROVED))
    sync(two.ada)
    (late,) = sync(two.bob).voided
    assert "is CANCELLED" in late
    agree(two)
    assert two.bob.read().book.state("plan-1") is State.CANCELLED
    assert isinstance(two.bob.read().entries[-1].fact, Void)


def test_a_further_judge_is_asked_and_money_that_was_spent_stays_spent(two: Two) -> None:
    """A cap that held in each clone alone does not hold for both together."""

    def cap(book: Book, fact: Fact) -> None:
        spent = sum(call.nano for call in book.calls.values())
        if isinstance(fact, Reservation) and spent + fact.nano > 8:
            raise GenopsError("that is over the cap")

    write(two.ada, reserved("a", nano=5))
    write(two.bob, reserved("b", nano=5), settled("b", nano=4))
    sync(two.ada, judge=cap)
    assert sync(two.bob, judge=cap).voided == ("that is over the cap",)
    agree(two)
    assert sum(call.nano for call in two.ada.read().book.calls.values()) == 9


def test_a_push_that_is_overtaken_is_tried_again(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody pushes between our fetch and our push."""
    write(two.bob, reserved("b"))
    write(two.ada, reserved("a"))
    run, once = type(two.bob.git).run, [True]

    def overtaken(self: object, *arguments: str, **options: object) -> object:
        if arguments[0] == "push" and once and self is two.bob.git:
            once.clear()
            sync(two.ada)
        return run(self, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(type(two.bob.git), "run", overtaken)
    assert sync(two.bob).moved == 1
    assert not once
    agree(two)


def test_a_remote_that_has_lost_entries_is_not_believed(two: Two) -> None:
    """Somebody has forced a push, or deleted the ref."""
    write(two.ada, reserved("a"))
    sync(two.ada)
    sync(two.bob)
    git("update-ref", REF, f"{REF}~1", cwd=two.bare)
    with pytest.raises(LedgerDamaged, match="has lost entries"):
        sync(two.bob)
    git("update-ref", "-d", REF, cwd=two.bare)
    with pytest.raises(LedgerDamaged, match="has none any more"):
        sync(two.bob)
    assert len(two.bob.read().entries) == 2


def test_damage_is_not_taken_over(two: Two) -> None:
    """What comes from there is verified before it is ours."""
    forged = git("commit-tree", "-m", "2: money", "-p", REF, f"{REF}^{{tree}}", cwd=two.bare)
    git("update-ref", REF, forged, cwd=two.bare)
    before = two.ada.read()
    with pytest.raises(LedgerDamaged):
        sync(two.ada)
    assert two.ada.read() == before


def test_another_ledger_is_not_mixed_with_ours(two: Two, tmp_path: Path) -> None:
    """Two beginnings are two ledgers."""
    other = GitLedger(repository(tmp_path / "other"))
    write(other, planned("other"))
    git("remote", "add", "origin", str(two.bare), cwd=tmp_path / "other")
    with pytest.raises(LedgerDamaged, match="two ledgers"):
        sync(other)


def test_a_remote_that_is_not_there_is_told(two: Two) -> None:
    """Nothing is changed."""
    with pytest.raises(LedgerUnavailable):
        sync(two.ada, "--upload-pack=touch pwned")
    with pytest.raises(LedgerUnavailable):
        sync(two.ada, "nowhere")
