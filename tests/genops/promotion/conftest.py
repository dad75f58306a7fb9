"""A team with an app, in a repository; on a branch, a rule was added and committed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.genops.ledger.facts import Hand
from tests.genops.plans import toys
from tests.genops.promotion import stage

pytest.importorskip("securesystemslib")


@pytest.fixture
def clock() -> Hand:
    """A clock that is set by hand."""
    return Hand()


@pytest.fixture
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The app, adopted; ada and bob have keys; then a rule was added."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    with toys.fresh():
        yield stage.team(tmp_path / "app")
