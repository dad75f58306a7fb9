"""`monocyte test --e2e`: real processes, real keys, real HTTP; and nothing is left behind."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.cli.conftest import PROGRAM, environment, program

CELL = '''"""# A bar: who has tapped, who has heard of it."""

import os
from pathlib import Path

from monocyte import Caller, Cell, Command, Event, Query, State
from monocyte.testing import World


class Tapped(Event):
    by: str


class Tap(Command[Tapped]):
    pass


class Die(Command[int]):
    code: int


class Leave(Command[int]):
    """A file with the number of the process."""

    file: str


class Taps(State):
    by: list[str] = []


class WhoTapped(Query[tuple[str, ...]]):
    pass


cell = Cell("taps", state=Taps)

BARMAN = cell.rule("TAP-1", "Only barmen tap.")


@cell.handles
def tap(it: Tap, taps: Taps, caller: Caller) -> Tapped:
    BARMAN.require("barman" in caller.roles, caller.name)
    return Tapped(caller.name)


@cell.handles
def die(it: Die) -> int:
    os._exit(it.code)


@cell.handles
def leave(it: Leave) -> int:
    Path(it.file).write_text(str(os.getpid()))
    return 1


@cell.handles
def who(it: WhoTapped, taps: Taps) -> tuple[str, ...]:
    return tuple(taps.by)


@cell.evolves
def more(it: Tapped, taps: Taps) -> None:
    taps.by.append(it.by)


@cell.scenario
def only_barmen(bar: World) -> None:
    """Ada is none."""
    with BARMAN.refuses():
        bar.by("ada").send(Tap())
'''

LATE = '''"""# News: what was tapped, a moment later."""

from bar.taps import Tapped
from monocyte import Cell, Event, Query, State


class Heard(Event):
    by: str


class News(State):
    by: list[str] = []


class WhatIsNew(Query[tuple[str, ...]]):
    pass


cell = Cell("news", state=News)


QUIET = cell.rule("NEWS-1", "What Zoe does is nobody's affair.")


@cell.reacts
def hear(it: Tapped) -> Heard:
    QUIET.require(it.by != "zoe")
    if it.by == "yan":
        raise ValueError("yan")
    return Heard(it.by)


@cell.handles
def news(it: WhatIsNew, news: News) -> tuple[str, ...]:
    return tuple(news.by)


@cell.evolves
def note(it: Heard, news: News) -> None:
    news.by.append(it.by)
'''

JOURNEYS = '''"""# The bar, from end to end."""

import os
import time

from bar.news import WhatIsNew
from bar.taps import BARMAN, Die, Leave, Tap, WhoTapped
from monocyte import App
from monocyte.testing import Stage

app = App("bar")


@app.scenario(given={"one": (1,), "three": (3,)})
def an_evening(bar: Stage, beers: int) -> None:
    """Ada is no barman, then she is, and it is heard of."""
    with BARMAN.refuses():
        bar.by("ada").send(Tap())
    for _ in range(beers):
        assert bar.by("ada", "barman").send(Tap()).by == "ada"
    assert bar.by("ada").ask(WhoTapped()) == ("ada",) * beers

    def heard() -> None:
        assert bar.by("eve").ask(WhatIsNew()) == ("ada",) * beers

    bar.eventually(heard)
'''

THEN = """
    bar.by('ada', 'barman').send(Tap())

    def heard() -> None:
        assert bar.by("eve").ask(WhatIsNew()) == ("ada",)

    bar.eventually(heard)
"""
"""What follows is heard of after whatever was before."""

MORE = {
    "wrong": (
        "    bar.by('ada', 'barman').send(Tap())\n    assert bar.by('ada').ask(WhoTapped()) == ()\n"
    ),
    "given_up": "    bar.by('zoe', 'barman').send(Tap())\n" + THEN,
    "crashing": "    bar.by('yan', 'barman').send(Tap())\n" + THEN,
    "deadly": "    bar.by('ada').send(Die(7))\n",
    "endless": "    while True:\n        bar.by('ada').ask(WhoTapped())\n",
    "waiting": "    bar.by('ada').send(Leave(os.environ['PID_FILE']))\n    time.sleep(60)\n",
}


@pytest.fixture
def bar(tmp_path: Path) -> Path:
    """An app of two cells and a journey."""
    folder = tmp_path / "app" / "bar"
    folder.mkdir(parents=True)
    (folder.parent / "monocyte.toml").write_text('[app]\nname = "bar"\ncells = "bar"\n')
    texts = {"__init__": "", "taps": CELL, "news": LATE, "journeys": JOURNEYS}
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text)
    return folder.parent


def add(bar: Path, *names: str) -> None:
    """Add scenarios to the journeys."""
    file = bar / "bar" / "journeys.py"
    added = (f"\n\n@app.scenario\ndef {n}(bar: Stage) -> None:\n{MORE[n]}" for n in names)
    file.write_text(file.read_text() + "".join(added))


def line_of(bar: Path, text: str) -> str:
    """The place of a line in the journeys."""
    file = bar / "bar" / "journeys.py"
    number = next(n for n, line in enumerate(file.read_text().splitlines(), 1) if text in line)
    return f"{file}:{number}"


@contextmanager
def taken(app: Path) -> Iterator[None]:
    """The port of the app is somebody else's meanwhile."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        with (app / "monocyte.toml").open("a") as file:
            file.write(f"\n[gateway]\nport = {port}\n")
        yield


def test_journeys_are_played_against_the_app_as_it_runs(bar: Path) -> None:
    """In front of a fresh process each; the scenarios of cells are for Worlds."""
    with taken(bar):
        ran = program("test", "--e2e", "-v", cwd=bar)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "2 passed, 0 failed, end to end" in ran.stdout
    assert "bar.an_evening[three], seed 0: passed" in ran.stdout
    assert "  ada -> taps: Tap() -> refused by TAP-1: Only barmen tap. (ada)" in ran.stdout
    assert sorted(path.name for path in bar.iterdir()) == ["bar", "monocyte.toml"]


def test_the_same_are_played_in_a_world(bar: Path) -> None:
    """Beside those of the cells, without a changed line."""
    ran = program("test", "--json", "--seeds", "3", cwd=bar)
    assert (ran.returncode, json.loads(ran.stdout)["passed"]) == (0, 9), ran.stdout


def test_a_failure_names_its_line_and_what_was_said(bar: Path) -> None:
    """The statement, the variables, the trace; and how to repeat it. The others go on."""
    add(bar, "wrong")
    ran = program("test", "--e2e", cwd=bar)
    assert ran.returncode == 1
    where = line_of(bar, "== ()")
    for part in (
        f"bar.wrong, seed 0: failed at {where}",
        "AssertionError",
        "  ada -> taps: WhoTapped() -> (ada)",
        "2 passed, 1 failed",
    ):
        assert part in ran.stdout, ran.stdout
    assert "repeat it: monocyte test --e2e -k bar.wrong" in ran.stderr
    found = json.loads(program("test", "--e2e", "--json", "-k", "wrong", cwd=bar).stdout)
    assert [it["where"] for it in found["failed"]] == [where]


def test_a_process_that_dies_is_named(bar: Path) -> None:
    """Where the scenario was, how the process ended; the next one has another process."""
    add(bar, "deadly")
    (bar / "bar" / "journeys.py").write_text(
        (bar / "bar" / "journeys.py").read_text()
        + JOURNEYS[JOURNEYS.index("@app") :].replace("an_evening", "another_evening")
    )
    ran = program("test", "--e2e", cwd=bar)
    assert f"failed at {line_of(bar, 'Die(7)')}" in ran.stdout
    assert "the app has ended with exit code 7" in ran.stdout
    assert "4 passed, 1 failed" in ran.stdout


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "given_up",
            "dead-letter  news: Tapped from ('taps', 1): What Zoe does is nobody's affair.",
        ),
        ("crashing", "crashed  news: hear: ValueError: yan  ["),
    ],
)
def test_what_goes_wrong_behind_the_scenes_is_a_failure(bar: Path, name: str, said: str) -> None:
    """As in a World: nobody who has to look at the log finds something worse there."""
    add(bar, name)
    ran = program("test", "--e2e", "-k", name, cwd=bar)
    assert (ran.returncode, said in ran.stdout) == (1, True), ran.stdout
    assert program("test", "-k", name, cwd=bar).returncode == 1


def test_an_app_that_does_not_start_says_why(bar: Path) -> None:
    """The end of its standard error is shown."""
    file = bar / "bar" / "taps.py"
    file.write_text(
        file.read_text() + "\nimport sys\nif 'run' in sys.argv:\n    raise OSError(99)\n"
    )
    ran = program("test", "--e2e", "-k", "[one]", cwd=bar)
    assert ran.returncode == 1
    assert "the app did not start" in ran.stdout
    assert "the app has ended with exit code 2" in ran.stdout
    assert "OSError: 99" in ran.stdout


def test_one_that_never_ends_is_stopped(bar: Path) -> None:
    """By its file and line."""
    add(bar, "endless")
    ran = program("test", "--e2e", "--timeout", "1", "-k", "endless", cwd=bar)
    assert "it never ended: it was stopped after 1 s" in ran.stdout
    assert f"{bar}/bar/journeys.py:" in ran.stdout


def test_without_journeys_there_is_nothing_to_play(bar: Path) -> None:
    """And that is no success."""
    (bar / "bar" / "journeys.py").unlink()
    ran = program("test", "--e2e", cwd=bar)
    assert ran.returncode == 1
    assert "no such scenario" in ran.stderr


def test_a_process_has_no_seeds(bar: Path) -> None:
    """Its order of things cannot be chosen, so nobody is left to believe that it was."""
    ran = program("test", "--e2e", "--seeds", "3", cwd=bar)
    assert (ran.returncode, "knows no seeds" in ran.stderr) == (2, True)


STUCK = """

class Spin(Command[int]):
    pass


@cell.handles
def spin(it: Spin) -> int:
    while True:
        pass
"""


def test_a_process_that_hangs_is_given_up_and_ended(bar: Path) -> None:
    """A handler that never ends stops neither the scenario's limit nor the next scenario."""
    for name, text in {
        "taps": STUCK,
        "journeys": "\n\n@app.scenario\ndef stuck(bar: Stage) -> None:\n"
        "    from bar.taps import Spin\n\n    bar.by('ada').send(Spin())\n",
    }.items():
        file = bar / "bar" / f"{name}.py"
        file.write_text(file.read_text() + text)
    ran = program("test", "--e2e", "--timeout", "1", "-k", "stuck", cwd=bar)
    assert "it never ended: it was stopped after 1 s" in ran.stdout
    assert f"failed at {line_of(bar, 'Spin())')}" in ran.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_interrupts_it_leaves_nothing_behind(
    bar: Path, tmp_path: Path, number: signal.Signals
) -> None:
    """No process, and no directory."""
    add(bar, "waiting")
    pid_file, temporary = tmp_path / "pid", tmp_path / "tmp"
    temporary.mkdir()
    running = subprocess.Popen(
        [*PROGRAM, "test", "--e2e", "-k", "waiting"],
        cwd=bar,
        env=environment(PID_FILE=str(pid_file), TMPDIR=str(temporary)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not (pid_file.exists() and pid_file.read_text()):
        assert running.poll() is None, running.communicate()
        time.sleep(0.05)
    running.send_signal(number)
    out, err = running.communicate(timeout=30)
    assert (running.returncode, "Traceback" in err) == (130, False), out + err
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)
    assert list(temporary.iterdir()) == []
