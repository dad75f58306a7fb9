"""Cards: what they say, what they leave out first, and that the lab's are small enough."""

from pathlib import Path
from statistics import median

import msgspec
import pytest

from monocyte.cell import Manifest, load_package
from monocyte.contracts.tokens import estimate
from monocyte.literate.cards import BUDGET, LEFT_OUT, Card, card, ids_in_short, purpose_of
from tests.cell.apps import App

LAB = Path(__file__).parents[2] / "examples" / "lab"

HEAD = '''\
"""# Loans: who has which book; {more}"""
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Literal, NewType

from monocyte import (
    Ask, Caller, Cell, Clock, Command, Event, Map, Meta, Query, State, Tick, Value,
)

'''

LOANS = (
    HEAD
    + '''
from {app} import members
from {app}.members import Asked, MayBorrow, Who

Shelf = Annotated[str, Meta(pattern="^[A-Z]$")]
Moment = Annotated[datetime, Meta(tz=True)]
Weeks = Annotated[int, Meta(ge=1, le=8)]
Mark = NewType("Mark", int)

class Kind(Enum):
    NOVEL = "novel"
    MAP = "map"

class Book(Value):
    title: Annotated[str, Meta(min_length=1, max_length=80)]
    kind: Kind
    shelf: Shelf = "A"

class Lent(Event):
    book: Book
    who: Who
    due: date

class Returned(Event):
    book: Book

class Lend(Command[Lent]):
    """For so many weeks,
    no longer."""
    book: Book
    weeks: Weeks = 4

class Return(Command[None]):
    book: "Book"
    marks: tuple[Mark, ...] = ()
    at: Moment | None = None
    mode: Literal["box", "desk"] = "desk"
    sizes: Map[str, tuple[int, int]] = Map()
    first: Kind = Kind.MAP

class Find(Query[tuple[Book, ...]]):
    shelf: Shelf
    kinds: frozenset[Kind] = frozenset()

Books = dict[str, Book]
cell = Cell("loans", state=Books)
OPEN = cell.rule("LOAN-1", "Only members borrow.")
cell.rule("LOAN-2", "A book is with one member at a time.")

@cell.handles
def find(it: Find, books: Books) -> tuple[Book, ...]:
    return tuple(books.values())

@cell.handles
async def lend(it: Lend, books: Books, caller: Caller, ask: Ask) -> Lent:
    OPEN.require(await ask(MayBorrow(caller.name)))
    return Lent(it.book, caller.name, date(2026, 1, 5))

@cell.handles
def give_back(it: Return, books: Books) -> Returned:
    return Returned(it.book)

@cell.reacts
def asked(it: members.Asked, books: Books) -> None:
    pass

@cell.evolves
def keep(it: Lent | Returned, books: Books) -> None:
    books[it.book.title] = it.book
'''
)

MEMBERS = (
    HEAD
    + """
Who = Annotated[str, Meta(min_length=2)]

class Asked(Event):
    who: Who

class MayBorrow(Query[bool]):
    who: Who

class Ring(Command[Asked]):
    pass

cell = Cell("members", state=int)

@cell.handles
def may(it: MayBorrow) -> bool:
    return True

@cell.handles
def ring(it: Ring) -> Asked:
    return Asked("ada")

@cell.evolves
def note(it: Asked, state: int) -> None:
    pass
"""
)

FULL = """\
# loans (PACKAGE.loans): who has which book; at last.
command Lend(book, weeks=4) -> Lent
  For so many weeks, no longer.
command Return(book, marks: Mark... = (), at: Moment | None = None, mode: 'box' | 'desk' = 'desk', \
sizes: Map[str, (int, int)] = Map({}), first=Kind.MAP) -> None
query Find(shelf, kinds: frozenset[Kind] = frozenset()) -> Book...
event Lent(book, who, due: date)
event Returned(book)
value Book(title: str(length 1..80), kind, shelf='A')
type Weeks = int(>=1, <=8)
type Mark = int
type Moment = datetime(tz)
enum Kind: NOVEL, MAP
type Shelf = str(^[A-Z]$)
type Who = str(length 2..)
rule LOAN-1: Only members borrow.
rule LOAN-2: A book is with one member at a time.
ports Ask, Caller
hears members: Asked
asks members: MayBorrow
"""

BAREST = """\
# loans (PACKAGE.loans): who has which book; at last.
command Lend -> Lent
command Return -> None
query Find -> Book...
events Returned
rules LOAN-1..2
hears members; asks members
"""


def loaded(app: App) -> dict[str, Manifest]:
    """The cells of an app, which are well formed."""
    found = load_package(app.root, app.package)
    assert not found.faults
    return {manifest.name: manifest for manifest in found.manifests}


@pytest.fixture
def loans(app: App) -> Manifest:
    """A cell with every form of type, and a neighbour."""
    app.write("members.py", MEMBERS.replace("{more}", "so they say"))
    app.write("loans.py", LOANS.replace("{more}", "at last."))
    return loaded(app)["loans"]


def neutral(drawn: Card, manifest: Manifest) -> str:
    """A card without the name of the test's package."""
    return drawn.text.replace(manifest.module.partition(".")[0], "PACKAGE")


def test_all_there_is_to_say(loans: Manifest) -> None:
    """A full card has every message, field, type, constraint, rule, port and neighbour."""
    assert neutral(card(loans, None), loans) == FULL
    assert card(loans, None).left_out == ()


def test_the_least_there_is_to_say(loans: Manifest) -> None:
    """The barest card has the names of what can be sent and asked; it may break the budget."""
    drawn = card(loans, 0)
    assert neutral(drawn, loans) == BAREST
    assert drawn.tokens > 0
    assert drawn.left_out == tuple(LEFT_OUT.values())


SAID = {
    "what messages say of themselves": "For so many weeks",
    "the fields of events": "event Returned(",
    "the messages of neighbours": "asks members: MayBorrow",
    "the texts of rules": "Only members borrow.",
    "constraints": "type Weeks",
    "ports": "ports Ask",
    "types": "at: ",
    "fields": "(book, weeks",
}
"""By what in the full card each level of detail is recognised."""


@pytest.mark.parametrize("budget", range(30, 340, 10))
def test_a_card_keeps_its_budget_and_names_what_it_leaves_out(loans: Manifest, budget: int) -> None:
    """Within the budget, unless it is the barest; what is missing is named, and only that."""
    drawn = card(loans, budget)
    assert drawn.tokens == estimate(drawn.text)
    assert drawn.tokens <= budget or neutral(drawn, loans) == BAREST
    for name, sign in SAID.items():
        assert (sign in drawn.text) is (name not in drawn.left_out), name


def test_what_fits_after_all(loans: Manifest) -> None:
    """What was dropped early comes back if what was dropped later made room enough."""
    left_out = [card(loans, budget).left_out for budget in range(30, 340, 5)]
    assert any("types" in it and "the fields of events" not in it for it in left_out)


def test_plain_strings_go_without_saying(loans: Manifest) -> None:
    """Where constraints are not told, a type that is left is no `str`."""
    texts = [it.text for b in range(30, 340, 5) if "constraints" in (it := card(loans, b)).left_out]
    assert any("kinds: frozenset[Kind]" in text for text in texts)
    assert not any(": str" in text for text in texts)


def test_a_call_can_be_written_from_a_card_within_the_budget() -> None:
    """In the lab no card leaves out a field or a type of what can be sent and asked."""
    for manifest in load_package(LAB, "lab").manifests:
        drawn = card(manifest)
        assert not {"types", "fields"} & {*drawn.left_out}, manifest.name
        lines = drawn.text.splitlines()
        for message in manifest.handlers:
            fields = msgspec.structs.fields(message)  # type: ignore[arg-type, unused-ignore]
            line = next(line for line in lines if f" {message.__name__}(" in line)
            assert all(field.name in line for field in fields)


def test_cards_of_the_lab_are_small() -> None:
    """A card of the lab has 200 tokens at most, typically; none has 300."""
    tokens = [card(manifest).tokens for manifest in load_package(LAB, "lab").manifests]
    assert median(tokens) <= BUDGET
    assert max(tokens) <= BUDGET * 1.5


def test_cells_of_the_lab_can_be_read_in_one_go() -> None:
    """A cell has 4,000 tokens at most: whole, with everything that proves it."""
    for manifest in load_package(LAB, "lab").manifests:
        assert estimate(Path(manifest.file).read_text(encoding="utf-8")) <= 4_000, manifest.name


def test_a_cell_of_few_words(app: App) -> None:
    """A cell without rules, messages or a purpose has a card of one line."""
    app.write("bare.py", 'from monocyte import Cell\ncell = Cell("bare", state=int)\n')
    bare = loaded(app)["bare"]
    assert card(bare).text == f"# bare ({bare.module})\n"
    assert card(bare).left_out == ()


@pytest.mark.parametrize(
    ("purpose", "said"),
    [
        ("# People: who is here.", "who is here."),
        ("# people: who is here.\nAnd more.", "who is here."),
        ("# Peo-ple: who is here.", "who is here."),
        ("Who is here: the register.", "Who is here: the register."),
        ("# 预订: 谁在什么时候使用仪器 🔬", "预订: 谁在什么时候使用仪器 🔬"),
        ("", ""),
    ],
)
def test_what_it_is_for(loans: Manifest, purpose: str, said: str) -> None:
    """The first line of the file, without the cell's own name before it, in any language."""
    assert purpose_of(loans._replace(name="people", purpose=purpose)) == said


def test_in_any_language(app: App) -> None:
    """Words, rules and purposes may be in any alphabet; what they take is counted."""
    app.write(
        "geräte.py",
        '"""# Geräte: wer hat welches Gerät 🔬"""\n'
        "from monocyte import Cell, Query\n\n"
        'class Zähle(Query[int]):\n    """Wie viele → jetzt? 数"""\n    größe: int\n\n'
        'cell = Cell("devices", state=int)\n'
        'cell.rule("DEVICE-1", "Кто бронирует прибор, обучен.")\n\n'
        "@cell.handles\ndef zähle(it: Zähle) -> int:\n    return 1\n",
    )
    drawn = card(loaded(app)["devices"])
    for text in ("wer hat welches Gerät 🔬", "Zähle(größe: int) -> int", "数", "Кто бронирует"):
        assert text in drawn.text


def test_a_cell_of_ten_thousand_lines(app: App) -> None:
    """However large a cell is, its card is drawn, and is as bare as it must be."""
    words = "".join(
        f"class Ask{i}(Query[int]):\n    number: int\n\n"
        f"@cell.handles\ndef ask{i}(it: Ask{i}) -> int:\n    return {i}\n\n\n"
        for i in range(500)
    )
    head = 'from monocyte import Cell, Query\ncell = Cell("large", state=int)\n'
    app.write("large.py", head + words + "# more\n" * 6_000)
    drawn = card(loaded(app)["large"])
    assert drawn.text.count("\nquery Ask") == 500
    assert "fields" in drawn.left_out


def test_a_file_that_is_gone(loans: Manifest) -> None:
    """Without its source a card still has every field, by its bare type."""
    Path(loans.file).unlink()
    text = card(loans, None).text
    assert "weeks: " in text
    assert "-> tuple[Book, ...]" in text


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        (["A-1", "A-2", "A-3"], "A-1..3"),
        (["A-1", "A-2"], "A-1..2"),
        (["A-1", "A-2", "A-4"], "A-1..2, 4"),
        (["A-1", "A-3", "A-4", "A-5", "A-9"], "A-1, 3..5, 9"),
        (["A-1", "B-2", "A-3"], "A-1, B-2, A-3"),
        (["A-3", "A-2", "A-1"], "A-3, 2, 1"),
        (["A-1", "A-02", "A-3"], "A-1, A-02, A-3"),
        (["A-x", "A-1", "A-y"], "A-x, A-1, A-y"),
        (["1", "2"], "1, 2"),
        (["A-1-1", "A-1-2", "A-1-3"], "A-1-1..3"),
        (["one", "two", "three"], "one, two, three"),
        ([], ""),
    ],
)
def test_ids_in_short(ids: list[str], said: str) -> None:
    """Numbers that follow each other are a range; nothing that is not there is in it."""
    assert ids_in_short(ids) == said
