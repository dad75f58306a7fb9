"""Hosts cells on one journal and one transport: serves them, feeds reactions, fires timers.

Runtime and World both stand on it: the one adds a process, the other a deterministic loop. A cell
that fails is built again from the journal, after a pause that grows with each failure; the other
cells go on meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine, Iterable, Sequence
from contextlib import aclosing, suppress
from typing import NamedTuple

from monocyte.bus import Delivery, Transport
from monocyte.cell import Manifest
from monocyte.contracts.facts import Emit, Fact, ignore
from monocyte.engine.books import Due
from monocyte.engine.engine import SNAPSHOT_EVERY, Engine, Pending
from monocyte.engine.files import clear_drafts
from monocyte.engine.ports import Outside
from monocyte.engine.swapping import Swap
from monocyte.errors import (
    BusError,
    Busy,
    Crashed,
    DeadlineExceeded,
    JournalDamaged,
    MonocyteError,
    NoSuchCell,
    Refused,
    Unavailable,
)
from monocyte.journal import Journal

__all__ = ["ATTEMPTS", "Firing", "Host", "Reacting"]

ATTEMPTS = 3
"""How often an event or a timer is tried before it becomes a dead letter."""

PATIENCE = 10
"""How often, when what stands in the way is known to pass (busy, too late)."""

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
"""Seconds before the second try, which double up to the longest pause."""

FORGIVEN_AFTER = 60.0
"""Seconds without a failure after which the pause before a restart begins anew."""

LONGEST_SLEEP = 60.0
"""Seconds after which a timer looks at the clock again, in case it was set."""

MICROS = 1_000_000


class Host:
    """The engines of an app, at work.

    `settle` of a World asks `quiet`: whether everything that was to follow has followed.
    """

    def __init__(
        self,
        manifests: Iterable[Manifest],
        journal: Journal,
        outside: Outside,
        *,
        emit: Emit = ignore,
        strict: bool = False,
        in_flight: int = 256,
    ) -> None:
        self.journal = journal
        self.outside = outside
        self.emit = emit
        self.in_flight = in_flight
        self.engines = {
            m.name: Engine(
                m,
                journal,
                outside,
                emit=emit,
                strict=strict,
                on_failure=self._failed,
                on_append=self._appended,
            )
            for m in manifests
        }
        self._latest: Pending | None = None
        self._attending: dict[str, list[asyncio.Task[None]]] = {}
        self._swapping = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._failures: dict[str, tuple[int, float]] = {}
        self._waiting: dict[str, list[asyncio.Future[None]]] = {}
        self._stopping = False

    @property
    def transport(self) -> Transport:
        """The transport that the cells are served on."""
        return self.outside.transport

    async def start(self) -> None:
        """Load every cell, serve it, and begin to react and to keep time.

        A cell that cannot be loaded is told as a fact and tried again; the others start.
        """
        clear_drafts(self.outside.files)
        for engine in self.engines.values():
            try:
                self._load(engine)
            except MonocyteError as why:
                engine.fail(why)
            self.transport.serve(engine.service(self.in_flight))
        for engine in self.engines.values():
            self._attend(engine)

    async def swap(self, manifests: Sequence[Manifest], patience: float = 10.0) -> None:
        """Let other releases of these cells take over, all at once, while the app runs.

        Who asks them meanwhile waits, for as long as what was begun takes, at most `patience`
        seconds. If this raises, nothing has changed.

        Raises:
            NoSuchCell: there is no such cell.
            Busy: what was begun had not ended in that time.
            JournalDamaged: a release cannot read what is in the journal.
            Crashed: an evolver or an upcaster cannot take what happened.
        """
        for manifest in manifests:
            if manifest.name not in self.engines:
                mend = "restart the app, and it is there"
                said = f"there is no cell {manifest.name} to take over from"
                raise NoSuchCell(said, cell=manifest.name, mend=mend)
        async with self._swapping:
            await self._swap([self.engines[m.name] for m in manifests], manifests, patience)

    async def _swap(
        self, engines: Sequence[Engine], manifests: Sequence[Manifest], patience: float
    ) -> None:
        swap = Swap(engines, manifests)
        await swap.prepare()
        for engine in engines:
            self.transport.serve(swap.held(engine, self.in_flight))
        try:
            for engine in engines:
                await self._leave(engine)
            await swap.drain(patience)
            swap.take_over()
        finally:
            for engine in engines:
                self.transport.serve(engine.service(self.in_flight))
                self._attend(engine)
            swap.end()
        for engine in engines:
            self._restarted(engine)
            text = f"release {engine.manifest.release} took over at position {engine.fold.seq}"
            self.emit(Fact("swapped", engine.name, text))

    def _attend(self, engine: Engine) -> None:
        """React to other cells for it, and keep its time."""
        sources = sorted({r.source for r in engine.manifest.reactions.values()})
        works = [self._follow(engine, source) for source in sources if source in self.engines]
        if engine.manifest.timers:
            works.append(self._keep_time(engine))
        if works:
            self._attending[engine.name] = [self._spawn(work) for work in works]

    async def _leave(self, engine: Engine) -> None:
        """Stop to react and to keep time for it, wherever that is; the journal has the rest."""
        tasks = self._attending.pop(engine.name, [])
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def stop(self, patience: float = 10.0) -> None:
        """Give what is in flight `patience` seconds, then stop to serve, and save the states.

        Whoever lets requests in has stopped to do so before.
        """
        await self.abandon(patience)
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                for engine in self.engines.values():
                    await engine.drained()
        for engine in self.engines.values():
            self.transport.withdraw(engine.name)
        for engine in self.engines.values():
            engine.snapshot()
            self.emit(Fact("stopped", engine.name, f"stopped at position {engine.fold.seq}"))

    async def abandon(self, patience: float = 10.0) -> None:
        """Cancel every reaction, timer and restart where it is; the journal has the rest.

        One that will not be cancelled is left behind after `patience` seconds.
        """
        self._stopping = True
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=patience)
        self._tasks.clear()

    @property
    def idle(self) -> bool:
        """Whether nothing is being decided or written in any cell."""
        return all(engine.idle for engine in self.engines.values())

    @property
    def quiet(self) -> bool:
        """Whether nothing is in flight and every event has taken its effect everywhere."""
        return (
            self.idle
            and all(e.failure is None for e in self.engines.values())
            and all(
                engine.cursor(source) >= self.engines[source].fold.books.last_event
                for engine in self.engines.values()
                for source in {r.source for r in engine.manifest.reactions.values()}
                if source in self.engines
            )
        )

    def written(self) -> Awaitable[None] | None:
        """Wait until everything that was decided so far, in any cell, is durable; None if it is.

        Entries become durable in the order in which they were queued, so the latest stands for all.

        Raises:
            Unavailable: when awaited: it could not be written.
        """
        latest = self._latest
        return None if latest is None or latest.settled else latest.durable()

    def _appended(self, pending: Pending) -> None:
        self._latest = pending

    # -- what comes by itself ----------------------------------------------------------------------

    async def _follow(self, engine: Engine, source: str) -> None:
        """Deliver the events of a cell to one that reacts to them, in order, each until it took."""
        pause = FIRST_PAUSE
        while not self._stopping:
            await self._ready(engine)
            try:
                async with aclosing(self.transport.follow(source, engine.cursor(source))) as feed:
                    async for delivery in feed:
                        await self._insist(engine, Reacting(engine, delivery))
                        pause = FIRST_PAUSE
                return
            except Exception as why:  # noqa: BLE001 (a supervision edge: the feed must go on)
                if engine.failure is not None:
                    continue
                if pause == FIRST_PAUSE:
                    self._tell(engine, f"cannot follow {source} and tries again", why)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _keep_time(self, engine: Engine) -> None:
        """Fire the timers of a cell when they are due."""
        changed = asyncio.Event()
        engine.timers_changed = changed.set
        pause = FIRST_PAUSE
        while not self._stopping:
            await self._ready(engine)
            changed.clear()
            try:
                await self._fire_next(engine, changed)
                pause = FIRST_PAUSE
            except Exception as why:  # noqa: BLE001 (a supervision edge: time must go on)
                if engine.failure is not None:
                    continue
                if pause == FIRST_PAUSE:
                    self._tell(engine, "cannot keep time and tries again", why)
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    async def _fire_next(self, engine: Engine, changed: asyncio.Event) -> None:
        """Fire the timer that is due, or sleep until one may be."""
        engine.plan()
        due = engine.next_due()
        wait = LONGEST_SLEEP if due is None else (due.at - self.outside.wall()) / MICROS
        if due is None or wait > 0:
            await self._nap(changed, wait)
        else:
            await self._insist(engine, Firing(engine, due))

    async def _nap(self, changed: asyncio.Event, wait: float) -> None:
        """Sleep until timers have changed, or so many seconds; a World moves its own clock."""
        with suppress(TimeoutError):
            async with asyncio.timeout(min(wait, LONGEST_SLEEP)):
                await changed.wait()

    async def _insist(self, engine: Engine, work: Reacting | Firing) -> None:
        """Try until it took effect or has become a dead letter; who is unavailable is waited for.

        Raises:
            Unavailable: the cell itself has failed; it is to be tried again after its restart.
        """
        tries, pause = 0, FIRST_PAUSE
        while True:
            try:
                return await work.attempt()
            except BusError as why:
                if engine.failure is not None:
                    raise Unavailable(why.message, cell=engine.name) from why
                tries += not isinstance(why, Unavailable)
                passes = isinstance(why, (Busy, DeadlineExceeded))
                if isinstance(why, Refused) or tries >= (PATIENCE if passes else ATTEMPTS):
                    return await work.give_up(why)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    # -- failure and restart -----------------------------------------------------------------------

    def _failed(self, engine: Engine) -> None:
        if not self._stopping:
            _ = self._spawn(self._restart(engine))

    async def _restart(self, engine: Engine) -> None:
        """Build a failed cell again, after a pause, as often as it takes.

        What the journal holds and this release cannot take stays so: then it is not tried again.
        """
        while not self._stopping:
            await asyncio.sleep(self._pause(engine))
            try:
                await engine.written()
                self.journal.recover()
                self._load(engine)
            except (JournalDamaged, Crashed) as why:
                self._tell(engine, "stays down", why)
                return
            except Exception as why:  # noqa: BLE001 (a supervision edge: it must come up again)
                self._tell(engine, "is still down", why)
                continue
            self.emit(Fact("restarted", engine.name, f"restarted at position {engine.fold.seq}"))
            self._restarted(engine)
            engine.timers_changed()
            return

    def _pause(self, engine: Engine) -> float:
        """Seconds before the next restart: none at first, and more while it keeps failing."""
        now = asyncio.get_running_loop().time()
        count, last = self._failures.get(engine.name, (0, now))
        count = count + 1 if now - last < FORGIVEN_AFTER else 1
        self._failures[engine.name] = (count, now)
        return min(FIRST_PAUSE * 2 ** (count - 2), LONGEST_PAUSE) if count > 1 else 0.0

    def _load(self, engine: Engine) -> None:
        tail = engine.load()
        if tail >= SNAPSHOT_EVERY and self.journal.failure is None:
            engine.snapshot()
        text = f"loaded at position {engine.fold.seq}, {tail} entries behind the snapshot"
        self.emit(Fact("loaded", engine.name, text))

    def _restarted(self, engine: Engine) -> None:
        for waiter in self._waiting.pop(engine.name, []):
            if not waiter.done():
                waiter.set_result(None)

    async def _ready(self, engine: Engine) -> None:
        """Wait until a failed cell has been restarted."""
        while engine.failure is not None:
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.setdefault(engine.name, []).append(waiter)
            await waiter

    def _tell(self, engine: Engine, what: str, why: Exception) -> None:
        said = why.message if isinstance(why, MonocyteError) else f"{type(why).__name__}: {why}"
        where = why.where if isinstance(why, MonocyteError) else ""
        self.emit(Fact("failed", engine.name, f"{what}: {said}", where))

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


class Reacting(NamedTuple):
    """An event on its way to a cell that reacts to it."""

    engine: Engine
    delivery: Delivery

    async def attempt(self) -> None:
        """Let it take its effect."""
        await self.engine.react(self.delivery)

    async def give_up(self, why: BusError) -> None:
        """Make it a dead letter."""
        it = self.delivery
        await self.engine.give_up(it.event, (it.cell, it.seq), why, it.labels)


class Firing(NamedTuple):
    """A timer that is due."""

    engine: Engine
    due: Due

    async def attempt(self) -> None:
        """Let it take its effect."""
        await self.engine.fire(self.due)

    async def give_up(self, why: BusError) -> None:
        """Make it a dead letter."""
        await self.engine.give_up(self.engine.timed(self.due), self.due.source, why)
