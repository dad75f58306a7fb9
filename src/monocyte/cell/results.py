"""How the annotation of a result says what a function answers and which events it emits.

| annotated as                     | answers      | emits                         |
|----------------------------------|--------------|-------------------------------|
| `-> E`, E an event               | E, or None*  | E                             |
| `-> E | None`                    | the same     | E, if it is one               |
| `-> tuple[R, E1, E2 \\| E3]`      | the first    | the others                    |
| `-> tuple[R, *tuple[E, ...]]`    | the first    | the others                    |
| `-> tuple[E, ...]`               | all, or None*| all                           |
| `-> R`                           | R            | nothing                       |

* None when the message is answered with None, and for reactions and timers.
"""

from __future__ import annotations

import types
from enum import Enum
from typing import Any, NamedTuple, Union, Unpack, get_args, get_origin

from monocyte.contracts import Event

__all__ = ["Result", "ResultFault", "Shape", "result_of"]


class Shape(Enum):
    """What a function returns: one thing, a reply and then events, or events."""

    ONE = "one"
    REPLY_THEN_EVENTS = "reply, *events"
    EVENTS = "*events"


class Result(NamedTuple):
    """What a function answers and emits; `answers` is false when the reply is always None."""

    shape: Shape
    answers: bool
    events: tuple[type[Event], ...]


class ResultFault(Exception):
    """The annotation does not fit what the message is answered with."""

    def __init__(self, message: str, mend: str) -> None:
        super().__init__(message)
        self.mend = mend


def result_of(annotation: Any, reply: Any, *, events: bool) -> Result:
    """Read the annotation of a result.

    `reply` is what the message is answered with (`type(None)` for nothing); `events` says whether
    the function may emit any: a query's may not.

    Raises:
        ResultFault: the annotation does not fit.
    """
    annotation = type(None) if annotation is None else annotation
    if not events and annotation == reply:
        return Result(Shape.ONE, True, ())  # a query may answer with events of the past
    result = _read(annotation, reply)
    if result is None:
        wanted = "None" if reply is type(None) else _spell(reply)
        forms = f"-> {wanted}" + (", -> Event, or -> tuple[reply, *events]" if events else "")
        raise ResultFault(f"returns {_spell(annotation)}, but is to answer {wanted}", forms)
    if result.events and not events:
        raise ResultFault("answers a query and cannot emit events", "make the message a Command")
    return result


def _read(annotation: Any, reply: Any) -> Result | None:
    answers = reply is not type(None)
    members, wanted = _members(annotation), _members(reply)
    if get_origin(annotation) is tuple and (several := _read_tuple(annotation, reply)):
        return several
    found = tuple(m for m in members if _is_event(m))
    if set(members) <= set(wanted):
        return Result(Shape.ONE, answers, found)
    if not answers and all(_is_event(m) or m is type(None) for m in members):
        return Result(Shape.ONE, False, found)
    return None


def _read_tuple(annotation: Any, reply: Any) -> Result | None:
    args = get_args(annotation)
    everything = _events_of(args)
    if everything and (annotation == reply or reply is type(None)):
        return Result(Shape.EVENTS, reply is not type(None), everything)
    if len(args) > 1 and args[0] == reply and (rest := _events_of(args[1:])):
        return Result(Shape.REPLY_THEN_EVENTS, True, rest)
    return None


def _events_of(args: tuple[Any, ...]) -> tuple[type[Event], ...]:
    """The events among the arguments of a tuple, or nothing if there is anything else."""
    found: list[type[Event]] = []
    for arg in args:
        if arg is Ellipsis:
            continue
        inner = _unpacked(arg)
        members = inner if inner is not None else _members(arg)
        if not members or not all(_is_event(m) for m in members):
            return ()
        found += members
    return tuple(dict.fromkeys(found))


def _unpacked(arg: Any) -> tuple[Any, ...] | None:
    if get_origin(arg) is Unpack:
        (arg,) = get_args(arg)
    elif not getattr(arg, "__unpacked__", False):
        return None
    return _events_of(get_args(arg))


def _members(annotation: Any) -> tuple[Any, ...]:
    if get_origin(annotation) in (Union, types.UnionType):
        return get_args(annotation)
    return (annotation,)


def _is_event(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Event)


def _spell(annotation: Any) -> str:
    if isinstance(annotation, type) and get_origin(annotation) is None:
        return annotation.__name__
    return str(annotation).replace("typing.", "")
