"""Scenarios of the base are played on the change, and nothing of the change says how they went."""

from pathlib import Path

import msgspec
import pytest

from monocyte.genops.gates.locked import Sealed, judged
from monocyte.semdiff.workers import Fate, Report
from tests.genops.gates.changes import HONEST, case, found, kinds, verdict

IMPORT = "from datetime import timedelta\n"

ATTACKS = {
    "the limit is higher": (("LONGEST = 30", "LONGEST = 31"), "scenario-failed"),
    "and the scenario is made to fit": (("for days in (0, 31):", "for days in (0, 32):"), ""),
    "it ends the process when it is asked": (
        ("    weeks = it.days // 7\n", "    import os; os._exit(0)\n    weeks = it.days // 7\n"),
        "scenario-failed",
    ),
    "it ends the process when it is loaded": (
        (IMPORT, f"{IMPORT}import ctypes\nctypes.CDLL(None)._exit(0)\n"),
        "run-ended",
    ),
    "it patches the runner": (
        (IMPORT, f"{IMPORT}import monocyte.literate.scenarios as s\ns.play = lambda *a: None\n"),
        "run-forged",
    ),
    "it makes every refusal come true": (
        (
            "LONGEST = 30",
            (
                "from contextlib import nullcontext\nfrom monocyte.cell import Rule\n"
                "Rule.refuses = lambda self: nullcontext()\nLONGEST = 31"
            ),
        ),
        "run-forged",
    ),
    "it does not load": (("cell = Cell(", "1 / 0\ncell = Cell("), "not-loaded"),
}


@pytest.mark.parametrize(("edit", "kind"), ATTACKS.values(), ids=ATTACKS)
def test_a_change_cannot_answer_for_itself(
    tmp_path: Path, edit: tuple[str, str], kind: str
) -> None:
    """Whatever it does to the process or the runner, it fails, and for that reason."""
    said = kinds(case(tmp_path, (edit,)), "scenarios")
    assert (kind in said) if kind else (said == set())


def test_a_scenario_that_was_made_to_fit_is_not_the_one_that_counts(tmp_path: Path) -> None:
    """The base's own text is played."""
    edits = (("LONGEST = 30", "LONGEST = 31"), ("for days in (0, 31):", "for days in (0,):"))
    (said,) = [it for it in found(case(tmp_path, edits), "scenarios") if "base" in it.said]
    assert said.kind == "scenario-failed"
    assert "not_for_ever" in said.said


def test_an_honest_change_passes(tmp_path: Path) -> None:
    """And a scenario of its own is played, too."""
    assert verdict(case(tmp_path, HONEST), "scenarios").passed
    more = "\n\n@cell.scenario\ndef more(lab: World) -> None:\n    assert not lab\n"
    edit = (("    return timedelta(days=14)\n", f"    return timedelta(days=14)\n{more}"),)
    (said,) = found(case(tmp_path / "more", edit), "scenarios")
    assert "more of the change fails" in said.said


KEY = b"k" * 32


@pytest.mark.parametrize(
    ("report", "wrong"),
    [
        (Report(Fate.EXITED, detail="exit code 0"), "run-ended"),
        (Report(Fate.TIMED_OUT), "run-ended"),
        (Report(Fate.GARBAGE), "run-forged"),
        (Report(Fate.DONE, b"all passed"), "run-forged"),
        (Report(Fate.DONE, msgspec.msgpack.encode(Sealed(b"all passed", b"0" * 32))), "run-forged"),
    ],
)
def test_an_answer_without_the_seal_is_none(report: Report, wrong: str) -> None:
    """However a process ends, what the judge has not sealed was not said."""
    assert judged(KEY, report).wrong == wrong
