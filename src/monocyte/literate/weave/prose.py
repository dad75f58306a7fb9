"""What authors write, as HTML: CommonMark with tables, without raw HTML and without pictures.

A name in backticks leads to what it names. Headings follow on those of the page, without gaps;
every block finds its own direction (`dir=auto`), because prose is not always English.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from monocyte.literate.weave.html import Html, join, tag, text, visible

__all__ = ["inline", "plain", "prose", "title_and_rest", "typeset"]

MARKED = re.compile(r"[*_`\[\]<>&#\\~|!:]|^[ \t=+-]|^\d+[.)]|[ \t]$|\t|\x0b|\x0c|\r", re.MULTILINE)
"""Whatever might mean something in CommonMark; a text without it is paragraphs, and no more."""

BLOCKS = frozenset(
    {"paragraph_open", "heading_open", "list_item_open", "blockquote_open", "th_open", "td_open"}
)

Names = Mapping[str, str]
"""Where names lead to."""


def prose(raw: str, names: Names | None = None, *, under: int = 2) -> Html:
    """A text as blocks; its first heading is one below the heading level `under`."""
    said = visible(inspect.cleandoc(raw))
    if not said:
        return Html("")
    if not MARKED.search(said):
        return _paragraphs(said)
    return typeset(said, names, under=under)


def typeset(said: str, names: Names | None = None, *, under: int = 2) -> Html:
    """The same by the whole of CommonMark, which is slower."""
    markdown = _markdown()
    tokens = markdown.parse(said)
    depths = sorted({int(it.tag[1]) for it in tokens if it.type == "heading_open"})
    for token in tokens:
        if token.type in BLOCKS:
            token.attrSet("dir", "auto")
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, under + 1 + depths.index(int(token.tag[1])))}"
        token.children = _linked(token.children or [], names or {})
    return Html(markdown.renderer.render(tokens, markdown.options, {}))


def inline(raw: str, names: Names | None = None) -> Html:
    """A line of text in which names in backticks are code that leads to what it names."""
    if not names:
        return Html(re.sub(r"`([^`\n]+)`", r"<code>\1</code>", text(raw)))
    parts = re.split(r"`([^`\n]+)`", raw)
    return join(*(code(part, names) if i % 2 else text(part) for i, part in enumerate(parts)))


def code(name: str, names: Names | None = None) -> Html:
    """A name as code, leading to what it names if that is known."""
    shown = tag("code", name)
    href = (names or {}).get(name.removesuffix("()"))
    return tag("a", shown, href=href) if href else shown


def plain(raw: str) -> str:
    """The text without its marks, on one line: for indexes and summaries."""
    return " ".join(re.sub(r"[`*]|^#+ ", "", visible(raw), flags=re.MULTILINE).split())


def title_and_rest(purpose: str, name: str) -> tuple[str, str]:
    """The heading with which a file opens, or else its name; and what follows."""
    first, _, rest = inspect.cleandoc(purpose).partition("\n")
    if first.startswith("# "):
        return plain(first), rest.strip()
    return name, purpose


def _paragraphs(said: str) -> Html:
    blocks = re.split(r"\n\n+", said)
    return Html("".join(f'<p dir="auto">{text(block)}</p>\n' for block in blocks))


def _linked(tokens: list[Token], names: Names) -> list[Token] | None:
    """Code that names something becomes a link, unless it stands in one."""
    found: list[Token] = []
    inside = 0
    for token in tokens:
        inside += token.nesting if token.type in ("link_open", "link_close") else 0
        href = names.get(token.content.removesuffix("()")) if token.type == "code_inline" else None
        if href and not inside:
            opened = Token("link_open", "a", 1)
            opened.attrSet("href", href)
            found += [opened, token, Token("link_close", "a", -1)]
        else:
            found.append(token)
    return found or None


@cache
def _markdown() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False, "linkify": False})
    return made.enable("table").disable("image")
