"""The pages across cells: start, map, rules, journeys, decisions, runbooks, mutation, words, size.

They are drawn from summaries alone, so that they cost little when one cell has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from monocyte.literate.pictures.cartography import draw_map
from monocyte.literate.pictures.maps import Tie
from monocyte.literate.weave import proofs
from monocyte.literate.weave.cell_page import TOKENS, glance
from monocyte.literate.weave.html import Child, Html, join, tag
from monocyte.literate.weave.layout import Section, framed
from monocyte.literate.weave.marks import counted, mark, notice, scroll, tone_of
from monocyte.literate.weave.prose import inline, prose
from monocyte.literate.weave.summary import DecisionLine, Summary
from monocyte.literate.weave.view import View, words_of_name

__all__ = ["APP_PAGES", "App", "Fault"]

COMFORTABLE, SPLIT = 500_000, 2_000_000
"""Bytes of code below which an app is comfortable, and beyond which it is split."""


RULES = """\
Every requirement, how many lines enforce it, and whether scenarios have seen each of those lines
let something pass and refuse something."""

JOURNEYS = """\
What people do from end to end, across cells. They are played in a simulated world, and unchanged
against the app as it runs."""

ASSUMPTIONS = """\
About the outside world: nothing can check them, so they are not counted as verified. People look
again on the day."""

MUTATION = """\
The code is changed on purpose, one place at a time. A change that nobody notices is a scenario that
is missing."""


class Fault(NamedTuple):
    """A cell that does not load, and what to do about it."""

    where: str
    message: str
    mend: str


class App(NamedTuple):
    """What the pages across cells are drawn from; `bytes` is all the code of the package."""

    name: str
    cells: tuple[Summary, ...]
    journeys: tuple[View, ...]
    faults: tuple[Fault, ...]
    bytes: int


def _page(
    app: App, path: str, title: str, *content: Child, sections: Sequence[Section] = ()
) -> str:
    return framed(
        app.name, path, title, tag("h1", title), *content, sections=sections, kind="broad"
    )


def _table(label: str, heads: Sequence[str], rows: Iterable[Html], kind: str | None = None) -> Html:
    head = tag("tr", *(tag("th", it, scope="col") for it in heads))
    return scroll(tag("table", tag("thead", head), tag("tbody", *rows), class_=kind), label)


def _row(first: Child, *cells: Child) -> Html:
    return tag("tr", tag("th", first, scope="row"), *(tag("td", it) for it in cells))


def _cell(it: Summary, anchor: str = "") -> Html:
    return tag("a", it.name, href=f"cells/{it.slug}.html" + (f"#{anchor}" if anchor else ""))


def _place(it: Summary, line: int) -> Html | None:
    return tag("a", f"{it.name}:{line}", href=f"source/{it.slug}.html#L{line}") if line else None


def _stale(app: App) -> Html | None:
    """Which cells the evidence on this page says nothing about."""
    groups = (("old", "have changed since they were checked"), ("none", "have never been checked"))
    said: list[Html] = []
    for evidence, what in groups:
        found = [it for it in app.cells if it.evidence == evidence]
        if len(found) == len(app.cells) and found:
            said.append(join("All cells ", what, ". "))
        elif found:
            names = join(*(join(", " if i else "", _cell(it)) for i, it in enumerate(found)))
            said.append(join(f"{len(found)} of {len(app.cells)} cells {what}: ", names, ". "))
    if not said:
        return None
    sign = tag("i", "!", aria_hidden="true")
    return tag(
        "p",
        sign,
        " ",
        *said,
        "Run ",
        tag("code", "monocyte check"),
        ", then ",
        tag("code", "monocyte weave"),
        ".",
        class_="notice",
    )


# -- start -----------------------------------------------------------------------------------------


def _start(app: App) -> str:
    purpose = [prose(it.rest, it.names, under=1) for it in app.journeys if it.rest]
    counted = (
        ("cells", len(app.cells)),
        ("rules", sum(not r.because for it in app.cells for r in it.rules)),
        ("scenarios", sum(len(it.scenarios) for it in app.cells)),
        ("journeys", sum(len(it.it.scenarios) for it in app.journeys)),
        ("decisions", sum(len(it.decisions) for it in app.cells)),
        ("runbooks", sum(len(it.runbooks) for it in app.cells)),
    )
    figures = [tag("div", tag("dt", name), tag("dd", f"{number:,}")) for name, number in counted]
    return framed(
        *(app.name, "index.html", app.name),
        tag("h1", tag("bdi", app.journeys[0].title if app.journeys else app.name)),
        tag("div", *purpose, class_="lead"),
        *(_faults(app), _stale(app), tag("dl", *figures, class_="numbers")),
        tag("h2", "Cells", id="-cells"),
        tag("ul", *(tag("li", _tile(it)) for it in app.cells), class_="tiles"),
        kind="wide",
    )


def _tile(it: Summary) -> Html:
    marks = {
        "fresh": None,
        "old": mark("warn", "changed since the last check"),
        "none": mark("warn", "never checked"),
    }
    return tag(
        *("article", tag("h3", tag("a", tag("bdi", it.title), href=f"cells/{it.slug}.html"))),
        tag(
            "p",
            tag("code", it.name),
            f" · {len(it.words)} words · {it.tokens:,} tokens",
            class_="quiet",
        ),
        tag("p", it.lead, dir="auto", class_="said"),
        tag(
            "ul", *(tag("li", m) for m in (marks[it.evidence], *glance(it)) if m), class_="figures"
        ),
    )


def _faults(app: App) -> Html | None:
    if not app.faults:
        return None
    items = [
        tag(
            "li",
            tag("code", it.where),
            ": ",
            it.message,
            f" What to do: {it.mend}" if it.mend else "",
        )
        for it in app.faults
    ]
    head = tag("p", tag("strong", "Not everything loads, and what does not is missing here:"))
    return tag("div", head, tag("ul", *items), class_="notice")


# -- map -------------------------------------------------------------------------------------------


def _map(app: App) -> str:
    links = [(it, link) for it in app.cells for link in it.links]
    known = {it.name for it in app.cells}
    rows = [
        _row(
            _cell(it),
            link.how.replace("reacts", "reacts to"),
            _word(link.cell, link.word, known),
            tag("code", link.function),
        )
        for it, link in links
    ]
    drawn = tag("figure", scroll(_drawn(app), "drawing of the cells"))
    table = _table("who talks to whom", ("cell", "how", "what", "in"), rows)
    return _page(
        *(app, "map.html", "Map"),
        tag("p", "Who asks whom, and who reacts to what: cells know nothing else of each other."),
        drawn if app.cells else None,
        table if rows else tag("p", "No cell has anything to do with another."),
    )


def _drawn(app: App) -> Html:
    """The map, wide and narrow: the page shows one."""
    ties = [
        Tie(it.name, link.cell, "asks", link.word)
        if link.how == "asks"
        else Tie(link.cell, it.name, "tells", link.word)
        for it in app.cells
        for link in it.links
    ]
    ties = list(dict.fromkeys(ties))  # several functions may ask the same
    names = [it.name for it in app.cells]
    known = set(names)

    def leads(name: str) -> str | None:
        return f"cells/{name}.html" if name in known else None

    maps = (draw_map(app.name, names, ties, narrow=it, href=leads) for it in (False, True))
    return Html("\n".join(maps))


def _word(cell: str, word: str, known: set[str]) -> Html:
    shown = tag("code", f"{cell}.{word}")
    return tag("a", shown, href=f"cells/{cell}.html#{word}") if cell in known else shown


# -- rules -----------------------------------------------------------------------------------------


def _rules(app: App) -> str:
    rows = [
        _row(
            tag("a", rule.id, href=f"cells/{it.slug}.html#rule-{rule.id}"),
            *(tag("span", inline(rule.text), dir="auto"), _cell(it), _place(it, rule.line)),
            *(str(rule.lines), str(rule.scenarios) if it.evidence == "fresh" else "?"),
            mark(rule.tone, rule.seen),
        )
        for it in app.cells
        for rule in it.rules
        if not rule.because
    ]
    retired = [
        _row(rule.id, tag("s", rule.text), tag("span", rule.because, dir="auto"), _cell(it))
        for it in app.cells
        for rule in it.rules
        if rule.because
    ]
    heads = ("rule", "it says", "cell", "declared", "lines", "scenarios", "seen")
    sections = (
        [
            Section(
                "retired",
                "No longer in force",
                _table("retired rules", ("rule", "it said", "because", "cell"), retired),
            )
        ]
        if retired
        else []
    )
    return _page(
        *(app, "rules.html", "Rules"),
        tag(
            "p",
            RULES,
        ),
        *(_stale(app), _table("rules", heads, rows) if rows else tag("p", "There are no rules.")),
        sections=sections,
    )


# -- journeys --------------------------------------------------------------------------------------


def _journeys(app: App) -> str:
    told = [
        join(prose(it.rest, it.names, under=1), notice(it), proofs.scenarios(it, "h2"))
        for it in app.journeys
    ]
    nothing = tag("p", "No journeys have been written yet.")
    return _page(app, "journeys.html", "Journeys", tag("p", JOURNEYS), told or nothing)


# -- decisions -------------------------------------------------------------------------------------


def _decisions(app: App) -> str:
    every = [(it, decision) for it in app.cells for decision in it.decisions]
    dated = sorted(
        (pair for pair in every if pair[1].kind != "assumption"),
        key=lambda pair: (pair[1].ends or "9999", pair[0].name, pair[1].name),
    )
    assumed = sorted(
        (pair for pair in every if pair[1].kind == "assumption"),
        key=lambda pair: (pair[1].ends or "9999", pair[0].name, pair[1].name),
    )
    heads = ("when", "decision", "instead of", "cell", "verdict")
    nothing = tag("p", "None.")
    rows = [_decision(*pair) for pair in dated]
    assumptions = [_decision(*pair) for pair in assumed]
    sections = (
        Section("calendar", "Calendar", _table("decisions", heads, rows) if rows else nothing),
        Section(
            "assumptions",
            "Assumptions",
            join(
                tag(
                    "p",
                    ASSUMPTIONS,
                ),
                _table("assumptions", heads, assumptions) if rows or assumptions else nothing,
            ),
        ),
    )
    intro = tag(
        "p",
        f"{counted(len(dated), 'decision')} and {counted(len(assumed), 'assumption')}; the next "
        "to be looked at comes first.",
    )
    return _page(app, "decisions.html", "Decisions", intro, _stale(app), sections=sections)


def _decision(it: Summary, decision: DecisionLine) -> Html:
    when: Child = tag("time", decision.ends, datetime=decision.ends) if decision.ends else "open"
    if decision.condition:
        when = (when, " or by a condition") if decision.ends else "by a condition"
    verdict = mark("none", "not checked yet")
    if decision.verdict:
        assumed = decision.kind == "assumption" and decision.verdict == "holds"
        verdict = mark(
            "none" if assumed else tone_of(decision.verdict),
            "assumed" if assumed else decision.verdict,
            it.seen,
        )
    link = tag(
        "a", tag("bdi", words_of_name(decision.name)), href=f"cells/{it.slug}.html#{decision.name}"
    )
    return _row(
        when,
        join(link, tag("p", inline(decision.said), dir="auto", class_="quiet")),
        tag("span", inline(decision.instead_of), dir="auto"),
        _cell(it),
        verdict,
    )


# -- runbooks --------------------------------------------------------------------------------------


def _runbooks(app: App) -> str:
    rows = [
        _row(
            tag("bdi", inline(book.when)),
            join(
                tag(
                    "a",
                    tag("bdi", words_of_name(book.name)),
                    href=f"cells/{it.slug}.html#{book.name}",
                ),
                tag("p", inline(book.said), dir="auto", class_="quiet"),
            ),
            _cell(it),
            _rehearsed(book.state, it),
        )
        for it in app.cells
        for book in it.runbooks
    ]
    table = _table("runbooks", ("when", "do", "cell", "last rehearsal"), rows)
    return _page(
        app,
        "runbooks.html",
        "Runbooks",
        tag("p", "What to do when something breaks."),
        _stale(app),
        table if rows else tag("p", "There are no runbooks."),
    )


def _rehearsed(state: str, it: Summary) -> Html:
    if not state:
        return mark("none", "not rehearsed yet")
    return mark("ok" if state == "passed" else "bad", state, it.seen)


# -- mutation --------------------------------------------------------------------------------------


def _mutation(app: App) -> str:
    tried = [it for it in app.cells if it.mutants]
    statuses = sorted({status for it in tried for status in it.mutants})
    rows = [
        _row(
            _cell(it, "-mutation"),
            *(f"{it.mutants.get(status, 0):,}" for status in statuses),
            str(it.waivers),
        )
        for it in tried
    ]
    alive = [
        _row(
            inline(mutant.key),
            _place(it, mutant.line) or _cell(it, "-mutation"),
            mark(tone_of(mutant.status), mutant.status, it.seen),
            inline(mutant.proposal),
        )
        for it in app.cells
        for mutant in it.survivors
    ]
    survivors = _table("survivors", ("change", "where", "status", "what would notice it"), alive)
    sections = (
        Section("survivors", "Survivors", survivors if alive else tag("p", "None known.")),
        Section(
            "by-cell",
            "By cell",
            _table("mutants by cell", ("cell", *statuses, "waivers"), rows)
            if rows
            else tag("p", "No mutants have been tried yet."),
        ),
    )
    intro = tag(
        "p",
        MUTATION,
    )
    return _page(app, "mutation.html", "Mutation", intro, _stale(app), sections=sections)


# -- words -----------------------------------------------------------------------------------------


def _words(app: App) -> str:
    every = sorted(
        ((word, it) for it in app.cells for word in it.words),
        key=lambda pair: (pair[0].name.casefold(), pair[0].name, pair[1].name),
    )
    rows = [
        _row(
            tag("a", tag("code", word.name), href=f"cells/{it.slug}.html#{word.name}"),
            word.kind,
            _cell(it),
            tag("span", inline(word.said), dir="auto"),
        )
        for word, it in every
    ]
    twice = _shared(app)
    note = (
        tag("p", "The same word means different things in different cells: ", ", ".join(twice), ".")
        if twice
        else None
    )
    return _page(
        app,
        "words.html",
        "Words",
        tag("p", f"{len(every):,} words, across all cells."),
        note,
        _table("words", ("word", "kind", "cell", "meaning"), rows),
    )


def _shared(app: App) -> list[str]:
    """Words that several cells have, each its own."""
    homes: dict[str, int] = {}
    for it in app.cells:
        for word in it.words:
            homes[word.name] = homes.get(word.name, 0) + 1
    return sorted(name for name, number in homes.items() if number > 1)


# -- size ------------------------------------------------------------------------------------------


def _size(app: App) -> str:
    rows = [
        _row(
            _cell(it),
            f"{it.bytes:,}",
            f"{it.lines:,}",
            f"{it.tokens:,}",
            _meter(it.tokens, TOKENS, TOKENS, f"tokens of {it.name}"),
            mark("ok", "fits") if it.tokens <= TOKENS else mark("bad", "split the cell"),
        )
        for it in sorted(app.cells, key=lambda it: (-it.tokens, it.name))
    ]
    state: dict[bool, Html] = {
        True: mark("ok", "comfortable: one app"),
        False: mark("warn", "getting big")
        if app.bytes <= SPLIT
        else mark("bad", "split it into separately governed apps"),
    }
    return _page(
        *(app, "size.html", "Size"),
        tag("p", f"{app.bytes:,} bytes of code: ", state[app.bytes <= COMFORTABLE]),
        _meter(app.bytes, SPLIT, COMFORTABLE, "bytes of code"),
        tag(
            "p",
            f"Comfortable up to {COMFORTABLE // 1000:,} kB, to be split beyond "
            f"{SPLIT // 1_000_000} MB. A cell fits in {TOKENS:,} tokens (estimated).",
            class_="quiet",
        ),
        _table(
            "cells by size",
            ("cell", "bytes", "lines", "tokens", f"of {TOKENS:,}", "state"),
            rows,
            "numeric",
        ),
    )


def _meter(value: int, most: int, high: int, label: str) -> Html:
    return tag(
        "meter",
        f"{value:,} of {most:,}",
        min="0",
        max=str(most),
        high=str(high),
        value=str(min(value, most)),
        aria_label=label,
    )


class Drawn(NamedTuple):
    """How a page is drawn, and what of each cell it shows: if that is the same, so is the page."""

    page: Callable[[App], str]
    shows: Callable[[Summary], object]
    judges: bool = False
    """Whether it shows what was seen, and so depends on how fresh that is."""


APP_PAGES = {
    "index.html": Drawn(_start, lambda it: it, judges=True),
    "map.html": Drawn(_map, lambda it: it.links),
    "rules.html": Drawn(_rules, lambda it: it.rules, judges=True),
    "journeys.html": Drawn(_journeys, lambda it: it.slug),
    "decisions.html": Drawn(_decisions, lambda it: it.decisions, judges=True),
    "runbooks.html": Drawn(_runbooks, lambda it: it.runbooks, judges=True),
    "mutation.html": Drawn(
        _mutation, lambda it: (it.mutants, it.survivors, it.waivers), judges=True
    ),
    "words.html": Drawn(_words, lambda it: it.words),
    "size.html": Drawn(_size, lambda it: (it.bytes, it.lines, it.tokens)),
}
"""Every page, by its path."""
