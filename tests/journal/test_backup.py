"""Backups: of a journal in use, verified, and put back without losing what they replace."""

import os
from pathlib import Path

import pytest

from monocyte.errors import JournalDamaged, JournalLocked, JournalUnavailable
from monocyte.journal import (
    JournalReader,
    Snapshot,
    SqliteJournal,
    backup,
    opening,
    restore,
    verify,
)
from monocyte.journal.head import path_of
from tests.journal.support import Hand, append, fill, flip, kinds, opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A closed journal of 3 000 entries."""
    path = tmp_path / "journal"
    with opened(path) as journal:
        fill(journal, "a", 2000)
        fill(journal, "b", 1000)
        journal.save(Snapshot("a", 2000, 0, "", "", b"state"))
    return path


def ids(path: Path) -> list[str]:
    """What is in a journal."""
    with JournalReader(path) as reader:
        return [it.id for cell in reader.cells() for it in reader.read(cell)]


def test_a_backup_is_one_file_that_is_the_journal(path: Path, tmp_path: Path) -> None:
    """Readable for its owner only, with nothing beside it."""
    target = tmp_path / "backups" / "monday"
    target.parent.mkdir()
    seen: list[tuple[int, int]] = []
    assert backup(path, target, lambda done, pages: seen.append((done, pages))) == 3000
    assert [it.name for it in target.parent.iterdir()] == ["monday"]
    assert target.stat().st_mode & 0o777 == 0o600
    assert ids(target) == ids(path)
    assert seen[-1][0] == seen[-1][1] > 0
    assert kinds(verify(target)) == ["head-absent"]


def test_a_journal_in_use_is_backed_up_as_of_one_moment(path: Path, tmp_path: Path) -> None:
    """Writing goes on meanwhile; nothing of it is half in the backup."""
    with opened(path) as journal:
        fill(journal, "a", 10)

        def write(_done: int, _pages: int) -> None:
            fill(journal, "c", 5)

        count = backup(path, tmp_path / "backup", write)
        assert count == 3010
        assert journal.last("c") >= 5
    assert len(ids(tmp_path / "backup")) == 3010


def test_nothing_is_overwritten(path: Path, tmp_path: Path) -> None:
    """A backup has a name of its own."""
    (tmp_path / "backup").write_text("precious")
    with pytest.raises(JournalUnavailable, match="a file of that name"):
        backup(path, tmp_path / "backup")
    assert (tmp_path / "backup").read_text() == "precious"


def test_a_damaged_journal_gives_no_backup(path: Path, tmp_path: Path) -> None:
    """It would replace good ones one day."""
    flip(path, path.read_bytes().rindex(b"a 1999"))
    with pytest.raises(JournalDamaged, match="position 1999 of 'a'"):
        backup(path, tmp_path / "backup")
    assert [it.name for it in tmp_path.iterdir() if "backup" in it.name] == []


@pytest.mark.parametrize("target", ["nowhere/backup"])
def test_a_backup_that_cannot_be_written(path: Path, tmp_path: Path, target: str) -> None:
    """Says where."""
    with pytest.raises(JournalUnavailable, match="No such file"):
        backup(path, tmp_path / target)
    with pytest.raises(JournalUnavailable, match="no such journal"):
        backup(tmp_path / "nothing", tmp_path / "backup")


def test_what_a_killed_backup_left_is_in_nobodys_way(path: Path, tmp_path: Path) -> None:
    """Nor is what a killed restore left mixed into the next one."""
    for left in ("backup.part", "backup.part-journal", "journal.restoring-journal"):
        (tmp_path / left).write_bytes(b"half of something")
    assert backup(path, tmp_path / "backup") == 3000
    restore(tmp_path / "backup", path)
    assert len(ids(path)) == 3000


def test_restoring_puts_it_back_and_keeps_the_replaced(path: Path, tmp_path: Path) -> None:
    """With its head; the restored journal knows what was done to it."""
    before = ids(path)
    backup(path, tmp_path / "backup")
    with opened(path) as journal:
        fill(journal, "a", 7)
    kept = restore(tmp_path / "backup", path)
    assert ids(path) == before
    assert [it for it in kept if it.exists()] == list(kept)
    assert ".replaced-" in kept[0].name
    assert len(ids(kept[0])) == 3007
    assert kinds(verify(path)) == ["remark-restored"]
    assert path.stat().st_mode & 0o777 == 0o600
    with opened(path) as journal:
        assert journal.opening_report == ()
        fill(journal, "a", 1)
        assert journal.last("a") == 2001


def test_restoring_where_nothing_is(path: Path, tmp_path: Path) -> None:
    """On a new machine, say."""
    backup(path, tmp_path / "backup")
    assert restore(tmp_path / "backup", tmp_path / "new" / "journal") == ()
    with opened(tmp_path / "new" / "journal") as journal:
        assert journal.last("a") == 2000


def test_a_damaged_backup_touches_nothing(path: Path, tmp_path: Path) -> None:
    """It is verified first."""
    backup(path, tmp_path / "backup")
    flip(tmp_path / "backup", path.read_bytes().rindex(b"a 1999"))
    before = {it.name: it.read_bytes() for it in tmp_path.iterdir()}
    with pytest.raises(JournalDamaged, match="position 1999 of 'a'"):
        restore(tmp_path / "backup", path)
    assert {it.name: it.read_bytes() for it in tmp_path.iterdir()} == before


def test_a_journal_in_use_is_not_replaced(path: Path, tmp_path: Path) -> None:
    """Its process would go on writing to the replaced one."""
    backup(path, tmp_path / "backup")
    with opened(path), pytest.raises(JournalLocked):
        restore(tmp_path / "backup", path)


def test_a_damaged_journal_is_replaced_with_its_log(path: Path, tmp_path: Path) -> None:
    """An old log must never be applied to a new file; it is kept, too."""
    backup(path, tmp_path / "backup")
    opening.beside(path, "-wal").write_bytes(b"what a crash left")
    kept = restore(tmp_path / "backup", path)
    assert [it.read_bytes() for it in kept if it.name.endswith("-wal")] == [b"what a crash left"]
    assert len(ids(path)) == 3000


@pytest.mark.parametrize("step", range(1, 4))
@pytest.mark.parametrize("headed", [True, False])
def test_an_interrupted_restore_can_be_run_again(
    path: Path, tmp_path: Path, step: int, headed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At no moment is there a journal that lacks what it had, or room for an empty one."""
    backup(path, tmp_path / "backup")
    with opened(path) as journal:
        fill(journal, "a", 7)
    if not headed:
        path_of(path).unlink()
    moves = iter(range(1, 10))

    def interrupted(real: object) -> object:
        def move(self: Path, target: Path) -> Path:
            if next(moves) == step:
                raise KeyboardInterrupt
            os.rename(self, target)  # noqa: PTH104 - what is replaced here
            return target

        return move

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", interrupted(Path.rename))
        patch.setattr(Path, "replace", interrupted(Path.replace))
        with pytest.raises(KeyboardInterrupt):
            restore(tmp_path / "backup", path)
    try:
        journal = SqliteJournal(path, wake=Hand())
    except JournalDamaged:
        pass
    else:
        assert journal.last("a") in (2000, 2007)
        append(journal, "z")
        journal.close()
    restore(tmp_path / "backup", path)
    assert len(ids(path)) == 3000
