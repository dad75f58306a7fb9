"""An app for the weaver: a cell with everything, a bare one, one that means no good."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from monocyte.cell import Loaded, load_package
from monocyte.literate.findings import finding
from monocyte.literate.record import (
    CellRecord,
    DecisionRecord,
    MutantRecord,
    Record,
    RehearsalRecord,
    ScenarioRecord,
    SiteRecord,
    Step,
)
from monocyte.literate.weave import Inputs, Woven, weave

DESK = '''"""# Desk: who borrows which book, and for how long.

A book is lent to one reader at a time. A loan is named by its book: `Lend` makes it, `lend`
decides, `DESK-1` protects it. See also `archive`.

- Loans last **three weeks**.
- Nobody keeps more than five.
"""

from datetime import date, datetime, timedelta
from typing import Annotated

from monocyte import Ask, Caller, Cell, Clock, Command, Event, Meta, Query, State, Tick, Value
from monocyte.cell import Source
from monocyte.testing import Operator, Step, Steps, World, answers

from library.archive import Find, Shelved

# ## Words

Title = Annotated[str, Meta(min_length=1, max_length=80)]


class Loan(Value):
    """Who has a book, and until when."""

    title: Title
    who: str
    due: date


class Lent(Event):
    loan: Loan


class Returned(Event):
    title: Title


class Lend(Command[Lent]):
    title: Title
    weeks: Annotated[int, Meta(ge=1, le=8)] = 3


class GiveBack(Command[Returned]):
    title: Title


class Loans(Query[tuple[Loan, ...]]):
    """What is lent, by title."""


# ## Rules and behaviour


class Shelf(State):
    loans: dict[str, Loan] = {}


cell = Cell("desk", state=Shelf)

ALONE = cell.rule("DESK-1", "A book is lent to one reader at a time.")
FEW = cell.rule("DESK-3", "Nobody has more than five books.", supersedes="DESK-2")
cell.retired("DESK-2", "Nobody has more than three books.", because="students asked for more")

cell.picture("""
    person -> Lend     -> lend      -> Lent     -> hand_out
                          lend      -> archive.Find
    person -> GiveBack -> give_back -> Returned -> take_in
    person -> Loans    -> loans
    clock  -> remind
    archive.Shelved -> note
""")


@cell.handles
async def lend(it: Lend, shelf: Shelf, caller: Caller, clock: Clock, ask: Ask) -> Lent:
    ALONE.require(it.title not in shelf.loans, it.title)
    mine = [loan for loan in shelf.loans.values() if loan.who == caller.name]
    FEW.require(len(mine) < 5)
    await ask(Find(it.title))
    return Lent(Loan(it.title, caller.name, clock.now().date() + timedelta(weeks=it.weeks)))


@cell.handles
def give_back(it: GiveBack, shelf: Shelf) -> Returned:
    return Returned(it.title)


@cell.handles
def loans(it: Loans, shelf: Shelf) -> tuple[Loan, ...]:
    return tuple(sorted(shelf.loans.values(), key=lambda loan: loan.title))


@cell.reacts
def note(it: Shelved, shelf: Shelf) -> None:
    pass


@cell.every(timedelta(days=1))
def remind(it: Tick, shelf: Shelf) -> None:
    pass


@cell.evolves
def hand_out(it: Lent, shelf: Shelf) -> None:
    shelf.loans[it.loan.title] = it.loan


@cell.evolves
def take_in(it: Returned, shelf: Shelf) -> None:
    shelf.loans.pop(it.title, None)


# ## Scenarios


@cell.scenario
def ada_borrows_a_book(lab: World) -> None:
    """Ada has the book, and nobody else can have it. Seen by `DESK-1`."""
    lab.by("ada").send(Lend("Emma"))
    with ALONE.refuses():
        lab.by("lise").send(Lend("Emma"))


@cell.scenario(given={"the first": ("Emma",), "the last": ("Persuasion",)})
def a_book_comes_back(lab: World, title: str) -> None:
    """Whoever gives it back, it can be lent again."""
    lab.by("ada").send(Lend(title))
    lab.by("ada").send(GiveBack(title))


# ## Decisions


@cell.decision(instead_of="a number for each loan", until="2028-01-31")
def a_loan_is_named_by_its_book(lab: World) -> None:
    """People say "the Emma that Ada has"; no number would be remembered."""
    lab.by("ada").send(Lend("Emma"))


@cell.decision(
    instead_of="a look at the wall clock",
    refuted_by="import time",
    until=lambda: False,
    review="2027-06-01",
)
def time_comes_as_a_port(it: Source) -> None:
    """So that a replay never sees another day."""
    assert "time" not in it.imports


@cell.decision(instead_of="fines", review="2027-03-01")
def readers_are_honest() -> None:
    """Two books were lost in ten years."""


# ## When it breaks


def plan(it: Operator, title: str) -> object:
    return it.ask(Loans())


@cell.runbook(
    when="a reader has lost a book",
    after=ada_borrows_a_book,
    keeps=plan,
    roles=("librarian",),
    example={"title": "Emma"},
)
def strike_a_lost_book(it: Operator, title: Title) -> Steps:
    """The loan ends, so that nobody is reminded of it."""
    yield Step("Ask the reader once more")
    yield Step(
        f"Take {title} back",
        check=answers(Loans(), ()),
        do=[GiveBack(title)],
        undo=[Lend(title)],
    )


cell.waives(
    mutant="lend: `weeks=it.weeks` becomes `weeks=it.weeks + 0`",
    because="the same number",
    until="2027-12-31",
)
'''

ARCHIVE = '''"""# Archiv: wo jedes Buch steht — 本はどこにあるか

كل كتاب له مكان واحد. <script>alert(1)</script> & "quotes" ![x](http://evil.example/x.png)

日本語の説明も、そのまま読めます。 🐢 Straße, Ärger. <img src=x onerror=alert(1)> `Find` \\u202eevil
[a link](javascript:alert(1)) and [a good one](https://example.org/).
"""

from monocyte import Cell, Command, Event, Query
from monocyte.testing import World


class Shelved(Event):
    """</script><script>alert(2)</script>"""

    title: str = "</script>"


class Shelve(Command[Shelved]):
    title: str


class Find(Query[str | None]):
    title: str


cell = Cell("archive", state=dict[str, int])

cell.rule("ARCHIVE-1", 'Nothing is "lost" <b>for ever</b> \\u202e\\u2066 \\ud800 \\x00.')


@cell.handles
def shelve(it: Shelve, shelves: dict[str, int]) -> Shelved:
    return Shelved(it.title)


@cell.handles
def find(it: Find, shelves: dict[str, int]) -> str | None:
    return it.title if it.title in shelves else None


@cell.evolves
def put(it: Shelved, shelves: dict[str, int]) -> None:
    shelves[it.title] = len(shelves)


@cell.scenario
def كتاب_على_الرف(lab: World) -> None:
    """الكتاب في مكانه. </details><script>alert(3)</script>"""
    lab.by("ada").send(Shelve("Emma"))
'''

BARE = """from monocyte import Cell

cell = Cell("bare")
"""

JOURNEYS = '''"""# Library: books for everybody.

Three cells and a turtle.
"""

from monocyte import App
from monocyte.testing import Stage

from library.desk import GiveBack, Lend

app = App("library")

app.picture("""
    desk -> archive
""")


@app.scenario
def a_reader_comes_and_goes(library: Stage) -> None:
    """Ada borrows Emma and brings it back."""
    ada = library.by("ada")
    ada.send(Lend("Emma"))
    ada.send(GiveBack("Emma"))
'''

SOURCES = {"archive": ARCHIVE, "bare": BARE, "desk": DESK, "journeys": JOURNEYS}

STEPS = (
    Step("ada", "desk", "command", "Lend", "Lend(title='Emma', weeks=3)", "Lent(loan=…)"),
    Step("desk", "archive", "query", "Find", "Find(title='Emma')", "None"),
    Step("lise", "desk", "command", "Lend", "Lend(title='Emma', weeks=3)", "refused: DESK-1"),
)


class Library:
    """The app in a directory; every loading imports it anew."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.package = root / "library"
        self.out = root / "site"
        self.package.mkdir()
        (self.package / "__init__.py").touch()
        for name, source in SOURCES.items():
            self.write(name, source)

    def write(self, name: str, source: str) -> None:
        """Write a file of the package."""
        (self.package / f"{name}.py").write_bytes(source.encode())

    def load(self) -> Loaded:
        """Load the package as it is now."""
        for name in [it for it in sys.modules if it.split(".")[0] == "library"]:
            del sys.modules[name]
        return load_package(self.root, "library")

    def inputs(self, record: Record | None = None) -> Inputs:
        """What the weaver is given."""
        loaded = self.load()
        return Inputs(
            *("library", self.package, loaded.manifests, loaded.journeys, record, loaded.faults)
        )

    def weave(self, record: Record | None = None) -> Woven:
        """Weave it as it is now."""
        return weave(self.inputs(record), self.out)

    def page(self, path: str) -> str:
        """A page of the site."""
        return (self.out / path).read_text(encoding="utf-8")

    def pages(self) -> dict[str, bytes]:
        """Every file of the site."""
        found = (it for it in sorted(self.out.rglob("*")) if it.is_file())
        return {it.relative_to(self.out).as_posix(): it.read_bytes() for it in found}

    def line(self, text: str) -> int:
        """The line of the desk's file that has this."""
        lines = (self.package / "desk.py").read_text().splitlines()
        return next(n for n, line in enumerate(lines, 1) if text in line)

    def record(self, digest: str = "") -> Record:
        """What a check has seen of the desk: of its file as it is, or of one with that digest."""
        release = next(it.release for it in self.load().manifests if it.name == "desk")
        alone, few = self.line("ALONE.require"), self.line("FEW.require")
        here = "library/desk.py"
        desk = CellRecord(
            "desk",
            digest or release,
            scenarios=(
                ScenarioRecord("ada_borrows_a_book", f"{here}:1", True, trace=STEPS),
                ScenarioRecord("a_book_comes_back[the first]", f"{here}:2", True, trace=STEPS[:2]),
                ScenarioRecord(
                    "a_book_comes_back[the last]", f"{here}:2", False, "AssertionError: <no>"
                ),
            ),
            sites=(
                SiteRecord(
                    "DESK-1",
                    f"{here}:{alone}",
                    "lend",
                    ("ada_borrows_a_book",),
                    ("ada_borrows_a_book",),
                ),
                SiteRecord(
                    "DESK-3", f"{here}:{few}", "lend", ("ada_borrows_a_book", "app.a_reader"), ()
                ),
            ),
            decisions=(
                DecisionRecord(
                    "a_loan_is_named_by_its_book", "behaviour", f"{here}:3", "holds", "2028-01-31"
                ),
                DecisionRecord(
                    "time_comes_as_a_port", "structure", f"{here}:4", "expiring", "2027-06-01"
                ),
                DecisionRecord(
                    "readers_are_honest", "assumption", f"{here}:5", "holds", "2027-03-01"
                ),
            ),
            rehearsals=(
                RehearsalRecord("strike_a_lost_book", "straight", True, steps=STEPS[:1]),
                RehearsalRecord("strike_a_lost_book", "twice", False, "it sent GiveBack again"),
            ),
            mutants=(
                MutantRecord(
                    "lend: `<` becomes `<=`",
                    f"{here}:{few}",
                    "lend",
                    "boundary",
                    "survived",
                    "",
                    "Ada borrows exactly five books, and then a sixth.",
                ),
                MutantRecord(
                    "lend: `5` becomes `6`",
                    f"{here}:{few}",
                    "lend",
                    "constant",
                    "killed",
                    "ada_borrows_a_book",
                ),
                MutantRecord(
                    "lend: `weeks=it.weeks` becomes `weeks=it.weeks + 0`",
                    f"{here}:{few}",
                    "lend",
                    "arithmetic",
                    "waived",
                ),
            ),
            findings=(
                finding(
                    "rule-unseen", "desk", f"{here}:{few}", "`DESK-3` never refuses", "write it"
                ),
            ),
        )
        return Record("library", {"desk": desk})


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """The app; what it imported is forgotten."""
    path = list(sys.path)
    yield Library(tmp_path)
    sys.path[:] = path
    for name in [it for it in sys.modules if it.split(".")[0] == "library"]:
        del sys.modules[name]
