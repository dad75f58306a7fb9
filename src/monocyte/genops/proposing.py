"""`proposed`: a rule and a scenario for what somebody asks, drafted within the budget.

It is a call like any other: pinned, priced, reserved, recorded. It writes nothing but what it cost;
whether a draft becomes a rule is for a person to say.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from monocyte.errors import ConfigError, GenopsError
from monocyte.genops.applying import Step
from monocyte.genops.budget import OverBudget
from monocyte.genops.generation.answering import Answering, Order
from monocyte.genops.generation.proposing import Drafted, draft, proposal_prompt
from monocyte.genops.generation.redrawing import redrawing
from monocyte.genops.generation.rooms import room_of
from monocyte.genops.generation.worktrees import sweep, worktree
from monocyte.genops.generation.writing import Cell
from monocyte.genops.metering.wires import weigh
from monocyte.genops.models.interface import text_of
from monocyte.genops.money import Money
from monocyte.genops.pins import refuse_unusable
from monocyte.genops.plans.cost import Work, worst
from monocyte.genops.plans.desk import Desk
from monocyte.genops.plans.lock import read_lock
from monocyte.genops.plans.plan import briefing
from monocyte.genops.plans.spending import room as room_left

__all__ = ["proposed"]


def proposed(
    desk: Desk,
    name: str,
    wish: str,
    *,
    backend: str = "",
    hears: Callable[[Step], None] = lambda _: None,
    environment: Mapping[str, str] | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> Drafted:
    """Have a rule and a scenario drafted for a cell; nothing of it is written into any file.

    Raises:
        ConfigError: its pin cannot be asked for that.
        OverBudget: there is no money for it.
        GenopsError: no attempt has brought a draft.
        ModelError: no answer came.
    """
    book = desk.ledger.read().book
    lock = read_lock(desk.root)
    scene = desk.scene(book, lock) if lock is not None else desk.scene(book, desk.lock())
    manifest = next(it for it in desk.manifests if it.name == name)
    file = Path(manifest.file).resolve()
    path = file.relative_to(desk.git.top.resolve()).as_posix()
    cell = Cell(
        name, path, file.read_bytes().decode("utf-8"), frozenset(), briefing(scene, name, ())
    )
    pin_name, pin = desk.settings.pin_of(name)
    refuse_unusable(pin_name, pin, scene.today)
    if pin.way == "agent" and not backend:
        mend = "pin a model for it, or answer by hand: --backend hand-over"
        raise ConfigError(f"the pin {pin_name} is an agent, which drafts nothing", mend=mend)
    size = weigh(text_of(proposal_prompt(cell.briefing, wish)))
    attempts = desk.settings.options.attempts
    work = Work("change", pin_name, 0, size, 0, pin.max_output_tokens, attempts)
    id = f"proposal-{secrets.token_hex(6)}"
    cap = worst(work, pin.priced(scene.today))
    if not backend:
        cap = _within(desk, id, cap, hears)
    sweep(desk.git)
    head = desk.git.resolve("HEAD")
    with room_of(desk.git, id) as room, worktree(desk.git, head) as tree:
        try:
            room.begin()
            order = Order(
                id,
                cap,
                desk.person,
                desk.settings.budget,
                desk.root,
                head,
                room,
                scene.today,
                os.environ if environment is None else environment,
                lambda piece: hears(Step("piece", name, piece)),
                partial(_say, hears, name),
                backend,
                pause,
            )
            _as_it_stands(desk, tree)
            app = desk.root.resolve().relative_to(desk.git.top.resolve()).as_posix()
            loads = redrawing(tree, app, desk.package, draws=False)
            taken = frozenset(manifest.rules) | frozenset(manifest.retired)
            with Answering(order, name, pin_name, pin) as way:
                return draft(cell, wish, taken, way, loads, attempts=attempts)
        finally:
            room.clear()


def _say(hears: Callable[[Step], None], cell: str, said: str) -> None:
    hears(Step("cell", cell, said))


def _within(desk: Desk, id: str, cap: Money, hears: Callable[[Step], None]) -> Money:
    """The most that it may cost: what it could at worst, within what is left."""
    book = desk.ledger.read().book
    today = desk.moment(book).date()
    left = room_left(book, desk.settings.budget, plan=id, person=desk.person, today=today)
    if not left.nano:
        raise OverBudget("nothing is left for it", mend="write or raise a cap in [budget]")
    most = min(cap, left)
    hears(Step("state", "", f"a draft costs at most {most.about()}"))
    return most


def _as_it_stands(desk: Desk, tree: Path) -> None:
    """The cells as they are now, committed or not: a person is at work on them."""
    top = desk.git.top.resolve()
    for it in desk.manifests:
        file = Path(it.file).resolve()
        place = tree / file.relative_to(top)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(file.read_bytes())
        except OSError as why:
            raise GenopsError(f"it cannot be copied: {why.strerror}", where=str(file)) from why
