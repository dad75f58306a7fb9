"""Sizes: what a model can still read and write in one go, and what one process is comfortable with.

Tokens are estimated (`contracts.tokens`). The thresholds of an app are those at which it is better
split: below 500 kB of code it is comfortable, beyond 2 MB it is two apps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from monocyte.cell import Journeys, Manifest
from monocyte.contracts.tokens import estimate
from monocyte.literate.findings import Finding, finding

__all__ = ["CELL_TOKENS", "COMFORTABLE", "SPLIT", "Size", "size_findings", "sizes_of"]

CELL_TOKENS = 4_000
"""What a cell fits into, so that a model can read it whole beside its neighbours' cards."""

COMFORTABLE, SPLIT = 500_000, 2_000_000
"""Bytes of code in an app: comfortable up to here, to be split beyond there."""


class Size(NamedTuple):
    """How big the file of a cell, or of the journeys, is: bytes of UTF-8, and tokens."""

    name: str
    file: str
    bytes: int
    tokens: int


def sizes_of(parts: Sequence[Manifest | Journeys]) -> Iterator[Size]:
    """The size of each file."""
    for part in parts:
        text = Path(part.file).read_text(encoding="utf-8")
        yield Size(part.name, part.file, len(text.encode()), estimate(text))


def size_findings(app: str, root: Path, sizes: Sequence[Size]) -> Iterator[Finding]:
    """Every cell that is too big to be worked on whole; and the app, if it is."""
    for size in sizes:
        if size.tokens > CELL_TOKENS:
            what = f"{size.name} has about {size.tokens:,} tokens, {CELL_TOKENS:,} are allowed"
            mend = "split the cell, not the file: give a part of its words and state to another"
            yield finding("size", size.name, f"{size.file}:1", what, mend)
    whole = sum(size.bytes for size in sizes)
    if whole > COMFORTABLE:
        kind = "app-size" if whole <= SPLIT else "app-split"
        what = (
            f"{app} has {whole / 1000:,.0f} kB of cells, {COMFORTABLE / 1000:,.0f} are comfortable"
        )
        mend = f"split it into apps that are governed apart, at {SPLIT / 1e6:.0f} MB at the latest"
        yield finding(kind, "", f"{root / 'monocyte.toml'}:1", what, mend)
