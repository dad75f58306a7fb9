"""pytest alone finds what the lab declares."""

from pathlib import Path

from monocyte.cell import load_package
from tests.literate.outside import run_pytest

LAB = Path(__file__).parents[2] / "examples" / "lab"


def test_every_scenario_of_the_lab_is_an_item() -> None:
    """Those of its cells and those across them; and all of them pass."""
    loaded = load_package(LAB, "lab")
    scenarios = [s for cell in loaded.manifests for s in cell.scenarios]
    scenarios += [s for journeys in loaded.journeys for s in journeys.scenarios]
    ran = run_pytest(LAB, "-q", "-m", "scenario")
    assert ran.code == 0, ran.text
    assert f"{len(scenarios)} passed" in ran.text
