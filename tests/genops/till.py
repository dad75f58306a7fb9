"""A proxy before the provider of the tests, with a book that remembers everything."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import httpx2

from monocyte.genops.budget import Book, Cap, Fact
from monocyte.genops.metering import (
    BookMeter,
    Call,
    CassetteUpstream,
    FreeMeter,
    Limits,
    Meter,
    Player,
    ProviderUpstream,
    Proxy,
    Recorder,
    Route,
    Run,
    Seat,
    Secret,
    Settlement,
    Terms,
)
from monocyte.genops.metering.upstreams import Upstream
from monocyte.genops.money import Money
from monocyte.genops.prices import Price
from tests.genops.provider import Act, Provider

KEY = "sk-the-real-key-0123456789"
TODAY = date(2026, 11, 22)
MODELS = {"chat": "gpt-x-2026-01-01", "responses": "gpt-y-2026-01-01", "messages": "claude-z"}
PATHS = {"chat": "/v1/chat/completions", "responses": "/v1/responses", "messages": "/v1/messages"}
PLAN = "p-1"


def price(model: str) -> Price:
    """Three dollars for a million tokens that go in, fifteen for what comes out."""
    money = Money.parse
    return Price.flat(model, entered=money("3"), output=money("15"), source="a test")


def run_at(
    url: str, cap: str = "1.00", output: int = 1000, models: Mapping[str, str] = MODELS
) -> Run:
    """A run that may ask one model in each wire format."""
    routes = {
        model: Route(
            wire,
            (wire,),
            url + ("" if wire == "messages" else "/v1"),
            price(model),
            Terms(output),
            Secret(KEY),
        )
        for wire, model in models.items()
    }
    return Run(PLAN, "booking", "ada", Money.parse(cap), routes)


def request(wire: str, text: str = "hi", **more: Any) -> dict[str, Any]:
    """A small request."""
    if wire == "responses":
        return {"model": MODELS[wire], "input": text, **more}
    needed = {"max_tokens": 1000} if wire == "messages" else {}
    turn = {"role": "user", "content": text}
    return {"model": MODELS[wire], "messages": [turn], **needed, **more}


class Till(NamedTuple):
    """Everything that a test looks at."""

    provider: Provider
    proxy: Proxy
    seat: Seat
    book: Book
    written: list[tuple[Fact, Call, Settlement | None]]
    settled: threading.Event
    """Set when something was settled."""

    def post(self, wire: str, body: Any = None, **more: Any) -> httpx2.Response:
        """Ask through the proxy, without any library."""
        headers = {"authorization": f"Bearer {self.seat.token}", **more.pop("headers", {})}
        url = self.seat.url + more.pop("path", PATHS.get(wire, wire))
        raw = {"content": body} if isinstance(body, bytes) else {"json": body or request(wire)}
        with httpx2.Client(trust_env=False, timeout=20) as client:
            return client.post(url, headers=headers, **raw, **more)

    @property
    def settlements(self) -> list[Settlement]:
        """What has been settled, in order."""
        return [settled for _, _, settled in self.written if settled is not None]


class Closing(NamedTuple):
    """How to open a till."""

    cap: str = "1.00"
    output: int = 1000
    models: Mapping[str, str] = MODELS
    caps: tuple[Cap, ...] = (Cap("day", "all", Money.parse("100")),)
    limits: Limits | None = None
    cassette: Path | None = None
    playing: Path | None = None
    places: tuple[Path, ...] = ()
    silence: float = 30.0
    meter: Meter | None = None


@contextmanager
def till(*script: Act, how: Closing | None = None) -> Iterator[Till]:
    """Open a till before a provider that acts so; when it closes, all is settled."""
    how = how or Closing()
    written: list[tuple[Fact, Call, Settlement | None]] = []
    settled = threading.Event()
    book = Book(how.caps)

    def write(fact: Fact, call: Call, settlement: Settlement | None) -> None:
        written.append((fact, call, settlement))
        if settlement is not None:
            settled.set()

    meter = how.meter or BookMeter(book, lambda: TODAY, write)
    upstream: Upstream = ProviderUpstream(silence=how.silence)
    if how.playing is not None:
        meter, upstream = FreeMeter(), CassetteUpstream(Player(how.playing, *how.places))
    recorder = Recorder(how.cassette, *how.places) if how.cassette else None
    with Provider(*script) as provider:
        with Proxy(meter, upstream, how.limits) as proxy:
            run = run_at(provider.url, how.cap, how.output, how.models)
            with proxy.seat(run, recorder) as seat:
                yield Till(provider, proxy, seat, book, written, settled)
            provider.release.set()
        assert proxy.defects == []
        assert book.held(PLAN) == Money(0)
