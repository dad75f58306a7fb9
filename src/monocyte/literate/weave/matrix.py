"""Rules of a cell, and the matrix: every line that enforces one, and who has seen it.

A line counts when it was seen both held and refused. Scenarios are columns, by their numbers.
"""

from __future__ import annotations

from collections.abc import Iterator

from monocyte.cell import Rule
from monocyte.literate.weave.html import Html, join, tag
from monocyte.literate.weave.marks import Tone, counted, mark, scroll
from monocyte.literate.weave.prose import inline
from monocyte.literate.weave.view import Seen, View

__all__ = ["coverage", "rules", "sites_mark"]


def rules(view: View) -> Html:
    """Every rule with its lines; the matrix; and what is no longer in force."""
    manifest = view.manifest
    if not manifest.rules and not manifest.retired:
        return tag("p", "It has no rules.")
    items = [_rule(rule, view) for rule in manifest.rules.values()]
    return join(tag("dl", *items, class_="rules") if items else None, _matrix(view), _retired(view))


def _rule(rule: Rule, view: View) -> Html:
    line = view.line_of(rule.where)
    old = None
    if rule.supersedes:
        old = tag(
            "p", "Takes the place of ", tag("a", rule.supersedes, href=f"#rule-{rule.supersedes}")
        )
    return join(
        tag("dt", tag("a", rule.id, href=view.href(line)), id=f"rule-{rule.id}"),
        tag(
            *("dd", tag("p", inline(rule.text, view.names), dir="auto"), old),
            tag("p", sites_mark(*view.lines_of(rule.id), view), class_="quiet"),
        ),
    )


def sites_mark(lines: int, seen: int, view: View) -> Html:
    """Whether scenarios have seen every line of a rule both ways."""
    return mark(*coverage(lines, seen, view))


def coverage(lines: int, seen: int, view: View) -> tuple[Tone, str]:
    """The same as a tone and words."""
    said = counted(lines, "line")
    if not lines:
        return "bad", "no line enforces it"
    if view.evidence != "fresh":
        return "none", f"{said} enforce it" if lines != 1 else f"{said} enforces it"
    if seen == lines:
        return "ok", "seen to hold and to refuse"
    return "bad", f"{lines - seen} of {said} not seen both ways"


# -- the matrix ------------------------------------------------------------------------------------


def _matrix(view: View) -> Html:
    if not view.sites:
        return Html("")
    seen = view.evidence == "fresh"
    columns = [it.name for it in view.manifest.scenarios] if seen else []
    names = ("rule", "line", "in", "seen") if seen else ("rule", "line", "in")
    heads = [tag("th", it, scope="col") for it in names]
    heads += [_column(i, name) for i, name in enumerate(columns, 1)]
    told = {name for it in view.sites for name in (*it.held_by, *it.refused_by)}
    others = sorted(told - {*columns}) if seen else []
    heads += [tag("th", "elsewhere", scope="col")] if others else []
    rows = [tag("tr", *_cells(it, columns, others, view)) for it in view.sites]
    caption = CAPTION if seen else "The lines that enforce rules."
    table = tag(
        *("table", tag("caption", caption)),
        *(tag("thead", tag("tr", *heads)), tag("tbody", *rows)),
        class_="matrix",
    )
    return scroll(table, "rules and scenarios")


CAPTION = (
    "The lines that enforce rules, and the scenarios by number: "
    "h has seen the rule hold there, r refuse, hr both."
)


def _column(number: int, name: str) -> Html:
    anchor = name.partition("[")[0]
    link = tag("a", str(number), href=f"#{anchor}", title=name, aria_label=f"{number}: {name}")
    return tag("th", link, scope="col", class_="number")


def _cells(site: Seen, columns: list[str], others: list[str], view: View) -> Iterator[Html]:
    yield tag("th", tag("a", site.rule, href=f"#rule-{site.rule}"), scope="row")
    yield tag("td", tag("a", str(site.line), href=view.href(site.line)), class_="number")
    yield tag("td", tag("code", site.function))
    if view.evidence == "fresh":
        yield tag("td", _seen(site))
    for name in columns:
        ways = _ways(site, name)
        yield tag("td", ways, class_=f"way {ways}".strip())
    if others:
        yield tag("td", _elsewhere(site, others))


def _elsewhere(site: Seen, others: list[str]) -> Html | None:
    """The scenarios of other cells, and journeys, folded away: there may be many."""
    found = [f"{it} {_ways(site, it)}" for it in others if _ways(site, it)]
    if not found:
        return None
    items = (tag("li", it) for it in found)
    return tag("details", tag("summary", str(len(found))), tag("ul", *items, class_="plain"))


def _ways(site: Seen, name: str) -> str:
    return ("h" if name in site.held_by else "") + ("r" if name in site.refused_by else "")


def _seen(site: Seen) -> Html:
    if site.is_seen:
        return mark("ok", "both" if site.both else "refused, as always here")
    if site.held_by or site.refused_by:
        return mark("bad", "never refused" if site.held_by else "never held")
    return mark("bad", "never")


def _retired(view: View) -> Html:
    retired = view.manifest.retired.values()
    if not retired:
        return Html("")
    items = [
        join(
            tag("dt", tag("a", it.id, href=view.href(view.line_of(it.where))), id=f"rule-{it.id}"),
            tag(
                "dd",
                tag("p", tag("s", it.text), dir="auto"),
                tag("p", "Retired because: ", it.because, dir="auto"),
            ),
        )
        for it in retired
    ]
    return join(tag("h3", "No longer in force", id="-retired"), tag("dl", *items, class_="rules"))
