"""Ports: what a handler may ask of the world, by annotating a parameter with it.

These are the interfaces that cells see. What stands behind them is the engine's, the runtime's or
the World's affair. `PORTS` is the whole list; a parameter of any other type is refused at load.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, Protocol, TypeVar

from monocyte.contracts import Command, Principal, Query

__all__ = ["PORTS", "Ask", "Caller", "Clock", "Files", "Ids", "Port"]

R = TypeVar("R")

Caller = Principal
"""Who asks: `caller.name`, `caller.roles`."""


class Clock(Protocol):
    """The time, journalled: a re-run and a replay see what the first run saw."""

    def now(self) -> datetime:
        """The present moment, in UTC."""


class Ids(Protocol):
    """Fresh identifiers, journalled."""

    def new(self) -> str:
        """A short unique string; later ones sort after earlier ones."""


class Ask(Protocol):
    """Other cells, by their words; the answer of a command is journalled."""

    async def __call__(self, message: Command[R] | Query[R]) -> R:
        """Send a message to the cell that it belongs to and wait for its answer.

        Raises:
            BusError: whatever the other cell or the way there ends in.
        """


class Files(Protocol):
    """A directory of the cell's own; names are relative and stay inside."""

    async def read(self, name: str) -> bytes:
        """The bytes of a file. Raises PortFailed when there is none."""

    async def write(self, name: str, content: bytes) -> None:
        """Write a file whole, replacing what was there."""

    async def list(self) -> tuple[str, ...]:
        """The names of all files, sorted."""

    async def remove(self, name: str) -> None:
        """Remove a file; removing what is not there is no error."""


class Port(NamedTuple):
    """A port as the loader knows it: its name, and whether using it means waiting."""

    name: str
    awaited: bool


PORTS: dict[object, Port] = {
    Caller: Port("Caller", awaited=False),
    Clock: Port("Clock", awaited=False),
    Ids: Port("Ids", awaited=False),
    Ask: Port("Ask", awaited=True),
    Files: Port("Files", awaited=True),
}
"""Every port there is, by the annotation that asks for it."""
