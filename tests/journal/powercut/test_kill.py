"""kill -9 at random moments under load, again and again on one journal: nothing is lost.

Every start takes up what the killed one left, sends again what it does not know to be answered, and
is killed in its turn; at the end all of it is held against all that was ever acknowledged.
"""

import os
import random
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.journal.powercut.judgement import judge
from tests.journal.powercut.load import CELLS, acknowledged

KILLS = 200


class Runner:
    """The process that forks the one to be killed, so that a start costs milliseconds."""

    def __init__(self, directory: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.journal.powercut.load", str(directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": ":".join(sys.path)},
        )
        self._said = b""

    def order(self, line: str) -> int:
        """Start a load; says the pid of its process."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()
        return int(self.hear("pid ").split()[1])

    def hear(self, *beginnings: str) -> str:
        """The next line that begins in one of these ways."""
        assert self.process.stdout is not None
        while True:
            line, newline, rest = self._said.partition(b"\n")
            if newline:
                self._said = rest
                if line.decode().startswith(beginnings):
                    return line.decode()
                continue
            ready, _, _ = select.select([self.process.stdout], [], [], 20)
            more = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            assert more, f"waited for {beginnings} and heard {self._said!r}"
            self._said += more

    def close(self) -> None:
        """Let it end."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()


@contextmanager
def runner(directory: Path) -> Iterator[Runner]:
    """A runner, ended at the end."""
    made = Runner(directory)
    try:
        yield made
    finally:
        made.close()


@pytest.mark.timeout(180)
def test_nothing_acknowledged_is_lost_by_kill_9(tmp_path: Path) -> None:
    """Random moments from the first instant of a start to deep in the load: 0 lost, 0 twice."""
    rng = random.Random(3)
    with runner(tmp_path) as process:
        for _ in range(KILLS):
            pid = process.order("run 30")
            if rng.random() < 0.9:
                said = process.hear("opened", "refused", "gone")
                assert said == "opened"
            time.sleep(rng.choice([0.002, 0.02, 0.06]) * rng.random())  # the moment, not a wait
            os.kill(pid, signal.SIGKILL)
            process.hear("gone")
        process.order("run 0.1")
        assert process.hear("ended", "refused") == "ended"
    acks = acknowledged((tmp_path / "acks").read_text())
    judgement = judge(tmp_path / "journal", acks)
    assert judgement.clean, judgement
    assert set(acks) == set(CELLS)
    assert judgement.entries > 10 * KILLS, "there was a load"
    for ids in acks.values():
        numbers = sorted(int(id.rpartition("-")[2]) for id in ids)
        assert numbers == list(range(1, len(numbers) + 1)), "what was not answered was sent again"
