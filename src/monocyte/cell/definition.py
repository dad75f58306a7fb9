"""`Cell`: what the author of a cell writes against. It collects; `manifest.py` judges.

Nothing is raised here, so that one wrong declaration does not hide what is wrong with the others.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from types import FrameType, FunctionType, NoneType
from typing import Any, NamedTuple, TypeVar

from monocyte.cell.places import frame_place, function_place
from monocyte.cell.rules import Rule
from monocyte.contracts import Event
from monocyte.errors import DefinitionError

__all__ = ["Cell", "Declared", "Delay"]

F = TypeVar("F", bound=Callable[..., Any])

Delay = timedelta | Callable[[Any], timedelta | datetime]
"""How long after an event: a time span, or a function of the event to a span or a moment."""

NAME = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
"""What a cell may be called: it stands in URLs, in file names and before the name of a message."""

RULE_ID = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*", re.ASCII)
"""What a rule may be called: people quote it, and it stands in URLs."""


class Declared(NamedTuple):
    """A function that a cell has declared: as what (`handles`…), how (`options`), and where."""

    role: str
    function: Callable[..., Any]
    where: str
    options: dict[str, Any]


class Cell:
    """One cell: its name, the type of its state, and everything declared through it.

    The initial state is `state()`. Decorated functions stay ordinary functions. `faults` are the
    declarations that make no sense by themselves; whoever reads the cell reports them.

    >>> cell = Cell("greeter", state=dict[str, int])
    >>> POLITE = cell.rule("GREET-1", "Nobody is greeted twice a day.")
    """

    def __init__(self, name: str, *, state: Any = NoneType) -> None:
        frame = _author()
        self.name = name
        self.state = state
        self.module: str = frame.f_globals["__name__"]
        self.file = frame.f_code.co_filename
        self.where = frame_place(frame)
        self.is_global = frame.f_code.co_name == "<module>"
        self.rules: dict[str, Rule] = {}
        self.declared: list[Declared] = []
        self.unused: dict[str, str] = {}
        self.faults: list[DefinitionError] = []
        if not NAME.fullmatch(str(name)):
            self._fault(
                f"{name!r} is no name for a cell",
                self.where,
                "use lower-case letters, digits and underscores, a letter first",
            )

    def __repr__(self) -> str:
        return f"Cell({self.name!r})"

    def rule(self, id: str, text: str) -> Rule:
        """A requirement; `id` is never used for another, in the whole app."""
        where = frame_place(_author())
        if not RULE_ID.fullmatch(str(id)):
            self._fault(f"{id!r} is no ID for a rule", where, "like BOOK-1: letters, digits, . _ -")
        elif id in self.rules:
            first = self.rules[id].where
            mend = f"give it an ID of its own; the first is at {first}"
            self._fault(f"rule {id} is declared twice", where, mend)
        rule = Rule(id, text, self.name, where)
        self.rules.setdefault(id, rule)
        return rule

    def handles(self, function: F) -> F:
        """Declare the handler of the command or query that its first parameter names."""
        return self._declare("handles", function)

    def evolves(self, function: F) -> F:
        """Declare how an event changes the state: in place, or by returning the next."""
        return self._declare("evolves", function)

    def reacts(self, function: F) -> F:
        """Declare what happens when another cell's event arrives."""
        return self._declare("reacts", function)

    def every(self, period: timedelta) -> Callable[[F], F]:
        """Declare a timer that is due each `period`; its function consumes a `Tick`."""
        return self._declare_with("every", period=period)

    def after(self, delay: Delay) -> Callable[[F], F]:
        """Declare a timer that is due `delay` after each event that its function consumes."""
        return self._declare_with("after", delay=delay)

    def upcasts(self, event: type[Event] | str, version: int) -> Callable[[F], F]:
        """Declare how the stored fields of an event of that version become those of the next."""
        name = event if isinstance(event, str) else event.__name__
        return self._declare_with("upcasts", event=name, version=version)

    def scenario(self, function: F) -> F:
        """Declare an example that must come true; it is given a `World`."""
        return self._declare("scenario", function)

    def _declare_with(self, role: str, **options: Any) -> Callable[[F], F]:
        """A decorator with options; until a function stands under it, it is `unused`."""
        where = frame_place(_author(2))
        self.unused[where] = role

        def decorate(function: F) -> F:
            self.unused.pop(where, None)
            return self._declare(role, function, **options)

        return decorate

    def _declare(self, role: str, function: F, **options: Any) -> F:
        if isinstance(function, FunctionType):
            self.declared.append(Declared(role, function, function_place(function), options))
        else:
            what = f"@{role} needs a function, not a {type(function).__name__}"
            self._fault(what, frame_place(_author(2)), "put it right above a def")
        return function

    def _fault(self, message: str, where: str, mend: str) -> None:
        self.faults.append(DefinitionError(message, where=where, mend=mend))


def _author(depth: int = 1) -> FrameType:
    """The frame of the cell's file: who called the method, `depth` calls above it, that asks."""
    return sys._getframe(depth + 1)  # noqa: SLF001 (inspect.stack reads every source file)
