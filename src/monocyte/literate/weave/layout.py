"""The frame of every page: head, the way around, the main part, and a map of its sections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from monocyte.literate.weave.html import Child, Html, join, tag

__all__ = ["PAGES", "Section", "framed"]

POLICY = (
    "default-src 'none'; style-src 'self' file:; script-src 'self' file:; img-src 'self' file:; "
    "base-uri 'none'; form-action 'none'"
)
"""Nothing from elsewhere; `file:` because some browsers give a folder no origin of its own."""

PAGES = {
    "index.html": "Cells",
    "map.html": "Map",
    "rules.html": "Rules",
    "journeys.html": "Journeys",
    "decisions.html": "Decisions",
    "runbooks.html": "Runbooks",
    "mutation.html": "Mutation",
    "words.html": "Words",
    "size.html": "Size",
}
"""The pages of the app, in the order of the way around."""


class Section(NamedTuple):
    """A part of a page with its heading."""

    id: str
    title: str
    body: Child


def framed(
    app: str,
    path: str,
    title: str,
    *content: Child,
    sections: Sequence[Section] = (),
    kind: str = "",
) -> str:
    """A whole page; `path` is its own, from which the ways to others are told."""
    up = "../" * path.count("/")
    head = join(
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", title if title == app else f"{title} · {app}"),
        tag("link", rel="stylesheet", href=f"{up}assets/style.css"),
        tag("script", "", src=f"{up}assets/script.js", defer=True, data_up=up),
    )
    body = join(
        tag("a", "Skip to the content", href="#content", class_="skip"),
        _header(app, path, up),
        tag("div", _contents(sections), _main(content, sections), class_=f"page {kind}".strip()),
        tag("footer", tag("p", "Woven from the code of ", tag("bdi", app), " by Monocyte.")),
    )
    return f"<!doctype html>\n{tag('html', tag('head', head), tag('body', body), lang='en')}\n"


def _main(content: Child, sections: Sequence[Section]) -> Html:
    parts = [tag("section", tag("h2", it.title, id=f"-{it.id}"), it.body) for it in sections]
    return tag("main", content, *parts, id="content", tabindex="-1")


def _header(app: str, path: str, up: str) -> Html:
    links = [
        tag("li", tag("a", name, href=up + page, aria_current="page" if page == path else None))
        for page, name in PAGES.items()
    ]
    search = tag(
        *("div", tag("label", "Search", for_="q", class_="hidden")),
        tag(
            "input",
            id="q",
            type="search",
            placeholder="Search  /",
            autocomplete="off",
            spellcheck="false",
            aria_controls="found",
        ),
        tag("p", "", id="count", class_="hidden", role="status"),
        tag("ul", "", id="found", hidden=True),
        role="search",
        class_="search",
        hidden=True,
    )
    return tag(
        *("header", tag("a", tag("bdi", app), href=f"{up}index.html", class_="home")),
        *(tag("nav", tag("ul", *links), aria_label="Pages"), search),
        class_="top",
    )


def _contents(sections: Sequence[Section]) -> Html | None:
    if len(sections) < 3:
        return None
    items = [tag("li", tag("a", it.title, href=f"#-{it.id}")) for it in sections]
    return tag(
        "nav", tag("p", "On this page"), tag("ul", *items), class_="toc", aria_label="On this page"
    )
