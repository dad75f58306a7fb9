"""Our side of a worker: start a nursery, hand it jobs, end it. It never imports what it judges.

A nursery that does not answer in time, or answers nonsense, is killed and replaced; the job that
was under way is reported as what happened to it.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import msgspec

from monocyte.semdiff.workers.frames import Broken, Fate, Job, Limits, Report, Setup, receive, send

__all__ = ["Worker"]

GRACE = 5.0
"""Seconds that the nursery has to report a child's end before it is itself taken for broken."""

BOOT = (
    "import sys; sys.path[:0] = eval(sys.argv[1]); "
    "import monocyte.semdiff.workers.nursery as n; n.main()"
)


class Worker:
    """A nursery and its jobs, one at a time; use it in a `with`, or close it.

    `paths` are where jobs may import from, besides us and what is installed; `preload` is imported
    once, before any job, and must be nobody's code under judgement. `seed` fixes the hashing of
    strings, so that two workers with different seeds tell what hangs on the order of a set.
    """

    def __init__(
        self, *, paths: Sequence[str] = (), preload: Sequence[str] = (), seed: int = 0
    ) -> None:
        self._paths = tuple(paths)
        self._preload = tuple(preload)
        self._seed = seed
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = ""
        self._begun = self._limit = 0.0
        self._failed = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the nursery now, without waiting for it: the first job finds it ready."""
        with contextlib.suppress(Broken):
            self._start()

    def run(self, entry: str, payload: Any, limits: Limits | None = None) -> Report:
        """Do one job in a child of its own; whatever it does, a report comes back."""
        self.begin(entry, payload, limits)
        return self.end()

    def begin(self, entry: str, payload: Any, limits: Limits | None = None) -> None:
        """Hand over a job, and come back for its report with `end`: there is one at a time."""
        limits = limits or Limits()
        self._begun, self._limit, self._failed = time.monotonic(), limits.wall, ""
        try:
            send(self._pipes()[0], Job(entry, _encoded(payload), limits))
        except Broken as broken:
            self._failed = str(broken)

    def end(self) -> Report:
        """The report of the job that was begun, once it is there."""
        try:
            return self._report()
        except Broken as broken:
            self.close()
            fate = Fate.TIMED_OUT if broken.args[0] == "late" else Fate.GARBAGE
            seconds = time.monotonic() - self._begun
            return Report(fate, detail=f"the nursery: {broken}", seconds=seconds)

    def _report(self) -> Report:
        if self._failed:
            raise Broken(self._failed)
        return receive(self._pipes()[1], Report, self._begun + self._limit + GRACE)

    def _pipes(self) -> tuple[int, int]:
        process = self._start()
        assert process.stdin is not None  # noqa: S101
        assert process.stdout is not None  # noqa: S101
        return process.stdin.fileno(), process.stdout.fileno()

    def close(self) -> None:
        """End the nursery and whatever is left of its children."""
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.kill()
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    with contextlib.suppress(OSError):
                        pipe.close()
            process.wait()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = ""

    def _start(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.close()
        self._folder = tempfile.mkdtemp(prefix="monocyte-worker-")
        self._process = process = subprocess.Popen(  # noqa: S603 (our own interpreter)
            # -I would ignore the seed of hashing with the rest of the environment. The environment
            # is ours from the first to the last variable, so -s -P isolate as well.
            [sys.executable, "-s", "-P", "-B", "-c", BOOT, repr(_own_paths())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd=self._folder,
            env=_environment(self._seed, self._folder),
            start_new_session=True,
        )
        assert process.stdin  # noqa: S101
        send(process.stdin.fileno(), Setup(self._paths, self._preload, self._folder))
        return process


def _own_paths() -> list[str]:
    """Where we were imported from, and what we need, in whatever way it was found."""
    names = ("monocyte", "msgspec", "hypothesis")  # the last is optional, and not imported here
    found = [importlib.util.find_spec(name) for name in names]
    places = [Path(it.origin).parents[1] for it in found if it and it.origin]
    return list(dict.fromkeys(str(place) for place in places))


def _environment(seed: int, folder: str) -> dict[str, str]:
    """Nothing of ours: no keys, no proxies, no home."""
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": folder,
        "TMPDIR": folder,
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONHASHSEED": str(seed),
        "PYTHONUTF8": "1",
    }


def _encoded(payload: Any) -> bytes:
    return payload if isinstance(payload, bytes) else msgspec.msgpack.encode(payload)
