"""In a station: an app as it is, or the cells of a change in the world of its base.

In that world the words, the rules and the proofs are those of the base: the change brings its
behaviour, and nothing of what it is judged by.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from monocyte.cell import Cell, Journeys, Manifest, Scenario, load_package
from monocyte.cell.manifest import unfinished
from monocyte.cell.proving import Proofs
from monocyte.cell.reloading import reload_package
from monocyte.errors import DefinitionError
from monocyte.genops.gates.locked import Task

__all__ = ["Fault", "Owner", "Staged", "alone", "exchanged", "opened", "owners", "so_far"]


class Owner(NamedTuple):
    """Who declares scenarios: a cell, or the journeys of the app."""

    name: str
    file: str
    scenarios: tuple[Scenario, ...]


class Fault(msgspec.Struct, frozen=True):
    """What does not load, and where."""

    said: str
    where: str


class Staged(NamedTuple):
    """An app that can be played: its cells, and whose scenarios count."""

    manifests: tuple[Manifest, ...]
    owners: tuple[Owner, ...]
    faults: tuple[Fault, ...]


def opened(payload: bytes) -> Task:
    """The task of a station."""
    return msgspec.msgpack.decode(payload, type=Task)


def alone(root: str, package: str) -> Staged:
    """An app as it stands in a directory."""
    try:
        loaded = load_package(Path(root), package)
    except DefinitionError as why:
        return Staged((), (), (_fault(why),))
    faults = tuple(map(_fault, loaded.faults))
    return Staged(loaded.manifests, tuple(owners(loaded.manifests, loaded.journeys)), faults)


def so_far(root: str, package: str) -> Staged:
    """The same; what is not written yet (a word without a handler) is left out, and no fault."""
    try:
        loaded = load_package(Path(root), package)
    except DefinitionError as why:
        return Staged((), (), (_fault(why),))
    known = {it.name: it for it in loaded.manifests}
    faults = [it for it in loaded.faults if not it.message.startswith(UNWRITTEN)]
    for cell in _cells(package):
        if cell.name not in known and not faults:
            known[cell.name] = unfinished(cell)
    proofs = tuple(_proofs(package, loaded.journeys))
    return Staged(tuple(known.values()), proofs, tuple(map(_fault, faults)))


UNWRITTEN = ("nobody handles ", "nobody can apply ")
"""How a fault begins that says no more than that something is still to be written."""


def exchanged(task: Task) -> Staged:
    """The cells of the head in the place of those of the base, with the scenarios of the base."""
    base = load_package(Path(task.base), task.package)
    proofs = tuple(_proofs(task.package, base.journeys))
    try:
        new = reload_package(Path(task.head), task.package, base.texts)
    except DefinitionError as why:
        return Staged((), proofs, (_fault(why), *map(_fault, why.more)))
    renewed = {it.name: it for it in new.manifests}
    kept = [renewed.pop(it.name, it) for it in base.manifests]
    return Staged((*kept, *renewed.values()), proofs, ())


def owners(manifests: Iterable[Manifest], journeys: Iterable[Journeys]) -> Iterator[Owner]:
    """Everybody who declares scenarios."""
    for cell in manifests:
        yield Owner(cell.name, cell.file, cell.scenarios)
    for it in journeys:
        yield Owner(it.name, it.file, it.scenarios)


def _proofs(package: str, journeys: Iterable[Journeys]) -> Iterator[Owner]:
    """The scenarios as the modules declare them: also of a cell that is not yet whole."""
    for cell in _cells(package):
        proofs = Proofs()
        for declared in cell.declared:
            if declared.role == "scenario":
                proofs.scenario(declared)
        yield Owner(cell.name, cell.file, tuple(proofs.scenarios))
    for it in journeys:
        yield Owner(it.name, it.file, it.scenarios)


def _cells(package: str) -> Iterator[Cell]:
    for name, module in sorted(sys.modules.items()):
        cell = getattr(module, "cell", None)
        inside = name == package or name.startswith(f"{package}.")
        if inside and isinstance(cell, Cell) and cell.module == name:
            yield cell


def _fault(why: DefinitionError) -> Fault:
    return Fault(why.message, why.where)
