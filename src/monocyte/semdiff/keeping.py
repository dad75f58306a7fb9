"""What reading has shown, kept between runs: by content, and nothing else.

The name of an entry says all that it depends on: the content of one file or of both trees, the
code of this room, and the Python that read them. So nothing ever has to be invalidated, and
everything may be deleted at any time. What running code has shown is not kept: it depends on what
is installed. Whatever is wrong with what is kept costs time, and never an answer.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TypeVar

import msgspec

from monocyte.semdiff.difference import Known
from monocyte.semdiff.sources import Tree

__all__ = ["Keeper"]

MOST = 200_000_000
"""Bytes; of more, what was used longest ago goes."""

DAY = 86_400
AT_ONCE = 500
"""Entries that are asked for in one question."""

_TABLE = """
CREATE TABLE IF NOT EXISTS kept (
    name BLOB PRIMARY KEY, value BLOB NOT NULL, mark BLOB NOT NULL, used INTEGER NOT NULL
) WITHOUT ROWID"""

T = TypeVar("T")


class Keeper:
    """One file of entries; one that cannot be read or written is as good as none."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "kept.sqlite"
        self._found: dict[str, bytes | None] = {}
        self._fresh: dict[str, bytes] = {}

    # -- what is known of two trees ---------------------------------------------------------------

    def recall(self, old: Tree, new: Tree) -> Known | None:
        """What is known of these very trees, or None."""
        data = self.get(_pair(old, new))
        try:
            return msgspec.msgpack.decode(data, type=Known) if data else None
        except (msgspec.MsgspecError, ValueError):
            return None

    def keep(self, old: Tree, new: Tree, known: Known) -> None:
        """Remember it, and all that was put here before."""
        self.put(_pair(old, new), msgspec.msgpack.encode(known))
        fresh, self._fresh = self._fresh, {}
        self._asked(lambda base: _write(base, fresh), None)

    # -- entries by name --------------------------------------------------------------------------

    def get(self, name: str) -> bytes | None:
        """What is kept under a name, or None."""
        if name not in self._found:
            self.fetch([name])
        return self._found[name]

    def put(self, name: str, value: bytes) -> None:
        """Keep it, from the next `keep` on."""
        self._found[name] = self._fresh[name] = value

    def fetch(self, names: Iterable[str]) -> None:
        """Get all of these at once, for they will be asked for."""
        missing = [it for it in dict.fromkeys(names) if it not in self._found]
        keys = {_key(it): it for it in missing}
        none: dict[bytes, bytes] = {}
        found = self._asked(lambda base: dict(_read(base, list(keys))), none)
        self._found |= {name: found.get(key) for key, name in keys.items()}

    def _asked(self, ask: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        """An answer of the file; what is no such file is put away, to begin anew."""
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            opened = sqlite3.connect(self.file, timeout=2.0, isolation_level=None)
            with contextlib.closing(opened) as base:
                base.execute("PRAGMA synchronous = OFF")  # what is lost costs time only
                base.execute(_TABLE)
                return ask(base)
        except sqlite3.DatabaseError as error:
            if not isinstance(error, sqlite3.OperationalError):
                with contextlib.suppress(OSError):
                    self.file.unlink()
        except OSError:
            pass
        return otherwise


def _pair(old: Tree, new: Tree) -> str:
    return f"trees {old.digest} {new.digest}"


def _key(name: str) -> bytes:
    return hashlib.blake2b(f"{_ours()}\n{name}".encode(), digest_size=20).digest()


def _mark(key: bytes, value: bytes) -> bytes:
    return hashlib.blake2b(value, key=key, digest_size=16).digest()


def _read(base: sqlite3.Connection, keys: list[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """The entries of these names that are whole."""
    now, old = int(time.time()), []
    for at in range(0, len(keys), AT_ONCE):
        some = keys[at : at + AT_ONCE]
        asked = f"SELECT * FROM kept WHERE name IN ({','.join('?' * len(some))})"  # noqa: S608
        for key, value, mark, used in base.execute(asked, some):
            if mark == _mark(key, value):
                old += [key] if used < now - DAY else []
                yield key, value
    if old:
        with contextlib.suppress(sqlite3.OperationalError):
            base.executemany("UPDATE kept SET used = ? WHERE name = ?", [(now, it) for it in old])


def _write(base: sqlite3.Connection, entries: dict[str, bytes]) -> None:
    now = int(time.time())
    rows = [(key := _key(name), it, _mark(key, it), now) for name, it in entries.items()]
    base.execute("BEGIN IMMEDIATE")
    base.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?)", rows)
    _tidy(base)
    base.execute("COMMIT")


def _tidy(base: sqlite3.Connection) -> None:
    """Let go what was used longest ago, down to three quarters of what there may be."""
    size: int = base.execute("SELECT coalesce(sum(length(value)), 0) FROM kept").fetchone()[0]
    if size <= MOST:
        return
    for name, length in base.execute(
        "SELECT name, length(value) FROM kept ORDER BY used"
    ).fetchall():
        if size <= MOST * 3 // 4:
            return
        base.execute("DELETE FROM kept WHERE name = ?", (name,))
        size -= length


@cache
def _ours() -> str:
    """What decides beside the content: the code of this room, and the Python that it runs on."""
    made = hashlib.blake2b(sys.version.encode(), digest_size=20)
    room = Path(__file__).parent
    for path in sorted(room.rglob("*.py")):
        made.update(path.read_bytes())
    return made.hexdigest()
