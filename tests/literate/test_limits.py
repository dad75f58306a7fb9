"""The limit by the clock on the wall: what is stopped, and what is left as it was."""

import os
import signal
import sys
import threading
import time

import pytest

from monocyte.literate.limits import Overdue, within


def spin(timeout: float) -> None:
    """Do nothing for ever."""
    with within(timeout, [__file__]):
        while True:
            pass


def test_the_alarm_of_somebody_else_still_rings() -> None:
    """Who has set one before (pytest-timeout does) hears it all the same, and at its time."""
    rang: list[float] = []
    started = time.monotonic()
    before = signal.signal(signal.SIGALRM, lambda *_: rang.append(time.monotonic() - started))
    old = signal.setitimer(signal.ITIMER_REAL, 0.5)
    try:
        with pytest.raises(Overdue):
            spin(0.1)
        assert not rang
        while not rang:
            signal.pause()
        assert rang[0] >= 0.5
    finally:
        signal.signal(signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, *old)


@pytest.mark.parametrize("seconds", [0, 60])
def test_what_ends_in_time_is_left_alone(seconds: float) -> None:
    """And no alarm rings afterwards."""
    before = signal.getitimer(signal.ITIMER_REAL)
    with within(seconds):
        pass
    assert (signal.getitimer(signal.ITIMER_REAL)[0] > 0) == (before[0] > 0)


def test_in_another_thread_nothing_is_stopped() -> None:
    """Signals go to the main thread only; there, the steps of a World are the limit."""
    done: list[bool] = []

    def work() -> None:
        with within(0.01):
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]


def test_who_swallows_it_is_interrupted_again() -> None:
    """Whatever line the first one meets, a later one meets one outside of the `try`."""
    swallowed: list[BaseException] = []

    def stubborn() -> None:
        while True:
            try:
                sum(range(1000))
            except BaseException as why:  # noqa: BLE001 (on purpose)
                swallowed.append(why)

    with pytest.raises(Overdue), within(0.1, [__file__]):
        stubborn()
    assert len(swallowed) < 20


def test_a_tracer_of_somebody_else_is_put_back() -> None:
    """Such as that of coverage."""

    def tracer(*_: object) -> None:
        return None

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        with pytest.raises(Overdue):
            spin(0.1)
        assert sys.gettrace() is tracer
    finally:
        sys.settrace(before)


@pytest.mark.parametrize("seconds", [0, 60])
def test_what_would_end_the_process_is_an_error(seconds: float) -> None:
    """Else nobody would be left to judge; a child that was made meanwhile may end as it likes."""
    ends = os._exit

    def leave() -> None:
        if (child := os.fork()) == 0:
            os._exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        os._exit(0)

    with pytest.raises(SystemExit, match=r"os\._exit\(0\)"), within(seconds):
        leave()
    assert os._exit is ends
