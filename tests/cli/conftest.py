"""Commands, in this process and as people run them; each test forgets what it imported."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner, Result

from monocyte.cli import main

ROOT = Path(__file__).parents[2]
PROGRAM = (
    sys.executable,
    "-c",
    "import sys; sys.argv[0] = 'monocyte'; from monocyte.cli import main; main()",
)


@pytest.fixture(autouse=True)
def _forget_imports(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Leave `sys.modules` and `sys.path` as they were: apps of tests share their names."""
    for name in ("MONOCYTE_KEY", "MONOCYTE_URL"):
        monkeypatch.delenv(name, raising=False)
    modules, path = set(sys.modules), list(sys.path)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if "pytest-" in (getattr(sys.modules[name], "__file__", None) or ""):
            del sys.modules[name]


Cli = Callable[..., Result]


@pytest.fixture
def cli() -> Cli:
    """Runs a command in this process; a traceback is a failure, whatever was typed."""

    def run(*arguments: str, **options: Any) -> Result:
        result = CliRunner().invoke(main, list(arguments), prog_name="monocyte", **options)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert "Traceback" not in result.output
        return result

    return run


@pytest.fixture
def shop(tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new app, and the directory that one is in."""
    monkeypatch.chdir(tmp_path)
    assert cli("new", "shop").exit_code == 0
    monkeypatch.chdir("shop")
    return tmp_path / "shop"


def environment(**more: str) -> dict[str, str]:
    """What a program of ours needs around it."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return kept | {"PYTHONPATH": str(ROOT / "src"), "NO_COLOR": "1"} | more


def program(*arguments: str, cwd: Path, **more: str) -> "subprocess.CompletedProcess[str]":
    """Run a command as people do, to its end."""
    return subprocess.run(
        [*PROGRAM, *arguments],
        cwd=cwd,
        env=environment(**more),
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


class Running(NamedTuple):
    """`monocyte run --json` at work."""

    process: "subprocess.Popen[str]"
    url: str
    key: str


@contextmanager
def running(app: Path, *arguments: str) -> Iterator[Running]:
    """An app that runs on any free port until the block ends."""
    process = subprocess.Popen(
        [*PROGRAM, "run", "--json", "--port", "0", *arguments],
        cwd=app,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, process.stderr.read() if process.stderr else ""
            said = json.loads(line)
            yield Running(process, said["url"], said["new_key"])
        finally:
            process.terminate()
            process.communicate(timeout=20)
