"""A verdict is the command's own: code of the app that ends the process does not end it with 0."""

import json
import signal
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import PROGRAM, environment, program

TODO = "shop/todo.py"
HANDLER = "    return Promised(caller.name, it.text)\n"
SCENARIO = '    ada, lise = world.by("ada"), world.by("lise")\n'
IMPORT = "# ## Words\n"

EXITS = "import atexit, os, posix, sys, time"
SILENT = 'os.execv(sys.executable, [sys.executable, "-c", ""])'

NAMED = {
    "a handler": (HANDLER, "    os._exit(0)\n"),
    "a handler, politely": (HANDLER, "    sys.exit(0)\n"),
    "a handler, another way": (HANDLER, "    posix._exit(0)\n"),
    "a scenario": (SCENARIO, "    os._exit(0)\n"),
    "a scenario, politely": (SCENARIO, "    sys.exit(0)\n"),
    "a scenario, politely failing": (SCENARIO, "    sys.exit('enough')\n"),
}
"""Found at its place: before which line of the cell, what is put."""

UNNAMED = {
    "a module that is loaded": (IMPORT, "os._exit(0)\n"),
    "a handler that becomes another program": (HANDLER, f"    {SILENT}\n"),
    "a scenario that becomes another program": (SCENARIO, f"    {SILENT}\n"),
}
"""Nobody is left to say where."""


def put(app: Path, before: str, line: str) -> None:
    """Put a line into the cell."""
    text = (app / TODO).read_text("utf-8")
    assert text.count(before) == 1
    text = text.replace(before, line + before)
    (app / TODO).write_text(text.replace("from typing", f"{EXITS}\nfrom typing", 1), "utf-8")


@pytest.mark.parametrize("command", ["test", "check"])
@pytest.mark.parametrize("attack", NAMED)
def test_who_ends_the_process_is_found_at_the_line(shop: Path, attack: str, command: str) -> None:
    """It is a failure like any other: the rest is judged all the same."""
    put(shop, *NAMED[attack])
    lines = (shop / TODO).read_text("utf-8").splitlines()
    line = lines.index(NAMED[attack][1].rstrip()) + 1
    more = ["--no-mutation"] if command == "check" else []
    done = program(command, *more, cwd=shop)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"todo.py:{line}" in done.stdout
    assert "SystemExit" in done.stdout


@pytest.mark.parametrize("command", ["test", "check"])
@pytest.mark.parametrize("attack", UNNAMED)
def test_an_end_without_a_verdict_is_no_success(shop: Path, attack: str, command: str) -> None:
    """Whatever it ended with."""
    put(shop, *UNNAMED[attack])
    done = program(command, cwd=shop)
    assert done.returncode == 2
    assert "ended with 0 before there was a verdict" in done.stderr
    told = program(command, "--json", cwd=shop)
    assert json.loads(told.stdout)["error"]["fault"] == "author"


def test_what_runs_at_the_end_does_not_change_the_verdict(shop: Path) -> None:
    """The exit code was said before."""
    put(shop, SCENARIO, "    atexit.register(os._exit, 0)\n    assert False\n")
    assert program("test", cwd=shop).returncode == 1


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -15)])
def test_a_signal_ends_both(shop: Path, number: int, code: int) -> None:
    """Who stops the command stops what it runs, and learns how it ended."""
    put(
        shop,
        SCENARIO,
        "    print(os.getpid(), file=sys.stderr, flush=True)\n    time.sleep(600)\n",
    )
    with subprocess.Popen(
        [*PROGRAM, "test"], cwd=shop, env=environment(), stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stderr is not None
        child = int(running.stderr.readline())
        running.send_signal(number)
        assert running.wait(20) == code
    assert child != running.pid
    assert not Path(f"/proc/{child}").exists()
