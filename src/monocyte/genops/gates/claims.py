"""The gates of what a cell claims of itself: pictures, decisions, runbooks, rules, prose; mutants.

What `monocyte check` finds in the change, and did not find in the base. Mutants are tried in what
was changed only: what one could break there without a scenario noticing, nobody has asked for.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from monocyte.genops.gates.locked import Answer, worker
from monocyte.genops.gates.reading import PROOFS, CellText
from monocyte.genops.gates.scenarios import local
from monocyte.genops.gates.scene import Scene
from monocyte.genops.gates.stations.claims import Check, Checked, Claim, Mutate, Mutated
from monocyte.genops.gates.verdict import Finding
from monocyte.semdiff.workers import Worker

__all__ = ["judge", "survivors"]

ELSEWHERE = frozenset(["scenario-failed", "scenario-endless", "definition"])
"""What another gate says."""

UNSEEN = frozenset(["rule-unseen", "picture-unwalked", "rehearsal-failed"])
"""What follows, mostly, from a scenario that came to no end."""

BOUNDARY = "boundary"
"""The mutator's name for `<` in the place of `<=`, and the like: where both meet, often nothing
differs, and what does is the affair of the gate of behaviour, which asks there."""

TAKING = frozenset(["handles", "evolves", "reacts"])
"""Functions whose first parameter says what they are for."""

PLAIN = "let the change do nothing but handle messages"


def judge(scene: Scene) -> Iterator[Finding]:
    """What the check finds in the change, and not in the base."""
    if not scene.cells:
        return
    with worker() as made:
        answer = _asked(scene, made, is_base=False)
        if answer.wrong:
            yield scene.found(answer.wrong, f"the check came to no end: {answer.why}", mend=PLAIN)
            return
        found = list(_told(_claims(answer)))
        known: set[tuple[str, str, str]] = set()
        if found:
            before = _asked(scene, made, is_base=True)
            known = {_key(it) for it in _claims(before)} if not before.wrong else set()
    for it in found:
        if _key(it) not in known:
            yield scene.found(
                "claim-untrue", f"{it.kind}: {it.message.splitlines()[0][:300]}", cell=it.cell,
                where=local(scene, it.where), mend=it.mend, evidence=it.message,
            )  # fmt: skip


def _told(claims: tuple[Claim, ...]) -> Iterator[Claim]:
    """The errors; where a scenario fails, what it has not shown is no finding of its own."""
    failed = any(it.kind in ELSEWHERE for it in claims)
    for it in claims:
        hidden = it.kind in ELSEWHERE or (failed and it.kind in UNSEEN)
        if it.severity == "error" and not hidden:
            yield it


def _asked(scene: Scene, made: Worker, *, is_base: bool) -> Answer:
    wish = Check(
        cells=scene.cells, today=datetime.now(UTC).date(), is_base=is_base,
        timeout=scene.limits.scenario,
    )  # fmt: skip
    return scene.ask(made, "claims:check", wish)


def _claims(answer: Answer) -> tuple[Claim, ...]:
    return msgspec.msgpack.decode(answer.body, type=Checked).claims


def _key(it: Claim) -> tuple[str, str, str]:
    return it.kind, it.cell, it.message.splitlines()[0] if it.message else ""


def survivors(scene: Scene) -> Iterator[Finding]:
    """Mutants of what was changed that nobody notices.

    A model's own scenarios do not count: whoever hides something can also write what notices it.
    """
    changed = {(cell.name, part.name) for cell, part, _ in scene.changed_parts()
               if part.name in cell.generated}  # fmt: skip
    if not changed:
        return
    with worker() as made:
        proofs = _sealed(scene) if scene.case.author == "model" else None
        wish = Mutate(cells=scene.cells, today=datetime.now(UTC).date(), proofs=proofs)
        answer = scene.ask(made, "claims:mutants", wish, forks=True)
    if answer.wrong:
        yield scene.found(answer.wrong, f"mutants came to no end: {answer.why}", mend=PLAIN)
        return
    mutated = msgspec.msgpack.decode(answer.body, type=Mutated)
    ours = [it for it in mutated.survived if (it.cell, it.function.split(".")[0]) in changed]
    hints = [it for it in ours if it.operator == BOUNDARY]
    graver = [it for it in ours if it.operator != BOUNDARY]
    for it in (*(graver if len(graver) > scene.limits.survivors else ()), *hints):
        reached = ", ".join(_reaching(scene.head.cells[it.cell], it.function.split(".")[0]))
        what = f" with {reached}" if reached else ""
        kind = "boundary-unasked" if it.operator == BOUNDARY else "mutant-survived"
        yield scene.found(
            kind, f"no scenario{what} would notice: {it.key}", cell=it.cell,
            where=local(scene, it.where), mend=it.proposal or "write the scenario that notices it",
        )  # fmt: skip


def _reaching(cell: CellText, function: str) -> Iterator[str]:
    """The messages and events whose function this is, or comes to it, in the order of the file."""
    parts = {it.name: it for it in cell.parts if it.name in cell.generated}
    names = {
        name: {it.id for it in ast.walk(part.node) if isinstance(it, ast.Name)} & parts.keys()
        for name, part in parts.items()
    }
    for name, part in parts.items():
        met, due = {name}, [name]
        while due:
            more = names[due.pop()] - met
            met |= more
            due += more
        if part.kind in TAKING and function in met:
            asked = part.node.args.args[0].annotation  # type: ignore[attr-defined]
            yield getattr(asked, "id", name)


def _sealed(scene: Scene) -> tuple[str, ...]:
    """The names of all proofs that the base has."""
    cells = scene.base.files.values()
    return tuple(sorted({it.name for cell in cells for it in cell.parts if it.kind in PROOFS}))
