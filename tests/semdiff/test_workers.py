"""What is judged runs locked: whatever it does, a report comes back, and no more."""

import os
import sys
from ast import literal_eval
from collections.abc import Iterator
from pathlib import Path

import pytest

from monocyte.semdiff.workers import Fate, Limits, Worker
from monocyte.semdiff.workers.landlock import version

TOYS = str(Path(__file__).parent / "toys")
LIMITS = Limits(wall=1.0, cpu=30.0)
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's filter is Linux's")

on_landlock = pytest.mark.skipif(not version(), reason="the kernel has no Landlock")


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    """One nursery for all misdeeds: none of them may harm the next."""
    with Worker(paths=[TOYS], preload=["ctypes"]) as made:
        yield made


FATES = {
    "echo": (Fate.DONE, ""),
    "fail": (Fate.FAILED, "ValueError: on purpose"),
    "leave": (Fate.EXITED, "exit code 3"),
    "leave_politely": (Fate.EXITED, "SystemExit(4)"),
    "sleep": (Fate.TIMED_OUT, "wall time"),
    "spin_and_swallow": (Fate.TIMED_OUT, "wall time"),
    "eat": (Fate.OUT_OF_MEMORY, ""),
    "babble": (Fate.GARBAGE, ""),
    "fork": (Fate.FAILED, "os.fork: a locked worker has no processes"),
    "start": (Fate.FAILED, "subprocess.Popen: a locked worker has no processes"),
    "kill_parent": (Fate.FAILED, "os.kill: a locked worker has no"),
    "call_out": (Fate.FAILED, "PermissionError"),
    "write_much": (Fate.FAILED, "OSError"),
}


@pytest.mark.parametrize(
    ("entry", "fate", "detail"), [(k, *v) for k, v in FATES.items()], ids=FATES
)
def test_a_misdeed_is_contained_and_reported(
    worker: Worker, entry: str, fate: Fate, detail: str
) -> None:
    """The report says what became of the job, and the same nursery does the next one."""
    report = worker.run(f"misdeeds:{entry}", b"payload", LIMITS)
    assert report.fate is fate, report
    assert detail in report.detail
    assert worker.run("misdeeds:echo", b"well", LIMITS).value == b"well"


@on_linux
@pytest.mark.parametrize("entry", ["fork_around_python", "kill_parent_around_python"])
def test_the_kernel_refuses_what_goes_around_python(worker: Worker, entry: str) -> None:
    """A call through ctypes that no audit hook sees fails, too."""
    assert worker.run(f"misdeeds:{entry}", b"", LIMITS).value == b"-1"


@on_linux
def test_a_crash_is_told_by_its_signal(worker: Worker) -> None:
    """A segmentation fault ends the child, not the nursery."""
    report = worker.run("misdeeds:crash", b"", LIMITS)
    assert (report.fate, report.detail) == (Fate.KILLED, "SIGSEGV")


@on_landlock
@pytest.mark.parametrize("entry", ["write_outside_around_python", "remove_outside_around_python"])
def test_files_of_others_stay_also_around_python(
    worker: Worker, tmp_path: Path, entry: str
) -> None:
    """The kernel knows where it may write."""
    file = tmp_path / "theirs.txt"
    file.write_text("theirs")
    assert worker.run(f"misdeeds:{entry}", bytes(file), LIMITS).value == b"-1"
    assert file.read_text() == "theirs"


@on_landlock
def test_the_environment_of_others_is_not_read(worker: Worker) -> None:
    """Ours may hold a key."""
    report = worker.run("misdeeds:read_environment", str(os.getpid()).encode(), LIMITS)
    assert (report.fate, "PermissionError" in report.detail) == (Fate.FAILED, True), report


@pytest.mark.parametrize("entry", ["write_outside", "remove_outside"])
def test_files_of_others_stay_as_they_are(worker: Worker, tmp_path: Path, entry: str) -> None:
    """Outside of its own folder a job can neither write nor remove."""
    file = tmp_path / "kept.txt"
    file.write_text("kept")
    report = worker.run(f"misdeeds:{entry}", str(file).encode(), LIMITS)
    assert "writes in its own folder only" in report.detail
    assert file.read_text() == "kept"


def test_its_own_folder_is_there_and_goes_away(worker: Worker) -> None:
    """A job may write where it stands; nothing of it is left for the next."""
    assert worker.run("misdeeds:write_inside", b"", LIMITS).value == b"x"
    assert worker._folder
    assert not list(Path(worker._folder).glob("job-*"))


def test_what_it_says_is_captured(worker: Worker) -> None:
    """Stdout, stderr and raw writes to descriptor 1 are in the report, not in the protocol."""
    report = worker.run("misdeeds:say", b"", LIMITS)
    assert (report.fate, report.stderr) == (Fate.DONE, b"warned")
    assert sorted(report.stdout.split(b"raw")) == [b"", b"said\n"]


def test_nothing_of_our_environment_is_inside(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Variables of ours do not get in, whatever they are called."""
    monkeypatch.setenv("SECRET_TOKEN", "abc")
    with Worker(paths=[TOYS]) as fresh:
        names = literal_eval(fresh.run("misdeeds:look_around", b"", LIMITS).value.decode())
    assert names == sorted(["HOME", "LANG", "PATH", "PYTHONHASHSEED", "PYTHONUTF8", "TMPDIR", "TZ"])


def test_no_descriptor_of_ours_is_inside(worker: Worker) -> None:
    """A child has its three and the end of its own pipe."""
    assert literal_eval(worker.run("misdeeds:open_descriptors", b"", LIMITS).value.decode()) == [
        0,
        1,
        2,
        63,
    ]


def test_threads_are_allowed(worker: Worker) -> None:
    """The filter tells a thread from a process."""
    assert worker.run("misdeeds:thread", b"", LIMITS).value == b"[1]"


def test_each_job_starts_from_the_same_state(worker: Worker) -> None:
    """What a job changed in its interpreter is gone with it."""
    for payload in (b"one", b"two"):
        assert worker.run("misdeeds:remember", payload, LIMITS).value == b"nothing"


def test_a_nursery_that_was_killed_is_replaced(worker: Worker) -> None:
    """The job under way is reported as lost, and the next one finds a new nursery."""
    assert worker._process is not None
    worker._process.kill()
    worker._process.wait()
    assert worker.run("misdeeds:echo", b"again", LIMITS).value == b"again"


def test_closing_leaves_nothing() -> None:
    """After the `with` there is neither a process nor a folder."""
    with Worker(paths=[TOYS]) as made:
        made.run("misdeeds:echo", b"", LIMITS)
        assert made._process is not None
        pid, folder = made._process.pid, made._folder
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert not Path(folder).exists()
