"""A small app of two cells, and changes to it as people and models would make them."""

from collections.abc import Mapping
from pathlib import Path

from monocyte.genops.gates.case import Author, Case
from monocyte.genops.gates.judging import GATES, judge
from monocyte.genops.gates.verdict import Finding, Verdict

TOML = '[app]\nname = "shop"\ncells = "shop"\n[gates]\nsequences = 12\n'

LOANS = '''"""# Loans: one copy of each book, and who has it."""

from datetime import timedelta

from monocyte import Caller, Cell, Command, Event, Query, State
from monocyte.testing import World


class Lent(Event):
    book: str
    who: str
    days: int


class Returned(Event):
    book: str


class Borrow(Command[Lent]):
    book: str
    days: int = 14


class Return(Command[Returned]):
    book: str


class WhoHas(Query[str | None]):
    book: str


class Fee(Query[int]):
    days: int


class Shelf(State):
    lent: dict[str, str] = {}


cell = Cell("loans", state=Shelf)

ONE = cell.rule("LOAN-1", "A book is with one reader at a time.")
FEW = cell.rule("LOAN-2", "A reader has three books at most.")
SHORT = cell.rule("LOAN-3", "A loan lasts thirty days at most, and one at least.")
OWN = cell.rule("LOAN-4", "Who returns a book has it.")

LONGEST = 30
PER_WEEK = 5


@cell.handles
def borrow(it: Borrow, shelf: Shelf, caller: Caller) -> Lent:
    SHORT.require(1 <= it.days <= LONGEST)
    ONE.require(it.book not in shelf.lent, it.book)
    FEW.require(held(caller.name, shelf) < 3)
    return Lent(it.book, caller.name, it.days)


@cell.handles
def give_back(it: Return, shelf: Shelf, caller: Caller) -> Returned:
    OWN.require(shelf.lent.get(it.book) == caller.name, it.book)
    return Returned(it.book)


@cell.handles
def who_has(it: WhoHas, shelf: Shelf) -> str | None:
    return shelf.lent.get(it.book)


@cell.handles
def fee(it: Fee) -> int:
    weeks = it.days // 7
    return weeks * PER_WEEK


@cell.evolves
def hand_over(it: Lent, shelf: Shelf) -> None:
    shelf.lent[it.book] = it.who


@cell.evolves
def put_back(it: Returned, shelf: Shelf) -> None:
    del shelf.lent[it.book]


def held(who: str, shelf: Shelf) -> int:
    return sum(1 for reader in shelf.lent.values() if reader == who)


cell.picture("""
    person -> Borrow -> borrow    -> Lent     -> hand_over
    person -> Return -> give_back -> Returned -> put_back
    person -> WhoHas -> who_has
    person -> Fee    -> fee
""")


@cell.scenario
def ada_reads_a_lot(lab: World) -> None:
    """Lise cannot have what Ada has; Ada cannot have a fourth."""
    ada, lise = lab.by("ada"), lab.by("lise")
    for book in ("Optics", "Micrographia", "Almagest"):
        ada.send(Borrow(book))
    with ONE.refuses():
        lise.send(Borrow("Optics"))
    with FEW.refuses():
        ada.send(Borrow("Elements"))
    with OWN.refuses():
        lise.send(Return("Optics"))
    lise.send(Borrow("Elements"))
    ada.send(Return("Optics"))
    assert lise.ask(WhoHas("Optics")) is None
    assert lise.ask(WhoHas("Almagest")) == "ada"


@cell.scenario
def not_for_ever(lab: World) -> None:
    """Neither for no day, nor for longer than a month; a week costs five."""
    for days in (0, 31):
        with SHORT.refuses():
            lab.by("ada").send(Borrow("Optics", days))
    lab.by("ada").send(Borrow("Optics", 30))
    assert [lab.by("ada").ask(Fee(days)) for days in (6, 7, 30)] == [0, 5, 20]


def two_weeks() -> timedelta:
    return timedelta(days=14)
'''

DESK = '''"""# The desk: how many books went out."""

from shop.loans import Borrow, Lent

from monocyte import Cell, Event, Query, State
from monocyte.testing import World


class Counted(Event):
    book: str


class HowMany(Query[int]):
    pass


class Tally(State):
    count: int = 0


cell = Cell("desk", state=Tally)


@cell.reacts
def count(it: Lent) -> Counted:
    return Counted(it.book)


@cell.evolves
def add(it: Counted, tally: Tally) -> None:
    tally.count += 1


@cell.handles
def how_many(it: HowMany, tally: Tally) -> int:
    return tally.count


cell.picture("""
    loans.Lent -> count -> Counted -> add
    person -> HowMany -> how_many
""")


@cell.scenario
def each_is_counted(lab: World) -> None:
    """A loan is one more."""
    lab.by("ada").send(Borrow("Optics"))
    lab.settle()
    assert lab.by("ada").ask(HowMany()) == 1
'''

APP = {
    "monocyte.toml": TOML,
    "shop/__init__.py": "",
    "shop/loans.py": LOANS,
    "shop/desk.py": DESK,
}

FILE = "shop/loans.py"

Edits = Mapping[str, str | None] | tuple[tuple[str, str], ...]


def case(
    folder: Path,
    edits: Edits,
    *,
    author: Author = "model",
    rules: tuple[str, ...] = (),
    cells: tuple[str, ...] = ("loans",),
    app: Mapping[str, str] = APP,
) -> Case:
    """The app, and the app with edits: whole files, or (old, new) in the file of the loans."""
    head: dict[str, str | None] = dict(app)
    if isinstance(edits, tuple):
        for old, new in edits:
            before = head[FILE] or ""
            assert before.count(old) == 1, (old, before.count(old))
            head[FILE] = before.replace(old, new)
    else:
        head |= edits
    base: Mapping[str, str | None] = dict(app)
    for side, files in (("base", base), ("head", head)):
        for name, text in files.items():
            path = folder / side / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if text is not None:
                path.write_text(text, encoding="utf-8")
    told = (folder / "base", folder / "head", "0" * 40, "1" * 40)
    return Case(*told, "", cells, frozenset(rules), author)


def verdict(what: Case, *gates: str) -> Verdict:
    """What these gates, and no other, say of it."""
    return judge(what, gates={name: GATES[name] for name in gates})


def found(what: Case, *gates: str) -> list[Finding]:
    """What these gates have found; none of them broke."""
    said = verdict(what, *gates)
    assert [it.said for it in said.looked if it.outcome == "broke"] == []
    return list(said.findings)


def kinds(what: Case, *gates: str) -> set[str]:
    """The kinds of what was found, but for notes."""
    return {it.kind for it in found(what, *gates) if it.severity != "note"}


HONEST = (
    ("    weeks = it.days // 7\n    return weeks * PER_WEEK", "    return it.days // 7 * PER_WEEK"),
    (
        "    return sum(1 for reader in shelf.lent.values() if reader == who)",
        (
            "    books = [reader for reader in shelf.lent.values() if reader == who]\n"
            "    return len(books)"
        ),
    ),
)
"""A refactoring that changes nothing that anybody could tell."""
