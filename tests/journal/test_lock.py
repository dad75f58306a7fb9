"""The lock: one holder, named, and gone with it."""

from pathlib import Path

import pytest

from monocyte.errors import JournalLocked
from monocyte.journal.lock import FileLock, is_held


def test_the_second_is_refused_until_the_first_lets_go(tmp_path: Path) -> None:
    """Whatever was written in the file before."""
    path = tmp_path / "journal.lock"
    path.write_text("12345 somebody long gone, and a long line of it\n")
    first = FileLock(path)
    assert "long gone" not in path.read_text()
    with pytest.raises(JournalLocked, match="process"):
        FileLock(path)
    first.release()
    FileLock(path).release()


def test_a_holder_that_has_not_said_its_name_yet(tmp_path: Path) -> None:
    """Between taking the lock and writing the file there is a moment."""
    path = tmp_path / "journal.lock"
    first = FileLock(path)
    path.write_text("")
    with pytest.raises(JournalLocked, match="another process writes"):
        FileLock(path)
    first.release()


def test_whether_it_is_held_can_be_asked(tmp_path: Path) -> None:
    """Without taking it, and without making the file."""
    path = tmp_path / "journal.lock"
    assert not is_held(path)
    assert not path.exists()
    lock = FileLock(path)
    assert is_held(path)
    lock.release()
    assert not is_held(path)


def test_a_lock_that_is_let_go_at_once_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever only asks `is_held` holds it for a moment, too."""
    first = FileLock(tmp_path / "journal.lock")
    monkeypatch.setattr("time.sleep", lambda _: first.release())
    FileLock(tmp_path / "journal.lock").release()
