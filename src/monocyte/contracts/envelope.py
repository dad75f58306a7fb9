"""The envelope of every message: who asks, why, under which labels, until when, in which trace.

All fields are there from the start, filled in or not, so that later policy finds them. An envelope
is built for each request; it must stay cheap: ids are counters, the trace is two integers, and
nothing is formatted before somebody reads it.
"""

from __future__ import annotations

import hashlib
import os
import re

import msgspec

from monocyte.errors import Invalid

__all__ = ["ANYONE", "FOREVER", "Envelope", "Principal", "parse_traceparent"]

FOREVER = float("inf")
"""The deadline of a request that has none."""

_TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")
_PROCESS = os.urandom(8).hex()


class Principal(msgspec.Struct, frozen=True):
    """Who asks: a person, a service, or a cell on somebody's behalf."""

    name: str
    roles: frozenset[str] = frozenset()


ANYONE = Principal("anyone")
"""A principal without a role: what a test or a benchmark asks as."""


class Envelope(msgspec.Struct, frozen=True, gc=False):
    """What travels with a message.

    `id` names the request, and for a command it is its idempotency key; a query's is a counter.
    `cause` is the id of what led to it, `correlation` the id of the first of the chain.
    `deadline` is in seconds on the host's monotonic clock (`FOREVER` for none); a wire carries
    what is left of it. `trace` and `span` are the W3C trace and parent ids as integers, 0 until
    somebody needs them. `path` holds the cells that wait for the answer, outermost first. `fresh`
    says that the id was made for this very request, so that nobody can have answered it before;
    no wire carries it.
    """

    id: str | int
    principal: Principal = ANYONE
    cause: str | int = ""
    correlation: str | int = ""
    labels: frozenset[str] = frozenset()
    deadline: float = FOREVER
    trace: int = 0
    span: int = 0
    path: tuple[str, ...] = ()
    fresh: bool = False

    @property
    def traceparent(self) -> str:
        """The W3C `traceparent` header; a request without a trace starts one of its own."""
        trace = self.trace or _hash(self.correlation or self.id, 16)
        return f"00-{trace:032x}-{self.span or _hash(self.id, 8):016x}-01"

    def child(self, id: str | int, cell: str, *, fresh: bool = False) -> Envelope:
        """The envelope of what `cell` asks while it answers this one."""
        return Envelope(
            id,
            self.principal,
            self.id,
            self.correlation or self.id,
            self.labels,
            self.deadline,
            self.trace,
            0,
            (*self.path, cell),
            fresh,
        )


def _hash(id: str | int, size: int) -> int:
    """A non-zero integer of `size` bytes that stands for an id of this process."""
    named = hashlib.blake2b(f"{_PROCESS}{id}".encode(), digest_size=size).digest()
    return int.from_bytes(named, "big") or 1


def parse_traceparent(header: str) -> tuple[int, int]:
    """The trace and span of a W3C `traceparent` (https://www.w3.org/TR/trace-context/), version 00.

    Raises:
        Invalid: the header is malformed.
    """
    if (found := _TRACEPARENT.fullmatch(header)) is None:
        raise Invalid(
            f"traceparent {header[:80]!r} is not of the form 00-<32 hex>-<16 hex>-<2 hex>"
        )
    return int(found[1], 16), int(found[2], 16)
