"""A small app of two cells in a repository, which tests change as people and models would."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from monocyte.cell import Manifest, load_package
from monocyte.genops.ledger.book import Book
from monocyte.genops.pins import read_regeneration
from monocyte.genops.plans.facts import Facts, facts_of
from monocyte.genops.plans.lock import Lock, Locked
from monocyte.genops.plans.plan import Scene
from monocyte.literate.context import Known
from monocyte.literate.findings import Finding
from tests.genops.ledger.facts import git, repository

PEOPLE = '''"""# People: who is here."""

from monocyte import Cell, Command, Event, Query, State
from monocyte.testing import World


class Person(Event):
    name: str


class Join(Command[Person]):
    name: str


class Count(Query[int]):
    pass


class Register(State):
    names: tuple[str, ...] = ()


cell = Cell("people", state=Register)
ONCE = cell.rule("PEOPLE-1", "Nobody joins twice.")


@cell.handles
def join(it: Join, register: Register) -> Person:
    ONCE.require(it.name not in register.names, it.name)
    return Person(it.name)


@cell.handles
def count(it: Count, register: Register) -> int:
    return total(register)


def total(register: Register) -> int:
    return len(register.names)


@cell.evolves
def enter(it: Person, register: Register) -> None:
    register.names = (*register.names, it.name)


cell.picture("""
    person -> Join  -> join  -> Person -> enter
    person -> Count -> count
""")

ADA = "ada"


@cell.scenario
def ada_joins(lab: World) -> None:
    """Once, and not twice."""
    lab.by(ADA).send(Join(ADA))
    with ONCE.refuses():
        lab.by(ADA).send(Join(ADA))
    assert lab.by(ADA).ask(Count()) == 1
'''

COUNTING = (
    "class Count(Query[int]):\n    pass\n\n\n",
    """@cell.handles
def count(it: Count, register: Register) -> int:
    return total(register)


""",
    "def total(register: Register) -> int:\n    return len(register.names)\n\n\n",
    "    person -> Count -> count\n",
    "    assert lab.by(ADA).ask(Count()) == 1\n",
)
"""What there is to counting in `people`, and can be taken out piece by piece."""

GREETER = '''"""# Greeter: welcomes who joins."""

from monocyte import Cell, Event, Query
from monocyte.testing import World
from shop.people import Join, Person


class Welcomed(Event):
    name: str


class Who(Query[tuple[str, ...]]):
    pass


cell = Cell("greeter", state=dict[str, int])


@cell.reacts
def welcome(it: Person) -> Welcomed:
    return Welcomed(it.name)


@cell.handles
def who(it: Who, seen: dict[str, int]) -> tuple[str, ...]:
    return tuple(seen)


@cell.evolves
def note(it: Welcomed, seen: dict[str, int]) -> None:
    seen[it.name] = 1


cell.picture("""
    people.Person -> welcome -> Welcomed -> note
    person -> Who -> who
""")


@cell.scenario
def ada_is_welcome(lab: World) -> None:
    """As soon as she has joined."""
    lab.by("ada").send(Join("ada"))
    lab.settle()
    assert lab.by("ada").ask(Who()) == ("ada",)
'''

TOML = """[app]
name = "shop"
cells = "shop"

[models.writer]
provider = "somebody"
model = "writer-20250101"
price = { input = "3.00", output = "15.00" }

[models.other]
provider = "somebody"
model = "other-20250101"
price = { input = "1.00", output = "5.00" }

[genops]
model = "writer"

[budget]
plan = "5.00"
day = "20.00"
"""

FILES = {"people": PEOPLE, "greeter": GREETER}

TODAY = date(2026, 11, 22)


def app(at: Path) -> Path:
    """The app in a repository of its own, committed."""
    repository(at)
    (at / "shop").mkdir()
    (at / "shop" / "__init__.py").write_text("", "utf-8")
    for name, text in FILES.items():
        (at / "shop" / f"{name}.py").write_text(text, "utf-8")
    (at / "monocyte.toml").write_text(TOML, "utf-8")
    (at / ".gitignore").write_text("__pycache__/\n.monocyte/\n", "utf-8")
    commit(at)
    return at


def commit(root: Path, message: str = "a change") -> str:
    """Commit everything; the commit."""
    git("add", "-A", cwd=root)
    git("commit", "-q", "--allow-empty", "-m", message, cwd=root)
    return git("rev-parse", "HEAD", cwd=root)


def change(root: Path, file: str, old: str, new: str) -> None:
    """Replace a piece of a file that is there once."""
    path = root / file
    text = path.read_text("utf-8")
    assert text.count(old) == 1, f"{text.count(old)} times: {old}"
    path.write_text(text.replace(old, new), "utf-8")


@contextmanager
def fresh() -> Iterator[None]:
    """Imports of cells are forgotten afterwards: they change from test to test."""
    path = list(sys.path)
    forget()
    yield
    sys.path[:] = path
    forget()


def forget() -> None:
    """Forget the cells of the app."""
    for name in [it for it in sys.modules if it.partition(".")[0] == "shop"]:
        del sys.modules[name]


def load(root: Path) -> tuple[Manifest, ...]:
    """The cells as they are now."""
    forget()
    shutil.rmtree(root / "shop" / "__pycache__", ignore_errors=True)
    loaded = load_package(root, "shop")
    assert loaded.faults == ()
    return loaded.manifests


def facts(root: Path) -> dict[str, Facts]:
    """The facts of the cells as they are now."""
    manifests = load(root)
    return {it.name: facts_of(it, manifests) for it in manifests}


def adopted(root: Path) -> Lock:
    """A lock that has everything as it is now."""
    return Lock(1, {name: Locked(facts=it) for name, it in facts(root).items()})


def scene(
    root: Path,
    lock: Lock,
    book: Book | None = None,
    findings: dict[str, tuple[Finding, ...]] | None = None,
) -> Scene:
    """Everything that a plan is made from."""
    manifests = load(root)
    known = {it.name: facts_of(it, manifests) for it in manifests}
    settings = read_regeneration(root)
    told = (settings, "policy", findings or {}, book or Book(), "ada", TODAY, known, Known())
    return Scene("shop", manifests, lock, *told)
