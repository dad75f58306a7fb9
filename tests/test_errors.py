"""Errors say whose fault, where and what next, and survive copies and pickles."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from monocyte import errors
from monocyte.errors import KINDS, BusError, MonocyteError, Refused

FIELDS = {"cell": "booking", "where": "booking.py:12", "mend": "ask for another hour"}
FAMILIES = [getattr(errors, name) for name in errors.__all__ if name != "KINDS"]


def _made(family: type[BusError]) -> BusError:
    if family is Refused:
        return Refused("no", rule="BOOK-1", detail="Ada has it", **FIELDS)
    return family("no", **FIELDS)


def _fields(error: MonocyteError) -> dict[str, Any]:
    return {"type": type(error), "str": str(error), "args": error.args, **vars(error)}


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.__name__)
def test_every_error_has_a_culprit_and_a_sentence(family: type[MonocyteError]) -> None:
    """Whose fault it is comes from a short list; the docstring says what happened."""
    assert issubclass(family, MonocyteError)
    assert family.fault in {"caller", "author", "operator", "monocyte"}
    assert family.__doc__


def test_the_kinds_are_all_the_families_that_cross_the_bus() -> None:
    """Each has a kind of its own, and `KINDS` forgets none."""
    crossing = {f for f in FAMILIES if issubclass(f, BusError) and f is not BusError}
    assert set(KINDS.values()) == crossing
    assert all(family.kind == kind for kind, family in KINDS.items())


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.__name__)
def test_an_error_copies_and_pickles(family: type[MonocyteError]) -> None:
    """As errors between processes must; with every field."""
    error = _made(family) if issubclass(family, BusError) else family("no", where="a", mend="b")
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301
        assert _fields(twin) == _fields(error)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (MonocyteError("no"), "no"),
        (MonocyteError("no", where="a.py:3"), "a.py:3: no"),
        (MonocyteError("no", mend="wait"), "no\n  what to do: wait"),
        (MonocyteError("no", where="a.py:3", mend="wait"), "a.py:3: no\n  what to do: wait"),
    ],
)
def test_an_error_reads_place_first_and_mend_last(error: MonocyteError, text: str) -> None:
    """`str` is for people."""
    assert str(error) == text


def test_the_repr_shows_every_field_that_says_something() -> None:
    """`repr` is for whoever debugs; empty fields stay out."""
    error = Refused("no", rule="BOOK-1", cell="booking", mend="wait")
    assert repr(error) == "Refused('no', mend='wait', cell='booking', rule='BOOK-1')"
