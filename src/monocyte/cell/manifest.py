"""What a cell turns out to be, once its annotations are read: its manifest, or its faults.

The first parameter of a function says what it consumes, the annotation of its result what it emits,
its other parameters the state and the ports. Everything that can be known to be wrong before the
first message is found here, with file:line and the mend. Nothing is executed but annotations.
"""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple, get_origin, get_type_hints

from monocyte.cell.definition import Cell, Declared, Delay
from monocyte.cell.ports import PORTS, Port
from monocyte.cell.results import Result, ResultFault, result_of
from monocyte.cell.rules import Rule
from monocyte.contracts import Command, Event, Message, Query, Tick, Value, reply_type
from monocyte.contracts.immutable import field_faults
from monocyte.errors import DefinitionError

__all__ = ["Evolver", "Function", "Handler", "Manifest", "Reaction", "Timer", "manifest_of"]


class Function(NamedTuple):
    """A function of a cell as the engine calls it.

    `arguments` has, for each parameter after the first, its name and its port, or None for the state.
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
    scenarios: tuple[Declared, ...]

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
    faults = list(reading.faults())
    if faults:
        raise DefinitionError(
            faults[0].message, where=faults[0].where, mend=faults[0].mend, more=tuple(faults[1:])
        )
    return reading.manifest()


class _Reading:
    """One pass over the declarations of one cell: what they mean, and what is wrong with them."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.module = sys.modules[cell.module]
        self.handlers: dict[type[Message], Handler] = {}
        self.evolvers: dict[type[Event], Evolver] = {}
        self.reactions: dict[type[Event], Reaction] = {}
        self.timers: dict[str, Timer] = {}
        self.upcasts: dict[tuple[str, int], Callable[..., Any]] = {}
        self.scenarios: list[Declared] = []
        self.emitted: dict[type[Event], str] = {}
        self.words = {
            name: thing
            for name, thing in vars(self.module).items()
            if isinstance(thing, type)
            and issubclass(thing, Value)
            and thing.__module__ == cell.module
        }

    def faults(self) -> Iterator[DefinitionError]:
        for word in self.words.values():
            yield from self._word_faults(word)
        for declared in self.cell.declared:
            try:
                getattr(self, f"_{declared.role}")(declared)
            except DefinitionError as fault:
                yield fault
        yield from self._missing()

    def manifest(self) -> Manifest:
        cell, source = self.cell, Path(self.cell.file)
        release = hashlib.blake2b(source.read_bytes() if source.is_file() else b"", digest_size=8)
        return Manifest(
            cell.name,
            cell.module,
            cell.file,
            (self.module.__doc__ or "").strip(),
            release.hexdigest(),
            cell.state,
            self.words,
            self.handlers,
            self.evolvers,
            self.reactions,
            self.timers,
            self.upcasts,
            dict(cell.rules),
            tuple(self.scenarios),
        )

    # -- the words ---------------------------------------------------------------------------------

    def _word_faults(self, word: type[Value]) -> Iterator[DefinitionError]:
        try:
            for field, annotation, mend in field_faults(word):
                yield DefinitionError(
                    f"{word.__name__}.{field} is a {annotation}: messages are immutable by type",
                    where=_line_of(word, field),
                    mend=mend,
                )
            if issubclass(word, (Command, Query)):
                reply_type(word)
        except (NameError, TypeError) as why:
            yield DefinitionError(
                f"{word.__name__}: {why}", where=_line_of(word), mend="name types that exist here"
            )

    def _missing(self) -> Iterator[DefinitionError]:
        for event, where in self.emitted.items():
            if event not in self.evolvers:
                yield DefinitionError(
                    f"nobody can apply {event.__name__}",
                    where=where,
                    mend=f"declare @{_cell_variable(self.cell)}.evolves for it in this cell",
                )
        for word in self.words.values():
            if issubclass(word, (Command, Query)) and word not in self.handlers:
                yield DefinitionError(
                    f"nobody handles {word.__name__}",
                    where=_line_of(word),
                    mend=f"declare @{_cell_variable(self.cell)}.handles for it, or delete it",
                )

    # -- one method for each role of a declaration ----------------------------------------------------

    def _handles(self, it: Declared) -> None:
        message, hints = self._consumes(it, (Command, Query), "a Command or a Query of this cell")
        if message in self.handlers:
            first = self.handlers[message].function.where
            raise DefinitionError(
                f"{message.__name__} has two handlers",
                where=it.where,
                mend=f"delete one; the first is at {first}",
            )
        reply = reply_type(message)
        is_command = issubclass(message, Command)
        result = self._result(it, hints, reply, events=is_command)
        self.handlers[message] = Handler(
            message, reply, is_command, self._function(it, hints, result)
        )

    def _evolves(self, it: Declared) -> None:
        event, hints = self._consumes(it, (Event,), "an Event of this cell")
        if event in self.evolvers:
            raise DefinitionError(
                f"{event.__name__} has two evolvers", where=it.where, mend="delete one"
            )
        rest = list(hints.items())[1:]
        out = hints.get("return", inspect.Parameter.empty)
        if [a for n, a in rest if n != "return"] != [self.cell.state]:
            raise DefinitionError(
                f"{it.function.__name__} must take its event and the state, and nothing else",
                where=it.where,
                mend=f"annotate the second parameter as {_spell(self.cell.state)}",
            )
        if out not in (type(None), None, self.cell.state):
            raise DefinitionError(
                f"{it.function.__name__} must return None or the next state",
                where=it.where,
                mend=f"annotate it -> None (and change the state in place) or -> {_spell(self.cell.state)}",
            )
        if inspect.iscoroutinefunction(it.function):
            raise DefinitionError(
                f"{it.function.__name__} cannot be async: it only applies what happened",
                where=it.where,
                mend="def",
            )
        self.evolvers[event] = Evolver(
            event, it.function, out == self.cell.state and out is not type(None)
        )

    def _reacts(self, it: Declared) -> None:
        event, hints = self._consumes(it, (Event,), "an Event of another cell", own=False)
        if event in self.reactions:
            raise DefinitionError(
                f"{event.__name__} has two reactions", where=it.where, mend="make them one"
            )
        source = getattr(sys.modules[event.__module__], "cell", None)
        if not isinstance(source, Cell):
            raise DefinitionError(
                f"{event.__name__} belongs to no cell",
                where=it.where,
                mend="react to a cell's event",
            )
        result = self._result(it, hints, type(None), events=True)
        self.reactions[event] = Reaction(event, source.name, self._function(it, hints, result))

    def _every(self, it: Declared) -> None:
        period: timedelta = it.options["period"]
        if period <= timedelta(0):
            raise DefinitionError(
                "a timer needs a period above zero", where=it.where, mend="timedelta(hours=1)"
            )
        hints = self._hints(it)
        if next(iter(hints.values()), None) is not Tick:
            raise DefinitionError(
                f"{it.function.__name__} is called by the clock",
                where=it.where,
                mend="annotate its first parameter as Tick",
            )
        self._timer(it, hints, Tick)

    def _after(self, it: Declared) -> None:
        event, hints = self._consumes(it, (Event,), "an Event of this cell")
        self._timer(it, hints, event)

    def _timer(self, it: Declared, hints: dict[str, Any], event: type[Event]) -> None:
        name = it.function.__name__
        if name in self.timers:
            raise DefinitionError(
                f"two timers are called {name}", where=it.where, mend="rename one"
            )
        result = self._result(it, hints, type(None), events=True)
        function = self._function(it, hints, result)
        self.timers[name] = Timer(
            name, event, it.options.get("period"), it.options.get("delay"), function
        )

    def _upcasts(self, it: Declared) -> None:
        self.upcasts[it.options["event"], it.options["version"]] = it.function

    def _scenario(self, it: Declared) -> None:
        if len(inspect.signature(it.function).parameters) != 1:
            raise DefinitionError(
                f"{it.function.__name__} must take one parameter",
                where=it.where,
                mend="(lab: World) -> None",
            )
        self.scenarios.append(it)

    # -- reading one function --------------------------------------------------------------------------

    def _hints(self, it: Declared) -> dict[str, Any]:
        try:
            hints = get_type_hints(it.function, include_extras=True)
        except (NameError, TypeError, AttributeError) as why:
            raise DefinitionError(
                f"an annotation of {it.function.__name__} cannot be read: {why}",
                where=it.where,
                mend="import or define it",
            ) from why
        for name, parameter in inspect.signature(it.function).parameters.items():
            if name not in hints:
                raise DefinitionError(
                    f"parameter {name} of {it.function.__name__} has no annotation",
                    where=it.where,
                    mend="annotate it: with a message, the state, or a port",
                )
            if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
                raise DefinitionError(
                    f"parameter {name} of {it.function.__name__} cannot be passed by name",
                    where=it.where,
                    mend="no *, ** or /",
                )
        return hints

    def _consumes(
        self, it: Declared, kinds: tuple[type, ...], what: str, *, own: bool = True
    ) -> tuple[Any, dict[str, Any]]:
        hints = self._hints(it)
        first = next((a for n, a in hints.items() if n != "return"), None)
        is_kind = isinstance(first, type) and issubclass(first, kinds)
        if not is_kind or (first.__module__ == self.cell.module) is not own:
            raise DefinitionError(
                f"{it.function.__name__} consumes {_spell(first)}",
                where=it.where,
                mend=f"its first parameter must be {what}",
            )
        return first, hints

    def _result(self, it: Declared, hints: dict[str, Any], reply: Any, *, events: bool) -> Result:
        if "return" not in hints:
            raise DefinitionError(
                f"{it.function.__name__} does not say what it returns",
                where=it.where,
                mend="annotate its result",
            )
        try:
            result = result_of(hints["return"], reply, events=events)
        except ResultFault as why:
            raise DefinitionError(
                f"{it.function.__name__} {why}", where=it.where, mend=why.mend
            ) from None
        for event in result.events:
            if event.__module__ != self.cell.module:
                raise DefinitionError(
                    f"{it.function.__name__} emits {event.__name__}, which is another cell's",
                    where=it.where,
                    mend="emit an event of this cell, or send a command to the other",
                )
            self.emitted.setdefault(event, it.where)
        return result

    def _function(self, it: Declared, hints: dict[str, Any], result: Result) -> Function:
        is_async = inspect.iscoroutinefunction(it.function)
        rest = list(inspect.signature(it.function).parameters)[1:]
        arguments = tuple((name, self._argument(it, name, hints[name], is_async)) for name in rest)
        return Function(it.function.__name__, it.function, is_async, arguments, result, it.where)

    def _argument(self, it: Declared, name: str, annotation: Any, is_async: bool) -> Port | None:
        if annotation == self.cell.state:
            return None
        port = PORTS.get(annotation) if annotation.__hash__ else None
        if port is None:
            known = ", ".join(p.name for p in PORTS.values())
            raise DefinitionError(
                f"parameter {name} of {it.function.__name__} asks for an unknown port {_spell(annotation)}",
                where=it.where,
                mend=f"the state is {_spell(self.cell.state)}; the ports are {known}",
            )
        if port.awaited and not is_async:
            raise DefinitionError(
                f"{it.function.__name__} waits for {port.name} and must be async",
                where=it.where,
                mend="async def",
            )
        return port


def _cell_variable(cell: Cell) -> str:
    names = (name for name, thing in vars(sys.modules[cell.module]).items() if thing is cell)
    return next(names, "cell")


def _line_of(word: type, field: str = "") -> str:
    """file:line of a class, or of one of its fields."""
    file = inspect.getsourcefile(word) or "?"
    try:
        lines, start = inspect.getsourcelines(word)
    except OSError:
        return file
    inside = (i for i, line in enumerate(lines) if field and line.strip().startswith(f"{field}:"))
    return f"{file}:{start + next(inside, 0)}"


def _spell(annotation: Any) -> str:
    if isinstance(annotation, type) and get_origin(annotation) is None:
        return annotation.__name__
    return str(annotation).replace("typing.", "")
