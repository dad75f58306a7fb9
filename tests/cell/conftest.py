"""Each test gets an app of its own, and forgets what it imported."""

import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.cell.apps import App

_numbers = count(1)


@pytest.fixture(autouse=True)
def _forget_imports() -> Iterator[None]:
    """Leave `sys.modules` and `sys.path` as they were: apps of tests share their names."""
    modules, path = set(sys.modules), list(sys.path)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        file = getattr(sys.modules[name], "__file__", None) or str(name)
        if name.partition(".")[0].startswith("app") or "pytest-" in file:
            del sys.modules[name]


@pytest.fixture
def app(tmp_path: Path) -> App:
    """An empty app whose package has a name of its own."""
    return App(tmp_path, f"app{next(_numbers)}")


AppMaker = Callable[[str], App]


@pytest.fixture
def app_in(tmp_path: Path) -> AppMaker:
    """Apps of one package name in different directories."""
    return lambda directory: App(tmp_path / directory, "app_of_one_name")
