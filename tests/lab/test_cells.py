"""The cells of the lab: well formed, small, in their order; and their scenarios come true."""

import ast
import tomllib
from pathlib import Path

import pytest

from monocyte.cell import Loaded, Manifest, Scenario, load_package
from monocyte.contracts.codec import decode, encode
from monocyte.contracts.tokens import estimate
from monocyte.literate.artefacts import Artefact, artefacts_of
from monocyte.literate.runbooks.rehearsals import artefacts as rehearsals_of
from monocyte.testing import World

CELLS = (
    "digests",
    "equipment",
    "instruments",
    "notebook",
    "notices",
    "people",
    "samples",
    "stock",
)
LAB = Path(__file__).parents[2] / "examples" / "lab"
HEADINGS = [
    "# ## Words",
    "# ## Rules and behaviour",
    "# ## Scenarios and decisions",
    "# ## When it breaks",
]


def manifest(loaded: Loaded, name: str) -> Manifest:
    """The cell of that name."""
    return next(it for it in loaded.manifests if it.name == name)


def neighbours(file: Path) -> set[str]:
    """The cells of the lab whose words a file imports."""
    nodes = ast.walk(ast.parse(file.read_text("utf-8")))
    imports = [node for node in nodes if isinstance(node, ast.ImportFrom)]
    modules = {node.module.removeprefix("lab.") for node in imports if node.module} & {*CELLS}
    return modules | {n.name for node in imports if node.module == "lab" for n in node.names}


def scenarios() -> list[Scenario]:
    """Those of all cells."""
    return [it for cell in load_package(LAB, "lab").manifests for it in cell.scenarios]


def decisions_and_runbooks() -> list[Artefact]:
    """Those of all cells, as something that runs."""
    manifests = load_package(LAB, "lab").manifests
    runbooks = [it for cell in manifests for it in rehearsals_of(cell, manifests)]
    return [it for it in artefacts_of(manifests) if it.kind == "decision"] + runbooks


def test_eight_cells_load_without_a_fault(loaded: Loaded) -> None:
    """Every file of the package that is a cell is well formed."""
    assert [str(fault) for fault in loaded.faults] == []
    assert tuple(sorted(it.name for it in loaded.manifests)) == CELLS


def test_the_app_names_its_package(lab_folder: Path) -> None:
    """`monocyte.toml` points at the cells beside it."""
    told = tomllib.loads((lab_folder / "monocyte.toml").read_text("utf-8"))
    assert told["app"] == {"name": "lab", "cells": "lab"}
    assert told.keys() == {"app", "gateway", "journal"}


@pytest.mark.parametrize(
    ("cell", "known"),
    [
        ("people", set()),
        ("equipment", {"people"}),
        ("instruments", {"equipment", "people"}),
        ("samples", {"people"}),
        ("stock", {"people", "samples"}),
        ("notebook", {"people", "samples"}),
        ("notices", {*CELLS} - {"digests", "notices"}),
        ("digests", {"notebook", "notices", "people"}),
    ],
)
def test_a_cell_knows_only_these_neighbours(lab_folder: Path, cell: str, known: set[str]) -> None:
    """Imports run one way, and nobody knows the digests."""
    assert neighbours(lab_folder / "lab" / f"{cell}.py") == known


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_reads_from_top_to_bottom(lab_folder: Path, cell: str) -> None:
    """Purpose, words, behaviour, what proves it, what to do: in this order, in one small file."""
    text = (lab_folder / "lab" / f"{cell}.py").read_text("utf-8")
    assert text.startswith('"""# ')
    assert [line for line in text.splitlines() if line.startswith("# ## ")] == HEADINGS
    assert estimate(text) <= 4_000


@pytest.mark.parametrize("cell", CELLS)
def test_rule_numbers_run_on(loaded: Loaded, cell: str) -> None:
    """Numbered from 1 without a gap, retired ones included; each is a full sentence."""
    it = manifest(loaded, cell)
    texts = {id: rule.text for id, rule in it.rules.items()}
    texts |= {id: rule.text for id, rule in it.retired.items()}
    prefix = next(iter(texts)).partition("-")[0]
    assert texts.keys() == {f"{prefix}-{n}" for n in range(1, len(texts) + 1)}
    assert all(text[0].isupper() and text.endswith(".") for text in texts.values())


@pytest.mark.parametrize("cell", CELLS)
def test_an_empty_state_survives_a_snapshot(loaded: Loaded, cell: str) -> None:
    """What a cell starts from can be stored and read back by its annotation alone."""
    state = manifest(loaded, cell).state
    assert decode(state, encode(state())) == state()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("scenario", scenarios(), ids=lambda it: f"{Path(it.where).stem}.{it.name}")
def test_scenario(loaded: Loaded, scenario: Scenario, seed: int) -> None:
    """Every scenario of the lab comes true, whatever the schedule."""
    with World(*loaded.manifests, seed=seed) as lab:
        scenario.play(lab)


@pytest.mark.parametrize("artefact", decisions_and_runbooks(), ids=lambda it: it.id)
def test_decision_or_runbook(artefact: Artefact) -> None:
    """Every check of a decision holds, and every runbook can be run, repeated and undone."""
    artefact.run()
