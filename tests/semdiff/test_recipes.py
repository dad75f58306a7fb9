"""A recipe makes a fresh value, and is written as the expression that makes the same."""

import datetime as dt
import decimal
import importlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monocyte.semdiff.outcomes import image
from monocyte.semdiff.recipes import (
    Attributes,
    Code,
    Made,
    Many,
    Member,
    Pairs,
    build,
    imports,
    render,
)


def resolve(module: str, name: str) -> Any:
    """An object of an imported module."""
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found


WRITTEN = {
    "list": (Many("list", (1, "a")), "[1, 'a']"),
    "one": (Many("tuple", (1,)), "(1,)"),
    "no set": (Many("set", ()), "set()"),
    "deque": (Many("collections.deque", (1,)), "collections.deque([1])"),
    "dict": (Pairs("dict", ((1, Many("list", ())),)), "{1: []}"),
    "made": (Made("decimal", "Decimal", ("1.5",)), "decimal.Decimal('1.5')"),
    "named": (Made("datetime", "timedelta", (), (("hours", 2),)), "datetime.timedelta(hours=2)"),
    "member": (Member("enum", "Flag"), "enum.Flag"),
    "attributes": (Attributes((("a", 1),)), "types.SimpleNamespace(a=1)"),
    "code": (Code("lambda x: x"), "(lambda x: x)"),
    "infinite": (float("inf"), 'float("inf")'),
    "not a number": (float("nan"), 'float("nan")'),
    "moment": (dt.timedelta(1), "datetime.timedelta(days=1)"),
    "exact": (decimal.Decimal("1.50"), "decimal.Decimal('1.50')"),
}


@pytest.mark.parametrize(("recipe", "text"), WRITTEN.values(), ids=WRITTEN)
def test_a_recipe_is_written_as_its_expression(recipe: object, text: str) -> None:
    """What is written evaluates, given its imports, to what is built."""
    assert render(recipe) == text
    names = {name: importlib.import_module(name) for name in imports(recipe)}
    made = eval(text, dict(names))  # noqa: S307 (our own table)
    assert image(made) == image(build(recipe, resolve))


scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary())
recipes = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda it: Many("list", tuple(it))),
        st.lists(inner, max_size=3).map(lambda it: Many("tuple", tuple(it))),
        st.lists(st.tuples(st.text(), inner), max_size=3).map(lambda it: Pairs("dict", tuple(it))),
    ),
    max_leaves=8,
)


@given(recipes)
def test_writing_and_building_agree(recipe: object) -> None:
    """For every recipe: the expression makes what `build` makes."""
    made = eval(render(recipe))  # noqa: S307 (our own strategy)
    assert image(made) == image(build(recipe, resolve))


@given(recipes)
def test_each_build_is_fresh(recipe: object) -> None:
    """Two values of one recipe share nothing that can change."""
    first, second = build(recipe, resolve), build(recipe, resolve)
    if isinstance(first, list | dict):
        assert first is not second
