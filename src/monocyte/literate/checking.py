"""The one gate: every check of an app, stage by stage, and what they have seen together.

A stage is a row of `STAGES`. It yields findings, and leaves what it has seen for later stages and
for the record. Stages that execute cells are left out while a cell is not well formed: a world
without it would be another.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import NamedTuple

from monocyte.literate.artefacts import Artefact, artefacts_of
from monocyte.literate.decisions import Verdict, judge
from monocyte.literate.evidence import Evidence, Options, Progress, Subject
from monocyte.literate.findings import Finding, finding
from monocyte.literate.forks import gathered
from monocyte.literate.mutation.mutating import mutate
from monocyte.literate.mutation.report import MutationReport, mutation_findings
from monocyte.literate.pictures import cells as pictures
from monocyte.literate.pictures import maps
from monocyte.literate.prose import prose_findings
from monocyte.literate.record import Record
from monocyte.literate.recording import record_of
from monocyte.literate.rules.coverage import rule_findings
from monocyte.literate.rules.rulebook import FILE, rulebook_findings
from monocyte.literate.rules.witness import watching
from monocyte.literate.runbooks.rehearsals import Rehearsal, rehearse
from monocyte.literate.runbooks.rehearsals import artefacts as runbook_artefacts
from monocyte.literate.scenarios import Outcome, run
from monocyte.literate.sizes import size_findings, sizes_of
from monocyte.literate.strays import stray_findings

__all__ = ["STAGES", "Counts", "Report", "checked"]


class Counts(NamedTuple):
    """How much there was to check, and how it went."""

    cells: int
    rules: int
    sites: int
    scenarios: int
    decisions: int
    assumptions: int
    runbooks: int
    rehearsals: int
    artefacts: int
    executed: int
    cannot_fail: int
    mutants: int
    survived: int
    waived: int
    kept: int


class Report(NamedTuple):
    """What was found, what was seen, and how long each stage took (in seconds)."""

    findings: tuple[Finding, ...]
    record: Record
    counts: Counts
    seconds: Mapping[str, float]
    left_out: tuple[str, ...]
    """The stages that were not carried out, each with its reason."""

    def number(self, severity: str) -> int:
        """How many findings are that severe."""
        return sum(found.severity == severity for found in self.findings)


JUDGING = 600.0
"""Seconds of CPU time for all decisions of one cell; each has its own limit, too."""

REHEARSING = 120.0
"""Seconds of CPU time for all rehearsals of one runbook."""

FAILURES = frozenset({"scenario-failed", "scenario-endless", "decision-failed", "rehearsal-failed"})
"""What shows nothing about mutants, because it fails without them."""


def checked(subject: Subject, options: Options, progress: Progress) -> Report:
    """Carry out every stage, and keep what was seen beside the app for the next time.

    Raises:
        ConfigError: what was seen cannot be written.
    """
    evidence = Evidence(subject, options, progress)
    findings: list[Finding] = []
    seconds: dict[str, float] = {}
    for name, stage in STAGES.items():
        began = time.perf_counter()
        progress(name, 0, 1)
        for found in stage(evidence):
            if not found.cell or evidence.wants(found.cell):  # what is hidden decides nothing
                evidence.failed |= found.kind in FAILURES
                findings.append(found)
        progress(name, 1, 1)
        seconds[name] = time.perf_counter() - began
    ordered = sorted(dict.fromkeys(findings), key=_place)
    record = record_of(evidence, ordered)
    if not subject.faults:
        names = [part.name for part in subject.parts]
        evidence.keeper.write(record, evidence.mutation, names)
    counts = _counts(evidence)
    return Report(tuple(ordered), record, counts, seconds, tuple(evidence.left_out))


def _place(found: Finding) -> tuple[str, int, str]:
    file, _, line = found.where.rpartition(":")
    return (file, int(line), found.message) if line.isdigit() else (found.where, 0, found.message)


# -- the stages ------------------------------------------------------------------------------------


def _definitions(seen: Evidence) -> Iterator[Finding]:
    """What does not load, or crosses a bound."""
    owners = {it.file: it.name for it in seen.subject.parts}
    for fault in seen.subject.faults:
        owner = owners.get(fault.where.rpartition(":")[0], "")
        yield finding("definition", owner, fault.where, fault.message, fault.mend)
    for part in seen.parts:
        yield from stray_findings(part)


def _sizes(seen: Evidence) -> Iterator[Finding]:
    sizes = list(sizes_of(seen.subject.parts))
    yield from size_findings(seen.subject.name, seen.subject.root, sizes)


def _prose(seen: Evidence) -> Iterator[Finding]:
    for part in seen.parts:
        yield from prose_findings(part, seen.manifests)


def _rulebook(seen: Evidence) -> Iterator[Finding]:
    complete = not seen.subject.faults
    yield from rulebook_findings(seen.subject.root / FILE, seen.manifests, complete=complete)


def _scenarios(seen: Evidence) -> Iterator[Finding]:
    """Every scenario, once, at seed 0: of cells that are not judged as well, for what they show."""
    planned = [(owner, scenario) for owner in seen.subject.parts for scenario in owner.scenarios]
    with watching(seen.manifests) as seen.witnessed:
        running = run(
            seen.witnessed.manifests,
            journeys=seen.subject.journeys,
            timeout=seen.options.timeout,
            traced=True,
        )
        for done, (owner, scenario) in enumerate(planned):
            with seen.witnessed.by(f"{owner.name}.{scenario.name}"):
                outcome = next(running)
            seen.outcomes.setdefault(owner.name, []).append(outcome)
            seen.trace += outcome.trace
            seen.progress("scenarios", done + 1, len(planned))
            if not outcome.passed:
                yield _failed(outcome, scenario.where)


def _failed(outcome: Outcome, where: str) -> Finding:
    kind = "scenario-endless" if outcome.endless else "scenario-failed"
    what = f"{outcome.scenario} {'never ends' if outcome.endless else 'fails'}: {outcome.error}"
    mend = f"monocyte test -k {outcome.cell}.{outcome.scenario} shows who said what to whom"
    return finding(kind, outcome.cell, outcome.where or where, what, mend)


def _rules(seen: Evidence) -> Iterator[Finding]:
    for manifest in seen.cells:
        if seen.witnessed is not None:
            yield from rule_findings(manifest, seen.witnessed)


def _pictures(seen: Evidence) -> Iterator[Finding]:
    for manifest in seen.cells:
        yield from pictures.compare(manifest, pictures.walked(manifest, seen.trace))
    yield from maps.ask_cycles(seen.manifests)
    for journeys in seen.journeys:
        yield from maps.compare_map(journeys, seen.manifests, maps.walked_map(seen.trace))


def _decisions(seen: Evidence) -> Iterator[Finding]:
    """Those of each cell in a process of its own, beside the others."""
    day, timeout = seen.options.today, seen.options.timeout
    cells = [cell for cell in seen.cells if cell.decisions]
    works = [partial(judge, cell, seen.manifests, day, timeout=timeout) for cell in cells]
    children = gathered(works, Verdict, seconds=JUDGING, workers=seen.options.jobs)
    ended = {number: (verdicts, why) for number, verdicts, why in children}
    for number, cell in enumerate(cells):
        verdicts, why = ended[number]
        seen.decisions[cell.name] = [it.record for it in verdicts]
        for verdict in verdicts:
            yield from verdict.findings
        if why:
            left = [*cell.decisions[len(verdicts) :], cell.decisions[-1]][0]
            what = f"the check of {left.name} came to no end: {why}"
            mend = "see what it does beside looking at a World or a Source"
            yield finding("decision-raised", cell.name, left.where, what, mend)


def _runbooks(seen: Evidence) -> Iterator[Finding]:
    """Every runbook in a process of its own, beside the others."""
    cells = [
        cell._replace(runbooks={name: runbook})
        for cell in seen.cells
        for name, runbook in cell.runbooks.items()
    ]
    works = [partial(rehearse, cell, seen.manifests) for cell in cells]
    ended: dict[int, tuple[list[Rehearsal], str]] = {}
    children = gathered(works, Rehearsal, seconds=REHEARSING, workers=seen.options.jobs)
    for number, rehearsals, why in children:
        ended[number] = rehearsals, why
        seen.progress("runbooks", len(ended), len(works))
    for number, cell in enumerate(cells):
        rehearsals, why = ended[number]
        (runbook,) = cell.runbooks.values()
        seen.rehearsals.setdefault(cell.name, []).extend(it.record for it in rehearsals)
        yield from (it.finding for it in rehearsals if it.finding is not None)
        if why:
            what = f"the rehearsals of {runbook.name} came to no end: {why}"
            mend = "see what it does beside sending commands"
            yield finding("rehearsal-failed", cell.name, runbook.where, what, mend)


def _mutation(seen: Evidence) -> Iterator[Finding]:
    """Of the cells that are judged; what the last run knows of unchanged code is taken over."""
    options = seen.options
    if not options.mutation:
        seen.left_out.append("mutants were left out: nothing shows that artefacts can fail")
        return
    if seen.failed:
        seen.left_out.append("mutants were not tried: first let what fails come true")
        return
    seen.mutation = mutate(
        seen.manifests,
        artefacts(seen.subject),
        cells=[it.name for it in seen.cells],
        previous=None if options.fresh else seen.keeper.mutation(),
        today=options.today,
        workers=options.jobs,
        progress=lambda done, total: seen.progress("mutation", done, total),
    )
    yield from mutation_findings(seen.mutation)


def artefacts(subject: Subject) -> Iterator[Artefact]:
    """Everything that executes to prove the app, as something that can be run and can fail."""
    yield from artefacts_of(subject.manifests, subject.journeys)
    for manifest in subject.manifests:
        yield from runbook_artefacts(manifest, subject.manifests)


def _executing(stage: Callable[[Evidence], Iterator[Finding]]) -> Stage:
    """A stage that needs every cell to be well formed."""

    def carried_out(seen: Evidence) -> Iterator[Finding]:
        if not seen.subject.faults:
            yield from stage(seen)
        elif not seen.left_out:
            seen.left_out.append("nothing was executed: mend the definitions first")

    return carried_out


Stage = Callable[[Evidence], Iterator[Finding]]

STAGES: Mapping[str, Stage] = {
    "definitions": _definitions,
    "sizes": _sizes,
    "prose": _prose,
    "rulebook": _rulebook,
    "scenarios": _executing(_scenarios),
    "rules": _executing(_rules),
    "pictures": _executing(_pictures),
    "decisions": _executing(_decisions),
    "runbooks": _executing(_runbooks),
    "mutation": _executing(_mutation),
}
"""Every stage by its name, in order: what is cheap and clear comes first."""


# -- how much there was ----------------------------------------------------------------------------


def _counts(seen: Evidence) -> Counts:
    parts, report = seen.parts, seen.mutation or MutationReport()
    choices = [it for cell in seen.cells for it in cell.decisions]
    assumptions = sum(it.kind == "assumption" for it in choices)
    scenarios = sum(len(part.scenarios) for part in parts)
    runbooks = sum(len(cell.runbooks) for cell in seen.cells)
    pictured = sum(part.picture is not None for part in parts)
    ended = report.counts()
    return Counts(
        cells=len(seen.cells),
        rules=sum(len(cell.rules) for cell in seen.cells),
        sites=sum(
            len(reading.sites)
            for name, reading in (seen.witnessed.readings if seen.witnessed else {}).items()
            if seen.wants(name)
        ),
        scenarios=scenarios,
        decisions=len(choices) - assumptions,
        assumptions=assumptions,
        runbooks=runbooks,
        rehearsals=sum(map(len, seen.rehearsals.values())),
        artefacts=scenarios + len(choices) - assumptions + runbooks + pictured,
        executed=_executed(seen),
        cannot_fail=len(report.idle),
        mutants=len(report.mutants),
        survived=len(report.survivors),
        waived=ended["waived"],
        kept=report.kept,
    )


def _executed(seen: Evidence) -> int:
    """How many artefacts were carried out, whatever came of it."""
    names = [part.name for part in seen.parts]
    played = sum(len(seen.outcomes.get(name, ())) for name in names)
    decided = [it for name in names for it in seen.decisions.get(name, ())]
    rehearsed = {(name, it.runbook) for name in names for it in seen.rehearsals.get(name, ())}
    compared = sum(part.picture is not None for part in seen.parts) if seen.trace else 0
    return played + sum(it.kind != "assumption" for it in decided) + len(rehearsed) + compared
