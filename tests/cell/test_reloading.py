"""The next release of a cell: what is loaded anew, which classes stay, and what is left alone."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from monocyte.cell import Loaded, Reloaded, load_package, reload_package
from monocyte.errors import DefinitionError

PEOPLE = '''"""# People: who is here."""
from enum import Enum
from typing import Annotated
from msgspec import Meta
from monocyte import Cell, Command, Event, Query, Value

LONGEST = 20
Name = Annotated[str, Meta(max_length=LONGEST)]

class Kind(Enum):
    GUEST = 1

class Person(Value):
    name: Name
    kind: Kind = Kind.GUEST

    @property
    def shown(self) -> str:
        return shown(self.name)

class Came(Event):
    person: Person

class Come(Command[Came]):
    person: Person
    who: str = ""

class Who(Query[tuple[Person, ...]]): ...

def shown(name: str) -> str:
    return name.title()

cell = Cell("people", state=dict[str, Person])

@cell.handles
def come(it: Come, here: dict[str, Person]) -> Came:
    return Came(it.person)

@cell.handles
def who(it: Who, here: dict[str, Person]) -> tuple[Person, ...]:
    return tuple(here.values())

@cell.evolves
def enter(it: Came, here: dict[str, Person]) -> None:
    here[it.person.name] = it.person
'''

DOOR = '''"""# Door: it rings when somebody comes."""
from party.helper import times
from party import people
from party.people import Came
from monocyte import Cell, Event, Query

class Rang(Event):
    person: people.Person

class Rings(Query[int]):
    of: people.Kind | None = None

cell = Cell("door", state=list[str])

@cell.reacts
def ring(it: Came) -> Rang:
    return Rang(it.person)

@cell.evolves
def count(it: Rang, rings: list[str]) -> None:
    rings.append(it.person.name)

@cell.handles
def rings(it: Rings, rings: list[str]) -> int:
    return times(len(rings))
'''

HELPER = "def times(number: int) -> int:\n    return number\n"


@pytest.fixture
def party(tmp_path: Path) -> Iterator[Path]:
    """An app with two cells and a helper; forgotten afterwards."""
    package = tmp_path / "party"
    package.mkdir()
    for name, text in (
        ("__init__", ""),
        ("people", PEOPLE),
        ("door", DOOR),
        ("helper", HELPER),
    ):
        (package / f"{name}.py").write_text(text, "utf-8")
    path = list(sys.path)
    yield tmp_path
    sys.path[:] = path
    for name in [it for it in sys.modules if it.partition(".")[0] == "party"]:
        del sys.modules[name]


def load(root: Path) -> Loaded:
    """The party, as it is first loaded."""
    loaded = load_package(root, "party")
    assert not loaded.faults
    return loaded


def edit(root: Path, module: str, old: str, new: str) -> None:
    """Change a line."""
    file = root / "party" / f"{module}.py"
    text = file.read_text("utf-8")
    assert text.count(old) == 1, old
    file.write_text(text.replace(old, new), "utf-8")


def reloaded(root: Path, loaded: Loaded) -> Reloaded:
    """What has changed since."""
    return reload_package(root, "party", loaded.texts)


def module(name: str) -> ModuleType:
    """A module of the party."""
    return sys.modules[f"party.{name}"]


def test_nothing_changed_and_nothing_is_loaded(party: Path) -> None:
    """A reload of the same is none."""
    assert reloaded(party, load(party)).manifests == ()


WORDS = ("Kind", "Person", "Came", "Come", "Who")

CHANGES = {
    "a handler": (
        ("people", "return Came(it.person)", "return Came(Person(it.person.name))"),
        ["people"],
        WORDS,
    ),
    "a handler that is moved": (("people", "LONGEST = 20", "LONGEST = 20\n\n"), ["people"], WORDS),
    "what a word asks": (
        ("people", "return name.title()", "return name.upper()"),
        ["people", "door"],
        ("Kind",),
    ),
    "a constraint": (("people", "LONGEST = 20", "LONGEST = 21"), ["people", "door"], ("Kind",)),
    "a default": (
        ("people", "kind: Kind = Kind.GUEST", "kind: Kind | None = None"),
        ["people", "door"],
        ("Kind",),
    ),
    "a kind": (("people", "GUEST = 1", "GUEST = 2"), ["people", "door"], ()),
    "a helper": (("helper", "return number", "return number + 0"), ["door"], WORDS),
    "a word that nobody imports": (
        (
            "people",
            "class Who(Query[tuple[Person, ...]]): ...",
            "class Who(Query[tuple[Person, ...]]):\n    all: bool = True",
        ),
        ["people"],
        ("Kind", "Person", "Came", "Come"),
    ),
}
"""What is edited; which cells are loaded anew, in order; which words stay the same classes."""


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_loaded_anew(party: Path, change: str) -> None:
    """As little as can be: a class that reads the same all the way down stays the same class."""
    line, cells, same = CHANGES[change]
    loaded = load(party)
    before = {name: getattr(module("people"), name) for name in WORDS}
    edit(party, *line)
    new = reloaded(party, loaded)
    assert [it.name for it in new.manifests] == cells
    new.commit()
    kept = {name for name in WORDS if getattr(module("people"), name) is before[name]}
    assert kept == set(same)
    assert module("door").Came is module("people").Came
    assert sys.modules["party"].people is module("people")


def test_until_it_is_committed_nothing_has_changed(party: Path) -> None:
    """Who imports meanwhile gets what runs."""
    loaded = load(party)
    before = dict(sys.modules)
    edit(party, "people", "GUEST = 1", "GUEST = 2")
    new = reloaded(party, loaded)
    assert {n: m for n, m in sys.modules.items() if n.startswith("party")} == {
        n: m for n, m in before.items() if n.startswith("party")
    }
    new.commit()
    again = reload_package(party, "party", new.texts)
    assert again.manifests == ()


FAULTS = {
    "syntax": (("people", "LONGEST = 20", "LONGEST = = 20"), "invalid syntax", "people.py:7"),
    "a crash": (("people", "LONGEST = 20", "LONGEST = 1 // 0"), "ZeroDivisionError", "people.py:7"),
    "an exit": (("people", "LONGEST = 20", "raise SystemExit(0)"), "SystemExit", "people.py:7"),
    "a word that is gone": (
        ("people", "class Came(Event)", "class Arrived(Event)"),
        "Came",
        "people.py",
    ),
    "a cell that is not well formed": (
        ("door", "def count(it: Rang", "def count(it: Came"),
        "nobody can apply Rang",
        "door.py",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_cannot_be_loaded_leaves_everything_as_it_was(party: Path, fault: str) -> None:
    """Said at its line."""
    line, said, where = FAULTS[fault]
    loaded = load(party)
    before = {name: it for name, it in sys.modules.items() if name.startswith("party")}
    edit(party, *line)
    with pytest.raises(DefinitionError) as caught:
        reloaded(party, loaded)
    assert said in caught.value.message
    assert where in caught.value.where
    assert {n: m for n, m in sys.modules.items() if n.startswith("party")} == before
    assert sys.modules["party"].people is before["party.people"]


@pytest.mark.parametrize("what", ["gone", "package"])
def test_what_takes_a_restart_says_so(party: Path, what: str) -> None:
    """Rather than half of it being done."""
    loaded = load(party)
    if what == "gone":
        (party / "party" / "helper.py").unlink()
    else:
        (party / "party" / "__init__.py").write_text("X = 1\n", "utf-8")
    with pytest.raises(DefinitionError, match="when the app starts"):
        reloaded(party, loaded)


def test_a_new_cell_comes_in(party: Path) -> None:
    """With what it imports."""
    loaded = load(party)
    text = DOOR.replace('Cell("door"', 'Cell("bell"').replace("# Door", "# Bell")
    (party / "party" / "bell.py").write_text(text, "utf-8")
    new = reloaded(party, loaded)
    assert [it.name for it in new.manifests] == ["bell"]
    assert "party.bell" not in sys.modules
    assert not hasattr(sys.modules["party"], "bell")
    new.commit()
    assert module("bell").Came is module("people").Came


def test_a_class_that_is_changed_after_it_was_made_is_made_anew(party: Path) -> None:
    """What changes it belongs to what it is."""
    edit(party, "people", "LONGEST = 20", "LONGEST = 20\nnoted = []")
    edit(party, "people", "def shown(name", "noted.append(Kind)\n\ndef shown(name")
    loaded = load(party)
    kind = module("people").Kind
    edit(party, "people", "LONGEST = 20", "LONGEST = 20 # still")
    new = reloaded(party, loaded)
    new.commit()
    assert module("people").Kind is not kind
