"""Text of others as Markdown: nothing in it is markup, nothing in it is unseen, and it fits.

What stands in code, in a message or in a model's answer may be written to look like something else
on the page of a code host. It is shown, never obeyed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

__all__ = ["LONGEST", "bare", "block", "fitting", "plain", "prose", "visible"]

LONGEST = 60_000
"""Characters; code hosts take some 65 000 in a comment."""

UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What could make code read otherwise than it runs: shown instead of obeyed."""


def visible(page: str) -> str:
    """A page in which what cannot be seen is named."""
    return UNSEEN.sub(lambda it: f"[U+{ord(it[0]):04X}]", page)


def fitting(blocks: Sequence[Sequence[str]], room: int, what: str) -> tuple[list[str], int]:
    """The lines of as many blocks as there is room for, and the room that is left."""
    found: list[str] = []
    for i, lines in enumerate(blocks):
        room -= sum(len(it) + 1 for it in lines)
        if room < 0:
            opened = found.count("<details>") - found.count("</details>")
            return [
                *found,
                "",
                f"… and {len(blocks) - i} {what} more.",
                *["</details>"] * opened,
            ], 0
        found += lines
    return found, room


def block(language: str, lines: Sequence[str]) -> Iterator[str]:
    """A fence that is longer than any inside it."""
    ticks = max((len(it) for it in re.findall(r"`{3,}", "\n".join(lines))), default=2) + 1
    yield "`" * ticks + language
    yield from lines
    yield "`" * ticks


def prose(text: str) -> str:
    """Text whose code in backticks stays code, and in which nothing else is markup."""
    parts = re.split(r"(`[^`]*`)", " ".join(text.split()))
    return "".join(it if it.startswith("`") and it.endswith("`") else plain(it) for it in parts)


def plain(text: str) -> str:
    """Text in which nothing is markup, and nobody is called."""
    return re.sub(r"([\\`*_{}\[\]<>#|~@])", r"\\\1", text)


def bare(text: str) -> str:
    """Text that may stand between backticks."""
    return text.replace("`", "'")
