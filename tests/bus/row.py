"""What a row of the parity suite is, and how it is played."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import msgspec

from monocyte.contracts import Map
from monocyte.errors import BusError
from tests.bus.stage import Make, Stage

__all__ = ["Do", "Ends", "Row", "cancelled", "play"]

Do = Callable[[Stage], Awaitable[Any]]


class Row(NamedTuple):
    """One thing that every transport means alike."""

    name: str
    do: Do
    out: Any


class Ends:
    """Must end in that error, each field of which matches the whole pattern given for it."""

    def __init__(self, error: type[BusError], **patterns: str) -> None:
        self.error = error
        self.patterns = patterns

    def __repr__(self) -> str:
        return f"{self.error.__name__} with {self.patterns}"

    def fits(self, outcome: object) -> bool:
        """Whether the outcome is that error."""
        return type(outcome) is self.error and all(
            re.fullmatch(pattern, getattr(outcome, field), re.DOTALL)
            for field, pattern in self.patterns.items()
        )


async def play(row: Row, make: Make) -> None:
    """Do what the row does on a fresh transport.

    Raises:
        AssertionError: something else came out than must.
    """
    stage = Stage()
    async with asyncio.timeout(20), make(stage.permit) as transport:
        stage.begin(transport)
        outcome = await row.do(stage)
    if not fits(row.out, outcome):
        raise AssertionError(f"{row.name}:\n  must come out: {row.out!r}\n  came: {outcome!r}")


def fits(wanted: Any, outcome: Any) -> bool:
    """Whether an outcome is what it must be, by value and by type."""
    if isinstance(wanted, Ends):
        return wanted.fits(outcome)
    if type(wanted) is tuple and type(outcome) is tuple and len(wanted) == len(outcome):
        return all(map(fits, wanted, outcome))
    return bool(typed(wanted) == typed(outcome))


def typed(value: Any) -> Any:
    """A value with the type of each of its parts, so that 1 is neither True nor 1.0."""
    if isinstance(value, msgspec.Struct):
        return (type(value), *(typed(getattr(value, f)) for f in value.__struct_fields__))
    if isinstance(value, Map):
        return (Map, frozenset((typed(k), typed(v)) for k, v in value.items()))
    if isinstance(value, frozenset):
        return (frozenset, frozenset(map(typed, value)))
    if isinstance(value, tuple):
        return (type(value), *map(typed, value))
    return (type(value), repr(value))


async def cancelled(caller: "asyncio.Task[Any]") -> None:
    """Cancel a caller, and see that it is."""
    caller.cancel()
    try:
        outcome = await caller
    except asyncio.CancelledError:
        return
    raise AssertionError(f"the caller was cancelled, and yet got {outcome!r}")
