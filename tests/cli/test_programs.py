"""Commands as programs: beside an app that runs, in pipes, on terminals, under signals."""

import json
import os
import pty
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import PROGRAM, ROOT, Cli, Running, environment, program, running

PROMISE = ("send", "todo.Promise", '{"text": "water the plants"}')


def said(result: "subprocess.CompletedProcess[str]") -> Any:
    """The JSON that a program has printed, which went well."""
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


# -- beside an app that runs -----------------------------------------------------------------------


def test_an_app_that_runs_is_asked_over_http(shop: Path) -> None:
    """By who holds a key, wherever it listens; whatever goes wrong has its code."""
    with running(shop) as app:
        key = {"MONOCYTE_KEY": app.key}
        assert said(program(*PROMISE, cwd=shop, **key))["who"] == "owner"
        assert len(said(program("ask", "todo.ListOpen", cwd=shop, **key))) == 1
        elsewhere = ("ask", "todo.ListOpen", "--url", app.url)
        assert len(said(program(*elsewhere, cwd=shop.parent, **key))) == 1
        assert said(program("letters", "list", "--json", cwd=shop, **key)) == []
        ill = {
            ("send", "todo.Finish", '{"text": "fly"}'): (1, "Only what is promised"),
            ("send", "todo.Promise", '{"text": 1}'): (2, "$.text"),
            ("ask", "todo.Promise"): (2, "monocyte send"),
            ("ask", "todo.ListOpn"): (1, "did you mean ListOpen?"),
            ("ask", "todo"): (1, "CELL.Message"),
            ("ask", "todo.ListOpen", json.dumps({"text": "x" * 80_000})): (2, "too long"),
            ("letters", "resend", "todo", "7"): (1, "no dead letter 7"),
            ("events", "tod", "-f"): (1, "did you mean todo?"),
            ("run", "--port", "0"): (3, "writes to this journal"),
            ("journal", "restore", "monocyte.toml", "--yes"): (3, ""),
        }
        for arguments, (code, says) in ill.items():
            result = program(*arguments, cwd=shop, **key)
            assert (result.returncode, says in result.stderr) == (code, True), result.stderr
        assert "journal verify" not in program("journal", "verify", cwd=shop).stderr


def test_without_the_right_key_nothing_is_answered(shop: Path) -> None:
    """Without one it is said how to give one; with a wrong one, that it is wrong."""
    with running(shop):
        without = program(*PROMISE, cwd=shop)
        assert without.returncode == 2
        assert "export MONOCYTE_KEY" in without.stderr
        wrong = program(*PROMISE, cwd=shop, MONOCYTE_KEY="mono_wrong")
        assert wrong.returncode == 1
        assert "does not know this key" in wrong.stderr


def test_a_key_that_is_given_and_taken_while_the_app_runs_counts(shop: Path) -> None:
    """Added: at once. Revoked: within a second."""
    with running(shop):
        key = program("access", "add", "ada", cwd=shop).stdout.strip()
        assert said(program(*PROMISE, cwd=shop, MONOCYTE_KEY=key))["who"] == "ada"
        program("access", "revoke", "ada", cwd=shop)
        until(lambda: program(*PROMISE, cwd=shop, MONOCYTE_KEY=key).returncode == 1)


def test_events_are_followed_while_they_happen(shop: Path) -> None:
    """Line by line, not in blocks; and the end of the app is the end of it."""
    with running(shop) as app:
        key = {"MONOCYTE_KEY": app.key}
        program(*PROMISE, cwd=shop, **key)
        following = subprocess.Popen(
            [*PROGRAM, "events", "--follow", "--json"],
            cwd=shop,
            env=environment(**key),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert following.stdout is not None
        assert json.loads(following.stdout.readline())["position"] == 1
        program("send", "todo.Finish", '{"text": "water the plants"}', cwd=shop, **key)
        assert json.loads(following.stdout.readline())["position"] == 2
    assert following.communicate(timeout=20)[0] == ""
    assert following.returncode == 0


def test_a_follower_is_ended_by_ctrl_c(shop: Path) -> None:
    """Which is how one ends it: no traceback, and no error."""
    with running(shop) as app:
        program(*PROMISE, cwd=shop, MONOCYTE_KEY=app.key)
        following = subprocess.Popen(
            [*PROGRAM, "events", "--follow"],
            cwd=shop,
            env=environment(MONOCYTE_KEY=app.key),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert following.stdout is not None
        assert "todo.Promised" in following.stdout.readline()
        following.send_signal(signal.SIGINT)
        _, complaint = following.communicate(timeout=20)
        assert following.returncode == 0
        assert complaint.strip() == ""


def test_an_app_ends_in_order_at_ctrl_c(shop: Path) -> None:
    """It says so, ends with 0, and leaves no address behind."""
    with running(shop) as app:
        program(*PROMISE, cwd=shop, MONOCYTE_KEY=app.key)
        assert (shop / "data" / "address").read_text("utf-8") == app.url
        app.process.send_signal(signal.SIGINT)
        assert app.process.wait(20) == 0
    assert not (shop / "data" / "address").exists()
    assert len(said(program("ask", "todo.ListOpen", cwd=shop))) == 1


SLOW = '''
import asyncio


class Wait(Query[int]):
    """Take your time."""


@cell.handles
async def wait(ask: Wait, todo: Open) -> int:
    await asyncio.sleep(60)
    return 1
'''


def test_a_second_ctrl_c_ends_it_at_once(shop: Path) -> None:
    """Where something in flight takes its time; what was acknowledged is there all the same."""
    file = shop / "shop" / "todo.py"
    file.write_text(file.read_text("utf-8") + SLOW, "utf-8")
    with running(shop) as app:
        key = {"MONOCYTE_KEY": app.key}
        program(*PROMISE, cwd=shop, **key)
        asking = subprocess.Popen(
            [*PROGRAM, "ask", "todo.Wait"],
            cwd=shop,
            env=environment(**key),
            stderr=subprocess.PIPE,
            text=True,
        )
        until(lambda: cells(app)["todo"]["queries"] == 1)
        app.process.send_signal(signal.SIGINT)
        until(lambda: refuses(app))
        app.process.send_signal(signal.SIGINT)
        assert app.process.wait(20) == 130
        asking.communicate(timeout=20)
        assert asking.returncode == 3
    assert len(said(program("ask", "todo.ListOpen", cwd=shop))) == 1


def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so in another process."""
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def cells(app: Running) -> Any:
    """How the cells of an app are."""
    line = HTTPConnection(app.url.removeprefix("http://"))
    line.request("GET", "/cells", headers={"Authorization": f"Bearer {app.key}"})
    with closing(line):
        return json.loads(line.getresponse().read())["cells"]


def refuses(app: Running) -> bool:
    """Whether the app no longer takes connections."""
    host, _, port = app.url.removeprefix("http://").partition(":")
    with socket.socket() as line:
        return line.connect_ex((host, int(port))) != 0


def test_a_port_that_is_taken_is_said(shop: Path) -> None:
    """With the way out; and the journal is free again."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        result = program("run", "--port", port, cwd=shop)
    assert result.returncode == 2
    assert f"port {port}" in result.stderr
    assert "--port" in result.stderr
    assert program(*PROMISE, cwd=shop).returncode == 0


def test_another_program_at_the_address_is_not_taken_for_the_app(shop: Path) -> None:
    """Whatever it says: HTML, nonsense, or nothing."""
    answers = [
        b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>",
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 600\r\n\r\n{",
        b"220 mail.example.org ESMTP\r\n",
        b"",
    ]
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        url = f"http://127.0.0.1:{other.getsockname()[1]}"
        for answer in answers:
            asking = subprocess.Popen(
                [*PROGRAM, "ask", "todo.ListOpen", "--url", url, "--key", "mono_x"],
                cwd=shop,
                env=environment(),
                stderr=subprocess.PIPE,
                text=True,
            )
            line, _ = other.accept()
            line.recv(1000)
            line.sendall(answer)
            line.close()
            _, complaint = asking.communicate(timeout=20)
            assert asking.returncode == 3, complaint
            assert complaint.startswith("error: ")
            assert "Traceback" not in complaint


# -- pipes and terminals ---------------------------------------------------------------------------


def test_a_pipe_that_is_closed_is_no_error(shop: Path, cli: Cli) -> None:
    """As behind `| head -1`: no traceback, no complaint."""
    for number in range(30):
        assert cli("send", "todo.Promise", json.dumps({"text": f"{number} " * 40})).exit_code == 0
    for command in ("events", "journal show", "journal show --json"):
        run = subprocess.run(
            ["bash", "-c", f"set -o pipefail; $MONOCYTE {command} | head -1"],
            cwd=shop,
            env=environment(MONOCYTE=str(wrapper(shop))),
            capture_output=True,
            text=True,
            check=False,
        )
        assert (run.returncode, run.stderr) == (0, ""), run
        assert run.stdout.count("\n") == 1


def wrapper(folder: Path) -> Path:
    """A `monocyte` to be found on the path."""
    file = folder / "bin" / "monocyte"
    file.parent.mkdir(exist_ok=True)
    file.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{PROGRAM[2]}" "$@"\n', "utf-8")
    file.chmod(0o755)
    return file


def on_terminal(*arguments: str, cwd: Path, keys: bytes = b"") -> tuple[str, int]:
    """What a program shows on a terminal of its own, and its exit code."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(cwd)
        env = environment(TERM="xterm-256color", COLUMNS="100")
        env.pop("NO_COLOR")
        os.execve(PROGRAM[0], [*PROGRAM, *arguments], env)  # noqa: S606 (as a shell does)
    shown = b""
    if keys:
        os.write(terminal, keys)
    while select.select([terminal], [], [], 30)[0]:
        try:
            part = os.read(terminal, 4096)
        except OSError:
            break
        if not part:
            break
        shown += part
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    return shown.decode(), os.waitstatus_to_exitcode(status)


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_on_a_terminal_it_is_drawn_and_coloured(shop: Path, cli: Cli) -> None:
    """Tables with lines, errors in red, JSON over several lines; in a pipe none of it."""
    cli(*PROMISE)
    table, code = on_terminal("cells", cwd=shop)
    assert code == 0
    assert "─" in table
    assert "─" not in cli("cells").stdout
    error, code = on_terminal("ask", "todo.ListOpn", cwd=shop)
    assert code == 1
    assert "\x1b[31m" in error
    assert "\x1b" not in program("ask", "todo.ListOpn", cwd=shop).stderr
    answer, _ = on_terminal("ask", "todo.ListOpen", cwd=shop)
    assert answer.count("\n") > 3
    question, code = on_terminal("journal", "restore", "monocyte.toml", cwd=shop, keys=b"n\n")
    assert "what is there now is kept" in question
    assert code == 1


# -- what a shell completes ------------------------------------------------------------------------

COMPLETE = {
    ("ask", "todo.L"): {"todo.ListOpen"},
    ("send", "todo."): {"todo.Promise", "todo.PassOn", "todo.Finish"},
    ("send", "nothing"): set(),
    ("journal", "show", "t"): {"todo"},
    ("events", ""): {"todo"},
    ("acc",): {"access"},
    ("access", ""): {"add", "list", "revoke"},
    ("test", "--se"): {"--seed", "--seeds"},
}


@pytest.mark.parametrize("words", COMPLETE, ids=" ".join)
def test_bash_completes(words: tuple[str, ...], shop: Path) -> None:
    """The script as bash runs it, with a program of this name on the path."""
    wrapper(shop)
    script = f"""
        PATH="{shop / "bin"}:$PATH"
        eval "$(monocyte completion bash)"
        COMP_WORDS=(monocyte {" ".join(f'"{word}"' for word in words)})
        COMP_CWORD={len(words)}
        COMP_LINE="monocyte {" ".join(words)}"
        COMP_POINT=${{#COMP_LINE}}
        _monocyte_completion monocyte "${{COMP_WORDS[-1]}}" "${{COMP_WORDS[-2]}}"
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    run = subprocess.run(
        ["bash", "--norc", "-c", script],
        cwd=shop,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stderr == ""
    assert set(run.stdout.split()) == COMPLETE[words]


@pytest.mark.parametrize(
    ("shell", "asked"),
    [
        ("zsh", {"COMP_WORDS": "monocyte ask todo.L", "COMP_CWORD": "2"}),
        ("fish", {"COMP_WORDS": "monocyte ask todo.L", "COMP_CWORD": "todo.L"}),
    ],
)
def test_other_shells_complete(shell: str, asked: dict[str, str], shop: Path) -> None:
    """Their scripts name the program, and it answers what they ask."""
    script = program("completion", shell, cwd=shop).stdout
    assert "monocyte" in script
    assert f"_MONOCYTE_COMPLETE={shell}_complete" in script
    answer = program(cwd=shop, _MONOCYTE_COMPLETE=f"{shell}_complete", **asked)
    assert "todo.ListOpen" in answer.stdout
    assert "Promise" not in answer.stdout


def test_where_there_is_no_app_nothing_is_completed(tmp_path: Path) -> None:
    """An empty answer, and no complaint amid a line that somebody types."""
    asked = {"COMP_WORDS": "monocyte ask todo.L", "COMP_CWORD": "2"}
    answer = program(cwd=tmp_path, _MONOCYTE_COMPLETE="bash_complete", **asked)
    assert (answer.stdout.strip(), answer.stderr) == ("", "")


# -- what a command needs --------------------------------------------------------------------------

HEAVY = ("starlette", "granian", "rich", "sqlite3", "asyncio", "http.client", "uvloop")


def test_help_imports_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    """Neither server, nor database, nor loop: help is there at once."""
    code = (
        "import sys\nfrom monocyte.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.splitlines()[-1] == "[]"


# -- what `new` makes ------------------------------------------------------------------------------


def test_a_new_app_passes_every_check(tmp_path: Path, cli: Cli) -> None:
    """Its scenario under twenty seeds, ruff, and mypy as strict as it gets."""
    root = tmp_path / "my-shop"
    assert cli("new", str(root)).exit_code == 0
    tested = program("test", "--seeds", "20", cwd=root)
    assert tested.returncode == 0, tested.stdout
    assert "40 passed, 0 failed" in tested.stdout
    checks = (
        ("ruff", "check", "--isolated", "--select", "E,F,I,B,UP,SIM,RUF", "--line-length", "100"),
        ("ruff", "format", "--isolated", "--check", "--line-length", "100"),
        ("mypy", "--strict", "--config-file="),
    )
    for name, *options in checks:
        run = subprocess.run(
            [sys.executable, "-m", name, *options, "my_shop"],
            cwd=root,
            env=environment(MYPYPATH=str(ROOT / "src")),
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stdout + run.stderr
