"""The sticky comment: a plan and a verdict on one page: a line first, then a table, then details.

It is written from what commands have said as JSON, so that whoever holds the right to comment need
not run, or even fetch, what is commented on. All text in it is others', and is quoted. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from monocyte.errors import GenopsError
from monocyte.genops.gates.verdict import Finding, Looked, Verdict
from monocyte.genops.money import Money
from monocyte.genops.plans.headline import headline
from monocyte.genops.plans.plan import Plan
from monocyte.semdiff.report.markup import LONGEST, block, fitting, plain, prose, visible

__all__ = ["Planned", "comment", "mark_of", "planned", "verdict_of"]

SEVERITIES = {"error": "refused", "approval": "needs somebody", "note": "note"}
OUTCOMES = {"passed": "passed", "found": "found", "broke": "could not look", "skipped": "left out"}
HEAVY = ("error", "approval", "note")
MOST = 4_000
"""Characters of one piece of evidence."""


class Planned(msgspec.Struct, frozen=True):
    """What `monocyte plan --json` says: a plan, or that there is none, or why there can be none."""

    plan: Plan | None = None
    state: str = ""
    missing: tuple[str, ...] = ()
    error: dict[str, str] = {}


def planned(content: bytes) -> Planned:
    """What a plan was said to be; raises GenopsError if this is nothing that we say."""
    try:
        return msgspec.json.decode(content, type=Planned)
    except (msgspec.DecodeError, UnicodeDecodeError) as why:
        raise GenopsError(f"no plan: {why}", mend="give what monocyte plan --json printed") from why


def verdict_of(content: bytes) -> Verdict:
    """What the gates have said; that they could say nothing is a verdict, too: it passes nothing.

    Raises:
        GenopsError: this is nothing that we say.
    """
    try:
        said = msgspec.json.decode(content, type=_Said)
        if why := said.error.get("message"):
            broke = Looked(gate="all of them", outcome="broke", seconds=0.0, said=why)
            return Verdict(base="", head="", looked=(broke,), summary="nothing was judged")
        return msgspec.json.decode(content, type=Verdict)
    except (msgspec.DecodeError, UnicodeDecodeError) as why:
        mend = "give what monocyte gate --json printed"
        raise GenopsError(f"no verdict: {why}", mend=mend) from why


class _Said(msgspec.Struct, frozen=True):
    error: dict[str, str] = {}


def mark_of(app: str) -> str:
    """How the comment of an app is found again: there is one, and it is written over."""
    return f"<!-- monocyte: {re.sub('[^a-z0-9_-]', '-', app.lower()).replace('--', '-')} -->"


def comment(app: str, plan: Planned | None, verdict: Verdict | None, longest: int = LONGEST) -> str:
    """The page as Markdown, no longer than a code host takes."""
    head = [mark_of(app), _first(plan, verdict), "", *_table(plan), *_gates(verdict)]
    told = [("", *_finding(it)) for it in _ordered(verdict)]
    tail = [*_why(plan), *_waits(plan)]
    room = longest - sum(len(it) + 1 for it in (*head, *tail)) - 200
    details, _ = fitting(told, room, "findings")
    return visible("\n".join([*head, *details, *tail]).rstrip() + "\n")


def _first(plan: Planned | None, verdict: Verdict | None) -> str:
    """The line that most people read, and nothing else."""
    said = [] if plan is None else [_price(plan)]
    if verdict is not None:
        said.append(f"{_stand(verdict)}{plain(verdict.summary)}")
    return "; ".join(said) if said else "Nothing was planned, and nothing was judged."


def _price(plan: Planned) -> str:
    if plan.plan is None:
        why = plan.error.get("message", "")
        return f"**No plan**: {prose(why)}" if why else "Nothing to regenerate"
    line = headline(plan.plan)
    return f"{prose(line.what)}: **{plain(line.price)}**"


def _stand(verdict: Verdict) -> str:
    if not verdict.passed:
        return "**refused**: "
    needs = any(it.severity == "approval" for it in verdict.findings)
    return "**needs somebody**: " if needs else ""


def _table(plan: Planned | None) -> Iterator[str]:
    if plan is None or plan.plan is None:
        return
    yield from (
        "| cell | does | pin | tokens | expected | p90 | cap |",
        "|---|---|---|---|---|---|---|",
    )
    for it in plan.plan.cells:
        price = (Money(each).about() for each in (it.cost.expected, it.cost.p90, it.cost.cap))
        yield _row(it.cell, it.action, it.pin or "-", f"{it.tokens:,}", *price)
    yield ""


def _gates(verdict: Verdict | None) -> Iterator[str]:
    if verdict is None:
        return
    yield from ("| gate | | refused | to agree | notes |", "|---|---|---|---|---|")
    for it in verdict.looked:
        yield _row(it.gate, _outcome(it), *(_count(verdict, it, each) for each in HEAVY))
    yield ""


def _outcome(looked: Looked) -> str:
    return OUTCOMES[looked.outcome] + (f": {looked.said}" if looked.said else "")


def _count(verdict: Verdict, looked: Looked, severity: str) -> str:
    found = [it for it in verdict.findings if it.gate == looked.gate and it.severity == severity]
    return str(len(found)) if found else ""


def _row(*columns: str) -> str:
    return f"| {' | '.join(map(prose, columns))} |"


def _ordered(verdict: Verdict | None) -> Sequence[Finding]:
    """The worst first."""
    found = () if verdict is None else verdict.findings
    return sorted(found, key=lambda it: HEAVY.index(it.severity))


def _finding(it: Finding) -> Iterator[str]:
    about = f" ({plain(it.rule)})" if it.rule else ""
    where = f"{plain(it.where)}: " if it.where else ""
    yield "<details>"
    yield f"<summary>{SEVERITIES[it.severity]}: {_tagged(it.gate)}, {_tagged(it.kind)}</summary>"
    yield from ("", f"{where}{prose(it.said)}{about}")
    if it.mend:
        yield from ("", f"What to do next: {prose(it.mend)}")
    if it.evidence:
        text = it.evidence if len(it.evidence) <= MOST else f"{it.evidence[:MOST]}\n…"
        yield from ("", *block("text", text.splitlines()))
    yield from ("", "</details>")


def _tagged(text: str) -> str:
    """Text within a tag, where HTML is read and Markdown may be."""
    return re.sub(r"[^\w ,.:;()'-]", lambda it: f"&#{ord(it[0])};", " ".join(text.split()))


def _why(plan: Planned | None) -> Iterator[str]:
    if plan is None or plan.plan is None:
        return
    yield from ("", "<details>", "<summary>Why these cells</summary>", "")
    for it in plan.plan.cells:
        yield from (f"- {prose(f'`{it.cell}`')}: {prose(why.said)}" for why in it.reasons)
    yield from (
        "",
        f"{plain(plan.plan.id)} by {plain(plan.plan.by)}, {plain(plan.state)}",
        "",
        "</details>",
    )


def _waits(plan: Planned | None) -> Iterator[str]:
    for it in plan.missing if plan is not None else ():
        yield from ("", f"Waits: {plain(it)}")
