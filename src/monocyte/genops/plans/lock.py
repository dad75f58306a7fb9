"""`regen.lock`: for each cell, the facts of what was promoted last, and what wrote it.

It lies beside `monocyte.toml` and is committed with the code, so that a revision says of itself
what is generated in it and from what. A lock of another format, or with a field that nobody knows,
is refused: what it would have said is not known. Only promotions and adoptions write it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from monocyte.errors import GenopsError
from monocyte.genops.plans.facts import Facts

__all__ = ["FILE", "Lock", "Locked", "opened", "read_lock", "write_lock"]

FILE = "regen.lock"


class Locked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A cell as it was promoted, or adopted: then no pin wrote it, and `plan` is empty."""

    plan: str = ""
    pin: str = ""
    pin_digest: str = ""
    template: str = ""
    text: str = ""
    """The SHA-256 of the file's text, by which it is known that nothing in it has changed."""
    facts: Facts

    @property
    def digest(self) -> str:
        """What changes when any of it does."""
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()


class Lock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every cell by its name."""

    format: Literal[1] = 1
    cells: dict[str, Locked] = {}

    @property
    def content(self) -> bytes:
        """As it is written and committed."""
        return msgspec.json.format(msgspec.json.encode(self, order="sorted"), indent=1) + b"\n"

    def with_cells(self, cells: Mapping[str, Locked | None]) -> Lock:
        """The lock with these cells in place of what it knew of them; None takes one out."""
        known = {**self.cells, **cells}
        return Lock(1, {name: it for name, it in sorted(known.items()) if it is not None})


def read_lock(root: Path) -> Lock | None:
    """The lock of the app in `root`; None if there is none yet.

    Raises:
        GenopsError: it cannot be read, or is of another format.
    """
    file = root / FILE
    try:
        return opened(file.read_bytes(), str(file))
    except FileNotFoundError:
        return None
    except OSError as why:
        raise GenopsError(f"it cannot be read: {why}", where=str(file)) from why


def opened(content: bytes, where: str = FILE) -> Lock:
    """A lock as it was written; raises GenopsError if it is none, or of another format."""
    try:
        return msgspec.json.decode(content, type=Lock)
    except (msgspec.DecodeError, UnicodeDecodeError) as why:
        mend = f"restore it from your history: git checkout -- {FILE}; or a newer monocyte wrote it"
        raise GenopsError(f"it cannot be read: {why}", where=where, mend=mend) from why


def write_lock(root: Path, lock: Lock) -> None:
    """Write the lock, whole or not at all; raises GenopsError if it cannot be written."""
    file = root / FILE
    draft = file.with_name(f".{FILE}.{os.getpid()}")
    try:
        draft.write_bytes(lock.content)
        draft.replace(file)
    except OSError as why:
        draft.unlink(missing_ok=True)
        mend = "make room, or the folder writable"
        raise GenopsError(
            f"it cannot be written: {why.strerror}", where=str(file), mend=mend
        ) from why
