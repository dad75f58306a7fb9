"""How one cell decides: run a function against the state, journal what it decided, evolve.

A sync function is atomic: it decides, its events are applied, and the entry is queued in one step
of the loop. An async one that was overtaken is run again with its recorded port results, so that a
rule is always judged against the state that it guards. Only evolvers change the state. Whenever
state and journal may differ (an evolver crashed half-way, a write failed) the cell has *failed*:
nothing more is decided, and what was being decided is overtaken, until `load` has built the state
again.
"""

from __future__ import annotations

import asyncio
import sys
import time
import traceback
from asyncio import CancelledError
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from itertools import islice
from typing import Any, NamedTuple

from monocyte.bus import Account, Delivery, accounted
from monocyte.cell import Function, Handler, Manifest, Result, Shape
from monocyte.contracts import Envelope, Event, Message, Principal, to_fault
from monocyte.contracts.check import compile_check
from monocyte.contracts.codec import encode
from monocyte.contracts.facts import Emit, Fact, ignore
from monocyte.engine.books import Due
from monocyte.engine.fold import Fold
from monocyte.engine.ports import Outside, bind
from monocyte.engine.purity import Proof, impure
from monocyte.engine.recorder import Recorder
from monocyte.errors import (
    BusError,
    Conflict,
    Crashed,
    JournalError,
    MonocyteError,
    Refused,
    Unavailable,
)
from monocyte.journal import Entry, EventRecord, Journal

__all__ = ["RERUNS", "SNAPSHOT_EVERY", "Decider", "Decision", "Pending"]

RERUNS = 5
"""How often a handler that was overtaken is run again before its caller gets `Conflict`."""

SNAPSHOT_EVERY = 10_000
"""A snapshot is taken after so many positions, while taking one stays quick."""

CHUNK = 32
"""Entries that another release folds before others get a turn: less than a millisecond."""

BREATH = 0.001
"""Seconds for which it then rests: else every step of a request would wait for the next ones."""

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

    def __init__(self, engine: Decider, entry: Entry, events: tuple[Event, ...]) -> None:
        self.engine = engine
        self.entry = entry
        self.events = events
        self.waiters: list[asyncio.Future[None]] = []
        self.settled = False

    def __call__(self, error: JournalError | None) -> None:
        """The journal has written the entry, or could not."""
        self.settled = True
        for waiter in self.waiters:
            if waiter.done():
                continue
            if error is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(unwritten(self.entry.cell, error))
        self.engine.settled(self, error)

    def durable(self) -> asyncio.Future[None]:
        """Done once the entry is on disk; fails with Unavailable if it cannot get there."""
        waiter = asyncio.get_running_loop().create_future()
        self.waiters.append(waiter)
        return waiter


class Decider:
    """The state of one cell, and every way in which it changes.

    `strict` proves after every function that it changed neither the state nor its message.
    `on_failure` is called when the cell cannot go on before `load` has built its state again,
    `on_append` with each entry that is queued.
    """

    __slots__ = (
        "_next_due",
        "_open",
        "_published",
        "_slow_snapshots",
        "_snapshot_at",
        "account",
        "emit",
        "failure",
        "fold",
        "journal",
        "manifest",
        "name",
        "on_append",
        "on_failure",
        "outside",
        "strict",
        "timers_changed",
        "version",
    )

    def __init__(
        self,
        manifest: Manifest,
        journal: Journal,
        outside: Outside,
        *,
        emit: Emit = ignore,
        strict: bool = False,
        on_failure: Callable[[Any], None] = lambda _: None,
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
        self.timers_changed: Callable[[], None] = _nobody_waits
        self._next_due: Due | None = None
        self._open: dict[str, Pending] = {}
        self._published: int | None = None
        """Up to where followers have heard of events; None before the first `load`."""
        self._snapshot_at = 0
        self._slow_snapshots = False

    # -- starting, stopping, and going back to what is durable -------------------------------------

    def load(self) -> int:
        """Build the state from the newest snapshot and the entries behind it; say how many.

        Raises:
            JournalError: the journal cannot be read, or holds what this release cannot read.
            Crashed: an evolver or an upcaster cannot take what happened.
        """
        fold = Fold(self.manifest)
        fold.restore(self.journal.snapshot(self.name))
        before = fold.seq
        tail = self.catch_up(fold)
        fold.books.plan(self.manifest, self.outside.wall())
        self._snapshot_at = before
        self.fold, self.failure = fold, None
        self.version += 1
        self._publish_missed()
        return tail

    def catch_up(self, fold: Fold, most: int = sys.maxsize) -> int:
        """Fold in what is durable behind it, at most so many entries; say how many.

        Raises:
            JournalError: the journal cannot be read, or holds what this release cannot read.
            Crashed: an evolver or an upcaster cannot take what happened.
        """
        tail = 0
        try:
            for entry in islice(self.journal.read(self.name, fold.seq), most):
                fold.enter(entry)
                tail += 1
        except MonocyteError:
            raise
        except Exception as why:  # a supervision edge: evolvers and upcasters are the author's
            raise self._crashed(None, why) from why
        return tail

    async def successor(self, manifest: Manifest) -> Fold:
        """The state as another release has it, folded while this one goes on; it may lag a little.

        Raises:
            JournalError, Crashed: that release cannot take what happened.
        """
        fold = Fold(manifest)
        fold.restore(self.journal.snapshot(self.name))
        while self.catch_up(fold, CHUNK) == CHUNK:  # noqa: ASYNC110 (it lets others have a turn)
            await asyncio.sleep(BREATH)
        return fold

    def become(self, fold: Fold) -> None:
        """Go on as the release of that fold, which has caught up; nothing is in flight."""
        self.manifest, self.fold, self.failure = fold.manifest, fold, None
        self.version += 1
        self._snapshot_at, self._next_due = 0, None
        fold.books.plan(self.manifest, self.outside.wall())

    def snapshot(self) -> None:
        """Save the state as it is, if anything happened since the last time and it can be kept."""
        if self.failure is not None or self.fold.seq == self._snapshot_at:
            return
        started = time.perf_counter()
        try:
            self.journal.save(self.fold.snapshot(self.outside.wall()))
        except MonocyteError as why:
            self.emit(Fact("failed", self.name, f"no snapshot: {why.message}", why.where))
        self._slow_snapshots = time.perf_counter() - started > QUICK
        self._snapshot_at = self.fold.seq

    def fail(self, why: MonocyteError) -> None:
        """The state can no longer be trusted: refuse everything until `load`."""
        if self.failure is None:
            self.failure = why
            self.version += 1  # whoever decides just now may have seen half of a change
            self.emit(Fact("failed", self.name, why.message, why.where))
            self.on_failure(self)

    async def written(self) -> None:
        """Wait until everything that was queued is durable, or has failed."""
        await asyncio.gather(*(p.durable() for p in self._open.values()), return_exceptions=True)

    def history(self, after: int) -> Iterator[Delivery]:
        """The durable events behind a position, as the bus delivers them."""
        for entry in self.journal.read(self.name, after):
            events = tuple(self.fold.revive(record) for record in entry.events)
            yield from (d for d in _deliveries(entry, events) if d.seq > after)

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
            self._refuse_if_failed()
            seen, error = self.version, None
            recorder.rewind()
            try:
                work = self._run(function, envelope, message, recorder, may_send=may_send)
                out = await accounted(self.account, function.name, work)
                decision = _decided(function.result, out)
            except BusError as why:
                error = why
            except CancelledError as why:
                if _is_cancelled():
                    raise
                error = self._crashed(function, why)  # nobody cancelled: the author's own
            except (Exception, SystemExit) as why:  # noqa: BLE001 (a supervision edge: the author's code)
                error = self._crashed(function, why)
            if self.version == seen:
                return decision if error is None else _refusal(error)
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
            raise restarting(self.name, self.failure)
        started = time.perf_counter()
        try:
            out = self._run(function, envelope, message, recorder, may_send=True)
            return _decided(function.result, out)
        except BusError as why:
            return _refusal(why)
        except (Exception, SystemExit, CancelledError) as why:
            raise self._crashed(function, why) from why
        finally:
            self.account.step(function.name, time.perf_counter() - started)

    def _run(
        self,
        function: Function,
        envelope: Envelope,
        message: Any,
        recorder: Recorder,
        *,
        may_send: bool,
    ) -> Any:
        arguments = {}
        for name, port in function.arguments:
            if port is None:
                arguments[name] = self.fold.state
            elif port.name == "Caller":
                arguments[name] = envelope.principal
            else:
                arguments[name] = bind(
                    port, self.name, self.outside, envelope, recorder, may_send=may_send
                )
        if not self.strict:
            return function.call(message, **arguments)
        return self._proven(function, message, arguments)

    def _proven(self, function: Function, message: Any, arguments: dict[str, Any]) -> Any:
        """Run a function that must leave the state and its message as they were."""
        if function.is_async:
            return self._proven_waiting(function, message, arguments)
        proof = Proof(self.fold.state, message)
        try:
            return function.call(message, **arguments)
        finally:
            self._prove(function, proof)

    async def _proven_waiting(
        self, function: Function, message: Any, arguments: dict[str, Any]
    ) -> Any:
        proof, seen = Proof(self.fold.state, message), self.version
        try:
            return await function.call(message, **arguments)
        finally:
            if self.version == seen:
                self._prove(function, proof)

    def _prove(self, function: Function, proof: Proof) -> None:
        if not proof.holds():
            why = impure(self.name, function)
            self.fail(why)
            raise why

    def _recorder(self, function: Function, envelope: Envelope, message: Message) -> Recorder:
        """What is to record a decision; it knows what an interrupted try of the same has seen."""
        if not function.is_async:  # it can have no effect before its decision is durable
            return Recorder()
        known = self.fold.books.begun.get(str(envelope.id), ())
        return Recorder(known, partial(self._begin, envelope, message))

    async def _begin(self, envelope: Envelope, message: Message, recorder: Recorder) -> None:
        """Make durable what a try has seen, before it does something that others see."""
        nothing = Decision(None, ())
        await self._commit(envelope, message, nothing, recorder, kind="begun").durable()

    def _refuse_if_failed(self) -> None:
        if self.failure is not None:
            raise restarting(self.name, self.failure)

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
            Unavailable: the journal cannot write, or the cell has failed.
        """
        if self.journal.failure is not None:
            self.fail(unwritten(self.name, self.journal.failure))  # so that somebody tries again
        self._refuse_if_failed()
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
            broken = self._broken(why)
            self.fail(broken)
            raise broken from why
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
            self.fail(unwritten(self.name, error))
            return
        self._published = end = pending.entry.end
        if pending.events:
            deliveries = _deliveries(pending.entry, pending.events)
            self.outside.transport.publish(self.name, deliveries)
        if end - self._snapshot_at >= SNAPSHOT_EVERY and not self._slow_snapshots:
            self.snapshot()

    def _publish_missed(self) -> None:
        """Hand on what is durable although its write was told to have failed."""
        if self._published is not None and (missed := tuple(self.history(self._published))):
            self.outside.transport.publish(self.name, missed)
        self._published = self.fold.seq

    # -- what goes wrong ---------------------------------------------------------------------------

    def _broken(self, why: Exception) -> BusError:
        """What the caller hears when a decision could not be entered."""
        if isinstance(why, JournalError):
            return unwritten(self.name, why)
        return self._crashed(None, why)

    def _crashed(self, function: Function | None, why: BaseException) -> Crashed:
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


def _nobody_waits() -> None:
    """Nobody keeps this cell's time."""


def restarting(cell: str, why: MonocyteError) -> Unavailable:
    """The cell has failed and is being built again."""
    return Unavailable(
        f"{cell} is being restarted: {why.message}", cell=cell, mend="ask again soon"
    )


def unwritten(cell: str, why: JournalError) -> Unavailable:
    """What was decided could not be made durable."""
    return Unavailable(f"{cell} cannot write its journal: {why.message}", cell=cell, mend=why.mend)


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


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


@lru_cache(1024)
def _principal(name: str, roles: tuple[str, ...]) -> Principal:
    return Principal(name, frozenset(roles))


def _deliveries(entry: Entry, events: tuple[Event, ...]) -> Iterator[Delivery]:
    if not events:
        return
    principal = _principal(entry.principal, entry.roles)
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
