"""What a check is about, how it is to be carried out, and what its stages have seen so far."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import NamedTuple

from monocyte.cell import Journeys, Manifest
from monocyte.errors import DefinitionError
from monocyte.literate.keeping import Keeper
from monocyte.literate.limits import LIMIT
from monocyte.literate.mutation.report import MutationReport
from monocyte.literate.record import DecisionRecord, RehearsalRecord
from monocyte.literate.rules.witness import Witnessed
from monocyte.literate.scenarios import Outcome
from monocyte.testing import Said

__all__ = ["Evidence", "Options", "Progress", "Subject"]

Progress = Callable[[str, int, int], None]
"""Is told the stage, how much of it is done, and of how much."""

Part = Manifest | Journeys


class Subject(NamedTuple):
    """What is checked: an app as it was loaded."""

    name: str
    root: Path
    manifests: tuple[Manifest, ...]
    journeys: tuple[Journeys, ...]
    faults: tuple[DefinitionError, ...]

    @property
    def parts(self) -> tuple[Part, ...]:
        """Every file that declares something: the cells, and the journeys across them."""
        return (*self.manifests, *self.journeys)


class Options(NamedTuple):
    """How it is checked: on which day, only some cells, everything anew, by how many processes."""

    today: date
    cells: frozenset[str] = frozenset()
    fresh: bool = False
    mutation: bool = True
    jobs: int = 0
    timeout: float = LIMIT
    """Seconds that a scenario or a decision may take; 0 is for ever."""


class Evidence:
    """What a check is about, and what its stages have seen so far."""

    def __init__(self, subject: Subject, options: Options, progress: Progress) -> None:
        self.subject = subject
        self.options = options
        self.progress = progress
        self.keeper = Keeper(subject.root)
        self.manifests = subject.manifests
        self.cells = [it for it in subject.manifests if self.wants(it.name)]
        self.journeys = [it for it in subject.journeys if self.wants(it.name)]
        self.parts: tuple[Part, ...] = (*self.cells, *self.journeys)
        self.outcomes: dict[str, list[Outcome]] = {}
        self.trace: list[Said] = []
        self.witnessed: Witnessed | None = None
        self.decisions: dict[str, list[DecisionRecord]] = {}
        self.rehearsals: dict[str, list[RehearsalRecord]] = {}
        self.mutation: MutationReport | None = None
        self.failed = False
        """Whether something that executes does not come true."""
        self.left_out: list[str] = []

    def wants(self, name: str) -> bool:
        """Whether a cell, or the journeys of that name, is to be judged."""
        return not self.options.cells or name in self.options.cells
