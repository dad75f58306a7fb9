"""What is said about a survivor names what nobody notices, what to play, and where to look."""

from pathlib import Path

import pytest

from monocyte.literate.mutation.mutants import CHOSEN, Behaviour
from monocyte.literate.mutation.words import SENTENCES, proposal
from tests.cell.apps import App
from tests.literate.mutation.test_mutants import HEAD, TIMED, behaviour

MAKE = "somebody sends Make"
SAID: dict[str, tuple[str, str, list[str]]] = {
    "boundary in a rule": (
        "FEW.require(it.n <= 8)",
        "`it.n < 8`",
        [
            "`it.n` exactly equal to `8`",
            f"{MAKE} with just that, which must be accepted",
            "FEW (SHOP-1) refuses",
        ],
    ),
    "strict boundary in a rule": (
        "FEW.require(it.n < 8)",
        "`it.n <= 8`",
        ["which must be refused", "FEW (SHOP-1) accepts"],
    ),
    "boundary elsewhere": (
        "x = it.n <= 8",
        "`it.n < 8`",
        ["`it.n` exactly equal to `8` in `make`", "look at the answer", "`lab.events(Made)`"],
    ),
    "comparison in a rule": (
        "FEW.require(it.n == 8)",
        "`it.n != 8`",
        ["from its contrary", "inside `with FEW.refuses():`"],
    ),
    "comparison elsewhere": ("x = it.n == 8", "`it.n != 8`", ["`it.n == 8` of `make`"]),
    "a chain": ("FEW.require(1 <= it.n <= 8)", "`1 <= it.n < 8`", ["`it.n` exactly equal to `8`"]),
    "a rule removed": (
        "FEW.require(it.n < 8)",
        "is removed",
        ["Nobody misses FEW (SHOP-1: Not too many.) in `make`", "inside `with FEW.refuses():`"],
    ),
    "a check removed": ("assert it.n", "is removed", ["Nobody misses `assert it.n`"]),
    "number in a rule": (
        "FEW.require(it.n < 8)",
        "`it.n < 9`",
        ["`it.n < 8` becomes `it.n < 9`", "something between the two", "FEW (SHOP-1)"],
    ),
    "number elsewhere": ("x = it.n + 8", "`it.n + 9`", ["the difference matters"]),
    "a role": (
        "FEW.require('chief' in caller.roles)",
        "`'chief!' in caller.roles`",
        ["The word `'chief'` makes no difference", "just that role"],
    ),
    "operand of an or": (
        "FEW.require(it.n < 8 or not caller.roles)",
        "becomes `it.n < 8`",
        ["`not caller.roles` never decides", "it alone holds", "must be accepted"],
    ),
    "operand of an and": (
        "FEW.require(it.n < 8 and not caller.roles)",
        "becomes `it.n < 8`",
        ["it alone does not hold", "inside `with FEW.refuses():`"],
    ),
    "logic": ("x = it.n and 8", "`it.n or 8`", ["tells `it.n and 8` from `it.n or 8`"]),
    "never": ("if it.n:\n    pass", "`if False: pass`", ["`it.n` never holds", "`it.n` holds"]),
    "always": ("if it.n:\n    pass", "`if True: pass`", ["always holds", "does not hold"]),
    "choice": ("x = 1 if it.n else 2", "`1`", ["may always answer `1`"]),
    "loop": ("for n in shelf.made:\n    print(n)", "`for n in (): print(n)`", ["may do nothing"]),
    "filter": (
        "x = [n for n in shelf.made if n > 8]",
        "`for n in shelf.made`",
        ["left out by `if n > 8`", "it must be missing"],
    ),
    "statement": ("shelf.last = 1", "is removed", ["Nobody looks at what `shelf.last = 1` does"]),
    "a call that requires": (
        "few(it)",
        "`few(it)` is removed",
        ["Nobody misses FEW (SHOP-1", "inside `with FEW.refuses():`"],
    ),
    "swapped": ("x = pow(it.n, 2)", "`pow(2, it.n)`", ["arguments 1 and 2 are swapped"]),
    "keyword": ("x = sorted(shelf.made, reverse=True)", "`sorted(shelf.made)`", ["`reverse`"]),
    "twin": ("x = max(shelf.made)", "`min(shelf.made)`", ["two or more that differ"]),
    "sorted": ("x = sorted(shelf.made)", "`shelf.made`", ["in another order"]),
    "forgotten": ("x = abs(it.n)", "becomes `it.n`", ["where it matters"]),
    "return value": ("", "`return None`", ["Nobody looks at what `make` returns"]),
    "raise": ("raise ValueError", "is removed", ["expects just that error"]),
    "range": ("x = range(it.n)", "`range(it.n + 1)`", ["the very first and the very last"]),
    "slice": ("x = shelf.made[:5]", "`:`", ["the slice loses its end"]),
    "anything else": ("x = it.n + 1", "`it.n - 1`", ["is changed (`+` becomes `-`)"]),
}

FEW = "\n\ndef few(it: Make) -> None:\n    FEW.require(it.n < 8)\n"


@pytest.mark.parametrize(("body", "end", "parts"), SAID.values(), ids=SAID)
def test_a_proposal_is_concrete(tmp_path: Path, body: str, end: str, parts: list[str]) -> None:
    """Each operator has its sentence, with the words of the cell in it."""
    cell = behaviour(tmp_path, body or "pass", FEW)
    mutants = [it for it in cell.candidates() if it.key.endswith(end)]
    made = [it for it in mutants if it.mutant.function == "make"]
    said = proposal(made[0], cell, reached=True)
    assert [it for it in parts if it not in said] == [], said
    assert said.endswith(".")


def test_every_sentence_belongs_to_an_operator() -> None:
    """And to one that cells are mutated with."""
    assert set(SENTENCES) - set(CHOSEN) == set()


def test_what_nothing_executes_is_to_be_reached(tmp_path: Path) -> None:
    """It says by which message."""
    cell = behaviour(tmp_path)
    mutant = next(it for it in cell.candidates() if it.mutant.function == "count")
    said = proposal(mutant, cell, reached=False)
    assert said.startswith("Nothing executes `")
    assert "somebody asks Count and gets there, and compare the whole answer" in said


PLAYED = {
    "put": ("Made has happened", "ask Count afterwards"),
    "daily": ("`lab.advance(…)` lets the time pass after Tick", "`lab.events(Made)`"),
    "later": ("just before and just after what Made has set off", "ask Count"),
    "Made.doubled": ("(`put` uses it)", "ask Count"),
}


@pytest.mark.parametrize(("function", "parts"), PLAYED.items(), ids=PLAYED)
def test_it_says_how_a_function_is_reached(
    tmp_path: Path, function: str, parts: tuple[str, ...]
) -> None:
    """By its own message, or by that of who uses it; and which query shows what it changed."""
    loaded = App(tmp_path, "shop_played_" + function.replace(".", "_")).load(
        shop=HEAD.replace("BODY", "pass") + TIMED
    )
    assert not loaded.faults, loaded.faults
    cell = Behaviour(loaded.manifests[0])
    mutant = next(it for it in cell.candidates() if it.mutant.function == function)
    said = proposal(mutant, cell, reached=False)
    assert [it for it in parts if it not in said] == [], said
