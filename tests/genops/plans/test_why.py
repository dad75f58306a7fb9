"""Why a cell would be regenerated: exactly for what changed its meaning, and for nothing else."""

from pathlib import Path

import pytest

from monocyte.genops.plans.facts import facts_of
from monocyte.genops.plans.lock import Lock, Locked
from monocyte.genops.plans.why import FINDINGS, KINDS, Drift, Written, drifts, reasons
from monocyte.literate.findings import KINDS as FINDING_KINDS
from monocyte.literate.findings import finding
from tests.genops.plans.toys import COUNTING, adopted, change, facts, load

RULE = 'ONCE = cell.rule("PEOPLE-1", "Nobody joins twice.")'

PEOPLE: dict[str, tuple[str, str, list[str]]] = {
    "a rule was added": (
        RULE,
        RULE + '\nSHORT = cell.rule("PEOPLE-2", "Names are short.")',
        ["PEOPLE-2 was added"],
    ),
    "a rule was reworded": (
        "Nobody joins twice.",
        "No one joins twice.",
        ["PEOPLE-1 was reworded"],
    ),
    "a rule was written over two lines": (
        '"Nobody joins twice."',
        '(\n    "Nobody joins "\n    "twice."\n)',
        [],
    ),
    "a field of a word": (
        "class Join(Command[Person]):\n    name: str",
        'class Join(Command[Person]):\n    name: str\n    email: str = ""',
        ["Join.email is new"],
    ),
    "a default": (
        "class Join(Command[Person]):\n    name: str",
        'class Join(Command[Person]):\n    name: str = "x"',
        ["Join.name is str = 'x' now, and was str"],
    ),
    "a constraint": (
        "class Join(Command[Person]):\n    name: str",
        "class Join(Command[Person]):\n    name: Annotated[str, Meta(min_length=1)]",
        ["Join.name is another type now"],
    ),
    "a new word": (
        "class Register(State):",
        "class Badge(Value):\n    number: int\n\n\nclass Register(State):",
        ["Badge is new"],
    ),
    "a scenario": ("== 1\n", "== 1 + 0\n", ["`ada_joins` was changed"]),
    "what only scenarios use": ('ADA = "ada"', 'ADA = "lise"', ["`ADA` was changed"]),
    "a stub": (
        "    return total(register)",
        "    ...",
        ["`count` is to be written"],
    ),
    "prose": ('"""Once, and not twice."""', '"""Only once."""', []),
    "a comment": (RULE, f"# why not\n{RULE}  # indeed", []),
    "another line break": ("Person(it.name)", "Person(\n        it.name,\n    )", []),
    "quotes": ('ADA = "ada"', "ADA = 'ada'", []),
}


def said(root: Path, lock: Lock, cell: str) -> list[str]:
    """The reasons for a cell as it is now, in words."""
    return [it.said for it in reasons(facts(root)[cell], lock.cells[cell], None, ())]


@pytest.mark.parametrize(("old", "new", "wanted"), PEOPLE.values(), ids=PEOPLE)
def test_a_change_is_a_reason_if_it_changes_what_is_meant(
    old: str, new: str, wanted: list[str], shop: Path
) -> None:
    """In the words that a person would use."""
    lock = adopted(shop)
    if "Value" in new:
        change(shop, "shop/people.py", "Query, State", "Query, State, Value")
    if "Meta" in new:
        first = "from typing import Annotated\n\nfrom monocyte import Meta"
        change(shop, "shop/people.py", "from monocyte import Cell", f"{first}, Cell")
    change(shop, "shop/people.py", old, new)
    assert said(shop, lock, "people") == wanted
    assert list(drifts("people", facts(shop)["people"], lock.cells["people"])) == []


def test_definitions_in_another_order_mean_the_same(shop: Path) -> None:
    """As long as Python reads them."""
    lock = adopted(shop)
    file = shop / "shop" / "people.py"
    text = file.read_text("utf-8")
    total = text[text.index("def total") : text.index("@cell.evolves")]
    file.write_text(
        text.replace(total, "").replace(
            "@cell.handles\ndef join", total + "@cell.handles\ndef join"
        ),
        "utf-8",
    )
    assert facts(shop)["people"] == lock.cells["people"].facts


def test_a_word_that_is_used_takes_its_users_along(shop: Path) -> None:
    """The contract of a neighbour changed: who uses that word is regenerated, for that."""
    lock = adopted(shop)
    old, new = (
        "class Person(Event):\n    name: str",
        'class Person(Event):\n    name: str\n    email: str = ""',
    )
    change(shop, "shop/people.py", old, new)
    assert said(shop, lock, "people") == ["Person.email is new"]
    assert said(shop, lock, "greeter") == ["the contract of people changed: Person.email is new"]


def test_a_word_that_is_not_used_concerns_nobody(shop: Path) -> None:
    """Selective: the greeter does not count."""
    lock = adopted(shop)
    change(
        shop,
        "shop/people.py",
        "class Count(Query[int]):\n    pass",
        'class Count(Query[int]):\n    of: str = ""',
    )
    assert said(shop, lock, "people") == ["Count.of is new"]
    assert said(shop, lock, "greeter") == []


def test_a_neighbours_code_concerns_nobody(shop: Path) -> None:
    """Rules and behaviour are private."""
    lock = adopted(shop)
    change(shop, "shop/people.py", "return len(register.names)", "return len({*register.names})")
    change(shop, "shop/people.py", "Nobody joins twice.", "Once is enough.")
    assert said(shop, lock, "greeter") == []


DRIFTS: dict[str, tuple[str, str, list[Drift]]] = {
    "a handler": (
        "Person(it.name)",
        'Person(it.name or "x")',
        [Drift("people", "join", "was edited by hand")],
    ),
    "what it calls": (
        "return len(register.names)",
        "return 1",
        [Drift("people", "total", "was edited by hand")],
    ),
    "an evolver": (
        "(*register.names, it.name)",
        "(it.name,)",
        [Drift("people", "enter", "was edited by hand")],
    ),
    "the state": (
        "names: tuple[str, ...] = ()",
        "names: tuple[str, ...] = ('x',)",
        [Drift("people", "Register", "was edited by hand")],
    ),
    "a new function": (
        "def total(",
        "def half(register: Register) -> int:\n    return 1\n\n\ndef total(",
        [Drift("people", "half", "was written by hand")],
    ),
    "a function that is gone": (
        "def total(register: Register) -> int:\n    return len(register.names)\n\n\n",
        "",
        [
            Drift("people", "count", "was edited by hand"),
            Drift("people", "total", "is not there any more"),
        ],
    ),
}


@pytest.mark.parametrize(("old", "new", "wanted"), DRIFTS.values(), ids=DRIFTS)
def test_an_edit_of_a_generated_part_is_drift_and_no_reason(
    old: str, new: str, wanted: list[Drift], shop: Path
) -> None:
    """Whoever regenerates would lose it."""
    lock = adopted(shop)
    if not new:
        change(shop, "shop/people.py", "return total(register)", "return len(register.names)")
        change(
            shop,
            "shop/people.py",
            "def total(register: Register) -> int:\n    return len(register.names)\n\n\n",
            "",
        )
    else:
        change(shop, "shop/people.py", old, new)
    now = facts(shop)["people"]
    assert list(drifts("people", now, lock.cells["people"])) == wanted
    assert said(shop, lock, "people") == []


def test_what_answered_a_word_goes_with_it(shop: Path) -> None:
    """Whoever takes a word away has to; what was edited beside is told all the same."""
    lock = adopted(shop)
    for piece in COUNTING:
        change(shop, "shop/people.py", piece, "")
    assert list(drifts("people", facts(shop)["people"], lock.cells["people"])) == []
    change(shop, "shop/people.py", "(*register.names, it.name)", "(it.name, *register.names)")
    told = list(drifts("people", facts(shop)["people"], lock.cells["people"]))
    assert told == [Drift("people", "enter", "was edited by hand")]


def test_a_cell_that_nobody_knows_is_new(shop: Path) -> None:
    """It has no past, so nothing in it is drift."""
    now = facts(shop)["people"]
    assert [it.kind for it in reasons(now, None, None, ())] == ["new"]
    assert list(drifts("people", now, None)) == []


WRITERS = {
    "the same": (Written("writer", "1"), []),
    "another digest": (Written("writer", "2"), ["the pin `writer` changed"]),
    "another pin": (Written("other", "1"), ["`other` writes it now, and `writer` did"]),
    "another template": (Written("writer", "1", "t2"), ["the prompt template changed"]),
    "nobody": (None, []),
}


@pytest.mark.parametrize(("written", "wanted"), WRITERS.values(), ids=WRITERS)
def test_who_wrote_it_is_a_reason(written: Written | None, wanted: list[str], shop: Path) -> None:
    """If that would not write it today."""
    now = facts(shop)["people"]
    locked = Locked(plan="p", pin="writer", pin_digest="1", template="t1", facts=now)
    assert [it.said for it in reasons(now, locked, written, ())] == wanted


def test_what_was_adopted_was_written_by_nobody(shop: Path) -> None:
    """So no pin is a reason to write it anew."""
    now = facts(shop)["people"]
    assert list(reasons(now, Locked(facts=now), Written("writer", "1"), ())) == []


def test_a_mutant_that_survives_is_a_reason(shop: Path) -> None:
    """And so is what else a model can mend; what is for people is not."""
    now = facts(shop)["people"]
    found = [
        finding("mutant-survived", "people", "shop/people.py:3", "`<` for `<=` survives", ""),
        finding("prose-dangling", "people", "shop/people.py:3", "`nobody` means nothing", ""),
        finding("waivers-many", "people", "shop/people.py:3", "too many", ""),
    ]
    (only,) = reasons(now, Locked(facts=now), None, found)
    assert only.said == "mutant-survived: `<` for `<=` survives"


def test_every_finding_that_is_a_reason_exists() -> None:
    """And every reason is explained."""
    assert set(FINDING_KINDS) >= FINDINGS
    assert all(KINDS.values())


def test_what_is_known_of_the_same_text_is_taken_over(shop: Path) -> None:
    """With the same result as reading it again, also when a neighbour has changed."""
    manifests = load(shop)
    before = {it.name: facts_of(it, manifests) for it in manifests}
    old, new = "class Person(Event):\n    name: str", "class Person(Event):\n    name: str = ''"
    change(shop, "shop/people.py", old, new)
    manifests = load(shop)
    greeter = next(it for it in manifests if it.name == "greeter")
    renewed = facts_of(greeter, manifests, before["greeter"])
    assert renewed == facts_of(greeter, manifests)
    assert renewed != before["greeter"]
