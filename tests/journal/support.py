"""What the tests of the journal share: entries, a hand that turns the loop, journals on a disk."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from monocyte.errors import JournalError
from monocyte.journal import Entry, EventRecord, Journal, SqliteJournal


class Hand:
    """Stands for the loop: keeps what was to be run on its thread until the test runs it."""

    def __init__(self) -> None:
        self.waiting: deque[Callable[[], None]] = deque()

    def __call__(self, callback: Callable[[], None]) -> None:
        self.waiting.append(callback)

    def run(self) -> None:
        """Run what is waiting, and what comes of it."""
        while self.waiting:
            self.waiting.popleft()()


class Answers:
    """Collects what the journal said of each entry, in order."""

    def __init__(self) -> None:
        self.said: list[tuple[str, JournalError | None]] = []

    def of(self, entry: Entry) -> Callable[[JournalError | None], None]:
        """The `done` of an entry."""
        return lambda error: self.said.append((entry.id, error))

    @property
    def durable(self) -> list[str]:
        """Ids that were acknowledged."""
        return [id for id, error in self.said if error is None]

    @property
    def failed(self) -> list[str]:
        """Ids that were not."""
        return [id for id, error in self.said if error is not None]


def event(body: bytes = b"happened", name: str = "Happened") -> EventRecord:
    """An event record."""
    return EventRecord(name, 1, body)


def entry(cell: str, seq: int, id: str = "", *, events: int = 1, **fields: Any) -> Entry:
    """An entry with that many events."""
    given: dict[str, Any] = {"kind": "command", "at": 1_767_600_000_000_000, "name": "Do"}
    given |= {"version": 1, "message": b"message"} | fields
    return Entry(
        cell=cell,
        seq=seq,
        id=id or f"{cell}-{seq}",
        events=tuple(event(f"{cell} {seq + i}".encode()) for i in range(events)),
        **given,
    )


def append(journal: Journal, cell: str, id: str = "", **fields: Any) -> tuple[Entry, Answers]:
    """Append the next entry of a cell; says what was appended, and collects the answer."""
    fields.setdefault("answers", Answers())
    answers = fields.pop("answers")
    made = entry(cell, journal.last(cell) + 1, id, **fields)
    journal.append(made, answers.of(made))
    return made, answers


def fill(journal: Journal, cell: str = "a", entries: int = 10, **fields: Any) -> list[Entry]:
    """Append so many entries to a cell, and see them durable."""
    made = [append(journal, cell, **fields)[0] for _ in range(entries)]
    journal.flush()
    assert journal.failure is None
    return made


@contextmanager
def opened(path: Path, **options: Any) -> Iterator[SqliteJournal]:
    """A journal on disk, closed at the end."""
    journal = SqliteJournal(path, wake=Hand(), **options)
    try:
        yield journal
    finally:
        journal.close()


def kinds(found: Any) -> list[str]:
    """The kinds of findings, in order."""
    return [finding.kind for finding in found]


def flip(path: Path, offset: int) -> None:
    """Change one byte of a file; offsets from the end are negative."""
    data = bytearray(path.read_bytes())
    data[offset] ^= 0x40
    path.write_bytes(data)
