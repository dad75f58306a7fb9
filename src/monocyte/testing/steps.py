"""Steps of a runbook: data, so that they can be shown, rehearsed, sent, resumed and undone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

from monocyte.contracts import Command, Query

__all__ = ["Check", "Operator", "Step", "Steps", "answers"]

R = TypeVar("R")


class Check(NamedTuple):
    """A query, and the reply that says that a step is done."""

    query: Query[Any]
    reply: Any


def answers(query: Query[R], reply: R) -> Check:
    """The check that `query` is answered with `reply`."""
    return Check(query, reply)


class Step(NamedTuple):
    """One step: what it achieves, how to see that it is done, what to send, what takes it back.

    A step whose `check` holds already is passed over, so that running a runbook twice sends nothing
    the second time; after the last command it must hold. A step without commands is done by hand,
    and confirmed by who does it.

    >>> Step("Open a window").do
    ()
    """

    title: str
    check: Check | None = None
    do: Sequence[Command[Any]] = ()
    undo: Sequence[Command[Any]] = ()
    """What takes it back, after what later steps did has been taken back.

    As many commands as in `do` are pairs with those: only what was done is taken back, the last
    first. Otherwise all of them are sent, as they stand, once anything of the step was done.
    """


Steps = Iterator[Step]
"""What a runbook yields. Between two steps it may ask the operator's queries, and nothing else."""


class Operator(Protocol):
    """Who works through a runbook: in a World, or in front of an app that runs."""

    @property
    def name(self) -> str:
        """The name of the principal."""

    def ask(self, query: Query[R]) -> R:
        """Ask a query and wait for its answer.

        Raises:
            BusError: however it ends otherwise.
        """
