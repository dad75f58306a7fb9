"""The journal: append-only logs of cells, on disk and in memory; nothing acknowledged is lost."""

from monocyte.journal.backup import backup, restore
from monocyte.journal.entries import ANSWERING, Entry, EventRecord, PortResult, Snapshot
from monocyte.journal.findings import Finding
from monocyte.journal.interface import Done, Journal, Wake
from monocyte.journal.memory import MemoryJournal
from monocyte.journal.opening import in_use
from monocyte.journal.reader import JournalReader
from monocyte.journal.sqlite import SqliteJournal
from monocyte.journal.verify import verify

__all__ = [
    "ANSWERING",
    "Done",
    "Entry",
    "EventRecord",
    "Finding",
    "Journal",
    "JournalReader",
    "MemoryJournal",
    "PortResult",
    "Snapshot",
    "SqliteJournal",
    "Wake",
    "backup",
    "in_use",
    "restore",
    "verify",
]
