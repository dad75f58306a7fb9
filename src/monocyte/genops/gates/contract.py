"""The gate of the contract: what neighbours, clients and old messages can tell of a change's words.

Breaking or additive is what semdiff finds by reading and by messages that one side takes and the
other does not; each finding has that message, where there is one.
"""

from __future__ import annotations

from collections.abc import Iterator

from monocyte.genops.gates.scene import Scene
from monocyte.genops.gates.verdict import Finding
from monocyte.semdiff.whole import Promise

__all__ = ["judge"]

BREAKS = "keep what there is, and add beside it; or have a person agree"


GROWING = frozenset(["field-added-optional"])
"""What only a strict old reader would refuse: an app decodes what was added across releases."""


def judge(scene: Scene) -> Iterator[Finding]:
    """Every change of what the app promises to those outside."""
    if not any(it.endswith(".py") for it in scene.changed):
        return
    for change in scene.difference.changes:
        for promise in change.promises:
            if (finding := _finding(scene, promise)) is not None:
                yield finding


def _finding(scene: Scene, it: Promise) -> Finding | None:
    cell = next((c for c in scene.head.cells.values() if c.path == it.place.file), None)
    cell = cell or next((c for c in scene.base.cells.values() if c.path == it.place.file), None)
    if not _is_spoken(scene, it):
        return None  # functions of a cell are private: nobody outside calls them
    is_breaking = it.is_breaking and it.rule not in GROWING
    kind = "contract-breaking" if is_breaking else "contract-additive"
    said = f"{it.definition}: {it.text}: {it.because}"
    shown = [f"said: {it.said}" if it.said else "", f"as {it.by}: {it.meant}" if it.by else ""]
    shown += [f"the other side reads: {it.read}" if it.read else "", it.why]
    return scene.found(
        kind, said[:500], cell=cell.name if cell is not None else "", where=str(it.place),
        mend=BREAKS if is_breaking else "", evidence="\n".join(filter(None, shown)),
    )  # fmt: skip


def _is_spoken(scene: Scene, it: Promise) -> bool:
    """Whether it is about a word, or what a word is made of; not about a cell's own functions."""
    name = it.definition.rpartition(":")[2].partition(".")[0]
    for app in (scene.base, scene.head):
        cell = next((c for c in app.files.values() if c.path == it.place.file), None)
        if cell is not None:
            words = cell.words
            if it.message or any(part in words for part in (name, *it.definition.split("."))):
                return True
    files = scene.base.files.keys() | scene.head.files.keys()
    return it.message or it.place.file not in files
