"""The logbook of a run: who did what in which order, and what the app said to it.

One file for each run, only ever appended to: a line is written, and on the disk, before a command
leaves and after its answer came, so that whoever takes the run up again knows what was meant, what
is known and what is not. Every line is sealed by a hash chain over all lines before it. A last line
that a killed process left unfinished is dropped, and that is said; any other damage is refused.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Protocol, Self, TypeAlias

import msgspec

from monocyte.errors import JournalDamaged, JournalLocked
from monocyte.journal.chain import first, link
from monocyte.journal.opening import sync_directory

__all__ = [
    "Answered",
    "Checked",
    "Confirmed",
    "Done",
    "Ended",
    "Entry",
    "Failed",
    "FileLogbook",
    "Logbook",
    "MemoryLogbook",
    "Passed",
    "Planned",
    "Reading",
    "Said",
    "Sending",
    "Taken",
    "Undone",
    "logbooks",
    "parse",
    "read_logbook",
]

SUFFIX = ".jsonl"


class Said(msgspec.Struct, frozen=True):
    """A message: `cell.Name`, and its fields as JSON has them."""

    message: str
    fields: Any


class _Line(msgspec.Struct, frozen=True, tag_field="what", tag=str.lower, kw_only=True):
    """What every entry has: when it was written (ISO 8601, UTC)."""

    at: str = ""


class Taken(_Line, frozen=True):
    """Somebody takes the run in hand: to run it, to resume it, or to undo it."""

    mode: str
    by: str
    roles: tuple[str, ...]
    """Those that are known of; of a key to an app elsewhere, none are."""
    process: str
    """Machine and process id."""
    run: str
    runbook: str
    release: str
    """That of the runbook's cell."""
    arguments: dict[str, Any]


class Planned(_Line, frozen=True):
    """A step is begun, exactly as it stands here."""

    step: int
    title: str
    where: str
    check: Said | None
    wanted: Any
    """The reply that says that it is done."""
    do: tuple[Said, ...]
    undo: tuple[Said, ...]


class Passed(_Line, frozen=True):
    """A step that was done already: nothing was sent, of so many commands."""

    title: str
    why: str
    where: str
    sends: int


class Confirmed(_Line, frozen=True):
    """Whether somebody agreed to a step (`back`: to taking it back)."""

    step: int
    back: bool
    yes: bool
    by: str


class Sending(_Line, frozen=True):
    """A command is about to leave, under that id."""

    step: int
    back: bool
    index: int
    id: str
    by: str
    command: Said


class Answered(_Line, frozen=True):
    """A command has taken effect."""

    step: int
    back: bool
    index: int
    id: str
    reply: Any


class Failed(_Line, frozen=True):
    """A command ended in an error; `certain` says that it has surely changed nothing."""

    step: int
    back: bool
    index: int
    id: str
    kind: str
    message: str
    certain: bool


class Checked(_Line, frozen=True):
    """The check of a step was asked, and held or not."""

    step: int
    held: bool
    reply: Any


class Done(_Line, frozen=True):
    """A step is done."""

    step: int
    title: str


class Undone(_Line, frozen=True):
    """What a step did is taken back."""

    step: int
    title: str


class Ended(_Line, frozen=True):
    """The run is over: `done` or `undone`."""

    state: str


Entry: TypeAlias = (
    Taken
    | Planned
    | Passed
    | Confirmed
    | Sending
    | Answered
    | Failed
    | Checked
    | Done
    | Undone
    | Ended
)
"""What may stand in a logbook."""


class Logbook(Protocol):
    """Where a run is written down."""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Everything that stands in it."""

    def write(self, entry: Entry) -> None:
        """Add an entry; when this returns, it stays.

        Raises:
            OSError: it could not be written.
        """


# -- lines -----------------------------------------------------------------------------------------


class _Sealed(msgspec.Struct, frozen=True):
    entry: msgspec.Raw
    link: str


class Reading(NamedTuple):
    """A logbook as it was read: its entries, the link to hang on, and how many bytes are whole.

    `torn` are the bytes of a last line that was never finished.
    """

    entries: tuple[Entry, ...]
    link: bytes
    whole: int
    torn: int


def seal(previous: bytes, entry: Entry) -> tuple[bytes, bytes]:
    """The line of an entry, and the link that seals it behind `previous`."""
    body = msgspec.json.encode(entry)
    after = link(previous, body)
    return msgspec.json.encode(_Sealed(msgspec.Raw(body), after.hex())) + b"\n", after


def parse(run: str, data: bytes, file: str) -> Reading:
    """Read the logbook of a run.

    Raises:
        JournalDamaged: a line is not what was written there; `where` is file:line.
    """
    whole, end, torn = data.rpartition(b"\n")
    entries: list[Entry] = []
    at = first(f"runbook {run}")
    for number, line in enumerate(whole.split(b"\n") if end else (), 1):
        try:
            sealed = msgspec.json.decode(line, type=_Sealed)
            at = link(at, bytes(sealed.entry))
            if at.hex() != sealed.link:
                raise _damaged(file, number)
            entries.append(msgspec.json.decode(sealed.entry, type=Entry))
        except (msgspec.DecodeError, UnicodeError) as why:
            raise _damaged(file, number) from why
    return Reading(tuple(entries), at, len(whole) + len(end), len(torn))


def _damaged(file: str, line: int) -> JournalDamaged:
    return JournalDamaged(
        "this line of the logbook is not what was written there",
        where=f"{file}:{line}",
        mend="nothing can be resumed or undone from it: compare `monocyte journal show`, put the "
        "file back from a backup, or finish by hand and run the runbook anew",
    )


def read_logbook(path: Path) -> Reading:
    """Read a logbook without taking it in hand.

    Raises:
        JournalDamaged: a line is not what was written there.
        OSError: it cannot be read.
    """
    return parse(path.name.removesuffix(SUFFIX), path.read_bytes(), str(path))


# -- in memory -------------------------------------------------------------------------------------


class MemoryLogbook:
    """A logbook of a rehearsal: the same lines, but nowhere on a disk."""

    def __init__(self, run: str) -> None:
        self.run = run
        self.data = b""
        self._entries: list[Entry] = []
        self._link = first(f"runbook {run}")

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Everything that stands in it."""
        return tuple(self._entries)

    def write(self, entry: Entry) -> None:
        """Add an entry."""
        line, self._link = seal(self._link, entry)
        self.data += line
        self._entries.append(entry)

    def reopened(self) -> MemoryLogbook:
        """The logbook as another process reads it."""
        again = MemoryLogbook(self.run)
        reading = parse(self.run, self.data, f"{self.run}{SUFFIX}")
        again.data, again._entries = self.data, list(reading.entries)
        again._link = reading.link
        return again


# -- on the disk -----------------------------------------------------------------------------------


class FileLogbook:
    """A logbook in a file, held by one process at a time until it is closed."""

    def __init__(self, folder: Path, run: str, *, fresh: bool = False) -> None:
        """Take the logbook of a run in hand; `fresh` makes it.

        Raises:
            JournalLocked: another process has it in hand.
            JournalDamaged: a line is not what was written there.
            OSError: it cannot be opened.
        """
        self.path = folder / f"{run}{SUFFIX}"
        if fresh:
            _make_folder(folder)
        making = os.O_CREAT | os.O_EXCL if fresh else 0
        self._fd = os.open(self.path, os.O_RDWR | os.O_CLOEXEC | making, 0o600)
        try:
            self._lock()
            reading = parse(run, self.path.read_bytes(), str(self.path))
            os.ftruncate(self._fd, reading.whole)
            os.lseek(self._fd, 0, os.SEEK_END)
        except BaseException:
            os.close(self._fd)
            raise
        if fresh:
            sync_directory(folder)
        self._entries = list(reading.entries)
        self._link = reading.link
        self.torn = reading.torn
        """Bytes of an unfinished last line that were dropped."""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Everything that stands in it."""
        return tuple(self._entries)

    def write(self, entry: Entry) -> None:
        """Add an entry; when this returns, it is on the disk.

        Raises:
            OSError: it could not be written.
        """
        line, after = seal(self._link, entry)
        end = os.lseek(self._fd, 0, os.SEEK_CUR)
        try:
            _write_all(self._fd, line)
            os.fsync(self._fd)
        except OSError:
            os.ftruncate(self._fd, end)  # half a line amid the file would look like damage
            os.lseek(self._fd, end, os.SEEK_SET)
            raise
        self._link = after
        self._entries.append(entry)

    def close(self) -> None:
        """Let go of it; the next process may have it."""
        os.close(self._fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _lock(self) -> None:
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _locked(self.path) from None


def _locked(path: Path) -> JournalLocked:
    reading = read_logbook(path)
    holder = next((it for it in reversed(reading.entries) if isinstance(it, Taken)), None)
    who = f"{holder.by} ({holder.process}, since {holder.at})" if holder else "another process"
    return JournalLocked(
        f"{who} is working through this run",
        where=str(path),
        mend="let them finish; one run is in one pair of hands at a time",
    )


def _write_all(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]


def _make_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def logbooks(folder: Path) -> Iterator[tuple[str, Callable[[], Reading]]]:
    """Every run of an app, oldest first, with what reads its logbook."""
    found = sorted(folder.glob(f"*{SUFFIX}"), key=lambda path: (path.stat().st_mtime_ns, path.name))
    for path in found:
        yield path.name.removesuffix(SUFFIX), partial(read_logbook, path)
