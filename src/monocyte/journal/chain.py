"""The hash chain: what makes a log show that something was changed, taken out or put in between.

Each link is the SHA-256 of the link before it and the bytes that it seals; the first one hangs on
the name of its log, so that two logs cannot be exchanged. Links are pure functions of bytes; who
stores them where is not known here, so that every append-only log can use the same chain.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Final

__all__ = ["SIZE", "first", "follow", "link"]

SIZE: Final = 32
"""Bytes of a link."""


def first(name: str) -> bytes:
    """What the first link of the log of that name hangs on."""
    return sha256(b"monocyte chain 1\0" + name.encode()).digest()


def link(previous: bytes, body: bytes) -> bytes:
    """The link that seals `body` behind everything that `previous` seals."""
    return sha256(previous + body).digest()


def follow(previous: bytes, bodies: Iterable[bytes]) -> bytes:
    """The link behind all of `bodies`, in order."""
    for body in bodies:
        previous = link(previous, body)
    return previous
