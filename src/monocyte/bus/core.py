"""What every transport decides alike, without I/O: where a request goes, and whether it may.

The order of the questions is the order of the parity suite: is there such a cell, such a message,
time left, no cycle, permission, a valid message. Each is answered by one function that returns the
error, so that the quick way of the memory transport and the wire say the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from monocyte.bus.interface import Route, Service
from monocyte.contracts import Envelope
from monocyte.errors import (
    AskCycle,
    BusError,
    Busy,
    Crashed,
    DeadlineExceeded,
    Denied,
    NoSuchCell,
    NoSuchMessage,
    Unavailable,
)

__all__ = ["Gate", "ask_cycle", "busy", "closed", "denied", "expired", "invalid", "missing", "wrong_reply"]


class Gate:
    """How many requests to one cell wait for their answers, and how many may."""

    __slots__ = ("in_flight", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.in_flight = 0


def missing(cell: str, message: str, services: Iterable[Service]) -> BusError:
    """Nobody answers `cell.message` here: because of the cell, or because of the message."""
    served = {service.cell: service for service in services}
    if cell not in served:
        return NoSuchCell(
            f"there is no cell {cell!r}" if cell else f"{message} belongs to no cell that is loaded",
            cell=cell,
            mend=_suggest(cell, served),
        )
    names = [route.message.__name__ for route in served[cell].routes]
    return NoSuchMessage(
        f"{cell} does not answer {message!r}", cell=cell, mend=_suggest(message, names)
    )


def expired(envelope: Envelope, route: Route) -> DeadlineExceeded:
    """The deadline has passed."""
    return DeadlineExceeded(f"{route.address}: the deadline passed before an answer", cell=route.cell)


def ask_cycle(envelope: Envelope, route: Route) -> AskCycle:
    """The cell already waits for the answer to this very request."""
    circle = " → ".join((*envelope.path, route.cell))
    return AskCycle(
        f"{route.address} was asked in a circle: {circle}",
        cell=route.cell,
        mend="let one of them react to the other's event instead of asking",
    )


def denied(envelope: Envelope, route: Route) -> Denied:
    """The policy says no."""
    return Denied(f"{envelope.principal.name} may not send {route.address}", cell=route.cell)


def busy(gate: Gate, route: Route) -> Busy:
    """The gate is full."""
    return Busy(
        f"{route.cell} has {gate.limit} requests in flight, which is all that it admits",
        cell=route.cell,
        mend="ask again later, or raise [limits] in_flight",
    )


def wrong_reply(route: Route, why: BusError) -> Crashed:
    """The handler answered with something else than its type says."""
    return Crashed(f"{route.address} was answered wrongly: {why.message}", cell=route.cell)


def invalid(route: Route, why: BusError) -> BusError:
    """The message is not what its type says: the same error, naming the cell."""
    return type(why)(why.message, cell=route.cell, mend=why.mend)


def closed() -> Unavailable:
    """The transport has been closed."""
    return Unavailable("the bus is closed: the host is shutting down", mend="ask again when it is up")


def _suggest(name: str, known: Iterable[str]) -> str:
    known = sorted(known)
    close = get_close_matches(name, known, n=1)
    if close:
        return f"did you mean {close[0]}?"
    return "there is: " + ", ".join(known) if known else "load a cell first"
