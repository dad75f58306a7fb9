"""The gate of meaning: which definitions mean something else, with a witness where one was found.

It refuses nothing by itself: what a definition means shows in what the app does, and that is judged
by behaviour. It names what a reader should look at, and leaves out what only reads otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator

from monocyte.genops.gates.scene import Scene
from monocyte.genops.gates.verdict import Finding
from monocyte.semdiff.difference import Change
from monocyte.semdiff.verdicts import Verdict

__all__ = ["judge"]

MOST = 60
"""Definitions that are told."""


def judge(scene: Scene) -> Iterator[Finding]:
    """Every definition whose meaning has changed, or may have."""
    if not any(it.endswith(".py") for it in scene.changed):
        return
    for change in scene.difference.changes[:MOST]:
        if change.finding.verdict is Verdict.SAME:
            continue
        yield _finding(scene, change)


def _finding(scene: Scene, change: Change) -> Finding:
    it = change.finding
    kind = "meaning-changed" if it.verdict is Verdict.CHANGED else "meaning-open"
    cell = next((c.name for c in scene.head.cells.values() if c.path == change.place.file), "")
    words = "; ".join(change.words[:3])
    said = f"{it.definition}: {it.what}" + (f" ({words})" if words else "")
    witness = it.witness
    evidence = (
        f"{witness.code}\nold: {witness.old}\nnew: {witness.new}" if witness else change.tried
    )
    return scene.found(kind, said[:500], cell=cell, where=str(change.place), evidence=evidence)
