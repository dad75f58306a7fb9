"""The composition root: an app from its directory, wired by hand, here and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from monocyte.cell import Manifest, load_package
from monocyte.contracts.facts import Emit, ignore
from monocyte.errors import DefinitionError
from monocyte.runtime import FILE, Runtime, Settings, read_settings

__all__ = ["App", "find_root", "load_app"]


class App(NamedTuple):
    """An app as its directory has it: settings, well-formed cells, and faults of the others."""

    root: Path
    settings: Settings
    cells: tuple[Manifest, ...]
    faults: tuple[DefinitionError, ...]

    def runtime(self, emit: Emit = ignore) -> Runtime:
        """The app, ready to start in this process."""
        return Runtime(self.cells, self.settings, self.root, emit=emit)


def find_root(start: Path) -> Path:
    """The nearest directory with a `monocyte.toml`, upwards from `start`; else `start`."""
    start = start.resolve()
    candidates = (d for d in (start, *start.parents) if (d / FILE).is_file())
    return next(candidates, start)


def load_app(root: Path) -> App:
    """Read the settings and load the cells.

    Raises:
        ConfigError: the settings cannot be.
        DefinitionError: the package with the cells is not there, or is empty.
    """
    settings = read_settings(root)
    loaded = load_package(root, settings.app.cells)
    return App(root, settings, loaded.manifests, loaded.faults)
