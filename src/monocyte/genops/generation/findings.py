"""What can be wrong with an answer, before any gate has looked: kinds, and how bad each is.

These are findings like those of the gates, so that a model is shown both in the same way. An error
means that there is no candidate; an approval that a person is told of it; a note is only said.
"""

from __future__ import annotations

from typing import Final

from monocyte.genops.gates.verdict import Finding, Severity

__all__ = ["EVIDENCE", "GATE", "KINDS", "clipped", "found", "refuses"]

GATE: Final = "generation"

EVIDENCE: Final = 2_000
"""Bytes of evidence that one finding carries."""

KINDS: Final[dict[str, tuple[Severity, str]]] = {
    # answers
    "answer-missing": ("error", "No whole answer came, and it was paid for."),
    "answer-refused": ("error", "The model would not."),
    "answer-cut": ("error", "The answer stopped at the cap of its length: half a file."),
    "answer-tool": ("error", "The model wanted to use a tool; it has none."),
    "answer-long": ("error", "The answer is longer than any cell may be."),
    "answer-bytes": ("error", "The answer has characters that are no text, or that hide text."),
    "answer-prose": ("error", "The answer has no code."),
    "answer-files": ("error", "The answer has several files, and there is one."),
    "answer-language": ("error", "The answer is written in another language than Python."),
    "answer-syntax": ("error", "The answer is no Python that can be read."),
    "answer-half": ("error", "The answer leaves out what it should say: half a file."),
    "edit-missing": ("error", "What an edit looks for is not in the file."),
    "edit-ambiguous": ("error", "What an edit looks for is in the file more than once."),
    "edit-nothing": ("error", "The edits change nothing."),
    # splicing
    "sealed-changed": ("error", "The model changed a part that belongs to people."),
    "sealed-gone": ("error", "The model took away a part that belongs to people."),
    "sealed-prose": ("error", "The model changed what people say about the cell."),
    "sealed-comment": ("note", "The model changed a comment in a sealed part; it stays as it was."),
    "rule-invented": ("error", "The model wrote a rule, and rules are people's."),
    "waiver-invented": ("error", "The model wrote a waiver, and waivers are people's."),
    "word-added": ("approval", "The model added a word to the contract."),
    "proof-added": ("note", "The model added a scenario, which is unsealed until it is accepted."),
    "name-shadowed": ("error", "The model gave another meaning to a name that a sealed part uses."),
    "statement-bare": ("error", "Something is done, and not defined, when the cell is loaded."),
    "name-twice": ("error", "A name is defined twice."),
    "cell-renamed": ("error", "The model named the cell otherwise."),
    "file-foreign": ("error", "The agent changed something beside the file of its cell."),
    "file-gone": ("error", "The agent left no file where that of the cell was."),
    "file-unchanged": ("error", "The agent changed nothing."),
    "load-failed": ("error", "The cell cannot be loaded."),
}
"""Every kind of finding, how bad it is, and what it means in a sentence."""


def found(
    kind: str,
    cell: str,
    said: str,
    *,
    where: str = "",
    mend: str = "",
    evidence: str = "",
    change: str = "internal",
) -> Finding:
    """A finding, as severe as its kind; raises KeyError if there is no such kind."""
    return Finding(
        gate=GATE,
        kind=kind,
        severity=KINDS[kind][0],
        cell=cell,
        where=where,
        said=said,
        mend=mend,
        change=change,
        evidence=clipped(evidence),
    )


def refuses(findings: tuple[Finding, ...]) -> bool:
    """Whether there is no candidate because of them."""
    return any(it.severity == "error" for it in findings)


def clipped(text: str, most: int = EVIDENCE) -> str:
    """A text of at most so many bytes, whose middle is left out if it is longer."""
    raw = text.encode("utf-8", "replace")
    if len(raw) <= most:
        return raw.decode()
    half = (most - 40) // 2
    begin, end = raw[:half].decode("utf-8", "ignore"), raw[-half:].decode("utf-8", "ignore")
    return f"{begin}\n[{len(raw) - 2 * half:,} bytes left out]\n{end}"
