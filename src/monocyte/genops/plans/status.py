"""What needs somebody's attention, as lines that say why: what an approver looks at first.

A line appears only if a person has to decide or to do something; everything else is silence. No
line rests on an opinion: each names the entry, the fact or the date behind it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from monocyte.genops.budget import Cap
from monocyte.genops.ledger.book import Book
from monocyte.genops.money import Money
from monocyte.genops.pins import audit
from monocyte.genops.plans.desk import Desk
from monocyte.genops.plans.lock import read_lock
from monocyte.genops.plans.plan import Scene, drifting, moved
from monocyte.genops.plans.why import reasons
from monocyte.genops.states import OPEN, State

__all__ = ["Line", "Status", "standing"]


class Line(NamedTuple):
    """What needs somebody, and what that rests on."""

    kind: str
    said: str
    because: tuple[str, ...] = ()


class Status(NamedTuple):
    """Everything that needs somebody, and what was spent."""

    lines: tuple[Line, ...]
    spent: str


def standing(desk: Desk) -> Status:
    """What needs somebody at a desk; raises what makes that unknown."""
    book = desk.ledger.read().book
    lock = read_lock(desk.root)
    if lock is None:
        adopt = ("take what is there as it stands: monocyte plan --adopt",)
        first = Line("no lock", "nothing was promoted or adopted yet", adopt)
        return Status((first,), _spent(desk, book))
    scene = desk.scene(book, lock)
    lines = [*_drift(scene), *_changes(scene), *_plans(desk, scene), *_pins(desk, scene.today)]
    lines += [Line("ledger", f"entry {seq} was not possible", (why,)) for seq, why in book.faults]
    return Status(tuple(lines), _spent(desk, book))


def _drift(scene: Scene) -> Iterator[Line]:
    """Edits by hand: they would be lost, so they wait for a person."""
    found: dict[str, list[str]] = {}
    for it in drifting(scene):
        found.setdefault(it.cell, []).append(f"{it.part} {it.how}")
    for cell, parts in found.items():
        waiver = scene.book.waivers.get((scene.app, cell))
        edits = scene.facts[cell].edits
        if waiver is not None and waiver.edits == edits and scene.today <= waiver.until:
            continue
        if waiver is not None and waiver.edits == edits:
            parts.append(f"that was let stand until {waiver.until}: {waiver.why}")
        mend = f"decide: monocyte drift adopt|revert {cell}, or waive {cell} --until DAY --why TEXT"
        yield Line("drift", f"{cell} was edited by hand", (*parts, mend))


def _changes(scene: Scene) -> Iterator[Line]:
    """Cells with a reason to be regenerated; who wrote them, and what a check says, is no news."""
    for name, it in scene.facts.items():
        known = scene.lock.cells.get(name)
        why = tuple(reason.said for reason in reasons(it, known, None, ()))
        if why:
            yield Line("changed", f"{name}: monocyte plan {name}", why)
    for name in sorted(scene.lock.cells.keys() - {it.name for it in scene.manifests}):
        yield Line("changed", f"{name} is gone: monocyte plan {name}")


def _plans(desk: Desk, scene: Scene) -> Iterator[Line]:
    """Plans that wait: for whom, or what has moved under them."""
    for id, state in scene.book.states.items():
        if state not in OPEN or state is State.DRAFT or not _is_ours(desk, scene.book, id):
            continue
        plan = desk.find(scene.book, id)
        stands = desk.standing(scene.book, plan)
        stale = tuple(f"stale: {it}" for it in moved(plan, scene))
        is_early = state in (State.PLANNED, State.SPEND_APPROVED)
        waits = tuple(f"waits: {it}" for it in stands.missing if is_early)
        cells = ", ".join(it.cell for it in plan.cells)
        cap = Money(plan.cost.cap).about()
        yield Line("plan", f"{id} for {cells}, cap {cap}, is {state}", stale or waits)


def _is_ours(desk: Desk, book: Book, plan: str) -> bool:
    """Whether a plan is of this app: a repository may hold several."""
    return desk.app_of(book, plan) == desk.app


def _pins(desk: Desk, today: date) -> Iterator[Line]:
    used = {desk.settings.options.model, *desk.settings.options.cells.values()}
    for it in audit(desk.settings, today):
        if it.severity != "note" and it.pin in used:
            yield Line("pin", f"{it.pin}: {it.message}", (it.mend,))


def _spent(desk: Desk, book: Book) -> str:
    """What was spent today and this month, of what may be."""
    today = desk.moment(book).date()
    said = []
    for window, length in (("today", 10), ("this month", 7)):
        calls = (
            it for it in book.calls.values() if str(it.at.date())[:length] == str(today)[:length]
        )
        amount = Money(sum(it.nano for it in calls))
        cap = _cap(desk.settings.budget.caps, "day" if length == 10 else "month")
        said.append(f"{amount.about()}{cap} {window}")
    return f"Spent: {', '.join(said)}."


def _cap(caps: tuple[Cap, ...], window: str) -> str:
    found = [it.amount.about() for it in caps if it.window == window and it.whose == "all"]
    return f" of {found[0]}" if found else ""
