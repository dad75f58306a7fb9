"""Decide again what a journal says was decided, by some release: what would it have said?

Each entry is decided on the state that this release has folded from what really happened before it,
with the port results that were recorded; nothing is written, nobody is asked, and the clock stands
where it stood. Two releases are compared by comparing what they say here, entry by entry.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from monocyte.bus import MemoryTransport
from monocyte.cell import Function, Manifest
from monocyte.cell.rules import Rule
from monocyte.contracts import Envelope, Principal
from monocyte.contracts.codec import decode, encode
from monocyte.engine.deciding import Decider, Decision
from monocyte.engine.ports import Outside
from monocyte.engine.recorder import Recorder
from monocyte.errors import BusError, MonocyteError
from monocyte.journal import Entry, MemoryJournal

__all__ = ["Outcome", "Rehearsal"]

DECIDED = frozenset({"command", "refusal", "reaction"})
"""Kinds of entries that are decided again; of a timer nobody keeps what it was told."""


class Outcome(NamedTuple):
    """What a release says to an entry: in a line, exactly (as bytes), and by which rules."""

    seq: int
    name: str
    said: str
    exactly: bytes
    refused: str = ""
    asked: tuple[str, ...] = ()


class Rehearsal:
    """One cell, by one release, through its journal."""

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        self._at = 0
        self._ids = 0
        transport = MemoryTransport()
        outside = Outside(lambda: self._at, self._new_id, transport)
        self._decider = Decider(manifest, MemoryJournal(lambda call: call()), outside)
        self._messages = {it.message.__name__: it for it in manifest.handlers.values()}

    def outcomes(self, entries: Iterable[Entry]) -> Iterator[Outcome]:
        """What it says to each entry that was decided, and folds all of them.

        Raises:
            JournalDamaged: it cannot read what happened.
            Exception: an evolver or an upcaster cannot take it.
        """
        for entry in entries:
            if entry.kind in DECIDED:
                yield self._outcome(entry)
            self._decider.fold.enter(entry)

    def _outcome(self, entry: Entry) -> Outcome:
        """What it says to one entry."""
        found = self._addressed(entry)
        if found is None:
            return Outcome(entry.seq, entry.name, "it does not take that any more", b"-")
        kind, function = found
        try:
            message = decode(kind, entry.message)
        except BusError as why:
            said = f"it cannot read that message any more: {why.message}"
            return Outcome(entry.seq, entry.name, said, b"?")
        asked: dict[str, None] = {}
        before, Rule.witness = Rule.witness, lambda rule, *_: asked.setdefault(rule.id)
        try:
            decision = self._decided(function, entry, message)
        except MonocyteError as why:
            said = f"it fails: {type(why).__name__}: {why.message}"
            return Outcome(entry.seq, entry.name, said, said.encode(), "", tuple(asked))
        finally:
            Rule.witness = before
        return _said(entry, decision, tuple(asked))

    def _addressed(self, entry: Entry) -> tuple[Any, Function] | None:
        """What an entry was decided by, and the type of its message; timers tell no message."""
        if entry.kind in ("command", "refusal"):
            handler = self._messages.get(entry.name)
            return None if handler is None else (handler.message, handler.function)
        source = entry.source[0] if entry.source else ""
        for event, reaction in self.manifest.reactions.items():
            if event.__name__ == entry.name and reaction.source == source:
                return event, reaction.function
        return None

    def _decided(self, function: Function, entry: Entry, message: Any) -> Decision:
        self._at, self._ids = entry.at, 0
        principal = Principal(entry.principal, frozenset(entry.roles))
        envelope = Envelope(
            entry.id,
            principal,
            entry.cause,
            entry.correlation,
            frozenset(entry.labels),
            float("inf"),
        )
        recorder = Recorder(entry.ports)
        work = self._decider._decide(function, envelope, message, recorder, True)  # noqa: SLF001 (our own room)
        return asyncio.run(work) if function.is_async else _finished(work)

    def _new_id(self) -> str:
        self._ids += 1
        return f"{self._at:x}-{self._ids}"


def _finished(work: Any) -> Decision:
    """The result of a coroutine that waits for nothing."""
    try:
        work.send(None)
    except StopIteration as end:
        decision: Decision = end.value
        return decision
    raise AssertionError("it waited")


def _said(entry: Entry, decision: Decision, asked: tuple[str, ...]) -> Outcome:
    if decision.refusal is not None:
        rule = decision.refusal.rule
        told = f"refused by {rule or 'no rule'}"
        return Outcome(entry.seq, entry.name, told, told.encode(), rule, asked)
    events = [(type(it).__name__, encode(it)) for it in decision.events]
    exactly = encode((encode(decision.reply), events))
    told = ", ".join(map(repr, decision.events)) or repr(decision.reply)
    return Outcome(entry.seq, entry.name, told[:300], exactly, "", asked)
