"""Traces: what somebody leaves in a module is seen, or the module is known to be dark."""

import functools
import re
from collections.abc import Callable
from datetime import date, timedelta
from enum import Enum
from types import ModuleType, SimpleNamespace
from typing import Annotated, Any

import pytest

from monocyte import Value
from monocyte.literate.mutation.traces import Traces


class Colour(Enum):
    RED = 1


class Word(Value):
    text: str


def module(**names: Any) -> dict[str, Any]:
    """The names of a module."""
    return {"__name__": "some", "__doc__": {}, **names}


def held(cls_value: Any) -> type:
    """A class of that module, that holds something."""
    return type("Held", (), {"__module__": "some", "it": cls_value})


def with_default(value: Any) -> Callable[..., Any]:
    """A function with a default."""

    def function(it: Any = value, *, other: Any = value) -> Any:
        return it, other

    return function


LEFT: dict[str, tuple[dict[str, Any], Callable[[dict[str, Any]], object]]] = {
    "in a list": (module(it=[]), lambda names: names["it"].append(1)),
    "in a dict": (module(it={}), lambda names: names["it"].update(a=1)),
    "in a set in a tuple": (module(it=(1, set())), lambda names: names["it"][1].add(1)),
    "in a list in a dict": (module(it={"a": []}), lambda names: names["it"]["a"].append(1)),
    "in a class": (module(it=held([])), lambda names: names["it"].it.append(1)),
    "in a default": (
        module(it=with_default([])),
        lambda names: names["it"]()[0].append(1),
    ),
    "a new name": (module(), lambda names: names.update(it=1)),
    "another number": (module(it=1000), lambda names: names.update(it=1001)),
    "another function": (module(it=len), lambda names: names.update(it=max)),
    "a name that is gone": (module(it=1), lambda names: names.pop("it")),
}


@pytest.mark.parametrize(("names", "leave"), LEFT.values(), ids=LEFT)
def test_what_is_left_is_seen(
    names: dict[str, Any], leave: Callable[[dict[str, Any]], object]
) -> None:
    """Wherever a module can be written to."""
    traces = Traces(names)
    assert (traces.is_blind, traces.is_clean) == (False, True)
    leave(names)
    assert not traces.is_clean


SETTLED = [
    *(
        1,
        "a",
        b"b",
        None,
        1.5,
        (1, ("a",)),
        frozenset({1}),
        Colour.RED,
        Word("a"),
        date(2026, 1, 1),
    ),
    *(timedelta(1), re.compile("a"), len, re, dict[str, int], int | str, Annotated[int, 1], Word),
    *(functools.cache(lambda: 1), with_default(1)),
]


@pytest.mark.parametrize("value", SETTLED, ids=[str(type(it).__name__) for it in SETTLED])
def test_what_cannot_change_is_clean(value: Any) -> None:
    """And nobody has to be alone for it."""
    traces = Traces(module(it=value))
    assert (traces.is_blind, traces.is_clean) == (False, True)


DARK = [SimpleNamespace(), functools.partial(print), (1, SimpleNamespace()), [SimpleNamespace()]]


@pytest.mark.parametrize("value", DARK, ids=["object", "partial", "in a tuple", "in a list"])
def test_what_cannot_be_looked_into_is_never_clean(value: Any) -> None:
    """A change there would not be seen."""
    traces = Traces(module(it=value))
    assert (traces.is_blind, traces.is_clean) == (True, False)


def test_what_python_keeps_in_a_module_is_not_looked_at() -> None:
    """A real module is clean, with its loader and its builtins."""
    assert Traces(vars(ModuleType("some"))).is_clean
