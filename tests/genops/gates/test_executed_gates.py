"""The gates that run a change otherwise than by scenarios: history, cost, claims and mutants."""

from pathlib import Path

import pytest

from monocyte.genops.gates.cost import accused
from monocyte.genops.gates.stations.measuring import Call, Measured, Room, comparable
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


SCAN = (
    "    return shelf.lent.get(it.book)\n",
    (
        "    found = [who for _ in range(3000) for b, who in shelf.lent.items() if b == it.book]\n"
        "    return found[0] if found else None\n"
    ),
)


def test_what_looks_through_all_that_there_is_is_slower(tmp_path: Path) -> None:
    """With one book on the shelf nobody would notice; there are many in the end."""
    assert [it.kind for it in found(case(tmp_path, (SCAN,)), "cost")] == ["slower"]


@pytest.mark.parametrize(("answer", "kept"), [(b"1", ["Fee", "kept"]), (b"2", [])])
def test_what_is_kept_is_compared_if_the_same_has_happened(answer: bytes, kept: list[str]) -> None:
    """Whoever refuses more, or answers at length, keeps something else."""
    old = [("Fee", ("replied", b"1"), 10), ("kept", ("", b""), 100)]
    new = [("Fee", ("replied", answer), 10), ("kept", ("", b""), 900)]
    assert [it.what for it in comparable("", old, new)] == kept


def call(old: float, new: float, *, size: int = 0, times: int = 3) -> Call:
    """A call, in microseconds."""
    return Call("Fee", f"0.{size}.0", size, old * 1e-6, new * 1e-6, times, "Fee {}")


def rooms(old: int, new: int) -> Measured:
    """What a step takes, in KiB."""
    return Measured((), (Room("Fee", old << 10, new << 10),))


@pytest.mark.parametrize(
    ("measured", "said"),
    [
        (Measured((call(5, 39),)), []),
        (Measured((call(1000, 1400),)), []),
        (Measured((*[call(5, 5)] * 500, call(5, 80))), ["slower"]),
        (Measured((call(5, 80, times=1),)), []),
        (Measured((call(5, 5000, times=1),)), ["slower"]),
        (Measured(tuple(call(5, 80, times=1) for _ in range(12))), ["slower"]),
        (Measured((call(3, 3, size=1), call(3, 8, size=4), call(4, 35, size=16))), ["slower"]),
        (Measured((call(3, 3, size=1), call(7, 8, size=4), call(30, 35, size=16))), []),
        (Measured((call(3, 3, size=1), call(3, 30, size=4), call(3, 9, size=16))), []),
        (rooms(1000, 3000), ["heavier"]),
        (rooms(1, 200), []),
    ],
)
def test_when_a_cost_is_too_much(measured: Measured, said: list[str]) -> None:
    """Twice nothing is nothing; one slow call among many quick ones is one."""
    assert [it.kind for it in accused(Judging(), measured)] == said


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
    graver = {it.kind for it in said.findings if it.severity != "note"}
    assert graver == {"mutant-survived"}
    assert said.passed
