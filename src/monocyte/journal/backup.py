"""Backing a journal up while it is in use, and restoring it.

A backup is one file that stands alone: a journal folded together, with no log beside it. It is
verified before it gets its name, and again before it replaces anything. What is replaced is kept.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from monocyte.errors import JournalDamaged, JournalUnavailable
from monocyte.journal import chain, layout
from monocyte.journal.findings import Finding
from monocyte.journal.head import Head, HeadFile, path_of
from monocyte.journal.lock import FileLock
from monocyte.journal.opening import beside, now, remove, sync_directory
from monocyte.journal.reader import JournalReader
from monocyte.journal.verify import verify

__all__ = ["Progress", "backup", "restore"]

Progress = Callable[[int, int], None]
"""Told how many pages are copied, of how many."""


def backup(journal: Path, target: Path, progress: Progress | None = None) -> int:
    """Copy a journal, which may be in use, to the new file `target`; says how many entries it has.

    Raises:
        JournalUnavailable: `target` is there already, or there is no room, or no journal.
        JournalDamaged: the journal is damaged; there is no backup then.
    """
    if target.exists():
        raise JournalUnavailable(
            "there is a file of that name", where=str(target), mend="name another one"
        )
    part = beside(target, ".part")
    with layout.translating(target):
        remove(part)
        try:
            _copy(journal, part, progress)
            _refuse_damage(part, journal)
            part.rename(target)
            sync_directory(target.parent)
        finally:
            remove(part)
    with JournalReader(target) as reader:
        return reader.census()[0]


def restore(backup: Path, journal: Path) -> tuple[Path, ...]:
    """Put a backup in the place of a journal that is not in use; says where the replaced files are.

    A restore that is interrupted leaves either the old journal, or none and what keeps an empty one
    from being made in its place: run it again.

    Raises:
        JournalDamaged: the backup is damaged; nothing was touched.
        JournalLocked: the journal is in use.
        JournalUnavailable: there is no room, no right or no backup.
    """
    _refuse_damage(backup, backup)
    with layout.translating(journal):
        journal.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FileLock(beside(journal, ".lock"))
        try:
            return _replace(backup, journal)
        finally:
            lock.release()


def _copy(source: Path, target: Path, progress: Progress | None) -> None:
    os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    with JournalReader(source) as reader:
        copy = sqlite3.connect(target, isolation_level=None)
        try:
            reader.copy_to(copy, progress)
            copy.execute("PRAGMA journal_mode = DELETE").fetchall()
        finally:
            copy.close()


def _refuse_damage(path: Path, where: Path) -> None:
    damages = [finding for finding in verify(path) if finding.damage]
    if damages:
        raise JournalDamaged(
            f"it is damaged: {damages[0].detail}" + _and_more(damages),
            where=str(where),
            mend="run `monocyte journal verify` on it, and use an older backup",
        )


def _and_more(damages: list[Finding]) -> str:
    return f", and {len(damages) - 1} more findings" if len(damages) > 1 else ""


def _replace(backup: Path, journal: Path) -> tuple[Path, ...]:
    fresh = beside(journal, ".restoring")
    remove(fresh)
    with JournalReader(backup) as reader:
        head = _head_of(reader)
    shutil.copyfile(backup, fresh)
    fresh.chmod(0o600)
    _remark(fresh, f"restored from {backup}, which holds {head.count} entries")
    _sync(fresh)
    stamp = datetime.now(UTC).strftime(".replaced-%Y%m%dT%H%M%S.%f")
    kept = [
        beside(journal, suffix).rename(beside(journal, stamp + suffix))
        for suffix in ("", "-wal", "-shm")
        if beside(journal, suffix).exists()
    ]
    fresh.rename(journal)
    sync_directory(journal.parent)
    if path_of(journal).exists():
        kept.append(Path(shutil.copy2(path_of(journal), beside(journal, stamp + ".head"))))
    HeadFile(path_of(journal), head).close()
    sync_directory(journal.parent)
    return tuple(kept)


def _remark(journal: Path, detail: str) -> None:
    connection = sqlite3.connect(journal, isolation_level=None)
    try:
        connection.execute("INSERT INTO remarks VALUES (?, 'restored', ?)", (now(), detail))
    finally:
        connection.close()


def _head_of(reader: JournalReader) -> Head:
    entries = [last for _, _, last in reader.tails() if last]
    newest = max(entries, key=lambda last: last.n, default=None)
    if newest is None:
        return Head(reader.identity, 0, 0, bytes(chain.SIZE))
    return Head(reader.identity, newest.n, newest.key, newest.link)


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
