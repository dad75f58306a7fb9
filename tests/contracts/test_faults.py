"""An error that crosses the bus arrives as what it was, whatever its author wrote into it."""

from __future__ import annotations

from typing import Any

import pytest

from monocyte.contracts import Fault, to_error, to_fault
from monocyte.contracts.codec import MAX_BYTES, decode, decode_json, encode, encode_json
from monocyte.errors import KINDS, BusError, Crashed, Refused

FIELDS = {"cell": "booking", "where": "booking.py:12", "mend": "ask for another hour"}


def _made(family: type[BusError]) -> BusError:
    if family is Refused:
        return Refused("no", rule="BOOK-1", detail="Ada has it", **FIELDS)
    return family("no", **FIELDS)


@pytest.mark.parametrize("family", KINDS.values(), ids=lambda f: f.__name__)
def test_an_error_crosses_a_wire_whole(family: type[BusError]) -> None:
    """Type and every field arrive, by msgpack and by JSON."""
    error = _made(family)
    fault = to_fault(error)
    for arrived in (decode(Fault, encode(fault)), decode_json(Fault, encode_json(fault))):
        assert type(to_error(arrived)) is family
        assert vars(to_error(arrived)) == vars(error)


def test_a_kind_of_a_later_release_is_a_crash() -> None:
    """What this release does not know arrives all the same, with its text."""
    arrived = to_error(Fault("from-the-future", "no", cell="booking"))
    assert type(arrived) is Crashed
    assert (arrived.message, arrived.cell) == ("no", "booking")


def test_a_field_of_a_later_release_is_no_failure() -> None:
    """A fault with more fields than this release knows is still that fault."""
    assert decode_json(Fault, b'{"kind":"busy","message":"no","since":3}') == Fault("busy", "no")


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("\ud800 is no name", "\\ud800 is no name"),
        (17, "17"),
        (None, "None"),
        (ValueError("Ada"), "Ada"),
        ("x" * MAX_BYTES, "x" * 8000 + "…"),
    ],
    ids=["surrogate", "number", "none", "error", "long"],
)
def test_whatever_an_author_says_can_be_sent(said: Any, heard: str) -> None:
    """A refusal reaches its caller even if its text is no proper text."""
    fault = decode(Fault, encode(to_fault(Refused(said, rule="BOOK-1", detail=said))))
    assert (fault.message, fault.detail) == (heard, heard)
