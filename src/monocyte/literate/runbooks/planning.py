"""Draws the steps of a runbook, one at a time, and holds each against the app.

A runbook may only ask: what it is handed can do nothing else. Whatever it yields is turned into
data at once, so that what is shown, sent, written down and taken back is one and the same.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Mapping
from contextlib import suppress
from difflib import get_close_matches
from itertools import count
from traceback import walk_tb
from types import GeneratorType
from typing import Any, NamedTuple, NoReturn

from monocyte.cell import Manifest
from monocyte.cell.evidence import Runbook
from monocyte.cell.manifest import Handler
from monocyte.contracts import Command, Query
from monocyte.contracts.codec import decode_json, encode_json
from monocyte.errors import BusError, DefinitionError, MonocyteError
from monocyte.literate.runbooks.logbook import Planned, Said
from monocyte.testing.steps import Check, Operator, Step

__all__ = ["Asker", "Procedure", "Words", "steps_of"]

MOST_STEPS = 1_000
"""A runbook with more steps than this never ends."""

MOST_ASKS = 10_000
"""A runbook that asks more often than this, all in all, never ends."""


class Words:
    """The commands and queries that an app answers, by `cell.Name` and by type."""

    def __init__(self, manifests: Iterable[Manifest]) -> None:
        self._handlers: dict[str, Handler] = {}
        self._addresses: dict[type, str] = {}
        for manifest in manifests:
            for message, handler in manifest.handlers.items():
                address = f"{manifest.name}.{message.__name__}"
                self._handlers[address] = handler
                self._addresses[message] = address

    def address(self, message: Any) -> str | None:
        """What a message is called, or None if nobody in the app answers it."""
        return self._addresses.get(type(message))

    def said(self, message: Any) -> Said:
        """A message of the app as data.

        Raises:
            BusError: it is not what its type says.
            KeyError: nobody in the app answers it.
        """
        said = Said(self._addresses[type(message)], json.loads(encode_json(message)))
        self.message(said)
        return said

    def message(self, said: Said, where: str = "") -> Any:
        """The message that data describe.

        Raises:
            DefinitionError: nobody in the app answers it any more.
            Invalid: it is not what its type says, perhaps no longer.
        """
        return decode_json(self._handler(said, where).message, _json(said.fields))

    def reply(self, query: Said, wanted: Any) -> Any:
        """The reply to a query that data describe.

        Raises:
            Invalid: the query is never answered so.
        """
        return decode_json(self._handler(query, "").reply, _json(wanted))

    def _handler(self, said: Said, where: str) -> Handler:
        if (handler := self._handlers.get(said.message)) is None:
            raise DefinitionError(
                f"nobody in this app answers {said.message} (any more)",
                where=where,
                mend=_suggest(said.message, self._handlers),
            )
        return handler


def _json(fields: Any) -> bytes:
    return json.dumps(fields).encode()


def _suggest(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, list(known), n=1)
    return f"did you mean {close[0]}?" if close else "is its cell loaded? see: monocyte cells"


class Procedure(NamedTuple):
    """A runbook with all that it takes to work through it."""

    manifest: Manifest
    runbook: Runbook
    words: Words
    arguments: Mapping[str, Any]

    @property
    def name(self) -> str:
        """`cell.runbook`."""
        return f"{self.manifest.name}.{self.runbook.name}"

    def view(self, operator: Operator) -> Any:
        """What its `keeps` shows, if it has one.

        Raises:
            DefinitionError: it fails; `where` is the line.
            BusError: a query that it asks does.
        """
        if (keeps := self.runbook.keeps) is None:
            return None
        try:
            return keeps(Asker(operator), **self.arguments)
        except MonocyteError:
            raise
        except Exception as why:  # a supervision edge: the author's code
            raise raised(self, f"keeps={keeps.__name__}", why) from why


class Asker:
    """What a runbook is handed: somebody who asks, and does nothing else."""

    __slots__ = ("_asks", "_operator")

    def __init__(self, operator: Operator) -> None:
        self._operator = operator
        self._asks = count(1)

    @property
    def name(self) -> str:
        """The name of the principal."""
        return self._operator.name

    def ask(self, query: Any) -> Any:
        """Ask a query and wait for its answer.

        Raises:
            BusError: however it ends otherwise.
            DefinitionError: it is no query, or one too many.
        """
        if not isinstance(query, Query):
            raise DefinitionError(
                f"a runbook asks queries, and {type(query).__name__} is none",
                mend="yield a Step with do=[…]: what a runbook changes, it changes by its steps",
            )
        if next(self._asks) > MOST_ASKS:
            raise DefinitionError(
                f"the runbook has asked {MOST_ASKS:,} queries, and never ends",
                mend="let its loop end",
            )
        return self._operator.ask(query)


def steps_of(procedure: Procedure, operator: Operator) -> Generator[Planned, None, None]:
    """The steps, drawn one at a time: each is planned from what the app answers at that moment.

    Raises:
        DefinitionError: the runbook raises, never ends, or yields what is no step of this app;
            `where` is the line.
        BusError: a query that it asks fails.
    """
    drawn = _begin(procedure, operator)
    try:
        for number in count(1):
            try:
                step = next(drawn)
            except StopIteration:
                return
            except BusError:
                raise
            except Exception as why:  # a supervision edge: the author's code
                raise raised(procedure, procedure.runbook.name, why) from why
            where = _standing(drawn, procedure)
            if number > MOST_STEPS:
                _refuse(f"the runbook has {MOST_STEPS:,} steps, and never ends", where, "let it")
            yield _vetted(step, where, procedure.words)
    finally:
        with suppress(Exception):  # the author's code may even refuse to be closed
            drawn.close()


def _begin(procedure: Procedure, operator: Operator) -> Generator[Any, Any, Any]:
    try:
        drawn = procedure.runbook.function(Asker(operator), **procedure.arguments)
    except TypeError as why:
        mend = f"it takes {', '.join(procedure.runbook.parameters) or 'no arguments'}"
        raise DefinitionError(str(why), where=procedure.runbook.where, mend=mend) from why
    if not isinstance(drawn, GeneratorType):
        _refuse("the runbook yields no steps", procedure.runbook.where, "yield Step(…)")
    return drawn


def raised(procedure: Procedure, what: str, why: Exception) -> DefinitionError:
    """The author's code has raised: which line of it, and what."""
    own = procedure.manifest.file
    lines = [n for frame, n in walk_tb(why.__traceback__) if frame.f_code.co_filename == own]
    where = f"{own}:{lines[-1]}" if lines else procedure.runbook.where
    if isinstance(why, DefinitionError):
        return DefinitionError(why.message, where=why.where or where, mend=why.mend)
    said = f"{type(why).__name__}: {why}" if str(why) else type(why).__name__
    mend = "between two steps a runbook only asks, and computes; nothing of this step was sent"
    return DefinitionError(f"{what} raises {said}", where=where, mend=mend)


def _standing(drawn: Any, procedure: Procedure) -> str:
    """file:line of the yield at which a runbook stands, in whichever generator it delegates to."""
    while isinstance(inner := drawn.gi_yieldfrom, GeneratorType):
        drawn = inner
    frame = drawn.gi_frame
    return f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame else procedure.runbook.where


# -- what may be yielded ---------------------------------------------------------------------------


def _vetted(step: Any, where: str, words: Words) -> Planned:
    """The step as data.

    Raises:
        DefinitionError: it is none, or names what is no message of this app.
    """
    if not isinstance(step, Step):
        _refuse(f"a {type(step).__name__} is no step", where, 'yield Step("what it achieves", …)')
    title: Any = step.title
    if not isinstance(title, str) or not title.strip():
        _refuse("a step has no title", where, "say in words what it achieves")
    check, wanted = _check(step, where, words)
    do = _commands("do", step.do, where, words)
    undo = _commands("undo", step.undo, where, words)
    return Planned(
        step=0, title=step.title, where=where, check=check, wanted=wanted, do=do, undo=undo
    )


def _check(step: Step, where: str, words: Words) -> tuple[Said | None, Any]:
    check: Any = step.check
    if check is None:
        return None, None
    if not isinstance(check, Check) or not isinstance(check.query, Query):
        _refuse("a check is a query and its reply", where, "check=answers(query, reply)")
    query = _said(check.query, where, words)
    try:
        wanted = json.loads(encode_json(check.reply))
        words.reply(query, wanted)
    except BusError as why:
        message = f"{query.message} is never answered so: {why.message}"
        raise DefinitionError(message, where=where, mend="see the type of its reply") from why
    return query, wanted


def _commands(field: str, given: Any, where: str, words: Words) -> tuple[Said, ...]:
    if isinstance(given, (Command, str)) or not isinstance(given, Iterable):
        _refuse(f"{field} of a step is a list of commands", where, f"{field}=[…]")
    commands = list(given)
    for command in commands:
        if not isinstance(command, Command):
            what = f"{field} of a step sends commands, and {type(command).__name__} is none"
            _refuse(what, where, "a query belongs into its check, an event to nobody")
    return tuple(_said(command, where, words) for command in commands)


def _said(message: Any, where: str, words: Words) -> Said:
    name = type(message).__name__
    if words.address(message) is None:
        _refuse(f"nobody in this app answers {name}", where, "import it from a cell of the app")
    try:
        return words.said(message)
    except BusError as why:
        raise DefinitionError(why.message, where=where, mend=f"see the fields of {name}") from why


def _refuse(message: str, where: str, mend: str) -> NoReturn:
    raise DefinitionError(message, where=where, mend=mend)
