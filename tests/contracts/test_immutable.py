"""Every type that a word may not have is found when its cell is loaded, with its mend."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar, Generic, Literal, NewType, TypeVar

import msgspec
import pytest
from hypothesis import given

from monocyte.contracts import Command, Map, State, Value
from monocyte.contracts.immutable import SCALARS, FieldFault, field_faults, type_faults
from tests.contracts.shapes import LEAVES, Colour, Level, Pair, Point, Shape, shapes

T = TypeVar("T")
Name = NewType("Name", str)
Names = NewType("Names", list[str])
Tags = tuple[str, ...]


class Rights(enum.Flag):
    READ = 1
    WRITE = 2


class Lists(enum.Enum):
    EMPTY = list[int]()


class Mixed(enum.Enum):
    ONE = 1
    TWO = "two"


class Count(State):
    number: int = 0


class User:
    pass


@dataclasses.dataclass(frozen=True)
class Frozen:
    number: int


class Box(Value, Generic[T]):
    held: T


class Growing(Value, Generic[T]):
    next: Growing[tuple[T, ...]] | None = None


class Cat(Value):
    name: str


class Dog(Value):
    name: str


class Rain(Value, tag=True):
    litres: int


class Snow(Value, tag=True):
    metres: int


@pytest.mark.parametrize("scalar", SCALARS)
def test_scalars_are_immutable(scalar: Any) -> None:
    """Alone, in containers, optional and annotated."""
    for annotation in (
        scalar,
        tuple[scalar, ...],
        frozenset[scalar],
        Map[str, scalar],
        scalar | None,
        Annotated[scalar, "prose"],
    ):
        assert list(type_faults(annotation)) == []


@pytest.mark.parametrize(
    "annotation",
    [
        tuple[()],
        Tags,
        Name,
        Literal["a", 1],
        Box[int],
        Box[Box[Tags]],
        Map[Name, Map[int, Point]],
        Map[Literal["a"], int],
        Map[Annotated[str, msgspec.Meta(max_length=3)], int],
        Rain | Snow | None,
        frozenset[Point],
        frozenset[tuple[int, Colour]],
        T,
        *(shape.annotation for shape in LEAVES),
    ],
    ids=str,
)
def test_what_cannot_change_has_no_fault(annotation: Any) -> None:
    """Aliases, generics, enums, nested and tagged words."""
    assert list(type_faults(annotation)) == []


@given(shapes)
def test_generated_types_have_no_fault(shape: Shape) -> None:
    """Law: whatever is built of immutable parts is fine, but for sets of sets."""
    assert [m for m in type_faults(shape.annotation) if "sets of sets" not in m] == []


@pytest.mark.parametrize(
    ("annotation", "mend"),
    [
        (list, "tuple[..., ...]"),
        (list[int], "tuple[..., ...]"),
        (dict[str, int], "Map[K, V]"),
        (Mapping[str, int], "use a Value"),
        (Sequence[int], "use a Value"),
        (set[int], "frozenset"),
        (bytearray, "bytes"),
        (Any, "say the type"),
        (object, "say the type"),
        (tuple, "say of what"),
        (frozenset, "say of what"),
        (Map, "say of what"),
        (Box, "say of what: Box[...]"),
        (Names, "tuple[..., ...]"),
        (Annotated[list[int], "prose"], "tuple[..., ...]"),
        (Annotated[tuple[list[int], ...], "prose"], "tuple[..., ...]"),
        (tuple[int, list[int]], "tuple[..., ...]"),
        (frozenset[Any], "say the type"),
        (Map[str, dict[str, int]], "Map[K, V]"),
        (list[int] | None, "tuple[..., ...]"),
        (Box[list[int]], "tuple[..., ...]"),
        (tuple[Map[str, tuple[set[int], ...]], ...], "frozenset"),
        (Map[tuple[int, int], str], "keys that JSON can say"),
        (Map[bytes, str], "keys that JSON can say"),
        (Map[Point, str], "keys that JSON can say"),
        (Map[str | None, str], "keys that JSON can say"),
        (frozenset[frozenset[int]], "sets of sets"),
        (frozenset[tuple[frozenset[int], ...]], "sets of sets"),
        (Rights, "use a frozenset of an Enum"),
        (Lists, "all int or all str"),
        (Mixed, "all int or all str"),
        (Count, "Count is not known to be immutable: use a Value"),
        (User, "User is not known to be immutable: use a Value"),
        (Frozen, "use a Value"),
        (Pair, "use a Value"),
        (Callable[[int], int], "a message is data"),
        (type[int], "use a Value"),
        (msgspec.Raw, "use a Value"),
        (Cat | Dog, "tag its members: class X(Value, tag=True)"),
        (tuple[Cat | Dog | None, ...], "tag its members"),
        (Map[str, Cat | Dog], "tag its members"),
        (str | bytes, "wrap each in a Value"),
        (Map[str, str | datetime], "wrap each in a Value"),
        (int | Level, "wrap each in a Value"),
        (Growing[int], "a type that the codec can carry"),
        (Annotated[str, msgspec.Meta(ge=1)], "a type that the codec can carry"),
        (Annotated[int | None, msgspec.Meta(ge=1)], "a type that the codec can carry"),
    ],
    ids=str,
)
def test_what_can_change_or_cannot_be_sent_has_a_mend(annotation: Any, mend: str) -> None:
    """One fault each, however deep it sits."""
    (said,) = type_faults(annotation)
    assert mend in said


def test_every_fault_of_a_type_is_named() -> None:
    """An author mends a type once."""
    assert len(list(type_faults(tuple[list[int], set[int], Map[str, Any]]))) == 3


class Order(Command[None], rename={"from_": "from"}):
    """A word with some faults, and with names that are odd but in order."""

    limit: ClassVar[list[int]] = []
    number: int
    lines: list[str]
    from_: Annotated[dict[str, int], "prose"]
    kind: Cat | Dog
    later: Later | None = None


class Later(Value):
    at: datetime


def test_the_fields_of_a_word_are_found_in_order() -> None:
    """Class variables are no fields; what a quoted or later name means is looked up."""
    assert list(field_faults(Order)) == [
        FieldFault("lines", "list[str]", "use tuple[..., ...]"),
        FieldFault("from_", "Annotated[dict[str, int], 'prose']", "use monocyte.Map[K, V]"),
        FieldFault("kind", "Cat | Dog", "tag its members: class X(Value, tag=True)"),
    ]


def test_a_name_that_does_not_exist_is_told() -> None:
    """The error names what is missing."""

    class Lost(Value):
        other: Missing  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(NameError, match="Missing"):
        list(field_faults(Lost))


class Inherited(Order):
    more: set[int] = frozenset()  # type: ignore[assignment]


def test_inherited_fields_are_fields() -> None:
    """A word answers for what it inherits."""
    assert [fault.field for fault in field_faults(Inherited)] == ["lines", "from_", "kind", "more"]
