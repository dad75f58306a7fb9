"""What a run has reserved: watched, noted before each call, freed only where that is certain."""

from pathlib import Path

import pytest

from monocyte.errors import GenopsError
from monocyte.genops.budget import OverBudget
from monocyte.genops.generation.paid import Watch, free_unsent, open_calls, settle_by_hand
from monocyte.genops.ledger.entries import Release, Settlement
from monocyte.genops.ledger.memory import MemoryLedger
from monocyte.genops.metering import Settlement as Due
from monocyte.genops.metering.meter import Call
from monocyte.genops.money import ZERO, Money
from monocyte.genops.paying import LedgerMeter
from monocyte.genops.pins import Spending

DIME, DOLLAR = Money.parse("0.10"), Money.parse("1.00")
CALL = Call("p", "people", "ada", "writer", "m", "chat", DOLLAR, DIME, 9, 9)


def watch(ledger: MemoryLedger, folder: Path, day: str = "1.00") -> Watch:
    """A meter that looks on."""
    return Watch(LedgerMeter(ledger, Spending(day=day)), folder)


def test_a_call_is_noted_before_it_is_made(tmp_path: Path) -> None:
    """And what it came to is remembered."""
    it = watch(MemoryLedger(), tmp_path / "sent")
    id = it.reserve(CALL)
    assert (tmp_path / "sent" / id).exists()
    it.settle(id, CALL, Due("answered", DIME, None, "m"))
    assert [one.ending for one in it.settled()] == ["answered"]
    assert it.spent == DIME


def test_a_call_that_cannot_be_noted_is_not_made(tmp_path: Path) -> None:
    """As on a full disk."""
    (tmp_path / "sent").write_text("no folder", "utf-8")
    with pytest.raises(GenopsError, match="cannot be noted, so it is not made"):
        watch(MemoryLedger(), tmp_path / "sent").reserve(CALL)


def test_why_there_is_no_money_is_remembered(tmp_path: Path) -> None:
    """A library only says that it was declined."""
    it = watch(MemoryLedger(), tmp_path, day="0.01")
    with pytest.raises(OverBudget):
        it.reserve(CALL)
    assert it.refused is not None
    assert it.spent == ZERO


def test_only_what_was_certainly_not_called_is_freed(tmp_path: Path) -> None:
    """Without the notes nothing is certain."""
    ledger, folder = MemoryLedger(), tmp_path / "sent"
    meter = LedgerMeter(ledger, Spending(day="1.00"))
    called = watch(ledger, folder).reserve(CALL)
    never = meter.reserve(CALL)
    assert free_unsent(ledger, "p", tmp_path / "gone", "ada") == ([], [called, never])
    assert free_unsent(ledger, "p", folder, "ada") == ([never], [called])
    assert [*open_calls(ledger.read().book, "p")] == [called]


def test_a_person_says_what_a_call_has_cost(tmp_path: Path) -> None:
    """Once, by how its id begins, with how they know."""
    ledger = MemoryLedger()
    it = watch(ledger, tmp_path)
    one, two = it.reserve(CALL), it.reserve(CALL)
    assert settle_by_hand(ledger, one[:8], Money.parse("0.02"), "the invoice", "ada") == one
    assert settle_by_hand(ledger, two[:8], ZERO, "it was off", "ada") == two
    facts = [entry.fact for entry in ledger.read().entries][2:]
    assert facts == [
        Settlement(one, 20_000_000, ending="by hand: the invoice"),
        Release(two, "by hand: it was off"),
    ]
    with pytest.raises(GenopsError, match="no open reservation begins"):
        settle_by_hand(ledger, one, ZERO, "again", "ada")
