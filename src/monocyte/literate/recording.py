"""Makes the record of a check: what its stages have seen, cell by cell, without places outside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from monocyte.cell import Journeys, Manifest
from monocyte.literate.evidence import Evidence
from monocyte.literate.findings import Finding
from monocyte.literate.keeping import inside
from monocyte.literate.mutation.report import MutantResult
from monocyte.literate.pictures.cells import walked
from monocyte.literate.record import (
    CellRecord,
    DecisionRecord,
    MutantRecord,
    Record,
    RehearsalRecord,
    ScenarioRecord,
    SiteRecord,
    Step,
)
from monocyte.literate.rules.coverage import seen_sites, site_records
from monocyte.literate.scenarios import Outcome
from monocyte.testing import Said

__all__ = ["record_of", "spoken"]


def record_of(seen: Evidence, findings: Sequence[Finding]) -> Record:
    """What a check has seen of the cells that it judged, and of the journeys; and what it found."""
    root = seen.subject.root
    parts: dict[str, CellRecord] = {}
    for part in seen.parts:
        found = (it._replace(where=inside(it.where, root)) for it in findings)
        own = tuple(it for it in found if it.cell == part.name)
        parts[part.name] = msgspec.structs.replace(_part(part, seen), findings=own)
    return Record(seen.subject.name, parts)


def spoken(trace: Iterable[Said]) -> tuple[Step, ...]:
    """A trace as it is kept."""
    return tuple(Step(it.source, it.target, it.kind, it.name, it.text, it.outcome) for it in trace)


def _part(part: Manifest | Journeys, seen: Evidence) -> CellRecord:
    root, name = seen.subject.root, part.name
    outcomes = seen.outcomes.get(name, [])
    scenarios = tuple(
        _scenario(it.where, outcome, root)
        for it, outcome in zip(part.scenarios, outcomes, strict=False)
    )
    if not isinstance(part, Manifest):
        return CellRecord(name, part.release, scenarios=scenarios)
    return CellRecord(
        name,
        part.release,
        scenarios=scenarios,
        sites=_sites(part, seen),
        walked=tuple(sorted((edge.source, edge.target) for edge in walked(part, seen.trace))),
        decisions=tuple(_decision(it, root) for it in seen.decisions.get(name, ())),
        rehearsals=tuple(_rehearsal(it, root) for it in seen.rehearsals.get(name, ())),
        mutants=tuple(
            _mutant(it, root)
            for it in (seen.mutation.mutants if seen.mutation else ())
            if it.cell == name
        ),
    )


def _scenario(where: str, outcome: Outcome, root: Path) -> ScenarioRecord:
    error = outcome.error.replace(f"{root}/", "")
    place = inside(where, root)
    return ScenarioRecord(outcome.scenario, place, outcome.passed, error, spoken(outcome.trace))


def _sites(manifest: Manifest, seen: Evidence) -> tuple[SiteRecord, ...]:
    if seen.witnessed is None:
        return ()
    root = seen.subject.root
    return tuple(
        SiteRecord(it.rule, inside(it.where, root), it.function, it.held_by, it.refused_by)
        for it in site_records(seen_sites(manifest, seen.witnessed))
    )


def _decision(it: DecisionRecord, root: Path) -> DecisionRecord:
    return DecisionRecord(it.name, it.kind, inside(it.where, root), it.verdict, it.ends)


def _rehearsal(it: RehearsalRecord, root: Path) -> RehearsalRecord:
    error = it.error.replace(f"{root}/", "")
    return RehearsalRecord(it.runbook, it.name, it.passed, error, it.steps)


def _mutant(it: MutantResult, root: Path) -> MutantRecord:
    place = inside(it.where, root)
    told = (it.key, place, it.function, it.operator, it.status, it.killer)
    return MutantRecord(*told, it.proposal or it.because)
