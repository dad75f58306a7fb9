"""The envelope: what a child inherits, and the W3C header of a trace."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monocyte.contracts import ANYONE, FOREVER, Envelope, Principal
from monocyte.contracts.envelope import parse_traceparent
from monocyte.errors import Invalid

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"


def test_an_envelope_starts_with_every_field() -> None:
    """Later policy finds the fields there, filled in or not."""
    envelope = Envelope("1")
    assert envelope.principal is ANYONE
    assert envelope.deadline == FOREVER
    assert (envelope.cause, envelope.correlation, envelope.path) == ("", "", ())
    assert (envelope.labels, ANYONE.roles) == (frozenset(), frozenset())


def test_an_envelope_is_frozen() -> None:
    """Nobody on its way rewrites who asked."""
    envelope = Envelope("1")
    with pytest.raises(AttributeError):
        envelope.principal = Principal("root")  # type: ignore[misc]


def test_a_child_inherits_who_why_and_until_when() -> None:
    """And adds the cell that waits; its cause is its parent, its correlation the first of all."""
    parent = Envelope("1", Principal("ada"), labels=frozenset({"web"}), deadline=7.0)
    child = parent.child("2", "booking").child("3", "people")
    assert child.id == "3"
    assert (child.principal, child.labels, child.deadline) == (
        Principal("ada"),
        frozenset({"web"}),
        7.0,
    )
    assert (child.cause, child.correlation) == ("2", "1")
    assert child.path == ("booking", "people")


@given(st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1))
def test_a_traceparent_is_read_as_it_is_written(trace: int, span: int) -> None:
    """Law: for every trace and span of W3C's range."""
    header = Envelope("1", trace=trace, span=span).traceparent
    assert parse_traceparent(header) == (trace, span)


def test_a_traceparent_has_the_form_of_the_standard() -> None:
    """The example of https://www.w3.org/TR/trace-context/."""
    envelope = Envelope("1", trace=int(TRACE, 16), span=int(SPAN, 16))
    assert envelope.traceparent == f"00-{TRACE}-{SPAN}-01"


def test_an_envelope_without_a_trace_starts_one() -> None:
    """Every request of one correlation is in one trace, in spans of their own."""
    parent = Envelope("1")
    child = parent.child("2", "booking")
    (trace, span), (same_trace, other_span) = map(
        parse_traceparent, (parent.traceparent, child.traceparent)
    )
    assert trace == same_trace
    assert span != other_span


@pytest.mark.parametrize(
    "header",
    [
        "",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-01\n",
        f" 00-{TRACE}-{SPAN}-01",
        f"01-{TRACE}-{SPAN}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN}-01-extra",
        f"00-{TRACE}-{SPAN}-zz",
        "00-" + "\u0661" * 32 + f"-{SPAN}-01",  # digits to `int`, but not to W3C
        "x" * 100_000,
    ],
    ids=lambda header: repr(header)[:70],
)
def test_a_malformed_traceparent_is_invalid(header: str) -> None:
    """Refused with a short message, however long the header."""
    with pytest.raises(Invalid, match="is not of the form") as why:
        parse_traceparent(header)
    assert len(str(why.value)) < 300
