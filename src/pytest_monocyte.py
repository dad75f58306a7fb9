"""The door through which pytest finds Monocyte: loaded in every run of pytest, so it does nothing.

Only where a directory has a `monocyte.toml`, or one above it, anything of Monocyte is imported:
then `monocyte.literate.collector` makes items of what the cells of that app declare.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from monocyte.literate.collector import Apps

FILE = "monocyte.toml"

MARKS = (
    "scenario: an example that must come true (Monocyte)",
    "decision: what was decided, checked against a World (Monocyte)",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, where they mean something; elsewhere others may use the names."""
    if Door.root_of(Path.cwd()) is not None:
        group = parser.getgroup("monocyte")
        text = "How many schedules of each scenario to try; the first is the plain one."
        group.addoption("--seeds", type=int, default=1, metavar="N", help=text)
        text = "Seconds that a scenario may take; 0: for ever."
        group.addoption("--scenario-timeout", type=float, metavar="S", help=text)


def pytest_configure(config: pytest.Config) -> None:
    """Say what the marks mean."""
    for mark in MARKS:
        config.addinivalue_line("markers", mark)
    config.pluginmanager.register(Door(config), "monocyte-door")


class Door:
    """Knows where the apps are; opens only for files of their packages."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._roots: dict[Path, Path | None] = {}
        self._apps: Apps | None = None

    @staticmethod
    def root_of(folder: Path) -> Path | None:
        """The nearest directory with a `monocyte.toml`, upwards."""
        above = (folder, *folder.parents)
        return next((it for it in above if (it / FILE).is_file()), None)

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Pass over an app inside of an app, a copy among its data: it has the same modules."""
        if not (collection_path / FILE).is_file() or self.root_of(collection_path.parent) is None:
            return None
        asked = (self._config.invocation_params.dir / it.split("::")[0] for it in self._config.args)
        return None if any(it.resolve().is_relative_to(collection_path) for it in asked) else True

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> object:
        """Make a collector of a file that declares a cell, or journeys."""
        apps = self._open(file_path)
        return None if apps is None else apps.collector(file_path, parent)

    def pytest_pycollect_makemodule(self, module_path: Path, parent: pytest.Collector) -> object:
        """Keep pytest from importing such a file as a module of tests, under another name."""
        apps = self._open(module_path)
        return None if apps is None else apps.nothing(module_path, parent)

    def _open(self, file: Path) -> Apps | None:
        if file.suffix != ".py":
            return None
        folder = file.parent
        if folder not in self._roots:
            self._roots[folder] = self.root_of(folder)
        root = self._roots[folder]
        if root is None:
            return None
        if self._apps is None:
            from monocyte.literate.collector import Apps  # noqa: PLC0415 (see above)
            from monocyte.runtime import read_settings  # noqa: PLC0415

            self._apps = Apps(self._config, lambda at: read_settings(at).app.cells)
        self._apps.open(root)
        return self._apps
