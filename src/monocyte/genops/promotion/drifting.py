"""What becomes of an edit by hand in a generated part: adopted, let stand until a day, taken back.

Adopting is `Desk.adopt`. A waiver is bound to exactly these edits and to a day: a further edit is
not covered, and a plan that would lose it is refused all the same. Taking back puts the generated
parts that were released or adopted last between the sealed parts as they are now.
"""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from pathlib import Path

from monocyte.errors import ConfigError, GenopsError, NoSuchCell
from monocyte.genops.generation.splicing import put
from monocyte.genops.ledger.entries import Waiver
from monocyte.genops.ledger.interface import Decided, record
from monocyte.genops.plans.desk import Desk
from monocyte.genops.plans.lock import Locked
from monocyte.genops.plans.plan import drifting
from monocyte.genops.plans.why import Drift
from monocyte.genops.promotion.commits import drafted, file_at

__all__ = ["LONGEST", "edited", "revert", "waive"]

LONGEST = timedelta(days=180)
"""How long an edit may be let stand: what stands longer is a rule, and belongs into one."""


def edited(desk: Desk, cell: str) -> tuple[Drift, ...]:
    """The edits by hand in a cell.

    Raises:
        NoSuchCell: there is no such cell.
        GenopsError: there is none.
    """
    if cell not in desk.facts:
        mend = f"there is: {', '.join(sorted(desk.facts))}"
        raise NoSuchCell(f"there is no cell {cell!r}", cell=cell, mend=mend)
    scene = desk.scene(desk.ledger.read().book, desk.lock())
    found = tuple(it for it in drifting(scene) if it.cell == cell)
    if not found:
        raise GenopsError(f"nothing in {cell} was edited by hand", mend="monocyte status")
    return found


def waive(desk: Desk, cell: str, until: date, why: str) -> tuple[Drift, ...]:
    """Let the edits in a cell stand until a day, and say why.

    Raises:
        ConfigError: the day is over, or too far away.
        NoSuchCell, GenopsError: there is no such cell, or no edit in it.
    """
    found = edited(desk, cell)
    today = desk.moment(desk.ledger.read().book).date()
    if not today < until <= today + LONGEST:
        mend = f"a day from {today + timedelta(days=1)} to {today + LONGEST}"
        raise ConfigError(f"nothing can be waived until {until}", mend=mend)
    fact = Waiver(desk.app, cell, desk.facts[cell].edits, until, why)
    record(desk.ledger, lambda _: Decided(fact), who=desk.person)
    return found


def revert(desk: Desk, cell: str) -> tuple[Drift, ...]:
    """Take the edits in a cell back; what people own of it stays as it is, byte by byte.

    Raises:
        NoSuchCell, GenopsError: there is no such cell, no edit in it, or what was released last is
            not in the history.
    """
    found = edited(desk, cell)
    locked = desk.lock().cells[cell]
    file = Path(next(it.file for it in desk.manifests if it.name == cell))
    path = file.resolve().relative_to(desk.git.top.resolve()).as_posix()
    former = _former(desk, path, locked)
    text = put(
        path,
        file.read_text("utf-8"),
        former.decode("utf-8"),
        frozenset(desk.facts[cell].generated),
        frozenset(locked.facts.generated),
    )
    with drafted(desk.git, {path: text.encode()}) as drafts:
        drafts[path].replace(file)
    return found


def _former(desk: Desk, path: str, locked: Locked) -> bytes:
    """The file as it was released or adopted, from the history of this branch."""
    told = desk.git.ask("log", "--format=%H", "--full-history", "HEAD", "--", path)
    for commit in told.split():
        content = file_at(desk.git, commit, path)
        if content is not None and hashlib.sha256(content).hexdigest() == locked.text:
            return content
    mend = "take it back by hand, or adopt it"
    raise GenopsError("what was released last is not in the history", where=path, mend=mend)
