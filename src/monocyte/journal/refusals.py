"""The errors that every journal raises in the same words, whatever it is kept on."""

from __future__ import annotations

from monocyte.errors import JournalDamaged, JournalError, JournalUnavailable
from monocyte.journal.entries import Entry, Snapshot

__all__ = ["broken_link", "closed", "failed", "out_of_sequence", "repeated", "unfounded"]

_DEFECT = "this is a defect of whoever appended it; nothing was written"


def out_of_sequence(entry: Entry, expected: int) -> JournalError:
    """The position of an entry is not the next one of its cell."""
    return JournalError(
        f"an entry was to take position {entry.seq} of {entry.cell!r}, but the next is {expected}",
        where=f"{entry.cell!r} at {expected}",
        mend=_DEFECT,
    )


def repeated(entry: Entry) -> JournalError:
    """The id of an entry has already answered a command."""
    return JournalError(
        f"the command {entry.id!r} of {entry.cell!r} has been answered before",
        where=f"{entry.cell!r} at {entry.seq}",
        mend="ask `find` for the first answer before deciding; nothing was written",
    )


def unfounded(snapshot: Snapshot) -> JournalError:
    """A snapshot holds entries that there are not."""
    return JournalError(
        f"a snapshot of {snapshot.cell!r} at {snapshot.seq} has no entries behind it",
        where=f"{snapshot.cell!r} at {snapshot.seq}",
        mend="this is a defect of whoever saved it; nothing was written",
    )


def failed(failure: JournalError) -> JournalUnavailable:
    """Something was to be written to a journal that has failed before."""
    return JournalUnavailable(
        f"the journal failed and takes nothing: {failure.message}",
        where=failure.where,
        mend=failure.mend or "mend the cause, then recover the journal",
    )


def closed(where: str) -> JournalUnavailable:
    """Something was to be written to a journal that was closed."""
    return JournalUnavailable("the journal is closed", where=where, mend="open it again")


def damaged(where: str) -> JournalDamaged:
    """What stands in the file cannot have been written there."""
    return JournalDamaged(
        "the file is damaged: a row in it is nothing that was ever written",
        where=where,
        mend="run `monocyte journal verify` to see how far the damage goes, "
        "then `monocyte journal restore` the newest backup",
    )


def broken_link(where: str, cell: str, seq: int) -> JournalDamaged:
    """The bytes of an entry do not fit its chain."""
    return JournalDamaged(
        f"the entry at position {seq} of {cell!r} is not what was written there",
        where=where,
        mend="run `monocyte journal verify` to see how far the damage goes, "
        "then `monocyte journal restore` the newest backup",
    )
