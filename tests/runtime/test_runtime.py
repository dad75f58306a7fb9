"""The runtime: cells that fail alone, an account that adds up, an end that loses nothing."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from monocyte.cell import load_cells
from monocyte.contracts import Principal
from monocyte.contracts.facts import Fact
from monocyte.engine import Engine
from monocyte.errors import (
    Crashed,
    DefinitionError,
    JournalError,
    JournalLocked,
    Refused,
    Unavailable,
)
from monocyte.runtime import Runtime, Settings
from monocyte.runtime.settings import AppSettings
from tests.runtime.toys import cars, doors, rooms

ADA = Principal("ada")
SETTINGS = Settings(AppSettings("toys", "toys"))
MANIFESTS = load_cells([rooms.cell, cars.cell, doors.cell]).manifests


@pytest.fixture
def facts() -> list[Fact]:
    """What the runtime has told."""
    return []


@pytest.fixture
def toys(tmp_path: Path, facts: list[Fact]) -> Runtime:
    """The toys, not started yet."""
    doors.opened.clear()
    doors.log.clear()
    return Runtime(MANIFESTS, SETTINGS, tmp_path, emit=facts.append)


async def until(condition: object) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(20):
        while not condition():  # type: ignore[operator]  # noqa: ASYNC110 (it has no event)
            await asyncio.sleep(0.005)


def test_an_app_answers_and_goes_on_where_it_was(toys: Runtime, tmp_path: Path) -> None:
    """What was decided before a stop is there after the next start."""

    async def work() -> None:
        async with toys:
            assert toys.ready
            await toys.client(ADA).send(rooms.Book("a"))
        async with Runtime(MANIFESTS, SETTINGS, tmp_path) as again:
            assert await again.client(ADA).ask(rooms.Count()) == 1
            assert again.latest("rooms") == 1

    asyncio.run(work())


def test_a_second_process_is_kept_out(toys: Runtime, tmp_path: Path) -> None:
    """One journal, one process; the first is not disturbed."""

    async def work() -> None:
        async with toys:
            with pytest.raises(JournalLocked):
                await Runtime(MANIFESTS, SETTINGS, tmp_path).start()
            assert await toys.client(ADA).ask(rooms.Count()) == 0

    asyncio.run(work())


def test_a_start_that_fails_leaves_nothing_open(tmp_path: Path) -> None:
    """The journal that could not be opened today can be opened tomorrow."""
    (tmp_path / "data").write_text("in the way", encoding="utf-8")

    async def work() -> None:
        with pytest.raises(JournalError):
            await Runtime(MANIFESTS, SETTINGS, tmp_path).start()
        (tmp_path / "data").unlink()
        async with Runtime(MANIFESTS, SETTINGS, tmp_path) as toys:
            assert toys.ready

    asyncio.run(work())


def test_the_account_adds_up(toys: Runtime) -> None:
    """Every kind of thing is counted where it happens, waiting apart from working."""

    async def work() -> None:
        async with toys:
            ada = toys.client(ADA)
            await ada.send(rooms.Book("annex"))
            with pytest.raises(Refused):
                await ada.send(rooms.Book("annex"))
            await ada.ask(rooms.Count())
            with pytest.raises(Crashed):
                await ada.ask(doors.Fall())
            peeking = asyncio.ensure_future(ada.ask(doors.Peek("x")))
            await until(lambda: doors.log)
            await asyncio.sleep(0.05)
            doors.opened["x"].set()
            assert await peeking == "x"
            await until(lambda: toys.latest("cars"))
            status = toys.status()
        of = {name: status[name] for name in ("rooms", "cars", "doors")}
        assert (of["rooms"]["commands"], of["rooms"]["refusals"]) == (2, 1)
        assert (of["rooms"]["queries"], of["cars"]["reactions"]) == (1, 1)
        assert of["doors"]["crashes"] == 1
        assert of["doors"]["waiting"] > 0.04
        assert all(cell["cpu"] >= 0 for cell in of.values())
        assert of["rooms"]["cpu"] > 0
        assert of["rooms"]["waiting"] == 0
        assert {cell["state"] for cell in of.values()} == {"up"}

    asyncio.run(work())


def test_stopping_answers_what_is_in_flight(toys: Runtime) -> None:
    """A handler that waits gets to its end, its command is kept, and only then is all closed."""

    async def work() -> None:
        await toys.start()
        passing = asyncio.ensure_future(toys.client(ADA).send(doors.Pass("x")))
        await until(lambda: doors.log)
        stopping = asyncio.create_task(toys.stop())
        await asyncio.sleep(0.02)
        assert not stopping.done()
        doors.opened["x"].set()
        assert (await passing).door == "x"
        await stopping
        async with toys:
            assert toys.latest("doors") == 1

    asyncio.run(work())


def test_a_cell_that_crashes_while_loading_is_visible_and_alone(
    toys: Runtime, tmp_path: Path, facts: list[Fact], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its evolver fails on what the journal holds: it is down and says so, the others answer."""

    def broken(it: rooms.Booked, state: object) -> None:
        raise ZeroDivisionError("a bad day")

    (manifest,) = (m for m in MANIFESTS if m.name == "rooms")
    evolver = manifest.evolvers[rooms.Booked]._replace(call=broken)
    broken_rooms = manifest._replace(evolvers={rooms.Booked: evolver})
    others = [m for m in MANIFESTS if m.name != "rooms"]

    async def work() -> None:
        with monkeypatch.context() as without:
            without.setattr(Engine, "snapshot", lambda _: None)
            async with toys:
                await toys.client(ADA).send(rooms.Book("a"))
        facts.clear()
        async with Runtime([broken_rooms, *others], SETTINGS, tmp_path, emit=facts.append) as app:
            ada = app.client(ADA)
            with pytest.raises(Unavailable):
                await ada.ask(rooms.Count())
            assert await ada.ask(cars.Find()) == 0
            assert not app.ready
            assert app.status()["rooms"]["state"].startswith("down: ")
            assert app.status()["cars"]["state"] == "up"
            assert any(f.kind == "failed" and f.cell == "rooms" for f in facts)
        async with Runtime(MANIFESTS, SETTINGS, tmp_path) as mended:
            assert await mended.client(ADA).ask(rooms.Count()) == 1

    asyncio.run(work())


def test_an_app_with_a_faulty_cell_is_not_ready(tmp_path: Path) -> None:
    """The other cells are there, and the app says that one is missing."""

    async def work() -> None:
        fault = DefinitionError("a cell is not well formed")
        async with Runtime(MANIFESTS, SETTINGS, tmp_path, faults=[fault]) as app:
            assert not app.ready
            assert await app.client(ADA).ask(rooms.Count()) == 0

    asyncio.run(work())


def test_a_letter_of_no_cell_cannot_be_resent(toys: Runtime) -> None:
    """The error is the caller's."""

    async def work() -> None:
        async with toys:
            assert toys.letters() == []
            with pytest.raises(Refused):
                await toys.resend("rooms", 1)

    asyncio.run(work())


FULL_DISK = """
    import asyncio, json, resource, signal, sys
    from pathlib import Path
    from tests.runtime.test_runtime import ADA, MANIFESTS, SETTINGS
    from tests.runtime.toys import rooms
    from monocyte.errors import Unavailable
    from monocyte.runtime import Runtime

    def room_on_disk(size):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    async def main(root):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        acknowledged, refused = [], 0
        facts = []
        async with Runtime(MANIFESTS, SETTINGS, root, emit=facts.append) as app:
            ada = app.client(ADA)
            await ada.send(rooms.Book("first"))
            room_on_disk(app.path.with_name("journal.db-wal").stat().st_size + 20_000)
            for number in range(200):
                try:
                    await ada.send(rooms.Book(str(number)))
                    acknowledged.append(str(number))
                except Unavailable:
                    refused += 1
                    assert not app.ready
                    break
            assert refused, "the disk was never full"
            try:
                await ada.send(rooms.Book("while it is full"))
                acknowledged.append("while it is full")
            except Unavailable as why:
                assert why.mend
            room_on_disk(resource.RLIM_INFINITY)
            for _ in range(1000):
                try:
                    await ada.send(rooms.Book("after"), id="after")
                    break
                except Unavailable:
                    await asyncio.sleep(0.02)
            kept = [it.room for it in await ada.ask(rooms.Find("ada", 10_000))]
        async with Runtime(MANIFESTS, SETTINGS, root) as again:
            found = [it.room for it in await again.client(ADA).ask(rooms.Find("ada", 10_000))]
        told = sorted({fact.kind for fact in facts})
        print(json.dumps([["first", *acknowledged, "after"], kept, found, told]))

    asyncio.run(main(Path(sys.argv[1])))
"""


def test_a_full_disk_loses_nothing_and_mends_itself(tmp_path: Path) -> None:
    """While there is no room everything is `Unavailable`; then it goes on, by itself."""
    here = Path(__file__).parents[2]
    run = subprocess.run(
        [sys.executable, "-c", dedent(FULL_DISK), str(tmp_path)],
        cwd=here,
        env={"PYTHONPATH": f"{here / 'src'}:{here}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    acknowledged, kept, found, told = json.loads(run.stdout)
    assert kept == found
    assert acknowledged == [room for room in found if room in acknowledged]
    assert {"failed", "restarted"} <= set(told)
