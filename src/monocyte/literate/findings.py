"""Findings: what a check has to say, as values; how they are shown is somebody else's affair.

Every kind has a row in `KINDS`. A check yields findings; it neither prints nor raises for what an
author did wrong.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

__all__ = ["KINDS", "Finding", "Severity", "finding"]

Severity = Literal["error", "warning", "note"]
"""An error must be mended before pushing; a warning will become one; a note is only said."""

KINDS: dict[str, tuple[Severity, str]] = {
    # definitions
    "definition": ("error", "A declaration that makes no sense, or a bound that is crossed."),
    "size": ("error", "A cell that is too big to be read, or written, in one go."),
    "app-size": ("warning", "An app with more code than one process is comfortable with."),
    "app-split": ("error", "An app with more code than can be governed as one."),
    # rules
    "rule-unenforced": ("error", "A rule that no line of code enforces."),
    "rule-unseen": ("error", "A call of a rule that no scenario has seen held, or refused."),
    "rule-vanished": (
        "error",
        "A rule that was once declared, and is neither in force nor retired.",
    ),
    "rule-reworded": ("error", "A rule whose text is not the one that was accepted."),
    "rule-unlocked": ("warning", "A rule that is not yet among the accepted ones."),
    "rule-reused": ("error", "A rule under an ID that was retired for ever."),
    "rule-moved": ("error", "A rule that was accepted for another cell."),
    "rulebook-damaged": ("error", "A line of rules.lock that cannot be read."),
    "prose-dangling": ("error", "A name in backticks that means nothing."),
    # pictures
    "picture-missing": ("error", "A cell without a picture."),
    "picture-syntax": ("error", "A line of a picture that cannot be read."),
    "picture-wrong": ("error", "An arrow that is drawn, but not in the code."),
    "picture-incomplete": ("error", "An arrow that is in the code, but not drawn."),
    "picture-unwalked": ("error", "An arrow that no scenario walks."),
    "picture-undeclared-walk": (
        "error",
        "Something that happens, and is neither drawn nor derived.",
    ),
    "ask-cycle": ("error", "Cells that ask each other in a circle."),
    # scenarios
    "scenario-missing": ("error", "A cell without a scenario."),
    "scenario-dead": ("error", "A scenario that was written, and is never run."),
    "scenario-failed": ("error", "A scenario that does not come true."),
    "scenario-endless": ("error", "A scenario that never ends."),
    # decisions
    "decision-failed": ("error", "A decision that does not hold."),
    "decision-unrefuted": ("error", "A decision that its own refutation does not refute."),
    "decision-raised": ("error", "A decision whose check cannot be carried out."),
    "decision-expiring": ("warning", "A decision whose time is over: look at it again."),
    "decision-expired": ("error", "A decision whose time has been over for too long."),
    "assumption-due": ("warning", "An assumption about the outside world that is due for review."),
    "assumption-overdue": ("error", "An assumption whose review has been due for too long."),
    # runbooks
    "rehearsal-failed": ("error", "A runbook that does not work."),
    # mutation
    "mutant-survived": ("error", "A change to the code that no artefact notices."),
    "cannot-fail": ("error", "An artefact that notices no change to the code at all."),
    "waiver-stale": ("error", "A waiver for a mutant that is not there, or does not survive."),
    "waiver-expired": ("error", "A waiver whose time is over."),
    "waivers-many": ("warning", "More waivers than can be meant."),
}
"""Every kind of finding: how bad it is, and what it means in a sentence."""


class Finding(NamedTuple):
    """What a check has found: which kind, where (file:line), and what to do about it."""

    kind: str
    severity: Severity
    cell: str
    where: str
    message: str
    mend: str

    @property
    def explanation(self) -> str:
        """What its kind means."""
        return KINDS[self.kind][1]


def finding(kind: str, cell: str, where: str, message: str, mend: str) -> Finding:
    """A finding, as severe as its kind.

    Raises:
        KeyError: there is no such kind; this is a defect of the check.
    """
    return Finding(kind, KINDS[kind][0], cell, where, message, mend)
