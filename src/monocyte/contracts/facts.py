"""Facts: what the code says about itself while it runs; who listens is not its affair."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from monocyte.contracts.values import Value

__all__ = ["Emit", "Fact", "FactKind", "ignore"]

FactKind = Literal[
    "blocked",
    "crashed",
    "dead-letter",
    "failed",
    "journal",
    "loaded",
    "release",
    "restarted",
    "stopped",
    "swapped",
]
"""blocked: a cell held the loop. crashed: a handler raised. dead-letter: a delivery was given up.
failed: a cell cannot go on. journal: what the journal found or did. release: one was
received, refused or taken back. loaded, restarted, stopped,
swapped: a cell's life."""


class Fact(Value):
    """Something that happened to a cell (or to the host: `cell` is empty), in a sentence."""

    kind: FactKind
    cell: str
    text: str
    where: str = ""


Emit = Callable[[Fact], None]
"""Takes a fact; must be quick and must not raise."""


def ignore(fact: Fact) -> None:
    """Listen to nothing."""
