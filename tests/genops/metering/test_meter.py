"""A meter writes before it acts, and lets nothing through that it could not write."""

import threading
from datetime import date
from typing import Any

import pytest

from monocyte.genops.budget import Book, Cap, OverBudget, Released, Reserved, Settled
from monocyte.genops.metering.exchange import Settlement
from monocyte.genops.metering.meter import BookMeter, Call, FreeMeter
from monocyte.genops.money import ZERO, Money
from monocyte.genops.prices import Usage
from tests.genops.till import TODAY

DIME = Money.parse("0.10")
CALL = Call("p", "booking", "ada", "writer", "m", "chat", Money.parse("1.00"), DIME, 9, 9)
CAPS = (Cap("day", "all", Money.parse("1.00")),)
COST = Settlement("answered", Money.parse("0.03"), Usage(1, output=1), "m")


def meter(written: list[Any]) -> BookMeter:
    """A meter on an empty book."""
    return BookMeter(Book(CAPS), lambda: TODAY, lambda *it: written.append(it))


def test_every_fact_is_written_with_its_call() -> None:
    """What a log keeps is enough to have the book again."""
    written: list[Any] = []
    it = meter(written)
    one, two = it.reserve(CALL), it.reserve(CALL)
    it.settle(one, CALL, COST)
    it.settle(two, CALL, Settlement("refused", ZERO, None, ""))
    facts = [fact for fact, _, _ in written]
    assert [type(fact) for fact in facts] == [Reserved, Reserved, Settled, Released]
    assert {call for _, call, _ in written} == {CALL}
    assert Book(CAPS, facts).spent("p") == it.book.spent("p") == COST.amount


def test_what_cannot_be_written_has_not_happened() -> None:
    """Neither a reservation nor a settlement; an unwritten settlement keeps its money held."""

    def full(*_: object) -> None:
        raise OSError("no space left on device")

    it = meter([])
    hold = it.reserve(CALL)
    it._write = full
    with pytest.raises(OSError, match="no space"):
        it.reserve(CALL)
    with pytest.raises(OSError, match="no space"):
        it.settle(hold, CALL, COST)
    assert (it.book.held("p"), it.book.spent("p")) == (DIME, ZERO)


def test_many_threads_reserve_no_more_than_there_is() -> None:
    """Ten dimes make a dollar, however many ask at once."""
    it, granted = meter([]), []

    def ask() -> None:
        try:
            granted.append(it.reserve(CALL))
        except OverBudget:
            return

    threads = [threading.Thread(target=ask) for _ in range(25)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(granted) == len(set(granted)) == 10


def test_deciding_and_writing_are_one_step() -> None:
    """Nobody comes in between; tried with threads, that would be luck."""
    locked: list[bool] = []
    it = meter([])

    def today() -> date:
        locked.append(it._lock.locked())
        return TODAY

    it._write = lambda *_: locked.append(it._lock.locked())
    it._today = today
    it.settle(it.reserve(CALL), CALL, COST)
    assert locked == [True, True, True]


def test_what_is_played_back_is_free() -> None:
    """Any number of calls of any size."""
    FreeMeter().settle(FreeMeter().reserve(CALL), CALL, COST)
