"""What a model is asked: first for the whole file, then for edits, with what was found wrong.

The template is fixed (`plans/template.py`), what is filled in is data: it stands in fences that do
not occur in it, and findings are quoted and bounded. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from monocyte.genops.gates.verdict import Finding
from monocyte.genops.generation.findings import clipped
from monocyte.genops.metering.wires import Turn
from monocyte.genops.models.interface import Prompt
from monocyte.genops.plans.cost import EVIDENCE
from monocyte.genops.plans.template import AGAIN, AGENT, EDITS, TASK

__all__ = ["MOST", "agents", "fenced", "first", "mending", "quoted"]

MOST: Final = 12
"""Findings that a model is shown at once; once they are mended, the next look says what is left."""

SHARE: Final = EVIDENCE // MOST
"""Bytes that one finding may have: twelve are never more than the cap of a plan reckons with."""


def first(briefing: str) -> Prompt:
    """The first question about a cell."""
    return Prompt(TASK, (Turn("user", briefing),))


def mending(briefing: str, draft: str | None, findings: Sequence[Finding]) -> Prompt:
    """A further question: for edits of the draft, or without one for the whole file again."""
    if draft is None:
        again = Turn("user", f"{briefing}\n{AGAIN}\n{quoted(findings)}")
        return Prompt(TASK, (again,))
    answered = Turn("assistant", fenced(draft, "python"))
    return Prompt(TASK, (Turn("user", briefing), answered, Turn("user", EDITS + quoted(findings))))


def agents(briefing: str, path: str, findings: Sequence[Finding]) -> Prompt:
    """What an agent is told that works on the file at `path`, where its last draft stands."""
    told = f"{briefing}\n{AGENT.format(path=path)}"
    if findings:
        told += f"\nThe file has what you wrote last. Mend what was found:\n{quoted(findings)}"
    return Prompt(TASK, (Turn("user", told),))


def quoted(findings: Iterable[Finding]) -> str:
    """Findings as data: the errors first, each bounded, with its evidence in a fence."""
    chosen = sorted(findings, key=lambda it: it.severity != "error")
    shown = [_shown(it) for it in chosen[:MOST]]
    if more := len(chosen) - MOST:
        shown += [f"- and {more} more\n"] if more > 0 else []
    return "\n" + "".join(shown)


def _shown(it: Finding) -> str:
    return clipped("".join(_lines(it)), SHARE).rstrip("\n") + "\n"


def _lines(it: Finding) -> Iterator[str]:
    place = f" at {_line(it.where)}" if it.where else ""
    yield f"- {it.kind}{place}: {_line(it.said)}\n"
    if it.mend:
        yield f"  What to do: {_line(it.mend)}\n"
    if it.evidence:
        yield fenced(clipped(it.evidence, SHARE * 2 // 3), "text")


def _line(text: str) -> str:
    """A text as one line of at most 300 characters."""
    return " ".join(text.split())[:300]


def fenced(text: str, name: str) -> str:
    """A text in a fence that does not occur in it."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(4, longest + 1)
    return f"{fence}{name}\n{text.rstrip()}\n{fence}\n"
