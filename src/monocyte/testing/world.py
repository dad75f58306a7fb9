"""`World`: an app in a world of its own, for scenarios. Same seed, same world, in every detail.

Cells import this file to name the type, so it imports next to nothing: the machine behind it is
`simulation.py`, which a World loads when it is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Self, TypeVar

from monocyte.cell import Cell, Manifest, load_cells
from monocyte.contracts import Command, Envelope, Event, Principal, Query
from monocyte.testing.faults import Faults

if TYPE_CHECKING:
    from monocyte.contracts.facts import Fact
    from monocyte.engine import DeadLetter
    from monocyte.journal import Entry
    from monocyte.testing.simulation import Order, Simulation
    from monocyte.testing.trace import Said

__all__ = ["Actor", "Dead", "Pending", "World"]

R = TypeVar("R")
T = TypeVar("T")
E = TypeVar("E", bound=Event)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

STEPS = 1_000_000


class Dead(NamedTuple):
    """A delivery that a cell has given up, at a position of its journal."""

    cell: str
    position: int
    letter: DeadLetter


class World:
    """Cells at work on a virtual clock that starts 2026-01-05T09:00Z; strict about everything.

    `seed` draws the order in which things happen, the ids, and the `faults`; seed 0 is first come,
    first served. It ends with an error after `steps` callbacks. Use it as a context manager.
    """

    def __init__(
        self,
        *cells: Cell | Manifest,
        seed: int = 0,
        faults: Faults = Faults.none(),  # noqa: B008 (a frozen value)
        steps: int = STEPS,
    ) -> None:
        from monocyte.testing.simulation import Simulation  # noqa: PLC0415 (see above)

        self.seed = seed
        self._simulation: Simulation = Simulation(_manifests(cells), seed, faults, steps)
        self._commands = 0
        self._looked = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def by(self, name: str, *roles: str) -> Actor:
        """Somebody who sends and asks, in those roles."""
        return Actor(self, Principal(name, frozenset(roles)))

    # -- time --------------------------------------------------------------------------------------

    def now(self) -> datetime:
        """The time in this world, in UTC. It stands still but for `advance`."""
        return EPOCH + timedelta(microseconds=self._simulation.wall)

    def advance(self, span: timedelta) -> None:
        """Let time pass: what is due fires, at its moment, and takes its effect."""
        self._simulation.advance(span // MICROSECOND)

    def settle(self) -> None:
        """Let everything that was begun take its effect, reactions to reactions included."""
        self._simulation.settle()

    def eventually(self, check: Callable[[], T]) -> T:
        """What `check` returns once everything has taken its effect; as on any `Stage`."""
        self.settle()
        return check()

    # -- what goes wrong on purpose ----------------------------------------------------------------

    def restart(self) -> None:
        """Cut the power and start again, from what is durable."""
        self._simulation.restart()

    @contextmanager
    def disk_full(self) -> Iterator[None]:
        """While inside, nothing can be written to the journal."""
        self._simulation.full = True
        try:
            yield
        finally:
            self._simulation.full = False

    # -- what there is to see ----------------------------------------------------------------------

    def events(self, kind: type[E]) -> tuple[E, ...]:
        """The events of that type so far, in order."""
        engine = self._simulation.host.engines[kind.__cell__]
        return tuple(d.event for d in engine.history(0) if isinstance(d.event, kind))

    @property
    def dead_letters(self) -> tuple[Dead, ...]:
        """Deliveries that were given up and not yet resent, cell by cell."""
        self._looked = True
        return self._letters()

    @property
    def unseen_letters(self) -> tuple[Dead, ...]:
        """The same, but nothing once `dead_letters` has been asked for: what nobody expected."""
        return () if self._looked else self._letters()

    def _letters(self) -> tuple[Dead, ...]:
        engines = self._simulation.host.engines.values()
        return tuple(Dead(e.name, at, it) for e in engines for at, it in e.dead_letters.items())

    def resend(self, dead: Dead) -> None:
        """Let a dead letter take its effect after all.

        Raises:
            BusError: it failed again, and stays on the list.
        """
        simulation, attempt = self._simulation, self._simulation.new_id()
        tried = False

        async def work() -> None:
            nonlocal tried
            engine = simulation.host.engines[dead.cell]
            if not tried or dead.position in engine.dead_letters:
                tried = True
                source = dead.letter.source
                simulation.trace.resent(dead.cell, dead.position, source, attempt)
                await engine.resend(dead.position, attempt)

        simulation.finish(simulation.order(work, f"resend {dead}"))

    @property
    def trace(self) -> tuple[Said, ...]:
        """Who said what to whom so far, in order; `story` of monocyte.testing puts it as text."""
        return self._simulation.trace.said()

    @property
    def facts(self) -> tuple[Fact, ...]:
        """What the cells' host has said so far."""
        return tuple(self._simulation.facts)

    @property
    def log(self) -> tuple[str, ...]:
        """Facts and injected faults so far, in order, for people."""
        return tuple(self._simulation.log)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Everything that is durable, cell by cell."""
        journal = self._simulation.journal
        return tuple(entry for cell in journal.cells() for entry in journal.read(cell))

    def close(self) -> None:
        """End this world; closing twice is harmless."""
        self._simulation.close()

    def _start(self, principal: Principal, message: Any) -> Order:
        self._commands += 1
        envelope = Envelope(f"{principal.name}-{self._commands}", principal)
        work = self._simulation.request(envelope, message)
        return self._simulation.order(work, f"{message!r} by {principal.name}")

    def _finish(self, order: Order) -> Any:
        return self._simulation.finish(order)


class Actor:
    """Somebody in a World, who sends again, under the same id, what an injected fault lost."""

    def __init__(self, world: World, principal: Principal) -> None:
        self.principal = principal
        self._world = world

    def __repr__(self) -> str:
        return f"<{self.principal.name} {sorted(self.principal.roles)}>"

    @property
    def name(self) -> str:
        """The name of the principal."""
        return self.principal.name

    def send(self, command: Command[R]) -> R:
        """Send a command and wait for its answer.

        Raises:
            BusError: however it ends otherwise.
        """
        return self.start(command).result()

    def ask(self, query: Query[R]) -> R:
        """Ask a query and wait for its answer.

        Raises:
            BusError: however it ends otherwise.
        """
        return self.start(query).result()

    def start(self, message: Command[R] | Query[R]) -> Pending[R]:
        """Send or ask, and do not wait."""
        return Pending(self._world, self._world._start(self.principal, message))  # noqa: SLF001


class Pending(Generic[R]):
    """An answer that may not be there yet."""

    def __init__(self, world: World, order: Order) -> None:
        self._world = world
        self._order = order

    def __repr__(self) -> str:
        return f"<{self._order.said}>"

    @property
    def done(self) -> bool:
        """Whether the answer is there."""
        return self._order.done

    def result(self) -> R:
        """Wait for the answer.

        Raises:
            BusError: however it ends otherwise.
        """
        reply: R = self._world._finish(self._order)  # noqa: SLF001
        return reply


def _manifests(cells: tuple[Cell | Manifest, ...]) -> tuple[Manifest, ...]:
    """The manifests, and those of the cells, which are read together.

    Raises:
        DefinitionError: a cell is not well formed.
    """
    loaded = load_cells([it for it in cells if isinstance(it, Cell)])
    if loaded.faults:
        raise loaded.faults[0]
    return (*(it for it in cells if isinstance(it, Manifest)), *loaded.manifests)
