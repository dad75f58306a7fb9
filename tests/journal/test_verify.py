"""Verifying: each way in which a journal can be wrong, and what it is called."""

import sqlite3
from pathlib import Path

import pytest

from monocyte.errors import JournalUnavailable
from monocyte.journal import Snapshot, layout, verify
from monocyte.journal.head import path_of
from tests.journal.support import fill, kinds, opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal with two cells and a snapshot."""
    path = tmp_path / "journal"
    with opened(path) as journal:
        fill(journal, "a", 50, events=2)
        fill(journal, "b", 700)
        journal.save(Snapshot("a", 100, 0, "", "", b"state"))
    return path


def test_a_whole_journal_has_nothing_to_find(path: Path) -> None:
    """Nor has an empty one."""
    assert list(verify(path)) == []
    with opened(path.with_name("empty")):
        pass
    assert list(verify(path.with_name("empty"))) == []


def test_a_journal_in_use_can_be_verified(path: Path) -> None:
    """While entries come."""
    with opened(path) as journal:
        fill(journal, "a", 10)
        finding = verify(path)
        fill(journal, "a", 10)
        assert list(finding) == []


def change(what: str, position: int = 51) -> str:
    """Changes one entry of the first cell."""
    return f"UPDATE entries SET {what} WHERE key = {(1 << layout.SHIFT) + position};"  # noqa: S608


def move(position: int, to: int) -> str:
    """Gives an entry another position."""
    return change(f"key = key + {to - position}", position)


REMOVE = f"DELETE FROM entries WHERE key = {(1 << layout.SHIFT) + 51}"  # noqa: S608


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        (change("body = x'00'"), ["chain-broken", "entry-unreadable"]),
        (change("link = zeroblob(32)"), ["chain-broken"] * 2),
        (change("id = 'other'"), ["entry-misplaced"]),
        (change("id = NULL"), ["entry-misplaced"]),
        (change("n = 9000"), ["entries-missing"]),
        (REMOVE, ["chain-broken", "entry-misplaced", "entries-missing"]),
        (
            move(51, 1000) + move(53, 51) + move(1000, 53),
            ["chain-broken", "entry-misplaced", "chain-broken", "entry-misplaced"],
        ),
        ("DELETE FROM entries WHERE n = 750", ["acknowledged-missing"]),
        ("DELETE FROM entries WHERE key >> 40 = 1", ["entries-missing", "snapshot-damaged"]),
        ("UPDATE snapshots SET body = x'00'", ["snapshot-damaged"]),
        ("UPDATE snapshots SET seq = 99", ["snapshot-damaged"]),
        ("INSERT INTO remarks VALUES (0, 'loss', 'accepted')", ["remark-loss"]),
    ],
)
def test_what_is_wrong_is_found_and_named(path: Path, damage: str, found: list[str]) -> None:
    """Each by a kind of its own, all of them in one pass."""
    with sqlite3.connect(path) as connection:
        connection.executescript(damage)
    connection.close()
    findings = list(verify(path))
    assert kinds(findings)[: len(found)] == found
    for finding in findings:
        assert str(path) in finding.explain()
        assert bool(finding.mend) or finding.kind.startswith("remark")


def test_an_index_that_disagrees_is_found(path: Path) -> None:
    """A look-up by id would miss the first answer, and a command be applied twice."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA writable_schema = 1")
        connection.execute(
            "UPDATE sqlite_schema SET sql = replace(sql, 'IS NOT NULL', '<> ''a-51''')"
            " WHERE name = 'answers'"
        )
    connection.close()
    with sqlite3.connect(path) as connection:
        connection.execute(change("id = 'b-1'"))
    connection.close()
    assert any(it.damage for it in verify(path))


def test_without_a_head_it_says_what_it_cannot_say(path: Path) -> None:
    """That nothing is missing at the end."""
    path_of(path).unlink()
    findings = list(verify(path))
    assert kinds(findings) == ["head-absent"]
    assert not findings[0].damage


def test_what_cannot_be_read_at_all(path: Path, tmp_path: Path) -> None:
    """A damaged journal is a finding; what never was one is an error."""
    data = path.read_bytes()
    path.write_bytes(b"x" + data[1:])
    assert kinds(verify(path)) == ["unreadable"]
    path_of(path).unlink()
    with pytest.raises(JournalUnavailable, match="not a journal"):
        list(verify(path))
    with pytest.raises(JournalUnavailable, match="no such journal"):
        list(verify(tmp_path / "nothing"))
