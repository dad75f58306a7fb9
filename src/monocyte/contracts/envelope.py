"""The envelope of every message: who asks, why, under which labels, until when, in which trace.

All fields are there from the start, filled in or not, so that later policy finds them. An envelope
is built for each request; it must stay cheap: ids are counters, the trace is two integers, and
nothing is formatted before somebody reads it.
"""

from __future__ import annotations

import re
from itertools import count

import msgspec

from monocyte.errors import Invalid

__all__ = ["ANYONE", "FOREVER", "Envelope", "Principal", "parse_traceparent"]

FOREVER = float("inf")
"""The deadline of a request that has none."""

_TRACEPARENT = re.compile(r"^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$")
_next = count(1).__next__


class Principal(msgspec.Struct, frozen=True):
    """Who asks: a person, a service, or a cell on somebody's behalf."""

    name: str
    roles: frozenset[str] = frozenset()


ANYONE = Principal("anyone")
"""A principal without a role: what a test or a benchmark asks as."""


class Envelope(msgspec.Struct, frozen=True, gc=False):
    """What travels with a message.

    `id` names the request, and for a command it is its idempotency key. `cause` is the id of what
    led to it, `correlation` the id of the first of the chain. `deadline` is in seconds on the host's
    monotonic clock (`FOREVER` for none); a wire carries what is left of it. `trace` and `span` are
    the W3C trace and parent ids as integers, 0 until one was given. `path` holds the cells that wait
    for the answer, outermost first.
    """

    id: str
    principal: Principal = ANYONE
    cause: str = ""
    correlation: str = ""
    labels: frozenset[str] = frozenset()
    deadline: float = FOREVER
    trace: int = 0
    span: int = 0
    path: tuple[str, ...] = ()

    @property
    def traceparent(self) -> str:
        """The W3C `traceparent` header; empty when the request is in no trace."""
        return f"00-{self.trace:032x}-{self.span or 1:016x}-01" if self.trace else ""

    def child(self, id: str, cell: str) -> Envelope:
        """The envelope of what `cell` asks while it answers this one."""
        return Envelope(
            id,
            self.principal,
            self.id,
            self.correlation or self.id,
            self.labels,
            self.deadline,
            self.trace,
            _next() if self.trace else 0,
            (*self.path, cell),
        )


def parse_traceparent(header: str) -> tuple[int, int]:
    """The trace and span of a W3C `traceparent` (https://www.w3.org/TR/trace-context/), version 00.

    Raises:
        Invalid: the header is malformed.
    """
    if (found := _TRACEPARENT.match(header)) is None:
        raise Invalid(f"traceparent {header[:80]!r} is not of the form 00-<32 hex>-<16 hex>-<2 hex>")
    return int(found[1], 16), int(found[2], 16)
