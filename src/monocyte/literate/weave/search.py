"""The index of the search: a script that sets one variable, so that it works from a folder, too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from monocyte.literate.weave.html import visible
from monocyte.literate.weave.summary import Summary

__all__ = ["entries", "index_js"]

Entry = tuple[str, str, str, str]
"""What it is, its title, its text, and where it stands."""


def entries(summaries: Iterable[Summary]) -> Iterator[Entry]:
    """Everything that can be found, cell by cell."""
    for it in summaries:
        page = f"cells/{it.slug}.html" if it.slug == it.name else "journeys.html"
        own = "scenario" if it.slug == it.name else "journey"
        yield ("cell" if own == "scenario" else "app", it.title, f"{it.name} {it.prose}", page)
        for word in it.words:
            yield f"{word.kind} in {it.name}", word.name, word.said, f"{page}#{word.name}"
        for rule in it.rules:
            kind = "retired rule" if rule.because else "rule"
            yield (
                f"{kind} of {it.name}",
                rule.id,
                f"{rule.text} {rule.because}".strip(),
                f"{page}#rule-{rule.id}",
            )
        for story in it.scenarios:
            yield (
                f"{own} of {it.name}",
                story.title,
                f"{story.anchor} {story.said}",
                f"{page}#{story.anchor}",
            )
        for decision in it.decisions:
            said = f"{decision.said} Instead of {decision.instead_of}"
            title = decision.name.replace("_", " ")
            yield f"decision of {it.name}", title, said, f"{page}#{decision.name}"
        for book in it.runbooks:
            title = book.name.replace("_", " ")
            yield f"runbook of {it.name}", title, f"{book.when} {book.said}", f"{page}#{book.name}"


def index_js(summaries: Iterable[Summary]) -> str:
    """The script; what it holds can end neither a script nor a line of one."""
    rows = [[visible(part) for part in entry] for entry in entries(summaries)]
    said = msgspec.json.encode(rows).decode()
    for sign in ("<", "\u2028", "\u2029"):
        said = said.replace(sign, f"\\u{ord(sign):04x}")
    return f"self.monocyteIndex={said};\n"
