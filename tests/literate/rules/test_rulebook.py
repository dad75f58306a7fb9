"""The book of rules: an ID means one thing for ever, and what changes is seen and accepted."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monocyte.cell import Cell, Manifest, load_cells
from monocyte.literate.findings import Finding
from monocyte.literate.rules.rulebook import FILE, accept, rulebook_findings
from tests.cell.apps import App

CELL = 'from monocyte import Cell\ncell = Cell("{name}")\n'
FIRST = 'A = cell.rule("A-1", "One at a time.")\nB = cell.rule("A-2", "Never two.")\n'


def cells(app: App, rules: str, name: str = "desk", **others: str) -> tuple[Manifest, ...]:
    """A cell with those rules, and others."""
    sources = {n: CELL.format(name=n) + text for n, text in {name: rules, **others}.items()}
    fresh = App(app.root / f"v{len(list(app.root.iterdir()))}", app.package + "x" * _next())
    loaded = fresh.load(**sources)
    assert loaded.faults == (), [*map(str, loaded.faults)]
    return loaded.manifests


_loads: list[int] = []


def _next() -> int:
    """Each version of an app has a package of its own."""
    _loads.append(0)
    return len(_loads)


@pytest.fixture
def book(app: App) -> Path:
    """A book in which two rules are accepted."""
    path = app.root / FILE
    assert accept(path, cells(app, FIRST))
    return path


def kinds(findings: list[Finding]) -> list[str]:
    """The kinds of findings."""
    return [it.kind for it in findings]


def test_the_book_is_made_for_people(book: Path) -> None:
    """A header that says what it is and how to accept, then a line for each rule."""
    text = book.read_text()
    assert "`monocyte check --fix` accepts" in text
    assert [line for line in text.splitlines() if not line.startswith("#")] == [
        "A-1 | desk | in force | One at a time.",
        "A-2 | desk | in force | Never two.",
    ]


def test_what_is_accepted_is_no_finding(app: App, book: Path) -> None:
    """Nor is there anything more to accept."""
    same = cells(app, FIRST)
    assert list(rulebook_findings(book, same)) == []
    assert not accept(book, same)


def test_the_order_is_that_of_people(app: App) -> None:
    """Two comes before ten, whatever the order of declaration."""
    path = app.root / FILE
    accept(path, cells(app, "".join(f'R{n} = cell.rule("B-{n}", "So.")\n' for n in (10, 2, 1))))
    ids = [line.split()[0] for line in path.read_text().splitlines() if line[0] != "#"]
    assert ids == ["B-1", "B-2", "B-10"]


RETIRED = 'cell.retired("A-2", "Never two.", because="two are fine")\n'
ONE = FIRST.splitlines(keepends=True)[0]

CHANGED: dict[str, tuple[str, str, str, str]] = {
    "vanished": (
        ONE,
        "rule-vanished",
        'A-2 ("Never two.") is declared nowhere',
        "cell.retired('A-2'",
    ),
    "reworded": (
        FIRST.replace("Never two.", "Always two."),
        "rule-reworded",
        'A-2 was accepted as "Never two."',
        "a new meaning is a new rule: cell.rule(…, supersedes='A-2')",
    ),
    "new": (
        FIRST + 'C = cell.rule("A-3", "Three.")\n',
        "rule-unlocked",
        "A-3 is not in rules.lock yet",
        "monocyte check --fix",
    ),
    "retired": (
        ONE + RETIRED,
        "rule-unlocked",
        "A-2 is retired now, and rules.lock has it in force",
        "monocyte check --fix",
    ),
    "retired in other words": (
        ONE + RETIRED.replace("Never", "Ever"),
        "rule-reworded",
        'A-2 was accepted as "Never two."',
        "check --fix",
    ),
}


@pytest.mark.parametrize("row", CHANGED.values(), ids=CHANGED.keys())
def test_what_differs_is_found(app: App, book: Path, row: tuple[str, str, str, str]) -> None:
    """Once, with what to do."""
    rules, kind, message, mend = row
    (found,) = rulebook_findings(book, cells(app, rules))
    assert found.kind == kind
    assert message in found.message
    assert mend in found.mend
    assert found.where.rpartition(":")[2].isdigit()


@pytest.mark.parametrize("change", ["reworded", "new", "retired"])
def test_what_may_be_accepted_is_gone_then(app: App, book: Path, change: str) -> None:
    """After `accept` book and code agree."""
    changed = cells(app, CHANGED[change][0])
    assert accept(book, changed)
    assert list(rulebook_findings(book, changed)) == []


def test_a_vanished_rule_cannot_be_accepted(app: App, book: Path) -> None:
    """Its line stays, and stays red, until it is retired in the code."""
    without = cells(app, ONE)
    assert not accept(book, without)
    (found,) = rulebook_findings(book, without)
    line = int(found.where.rpartition(":")[2])
    assert book.read_text().splitlines()[line - 1].startswith("A-2 |")


def test_a_retired_id_is_never_used_again(app: App, book: Path) -> None:
    """Though nobody remembers but the book: neither is it accepted."""
    accept(book, cells(app, ONE + RETIRED))
    again = cells(app, ONE + 'B = cell.rule("A-2", "Two by two.")\n')
    for _ in range(2):
        (found,) = rulebook_findings(book, again)
        assert (found.kind, found.severity) == ("rule-reused", "error")
        assert 'A-2 was retired for ever: it meant "Never two."' in found.message
        assert "an ID of its own" in found.mend
        assert not accept(book, again)


def test_a_retired_rule_cannot_vanish_either(app: App, book: Path) -> None:
    """It is kept with its reason."""
    accept(book, cells(app, ONE + RETIRED))
    assert kinds(list(rulebook_findings(book, cells(app, ONE)))) == ["rule-vanished"]


def test_a_rule_that_moved(app: App, book: Path) -> None:
    """To another cell, only if that is accepted."""
    moved = cells(app, ONE, chair='B = cell.rule("A-2", "Never two.")\n')
    (found,) = rulebook_findings(book, moved)
    assert found.kind == "rule-moved"
    assert "accepted for the cell desk, and is now in chair" in found.message
    assert accept(book, moved)
    assert list(rulebook_findings(book, moved)) == []


def test_without_a_book_there_is_one_finding(app: App) -> None:
    """Not one for each rule; and none for an app without rules."""
    path = app.root / FILE
    (found,) = rulebook_findings(path, cells(app, FIRST))
    assert (found.kind, found.severity) == ("rule-unlocked", "warning")
    assert list(rulebook_findings(path, cells(app, ""))) == []
    assert not accept(path, cells(app, ""))
    assert not path.exists()


def test_a_cell_that_did_not_load_has_not_lost_its_rules(app: App, book: Path) -> None:
    """Only if all cells are there is a rule of none of them gone."""
    other = cells(app, "", name="chair")
    assert kinds(list(rulebook_findings(book, other))) == ["rule-vanished", "rule-vanished"]
    assert list(rulebook_findings(book, other, complete=False)) == []


def test_how_a_text_is_broken_means_nothing(app: App, book: Path) -> None:
    """Line breaks and spaces are not words."""
    broken = cells(app, FIRST.replace('"Never two."', '"""Never\n    two."""'))
    assert list(rulebook_findings(book, broken)) == []


Damage = Callable[[str], bytes]

DAMAGE: dict[str, tuple[Damage, int, str]] = {
    "a conflict": (
        lambda text: text.replace("A-2", "<<<<<<< HEAD\nA-2").encode(),
        5,
        "this is no rule: <<<<<<< HEAD",
    ),
    "an ID twice": (
        lambda text: (text + "A-1 | desk | retired | One.\n").encode(),
        6,
        "A-1 is also on line 4",
    ),
    "a state that is none": (
        lambda text: text.replace("A-2 | desk | in force", "A-2 | desk | maybe").encode(),
        5,
        "this is no rule: A-2 | desk | maybe",
    ),
    "half a line": (
        lambda text: text.replace(" | in force | Never two.", "").encode(),
        5,
        "this is no rule: A-2 | desk",
    ),
    "no text at all": (lambda text: b"\xff\xfe\x00", 1, "it cannot be read"),
}


@pytest.mark.parametrize(("damage", "line", "message"), DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_book_is_told_and_left(
    app: App, book: Path, damage: Damage, line: int, message: str
) -> None:
    """With its line; nothing is written over it, and nothing else is claimed of its rules."""
    same = cells(app, FIRST)
    book.write_bytes(damaged := damage(book.read_text()))
    found = list(rulebook_findings(book, same))
    assert kinds(found) == ["rulebook-damaged"]
    assert found[0].where == f"{book}:{line}"
    assert message in found[0].message
    assert not accept(book, same)
    assert book.read_bytes() == damaged


def test_other_line_ends_are_no_damage(app: App, book: Path) -> None:
    """Somebody's editor, or their version control."""
    book.write_bytes(book.read_bytes().replace(b"\n", b"\r\n"))
    assert list(rulebook_findings(book, cells(app, FIRST))) == []


def test_a_text_may_hold_the_separator(app: App) -> None:
    """It is the last of the line."""
    path, strange = app.root / FILE, cells(app, 'A = cell.rule("A-1", "Left | right | 🙂.")\n')
    assert accept(path, strange)
    assert list(rulebook_findings(path, strange)) == []


TEXTS = st.text(min_size=1).filter(str.strip)


@given(texts=st.lists(TEXTS, min_size=1, max_size=5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_accepted_is_read_again(tmp_path: Path, texts: list[str]) -> None:
    """Any text of a rule survives the book, and accepting twice changes nothing."""
    path = tmp_path / FILE
    path.unlink(missing_ok=True)
    source = Cell("any")
    for number, text in enumerate(texts):
        source.rule(f"ANY-{number}", text)
    (bare,) = load_cells([Cell("bare")]).manifests
    manifests = [bare._replace(name="any", rules=source.rules)]
    assert accept(path, manifests)
    assert list(rulebook_findings(path, manifests)) == []
    assert not accept(path, manifests)
