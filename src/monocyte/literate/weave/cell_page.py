"""The pages of one cell: what it is, what it promises, what shows that it holds; and its source."""

from __future__ import annotations

from collections.abc import Iterator

from monocyte.cell import Manifest
from monocyte.literate.cards import Card
from monocyte.literate.findings import Finding
from monocyte.literate.pictures.cells import derive
from monocyte.literate.pictures.drawing import draw_both
from monocyte.literate.pictures.notation import Edge
from monocyte.literate.weave import proofs
from monocyte.literate.weave.canvas import canvas
from monocyte.literate.weave.highlight import highlight, line_count
from monocyte.literate.weave.html import Html, join, tag, visible
from monocyte.literate.weave.layout import Section, framed
from monocyte.literate.weave.marks import Tone, counted, mark, notice, scroll
from monocyte.literate.weave.matrix import rules
from monocyte.literate.weave.prose import inline, prose
from monocyte.literate.weave.summary import Summary
from monocyte.literate.weave.view import Evidence, View

__all__ = ["card_text", "cell_page", "glance", "picture_svg", "source_page"]

TOKENS = 4000
"""What a cell may have, so that it is read and written in one go."""


def cell_page(view: View, summary: Summary, card: Card, app: str) -> str:
    """Everything about one cell."""
    sections = (
        *_findings(view),
        Section("picture", "Picture", _picture(view)),
        Section("canvas", "Canvas", canvas(view)),
        Section("rules", "Rules", rules(view)),
        Section("scenarios", "Scenarios", proofs.scenarios(view)),
        Section("decisions", "Decisions", proofs.decisions(view)),
        Section("runbooks", "Runbooks", proofs.runbooks(view)),
        Section("mutation", "Mutation", proofs.mutation(view)),
        Section("card", "Card", _card(card)),
    )
    return framed(
        *(app, f"cells/{view.slug}.html", view.title),
        _head(view, summary),
        sections=sections,
        kind="cell",
    )


def _head(view: View, summary: Summary) -> Html:
    size = mark("ok" if summary.tokens <= TOKENS else "bad", f"{summary.tokens:,} tokens")
    source = tag("a", f"{summary.lines:,} lines of source", href=view.href(0))
    return join(
        tag("p", "cell ", tag("code", view.it.name), class_="kicker"),
        tag("h1", tag("bdi", view.title)),
        tag("div", prose(view.rest, view.names, under=1), class_="lead"),
        notice(view),
        tag("ul", *(tag("li", it) for it in (*glance(summary), size, source)), class_="figures"),
    )


SEVERITIES: dict[str, Tone] = {"error": "bad", "warning": "warn", "note": "none"}


def _findings(view: View) -> Iterator[Section]:
    """What the last check had to say of this cell; no section if that was nothing."""
    found = view.record.findings if view.record else ()
    if found:
        items = (tag("li", _finding(it, view)) for it in found)
        yield Section("findings", "Findings", tag("ul", *items, class_="plain"))


def _finding(it: Finding, view: View) -> Html:
    line = view.line_of(it.where) if view.evidence == "fresh" else 0
    link = tag("a", f"line {line}", href=view.href(line), class_="line") if line else None
    return join(
        tag(
            "p",
            mark(SEVERITIES[it.severity], it.severity, view.evidence),
            ": ",
            inline(it.message),
            " ",
            link,
        ),
        tag("p", "What to do: ", inline(it.mend), class_="quiet") if it.mend else None,
    )


def glance(it: Summary) -> list[Html]:
    """The state of a cell, in a few marks."""
    seen = [rule for rule in it.rules if not rule.because]
    alive = len(it.survivors)
    total = sum(it.mutants.values())
    errors = it.findings
    found = [
        mark("bad", counted(errors, "finding"), it.seen) if errors else Html(""),
        _counted("scenario", [s.state for s in it.scenarios], "come true", it.seen),
        _counted(
            "rule",
            [
                "passed"
                if r.tone == "ok"
                else "failed"
                if r.tone == "bad" and it.evidence == "fresh"
                else ""
                for r in seen
            ],
            "seen both ways",
            it.seen,
        ),
        _counted("runbook", [r.state for r in it.runbooks], "rehearsed", it.seen),
    ]
    if total:
        tone: Tone = "bad" if alive else "ok"
        found.append(
            mark(
                tone,
                f"{alive} of {total} mutants unnoticed" if alive else f"{total} mutants noticed",
                it.seen,
            )
        )
    return [shown for shown in found if shown]


def _counted(noun: str, states: list[str], well: str, evidence: Evidence) -> Html:
    """How many of them are well; nothing if there are none."""
    total = len(states)
    if not total:
        return Html("")
    if not any(states):
        return mark("none", counted(total, noun))
    passed = states.count("passed")
    said = f"{passed} of {counted(total, noun)} {well}"
    if passed == total:
        said = f"{counted(total, noun)} {well}"
    return mark("ok" if passed == total else "bad", said, evidence)


def _picture(view: View) -> Html:
    svg = picture_svg(view)
    if svg is None:
        return tag("p", "Nothing passes through it.")
    return tag("figure", scroll(svg, "drawing of the cell"))


def picture_svg(view: View) -> Html | None:
    """The picture as the code has it, its names leading to their lines or sections."""
    derived = derive(view.manifest)
    if not derived.rows:
        return None
    walked = {Edge(*it) for it in view.record.walked} if view.record else set()
    judged = view.evidence == "fresh" and walked
    marks = {edge: "unwalked" for edge in derived.edges if judged and edge not in walked}
    return Html(draw_both(derived, href=lambda name: _leads(name, view), marks=marks))


def _leads(name: str, view: View) -> str | None:
    cell, dot, word = name.partition(".")
    if dot:
        return f"{cell}.html#{word}" if cell in view.cells else None
    if name in view.manifest.words:
        return f"#{name}"
    return view.href(view.lines[name]) if name in view.lines else None


def _card(card: Card) -> Html:
    return join(
        tag(
            *("p", f"What neighbours and models are told of it: about {card.tokens} tokens. "),
            *(tag("a", "As a file", href=f"../cards/{card.cell}.txt"), "."),
        ),
        scroll(tag("pre", card.text), "text of the card"),
    )


def card_text(card: Card) -> str:
    """The card as a file."""
    return visible(card.text).rstrip("\n") + "\n"


def source_page(view: View, app: str) -> str:
    """The source, a line each."""
    back = (
        "../cells/" + f"{view.slug}.html" if isinstance(view.it, Manifest) else "../journeys.html"
    )
    digits = len(str(line_count(view.source)))
    code = tag(
        "pre", tag("code", highlight(view.source)), class_=f"source d{digits}", translate="no"
    )
    return framed(
        *(app, f"source/{view.slug}.html", f"Source of {view.it.name}"),
        tag("p", tag("a", view.title, href=back), class_="kicker"),
        tag("h1", "Source of ", tag("code", view.it.name)),
        scroll(code, "source"),
        kind="wide",
    )
