"""From a type and its constraints come values that keep to them, and that meet the constants."""

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import importlib
import random
from collections import abc
from typing import (
    Annotated,
    Any,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    Optional,
    Protocol,
    TypedDict,
    TypeVar,
)

import msgspec
import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st
from msgspec import Meta

from monocyte.contracts import Map
from monocyte.semdiff.mining import Mined
from monocyte.semdiff.recipes import build, render
from monocyte.semdiff.strategies import Strategies, Unsupported


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Point(NamedTuple):
    x: Annotated[int, Meta(ge=0, le=9)]
    y: int = 0


class Word(msgspec.Struct, frozen=True):
    text: Annotated[str, Meta(min_length=1, max_length=3)]
    colour: Colour
    next: "Word | None" = None


@dataclasses.dataclass
class Box:
    items: list[Annotated[int, Meta(gt=0, lt=4)]]


class Address(TypedDict):
    street: str
    zip: NotRequired[int]


class Plain:
    def __init__(self, n: Annotated[int, Meta(multiple_of=5)], *, flag: bool = False) -> None:
        self.n, self.flag = n, flag


class Shape(Protocol):
    def area(self) -> int: ...


Amount = NewType("Amount", int)
Whole = TypeVar("Whole", bound=int)


def _ints(values: abc.Iterable[Any], low: int, high: int) -> bool:
    return all(type(it) is int and low <= it <= high for it in values)


KEPT: dict[str, tuple[Any, abc.Callable[[Any], bool]]] = {
    "none": (None, lambda it: it is None),
    "bool": (bool, lambda it: type(it) is bool),
    "int": (int, lambda it: type(it) is int),
    "bounds": (Annotated[int, Meta(ge=3, le=5)], lambda it: 3 <= it <= 5),
    "open bounds": (Annotated[int, Meta(gt=3, lt=5)], lambda it: it == 4),
    "multiple": (
        Annotated[int, Meta(multiple_of=7, ge=1, le=30)],
        lambda it: it in (7, 14, 21, 28),
    ),
    "float": (Annotated[float, Meta(ge=0, le=1)], lambda it: 0 <= it <= 1),
    "above": (Annotated[float, Meta(gt=0)], lambda it: it > 0),
    "text": (Annotated[str, Meta(min_length=2, max_length=4)], lambda it: 2 <= len(it) <= 4),
    "pattern": (
        Annotated[str, Meta(pattern=r"\A[a-c]+\Z")],
        lambda it: set(it) <= set("abc") and it,
    ),
    "bytes": (Annotated[bytes, Meta(max_length=2)], lambda it: len(it) <= 2),
    "decimal": (decimal.Decimal, lambda it: isinstance(it, decimal.Decimal)),
    "aware": (Annotated[dt.datetime, Meta(tz=True)], lambda it: it.tzinfo is not None),
    "naive": (dt.datetime, lambda it: it.tzinfo is None),
    "date": (dt.date, lambda it: type(it) is dt.date),
    "span": (dt.timedelta, lambda it: isinstance(it, dt.timedelta)),
    "list": (list[Annotated[int, Meta(ge=0, le=2)]], lambda it: _ints(it, 0, 2)),
    "sized": (Annotated[list[int], Meta(min_length=2, max_length=3)], lambda it: 2 <= len(it) <= 3),
    "sequence": (abc.Sequence[str], lambda it: isinstance(it, list)),
    "tuple": (tuple[int, str], lambda it: type(it[0]) is int and type(it[1]) is str),
    "tuple of any length": (tuple[int, ...], lambda it: isinstance(it, tuple)),
    "set": (set[int], lambda it: isinstance(it, set)),
    "frozenset": (frozenset[str], lambda it: isinstance(it, frozenset)),
    "deque": (collections.deque[int], lambda it: isinstance(it, collections.deque)),
    "dict": (dict[str, bool], lambda it: all(type(v) is bool for v in it.values())),
    "counter": (collections.Counter[str], lambda it: isinstance(it, collections.Counter)),
    "map": (Map[str, int], lambda it: isinstance(it, Map)),
    "iterator": (abc.Iterator[int], lambda it: isinstance(it, abc.Iterator)),
    "union": (int | str, lambda it: type(it) in (int, str)),
    "optional": (Optional[int], lambda it: it is None or type(it) is int),  # noqa: UP045
    "literal": (Literal["a", 3], lambda it: it in ("a", 3)),
    "enumeration": (Colour, lambda it: isinstance(it, Colour)),
    "named tuple": (Point, lambda it: 0 <= it.x <= 9),
    "struct": (Word, lambda it: 1 <= len(it.text) <= 3 and isinstance(it.colour, Colour)),
    "dataclass": (Box, lambda it: _ints(it.items, 1, 3)),
    "typed dict": (Address, lambda it: {"street"} <= set(it) <= {"street", "zip"}),
    "class": (Plain, lambda it: it.n % 5 == 0),
    "callable": (abc.Callable[[int], bool], lambda it: type(it(1)) is bool),
    "new type": (Amount, lambda it: type(it) is int),
    "type variable": (Whole, lambda it: type(it) is int),
    "anything": (Any, lambda it: True),
}


def resolve(module: str, name: str) -> Any:
    """An object of an imported module."""
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found


@pytest.mark.parametrize("row", KEPT)
def test_values_keep_to_their_type(row: str) -> None:
    """Each row: an annotation, and what holds for every value made for it."""
    annotation, holds = KEPT[row]
    strategies = Strategies(Mined(), namespace=globals())
    made = strategies.of(annotation)

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def law(data: st.DataObject) -> None:
        strategies.begin()
        recipe = data.draw(made)
        assert holds(build(recipe, resolve)), recipe
        assert render(recipe)

    law()


@pytest.mark.parametrize("annotation", [Shape, memoryview, type(Ellipsis)])
def test_what_cannot_be_made_is_said(annotation: Any) -> None:
    """A protocol that nobody implements has no values; nor has a class that tells no signature."""
    with pytest.raises(Unsupported):
        Strategies(Mined()).of(annotation)


WANTED: dict[str, tuple[Mined, Any, abc.Callable[[Any], bool]]] = {
    "int": (Mined(ints=[987654321]), int, lambda it: it == 987654321),
    "float": (Mined(floats=[0.125]), float, lambda it: it == 0.125),
    "text": (Mined(strings=["needle"]), str, lambda it: it == "needle"),
    "text inside": (Mined(strings=["<<"]), str, lambda it: it.startswith("<<") and len(it) > 2),
    "pattern": (
        Mined(patterns=[r"\A\d{4}-\d\d\Z"]),
        str,
        lambda it: it[4:5] == "-" and it[:4].isdecimal(),
    ),
    "key": (
        Mined(keys=["needle"]),
        dict[str, int],
        lambda it: any(k == "needle" for k, _ in it.items),
    ),
    "span": (
        Mined(deltas=[dt.timedelta(hours=8)]),
        dt.timedelta,
        lambda it: it == dt.timedelta(hours=8),
    ),
    "size": (Mined(ints=[15]), list[int], lambda it: len(it.items) >= 15),
}


@pytest.mark.parametrize(("mined", "annotation", "found"), WANTED.values(), ids=WANTED)
def test_mined_constants_are_met(
    mined: Mined, annotation: Any, found: abc.Callable[[Any], bool]
) -> None:
    """What stands in the text is drawn within a few hundred examples."""
    strategies = Strategies(mined)
    chosen = settings(max_examples=1000, database=None, suppress_health_check=list(HealthCheck))
    begun = st.builds(strategies.begin).flatmap(lambda _: strategies.of(annotation))
    assert found(find(begun, found, settings=chosen, random=random.Random(1)))


def test_two_arguments_meet() -> None:
    """Two texts are equal, and an integer is the size of a list, more often than chance has it."""
    strategies = Strategies(Mined())
    pair = st.builds(strategies.begin).flatmap(
        lambda _: st.tuples(strategies.of(list[str]), strategies.of(str), strategies.of(int))
    )
    chosen = settings(max_examples=1000, database=None, suppress_health_check=list(HealthCheck))

    def meets(it: Any) -> bool:
        items, text, number = it
        return len(items.items) == 3 == number and len(text) > 2 and text in items.items

    assert find(pair, meets, settings=chosen, random=random.Random(1))


def test_moments_are_a_mined_span_apart() -> None:
    """Where a program compares `end - start` with a span, that span is met exactly."""
    span = dt.timedelta(hours=7, minutes=11)
    strategies = Strategies(Mined(deltas=[span]))
    moments = st.tuples(strategies.of(dt.datetime), strategies.of(dt.datetime))
    pair = st.builds(strategies.begin).flatmap(lambda _: moments)
    chosen = settings(max_examples=1000, database=None, suppress_health_check=list(HealthCheck))
    found = find(pair, lambda it: it[1] - it[0] == span, settings=chosen, random=random.Random(1))
    assert found[1] - found[0] == span


def test_an_aware_moment_does_not_repeat_as_a_naive_one() -> None:
    """What leaves repeat keeps to the constraints of each."""
    strategies = Strategies(Mined())
    both = st.tuples(
        strategies.of(Annotated[dt.datetime, Meta(tz=True)]), strategies.of(dt.datetime)
    )

    @settings(max_examples=100, deadline=None)
    @given(st.builds(strategies.begin).flatmap(lambda _: both))
    def law(pair: Any) -> None:
        assert pair[0].tzinfo is not None
        assert pair[1].tzinfo is None

    law()
