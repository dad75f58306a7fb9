"""Stories: what people say to an app, in order, as values that old and new can both be told.

Messages are JSON by cell and word, so that each side reads them with its own types.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Literal

import msgspec

from monocyte.cell import Manifest, Rule
from monocyte.contracts import Command, Message, Query
from monocyte.contracts.codec import decode_json, encode_json
from monocyte.errors import BusError, Refused
from monocyte.genops.gates.stations.loading import Staged
from monocyte.literate.limits import Overdue, within
from monocyte.literate.scenarios import STEPS, play
from monocyte.testing import Faults, World
from monocyte.testing.loop import Endless, Stuck
from monocyte.testing.world import Actor, Pending

__all__ = ["Happened", "Heard", "Step", "Story", "Told", "recorded", "tell", "teller"]

MICROSECOND = timedelta(microseconds=1)

STEPS_A_SECOND = 50
"""So slow may long stories be: of a journal, say."""


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that is done: a message by somebody, time that passes, a power cut."""

    do: Literal["say", "advance", "restart"]
    who: str = ""
    roles: tuple[str, ...] = ()
    cell: str = ""
    word: str = ""
    body: bytes = b""
    """JSON."""
    micros: int = 0


class Story(msgspec.Struct, frozen=True):
    """Steps, and where they come from."""

    name: str
    steps: tuple[Step, ...]


class Happened(msgspec.Struct, frozen=True, order=True):
    """An event that was written down: in which cell, which, and its fields as JSON."""

    cell: str
    name: str
    body: bytes


class Heard(msgspec.Struct, frozen=True):
    """What came of a step: the answer, and everything that happened because of it."""

    how: str
    """`replied`, or the kind of error: `refused`, `crashed`, `invalid`…"""
    said: bytes = b""
    """The reply as JSON, or the words of the error."""
    rule: str = ""
    asked: tuple[tuple[str, bool], ...] = ()
    """The rules that were asked meanwhile, and whether they held."""
    events: tuple[Happened, ...] = ()
    letters: int = 0
    """How many deliveries have been given up by now."""


class Told(msgspec.Struct, frozen=True):
    """What came of a story, step by step; `broke` says why it came to no end."""

    heard: tuple[Heard, ...]
    broke: str = ""


# -- recording -------------------------------------------------------------------------------------


def recorded(staged: Staged, timeout: float) -> Iterator[tuple[Story, frozenset[str]]]:
    """The stories that scenarios tell, each with the cells that had a part in it."""
    for owner in staged.owners:
        for scenario in owner.scenarios:
            steps: list[Step] = []
            touched: frozenset[str] = frozenset()
            with _recording(steps):
                try:
                    with within(timeout), World(*staged.manifests) as world:
                        try:
                            play(scenario.play, world)
                        finally:
                            touched = frozenset(it.target for it in world.trace)
                except (Exception, Overdue, SystemExit):  # noqa: S110, BLE001 (told until there)
                    pass
            yield Story(f"{owner.name}.{scenario.name}", tuple(steps)), touched


@contextmanager
def _recording(steps: list[Step]) -> Iterator[None]:
    """Everything that actors of a World do inside is written down."""
    start, advance, restart = Actor.start, World.advance, World.restart

    def starts(self: Actor, message: Any) -> Pending[Any]:
        steps.append(said(self.name, tuple(sorted(self.principal.roles)), message))
        return start(self, message)

    def advances(self: World, span: timedelta) -> None:
        steps.append(Step("advance", micros=span // MICROSECOND))
        advance(self, span)

    def restarts(self: World) -> None:
        steps.append(Step("restart"))
        restart(self)

    Actor.start, World.advance, World.restart = starts, advances, restarts  # type: ignore[method-assign]
    try:
        yield
    finally:
        Actor.start, World.advance, World.restart = start, advance, restart  # type: ignore[method-assign]


def said(who: str, roles: tuple[str, ...], message: Message) -> Step:
    """A step that says something."""
    word = type(message)
    body = encode_json(message)
    return Step("say", who, roles, word.__cell__, word.__name__, body)


# -- telling ---------------------------------------------------------------------------------------


def tell(manifests: tuple[Manifest, ...], story: Story, timeout: float) -> Told:
    """Tell a story in a World of its own, and hear what comes of each step."""
    heard: list[Heard] = []
    broke = ""
    try:
        patience = timeout + len(story.steps) / STEPS_A_SECOND
        with within(patience), World(*manifests, faults=Faults.none(), steps=STEPS // 4) as world:
            teller = _Teller(world, manifests)
            for step in story.steps:
                heard.append(teller.take(step))  # noqa: PERF401 (what was heard until it broke)
    except (Endless, Stuck, Overdue) as why:
        broke = type(why).__name__
    except (Exception, SystemExit) as why:  # noqa: BLE001 (the edge: the author's code)
        broke = f"{type(why).__name__}: {why}"[:300]
    return Told(tuple(heard), broke)


def teller(world: World, manifests: tuple[Manifest, ...]) -> _Teller:
    """Who tells a World one step after the other."""
    return _Teller(world, manifests)


class _Teller:
    def __init__(self, world: World, manifests: tuple[Manifest, ...]) -> None:
        self.world = world
        self.words = {(m.name, name): word for m in manifests for name, word in m.words.items()}
        self.cells = [it.name for it in manifests]
        self.seen = dict.fromkeys(self.cells, 0)
        self.asked: list[tuple[str, bool]] = []

    def take(self, step: Step) -> Heard:
        self.asked = []
        before, Rule.witness = (
            Rule.witness,
            lambda rule, held, _: self.asked.append((rule.id, held)),
        )
        try:
            how, answer, rule = self._done(step)
        finally:
            Rule.witness = before
        events = tuple(self._happened())
        letters = len(self.world.dead_letters)
        return Heard(how, answer, rule, tuple(self.asked), events, letters)

    def _done(self, step: Step) -> tuple[str, bytes, str]:
        if step.do == "advance":
            self.world.advance(step.micros * MICROSECOND)
            return "passed", b"", ""
        if step.do == "restart":
            self.world.restart()
            return "passed", b"", ""
        word: Any = self.words.get((step.cell, step.word))
        if word is None or not issubclass(word, (Command, Query)):
            return "no-such-message", b"", ""
        try:
            message = decode_json(word, step.body)
        except BusError as why:
            return "invalid", str(why).encode()[:500], ""
        try:
            reply = self.world.by(step.who, *step.roles).start(message).result()
        except Refused as why:
            return "refused", str(why).encode(), why.rule
        except BusError as why:
            return why.kind, b"" if why.kind == "crashed" else str(why).encode()[:500], ""
        finally:
            self.world.settle()
        return "replied", encode_json(reply), ""

    def _happened(self) -> Iterator[Happened]:
        journal = self.world._simulation.journal  # noqa: SLF001 (what nobody else can see cheaply)
        for cell in self.cells:
            for entry in journal.read(cell, self.seen[cell]):
                self.seen[cell] = entry.end
                for event in entry.events:
                    body = msgspec.json.encode(msgspec.msgpack.decode(event.body), order="sorted")
                    yield Happened(cell, event.name, body)
