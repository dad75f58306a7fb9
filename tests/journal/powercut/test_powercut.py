"""Power cuts, simulated from a recording: what was acknowledged is there, whatever else is lost."""

import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journal.powercut.judgement import Judgement, judge
from tests.journal.powercut.load import acknowledged
from tests.journal.powercut.recording import Disk, Operation, records
from tests.journal.powercut.shim import compiled, recording

CUTS = 200


def record(directory: Path, *orders: str) -> Path:
    """Run the load under those orders on an empty directory; says where the recording is."""
    root, log = directory / "disk", directory / "log"
    root.mkdir(mode=0o700)
    done = subprocess.run(
        [sys.executable, "-m", "tests.journal.powercut.load", str(root)],
        input="".join(f"{order}\n" for order in orders),
        env=recording(compiled(directory), root, log) | {"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.count("ended") == len(orders), done.stdout + done.stderr
    return log


def moments(log: Path, count: int, seed: int) -> list[int]:
    """That many moments of a recording, as numbers of records; half of them around its syncs."""
    rng = random.Random(seed)
    operations = [it.operation for it in records(log)]
    syncs = [i for i, it in enumerate(operations) if it is Operation.SYNC]
    return sorted(
        min(len(operations), max(0, rng.choice(syncs) + rng.randint(-4, 4)))
        if rng.random() < 0.5
        else rng.randint(0, len(operations))
        for _ in range(count)
    )


def cuts(log: Path, count: int, work: Path, seed: int) -> Iterator[Judgement]:
    """Cut the power at that many moments, and judge what is left after each."""
    rng = random.Random(seed)
    disk, acks, asked = Disk(), bytearray(), records(log)
    done = 0
    for moment in moments(log, count, seed):
        for record in asked if done < moment else ():
            disk.ask(record)
            if record.operation is Operation.WRITE and disk.name_of(record.file) == "acks":
                acks += record.data
            done += 1
            if done == moment:
                break
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        disk.cut(rng, work)
        yield judge(work / "journal", acknowledged(acks.decode()))


@pytest.mark.timeout(180)
def test_nothing_acknowledged_is_lost_by_a_power_cut(tmp_path: Path) -> None:
    """At random moments under load, unsynced writes dropped or torn: 0 lost, 0 twice, all clean."""
    log = record(tmp_path, "run 1.5", "run 1.5")
    judgements = list(cuts(log, CUTS, tmp_path / "after", seed=1))
    assert [it for it in judgements if not it.clean] == []
    assert max(it.entries for it in judgements) > 1000, "there was a load"
    assert len({it.entries for it in judgements}) > CUTS / 2, "and the cuts fell into it"


@pytest.mark.timeout(120)
def test_without_syncs_a_power_cut_does_lose(tmp_path: Path) -> None:
    """The control: if this loses nothing, then the test above cannot fail."""
    log = record(tmp_path, "run 1 OFF")
    judgements = list(cuts(log, 25, tmp_path / "after", seed=2))
    assert sum(bool(it.lost) for it in judgements) >= 5
