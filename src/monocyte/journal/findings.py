"""What opening or verifying a journal found: values to be shown elsewhere, never printed here."""

from __future__ import annotations

import msgspec

__all__ = ["Finding"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that whoever runs the journal should know."""

    kind: str
    """A stable short name: `wal-replayed`, `head-absent`, `snapshot-damaged`, `chain-broken`…"""
    where: str
    """The file, and in it the cell and position, where they are known."""
    detail: str
    """What was found, in a sentence."""
    mend: str = ""
    """What to do about it; empty where nothing has to be done."""
    damage: bool = False
    """Whether something that was written is not there or not as it was written."""

    def __str__(self) -> str:
        return self.explain()

    def explain(self) -> str:
        """The finding as one or two sentences for people."""
        mend = f" What to do: {self.mend}." if self.mend else ""
        return f"{self.where}: {self.detail}.{mend}"
