"""Who said what to whom in a World, in order: kept as it happens, put into words when it is read.

`Recording` is told by the simulation and keeps references to messages and answers, which cannot
change; a `Said` is made of each when somebody asks for the trace. Nothing here runs outside of a
World.
"""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec

from monocyte.cell import Manifest
from monocyte.contracts import Command, Envelope, Event, Message
from monocyte.contracts.codec import decode
from monocyte.contracts.faults import Fault
from monocyte.errors import BusError, Refused

if TYPE_CHECKING:
    from monocyte.bus.interface import Delivery
    from monocyte.journal import Entry

__all__ = ["Recording", "Said", "SaidKind", "outcome", "short", "story"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

LONGEST, ITEMS = 160, 6
"""Characters of a text, and items of a collection in it, before it is cut short."""

CLOCK = "clock"

SaidKind = Literal["command", "query", "event", "timer"]


class Said(NamedTuple):
    """One thing that was said: by whom, to whom, what, and what came of it.

    | what                 | kind           | source      | asker    | target      | function    |
    |----------------------|----------------|-------------|----------|-------------|-------------|
    | somebody asks a cell | command, query | their name  |          | the cell    | its handler |
    | a cell asks another  | command, query | the cell    | function | the other   | its handler |
    | something happens    | event          | the cell    | function | the cell    | its evolver |
    | another hears of it  | event          | the cell    |          | the other   | its reaction|
    | a timer is due       | timer          | `clock`     |          | the cell    | function    |
    """

    at: datetime
    source: str
    target: str
    kind: SaidKind
    name: str
    """The type of the message; of a timer the event that started it, or `Tick`."""
    text: str
    """The message, in short."""
    outcome: str
    """The answer in short, `refused by BOOK-1: …`, another kind of error; empty if there is none.
    """
    function: str = ""
    """The function of the target that took it."""
    asker: str = ""
    """The function of the source that said it; empty if a person did, or nobody."""
    cause: int = -1
    """Which line of the trace led to it; -1 if none did."""


def story(trace: Sequence[Said]) -> str:
    """A trace as people read it: a line each, indented below what led to it; times as they change.

    >>> from datetime import datetime, UTC
    >>> nine = datetime(2026, 1, 5, 9, tzinfo=UTC)
    >>> print(story([Said(nine, "ada", "till", "query", "Balance", "Balance()", "5", "balance")]))
    2026-01-05 09:00
      ada -> till: Balance() -> 5
    """
    lines: list[str] = []
    depths: list[int] = []
    clock: datetime | None = None
    for said in trace:
        depths.append(depths[said.cause] + 1 if said.cause >= 0 else 1)
        if said.at != clock:
            clock = said.at
            lines.append(short(clock))
        lines.append("  " * depths[-1] + _told(said))
    return "\n".join(lines)


def _told(said: Said) -> str:
    if said.kind == "event" and said.source == said.target:
        return f"{said.source}: {said.text}"
    source = f"{said.source}.{said.asker}" if said.asker else said.source
    taker = f"{said.target}.{said.function}" if not said.asker and said.cause >= 0 else said.target
    taker = f"{said.target}.{said.function}" if said.kind == "timer" else taker
    outcome = f" -> {said.outcome}" if said.outcome else ""
    return f"{source} -> {taker}: {said.text}{outcome}"


class Line:
    """Something that was said, as it happened; who carries it fills in what came of it."""

    __slots__ = (
        "asks",
        "at",
        "cause",
        "error",
        "function",
        "given_up",
        "kind",
        "message",
        "reply",
        "source",
        "target",
        "void",
    )

    def __init__(
        self, at: int, source: str, target: str, kind: SaidKind, message: Any, function: str
    ) -> None:
        self.at = at
        self.source = source
        self.target = target
        self.kind = kind
        self.message = message
        self.function = function
        self.cause: Line | None = None
        self.asks = False
        """Whether a function of a cell says it."""
        self.reply: Any = None
        self.error: BusError | None = None
        self.given_up: bytes = b""
        """The fault for which a delivery was given up."""
        self.void = False
        """Whether it never became durable, and was said again."""

    def answered(self, reply: Any) -> Any:
        """What came of it."""
        self.reply, self.error = reply, None
        return reply

    def failed(self, error: BusError) -> None:
        """It was not answered; it may be said again."""
        self.error = error


class Recording:
    """What was said in one World so far."""

    def __init__(self, manifests: Iterable[Manifest]) -> None:
        self._manifests = {m.name: m for m in manifests}
        self._lines: list[Line] = []
        self._begun: dict[str | int, Line] = {}
        """What was asked, delivered or due, by the id of its envelope."""
        self._happened: dict[tuple[str, int], Line] = {}
        """The events, by cell and position."""
        self._entered: dict[tuple[str, str], list[Line]] = {}
        """The events of each entry, by cell and id."""

    # -- as it happens -----------------------------------------------------------------------------

    def requested(self, at: int, envelope: Envelope, message: Message) -> Line:
        """Somebody asks; under the same id it is the same again."""
        line = self._begun.get(envelope.id)
        if line is not None:
            return line
        cell = type(message).__cell__
        handler = self._manifests[cell].handlers.get(type(message)) if self._knows(cell) else None
        source = envelope.path[-1] if envelope.path else envelope.principal.name
        kind: SaidKind = "command" if isinstance(message, Command) else "query"
        line = Line(at, source, cell, kind, message, handler.function.name if handler else "")
        line.asks = bool(envelope.path)
        line.cause = self._begun.get(envelope.cause) if line.asks else None
        return self._add(line, envelope.id)

    def delivered(self, at: int, cell: str, delivery: Delivery) -> None:
        """An event is on its way to the reaction of another cell."""
        reaction = self._manifests[cell].reactions.get(type(delivery.event))
        id = f"{cell}<{delivery.cell}:{delivery.seq}"
        if reaction is not None and id not in self._begun:
            name = reaction.function.name
            line = Line(at, delivery.cell, cell, "event", delivery.event, name)
            line.cause = self._happened.get((delivery.cell, delivery.seq))
            self._add(line, id)

    def due(self, at: int, cell: str, timer: str, event: Event, source: tuple[str, int]) -> None:
        """A timer is due; `source` is what tells this time from every other."""
        id = f"{cell}<{timer}:{source[1]}"
        if id not in self._begun:
            function = self._manifests[cell].timers[timer].function
            line = Line(at, CLOCK, cell, "timer", event, function.name)
            line.cause = self._happened.get((cell, source[1]))
            self._add(line, id)

    def resent(self, cell: str, position: int, source: tuple[str, int], attempt: str) -> None:
        """What was given up is tried again: what comes of it comes of the first delivery."""
        line = self._begun.get(f"{cell}<{source[0].lstrip('@')}:{source[1]}")
        if line is not None:
            self._begun[f"{cell}<resent:{position}:{attempt}"] = line

    def appended(self, entry: Entry, events: tuple[Event, ...]) -> None:
        """A cell has decided something."""
        if entry.kind == "dead" and entry.source is not None:
            origin, seq = entry.source
            given_up = self._begun.get(f"{entry.cell}<{origin.lstrip('@')}:{seq}")
            if given_up is not None:
                given_up.given_up = entry.reply or b""
            return
        if not events:
            return
        for lost in self._entered.get((entry.cell, entry.id), ()):
            lost.void = True
        cause = self._begun.get(entry.id)
        evolvers = self._manifests[entry.cell].evolvers
        self._entered[entry.cell, entry.id] = made = []
        for index, event in enumerate(events):
            applied = evolvers[type(event)].call.__name__
            line = Line(entry.at, entry.cell, entry.cell, "event", event, applied)
            line.asks, line.cause = True, cause
            self._happened[entry.cell, entry.seq + index] = line
            self._lines.append(line)
            made.append(line)

    def _knows(self, cell: str) -> bool:
        return cell in self._manifests

    def _add(self, line: Line, id: str | int) -> Line:
        self._lines.append(line)
        self._begun[id] = line
        return line

    # -- when it is read ---------------------------------------------------------------------------

    def said(self) -> tuple[Said, ...]:
        """Everything so far, in words."""
        lines = [line for line in self._lines if not line.void]
        numbers = {id(line): number for number, line in enumerate(lines)}
        return tuple(_said(line, numbers) for line in lines)


def _said(line: Line, numbers: dict[int, int]) -> Said:
    cause = line.cause
    name = type(line.message).__name__
    heard = line.kind == "event" and not line.asks  # the whole of it stands where it happened
    return Said(
        EPOCH + timedelta(microseconds=line.at),
        line.source,
        line.target,
        line.kind,
        name,
        name if heard and cause is not None else short(line.message),
        _outcome(line),
        line.function,
        (cause.function if cause is not None else "?") if line.asks else "",
        numbers.get(id(cause), -1),
    )


def _outcome(line: Line) -> str:
    if line.given_up:
        return f"given up: {_cut(decode(Fault, line.given_up).message)}"
    asked = line.kind in ("command", "query")
    return outcome(line.reply, line.error) if asked or line.error is not None else ""


def outcome(reply: object, error: BusError | None = None) -> str:
    """An answer in short; an event by its name only, as the whole of it is told where it happens.

    >>> outcome(None, Refused("One at a time. (ada)", rule="BOOK-1"))
    'refused by BOOK-1: One at a time. (ada)'
    """
    if isinstance(error, Refused):
        return _cut(f"refused by {error.rule or error.cell}: {error.message}")
    if error is not None:
        return _cut(f"{error.kind}: {error.message}")
    return type(reply).__name__ if isinstance(reply, Event) else short(reply)


# -- words -----------------------------------------------------------------------------------------


def short(value: object) -> str:
    """A value as it is read at a glance: without names of fields, defaults, or what is too long.

    >>> short((datetime(2026, 1, 5, 9, tzinfo=UTC), "ada", None))
    '(2026-01-05 09:00, ada, None)'
    """
    return _cut(_short(value))


def _short(value: object) -> str:
    if isinstance(value, msgspec.Struct):
        return f"{type(value).__name__}({', '.join(_fields(value))})"
    if isinstance(value, str):
        return _cut(value, LONGEST // 2) or "''"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}" if value.second == 0 else f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, Mapping):
        return "{" + _listed([f"{_short(k)}: {_short(v)}" for k, v in value.items()]) + "}"
    if isinstance(value, tuple):
        return "(" + _listed([_short(each) for each in value[: ITEMS + 1]], len(value)) + ")"
    if isinstance(value, AbstractSet):
        return "{" + _listed(sorted(_short(each) for each in value)) + "}"
    return reprlib.repr(value) if isinstance(value, bytes) else str(value)


def _fields(value: msgspec.Struct) -> list[str]:
    """The fields up to the last that is not what it would be by itself."""
    fields = list(_known(type(value)))
    while fields and not fields[-1].required:
        if getattr(value, fields[-1].name) != _usual(fields[-1]):
            break
        fields.pop()
    return [_short(getattr(value, it.name)) for it in fields]


@lru_cache(1024)
def _known(kind: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(kind)


def _usual(field: msgspec.structs.FieldInfo) -> Any:
    factory = field.default_factory
    return field.default if factory is msgspec.NODEFAULT else factory()


def _listed(shown: list[str], count: int | None = None) -> str:
    count = len(shown) if count is None else count
    more = [f"… {count - ITEMS} more"] if count > ITEMS else []
    return ", ".join([*shown[:ITEMS], *more])


def _cut(text: str, longest: int = LONGEST) -> str:
    text = " ".join(text.split())
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
