"""Each test may write an app of its own, and forgets what it imported."""

import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.cell.apps import App

_numbers = count(1)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """An empty app whose package has a name of its own."""
    modules, path = set(sys.modules), list(sys.path)
    package = f"written{next(_numbers)}"
    yield App(tmp_path, package)
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name.partition(".")[0] == package:
            del sys.modules[name]
