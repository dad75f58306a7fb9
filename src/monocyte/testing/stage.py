"""`Stage`: where people act, a World or an app that runs; app scenarios are written for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from monocyte.contracts import Command, Query

__all__ = ["Person", "Stage"]

R = TypeVar("R")
T = TypeVar("T")


class Person(Protocol):
    """Somebody who sends and asks."""

    def send(self, command: Command[R]) -> R:
        """Send a command and wait for its answer.

        Raises:
            BusError: however it ends otherwise.
        """

    def ask(self, query: Query[R]) -> R:
        """Ask a query and wait for its answer.

        Raises:
            BusError: however it ends otherwise.
        """


class Stage(Protocol):
    """Where a scenario is played. Time passes by itself, or not at all: nobody commands it."""

    def by(self, name: str, *roles: str) -> Person:
        """Somebody, in those roles."""

    def eventually(self, check: Callable[[], T]) -> T:
        """Wait until what was begun has taken its effect, so that `check` raises no AssertionError.

        Raises:
            AssertionError: that of the last try, when nothing more happens.
        """
