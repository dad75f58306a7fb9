"""In a station: what `monocyte check` finds of an app, and which mutants nobody notices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import msgspec

from monocyte.cell import load_package
from monocyte.errors import DefinitionError
from monocyte.genops.gates.locked import sealed
from monocyte.genops.gates.stations.loading import opened
from monocyte.literate.checking import STAGES, artefacts
from monocyte.literate.decisions import judge as judge_decisions
from monocyte.literate.evidence import Evidence, Options, Subject
from monocyte.literate.findings import Finding
from monocyte.literate.mutation.mutating import mutate
from monocyte.literate.runbooks.rehearsals import rehearse

__all__ = ["Check", "Checked", "Claim", "Mutant", "Mutate", "Mutated", "check", "mutants"]

READ = ("sizes", "prose", "rulebook", "scenarios", "rules", "pictures")
"""Stages of a check that run in one process."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """Which cells to check, on which side, as of which day."""

    cells: tuple[str, ...]
    today: date
    is_base: bool = False
    timeout: float = 20.0


class Claim(msgspec.Struct, frozen=True):
    """A finding of the check."""

    kind: str
    severity: str
    cell: str
    where: str
    message: str
    mend: str


class Checked(msgspec.Struct, frozen=True):
    """Everything that was found; `why` says why nothing could be."""

    claims: tuple[Claim, ...] = ()
    why: str = ""


class Mutate(msgspec.Struct, frozen=True, kw_only=True):
    """The mutants of which cells are to be tried; on which proofs, by name, if not on all."""

    cells: tuple[str, ...]
    today: date
    proofs: tuple[str, ...] | None = None


class Mutant(msgspec.Struct, frozen=True):
    """A mutant that nobody noticed."""

    cell: str
    function: str
    operator: str
    where: str
    key: str
    proposal: str


class Mutated(msgspec.Struct, frozen=True):
    """How many were tried, and which survived."""

    tried: int = 0
    survived: tuple[Mutant, ...] = ()
    why: str = ""


def _subject(root: str, package: str) -> Subject:
    loaded = load_package(Path(root), package)
    return Subject(package, Path(root), loaded.manifests, loaded.journeys, loaded.faults)


def check(payload: bytes) -> bytes:
    """Carry out the stages of a check."""
    task = opened(payload)
    wish = msgspec.msgpack.decode(task.body, type=Check)
    try:
        subject = _subject(task.base if wish.is_base else task.head, task.package)
    except DefinitionError as why:
        return sealed(task.key, msgspec.msgpack.encode(Checked(why=why.message)))
    if subject.faults:
        return sealed(task.key, msgspec.msgpack.encode(Checked(why=subject.faults[0].message)))
    options = Options(wish.today, frozenset(wish.cells), mutation=False, timeout=wish.timeout)
    evidence = Evidence(subject, options, lambda *_: None)
    claims = tuple(_claim(it) for it in _all(evidence) if not it.cell or evidence.wants(it.cell))
    return sealed(task.key, msgspec.msgpack.encode(Checked(tuple(dict.fromkeys(claims)))))


def _all(evidence: Evidence) -> Iterator[Finding]:
    for name in READ:
        yield from STAGES[name](evidence)
    day, timeout = evidence.options.today, evidence.options.timeout
    for cell in evidence.cells:
        for verdict in judge_decisions(cell, evidence.manifests, day, timeout=timeout):
            yield from verdict.findings
        for it in rehearse(cell, evidence.manifests, seconds=timeout):
            if it.finding is not None:
                yield it.finding


def _claim(it: Finding) -> Claim:
    return Claim(it.kind, it.severity, it.cell, it.where, it.message[:3000], it.mend)


def mutants(payload: bytes) -> bytes:
    """Try the mutants of cells on all artefacts."""
    task = opened(payload)
    wish = msgspec.msgpack.decode(task.body, type=Mutate)
    try:
        subject = _subject(task.head, task.package)
    except DefinitionError as why:
        return sealed(task.key, msgspec.msgpack.encode(Mutated(why=why.message)))
    if subject.faults:
        return sealed(task.key, msgspec.msgpack.encode(Mutated(why=subject.faults[0].message)))
    told = artefacts(subject)
    if wish.proofs is not None:
        told = (it for it in told if it.name.partition("[")[0] in wish.proofs)
    report = mutate(subject.manifests, told, cells=wish.cells, today=wish.today)
    survived = tuple(
        Mutant(it.cell, it.function, it.operator, it.where, it.key, it.proposal)
        for it in report.survivors
    )
    answer = Mutated(len(report.mutants), survived)
    return sealed(task.key, msgspec.msgpack.encode(answer))
