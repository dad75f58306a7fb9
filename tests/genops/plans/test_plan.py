"""A plan: the same for the same app, bound to what it was made from, and never above the budget."""

from pathlib import Path

import msgspec
import pytest

from monocyte.errors import ConfigError, Drifted, GenopsError, NoSuchCell, PlanStale
from monocyte.genops.budget import OverBudget
from monocyte.genops.ledger.book import Book, folded
from monocyte.genops.ledger.entries import START, Fact, Transition, compose
from monocyte.genops.ledger.memory import MemoryLedger
from monocyte.genops.money import Money
from monocyte.genops.plans.lock import Lock, Locked
from monocyte.genops.plans.plan import Plan, make_plan, moved, opened, refuse_stale
from monocyte.genops.states import State
from monocyte.literate.findings import finding
from tests.genops.ledger.facts import NOON, reserved, settled, write
from tests.genops.plans.toys import adopted, change, scene

RULE = 'ONCE = cell.rule("PEOPLE-1", "Nobody joins twice.")'
MORE = RULE + '\nSHORT = cell.rule("PEOPLE-2", "Names are short.")'


def planned(root: Path, lock: Lock, *names: str, book: Book | None = None) -> Plan:
    """The plan that there must be."""
    plan = make_plan(scene(root, lock, book), names)
    assert plan is not None
    return plan


@pytest.fixture
def lock(shop: Path) -> Lock:
    """A lock with the app as it was before a rule was added."""
    lock = adopted(shop)
    change(shop, "shop/people.py", RULE, MORE)
    return lock


def test_where_nothing_changed_there_is_nothing_to_do(shop: Path) -> None:
    """No plan."""
    assert make_plan(scene(shop, adopted(shop))) is None


def test_a_plan_says_what_why_by_whom_and_at_what_price(shop: Path, lock: Lock) -> None:
    """For the cells that have a reason, and for no other."""
    plan = planned(shop, lock)
    (cell,) = plan.cells
    assert (cell.cell, cell.action, cell.pin, cell.model) == (
        *("people", "change", "writer"),
        "writer-20250101",
    )
    assert [it.said for it in cell.reasons] == ["PEOPLE-2 was added"]
    assert 1000 < cell.tokens < 4000
    cost = plan.cost
    assert 0 < cost.base < cost.expected < cost.p90 < cost.cap < Money.parse("5").nano
    assert opened(plan.content) == plan


def test_the_same_gives_the_same_plan(shop: Path, lock: Lock) -> None:
    """To the byte, and under the same ID."""
    assert planned(shop, lock).content == planned(shop, lock).content


def test_a_cell_that_is_named_is_planned_without_a_reason(shop: Path) -> None:
    """Somebody asked; and with `everything` every cell is."""
    lock = adopted(shop)
    plan = planned(shop, lock, "greeter")
    assert [(it.cell, it.reasons[0].kind) for it in plan.cells] == [("greeter", "asked")]
    whole = make_plan(scene(shop, lock), everything=True)
    assert whole is not None
    assert {it.cell for it in whole.cells} == {"people", "greeter"}
    assert whole.cost.expected == sum(it.cost.expected for it in whole.cells)
    assert whole.cost.p90 < sum(it.cost.p90 for it in whole.cells)


def test_a_cell_that_is_gone_is_retired_for_nothing(shop: Path) -> None:
    """It stands in the lock, and nowhere else; no model is asked."""
    lock = adopted(shop)
    (shop / "shop" / "greeter.py").unlink()
    (cell,) = planned(shop, lock).cells
    assert (cell.cell, cell.action, cell.cost.cap) == ("greeter", "retire", 0)


def test_a_cell_that_is_new_is_created(shop: Path) -> None:
    """It stands in no lock."""
    lock = adopted(shop)
    (cell,) = planned(shop, Lock(1, {"people": lock.cells["people"]})).cells
    assert (cell.cell, cell.action) == ("greeter", "create")


def test_who_is_not_there_cannot_be_planned(shop: Path) -> None:
    """The known names are said."""
    with pytest.raises(NoSuchCell) as refusal:
        make_plan(scene(shop, adopted(shop)), ["peple"])
    assert "people" in refusal.value.mend


def test_what_was_edited_by_hand_is_not_overwritten(shop: Path, lock: Lock) -> None:
    """The plan is refused, with the ways out; other cells are planned all the same."""
    change(shop, "shop/people.py", "return len(register.names)", "return 7")
    with pytest.raises(Drifted, match=r"people\.total was edited by hand") as refusal:
        planned(shop, lock)
    assert "--adopt people" in refusal.value.mend
    assert planned(shop, lock, "greeter").cells[0].cell == "greeter"


def test_an_edit_elsewhere_stands_in_nobodys_way(shop: Path, lock: Lock) -> None:
    """But alone it is not called nothing to do."""
    change(shop, "shop/greeter.py", "seen[it.name] = 1", "seen[it.name] = 2")
    assert [it.cell for it in planned(shop, lock).cells] == ["people"]
    with pytest.raises(Drifted, match=r"greeter\.note was edited by hand"):
        planned(shop, lock.with_cells({"people": adopted(shop).cells["people"]}))


def test_a_change_of_a_pin_is_a_reason_for_what_it_wrote(shop: Path) -> None:
    """And not for what was adopted."""
    lock = adopted(shop)
    wrote = Locked(plan="p", pin="writer", pin_digest="old", facts=lock.cells["people"].facts)
    plan = planned(shop, lock.with_cells({"people": wrote}))
    assert [(it.cell, it.reasons[0].said) for it in plan.cells] == [
        ("people", "the pin `writer` changed")
    ]


# -- the price -------------------------------------------------------------------------------------


def book_of(*facts: Fact) -> Book:
    """What a ledger knows in which these facts stand."""
    ledger = MemoryLedger(lambda: NOON)
    write(ledger, *facts)
    return ledger.read().book


def test_the_cap_is_never_above_what_the_budget_leaves(shop: Path, lock: Lock) -> None:
    """What others have spent today is gone."""
    free = planned(shop, lock)
    spent = Money.parse("20").nano - free.cost.cap + 1000
    book = book_of(reserved("a", nano=spent), settled("a", nano=spent))
    plan = planned(shop, lock, book=book)
    assert plan.cost.cap == free.cost.cap - 1000
    assert plan.id != free.id


@pytest.mark.parametrize("left", ["0.00", "0.01"])
def test_where_too_little_is_left_nothing_is_planned(left: str, shop: Path, lock: Lock) -> None:
    """Less than it is expected to cost; calls in flight count as spent."""
    nano = Money.parse("20").nano - Money.parse(left).nano
    with pytest.raises(OverBudget, match="is left"):
        planned(shop, lock, book=book_of(reserved("a", nano=nano)))


CLOSED = {
    "no budget": ('[budget]\nplan = "5.00"\nday = "20.00"\n', "", OverBudget),
    "no model": ('[genops]\nmodel = "writer"\n', "", ConfigError),
    "no price": ('price = { input = "3.00", output = "15.00" }', "", ConfigError),
    "an unknown template": (
        'model = "writer-20250101"',
        f'model = "writer-20250101"\ntemplate = "sha256:{"0" * 64}"',
        GenopsError,
    ),
    "too little room for a prompt": (
        '[genops]\nmodel = "writer"\n',
        '[genops]\nmodel = "writer"\ncontext = 1000\n',
        ConfigError,
    ),
}


@pytest.mark.parametrize(("old", "new", "error"), CLOSED.values(), ids=CLOSED)
def test_what_is_not_known_is_no(
    old: str, new: str, error: type[Exception], shop: Path, lock: Lock
) -> None:
    """It fails closed: nothing is planned that could not be paid, or not be done as agreed."""
    change(shop, "monocyte.toml", old, new)
    with pytest.raises(error):
        planned(shop, lock)


def test_a_model_that_was_retired_is_not_planned_with(shop: Path, lock: Lock) -> None:
    """Whatever it costs."""
    change(shop, "monocyte.toml", 'model = "writer-20250101"', 'model = "gpt-4-0613"')
    text = (shop / "monocyte.toml").read_text("utf-8")
    (shop / "monocyte.toml").write_text(text.replace('"somebody"', '"openai"', 1), "utf-8")
    with pytest.raises(ConfigError, match="was retired on 2026-10-23"):
        planned(shop, lock)


# -- stale -----------------------------------------------------------------------------------------

MOVES = {
    "the cell": (
        *("shop/people.py", "Names are short.", "Names are very short."),
        ["people changed"],
    ),
    "what its neighbour says": (
        *("shop/greeter.py", "(it: Person) ->", "(it: Person, seen: dict[str, int]) ->"),
        [],
    ),
    "the words of who hears it": (
        "shop/greeter.py",
        "class Welcomed(Event):\n    name: str",
        'class Welcomed(Event):\n    name: str\n    how: str = ""',
        ["what a model is told about people changed"],
    ),
    "the pin": (
        *("monocyte.toml", '"writer-20250101"', '"writer-20250102"'),
        ["the pin `writer` changed", "the price of `writer` changed"],
    ),
    "another pin": ("monocyte.toml", '"other-20250101"', '"other-20250102"', []),
    "the budget": ("monocyte.toml", '"20.00"', '"30.00"', ["[budget] changed"]),
    "the options": (
        *("monocyte.toml", "[genops]", "[genops]\nattempts = 2"),
        ["[genops] changed"],
    ),
    "a comment": ("shop/greeter.py", "class Who", "# who\nclass Who", []),
}


@pytest.mark.parametrize(("file", "old", "new", "wanted"), MOVES.values(), ids=MOVES)
def test_a_plan_is_stale_if_anything_moved_that_it_was_made_from(
    file: str, old: str, new: str, wanted: list[str], shop: Path, lock: Lock
) -> None:
    """And it says what; what it was not made from may move."""
    plan = planned(shop, lock)
    assert moved(plan, scene(shop, lock)) == ()
    change(shop, file, old, new)
    assert list(moved(plan, scene(shop, lock))) == wanted
    if wanted:
        with pytest.raises(PlanStale, match=wanted[0].replace("[", r"\[")):
            refuse_stale(plan, scene(shop, lock))


def test_a_plan_is_stale_if_the_lock_or_the_policy_moved(shop: Path, lock: Lock) -> None:
    """Somebody promoted the cell, or others must agree now."""
    plan = planned(shop, lock)
    assert moved(plan, scene(shop, adopted(shop))) == ("people was promoted or adopted in between",)
    assert moved(plan, scene(shop, lock)._replace(policy="other")) == (
        "the policy of the base revision changed",
    )


def test_who_has_not_checked_can_judge_a_plan(shop: Path, lock: Lock) -> None:
    """The findings that a model would be told stand in the plan."""
    found = finding("mutant-survived", "people", "shop/people.py:3", "it survives", "kill it")
    plan = make_plan(scene(shop, lock, findings={"people": (found,)}))
    assert plan is not None
    assert [it.said for it in plan.cells[0].reasons][-1] == "mutant-survived: it survives"
    assert moved(opened(plan.content), scene(shop, lock)) == ()


FORGED = {
    "another price": lambda it: it.replace(b'"cap": ', b'"cap": 1'),
    "another format": lambda it: it.replace(b'"format": 1', b'"format": 2'),
    "an unknown field": lambda it: it.replace(b'"format": 1', b'"format": 1, "x": 1'),
    "no plan": lambda _: b"[]",
    "no text": lambda _: b"\xff",
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_a_plan_that_was_changed_is_none(forge: object, shop: Path, lock: Lock) -> None:
    """Its ID follows from its content."""
    content = planned(shop, lock).content
    assert callable(forge)
    with pytest.raises(GenopsError):
        opened(forge(content))


def test_after_a_plan_has_ended_the_next_is_another(shop: Path, lock: Lock) -> None:
    """Even if nothing else has changed: what was cancelled stays cancelled."""
    first = planned(shop, lock)
    ended = folded(
        [
            compose(fact, who="ada", now=NOON, head=START, last=None, files={})
            for fact in (
                Transition(first.id, State.DRAFT, State.PLANNED),
                Transition(first.id, State.PLANNED, State.CANCELLED),
            )
        ]
    )
    second = planned(shop, lock, book=ended)
    assert (first.round, second.round) == (0, 1)
    assert msgspec.structs.replace(second, round=0, id=first.id) == first
