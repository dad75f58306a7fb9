"""Starting is cheap because it imports little; what is counted is modules, not milliseconds."""

import subprocess
import sys

import pytest

HEAVY = {"asyncio", "starlette", "granian", "sqlite3", "rich", "httpx", "uvloop"}


def imported_by(program: str) -> set[str]:
    """Return the top-level modules that a fresh interpreter holds after `program`."""
    report = f"import sys\n{program}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    run = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_the_probe_sees_what_is_imported() -> None:
    """The probe itself would notice: asyncio shows when imported, and not when it is not."""
    assert "asyncio" in imported_by("import asyncio")
    assert "asyncio" not in imported_by("")


def test_importing_monocyte_brings_in_neither_loop_nor_server_nor_terminal() -> None:
    """`import monocyte` is what every cell file does, so it costs words and checks only."""
    found = imported_by("import monocyte")
    assert "monocyte" in found
    assert found & (HEAVY | {"click"}) == set()


QUIETLY = """
import contextlib, io
from monocyte import cli
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    cli.main({arguments!r})
"""


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]], ids=" ".join)
def test_the_command_answers_simple_questions_without_the_server(arguments: list[str]) -> None:
    """`monocyte --help` needs click, and none of the rooms that do the work."""
    assert imported_by(QUIETLY.format(arguments=arguments)) & HEAVY == set()
