"""What a type is made of."""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, NewType, TypeVar

import pytest

from monocyte.contracts import Map, Value
from monocyte.contracts.annotations import is_recursive, parts, reach, spell, struct_of, unalias
from tests.contracts.shapes import LEAVES, Point, Tree

T = TypeVar("T")
Id = NewType("Id", int)
Key = NewType("Key", Id)


class Forest(Value, Generic[T]):
    trees: tuple[Forest[T], ...] = ()


class Growing(Value, Generic[T]):
    next: Growing[tuple[T, ...]] | None = None


class Box(Value, Generic[T]):
    held: T


@pytest.mark.parametrize(
    ("annotation", "made_of"),
    [
        (int, ()),
        (Literal["a", "b"], ()),
        (Annotated[int, "prose", str], (int,)),
        (int | None, (int, type(None))),
        (tuple[int, ...], (int,)),
        (tuple[()], ()),
        (Map[str, int], (str, int)),
        (Point, (int, float)),
        (Box[int], (int,)),
        (NewType("Pairs", tuple[int, str]), (int, str)),
    ],
    ids=str,
)
def test_a_type_has_parts(annotation: Any, made_of: tuple[Any, ...]) -> None:
    """Members, items and fields; not what stands in Annotated or Literal."""
    assert parts(annotation) == made_of


def test_reach_finds_each_type_once() -> None:
    """Through aliases and recursion, and although a note in Annotated cannot be hashed."""
    found = list(reach(tuple[Annotated[Id, ["unhashable"]], Tree, Map[str, Id]]))
    assert found.count(int) == found.count(str) == found.count(Tree) == 1


@pytest.mark.parametrize(
    ("annotation", "is_it"),
    [
        *((leaf.annotation, leaf.annotation is Tree) for leaf in LEAVES),
        (Box[Box[int]], False),
        (Box[Tree], True),
        (Map[str, Tree], True),
        (Forest[int], True),
        (Growing[int], True),
        (Box, True),  # of anything, so of itself
        (Any, True),
        (dict[str, Any], True),
    ],
    ids=str,
)
def test_recursion_is_seen(annotation: Any, is_it: bool) -> None:
    """Depth is counted for these, and only these."""
    assert is_recursive(annotation) is is_it


def test_aliases_lead_to_their_type() -> None:
    """However many there are; a struct is found behind its parameters."""
    assert unalias(Key) is int
    assert spell(struct_of(Box[int])) == "Box"
    assert struct_of(int) is struct_of(tuple[Point, ...]) is None


def test_types_are_spelled_as_written() -> None:
    """For people who read what is wrong with theirs."""
    assert spell(Point) == "Point"
    assert spell(tuple[int, ...]) == "tuple[int, ...]"
    assert spell(Literal["a"]) == "Literal['a']"
