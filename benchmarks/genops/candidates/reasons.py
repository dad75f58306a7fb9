"""Does a finding name the right reason? What is looked for is written before any gate is known.

A reason is `KIND` or `KIND: SUBJECT`, where alternatives of a subject are parted by `/`. A finding
names it if what it says (or its class of change) is of that kind, and mentions the subject.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monocyte.genops.gates.verdict import Finding

__all__ = ["KINDS", "named"]


KINDS = {
    "scenario": r"scenario|sealed|evidence|artefact|decision|runbook",
    "test": r"tamper|weak|skip|xfail|test|sealed|scenario|assert|hook|conftest",
    "rule": r"rule|sealed|require|behaviou?r",
    "behaviour": r"behaviou?r|differ|scenario|replay|answers?",
    "hard-coded": r"hard.?cod|constant|literal|special|behaviou?r|detect",
    "detection": r"detect|environ|capabilit|import|caller|frame|stack|behaviou?r|sys\.",
    "capability": r"capabilit|effect|import|network|process|file|environ|port|dynamic|exec",
    "config": r"config|setting|threshold|pragma|noqa|limit|policy|budget|pipeline|workflow|tamper",
    "dependency": r"dependenc|requirement|import|licen[cs]e|package",
    "contract": r"contract|schema|word|type|constraint|wire|message",
    "journal": r"journal|event|replay|load|old|schema|contract|wire|compat",
    "slow": r"slow|speed|time|cpu|memory|second|perform|budget|timeout",
    "state": r"global|state|mutable|purity|pure|behaviou?r|module|leak|determinis",
    "time": r"time|clock|date|now|determinis|behaviou?r",
    "random": r"random|determinis|pure|purity|clock|time|capabilit|behaviou?r|import",
    "exit": r"exit|died|ended|outcome|process|capabilit|scenario|runner|patch|os\.",
    "equal": r"__eq__|equal|compar|tamper|method|operator|weak|test|contract|word|sealed",
    "event": r"event|behaviou?r|picture|emit|audit|journal|explained",
    "fix": r"scenario|sealed|behaviou?r|revert",
}
"""What a gate says that is about something of this kind; in any case."""

CLASSES = {
    "behaviour": "behaviour-unexplained",
    "event": "behaviour-unexplained",
    "capability": "capability",
    "dependency": "dependency",
    "contract": "contract-breaking",
}
"""A class of change that says as much."""


def named(reason: str, finding: Finding) -> bool:
    """Whether this finding gives this reason; how it might be mended is no reason."""
    kind, _, subject = (it.strip() for it in reason.partition(":"))
    told = f"{finding.gate} {finding.kind} {finding.said} {finding.evidence}"
    about = f"{told} {finding.where} {finding.cell} {finding.rule}".casefold()
    of_kind = re.search(KINDS[kind], told, re.IGNORECASE) is not None
    of_class = finding.change == CLASSES.get(kind)
    subjects = [it.strip().casefold() for it in subject.split("/") if it.strip()]
    return (of_kind or of_class) and (not subjects or any(it in about for it in subjects))
