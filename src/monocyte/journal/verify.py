"""Verifying a journal file: everything in it is held against everything else, and findings yielded.

The file is read, never written; it may be in use. What opening takes on trust for the sake of speed
is looked at here: every page and index, every link of every chain, the count over all cells.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from monocyte.errors import JournalDamaged, JournalError
from monocyte.journal import chain, layout
from monocyte.journal.entries import ANSWERING, Entry, decode
from monocyte.journal.findings import Finding
from monocyte.journal.head import Head, path_of, read_head
from monocyte.journal.reader import JournalReader

__all__ = ["verify"]

_RESTORE = "restore the newest backup with `monocyte journal restore`"
_ENOUGH = 20
"""Damaged pages after which the rest is left unsaid."""


def verify(path: Path) -> Iterator[Finding]:
    """What is wrong with the journal at `path`, and what is worth knowing; nothing if all is well.

    Raises:
        JournalUnavailable: there is no journal of that name, or no right to read it.
    """
    head = _head(path)
    try:
        reader = JournalReader(path)
    except (JournalDamaged, layout.NotAJournal) as why:
        if head is None and isinstance(why, layout.NotAJournal):
            raise
        yield _damage("unreadable", str(path), why.message)
        return
    with reader:
        yield from _pages(path)
        try:
            yield from _chains(reader)
            yield from _count(reader)
            yield from _snapshots(reader)
            yield from _acknowledged(reader, head)
            yield from _remarks(reader)
        except JournalError as why:
            yield _damage("unreadable", why.where or str(path), why.message)


def _damage(kind: str, where: str, detail: str) -> Finding:
    return Finding(kind=kind, where=where, detail=detail, mend=_RESTORE, damage=True)


def _head(path: Path) -> Head | None:
    """Read before the journal is: what it says was there then."""
    with layout.translating(path):
        return read_head(path_of(path))


def _pages(path: Path) -> Iterator[Finding]:
    """Pages, indexes and their agreement, by SQLite's own check."""
    try:
        with closing(layout.connect_readonly(path)) as connection:
            rows = connection.execute(f"PRAGMA integrity_check({_ENOUGH})").fetchall()
    except sqlite3.DatabaseError as why:
        rows = [(str(why),)]
    yield from (_damage("page-damaged", str(path), text) for (text,) in rows if text != "ok")


def _chains(reader: JournalReader) -> Iterator[Finding]:
    for name, number, _ in reader.tails():
        yield from _chain(reader, name, number)


def _chain(reader: JournalReader, cell: str, number: int) -> Iterator[Finding]:
    previous, last = chain.first(cell), 0
    for stored in reader.rows(number):
        position = stored.key & layout.MASK
        where = f"{reader.path}, {cell!r} at {position}"
        link = chain.link(previous, stored.body)
        if link != stored.link:
            yield _damage(
                "chain-broken", where, f"position {position} of {cell!r} is not what was written"
            )
        previous = stored.link
        try:
            entry = decode(stored.body)
        except JournalDamaged as why:
            yield _damage("entry-unreadable", where, why.message)
            last = position
            continue
        if (wrong := _disagreement(entry, cell, position, last, stored.id)) is not None:
            yield _damage("entry-misplaced", where, wrong)
        last = entry.end


def _disagreement(entry: Entry, cell: str, position: int, last: int, id: str | None) -> str | None:
    """How the row of an entry contradicts the entry in it, or its neighbours."""
    if (entry.cell, entry.seq) != (cell, position):
        return f"this entry belongs to {entry.cell!r} at {entry.seq}"
    if position != last + 1:
        return f"the entry before it ends at {last}, so positions are missing or taken twice"
    if id != (entry.id if entry.kind in ANSWERING else None):
        return f"it is filed under the id {id!r}, but is {entry.kind} {entry.id!r}"
    return None


def _count(reader: JournalReader) -> Iterator[Finding]:
    held, highest = reader.census()
    if held != highest:
        yield _damage(
            "entries-missing",
            str(reader.path),
            f"entries are numbered up to {highest} over all cells, but {held} are there",
        )


def _snapshots(reader: JournalReader) -> Iterator[Finding]:
    for name, _, _ in reader.tails():
        reader.snapshot(name)
    yield from reader.findings


def _acknowledged(reader: JournalReader, head: Head | None) -> Iterator[Finding]:
    if head is None or head.journal != reader.identity:
        yield Finding(
            kind="head-absent" if head is None else "head-foreign",
            where=str(path_of(reader.path)),
            detail="there is no head file of this journal, so it cannot be said whether entries "
            "are missing at its end",
        )
    elif head.count and reader.at(head.key) != (head.count, head.link):
        yield _damage(
            "acknowledged-missing",
            str(reader.path),
            f"entry {head.count} had been acknowledged and is not there",
        )


def _remarks(reader: JournalReader) -> Iterator[Finding]:
    for _, kind, detail in reader.remarks():
        yield Finding(kind=f"remark-{kind}", where=str(reader.path), detail=detail)
