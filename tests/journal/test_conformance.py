"""What every journal does, whatever it is kept on: the suite that each implementation passes."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monocyte.errors import JournalError, JournalUnavailable
from monocyte.journal import Entry, Journal, MemoryJournal, PortResult, Snapshot, SqliteJournal
from tests.journal.support import Answers, Hand, append, entry, event, fill

Make = Callable[[], tuple[Journal, Hand]]

IMPLEMENTATIONS = ["memory", "sqlite"]


def made(kind: str, path: Path) -> tuple[Journal, Hand]:
    """A journal of that kind, and the loop's thread in the test's hand."""
    hand = Hand()
    if kind == "memory":
        return MemoryJournal(hand), hand
    return SqliteJournal(path / "journal", wake=hand), hand


@pytest.fixture(params=IMPLEMENTATIONS)
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Journal, Hand]]:
    """Each implementation in turn."""
    journal, hand = made(request.param, tmp_path)
    yield journal, hand
    journal.close()


@pytest.fixture
def journal(stage: tuple[Journal, Hand]) -> Journal:
    """Each implementation in turn, for tests that `flush`."""
    return stage[0]


FULL = Entry(
    cell="a",
    seq=1,
    kind="reaction",
    id="x",
    at=-1,
    name="Do",
    version=3,
    message=b"\x00\xff",
    reply=b"",
    events=(event(), event(b"", "Other")),
    ports=(PortResult("clock", "now", b"12345678", 2, b"\x00", failed=True),),
    principal="lise",
    roles=("trainer", ""),
    labels=("web",),
    cause="c",
    correlation="d",
    release="e",
    source=("people", 7),
)


def test_gives_back_what_was_appended(journal: Journal) -> None:
    """Every field of an entry survives, empty and odd ones too."""
    journal.append(FULL, Answers().of(FULL))
    journal.flush()
    assert list(journal.read("a")) == [FULL]


def test_nothing_is_done_or_read_before_it_is_durable(stage: tuple[Journal, Hand]) -> None:
    """`append` returns at once; `done` is called on the loop's thread only."""
    journal, hand = stage
    _, answers = append(journal, "a", "x")
    assert answers.said == []
    journal.flush()
    assert answers.said == [("x", None)]
    hand.run()
    assert answers.said == [("x", None)], "and only once"


def test_done_is_called_in_the_order_of_appends_across_cells(journal: Journal) -> None:
    """A later entry that is durable says that all earlier ones are."""
    answers = Answers()
    ids = [append(journal, "abc"[i % 3], str(i), answers=answers)[0].id for i in range(300)]
    journal.flush()
    assert answers.durable == ids


@pytest.mark.parametrize(
    ("sizes", "after", "starts"),
    [
        ((), 0, []),
        ((1, 1, 1), 0, [1, 2, 3]),
        ((1, 1, 1), 1, [2, 3]),
        ((1, 1, 1), 3, []),
        ((1, 1, 1), 99, []),
        ((0, 0), 0, [1, 2]),
        ((0, 0), 1, [2]),
        ((3, 1), 1, [1, 4]),
        ((3, 1), 2, [1, 4]),
        ((3, 1), 3, [4]),
        ((1, 3, 2), 2, [2, 5]),
        ((1, 3, 2), 4, [5]),
        ((1, 3, 2), 5, [5]),
        ((1, 3, 2), 6, []),
    ],
)
def test_reads_from_a_cursor(
    journal: Journal, sizes: tuple[int, ...], after: int, starts: list[int]
) -> None:
    """An entry takes a position per event, at least one; a cursor may stand inside one."""
    for size in sizes:
        append(journal, "a", events=size)
    append(journal, "b")
    journal.flush()
    assert [it.seq for it in journal.read("a", after)] == starts
    positions = [
        position for it in journal.read("a") for position in range(it.seq, it.seq + len(it.events))
    ]
    assert [at for at, _ in journal.events("a", after)] == [at for at in positions if at > after]
    assert all(it.body == f"a {at}".encode() for at, it in journal.events("a", after))


def test_last_counts_what_is_queued(journal: Journal) -> None:
    """Positions are handed out at `append`, to each cell its own."""
    append(journal, "a", events=3)
    append(journal, "b", events=0)
    assert (journal.last("a"), journal.last("b"), journal.last("c")) == (3, 1, 0)


def test_reading_may_be_left_and_entries_may_come_meanwhile(journal: Journal) -> None:
    """An iterator that is not finished stands in nobody's way."""
    fill(journal, "a", 1000)
    reading = journal.read("a")
    assert next(reading).seq == 1
    fill(journal, "a", 10)
    assert [it.seq for it in reading][:999] == list(range(2, 1001))


def test_out_of_sequence_is_refused(journal: Journal) -> None:
    """Neither a gap nor a position twice; the journal is as before."""
    fill(journal, "a", 2)
    for seq in (0, 1, 2, 4):
        with pytest.raises(JournalError, match="the next is 3"):
            journal.append(entry("a", seq, "new"), Answers().of(entry("a", seq)))
    assert journal.last("a") == 2
    fill(journal, "a", 1)


def test_what_has_no_bytes_is_refused(journal: Journal) -> None:
    """A lone surrogate or an integer beyond 64 bits is found out at once."""
    for odd in ({"principal": "\ud800"}, {"at": 1 << 70}):
        with pytest.raises(JournalError, match="cannot be written"):
            append(journal, "a", **odd)
    assert journal.last("a") == 0
    fill(journal, "a", 1)


@pytest.mark.parametrize("flushed", [True, False])
def test_finds_the_first_answer(journal: Journal, flushed: bool) -> None:
    """By cell and id, as soon as it is queued."""
    first, _ = append(journal, "a", "x")
    refusal, _ = append(journal, "b", "x", kind="refusal", events=0)
    if flushed:
        journal.flush()
    assert journal.find("a", "x") == first
    assert journal.find("b", "x") == refusal
    assert journal.find("a", "y") is None
    assert journal.find("c", "x") is None


def test_the_same_command_twice_is_refused(journal: Journal) -> None:
    """Also while the first one is not yet durable."""
    append(journal, "a", "x")
    for _ in range(2):
        with pytest.raises(JournalError, match="answered before"):
            append(journal, "a", "x")
        journal.flush()
    assert journal.last("a") == 1


@pytest.mark.parametrize("kind", ["reaction", "timer", "dead", "resent", "skipped"])
def test_only_answers_are_found_by_id(journal: Journal, kind: str) -> None:
    """Whatever else carries an id may carry it again."""
    append(journal, "a", "x", kind=kind)
    append(journal, "a", "x", kind=kind)
    journal.flush()
    assert journal.find("a", "x") is None
    assert [it.id for it in journal.read("a")] == ["x", "x"]


def snapshot(cell: str, seq: int) -> Snapshot:
    """A snapshot whose body says where it was taken."""
    return Snapshot(cell, seq, 5, "release", "schema", f"state at {seq}".encode())


def test_the_newest_snapshot_is_given(journal: Journal) -> None:
    """One per cell, once it is durable."""
    fill(journal, "a", 5)
    fill(journal, "b", 1)
    for seq in (2, 5, 4):
        journal.save(snapshot("a", seq))
    journal.flush()
    assert journal.snapshot("a") == snapshot("a", 5)
    assert journal.snapshot("b") is None
    assert journal.snapshot("c") is None


def test_a_snapshot_is_kept_behind_the_entries_that_it_holds(journal: Journal) -> None:
    """It may be saved while they are queued."""
    append(journal, "a")
    journal.save(snapshot("a", 1))
    journal.flush()
    assert journal.snapshot("a") == snapshot("a", 1)


def test_a_snapshot_without_entries_is_refused(journal: Journal) -> None:
    """It would claim what never happened."""
    for seq in (0, 1):
        with pytest.raises(JournalError, match="no entries behind it"):
            journal.save(snapshot("a", seq))


def test_cells_are_those_with_entries(journal: Journal) -> None:
    """In order, and only once something of them is durable."""
    append(journal, "b")
    append(journal, "a")
    with pytest.raises(JournalError):
        append(journal, "c", at=1 << 70)
    journal.flush()
    assert journal.cells() == ("a", "b")


def test_what_done_raises_keeps_nobody_else_from_being_told(stage: tuple[Journal, Hand]) -> None:
    """The error is the loop's to report; the others are told behind it."""
    journal, hand = stage

    def burst(_: JournalError | None) -> None:
        raise ZeroDivisionError

    journal.append(entry("a", 1), burst)
    _, answers = append(journal, "a", "x")
    with pytest.raises(ZeroDivisionError):
        journal.flush()
    hand.run()
    assert answers.durable == ["x"]


def test_done_may_append(journal: Journal) -> None:
    """An answer may be the reason for the next entry."""
    answers = Answers()

    def then(error: JournalError | None) -> None:
        assert error is None
        append(journal, "b", "then", answers=answers)

    journal.append(entry("a", 1), then)
    journal.flush()
    journal.flush()
    assert answers.durable == ["then"]


def test_closing_writes_what_is_queued(stage: tuple[Journal, Hand]) -> None:
    """And tells; afterwards nothing is taken, and closing again is harmless."""
    journal, _ = stage
    _, answers = append(journal, "a", "x")
    journal.close()
    journal.close()
    assert answers.durable == ["x"]
    with pytest.raises(JournalUnavailable, match="closed"):
        append(journal, "a")


def test_recover_without_a_failure_does_nothing(journal: Journal) -> None:
    """It may be asked at any time."""
    append(journal, "a")
    journal.recover()
    assert journal.last("a") == 1


steps = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 3), st.sampled_from(["", "flush", "run"])),
    max_size=60,
)


@pytest.mark.parametrize("kind", IMPLEMENTATIONS)
@given(steps=steps)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_interleaving_reads_back_in_order(
    kind: str, tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, str]]
) -> None:
    """Whatever is appended to whatever cell, acknowledged in between or not, is read as it was."""
    journal, hand = made(kind, tmp_path_factory.mktemp("journal"))
    appended: dict[str, list[Entry]] = defaultdict(list)
    answers = Answers()
    for cell, events, then in steps:
        appended[cell].append(append(journal, cell, events=events, answers=answers)[0])
        if then == "flush":
            journal.flush()
        elif then == "run":
            hand.run()
    journal.flush()
    assert journal.cells() == tuple(sorted(appended))
    for cell, entries in appended.items():
        assert list(journal.read(cell)) == entries
        assert journal.last(cell) == entries[-1].end
    assert len(answers.durable) == len(steps)
    journal.close()
