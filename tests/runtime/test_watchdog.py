"""The watchdog: who holds the loop is named while it does, by file and line."""

import asyncio
import linecache
import sys

import pytest

from monocyte.cell import load_cells
from monocyte.contracts.facts import Fact
from monocyte.runtime import watchdog
from monocyte.runtime.watchdog import Watchdog
from tests.runtime.toys import doors


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of the usual patience."""
    assert watchdog.PATIENCE == 1.0
    monkeypatch.setattr(watchdog, "PATIENCE", 0.1)
    monkeypatch.setattr(watchdog, "BEAT", 0.02)


def watched(*cells: object) -> list[Fact]:
    """The facts that are told while a handler spins until it has been named."""
    facts: list[Fact] = []
    doors.noticed.clear()

    def tell(fact: Fact) -> None:
        facts.append(fact)
        if len(facts) == 2:
            doors.noticed.set()

    async def spin() -> None:
        dog = Watchdog(load_cells(cells).manifests, tell)  # type: ignore[arg-type]
        await asyncio.sleep(0)
        doors.spin(doors.Spin(), {})
        await asyncio.sleep(0.05)
        assert dog.last_lag > 0
        dog.stop()

    asyncio.run(spin())
    return facts


def test_the_cell_that_holds_the_loop_is_named() -> None:
    """With the line where it is now; and again, as long as it goes on."""
    facts = watched(doors.cell)
    assert len(facts) == 2
    for fact in facts:
        assert (fact.kind, fact.cell) == ("blocked", "doors")
        assert "doors has held the loop for" in fact.text
        file, _, line = fact.where.rpartition(":")
        assert file == doors.__file__
        assert "noticed" in linecache.getline(file, int(line)) or "pass" in linecache.getline(
            file, int(line)
        )


def test_what_holds_the_loop_outside_every_cell_is_told_too() -> None:
    """Without a cell, but with a place."""
    facts = watched()
    assert facts[0].cell == ""
    assert "something outside every cell" in facts[0].text
    assert ":" in facts[0].where


def test_a_loop_that_beats_is_left_alone() -> None:
    """Nobody is named for waiting."""
    facts: list[Fact] = []

    async def idle() -> None:
        dog = Watchdog((), facts.append)
        for _ in range(10):
            await asyncio.sleep(0.03)
        dog.stop()

    asyncio.run(idle())
    assert facts == []


def test_it_stops_with_its_thread() -> None:
    """Nothing looks into frames of a loop that is closed."""

    async def start_and_stop() -> None:
        dog = Watchdog((), lambda _: None)
        thread = dog._thread
        assert thread.is_alive()
        dog.stop()
        assert not thread.is_alive()

    asyncio.run(start_and_stop())
    assert sys._current_frames()
