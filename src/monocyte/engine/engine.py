"""One cell at work: it answers (answering.py), and does by itself what others wait for (here).

Events of other cells, timers, and dead letters each take effect once: the entry that says so moves
the cursor, ends the timer, or takes the letter off the list, together with what it made happen.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

from monocyte.bus import Delivery
from monocyte.cell import Function, Manifest
from monocyte.contracts import Envelope, Event, Principal, Tick
from monocyte.contracts.codec import decode
from monocyte.contracts.facts import Fact
from monocyte.engine.answering import Answering
from monocyte.engine.books import DeadLetter, Due
from monocyte.engine.deciding import SNAPSHOT_EVERY, Decision, Pending
from monocyte.engine.ports import Outside, moment
from monocyte.engine.recorder import Recorder
from monocyte.errors import BusError, Busy, Refused, Unavailable
from monocyte.journal import Journal

__all__ = ["SNAPSHOT_EVERY", "Engine", "Pending"]

PATIENCE = 30.0
"""Seconds within which what a cell does by itself has to be answered by others."""


class Engine(Answering):
    """One cell at work on a journal."""

    __slots__ = ("_resending",)  # an idle cell weighs 3 kB, of which a dict would be a tenth

    def __init__(
        self, manifest: Manifest, journal: Journal, outside: Outside, **options: Any
    ) -> None:
        super().__init__(manifest, journal, outside, **options)
        self._resending: list[int] = []

    # -- other cells' events -----------------------------------------------------------------------

    def cursor(self, cell: str) -> int:
        """Up to which position the events of another cell have taken effect here."""
        return self.fold.books.cursors.get(cell, 0)

    async def react(self, delivery: Delivery) -> None:
        """Let an event of another cell take its effect here, once.

        Raises:
            BusError: it could not now; it may be delivered again.
        """
        if delivery.seq <= self.cursor(delivery.cell):
            return
        source = (delivery.cell, delivery.seq)
        reaction = self.manifest.reactions.get(type(delivery.event))
        if reaction is None:
            self.fold.books.cursors[delivery.cell] = delivery.seq
            return
        self.account.reactions += 1
        id = f"{delivery.cell}:{delivery.seq}"
        envelope = self._own(id, delivery.id, delivery.correlation, delivery.labels)
        function, event = reaction.function, delivery.event
        await self._take("reaction", function, envelope, event, source)

    # -- timers ------------------------------------------------------------------------------------

    def plan(self) -> None:
        """Look at the clock: it may have jumped, or nobody may have looked for long."""
        self.fold.books.plan(self.manifest, self.outside.wall())

    def next_due(self) -> Due | None:
        """The timer that is due first, if any waits."""
        return None if self.failure is not None else self.fold.books.next_due()

    async def fire(self, due: Due) -> None:
        """Let a timer take its effect, once.

        Raises:
            BusError: it could not now; it may be fired again.
        """
        if due.source not in self.fold.books.due:
            return
        self.account.timers += 1
        envelope = self._own(f"{due.timer}:{due.source[1]}")
        function = self.manifest.timers[due.timer].function
        await self._take("timer", function, envelope, self.timed(due), due.source)

    def timed(self, due: Due) -> Event:
        """What the function of a timer consumes: the event that started it, or a tick."""
        timer = self.manifest.timers[due.timer]
        return Tick(moment(due.at)) if timer.period is not None else decode(timer.event, due.event)

    # -- dead letters ------------------------------------------------------------------------------

    @property
    def dead_letters(self) -> dict[int, DeadLetter]:
        """What was given up, by the position of the entry that says so."""
        return dict(self.fold.books.dead)

    async def give_up(
        self,
        message: Event,
        source: tuple[str, int],
        why: BusError,
        labels: frozenset[str] = frozenset(),
    ) -> None:
        """Put a delivery that cannot take effect on the list of dead letters, and go on.

        Raises:
            Unavailable: the journal cannot write.
        """
        self.emit(
            Fact("dead-letter", self.name, f"{type(message).__name__} from {source}: {why.message}")
        )
        envelope = self._own(f"dead:{source[0]}:{source[1]}", labels=labels)
        refusal = Refused(why.message, cell=self.name)
        decision = Decision(None, (), refusal)
        pending = self._commit(envelope, message, decision, Recorder(), kind="dead", source=source)
        await pending.durable()

    async def resend(self, position: int, attempt: str = "") -> None:
        """Let a dead letter take its effect after all.

        `attempt` names this try: what other cells have answered to another is not heard again.

        Raises:
            Refused: there is no such dead letter.
            Busy: it is being resent already.
            BusError: it failed again; it stays on the list.
        """
        letter = self.fold.books.dead.get(position)
        if letter is None:
            raise Refused(f"{self.name} has no dead letter {position}", cell=self.name)
        if position in self._resending:
            raise Busy(f"dead letter {position} is being resent already", cell=self.name)
        self._resending.append(position)
        try:
            await self._take_again(position, letter, attempt or self.outside.new_id())
        finally:
            self._resending.remove(position)

    async def _take_again(self, position: int, letter: DeadLetter, attempt: str) -> None:
        function, message = await self._addressed(letter)
        envelope = self._own(f"resent:{position}:{attempt}", labels=frozenset(letter.labels))
        await self._take("resent", function, envelope, message, ("dead", position))

    async def _addressed(self, letter: DeadLetter) -> tuple[Function, Event]:
        """Who was to take a letter, and its message in today's shape."""
        origin, _ = letter.source
        if (timer := self.manifest.timers.get(origin[1:])) is not None and origin[0] == "@":
            if timer.period is not None:
                return timer.function, decode(timer.event, letter.event.body)
            return timer.function, self.fold.revive(letter.event)
        for event, reaction in self.manifest.reactions.items():
            if event.__name__ == letter.event.name and reaction.source == origin:
                return reaction.function, await self._delivered(letter, event)
        raise Refused(f"{self.name} no longer reacts to {letter.event.name}", cell=self.name)

    async def _delivered(self, letter: DeadLetter, event: type[Event]) -> Event:
        """The event of another cell; only that cell can upcast one that is of an older version."""
        cell, seq = letter.source
        if letter.event.version == event.__version__:
            return decode(event, letter.event.body)
        async with aclosing(self.outside.transport.follow(cell, seq - 1)) as feed:
            async for delivery in feed:
                return delivery.event
        raise Unavailable(f"the events of {cell} have ended", cell=cell)

    # -- taking effect -----------------------------------------------------------------------------

    async def _take(
        self,
        kind: str,
        function: Function,
        envelope: Envelope,
        message: Event,
        source: tuple[str, int],
    ) -> None:
        recorder = self._recorder(function, envelope, message)
        decision = await self._decide(function, envelope, message, recorder, True)
        if decision.refusal is not None:
            raise decision.refusal
        effect = bool(decision.events or recorder.results) or kind != "reaction"
        kind = kind if effect else "skipped"
        pending = self._commit(envelope, message, decision, recorder, kind=kind, source=source)
        await pending.durable()

    def _own(
        self,
        id: str,
        cause: str = "",
        correlation: str = "",
        labels: frozenset[str] = frozenset(),
    ) -> Envelope:
        """The envelope of what the cell does by itself; its id is the same if it is done again."""
        principal = Principal(f"cell:{self.name}", frozenset({"cell"}))
        deadline = asyncio.get_running_loop().time() + PATIENCE
        return Envelope(
            f"{self.name}<{id}", principal, cause, correlation or cause, labels, deadline
        )
