"""What a change is to those outside, as the page needs it: each thing once, and weighed."""
# ruff: noqa: E501 (tables: one case, one line)

from pathlib import Path

import pytest

from monocyte.semdiff import whole
from monocyte.semdiff.difference import Difference, Options, difference
from monocyte.semdiff.keeping import Keeper
from monocyte.semdiff.report import as_text
from monocyte.semdiff.sources import from_texts
from monocyte.semdiff.verdicts import Severity, Verdict

WORDS = "from dataclasses import dataclass\n\n@dataclass\nclass Order:\n    item: str\n    n: int = 1\n\n"
SHOP = "def price(n: int, each: int = 2) -> int:\n    return n * each\n\n\ndef tidy(text: str) -> str:\n    out = text.strip()\n    return out\n"
PROJECT = '[project]\nname = "shop"\nversion = "{}"\ndependencies = [{}]\n'
OLD = {
    "shop/__init__.py": "",
    "shop/words.py": WORDS,
    "shop/prices.py": SHOP,
    "pyproject.toml": PROJECT.format("1.4.2", '"attrs"'),
}
NEW = {
    "shop/__init__.py": "",
    "shop/words.py": WORDS.replace("n: int = 1", "n: str"),
    "shop/prices.py": "import os\n\n\n"
    + SHOP.replace("each: int = 2", "each: int").replace(
        "return n", "os.remove('x')\n    return n"
    ),
    "pyproject.toml": PROJECT.format("1.4.3", '"attrs", "httpx"'),
}


@pytest.fixture(scope="module")
def found() -> Difference:
    """The whole answer, code run."""
    return difference(from_texts(OLD), from_texts(NEW), Options(seconds=10))


def test_a_message_that_breaks_says_whom_and_shows_it(found: Difference) -> None:
    """Its field once, whatever else its class is, with a message that was made and read."""
    change = next(it for it in found.changes if it.finding.definition == "Order")
    (promise,) = [it for it in change.promises if it.part == "n"]
    assert promise.message
    assert (promise.sender, promise.receiver) == ("breaking", "breaking")
    assert promise.verdict is Verdict.CHANGED
    assert "item" in promise.said
    assert promise.read
    assert change.severity is Severity.BREAKING


def test_a_signature_that_breaks_is_told_with_its_function(found: Difference) -> None:
    """And not beside it."""
    change = next(it for it in found.changes if it.finding.definition == "price")
    assert [(it.rule, it.sender, it.receiver) for it in change.promises] == [
        ("parameter-required", "breaking", "neutral")
    ]
    assert [it.finding.definition for it in found.changes].count("price") == 1


def test_the_step_is_demanded_and_compared(found: Difference) -> None:
    """With the version that the new side says it is."""
    demand = found.demand
    assert (demand.step, demand.old, demand.new) == ("major", "1.4.2", "1.4.3")
    assert (demand.least, demand.is_enough) == ("2.0.0", False)


def test_what_it_can_do_is_told_with_its_way(found: Difference) -> None:
    """Each capability once, with who reaches it; dependencies too."""
    told = {it.capability: it for it in found.gains}
    assert told["files.write"].entries == ("shop.prices:price",)
    assert told["files.write"].way == ("os.remove (shop/prices.py:5)",)
    assert told["dependency:httpx"].place.file == "pyproject.toml"
    assert {it.scope for it in found.gains} == {"program"}
    assert all(it.is_near and it.severity is Severity.WARNING for it in found.gains)


def test_who_feels_it_leaves_out_what_means_the_same(found: Difference) -> None:
    """A function that was written anew, to the same effect, is felt by nobody."""
    assert found.felt.functions == ("shop.prices.price", "shop.words.Order")


def test_by_reading_alone_breaks_are_not_claimed() -> None:
    """They may be; what was not run is not shown."""
    found = difference(from_texts(OLD), from_texts(NEW), Options(run=False))
    promises = [it for change in found.changes for it in change.promises]
    assert promises
    assert {it.verdict for it in promises} == {Verdict.UNKNOWN}
    assert found.severity is Severity.WARNING


def test_the_same_is_nothing() -> None:
    """No change demands no step, and is felt by nobody."""
    found = difference(from_texts(OLD), from_texts(dict(OLD)))
    assert (found.changes, found.gains, found.demand.step) == ((), (), "none")
    assert found.felt == whole.Felt()


STEPS = [
    ("x = 1", "x = 1  # one", "none"),
    ("def f(): return 1", "def f(): return 2", "patch"),
    ("LIMIT = 5", "LIMIT = 6", "patch"),
    ("def f(a=1): return a", "def f(a=2): return a", "patch"),
    ("def f(): return 1", "def f(a=0): return 1", "minor"),
    ("def f(): return 1", "def f(): return 1\ndef g(): return 1", "minor"),
    ("def f(): return 1", "def _f(): return 1", "major"),
    ("def f(a): return 1", "def f(b): return 1", "major"),
]


@pytest.mark.parametrize(("old", "new", "step"), STEPS)
def test_each_change_demands_its_step(old: str, new: str, step: str) -> None:
    """What goes on working with another value is a patch, as any other behaviour is."""
    pair = from_texts({"m.py": f"{old}\n"}), from_texts({"m.py": f"{new}\n"})
    assert difference(*pair, Options(run=False)).demand.step == step


@pytest.mark.parametrize(
    ("path", "is_offered"),
    [
        ("shop/a.py", True),
        ("tests/test_a.py", False),
        ("shop/tests/a.py", False),
        ("test_a.py", False),
        ("conftest.py", False),
        ("setup.py", False),
        ("docs/conf.py", False),
        ("benchmarks/a.py", False),
        ("shop/testing.py", True),
        ("shop/docs/a.py", True),
    ],
)
def test_what_is_offered(path: str, is_offered: bool) -> None:
    """Not what tests, documents or builds it."""
    assert (path in whole.offered({path: ""})) is is_offered


def test_with_a_src_folder_that_is_offered() -> None:
    """And nothing beside it."""
    texts = {"src/shop/__init__.py": "", "src/shop/a.py": "", "shop.py": ""}
    assert set(whole.offered(texts)) == {"src/shop/__init__.py", "src/shop/a.py"}


def test_inherited_promises_are_told_where_they_stand() -> None:
    """One line of a class is one change, however many inherit it."""
    old = "class A:\n    def __init__(self):\n        self.a = 1\n\nclass B(A): ...\nclass C(A): ...\n"
    new = old.replace("self.a = 1\n", "self.a = 1\n        self.b = 2\n")
    found = difference(from_texts({"m.py": old}), from_texts({"m.py": new}), Options(run=False))
    (change,) = found.changes
    assert {it.definition for it in change.promises} == {"A.b", "B.b", "C.b"}


def test_members_of_a_new_class_are_told_with_it() -> None:
    """And not once for each of them."""
    new = "class A:\n    def f(self):\n        return 1\n\n    def g(self):\n        return 2\n"
    found = difference(
        from_texts({"m.py": "x = 1\n"}), from_texts({"m.py": f"x = 1\n{new}"}), Options(run=False)
    )
    (change,) = found.changes
    assert change.finding.what == "is new, with `f`, `g`"


def test_dependencies_are_compared_whatever_is_kept(tmp_path: Path) -> None:
    """What is kept of Python files does not hide what changed beside them."""
    gains = []
    for said in ('"attrs"', '"attrs", "httpx"'):
        new = {**NEW, "pyproject.toml": PROJECT.format("1.4.3", said)}
        pair = from_texts(OLD), from_texts(new)
        found = difference(*pair, Options(run=False), memory=Keeper(tmp_path))
        gains.append({it.capability for it in found.gains})
    assert gains == [{"files.write"}, {"files.write", "dependency:httpx"}]


CELL = """from monocyte import Cell, Command, Event, World

class Added(Event):
    n: int

class Add(Command[Added]):
    n: int

cell = Cell("sum", state=dict)

@cell.handles
def add(ask: Add, state: dict) -> Added:
    return Added(ask.n)

@cell.evolves
def enter(it: Added, state: dict) -> None:
    state["n"] = it.n

@cell.scenario
def it_adds(lab: World) -> None:
    lab.send(Add(1))
"""


def test_scenarios_that_lead_to_it_are_to_be_played_again() -> None:
    """With the reason; the message and the cell that can feel it are named."""
    new = CELL.replace("return Added(ask.n)", "return Added(ask.n + 1)")
    pair = from_texts({"sums.py": CELL}), from_texts({"sums.py": new})
    felt = difference(*pair, Options(run=False)).felt
    assert felt.again == {"sums.it_adds": "it leads to sums.add"}
    assert (felt.messages, felt.cells, felt.spared) == (("sums.Add",), ("sums",), ())


def test_scenarios_that_do_not_are_spared() -> None:
    """They would do what they did."""
    old = {"sums.py": CELL, "lonely.py": "def alone() -> int:\n    return 1\n"}
    new = {**old, "lonely.py": "def alone() -> int:\n    return 2\n"}
    felt = difference(from_texts(old), from_texts(new), Options(run=False)).felt
    assert (felt.again, felt.spared) == ({}, ("sums.it_adds",))
    assert felt.functions == ("lonely.alone",)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every program counts as large."""
    monkeypatch.setattr(whole, "MOST_READ", 10)


@pytest.mark.usefixtures("tiny")
def test_of_a_large_program_it_is_said_that_nobody_looked() -> None:
    """Unless it is asked for."""
    pair = from_texts(OLD), from_texts(NEW)
    assert "--impact" in difference(*pair, Options(run=False)).felt.untold
    assert difference(*pair, Options(run=False, impact=True)).felt.functions


@pytest.mark.usefixtures("tiny")
def test_what_was_read_once_is_kept(tmp_path: Path) -> None:
    """So that a large program, too, need be read but once."""
    pair = from_texts(OLD), from_texts(NEW)
    asked = difference(*pair, Options(run=False, impact=True), memory=Keeper(tmp_path)).felt
    again = difference(*pair, Options(run=False), memory=Keeper(tmp_path)).felt
    assert again == asked
    assert again.functions


def test_exported_names_are_told_as_one() -> None:
    """A list that has grown is one line, and not one for each name."""
    names = [f"f{i}" for i in range(6)]
    defined = "".join(f"def {it}(): ...\n" for it in names)
    old, new = (from_texts({"m.py": f"{defined}__all__ = {it}\n"}) for it in (names[:1], names))
    text = as_text(difference(old, new, Options(run=False)))
    assert "adds to the contract: `f1`, `f2`, `f3`, `f4` and 1 more\n" in text
