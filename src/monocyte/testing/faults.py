"""What can go wrong, drawn from a seed: power cuts, slow and failing ports, frames lost or doubled.

`Faults` says how often; `Mischief` draws. Nothing here knows a loop or an engine: it is asked, at
each place where something could go wrong, what is to go wrong.

All of it is *transparent*: a scenario whose cells are right cannot tell that it happened, because
an actor does what every good client does and sends the same command again, under the same id. The
one exception is a failing port whose error the cell itself catches; so a cell with a `try` or a
`suppress` in its file is spared by `fail` (see `catches`), unless `spare` is off.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random
from typing import NamedTuple

from monocyte.errors import BusError, PortFailed, Unavailable

__all__ = ["Cut", "Faults", "Mischief", "catches"]

MARK = "(injected by the World)"
"""What tells an injected error from one that the app has made itself."""

ALLOWED = 2
"""How often Files fail before the World has settled again: a reaction is tried three times."""

SNAPSHOT = 0.3
"""How often, when there are power cuts, everything that has settled is saved as a snapshot."""

LATENCY = 0.05
"""The longest delay of a frame, a port or a write, in virtual seconds."""


class Faults(NamedTuple):
    """How likely each kind of fault is, at each place where it can happen: 0 is never."""

    crash: float = 0.0
    """The power is cut: before a write, amid one, after it, before or after a request or port.
    Snapshots are taken meanwhile, so that some lives start from one.
    """
    slow: float = 0.0
    """A port or a write of the journal takes some (virtual) time."""
    fail: float = 0.0
    """A port that a handler uses fails in a way that passes: Unavailable, PortFailed."""
    lose: float = 0.0
    """An actor's request, or the answer to it, gets lost."""
    repeat: float = 0.0
    """A frame or an event is delivered twice; a request perhaps much later."""
    reorder: float = 0.0
    """A frame is delayed, so that others overtake it."""
    spare: bool = True
    """Whether `fail` spares a cell that may catch what its ports raise."""

    @classmethod
    def none(cls) -> Faults:
        """Nothing goes wrong."""
        return cls()

    @classmethod
    def all(cls) -> Faults:
        """Everything goes wrong now and then."""
        return cls(crash=0.02, slow=0.2, fail=0.1, lose=0.05, repeat=0.1, reorder=0.2)


class Cut(NamedTuple):
    """What a write of the journal comes to: how late it is, and whether the power is cut."""

    delay: float
    when: str
    """`before`, `amid`, `after`, or empty: it succeeds."""


class Mischief:
    """Draws the faults of one World, and tells `note` each in a phrase.

    `spared` are the cells that catch what their ports raise.
    """

    def __init__(
        self, faults: Faults, seed: int, note: Callable[[str], None], spared: frozenset[str]
    ) -> None:
        self._faults = faults
        self._random = Random(f"faults {seed}")
        self._note = note
        self._spared = spared
        self._allowed = ALLOWED

    def write(self) -> Cut:
        """What the next write of the journal comes to."""
        when = ""
        if self._hit(self._faults.crash):
            when = self._random.choice(("before", "amid", "after"))
            self._note(f"the power is cut {when} a write")
        return Cut(self.delay(), when)

    def amid(self, queued: int) -> int:
        """How much of a write got through before the power was cut."""
        return self._random.randint(0, queued)

    def cut(self, where: str) -> bool:
        """Whether the power is cut now."""
        return self._hit(self._faults.crash, f"the power is cut {where}")

    def snapshot(self) -> bool:
        """Whether the cells' states are saved now."""
        return self._faults.crash > 0 and self._hit(SNAPSHOT)

    def delay(self) -> float:
        """How long a port or a write takes."""
        if self._hit(self._faults.slow):
            return self._random.uniform(0, LATENCY)
        return 0.0

    def weather(self, frame: bytes) -> Iterable[float]:  # noqa: ARG002 (all frames fare alike)
        """When the copies of a frame arrive."""
        copies = 2 if self._hit(self._faults.repeat, "a frame is doubled") else 1
        return [self._late() for _ in range(copies)]

    def lost(self, what: str) -> bool:
        """Whether an actor's request or its answer gets lost now."""
        return self._hit(self._faults.lose, f"{what} is lost")

    def repeated(self, what: str) -> bool:
        """Whether something comes twice now."""
        return self._hit(self._faults.repeat, f"{what} comes again")

    def pick(self, count: int) -> int:
        """One of so many."""
        return self._random.randrange(count)

    def ask_fails(self, cell: str) -> bool:
        """Whether the Ask of a cell fails now, as if the other were unavailable."""
        return cell not in self._spared and self._hit(self._faults.fail, "Ask fails")

    def files_fail(self, cells: frozenset[str]) -> bool:
        """Whether Files fail now; `cells` are those that might be using them."""
        if self._allowed == 0 or not self._spared.isdisjoint(cells):
            return False
        failed = self._hit(self._faults.fail, "Files fail")
        self._allowed -= failed
        return failed

    def settled(self) -> None:
        """Everything has taken its effect: more may go wrong from here."""
        self._allowed = ALLOWED

    def _late(self) -> float:
        return self._random.uniform(0, LATENCY) if self._hit(self._faults.reorder) else 0.0

    def _hit(self, likely: float, said: str = "") -> bool:
        hit = likely > 0 and self._random.random() < likely
        if hit and said:
            self._note(said)
        return hit


def unavailable(what: str) -> Unavailable:
    """The error of something that failed on purpose, and will pass."""
    return Unavailable(f"{what} {MARK}")


def injected(error: BusError) -> bool:
    """Whether an error comes from here: then an actor sends again."""
    return isinstance(error, (Unavailable, PortFailed)) and MARK in error.message


def catches(file: str) -> bool:
    """Whether a cell may catch what its ports raise, so that their failing could be seen."""
    try:
        tree = ast.parse(Path(file).read_bytes())
    except (OSError, SyntaxError):
        return False
    return any(
        isinstance(node, (ast.Try, ast.TryStar))
        or (isinstance(node, ast.Name) and node.id == "suppress")
        or (isinstance(node, ast.Attribute) and node.attr == "suppress")
        for node in ast.walk(tree)
    )
