"""Who answers for a cell: opened when the first question comes that nobody has answered before.

Whatever costs money goes through the metering proxy, which alone has the key. A plan may be
answered by hand or from a cassette whatever its pin is, for then nobody is called and nothing paid.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import date
from pathlib import Path
from typing import NamedTuple, Self

from monocyte.errors import ConfigError
from monocyte.genops.generation.agents import Agency, Working
from monocyte.genops.generation.paid import Watch
from monocyte.genops.generation.rooms import Room
from monocyte.genops.generation.takes import Take
from monocyte.genops.generation.ways import Asking
from monocyte.genops.generation.writing import Question, Unanswered, Way
from monocyte.genops.git import Git
from monocyte.genops.ledger.gitledger import GitLedger
from monocyte.genops.metering import Player, ProviderUpstream, Proxy, Recorder, Run
from monocyte.genops.metering.server import Seat
from monocyte.genops.models import Anthropic, Ask, Backend, Cassette, HandOver, OpenAI, route_of
from monocyte.genops.models.interface import Hears
from monocyte.genops.money import ZERO, Money
from monocyte.genops.paying import LedgerMeter
from monocyte.genops.pins import Pin, Spending

__all__ = ["BACKENDS", "Answering", "Order", "refuse_unknown"]

BACKENDS = ("hand-over", "cassette:DIRECTORY")
"""What may answer in place of a pin."""

HANDOVER = ("hand-over", "handover")
"""How that is called by people, and in pins."""


class Order(NamedTuple):
    """What is asked for: by whom, for which plan, with what money, and where it is kept."""

    plan: str
    cap: Money
    person: str
    spending: Spending
    root: Path
    """The app, around which the ledger lies."""
    base: str
    """The commit that it is written on."""
    room: Room
    today: date
    environment: Mapping[str, str]
    hears: Hears
    """Told every piece of an answer."""
    says: Callable[[str], None]
    """Told what goes on."""
    backend: str = ""
    """What answers in place of the pin."""
    pause: Callable[[float], None] = time.sleep


class Answering:
    """The way to have questions about one cell answered; a context that closes what it opened."""

    def __init__(self, order: Order, cell: str, pin_name: str, pin: Pin) -> None:
        self._order, self._cell = order, cell
        self._name, self._pin = pin_name, pin
        self._stack = ExitStack()
        self._way: Way | None = None
        self._watch: Watch | None = None
        self.kind = _kind(order.backend, pin, pin_name)
        self.in_place = self.kind == "agent"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def spent(self) -> Money:
        """What was spent here until now."""
        return self._watch.spent if self._watch is not None else ZERO

    def answer(self, question: Question) -> Take | Unanswered:
        """The answer; see `Way`."""
        if self._way is None:
            self._way = self._stack.enter_context(self._opened())
        return self._way.answer(question)

    @contextmanager
    def _opened(self) -> Iterator[Way]:
        order = self._order
        if self.kind == "handover":
            yield self._asking(HandOver(order.room.handed))
        elif self.kind == "cassette":
            folder = Path(order.backend.partition(":")[2])
            yield self._asking(Cassette(self._ask(), Player(folder)))
        else:
            yield from self._paid()

    def _paid(self) -> Iterator[Way]:
        """Behind the proxy."""
        order, pin, folder = self._order, self._pin, self._order.room.cassette(self._cell)
        route = route_of(self._name, pin, order.today, order.environment)
        run = Run(order.plan, self._cell, order.person, order.cap, {pin.model: route})
        ledger = GitLedger(order.root)  # its own: it is used from the proxy's thread
        self._watch = watch = Watch(LedgerMeter(ledger, order.spending), order.room.sent)
        with Proxy(watch, ProviderUpstream()) as proxy:
            if self.kind == "agent":
                git = Git(order.root)
                place = (pin, git, order.base, proxy, run, folder)
                yield Working(Agency(*place, order.environment, watch, order.hears))
                return
            recorded = Cassette(self._ask(), Player(folder))
            with (
                proxy.seat(run, Recorder(folder)) as seat,
                closing(_library(self._ask(), seat)) as library,
            ):
                yield self._asking(library, watch, recorded)

    def _asking(
        self, backend: Backend, watch: Watch | None = None, recorded: Backend | None = None
    ) -> Asking:
        order = self._order
        return Asking(
            backend,
            hears=order.hears,
            says=order.says,
            watch=watch,
            recorded=recorded,
            pause=order.pause,
        )

    def _ask(self) -> Ask:
        """How it is asked; it is us who try again, for a library does not know what was paid."""
        pin = self._pin
        told = (pin.wire, pin.model, pin.max_output_tokens, pin.parameters)
        return Ask(*told, retries=0)


def _library(ask: Ask, seat: Seat) -> Anthropic | OpenAI:
    return Anthropic(ask, seat) if ask.wire == "messages" else OpenAI(ask, seat)


def refuse_unknown(backend: str) -> None:
    """Raise ConfigError if that cannot answer in place of a pin."""
    folder = Path(backend.partition(":")[2])
    if backend.startswith("cassette:") and not folder.is_dir():
        mend = "name the directory of its takes: --backend cassette:DIRECTORY"
        raise ConfigError("there is no cassette", where=str(folder), mend=mend)
    if backend and not backend.startswith("cassette:") and backend not in HANDOVER:
        mend = f"one of {', '.join(BACKENDS)}; or pin another model: [models.NAME]"
        raise ConfigError(f"{backend!r} cannot answer in place of a pin", mend=mend)


def _kind(backend: str, pin: Pin, name: str) -> str:
    """Which way it is; raises ConfigError if there is no such."""
    refuse_unknown(backend)
    if backend:
        return "handover" if backend in HANDOVER else "cassette"
    if pin.way == "cassette":
        mend = "say where it is: --backend cassette:DIRECTORY"
        raise ConfigError(f"the pin {name} is a cassette", mend=mend)
    return pin.way
