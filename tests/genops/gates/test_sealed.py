"""What people own is theirs: a model's change to it is refused, a person's is shown."""

from pathlib import Path

import pytest

from tests.genops.gates.changes import HONEST, case, found, kinds, verdict

ATTACKS = {
    "a weaker assertion": (
        ('assert lise.ask(WhoHas("Optics")) is None', "lise.ask(WhoHas('Optics'))"),
        "sealed-changed",
    ),
    "a scenario that is not played any more": (
        ("@cell.scenario\ndef not_for_ever", "def not_for_ever"),
        "sealed-removed",
    ),
    "a rule that says something else": (
        ("thirty days at most", "ninety days at most"),
        "sealed-changed",
    ),
    "a rule under another ID": (('"LOAN-2"', '"LOAN-9"'), "sealed-removed"),
    "a word with a looser type": (
        ("    book: str\n    days: int = 14", "    book: str\n    days: float = 14"),
        "sealed-changed",
    ),
    "a helper of the scenarios": (
        (
            "    return timedelta(days=14)\n",
            "    return timedelta(days=14)\n\n\ndef held2() -> None: ...\n\n\nONE = FEW\n",
        ),
        "sealed-rebound",
    ),
    "a rule of its own": (
        ("LONGEST = 30", 'MINE = cell.rule("LOAN-7", "Anything goes.")\nLONGEST = 30'),
        "sealed-added",
    ),
    "a row that is gone": (("for days in (0, 31):", "for days in (0,):"), "sealed-changed"),
}


@pytest.mark.parametrize(("edit", "kind"), ATTACKS.values(), ids=ATTACKS)
def test_a_model_may_not_touch_what_is_sealed(
    tmp_path: Path, edit: tuple[str, str], kind: str
) -> None:
    """Each attack is refused as what it is; a person's change of that sort waits for approval."""
    assert kind in kinds(case(tmp_path / "model", (edit,)), "sealed")
    assert not verdict(case(tmp_path / "again", (edit,)), "sealed").passed
    theirs = verdict(case(tmp_path / "person", (edit,), author="person"), "sealed")
    assert theirs.passed
    assert any(it.severity == "approval" for it in theirs.findings)


HARMLESS = {
    "a local variable of a scenario": (
        (
            '    ada, lise = lab.by("ada"), lab.by("lise")\n    for book in',
            '    # two readers\n    ada, lise = lab.by("ada"), lab.by("lise")\n    for book in',
        ),
    ),
    "the order of definitions": (("LONGEST = 30\nPER_WEEK = 5", "PER_WEEK = 5\nLONGEST = 30"),),
    "a refactoring": HONEST,
    "another docstring": (
        ("Neither for no day, nor for longer than a month", "No day is too few"),
    ),
}


@pytest.mark.parametrize("edits", HARMLESS.values(), ids=HARMLESS)
def test_what_means_the_same_is_the_same(
    tmp_path: Path, edits: tuple[tuple[str, str], ...]
) -> None:
    """How it is written is nobody's concern."""
    assert found(case(tmp_path, edits), "sealed") == []


def test_a_scenario_of_the_models_is_an_addition(tmp_path: Path) -> None:
    """It is said, and counts once a person has accepted it."""
    more = "\n\n@cell.scenario\ndef more(lab: World) -> None:\n    assert lab\n"
    edit = ("    return timedelta(days=14)\n", f"    return timedelta(days=14)\n{more}")
    (said,) = found(case(tmp_path, (edit,)), "sealed")
    assert (said.kind, said.severity) == ("unsealed-proof", "note")


def test_a_person_who_asks_more_needs_nobody(tmp_path: Path) -> None:
    """All that was asked is asked still; a model may not do even that."""
    more = ("] == [0, 5, 20]\n", '] == [0, 5, 20]\n    assert lab.by("ada").ask(Fee(8)) == 5\n')
    (theirs,) = found(case(tmp_path / "person", (more,), author="person"), "sealed")
    assert (theirs.kind, theirs.severity) == ("proof-extended", "note")
    assert not verdict(case(tmp_path / "model", (more,)), "sealed").passed


LONGER = ("thirty days at most", "sixty days at most")
SCENARIO = ("for days in (0, 31):", "for days in (0, 61):")


@pytest.mark.parametrize("edits", [(LONGER, SCENARIO), (SCENARIO,)])
def test_a_person_changes_a_rule_and_what_shows_it(
    tmp_path: Path, edits: tuple[tuple[str, str], ...]
) -> None:
    """Then the rule explains the scenario; alone, nothing does."""
    what = case(tmp_path, edits, author="person")
    said = verdict(what._replace(rules=frozenset(["LOAN-3"] if LONGER in edits else [])), "sealed")
    assert ("behaviour-unexplained" in said.classes) is (LONGER not in edits)
    assert said.passed
    assert any(it.severity == "approval" for it in said.findings)


def test_what_cannot_be_read_has_not_passed(tmp_path: Path) -> None:
    """Half a file, or a cell whose name is worked out."""
    assert "unreadable" in kinds(case(tmp_path / "half", {"shop/loans.py": "def f(:\n"}), "sealed")
    made = (('cell = Cell("loans", state', 'cell = Cell("lo" + "ans", state'),)
    assert "unreadable" in kinds(case(tmp_path / "made", made), "sealed")
