"""`MemoryLedger`: the ledger of a test or a trial: as strict as any other, and gone at the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from threading import Lock

from monocyte.errors import LedgerDamaged, LedgerMoved
from monocyte.genops.ledger.entries import (
    START,
    Damage,
    Entry,
    Fact,
    Head,
    Sealed,
    compose,
    damages,
    opened,
    seal,
)
from monocyte.genops.ledger.interface import Clock, Read, now

__all__ = ["MemoryLedger"]


class MemoryLedger:
    """Keeps entries in a list; `clock` says when they are written."""

    def __init__(self, clock: Clock = now) -> None:
        self.sealed: list[Sealed] = []
        self.files: dict[tuple[int, str], bytes] = {}
        self._clock = clock
        self._lock = Lock()

    def read(self) -> Read:
        """Everything, as of now; raises LedgerDamaged."""
        sealed = tuple(self.sealed)
        for found in damages(sealed):
            raise LedgerDamaged(found.what, where=f"entry {found.seq}")
        head = Head(len(sealed), sealed[-1].link) if sealed else START
        return Read(head, tuple(opened(it.body) for it in sealed))

    def append(
        self, fact: Fact, *, who: str, after: Head, files: Mapping[str, bytes] | None = None
    ) -> Entry:
        """Write one entry behind `after`; raises LedgerMoved if another came first."""
        with self._lock:
            head, entries = self.read()
            if head != after:
                raise LedgerMoved(f"entry {after.seq + 1} was written by another")
            last = entries[-1] if entries else None
            given = dict(files or {})
            entry = compose(fact, who=who, now=self._clock(), head=head, last=last, files=given)
            self.sealed.append(seal(entry))
            self.files |= {(entry.seq, name): content for name, content in given.items()}
        return entry

    def attachment(self, seq: int, name: str) -> bytes:
        """What was attached to an entry; raises LedgerDamaged if it is not there, or another."""
        content = self.files.get((seq, name), b"")
        entry = self.read().entries[seq - 1]
        if sha256(content).hexdigest() != entry.attached.get(name):
            raise LedgerDamaged(f"{name} is not what was attached", where=f"entry {seq}")
        return content

    def verify(self) -> Iterator[Damage]:
        """Everything that is wrong with it, the first first."""
        yield from damages(self.sealed)
