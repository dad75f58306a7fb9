"""Jobs that two processes share are done once each, and whatever becomes of the fork."""

import os
import sys

import pytest

from monocyte.semdiff.workers.twin import Twin

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks are made on Linux only")


def _pid() -> bytes:
    return str(os.getpid()).encode()


def test_every_job_gives_what_it_gives() -> None:
    """Whoever does a job, its name stands for its result."""
    jobs = {str(number): lambda it=number: bytes([it % 256]) * it for number in range(300)}
    with Twin(jobs, {"later": lambda: b"last"}) as twin:
        assert {name: twin.take(name) for name in jobs} == {it: jobs[it]() for it in jobs}
        assert twin.take("later") == b"last"


def test_what_is_for_later_is_done_in_the_fork() -> None:
    """The long job goes on there while this process does something else."""
    with Twin({"one": _pid}, {"later": _pid}) as twin:
        assert twin.take("later") != _pid()
        assert twin.take("one") in {_pid(), twin.take("later")}


def test_results_may_be_larger_than_a_pipe() -> None:
    """Nobody waits for a reader: results go through a file."""
    with Twin({}, {str(it): lambda: b"x" * 1_000_000 for it in range(3)}) as twin:
        assert [len(twin.take(str(it))) for it in range(3)] == [1_000_000] * 3


def test_what_a_dead_twin_has_not_told_is_done_here() -> None:
    """It costs time, and no answer."""
    here = os.getpid()

    def dies() -> bytes:
        if os.getpid() != here:
            os._exit(3)
        return b"here"

    with Twin({}, {"dies": dies, "next": lambda: b"next"}) as twin:
        assert twin.take("next") == b"next"
        assert twin.take("dies") == b"here"


def test_what_fails_there_fails_here() -> None:
    """An error is raised to whoever asks, and the other jobs are done."""

    def fails() -> bytes:
        raise ValueError("no")

    with Twin({}, {"fails": fails, "next": lambda: b"next"}) as twin:
        with pytest.raises(ValueError, match="no"):
            twin.take("fails")
        assert twin.take("next") == b"next"


def test_nothing_is_left_of_it() -> None:
    """No process stays, not even a dead one, though a job has not ended."""
    with Twin({}, {"endless": lambda: b"x" * sum(iter(lambda: 1, 0))}) as twin:
        pid = twin.pid
    with pytest.raises(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
