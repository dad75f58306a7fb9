"""Lines of a hunk side by side, taken apart into tokens: what each is, and whether it changed.

The tokens are for eyes, by one regular expression; they are no parser's, and broken code has them
too. Text and HTML draw the same rows.
"""

from __future__ import annotations

import difflib
import keyword
import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple

from monocyte.semdiff.hunks import Hunk

__all__ = ["Piece", "Row", "differing", "rows", "tokens"]

TOKENS = re.compile(
    r"""
    (?P<comment>\#.*)
  | (?P<string>(?i:\b[rbuft]{1,2})?(?:"{3}.*?(?:"{3}|$)|'{3}.*?(?:'{3}|$)
        |"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?))
  | (?P<keyword>(?<![\w.])(?:KEYWORDS)(?!\w))
  | (?P<number>(?<![\w.])\d[\w.]*)
  | (?P<name>\w+)
  | (?P<space>\s+)
  | (?P<sign>==|!=|<=|>=|->|:=|\*\*|//|<<|>>|.)
    """.replace("KEYWORDS", "|".join(keyword.kwlist)),
    re.VERBOSE,
)


class Piece(NamedTuple):
    """A token of a line: its text, what it is, and whether the other side has it."""

    text: str
    kind: str
    changed: bool


class Row(NamedTuple):
    """A line of each side; number 0 where a side has none."""

    old: int
    left: tuple[Piece, ...]
    new: int
    right: tuple[Piece, ...]


def rows(hunk: Hunk) -> Iterator[Row]:
    """The lines of a hunk, with those beside each other that belong together."""
    matcher = difflib.SequenceMatcher(None, hunk.old, hunk.new, autojunk=False)
    for _, a, b, c, d in matcher.get_opcodes():
        for i, j in zip_longest(range(a, b), range(c, d)):
            ours = tokens(hunk.old[i]) if i is not None else []
            theirs = tokens(hunk.new[j]) if j is not None else []
            left, right = _marked(ours, theirs, paired=i is not None and j is not None)
            yield Row(
                hunk.old_line + i if i is not None else 0,
                left,
                hunk.new_line + j if j is not None else 0,
                right,
            )


def differing(hunk: Hunk) -> Iterator[Row]:
    """The rows of a hunk from the first that differs to the last; all, if none does."""
    found = list(rows(hunk))
    others = [i for i, it in enumerate(found) if _text(it.left) != _text(it.right)]
    yield from found[others[0] : others[-1] + 1] if others else found


def _text(pieces: Sequence[Piece]) -> str:
    return "".join(it.text for it in pieces)


def tokens(line: str) -> list[tuple[str, str]]:
    """Text and kind of each token of a line; their texts together are the line."""
    return [(it[0], it.lastgroup or "sign") for it in TOKENS.finditer(line)]


Token = tuple[str, str]


def _marked(
    old: Sequence[Token], new: Sequence[Token], *, paired: bool
) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    matcher = difflib.SequenceMatcher(
        None, [text for text, _ in old], [text for text, _ in new], autojunk=False
    )
    # Lines that have little in common are other lines: marking every word says nothing.
    marks = paired and matcher.ratio() > 0.4
    changed_old: set[int] = set()
    changed_new: set[int] = set()
    for tag, a, b, c, d in matcher.get_opcodes() if marks else ():
        if tag != "equal":
            changed_old |= set(range(a, b))
            changed_new |= set(range(c, d))
    return (
        tuple(Piece(text, kind, i in changed_old) for i, (text, kind) in enumerate(old)),
        tuple(Piece(text, kind, i in changed_new) for i, (text, kind) in enumerate(new)),
    )
