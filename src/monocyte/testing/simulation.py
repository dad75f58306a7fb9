"""The machine behind a World: host, journal and transport on a virtual loop, and power cuts.

It lives several lives: at a power cut everything that is not durable is gone, whatever was running
stops where it is, and a new host starts from the journal. What actors still wait for is an *order*,
and is sent again in the next life under the same id. The clock of the wall stands still except in
`advance`, which moves it from one due timer to the next; delays only pass on the loop's own clock.
So neither faults nor the order of things can be told by the time.
"""

from __future__ import annotations

import asyncio
import errno
import shutil
import tempfile
import weakref
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import aclosing, suppress
from pathlib import Path
from random import Random
from typing import Any

from monocyte.bus.interface import Delivery
from monocyte.bus.loopback import LoopbackTransport
from monocyte.cell import Manifest
from monocyte.contracts import Envelope, Message
from monocyte.contracts.facts import Fact
from monocyte.engine import Host, Outside
from monocyte.engine.engine import Engine, Pending
from monocyte.engine.host import Firing, Reacting
from monocyte.errors import BusError, JournalUnavailable
from monocyte.journal import MemoryJournal
from monocyte.testing.faults import MARK, Cut, Faults, Mischief, catches, injected, unavailable
from monocyte.testing.loop import Endless, Stuck, VirtualLoop
from monocyte.testing.trace import Recording

__all__ = ["Order", "Simulation"]

START = 1_767_603_600_000_000
"""2026-01-05T09:00Z, in µs since the epoch."""

HORIZON = 3600.0
"""Virtual seconds after which nobody waits any longer for something to happen."""

UNWINDING = 100_000
"""Steps that the end of a life may take; they are not counted."""

PAUSE = 0.1
"""Virtual seconds after which an actor sends again what got lost."""

Work = Callable[[], Awaitable[Any]]

BASE32 = "0123456789abcdefghjkmnpqrstvwxyz"


class Order:
    """Something that an actor wants done, over all lives, until it has ended."""

    def __init__(self, work: Work, name: str) -> None:
        self.work = work
        self.name = name
        self.done = False
        self.reply: Any = None
        self.error: BaseException | None = None

    @property
    def said(self) -> str:
        """What was ordered, and what came of it."""
        if not self.done:
            return f"{self.name}: waiting"
        return f"{self.name}: {self.reply if self.error is None else self.error!r}"

    def end(self, reply: Any, error: BaseException | None = None) -> None:
        """It has ended."""
        self.done, self.reply, self.error = True, reply, error


class Simulation:
    """The cells of `manifests` at work in a world of their own."""

    def __init__(
        self, manifests: tuple[Manifest, ...], seed: int, faults: Faults, steps: int
    ) -> None:
        self.manifests = manifests
        self.log: list[str] = []
        self.facts: list[Fact] = []
        self.trace = Recording(manifests)
        self.wall = START
        self.full = False
        self.loop = VirtualLoop(seed, steps=steps)
        self.loop.offload = self._offload
        self.journal = MemoryJournal(self._write_soon)
        sparing = faults.fail > 0 and faults.spare
        spared = frozenset(m.name for m in manifests if sparing and catches(m.file))
        self.mischief = Mischief(faults, seed, self.note, spared)
        self.late: list[tuple[Envelope, Message]] = []
        """Copies of requests that will come again."""
        self._filing = frozenset(m.name for m in manifests if _uses(m, "Files"))
        self.home = Path(tempfile.mkdtemp(prefix="world-")) if self._filing else None
        """Where the files of the cells are, if any keeps some."""
        self._tidy = weakref.finalize(self, _remove, self.home)
        self._ids = Random(f"ids {seed}")
        self._numbers = 0
        self._orders: list[Order] = []
        self._cut = ""
        self._ending = False
        self._begin()
        self._drive(lambda: self._up)

    # -- what a World asks for ---------------------------------------------------------------------

    def order(self, work: Work, name: str) -> Order:
        """Have something done; it is tried again after power cuts and injected errors."""
        order = Order(work, name)
        self._orders.append(order)
        if self._up:
            self._spawn(self._attempt(order))
        return order

    def finish(self, order: Order) -> Any:
        """Run until an order has ended, and give its reply or raise its error."""
        self._drive(lambda: order.done)
        if order.error is not None:
            raise order.error
        return order.reply

    def settle(self) -> None:
        """Run until everything has taken its effect."""
        self._drive(self._settled)
        self.mischief.settled()
        if self.mischief.snapshot():
            for engine in self.host.engines.values():
                engine.snapshot()

    def advance(self, micros: int) -> None:
        """Let time pass, from one due timer to the next; everything settles at each."""
        target = self.wall + micros
        self.settle()
        while (due := self._next_due()) is not None and due <= target:
            self._set_clock(max(self.wall, due))
            self.settle()
        self._set_clock(target)
        self.settle()

    def restart(self) -> None:
        """Cut the power now."""
        self._cut = "by the scenario"
        self._drive(lambda: not self._cut and self._up)

    def request(self, envelope: Envelope, message: Message) -> Work:
        """The work of an actor's request."""
        return lambda: self._wire.asked(envelope, message)

    def new_id(self) -> str:
        """A fresh id: the time, a number, and a bit of chance."""
        self._numbers += 1
        chance = self._ids.randrange(1 << 15)
        return f"{_base32(self.wall // 1000, 9)}{_base32(self._numbers, 4)}{_base32(chance, 3)}"

    def note(self, said: str) -> None:
        """Write down what happened."""
        self.log.append(f"{self.loop.time():.3f} s: {said}")

    def close(self) -> None:
        """End for good."""
        if not self.loop.is_closed():
            self._end_life()
            self.loop.close()
            self._tidy()

    # -- lives -------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._up = False
        self._wire = Wire(self)
        outside = Outside(lambda: self.wall, self.new_id, self._wire, self.home)
        self.host = _Host(self.manifests, self.journal, outside, emit=self._emit, strict=True)
        self.host.trace = self.trace
        self._spawn(self._live())

    async def _live(self) -> None:
        await self.host.start()
        self._up = True
        for order in self._orders:
            self._spawn(self._attempt(order))

    async def _attempt(self, order: Order) -> None:
        while not order.done:
            try:
                order.end(await order.work())
            except BusError as why:
                if not injected(why):
                    order.end(None, why)
            except Exception as why:  # noqa: BLE001 (a supervision edge: the scenario gets to see it)
                order.end(None, why)
            if not order.done:
                self.note("an actor sends again")
                await asyncio.sleep(PAUSE)
        self._orders.remove(order)

    def cut(self, where: str) -> None:
        """Cut the power as soon as the present step is done."""
        if not self._ending:
            self._cut = where

    def _drive(self, done: Callable[[], bool]) -> None:
        while not done() or self._cut:
            if self._cut:
                self._power_cut()
            try:
                self.loop.run_until(lambda: bool(self._cut) or done(), HORIZON)
            except Stuck as why:
                raise self._explained(why) from None

    def _power_cut(self) -> None:
        """End this life, lose what is not durable, and begin the next."""
        self._end_life()
        self.journal.crash()
        self.note(f"the power is back, after a cut {self._cut}")
        self._cut = ""
        self._begin()

    def _end_life(self) -> None:
        """Stop whatever runs; it can neither write nor be heard any more."""
        self._ending = self.loop.ending = True
        self.journal.crash()
        self.journal.close()
        tasks = self.loop.tasks()
        self._spawn(self.host.abandon())
        for task in tasks:
            task.cancel()
        left, self.loop.steps = self.loop.steps, UNWINDING
        with suppress(Stuck, Endless):  # a handler may swallow its cancellation: it is left behind
            self.loop.run_until(lambda: not self.loop.tasks(), HORIZON)
        self.loop.clear()
        self.loop.steps = left
        self._ending = self.loop.ending = False

    def _explained(self, why: Stuck) -> Stuck:
        down = [f"{e.name} is down: {e.failure}" for e in self.host.engines.values() if e.failure]
        return Stuck("; ".join([*down, why.message]), mend=why.mend)

    # -- time --------------------------------------------------------------------------------------

    def _settled(self) -> bool:
        if self._orders or not self._up or not self.host.quiet:
            return False
        due = self._next_due()
        return due is None or due > self.wall

    def _next_due(self) -> int | None:
        dues = (engine.next_due() for engine in self.host.engines.values())
        return min((due.at for due in dues if due is not None), default=None)

    def _set_clock(self, wall: int) -> None:
        self.wall = wall
        for engine in self.host.engines.values():
            engine.timers_changed()

    # -- where things go wrong ---------------------------------------------------------------------

    def _write_soon(self, turn: Callable[[], None]) -> None:
        if self._ending:
            return
        cut = self.mischief.write()
        if cut.delay:
            self.loop.call_later(cut.delay, self._write, turn, cut)
        else:
            self.loop.call_soon(self._write, turn, cut)

    def _write(self, turn: Callable[[], None], cut: Cut) -> None:
        if cut.when:
            queued = self.journal.queued
            share = {"before": 0, "amid": self.mischief.amid(queued), "after": queued}
            self.journal.persist(share[cut.when])
            self.cut(f"{cut.when} a write")
            return
        if self.full:
            self.note("the disk is full")
            self.journal.fail(JournalUnavailable("the disk is full", mend="make room"))
        turn()

    async def _offload(self, work: Callable[[], Any]) -> Any:
        """Run what would go to a thread: the Files of a cell."""
        if self._ending:
            raise OSError(errno.EIO, "the power is off")
        await asyncio.sleep(self.mischief.delay())
        if self.mischief.files_fail(self._filing):
            raise OSError(errno.EIO, f"a passing error {MARK}")
        result = work()
        await self.pass_or_cut("after a use of Files")
        return result

    async def pass_or_cut(self, where: str) -> None:
        """Go on, perhaps a little later; or never, because the power is cut."""
        if self.mischief.cut(where):
            self.cut(where)
            await asyncio.Event().wait()
        if delay := self.mischief.delay():
            await asyncio.sleep(delay)

    def _emit(self, fact: Fact) -> None:
        """Listen; who held the loop for how long is the machine's affair, and differs each time."""
        if not self._ending and fact.kind != "blocked":
            self.facts.append(fact)
            self.note(f"{fact.kind}: {fact.cell}: {fact.text}")

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        self.loop.start(work)


class Wire(LoopbackTransport):
    """The transport of one life, on which requests get lost and come again."""

    def __init__(self, simulation: Simulation) -> None:
        super().__init__(now=simulation.loop.time, weather=simulation.mischief.weather)
        self._simulation = simulation
        self._mischief = simulation.mischief

    def request(self, envelope: Envelope, message: Message) -> Coroutine[Any, Any, Any]:
        """Ask on behalf of a cell."""
        return self._ported(envelope, message)

    async def asked(self, envelope: Envelope, message: Message) -> Any:
        """Ask on behalf of an actor."""
        line = self._simulation.trace.requested(self._simulation.wall, envelope, message)
        try:
            if self._mischief.lost("a request"):
                raise unavailable("the request got lost")
            reply = await self._carried(envelope, message)
            if self._mischief.lost("an answer"):
                raise unavailable("the answer got lost")
        except BusError as why:
            line.failed(why)
            raise
        return line.answered(reply)

    async def follow(self, cell: str, after: int) -> AsyncGenerator[Delivery, None]:
        """Every event of a cell behind a position, some of them twice."""
        async with aclosing(super().follow(cell, after)) as feed:
            async for delivery in feed:
                yield delivery
                if self._mischief.repeated("an event"):
                    yield delivery

    async def _ported(self, envelope: Envelope, message: Message) -> Any:
        asker = envelope.path[-1]
        line = self._simulation.trace.requested(self._simulation.wall, envelope, message)
        try:
            if self._mischief.ask_fails(asker):
                raise unavailable("the other cell cannot be reached")
            reply = await self._carried(envelope, message)
            if self._mischief.ask_fails(asker):
                raise unavailable("the other cell's answer got lost")
        except BusError as why:
            line.failed(why)
            raise
        return line.answered(reply)

    async def _carried(self, envelope: Envelope, message: Message) -> Any:
        simulation = self._simulation
        await simulation.pass_or_cut("before a request")
        self._repeat(envelope, message)
        try:
            return await super().request(envelope, message)
        finally:
            await simulation.pass_or_cut("after a request")

    def _repeat(self, envelope: Envelope, message: Message) -> None:
        """Let this request come again, much later; and perhaps an earlier one now."""
        if self._mischief.repeated("a request"):
            self._simulation.late.append((envelope, message))
        if self._simulation.late and self._mischief.repeated("a request of long ago"):
            again = self._simulation.late.pop(self._mischief.pick(len(self._simulation.late)))
            self._simulation.loop.start(self._unheard(*again))

    async def _unheard(self, envelope: Envelope, message: Message) -> None:
        try:
            await super().request(envelope, message)
        except BusError:
            return  # nobody waits for the answer of a copy


class _Host(Host):
    """A host whose clock is the World's: it need not look whether time has passed."""

    trace: Recording

    def _appended(self, pending: Pending) -> None:
        self.trace.appended(pending.entry, pending.events)
        super()._appended(pending)

    async def _insist(self, engine: Engine, work: Reacting | Firing) -> None:
        wall = self.outside.wall()
        if isinstance(work, Reacting):
            self.trace.delivered(wall, engine.name, work.delivery)
        else:
            due = work.due
            self.trace.due(wall, engine.name, due.timer, engine.timed(due), due.source)
        await super()._insist(engine, work)

    async def _nap(self, changed: asyncio.Event, wait: float) -> None:  # noqa: ARG002
        await changed.wait()


def _remove(home: Path | None) -> None:
    if home is not None:
        shutil.rmtree(home, ignore_errors=True)


def _uses(manifest: Manifest, port: str) -> bool:
    functions = [
        *(it.function for it in manifest.handlers.values()),
        *(it.function for it in manifest.reactions.values()),
        *(it.function for it in manifest.timers.values()),
    ]
    return any(p is not None and p.name == port for f in functions for _, p in f.arguments)


def _base32(number: int, width: int) -> str:
    return "".join(BASE32[(number >> 5 * place) & 31] for place in reversed(range(width)))
