"""A plan that parts one cell, makes one and ends one: from the price to the way back."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from monocyte.cell import load_package
from monocyte.genops.applying import Applying
from monocyte.genops.gates.judging import judge
from monocyte.genops.plans import keys
from monocyte.genops.plans.desk import Desk
from monocyte.genops.plans.lock import read_lock
from monocyte.genops.promotion.merging import Merging
from monocyte.genops.promotion.promoting import Promoting
from monocyte.genops.promotion.rolling import Rolling
from monocyte.genops.promotion.verifying import verify
from monocyte.genops.states import State
from tests.genops.generation.stage import KEY, PIN, POLICY, fenced
from tests.genops.ledger.facts import git
from tests.genops.plans.toys import COUNTING, app, change, commit, forget, fresh, load
from tests.genops.promotion.stage import signs
from tests.genops.provider import Act, Provider

pytest.importorskip("anthropic")

CENSUS = '''"""# Census: how many are here."""

from monocyte import Cell, Event, Query, State
from monocyte.testing import World
from shop.people import Join, Person


class Counted(Event):
    name: str


class HowMany(Query[int]):
    pass


class Register(State):
    names: tuple[str, ...] = ()


cell = Cell("census", state=Register)


@cell.reacts
def arrived(it: Person) -> Counted: ...


@cell.evolves
def enter(it: Counted, register: Register) -> None: ...


@cell.handles
def how_many(it: HowMany, register: Register) -> int: ...


cell.picture("""
    people.Person -> arrived -> Counted -> enter
    person -> HowMany -> how_many
""")


@cell.scenario
def all_who_join_are_counted(lab: World) -> None:
    """Each of them once."""
    for number, name in enumerate(("ada", "bob"), 1):
        lab.by(name).send(Join(name))
        lab.settle()
        assert lab.by("ada").ask(HowMany()) == number
'''
"""What the person writes of the new cell; the model does the rest."""

WRITTEN = (
    CENSUS.replace("-> Counted: ...", "-> Counted:\n    return Counted(it.name)")
    .replace("-> None: ...", "-> None:\n    register.names = (*register.names, it.name)")
    .replace("-> int: ...", "-> int:\n    return len(register.names)")
)


def parted(at: Path, provider: Provider) -> Path:
    """The app, in which a person has parted `people` and taken `greeter` away."""
    root = app(at)
    keys.make_key("ada")
    file = root / "monocyte.toml"
    text = file.read_text("utf-8")
    begin, end = text.index("[models.writer]"), text.index("[models.other]")
    pin = PIN.format(wire="messages", url=provider.url, model="writer-20250101")
    policy = POLICY.format(keys=keys.public_line("ada"))
    file.write_text(text[:begin] + pin + text[end:] + policy, "utf-8")
    desk(root).adopt()
    commit(root)
    git("checkout", "-q", "-b", "work", cwd=root)
    for piece in COUNTING:
        change(root, "shop/people.py", piece, "")
    (root / "shop" / "census.py").write_text(CENSUS, "utf-8")
    (root / "shop" / "greeter.py").unlink()
    commit(root, "Counting is the census's affair; nobody wants to be greeted")
    return root


def desk(root: Path) -> Desk:
    """A desk in a process that has just begun."""
    return Desk("shop", root, load(root), person="ada", clock=lambda: datetime.now(UTC))


def cells(root: Path) -> set[str]:
    """The cells that load now."""
    forget()
    loaded = load_package(root, "shop")
    assert loaded.faults == ()
    return {it.name for it in loaded.manifests}


def test_a_cell_is_parted_another_made_and_one_retired_as_one_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written singly, judged together; one commit brings them, and one takes them back."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    with fresh(), Provider() as provider:
        root = parted(tmp_path / "app", provider)
        plan = desk(root).plan()
        assert plan is not None
        actions = {it.cell: it.action for it in plan.cells}
        assert actions == {"census": "create", "people": "change", "greeter": "retire"}
        assert [it.cost.cap for it in plan.cells if it.action == "retire"] == [0]
        ada = keys.load_key("ada")
        desk(root).approve(plan.id, ada, by="ada")
        people = (root / "shop" / "people.py").read_text("utf-8")
        answers = {"census": WRITTEN, "people": people}
        provider.script[:] = [
            Act(fenced(answers[it.cell])) for it in plan.cells if it.cell in answers
        ]
        applying = Applying(desk(root), judge, environment={"THE_KEY": KEY}, pause=lambda _: None)
        outcome = applying.run(plan.id)
        assert outcome.verdict is not None
        assert outcome.verdict.passed, [it.said for it in outcome.verdict.findings]
        assert len(provider.asked) == 2
        if outcome.missing:
            Merging(desk(root)).approve(plan.id, ada, by="ada")
        done = Promoting(desk(root), "shop", signs("ada")).promote(plan.id)
        lock = read_lock(root)
        assert lock is not None
        assert {name: it.plan for name, it in lock.cells.items()} == {
            "census": plan.id,
            "people": plan.id,
        }
        assert cells(root) == {"census", "people"}
        named = git("show", "--name-only", "--format=", done.landed.commit, cwd=root).split()
        assert named == ["regen.lock", "shop/census.py"]
        back = Rolling(desk(root), "shop", signs("ada")).rollback("census", "counts twice")
        assert back.plan.id == plan.id
        assert "len(register.names)" not in (root / "shop" / "census.py").read_text("utf-8")
        lock = read_lock(root)
        assert lock is not None
        assert {name: it.plan for name, it in lock.cells.items()} == {"greeter": "", "people": ""}
        assert desk(root).ledger.read().book.state(plan.id) is State.ROLLED_BACK
        assert [*verify(desk(root))] == []
