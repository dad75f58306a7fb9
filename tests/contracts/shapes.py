"""Generated types with values that fit them, and values that nearly do."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from types import GenericAlias
from typing import Annotated, Any, Literal, NamedTuple, NewType, Optional
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import strategies as st
from msgspec import Meta

from monocyte.contracts import Map, Value

Id = NewType("Id", int)


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"
    CRIMSON = "red"  # noqa: PIE796 (an alias of RED)


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Mood(enum.StrEnum):
    CALM = "calm"


class Loud(str):
    """A string that is not quite one."""

    __slots__ = ()


class Big(int):
    """An integer that is not quite one."""

    __slots__ = ()


class Pair(NamedTuple):
    x: int
    y: int


class Point(Value):
    x: int
    y: float = 0.0


class Shifted(Point):
    """A Point and, as far as a wire can tell, nothing but a Point."""


class Tree(Value):
    name: str
    children: tuple[Tree, ...] = ()
    parent: Tree | None = None


class Shape(NamedTuple):
    """A type, and a strategy for the values that fit it."""

    annotation: Any
    values: st.SearchStrategy[Any]


BERLIN = ZoneInfo("Europe/Berlin")
aware = st.datetimes(timezones=st.just(UTC))
texts = st.text(st.characters(exclude_categories=["Cs"]))
sixty_four_bits = st.integers(-(2**63), 2**64 - 1)
numbers = st.floats(allow_nan=False, allow_infinity=False)
trees = st.recursive(
    st.builds(Tree, texts),
    lambda inner: st.builds(Tree, texts, st.lists(inner, max_size=3).map(tuple), inner),
    max_leaves=6,
)

LEAVES = [
    Shape(bool, st.booleans()),
    Shape(int, sixty_four_bits),
    Shape(Id, sixty_four_bits),
    Shape(float, numbers),
    Shape(str, texts),
    Shape(bytes, st.binary()),
    Shape(None, st.none()),
    Shape(datetime, st.datetimes() | aware),
    Shape(date, st.dates()),
    Shape(time, st.times()),
    Shape(timedelta, st.timedeltas()),
    Shape(Decimal, st.decimals(allow_nan=False, allow_infinity=False)),
    Shape(UUID, st.uuids()),
    Shape(Colour, st.sampled_from(Colour)),
    Shape(Level, st.sampled_from(Level)),
    Shape(Mood, st.sampled_from(Mood)),
    Shape(Point, st.builds(Point, sixty_four_bits, numbers)),
    Shape(Tree, trees),
    Shape(Literal["a", 1] | None, st.sampled_from(["a", 1, None])),
    Shape(int | str | None, sixty_four_bits | texts | st.none()),
    Shape(float | int, numbers | sixty_four_bits),
    Shape(Annotated[int, Meta(ge=0, lt=10)], st.integers(0, 9)),
    Shape(Annotated[int, Meta(multiple_of=7)], st.integers(0, 9).map(lambda n: 7 * n)),
    Shape(Annotated[int, Meta(gt=0)] | None, st.none() | st.integers(1, 99)),
    Shape(Annotated[float, Meta(gt=0.5, le=2.5)], st.floats(0.5, 2.5, exclude_min=True)),
    Shape(Annotated[str, Meta(pattern="^[a-z]+$")], st.from_regex("[a-z]+", fullmatch=True)),
    Shape(Annotated[str, Meta(max_length=3)], st.text("abcé", max_size=3)),
    Shape(Annotated[tuple[int, ...], Meta(min_length=1)], st.tuples(sixty_four_bits)),
    Shape(Annotated[datetime, Meta(tz=True)], aware),
]

KEYS = [Shape(str, texts), Shape(int, sixty_four_bits), Shape(Level, st.sampled_from(Level))]


def _tuples(items: list[Shape]) -> Shape:
    return Shape(tuple[tuple(s.annotation for s in items)], st.tuples(*(s.values for s in items)))  # type: ignore[misc]


def _record(items: list[Shape]) -> Shape:
    fields = [(f"f{i}", shape.annotation) for i, shape in enumerate(items)]
    cls: Any = msgspec.defstruct("Record", fields, bases=(Value,), frozen=True)
    return Shape(cls, st.builds(cls, *(shape.values for shape in items)))


def _composed(inner: st.SearchStrategy[Shape]) -> st.SearchStrategy[Shape]:
    def of(shape: Shape) -> Iterable[Shape]:
        annotation: Any = shape.annotation
        values = shape.values
        yield Shape(GenericAlias(tuple, (annotation, ...)), st.lists(values, max_size=4).map(tuple))
        yield Shape(Optional[annotation], values | st.none())  # noqa: UP045
        yield Shape(GenericAlias(frozenset, (annotation,)), st.frozensets(values, max_size=3))
        for key in KEYS:
            maps = st.dictionaries(key.values, values, max_size=3).map(Map)
            yield Shape(GenericAlias(Map, (key.annotation, annotation)), maps)

    rows = st.lists(inner, max_size=4)
    one = inner.flatmap(lambda shape: st.sampled_from(list(of(shape))))
    return one | rows.map(_tuples) | rows.map(_record)


shapes = st.recursive(st.sampled_from(LEAVES), _composed, max_leaves=8)

ODDITIES: list[Any] = [
    *(True, 1, 1.0, -0.0, float("nan"), float("inf"), -(2**63) - 1, 2**63, 2**64, 10**400),
    *("", "a", "é", "\ud800", "\x00", "x" * 20_000, Loud("a"), Mood.CALM, "red", "calm"),
    *(b"", bytearray(b"a"), memoryview(b"a"), b"x" * 20_000, None, [], [1], {}, {1: 2}, set()),
    *((), (1,), (1, 2), Pair(1, 2), ((),), (1,) * 100, frozenset(), frozenset({1}), Map({"a": 1})),
    *(Colour.RED, Level.LOW, Big(5), 1, Decimal("NaN"), Decimal("1.50"), Point(1), Shifted(1)),
    *(datetime.max, datetime.min, datetime.max.replace(tzinfo=UTC)),  # noqa: DTZ901
    *(datetime(2026, 1, 1, tzinfo=UTC, fold=1), datetime(2026, 1, 1, fold=1)),  # noqa: DTZ001
    datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN),
    datetime(2026, 7, 1, tzinfo=timezone(timedelta(hours=-9, minutes=-30))),
    *(date.max, date.min, time.max, time(1, fold=1), time(1, tzinfo=UTC)),
    *(timedelta.max, timedelta.min, timedelta(microseconds=-1), timedelta(days=-1, microseconds=1)),
    *(Point(True), Point("1"), Point(1, 2), Point(1, float("nan")), Tree("a", [Tree("b")])),  # type: ignore[arg-type]
    *(object(), int, len, ..., NotImplemented),
]
"""Values that are not quite what they seem."""

odd = st.sampled_from(ODDITIES)
