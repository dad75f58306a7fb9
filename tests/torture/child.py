"""The process that forks those to be killed, and what a test says to it and hears."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["TIMES", "Forks", "forks"]

TIMES = int(os.environ.get("MONOCYTE_TORTURE", "200"))
"""How many kills, and how many power cuts."""

PATIENCE = 30.0


class Forks:
    """`python -m tests.torture.load DIRECTORY`, and its children."""

    def __init__(self, directory: Path, environment: dict[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.torture.load", str(directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**(environment or os.environ), "PYTHONPATH": ":".join(sys.path)},
        )
        self._said = b""

    def order(self, line: str) -> int:
        """Start a child; says its pid."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()
        return int(self.hear("pid ").split()[1])

    def hear(self, *beginnings: str) -> str:
        """The next line that begins in one of these ways."""
        while True:
            line, newline, rest = self._said.partition(b"\n")
            if newline:
                self._said = rest
                if line.decode().startswith(beginnings):
                    return line.decode()
                continue
            self._said += self._more(beginnings)

    def _more(self, beginnings: tuple[str, ...]) -> bytes:
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
        more = os.read(self.process.stdout.fileno(), 65536) if ready else b""
        assert more, f"waited for {beginnings} and heard {self._said!r}"
        return more

    def check(self, directory: Path) -> str:
        """What a start finds in a directory."""
        self.order(f"check {directory}")
        said = self.hear("checked ", "gone")
        if said != "gone":
            self.hear("gone")
        return said

    def close(self) -> None:
        """Let it end."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(PATIENCE)
        self.process.stdout.close()


@contextmanager
def forks(directory: Path, environment: dict[str, str] | None = None) -> Iterator[Forks]:
    """Forks, ended at the end."""
    made = Forks(directory, environment)
    try:
        yield made
    finally:
        made.close()
