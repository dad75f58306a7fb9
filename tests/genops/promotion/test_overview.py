"""The one page for who approves: a candidate in a line, and what it waits for; else silence."""

from pathlib import Path

import msgspec

from monocyte.genops.gates.verdict import Finding
from monocyte.genops.promotion.overview import overview
from monocyte.genops.promotion.rolling import Rolling
from tests.genops.ledger.facts import Hand, git
from tests.genops.promotion import stage
from tests.genops.promotion.stage import desk, promote
from tests.genops.promotion.test_promoting import standing


def lines(root: Path, clock: Hand, received: Path | None = None) -> dict[str, tuple[str, ...]]:
    """What is said, without what changed: by kind, and what it rests on."""
    found = overview(desk(root, clock), received).lines
    return {it.kind: (it.said, *it.because) for it in found if it.kind != "changed"}


def test_a_candidate_leads_with_its_verdict(team: Path, clock: Hand) -> None:
    """Then what it waits for, and what is next."""
    found = stage.gated(team, clock)
    said, waits, then = lines(team, clock)["candidate"]
    assert said == f"{found.plan.id} for people is GATED: {found.verdict.summary}"
    assert waits.startswith("waits: a change that is behaviour-explained needs 1")
    assert then.startswith(f"next: monocyte approve {found.plan.id}")


def test_what_the_gates_refuse_is_said_first(team: Path, clock: Hand) -> None:
    """The gravest first, and not all of a hundred."""
    at = desk(team, clock)
    plan = stage.planned(at)
    notes = [
        Finding(gate="cost", kind="cost", severity=it, said=f"{it} {n}")
        for it in ("note", "approval", "error")
        for n in range(9)
    ]
    verdict = stage.verdict_of(stage.attempted(at, plan, stage.written(team)))
    stage.judged(at, plan, msgspec.structs.replace(verdict, findings=tuple(notes)))
    said, *because = lines(team, clock)["candidate"]
    assert "refused by the gates" in said
    assert because[:3] == ["cost: error 0", "cost: error 1", "cost: error 2"]
    assert not any("next" in it for it in because)


def test_from_agreed_to_silence(team: Path, clock: Hand) -> None:
    """What is promoted needs nobody."""
    found = stage.agreed(team, clock)
    assert lines(team, clock)["candidate"][-1] == f"next: monocyte promote {found.plan.id}"
    promote(team, clock)
    assert overview(desk(team, clock)).lines == ()


def test_what_the_watch_took_back_is_said_until_it_is_written_down(team: Path, clock: Hand) -> None:
    """Also where the app that runs here has put the former files into this very tree."""
    found = stage.agreed(team, clock)
    before = (team / "shop" / "people.py").read_bytes()
    lock = (team / "regen.lock").read_bytes()
    promote(team, clock)
    (team / "shop" / "people.py").write_bytes(before)
    (team / "regen.lock").write_bytes(lock)
    folder = team.parent / "releases"
    folder.mkdir()
    state = {"plan": found.plan.id, "rolled_back": "5 of 30 requests crashed"}
    (folder / "state.json").write_bytes(msgspec.json.encode(state))
    said, why, then = lines(team, clock, folder)["release"]
    assert "taken back by the watch" in said
    assert why == "5 of 30 requests crashed"
    assert found.plan.id in then
    Rolling(desk(team, clock), "shop", stage.signs()).rollback(found.plan.id, why)
    assert "release" not in lines(team, clock, folder)
    assert standing(team)[2] == ""
    assert git("show", "-s", "--format=%s", "HEAD", cwd=team) == "Roll back people"
