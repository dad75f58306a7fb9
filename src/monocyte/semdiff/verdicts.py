"""What can be said of a change: four verdicts that are never merged, and findings that carry proof.

SAME is claimed only from equal normal forms with no guard tripped; CHANGED only with a witness that
anybody can run. What was searched in vain and what could not be judged are verdicts of their own.
Values only: who finds them and who presents them live elsewhere.
"""

from __future__ import annotations

from enum import Enum

import msgspec

__all__ = ["Finding", "Place", "Severity", "Verdict", "Witness"]


class Verdict(str, Enum):
    """What is known of a change in meaning."""

    SAME = "same"
    CHANGED = "changed"
    NO_DIFFERENCE_FOUND = "no difference found"
    UNKNOWN = "unknown"


class Severity(str, Enum):
    """How much a finding asks of its reader."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


class Place(msgspec.Struct, frozen=True):
    """A line of a file; lines count from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Witness(msgspec.Struct, frozen=True):
    """A concrete input on which old and new differ: the call, both outcomes, a test to run."""

    call: str
    """The call as an expression of Python."""
    old: str
    """What the old version did, in words: `returned 3`, `raised ValueError`."""
    new: str
    differs: str
    """In what they differ: value, type, exception, arguments, output, effects, time…"""
    test: str = ""
    """Source of a pytest module that passes on the old version and fails on the new."""


class Finding(msgspec.Struct, frozen=True):
    """One thing to say: about which definition, what in words, by which rule, with what proof."""

    kind: str
    verdict: Verdict
    severity: Severity
    definition: str
    what: str
    why: str = ""
    old: Place | None = None
    new: Place | None = None
    witness: Witness | None = None
