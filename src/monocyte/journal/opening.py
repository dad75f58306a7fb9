"""Opening a journal for writing: make or recover it, hold it against its head, say what was done.

Nothing is passed over in silence. What SQLite recovers by itself is reported; what was acknowledged
and is not there is refused, unless whoever opens it accepts the loss, which is then written down in
the journal itself.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import struct
import time
from pathlib import Path
from typing import Final

from monocyte.errors import JournalDamaged, JournalUnavailable
from monocyte.journal import chain, layout
from monocyte.journal.entries import decode
from monocyte.journal.findings import Finding
from monocyte.journal.head import Head, HeadFile, path_of, read_head
from monocyte.journal.layout import NotAJournal
from monocyte.journal.lock import is_held
from monocyte.journal.reader import JournalReader

__all__ = [
    "Opened",
    "Tail",
    "beside",
    "create",
    "fold_back",
    "in_use",
    "now",
    "open_file",
    "remove",
    "sync_directory",
]

_ACCEPT: Final = (
    "restore the newest backup with `monocyte journal restore`; or, if the loss is acceptable, "
    "open it once with accept_loss=True, which records that decision in the journal"
)


class Tail:
    """Where a cell's entries end: what the next one hangs on."""

    __slots__ = ("base", "last", "link")

    def __init__(self, number: int, last: int, link: bytes) -> None:
        self.base = number << layout.SHIFT
        self.last = last
        self.link = link


class Opened:
    """A journal file that is open for writing, and what was found on the way."""

    def __init__(self, reader: JournalReader) -> None:
        self.reader = reader
        self.tails: dict[str, Tail] = {}
        self.count = 0
        self.newest = (0, bytes(chain.SIZE))
        """Key and link of the entry that was committed last."""
        self.findings: list[Finding] = []
        self.connection: sqlite3.Connection
        self.head: HeadFile

    def close(self) -> None:
        """Let go of the files, as far as they are open."""
        self.reader.close()
        self.stop_writing()

    def stop_writing(self) -> None:
        """Let go of what is open for writing."""
        if hasattr(self, "connection"):
            self.connection.close()
        if hasattr(self, "head"):
            self.head.close()


def now() -> int:
    """The time in µs since the epoch, UTC."""
    return time.time_ns() // 1000


def beside(path: Path, suffix: str) -> Path:
    """The file that belongs to a journal under its name and `suffix`."""
    return path.with_name(path.name + suffix)


def in_use(path: Path) -> bool:
    """Whether a process has the journal open for writing just now."""
    return is_held(beside(path, ".lock"))


def sync_directory(directory: Path) -> None:
    """Make names that were made or moved in a directory survive a power cut."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def open_file(path: Path, durability: layout.Durability, *, accept_loss: bool) -> Opened:
    """Open the journal at `path`, made if it is not there; the caller holds its lock.

    It is judged on a connection that cannot write, because closing one that can folds the
    write-ahead log back and removes it, and with it what lies behind a damaged page.

    Raises:
        JournalDamaged: acknowledged entries are missing, or the file is damaged.
        JournalUnavailable: it cannot be opened or made; the error says why.
    """
    with layout.translating(path):
        head = read_head(path_of(path))
        findings = _before(path)
        if not path.exists():
            _refuse_to_replace(path, head, accept_loss=accept_loss)
            create(path)
            head = None
        opened = Opened(_reader(path, head))
        opened.findings = findings
        try:
            _refuse_shortened(opened.reader, path)
            _load(opened)
            loss = _loss(opened, head, path)
            if not (accept_loss or (head and head.relaxed)):
                _refuse_loss(loss, path)
            opened.connection = layout.connect(path, durability)
            _try_to_write(opened.connection)
            if loss:
                _record_loss(opened, path, loss, accepted=accept_loss)
            opened.head = HeadFile(path_of(path), _head_now(opened, durability))
            sync_directory(path.parent)
        except BaseException:
            opened.close()
            raise
    return opened


def fold_back(connection: sqlite3.Connection, path: Path) -> None:
    """Bring all of the write-ahead log into the journal's own file, synced, and begin it anew.

    Raises:
        JournalError: the disk refuses, or somebody is reading who stands in the way.
    """
    with layout.translating(path):
        row = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    _, logged, folded = row
    if logged != folded:
        raise JournalUnavailable(
            "another process is reading this journal and will not finish",
            where=str(path),
            mend="stop whatever reads it, then recover again",
        )


# -- making ---------------------------------------------------------------------------------------


def create(path: Path) -> None:
    """Make an empty journal, all of it or nothing; nobody else can read it.

    Raises:
        OSError, sqlite3.Error: it cannot be made.
    """
    fresh = beside(path, ".new")
    remove(fresh)
    os.close(os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600))
    connection = layout.connect(fresh, "full")
    try:
        connection.executescript(
            f"""
            BEGIN IMMEDIATE;
            PRAGMA application_id = {layout.APPLICATION};
            PRAGMA user_version = {layout.FORMAT};
            {layout.SCHEMA}
            INSERT INTO meta VALUES ('identity', x'{secrets.token_hex(16)}'), ('made', {now()});
            COMMIT;
            """  # noqa: S608 - our own constants
        )
    finally:
        connection.close()
    fresh.rename(path)
    sync_directory(path.parent)


def remove(path: Path) -> None:
    """Remove a file that was being made, with the logs that SQLite would apply to the next one."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        beside(path, suffix).unlink(missing_ok=True)


def _refuse_to_replace(path: Path, head: Head | None, *, accept_loss: bool) -> None:
    """A journal that was there and is gone is not to be replaced by an empty one."""
    lost = [beside(path, suffix) for suffix in ("-wal", ".restoring")]
    remains = [left.name for left in lost if left.exists()]
    if head is not None and head.count:
        remains.append(f"{path_of(path).name}, which knows of {head.count} acknowledged entries")
    if remains and not accept_loss:
        raise JournalDamaged(
            f"the journal's file is gone, but there is {' and '.join(remains)}",
            where=str(path),
            mend="put the file back, or run `monocyte journal restore` with the newest backup; a "
            "restore that was interrupted can be run again",
        )
    for left in (*lost, beside(path, "-shm")):
        left.unlink(missing_ok=True)


# -- loading --------------------------------------------------------------------------------------


def _reader(path: Path, head: Head | None) -> JournalReader:
    """What SQLite does not know as a journal is a damaged one if there is a head to it."""
    try:
        return JournalReader(path)
    except JournalUnavailable as why:
        if head is None or not isinstance(why, NotAJournal):
            raise
        raise JournalDamaged(
            f"the file is damaged at its beginning; it held {head.count} acknowledged entries",
            where=str(path),
            mend="restore the newest backup with `monocyte journal restore`",
        ) from why


def _try_to_write(connection: sqlite3.Connection) -> None:
    """SQLite opens a file that it may not write without a word, and refuses the first entry."""
    connection.execute("BEGIN")
    connection.execute(f"PRAGMA user_version = {layout.FORMAT}")
    connection.execute("ROLLBACK")


def _refuse_shortened(reader: JournalReader, path: Path) -> None:
    """SQLite reads on in a file whose last pages are missing, until it comes to them."""
    wal = beside(path, "-wal")
    if wal.exists() and wal.stat().st_size:
        return  # then they may be there
    said, size = reader.size(), path.stat().st_size
    if size < said:
        raise JournalDamaged(
            f"the file has {size:,} bytes, and should have {said:,}",
            where=str(path),
            mend="restore the newest backup with `monocyte journal restore`",
        )


def _load(opened: Opened) -> None:
    for name, number, last in opened.reader.tails():
        if last is None:
            opened.tails[name] = Tail(number, 0, chain.first(name))
            continue
        opened.tails[name] = Tail(number, decode(last.body).end, last.link)
        if last.n > opened.count:
            opened.count, opened.newest = last.n, (last.key, last.link)


# -- holding it against what was acknowledged ----------------------------------------------------


def _loss(opened: Opened, head: Head | None, path: Path) -> str | None:
    """What was acknowledged and is not there, in a sentence."""
    if head is None:
        if opened.count:
            opened.findings.append(_head_absent(path))
        return None
    if head.journal != opened.reader.identity:
        opened.findings.append(
            Finding(
                kind="head-foreign",
                where=str(path_of(path)),
                detail="the head file belongs to another journal, so it cannot be said whether "
                "entries are missing at the end",
                mend="nothing: it is made anew; look for who put the journal here",
            )
        )
        return None
    if head.count == 0 or opened.reader.at(head.key) == (head.count, head.link):
        return None
    if head.count > opened.count:
        return (
            f"{head.count - opened.count} acknowledged entries are missing: the journal ends at "
            f"entry {opened.count}, and entry {head.count} had been acknowledged"
        )
    return f"the entry that had been acknowledged as number {head.count} is not there"


def _head_absent(path: Path) -> Finding:
    return Finding(
        kind="head-absent",
        where=str(path_of(path)),
        detail="there is no readable head file, so it cannot be said whether entries are missing "
        "at the end",
        mend="nothing: it is made anew; look for who removed it",
    )


def _refuse_loss(loss: str | None, path: Path) -> None:
    if loss:
        raise JournalDamaged(loss, where=str(path), mend=_ACCEPT)


def _record_loss(opened: Opened, path: Path, loss: str, *, accepted: bool) -> None:
    decision = "accepted by whoever opened it" if accepted else "its durability was relaxed"
    detail = f"{loss}; {decision}"
    opened.connection.execute("INSERT INTO remarks VALUES (?, 'loss', ?)", (now(), detail))
    opened.findings.append(Finding(kind="loss", where=str(path), detail=detail, damage=True))


def _head_now(opened: Opened, durability: layout.Durability) -> Head:
    key, link = opened.newest
    return Head(opened.reader.identity, opened.count, key, link, durability != "full")


# -- what a crash has left ------------------------------------------------------------------------


def _before(path: Path) -> list[Finding]:
    """What the files look like before SQLite touches them."""
    findings = []
    commits = _commits_in(beside(path, "-wal"))
    if commits:
        findings.append(
            Finding(
                kind="wal-replayed",
                where=str(beside(path, "-wal")),
                detail=f"the process before did not close the journal; {commits} commits of its "
                "write-ahead log were replayed",
            )
        )
    return findings


def _commits_in(wal: Path) -> int:
    """How many commits a write-ahead log holds, by the headers of its frames.

    See https://www.sqlite.org/fileformat2.html#walformat
    """
    try:
        file = wal.open("rb")
    except FileNotFoundError:
        return 0
    with file:
        header = file.read(32)
        if len(header) < 32:
            return 0
        (page,) = struct.unpack(">I", header[8:12])
        commits, salts = 0, header[16:24]
        while len(frame := file.read(24)) == 24 and frame[8:16] == salts:
            commits += frame[4:8] != b"\0\0\0\0"
            file.seek(page, os.SEEK_CUR)
        return commits
