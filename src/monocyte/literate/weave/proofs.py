"""What proves a cell: scenarios with their traces, decisions, runbooks, and what mutants did."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from datetime import date

from monocyte.cell import Decision, Runbook, Scenario
from monocyte.literate.record import (
    DecisionRecord,
    MutantRecord,
    RehearsalRecord,
    ScenarioRecord,
    Step,
)
from monocyte.literate.weave.canvas import spelt
from monocyte.literate.weave.html import Child, Html, join, tag, text
from monocyte.literate.weave.marks import Tone, mark, scroll, tone_of
from monocyte.literate.weave.prose import inline, prose
from monocyte.literate.weave.view import View, words_of_name

__all__ = ["decisions", "ends_of", "mutation", "runbooks", "scenarios", "verdict"]

KINDS = {
    "behaviour": "checked on what the cell does",
    "structure": "checked on how the cell is written",
    "assumption": "an assumption about the outside world: nothing can check it, people look again",
}


# -- scenarios -------------------------------------------------------------------------------------


def scenarios(view: View, heading: str = "h3") -> Html:
    """Every scenario, numbered, with what was said in it."""
    if not view.it.scenarios:
        return tag("p", "It has no scenarios.")
    found = {it.name: it for it in view.record.scenarios} if view.record else {}
    seen: set[str] = set()
    items = []
    for it in view.it.scenarios:
        first = it.function.__name__ not in seen
        seen.add(it.function.__name__)
        items.append(tag("li", _scenario(it, found.get(it.name), view, heading, first=first)))
    return tag("ol", *items, class_="stories")


def _scenario(
    it: Scenario, record: ScenarioRecord | None, view: View, heading: str, *, first: bool
) -> Html:
    name = it.function.__name__
    title = words_of_name(name) + (f": {it.row}" if it.row else "")
    line = view.line_of(it.where)
    return tag(
        *("article", tag(heading, tag("bdi", title), id=name if first else None)),
        prose(it.story, view.names, under=int(heading[1])),
        tag("p", _outcome(record, view), " ", _line(line, view), class_="quiet"),
        *(_error(record.error) if record and not record.passed else None,),
        _trace(record.trace, "Who said what to whom") if record else None,
    )


def _outcome(record: ScenarioRecord | None, view: View) -> Html:
    if record is None:
        return mark("none", "not played yet")
    tone: Tone = "ok" if record.passed else "bad"
    return mark(tone, "comes true" if record.passed else "does not come true", view.evidence)


def _error(said: str) -> Html:
    return scroll(tag("pre", said, class_="error"), "what went wrong") if said else Html("")


def _trace(steps: tuple[Step, ...], title: str) -> Html:
    if not steps:
        return Html("")
    said = Html("".join(f"<li>{_step(it)}</li>" for it in steps))
    number = f" ({len(steps)})"
    return tag("details", tag("summary", title, number), tag("ol", said, class_="trace"))


ARROW = '<i aria-hidden="true">→</i>'

SAYS = {"command": "sends", "query": "asks", "event": "tells", "timer": "wakes"}


def _step(it: Step) -> str:
    """A sentence: who says what to whom, and what comes of it."""
    target = f" <b><bdi>{text(it.target)}</bdi></b>" if it.target else ""
    outcome = f'<span class="outcome">{ARROW} <code>{text(it.outcome)}</code></span>'
    return (  # by hand, because there are thousands
        f"<b><bdi>{text(it.source)}</bdi></b> {text(SAYS.get(it.kind, it.kind))}{target} "
        f'<code dir="auto">{text(it.text or it.name)}</code>{outcome if it.outcome else ""}'
    )


def _line(line: int, view: View) -> Html | None:
    return tag("a", f"line {line}", href=view.href(line), class_="line") if line else None


# -- decisions -------------------------------------------------------------------------------------


def decisions(view: View) -> Html:
    """Every decision with its verdict, its alternative, and its end."""
    found = {it.name: it for it in view.record.decisions} if view.record else {}
    items = [_decision(it, found.get(it.name), view) for it in view.manifest.decisions]
    return join(*items) if items else tag("p", "It has recorded no decisions.")


def _decision(it: Decision, record: DecisionRecord | None, view: View) -> Html:
    facts: list[tuple[str, Child]] = [
        ("verdict", verdict(it.kind, record.verdict if record else "", view)),
        ("instead of", tag("bdi", inline(it.instead_of, view.names))),
        ("kind", KINDS[it.kind]),
        ("holds until", _until(it)),
        ("looked at again", _date(it.review)),
        ("refuted by", tag("code", it.refuted_by) if it.refuted_by else None),
    ]
    rows = [join(tag("dt", key), tag("dd", said)) for key, said in facts if said]
    return tag(
        *("article", tag("h3", tag("bdi", words_of_name(it.name)), id=it.name)),
        *(prose(it.rationale, view.names, under=3), tag("dl", *rows, class_="facts")),
        tag("p", _line(view.line_of(it.where), view), class_="quiet"),
    )


def verdict(kind: str, said: str, view: View) -> Html:
    """What the check found of a decision."""
    if not said:
        return mark("none", "not checked yet")
    if kind == "assumption" and said == "holds":
        return mark("none", "assumed", view.evidence)
    return mark(tone_of(said), said, view.evidence)


def _until(it: Decision) -> Child:
    if callable(it.until):
        name = getattr(it.until, "__name__", "")
        named = "" if name in ("", "<lambda>") else f": {words_of_name(name)}"
        return f"a condition{named}"
    return _date(it.until)


def _date(day: date | None) -> Html | None:
    return tag("time", day.isoformat(), datetime=day.isoformat()) if day else None


def ends_of(it: Decision) -> str:
    """The first date on which somebody must look at it; empty if a condition alone ends it."""
    days = [day for day in (it.until, it.review) if isinstance(day, date)]
    return min(days).isoformat() if days else ""


# -- runbooks --------------------------------------------------------------------------------------


def runbooks(view: View) -> Html:
    """Every runbook: when, who, with what, the steps, and its rehearsals."""
    items = [_runbook(it, view) for it in view.manifest.runbooks.values()]
    return join(*items) if items else tag("p", "It has no runbooks.")


def _runbook(it: Runbook, view: View) -> Html:
    rehearsed = [r for r in view.record.rehearsals if r.runbook == it.name] if view.record else []
    facts: list[tuple[str, Child]] = [
        ("when", tag("bdi", inline(it.when, view.names))),
        ("roles", ", ".join(it.roles) or "none needed"),
        ("given", _parameters(it)),
        (
            "rehearsed after",
            tag(
                "a",
                words_of_name(it.after.function.__name__),
                href=f"#{it.after.function.__name__}",
            ),
        ),
        ("keeps", _kept(it, view)),
        ("last rehearsal", _rehearsed(rehearsed, view)),
    ]
    rows = [join(tag("dt", key), tag("dd", said)) for key, said in facts if said]
    return tag(
        *("article", tag("h3", tag("bdi", words_of_name(it.name)), id=it.name)),
        *(prose(it.purpose, view.names, under=3), tag("dl", *rows, class_="facts")),
        *(_steps(it, view), _rehearsals(rehearsed, view)),
        tag(
            "p",
            tag("code", f"monocyte runbook run {it.name}"),
            " ",
            _line(view.line_of(it.where), view),
            class_="quiet",
        ),
    )


def _parameters(it: Runbook) -> Html | None:
    said = [
        tag(
            "code",
            f"{name}: {spelt(kind)}",
            f" = {it.example[name]!r}" if name in it.example else "",
        )
        for name, kind in it.parameters.items()
    ]
    return join(*(join(one, " ") for one in said)) if said else None


def _kept(it: Runbook, view: View) -> Html | None:
    if it.keeps is None:
        return None
    name = getattr(it.keeps, "__name__", "")
    line = view.lines.get(name, 0)
    shown = tag("code", name if line else "a view of its own")
    return tag("a", shown, href=view.href(line)) if line else shown


def _rehearsed(found: list[RehearsalRecord], view: View) -> Html:
    if not found:
        return mark("none", "not rehearsed yet")
    failed = sum(not it.passed for it in found)
    said = (
        f"{failed} of {len(found)} rehearsals failed"
        if failed
        else f"all {len(found)} rehearsals passed"
    )
    return mark("bad" if failed else "ok", said, view.evidence)


def _rehearsals(found: list[RehearsalRecord], view: View) -> Html | None:
    if not found:
        return None
    items = [
        tag(
            *("li", mark("ok" if it.passed else "bad", it.name, view.evidence), _error(it.error)),
            _trace(it.steps, "What was sent"),
        )
        for it in found
    ]
    return tag(
        "details", tag("summary", f"Rehearsals ({len(found)})"), tag("ul", *items, class_="plain")
    )


def _steps(it: Runbook, view: View) -> Html | None:
    """The steps as they are written; what they come to depends on the state that is met."""
    steps = list(written_steps(view, it.name))
    if not steps:
        return None
    return tag("ol", *(tag("li", _written(*step)) for step in steps), class_="steps")


def _written(title: str, parts: dict[str, str]) -> Html:
    labels = (("check", "done if"), ("do", "do"), ("undo", "undo"))
    rows = [
        join(tag("dt", label), tag("dd", tag("code", parts[key])))
        for key, label in labels
        if key in parts
    ]
    if "do" not in parts:
        rows.append(join(tag("dt", "do"), tag("dd", "by hand")))
    return join(tag("p", tag("strong", tag("bdi", title))), tag("dl", *rows, class_="facts"))


def written_steps(view: View, name: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The title of every `Step(…)` in a function, and its other arguments as they are written."""
    found = re.search(rf"(?m)^def {name}\b.*\n((?:[ \t)].*\n?|\s*\n)*)", view.source)
    try:
        tree = ast.parse(found[0] if found else "")
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Step":
            yield _read_step(node)


def _read_step(call: ast.Call) -> tuple[str, dict[str, str]]:
    given = dict(zip(("title", "check", "do", "undo"), call.args, strict=False))
    given |= {it.arg: it.value for it in call.keywords if it.arg}
    title = given.pop("title", None)
    parts = {key: _unparsed(it) for key, it in given.items() if not _is_nothing(it)}
    if isinstance(title, ast.Constant):
        return str(title.value), parts
    return (ast.unparse(title).removeprefix("f").strip("'\"") if title else "a step"), parts


def _unparsed(node: ast.expr) -> str:
    """An expression, and a list as what is in it."""
    if isinstance(node, (ast.List, ast.Tuple)):
        return ", ".join(ast.unparse(it) for it in node.elts)
    return ast.unparse(node)


def _is_nothing(node: ast.expr) -> bool:
    empty = isinstance(node, (ast.List, ast.Tuple)) and not node.elts
    return empty or (isinstance(node, ast.Constant) and node.value is None)


# -- mutation --------------------------------------------------------------------------------------


def mutation(view: View) -> Html:
    """What became of the changes that were made to the code on purpose; and what is waived."""
    mutants = view.record.mutants if view.record else ()
    waivers = _waivers(view)
    if not mutants:
        return join(tag("p", mark("none", "no mutants have been tried yet")), waivers)
    counts = {
        status: sum(it.status == status for it in mutants)
        for status in dict.fromkeys(sorted(it.status for it in mutants))
    }
    alive = [it for it in mutants if it.status in ("survived", "unreached", "timeout")]
    figures = [
        tag("li", mark(tone_of(status), f"{number} {status}", view.evidence))
        for status, number in counts.items()
    ]
    dead = [it for it in mutants if it.status == "killed"]
    return join(
        tag("p", f"The code was changed on purpose in {len(mutants)} ways, one at a time."),
        tag("ul", *figures, class_="figures"),
        _mutants(alive, view, "Nobody noticed") if alive else None,
        waivers,
        tag(
            "details",
            tag("summary", f"Noticed ({len(dead)})"),
            _mutants(dead, view, "Noticed, and by what"),
        )
        if dead
        else None,
    )


def _mutants(mutants: Iterable[MutantRecord], view: View, title: str) -> Html:
    heads = tag(
        "tr", *(tag("th", it, scope="col") for it in ("change", "line", "what became of it"))
    )
    rows = Html("".join(_mutant(it, view) for it in mutants))
    table = tag("table", tag("caption", title), tag("thead", heads), tag("tbody", rows))
    return scroll(table, title)


def _mutant(it: MutantRecord, view: View) -> str:
    line = view.line_of(it.where) if view.evidence == "fresh" else 0
    place = f'<a href="{view.href(line)}">{line}</a>' if line else text(it.where.rpartition(":")[2])
    if it.status == "killed":
        became = Html(f"by {text(it.killer)}" if it.killer else "")
    else:
        became = join(mark(tone_of(it.status), it.status, view.evidence), " ", inline(it.proposal))
    return (  # by hand, because there are thousands
        f'<tr><th scope="row">{inline(it.key)}</th><td>{place}</td><td>{became}</td></tr>'
    )


def _waivers(view: View) -> Html | None:
    waivers = view.manifest.waivers
    if not waivers:
        return None
    heads = tag(
        "tr", *(tag("th", it, scope="col") for it in ("waived", "because", "until", "line"))
    )
    rows = [
        tag(
            *("tr", tag("th", inline(it.mutant), scope="row"), tag("td", it.because, dir="auto")),
            *(tag("td", _date(it.until)), tag("td", _line(view.line_of(it.where), view))),
        )
        for it in waivers
    ]
    caption = "Waived: changes that nobody could notice"
    return scroll(
        tag("table", tag("caption", caption), tag("thead", heads), tag("tbody", *rows)), caption
    )
