"""A difference as Markdown, for the description or a comment of a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterator

from monocyte.semdiff.difference import Change, Difference
from monocyte.semdiff.report.rows import rows
from monocyte.semdiff.report.summary import (
    BADGES,
    SEVERITIES,
    by_kind,
    by_weight,
    headline,
    ignored_groups,
    title,
)

__all__ = ["as_markdown"]

UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What could make code read otherwise than it runs: shown instead of obeyed."""

LONGEST = 60_000
"""Characters; code hosts take some 65 000 in a comment."""


def as_markdown(difference: Difference, longest: int = LONGEST) -> str:
    """The page; if it would be too long, the last definitions are counted instead of told."""
    head = [
        f"**{headline(difference)}**",
        "",
        f"{_plain(difference.old)} → {_plain(difference.new)}",
    ]
    tail = list(_folded(difference))[:400]
    room = longest - sum(len(it) + 1 for it in (*head, *tail)) - 200
    told: list[str] = []
    ordered = by_weight(difference.changes)
    for i, change in enumerate(ordered):
        lines = ["", *_change(change)]
        room -= sum(len(it) + 1 for it in lines)
        if room < 0:
            told += ["", f"… and {len(ordered) - i} definitions more."]
            break
        told += lines
    page = "\n".join([*head, *told, *tail]) + "\n"
    return UNSEEN.sub(lambda it: f"[U+{ord(it[0]):04X}]", page)


def _change(change: Change) -> Iterator[str]:
    finding = change.finding
    severity = SEVERITIES[change.severity]
    badge = BADGES[finding.verdict] + (f", {severity}" if severity else "")
    yield f"### `{_bare(title(change))}` — {badge}"
    yield ""
    yield _prose(finding.what[:1].upper() + finding.what[1:]) + "."
    if change.words:
        yield ""
        yield from (f"- {_prose(it)}" for it in change.words)
    for why in finding.why:
        yield ""
        yield f"*{_prose(why)}*"
    if change.hunks:
        yield ""
        yield from _block("diff", list(_diff(change)))
    if change.tried:
        yield ""
        yield f"Tried: {_prose(change.tried)}."
    for more in change.more:
        yield ""
        yield f"- {_prose(more.rule)}: {_prose(more.what)}"
    if change.test:
        yield ""
        yield "<details><summary>The witness, as a test</summary>"
        yield ""
        yield from _block("python", change.test.rstrip().splitlines())
        yield ""
        yield "</details>"


def _diff(change: Change) -> Iterator[str]:
    for hunk in change.hunks:
        found = list(rows(hunk))
        for sign, sides in (
            ("-", [it.left for it in found if it.old]),
            ("+", [it.right for it in found if it.new]),
        ):
            yield from (sign + "".join(piece.text for piece in side) for side in sides)


def _folded(difference: Difference) -> Iterator[str]:
    if difference.ignored:
        yield from ("", f"<details><summary>{len(difference.ignored)} ignored: other text,")
        yield from ("the same meaning</summary>", "")
        for group in ignored_groups(difference):
            names = [f"`{_bare(f'{it.new or it.old} {it.definition}')}`" for it in group.findings]
            more = f" and {len(names) - 10} more" if len(names) > 10 else ""
            yield f"- {', '.join(names[:10])}{more}: {_prose(group.why)}"
        yield from ("", "</details>")
    if difference.unseen:
        yield from ("", f"<details><summary>{len(difference.unseen)} not looked at</summary>", "")
        yield from (f"- {_plain(it)}" for it in by_kind(difference.unseen))
        yield from ("", "</details>")


def _block(language: str, lines: list[str]) -> Iterator[str]:
    """A fence that is longer than any inside it."""
    ticks = max((len(it) for it in re.findall(r"`{3,}", "\n".join(lines))), default=2) + 1
    yield "`" * ticks + language
    yield from lines
    yield "`" * ticks


def _prose(text: str) -> str:
    """Text whose code in backticks stays code, and in which nothing else is markup."""
    parts = re.split(r"(`[^`]*`)", " ".join(text.split()))
    return "".join(it if it.startswith("`") and it.endswith("`") else _plain(it) for it in parts)


def _plain(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>#|~@])", r"\\\1", text)


def _bare(text: str) -> str:
    return text.replace("`", "'")
