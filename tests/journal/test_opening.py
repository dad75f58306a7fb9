"""Opening what a crash, a failing disk or a careless hand left: refused or recovered, and said."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monocyte.errors import JournalDamaged, JournalError, JournalLocked, JournalUnavailable
from monocyte.journal import Entry, Snapshot, SqliteJournal, layout, opening, verify
from tests.journal.support import Hand, append, fill, flip, kinds, opened

Damage = Callable[[Path], None]

ENTRIES = 400


@pytest.fixture
def crashed(tmp_path: Path) -> Path:
    """The files of a journal whose process was killed: 100 entries folded back, the others not."""
    path = tmp_path / "running" / "journal"
    with opened(path) as journal:
        fill(journal, "a", 100)
        opening.fold_back(journal._opened.connection, path)
        for _ in range(ENTRIES - 100):
            append(journal, "b")
            journal.flush()
        left = tmp_path / "left"
        left.mkdir()
        for suffix in ("", "-wal", ".head"):
            shutil.copy2(opening.beside(path, suffix), left)
    return left / "journal"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal that was closed: 300 entries in two cells, and two snapshots."""
    path = tmp_path / "journal"
    with opened(path) as journal:
        fill(journal, "a", 200, events=2)
        fill(journal, "b", 100)
        for seq in (100, 400):
            journal.save(Snapshot("a", seq, 0, "", "", f"state at {seq}".encode() * 1000))
    return path


def test_a_journal_that_was_closed_opens_without_a_word(path: Path) -> None:
    """Nothing to report: nothing happened."""
    with opened(path) as journal:
        assert journal.opening_report == ()
        assert (journal.last("a"), journal.last("b")) == (400, 100)


def test_what_a_killed_process_left_is_replayed(crashed: Path) -> None:
    """Everything is there, and the report says what was done."""
    with opened(crashed) as journal:
        assert kinds(journal.opening_report) == ["wal-replayed"]
        assert "301 commits" in journal.opening_report[0].explain()
        assert (journal.last("a"), journal.last("b")) == (100, 300)
        assert len(list(journal.read("b"))) == 300
        append(journal, "b")
    assert list(verify(crashed)) == []


def shorten(part: float) -> Damage:
    """Leave so much of the write-ahead log."""

    def damage(path: Path) -> None:
        wal = opening.beside(path, "-wal")
        os.truncate(wal, int(wal.stat().st_size * part))

    return damage


def flip_wal(part: float) -> Damage:
    """Flip a byte so far into the write-ahead log."""

    def damage(path: Path) -> None:
        wal = opening.beside(path, "-wal")
        flip(wal, int((wal.stat().st_size - 1) * part))

    return damage


def remove(suffix: str) -> Damage:
    """Remove a file of the journal."""
    return lambda path: opening.beside(path, suffix).unlink()


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(shorten(0.999), id="last commit cut off"),
        pytest.param(shorten(0.5), id="half cut off"),
        pytest.param(shorten(0), id="emptied"),
        pytest.param(flip_wal(0), id="first byte"),
        pytest.param(flip_wal(0.3), id="a byte within"),
        pytest.param(flip_wal(1), id="last byte"),
        pytest.param(remove("-wal"), id="removed"),
    ],
)
def test_a_lost_tail_is_refused_until_it_is_accepted(crashed: Path, damage: Damage) -> None:
    """SQLite would start without a word; the head knows better, and the log is left as it is."""
    damage(crashed)
    wal = opening.beside(crashed, "-wal")
    before = wal.read_bytes() if wal.exists() else b""

    for _ in range(2):
        with pytest.raises(JournalDamaged, match="acknowledged entries are missing") as refused:
            SqliteJournal(crashed, wake=Hand())
    assert "accept_loss" in refused.value.mend
    assert (wal.read_bytes() if wal.exists() else b"") == before, "the evidence is kept"

    with opened(crashed, accept_loss=True) as journal:
        assert kinds(journal.opening_report)[-1] == "loss"
        assert journal.last("b") < 300
        left = journal.last("b")
        fill(journal, "b", 5)
    with opened(crashed) as journal:
        assert journal.opening_report == ()
        assert [it.seq for it in journal.read("b")] == list(range(1, left + 6))
    assert kinds(verify(crashed)) == ["remark-loss"], "the decision is in the journal"


def test_the_missing_are_counted(crashed: Path) -> None:
    """As exactly as can be: the head counts over all cells."""
    remove("-wal")(crashed)
    with pytest.raises(JournalDamaged, match="300 acknowledged entries are missing"):
        SqliteJournal(crashed, wake=Hand())


def test_relaxed_durability_may_lose_but_says_so(tmp_path: Path) -> None:
    """What a power cut took was not promised; it is reported and written down."""
    path, left = tmp_path / "journal", tmp_path / "left"
    left.mkdir()
    with opened(path, durability="relaxed") as journal:
        fill(journal, "a", 20)
        for suffix in ("", ".head"):
            shutil.copy2(opening.beside(path, suffix), left)
    with opened(left / "journal", durability="relaxed") as journal:
        assert kinds(journal.opening_report) == ["loss"]
        assert "20 acknowledged entries" in journal.opening_report[0].explain()
    assert kinds(verify(left / "journal")) == ["remark-loss"]


def read_all(path: Path) -> list[list[Entry]]:
    """Every entry of both cells."""
    with opened(path) as journal:
        return [list(journal.read(cell)) for cell in ("a", "b")]


def flip_head(slots: int) -> Damage:
    """Flip a byte in so many slots of the head."""

    def damage(path: Path) -> None:
        for slot in range(slots):
            flip(opening.beside(path, ".head"), slot * 512 + 20)

    return damage


def empty_head(path: Path) -> None:
    """Leave nothing of the head."""
    os.truncate(opening.beside(path, ".head"), 0)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        pytest.param(remove(".head"), ["wal-replayed", "head-absent"], id="removed"),
        pytest.param(flip_head(1), ["wal-replayed"], id="one slot"),
        pytest.param(flip_head(2), ["wal-replayed", "head-absent"], id="both slots"),
        pytest.param(empty_head, ["wal-replayed", "head-absent"], id="emptied"),
    ],
)
def test_a_damaged_head_is_reported_and_made_anew(
    crashed: Path, damage: Damage, said: list[str]
) -> None:
    """The journal itself is whole; only that cannot be proven."""
    damage(crashed)
    with opened(crashed) as journal:
        assert kinds(journal.opening_report) == said
        assert journal.last("b") == 300
    with opened(crashed) as journal:
        assert journal.opening_report == ()


def test_a_head_of_another_journal_is_reported(path: Path, crashed: Path) -> None:
    """It cannot be compared."""
    shutil.copy2(opening.beside(crashed, ".head"), opening.beside(path, ".head"))
    with opened(path) as journal:
        assert kinds(journal.opening_report) == ["head-foreign"]


def test_an_older_copy_under_a_newer_head_is_refused(tmp_path: Path, path: Path) -> None:
    """Whoever puts back an old file by hand is told what it lacks."""
    shutil.copy2(path, tmp_path / "old")
    with opened(path) as journal:
        fill(journal, "a", 7)
    shutil.copy2(tmp_path / "old", path)
    with pytest.raises(JournalDamaged, match="7 acknowledged entries are missing"):
        SqliteJournal(path, wake=Hand())


def test_another_history_of_the_same_length_is_refused(tmp_path: Path, path: Path) -> None:
    """The head holds a link of the chain, not only a number."""
    shutil.copy2(path, tmp_path / "fork")
    with opened(path) as journal:
        append(journal, "a", "x")
    with opened(tmp_path / "fork") as journal:
        append(journal, "a", "y")
    shutil.copy2(tmp_path / "fork", path)
    with pytest.raises(JournalDamaged, match="acknowledged as number 301 is not there"):
        SqliteJournal(path, wake=Hand())


@pytest.mark.parametrize("size", [0, 50, 4096, 0.5, 0.97])
def test_a_truncated_file_is_refused(path: Path, size: float) -> None:
    """Also when nothing is left of it."""
    os.truncate(path, int(size * path.stat().st_size) if size < 1 else int(size))
    with pytest.raises(JournalDamaged):
        read_all(path)


@pytest.mark.parametrize("change", ["DELETE FROM meta", "UPDATE meta SET value = 7"])
def test_a_file_that_has_lost_its_identity_is_refused(path: Path, change: str) -> None:
    """A power cut without syncs can leave tables that are there, and empty."""
    with sqlite3.connect(path) as connection:
        connection.execute(change)
    connection.close()
    with pytest.raises(JournalDamaged, match="damaged at its beginning"):
        SqliteJournal(path, wake=lambda call: call())


@pytest.mark.parametrize(
    "change",
    [
        "cells SET name = NULL",
        "cells SET name = x'00' WHERE number = 1",
        "entries SET n = NULL",
        "entries SET n = 'seven'",
        "entries SET link = NULL",
        "entries SET link = 'text'",
        "entries SET body = NULL",
        "entries SET body = 7",
        "entries SET body = NULL WHERE key % 100 = 7",
    ],
)
def test_what_no_journal_can_hold_is_damage(path: Path, change: str) -> None:
    """Damaged pages hold NULL where the schema allows none: SQLite reads it without a word."""
    with sqlite3.connect(path) as connection:
        connection.executescript(
            "PRAGMA writable_schema = ON;"
            "UPDATE sqlite_schema SET sql = replace(sql, ' NOT NULL', '') "
            "WHERE type = 'table';"
        )
    connection.close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"UPDATE {change}")
    connection.close()
    with pytest.raises(JournalDamaged):
        read_all(path)


def test_a_vanished_file_is_not_replaced_by_an_empty_one(path: Path) -> None:
    """There was a journal: its head says so."""
    path.unlink()
    with pytest.raises(JournalDamaged, match=r"gone.*300 acknowledged"):
        SqliteJournal(path, wake=Hand())
    assert not path.exists()
    with opened(path, accept_loss=True) as journal:
        assert journal.cells() == ()


def test_a_log_without_its_file_is_not_thrown_away(crashed: Path) -> None:
    """SQLite would remove it."""
    crashed.unlink()
    opening.beside(crashed, ".head").unlink()
    with pytest.raises(JournalDamaged, match=r"gone.*journal-wal"):
        SqliteJournal(crashed, wake=Hand())
    assert opening.beside(crashed, "-wal").exists()


@pytest.fixture
def whole(path: Path) -> list[list[Entry]]:
    """What is in the journal while it is whole."""
    return read_all(path)


flips = st.floats(0, 1, exclude_max=True)


@given(where=flips)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_flipped_byte_goes_unnoticed_and_matters(
    path: Path, whole: list[list[Entry]], tmp_path_factory: pytest.TempPathFactory, where: float
) -> None:
    """Whatever byte is flipped: it is found, or everything still reads as it was written."""
    copy = tmp_path_factory.mktemp("flipped") / "journal"
    shutil.copy2(path, copy)
    shutil.copy2(opening.beside(path, ".head"), opening.beside(copy, ".head"))
    flip(copy, int(where * path.stat().st_size))
    found = [it for it in verify(copy) if it.damage]
    try:
        with opened(copy) as journal:
            read = [list(journal.read(cell)) for cell in ("a", "b")]
            assert found or journal.snapshot("a") is not None
    except JournalError:
        assert found, "verify knows what opening or reading knows"
    else:
        assert read == whole, "what can be read is as it was written"


def flip_in(path: Path, needle: bytes) -> None:
    """Flip a byte of the last occurrence of some text."""
    flip(path, path.read_bytes().rindex(needle))


def test_a_damaged_entry_is_not_read_past(path: Path) -> None:
    """Reading ends with an error that names the place; verifying says the same."""
    flip_in(path, b"a 100")
    with opened(path) as journal:
        with pytest.raises(JournalDamaged, match="position 99 of 'a'") as damaged:
            list(journal.read("a"))
        assert str(path) in str(damaged.value)
        assert len(list(journal.read("a", 200))) == 100, "what lies behind it can be read"
        assert len(list(journal.read("b"))) == 100, "other cells are unharmed"
    assert kinds(verify(path)) == ["chain-broken"]


def test_a_damaged_snapshot_is_passed_over_for_an_older_one(path: Path) -> None:
    """And that is reported."""
    flip_in(path, b"state at 400")
    with opened(path) as journal:
        snapshot = journal.snapshot("a")
        assert snapshot is not None
        assert snapshot.seq == 100
        assert kinds(journal.opening_report) == ["snapshot-damaged"]
    assert kinds(verify(path)) == ["snapshot-damaged"]


def test_a_snapshot_of_another_history_is_passed_over(path: Path) -> None:
    """It holds the link of the last entry that it folds in."""
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE snapshots SET link = x'00' WHERE seq = 400")
    connection.close()
    with opened(path) as journal:
        snapshot = journal.snapshot("a")
        assert snapshot is not None
        assert snapshot.seq == 100


def text_file(path: Path) -> None:
    """Something of another kind."""
    path.write_text("Dear diary, today I was not a database.\n" * 50)


def other_database(path: Path) -> None:
    """A SQLite file of somebody else."""
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE recipes (name)")
    connection.close()


def newer_format(path: Path) -> None:
    """A journal that a later version wrote."""
    with opened(path):
        pass
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {layout.FORMAT + 1}")
    connection.close()


def directory(path: Path) -> None:
    """A directory of that name."""
    path.mkdir()


@pytest.mark.parametrize(
    ("make", "says", "mend"),
    [
        (text_file, "not a journal", "name another file"),
        (other_database, "not a journal", "name another file"),
        (newer_format, "format 2; this version of monocyte knows format 1", "newer"),
        (directory, "not a journal", "name another file"),
    ],
)
def test_what_is_no_journal_is_left_alone(
    tmp_path: Path, make: Damage, says: str, mend: str
) -> None:
    """Refused with what to do, and not a byte of it is changed."""
    path = tmp_path / "thing"
    make(path)
    before = path.read_bytes() if path.is_file() else b""
    for _ in range(2):
        with pytest.raises(JournalUnavailable, match=says) as refused:
            SqliteJournal(path, wake=Hand())
        assert mend in refused.value.mend
        assert refused.value.where == str(path)
    assert (path.read_bytes() if path.is_file() else b"") == before


@contextmanager
def unprivileged() -> Iterator[None]:
    """Be nobody for a while, if we are root: root is not kept out by permissions."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def shared() -> Iterator[Path]:
    """A directory that everybody can reach."""
    path = Path("/tmp") / f"monocyte-test-{os.getpid()}"
    path.mkdir()
    path.chmod(0o777)
    yield path
    path.chmod(0o777)
    shutil.rmtree(path)


def test_a_directory_that_cannot_be_written_is_refused(shared: Path) -> None:
    """Before anything is made in it."""
    shared.chmod(0o555)
    with unprivileged(), pytest.raises(JournalUnavailable, match="Permission denied") as refused:
        SqliteJournal(shared / "journal", wake=Hand())
    assert "directory" in refused.value.mend
    assert list(shared.iterdir()) == []


def test_a_file_that_cannot_be_written_is_refused(shared: Path) -> None:
    """The journal of another user, say."""
    path = shared / "journal"
    with unprivileged(), opened(path):
        pass
    path.chmod(0o400)
    with unprivileged(), pytest.raises(JournalUnavailable, match="read-only"):
        SqliteJournal(path, wake=Hand())


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    """Files 0600, a directory that was made for it 0700, whatever the umask."""
    before = os.umask(0)
    try:
        with opened(tmp_path / "data" / "journal") as journal:
            fill(journal)
            modes = {it.name: it.stat().st_mode & 0o777 for it in journal.path.parent.iterdir()}
            assert modes == dict.fromkeys(
                ["journal", "journal-wal", "journal-shm", "journal.head", "journal.lock"], 0o600
            )
            assert journal.path.parent.stat().st_mode & 0o777 == 0o700
    finally:
        os.umask(before)


def test_a_creation_that_was_interrupted_is_done_anew(tmp_path: Path) -> None:
    """A journal gets its name when it is complete; what was half made is not mixed into it."""
    with opened(tmp_path / "other") as journal:
        fill(journal)
        for suffix in ("", "-wal"):
            shutil.copy2(opening.beside(journal.path, suffix), tmp_path / f"journal.new{suffix}")
    with opened(tmp_path / "journal") as journal:
        assert journal.opening_report == ()
        assert journal.cells() == ()
        fill(journal)


def test_a_creation_that_was_killed_before_the_head_is_no_alarm(tmp_path: Path) -> None:
    """Nothing can be missing where nothing was acknowledged."""
    opening.create(tmp_path / "journal")
    with opened(tmp_path / "journal") as journal:
        assert journal.opening_report == ()


def test_another_name_of_the_file_is_the_same_journal(path: Path) -> None:
    """A link does not get around the lock."""
    link = path.with_name("link")
    link.symlink_to(path)
    with opened(path), pytest.raises(JournalLocked):
        SqliteJournal(link, wake=Hand())
