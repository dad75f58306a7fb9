"""A survey of two programs: contracts seen or described, capabilities, the step, who feels it."""
# ruff: noqa: E501 (tables: one case, one line)

import gc

import pytest

from monocyte.semdiff.contract import Step
from monocyte.semdiff.sources import from_texts
from monocyte.semdiff.surveys import described, survey, surveyed, texts_of
from monocyte.semdiff.verdicts import Verdict

OLD = {
    "shop.py": "from dataclasses import dataclass\n@dataclass\nclass Order:\n    n: int\n\ndef total(x): return x\n",
}
NEW = {
    "shop.py": "import os\nfrom dataclasses import dataclass\n@dataclass\nclass Order:\n    n: str\n\ndef total(x, y):\n    os.remove('x')\n    return x\n",
}  # fmt: skip


def test_a_survey_runs_what_it_claims() -> None:
    """Breaks are CHANGED with a witness, a capability says its way, and the step is major."""
    it = survey(OLD, NEW)
    told = {(f.rule, f.definition): f for f in it.findings()}
    assert told["contract:type-changed", "Order"].verdict is Verdict.CHANGED
    assert told["contract:parameter-added-required", "total"].verdict is Verdict.CHANGED
    assert told["capability:files.write", "total"].verdict is Verdict.UNKNOWN
    assert it.step is Step.MAJOR
    assert it.impact().changed == ("shop.Order", "shop.os", "shop.total")


def test_by_reading_alone_nothing_is_changed() -> None:
    """Without running code there are descriptions only."""
    found = list(described(from_texts(OLD), from_texts(NEW)))
    assert {f.verdict for f in found} == {Verdict.UNKNOWN}
    assert "contract:parameter-added-required" in {f.rule for f in found}


def test_an_analysis_of_trees() -> None:
    """As the orchestrator asks: findings about definitions, in files."""
    found = list(surveyed(from_texts(OLD), from_texts(NEW)))
    assert {str(f.new or f.old).partition(":")[0] for f in found} == {"shop.py"}


@pytest.mark.parametrize("old", [OLD, NEW])
def test_the_same_is_nothing(old: dict[str, str]) -> None:
    """No change demands no step and no line."""
    it = survey(old, dict(old))
    assert (list(it.findings()), it.step) == ([], Step.NONE)


def test_texts_of_a_tree() -> None:
    """What is Python is there under its path."""
    assert texts_of(from_texts(OLD)) == OLD


def test_garbage_is_collected_again() -> None:
    """What a survey switches off for its time is on when it is done."""
    survey(OLD, NEW, run=False)
    assert gc.isenabled()
