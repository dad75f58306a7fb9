r"""How the annotation of a result says what a function answers and which events it emits.

| annotated as                     | answers       | emits                                   |
|----------------------------------|---------------|-----------------------------------------|
| `-> E`, E an event               | E, or None*   | E                                       |
| `-> E \| None`                   | the same      | E, if it is one                         |
| `-> tuple[R, E1, E2 \| E3]`      | the first     | the others                              |
| `-> tuple[R, *tuple[E, ...]]`    | the first     | the others                              |
| `-> tuple[E, ...]`               | all, or None* | all                                     |
| `-> R`                           | R             | nothing; a query never emits, even if R |
|                                  |               | is made of events of the past           |

* None when the message is answered with None, and for reactions and timers.

Constraints (`Annotated[int, Meta(ge=0)]`) belong to the message; a result may repeat them or not.
"""

from __future__ import annotations

import types
from enum import Enum
from typing import Any, NamedTuple, Unpack, get_args, get_origin, get_type_hints

from monocyte.contracts import Event
from monocyte.contracts.annotations import spell, union_members

__all__ = ["NOTHING", "Result", "ResultFault", "Shape", "result_of"]


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


NOTHING = Result(Shape.ONE, answers=False, events=())
"""What `-> None` means where nobody waits for an answer."""


class ResultFault(Exception):
    """The annotation does not fit what the message is answered with."""

    def __init__(self, message: str, mend: str) -> None:
        super().__init__(message)
        self.mend = mend


def result_of(annotation: Any, reply: Any, *, events: bool) -> Result:
    """Read the annotation of a result.

    `reply` is what the message is answered with (`None` for nothing); `events` says whether the
    function may emit any: a query's may not.

    Raises:
        ResultFault: the annotation does not fit.

    >>> result_of(int, int, events=True)
    Result(shape=<Shape.ONE: 'one'>, answers=True, events=())
    """
    annotation, reply = _plain(annotation), _plain(reply)
    if not events and _fits(annotation, reply):
        return Result(Shape.ONE, reply is not type(None), ())
    result = _read(annotation, reply)
    if result is None:
        wanted = spell(reply)
        forms = f"-> {wanted}" + (", -> Event, or -> tuple[reply, *events]" if events else "")
        raise ResultFault(f"returns {spell(annotation)}, but is to answer {wanted}", forms)
    if not events:
        raise ResultFault("answers a query and cannot emit events", "make the message a Command")
    _refuse_unmade(annotation, result)
    return result


def _read(annotation: Any, reply: Any) -> Result | None:
    answers = reply is not type(None)
    members = _members(annotation)
    if (several := _read_tuple(annotation, reply)) is not None:
        return several
    found = tuple(member for member in members if _is_event(member))
    if _fits(annotation, reply):
        hidden = any(_all_events(member) for member in members)
        return None if hidden else Result(Shape.ONE, answers, found)
    if not answers and set(members) <= {*found, type(None)}:
        return Result(Shape.ONE, False, found)
    return None


def _read_tuple(annotation: Any, reply: Any) -> Result | None:
    args = get_args(annotation)
    if get_origin(annotation) is not tuple or not args:
        return None
    answers = reply is not type(None)
    everything = _all_events(annotation)
    if everything and (annotation == reply or not answers):
        return Result(Shape.EVENTS, answers, everything)
    if answers and _fits(args[0], reply) and (rest := _events_of(args[1:])):
        return Result(Shape.REPLY_THEN_EVENTS, True, rest)
    return None


def _refuse_unmade(annotation: Any, result: Result) -> None:
    """An event that is answered but not emitted would be told and never happen."""
    if result.shape is Shape.REPLY_THEN_EVENTS:
        for member in _members(get_args(annotation)[0]):
            if _is_event(member) and member not in result.events:
                name = spell(member)
                raise ResultFault(
                    f"answers {name} without emitting it",
                    f"-> tuple[{name}, {name}, ...]: first the reply, then every event",
                )


def _all_events(annotation: Any) -> tuple[type[Event], ...]:
    """The events that a tuple is made of, or nothing if it is no tuple or holds anything else."""
    return _events_of(get_args(annotation)) if get_origin(annotation) is tuple else ()


def _events_of(args: tuple[Any, ...]) -> tuple[type[Event], ...]:
    """The events among the arguments of a tuple, or nothing if there is anything else."""
    found: list[type[Event]] = []
    for arg in args:
        if arg is Ellipsis:
            continue
        inner = _unpacked(arg)
        members = inner if inner is not None else _members(arg)
        if not members or not all(_is_event(member) for member in members):
            return ()
        found += members
    return tuple(dict.fromkeys(found))


def _unpacked(arg: Any) -> tuple[Any, ...] | None:
    """The events of `*tuple[E, ...]`; None if it is not unpacked at all."""
    if get_origin(arg) is Unpack:
        (arg,) = get_args(arg)
    elif not getattr(arg, "__unpacked__", False):
        return None
    return _all_events(arg)


def _fits(annotation: Any, reply: Any) -> bool:
    return set(_members(annotation)) <= set(_members(reply))


def _members(annotation: Any) -> tuple[Any, ...]:
    members = union_members(annotation) or (annotation,)
    return tuple(types.NoneType if member is None else member for member in members)


def _is_event(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Event)


def _plain(annotation: Any) -> Any:
    """The annotation without `Annotated`, at any depth; None as its type."""
    holder = types.SimpleNamespace(__annotations__={"it": annotation})
    return get_type_hints(holder)["it"]
