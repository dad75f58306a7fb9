"""Splicing: what a model wrote goes between what is people's, and nowhere else."""

import ast
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monocyte.errors import GenopsError
from monocyte.genops.generation.splicing import (
    UNSEALED,
    Spliced,
    segments,
    splice,
    unsealed_in,
)
from monocyte.genops.plans.facts import sealed_names
from tests.genops.plans.toys import PEOPLE, change, fresh, load
from tests.genops.plans.toys import app as make_app

BASE = PEOPLE.replace('ADA = "ada"', "# ## Scenarios\n\nADA = 'ada'  # who else\n").replace(
    "class Person(Event):", "# ## Words\n\n\nclass Person(Event):"
)
SEALED = frozenset({"Person", "Join", "Count", "ONCE", "ADA", "ada_joins"})
TOTAL = "def total(register: Register) -> int:\n    return len(register.names)\n"


def spliced(written: str, base: str = BASE, sealed: frozenset[str] = SEALED) -> Spliced:
    """The new file."""
    return splice("people", "shop/people.py", base, written, sealed)


def kinds(it: Spliced) -> list[str]:
    """What was found."""
    return [one.kind for one in it.findings]


def test_what_is_peoples_is_known_from_the_cell(tmp_path: Path) -> None:
    """The same that counts as no drift."""
    with fresh():
        root = make_app(tmp_path / "app")
        change(root, "shop/people.py", 'ADA = "ada"', "ADA = 'ada'  # who else")
        people = next(it for it in load(root) if it.name == "people")
        tree = ast.parse(Path(people.file).read_text("utf-8"))
        assert sealed_names(people, tree) == SEALED
        assert sealed_names(people, tree, ["ada_joins"]) == SEALED - {"ada_joins", "ADA"}


def test_the_same_file_stays_the_same() -> None:
    """Byte by byte."""
    assert spliced(BASE) == Spliced(BASE)


def test_a_generated_part_is_replaced_where_it_stands() -> None:
    """And nothing else moves."""
    better = TOTAL.replace("len(", "sum(1 for _ in ")
    it = spliced(BASE.replace(TOTAL, better))
    assert it == Spliced(BASE.replace(TOTAL, better))


def test_layout_and_comments_of_sealed_parts_are_the_bases() -> None:
    """However the model has laid them out; a comment that it changed is told."""
    loose = (
        BASE.replace("# ## Scenarios\n\n", "")
        .replace("# who else", "# whoever")
        .replace("    name: str\n", "    name:  str\n\n", 1)
        .replace('    """Once, and not twice."""', '    """\n    Once, and not twice.\n    """')
    )
    it = spliced(loose)
    assert it.text == BASE
    assert kinds(it) == ["sealed-comment"]
    assert it.findings[0].severity == "note"


def test_new_parts_stand_where_the_model_put_them() -> None:
    """Behind the one before them; a heading of the base is not said twice."""
    more = "\n\ndef twice(register: Register) -> int:\n    return 2 * total(register)\n"
    it = spliced(BASE.replace(TOTAL, TOTAL + more))
    assert it == Spliced(BASE.replace(TOTAL, TOTAL + more))
    last = BASE + "\n\n# ## Scenarios\n\n\ndef last() -> int:\n    return 1\n"
    assert spliced(last).text == BASE + "\n\ndef last() -> int:\n    return 1\n"


def test_what_the_model_took_away_is_away() -> None:
    """But a heading above it stays."""
    base = BASE.replace(TOTAL, f"# ## Sums\n\n\n{TOTAL}")
    it = spliced(base.replace(TOTAL, "").replace("total(register)", "1"), base)
    assert it.text is not None
    assert "def total" not in it.text
    assert "# ## Sums" in it.text


PROOF = '''

@cell.scenario
def bob_joins(lab: World) -> None:
    """Too."""
    lab.by("bob").send(Join("bob"))
'''


def test_a_scenario_by_a_model_is_an_addition_and_unsealed() -> None:
    """It is marked, the mark stays until a person takes it away, and until then it may change."""
    it = spliced(BASE + PROOF)
    assert it.text == BASE + PROOF.replace("@cell", f"{UNSEALED}\n@cell")
    assert kinds(it) == ["proof-added"]
    assert unsealed_in(it.text) == {"bob_joins"}
    other = it.text.replace('"Too."', '"Also."').replace(f"{UNSEALED}\n", "")
    again = spliced(other, it.text)
    assert again.text == it.text.replace('"Too."', '"Also."')
    accepted = it.text.replace(f"{UNSEALED}\n", "")
    refused = spliced(other, accepted, SEALED | {"bob_joins"})
    assert (refused.text, kinds(refused)) == (None, ["sealed-changed"])


def test_imports_are_the_models_but_for_what_sealed_parts_need() -> None:
    """They come back if they are missing, and are never another thing."""
    line = "from monocyte import Cell, Command, Event, Query, State\n"
    more = spliced(BASE.replace(line, f"import math\n{line}"))
    assert more.text == BASE.replace(line, f"import math\n{line}")
    less = spliced(BASE.replace("from monocyte.testing import World\n", ""))
    assert less.text == BASE
    gone = spliced(BASE.replace(line, line.replace(", Query", "")))
    assert gone.text is not None
    assert "from monocyte import Query\n" in gone.text


ATTACKS = {
    "a rule reworded": ("Nobody joins twice.", "Anybody joins.", ["sealed-changed"]),
    "a rule taken away": (
        'ONCE = cell.rule("PEOPLE-1", "Nobody joins twice.")\n',
        "",
        ["sealed-gone"],
    ),
    "a rule invented": (
        "ONCE =",
        'MORE = cell.rule("PEOPLE-2", "More.")\nONCE =',
        ["rule-invented"],
    ),
    "an assertion weakened": (
        "lab.by(ADA).ask(Count()) == 1",
        "lab.ask(Count()) >= 1",
        ["sealed-changed"],
    ),
    "a story reworded": ("Once, and not twice.", "Once, or twice.", ["sealed-changed"]),
    "a word changed": (
        "class Person(Event):\n    name: str",
        "class Person(Event):\n    name: str = ''",
        ["sealed-changed"],
    ),
    "what a scenario stands on": ("'ada'", "'bob'", ["sealed-changed"]),
    "the text at the top": ("who is here.", "who was here.", ["sealed-prose"]),
    "the scenario defined again": (
        "def total",
        "def ada_joins(lab: World) -> None: ...\n\n\ndef total",
        ["name-twice", "answer-half"],
    ),
    "the scenario assigned": ("def total", "ada_joins = None\n\n\ndef total", ["name-twice"]),
    "the scenario assigned with another": (
        "def total",
        "ada_joins, b = 1, 2\n\n\ndef total",
        ["name-shadowed"],
    ),
    "an import of another thing": (
        "from monocyte.testing import World",
        "from shop.easy import World",
        ["name-shadowed"],
    ),
    "a class of that name": ("def total", "class World: ...\n\n\ndef total", ["name-shadowed"]),
    "a class of that name in a condition": (
        "def total",
        "if 1:\n    class World: ...\n\n\ndef total",
        ["statement-bare", "name-shadowed"],
    ),
    "a function that sets it": (
        "    return len(",
        "    global ONCE\n    ONCE = None\n    return len(",
        ["name-shadowed"],
    ),
    "everything of a module": (
        "class Register",
        "from shop.easy import *\n\n\nclass Register",
        ["name-shadowed"],
    ),
    "a builtin": ("class Register", "str = int\n\n\nclass Register", ["name-shadowed"]),
    "something that is done": ("def total", "print(1)\n\n\ndef total", ["statement-bare"]),
    "something that is patched": (
        "def total",
        "World.ask = lambda *_: 1\n\n\ndef total",
        ["statement-bare"],
    ),
    "a rule deleted": ("def total", "del ONCE\n\n\ndef total", ["statement-bare", "name-shadowed"]),
    "a waiver": (
        "def total",
        'cell.waives("x", until="2030-01-01")\n\n\ndef total',
        ["waiver-invented"],
    ),
    "another name of the cell": ('Cell("people"', 'Cell("folk"', ["cell-renamed"]),
    "a stub": (
        "    return len(register.names)",
        "    ...",
        ["answer-half"],
    ),
    "two statements on a line": ("ADA =", "x = 1; ADA =", ["answer-syntax"]),
}


@pytest.mark.parametrize(("old", "new", "wanted"), ATTACKS.values(), ids=ATTACKS)
def test_what_a_model_may_not_is_a_finding(old: str, new: str, wanted: list[str]) -> None:
    """Neither applied nor dropped in silence: there is no text, and it is said where and why."""
    assert BASE.count(old) >= 1, old
    it = spliced(BASE.replace(old, new, 1))
    assert (it.text, kinds(it)) == (None, wanted)
    assert all(one.said and one.where.startswith("shop/people.py") for one in it.findings)


ALLOWED = {
    "a new word": ("class Register", "class Note(Event):\n    x: int\n\n\nclass Register"),
    "another state": ("names: tuple[str, ...] = ()", "names: tuple[str, ...] = ()\n    n: int = 0"),
    "a constant": ("def total", "MOST = 3\n\n\ndef total"),
    "a local name": ("    return len(", "    World = 1\n    return len("),
}


@pytest.mark.parametrize(("old", "new"), ALLOWED.values(), ids=ALLOWED)
def test_what_a_model_may_is_taken(old: str, new: str) -> None:
    """As it wrote it."""
    assert spliced(BASE.replace(old, new)).text == BASE.replace(old, new)


def test_line_ends_and_a_byte_order_mark_stay() -> None:
    """Those of the base, also in what the model wrote."""
    base = "\ufeff" + BASE.replace("\n", "\r\n")
    it = spliced(BASE.replace("len(register.names)", "1"), base)
    assert it.text == base.replace("len(register.names)", "1")


def test_a_base_that_cannot_be_parted_is_an_error() -> None:
    """Of whoever wrote it, with the line."""
    with pytest.raises(GenopsError, match="line 3 has two statements"):
        spliced(
            BASE, BASE.replace("\n\nfrom monocyte import", "\n\nx = 1; from monocyte import", 1)
        )


def test_segments_are_the_whole_file() -> None:
    """Nothing is lost between them."""
    parts, below = segments(BASE)
    assert "".join(it.text for it in parts) + below == BASE


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_is_written_the_sealed_parts_stay(data: st.DataObject) -> None:
    """Parts dropped, doubled, exchanged: there is no text, or every sealed part is in it."""
    parts, below = segments(BASE)
    chosen = data.draw(st.lists(st.sampled_from(parts), max_size=24))
    texts = [it.text.replace("name", "n", data.draw(st.integers(0, 1))) for it in chosen]
    written = "".join(texts) + below
    it = spliced(written)
    assert (it.text is None) == any(one.severity == "error" for one in it.findings)
    if it.text is not None:
        sealed = [one for one in parts if one.key in SEALED or one.key == "prose"]
        assert all(one.near + one.body in it.text for one in sealed)
