"""The journal in memory: crashes where a World puts them."""

import pytest

from monocyte.errors import JournalDamaged, JournalUnavailable
from monocyte.journal import MemoryJournal, Snapshot
from tests.journal.support import Answers, Hand, append, fill


@pytest.fixture
def hand() -> Hand:
    """The scheduler of a World."""
    return Hand()


@pytest.fixture
def journal(hand: Hand) -> MemoryJournal:
    """A journal that is driven by hand."""
    return MemoryJournal(hand)


def test_one_turn_is_scheduled_for_all_that_is_queued(journal: MemoryJournal, hand: Hand) -> None:
    """And takes it through both steps."""
    answers = Answers()
    for _ in range(3):
        append(journal, "a", answers=answers)
    assert len(hand.waiting) == 1
    hand.run()
    assert answers.durable == ["a-1", "a-2", "a-3"]
    append(journal, "a")
    assert len(hand.waiting) == 1


@pytest.mark.parametrize("persisted", range(5))
def test_a_crash_before_or_after_a_write(
    journal: MemoryJournal, hand: Hand, persisted: int
) -> None:
    """What was persisted is there, nobody was told, and the rest never happened."""
    fill(journal, "a", 2)
    answers = Answers()
    for number in range(4):
        append(journal, "ab"[number % 2], f"new {number}", answers=answers)
    assert journal.persist(persisted) == persisted
    assert journal.queued == 4 - persisted
    assert journal.crash() == 4 - persisted
    assert answers.said == []
    hand.run()
    assert answers.said == [], "what was scheduled before the crash tells nobody"
    a, b = (persisted + 1) // 2, persisted // 2
    assert (journal.last("a"), journal.last("b")) == (2 + a, b)
    assert [it.id for it in journal.read("b")] == ["new 1", "new 3"][:b]
    for number in range(4):
        found = journal.find("ab"[number % 2], f"new {number}")
        assert (found is not None) == (number < persisted)


def test_a_crash_after_the_acknowledgement_loses_nothing(journal: MemoryJournal) -> None:
    """It was settled."""
    _, answers = append(journal, "a", "x")
    journal.persist()
    journal.settle()
    assert answers.durable == ["x"]
    journal.crash()
    assert journal.last("a") == 1


def test_a_crash_drops_a_queued_snapshot(journal: MemoryJournal) -> None:
    """It is written in its turn, like an entry."""
    fill(journal, "a", 2)
    journal.save(Snapshot("a", 2, 0, "", "", b""))
    journal.crash()
    assert journal.snapshot("a") is None


def test_after_a_crash_it_is_as_a_start_would_open_it(journal: MemoryJournal) -> None:
    """Also when it had failed, or was closed."""
    journal.fail(JournalUnavailable("full"))
    journal.crash()
    fill(journal, "a", 1)
    journal.close()
    journal.crash()
    fill(journal, "a", 1)
    assert journal.last("a") == 2


def test_a_failure_is_told_to_all_that_is_queued(journal: MemoryJournal, hand: Hand) -> None:
    """What was persisted before is durable all the same; nothing is taken until `recover`."""
    answers = Answers()
    for number in range(4):
        append(journal, "a", str(number), answers=answers)
    journal.persist(2)
    journal.fail(JournalUnavailable("the disk is full", mend="free some space"))
    with pytest.raises(JournalUnavailable, match="the disk is full"):
        append(journal, "a")
    hand.run()
    assert (answers.durable, answers.failed) == (["0", "1"], ["2", "3"])
    journal.recover()
    assert journal.last("a") == 2
    assert journal.find("a", "2") is None
    fill(journal, "a", 1)


def test_the_chain_is_verified(journal: MemoryJournal) -> None:
    """As on a disk, so that a World can damage it."""
    fill(journal, "a", 3)
    journal._cells["a"].bodies[1] = journal._cells["a"].bodies[2]
    with pytest.raises(JournalDamaged, match="position 2"):
        list(journal.read("a"))
