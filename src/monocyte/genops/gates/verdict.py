"""`Verdict`: what the gates have said of a change, and which classes of change that makes it.

A finding says what is wrong, where, and how it is mended; how much it matters is a property of its
kind, from the one table `KINDS`. A verdict is attached to the ledger and bound to what was judged;
a gate that could not look has not passed. Pure.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from monocyte.genops.attached import Attached, read_attached

__all__ = ["FILE", "Finding", "Looked", "Severity", "Verdict", "opened"]

FILE = "verdict.json"
"""Under what name it is attached to the transition to GATED."""

Severity = Literal["error", "approval", "note"]
"""Refused; a person must agree; only said."""


class Finding(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a gate has found."""

    gate: str
    kind: str
    severity: Severity
    cell: str = ""
    where: str = ""
    """file:line within the repository."""
    said: str
    mend: str = ""
    change: str = "internal"
    """The class of change (`pins.CLASSES`) that it makes this one, at least."""
    rule: str = ""
    """The rule that explains it, if one does."""
    evidence: str = ""
    """What shows it: a witness, a test that can be run, an output; may have many lines."""


class Looked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """That a gate was run: how it ended, how long it took, and what it has looked at."""

    gate: str
    outcome: Literal["passed", "found", "broke", "skipped"]
    seconds: float
    said: str = ""


class Verdict(Attached, frozen=True, kw_only=True):
    """What became of all gates; whoever reads it needs nothing else to decide."""

    format: Literal[1] = 1
    base: str
    """The commit that it was compared with."""
    head: str
    """The commit that was judged."""
    candidate: str = ""
    """The digest of the candidate, if it is one."""
    findings: tuple[Finding, ...] = ()
    looked: tuple[Looked, ...] = ()
    classes: tuple[str, ...] = ()
    """The classes of change, the mildest first: what `[approval.policy]` is asked about."""
    summary: str = ""
    """One line: "1 intended behaviour change, 0 unexplained, 0 new capabilities"."""

    @property
    def passed(self) -> bool:
        """Whether nothing is refused, and every gate has looked."""
        refused = any(it.severity == "error" for it in self.findings)
        return (
            bool(self.looked) and not refused and all(it.outcome != "broke" for it in self.looked)
        )


def opened(content: bytes) -> Verdict:
    """A verdict as it was attached; raises GenopsError if it is none, or of another format."""
    return read_attached(content, Verdict, "verdict", "monocyte gate")
