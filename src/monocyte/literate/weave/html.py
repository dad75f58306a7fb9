"""A tiny builder of HTML: whatever is not `Html` already is escaped, so that nobody can forget to.

Texts come from authors and models. What could hide or reorder text on a page (controls, bidi
overrides) or cannot be written at all (lone surrogates) is shown by its code point instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from html import escape

__all__ = ["Child", "Html", "join", "tag", "text", "visible"]

HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
"""Controls but for tab and line feed, bidi embeddings and overrides, surrogates, noncharacters."""

TELLING = re.compile(f"[&<>\"']|{HIDDEN.pattern}")
"""What a text must not have, to be markup as it is."""

VOID = frozenset({"br", "hr", "input", "link", "meta"})


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


Child = str | Iterable["Child"] | None
"""What may stand inside of an element: text (escaped), `Html`, several of them, or nothing."""


def visible(raw: str) -> str:
    """The text, with what would be hidden spelt as its code point: `⟨U+202E⟩`."""
    return HIDDEN.sub(lambda it: f"⟨U+{ord(it[0]):04X}⟩", raw)


def text(raw: str) -> Html:
    """Text as markup: escaped for elements and for quoted attributes alike."""
    return Html(_escaped(raw))


def join(*children: Child) -> Html:
    """The children, one after the other."""
    parts: list[str] = []
    _spread(children, parts)
    return Html("".join(parts))


def tag(element: str, /, *children: Child, **attributes: str | bool | None) -> Html:
    """An element; `class_` and `aria_label` name the attributes `class` and `aria-label`.

    An attribute that is None or False is left out, one that is True stands without a value.

    >>> tag("a", "1 < 2", href='"', class_="x")
    '<a href="&quot;" class="x">1 &lt; 2</a>'
    """
    parts = ["<", element]
    for key, value in attributes.items():
        if value is True:
            parts += (" ", _attribute(key))
        elif value is not None and value is not False:
            parts += (" ", _attribute(key), '="', _escaped(value), '"')
    parts.append(">")
    if element not in VOID:
        _spread(children, parts)
        parts += ("</", element, ">")
    return Html("".join(parts))


def _escaped(raw: str) -> str:
    if type(raw) is Html or not TELLING.search(raw):
        return raw
    return escape(visible(raw))


@cache
def _attribute(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def _spread(children: Iterable[Child], parts: list[str]) -> None:
    for child in children:
        if isinstance(child, str):
            parts.append(_escaped(child))
        elif child is not None:
            _spread(child, parts)
