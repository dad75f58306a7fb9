"""The benchmark of fifty regenerations: its model, its measures, and two of its rounds."""

import ast

import pytest

from benchmarks.genops.desks import BEGUN, FIXES, NOUNS, PACKAGE, asked, done, forgotten, tidy
from benchmarks.genops.regenerations import debts, left, run
from benchmarks.genops.wordy import Scripted, edits, said_so, unblocked, without
from monocyte.genops.debt.measures import measure
from monocyte.genops.generation.answers import read_answer
from monocyte.genops.models.interface import Answer

for module in ("openai", "securesystemslib", "complexipy", "vulture"):
    pytest.importorskip(module)

SETTINGS = f'[app]\nname = "desks"\ncells = "{PACKAGE}"\n'
WHOLE = {f"{PACKAGE}/{it.cell}.py": tidy(it, FIXES[it.cell]) for it in NOUNS}
WANTED = [(it, fix) for it in NOUNS for fix in FIXES[it.cell]]


@pytest.mark.timeout(300)
def test_by_hand_everything_holds() -> None:
    """There are fifty fixes to come; the app by hand has them all, is tidy, and its cells fit."""
    assert len(WANTED) - BEGUN * len(NOUNS) == 50
    found = left(WHOLE, SETTINGS, WANTED)
    assert found == {"fixes": 65, "scenarios": 65, "enforced": 65, "lost": []}
    by_hand = debts(WHOLE, FIXES)["tidy"]
    assert (by_hand["duplicated"], by_hand["dead"], by_hand["simpler"]) == (0, 0, 0)
    assert by_hand["largest"] < 4000


@pytest.mark.timeout(300)
@pytest.mark.parametrize("turn", range(3))
def test_every_fix_can_be_lost(turn: int) -> None:
    """In each cell another one is; its scenario and its probe notice, and no other."""
    chosen = [FIXES[it.cell][(turn * len(NOUNS) + n) % 13] for n, it in enumerate(NOUNS)]
    lost = {
        f"{PACKAGE}/{it.cell}.py": forgotten(tidy(it, FIXES[it.cell]), fix)
        for it, fix in zip(NOUNS, chosen, strict=True)
    }
    found = left(lost, SETTINGS, WANTED)
    assert found["lost"] == [
        f"{it.cell}: {fix.id or fix.name}" for it, fix in zip(NOUNS, chosen, strict=True)
    ]


@pytest.mark.timeout(300)
def test_the_model_forgets_and_is_wordy_and_can_mend_it() -> None:
    """Its first answer is Python and lacks something; its edits are read as they are meant."""
    model, ends = Scripted(1), {}
    for it in NOUNS:
        fixes = FIXES[it.cell]
        text = tidy(it, fixes[:BEGUN])
        for number in range(BEGUN, len(fixes)):
            model.round, model.due = number, fixes[number]
            base = asked(it, fixes[: number + 1])
            for fix in fixes[:number]:
                base = done(base, fix)
            first = model.first(base)
            assert model.dropped is not None
            assert done(first, model.dropped) != first
            mended = plain(done(first, model.dropped), number)
            answer = Answer(edits(first, mended), "end", "m")
            assert read_answer(answer, it.cell, base, first).text == mended
            text = mended
        ends[f"{it.cell}.py"] = text
    debt = measure(ends).debt
    assert (debt.duplicated, debt.dead, debt.simpler) == (0, (), ())


def plain(text: str, number: int) -> str:
    """A text with nothing of what the model is wordy by."""
    text = unblocked(without(text, f"is_usual_{number}"))
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef):
            text = said_so(text, node.name)
    return text


@pytest.mark.timeout(300)
def test_two_rounds() -> None:
    """Something is forgotten in each, the gates see it, and it is there at the end."""
    report = run(2, gates=("hygiene", "debt"))
    assert [it["promoted"] for it in report["rounds"]] == [True, True]
    assert all(any("rule-dropped" in kinds for kinds in it["found"]) for it in report["rounds"])
    assert report["left"]["lost"] == []


@pytest.mark.timeout(300)
def test_two_rounds_without_gates() -> None:
    """The control fails: what was forgotten is gone."""
    report = run(2, gates=())
    assert [it["answers"] for it in report["rounds"]] == [1, 1]
    assert len(report["left"]["lost"]) == 2
