"""Python source as HTML, a line each, anchored (`#L12`): colours for people, never a parser.

Whatever the text is, broken Python too, stripping the tags and unescaping gives it back exactly.
Line ends are those of Python: LF, CRLF and CR. The text is escaped first, then searched by one
regular expression: escaping touches no sign by which Python's tokens are told apart.
"""

from __future__ import annotations

import keyword
import re
from html import escape

from monocyte.literate.weave.html import Html

__all__ = ["LINE_END", "highlight", "line_count"]

TOKENS = re.compile(
    r"""
    (?P<head>(?m:^\#[ ]\#\#*[ ].*))                       # a heading between the parts of a cell
  | (?P<c>\#[^\r\n]*)
  | (?P<d>(?i:\b[rbuft]{1,2})?
        (?:\"{3}(?s:\\.|[^\\])*?(?:\"{3}|\\?\Z)|'{3}(?s:\\.|[^\\])*?(?:'{3}|\\?\Z)))
  | (?P<s>(?i:\b[rbuft]{1,2})?
        (?:"(?:\\(?:\r\n|(?s:.))|[^"\\\r\n])*"?|'(?:\\(?:\r\n|(?s:.))|[^'\\\r\n])*'?))
  | (?P<at>(?m:^[ \t]*@[\w.]+))
  | (?P<f>(?<=\bdef[ ])\w+|(?<=\bclass[ ])\w+)
  | (?P<k>(?<![\w.])(?:KEYWORDS)(?!\w))
  | (?P<n>(?<![\w.&#])(?:0[xXbBoO][\da-fA-F_]+|\d[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?\d+)?j?)(?!\w))
    """.replace("KEYWORDS", "|".join(keyword.kwlist)),
    re.VERBOSE,
)
"""The groups are the classes in the style sheet; what is none of them has no colour."""

LINE_END = re.compile(r"\r\n|\r|\n")

BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What could make code read otherwise than it runs: shown by the style sheet from `data-u`."""


def highlight(source: str) -> Html:
    """Every line in a `span` with its anchor."""
    escaped = escape(source, quote=False)
    marked = TOKENS.sub(_marked, escaped) if source else ""
    if BIDI.search(marked):
        marked = BIDI.sub(_shown, marked)
    lines, at = [], 0
    for end in LINE_END.finditer(marked):
        lines.append(marked[at : end.end()])
        at = end.end()
    lines += [marked[at:]] if marked[at:] or not lines else []
    spans = (f'<span class="l" id="L{n}">{line}</span>' for n, line in enumerate(lines, 1))
    return Html("".join(spans))


def line_count(source: str) -> int:
    """How many lines have an anchor."""
    ends = LINE_END.findall(source)
    return len(ends) + (not source.endswith(("\n", "\r"))) if source else 1


def _marked(found: re.Match[str]) -> str:
    kind, token = found.lastgroup, found[0]
    if "\n" not in token and "\r" not in token:
        return f'<b class="{kind}">{token}</b>'
    parts = LINE_END.split(token)  # a tag must not span lines
    ends = [*LINE_END.findall(token), ""]
    return "".join(
        (f'<b class="{kind}">{part}</b>' if part else "") + end
        for part, end in zip(parts, ends, strict=True)
    )


def _shown(found: re.Match[str]) -> str:
    return f'<bdi class="u" data-u="U+{ord(found[0]):04X}">{found[0]}</bdi>'
