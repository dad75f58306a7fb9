"""API keys: who is at the wall. A key is shown once; what is kept is its hash.

A key holds 256 random bits, so that a plain SHA-256 of it cannot be turned back, and looking the
hash up leaks nothing that helps to guess another.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from monocyte.contracts import Principal
from monocyte.errors import ConfigError

__all__ = ["OWNER", "Holder", "Keys"]

PREFIX = "mono_"
"""What every key begins with, so that people and scanners know one when they see it."""

OWNER = "owner"
"""The role of who may do everything, and the name of the first to have it."""


class Holder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who holds a key: a name, roles, and since when, in ISO 8601."""

    name: str
    roles: tuple[str, ...]
    since: str


class _File(msgspec.Struct, forbid_unknown_fields=True):
    version: int = 1
    keys: dict[str, Holder] = {}
    """Holders by the SHA-256 of their key, in hex."""


class Keys:
    """The keys in one file, read anew when another process has changed it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp: tuple[int, int] = (0, 0)
        self._file = _File()
        self._principals: dict[bytes, Principal] = {}
        self._read()

    def holder(self, key: str) -> Principal | None:
        """Who holds this key; None if nobody does."""
        hashed = hashlib.sha256(key.encode("utf-8", "replace")).digest()
        if (known := self._principals.get(hashed)) is None and self._changed():
            self._read()
            known = self._principals.get(hashed)
        return known

    def refresh(self) -> None:
        """Read the file again if it has changed: a revoked key ends here."""
        if self._changed():
            self._read()

    def holders(self) -> tuple[Holder, ...]:
        """Everybody who holds a key, in the order in which they were given it."""
        return tuple(self._file.keys.values())

    def add(self, name: str, roles: tuple[str, ...]) -> str:
        """Make a key for somebody and return it: it cannot be shown again.

        Raises:
            ConfigError: the name is taken or empty, or the file cannot be written.
        """
        self.refresh()
        if not name.strip() or not name.isprintable():
            raise ConfigError(f"{name!r} is no name", mend="use letters, digits, dots, dashes")
        if any(holder.name == name for holder in self.holders()):
            raise ConfigError(
                f"{name} has a key already", mend=f"revoke it first: access revoke {name}"
            )
        key = PREFIX + secrets.token_urlsafe(32)
        since = datetime.now(UTC).isoformat(timespec="seconds")
        self._file.keys[hashlib.sha256(key.encode()).hexdigest()] = Holder(name, roles, since)
        self._write()
        return key

    def revoke(self, name: str) -> None:
        """Take somebody's key away.

        Raises:
            ConfigError: nobody of that name has one.
        """
        self.refresh()
        kept = {hashed: h for hashed, h in self._file.keys.items() if h.name != name}
        if len(kept) == len(self._file.keys):
            raise ConfigError(f"{name} has no key", mend="see who has one: access list")
        self._file.keys = kept
        self._write()

    def _stat(self) -> tuple[int, int]:
        try:
            stat = self.path.stat()
        except FileNotFoundError:
            return (0, 0)
        return (stat.st_mtime_ns, stat.st_ino)

    def _changed(self) -> bool:
        return self._stat() != self._stamp

    def _read(self) -> None:
        self._stamp = self._stat()
        if self._stamp == (0, 0):
            self._file = _File()
        else:
            self._file = self._parse()
        self._principals = {
            bytes.fromhex(hashed): Principal(holder.name, frozenset(holder.roles))
            for hashed, holder in self._file.keys.items()
        }

    def _parse(self) -> _File:
        mend = "restore it from a backup; without it nobody gets in"
        if self.path.stat().st_mode & 0o077:
            raise ConfigError(
                "others can read the keys' file",
                where=str(self.path),
                mend=f"chmod 600 {self.path}",
            )
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=_File)
        except (OSError, msgspec.DecodeError) as why:
            raise ConfigError(f"cannot be read: {why}", where=str(self.path), mend=mend) from why

    def _write(self) -> None:
        content = msgspec.json.format(msgspec.json.encode(self._file), indent=2)
        draft = self.path.with_suffix(".draft")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with os.fdopen(
                os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb"
            ) as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.path)
        except OSError as why:
            raise ConfigError(f"cannot be written: {why}", where=str(self.path)) from why
        self._read()
