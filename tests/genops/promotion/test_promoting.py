"""Promotion: all of it or nothing; what was judged and nothing else; ended after any kill."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from monocyte.errors import (
    GenopsError,
    IllegalMove,
    LedgerUnavailable,
    NotApproved,
    PlanStale,
    RefMoved,
)
from monocyte.genops.debt import releases
from monocyte.genops.debt.measures import measure
from monocyte.genops.ledger.entries import Transition
from monocyte.genops.ledger.gitledger import REF, GitLedger
from monocyte.genops.plans import keys
from monocyte.genops.plans.lock import read_lock
from monocyte.genops.promotion import landing, promoting, provenance
from monocyte.genops.promotion.merging import Merging
from monocyte.genops.promotion.promoting import Promoted, release_of
from monocyte.genops.states import State
from tests.genops.ledger.facts import Hand, git
from tests.genops.plans.toys import change, commit
from tests.genops.promotion import stage
from tests.genops.promotion.stage import desk, promote


def standing(root: Path) -> tuple[str, str, str]:
    """Where the branch and the ledger are, and what is not committed."""
    refs = [git("rev-parse", ref, cwd=root) for ref in ("HEAD", REF)]
    return refs[0], refs[1], git("status", "--porcelain", cwd=root)


def test_a_promotion_is_a_commit_a_lock_and_an_entry(team: Path, clock: Hand) -> None:
    """Nothing else is in the commit, and the tree that people use is clean."""
    found = stage.agreed(team, clock)
    (team / "notes.txt").write_text("mine", "utf-8")
    git("add", "notes.txt", cwd=team)
    done = promote(team, clock)
    assert standing(team)[2] == "A  notes.txt"
    names = git("diff", "--name-only", "HEAD^", "HEAD", cwd=team).split()
    assert names == ["regen.lock", "shop/people.py"]
    assert "SHORT.require" in (team / "shop" / "people.py").read_text("utf-8")
    lock = read_lock(team)
    assert lock is not None
    people = lock.cells["people"]
    assert (people.plan, people.pin, people.facts) == (
        found.plan.id,
        "writer",
        desk(team, clock).facts["people"],
    )
    assert lock.cells["greeter"].plan == ""
    book = desk(team, clock).ledger.read().book
    assert (book.state(found.plan.id), book.faults) == (State.PROMOTED, [])
    assert done.landed.commit == git("rev-parse", "HEAD", cwd=team)
    assert desk(team, clock).plan() is None


def test_what_a_release_costs_its_readers_is_kept_with_it(team: Path, clock: Hand) -> None:
    """Measured of the commit, so that the next can be held against it."""
    found = stage.agreed(team, clock)
    promote(team, clock)
    ledger = desk(team, clock).ledger
    (one,) = releases.releases(ledger, ledger.read())
    assert one.plan == found.plan.id
    texts = {f"shop/{it.name}": it.read_text("utf-8") for it in (team / "shop").glob("*.py")}
    assert one.debt == measure(texts).debt
    with pytest.raises(GenopsError, match="no measure"):
        releases.opened(b'{"format": 2}')


def test_the_commit_says_whose_word_it_rests_on(team: Path, clock: Hand) -> None:
    """In trailers that git can read."""
    found = stage.agreed(team, clock)
    promote(team, clock)
    said = git("show", "-s", "--format=%(trailers:only,unfold)", "HEAD", cwd=team).splitlines()
    trailers = dict(line.split(": ", 1) for line in said if line)
    assert trailers == {
        "Plan": found.plan.id,
        "Candidate": f"sha256:{found.candidate.digest}",
        "Rules": "PEOPLE-2",
        "Model": "writer-20250101 (writer)",
        "Approved-by": "bob",
        "Gates": f"1 of 1 passed. {found.verdict.summary}",
    }
    assert git("show", "-s", "--format=%s", "HEAD", cwd=team) == "Regenerate people for PEOPLE-2"


def test_the_provenance_is_a_statement_that_anybody_can_verify(team: Path, clock: Hand) -> None:
    """In-toto and SLSA by their own words; signed by who promoted."""
    found = stage.agreed(team, clock)
    done = promote(team, clock)
    at = desk(team, clock)
    book = at.ledger.read().book
    entry = book.entered[found.plan.id, State.PROMOTED]
    envelope = at.ledger.attachment(entry.seq, provenance.FILE).decode()
    payload = json.loads(keys.verified(envelope, provenance.KIND, at.base.approval.keys["bob"]))
    assert payload["_type"] == "https://in-toto.io/Statement/v1"
    assert payload["predicateType"] == "https://slsa.dev/provenance/v1"
    build = payload["predicate"]["buildDefinition"]
    assert build["externalParameters"]["rules"] == ["PEOPLE-2"]
    assert build["externalParameters"]["sequence"] == entry.seq
    named = {it["name"]: it["digest"] for it in build["resolvedDependencies"]}
    assert named["base"] == {"gitCommit": found.candidate.base}
    assert named[found.plan.id] == {"sha256": found.plan.digest}
    assert {"pin writer", "context people"} <= named.keys()
    (verdict,) = payload["predicate"]["runDetails"]["byproducts"]
    assert verdict["digest"] == {"sha256": found.verdict.digest}
    assert verdict["annotations"]["gates"] == {"scenarios": "passed"}
    released = release_of(at, book, found.plan)
    assert released == done.landed
    assert released.statement.files.keys() == {"shop/people.py", "regen.lock"}


def test_who_has_no_key_here_releases_nothing(team: Path, clock: Hand) -> None:
    """Nobody could verify it."""
    stage.agreed(team, clock)
    before = standing(team)
    with pytest.raises(NotApproved, match="eve has no key"):
        promote(team, clock, by="eve")
    assert standing(team) == before


def _detach(root: Path) -> None:
    git("checkout", "-q", "--detach", cwd=root)


def _dirty(root: Path) -> None:
    change(root, "shop/people.py", "Names are short", "Names are shorter")


def _merging(root: Path) -> None:
    (root / ".git" / "MERGE_HEAD").write_text(git("rev-parse", "HEAD", cwd=root), "utf-8")


def _other_file(root: Path) -> None:
    change(root, "shop/people.py", '"""Once, and not twice."""', '"""Once."""')
    commit(root)


def _gone(root: Path) -> None:
    (root / ".git" / "refs" / "monocyte" / "candidates").rename(root.parent / "elsewhere")
    git("reflog", "expire", "--expire=all", "--all", cwd=root)
    git("gc", "-q", "--prune=now", cwd=root)


WAYS: dict[str, tuple[Any, type[Exception], str]] = {
    "a detached HEAD": (_detach, GenopsError, "HEAD is detached"),
    "a dirty work tree": (_dirty, GenopsError, "not committed"),
    "a merge under way": (_merging, GenopsError, "MERGE_HEAD"),
    "another commit in that file": (_other_file, PlanStale, "the branch has changed"),
    "a candidate that is gone": (_gone, GenopsError, "is not here"),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_is_in_the_way_is_said_and_nothing_is_done(team: Path, clock: Hand, way: str) -> None:
    """Clearly, and with what to do."""
    stage.agreed(team, clock)
    act, error, says = WAYS[way]
    act(team)
    before = standing(team)
    with pytest.raises(error, match=says) as refusal:
        promote(team, clock)
    assert getattr(refusal.value, "mend", "")
    assert standing(team) == before


def test_a_shallow_clone_without_the_base_is_refused(team: Path, clock: Hand) -> None:
    """And told how to become whole."""
    stage.agreed(team, clock)
    (team / "README.md").write_text("x", "utf-8")
    commit(team)
    shallow = team.parent / "shallow"
    git("clone", "-q", "--depth", "1", f"file://{team}", str(shallow), cwd=team.parent)
    git("fetch", "-q", "origin", f"{REF}:{REF}", cwd=shallow)
    with pytest.raises(GenopsError, match=r"is not here[\s\S]*unshallow"):
        promote(shallow, clock)


def test_a_candidate_that_cannot_be_loaded_is_no_release(team: Path, clock: Hand) -> None:
    """Whatever the gates have said; nothing is written."""
    at = desk(team, clock)
    plan = stage.planned(at)
    broken = stage.written(team, ("cell = Cell(", "cell = Cel("))
    stage.judged(at, plan, stage.verdict_of(stage.attempted(at, plan, broken), ("none",)))
    Merging(at).settle(plan)
    before = standing(team)
    with pytest.raises(GenopsError, match="cannot be loaded"):
        promote(team, clock)
    assert standing(team) == before


@pytest.mark.parametrize("path", ["regen.lock", "../elsewhere.py"])
def test_what_a_candidate_may_not_write(team: Path, clock: Hand, path: str) -> None:
    """The lock is written by promotions alone, and other apps are no part of this."""
    at = desk(team, clock)
    plan = stage.planned(at)
    files = stage.written(team)
    if path == "regen.lock":
        files[path] = b"{}"
        stage.judged(at, plan, stage.verdict_of(stage.attempted(at, plan, files), ("none",)))
        Merging(at).settle(plan)
        with pytest.raises(GenopsError, match="itself"):
            promote(team, clock)
    else:
        at.root = team / "shop"
        with pytest.raises(GenopsError, match="outside of the app"):
            landing.within(at, "monocyte.toml")


# -- nothing half done -----------------------------------------------------------------------------


def test_two_promotions_at_once_are_one(team: Path, clock: Hand) -> None:
    """The lock of this clone, and then the ledger, say which."""
    stage.agreed(team, clock)
    at = desk(team, clock)
    with landing.alone(at), pytest.raises(GenopsError, match="under way"):
        promote(team, clock)


def test_who_comes_second_is_told_so(
    team: Path, clock: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another clone's promotion came first: ours is not written over it, nor counted as ours."""
    found = stage.agreed(team, clock)
    land = landing.land
    turns: list[int] = []

    def late(*given: Any) -> Any:
        if not turns:
            turns.append(1)
            stage.to(desk(team, clock), found.plan.id, State.PROMOTED)
        return land(*given)

    monkeypatch.setattr(promoting, "land", late)
    with pytest.raises(IllegalMove):
        promote(team, clock)


def test_a_branch_that_moves_meanwhile_is_left_alone(
    team: Path, clock: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the ledger does not say that anything was promoted."""
    found = stage.agreed(team, clock)
    sign = provenance.signed

    def slowly(*given: Any) -> str:
        git("commit", "-q", "--allow-empty", "-m", "in between", cwd=team)
        return sign(*given)

    monkeypatch.setattr(provenance, "signed", slowly)
    with pytest.raises(RefMoved):
        promote(team, clock)
    assert desk(team, clock).ledger.read().book.state(found.plan.id) is State.MERGE_APPROVED
    assert standing(team)[2] == ""


POINTS = {
    "before the draft of a file": ("os", "fsync", OSError(28, "No space left on device")),
    "before the ledger": ("ledger", "append", LedgerUnavailable("git: No space left on device")),
}


@pytest.mark.parametrize("point", POINTS)
def test_a_full_disk_changes_nothing(
    team: Path, clock: Hand, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """Wherever it is noticed; and afterwards it goes on."""
    stage.agreed(team, clock)
    before = standing(team)
    where, name, error = POINTS[point]

    def full(*_: Any, **__: Any) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(os if where == "os" else GitLedger, name, full)
        with pytest.raises(GenopsError, match="No space left"):
            promote(team, clock)
    assert standing(team) == before
    assert not [*team.glob("**/.*.draft")]
    assert promote(team, clock).superseded == ()


class Killed(BaseException):
    """The process ends here."""


def kill_at(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> None:
    """End the process where it would call this."""

    def kill(*_: Any, **__: Any) -> None:
        raise Killed

    monkeypatch.setattr(module, name, kill)


KILLS = {
    "while the commit is made": (landing, "commit_on"),
    "when it was signed": (GitLedger, "append"),
    "before the files are in place": (landing, "lay_out"),
    "before others are superseded": (promoting.Promoting, "supersede"),
}


@pytest.mark.parametrize("where", KILLS)
def test_after_a_kill_the_same_command_ends_it(
    team: Path, clock: Hand, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Wherever it was killed, there is one commit and one entry in the end."""
    found = stage.agreed(team, clock)
    with monkeypatch.context() as patch:
        kill_at(patch, *KILLS[where])
        with pytest.raises(Killed):
            promote(team, clock)
    done = promote(team, clock)
    assert standing(team)[2] == ""
    assert git("log", "--format=%H", "main..work", cwd=team).split()[0] == done.landed.commit
    assert len(git("log", "--format=%H", "main..work", cwd=team).split()) == 2
    entries = desk(team, clock).ledger.read().entries
    moves = [it.fact for it in entries if isinstance(it.fact, Transition)]
    assert [it.target for it in moves if it.plan == found.plan.id].count(State.PROMOTED) == 1


def test_a_branch_that_moved_without_the_ledger_is_caught_up_with(team: Path, clock: Hand) -> None:
    """A kill amid git's own transaction: the commit is there, and the ledger comes after."""
    found = stage.agreed(team, clock)
    before = git("rev-parse", REF, cwd=team)
    done = promote(team, clock)
    git("update-ref", REF, before, cwd=team)
    (team / ".git" / "monocyte" / "ledger-head").unlink()
    again = promote(team, clock)
    assert again.landed.commit == done.landed.commit
    assert desk(team, clock).ledger.read().book.state(found.plan.id) is State.PROMOTED


def test_a_commit_that_only_claims_to_be_it_is_not(team: Path, clock: Hand) -> None:
    """Trailers are words; files are compared."""
    found = stage.agreed(team, clock)
    change(team, "shop/people.py", *stage.WRITTEN)
    change(team, "shop/people.py", "<= 40", "<= 400")
    commit(team, f"mine\n\nPlan: {found.plan.id}")
    with pytest.raises(GenopsError, match="and is not"):
        promote(team, clock)


# -- later plans -----------------------------------------------------------------------------------


def second(root: Path, clock: Hand) -> Promoted:
    """Another rule for the same cell, up to its release."""
    change(root, "shop/people.py", "Names are short.", "Names are quite short.")
    commit(root)
    at = desk(root, clock)
    plan = stage.planned(at)
    edit = ("len(it.name) <= 40", "len(it.name) <= 30")
    candidate = stage.attempted(at, plan, stage.written(root, edit))
    stage.judged(at, plan, stage.verdict_of(candidate))
    Merging(desk(root, clock)).approve(plan.id, keys.load_key("bob"), by="bob")
    return promote(root, clock, plan.id)


def test_a_later_release_of_the_cell_supersedes(team: Path, clock: Hand) -> None:
    """And what is superseded cannot be promoted again."""
    first = stage.agreed(team, clock).plan
    promote(team, clock)
    done = second(team, clock)
    assert done.superseded == (first.id,)
    book = desk(team, clock).ledger.read().book
    assert book.state(first.id) is State.SUPERSEDED
    assert book.state(done.plan.id) is State.PROMOTED
    with pytest.raises(IllegalMove):
        promote(team, clock, first.id)


def test_promoted_once_it_is_not_promoted_twice(team: Path, clock: Hand) -> None:
    """The same command again finds it as it is."""
    stage.agreed(team, clock)
    done = promote(team, clock)
    before = standing(team)
    assert promote(team, clock).landed == done.landed
    assert standing(team) == before
