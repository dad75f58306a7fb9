"""Executes one cell: decide, journal, evolve; re-run what was overtaken; replay at a start.

A sync handler is atomic: it decides, its events are applied, and the entry is queued in one step of
the loop. An async handler that was overtaken is run again with its recorded port results, so that a
rule is always judged against the state that it guards. Nobody is answered before the entry is
durable. Only evolvers change the state; when one fails, the state is built again from the journal.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from monocyte.bus import Account, Delivery, Route, Service, accounted
from monocyte.cell import Function, Handler, Manifest, Result, Shape
from monocyte.contracts import Envelope, Event, Fault, Message, Principal, Tick, to_error, to_fault
from monocyte.contracts.check import compile_check
from monocyte.contracts.codec import decode, encode
from monocyte.contracts.facts import Emit, Fact, ignore
from monocyte.contracts.images import image
from monocyte.engine.books import DeadLetter, Due
from monocyte.engine.fold import Fold
from monocyte.engine.ports import Outside, bind, moment
from monocyte.engine.recorder import Recorder
from monocyte.errors import (
    BusError,
    Conflict,
    Crashed,
    Invalid,
    JournalError,
    MonocyteError,
    Refused,
    Unavailable,
)
from monocyte.journal import Entry, EventRecord, Journal

__all__ = ["RERUNS", "SNAPSHOT_EVERY", "Engine", "Pending"]

RERUNS = 5
"""How often a handler that was overtaken is run again before its caller gets `Conflict`."""

SNAPSHOT_EVERY = 10_000
"""A snapshot is taken after so many positions, while taking one stays quick."""

PATIENCE = 30.0
"""Seconds within which what a cell does by itself has to be answered by others."""

QUICK = 0.005
"""Seconds that a snapshot may hold the loop while the cell serves."""


class Decision(NamedTuple):
    """What a function has decided: a reply and events, or a refusal."""

    reply: Any
    events: tuple[Event, ...]
    refusal: Refused | None = None


class Pending:
    """An entry on its way to the disk, and who waits for it; the journal calls it at the end."""

    __slots__ = ("engine", "entry", "events", "settled", "waiters")

    def __init__(self, engine: Engine, entry: Entry, events: tuple[Event, ...]) -> None:
        self.engine = engine
        self.entry = entry
        self.events = events
        self.waiters: list[asyncio.Future[None]] = []
        self.settled = False

    def __call__(self, error: JournalError | None) -> None:
        """The journal has written the entry, or could not."""
        self.settled = True
        self.engine.settled(self, error)
        for waiter in self.waiters:
            if waiter.done():
                continue
            if error is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(_unwritten(self.entry.cell, error))

    def durable(self) -> asyncio.Future[None]:
        """Done once the entry is on disk; fails with Unavailable if it cannot get there."""
        waiter = asyncio.get_running_loop().create_future()
        self.waiters.append(waiter)
        return waiter


class Engine:
    """One cell at work on a journal.

    `strict` proves after every handler that it changed neither the state nor its message.
    `on_failure` is called when the cell cannot go on before `load` has built its state again,
    `on_append` with each entry that is queued.
    """

    def __init__(
        self,
        manifest: Manifest,
        journal: Journal,
        outside: Outside,
        *,
        emit: Emit = ignore,
        strict: bool = False,
        on_failure: Callable[[Engine], None] = lambda _: None,
        on_append: Callable[[Pending], None] = lambda _: None,
    ) -> None:
        self.manifest = manifest
        self.name = manifest.name
        self.journal = journal
        self.outside = outside
        self.emit = emit
        self.strict = strict
        self.on_failure = on_failure
        self.on_append = on_append
        self.account = Account(self._blocked)
        self.fold = Fold(manifest)
        self.version = 0
        """Changes whenever the state does; what was decided under another is overtaken."""
        self.failure: MonocyteError | None = None
        self.timers_changed: Callable[[], None] = lambda: None
        self._next_due: Due | None = None
        self._open: dict[str, Pending] = {}
        self._deciding: dict[str, asyncio.Future[None]] = {}
        self._snapshot_at = 0
        self._slow_snapshots = False

    # -- starting, stopping, and going back to what is durable -------------------------------------

    def load(self) -> int:
        """Build the state from the newest snapshot and the entries behind it; say how many.

        Raises:
            JournalError: the journal cannot be read, or holds what this release cannot read.
        """
        fold = Fold(self.manifest)
        fold.restore(self.journal.snapshot(self.name))
        self._snapshot_at, tail = fold.seq, 0
        for entry in self.journal.read(self.name, fold.seq):
            fold.enter(entry)
            tail += 1
        fold.books.plan(self.manifest, self.outside.wall())
        self.fold, self.failure = fold, None
        self.version += 1
        return tail

    def snapshot(self) -> None:
        """Save the state as it is, if anything happened since the last time."""
        if self.failure is None and self.fold.seq > self._snapshot_at:
            started = time.perf_counter()
            self.journal.save(self.fold.snapshot(self.outside.wall()))
            self._slow_snapshots = time.perf_counter() - started > QUICK
            self._snapshot_at = self.fold.seq

    def fail(self, why: MonocyteError) -> None:
        """The state can no longer be trusted: refuse everything until `load`."""
        if self.failure is None:
            self.failure = why
            self.emit(Fact("failed", self.name, why.message, why.where))
            self.on_failure(self)

    @property
    def idle(self) -> bool:
        """Whether nothing is being decided or written."""
        return not self._open and not self._deciding

    async def written(self) -> None:
        """Wait until everything that was queued is durable, or has failed."""
        await asyncio.gather(*(p.durable() for p in self._open.values()), return_exceptions=True)

    async def drained(self) -> None:
        """Wait until nothing is being decided or written."""
        while not self.idle:
            await self.written()
            if self._deciding:
                await asyncio.wait(self._deciding.values())

    # -- what the bus is given ---------------------------------------------------------------------

    def service(self, in_flight: int = 256) -> Service:
        """The cell as the bus serves it."""
        routes = tuple(self._route(handler) for handler in self.manifest.handlers.values())
        events = tuple(self.manifest.evolvers)
        return Service(self.name, routes, events, self.history, self.account, in_flight)

    def history(self, after: int) -> Iterator[Delivery]:
        """The durable events behind a position, as the bus delivers them."""
        for entry in self.journal.read(self.name, after):
            events = tuple(self.fold.revive(record) for record in entry.events)
            yield from (d for d in _deliveries(entry, events) if d.seq > after)

    def _route(self, handler: Handler) -> Route:
        immediate = not (handler.is_command or handler.function.is_async)
        if immediate:
            answer: Callable[[Envelope, Any], Any] = self._immediate(handler)
        elif handler.is_command:
            answer = self._commander(handler)
        else:
            answer = self._querier(handler)
        return Route(
            self.name, handler.message, handler.reply, handler.is_command, immediate, answer
        )

    def _immediate(self, handler: Handler) -> Callable[[Envelope, Any], Any]:
        function, call = handler.function, handler.function.call

        def answer(envelope: Envelope, message: Any) -> Any:
            if self.failure is not None:
                raise _restarting(self.name, self.failure)
            try:
                return self._run(function, envelope, message, Recorder(), may_send=False)
            except BusError:
                raise
            except Exception as why:
                raise self._crashed(function, why) from why

        def answer_from_state(_: Envelope, message: Any) -> Any:
            if self.failure is not None:
                raise _restarting(self.name, self.failure)
            try:
                return call(message, self.fold.state)
            except BusError:
                raise
            except Exception as why:
                raise self._crashed(function, why) from why

        from_state = [port for _, port in function.arguments] == [None]
        return answer_from_state if from_state and not self.strict else answer

    def _querier(self, handler: Handler) -> Callable[[Envelope, Any], Any]:
        async def answer(envelope: Envelope, message: Any) -> Any:
            self.account.queries += 1
            decision = await self._decide(handler.function, envelope, message, Recorder(), False)
            if decision.refusal is not None:
                raise decision.refusal
            return decision.reply

        return answer

    def _commander(self, handler: Handler) -> Callable[[Envelope, Any], Any]:
        function = handler.function

        async def answer(envelope: Envelope, message: Any) -> Any:
            if not envelope.fresh and (known := await self._earlier(str(envelope.id))) is not None:
                return self._first_answer(handler, message, known)
            self.account.commands += 1
            recorder = Recorder()
            if function.is_async:
                with self._alone(str(envelope.id)):
                    decision = await self._decide(function, envelope, message, recorder, True)
                    pending = self._commit(envelope, message, decision, recorder, handler)
            else:
                decision = self._decide_at_once(function, envelope, message, recorder)
                pending = self._commit(envelope, message, decision, recorder, handler)
            await pending.durable()
            if decision.refusal is not None:
                self.account.refusals += 1
                raise decision.refusal
            return decision.reply

        return answer

    @contextmanager
    def _alone(self, id: str) -> Iterator[None]:
        """While an async handler decides, the same command again waits for what it decides."""
        deciding = self._deciding[id] = asyncio.get_running_loop().create_future()
        try:
            yield
        finally:
            del self._deciding[id]
            deciding.set_result(None)

    # -- the same command again --------------------------------------------------------------------

    async def _earlier(self, id: str) -> Entry | None:
        """The entry that has answered this id, once it is durable; None if there is none."""
        while (deciding := self._deciding.get(id)) is not None:
            await asyncio.shield(deciding)
        if (pending := self._open.get(id)) is not None:
            await pending.durable()
            return pending.entry
        return self.journal.find(self.name, id)

    def _first_answer(self, handler: Handler, message: Any, entry: Entry) -> Any:
        if (entry.name, entry.message) != (handler.message.__name__, encode(message)):
            raise Invalid(
                f"the id {entry.id!r} has been used for another {entry.name}",
                cell=self.name,
                mend="give each command an id of its own; repeat only the very same",
            )
        if entry.kind == "refusal":
            raise to_error(decode(Fault, entry.reply or b""))
        if entry.reply is None:
            return self.fold.revive(entry.events[0])
        return decode(handler.reply, entry.reply)

    # -- deciding ----------------------------------------------------------------------------------

    async def _decide(
        self,
        function: Function,
        envelope: Envelope,
        message: Any,
        recorder: Recorder,
        may_send: bool,
    ) -> Decision:
        """Run a function until it was not overtaken: what it has decided holds for this state."""
        if not function.is_async:
            return self._decide_at_once(function, envelope, message, recorder)
        for _ in range(RERUNS + 1):
            if self.failure is not None:
                raise _restarting(self.name, self.failure)
            seen, error = self.version, None
            recorder.rewind()
            try:
                work = self._run(function, envelope, message, recorder, may_send=may_send)
                out = await accounted(self.account, function.name, work)
            except BusError as why:
                error = why
            except Exception as why:  # noqa: BLE001 (a supervision edge: the author's code)
                error = self._crashed(function, why)
            if self.version == seen:
                return _decided(function.result, out) if error is None else _refusal(error)
            self.account.reruns += 1
        raise Conflict(
            f"{self.name}.{function.name} was overtaken {RERUNS + 1} times",
            cell=self.name,
            mend="send it again",
        )

    def _decide_at_once(
        self, function: Function, envelope: Envelope, message: Any, recorder: Recorder
    ) -> Decision:
        """Run a function that does not wait, and so cannot be overtaken."""
        if self.failure is not None:
            raise _restarting(self.name, self.failure)
        started = time.perf_counter()
        try:
            out = self._run(function, envelope, message, recorder, may_send=True)
        except BusError as why:
            return _refusal(why)
        except Exception as why:
            raise self._crashed(function, why) from why
        finally:
            self.account.step(function.name, time.perf_counter() - started)
        return _decided(function.result, out)

    def _run(
        self,
        function: Function,
        envelope: Envelope,
        message: Any,
        recorder: Recorder,
        *,
        may_send: bool,
    ) -> Any:
        state = self.fold.state
        arguments = {
            name: state
            if port is None
            else bind(port, self.name, self.outside, envelope, recorder, may_send=may_send)
            for name, port in function.arguments
        }
        if not self.strict:
            return function.call(message, **arguments)
        return self._proven(function, message, arguments)

    def _proven(self, function: Function, message: Any, arguments: dict[str, Any]) -> Any:
        """Run a function that must leave the state and its message as they were."""
        if function.is_async:
            return self._proven_waiting(function, message, arguments)
        before = image(self.fold.state), encode(message)
        out = function.call(message, **arguments)
        self._prove(function, message, before)
        return out

    async def _proven_waiting(
        self, function: Function, message: Any, arguments: dict[str, Any]
    ) -> Any:
        before, seen = (image(self.fold.state), encode(message)), self.version
        out = await function.call(message, **arguments)
        if self.version == seen:
            self._prove(function, message, before)
        return out

    def _prove(self, function: Function, message: Any, before: tuple[bytes, bytes]) -> None:
        if (image(self.fold.state), encode(message)) != before:
            why = Crashed(
                f"{self.name}.{function.name} is not pure: it changed the state or its message",
                cell=self.name,
                where=function.where,
                mend="return an event, and change the state in its evolver",
            )
            self.fail(why)
            raise why

    # -- committing --------------------------------------------------------------------------------

    def _commit(
        self,
        envelope: Envelope,
        message: Message,
        decision: Decision,
        recorder: Recorder,
        answered: Handler | None = None,
        *,
        kind: str = "",
        source: tuple[str, int] | None = None,
    ) -> Pending:
        """Apply what was decided and queue its entry: one step, which nobody can come between.

        Raises:
            Crashed: an event or the reply is not what its type says; nothing was changed.
            Unavailable: the journal cannot write.
        """
        if self.journal.failure is not None:
            why = _unwritten(self.name, self.journal.failure)
            self.fail(why)  # so that somebody tries to write again
            raise why
        started = time.perf_counter()
        events, records = self._recorded(decision.events)
        principal = envelope.principal
        entry = Entry(
            self.name,
            self.fold.seq + 1,
            kind or ("command" if decision.refusal is None else "refusal"),
            str(envelope.id),
            self.outside.wall(),
            type(message).__name__,
            type(message).__version__,
            encode(message),
            self._reply(decision, answered),
            records,
            tuple(recorder.results),
            principal.name,
            tuple(sorted(principal.roles)) if principal.roles else (),
            tuple(sorted(envelope.labels)) if envelope.labels else (),
            str(envelope.cause),
            str(envelope.correlation),
            self.manifest.release,
            source,
        )
        pending = self._enter(entry, events)
        self.account.step(message.__class__.__name__, time.perf_counter() - started)
        return pending

    def _recorded(
        self, events: tuple[Event, ...]
    ) -> tuple[tuple[Event, ...], tuple[EventRecord, ...]]:
        """The events as a replay will see them, and as they are stored."""
        checked: list[Event] = []
        records: list[EventRecord] = []
        for event in events:
            kind: Any = type(event)
            if kind not in self.manifest.evolvers:
                raise Crashed(f"{self.name} emitted {kind.__name__} undeclared", cell=self.name)
            try:
                checked.append(compile_check(kind)(event))
                records.append(EventRecord(kind.__name__, kind.__version__, encode(event)))
            except BusError as why:
                raise Crashed(
                    f"{self.name} emitted a wrong event: {why.message}", cell=self.name
                ) from why
        return tuple(checked), tuple(records)

    def _reply(self, decision: Decision, answered: Handler | None) -> bytes | None:
        """The answer as it is stored; None says that it is the first event."""
        if decision.refusal is not None:
            return encode(to_fault(decision.refusal))
        if answered is None or (decision.events and decision.reply is decision.events[0]):
            return None
        try:
            return encode(compile_check(answered.reply)(decision.reply))
        except BusError as why:
            raise Crashed(
                f"{self.name}.{answered.function.name} answered wrongly: {why.message}",
                cell=self.name,
                where=answered.function.where,
            ) from why

    def _enter(self, entry: Entry, events: tuple[Event, ...]) -> Pending:
        fold = self.fold
        try:
            for index, event in enumerate(events):
                fold.happen(event, entry.seq + index, entry.at)
            fold.books.enter(self.manifest, entry)
            pending = Pending(self, entry, events)
            self.journal.append(entry, pending)
        except Exception as why:  # an evolver is the author's code; half of its work may be done
            crash = why if isinstance(why, BusError) else self._crashed(None, why)
            self.fail(crash)
            raise crash from why
        fold.seq = entry.end
        self._open[entry.id] = pending
        self.on_append(pending)
        if events:
            self.version += 1
        if self.manifest.timers and fold.books.next_due() is not self._next_due:
            self._next_due = fold.books.next_due()
            self.timers_changed()
        return pending

    def settled(self, pending: Pending, error: JournalError | None) -> None:
        """The journal has written an entry, or could not."""
        if self._open.get(pending.entry.id) is pending:
            del self._open[pending.entry.id]
        if error is not None:
            self.fail(_unwritten(self.name, error))
            return
        if pending.events:
            self.outside.transport.publish(tuple(_deliveries(pending.entry, pending.events)))
        if pending.entry.end - self._snapshot_at >= SNAPSHOT_EVERY and not self._slow_snapshots:
            self.snapshot()

    # -- what comes by itself: other cells' events, timers, dead letters ---------------------------

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
        envelope = self._own(f"{delivery.cell}:{delivery.seq}", delivery.id, delivery.correlation)
        await self._take("reaction", reaction.function, envelope, delivery.event, source)

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

    @property
    def dead_letters(self) -> dict[int, DeadLetter]:
        """What was given up, by the position of the entry that says so."""
        return dict(self.fold.books.dead)

    async def give_up(self, message: Event, source: tuple[str, int], why: BusError) -> None:
        """Put a delivery that cannot take effect on the list of dead letters, and go on."""
        self.emit(
            Fact("dead-letter", self.name, f"{type(message).__name__} from {source}: {why.message}")
        )
        envelope = self._own(f"dead:{source[0]}:{source[1]}")
        refusal = Refused(why.message, cell=self.name)
        decision = Decision(None, (), refusal)
        pending = self._commit(envelope, message, decision, Recorder(), kind="dead", source=source)
        await pending.durable()

    async def resend(self, position: int, attempt: str = "") -> None:
        """Let a dead letter take its effect after all.

        `attempt` names this try: what other cells have answered to another is not heard again.

        Raises:
            Refused: there is no such dead letter.
            BusError: it failed again; it stays on the list.
        """
        letter = self.fold.books.dead.get(position)
        if letter is None:
            raise Refused(f"{self.name} has no dead letter {position}", cell=self.name)
        function, message = self._addressed(letter)
        envelope = self._own(f"resent:{position}:{attempt or self.outside.new_id()}")
        await self._take("resent", function, envelope, message, ("dead", position))

    def _addressed(self, letter: DeadLetter) -> tuple[Function, Event]:
        if (timer := self.manifest.timers.get(letter.source[0][1:])) is not None:
            return timer.function, decode(timer.event, letter.message)
        for event, reaction in self.manifest.reactions.items():
            if event.__name__ == letter.name and reaction.source == letter.source[0]:
                return reaction.function, decode(event, letter.message)
        raise Refused(f"{self.name} no longer reacts to {letter.name}", cell=self.name)

    async def _take(
        self,
        kind: str,
        function: Function,
        envelope: Envelope,
        message: Event,
        source: tuple[str, int],
    ) -> None:
        recorder = Recorder()
        decision = await self._decide(function, envelope, message, recorder, True)
        if decision.refusal is not None:
            raise decision.refusal
        effect = bool(decision.events or recorder.results) or kind != "reaction"
        kind = kind if effect else "skipped"
        pending = self._commit(envelope, message, decision, recorder, kind=kind, source=source)
        await pending.durable()

    def _own(self, id: str, cause: str = "", correlation: str = "") -> Envelope:
        """The envelope of what the cell does by itself; its id is the same if it is done again."""
        principal = Principal(f"cell:{self.name}", frozenset({"cell"}))
        deadline = asyncio.get_running_loop().time() + PATIENCE
        labels: frozenset[str] = frozenset()
        return Envelope(
            f"{self.name}<{id}", principal, cause, correlation or cause, labels, deadline
        )

    # -- what goes wrong ---------------------------------------------------------------------------

    def _crashed(self, function: Function | None, why: Exception) -> Crashed:
        frames = [
            f for f in traceback.extract_tb(why.__traceback__) if f.filename == self.manifest.file
        ]
        where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else self.manifest.file
        name = function.name if function else (frames[-1].name if frames else "an evolver")
        self.account.crashes += 1
        self.emit(Fact("crashed", self.name, f"{name}: {type(why).__name__}: {why}", where))
        return Crashed(
            f"{self.name}.{name} crashed with {type(why).__name__}",
            cell=self.name,
            where=where,
            mend="the host's log has the rest; nothing was changed",
        )

    def _blocked(self, function: str, seconds: float) -> None:
        text = f"{function} held the loop for {seconds * 1000:.0f} ms"
        self.emit(Fact("blocked", self.name, text, self.manifest.file))


def _decided(result: Result, out: Any) -> Decision:
    """What a function has returned, by the shape that its annotation gives it."""
    if result.shape is Shape.ONE:
        events = (out,) if isinstance(out, Event) else ()
        return Decision(out if result.answers else None, events)
    if result.shape is Shape.REPLY_THEN_EVENTS:
        return Decision(out[0], tuple(out[1:]))
    return Decision(out if result.answers else None, tuple(out))


def _refusal(error: BusError) -> Decision:
    """A refusal is an answer; whatever else went wrong is not, and may go better next time."""
    if isinstance(error, Refused):
        return Decision(None, (), error)
    raise error


def _deliveries(entry: Entry, events: tuple[Event, ...]) -> Iterator[Delivery]:
    if not events:
        return
    principal = Principal(entry.principal, frozenset(entry.roles))
    for index, event in enumerate(events):
        yield Delivery(
            entry.cell,
            entry.seq + index,
            event,
            entry.id,
            entry.at,
            principal,
            entry.correlation or entry.id,
            frozenset(entry.labels),
        )


def _restarting(cell: str, why: MonocyteError) -> Unavailable:
    return Unavailable(
        f"{cell} is being restarted: {why.message}", cell=cell, mend="ask again soon"
    )


def _unwritten(cell: str, why: JournalError) -> Unavailable:
    return Unavailable(f"{cell} cannot write its journal: {why.message}", cell=cell, mend=why.mend)
