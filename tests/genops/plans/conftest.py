"""An app for each test, whose imports are forgotten afterwards."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.genops.plans import toys


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Path]:
    """The app, in a repository."""
    with toys.fresh():
        yield toys.app(tmp_path / "app")
