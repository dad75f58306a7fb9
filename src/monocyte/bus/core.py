"""What every transport decides alike, without I/O: where a request goes, and whether it may.

The order of the questions is the order of the parity suite: is there such a cell, such a message,
time left, no cycle, permission, a valid message. Each is answered by one function that returns the
error, so that the quick way of the memory transport and the wire say the same.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import PurePath

from monocyte.bus.interface import Permit, Route, Service
from monocyte.contracts import Envelope, Message
from monocyte.errors import (
    AskCycle,
    BusError,
    Busy,
    Crashed,
    DeadlineExceeded,
    Denied,
    Invalid,
    NoSuchCell,
    NoSuchMessage,
    Unavailable,
)

__all__ = [
    "Gate",
    "admit",
    "ask_cycle",
    "broken_off",
    "busy",
    "closed",
    "crashed",
    "denied",
    "expired",
    "invalid",
    "late",
    "missing",
    "other_version",
    "unknown_word",
    "wrong_reply",
]


class Gate:
    """How many requests to one cell wait for their answers, and how many may."""

    __slots__ = ("in_flight", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.in_flight = 0

    def enter(self, route: Route) -> None:
        """Count one request more.

        Raises:
            Busy: the gate is full.
        """
        if self.in_flight >= self.limit:
            raise busy(self, route)
        self.in_flight += 1


def admit(envelope: Envelope, route: Route, permit: Permit, now: float) -> None:
    """The questions between the address and the message, in their order.

    Raises:
        DeadlineExceeded: there is no time left.
        AskCycle: the cell waits for the answer to this very request.
        Denied: the policy says no.
    """
    if envelope.deadline <= now:
        raise expired(route)
    if route.cell in envelope.path:
        raise ask_cycle(envelope, route)
    if not permit(envelope.principal, route):
        raise denied(envelope, route)


def missing(cell: str, message: str, services: Iterable[Service]) -> BusError:
    """Nobody answers `cell.message` here: because of the cell, or because of the message."""
    served = {service.cell: service for service in services}
    if cell not in served:
        return NoSuchCell(
            f"there is no cell {cell!r}" if cell else f"{message} belongs to no loaded cell",
            cell=cell,
            mend=_suggest(cell, served),
        )
    names = [route.message.__name__ for route in served[cell].routes]
    return NoSuchMessage(
        f"{cell} does not answer {message!r}", cell=cell, mend=_suggest(message, names)
    )


def expired(route: Route) -> DeadlineExceeded:
    """The deadline has passed, as the end that answers sees it."""
    return late(route.cell, route.message)


def late(cell: str, message: type[Message]) -> DeadlineExceeded:
    """The deadline has passed, as the end that asks sees it: it need not know the route."""
    return DeadlineExceeded(
        f"{cell}.{message.__name__}: the deadline passed before an answer", cell=cell
    )


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


def crashed(route: Route, why: BaseException) -> Crashed:
    """The answer broke off with something else than a `BusError`: say what kind, and where.

    What the exception says stays here: it may quote what the caller must not see.
    """
    frames = traceback.extract_tb(why.__traceback__)
    where = f"{PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    what = f"{route.address} crashed with {type(why).__name__}"
    return Crashed(what, cell=route.cell, where=where, mend="the host's log has the rest")


def broken_off(cell: str, why: BaseException) -> Unavailable:
    """The history of a cell cannot be read on."""
    return Unavailable(
        f"the events of {cell} cannot be read: {type(why).__name__}",
        cell=cell,
        mend="the host's log has the rest",
    )


def wrong_reply(route: Route, why: BusError) -> Crashed:
    """The handler answered with something else than its type says."""
    return Crashed(f"{route.address} was answered wrongly: {why.message}", cell=route.cell)


def invalid(route: Route, why: BusError) -> BusError:
    """The message is not what its type says: the same error, naming the cell."""
    return type(why)(why.message, cell=route.cell, mend=why.mend)


def other_version(address: str, sent: int, here: type[Message]) -> Invalid:
    """The message is of another version than the word that the receiver knows."""
    return Invalid(
        f"{address} came in version {sent}; here it is at version {here.__version__}",
        mend="load the same release of the cell at both ends",
    )


def unknown_word(address: str, version: int, here: type[Message] | None) -> Invalid:
    """An event came that the follower has no type for, or has in another version."""
    if here is not None:
        return other_version(address, version, here)
    return Invalid(
        f"the event {address} is not known here",
        mend="load the same release of the cell at both ends",
    )


def closed() -> Unavailable:
    """The transport has been closed."""
    return Unavailable("the bus is closed: the host is shutting down", mend="ask when it is up")


def _suggest(name: str, known: Iterable[str]) -> str:
    known = sorted(known)
    close = get_close_matches(name, known, n=1)
    if close:
        return f"did you mean {close[0]}?"
    return "there is: " + ", ".join(known) if known else "load a cell first"
