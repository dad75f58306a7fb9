"""An image tells apart what a program can tell apart, and nothing else."""

import collections
import dataclasses
import enum
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from monocyte.semdiff.outcomes import Outcome, difference, image, told


class Colour(enum.Enum):
    RED = 1


class Word(msgspec.Struct):
    text: str
    count: int = 0


@dataclasses.dataclass
class Point:
    x: int
    y: int


class Slotted:
    __slots__ = ("a",)

    def __init__(self, a: object) -> None:
        self.a = a


class Rude:
    """Whose methods must not be asked."""

    def __init__(self) -> None:
        self.a = 1

    def __repr__(self) -> str:
        raise AssertionError("asked for its repr")

    def __eq__(self, other: object) -> bool:
        raise AssertionError("compared")

    __hash__ = None  # type: ignore[assignment]


def counting(most: int) -> Iterator[int]:
    """Yields, and in the end raises."""
    yield from range(most)
    raise LookupError


def looped() -> list[Any]:
    """A list that contains itself."""
    made: list[Any] = [1]
    made.append(made)
    return made


IMAGES: dict[str, tuple[Any, str]] = {
    "int": (3, "3"),
    "bool": (True, "True"),
    "nan": (float("nan"), "nan"),
    "huge": (10**400, hex(10**400)),
    "list": ([1, [2]], "[1, [2]]"),
    "tuple": ((1,), "(1,)"),
    "set": ({"b", "a"}, "{'a', 'b'}"),
    "dict keeps its order": ({"b": 1, "a": 2}, "{'b': 1, 'a': 2}"),
    "defaultdict": (collections.defaultdict(int, a=1), "defaultdict{'a': 1}"),
    "enum": (Colour.RED, "Colour.RED"),
    "struct": (Word("a"), "Word(count=0, text='a')"),
    "dataclass": (Point(1, 2), "Point(x=1, y=2)"),
    "slots": (Slotted([1]), "Slotted(a=[1])"),
    "rude": (Rude(), "Rude(a=1)"),
    "exception": (ValueError("a", 1), "ValueError('a', 1)"),
    "iterator": (iter([1, 2]), "<list_iterator of [1, 2] returning None>"),
    "generator": (counting(1), "<generator of [0] raising LookupError>"),
    "cycle": (looped(), "[1, <cycle 1>]"),
    "class": (Point, "<class Point>"),
    "function": (counting, "<function counting>"),
}


@pytest.mark.parametrize(("value", "text"), IMAGES.values(), ids=IMAGES)
def test_an_image_names_types_and_fields(value: object, text: str) -> None:
    """Each row: a value, and all that is said of it."""
    assert image(value) == text


DIFFERENT = [(1, True), (1, 1.0), (0.0, -0.0), ("1", 1), ([1], (1,)), ({}, set()), (b"a", "a")]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_values_of_different_types_have_different_images(one: object, other: object) -> None:
    """Also those that Python takes for equal."""
    assert image(one) != image(other)


def test_a_mark_tells_the_thing_itself_from_its_copy() -> None:
    """A result that is the argument is told from one that equals it."""
    given = [1]
    assert image(given, {id(given): "argument 0"}) == "<argument 0> [1]"
    assert image([1], {id(given): "argument 0"}) == "[1]"


def _raised(kind: str, message: str = "") -> Outcome:
    return Outcome("raised", type=kind, message=message)


ONE = Outcome("returned", type="int", value="1")
DIFFERENCES = {
    "nothing": (ONE, ONE, ""),
    "value": (ONE, Outcome("returned", type="int", value="2"), "value"),
    "type": (ONE, Outcome("returned", type="float", value="1.0"), "type"),
    "arguments": (ONE, Outcome("returned", type="int", value="1", arguments="([])"), "arguments"),
    "output": (ONE, Outcome("returned", type="int", value="1", output="a"), "output"),
    "effects": (ONE, Outcome("returned", type="int", value="1", effects=("open",)), "effects"),
    "exception": (ONE, _raised("ValueError"), "exception"),
    "exception type": (_raised("KeyError"), _raised("ValueError"), "exception type"),
    "message": (_raised("KeyError", "a"), _raised("KeyError", "b"), "exception message"),
    "time": (ONE, Outcome("unfinished"), "time"),
    "both endless": (Outcome("unfinished"), Outcome("unfinished"), ""),
    "exit": (ONE, Outcome("exited", value="1"), "exit"),
    "processor time is no difference": (ONE, msgspec.structs.replace(ONE, seconds=9.0), ""),
}


@pytest.mark.parametrize(("old", "new", "differs"), DIFFERENCES.values(), ids=DIFFERENCES)
def test_a_difference_has_a_name(old: Outcome, new: Outcome, differs: str) -> None:
    """Each row: two outcomes, and in what they differ."""
    assert difference(old, new) == differs


def test_a_wrong_guess_of_types_is_no_difference() -> None:
    """Two complaints about the type of an argument differ only if the types were declared."""
    pair = (_raised("TypeError"), _raised("AttributeError"))
    assert difference(*pair) == "exception type"
    assert difference(*pair, guessed=True) == ""


def test_an_outcome_is_told_in_words() -> None:
    """With what it differs in, and not at full length."""
    assert told(ONE, "type") == "returned 1 of type int"
    assert told(_raised("KeyError", "a")) == "raised KeyError: a"
    assert told(Outcome("unfinished")) == "did not finish"
    assert "1000 characters" in told(Outcome("returned", value="x" * 1000))
