"""Server processes under measurement: start one on a core of its own, know its CPU time, stop it.

CPU time is that of the whole process tree, from /proc, at the kernel's tick of 10 ms; samples must
be long enough for that.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Server:
    """A running server: its process and the port that it listens on."""

    process: subprocess.Popen[bytes]
    port: int

    def cpu(self) -> float:
        """CPU seconds that the process and its descendants have used so far."""
        return sum(ticks(pid) for pid in tree(self.process.pid)) / TICKS

    def delayed(self) -> float:
        """Seconds that its threads were ready to run while somebody else had the core."""
        return sum(delay(pid) for pid in tree(self.process.pid))


@contextmanager
def serving(log: Path, root: Path | None = None, *more: str) -> Iterator[Server]:
    """Run bare starlette, or the app in `root`, on the first core until the block ends.

    Its output goes to `log`; `more` are further arguments of `benchmarks.serve`.
    """
    port = free_port()
    given = [str(root), *more] if root else []
    command = (sys.executable, "-m", "benchmarks.serve", str(port), *given)
    with log.open("wb") as output:
        process = subprocess.Popen(
            pinned(command), cwd=ROOT, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        await_port(process, port, log)
        yield Server(process, port)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def pinned(command: Sequence[str]) -> tuple[str, ...]:
    """The command, held to the first of our cores, so that the client has another."""
    core = min(os.sched_getaffinity(0))
    hold = (
        f"import os,sys; os.sched_setaffinity(0, {{{core}}}); os.execv(sys.argv[1], sys.argv[1:])"
    )
    return (sys.executable, "-c", hold, *command)


def leave_first_core() -> None:
    """Move this process, the client, off the servers' core, where there is another."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[1:] or cores)


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def await_port(process: subprocess.Popen[bytes], port: int, log: Path, seconds: float = 60) -> None:
    """Return once the server accepts connections.

    Raises:
        RuntimeError: it ended, or did not listen in time; with the end of its output.
    """
    end = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError(f"the server did not come up:\n{log.read_text()[-2000:]}")


def tree(pid: int) -> list[int]:
    """A process and all its descendants."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += tree(int(child))
    return found


def ticks(pid: int) -> int:
    """User and system time of a process, in ticks; threads that have ended are included."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(after_name[11]) + int(after_name[12])


def delay(pid: int) -> float:
    """Seconds that the living threads of a process have waited for a core."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[1]) for task in tasks) / 1e9
