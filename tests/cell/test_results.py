"""The annotation of a result, as a table: what is answered, what is emitted, what is refused."""

from collections.abc import Sequence
from typing import Annotated, Any, Optional, Union, Unpack

import pytest
from msgspec import Meta

from monocyte import Event, Value
from monocyte.cell.results import NOTHING, Result, ResultFault, Shape, result_of
from monocyte.contracts.annotations import spell


class A(Event):
    id: int


class B(Event):
    id: int


class C(Event):
    id: int


class Sum(Value):
    amount: int


ONE, THEN, EVENTS = Shape.ONE, Shape.REPLY_THEN_EVENTS, Shape.EVENTS
Positive = Annotated[int, Meta(ge=1)]

COMMANDS: list[tuple[Any, Any, Result]] = [
    # annotated as, answered with, what it means
    (None, None, NOTHING),
    (type(None), type(None), NOTHING),
    (A, A, Result(ONE, True, (A,))),
    (A, None, Result(ONE, False, (A,))),
    (A | None, A | None, Result(ONE, True, (A,))),
    (A | None, None, Result(ONE, False, (A,))),
    (A, A | None, Result(ONE, True, (A,))),
    (None, A | None, Result(ONE, True, ())),
    (A | B, None, Result(ONE, False, (A, B))),
    (A | B, A | B, Result(ONE, True, (A, B))),
    (B | A, A | B, Result(ONE, True, (B, A))),
    (Optional[A], A | None, Result(ONE, True, (A,))),  # noqa: UP045 (as older code has it)
    (Union[A, B, None], None, Result(ONE, False, (A, B))),  # noqa: UP007 (as older code has it)
    (int, int, Result(ONE, True, ())),
    (int, int | None, Result(ONE, True, ())),
    (int | A, int | A, Result(ONE, True, (A,))),
    (Sum, Sum, Result(ONE, True, ())),
    (tuple[Sum, ...], tuple[Sum, ...], Result(ONE, True, ())),
    (tuple[int, str], tuple[int, str], Result(ONE, True, ())),
    (tuple[int, A], tuple[int, A], Result(ONE, True, ())),
    (int, Positive, Result(ONE, True, ())),
    (Positive, int, Result(ONE, True, ())),
    (tuple[int, ...], tuple[Positive, ...], Result(ONE, True, ())),
    (tuple[int, A], int, Result(THEN, True, (A,))),
    (tuple[int, A, B], int, Result(THEN, True, (A, B))),
    (tuple[int, A | B], int, Result(THEN, True, (A, B))),
    (tuple[int, A | B, B | C], int, Result(THEN, True, (A, B, C))),
    (tuple[int, *tuple[A, ...]], int, Result(THEN, True, (A,))),
    (tuple[int, Unpack[tuple[A, ...]]], int, Result(THEN, True, (A,))),  # noqa: UP044 (older code)
    (tuple[int, A, *tuple[B | C, ...]], int, Result(THEN, True, (A, B, C))),
    (tuple[int, *tuple[A, ...]], Positive, Result(THEN, True, (A,))),
    (tuple[Sum | None, A], Sum | None, Result(THEN, True, (A,))),
    (tuple[Sum, A], Sum | None, Result(THEN, True, (A,))),
    (tuple[None, A], Sum | None, Result(THEN, True, (A,))),
    (tuple[tuple[int, ...], A], tuple[int, ...], Result(THEN, True, (A,))),
    (tuple[A, A, B], A, Result(THEN, True, (A, B))),
    (tuple[A, *tuple[A | B, ...]], A, Result(THEN, True, (A, B))),
    (tuple[A, ...], tuple[A, ...], Result(EVENTS, True, (A,))),
    (tuple[A | B, ...], tuple[A | B, ...], Result(EVENTS, True, (A, B))),
    (tuple[A, B], tuple[A, B], Result(EVENTS, True, (A, B))),
    (tuple[A, ...], None, Result(EVENTS, False, (A,))),
    (tuple[A, B], None, Result(EVENTS, False, (A, B))),
    (tuple[A, *tuple[B, ...]], None, Result(EVENTS, False, (A, B))),
]

QUERIES: list[tuple[Any, Any]] = [
    (int, int),
    (int, int | None),
    (int, Positive),
    (A, A),  # an event of the past is a value like another
    (A | None, A | None),
    (A, A | None),
    (tuple[A, ...], tuple[A, ...]),
    (tuple[int, A], tuple[int, A]),
]

REFUSED: list[tuple[Any, Any, bool, str, str]] = [
    # annotated as, answered with, may it emit, message, mend
    (int, str, True, "returns int, but is to answer str", "-> str, -> Event, or -> tuple["),
    (int, str, False, "returns int, but is to answer str", "-> str"),
    (int, None, True, "returns int, but is to answer None", "-> None, -> Event"),
    (int | None, int, True, "but is to answer int", "-> int"),
    (bool, int, True, "returns bool, but is to answer int", "-> int"),
    (None, int, True, "but is to answer int", "-> int"),
    (A, int, True, "returns A, but is to answer int", "tuple[reply, *events]"),
    (A, B, True, "returns A, but is to answer B", "-> B"),
    (tuple[int, int], int, True, "but is to answer int", "-> int"),
    (tuple[int, A | None], int, True, "but is to answer int", "tuple[reply, *events]"),
    (tuple[A, int], int, True, "but is to answer int", "tuple[reply, *events]"),
    (tuple[A, ...], A, True, "but is to answer A", "-> A"),
    (tuple[str, A], int, True, "but is to answer int", "-> int"),
    (tuple[None, A], None, True, "but is to answer None", "-> None"),
    (tuple[A | None, ...], None, True, "but is to answer None", "-> None"),
    (tuple[A, ...] | None, None, True, "but is to answer None", "-> None"),
    (tuple[A, ...] | None, tuple[A, ...] | None, True, "but is to answer", "-> Event"),
    (tuple, None, True, "but is to answer None", "-> None"),
    (tuple[()], None, True, "but is to answer None", "-> None"),
    (list[A], None, True, "but is to answer None", "-> None"),
    (tuple[A, B], A, True, "answers A without emitting it", "-> tuple[A, A, ...]"),
    (tuple[A | B, B], A | B, True, "answers A without emitting it", "-> tuple[A, A, ...]"),
    (tuple[int, A], int, False, "answers a query and cannot emit", "make the message a Command"),
    (A | None, None, False, "answers a query and cannot emit", "make the message a Command"),
]


def named(table: Sequence[tuple[Any, ...]]) -> list[str]:
    """An id for each row, by what is annotated and what is to be answered."""
    return [f"{i} {spell(row[0])} for {spell(row[1])}" for i, row in enumerate(table)]


@pytest.mark.parametrize(("annotation", "reply", "result"), COMMANDS, ids=named(COMMANDS))
def test_commands_reactions_timers(annotation: Any, reply: Any, result: Result) -> None:
    """What may emit answers and emits as its annotation says."""
    assert result_of(annotation, reply, events=True) == result


@pytest.mark.parametrize(("annotation", "reply"), QUERIES, ids=named(QUERIES))
def test_queries_emit_nothing(annotation: Any, reply: Any) -> None:
    """A query answers, with events of the past if it likes, and emits nothing."""
    assert result_of(annotation, reply, events=False) == Result(ONE, True, ())


@pytest.mark.parametrize(
    ("annotation", "reply", "events", "message", "mend"), REFUSED, ids=named(REFUSED)
)
def test_what_does_not_fit_is_refused(
    annotation: Any, reply: Any, events: bool, message: str, mend: str
) -> None:
    """An annotation that does not fit the message says what would."""
    with pytest.raises(ResultFault) as why:
        result_of(annotation, reply, events=events)
    assert message in str(why.value)
    assert mend in why.value.mend
