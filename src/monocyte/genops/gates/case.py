"""`Case`: what is judged: two trees on the disk, and what the change may be explained by. Pure."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

__all__ = ["Author", "Case"]

Author = Literal["model", "person"]
"""Who wrote the change: a model may not touch what is sealed; what a person does is shown."""


class Case(NamedTuple):
    """A change to an app, as its gates see it."""

    base: Path
    """The whole repository at the base revision, a directory that nobody writes to."""
    head: Path
    """The same of what is judged."""
    base_commit: str
    head_commit: str
    app: str
    """Where the app lies in the repository; "" for its root."""
    cells: tuple[str, ...]
    """What the plan is for; empty: whatever differs."""
    rules: frozenset[str]
    """IDs of the rules that were changed on purpose: what they cover is explained."""
    author: Author
    candidate: str = ""
    """The digest of the candidate, if it is one."""
    corpus: Path | None = None
    """What a journal has recorded, for the gates to replay; see `corpus`."""
