"""A difference as Markdown, for the description or a comment of a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from monocyte.semdiff.difference import Change, Difference
from monocyte.semdiff.report.markup import LONGEST, bare, block, fitting, plain, prose, visible
from monocyte.semdiff.report.rows import differing
from monocyte.semdiff.report.summary import (
    BADGES,
    SEVERITIES,
    by_kind,
    by_weight,
    feelings,
    gist,
    headline,
    ignored_groups,
    is_brief,
    meaning,
    proof,
    reasons,
    title,
    told,
    ways,
)
from monocyte.semdiff.verdicts import Verdict

__all__ = ["as_markdown"]


def as_markdown(difference: Difference, longest: int = LONGEST) -> str:
    """The page; if it would be too long, the last definitions are counted instead of told."""
    head = [
        f"**{headline(difference)}**",
        "",
        f"{plain(difference.old)} → {plain(difference.new)}",
        *_ways(difference),
    ]
    ordered = by_weight(difference.changes)
    brief = [it for it in ordered if is_brief(it)]
    long = [it for it in ordered if not is_brief(it)]
    tail = [*_brief(brief), *_feelings(difference), *_folded(difference)]
    tail, room = fitting([(line,) for line in tail], longest // 3, "lines")
    told, _ = fitting(
        [("", *_change(it)) for it in long],
        longest // 3 * 2 + room - sum(len(it) + 1 for it in head) - 200,
        "definitions",
    )
    page = "\n".join([*head, *told, *tail]) + "\n"
    return visible(page)


def _ways(difference: Difference) -> Iterator[str]:
    found = ways(difference)
    if found:
        yield from ("", "**It can do more**", "")
        yield from (f"- {prose(what)}<br>via {prose(way)}" for what, way in found[:10])


def _brief(changes: Sequence[Change]) -> Iterator[str]:
    if changes:
        yield from ("", "<details>", f"<summary>{len(changes)} of note</summary>", "")
        yield from (f"- `{bare(title(it))}`: {prose(gist(it))}" for it in changes)
        yield from ("", "</details>")


def _feelings(difference: Difference) -> Iterator[str]:
    found = feelings(difference.felt, 30) if difference.changes or difference.gains else []
    if found:
        yield from ("", "<details>", "<summary>Who can feel it</summary>", "")
        yield from (f"- {prose(who)}: {prose(names)}" for who, names in found)
        yield from ("", "</details>")


def _change(change: Change) -> Iterator[str]:
    finding = change.finding
    severity = SEVERITIES[change.severity]
    badge = BADGES[finding.verdict] + (f", {severity}" if severity else "")
    yield f"### `{bare(title(change))}` — {badge}"
    yield ""
    what = meaning(change)
    if finding.verdict is Verdict.CHANGED or not change.words:
        yield prose(what[:1].upper() + what[1:]) + "."
    if change.words:
        yield ""
        yield from (f"- {prose(it)}" for it in change.words)
    for it in told(change):
        yield ""
        bold = "**" if it.is_breaking else ""
        yield f"- {bold}{prose(it.text)}{bold}<br>{prose(it.because)}"
        if it.example:
            yield f"  <br>{prose(it.example)}"
    for why in reasons(change):
        yield ""
        yield f"*{prose(why)}*"
    if change.hunks:
        yield ""
        yield from block("diff", list(_diff(change)))
    if change.tried:
        yield ""
        yield f"Tried: {prose(change.tried)}."
    for more in change.more:
        yield ""
        yield f"- {prose(more.rule)}: {prose(more.what)}"
    what, script = proof(change)
    if script:
        yield ""
        yield "<details>"
        yield f"<summary>The witness, {what}</summary>"
        yield ""
        yield from block("python", script.rstrip().splitlines())
        yield ""
        yield "</details>"


def _diff(change: Change) -> Iterator[str]:
    for hunk in change.hunks:
        found = list(differing(hunk))
        for sign, sides in (
            ("-", [it.left for it in found if it.old]),
            ("+", [it.right for it in found if it.new]),
        ):
            yield from (sign + "".join(piece.text for piece in side) for side in sides)


def _folded(difference: Difference) -> Iterator[str]:
    if difference.ignored:
        count = len(difference.ignored)
        yield from ("", "<details>")
        yield from (f"<summary>{count} ignored: other text, the same meaning</summary>", "")
        for group in ignored_groups(difference):
            names = [f"`{bare(f'{it.new or it.old} {it.definition}')}`" for it in group.findings]
            more = f" and {len(names) - 10} more" if len(names) > 10 else ""
            yield f"- {', '.join(names[:10])}{more}: {prose(group.why)}"
        yield from ("", "</details>")
    if difference.unseen:
        yield from ("", "<details>")
        yield from (f"<summary>{len(difference.unseen)} not looked at</summary>", "")
        yield from (f"- {plain(it)}" for it in by_kind(difference.unseen))
        yield from ("", "</details>")
