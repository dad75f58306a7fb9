"""The desk: plans that are written once, approved by those who may, refused when stale."""

import json
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from monocyte.errors import (
    ConfigError,
    GenopsError,
    IllegalMove,
    LedgerDamaged,
    NotApproved,
    PlanStale,
)
from monocyte.genops.ledger.entries import Adoption, Approval, Transition
from monocyte.genops.ledger.gitledger import REF
from monocyte.genops.ledger.interface import Decided, record
from monocyte.genops.plans import keys
from monocyte.genops.plans.desk import Desk
from monocyte.genops.plans.lock import read_lock
from monocyte.genops.plans.plan import Plan
from monocyte.genops.plans.status import standing
from monocyte.genops.states import State
from tests.genops.ledger.facts import Hand, git
from tests.genops.plans.toys import change, commit, load

pytest.importorskip("securesystemslib")

RULE = 'ONCE = cell.rule("PEOPLE-1", "Nobody joins twice.")'
MORE = RULE + '\nSHORT = cell.rule("PEOPLE-2", "Names are short.")'
POLICY = """
[approval]
days = 3
[approval.keys]
{lines}
"""


@pytest.fixture
def clock() -> Hand:
    """A clock that is set by hand."""
    return Hand()


@pytest.fixture
def team(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The app, adopted; ada and bob have keys; then a rule was added on a branch."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("ada", "bob", "eve"):
        keys.make_key(name)
    lines = "\n".join(keys.public_line(name) for name in ("ada", "bob"))
    toml = shop / "monocyte.toml"
    toml.write_text(toml.read_text("utf-8") + POLICY.format(lines=lines), "utf-8")
    desk(shop, Hand()).adopt()
    commit(shop)
    git("checkout", "-q", "-b", "work", cwd=shop)
    change(shop, "shop/people.py", RULE, MORE)
    commit(shop)
    return shop


def desk(root: Path, clock: Hand, person: str = "ada") -> Desk:
    """A desk in a process that has just begun."""
    return Desk("shop", root, load(root), person=person, clock=clock)


def plan_at(at: Desk) -> Plan:
    """The plan that there must be."""
    plan = at.plan()
    assert plan is not None
    return plan


def test_a_plan_is_written_once(team: Path, clock: Hand) -> None:
    """Making it again finds it."""
    at = desk(team, clock)
    assert plan_at(at) == plan_at(desk(team, clock))
    assert [type(it.fact).__name__ for it in at.ledger.read().entries] == ["Adoption", "Transition"]
    assert at.find(at.ledger.read().book, plan_at(at).id[:9]) == plan_at(at)


def test_who_made_a_plan_does_not_approve_it(team: Path, clock: Hand) -> None:
    """Somebody else does, and then it may be spent."""
    at = desk(team, clock)
    plan = plan_at(at)
    with pytest.raises(NotApproved, match="made this plan"):
        at.approve(plan.id, keys.load_key("ada"), by="ada")
    stands = at.approve(plan.id, keys.load_key("bob"), by="bob", why="fine")
    assert (stands.state, [it.by for it in stands.agreed]) == (State.SPEND_APPROVED, ["bob"])
    assert stands.agreed[0].why == "fine"
    with pytest.raises(IllegalMove, match="waits for no approval"):
        at.approve(plan.id, keys.load_key("bob"), by="bob")


def test_who_has_no_key_in_the_base_revision_does_not_approve(team: Path, clock: Hand) -> None:
    """Not even with a key of their own; nor by a key in the branch under judgement."""
    at = desk(team, clock)
    plan = plan_at(at)
    with pytest.raises(NotApproved, match="eve has no key"):
        at.approve(plan.id, keys.load_key("eve"), by="eve")
    with pytest.raises(NotApproved, match="signature does not hold"):
        at.approve(plan.id, keys.load_key("eve"), by="bob")
    toml = team / "monocyte.toml"
    toml.write_text(toml.read_text("utf-8") + keys.public_line("eve") + "\n", "utf-8")
    commit(team)
    with pytest.raises(NotApproved, match="eve has no key in refs/heads/main"):
        desk(team, clock).approve(plan.id, keys.load_key("eve"), by="eve")


def test_a_revision_that_is_not_there_is_no_base(team: Path, clock: Hand) -> None:
    """It is not guessed."""
    with pytest.raises(ConfigError, match="there is no revision 'nowhere'"):
        Desk("shop", team, load(team), person="ada", base="nowhere", clock=clock)


def test_a_stale_plan_is_not_approved(team: Path, clock: Hand) -> None:
    """And it says what moved; what is not committed nobody could judge."""
    plan = plan_at(desk(team, clock))
    change(team, "shop/people.py", "Names are short.", "Names are quite short.")
    with pytest.raises(GenopsError, match=r"not committed: .*shop/people.py"):
        desk(team, clock).approve(plan.id, keys.load_key("bob"), by="bob")
    commit(team)
    with pytest.raises(PlanStale, match="people changed"):
        desk(team, clock).approve(plan.id, keys.load_key("bob"), by="bob")


def test_a_plan_of_what_was_not_committed_yet_is_good_once_it_is(team: Path, clock: Hand) -> None:
    """As it stands: only the commit is new."""
    change(team, "shop/people.py", "Names are short.", "Names are quite short.")
    plan = plan_at(desk(team, clock))
    commit(team)
    stands = desk(team, clock).approve(plan.id, keys.load_key("bob"), by="bob")
    assert stands.state is State.SPEND_APPROVED


def test_an_approval_expires_and_a_clock_that_is_set_back_does_not_revive_it(
    team: Path, clock: Hand
) -> None:
    """The ledger knows what time it was."""
    change(team, "monocyte.toml", "days = 3", 'days = 3\n[approval.spend]\n"0" = "2 anybody"')
    git("checkout", "-q", "main", cwd=team)
    git("checkout", "-q", "work", "--", "shop/people.py", cwd=team)
    commit(team)
    at = desk(team, clock, "lise")
    plan = plan_at(at)
    assert at.approve(plan.id, keys.load_key("bob"), by="bob").state is State.PLANNED
    assert [it.by for it in at.standing(at.ledger.read().book, plan).agreed] == ["bob"]
    clock.jump(days=3)
    assert at.standing(at.ledger.read().book, plan).agreed == ()
    record(at.ledger, lambda _: Decided(Adoption("shop", {})), who="ada")
    clock.jump(days=-2)
    assert at.standing(at.ledger.read().book, plan).agreed == ()


def test_an_approval_of_one_plan_is_worth_nothing_for_another(team: Path, clock: Hand) -> None:
    """Somebody copies it in the ledger."""
    at = desk(team, clock)
    first = plan_at(at)
    at.approve(first.id, keys.load_key("bob"), by="bob")
    change(team, "shop/people.py", "Names are short.", "Names are quite short.")
    commit(team)
    at = desk(team, clock)
    second = plan_at(at)
    (given,) = at.ledger.read().book.approvals[first.id]
    copies = (
        msgspec.structs.replace(given, plan=second.id),
        msgspec.structs.replace(given, plan=second.id, digest=second.digest),
        msgspec.structs.replace(given, plan=second.id, by="ada"),
    )
    for copy in copies:
        record(at.ledger, lambda _, copy=copy: Decided(copy), who="eve")  # type: ignore[misc]
    assert at.standing(at.ledger.read().book, second).agreed == ()
    assert at.settle(second).state is State.PLANNED


def test_an_approval_for_longer_than_the_policy_allows_does_not_count(
    team: Path, clock: Hand
) -> None:
    """Whoever signs by other means may write what they like."""
    at = desk(team, clock)
    plan = plan_at(at)
    subject, bob = at.subject(plan), keys.load_key("bob")
    from monocyte.genops.plans.approvals import approve

    forever: Approval = approve(subject, bob, by="bob", now=clock(), days=30)
    record(at.ledger, lambda _: Decided(forever), who="bob")
    assert at.standing(at.ledger.read().book, plan).agreed == ()


def test_who_lost_the_key_has_not_agreed_any_more(team: Path, clock: Hand) -> None:
    """The keys are those of the base revision as it is now."""
    at = desk(team, clock)
    plan = plan_at(at)
    at.approve(plan.id, keys.load_key("bob"), by="bob")
    git("checkout", "-q", "main", cwd=team)
    change(team, "monocyte.toml", keys.public_line("bob") + "\n", "")
    commit(team)
    git("checkout", "-q", "work", cwd=team)
    at = desk(team, clock)
    assert at.standing(at.ledger.read().book, plan).agreed == ()


def test_a_plan_that_was_rejected_is_over(team: Path, clock: Hand) -> None:
    """The ledger keeps why; the next plan for the same has another ID."""
    at = desk(team, clock)
    plan = plan_at(at)
    assert at.reject(plan.id, "too dear").state is State.REJECTED
    with pytest.raises(IllegalMove):
        at.reject(plan.id, "again")
    assert plan_at(desk(team, clock)).id != plan.id


def test_a_damaged_ledger_is_a_no(team: Path, clock: Hand) -> None:
    """Nobody knows what was spent, so nothing is planned."""
    at = desk(team, clock)
    plan_at(at)
    at.git.ask("update-ref", REF, f"{REF}~1")
    with pytest.raises(LedgerDamaged):
        desk(team, clock).plan()


def test_nothing_is_known_before_it_was_adopted(shop: Path, clock: Hand) -> None:
    """And what is adopted is then as promoted."""
    at = desk(shop, clock)
    with pytest.raises(GenopsError, match="nothing was promoted") as refusal:
        at.plan()
    assert "--adopt" in refusal.value.mend
    assert at.adopt() == ["greeter", "people"]
    assert desk(shop, clock).plan() is None
    assert desk(shop, clock).adopt() == []
    lock = read_lock(shop)
    assert lock is not None
    assert set(lock.cells) == {"greeter", "people"}


@pytest.mark.parametrize("text", ["", "{}x", '{"format": 2}', '{"format": 1, "x": 1}', "[]"])
def test_a_lock_that_cannot_be_read_is_refused(text: str, shop: Path, clock: Hand) -> None:
    """It is not taken for none."""
    (shop / "regen.lock").write_text(text, "utf-8")
    for attempt in (desk(shop, clock).plan, desk(shop, clock).adopt):
        with pytest.raises(GenopsError, match="cannot be read"):
            attempt()
    assert (shop / "regen.lock").read_text("utf-8") == text


def test_an_app_below_the_top_of_its_repository_is_at_home_too(shop: Path, clock: Hand) -> None:
    """Paths are those of the repository, and attachments are found."""
    inner = shop / "apps" / "shop"
    inner.mkdir(parents=True)
    for name in ("shop", "monocyte.toml"):
        (shop / name).rename(inner / name)
    commit(shop)
    at = desk(inner, clock)
    at.adopt()
    commit(shop)
    change(inner, "shop/people.py", RULE, MORE)
    plan_at(desk(inner, clock))
    assert list(at.ledger.verify()) == []
    with pytest.raises(GenopsError, match=r"apps/shop/shop/people\.py"):
        desk(inner, clock).refuse_dirty()


# -- before money is spent -------------------------------------------------------------------------


def test_what_is_approved_may_be_spent(team: Path, clock: Hand) -> None:
    """As long as the approval holds, and nothing has moved."""
    at = desk(team, clock)
    plan = plan_at(at)
    with pytest.raises(NotApproved, match="may: bob"):
        at.ready(plan.id)
    at.approve(plan.id, keys.load_key("bob"), by="bob")
    assert at.ready(plan.id) == plan
    clock.jump(days=3)
    with pytest.raises(NotApproved):
        at.ready(plan.id)
    clock.jump(days=-1)
    change(team, "shop/people.py", "Names are short.", "Names are quite short.")
    with pytest.raises(GenopsError, match="not committed"):
        desk(team, clock).ready(plan.id)
    commit(team)
    with pytest.raises(PlanStale):
        desk(team, clock).ready(plan.id)


def test_a_state_that_somebody_wrote_by_hand_is_worth_nothing(team: Path, clock: Hand) -> None:
    """Whoever may write to the ledger may call a plan approved; the signatures are missing."""
    at = desk(team, clock, "eve")
    plan = plan_at(at)
    forged = Transition(plan.id, State.PLANNED, State.SPEND_APPROVED)
    record(at.ledger, lambda _: Decided(forged), who="eve")
    with pytest.raises(NotApproved):
        at.ready(plan.id)
    (line,) = [it for it in standing(desk(team, clock)).lines if it.kind == "plan"]
    assert line.because[0].startswith("waits: ")


def test_a_plan_that_needs_nobody_moves_on_by_itself(team: Path, clock: Hand) -> None:
    """If the base revision says so."""
    git("checkout", "-q", "main", cwd=team)
    change(team, "monocyte.toml", "days = 3", 'days = 3\n[approval.spend]\n"5" = "1 anybody"')
    commit(team)
    git("checkout", "-q", "work", cwd=team)
    at = desk(team, clock)
    plan = plan_at(at)
    assert at.ready(plan.id) == plan
    assert at.ledger.read().book.state(plan.id) is State.SPEND_APPROVED


def test_what_is_over_is_not_spent_on(team: Path, clock: Hand) -> None:
    """Rejected, cancelled, failed: the table of states says no."""
    at = desk(team, clock)
    plan = plan_at(at)
    at.reject(plan.id, "no")
    with pytest.raises(IllegalMove):
        at.ready(plan.id)


# -- status ----------------------------------------------------------------------------------------


def test_status_is_quiet_when_nothing_matters(team: Path, clock: Hand) -> None:
    """As it was promoted, nothing waits, nothing retires."""
    git("checkout", "-q", "main", cwd=team)
    found = standing(desk(team, clock))
    assert found.lines == ()
    assert found.spent == "Spent: $0.00 of $20.00 today, $0.00 this month."


def test_status_says_what_needs_somebody_and_why(team: Path, clock: Hand) -> None:
    """Drift, changes, plans that wait or are stale, pins."""
    plan = plan_at(desk(team, clock))
    first, second = standing(desk(team, clock)).lines
    assert (first.kind, first.because) == ("changed", ("PEOPLE-2 was added",))
    assert second.kind == "plan"
    assert plan.id in second.said
    assert "(may: bob)" in second.because[0]
    change(team, "shop/people.py", "return len(register.names)", "return 7")
    kinds = {it.kind: it for it in standing(desk(team, clock)).lines}
    assert kinds["drift"].because[0] == "total was edited by hand"
    assert kinds["plan"].because == ("stale: people changed",)


def test_statements_of_another_format_do_not_count(team: Path, clock: Hand) -> None:
    """Signed or not."""
    at = desk(team, clock)
    plan = plan_at(at)
    from monocyte.genops.plans.approvals import KIND

    said = {"format": 2, "app": "shop", "plan": plan.id, "purpose": "spend"}
    envelope = keys.sign(keys.load_key("bob"), json.dumps(said).encode(), KIND)
    given = Approval(plan.id, "spend", plan.digest, "bob", clock() + timedelta(days=1), envelope)
    record(at.ledger, lambda _: Decided(given), who="bob")
    assert at.standing(at.ledger.read().book, plan).agreed == ()
