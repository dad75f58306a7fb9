"""The layout of a journal file: its tables, its connections, and what SQLite's errors mean.

Entries are clustered by cell and position, so that folding a cell reads neighbouring pages; their
key is `cell number << 40 | position`. `n` counts entries over all cells in the order of commits.

Never open a journal file other than through SQLite while it may be open in this process: closing
any descriptor of it would drop SQLite's own locks (a property of POSIX locks).
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

from monocyte.errors import JournalDamaged, JournalError, JournalUnavailable

__all__ = [
    "APPLICATION",
    "FORMAT",
    "MASK",
    "SCHEMA",
    "SHIFT",
    "SYNCHRONOUS",
    "Durability",
    "NotAJournal",
    "check_format",
    "connect",
    "connect_readonly",
    "span",
    "translated",
    "translating",
]

APPLICATION: Final = 0x4D6F6E6F
"""`PRAGMA application_id` of a journal: "Mono"."""

FORMAT: Final = 1
"""`PRAGMA user_version`: the version of this layout."""

SHIFT: Final = 40
MASK: Final = (1 << SHIFT) - 1

Durability = Literal["full", "relaxed"]

SYNCHRONOUS: dict[str, str] = {"full": "FULL", "relaxed": "NORMAL"}
"""full: synced before an acknowledgement. relaxed: a power cut may take the last seconds."""


class NotAJournal(JournalUnavailable):
    """The file is something else, or nothing."""


SCHEMA: Final = f"""
CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE cells (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE entries (
    key INTEGER PRIMARY KEY,
    n INTEGER NOT NULL,
    id TEXT,
    link BLOB NOT NULL,
    body BLOB NOT NULL
);
CREATE UNIQUE INDEX answers ON entries (id, key >> {SHIFT}) WHERE id IS NOT NULL;
CREATE TABLE snapshots (
    cell INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    link BLOB NOT NULL,
    digest BLOB NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (cell, seq)
);
CREATE TABLE remarks (at INTEGER NOT NULL, kind TEXT NOT NULL, detail TEXT NOT NULL);
CREATE VIEW positions AS
    SELECT n, cells.name AS cell, key & {MASK} AS seq, id, length(body) AS bytes
    FROM entries JOIN cells ON cells.number = key >> {SHIFT};
"""  # noqa: S608 - constants of this module


def span(cell: int) -> tuple[int, int]:
    """The keys between which those of a cell's entries lie, exclusive."""
    return cell << SHIFT, (cell + 1) << SHIFT


def connect(path: Path, durability: str) -> sqlite3.Connection:
    """The connection that writes; checkpoints are left to its owner, up to a large bound."""
    connection = sqlite3.connect(
        path, timeout=5, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    return _set(
        connection,
        "journal_mode = WAL",
        f"synchronous = {SYNCHRONOUS[durability]}",
        "fullfsync = 1",  # macOS: fsync alone does not reach the platter
        "checkpoint_fullfsync = 1",
        "wal_autocheckpoint = 16384",
        "secure_delete = 0",  # Debian's SQLite overwrites what it frees
    )


def connect_readonly(path: Path) -> sqlite3.Connection:
    """A connection that cannot write, also beside a process that does."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro",
        uri=True,
        timeout=5,
        isolation_level=None,
        check_same_thread=False,
    )
    return _set(connection, "query_only = 1")


def _set(connection: sqlite3.Connection, *settings: str) -> sqlite3.Connection:
    try:
        for setting in settings:
            connection.execute(f"PRAGMA {setting}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def check_format(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse what is not a journal, or one of a format that this version does not know.

    Raises:
        JournalUnavailable: with what to do.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION:
        raise NotAJournal("this file is not a journal", where=str(path), mend="name another file")
    if version != FORMAT:
        raise JournalUnavailable(
            f"this journal has format {version}; this version of monocyte knows format {FORMAT}",
            where=str(path),
            mend="run the version of monocyte that wrote it, or a newer one",
        )


# -- what SQLite's errors mean ---------------------------------------------------------------------

_RESTORE = "run `monocyte journal verify`, then `monocyte journal restore` the newest backup"

_MORE_ROOM = "free some space on that disk, or raise the quota"
_PERMIT = "let this user read and write the journal's file and directory"

_MEANINGS: Final[tuple[tuple[str, type[JournalError], str, str], ...]] = (
    ("SQLITE_FULL", JournalUnavailable, "the disk is full", _MORE_ROOM),
    ("SQLITE_NOTADB", NotAJournal, "this file is not a journal", "name another file"),
    ("SQLITE_CORRUPT", JournalDamaged, "the file is damaged", _RESTORE),
    (
        "SQLITE_READONLY",
        JournalUnavailable,
        "the file or its directory is read-only",
        _PERMIT,
    ),
    (
        "SQLITE_CANTOPEN",
        JournalUnavailable,
        "the file cannot be opened",
        _PERMIT,
    ),
    (
        "SQLITE_BUSY",
        JournalUnavailable,
        "another program holds the file, although it does not hold the journal's lock",
        "find it with `fuser` and stop it",
    ),
    (
        "SQLITE_IOERR",
        JournalUnavailable,
        "the disk failed to read or write",
        "look at the system's log for what the disk reported, and at its quotas and limits",
    ),
    (
        "SQLITE_CONSTRAINT",
        JournalError,
        "an entry contradicts what is there: its command has been answered before",
        "this is a defect of whoever appended it; `find` the first answer before deciding",
    ),
)
"""Prefix of SQLite's error name, what to raise, what it means, the mend; first match wins."""


def translated(why: sqlite3.Error, path: Path) -> JournalError:
    """The journal's error for one of SQLite's."""
    name = getattr(why, "sqlite_errorname", None) or ""
    for prefix, error, meaning, mend in _MEANINGS:
        if name.startswith(prefix):
            return error(f"{meaning} ({name}: {why})", where=str(path), mend=mend)
    return JournalUnavailable(f"SQLite refused: {name} {why}", where=str(path))


@contextmanager
def translating(path: Path) -> Iterator[None]:
    """Turn errors of SQLite and of the system into the journal's."""
    try:
        yield
    except sqlite3.Error as why:
        raise translated(why, path) from why
    except OSError as why:
        where = str(why.filename or path)
        full = why.errno in (errno.ENOSPC, errno.EDQUOT)
        mend = _MORE_ROOM if full else _PERMIT
        raise JournalUnavailable(why.strerror or str(why), where=where, mend=mend) from why
