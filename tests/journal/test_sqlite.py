"""The journal on disk: batches, bounded memory, full disks, failed writes and recovery."""

import resource
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from monocyte.errors import JournalError, JournalLocked, JournalUnavailable
from monocyte.journal import JournalReader, Snapshot, SqliteJournal, sqlite, verify
from tests.journal.support import Answers, Hand, append, fill, kinds, opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal of a test is."""
    return tmp_path / "journal"


@pytest.fixture
def journal(path: Path) -> Iterator[SqliteJournal]:
    """A new journal."""
    with opened(path) as journal:
        yield journal


# -- batches ---------------------------------------------------------------------------------------


@contextmanager
def held(journal: SqliteJournal) -> Iterator[None]:
    """Keep the writer from committing, so that what is queued meanwhile is one batch or more."""
    other = sqlite3.connect(journal.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@pytest.mark.parametrize("count", [1, 2, 63, 64, 65, 200, 256, 257, 700])
def test_batches_of_every_size_are_written(path: Path, count: int) -> None:
    """One statement, several in a transaction, several transactions: each entry once, in order."""
    hand, answers = Hand(), Answers()
    journal = SqliteJournal(path, wake=hand)
    with held(journal):
        ids = [append(journal, "ab"[i % 2], str(i), answers=answers)[0].id for i in range(count)]
    journal.flush()
    assert answers.durable == ids
    assert [it.id for it in journal.read("a")] == ids[::2]
    assert [it.id for it in journal.read("b")] == ids[1::2]
    assert len(hand.waiting) < count / 64 + 4, "the loop is woken once per batch"
    journal.close()
    assert list(verify(path)) == []


def test_large_entries_are_written(journal: SqliteJournal) -> None:
    """A batch is bounded by bytes too; chunks of reading adapt."""
    bodies = [bytes([i]) * (1 << 20) for i in range(12)]
    for body in bodies:
        append(journal, "a", message=body)
        append(journal, "a")
    journal.flush()
    assert [it.message for it in journal.read("a")][::2] == bodies


# -- memory ----------------------------------------------------------------------------------------


def test_recent_answers_are_bounded(
    journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Old ones are found on the disk; an id may not be used again however old it is."""
    monkeypatch.setattr(sqlite, "_RECENT", 10)
    for number in range(100):
        append(journal, "a", str(number))
        journal.flush()
        assert len(journal._young) + len(journal._old) <= 22
    assert [journal.find("a", str(n)).seq for n in range(100)] == list(range(1, 101))  # type: ignore[union-attr]


def test_recent_answers_are_bounded_by_bytes(
    journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few large ones count as many."""
    monkeypatch.setattr(sqlite, "_RECENT_BYTES", 10_000)
    for _ in range(50):
        append(journal, "a", message=bytes(4000))
        journal.flush()
        assert len(journal._young) + len(journal._old) <= 8


def test_what_is_queued_is_never_forgotten(
    journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are: it cannot be found anywhere else."""
    monkeypatch.setattr(sqlite, "_RECENT", 10)
    with held(journal):
        for number in range(100):
            append(journal, "a", str(number))
        assert all(journal.find("a", str(number)) for number in range(100))


# -- snapshots -------------------------------------------------------------------------------------


def test_the_newest_two_snapshots_are_kept(journal: SqliteJournal, path: Path) -> None:
    """Of each cell; the others would only take room."""
    for cell in "ab":
        fill(journal, cell, 9)
        for seq in range(1, 10):
            journal.save(Snapshot(cell, seq, 0, "", "", b"state"))
    journal.flush()
    with sqlite3.connect(path) as connection:
        kept = connection.execute("SELECT cell, seq FROM snapshots ORDER BY 1, 2").fetchall()
    connection.close()
    assert kept == [(1, 8), (1, 9), (2, 8), (2, 9)]


# -- failing ---------------------------------------------------------------------------------------


@contextmanager
def full_disk(journal: SqliteJournal) -> Iterator[None]:
    """Let the file grow no more: SQLite says "database or disk is full", as for ENOSPC."""
    ((pages,),) = journal._opened.connection.execute("PRAGMA page_count")
    journal._opened.connection.execute(f"PRAGMA max_page_count = {pages + 2}").fetchall()
    yield  # the limit is the connection's, recovering opens another


@contextmanager
def limited_files(journal: SqliteJournal) -> Iterator[None]:
    """Let no file of this process grow: writing fails with EFBIG, an error of the disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = journal.path.with_name("journal-wal").stat().st_size
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "dont_write_bytecode", True)  # that would be cut off, too
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize(
    ("fail", "says"), [(full_disk, "disk is full"), (limited_files, "disk failed to read or write")]
)
def test_a_failed_write_fails_everything_behind_it(
    path: Path, fail: Callable[[SqliteJournal], AbstractContextManager[None]], says: str
) -> None:
    """Until `recover`: what was acknowledged is there, numbering goes back, and it goes on."""
    hand, answers = Hand(), Answers()
    journal = SqliteJournal(path, wake=hand)
    fill(journal, "a", 5)
    with fail(journal):
        with held(journal):
            for number in range(300):
                append(journal, "ab"[number % 2], str(number), answers=answers, message=bytes(5000))
        journal.flush()

    assert len(answers.said) == 300, "everybody was told"
    assert [int(id) for id in answers.durable + answers.failed] == list(range(300)), "in order"
    assert answers.failed
    errors = {type(error) for _, error in answers.said if error}
    assert errors == {JournalUnavailable}
    assert says in str(journal.failure)
    assert journal.failure is not None
    assert journal.failure.mend
    with pytest.raises(JournalUnavailable, match="failed and takes nothing"):
        append(journal, "a")
    with pytest.raises(JournalUnavailable, match="failed and takes nothing"):
        journal.save(Snapshot("a", 1, 0, "", "", b""))
    assert len(list(journal.read("a"))) >= 5, "reading goes on"

    journal.recover()
    assert journal.failure is None
    there = [it.id for cell in "ab" for it in journal.read(cell)]
    assert set(answers.durable) <= set(there)
    assert journal.last("a") == len(list(journal.read("a")))
    for id in answers.failed:
        found = journal.find("b", id) or journal.find("a", id)
        assert (found is not None) == (id in there), "what find says is the truth again"
    fill(journal, "a", 5)
    journal.close()
    assert list(verify(path)) == []


def test_a_journal_that_cannot_be_reopened_stays_failed(journal: SqliteJournal, path: Path) -> None:
    """And may be recovered later."""
    fill(journal, "a", 5)
    with full_disk(journal):
        append(journal, "a", message=bytes(100_000))
        journal.flush()
    path.rename(path.with_name("elsewhere"))
    for _ in range(2):
        with pytest.raises(JournalError, match="gone"):
            journal.recover()
        with pytest.raises(JournalUnavailable, match="failed"):
            append(journal, "a")
        assert len(list(journal.read("a"))) == 5, "what can be read is read"
    path.with_name("elsewhere").rename(path)
    journal.recover()
    fill(journal, "a", 1)
    assert journal.last("a") == 6


def test_a_journal_that_failed_can_be_closed(journal: SqliteJournal) -> None:
    """And what is on disk is whole."""
    fill(journal, "a", 5)
    with full_disk(journal):
        append(journal, "a", message=bytes(100_000))
        journal.close()
    with opened(journal.path) as again:
        assert again.last("a") == 5


def test_a_snapshot_that_finds_no_room_harms_nothing(journal: SqliteJournal) -> None:
    """It only makes a start faster: that it is missing is reported, and entries go on."""
    fill(journal, "a", 5)
    with full_disk(journal):
        journal.save(Snapshot("a", 5, 0, "", "", bytes(100_000)))
        fill(journal, "a", 5)
    assert kinds(journal.opening_report) == ["snapshot-not-saved"]
    assert journal.snapshot("a") is None


def test_an_id_that_was_answered_long_ago_fails_the_journal(path: Path) -> None:
    """The last line of defence: nothing is applied twice, whoever forgot to ask `find`."""
    with opened(path) as journal:
        fill(journal, "a", 3)
    with opened(path) as journal:
        _, answers = append(journal, "a", "a-1")
        _, behind = append(journal, "b", "innocent")
        journal.flush()
        (said,) = answers.said
        assert "answered before" in str(said[1])
        assert behind.failed == ["innocent"]
        journal.recover()
        assert (journal.last("a"), journal.last("b")) == (3, 0)
        fill(journal, "b", 1)


def test_a_closed_loop_does_not_stop_the_writer(path: Path) -> None:
    """What is queued is still written, and told when the journal is closed."""

    def closed(_: Any) -> None:
        raise RuntimeError("Event loop is closed")

    journal = SqliteJournal(path, wake=closed)
    _, answers = append(journal, "a", "x")
    journal.close()
    assert answers.durable == ["x"]


# -- processes -------------------------------------------------------------------------------------

HOLD = """
import sys
from pathlib import Path
from monocyte.journal import SqliteJournal
journal = SqliteJournal(sys.argv[1], wake=lambda callback: None)
print("open", flush=True)
sys.stdin.readline()
"""


@contextmanager
def another_process(path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that has the journal open."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline() == "open\n"
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def test_two_processes_cannot_write_one_journal(path: Path) -> None:
    """The second is told who the first is; when that is killed, the journal is free."""
    with another_process(path) as holder:
        with pytest.raises(JournalLocked) as refused:
            SqliteJournal(path, wake=Hand())
        assert f"process {holder.pid} " in refused.value.message
        assert sys.executable.rpartition("/")[2] in refused.value.message
        assert refused.value.where == str(path)
        with JournalReader(path) as reader:
            assert reader.cells() == (), "reading is allowed"
    with opened(path) as journal:
        fill(journal)


def test_one_process_cannot_open_a_journal_twice(journal: SqliteJournal) -> None:
    """Two numberings would contradict each other."""
    with pytest.raises(JournalLocked):
        SqliteJournal(journal.path, wake=Hand())
    fill(journal)


def test_a_reader_sees_what_another_connection_has_made_durable(journal: SqliteJournal) -> None:
    """While it is being written, without holding it up."""
    with JournalReader(journal.path) as reader:
        assert reader.last("a") == 0
        made = fill(journal, "a", 3)
        reading = reader.read("a")
        assert next(reading) == made[0]
        fill(journal, "a", 3)
        assert list(reader.read("a", 1)) == list(journal.read("a", 1))
        assert (reader.last("a"), reader.last("b"), reader.cells()) == (6, 0, ("a",))
    with pytest.raises(JournalUnavailable, match="closed"):
        reader.cells()


def test_there_is_nothing_to_read_where_there_is_no_journal(path: Path) -> None:
    """A reader makes nothing."""
    with pytest.raises(JournalUnavailable, match="no such journal"):
        JournalReader(path)
    assert not path.exists()
