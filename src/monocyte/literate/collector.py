"""Scenarios and decisions as items of pytest: its asserts, its `-k`, its debugger, its plugins.

A cell is imported once, by the loader, under its name in the package; that its asserts explain
themselves is arranged before. pytest itself never imports such a file. The only file of the
product that imports pytest; `pytest_monocyte` imports it when there is an app.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from monocyte.cell import Journeys, Loaded, Manifest, Scenario, load_package
from monocyte.errors import DefinitionError, MonocyteError
from monocyte.literate.limits import LIMIT, Overdue, within
from monocyte.literate.scenarios import LAST, play
from monocyte.testing import Faults, World, story

__all__ = ["App", "Apps", "CellFile", "NeverEnded", "ScenarioItem"]

OURS = Path(__file__).parents[1]


class NeverEnded(AssertionError):
    """A scenario was stopped, because it took too long."""


class Apps:
    """The apps of one run of pytest, each loaded when the first file of its package is met.

    `package_of` says which package of a directory has the cells; raises ConfigError if it cannot.
    """

    def __init__(self, config: pytest.Config, package_of: Callable[[Path], str]) -> None:
        self.config = config
        self._package_of = package_of
        self._apps: dict[Path, App] = {}

    def open(self, root: Path) -> None:
        """Get to know the app in a directory."""
        if root not in self._apps:
            self._apps[root] = App(root, self._package_of)

    def collector(self, file: Path, parent: pytest.Collector) -> pytest.Collector | None:
        """What collects from a file; None if it is not one of ours."""
        app = self._declaring(file)
        if app is None:
            return None
        collector: pytest.Collector = CellFile.from_parent(parent, path=file, app=app)
        return collector

    def nothing(self, file: Path, parent: pytest.Collector) -> pytest.Collector | None:
        """What stands in for the module of a file of ours, and collects nothing."""
        if self._declaring(file) is None:
            return None
        collector: pytest.Collector = _Nothing.from_parent(parent, path=file)
        return collector

    def _declaring(self, file: Path) -> App | None:
        return next((app for app in self._apps.values() if app.declares(file)), None)


class App:
    """One app: what was loaded of it, with asserts that explain themselves, or why it cannot be."""

    def __init__(self, root: Path, package_of: Callable[[Path], str]) -> None:
        self.root = root
        self.failure: MonocyteError | None = None
        self._loaded: Loaded | None = None
        self._package = ""
        try:
            self._package = package_of(root)
        except MonocyteError as why:
            self.failure = why
        if self._package and self._package.partition(".")[0] not in sys.modules:
            pytest.register_assert_rewrite(self._package)  # before whoever imports it first

    def declares(self, file: Path) -> bool:
        """Whether a file holds something of ours, or something that should be."""
        folder = self.root.joinpath(*self._package.split("."))
        if not self._package:  # any file will do to say it
            return self.root in file.parents
        if folder not in file.parents:
            return False
        loaded = self.loaded
        return self.failure is not None or str(file) in {
            *(manifest.file for manifest in loaded.manifests),
            *(journeys.file for journeys in loaded.journeys),
            *(_place(fault.where)[0] for fault in loaded.faults),
        }

    @property
    def loaded(self) -> Loaded:
        """What it declares; loaded once."""
        if self._loaded is None:
            self._loaded = Loaded((), ())
            try:
                self._loaded = load_package(self.root, self._package)
            except DefinitionError as why:
                self.failure = why
        return self._loaded

    def complaints(self, file: Path) -> list[MonocyteError]:
        """What is wrong with a file; if nothing is, but it could not be read, all that is wrong."""
        if self.failure is not None:
            return [self.failure]
        faults = self.loaded.faults
        own = [it for it in faults if _place(it.where)[0] == str(file)]
        return [*own] if own or self.owner(file) is not None else [*faults]

    def owner(self, file: Path) -> Manifest | Journeys | None:
        """The cell, or the journeys, that a file declares."""
        owners: list[Manifest | Journeys] = [*self.loaded.manifests, *self.loaded.journeys]
        return next((it for it in owners if it.file == str(file)), None)


class _Nothing(pytest.File):
    def collect(self) -> Iterator[pytest.Item]:
        return iter(())


class CellFile(pytest.File):
    """A file that declares a cell, or journeys."""

    def __init__(self, *, app: App, **more: Any) -> None:
        super().__init__(**more)
        self.app = app

    def collect(self) -> Iterator[pytest.Item]:
        """Its scenarios, seed by seed, then its decisions.

        Raises:
            CollectError: it is not well formed; says where, and what to do.
        """
        if complaints := self.app.complaints(self.path):
            raise self.CollectError("\n".join(map(_complaint, complaints)))
        owner = self.app.owner(self.path)
        seeds = range(max(1, self.config.getoption("seeds", 1)))
        for scenario in owner.scenarios if owner is not None else ():
            for seed in seeds:
                yield self._item(scenario, seed, pytest.mark.scenario)
        for decision in owner.decisions if isinstance(owner, Manifest) else ():
            if decision.kind == "behaviour":
                decided = Scenario(decision.function, decision.where)
                yield self._item(decided, 0, pytest.mark.decision)

    def _item(self, scenario: Scenario, seed: int, mark: pytest.MarkDecorator) -> pytest.Item:
        name = f"{scenario.name}@{seed}" if seed else scenario.name
        item: pytest.Item = ScenarioItem.from_parent(self, name=name, scenario=scenario, seed=seed)
        item.add_marker(mark)
        return item


class ScenarioItem(pytest.Item):
    """A scenario under one seed."""

    parent: CellFile

    def __init__(self, *, scenario: Scenario, seed: int, **more: Any) -> None:
        super().__init__(**more)
        self.scenario = scenario
        self.seed = seed

    def runtest(self) -> None:
        """Play it in a World of its own.

        Raises:
            Exception: whatever does not come true.
        """
        manifests = self.parent.app.loaded.manifests
        faults = Faults.all() if self.seed else Faults.none()
        files = [manifest.file for manifest in manifests]
        try:
            with (
                within(self._limit(), [*files, str(self.path)]),
                World(*manifests, seed=self.seed, faults=faults) as world,
            ):
                self._play(world)
        except Overdue as why:
            raise NeverEnded(str(why)).with_traceback(why.__traceback__) from None

    def _play(self, world: World) -> None:
        try:
            play(self.scenario.play, world)
        except BaseException:
            told = story(world.trace).splitlines()[-LAST:]
            self.add_report_section("call", "trace", "\n".join(told))
            raise

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What went wrong, without what is ours between the scenario and the place of it."""
        cut = excinfo.traceback.cut(path=self.path)
        theirs = cut.filter(lambda entry: OURS not in Path(entry.path).parents)
        if theirs and not self.config.getoption("fulltrace", False):
            excinfo.traceback = theirs
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where it stands."""
        return self.path, _place(self.scenario.where)[1] - 1, self.name

    def _limit(self) -> float:
        """How many seconds it may take; who looks at it in a debugger may take their time."""
        option = self.config.getoption
        if option("usepdb", False) or option("trace", False):
            return 0.0
        given: float | None = option("scenario_timeout", None)
        return LIMIT if given is None else given


def _complaint(fault: MonocyteError) -> str:
    mend = f"\n  what to do: {fault.mend}" if fault.mend else ""
    return f"{fault.where}: {fault.message}{mend}" if fault.where else f"{fault.message}{mend}"


def _place(where: str) -> tuple[str, int]:
    """File and line of a place."""
    file, _, line = where.rpartition(":")
    return (file, int(line)) if line.isdigit() else (where, 1)
