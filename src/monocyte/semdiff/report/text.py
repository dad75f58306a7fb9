"""A difference as text: side by side with colours where there is room, plain lines in a pipe."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from monocyte.semdiff.difference import Change, Difference
from monocyte.semdiff.report.rows import Piece, Row, differing
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
    reasons,
    title,
    told,
    ways,
)
from monocyte.semdiff.verdicts import Severity, Verdict

__all__ = ["as_text"]

MOST_WIDE = 110
"""Columns of prose."""

SIDE_BY_SIDE = 100
"""Columns from which two sides fit beside each other."""

CODES = {"red": 31, "green": 32, "yellow": 33, "blue": 34, "magenta": 35, "dim": 2, "bold": 1}
COLOURS = {
    "keyword": "magenta",
    "string": "green",
    "comment": "dim",
    "number": "blue",
}
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What could move the cursor, or make code read otherwise than it runs."""


def as_text(
    difference: Difference, *, width: int = 80, colour: bool = False, full: bool = False
) -> str:
    """The page; `full` unfolds what was ignored and not looked at."""
    page = _Page(width, colour=colour)
    lines = [*page.filled(headline(difference), "bold"), *_sides(difference, page)]
    lines += _ways(difference, page, full=full)
    lines += _definitions(difference, page, full=full)
    lines += _feelings(difference, page, full=full)
    lines += _folded(difference, page, full=full)
    return "\n".join(lines) + "\n"


def _sides(difference: Difference, page: _Page) -> Iterator[str]:
    looked = difference.looked
    files = f"{looked.differing} of {max(looked.old_files, looked.new_files)} Python files differ"
    said = f"{difference.old} → {difference.new}: {files}, {difference.seconds:.1f} s"
    yield page.paint(f"{said}, Python {difference.python}", "dim")


def _definitions(difference: Difference, page: _Page, *, full: bool) -> Iterator[str]:
    """Each change at length, as far as a page goes; what is only of note on a line."""
    ordered = by_weight(difference.changes)
    brief = [] if full else [it for it in ordered if is_brief(it)]
    long = [it for it in ordered if it not in brief]
    most = len(long) if full else MOST_AT_LENGTH
    for change in long[:most]:
        yield ""
        yield from page.change(change, full=full)
    for head, rest in (("More", long[most:]), ("Of note", brief)):
        if rest:
            yield ""
            yield page.paint(f"{head}: {len(rest)}", "bold")
            yield from (page.brief(it) for it in rest[:MOST_BRIEF])
        if len(rest) > MOST_BRIEF:
            yield page.paint(f"  and {len(rest) - MOST_BRIEF} more: --full", "dim")


MOST_AT_LENGTH = 12
MOST_BRIEF = 20
MOST_ROWS = 12
"""Lines of code of one definition."""


def _ways(difference: Difference, page: _Page, *, full: bool) -> Iterator[str]:
    """What the code can reach now, before all else: it is what nobody looks for."""
    found = ways(difference, full=full)
    if found:
        yield ""
        yield page.paint("It can do more", "bold", "red")
    for what, way in found if full else found[:MOST_WAYS]:
        yield from page.filled(what, indent="  ")
        yield from page.filled(f"via {way}", "dim", indent="    ")
    rest = len(difference.gains) - sum(it.is_near for it in difference.gains)
    if not full and len(found) > MOST_WAYS:
        yield page.paint(f"  and {len(found) - MOST_WAYS} more: --full", "dim")
    elif not full and rest and found:
        yield page.paint(f"  and {rest} more, which other code could before: --full", "dim")


MOST_WAYS = 5


def _feelings(difference: Difference, page: _Page, *, full: bool) -> Iterator[str]:
    if not (difference.changes or difference.gains):
        return
    found = feelings(difference.felt, 10_000 if full else 5)
    if found:
        yield ""
        yield page.paint("Who can feel it", "bold")
    for who, names in found:
        yield from page.filled(f"{who}: {names}", indent="  ")


def _folded(difference: Difference, page: _Page, *, full: bool) -> Iterator[str]:
    groups = ignored_groups(difference)
    if groups:
        yield ""
        yield page.paint(f"Ignored: {len(difference.ignored)} that mean the same", "bold")
        for group in groups if full else groups[:3]:
            names = [f"{it.new or it.old} {it.definition}" for it in group.findings]
            shown = names if full else names[:2]
            more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
            yield f"  {', '.join(shown)}{more}"
            yield from page.filled(group.why, "dim", indent="    ")
        if not full and len(groups) > 3:
            yield page.paint(f"  and {len(groups) - 3} groups more: --full", "dim")
    if difference.unseen:
        yield ""
        yield page.paint(f"Not looked at: {len(difference.unseen)}", "bold")
        for line in by_kind(difference.unseen, 10_000 if full else 5):
            yield f"  {_safe(line)}"


class _Page:
    def __init__(self, width: int, *, colour: bool) -> None:
        self.width = width
        self.colour = colour

    def paint(self, text: str, *styles: str) -> str:
        """A text in a colour, where there are any."""
        text = _safe(text)
        codes = ";".join(str(CODES[it]) for it in styles if it)
        return f"\x1b[{codes}m{text}\x1b[0m" if self.colour and codes and text else text

    def head(self, change: Change) -> str:
        """Verdict, severity, and which definition."""
        badge = self.paint(BADGES[change.finding.verdict].upper(), "bold", _hue(change))
        severity = SEVERITIES[change.severity]
        bad = f" {self.paint(severity, _hue(change))}" if severity else ""
        return f"{badge}{bad} {self.paint(title(change), 'bold')}"

    def brief(self, change: Change) -> str:
        """One definition on one line."""
        what = gist(change)
        room = max(self.width, 80) - 6 - len(title(change))
        cut = what if len(what) <= room else f"{what[: max(room - 1, 20)]}…"
        return f"  {self.paint(title(change), 'bold')}: {_safe(cut)}"

    def change(self, change: Change, *, full: bool = False) -> Iterator[str]:
        """One definition: verdict, meaning, words, lines, and how hard it was tried."""
        yield self.head(change)
        if change.finding.verdict is Verdict.CHANGED or not change.words:
            yield from self.filled(meaning(change), indent="  ")
        if change.words:
            yield from self.filled("; ".join(change.words), indent="  ")
        for it in told(change):
            yield from self.filled(it.text, "red" if it.is_breaking else "", indent="  ")
            yield from self.filled(it.because, "dim", indent="    ")
            if it.example:
                yield from self.filled(it.example, indent="    ")
        for why in reasons(change):
            yield from self.filled(f"why: {why}", "dim", indent="  ")
        found = [row for hunk in change.hunks for row in self._rows(list(differing(hunk)))]
        most = len(found) if full or len(found) <= MOST_ROWS + 2 else MOST_ROWS
        yield from found[:most]
        if len(found) > most:
            yield self.paint(f"        {len(found) - most} more lines: --full", "dim")
        if change.tried:
            yield from self.filled(f"tried: {change.tried}", "dim", indent="  ")
        for more in change.more:
            yield from self.filled(f"{more.rule}: {more.what}", indent="  ")

    def filled(self, text: str, *styles: str, indent: str = "") -> Iterator[str]:
        """A text on as many lines as it needs."""
        wide = min(self.width, MOST_WIDE)
        for i, line in enumerate(
            textwrap.wrap(
                _safe(text),
                wide - len(indent) - 2,
                break_long_words=False,
                break_on_hyphens=False,
            )
        ):
            yield f"{indent}{'  ' if i else ''}{self.paint(line, *styles)}"

    def _rows(self, found: Sequence[Row]) -> Iterator[str]:
        if (
            self.width >= SIDE_BY_SIDE
            and any(it.old for it in found)
            and any(it.new for it in found)
        ):
            half = (self.width - 4) // 2
            for row in found:
                left = self._line(row.old, row.left, "red", half - 6)
                right = self._line(row.new, row.right, "green", half - 6)
                yield f"  {left}{self.paint('│', 'dim')}{right.rstrip()}"
            return
        for sign, hue, lines in (
            ("-", "red", [(it.old, it.left) for it in found if it.old]),
            ("+", "green", [(it.new, it.right) for it in found if it.new]),
        ):
            for number, pieces in lines:
                yield self.paint(f"  {sign}{number:5} ", hue) + self._pieces(pieces, hue)

    def _line(self, number: int, pieces: Sequence[Piece], hue: str, room: int) -> str:
        text = "".join(it.text for it in pieces)
        wide = _wide(_safe(text.expandtabs(4)))
        if wide > room or "\t" in text:
            cut = _safe(text.expandtabs(4))[: room - 1] + "…" if wide > room else text.expandtabs(4)
            return f"{number or '':>5} {cut:<{room}}"
        return f"{number or '':>5} {self._pieces(pieces, hue)}{' ' * (room - wide)}"

    def _pieces(self, pieces: Iterable[Piece], hue: str) -> str:
        return "".join(
            self.paint(it.text, hue, "bold")
            if it.changed
            else self.paint(it.text, COLOURS.get(it.kind, ""))
            for it in pieces
        )


def _hue(change: Change) -> str:
    if change.severity is Severity.BREAKING:
        return "red"
    if change.finding.verdict is Verdict.NO_DIFFERENCE_FOUND or change.severity is Severity.NOTE:
        return "blue"
    return "yellow"


def _safe(text: str) -> str:
    """Text without signs that a terminal would obey."""
    return CONTROL.sub(lambda it: f"\\x{ord(it[0]):02x}", text)


def _wide(text: str) -> int:
    """Columns that a text takes."""
    return sum(
        0 if unicodedata.combining(it) else 2 if unicodedata.east_asian_width(it) in "WF" else 1
        for it in text
    )
