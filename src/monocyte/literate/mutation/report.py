"""What a mutation run has found: results as values, waivers judged, and the findings they make.

A report is complete in itself: it can be written as JSON, read by the next run, and shown by
whoever likes. Pure: nothing here runs or reads anything.
"""

from __future__ import annotations

import difflib
import platform
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Literal, get_args

import msgspec

from monocyte.cell import Manifest, Waiver
from monocyte.literate.findings import Finding, finding

__all__ = [
    "ArtefactResult",
    "MutantResult",
    "MutationReport",
    "Status",
    "WaiverResult",
    "judge_waivers",
    "mutation_findings",
    "unwaived",
]

Status = Literal["killed", "survived", "unreached", "waived", "timeout"]
"""How a mutant ended; one that runs out of its time was noticed, too, and is told apart."""

FORMAT = f"1 {platform.python_version()}"
"""Reports of another format, or of another Python, are not taken over."""


class MutantResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one mutant; `killer` is the artefact that noticed, `error` how."""

    cell: str
    function: str
    key: str
    """What it is called in a waiver."""
    operator: str
    where: str
    status: Status
    killer: str = ""
    error: str = ""
    proposal: str = ""
    """The scenario that is missing, in words; of survivors only."""
    because: str = ""
    """Why it is waived."""
    reached: bool = True
    """Whether any artefact runs its line."""
    digest: str
    seconds: float = 0.0

    @property
    def noticed(self) -> bool:
        """Whether some artefact has noticed it."""
        return self.status in ("killed", "timeout")


class ArtefactResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one artefact: the mutant that it noticed by itself is its `proof`.

    One that fails on the original (`error`) is left out, and proves nothing.
    """

    cell: str
    kind: str
    name: str
    where: str
    proof: str = ""
    error: str = ""
    reached: int = 0
    """How many mutants are on lines that it runs."""
    judged: bool = True
    """False when only some of the cells that it spans were mutated."""
    digest: str
    seconds: float = 0.0

    @property
    def can_fail(self) -> bool:
        """Whether it has been seen to fail where it should."""
        return bool(self.proof)


class WaiverResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one waiver; `why` says what is wrong with it."""

    cell: str
    mutant: str
    because: str
    until: date
    where: str
    status: Literal["used", "stale", "expired"]
    why: str = ""


class MutationReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a run has found; it can be written as JSON, read again, and given to the next run."""

    format: str = FORMAT
    mutants: tuple[MutantResult, ...] = ()
    artefacts: tuple[ArtefactResult, ...] = ()
    waivers: tuple[WaiverResult, ...] = ()
    cells: dict[str, str] = {}
    """By cell, a digest of its text, its neighbours' words and all its evidence."""
    kept: int = 0
    """How many of the mutants were not tried again."""
    seconds: float = 0.0

    @property
    def survivors(self) -> tuple[MutantResult, ...]:
        """The mutants that nobody noticed, and nobody waived."""
        return tuple(it for it in self.mutants if it.status in ("survived", "unreached"))

    @property
    def idle(self) -> tuple[ArtefactResult, ...]:
        """The artefacts that cannot fail."""
        return tuple(it for it in self.artefacts if it.judged and not it.error and not it.proof)

    def counts(self) -> dict[str, int]:
        """How many mutants ended in which way."""
        found: dict[str, int] = dict.fromkeys(get_args(Status), 0)
        for it in self.mutants:
            found[it.status] += 1
        return found


def joined(before: MutationReport | None, after: MutationReport) -> MutationReport:
    """What is known now: of cells that were not mutated this time, what was known before.

    That is sound whatever has changed meanwhile: each part is believed by its digest only.
    """
    if before is None or before.format != after.format:
        return after
    judged = {(it.cell, it.name) for it in after.artefacts if it.judged}
    spared = {(it.cell, it.name) for it in before.artefacts if it.cell not in after.cells} - judged
    artefacts = [it for it in before.artefacts if (it.cell, it.name) in spared]
    artefacts += [it for it in after.artefacts if (it.cell, it.name) not in spared]
    others = [it for it in before.mutants if it.cell not in after.cells]
    waivers = [it for it in before.waivers if it.cell not in after.cells]
    return msgspec.structs.replace(
        after,
        mutants=(*others, *after.mutants),
        artefacts=tuple(artefacts),
        waivers=(*waivers, *after.waivers),
        cells=before.cells | after.cells,
    )


def unwaived(it: MutantResult) -> MutantResult:
    """A result as it was found: waivers are judged anew each time."""
    if it.status != "waived":
        return it
    status: Status = "survived" if it.reached else "unreached"
    return msgspec.structs.replace(it, status=status, because="")


def judge_waivers(
    manifests: Sequence[Manifest], mutants: Sequence[MutantResult], today: date
) -> tuple[list[WaiverResult], list[MutantResult]]:
    """Judge the waivers of the cells, and mark the mutants that they waive."""
    found = {(it.cell, it.key): it for it in mutants}
    judged = []
    for manifest in manifests:
        for waiver in manifest.waivers:
            place = (manifest.name, waiver.mutant)
            keys = [key for cell, key in found if cell == manifest.name]
            result = _judged(manifest.name, waiver, found.get(place), keys, today)
            judged.append(result)
            if result.status == "used":
                changes = {"status": "waived", "because": waiver.because}
                found[place] = msgspec.structs.replace(found[place], **changes)
    return judged, list(found.values())


def _judged(
    cell: str, waiver: Waiver, mutant: MutantResult | None, keys: list[str], today: date
) -> WaiverResult:
    status: Literal["used", "stale", "expired"] = "used"
    why = ""
    if mutant is None:
        close = difflib.get_close_matches(waiver.mutant, keys, 1)
        meant = f"; perhaps {close[0]!r} is meant" if close else ""
        status, why = "stale", f"there is no such mutant{meant}"
    elif mutant.status == "waived":
        status, why = "stale", "another waiver is for it already"
    elif mutant.noticed:
        status, why = "stale", f"{mutant.killer} notices it"
    elif waiver.until < today:
        status, why = "expired", f"it held until {waiver.until}"
    return WaiverResult(
        cell=cell,
        mutant=waiver.mutant,
        because=waiver.because,
        until=waiver.until,
        where=waiver.where,
        status=status,
        why=why,
    )


# -- findings ------------------------------------------------------------------------------------

FAILED = {
    "scenario": "scenario-failed",
    "journey": "scenario-failed",
    "decision": "decision-failed",
    "rehearsal": "rehearsal-failed",
    "runbook": "rehearsal-failed",
}
"""The kind of finding of an artefact that fails on the original, by its own kind."""

FEW = 0.02
"""How large a share of the mutants may be waived."""


def mutation_findings(report: MutationReport) -> Iterator[Finding]:
    """What has to be mended: survivors, artefacts that fail always or never, waivers."""
    for it in report.survivors:
        yield _survived(it)
    for artefact in report.artefacts:
        if artefact.error:
            yield _failed(artefact)
    yield from map(_idle, report.idle)
    for waiver in report.waivers:
        if waiver.status != "used":
            mend = "delete it" if waiver.status == "stale" else "judge it again: delete, or renew"
            what = f"waiver of {waiver.mutant!r}: {waiver.why}"
            yield finding(f"waiver-{waiver.status}", waiver.cell, waiver.where, what, mend)
    yield from _many(report)


def _survived(it: MutantResult) -> Finding:
    said = "no artefact notices" if it.reached else "no artefact executes this"
    mend = (
        f"{it.proposal} If nobody could ever notice: "
        f'cell.waives(mutant={it.key!r}, because="…", until="…")'
    )
    return finding("mutant-survived", it.cell, it.where, f"{it.key}: {said}", mend)


def _idle(it: ArtefactResult) -> Finding:
    if it.reached:
        what = f"{it.kind} {it.name} notices none of the {it.reached} mutants that it runs"
        mend = "let it look at what happens (an assert, a refusal), or make it a plain function"
    else:
        what = f"{it.kind} {it.name} runs nothing of {it.cell} that could be broken"
        mend = f"let it use {it.cell}, move it to the cell that it is about, or make it a function"
    return finding("cannot-fail", it.cell, it.where, what, mend)


def _failed(it: ArtefactResult) -> Finding:
    what = f"{it.kind} {it.name} fails on the code as it is: {it.error}"
    mend = "mend it, or the code; until then it proves nothing about mutants"
    return finding(FAILED.get(it.kind, "scenario-failed"), it.cell, it.where, what, mend)


def _many(report: MutationReport) -> Iterator[Finding]:
    waived = [it for it in report.waivers if it.status == "used"]
    most = max(1, int(FEW * len(report.mutants)))
    if len(waived) > most:
        first = waived[0]
        what = f"{len(waived)} of {len(report.mutants)} mutants are waived"
        mend = f"write scenarios for some: more than {most} are not equivalent by chance"
        yield finding("waivers-many", first.cell, first.where, what, mend)
