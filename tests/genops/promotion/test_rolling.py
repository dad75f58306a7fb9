"""Rollback: what was generated is taken back; what people wrote, and what happened, stays."""

from pathlib import Path
from typing import Any

import pytest

from monocyte.errors import Drifted, GenopsError, IllegalMove, NoSuchCell, PlanStale
from monocyte.genops.plans import keys
from monocyte.genops.plans.lock import read_lock
from monocyte.genops.plans.status import standing as status
from monocyte.genops.promotion import landing
from monocyte.genops.promotion.merging import Merging
from monocyte.genops.promotion.rolling import RolledBack, Rolling
from monocyte.genops.promotion.verifying import verify
from monocyte.genops.states import State
from monocyte.journal import Entry, EventRecord, SqliteJournal
from tests.genops.ledger.facts import Hand, git
from tests.genops.plans.toys import change, commit
from tests.genops.promotion import stage
from tests.genops.promotion.stage import desk, promote
from tests.genops.promotion.test_promoting import Killed, kill_at, second, standing


def rollback(root: Path, clock: Hand, name: str = "people", **more: Any) -> RolledBack:
    """Take it back, as a process of its own."""
    at = desk(root, clock)
    return Rolling(at, "shop", stage.signs(), **more).rollback(name, "it was slow")


def text(root: Path, cell: str = "people") -> str:
    """The file of a cell."""
    return (root / "shop" / f"{cell}.py").read_text("utf-8")


def test_what_was_generated_is_taken_back_by_a_commit(team: Path, clock: Hand) -> None:
    """The rule that a person wrote stays, and is to be generated for once more."""
    before = text(team)
    plan = stage.agreed(team, clock).plan
    promote(team, clock)
    done = rollback(team, clock)
    assert (text(team), standing(team)[2]) == (before, "")
    assert "PEOPLE-2" in before
    at = desk(team, clock)
    assert at.ledger.read().book.state(plan.id) is State.ROLLED_BACK
    lock = read_lock(team)
    assert lock is not None
    assert lock.cells["people"].plan == ""
    said = git("show", "-s", "--format=%(trailers:only)", "HEAD", cwd=team)
    assert f"Plan: {plan.id}" in said
    assert done.landed.statement.order.act == "rollback"
    assert [it.kind for it in status(desk(team, clock)).lines] == ["changed"]
    again = desk(team, clock).plan()
    assert again is not None
    assert again.id != plan.id


def test_rules_that_were_written_since_stay(team: Path, clock: Hand) -> None:
    """The former generated parts are put between them."""
    stage.agreed(team, clock)
    promote(team, clock)
    more = stage.MORE + '\nLATE = cell.rule("PEOPLE-3", "Nobody joins at night.")'
    change(team, "shop/people.py", stage.MORE, more)
    commit(team)
    rollback(team, clock)
    assert "PEOPLE-3" in text(team)
    assert "PEOPLE-2" in text(team)
    assert "SHORT.require" not in text(team)
    lock = read_lock(team)
    assert lock is not None
    assert desk(team, clock).facts["people"].generated == lock.cells["people"].facts.generated


def test_an_edit_by_hand_is_not_taken_back_with_it(team: Path, clock: Hand) -> None:
    """It waits for a person, as ever."""
    stage.agreed(team, clock)
    promote(team, clock)
    change(team, "shop/people.py", "return len(register.names)", "return len(register.names) + 1")
    commit(team)
    before = standing(team)
    with pytest.raises(Drifted, match="total was edited by hand"):
        rollback(team, clock)
    assert standing(team) == before


def test_only_what_runs_is_taken_back(team: Path, clock: Hand) -> None:
    """Not what was adopted, not what a later release has replaced, not twice."""
    with pytest.raises(NoSuchCell, match="adopted"):
        rollback(team, clock)
    first = stage.agreed(team, clock).plan
    with pytest.raises(IllegalMove):
        rollback(team, clock, first.id)
    promote(team, clock)
    later = second(team, clock).plan
    with pytest.raises(PlanStale, match="taken over by"):
        rollback(team, clock, first.id)
    done = rollback(team, clock)
    assert done.plan.id == later.id
    assert "<= 40" in text(team)
    with pytest.raises(IllegalMove):
        rollback(team, clock, later.id)
    again = rollback(team, clock)  # what it had replaced runs again, and can go as well
    assert again.plan.id == first.id
    assert "SHORT.require" not in text(team)
    with pytest.raises(NoSuchCell, match="adopted"):
        rollback(team, clock)
    assert [*verify(desk(team, clock))] == []


def _entry(name: str, body: bytes) -> Entry:
    events = (EventRecord(name, 1, body),)
    return Entry("people", 1, "command", "1", 1, "Join", 1, b"\x81\xa4name\xa1a", None, events)


def _journal(root: Path, entry: Entry) -> Path:
    path = root / "data" / "journal.db"
    path.parent.mkdir()
    with (root / ".git" / "info" / "exclude").open("a") as exclude:
        exclude.write("data/\n")
    journal = SqliteJournal(path, wake=lambda call: call())
    journal.append(entry, lambda _: None)
    journal.close()
    return path


def test_events_that_the_former_release_cannot_read_are_not_lost(team: Path, clock: Hand) -> None:
    """It is tried on the journal before anything is changed."""
    stage.agreed(team, clock)
    promote(team, clock)
    path = _journal(team, _entry("Left", b"\x81\xa4name\xa1a"))
    before = standing(team)
    with pytest.raises(GenopsError, match="Left"):
        rollback(team, clock, journal=path)
    assert standing(team) == before


def test_events_that_it_can_read_are_no_obstacle(team: Path, clock: Hand) -> None:
    """They are read, and it goes on."""
    stage.agreed(team, clock)
    promote(team, clock)
    path = _journal(team, _entry("Person", b"\x81\xa4name\xa1a"))
    assert rollback(team, clock, journal=path).landed.branch == "refs/heads/work"


@pytest.mark.parametrize("where", ["commit_on", "lay_out"])
def test_after_a_kill_the_same_command_ends_it(
    team: Path, clock: Hand, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Wherever it was killed."""
    before = text(team)
    plan = stage.agreed(team, clock).plan
    promote(team, clock)
    with monkeypatch.context() as patch:
        kill_at(patch, landing, where)
        with pytest.raises(Killed):
            rollback(team, clock, plan.id)
    rollback(team, clock, plan.id)
    assert (text(team), standing(team)[2]) == (before, "")


def test_a_plan_of_several_cells_is_one_set(team: Path, clock: Hand) -> None:
    """Both go forward and both go back."""
    at = desk(team, clock)
    plan = stage.planned(at, "people", "greeter")
    files = stage.written(team)
    greeter = text(team, "greeter")
    files["shop/greeter.py"] = greeter.replace(
        "return tuple(seen)", "return tuple(sorted(seen))"
    ).encode()
    stage.judged(at, plan, stage.verdict_of(stage.attempted(at, plan, files), ("internal",)))
    Merging(at).settle(plan)
    promote(team, clock)
    assert "sorted" in text(team, "greeter")
    rollback(team, clock, "greeter")
    assert text(team, "greeter") == greeter
    assert "SHORT.require" not in text(team)
    assert keys.own_names() == ["ada", "bob", "eve"]
