"""The year of the lab: the same for the same seed, long enough, and like a year of a lab."""

import hashlib
import os
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from lab import equipment, instruments, notebook, people, samples, stock
from monocyte.contracts.check import through_the_wire
from monocyte.contracts.codec import encode_json
from seed import YEAR, Sent, commands

FINGERPRINT = """
import sys
from test_seed import fingerprint
print(fingerprint(int(sys.argv[1])))
"""


def fingerprint(seed: int, start: date = date(2025, 1, 6)) -> str:
    """A digest of a whole year, whatever order the process gives to its sets."""
    digest = hashlib.sha256()
    for at, who, roles, command in commands(seed, start=start):
        digest.update(f"{at} {who} {sorted(roles)} {type(command).__name__}".encode())
        digest.update(encode_json(command))
    return digest.hexdigest()


@pytest.fixture(scope="module")
def year() -> list[Sent]:
    """One year, told once for all tests that only read it."""
    return list(commands(seed=7))


def test_the_same_seed_tells_the_same_year() -> None:
    """Another process, with another order of its sets, tells it word for word."""
    here = Path(__file__).parent
    root = here.parents[1]
    paths = [str(p) for p in (root / "src", root / "examples" / "lab", here)]
    told = {
        subprocess.run(
            [sys.executable, "-c", FINGERPRINT, "7"],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONHASHSEED": hashing},
            capture_output=True,
            check=True,
            text=True,
        ).stdout.strip()
        for hashing in ("1", "2")
    }
    assert told == {fingerprint(7)}


def test_another_seed_or_start_tells_another_year() -> None:
    """Nothing but the seed and the start decides."""
    assert len({fingerprint(7), fingerprint(8), fingerprint(7, date(2026, 1, 5))}) == 3


@pytest.mark.parametrize("count", [2_000, 20_000])
def test_it_is_as_long_as_asked(count: int) -> None:
    """At least so many commands, and not many more."""
    assert count <= sum(1 for _ in commands(1, count)) <= count * 1.05


def test_it_takes_a_year_and_time_never_goes_back(year: list[Sent]) -> None:
    """From the opening to the last Sunday."""
    assert all(before.at <= after.at for before, after in pairwise(year))
    first, last = datetime(2025, 1, 6, 7, tzinfo=UTC), date(2025, 1, 6) + timedelta(days=YEAR)
    assert year[0].at == first
    assert timedelta(0) < last - year[-1].at.date() < timedelta(days=4)


def test_every_command_is_what_its_type_says(year: list[Sent]) -> None:
    """The slips of the seed are refused by rules of the cells, never as malformed."""
    for sent in year:
        assert through_the_wire(type(sent.command), sent.command) == sent.command


@pytest.mark.parametrize(
    ("command", "least", "most"),
    [
        (instruments.BookInstrument, 4_000, 8_000),
        (instruments.CancelBooking, 400, 1_200),
        (equipment.TakeOutOfService, 20, 100),
        (notebook.ReviseEntry, 400, 1_500),
        (notebook.SignEntry, 500, 2_000),
        (notebook.WriteEntry, 1_200, 3_000),
        (people.Enrol, 125, 170),
        (people.RecordTraining, 300, 900),
        (people.SayGoodbye, 5, 40),
        (samples.CheckOut, 1_000, 3_000),
        (stock.Consume, 2_000, 5_000),
        (samples.PutBack, 1_000, 3_000),
        (samples.RegisterSample, 1_000, 2_500),
        (stock.Restock, 30, 300),
    ],
)
def test_the_year_is_like_a_year(year: list[Sent], command: type, least: int, most: int) -> None:
    """Much booking, writing and pipetting; some hiring and some repairs."""
    assert least <= sum(1 for sent in year if type(sent.command) is command) <= most


def test_a_hundred_and_twenty_people_take_part(year: list[Sent]) -> None:
    """Everybody does something, and nobody does everything."""
    by = Counter(sent.who for sent in year)
    members = {s.command.handle for s in year if isinstance(s.command, people.Enrol)}
    assert by.keys() <= members
    assert len(by) >= 120
    assert by.most_common(1)[0][1] < len(year) / 20


def test_august_and_weekends_are_quiet(year: list[Sent]) -> None:
    """The seasons and the weeks of a lab show."""
    months, weekend = Counter(s.at.month for s in year), [s for s in year if s.at.weekday() >= 5]
    assert months[8] < 0.8 * months[10]
    assert 0 < len(weekend) < 0.05 * len(year)


def test_what_belongs_together_is_not_sent_at_once(year: list[Sent]) -> None:
    """At a moment there is little; an author writes one page, a barcode is used once."""
    assert max(Counter(sent.at for sent in year).values()) <= 64
    used: dict[datetime, list[object]] = defaultdict(list)
    for sent in year:
        match sent.command:
            case notebook.WriteEntry():
                used[sent.at].append(("writes", sent.who))
            case notebook.ReviseEntry(page=it) | notebook.SignEntry(page=it):
                used[sent.at].append(it)
            case samples.CheckOut(barcode=it) | stock.Consume(barcode=it):
                used[sent.at].append(it)
    assert all(len(set(things)) == len(things) for things in used.values())
