"""`verify`: whoever changes anything of a release is found, wherever they change it."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from monocyte.genops.ledger.entries import Transition
from monocyte.genops.ledger.interface import Decided, record
from monocyte.genops.plans import keys
from monocyte.genops.plans.lock import read_lock, write_lock
from monocyte.genops.promotion import provenance
from monocyte.genops.promotion.rolling import Rolling
from monocyte.genops.promotion.verifying import verify
from monocyte.genops.states import State
from tests.genops.ledger.facts import Hand, git
from tests.genops.plans.toys import commit
from tests.genops.promotion import stage
from tests.genops.promotion.stage import desk, promote


def damages(root: Path, clock: Hand) -> list[str]:
    """What is found, in words."""
    return [it.what for it in verify(desk(root, clock))]


def test_what_was_promoted_and_rolled_back_can_be_shown(team: Path, clock: Hand) -> None:
    """Long after the approvals have expired, too."""
    assert damages(team, clock) == []
    stage.agreed(team, clock)
    promote(team, clock)
    clock.jump(days=400)
    assert damages(team, clock) == []
    Rolling(desk(team, clock), "shop", stage.signs()).rollback("people", "why")
    assert damages(team, clock) == []


def released(root: Path, clock: Hand, **change: Any) -> None:
    """Write a release into the ledger that was never made so; whatever is wrong is in `change`."""
    found = stage.agreed(root, clock)
    done = promote(root, clock)
    at = desk(root, clock)
    entries = at.ledger.read().entries
    last = entries[-1].fact
    assert isinstance(last, Transition)
    git("update-ref", "refs/monocyte/ledger", "refs/monocyte/ledger^", cwd=root)
    (root / ".git" / "monocyte" / "ledger-head").unlink()
    raw = msgspec.to_builtins(done.landed.statement)
    order = raw["predicate"]["buildDefinition"]["externalParameters"]
    order |= change.get("order", {})
    raw["predicate"]["buildDefinition"]["internalParameters"] |= change.get("internal", {})
    raw |= change.get("statement", {})
    by = change.get("by", "bob")
    envelope = keys.sign(keys.load_key(by), json.dumps(raw).encode(), provenance.KIND)
    if "forge" in change:
        envelope = change["forge"](envelope)
    fact = Transition(
        last.plan, last.source, last.target, last.why, last.evidence | change.get("evidence", {})
    )
    files = {provenance.FILE: envelope.encode()}
    record(desk(root, clock).ledger, lambda _: Decided(fact, files), who="ada")
    assert found.plan.id == last.plan


def _other_payload(envelope: str) -> str:
    raw = json.loads(envelope)
    raw["payload"] = raw["payload"][:-8] + "AAAAAAA="
    return json.dumps(raw)


ATTACKS: dict[str, tuple[dict[str, Any], str]] = {
    "signed by somebody without a key": ({"by": "eve", "internal": {"by": "eve"}}, "no key"),
    "signed by another than it says": ({"by": "eve"}, "signature does not hold"),
    "a payload that was changed": ({"forge": _other_payload}, "no provenance|signature"),
    "another commit in the ledger": ({"evidence": {"commit": "0" * 40}}, "another release"),
    "another candidate": ({"order": {"candidate": "0" * 64}}, "another candidate"),
    "other classes of change": ({"order": {"classes": ["none"]}}, "verdict is not the one"),
    "another number": ({"order": {"sequence": 99}}, "another release"),
    "nothing said of what was before": ({"order": {"replaces": {}}}, "of each file"),
    "a field that nobody knows": ({"statement": {"more": 1}}, "no provenance"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_release_that_was_not_made_so_is_found(team: Path, clock: Hand, attack: str) -> None:
    """By its signature, or by what the ledger and the commit say."""
    change, says = ATTACKS[attack]
    released(team, clock, **change)
    found = damages(team, clock)
    assert any(re.search(says, it) for it in found), found


def test_a_release_that_nobody_agreed_to_is_found(team: Path, clock: Hand) -> None:
    """Whoever can write the ledger can write MERGE_APPROVED, but not sign for others."""
    found = stage.gated(team, clock)
    at = desk(team, clock)
    stage.to(at, found.plan.id, State.MERGE_APPROVED)
    from monocyte.genops.promotion.merging import Merging

    real = Merging.judged

    def judged(self: Merging, *given: Any) -> Any:
        return real(self, *given)._replace(missing=())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Merging, "judged", judged)
        promote(team, clock)
    assert any("not agreed to" in it for it in damages(team, clock))


def test_a_lock_that_somebody_edits_is_found(team: Path, clock: Hand) -> None:
    """It says what was released, or nothing."""
    stage.agreed(team, clock)
    promote(team, clock)
    lock = read_lock(team)
    assert lock is not None
    people = lock.cells["people"]
    facts = msgspec.structs.replace(people.facts, rules={})
    write_lock(team, lock.with_cells({"people": msgspec.structs.replace(people, facts=facts)}))
    assert any("not what plan-" in it for it in damages(team, clock))
    other = msgspec.structs.replace(people, plan="plan-0")
    write_lock(team, lock.with_cells({"people": other}))
    assert any("never promoted" in it for it in damages(team, clock))


def test_keys_of_a_branch_count_for_nothing(team: Path, clock: Hand) -> None:
    """The revision whose keys counted must be part of the branch that is merged into."""
    stage.agreed(team, clock)
    promote(team, clock)
    git("checkout", "-q", "main", cwd=team)
    git("commit", "-q", "--amend", "-m", "another past", cwd=team)
    git("checkout", "-q", "work", cwd=team)
    assert any("no part of" in it for it in damages(team, clock))


def test_a_ledger_that_was_edited_is_found_first(team: Path, clock: Hand) -> None:
    """Then nothing else is believed."""
    stage.agreed(team, clock)
    promote(team, clock)
    git("update-ref", "refs/monocyte/ledger", "refs/monocyte/ledger^", cwd=team)
    assert any("it was longer" in it for it in damages(team, clock))
    assert commit(team)
