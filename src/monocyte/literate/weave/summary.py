"""What the pages of the app need of a cell: plain values, kept from one weaving to the next.

So a change in one cell costs the reading of one cell. Texts are as authors wrote them, unescaped.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import msgspec

from monocyte.cell import Manifest
from monocyte.contracts import Command, Event, Query
from monocyte.contracts.tokens import estimate
from monocyte.literate.pictures.asking import asked_by
from monocyte.literate.weave.canvas import functions_of
from monocyte.literate.weave.html import visible
from monocyte.literate.weave.marks import Tone
from monocyte.literate.weave.matrix import coverage
from monocyte.literate.weave.proofs import ends_of
from monocyte.literate.weave.prose import plain
from monocyte.literate.weave.view import Evidence, View, words_of_name

__all__ = [
    "DecisionLine",
    "Link",
    "MutantLine",
    "RuleLine",
    "RunbookLine",
    "ScenarioLine",
    "Summary",
    "WordLine",
    "summarised",
]


class WordLine(msgspec.Struct, frozen=True):
    """A word, and what it says of itself."""

    name: str
    kind: str
    said: str


class RuleLine(msgspec.Struct, frozen=True):
    """A rule, and whether scenarios have seen it; `because` if it is no longer in force."""

    id: str
    text: str
    line: int
    tone: Tone = "none"
    seen: str = ""
    lines: int = 0
    scenarios: int = 0
    because: str = ""


class ScenarioLine(msgspec.Struct, frozen=True):
    """A scenario, and how it went: passed, failed, or nothing."""

    anchor: str
    title: str
    said: str
    state: str


class DecisionLine(msgspec.Struct, frozen=True):
    """A decision, when it ends, and the verdict on it."""

    name: str
    kind: str
    said: str
    instead_of: str
    ends: str
    condition: bool
    verdict: str


class RunbookLine(msgspec.Struct, frozen=True):
    """A runbook, when it is needed, and how its rehearsals went: passed, failed, or nothing."""

    name: str
    when: str
    said: str
    state: str


class MutantLine(msgspec.Struct, frozen=True):
    """A change to the code that nobody has noticed."""

    key: str
    line: int
    status: str
    proposal: str


class Link(msgspec.Struct, frozen=True):
    """What a function of this cell has to do with a neighbour's word: asks, or reacts."""

    how: str
    cell: str
    word: str
    function: str


class Summary(msgspec.Struct, frozen=True):
    """A cell, or the journeys of an app, in short."""

    name: str
    slug: str
    title: str
    lead: str
    evidence: Evidence
    bytes: int
    tokens: int
    lines: int
    prose: str = ""
    words: tuple[WordLine, ...] = ()
    rules: tuple[RuleLine, ...] = ()
    scenarios: tuple[ScenarioLine, ...] = ()
    decisions: tuple[DecisionLine, ...] = ()
    runbooks: tuple[RunbookLine, ...] = ()
    mutants: dict[str, int] = {}
    survivors: tuple[MutantLine, ...] = ()
    waivers: int = 0
    findings: int = 0
    """Errors and warnings of the last check."""
    links: tuple[Link, ...] = ()

    @property
    def seen(self) -> Evidence:
        """As what its verdicts are shown: without evidence there are none."""
        return "old" if self.evidence == "old" else "fresh"


def summarised(view: View) -> Summary:
    """What there is to say in short."""
    record = view.record
    manifest = view.it if isinstance(view.it, Manifest) else None
    mutants = record.mutants if record else ()
    paragraphs = [plain(it) for it in view.rest.split("\n\n")]
    return Summary(
        view.it.name,
        view.slug,
        visible(view.title),
        paragraphs[0] if paragraphs else "",
        view.evidence,
        len(view.source.encode("utf-8", "replace")),
        estimate(view.source),
        view.source.count("\n") + 1,
        prose=plain(view.rest),
        scenarios=tuple(_scenarios(view)),
        words=tuple(_words(manifest)) if manifest else (),
        rules=tuple(_rules(view)) if manifest else (),
        decisions=tuple(_decisions(view)) if manifest else (),
        runbooks=tuple(_runbooks(view)) if manifest else (),
        mutants={
            s: sum(it.status == s for it in mutants) for s in sorted({it.status for it in mutants})
        },
        survivors=tuple(_survivors(view)),
        waivers=len(manifest.waivers) if manifest else 0,
        findings=sum(it.severity != "note" for it in record.findings) if record else 0,
        links=tuple(_links(manifest)) if manifest else (),
    )


def _words(manifest: Manifest) -> Iterator[WordLine]:
    kinds = ((Command, "command"), (Query, "query"), (Event, "event"))
    for name, word in manifest.words.items():
        kind = next((kind for base, kind in kinds if issubclass(word, base)), "value")
        yield WordLine(name, kind, plain(inspect.cleandoc(vars(word).get("__doc__") or "")))


def _rules(view: View) -> Iterator[RuleLine]:
    for rule in view.manifest.rules.values():
        lines, well = view.lines_of(rule.id)
        tone, seen = coverage(lines, well, view)
        by = {name for s in view.sites if s.rule == rule.id for name in (*s.held_by, *s.refused_by)}
        line = view.line_of(rule.where)
        yield RuleLine(rule.id, visible(rule.text), line, tone, seen, lines, len(by))
    for old in view.manifest.retired.values():
        yield RuleLine(
            old.id, visible(old.text), view.line_of(old.where), because=visible(old.because)
        )


def _scenarios(view: View) -> Iterator[ScenarioLine]:
    found = {it.name: it.passed for it in view.record.scenarios} if view.record else {}
    for it in view.it.scenarios:
        name = it.function.__name__
        state = (
            {True: "passed", False: "failed"}.get(found[it.name], "") if it.name in found else ""
        )
        title = words_of_name(name) + (f": {visible(it.row)}" if it.row else "")
        yield ScenarioLine(name, title, plain(inspect.cleandoc(it.story)), state)


def _decisions(view: View) -> Iterator[DecisionLine]:
    found = {it.name: it.verdict for it in view.record.decisions} if view.record else {}
    for it in view.manifest.decisions:
        said = plain(inspect.cleandoc(it.rationale))
        verdict = found.get(it.name, "")
        yield DecisionLine(
            *(
                it.name,
                it.kind,
                said,
                visible(it.instead_of),
                ends_of(it),
                callable(it.until),
                verdict,
            )
        )


def _runbooks(view: View) -> Iterator[RunbookLine]:
    rehearsals = view.record.rehearsals if view.record else ()
    for it in view.manifest.runbooks.values():
        own = [rehearsal.passed for rehearsal in rehearsals if rehearsal.runbook == it.name]
        state = ("passed" if all(own) else "failed") if own else ""
        yield RunbookLine(it.name, visible(it.when), plain(inspect.cleandoc(it.purpose)), state)


def _survivors(view: View) -> Iterator[MutantLine]:
    for it in view.record.mutants if view.record else ():
        if it.status in ("survived", "unreached", "timeout"):
            line = view.line_of(it.where) if view.evidence == "fresh" else 0
            yield MutantLine(it.key, line, it.status, it.proposal)


def _links(manifest: Manifest) -> Iterator[Link]:
    for function in functions_of(manifest):
        for name in asked_by(function, manifest):
            cell, _, word = name.partition(".")
            yield Link("asks", cell, word, function.name)
    for event, it in manifest.reactions.items():
        yield Link("reacts", it.source, event.__name__, it.function.name)
