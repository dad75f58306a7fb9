"""What a cell turns out to be, once its annotations are read: its manifest, or its faults.

The first parameter of a function says what it consumes, the annotation of its result what it emits,
its other parameters the state and the ports. Everything that can be known to be wrong before the
first message is found here, with file:line and the mend. Nothing is executed but annotations.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from types import NoneType
from typing import Any, NamedTuple, TypeVar

from monocyte.cell.definition import Cell, Declared, Delay
from monocyte.cell.evidence import Decision, Picture, Runbook, Scenario, Waiver
from monocyte.cell.places import class_place, line_of, release_of
from monocyte.cell.ports import PORTS, Port
from monocyte.cell.proving import PROOFS, Proofs
from monocyte.cell.results import NOTHING, Result, ResultFault, result_of
from monocyte.cell.rules import Retired, Rule
from monocyte.cell.signatures import LAMBDA, annotations_of, shape_faults, unannotated
from monocyte.cell.words import WordCheck
from monocyte.contracts import Command, Event, Message, Query, Tick, Value, reply_type
from monocyte.contracts.annotations import spell, union_members
from monocyte.errors import DefinitionError

__all__ = [
    "Evolver",
    "Function",
    "Handler",
    "Manifest",
    "Reaction",
    "Timer",
    "manifest_of",
    "unfinished",
]

M = TypeVar("M", bound=Message)


class Function(NamedTuple):
    """A function of a cell as the engine calls it.

    `arguments` has, for each parameter after the first, its name and its port, or None for the
    state.
    """

    name: str
    call: Callable[..., Any]
    is_async: bool
    arguments: tuple[tuple[str, Port | None], ...]
    result: Result
    where: str


class Handler(NamedTuple):
    """Who answers a command or a query, and with what."""

    message: type[Message]
    reply: Any
    is_command: bool
    function: Function


class Evolver(NamedTuple):
    """How an event changes the state: in place, or (`replaces`) by returning the next one."""

    event: type[Event]
    call: Callable[[Any, Any], Any]
    replaces: bool


class Reaction(NamedTuple):
    """What is done when another cell's event arrives."""

    event: type[Event]
    source: str
    function: Function


class Timer(NamedTuple):
    """What is done when time has passed: each `period`, or `delay` after an event."""

    name: str
    event: type[Event]
    period: timedelta | None
    delay: Delay | None
    function: Function


class Manifest(NamedTuple):
    """A cell, read and found well formed."""

    name: str
    module: str
    file: str
    purpose: str
    release: str
    state: Any
    words: Mapping[str, type[Value]]
    handlers: Mapping[type[Message], Handler]
    evolvers: Mapping[type[Event], Evolver]
    reactions: Mapping[type[Event], Reaction]
    timers: Mapping[str, Timer]
    upcasts: Mapping[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]]
    rules: Mapping[str, Rule]
    retired: Mapping[str, Retired]
    picture: Picture | None
    scenarios: tuple[Scenario, ...]
    decisions: tuple[Decision, ...]
    runbooks: Mapping[str, Runbook]
    waivers: tuple[Waiver, ...]

    @property
    def events(self) -> dict[str, type[Event]]:
        """The events of this cell by name."""
        return {t.__name__: t for t in self.evolvers}


def manifest_of(cell: Cell) -> Manifest:
    """Read a cell whose module has been imported.

    Raises:
        DefinitionError: it is not well formed; `more` holds its further faults.
    """
    reading = _Reading(cell)
    faults = sorted(reading.read(), key=line_of)
    if faults:
        first, *more = faults
        raise DefinitionError(first.message, where=first.where, mend=first.mend, more=tuple(more))
    return reading.manifest()


def unfinished(cell: Cell) -> Manifest:
    """What can be known of a cell that is not whole: its behaviour is yet to be written."""
    reading = _Reading(cell)
    reading.read()
    return reading.manifest()


class _Reading:
    """One pass over the declarations of one cell: what they mean, and what is wrong with them.

    A declaration with a fault is kept all the same, so that nothing is called missing that is
    there: the manifest is made only when nothing was found.
    """

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.module = sys.modules[cell.module]
        self.found: list[DefinitionError] = []
        self.unread = False
        self.handlers: dict[type[Message], Handler] = {}
        self.evolvers: dict[type[Event], Evolver] = {}
        self.reactions: dict[type[Event], Reaction] = {}
        self.timers: dict[str, Timer] = {}
        self.upcasts: dict[tuple[str, int], Callable[..., Any]] = {}
        self.proofs = Proofs()
        self.emitted: dict[type[Event], str] = {}
        self.words: dict[str, type[Value]] = {
            thing.__name__: thing
            for thing in vars(self.module).values()
            if isinstance(thing, type)
            and issubclass(thing, Value)
            and thing.__module__ == cell.module
        }

    def read(self) -> list[DefinitionError]:
        """Read everything; what is wrong comes back."""
        self.found += self.cell.faults
        for where, role in self.cell.unused.items():
            self._fault(
                f"@{role} stands above no function", where, f"@cell.{role}(...) above a def"
            )
        for declared in self.cell.declared:
            self._declared(declared)
        self.found += self.proofs.found
        check = WordCheck(self.cell)
        for word in self.words.values():
            self.found += check.word(word)
        self.found += check.state(self.cell.state, self.cell.where)
        self._chains()
        if not self.unread:
            self._missing()
        return self.found

    def manifest(self) -> Manifest:
        """What was read; every message learns whose it is."""
        cell = self.cell
        for word in self.words.values():
            if issubclass(word, Message):
                word.__cell__ = cell.name
        return Manifest(
            cell.name,
            cell.module,
            cell.file,
            (self.module.__doc__ or "").strip(),
            release_of(cell.file),
            cell.state,
            self.words,
            self.handlers,
            self.evolvers,
            self.reactions,
            self.timers,
            self.upcasts,
            dict(cell.rules),
            dict(cell.retired_rules),
            cell.drawn,
            tuple(self.proofs.scenarios),
            tuple(self.proofs.decisions),
            {runbook.name: runbook for runbook in self.proofs.runbooks},
            tuple(cell.waivers),
        )

    def _fault(self, message: str, where: str, mend: str) -> None:
        self.found.append(DefinitionError(message, where=where, mend=mend))

    # -- what is missing ---------------------------------------------------------------------------

    def _missing(self) -> None:
        variable = _cell_variable(self.cell)
        for event, where in self.emitted.items():
            if event not in self.evolvers:
                mend = f"declare @{variable}.evolves for it in this cell"
                self._fault(f"nobody can apply {event.__name__}", where, mend)
        for word in self.words.values():
            if issubclass(word, (Command, Query)) and word not in self.handlers:
                mend = f"declare @{variable}.handles for it, or delete it"
                self._fault(f"nobody handles {word.__name__}", class_place(word), mend)

    def _chains(self) -> None:
        """Each older version of each event leads to the next, up to the present one."""
        for word in self.words.values():
            version: Any = word.__version__ if issubclass(word, Event) else 1
            for old in range(1, version if type(version) is int else 1):
                if (word.__name__, old) not in self.upcasts:
                    call = f"@{_cell_variable(self.cell)}.upcasts({word.__name__!r}, version={old})"
                    what = f"stored {word.__name__} of version {old} cannot be read any more"
                    self._fault(what, class_place(word), f"declare {call}")

    # -- one method for each role of a declaration -------------------------------------------------

    def _declared(self, it: Declared) -> None:
        self.found += shape_faults(it, is_global=self.cell.is_global)
        if it.function.__name__ == LAMBDA:
            self.unread = True
            return
        if it.role in PROOFS:
            PROOFS[it.role](self.proofs, it)
        elif it.role == "upcasts":
            self.upcast(it)
        else:
            self._annotated(it)

    def _annotated(self, it: Declared) -> None:
        try:
            hints = annotations_of(it)
        except DefinitionError as fault:
            self.found.append(fault)
            self.unread = True
        else:
            self.found += unannotated(it, hints)
            ROLES[it.role](self, it, hints)

    def handles(self, it: Declared, hints: dict[str, Any]) -> None:
        wanted = "a Command or a Query of this cell"
        message = self._consumes(it, hints, (Command, Query), wanted)
        if message is None:
            return
        try:
            reply = reply_type(message)
        except TypeError:  # reported with the words
            reply = hints.get("return")
        is_command = issubclass(message, Command)
        function = self._function(it, hints, reply, emits=is_command)
        handler = Handler(message, reply, is_command, function)
        first = self.handlers.setdefault(message, handler)
        if first is not handler:
            mend = f"delete one; the first is at {first.function.where}"
            self._fault(f"{message.__name__} has two handlers", it.where, mend)

    def evolves(self, it: Declared, hints: dict[str, Any]) -> None:
        state, name = self.cell.state, it.function.__name__
        if _is_annotated(it, hints) and list(_parameters(hints).values())[1:] != [state]:
            mend = f"annotate the second parameter as {spell(state)}"
            what = f"{name} must take its event and the state, and nothing else"
            self._fault(what, it.where, mend)
        if hints.get("return", NoneType) not in (NoneType, state):
            mend = f"annotate it -> None, and change the state in place, or -> {spell(state)}"
            self._fault(f"{name} must return None or the next state", it.where, mend)
        if inspect.iscoroutinefunction(it.function):
            what = f"{name} cannot be async: it only applies what has happened"
            self._fault(what, it.where, "make it a plain def")
        replaces = hints.get("return") == state and state is not NoneType
        for each in _for_each_member(hints):
            event = self._consumes(it, each, (Event,), "an Event of this cell, or a union of them")
            if event is not None:
                evolver = Evolver(event, it.function, replaces)
                if self.evolvers.setdefault(event, evolver) is not evolver:
                    self._fault(f"{event.__name__} has two evolvers", it.where, "make them one")

    def reacts(self, it: Declared, hints: dict[str, Any]) -> None:
        event = self._consumes(it, hints, (Event,), "an Event of another cell", own=False)
        function = self._function(it, hints, NoneType, emits=True)
        if event is None:
            return
        source = getattr(sys.modules[event.__module__], "cell", None)
        if not isinstance(source, Cell):
            mend = "react to an event of a cell; a timer consumes Tick"
            self._fault(f"{event.__name__} belongs to no cell", it.where, mend)
            return
        reaction = Reaction(event, source.name, function)
        if self.reactions.setdefault(event, reaction) is not reaction:
            self._fault(f"{event.__name__} has two reactions", it.where, "make them one")

    def every(self, it: Declared, hints: dict[str, Any]) -> None:
        period = it.options["period"]
        if not isinstance(period, timedelta) or period <= timedelta(0):
            self._fault("a timer needs a period above zero", it.where, "like timedelta(hours=1)")
        if next(iter(_parameters(hints).values()), None) is not Tick:
            what = f"{it.function.__name__} is called by the clock"
            self._fault(what, it.where, "annotate its first parameter as Tick")
        self._timer(it, hints, Tick)

    def after(self, it: Declared, hints: dict[str, Any]) -> None:
        delay = it.options["delay"]
        if not callable(delay) and not (isinstance(delay, timedelta) and delay >= timedelta(0)):
            mend = "give a timedelta, or a function of the event to a timedelta or datetime"
            self._fault("a timer needs a delay that is not negative", it.where, mend)
        event = self._consumes(it, hints, (Event,), "an Event of this cell")
        self._timer(it, hints, event or Tick)

    def _timer(self, it: Declared, hints: dict[str, Any], event: type[Event]) -> None:
        name = it.function.__name__
        function = self._function(it, hints, NoneType, emits=True)
        timer = Timer(name, event, it.options.get("period"), it.options.get("delay"), function)
        first = self.timers.setdefault(name, timer)
        if first is not timer:
            mend = f"rename one; the first is at {first.function.where}"
            self._fault(f"two timers are called {name}", it.where, mend)

    def upcast(self, it: Declared) -> None:
        name, version = it.options["event"], it.options["version"]
        word = self.words.get(name)
        if word is None or not issubclass(word, Event):
            known = [n for n, w in self.words.items() if issubclass(w, Event)]
            mend = f"its events are {', '.join(known) or 'none'}"
            self._fault(f"this cell has no event {name} to upcast", it.where, mend)
        elif type(version) is not int or not 0 < version < word.__version__:
            what = f"{name} is at version {word.__version__}: nothing upcasts from {version!r}"
            mend = "raise __version__ of the event, or upcast from an older version"
            self._fault(what, it.where, mend)
        if len(inspect.signature(it.function).parameters) != 1 or _is_async(it):
            what = f"{it.function.__name__} must take the stored fields, and nothing else"
            mend = "def (old: dict[str, object]) -> dict[str, object]"
            self._fault(what, it.where, mend)
        if self.upcasts.setdefault((name, version), it.function) is not it.function:
            what = f"two functions upcast {name} from version {version}"
            self._fault(what, it.where, "delete one")

    # -- reading one function ----------------------------------------------------------------------

    def _consumes(
        self,
        it: Declared,
        hints: dict[str, Any],
        kinds: tuple[type[M], ...],
        what: str,
        *,
        own: bool = True,
    ) -> type[M] | None:
        first = next(iter(_parameters(hints).values()), None)
        if not _is_annotated(it, hints):
            self.unread = True
            return None
        is_kind = isinstance(first, type) and issubclass(first, kinds)
        if first is None or not is_kind or (first.__module__ == self.cell.module) is not own:
            consumed = f"consumes {spell(first)}" if _parameters(hints) else "consumes nothing"
            mend = f"its first parameter must be {what}"
            self._fault(f"{it.function.__name__} {consumed}", it.where, mend)
            return None
        message: type[M] = first
        if own and self.words.setdefault(message.__name__, message) is not message:
            what = f"two words of this cell are called {message.__name__}"
            self._fault(what, it.where, "rename one")
        return message

    def _function(
        self, it: Declared, hints: dict[str, Any], reply: Any, *, emits: bool
    ) -> Function:
        result = self._result(it, hints, reply, emits=emits)
        is_async = _is_async(it)
        names = list(inspect.signature(it.function).parameters)[1:]
        arguments = tuple((n, self._argument(it, n, hints[n])) for n in names if n in hints)
        return Function(it.function.__name__, it.function, is_async, arguments, result, it.where)

    def _result(self, it: Declared, hints: dict[str, Any], reply: Any, *, emits: bool) -> Result:
        if "return" not in hints:
            return NOTHING  # reported with the parameters
        try:
            result = result_of(hints["return"], reply, events=emits)
        except ResultFault as why:
            self._fault(f"{it.function.__name__} {why}", it.where, why.mend)
            return NOTHING
        for event in result.events:
            if event.__module__ == self.cell.module:
                self.emitted.setdefault(event, it.where)
            else:
                what = f"{it.function.__name__} emits {event.__name__}, which is not this cell's"
                mend = "emit an event of this cell, or send a command to the other"
                self._fault(what, it.where, mend)
        return result

    def _argument(self, it: Declared, name: str, annotation: Any) -> Port | None:
        if annotation == self.cell.state:
            return None
        function = it.function.__name__
        port = next((port for asked, port in PORTS.items() if asked is annotation), None)
        if port is None:
            known = ", ".join(port.name for port in PORTS.values())
            what = f"parameter {name} of {function} asks for an unknown port {spell(annotation)}"
            mend = f"the state is {spell(self.cell.state)}; the ports are {known}"
            self._fault(what, it.where, mend)
        elif port.awaited and not _is_async(it):
            what = f"{function} waits for {port.name} and must be async"
            self._fault(what, it.where, f"async def {function}")
        return port


ROLES: dict[str, Callable[[_Reading, Declared, dict[str, Any]], None]] = {
    "handles": _Reading.handles,
    "evolves": _Reading.evolves,
    "reacts": _Reading.reacts,
    "every": _Reading.every,
    "after": _Reading.after,
}
"""How a declaration of behaviour is read, by its role; upcasts need no annotations."""


def _is_async(it: Declared) -> bool:
    return inspect.iscoroutinefunction(it.function)


def _is_annotated(it: Declared, hints: dict[str, Any]) -> bool:
    return all(name in hints for name in inspect.signature(it.function).parameters)


def _parameters(hints: dict[str, Any]) -> dict[str, Any]:
    return {name: hint for name, hint in hints.items() if name != "return"}


def _for_each_member(hints: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The annotations once for each member of the union that the first parameter may be."""
    for first, annotation in list(_parameters(hints).items())[:1]:
        yield from ({**hints, first: it} for it in union_members(annotation) or (annotation,))
        return
    yield hints


def _cell_variable(cell: Cell) -> str:
    names = (name for name, thing in vars(sys.modules[cell.module]).items() if thing is cell)
    return next(names, "cell")
