"""Every scenario of every cell, for pytest."""

from pathlib import Path

import pytest

from monocyte.cell import load_package
from monocyte.literate.scenarios import play
from monocyte.testing import World

ROOT = Path(__file__).parents[1]
LOADED = load_package(ROOT, "desk")
SCENARIOS = [(cell.name, it) for cell in LOADED.manifests for it in cell.scenarios]


@pytest.mark.parametrize(
    ("name", "scenario"), SCENARIOS, ids=[f"{name}.{it.name}" for name, it in SCENARIOS]
)
def test_scenario(name: str, scenario: object) -> None:
    """It comes true."""
    with World(*LOADED.manifests) as world:
        play(scenario.play, world)
