"""Group commit: what is written together, under a clock and a disk that the test moves."""

from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any, cast

import pytest

from monocyte.journal import writer as module
from monocyte.journal.head import HeadFile
from monocyte.journal.writer import Writer


class Disk:
    """Stands for connection and head: says when a commit begins, and ends it when it is told to."""

    def __init__(self, clock: list[float]) -> None:
        self.began: SimpleQueue[int] = SimpleQueue()
        self.end: SimpleQueue[float] = SimpleQueue()
        self.clock = clock

    def execute(self, sql: str, values: tuple[Any, ...] = ()) -> None:
        """A commit of as many rows as there are values for."""
        self.began.put(len(values) // 5)
        self.clock[0] += self.end.get(timeout=10)

    def write(self, *_: object) -> None:
        """The head takes no time."""


class Stage:
    """A writer on that disk, with callers who come back or not."""

    def __init__(self, clock: list[float]) -> None:
        self.clock = clock
        self.disk = Disk(clock)
        self.told: SimpleQueue[None] = SimpleQueue()
        self.away = 0.0
        self.committing = 0
        disk = cast("Any", self.disk)
        self.writer = Writer(disk, cast("HeadFile", disk), Path("journal"), self.wake)

    def wake(self, _: object) -> None:
        """The loop is told: it takes `away` seconds until anybody comes back."""
        self.clock[0] += self.away
        self.told.put(None)

    def come(self, callers: int) -> None:
        """So many send an entry."""
        for _ in range(callers):
            self.writer.put(((0, 1, None, b"", b""), lambda _: None))

    def commits(self) -> int:
        """How many rows the commit that begins now has."""
        self.committing = self.disk.began.get(timeout=10)
        return self.committing

    def done(self) -> None:
        """Let the commit end after 100 s, and wait until those in it are told."""
        self.disk.end.put(100.0)
        self.told.get(timeout=10)

    def turn(self) -> int:
        """The commit ends, those in it come back, the next one begins; says how many are in it."""
        told = self.committing
        self.done()
        self.come(told)
        return self.commits()


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A writer whose clock stands still unless the test moves it."""
    clock = [1000.0]
    monkeypatch.setattr(module, "perf_counter", lambda: clock[0])
    stage = Stage(clock)
    yield stage
    for _ in range(100):
        stage.disk.end.put(0)
    stage.writer.stop()


def test_all_that_is_queued_is_one_commit(stage: Stage) -> None:
    """While one commit is under way the next one fills."""
    stage.come(1)
    assert stage.commits() == 1
    stage.come(60)
    assert stage.turn() == 61


def split_crowd(stage: Stage) -> None:
    """Of 64 in flight one is being committed, and the others have come too late for that."""
    stage.come(1)
    assert stage.commits() == 1
    stage.come(63)


def test_a_split_crowd_comes_together_where_syncs_are_slow(stage: Stage) -> None:
    """Those who were told last are waited for, if they come back sooner than a commit takes."""
    split_crowd(stage)
    assert [stage.turn() for _ in range(40)] == [64] * 40


def test_a_crowd_is_split_where_the_loop_is_slow(stage: Stage) -> None:
    """One half is committed while the loop works for the other; that is tried again later."""
    split_crowd(stage)
    stage.away = 200.0
    assert [stage.turn() for _ in range(40)] == [32] * 40
    stage.away = 0.0
    batches = [stage.turn() for _ in range(40)]
    assert batches == sorted(batches)
    assert batches[-1] == 64, "the loop is quick again, and that was noticed"


def test_a_crowd_that_was_away_is_not_taken_for_slow(stage: Stage) -> None:
    """Nobody sent anything for an hour; then all come at once, as before."""
    stage.come(64)
    while stage.commits() < 64:
        stage.done()
        stage.come(stage.committing)
    stage.done()
    stage.clock[0] += 3600
    stage.come(1)
    assert stage.commits() == 1
    stage.come(63)
    assert [stage.turn() for _ in range(5)] == [64] * 5


def test_one_caller_waits_for_nobody(stage: Stage) -> None:
    """Alone, an entry is committed at once, however slow the disk is."""
    stage.come(1)
    assert stage.commits() == 1
    assert [stage.turn() for _ in range(40)] == [1] * 40


def test_a_few_callers_are_never_split(stage: Stage) -> None:
    """A commit for two would cost what one for four does."""
    stage.away = 200.0
    stage.come(1)
    assert stage.commits() == 1
    stage.come(10)
    assert [stage.turn() for _ in range(6)] == [10, 1] * 3
