"""What every format says alike: the headline, the title of a change, and what was ignored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from monocyte.semdiff.difference import Change, Difference, Unseen
from monocyte.semdiff.verdicts import Finding, Severity, Verdict

__all__ = [
    "BADGES",
    "Group",
    "by_kind",
    "by_weight",
    "headline",
    "headline_parts",
    "ignored_groups",
    "title",
]

BADGES = {
    Verdict.CHANGED: "changed",
    Verdict.UNKNOWN: "unknown",
    Verdict.NO_DIFFERENCE_FOUND: "no difference found",
    Verdict.SAME: "same",
}
"""The verdicts, for people; they are never merged."""

SEVERITIES = {
    Severity.BREAKING: "breaking",
    Severity.WARNING: "",
    Severity.NOTE: "note",
    Severity.IGNORED: "",
}


def headline(difference: Difference) -> str:
    """The whole answer in one line."""
    return " · ".join(headline_parts(difference))


def headline_parts(difference: Difference) -> list[str]:
    """How many definitions have which verdict, the worst first."""
    changes = difference.changes
    parts = []
    breaking = sum(it.severity is Severity.BREAKING for it in changes)
    changed = difference.count(Verdict.CHANGED)
    if changed:
        parts.append(f"{changed} changed")
    if difference.count(Verdict.UNKNOWN):
        parts.append(f"{difference.count(Verdict.UNKNOWN)} unknown")
    if breaking:
        parts[-1:] = [*parts[-1:], f"{breaking} breaking"]
    if difference.count(Verdict.NO_DIFFERENCE_FOUND):
        parts.append(f"{difference.count(Verdict.NO_DIFFERENCE_FOUND)} with no difference found")
    if not changes:
        differs = difference.looked.differing or difference.ignored
        parts += ["nothing changed in meaning" if differs else "no Python file differs"]
    if difference.ignored:
        parts.append(f"{len(difference.ignored)} differ as text and mean the same")
    if difference.unseen:
        parts.append(f"{len(difference.unseen)} not looked at")
    return parts


def title(change: Change) -> str:
    """Which definition, and where."""
    finding = change.finding
    name = "" if finding.kind == "file" else f" {finding.definition}"
    if finding.definition.startswith("<"):
        name = ""
    return f"{change.place} {finding.kind}{name}"


def by_weight(changes: Sequence[Change]) -> list[Change]:
    """The worst first; among equals, in the order of files."""
    return sorted(changes, key=lambda it: (-it.severity, _VERDICTS[it.finding.verdict]))


_VERDICTS = {verdict: i for i, verdict in enumerate(BADGES)}


class Group(NamedTuple):
    """Definitions that were ignored for the same reasons."""

    why: str
    findings: tuple[Finding, ...]


def ignored_groups(difference: Difference) -> list[Group]:
    """What was ignored, by why; the largest group first."""
    found: dict[str, list[Finding]] = defaultdict(list)
    for finding in difference.ignored:
        found[_why(finding)].append(finding)
    groups = [Group(why, tuple(it)) for why, it in found.items()]
    return sorted(groups, key=lambda it: (-len(it.findings), it.why))


ENDING = " differ, and nothing here looks at them"


def _why(finding: Finding) -> str:
    """`a, b and c differ, and nothing here looks at them`."""
    channels = [it.removesuffix(ENDING) for it in finding.why if it.endswith(ENDING)]
    others = [it for it in finding.why if not it.endswith(ENDING)]
    if channels:
        listed = ", ".join(channels[:-1]) + (" and " if len(channels) > 1 else "") + channels[-1]
        others.append(f"{listed}{ENDING}")
    return "; ".join(others) or "means the same"


def by_kind(unseen: Sequence[Unseen], most: int = 20) -> list[str]:
    """What was not looked at, with the reasons; many files for the same reason are counted."""
    found: dict[str, list[str]] = defaultdict(list)
    for it in unseen:
        found[it.why].append(it.path)
    lines = []
    for why, paths in found.items():
        more = f" and {len(paths) - 3} more" if len(paths) > 4 else ""
        lines.append(f"{', '.join(paths[: 3 if more else 4])}{more}: {why}")
    return [*lines[:most], *([f"and {len(lines) - most} more"] if len(lines) > most else [])]
