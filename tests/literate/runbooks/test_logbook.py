"""The logbook: what stands there stays, what was changed is found, and one process holds it."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monocyte.errors import JournalDamaged, JournalLocked
from monocyte.literate.runbooks.logbook import (
    Done,
    Ended,
    Entry,
    FileLogbook,
    MemoryLogbook,
    Said,
    Sending,
    Taken,
    logbooks,
    parse,
    read_logbook,
)

TAKEN = Taken(
    mode="run",
    by="ada",
    roles=("lead",),
    process="lab:7",
    run="r",
    runbook="drills.close_all",
    release="1",
    arguments={"valve": "gas"},
)
ENTRIES: tuple[Entry, ...] = (
    TAKEN,
    Sending(
        step=1,
        back=False,
        index=0,
        id="r/1.1",
        by="ada",
        command=Said("drills.Turn", {"valve": "gäs", "open": False}),
    ),
    Done(step=1, title="Close gas"),
    Ended(state="done"),
)


def written(folder: Path, *entries: Entry) -> Path:
    """The file of a run with these entries."""
    with FileLogbook(folder, "r", fresh=True) as log:
        for entry in entries:
            log.write(entry)
    return log.path


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    """Every entry as it was, in a file that only its owner reads."""
    path = written(tmp_path / "runbooks", *ENTRIES)
    reading = read_logbook(path)
    assert (reading.entries, reading.torn) == (ENTRIES, 0)
    assert path.stat().st_mode & 0o777 == 0o600
    with FileLogbook(tmp_path / "runbooks", "r") as log:
        assert log.entries == ENTRIES
        log.write(ENTRIES[2])
    assert read_logbook(path).entries == (*ENTRIES, ENTRIES[2])


def test_every_line_is_json(tmp_path: Path) -> None:
    """Anybody can read it, with anything."""
    lines = written(tmp_path, *ENTRIES).read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["entry"]["what"] for line in lines] == [
        *("taken", "sending", "done", "ended")
    ]


def test_it_is_on_the_disk_before_anybody_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each entry is written, then synced, then written returns."""
    path = written(tmp_path, TAKEN)
    synced: list[bytes] = []
    sync = os.fsync

    def noticed(fd: int) -> None:
        synced.append(path.read_bytes())
        sync(fd)

    monkeypatch.setattr(os, "fsync", noticed)
    with FileLogbook(tmp_path, "r") as log:
        log.write(ENTRIES[1])
        assert synced == [path.read_bytes()]


def test_a_line_that_was_never_finished_is_dropped(tmp_path: Path) -> None:
    """At every byte at which a process can have been killed; what follows is whole again."""
    path = written(tmp_path, *ENTRIES[:2])
    data = path.read_bytes()
    first = data.index(b"\n") + 1
    for end in range(first, len(data)):
        path.write_bytes(data[:end])
        with FileLogbook(tmp_path, "r") as log:
            assert (log.entries, log.torn) == ((TAKEN,), end - first)
            log.write(ENTRIES[2])
        assert read_logbook(path).entries == (TAKEN, ENTRIES[2])


def test_a_file_that_was_only_made_is_empty(tmp_path: Path) -> None:
    """Killed before the first line: nothing stands there."""
    path = written(tmp_path)
    assert read_logbook(path).entries == ()


def sealed() -> bytes:
    """The entries as a file has them."""
    log = MemoryLogbook("r")
    for entry in ENTRIES:
        log.write(entry)
    return log.data


DATA = sealed()


@given(st.integers(0, len(DATA) - 1), st.integers(1, 255))
def test_a_changed_byte_is_found(at: int, by: int) -> None:
    """Whichever it is: the line is named; only the end of the last one makes that unfinished."""
    changed = DATA[:at] + bytes([DATA[at] ^ by]) + DATA[at + 1 :]
    line = DATA[:at].count(b"\n") + 1
    if at == len(DATA) - 1:
        assert parse("r", changed, "r.jsonl").entries == ENTRIES[:-1]
        return
    with pytest.raises(JournalDamaged) as why:
        parse("r", changed, "r.jsonl")
    assert why.value.where == f"r.jsonl:{line}"
    assert "by hand" in why.value.mend


EDITS: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "a line taken out": lambda lines: lines[:1] + lines[2:],
    "two lines exchanged": lambda lines: [lines[0], lines[2], lines[1], lines[3]],
    "a line twice": lambda lines: [*lines[:2], lines[1], *lines[2:]],
    "a line of nonsense": lambda lines: [*lines, b"{}\n"],
    "an empty line": lambda lines: [lines[0], b"\n", *lines[1:]],
    "another field": lambda lines: [lines[0].replace(b"ada", b"eve"), *lines[1:]],
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_file_is_refused(name: str, tmp_path: Path) -> None:
    """Nobody works on from it."""
    path = written(tmp_path, *ENTRIES)
    path.write_bytes(b"".join(EDITS[name](path.read_bytes().splitlines(keepends=True))))
    with pytest.raises(JournalDamaged, match=r"is not what was written there"):
        FileLogbook(tmp_path, "r")


def test_the_record_of_another_run_is_refused(tmp_path: Path) -> None:
    """The chain hangs on the name of the run."""
    written(tmp_path, *ENTRIES).rename(tmp_path / "s.jsonl")
    with pytest.raises(JournalDamaged):
        FileLogbook(tmp_path, "s")


def test_one_run_is_in_one_pair_of_hands(tmp_path: Path) -> None:
    """The second is told who has it; afterwards it may have it."""
    with FileLogbook(tmp_path, "r", fresh=True) as log:
        log.write(TAKEN)
        with pytest.raises(JournalLocked, match=r"ada \(lab:7, since .*working through this run"):
            FileLogbook(tmp_path, "r")
    FileLogbook(tmp_path, "r").close()


def test_what_could_not_be_written_leaves_no_half_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk is an error, and no damage."""
    with FileLogbook(tmp_path, "r", fresh=True) as log:
        log.write(TAKEN)
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(OSError, match="full"):
                log.write(ENTRIES[1])
        log.write(ENTRIES[2])
    assert read_logbook(log.path).entries == (TAKEN, ENTRIES[2])


def full(_: int) -> None:
    """A disk that is full."""
    raise OSError("full")


def test_runs_are_listed_oldest_first(tmp_path: Path) -> None:
    """By when they were last written to."""
    for number, name in enumerate(("b", "a")):
        with FileLogbook(tmp_path, name, fresh=True) as log:
            log.write(TAKEN)
        os.utime(log.path, (number, number))
    assert [(name, read().entries) for name, read in logbooks(tmp_path)] == [
        *(("b", (TAKEN,)), ("a", (TAKEN,)))
    ]
    assert list(logbooks(tmp_path / "nowhere")) == []


def test_a_logbook_in_memory_is_the_same(tmp_path: Path) -> None:
    """The same bytes, and read again as another process would."""
    assert written(tmp_path, *ENTRIES).read_bytes() == DATA
    log = MemoryLogbook("r")
    for entry in ENTRIES:
        log.write(entry)
    assert log.reopened().entries == log.entries == ENTRIES
