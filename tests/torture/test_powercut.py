"""Power cuts of a whole app: unsynced writes are dropped or torn, and nothing answered is lost."""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journal.powercut.recording import Disk, Operation, records
from tests.journal.powercut.shim import compiled, recording
from tests.journal.powercut.test_powercut import moments
from tests.torture.child import TIMES, forks


def record(directory: Path, *orders: str) -> Path:
    """Run the app under those orders on an empty directory; says where the recording is."""
    root, log = directory / "disk", directory / "log"
    root.mkdir(mode=0o700)
    with forks(root, recording(compiled(directory), root, log)) as process:
        for order in orders:
            process.order(order)
            assert process.hear("checked") == "checked clean"
            process.hear("gone")
    return log


def cuts(log: Path, count: int, work: Path, seed: int) -> Iterator[str]:
    """Cut the power at that many moments, and say what a start finds after each."""
    rng = random.Random(seed)
    disk, acks, done = Disk(), bytearray(), 0
    asked = records(log)
    with forks(work) as process:
        for moment in moments(log, count, seed):
            while done < moment:
                it = next(asked)
                disk.ask(it)
                if it.operation is Operation.WRITE and disk.name_of(it.file) == "acks":
                    acks += it.data
                done += 1
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir()
            disk.cut(rng, work)
            (work / "acks").write_bytes(acks)
            yield process.check(work)


@pytest.mark.timeout(300)
def test_an_app_without_power_loses_nothing_and_does_nothing_twice(tmp_path: Path) -> None:
    """Whatever of the unsynced is left: answers hold, effects are there once, no damage."""
    log = record(tmp_path, "run 0.3", "run 0.3")
    found = list(cuts(log, TIMES, tmp_path / "after", seed=5))
    assert [it for it in found if it != "checked clean"] == []
    assert len(found) == TIMES


@pytest.mark.timeout(120)
def test_without_syncs_an_app_does_lose(tmp_path: Path) -> None:
    """The control: if this loses nothing, then the test above cannot fail."""
    log = record(tmp_path, "run 0.6 OFF")
    found = list(cuts(log, 25, tmp_path / "after", seed=6))
    assert sum(it != "checked clean" for it in found) >= 5
