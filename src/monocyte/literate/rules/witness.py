"""What rules are asked while scenarios are played: at which place, whether held, and by whom.

Only what a cell asks while it decides counts: a scenario that calls a rule, or a private function,
proves nothing about the cell. A `require` says itself that it was held. A `refuse` that is not
reached says nothing, so what a cell with guards decides is traced, and nothing else, since tracing
costs: whoever gets past its guard was not refused. Where somebody else traces (a debugger,
coverage), that cannot be seen: then `blind` is so.
"""

from __future__ import annotations

import dis
import sys
from collections.abc import Awaitable, Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial, wraps
from types import CodeType, FrameType
from typing import Any, NamedTuple

from monocyte.cell import Function, Manifest, Rule
from monocyte.literate.rules.sites import Place, Reading, Site, read_sites

__all__ = ["Asked", "Witnessed", "watching"]

ENGINE = "monocyte.engine"
"""Who calls the functions of a cell when it decides."""

RETURNS = frozenset(dis.opmap.get(name) for name in ("RETURN_VALUE", "RETURN_CONST"))
PAUSES = frozenset(dis.opmap.get(name) for name in ("YIELD_VALUE", "RETURN_GENERATOR", "RESUME"))
"""Where a frame stands when it gives way; since Python 3.13 it is where it will go on."""

ITERATION = (StopIteration, StopAsyncIteration)
"""What passes through a frame when an `await` or a loop ends well."""


Tracing = Callable[[], AbstractContextManager[None]]


class Asked(NamedTuple):
    """A rule that was asked at a place of a file, and its answer."""

    rule: str
    method: str
    file: str
    function: str
    line: int
    end: Place
    held: bool


class Witnessed:
    """What was seen so far. What goes on inside `by(name)` was seen by that scenario."""

    def __init__(self, manifests: Iterable[Manifest]) -> None:
        manifests = tuple(manifests)
        self.readings: dict[str, Reading] = {}
        self.blind = False
        self._files: dict[str, str] = {}
        for manifest in manifests:
            self.readings[manifest.name] = read_sites(manifest)
            self._files[manifest.name] = manifest.file
        self._guarded = [
            site for it in self.readings.values() for site in it.sites if site.guard is not None
        ]
        self._own_files = frozenset(self._files.values())
        self._name = ""
        self._raw: dict[tuple[int, int, str, str, bool], tuple[CodeType, dict[str, None]]] = {}
        self._passed: dict[Site, dict[str, None]] = {}
        self._guards: dict[int, tuple[CodeType, tuple[Site, ...]]] = {}
        self._open: dict[FrameType, _Passage] = {}
        guarded = {site.file for site in self._guarded}
        self.manifests = tuple(self._traced(it) if it.file in guarded else it for it in manifests)
        """The cells as they are to be run to be seen: what has guards is traced."""

    @contextmanager
    def by(self, name: str) -> Iterator[None]:
        """Whose doing it is, while inside: the name of a scenario."""
        before, self._name = self._name, name
        try:
            yield
        finally:
            self._name = before
            self._open.clear()

    @property
    def asked(self) -> dict[Asked, tuple[str, ...]]:
        """Everything that was asked, and by which scenarios."""
        found: dict[Asked, dict[str, None]] = {}
        for (_, offset, rule, method, held), (code, names) in self._raw.items():
            line, end = _position(code, offset)
            asked = Asked(rule, method, code.co_filename, _function(code), line, end, held)
            found.setdefault(asked, {}).update(names)
        for site, names in self._passed.items():
            asked = Asked(
                *(site.rule, site.method, site.file, site.function, site.line, site.end),
                held=True,
            )
            found.setdefault(asked, {}).update(names)
        return {asked: tuple(names) for asked, names in found.items()}

    # -- a rule that is asked ----------------------------------------------------------------------

    def ask(self, rule: Rule, held: bool, frame: FrameType) -> None:
        """A rule was asked by that frame; this is a `Rule.witness`."""
        place = _place(frame, self._files.get(rule.cell, ""))
        if place is None:
            return
        code, offset = place
        method = sys._getframe(1).f_code.co_name  # noqa: SLF001 (of the rule: who tells us)
        key = id(code), offset, rule.id, method, held
        _, names = self._raw.setdefault(key, (code, {}))
        names[self._name] = None

    # -- a guard that lets pass --------------------------------------------------------------------

    def _traced(self, manifest: Manifest) -> Manifest:
        """A cell whose functions are traced while they decide, and only then."""
        return manifest._replace(
            handlers={
                k: it._replace(function=self._seen(it.function))
                for k, it in manifest.handlers.items()
            },
            reactions={
                k: it._replace(function=self._seen(it.function))
                for k, it in manifest.reactions.items()
            },
            timers={
                k: it._replace(function=self._seen(it.function))
                for k, it in manifest.timers.items()
            },
        )

    def _seen(self, function: Function) -> Function:
        call = function.call

        @wraps(call)
        def decides(*values: Any, **named: Any) -> Any:
            with self._tracing():
                return call(*values, **named)

        @wraps(call)
        async def waits(*values: Any, **named: Any) -> Any:
            return await _Steps(call(*values, **named), self._tracing)

        return function._replace(call=waits if function.is_async else decides)

    @contextmanager
    def _tracing(self) -> Iterator[None]:
        if Rule.witness != self.ask or sys.gettrace() is not None:  # over, or somebody else traces
            self.blind = self.blind or Rule.witness == self.ask
            yield
            return
        sys.settrace(self._called)
        try:
            yield
        finally:
            sys.settrace(None)

    def _called(self, frame: FrameType, _event: str, _argument: object) -> Any:
        code = frame.f_code
        if code.co_filename not in self._own_files:
            return None
        known = self._guards.get(id(code))
        if known is None:  # the code is kept with what is known of it, so that its id stays its own
            known = self._guards[id(code)] = (code, self._sites_in(code))
        if not known[1]:
            return None
        if frame not in self._open and _place(frame, code.co_filename) is not None:
            self._open[frame] = _Passage(known[1])
        return self._goes_on

    def _goes_on(self, frame: FrameType, event: str, argument: Any) -> Any:
        passage = self._open.get(frame)
        if passage is None:
            return None
        if event == "line":
            self._pass(passage.on_line(frame.f_lineno))
        elif event == "exception" and not issubclass(argument[0], ITERATION):
            passage.raised()
        elif event == "return" and not _waits(frame):
            del self._open[frame]
            if frame.f_code.co_code[frame.f_lasti] in RETURNS:
                self._pass(passage.returned())
        return self._goes_on

    def _pass(self, sites: Iterable[Site]) -> None:
        for site in sites:
            self._passed.setdefault(site, {})[self._name] = None

    def _sites_in(self, code: CodeType) -> tuple[Site, ...]:
        """The guarded sites whose call is in this very code, and not in a function inside of it.

        By the line alone, if Python was told to forget the columns.
        """
        ends = {Place(end or 0, column or 0) for _, end, _, column in code.co_positions()}
        lines = set() if any(it.column for it in ends) else {it[2] for it in code.co_lines()}
        return tuple(
            it
            for it in self._guarded
            if it.file == code.co_filename and (it.end in ends or it.line in lines)
        )


class _Passage:
    """One run through a function with guards: at which of them it is."""

    def __init__(self, sites: tuple[Site, ...]) -> None:
        self.at = {site: site.guard for site in sites if site.guard and not site.guard.test}
        self.sites = sites

    def on_line(self, line: int) -> list[Site]:
        """Come to a line; the sites whose guards let pass."""
        passed = [
            site
            for site, guard in self.at.items()
            if guard.test and line not in guard.test and line not in guard.branch
        ]
        for site in passed:
            del self.at[site]
        for site in self.sites:
            if site.guard is not None and line in site.guard.test:
                self.at[site] = site.guard
        return passed

    def raised(self) -> None:
        """Something was raised in it: no guard has decided yet; an `except` does so later."""
        for site in [it for it, guard in self.at.items() if guard.test]:
            del self.at[site]

    def returned(self) -> list[Site]:
        """It came to its end; the sites whose guards let pass."""
        return list(self.at)


@contextmanager
def watching(manifests: Iterable[Manifest]) -> Iterator[Witnessed]:
    """Collect what the rules of these cells are asked, while inside."""
    witnessed, before = Witnessed(manifests), Rule.witness
    Rule.witness = witnessed.ask
    try:
        yield witnessed
    finally:
        Rule.witness = before


class _Steps:
    """Something awaited, traced in each of its steps, and not while others take theirs."""

    def __init__(self, awaited: Awaitable[Any], tracing: Tracing) -> None:
        self._awaited = awaited
        self._tracing = tracing

    def __await__(self) -> Generator[Any, Any, Any]:
        steps: Any = self._awaited.__await__()
        resume: Callable[[], Any] = partial(next, steps)
        while True:
            with self._tracing():
                try:
                    waits_for = resume()
                except StopIteration as done:
                    return done.value
            try:
                resume = partial(steps.send, (yield waits_for))
            except BaseException as why:  # noqa: BLE001 (whatever it is, it is for who is awaited)
                resume = partial(steps.throw, why)


# -- frames ----------------------------------------------------------------------------------------


def _place(frame: FrameType, file: str) -> tuple[CodeType, int] | None:
    """Where, in the cell's file, a frame was called from; None if no cell is deciding."""
    place: tuple[CodeType, int] | None = None
    step: FrameType | None = frame
    while step is not None:
        if place is None and step.f_code.co_filename == file:
            place = step.f_code, step.f_lasti
        if str(step.f_globals.get("__name__")).startswith(ENGINE):
            return place or (frame.f_code, frame.f_lasti)
        step = step.f_back
    return None


def _position(code: CodeType, offset: int) -> tuple[int, Place]:
    """The line on which an instruction starts, and where it ends."""
    positions = list(code.co_positions())
    line, last, _, column = positions[offset // 2]
    return line or code.co_firstlineno, Place(last or line or 0, column or 0)


def _function(code: CodeType) -> str:
    """The outermost function that a code belongs to."""
    return code.co_qualname.partition(".<locals>")[0]


def _waits(frame: FrameType) -> bool:
    """Whether a frame only gives way, and will go on."""
    return frame.f_code.co_code[frame.f_lasti] in PAUSES
