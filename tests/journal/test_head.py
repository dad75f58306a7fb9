"""The head file: the last acknowledged entry, whatever happens to one of its slots."""

from pathlib import Path

import pytest

from monocyte.journal.head import Head, HeadFile, path_of, read_head
from tests.journal.support import flip

JOURNAL = b"identity of 16 b"


def head(count: int, *, relaxed: bool = False) -> Head:
    """A head at an entry."""
    return Head(JOURNAL, count, count + 7, bytes([count]) * 32, relaxed)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a head is."""
    return path_of(tmp_path / "journal")


def write(path: Path, *counts: int) -> None:
    """Say that entries became durable, one after the other."""
    file = HeadFile(path, head(counts[0], relaxed=True))
    for it in map(head, counts[1:]):
        file.write(it.count, it.key, it.link)
    file.close()
    file.close()


@pytest.mark.parametrize("counts", [(0,), (1, 2), (1, 2, 3), (5, 9, 200, 201)])
def test_reads_what_was_written_last(path: Path, counts: tuple[int, ...]) -> None:
    """Every field of it."""
    write(path, *counts)
    assert read_head(path) == head(counts[-1], relaxed=True)


@pytest.mark.parametrize("offset", [0, 5, 9, 30, 40, 60, 75])
@pytest.mark.parametrize(("slot", "left"), [(0, 4), (1, 3)])
def test_a_damaged_slot_leaves_the_other(path: Path, slot: int, left: int, offset: int) -> None:
    """A lower bound, then: never a wrong one."""
    write(path, 1, 2, 3, 4)
    assert read_head(path) == head(4, relaxed=True)
    flip(path, slot * 512 + offset)
    assert read_head(path) == head(left, relaxed=True)


def test_a_torn_file_has_no_head(path: Path) -> None:
    """Nor has one that is not there."""
    assert read_head(path) is None
    for content in (b"", b"MONOHEAD", bytes(1024)):
        path.write_bytes(content)
        assert read_head(path) is None


def test_a_head_is_replaced_as_a_whole(path: Path) -> None:
    """What was there before does not shine through."""
    write(path, 100, 101)
    write(path, 3)
    assert read_head(path) == head(3, relaxed=True)
