"""Children: what they do to themselves concerns nobody, and none is left behind."""

import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import pytest

from monocyte.literate.forks import Child, Ended, Job, gathered, run_forked

HELD: list[str] = []


@pytest.fixture(autouse=True)
def _no_child_is_left() -> Iterator[None]:
    """After every test all children have been waited for, and the collector sees everything."""
    frozen = gc.get_freeze_count()
    yield
    assert gc.get_freeze_count() <= frozen
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def job(key: str, work: Callable[[Child], None], seconds: float = 5.0) -> Job[str]:
    """A job that may be silent for a second."""
    return Job(key, work, seconds, silence=1.0)


def run(*works: Callable[[Child], None], seconds: float = 5.0) -> list[Ended[str]]:
    """Run jobs, and sort their ends."""
    jobs = iter([job(f"{n}", work, seconds) for n, work in enumerate(works)])
    return sorted(run_forked(partial(next, jobs, None), 2), key=lambda it: it.key)


def loop(_: Child) -> None:
    """Never ends, and works."""
    while True:
        pass


def sleep(_: Child) -> None:
    """Never ends, and does nothing."""
    time.sleep(3600)


def shout(child: Child) -> None:
    """Says more than a pipe holds."""
    child.say("x" * 500_000)


def raises(_: Child) -> None:
    """Forgot to catch."""
    raise ValueError


def stubborn(_: Child) -> None:
    """Does not want to hear of its end."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    time.sleep(3600)


ENDS: dict[str, tuple[Callable[[Child], None], str, str]] = {
    "says something": (lambda child: child.say([1, "two", None]), "done", ""),
    "says nothing": (lambda _: None, "done", ""),
    "says much": (shout, "done", ""),
    "exits": (lambda _: os._exit(0), "died", "the process ended with 0"),
    "exits with a code": (lambda _: os._exit(3), "died", "the process ended with 3"),
    "is killed": (
        lambda _: os.kill(os.getpid(), signal.SIGKILL),
        "died",
        "the process was killed",
    ),
    "crashes": (
        lambda _: os.kill(os.getpid(), signal.SIGSEGV),
        "died",
        f"the process ended with {-signal.SIGSEGV}",
    ),
    "raises": (raises, "died", "the process ended with 1"),
    "loops": (loop, "timeout", "it did not end in its time"),
    "sleeps": (sleep, "timeout", "it did not end in its time"),
    "does not listen": (stubborn, "timeout", "it did not end in its time"),
}


@pytest.mark.parametrize(("work", "how", "why"), ENDS.values(), ids=ENDS)
def test_however_a_child_ends_it_is_told(work: Callable[[Child], None], how: str, why: str) -> None:
    """Each way of ending has its word, and the job beside it does not suffer."""
    first, second = run(work, lambda child: child.say("well"), seconds=0.2)
    assert (first.how, first.why) == (how, why)
    assert (second.how, second.said) == ("done", ["well"])


def test_what_was_said_before_the_end_is_heard() -> None:
    """All of it, in order; of a line that was cut off, nothing."""

    def work(child: Child) -> None:
        child.say({"n": 1})
        child.say("x" * 100_000)
        os.write(child._pipe, b'["half')
        os._exit(9)

    (ended,) = run(work)
    assert ended.said == [{"n": 1}, "x" * 100_000]


def test_a_child_has_its_own_memory() -> None:
    """What it writes there, neither the parent nor the next child sees."""

    def work(child: Child) -> None:
        child.say(len(HELD))
        HELD.append("rubbish")

    assert [it.said for it in run(work, work, work)] == [[0], [0], [0]]
    assert HELD == []


def test_a_child_may_be_allowed_more() -> None:
    """The time begins anew whenever it is given."""

    def work(child: Child) -> None:
        for n in range(3):
            child.allow(0.2)
            until = time.process_time() + 0.1
            while time.process_time() < until:
                pass
            child.say(n)

    (ended,) = run(work, seconds=0.2)
    assert (ended.how, ended.said) == ("done", [0, 1, 2])


def test_a_child_prints_nowhere(capfd: pytest.CaptureFixture[str]) -> None:
    """Neither by Python's streams nor by the descriptors."""

    def work(child: Child) -> None:
        sys.stdout.write("by Python")
        sys.stdout.flush()
        os.write(1, b"by the descriptor")
        os.write(2, b"and the other")
        child.say("well")

    assert run(work)[0].said == ["well"]
    assert capfd.readouterr() == ("", "")


def test_jobs_are_taken_when_there_is_room() -> None:
    """Not before, so that a later one may depend on what was found out until then."""
    taken: list[int] = []

    def take() -> Job[str] | None:
        if len(taken) == 6:
            return None
        taken.append(len(taken))
        return job(f"{taken[-1]}", lambda child: child.say("well"))

    for n, ended in enumerate(run_forked(take, 2), 1):
        assert ended.how == "done"
        assert len(taken) <= n + 2
    assert len(taken) == 6


def test_what_has_ended_may_make_more_jobs() -> None:
    """It is not over while something runs, though there was no job for a while."""
    queue = [job("first", lambda child: child.say("again"))]
    keys = []
    for ended in run_forked(lambda: queue.pop() if queue else None, 2):
        keys.append(ended.key)
        if ended.key == "first":
            queue.append(job("second", lambda child: child.say("well")))
    assert keys == ["first", "second"]


def test_whoever_stops_listening_ends_the_children() -> None:
    """Closed in the middle, it kills what runs and waits for it; the fixture looks."""
    jobs = iter([job("0", lambda child: child.say(1)), job("1", stubborn)])
    running = run_forked(partial(next, jobs, None), 2)
    assert next(running).key == "0"
    running.close()


def test_files_of_children_are_tidied_up() -> None:
    """Temporary files that a killed child has left are gone with the run."""

    def work(child: Child) -> None:
        import tempfile

        child.say(tempfile.mkdtemp())
        os._exit(1)

    (ended,) = run(work)
    assert not os.path.exists(ended.said[0])  # noqa: PTH110


class Told(NamedTuple):
    """Something that a child says."""

    name: str
    number: int


def counts(name: str, most: int, code: int = 7) -> Iterator[Told]:
    """Say so many things; of more than three, die of the last."""
    for number in range(most):
        if number == 3:
            os._exit(code)
        yield Told(name, number)


def test_what_children_yield_is_gathered() -> None:
    """Of each, as values of its kind; and why it did not come to its end, if it did not."""
    works = [partial(counts, "a", 2), partial(counts, "b", 0), partial(counts, "c", 9)]
    works.append(partial(counts, "d", 9, code=0))
    found = {number: (said, why) for number, said, why in gathered(works, Told, seconds=10)}
    assert found[0] == ([Told("a", 0), Told("a", 1)], "")
    assert found[1] == ([], "")
    for number, name in ((2, "c"), (3, "d")):  # whatever code it leaves with
        said, why = found[number]
        assert said == [Told(name, it) for it in range(3)]
        assert why
