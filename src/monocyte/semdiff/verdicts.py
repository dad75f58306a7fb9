"""What a diff says: verdicts, findings and witnesses, as values; they know no code and no screen.

The four verdicts are never merged. SAME is a proof (under ARCHITECTURE's observation model),
CHANGED carries a witness that anybody can run, NO DIFFERENCE FOUND says how hard it looked,
UNKNOWN says why.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum

import msgspec

__all__ = ["Finding", "Place", "Severity", "Verdict", "Witness"]


class Verdict(StrEnum):
    """What is known about one definition's meaning, old against new."""

    SAME = "same"
    """Equal normal forms, and no guard tripped."""
    CHANGED = "changed"
    """Different, and the finding's witness shows it."""
    NO_DIFFERENCE_FOUND = "no-difference-found"
    """Searched within a budget, and nothing was found."""
    UNKNOWN = "unknown"
    """Neither proven the same nor shown to differ; the finding says why."""


class Severity(IntEnum):
    """How much a person should care; exit codes follow it."""

    IGNORED = 0
    """Text only: nothing that runs can tell."""
    NOTE = 1
    """People may want to know: documentation, moves."""
    WARNING = 2
    """Meaning may have changed."""
    BREAKING = 3
    """Somebody who relied on the old meaning will notice."""


class Place(msgspec.Struct, frozen=True):
    """A line of a file; lines count from 1, 0 means the file as a whole."""

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


class Witness(msgspec.Struct, frozen=True, kw_only=True):
    """A concrete difference: code to run on each side, and what each side answered."""

    code: str
    """Python that runs in a tree on either side and prints what it observed."""
    old: str
    new: str


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is known about one definition, or about a file as a whole."""

    verdict: Verdict
    kind: str
    """What the definition is: `module`, `function`, `class`, `method`, `constant`, `file`."""
    definition: str
    """Its qualified name, dotted from the module; the module's own code is `<module>`."""
    what: str
    """What happened to it, in words."""
    why: tuple[str, ...] = ()
    """For UNKNOWN and SAME: what the verdict rests on, one sentence each."""
    rule: str = ""
    """A stable short name of the rule or guard that decided: `normal-form`, `reads-lines`…"""
    severity: Severity = Severity.WARNING
    old: Place | None = None
    new: Place | None = None
    open: bool = False
    """Whether evidence (running both versions) may still decide it."""
    witness: Witness | None = None

    def __post_init__(self) -> None:
        """CHANGED without a witness, and UNKNOWN without a reason, cannot be said."""
        if self.verdict is Verdict.CHANGED and self.witness is None:
            raise ValueError("CHANGED needs a witness")
        if self.verdict is Verdict.UNKNOWN and not self.why:
            raise ValueError("UNKNOWN needs a reason")

    def explain(self) -> str:
        """The finding on one line, for people."""
        place = self.new or self.old
        reasons = f" ({'; '.join(self.why)})" if self.why else ""
        return f"{place}: {self.verdict}: {self.kind} {self.definition}: {self.what}{reasons}"
