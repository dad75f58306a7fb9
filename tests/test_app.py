"""The composition root: an app from its directory, served, and again."""

import asyncio
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from monocyte.app import load_app, serving
from monocyte.cli import main
from monocyte.errors import ConfigError, DefinitionError, JournalLocked, MonocyteError


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Path]:
    """A new app; what it imported is forgotten."""
    modules, path = set(sys.modules), list(sys.path)
    main(["new", str(tmp_path / "appshop")], standalone_mode=False)
    yield tmp_path / "appshop"
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name.startswith("appshop"):
            del sys.modules[name]


def test_the_first_start_makes_an_owner_and_no_later_one_does(shop: Path) -> None:
    """The key is shown once, works, and stays good."""

    async def work() -> None:
        async with serving(load_app(shop), port=0) as at:
            key = at.new_key
        async with serving(load_app(shop), port=0) as at, httpx.AsyncClient() as client:
            assert at.new_key == ""
            headers = {"Authorization": f"Bearer {key}"}
            answer = await client.get(f"{at.url}/cells/todo/ListOpen", headers=headers)
            assert (answer.status_code, answer.json()) == (200, [])

    asyncio.run(work())


def test_everything_that_is_kept_is_closed_to_others(shop: Path) -> None:
    """The directory of the data, and each file in it."""

    async def work() -> None:
        async with serving(load_app(shop), port=0):
            assert stat.S_IMODE((shop / "data").stat().st_mode) == 0o700
            for name in ("keys.json", "journal.db"):
                assert stat.S_IMODE((shop / "data" / name).stat().st_mode) == 0o600

    asyncio.run(work())


def test_where_it_answers_is_written_down_while_it_does(shop: Path) -> None:
    """So that commands find it, on whatever port."""
    app = load_app(shop)

    async def work() -> None:
        async with serving(app, port=0) as at:
            assert app.address.read_text("utf-8") == at.url
        assert not app.address.exists()

    asyncio.run(work())


def test_a_port_that_is_taken_leaves_nothing_open(shop: Path) -> None:
    """The journal is free again, and no key was made that nobody has seen."""
    app = load_app(shop)

    async def work() -> None:
        async with await taken() as other:
            port = other.sockets[0].getsockname()[1]
            with pytest.raises(ConfigError, match="cannot be had"):
                async with serving(app, port=port):
                    pass
        assert not app.keys().holders()
        async with serving(app, port=0) as at:
            assert at.new_key

    async def taken() -> asyncio.Server:
        return await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)

    asyncio.run(work())


def test_an_app_runs_once(shop: Path) -> None:
    """A second start is kept out by the journal, before it listens anywhere."""

    async def work() -> None:
        async with serving(load_app(shop), port=0):
            with pytest.raises(JournalLocked):
                async with serving(load_app(shop), port=0):
                    pass

    asyncio.run(work())


def test_a_package_that_is_not_there_is_an_error(shop: Path) -> None:
    """With what to do."""
    toml = shop / "monocyte.toml"
    toml.write_text(toml.read_text("utf-8").replace('cells = "appshop"', 'cells = "nowhere"'))
    with pytest.raises(DefinitionError, match="nowhere"):
        load_app(shop)


TODO = "appshop/todo.py"

RELEASES = {
    "the code of a handler": ("return Done(it.text)", "done = Done(it.text)\n    return done"),
    "an evolver": ("todo[it.text] = it.who\n", "todo[str(it.text)] = it.who\n"),
    "a field more in a command": (
        '    """Say that it is done."""\n\n    text: Text',
        '    """Say that it is done."""\n\n    text: Text\n    why: str = ""',
    ),
    "a field more in an event": (
        "class Promised(Event):\n",
        "class Promised(Event):\n    how: ClassVar[str] = 'well'\n",
    ),
}
"""What is changed in the cell, of which some makes its words other classes."""


@pytest.mark.parametrize("change", RELEASES)
def test_what_has_changed_takes_over_while_people_are_at_work(shop: Path, change: str) -> None:
    """Nobody is refused, nothing is lost, and nothing comes twice."""
    file = shop / TODO
    text = file.read_text("utf-8").replace("from typing import ", "from typing import ClassVar, ")
    file.write_text(text, "utf-8")
    old, new = RELEASES[change]
    assert text.count(old) == 1

    async def work() -> None:
        async with serving(load_app(shop), port=0) as at, httpx.AsyncClient() as client:
            headers = {"Authorization": f"Bearer {at.new_key}"}
            sent: list[str] = []
            ending = asyncio.Event()

            async def person(name: str) -> None:
                number = 0
                while not ending.is_set():
                    number += 1
                    thing = f"{name} {number}"
                    for way, body in (("Promise", {"text": thing}), ("Finish", {"text": thing})):
                        url = f"{at.url}/cells/todo/{way}"
                        answer = await client.post(url, json=body, headers=headers)
                        assert answer.status_code == 200, answer.text
                    answer = await client.get(f"{at.url}/cells/todo/ListOpen", headers=headers)
                    assert answer.status_code == 200, answer.text
                    sent.append(thing)

            async with asyncio.TaskGroup() as people:
                for i in range(8):
                    people.create_task(person(f"p{i}"))
                for turn in range(6):
                    had = len(sent)
                    while len(sent) < had + 20:  # noqa: ASYNC110 (they have no event)
                        await asyncio.sleep(0.001)
                    file.write_text(text.replace(old, new) if turn % 2 == 0 else text, "utf-8")
                    assert await at.reload() == ["todo"]
                ending.set()
            assert at.runtime.latest("todo") == 2 * len(sent)
            answer = await client.get(f"{at.url}/cells/todo/ListOpen", headers=headers)
            assert answer.json() == []
            assert await at.reload() == []

    asyncio.run(work())


def test_a_release_that_cannot_take_over_leaves_the_app_as_it_was(shop: Path) -> None:
    """What is wrong is said at its line, and what is mended then takes over."""
    file = shop / TODO
    text = file.read_text("utf-8")

    async def work() -> None:
        async with serving(load_app(shop), port=0) as at, httpx.AsyncClient() as client:
            headers = {"Authorization": f"Bearer {at.new_key}"}
            url = f"{at.url}/cells/todo"
            await client.post(f"{url}/Promise", json={"text": "wash"}, headers=headers)
            for old, new, said in (
                ("return Done(it.text)", "return Done(it.text", "todo.py"),
                ("todo[it.text] = it.who\n", "todo[it.who] = 1 // 0\n", "ZeroDivisionError"),
            ):
                file.write_text(text.replace(old, new), "utf-8")
                with pytest.raises(MonocyteError) as caught:
                    await at.reload()
                assert said in f"{caught.value.where} {caught.value.message}"
                answer = await client.get(f"{url}/ListOpen", headers=headers)
                assert [it["text"] for it in answer.json()] == ["wash"]
            file.write_text(text + "\n", "utf-8")
            assert await at.reload() == ["todo"]
            answer = await client.post(f"{url}/Finish", json={"text": "wash"}, headers=headers)
            assert answer.status_code == 200

    asyncio.run(work())
