"""What the last check has seen, cell by cell: kept beside the app, read by whoever shows it.

A record is a value: JSON on disk, without times or paths outside of the app, so that the same code
and the same evidence give the same bytes. `digest` is that of the cell's file when it was checked:
evidence for another text is stale, and whoever shows it says so.
"""

from __future__ import annotations

import msgspec

from monocyte.literate.findings import Finding

__all__ = [
    "CellRecord",
    "DecisionRecord",
    "MutantRecord",
    "Record",
    "RehearsalRecord",
    "ScenarioRecord",
    "SiteRecord",
    "Step",
]


class Step(msgspec.Struct, frozen=True):
    """One thing that was said in a scenario: who, to whom, what, and what came of it."""

    source: str
    target: str
    kind: str
    """command, query, event or timer."""
    name: str
    text: str
    outcome: str = ""


class ScenarioRecord(msgspec.Struct, frozen=True):
    """How a scenario went at seed 0, and its trace."""

    name: str
    where: str
    passed: bool
    error: str = ""
    trace: tuple[Step, ...] = ()


class SiteRecord(msgspec.Struct, frozen=True):
    """A line that enforces a rule, and the scenarios that have seen it held and refused."""

    rule: str
    where: str
    function: str
    held_by: tuple[str, ...] = ()
    refused_by: tuple[str, ...] = ()


class DecisionRecord(msgspec.Struct, frozen=True):
    """The verdict on a decision: holds, failed, expiring, expired, due, overdue, or raised."""

    name: str
    kind: str
    where: str
    verdict: str
    ends: str = ""
    """The date on which it ends or is looked at again (ISO 8601), or the condition that ends it."""


class RehearsalRecord(msgspec.Struct, frozen=True):
    """One rehearsal of a runbook: straight, twice, undone after a command, and so on."""

    runbook: str
    name: str
    passed: bool
    error: str = ""
    steps: tuple[Step, ...] = ()


class MutantRecord(msgspec.Struct, frozen=True):
    """One change to the code, and which artefact noticed it."""

    key: str
    where: str
    function: str
    operator: str
    status: str
    """killed, survived, unreached, waived or timeout."""
    killer: str = ""
    proposal: str = ""


class CellRecord(msgspec.Struct, frozen=True):
    """The evidence for one cell, or for the journeys of an app."""

    cell: str
    digest: str
    scenarios: tuple[ScenarioRecord, ...] = ()
    sites: tuple[SiteRecord, ...] = ()
    walked: tuple[tuple[str, str], ...] = ()
    """The arrows of its picture that scenarios have walked."""
    decisions: tuple[DecisionRecord, ...] = ()
    rehearsals: tuple[RehearsalRecord, ...] = ()
    mutants: tuple[MutantRecord, ...] = ()
    findings: tuple[Finding, ...] = ()


class Record(msgspec.Struct, frozen=True):
    """The evidence for an app."""

    app: str
    cells: dict[str, CellRecord] = {}
