"""Debt: what became harder to read, change or keep than what was asked for explains."""

from __future__ import annotations

from collections.abc import Iterator

from monocyte.genops.debt.measures import Measured, measure
from monocyte.genops.debt.ratchet import Allowed, overgrown
from monocyte.genops.gates.reading import AppText
from monocyte.genops.gates.scene import Scene
from monocyte.genops.gates.verdict import Finding

__all__ = ["judge"]


def judge(scene: Scene) -> Iterator[Finding]:
    """Everything that grew beyond what the things asked for take."""
    if not scene.pairs:
        return
    allowed = Allowed(complexity=scene.limits.complexity, tokens=scene.limits.growth)
    names = {path: it.name for path, it in scene.head.files.items() if not it.is_journeys}
    base, head = _measured(scene.base), _measured(scene.head)
    for it in overgrown(base, head, _asked(scene), allowed):
        cell = names.get(it.where.partition(":")[0], "")
        yield scene.found(it.kind, it.said, where=it.where, mend=it.mend, cell=cell)


def _measured(app: AppText) -> Measured:
    return measure({path: it.text.decode("utf-8-sig") for path, it in app.files.items()})


def _asked(scene: Scene) -> int:
    """How many things the change has to bring: rules, and whatever people have added themselves."""
    added = sum(
        1
        for old, new in scene.pairs
        if new is not None
        for name, part in new.by_name.items()
        if part.kind in ASKED and (old is None or name not in old.by_name)
    )
    return len(scene.case.rules) + added


ASKED = frozenset({"word", "rule", "scenario", "decision", "runbook"})
"""What brings work with it, and words of its own."""
