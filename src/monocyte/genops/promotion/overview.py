"""`status`, whole: what the plans wait for, what the gates have said, what the watch has done.

What `plans/status.py` says of a plan is said here of its candidate, as soon as there is one: its
verdict in a line, then what it waits for. Of releases only that is said which somebody must know.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from monocyte.errors import GenopsError
from monocyte.genops.ledger.book import Book
from monocyte.genops.plans.desk import Desk
from monocyte.genops.plans.plan import Plan, moved
from monocyte.genops.plans.status import Line, Status, standing
from monocyte.genops.promotion.landing import policy_of
from monocyte.genops.promotion.merging import LIVES, Merging
from monocyte.genops.promotion.provenance import unverified
from monocyte.genops.states import State

__all__ = ["overview"]

JUDGED = (State.GATED, State.MERGE_APPROVED)

FEW = 3
"""So many findings are shown; the rest are counted."""


def overview(desk: Desk, received: Path | None = None) -> Status:
    """Everything that needs somebody; `received` is where the app here notes its releases.

    Raises:
        LedgerError, GenopsError: it cannot be said.
    """
    found = standing(desk)
    book = desk.ledger.read().book
    judged = dict(_judged(desk, book))
    lines = [_replaced(it, judged) for it in found.lines]
    running = _received(received) if received is not None else {}
    lines += [*_releases(desk, book, running)]
    return Status(tuple(lines), found.spent)


def _judged(desk: Desk, book: Book) -> Iterator[tuple[str, Line]]:
    """Plans with a candidate that waits, by their ID."""
    merging = Merging(desk)
    for id, state in book.states.items():
        if state not in JUDGED or desk.app_of(book, id) != desk.app:
            continue
        plan = desk.find(book, id)
        cells = ", ".join(it.cell for it in plan.cells)
        try:
            it = merging.judged(book, plan)
        except GenopsError as why:
            yield id, Line("candidate", f"{id} for {cells} cannot be judged", (why.message,))
            continue
        word = it.verdict.summary or ", ".join(it.verdict.classes) or "judged"
        passed = "" if it.verdict.passed else "refused by the gates: "
        because = [f"{one.gate}: {one.said}" for one in _grave(it.verdict.findings)]
        because += [f"stale: {one}" for one in _moved(desk, book, plan)]
        because += [f"waits: {one}" for one in it.missing]
        if it.verdict.passed and not it.missing:
            because.append(f"next: monocyte promote {id}")
        elif it.verdict.passed:
            because.append(f"next: monocyte approve {id}, or reject {id} --why TEXT")
        yield id, Line("candidate", f"{id} for {cells} is {state}: {passed}{word}", tuple(because))


def _moved(desk: Desk, book: Book, plan: Plan) -> tuple[str, ...]:
    return moved(plan, desk.scene(book, desk.lock()), LIVES)


def _grave(findings: Any) -> Iterator[Any]:
    """What is refused, or what somebody must agree to; the gravest first, and only a few."""
    found = [it for it in findings if it.severity != "note"]
    yield from sorted(found, key=lambda it: it.severity != "error")[:FEW]


def _replaced(line: Line, judged: dict[str, Line]) -> Line:
    """The line about a candidate in place of that about its plan."""
    id = line.said.partition(" ")[0]
    return judged.get(id, line) if line.kind == "plan" else line


def _releases(desk: Desk, book: Book, running: dict[str, Any]) -> Iterator[Line]:
    """What the app that runs here has done by itself, and releases that nobody can verify."""
    id, why = running.get("plan", ""), running.get("rolled_back", "")
    if why and book.states.get(id) is State.PROMOTED:
        mend = f"write that down: monocyte rollback {id} --why TEXT"
        said = f"{id} was taken back by the watch of the app that runs here"
        yield Line("release", said, (why, mend))
    for plan, state in book.states.items():
        entry = book.entered.get((plan, State.PROMOTED))
        if state is not State.PROMOTED or entry is None or desk.app_of(book, plan) != desk.app:
            continue
        try:
            told = desk.ledger.attachment(entry.seq, "provenance.json").decode()
            policy_of(desk, unverified(told).base)
        except GenopsError as problem:
            said = f"{plan} cannot be verified: monocyte verify"
            yield Line("release", said, (problem.message,))


def _received(folder: Path) -> dict[str, Any]:
    """What the app here has received last; nothing where it has not, or that cannot be read."""
    try:
        found: dict[str, Any] = msgspec.json.decode((folder / "state.json").read_bytes(), type=dict)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return found
