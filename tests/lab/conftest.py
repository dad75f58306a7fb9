"""The lab app, loaded once as `monocyte run` would load it."""

from pathlib import Path

import pytest

from monocyte.cell import Loaded, load_package

LAB = Path(__file__).parents[2] / "examples" / "lab"


@pytest.fixture(scope="session")
def lab_folder() -> Path:
    """The directory of the app."""
    return LAB


@pytest.fixture(scope="session")
def loaded() -> Loaded:
    """Its cells, and what is wrong with them."""
    return load_package(LAB, "lab")
