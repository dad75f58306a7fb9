"""What a journal holds after a crash: all that was acknowledged, once, where it was said to be."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from monocyte.errors import JournalError
from monocyte.journal import Finding, SqliteJournal, verify

Acks = dict[str, dict[str, int]]
"""By cell, the ids that were acknowledged and their positions."""


@dataclass
class Judgement:
    """What is wrong; nothing should be."""

    lost: list[str] = field(default_factory=list)
    """Acknowledged ids that are not there, or not where they were said to be."""
    twice: list[str] = field(default_factory=list)
    refused: JournalError | None = None
    damages: list[Finding] = field(default_factory=list)
    entries: int = 0

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.lost or self.twice or self.refused or self.damages)


def judge(path: Path, acks: Acks) -> Judgement:
    """Open a journal as a start would, and hold it against what had been acknowledged."""
    judgement = Judgement()
    try:
        journal = SqliteJournal(path, wake=lambda callback: callback())
        try:
            _hold(journal, acks, judgement)
            judgement.damages += [it for it in journal.opening_report if it.damage]
        finally:
            journal.close()
        judgement.damages += [it for it in verify(path) if it.damage]
    except JournalError as why:
        judgement.refused = why
        judgement.lost += [id for ids in acks.values() for id in ids]
    return judgement


def _hold(journal: SqliteJournal, acks: Acks, judgement: Judgement) -> None:
    for cell in {*acks, *journal.cells()}:
        found = [(entry.id, entry.seq) for entry in journal.read(cell)]
        judgement.entries += len(found)
        judgement.twice += [id for id, n in Counter(id for id, _ in found).items() if n > 1]
        positions = dict(found)
        judgement.lost += [id for id, seq in acks.get(cell, {}).items() if positions.get(id) != seq]
