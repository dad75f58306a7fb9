"""API keys: who is at the wall. A key is shown once; what is kept is its hash.

A key holds 256 random bits, so that a plain SHA-256 of it cannot be turned back, and looking the
hash up leaks nothing that helps to guess another.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from time import monotonic
from typing import Annotated, Literal

import msgspec

from monocyte.contracts import Principal
from monocyte.errors import ConfigError

__all__ = ["OWNER", "Holder", "Keys"]

PREFIX = "mono_"
"""What every key begins with, so that people and scanners know one when they see it."""

OWNER = "owner"
"""The role of who may do everything, and the name of the first to have it."""

LOOK_EVERY = 0.5
"""Seconds after which the file is looked at again, so that whose key is revoked is out."""

Name = Annotated[str, msgspec.Meta(pattern=r"^\w[\w.@+-]*\Z", max_length=64)]
"""No colon: it keeps people apart from cells (`cell:booking`) and from what they name (`ada:1`)."""

Hash = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]


class Holder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who holds a key: a name, roles, and since when, in ISO 8601."""

    name: Name
    roles: tuple[Name, ...]
    since: str


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: Literal[1] = 1
    keys: dict[Hash, Holder] = {}
    """Holders by the SHA-256 of their key, in hex."""


class Keys:
    """The keys in one file, read anew when another process has changed it.

    A key that was revoked is refused `LOOK_EVERY` seconds later at most, one that was added is
    known at once.
    """

    def __init__(self, path: Path) -> None:
        """Read the file, if there is one.

        Raises:
            ConfigError: it cannot be read, or others can.
        """
        self.path = path
        self._stamp: tuple[int, int, int] | None = None
        self._look_at = 0.0
        self._file = _File()
        self._principals: dict[bytes, Principal] = {}
        self._failure: ConfigError | None = None
        self.refresh()

    def holder(self, key: str) -> Principal | None:
        """Who holds this key; None if nobody does.

        Raises:
            ConfigError: the file cannot be read any more, so that nobody gets in.
        """
        hashed = sha256(key.encode("utf-8", "replace")).digest()
        known = self._principals.get(hashed)
        if known is None or monotonic() >= self._look_at:
            self.refresh()
            known = self._principals.get(hashed)
        return known

    def refresh(self) -> None:
        """Read the file again if it has changed.

        Raises:
            ConfigError: it cannot be read, or others can.
        """
        self._look_at = monotonic() + LOOK_EVERY
        if (stamp := self._stat()) != self._stamp:
            self._read(stamp)
        if self._failure is not None:
            raise self._failure

    def holders(self) -> tuple[Holder, ...]:
        """Everybody who holds a key, in the order in which they were given it."""
        return tuple(self._file.keys.values())

    def add(self, name: str, roles: tuple[str, ...]) -> str:
        """Make a key for somebody and return it: it cannot be shown again.

        Raises:
            ConfigError: the name is taken, a name or role is none, or the file cannot be written.
        """
        key = PREFIX + secrets.token_urlsafe(32)
        hashed = sha256(key.encode()).hexdigest()
        holder = _holder(name, roles)
        with self._alone():
            if any(other.name == name for other in self.holders()):
                raise ConfigError(
                    f"{name} has a key already",
                    mend=f"revoke it first: monocyte access revoke {name}",
                )
            self._write(self._file.keys | {hashed: holder})
        return key

    def revoke(self, name: str) -> None:
        """Take somebody's key away.

        Raises:
            ConfigError: nobody of that name has one, or the file cannot be written.
        """
        with self._alone():
            kept = {hashed: h for hashed, h in self._file.keys.items() if h.name != name}
            if len(kept) == len(self._file.keys):
                raise ConfigError(
                    f"{name} has no key", mend="see who has one: monocyte access list"
                )
            self._write(kept)

    # -- the file ----------------------------------------------------------------------------------

    def _stat(self) -> tuple[int, int, int]:
        try:
            stat = self.path.stat()
        except FileNotFoundError:
            return (0, 0, 0)
        except OSError as why:
            raise self._unreadable(why) from why
        return (stat.st_mtime_ns, stat.st_ino, stat.st_mode)

    def _read(self, stamp: tuple[int, int, int]) -> None:
        """Read what is there now; until it is read, nobody has a key."""
        self._file, self._principals, self._failure = _File(), {}, None
        try:
            self._file = self._parse(stamp[2]) if any(stamp) else _File()
        except ConfigError as why:
            self._failure = why
        self._principals = {
            bytes.fromhex(hashed): Principal(holder.name, frozenset(holder.roles))
            for hashed, holder in self._file.keys.items()
        }
        self._stamp = stamp

    def _parse(self, mode: int) -> _File:
        if mode & 0o077:
            mend = f"chmod 600 {self.path}"
            raise ConfigError("others can read or write the keys", where=str(self.path), mend=mend)
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=_File)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as why:
            raise self._unreadable(why) from why

    def _unreadable(self, why: Exception) -> ConfigError:
        mend = "restore it from a backup; without it nobody gets in"
        return ConfigError(f"the keys cannot be read: {why}", where=str(self.path), mend=mend)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let no other process change the file meanwhile, and know what is in it."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as why:
            raise self._unwritable(why) from why
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.refresh()
            yield
        finally:
            os.close(lock)

    def _write(self, keys: dict[str, Holder]) -> None:
        content = msgspec.json.format(msgspec.json.encode(_File(keys=keys)), indent=2)
        draft = self.path.with_suffix(".draft")
        try:
            draft.unlink(missing_ok=True)  # whose mode is not ours to trust
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(content + b"\n")
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.path)
        except OSError as why:
            raise self._unwritable(why) from why
        self.refresh()

    def _unwritable(self, why: OSError) -> ConfigError:
        mend = "make the directory writable for who runs this"
        return ConfigError(
            f"the keys cannot be written: {why.strerror}", where=str(self.path), mend=mend
        )


def _holder(name: str, roles: tuple[str, ...]) -> Holder:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        return msgspec.convert({"name": name, "roles": roles, "since": since}, Holder)
    except msgspec.ValidationError as why:
        wrong = next((n for n in (name, *roles) if not _named(n)), name)
        raise ConfigError(
            f"{wrong[:80]!r} is no name", mend="use letters, digits and . _ @ + -, at most 64"
        ) from why


def _named(text: str) -> bool:
    try:
        return bool(msgspec.convert(text, Name))
    except msgspec.ValidationError:
        return False
