"""What every ledger does, whatever keeps it: one suite, one row for each."""

from collections.abc import Callable
from pathlib import Path

import pytest

from monocyte.errors import GenopsError, IllegalMove, LedgerMoved
from monocyte.genops.ledger.entries import START, Transition
from monocyte.genops.ledger.gitledger import GitLedger
from monocyte.genops.ledger.interface import Decided, Ledger, Read, record
from monocyte.genops.ledger.memory import MemoryLedger
from monocyte.genops.states import State
from tests.genops.ledger.facts import Hand, planned, repository, reserved, settled, write

Make = Callable[[Hand], Ledger]


@pytest.fixture(params=["memory", "git"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """Makes an empty ledger with a clock."""
    if request.param == "memory":
        return MemoryLedger
    return lambda clock: GitLedger(repository(tmp_path / "repo"), clock)


def test_what_was_written_is_read_back(make: Make) -> None:
    """In order, with who and when, and what was attached."""
    clock = Hand()
    ledger = make(clock)
    assert ledger.read() == Read(START, ())
    ledger.append(
        planned(why="é\n\nLink: 00"), who="ada", after=START, files={"plan.json": b"{}\0"}
    )
    clock.jump(minutes=1)
    write(ledger, reserved())
    head, (first, second) = ledger.read()
    assert (head.seq, first.seq, second.seq) == (2, 1, 2)
    assert (first.who, first.fact) == ("ada", planned(why="é\n\nLink: 00"))
    assert second.at > first.at
    assert ledger.attachment(1, "plan.json") == b"{}\0"
    assert list(ledger.verify()) == []


def test_behind_an_old_head_nothing_is_written(make: Make) -> None:
    """Whoever decided on less than there is decides again."""
    ledger = make(Hand())
    ledger.append(planned("a"), who="ada", after=START)
    with pytest.raises(LedgerMoved):
        ledger.append(planned("b"), who="bob", after=START)
    assert [it.who for it in ledger.read().entries] == ["ada"]


def test_a_decision_is_taken_again_when_others_came_first(make: Make) -> None:
    """And what is no longer possible is not written."""
    ledger = make(Hand())
    write(ledger, planned())

    def start(seen: Read) -> Decided:
        if len(seen.entries) == 1:
            write(ledger, Transition("plan-1", State.PLANNED, State.CANCELLED))
        return Decided(Transition("plan-1", State.PLANNED, State.SPEND_APPROVED))

    with pytest.raises(IllegalMove):
        record(ledger, start, who="ada")
    assert len(ledger.read().entries) == 2


def test_a_decision_to_do_nothing_writes_nothing(make: Make) -> None:
    """None is an answer."""
    ledger = make(Hand())
    assert record(ledger, lambda _: None, who="ada") is None
    assert ledger.read().entries == ()


@pytest.mark.parametrize(
    "impossible",
    [
        Transition("plan-1", State.DRAFT, State.PLANNED),
        Transition("plan-1", State.PLANNED, State.PROMOTED),
        Transition("plan-2", State.PLANNED, State.SPEND_APPROVED),
        reserved("call-1"),
        settled("call-2"),
        settled("call-0"),
    ],
    ids=str,
)
def test_what_is_not_possible_is_not_written(impossible: Transition, make: Make) -> None:
    """The table of states, and the calls that are open, decide."""
    ledger = make(Hand())
    write(ledger, planned(), reserved("call-0"), settled("call-0"), reserved("call-1"))
    with pytest.raises(GenopsError):
        record(ledger, lambda _: Decided(impossible), who="ada")
    assert len(ledger.read().entries) == 4


def test_a_clock_that_jumps_back_does_not_turn_back_the_ledger(make: Make) -> None:
    """The entry keeps the time of the one before it, and what the clock has said."""
    clock = Hand()
    ledger = make(clock)
    write(ledger, planned())
    clock.jump(days=-30)
    write(ledger, reserved())
    first, second = ledger.read().entries
    assert second.at == first.at
    assert second.clock == clock.at
    clock.jump(days=31)
    write(ledger, settled())
    assert ledger.read().entries[2].clock is None
    assert list(ledger.verify()) == []
