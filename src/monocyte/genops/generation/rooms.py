"""The room of a run: one folder for each plan beside the repository, held by one process at a time.

What was paid for is kept here until the plan has ended: takes, cassettes, notes of calls. A process
that dies lets go by dying.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Container, Iterator
from contextlib import contextmanager
from pathlib import Path

from monocyte.errors import GenopsError, Unavailable
from monocyte.genops.generation.takes import Takes
from monocyte.genops.git import Git

__all__ = ["Room", "clear_rooms", "room_of"]


class Room:
    """The folder of a plan's run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.takes = Takes(folder / "takes")
        self.sent = folder / "sent"
        """A note for each call that was made, or about to be."""
        self.handed = folder / "handover"

    def cassette(self, cell: str) -> Path:
        """Where the calls for a cell are recorded."""
        return self.folder / "cassettes" / cell

    @property
    def is_known(self) -> bool:
        """Whether the plan was begun here."""
        return self.sent.exists()

    def begin(self) -> None:
        """Note that the plan is being generated here; raises GenopsError without room for it."""
        try:
            self.sent.mkdir(parents=True, exist_ok=True)
        except OSError as why:
            said = f"there is no room for it: {why.strerror}"
            raise GenopsError(said, where=str(self.folder), mend="make room") from why

    def cassettes(self) -> dict[str, bytes]:
        """Everything that was recorded, under names that say of which cell."""
        found = sorted((self.folder / "cassettes").glob("*/*.json"))
        return {f"{it.parent.name}-{it.name}": it.read_bytes() for it in found}

    def clear(self) -> None:
        """Forget it all: the plan has ended, and what counts stands in the ledger."""
        shutil.rmtree(self.folder, ignore_errors=True)


def clear_rooms(git: Git, plans: Container[str]) -> None:
    """Clear the rooms of plans that are over: one that ended elsewhere has left its room."""
    for folder in (git.common / "monocyte" / "runs").glob("*"):
        if folder.name in plans:
            Room(folder).clear()


@contextmanager
def room_of(git: Git, plan: str) -> Iterator[Room]:
    """The room of a plan, as long as the context is open; nobody else is in it.

    Raises:
        Unavailable: another process has it; it says which.
        GenopsError: it cannot be made.
    """
    locks = git.common / "monocyte" / "locks"
    try:
        locks.mkdir(parents=True, exist_ok=True)
        held = os.open(locks / plan, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as why:
        said = f"there is no room for it: {why.strerror}"
        raise GenopsError(said, where=str(locks), mend="make room, or the folder writable") from why
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as why:
            whose = os.pread(held, 100, 0).decode("utf-8", "replace").strip() or "another process"
            said = f"{plan} is being generated already, by {whose}"
            raise Unavailable(said, mend="wait for it, or interrupt that one") from why
        os.ftruncate(held, 0)
        os.pwrite(held, f"process {os.getpid()}\n".encode(), 0)
        yield Room(git.common / "monocyte" / "runs" / plan)
    finally:
        os.close(held)
