"""`Attached`: a document that is kept beside an entry of the ledger: one form, one digest.

What people sign is the digest of these very bytes, so they are written in one way only, and what
cannot be read to the last field is refused and never guessed. Pure.
"""

from __future__ import annotations

import hashlib
from typing import TypeVar

import msgspec

from monocyte.errors import GenopsError

__all__ = ["Attached", "read_attached"]

D = TypeVar("D", bound="Attached")


class Attached(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The base of such documents; each says its own `format`."""

    @property
    def content(self) -> bytes:
        """As it is attached."""
        return msgspec.json.format(msgspec.json.encode(self, order="sorted"), indent=1)

    @property
    def digest(self) -> str:
        """What is signed, or named elsewhere: the SHA-256 of that."""
        return hashlib.sha256(self.content).hexdigest()


def read_attached(content: bytes, kind: type[D], what: str, again: str) -> D:
    """The document that was attached; `again` is the command that makes another.

    Raises:
        GenopsError: it is none of its kind, or of another format.
    """
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as why:
        mend = f"make it anew: {again}; or a newer monocyte wrote it"
        raise GenopsError(f"this is no {what}: {why}", mend=mend) from why
