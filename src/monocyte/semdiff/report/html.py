"""A difference as one HTML page: dark and light, printable, and with no reference to anything else.

Everything that comes from anybody's code is escaped, or has been made of tokens that are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from importlib.resources import files

from monocyte.semdiff.difference import Change, Difference
from monocyte.semdiff.hunks import Hunk
from monocyte.semdiff.report.rows import Piece, Row, differing, tokens
from monocyte.semdiff.report.summary import (
    BADGES,
    SEVERITIES,
    by_kind,
    by_weight,
    feelings,
    headline_parts,
    ignored_groups,
    is_brief,
    meaning,
    proof,
    reasons,
    title,
    told,
    ways,
)
from monocyte.semdiff.verdicts import Severity, Verdict

__all__ = ["as_html"]

BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What could make code read otherwise than it runs: shown instead of obeyed."""

COLOURED = frozenset({"keyword", "string", "comment", "number"})


def as_html(difference: Difference) -> str:
    """The page."""
    style = files("monocyte.semdiff.report").joinpath("page.css").read_text(encoding="utf-8")
    body = "\n".join(_body(difference))
    name = _text(f"{difference.old} → {difference.new}")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">\n"
        f"<title>{name}</title>\n<style>\n{style}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def _body(difference: Difference) -> Iterator[str]:
    parts = headline_parts(difference)
    looked = difference.looked
    yield "<header>"
    yield f"<h1>{'; '.join(f'<span>{_text(it)}</span>' for it in parts)}</h1>"
    yield f"<p>{_text(difference.old)} → {_text(difference.new)} · {looked.differing} of "
    yield f"{max(looked.old_files, looked.new_files)} Python files differ · "
    yield f"Python {_text(difference.python)} · {difference.seconds:.1f} s</p>"
    ordered = by_weight(difference.changes)
    brief = [it for it in ordered if is_brief(it)]
    long = [it for it in ordered if not is_brief(it)]
    if 3 < len(long) <= MOST_LISTED:
        yield f"<nav><ol>{''.join(_entry(i, it) for i, it in enumerate(long, 1))}</ol></nav>"
    yield "</header>\n<main>"
    yield from _ways(difference)
    for i, change in enumerate(long, 1):
        yield from _change(i, change)
    if brief:
        yield f"<details><summary>{len(brief)} of note</summary>"
        for i, change in enumerate(brief, len(long) + 1):
            yield from _change(i, change)
        yield "</details>"
    yield from _feelings(difference)
    yield from _folded(difference)
    yield "</main>"


MOST_LISTED = 40
"""Definitions that are listed above all; beyond, nobody reads the list."""


def _ways(difference: Difference) -> Iterator[str]:
    """What the code can reach now; what others could before is folded."""
    near = ways(difference)
    far = [it for it in ways(difference, full=True) if it not in near]
    if near:
        items = "".join(map(_way, near))
        yield f'<section class="bad"><h2>It can do more</h2><ul>{items}</ul></section>'
    if far:
        items = "".join(map(_way, far))
        yield f"<details><summary>{len(far)} more that other code could before</summary>"
        yield f"<ul>{items}</ul></details>"


def _way(told: tuple[str, str]) -> str:
    what, way = told
    return f'<li>{_prose(what)}<p class="why">via {_text(way)}</p></li>'


def _feelings(difference: Difference) -> Iterator[str]:
    found = feelings(difference.felt, 200) if difference.changes or difference.gains else []
    if found:
        rows = "".join(f"<dt>{_text(who)}</dt><dd>{_text(names)}</dd>" for who, names in found)
        yield f"<details><summary>Who can feel it</summary><dl>{rows}</dl></details>"


def _promises(change: Change) -> Iterator[str]:
    for it in told(change):
        yield f'<div class="promise{" broken" if it.is_breaking else ""}">{_prose(it.text)}'
        yield f'<p class="why">{_prose(it.because)}</p>'
        if it.example:
            yield f'<p class="example">{_prose(it.example)}</p>'
        yield "</div>"


def _entry(number: int, change: Change) -> str:
    text = f"{_badge(change)} {_text(change.finding.definition)}"
    return f'<li><a href="#c{number}">{text}</a></li>'


def _badge(change: Change) -> str:
    finding = change.finding
    severity = SEVERITIES[change.severity]
    text = BADGES[finding.verdict] + (f", {severity}" if severity else "")
    return f'<b class="badge {_hue(change)}">{text}</b>'


def _hue(change: Change) -> str:
    if change.severity is Severity.BREAKING:
        return "bad"
    if change.finding.verdict is Verdict.NO_DIFFERENCE_FOUND or change.severity is Severity.NOTE:
        return "calm"
    return "warn"


def _change(number: int, change: Change) -> Iterator[str]:
    finding = change.finding
    yield f'<section id="c{number}" class="{_hue(change)}">'
    yield f"<h2>{_badge(change)} <code>{_text(title(change))}</code></h2>"
    if finding.verdict is Verdict.CHANGED or not change.words:
        yield f'<p class="what">{_prose(meaning(change))}</p>'
    if change.words:
        yield f"<ul>{''.join(f'<li>{_prose(it)}</li>' for it in change.words)}</ul>"
    yield from _promises(change)
    for why in reasons(change):
        yield f'<p class="why">{_prose(why)}</p>'
    if change.hunks:
        yield _table(change.hunks)
    if change.tried:
        yield f'<p class="why">Tried: {_text(change.tried)}.</p>'
    for more in change.more:
        yield f"<p>{_text(more.rule)}: {_prose(more.what)}</p>"
    what, script = proof(change)
    if script:
        yield f"<details><summary>The witness, {what}</summary>"
        yield f"<pre>{_coloured(script)}</pre></details>"
    yield "</section>"


def _table(hunks: Sequence[Hunk]) -> str:
    groups = "".join(f"<tbody>{''.join(map(_row, differing(it)))}</tbody>" for it in hunks)
    head = (
        '<thead><tr><th colspan="2" scope="col">old</th><th colspan="2" scope="col">new</th></tr>'
    )
    columns = '<colgroup><col class="n"><col><col class="n"><col></colgroup>'
    return f'<div class="scroll"><table>{columns}{head}</thead>{groups}</table></div>'


def _row(row: Row) -> str:
    return f"<tr>{_cells(row.old, row.left, 'old')}{_cells(row.new, row.right, 'new')}</tr>"


def _cells(number: int, pieces: Sequence[Piece], side: str) -> str:
    if not number:
        return '<td class="n"></td><td></td>'
    return f'<td class="n">{number}</td><td class="{side}"><code>{_pieces(pieces)}</code></td>'


def _pieces(pieces: Iterable[Piece]) -> str:
    return "".join(
        f"<mark>{_token(it.text, it.kind)}</mark>" if it.changed else _token(it.text, it.kind)
        for it in pieces
    )


def _token(text: str, kind: str) -> str:
    return f'<i class="{kind}">{_text(text)}</i>' if kind in COLOURED else _text(text)


def _coloured(source: str) -> str:
    lines = source.rstrip().splitlines()
    return "\n".join("".join(_token(*it) for it in tokens(line)) for line in lines)


def _folded(difference: Difference) -> Iterator[str]:
    if difference.ignored:
        yield f"<details><summary>{len(difference.ignored)} ignored: other text, the same meaning"
        yield "</summary><ul>"
        for group in ignored_groups(difference):
            names = (
                f"<code>{_text(f'{it.new or it.old} {it.definition}')}</code>"
                for it in group.findings
            )
            yield f"<li>{_text(group.why)}: {', '.join(names)}</li>"
        yield "</ul></details>"
    if difference.unseen:
        lines = "".join(f"<li>{_text(it)}</li>" for it in by_kind(difference.unseen, 10_000))
        yield f"<details><summary>{len(difference.unseen)} not looked at</summary>"
        yield f"<ul>{lines}</ul></details>"


def _prose(text: str) -> str:
    """Text in which what stands in backticks is code."""
    parts = re.split(r"`([^`]*)`", text)
    return "".join(
        f"<code>{_text(it)}</code>" if i % 2 else _text(it) for i, it in enumerate(parts)
    )


def _text(text: str) -> str:
    shown = BIDI.sub(lambda it: f"[U+{ord(it[0]):04X}]", text)
    return escape(shown.replace("\x00", "\ufffd"))
