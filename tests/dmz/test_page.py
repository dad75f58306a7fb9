"""The docs page: everything is on it, nothing comes from elsewhere, and nothing runs."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from monocyte.dmz.page import page
from tests.dmz.site import inside, run

Tag = tuple[str, dict[str, str | None]]


class Reader(HTMLParser):
    """Reads a page: its tags, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[Tag] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def read(html: str) -> Reader:
    """The page as a browser understands it."""
    reader = Reader()
    reader.feed(html)
    return reader


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, str]]:
    """The page of the toys with its headers."""
    found: list[tuple[str, dict[str, str]]] = []

    async def work() -> None:
        async with inside(tmp_path_factory.mktemp("app")) as site:
            answer = await site.client.get("/docs")
            found.append((answer.text, dict(answer.headers)))

    run(work())
    return found[0]


def test_everything_is_on_it(served: tuple[str, dict[str, str]]) -> None:
    """Every message with its prose, its fields and its answer; every problem."""
    text = read(served[0]).text
    for said in (
        "POST /cells/rooms/Book",
        "GET /cells/cars/Find",
        "/events",
        "Book a room <script>alert(1)</script> for good.",
        "Nobody else gets it & that is that.",
        "Of a room, as on its door.",
        "length ≤ 40",
        "array of Booked",
        "A rule forbids it",
    ):
        assert said in text


def test_nothing_runs_and_nothing_comes_from_elsewhere(served: tuple[str, dict[str, str]]) -> None:
    """No script, no handler, no image, no font, no link but to itself."""
    for tag, attributes in read(served[0]).tags:
        assert tag not in {"script", "img", "link", "iframe", "object", "embed", "form", "base"}
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name not in {"src", "srcset", "action", "style"}
            assert name != "href" or (value or "").startswith("#")
    assert "url(" not in served[0]
    assert "@import" not in served[0]


def test_the_browser_is_told_to_load_nothing(served: tuple[str, dict[str, str]]) -> None:
    """Should something slip through after all, the policy stops it."""
    _, headers = served
    assert headers["content-security-policy"].startswith("default-src 'none'; style-src")
    assert "script-src" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["content-type"] == "text/html; charset=utf-8"


def test_links_on_the_page_lead_somewhere(served: tuple[str, dict[str, str]]) -> None:
    """Each anchor is there, once."""
    tags = read(served[0]).tags
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [(attributes["href"] or "")[1:] for tag, attributes in tags if tag == "a"]
    assert {"rooms", "cars", "doors"} <= set(links) <= set(ids)


EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>&amp;"


def poisoned(part: Any) -> Any:
    """A description in which every text is evil, but those that a cell's author cannot choose."""
    if isinstance(part, dict):
        kept = {"$ref", "in"}
        return {k: v if k in kept else poisoned(v) for k, v in part.items()}
    if isinstance(part, list):
        return [poisoned(item) for item in part]
    return EVIL if isinstance(part, str) else part


def test_every_text_is_escaped(tmp_path: Path) -> None:
    """Whatever an author writes, wherever, stays text."""
    found: list[str] = []

    async def work() -> None:
        async with inside(tmp_path) as site:
            described = (await site.client.get("/openapi.json")).json()
            described["tags"] = [{"name": EVIL}]
            found.append(page(poisoned(described)))

    run(work())
    tags = {tag for tag, _ in read(found[0]).tags}
    assert not tags & {"script", "img"}
    assert not re.search(r"<script|<img", found[0])
    assert "&lt;script&gt;" in found[0]
