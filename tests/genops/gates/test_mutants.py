"""The gate of mutants: what could be broken unseen, judged by proofs that people own."""

from pathlib import Path

import pytest

from monocyte.genops.gates.case import Author
from tests.genops.gates.changes import case, verdict

ROUNDED = ("    return weeks * PER_WEEK", "    return weeks * PER_WEEK if it.days < 400 else 300")
NOTICED = '''@cell.scenario
def four_hundred_days_are_dear(lab: World) -> None:
    """As dear as it gets."""
    assert lab.by("ada").ask(Fee(400)) == 300
    assert lab.by("ada").ask(Fee(399)) == 285


@cell.scenario
def ada_reads_a_lot('''


@pytest.mark.parametrize(("author", "left"), [("model", {"mutant-survived"}), ("person", set())])
def test_a_model_does_not_vouch_for_itself(tmp_path: Path, author: Author, left: set[str]) -> None:
    """A scenario that it adds beside what it hides makes that no better; a person may add one."""
    edits = (ROUNDED, ("@cell.scenario\ndef ada_reads_a_lot(", NOTICED.rstrip()))
    said = verdict(case(tmp_path, edits)._replace(author=author), "mutation")
    assert {it.kind for it in said.findings if it.severity != "note"} == left
    assert ("behaviour-unexplained" in said.classes) == bool(left)


def test_where_a_boundary_belongs_to_is_a_hint(tmp_path: Path) -> None:
    """That nobody asks for it makes a change no graver; what else could be broken does."""
    edit = (
        "    weeks = it.days // 7\n",
        "    weeks = it.days // 7\n    if weeks > 3:\n        weeks += 0\n",
    )
    said = verdict(case(tmp_path, (edit,)), "mutation")
    kinds = {it.kind: it.severity for it in said.findings}
    assert kinds["boundary-unasked"] == "note"
    assert "mutant-survived" in kinds
