"""kill -9 of a whole app under load, again and again: what was answered holds, exactly once."""

import os
import random
import signal
import time
from pathlib import Path

import pytest

from monocyte.journal import verify
from tests.torture.child import TIMES, forks
from tests.torture.load import JOURNAL, WORKERS, acknowledged

MOMENTS = (0.003, 0.02, 0.08)
"""Seconds within which a child is killed after it was checked, drawn for each."""

START = 0.06
"""Seconds that a start takes, about."""


@pytest.mark.timeout(300)
def test_an_app_that_is_killed_loses_nothing_and_does_nothing_twice(tmp_path: Path) -> None:
    """After each kill: answers are as at first, reactions and timers took effect once, no damage.

    A quarter is killed during the start, whose work the next start has to finish.
    """
    rng = random.Random(7)
    with forks(tmp_path) as process:
        for _ in range(TIMES):
            pid = process.order("run 30")
            if rng.random() < 0.75:
                assert process.hear("checked", "gone") == "checked clean"
                time.sleep(rng.choice(MOMENTS) * rng.random())  # the moment, not a wait
            else:
                time.sleep(START * rng.random())
            os.kill(pid, signal.SIGKILL)
            process.hear("gone")
        assert [it for it in verify(tmp_path / JOURNAL) if it.damage] == []
        assert process.check(tmp_path) == "checked clean"
    acks = acknowledged((tmp_path / "acks").read_text())
    assert sum(map(len, acks.values())) > 5 * TIMES, "there was a load"
    assert min(map(len, acks.values())) > TIMES // WORKERS, "of everybody"


def lies(true: str) -> dict[str, str]:
    """What might be claimed to have been acknowledged, instead of the truth."""
    worker, number, receipt = true.splitlines()[-1].split()
    return {
        "another answer": true.replace(receipt, "another"),
        "never sent": true + "".join(f"{worker} {int(number) + n} x\n" for n in (1, 2)),
        "less than was": "".join(
            it for it in true.splitlines(keepends=True) if not it.startswith(f"{worker} ")
        ),
    }


def test_the_checks_can_fail(tmp_path: Path) -> None:
    """The control: an answer that was another, one that was never given, one too many: all seen."""
    with forks(tmp_path) as process:
        process.order("run 0.2")
        assert process.hear("checked") == "checked clean"
        process.hear("gone")
        acks = tmp_path / "acks"
        true = acks.read_text()
        assert process.check(tmp_path) == "checked clean"
        for name, lie in lies(true).items():
            acks.write_text(lie)
            assert process.check(tmp_path).startswith("checked ["), name
