"""What memory passes by reference is what a wire would have brought."""

from __future__ import annotations

import enum
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar, Generic, Literal, TypeVar

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monocyte.contracts import Command, Map, Value
from monocyte.contracts.check import RUNGS, compile_check, quick_check
from monocyte.contracts.codec import MAX_BYTES, decode, encode
from monocyte.errors import BusError, Invalid, TooLarge
from tests.contracts.shapes import (
    BERLIN,
    LEAVES,
    ODDITIES,
    Colour,
    Level,
    Loud,
    Mood,
    Pair,
    Point,
    Shape,
    Shifted,
    Tree,
    odd,
    shapes,
)

T = TypeVar("T")
some = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))


def same(left: Any, right: Any) -> bool:
    """Equal, and of the same types all the way down; folds, zones and signs of zeros count."""
    if type(left) is not type(right):
        return False
    if isinstance(left, msgspec.Struct):
        return all(same(getattr(left, f), getattr(right, f)) for f in left.__struct_fields__)
    if isinstance(left, tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, Map):
        return set(left) == set(right) and all(same(left[key], right[key]) for key in left)
    if isinstance(left, (float, datetime, time)):
        return repr(left) == repr(right)
    return bool(left == right)


def assert_sound(annotation: Any, value: Any) -> None:
    """If the quick check says yes, a wire brings the same."""
    if quick_check(annotation)(value):
        data = encode(value, limit=1 << 40)
        assert len(data) <= MAX_BYTES
        assert same(decode(annotation, data), value)


@some
@given(st.data(), shapes)
def test_a_quick_yes_is_what_a_wire_brings(data: st.DataObject, shape: Shape) -> None:
    """Law: for a value that fits its type, generated type by generated type."""
    assert_sound(shape.annotation, data.draw(shape.values))


@some
@given(st.data(), shapes)
def test_what_fits_its_type_is_accepted_and_unchanged(data: st.DataObject, shape: Shape) -> None:
    """Law: the check refuses no value of the type, and passes on its equal."""
    value = data.draw(shape.values)
    assert compile_check(shape.annotation)(value) == value


@some
@given(odd | st.tuples(odd) | st.tuples(odd, odd) | st.builds(Point, odd, odd), shapes)
def test_no_oddity_gets_a_quick_yes(value: Any, shape: Shape) -> None:
    """Law: for values that hardly fit, and the types that they hardly fit."""
    assert_sound(shape.annotation, value)


@pytest.mark.parametrize("shape", LEAVES, ids=lambda shape: str(shape.annotation))
def test_oddities_are_held_against_every_plain_type(shape: Shape) -> None:
    """Every odd value, against every leaf: sound, and refused by no other error than a BusError."""
    for value in ODDITIES:
        assert_sound(shape.annotation, value)
        try:
            arrived = compile_check(shape.annotation)(value)
        except (Invalid, TooLarge):
            continue
        assert same(arrived, decode(shape.annotation, encode(value)))


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (int, True),
        (bool, 1),
        (int, 2**64),
        (float, "1.0"),
        (float, float("nan")),
        (float, float("inf")),
        (str, "\ud800"),
        (str, b"a"),
        (str, Loud("a")),
        (str, None),
        (Colour, "red"),
        (date, datetime(2026, 1, 1, tzinfo=UTC)),
        (datetime, date(2026, 1, 1)),
        (datetime, "2026-01-01T00:00:00Z"),
        (tuple[int, ...], [1]),
        (tuple[int, int], (1,)),
        (Point, {"x": 1}),
        (Point, Shifted(1)),
        (tuple[Point, ...], (Shifted(1),)),
        (Literal[1], True),
        (Map[str, int], Map({1: 1})),
    ],
    ids=repr,
)
def test_what_a_wire_would_refuse_memory_refuses(annotation: Any, value: object) -> None:
    """Wrong types are refused before a handler sees them, in memory as anywhere."""
    with pytest.raises(Invalid):
        compile_check(annotation)(value)


@pytest.mark.parametrize(
    ("annotation", "value", "arrived"),
    [
        (float, 1, 1.0),
        (tuple[int, ...], Pair(1, 2), (1, 2)),
        (str, Mood.CALM, "calm"),
        (int, Level.LOW, 1),
        (bytes, bytearray(b"a"), b"a"),
        (frozenset[int], {1}, frozenset({1})),
        (Map[str, int], {"a": 1}, Map({"a": 1})),
        (datetime, datetime(2026, 1, 1, fold=1), datetime(2026, 1, 1)),  # noqa: DTZ001
        (
            datetime,
            datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1),
            datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
        ),
        (
            tuple[datetime, ...],
            (datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN),),
            (datetime(2026, 10, 25, 0, 30, tzinfo=UTC),),
        ),
    ],
    ids=repr,
)
def test_near_misses_arrive_as_what_a_wire_makes_of_them(
    annotation: Any, value: object, arrived: object
) -> None:
    """What is equal but of a kindred type arrives as the type says."""
    assert same(compile_check(annotation)(value), arrived)


class Sample(Value):
    point: Point
    tags: Map[str, tuple[float, ...]] = Map()


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (Sample(Point("1")), "$.point.x"),  # type: ignore[arg-type]
        (Sample(Shifted(1)), "$.point"),
        (Sample(Point(1), Map({"a": (float("nan"),)})), "$.tags['a'][0]"),
        (Sample(Point(1), Map[Any, Any]({"a": ("x",)})), "$.tags['a'][0]"),
        (Sample(Point(1), Map[Any, Any]({"a": [1.0]})), "$.tags['a']"),
        (Sample(Point(2**70)), "$.point.x"),
        (Sample(Point(object())), "$.point.x"),  # type: ignore[arg-type]
    ],
    ids=range(7),
)
def test_a_refusal_names_the_place(value: Sample, path: str) -> None:
    """The path leads through records, maps and tuples to what is wrong."""
    with pytest.raises(Invalid) as why:
        compile_check(Sample)(value)
    assert f"`{path}`" in str(why.value)


class Box(Value, Generic[T]):
    held: T


class Awkward(Value, rename={"from_": "from"}, tag="awkward", array_like=True):
    limit: ClassVar[int] = 3
    from_: int
    v: str = "v"
    v1_: tuple[int, str] = (1, "v1_")
    n1: Point | None = None


class Keyword(Command[None]):
    held: Box[int]


Reserved: Any = msgspec.defstruct("Reserved", [("class", int)], bases=(Value,), frozen=True)


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (Box[int], Box(1)),
        (Keyword, Keyword(Box(1))),
        (Box[Box[str]], Box(Box("a"))),
        (Awkward, Awkward(1, "x", (2, "y"), Point(1))),
        (Reserved, Reserved(1)),
        (Tree, Tree("a")),
        (Literal["a", 2], 2),
        (tuple[()], ()),
        (str, "Müller, 东京"),
        (datetime, datetime(2026, 1, 1, tzinfo=UTC)),
    ],
    ids=repr,
)
def test_the_usual_is_quick(annotation: Any, value: object) -> None:
    """These need no way through the codec."""
    assert quick_check(annotation)(value)
    assert_sound(annotation, value)


def test_a_generic_is_held_against_its_parameter() -> None:
    """A Box[int] holds no str."""
    assert not quick_check(Box[int])(Box("a"))
    with pytest.raises(Invalid, match=r"\$\.held"):
        compile_check(Box[int])(Box("a"))


class Rights(enum.Flag):
    READ = 1
    WRITE = 2


class Huge(enum.Enum):
    ONE = 1
    MANY = 2**70


class Open(enum.Enum):
    ONE = "one"

    @classmethod
    def _missing_(cls, value: object) -> Open:
        made = object.__new__(cls)
        made._name_ = made._value_ = str(value)
        return made


@pytest.mark.parametrize(
    "member", [Rights.READ, Rights.READ | Rights.WRITE, Huge.ONE, Open("two")], ids=repr
)
def test_an_enum_of_which_a_wire_may_not_find_the_member_is_in_doubt(member: enum.Enum) -> None:
    """Combined flags, members beyond 64 bits, and members made up on demand."""
    assert not quick_check(type(member))(member)


Wide: Any = msgspec.defstruct("Wide", [(f"f{i}", str) for i in range(40)], bases=(Value,))


def _largest(annotation: Any, long: int, many: int) -> Any:
    """The largest value of nested tuples of strings that a rung lets pass."""
    if annotation is str:
        return "\U00020000" * (long - 1)  # printable, and four bytes in UTF-8
    if annotation is Wide:
        return Wide(*[_largest(str, long, many)] * 40)
    return (_largest(annotation.__args__[0], long, many),) * (many - 1)


@pytest.mark.parametrize(
    "annotation",
    [
        str,
        Wide,
        tuple[str, ...],
        tuple[tuple[str, ...], ...],
        tuple[tuple[tuple[str, ...], ...], ...],
    ],
    ids=str,
)
def test_what_is_quick_is_never_too_large(annotation: Any) -> None:
    """The largest value that gets a quick yes is within the limit, whatever the nesting."""
    quick = quick_check(annotation)
    passed = [value for rung in RUNGS if quick(value := _largest(annotation, *rung))]
    assert passed
    assert len(encode(max(passed, key=lambda v: len(encode(v, 1 << 40))), 1 << 40)) <= MAX_BYTES


def test_a_record_of_many_long_strings_is_measured() -> None:
    """Forty fields, each of which alone would do, are together too large."""
    with pytest.raises(TooLarge):
        compile_check(Wide)(Wide(*["x" * 30_000] * 40))
    assert compile_check(Wide)(Wide(*["x" * 16_000] * 40))
    assert quick_check(Wide)(Wide(*["x"] * 40))


def test_a_wrong_word_is_named() -> None:
    """Both the word that was expected and the one that came."""
    with pytest.raises(Invalid, match="Point was expected, not Tree"):
        compile_check(Point)(Tree("a"))


def test_depth_is_limited() -> None:
    """A tree of forty levels is too deep, one of a hundred thousand is no crash."""
    tree = Tree("leaf")
    for _ in range(40):
        tree = Tree("node", (tree,))
    with pytest.raises(TooLarge):
        compile_check(Tree)(tree)
    for _ in range(100_000):
        tree = Tree("node", parent=tree)
    with pytest.raises(BusError):
        compile_check(Tree)(tree)


@given(st.timedeltas())
def test_durations_are_exact(value: timedelta) -> None:
    """Law: to the microsecond, also below zero."""
    assert same(decode(timedelta, encode(value)), value)
