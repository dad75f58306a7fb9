"""`Cell`: what the author of a cell writes against. It collects; `manifest.py` judges."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from types import CodeType
from typing import Any, NamedTuple, TypeVar

from monocyte.cell.rules import Rule
from monocyte.contracts import Event
from monocyte.errors import DefinitionError

__all__ = ["Cell", "Declared", "Delay"]

F = TypeVar("F", bound=Callable[..., Any])

Delay = timedelta | Callable[[Any], timedelta | datetime]
"""How long after an event: a time span, or a function of the event to a span or a moment."""


class Declared(NamedTuple):
    """A function that a cell has declared: as what (`handles`, …), with which options, and where."""

    role: str
    function: Callable[..., Any]
    where: str
    options: dict[str, Any]


class Cell:
    """One cell: its name, the type of its state, and everything declared through it.

    The initial state is `state()`. Decorated functions stay ordinary functions.
    """

    def __init__(self, name: str, *, state: Any = type(None)) -> None:
        frame = sys._getframe(1)
        self.name = name
        self.state = state
        self.module: str = frame.f_globals["__name__"]
        self.file = frame.f_code.co_filename
        self.where = f"{self.file}:{frame.f_lineno}"
        self.rules: dict[str, Rule] = {}
        self.declared: list[Declared] = []
        if not (name.isidentifier() and name.islower()):
            raise DefinitionError(
                f"{name!r} is no name for a cell",
                where=self.where,
                mend="use lower-case letters, digits and underscores",
            )

    def __repr__(self) -> str:
        return f"Cell({self.name!r})"

    def rule(self, id: str, text: str) -> Rule:
        """A requirement; `id` is never used for another."""
        frame = sys._getframe(1)
        where = f"{frame.f_code.co_filename}:{frame.f_lineno}"
        if id in self.rules:
            raise DefinitionError(
                f"rule {id} is declared twice",
                where=where,
                mend=f"give it an ID of its own; the first is at {self.rules[id].where}",
            )
        self.rules[id] = Rule(id, text, self.name, where)
        return self.rules[id]

    def handles(self, function: F) -> F:
        """Declare the handler of the command or query that its first parameter names."""
        return self._declare("handles", function)

    def evolves(self, function: F) -> F:
        """Declare how an event of this cell changes its state: in place, or by returning a new one."""
        return self._declare("evolves", function)

    def reacts(self, function: F) -> F:
        """Declare what happens when another cell's event arrives."""
        return self._declare("reacts", function)

    def every(self, period: timedelta) -> Callable[[F], F]:
        """Declare a timer that is due each `period`; its function consumes a `Tick`."""
        return lambda function: self._declare("every", function, period=period)

    def after(self, delay: Delay) -> Callable[[F], F]:
        """Declare a timer that is due `delay` after each event that its function consumes."""
        return lambda function: self._declare("after", function, delay=delay)

    def upcasts(self, event: type[Event] | str, version: int) -> Callable[[F], F]:
        """Declare how the stored fields of an event of that version become those of the next."""
        name = event if isinstance(event, str) else event.__name__
        return lambda function: self._declare("upcasts", function, event=name, version=version)

    def scenario(self, function: F) -> F:
        """Declare an example that must come true; it is given a `World`."""
        return self._declare("scenario", function)

    def _declare(self, role: str, function: F, **options: Any) -> F:
        self.declared.append(Declared(role, function, place(function), options))
        return function


def place(thing: Any) -> str:
    """file:line of a function."""
    code: CodeType = thing.__code__
    return f"{code.co_filename}:{code.co_firstlineno}"
