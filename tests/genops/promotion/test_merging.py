"""Agreeing to a candidate: to exactly these files and this verdict, by who may, for some days."""

from pathlib import Path

import msgspec
import pytest

from monocyte.errors import GenopsError, IllegalMove, LedgerDamaged, NotApproved, PlanStale
from monocyte.genops import candidates
from monocyte.genops.gates import verdict as verdicts
from monocyte.genops.gates.verdict import Finding, Looked, Verdict
from monocyte.genops.ledger.interface import Decided, record
from monocyte.genops.plans import keys
from monocyte.genops.plans.approvals import approve
from monocyte.genops.promotion.merging import Judged, Merging, merge_digest
from monocyte.genops.states import State
from tests.genops.ledger.facts import Hand, git
from tests.genops.plans.toys import change, commit
from tests.genops.promotion import stage
from tests.genops.promotion.stage import desk


def agree(root: Path, clock: Hand, name: str, by: str = "bob") -> Judged:
    """Approve a candidate, as a process of its own."""
    return Merging(desk(root, clock)).approve(name, keys.load_key(by), by=by)


def test_with_the_approval_that_it_needs_it_may_be_merged(team: Path, clock: Hand) -> None:
    """By the name of the plan, and by the digest of the candidate."""
    found = stage.gated(team, clock)
    assert [it.need.people for it in found.missing] == [1]
    done = agree(team, clock, found.candidate.digest[:10])
    assert (done.state, [it.by for it in done.agreed]) == (State.MERGE_APPROVED, ["bob"])
    at = desk(team, clock)
    book = at.ledger.read().book
    assert Merging(at).ready(book, found.plan).digest == merge_digest(
        found.candidate.digest, found.verdict.digest
    )


def test_who_made_the_plan_does_not_approve_it(team: Path, clock: Hand) -> None:
    """Nor does who has no key in the base revision."""
    found = stage.gated(team, clock)
    for by, says in (("ada", "made this plan"), ("eve", "no key")):
        with pytest.raises(NotApproved, match=says):
            agree(team, clock, found.plan.id, by)


@pytest.mark.parametrize("how", ["error", "broke", "nothing looked"])
def test_nobody_can_approve_what_a_gate_refuses(team: Path, clock: Hand, how: str) -> None:
    """Nor what a gate could not look at, nor what no gate has seen."""
    at = desk(team, clock)
    plan = stage.planned(at)
    verdict = stage.verdict_of(stage.attempted(at, plan, stage.written(team)))
    if how == "error":
        found = Finding(gate="sealed", kind="rule", severity="error", said="PEOPLE-1 is gone")
        verdict = msgspec.structs.replace(verdict, findings=(found,))
    else:
        broke = (Looked(gate="sealed", outcome="broke", seconds=0.0),) if how == "broke" else ()
        verdict = msgspec.structs.replace(verdict, looked=broke)
    stage.judged(at, plan, verdict)
    with pytest.raises(GenopsError, match="the gates refuse it"):
        agree(team, clock, plan.id)
    assert Merging(at).settle(plan).state is State.GATED


def test_an_approval_is_worth_nothing_for_another_verdict(team: Path, clock: Hand) -> None:
    """Nor for other files, nor for the price of the plan."""
    found = stage.gated(team, clock)
    at = desk(team, clock)
    subject = at.subject(found.plan)
    for wrong in (
        subject,
        subject._replace(purpose="merge"),
        subject._replace(purpose="merge", digest=merge_digest(found.candidate.digest, "0" * 64)),
        subject._replace(purpose="merge", digest=found.candidate.digest),
    ):
        given = approve(wrong, keys.load_key("bob"), by="bob", now=clock(), days=3)
        record(at.ledger, lambda _, given=given: Decided(given), who="bob")  # type: ignore[misc]
    assert Merging(at).settle(found.plan).agreed == ()
    assert Merging(at).settle(found.plan).state is State.GATED


def test_an_approval_expires(team: Path, clock: Hand) -> None:
    """Also when it is called MERGE_APPROVED already."""
    found = stage.agreed(team, clock)
    clock.jump(days=3, seconds=1)
    at = desk(team, clock)
    with pytest.raises(NotApproved, match="needs 1"):
        Merging(at).ready(at.ledger.read().book, found.plan)


def test_what_nobody_needs_to_agree_to_moves_on_by_itself(team: Path, clock: Hand) -> None:
    """By the policy for its classes of change."""
    found = stage.gated(team, clock, classes=("internal",))
    assert found.missing == ()
    assert Merging(desk(team, clock)).settle(found.plan).state is State.MERGE_APPROVED


def test_a_class_that_nobody_knows_needs_somebody(team: Path, clock: Hand) -> None:
    """As much as the gravest."""
    found = stage.gated(team, clock, classes=("none", "whatever"))
    assert len(found.missing) == 1


def test_that_somebody_has_written_it_is_not_enough(team: Path, clock: Hand) -> None:
    """Anybody can write MERGE_APPROVED into a ledger: what counts are signatures."""
    found = stage.gated(team, clock)
    at = desk(team, clock)
    stage.to(at, found.plan.id, State.MERGE_APPROVED)
    with pytest.raises(NotApproved):
        Merging(at).ready(at.ledger.read().book, found.plan)


def test_a_verdict_of_something_else_is_none(team: Path, clock: Hand) -> None:
    """Of another candidate, another commit, another base."""
    at = desk(team, clock)
    plan = stage.planned(at)
    candidate = stage.attempted(at, plan, stage.written(team))
    good = stage.verdict_of(candidate)
    for field in ("candidate", "head", "base"):
        other = msgspec.structs.replace(good, **{field: "0" * 40})
        with pytest.raises(GenopsError, match="of something else"):
            stage.judged(at, plan, other)
        stage.to(at, plan.id, State.GENERATING)
        stage.to(at, plan.id, State.CANDIDATE, files={candidates.FILE: candidate.content})


def test_a_candidate_of_other_files_is_refused(team: Path, clock: Hand) -> None:
    """What was judged and what its commit holds must be the same."""
    at = desk(team, clock)
    plan = stage.planned(at)
    candidate = stage.attempted(at, plan, stage.written(team))
    forged = msgspec.structs.replace(candidate, files={"shop/people.py": "0" * 64})
    stage.to(at, plan.id, State.GATED, State.GENERATING)
    stage.to(at, plan.id, State.CANDIDATE, files={candidates.FILE: forged.content})
    stage.judged(at, plan, stage.verdict_of(forged))
    with pytest.raises(GenopsError, match="exactly what was judged"):
        agree(team, clock, plan.id)


def test_what_has_moved_since_is_refused(team: Path, clock: Hand) -> None:
    """Dirt, another rule, another commit in the same file; but not what is none of its concern."""
    found = stage.gated(team, clock)
    (team / "README.md").write_text("more", "utf-8")
    commit(team)
    change(team, "monocyte.toml", 'day = "20.00"', 'day = "25.00"')
    commit(team, "More money")
    change(team, "shop/people.py", "Names are short", "Names are very short")
    with pytest.raises(GenopsError, match="not committed"):
        agree(team, clock, found.plan.id)
    commit(team)
    with pytest.raises(PlanStale, match="people changed"):
        agree(team, clock, found.plan.id)
    git("revert", "--no-edit", "HEAD", cwd=team)
    change(team, "shop/people.py", '"""Once, and not twice."""', '"""Once, never twice."""')
    commit(team)
    with pytest.raises(PlanStale, match="the branch has changed"):
        agree(team, clock, found.plan.id)
    git("revert", "--no-edit", "HEAD", cwd=team)
    assert agree(team, clock, found.plan.id).state is State.MERGE_APPROVED


def test_only_what_waits_is_approved(team: Path, clock: Hand) -> None:
    """Not what was rejected."""
    found = stage.gated(team, clock)
    desk(team, clock).reject(found.plan.id, "no")
    with pytest.raises(IllegalMove):
        agree(team, clock, found.plan.id)


def test_attachments_of_another_format_are_refused(team: Path, clock: Hand) -> None:
    """What they would say is not known."""
    at = desk(team, clock)
    plan = stage.planned(at)
    candidate = stage.attempted(at, plan, stage.written(team))
    raw = msgspec.json.decode(stage.verdict_of(candidate).content)
    for other in ({**raw, "format": 2}, {**raw, "passed": True}):
        with pytest.raises(GenopsError, match="no verdict"):
            verdicts.opened(msgspec.json.encode(other))
    stage.to(at, plan.id, State.GATED)
    with pytest.raises(LedgerDamaged):
        Merging(at).judged(at.ledger.read().book, plan)


def test_a_verdict_passes_only_if_every_gate_has_looked() -> None:
    """An empty one has looked at nothing."""
    assert not Verdict(base="a", head="b").passed
