"""The simulated disk itself: what it may lose, and what it must not."""

import random
from pathlib import Path

import pytest

from tests.journal.powercut.recording import Disk, Operation, Record


def ask(disk: Disk, *asked: tuple[Operation, int, int, bytes]) -> None:
    """Ask the disk for (operation, file, offset, data), numbered in order."""
    for sequence, (operation, file, offset, data) in enumerate(asked, 1):
        disk.ask(Record(operation, file, offset, len(data), sequence, data))


def outcomes(disk: Disk, tmp_path: Path) -> set[tuple[tuple[str, bytes], ...]]:
    """Everything that many power cuts leave."""
    found = set()
    for seed in range(200):
        target = tmp_path / str(seed)
        target.mkdir()
        disk.cut(random.Random(seed), target)
        found.add(tuple(sorted((it.name, it.read_bytes()) for it in target.iterdir())))
    return found


MADE = (Operation.OPEN, 1, 0, b"a")
NAMED = (Operation.SYNC_DIRECTORY, 9, 1, b"")
OLD = (Operation.WRITE, 1, 0, b"old")
NEW = (Operation.WRITE, 1, 0, b"new")
RENAMED = (Operation.RENAME, 0, 0, b"a\0b")


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ((MADE,), {(), (("a", b""),)}),
        ((MADE, NAMED), {(("a", b""),)}),
        ((MADE, NAMED, OLD), {(("a", b""),), (("a", b"old"),)}),
        ((MADE, NAMED, OLD, (Operation.SYNC, 1, 3, b"")), {(("a", b"old"),)}),
        ((MADE, NAMED, OLD, (Operation.SYNC, 1, 2, b"")), {(("a", b""),), (("a", b"old"),)}),
        (
            (MADE, NAMED, OLD, (Operation.SYNC, 1, 3, b""), NEW),
            {(("a", b"old"),), (("a", b"new"),)},
        ),
        ((MADE, NAMED, RENAMED), {(("a", b""),), (("b", b""),)}),
        ((MADE, NAMED, (Operation.UNLINK, 0, 0, b"a")), {(("a", b""),), ()}),
        ((MADE, NAMED, (Operation.OPEN, 1, 0, b"a")), {(("a", b""),)}),
    ],
)
def test_what_was_not_synced_may_be_lost(
    asked: tuple[tuple[Operation, int, int, bytes], ...],
    left: set[tuple[tuple[str, bytes], ...]],
    tmp_path: Path,
) -> None:
    """Contents by the sync of their file, names by that of their directory, each in order."""
    disk = Disk()
    ask(disk, *asked)
    assert outcomes(disk, tmp_path) == left


def test_writes_are_torn_at_sectors(tmp_path: Path) -> None:
    """Two sectors of one write fare apart; the bytes of one sector do not."""
    disk = Disk()
    ask(disk, MADE, NAMED, (Operation.WRITE, 1, 0, b"x" * 1024))
    assert {content for ((_, content),) in outcomes(disk, tmp_path)} == {
        b"",
        b"x" * 512,
        b"\0" * 512 + b"x" * 512,
        b"x" * 1024,
    }
