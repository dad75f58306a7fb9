"""A World of the toys, a busy day in it, and what must hold at its end, whatever went wrong."""

from contextlib import suppress
from datetime import timedelta

from monocyte.cell import Manifest, load_cells
from monocyte.errors import Refused
from monocyte.testing import Faults, World
from tests.testing.toys import fees, flawed, guessing, letters, post, rates, till

CELLS = (till.cell, fees.cell, rates.cell, post.cell, letters.cell)
MANIFESTS: tuple[Manifest, ...] = load_cells([*CELLS, flawed.cell, guessing.cell]).manifests
"""Read once: a World of them starts quicker than one of cells."""


def world(seed: int = 0, faults: Faults = Faults.none()) -> World:  # noqa: B008 (a frozen value)
    """A World of all toys."""
    return World(*MANIFESTS, seed=seed, faults=faults)


def busy_day(lab: World) -> None:
    """People pay in and take out at once, letters are written, and the power fails amid it."""
    pays = [lab.by(who).start(till.PayIn(n)) for n, who in enumerate(("ada", "lise", "tom"), 3)]
    takes = [lab.by("eve").start(till.TakeOut(n)) for n in (2, 3, 4)]
    assert [pending.result().amount for pending in pays] == [3, 4, 5]
    lab.restart()
    for pending in takes:
        with suppress(Refused):
            pending.result()
    lab.settle()
    lab.advance(timedelta(minutes=20))
    check(lab)


def check(lab: World) -> None:
    """Everything took effect exactly once, and nobody has overdrawn."""
    paid, taken = lab.events(till.PaidIn), lab.events(till.TakenOut)
    receipts = [it.receipt for it in paid]
    assert sorted(it.who for it in paid) == ["ada", "lise", "tom"]
    assert len(taken) <= 3
    balance = sum(it.amount for it in paid) - sum(it.amount for it in taken)
    assert balance == lab.by("ada").ask(till.Balance())
    assert [it.receipt for it in lab.events(post.Posted)] == receipts
    assert [it.receipt for it in lab.events(letters.Written)] == receipts
    assert [it.receipt for it in lab.events(till.Thanked)] == receipts
    assert lab.by("ada").ask(letters.ListFiles()) == tuple(sorted(f"{r}.txt" for r in receipts))
    assert not lab.dead_letters
