"""The gates that run a change otherwise than by scenarios: history, cost, claims and mutants."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from monocyte.genops.gates.cost import judged
from monocyte.genops.gates.kinds import found as row_of
from monocyte.genops.gates.stations.measuring import Cost
from monocyte.genops.pins import Judging
from tests.genops.gates.changes import HONEST, Edits, case, found, kinds, verdict

FORGOTTEN = (
    (
        "class Returned(Event):\n    book: str",
        "class Returned(Event):\n    title: str",
    ),
    ("    return Returned(it.book)", "    return Returned(it.book + '')"),
    ("    del shelf.lent[it.book]", "    del shelf.lent[it.title]"),
)

HISTORY: dict[str, tuple[Edits, str]] = {
    "a field under another name": (FORGOTTEN, "history-lost"),
    "an event that is folded otherwise": (
        (("    shelf.lent[it.book] = it.who", "    shelf.lent[it.book] = it.who.upper()"),),
        "history-otherwise",
    ),
    "a word that nobody knows any more": (
        (
            ("class WhoHas(Query[str | None]):", "class Holder(Query[str | None]):"),
            ("def who_has(it: WhoHas,", "def who_has(it: Holder,"),
        ),
        "wire-otherwise",
    ),
}


@pytest.mark.parametrize(("edits", "kind"), HISTORY.values(), ids=HISTORY)
def test_the_past_is_understood(tmp_path: Path, edits: Edits, kind: str) -> None:
    """Events of the base load and lead to the same; what was said before is taken."""
    assert kind in kinds(case(tmp_path, edits, author="person"), "compat")


def test_an_honest_change_has_the_same_past(tmp_path: Path) -> None:
    """However it is written."""
    assert found(case(tmp_path, HONEST), "compat") == []


SLOW = (
    "    weeks = it.days // 7\n",
    "    sorted(range(3000), key=lambda n: -n)\n    weeks = it.days // 7\n",
)


def test_what_takes_longer_is_slower(tmp_path: Path) -> None:
    """A query that computes for nothing is named, with what a call takes."""
    (said,) = found(case(tmp_path, (SLOW,)), "cost")
    assert said.kind == "slower"
    assert said.said.startswith("Fee takes ")


def test_an_honest_change_costs_the_same(tmp_path: Path) -> None:
    """Turn by turn in one process, by the processor's time."""
    assert found(case(tmp_path, HONEST), "cost") == []


def cost(seconds: float, each: float, calls: int, memory: int = 0) -> Cost:
    """What one side took."""
    return Cost(seconds, {"Fee": (each * calls, calls)}, memory)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (cost(1.0, 10e-6, 1000), cost(1.1, 20e-6, 1000), []),
        (cost(1.0, 0.0, 2), cost(1.0, 115e-6, 2), []),
        (cost(1.0, 10e-6, 1000), cost(1.2, 200e-6, 1000), ["slower"]),
        (cost(1.0, 10e-6, 1000), cost(1.6, 10e-6, 1000), ["slower"]),
        (cost(1.0, 0, 1, 1 << 20), cost(1.0, 0, 1, 3 << 20), ["heavier"]),
        (cost(1.0, 0, 1, 1 << 10), cost(1.0, 0, 1, 200 << 10), []),
    ],
)
def test_when_a_cost_is_too_much(old: Cost, new: Cost, said: list[str]) -> None:
    """Twice nothing is nothing; what can be noticed is."""

    def finds(kind: str, text: str, **more: str) -> Any:
        return row_of("model", kind, text, **more)

    scene = cast(Any, SimpleNamespace(limits=Judging(), cells=("loans",), found=finds))
    assert [it.kind for it in judged(scene, old, new)] == said


CLAIMS: dict[str, Edits] = {
    "a picture that is out of date": (
        ("    person -> Fee    -> fee\n", "    person -> Fee    -> who_has\n"),
    ),
    "a rule that nothing enforces": (("    FEW.require(held(caller.name, shelf) < 3)\n", ""),),
    "prose about what is not there": (
        ("    weeks = it.days // 7\n", '    """See `nobody`."""\n    weeks = it.days // 7\n'),
    ),
}


@pytest.mark.parametrize("edits", CLAIMS.values(), ids=CLAIMS)
def test_what_a_cell_claims_must_be_so(tmp_path: Path, edits: Edits) -> None:
    """As `monocyte check` has it; what it found in the base already is nobody's change."""
    assert "claim-untrue" in kinds(case(tmp_path, edits), "literate")


def test_an_honest_change_claims_nothing_untrue(tmp_path: Path) -> None:
    """It passes the check, and its mutants are noticed."""
    assert found(case(tmp_path, HONEST), "literate", "mutation") == []


def test_what_nobody_would_notice_is_told(tmp_path: Path) -> None:
    """A branch that no scenario enters can be broken unseen; a person may agree to that."""
    edit = ("    return weeks * PER_WEEK", "    return weeks * PER_WEEK if it.days < 400 else 300")
    said = verdict(case(tmp_path, (edit,)), "mutation")
    assert {it.kind for it in said.findings} == {"mutant-survived"}
    assert said.passed
