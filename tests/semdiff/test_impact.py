"""Who can feel a change; and a scenario that is spared does the same when it is played."""
# ruff: noqa: E501 (a table: one case, one line)

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from monocyte.cell import load_cells
from monocyte.literate import run
from monocyte.semdiff.impact import impact
from monocyte.semdiff.mutator import Mutator
from tests.semdiff.toys import tea

OLD = {"till.py": tea.TILL, "shelf.py": tea.SHELF}
EVERYTHING = {
    *("till.ada_pays", "till.ada_owes", "till.nothing_is_owed_at_first", "till.a_debt_is_forgiven"),
    *("till.politeness", "shelf.tea_takes_one", "shelf.full"),
}


def edited(file: str, old: str, new: str) -> dict[str, str]:
    """The program with one text in the place of another, which stands there once."""
    assert OLD[file].count(old) == 1
    return {**OLD, file: OLD[file].replace(old, new)}


OWED = {"till.ada_owes", "till.nothing_is_owed_at_first", "till.a_debt_is_forgiven"}
PAID = {"till.ada_pays", "till.ada_owes", "till.a_debt_is_forgiven", "shelf.tea_takes_one"}
LEFT = {"shelf.tea_takes_one", "shelf.full"}

AGAIN = [
    # a change, and what must be played again because of it
    ("till.py", "ledger.get(ask.who, 0)\n", "ledger.get(ask.who, 1)\n", OWED),
    ("till.py", "return cups * PRICE", "return cups + PRICE", PAID),
    ("till.py", "PRICE = 30", "PRICE = 31", PAID),
    ("till.py", "DEAR = 200", "DEAR = 201", set()),
    ("till.py", "Forgiven(ask.who)", "Forgiven('bob')", {"till.a_debt_is_forgiven"}),
    ("till.py", "ledger[it.who] = 0", "ledger[it.who] = 1", {"till.a_debt_is_forgiven"}),
    ("till.py", 'f"dear {who}"', 'f"Dear {who}"', {"till.politeness"}),
    ("till.py", "+ it.cents", "- it.cents", PAID),
    ("till.py", "== 60\n\n\n@cell.scenario\ndef ada_owes", "== 61\n\n\n@cell.scenario\ndef ada_owes", {"till.ada_pays", "till.ada_owes"}),
    ("till.py", '    who: str = "ada"', '    who: str = "eve"', PAID),
    ("till.py", "def politeness(lab: World) -> None:", "def politeness(lab) -> None:", EVERYTHING),
    ("till.py", "\nPRICE = 30", "\n\n\nPRICE = 30  # cents", set()),
    ("shelf.py", "return FULL - ", "return FULL + ", LEFT),
    ("shelf.py", "return Taken(1)", "return Taken(2)", PAID),
    ("shelf.py", "it.count\n", "it.count + 1\n", PAID),
    # loading tells
    ("till.py", "Nobody pays for no tea.", "Nobody pays for nothing.", EVERYTHING),
    ("till.py", "Ledger = dict[str, int]", "Ledger = dict[str, float]", EVERYTHING),
    ("till.py", "def owed(ask: Owed,", "def owed(ask: Pay,", EVERYTHING),
    ("till.py", "@cell.evolves\ndef strike", "def strike", EVERYTHING),
    ("till.py", "PRICE = 30", "import nowhere\nPRICE = 30", EVERYTHING),
    ("till.py", "PRICE = 30", "import math\nPRICE = 30", set()),
    ("till.py", "def price(cups: int)", "def price(cups: int = len('a'))", EVERYTHING),
    ("till.py", "PRICE = 30", "PRICE = (", EVERYTHING),
    # code that reaches what it does not name
    ("till.py", 'return f"dear {who}"', "return eval('who')", {"till.politeness"}),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "again"), AGAIN, ids=range(len(AGAIN)))
def test_what_must_be_played_again(file: str, old: str, new: str, again: set[str]) -> None:
    """Whatever leads to the change, and nothing else."""
    found = impact(OLD, edited(file, old, new))
    assert {*found.again} == again
    assert {*found.spared} == EVERYTHING - again


def test_who_can_feel_a_change() -> None:
    """From a private sum to the handler, its message, its rule, and the neighbour that reacts."""
    found = impact(OLD, edited("till.py", "return cups * PRICE", "return cups + PRICE"))
    assert found.changed == ("till.price",)
    assert {"till.price", "till.pay"} <= {*found.functions}
    assert "till.Pay" in found.messages
    assert "till.Owed" not in found.messages
    assert found.rules == ("till.SOME",)
    assert found.cells == ("shelf", "till")


def test_a_way_is_told() -> None:
    """Who must be played again learns why."""
    found = impact(OLD, edited("till.py", "return cups * PRICE", "return cups + PRICE"))
    (pays,) = [it for it in found.played if it.name == "till.ada_pays"]
    assert pays.why == "it leads to till.price"
    assert pays.way == ("till.ada_pays", "till.Pay", "till.pay", "till.price")


def test_what_is_proven_the_same_is_no_change() -> None:
    """Another text with the same meaning demands nothing."""
    new = edited("till.py", "return cups * PRICE", "return (cups) * (PRICE + 0)")
    assert impact(OLD, new, same=["till.price"]).again == ()


def test_a_file_that_is_no_python_may_be_read_by_anybody() -> None:
    """Nobody knows who opens it; prose for people is opened by nobody."""
    assert {*impact(OLD, {**OLD, "prices.csv": "1"}).again} == EVERYTHING
    assert impact(OLD, {**OLD, "README.md": "# Tea"}).again == ()


def test_summaries_can_be_kept() -> None:
    """With a memory, only texts that have not been seen are read."""
    kept: dict[str, bytes] = {}
    asked: list[str] = []

    def summed(text: str) -> bytes:
        from monocyte.semdiff.summaries import summary

        if text not in kept:
            asked.append(text)
            kept[text] = summary(text)
        return kept[text]

    new = edited("till.py", "PRICE = 30", "PRICE = 31")
    first = impact(OLD, new, summed=summed)
    assert len(asked) == 3
    assert impact(OLD, new, summed=summed) == first
    assert len(asked) == 3


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder to import the toy from; nothing of it stays imported."""
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in ("till", "shelf"):
        sys.modules.pop(name, None)


def played(place: Path, texts: dict[str, str]) -> dict[str, tuple[bool, str, tuple[str, ...]]]:
    """How each scenario of a version goes: passed, error, and what the World did."""
    for name in ("till", "shelf"):
        sys.modules.pop(name, None)
    for cached in place.glob("__pycache__/*"):
        cached.unlink()
    for file, text in texts.items():
        (place / file).write_text(text)
    importlib.invalidate_caches()
    cells = [importlib.import_module(name).cell for name in ("till", "shelf")]
    loaded = load_cells(cells)
    ran = run(loaded.manifests, (0,))
    assert not loaded.faults
    return {f"{it.cell}.{it.scenario}": (it.passed, it.error, it.log) for it in ran}


@pytest.mark.parametrize("file", ["till.py", "shelf.py"])
def test_who_is_spared_does_the_same(place: Path, file: str) -> None:
    """Every mutant of both cells is played in full: where a scenario differs, it was called for."""
    before = played(place, OLD)
    mutator = Mutator(OLD[file])
    spared = differing = 0
    for mutant in mutator.mutants:
        new = {**OLD, file: mutator.source(mutant)}
        found = impact(OLD, new)
        try:
            after = played(place, new)
        except Exception:  # noqa: BLE001 (whatever a mutant raises when it is loaded)
            assert found.spared == (), mutant
            continue
        differing += before != after
        spared += len(found.spared)
        for name in found.spared:
            assert after[name] == before[name], f"{mutant}: {name}"
    assert differing > 5
    assert spared > 50
