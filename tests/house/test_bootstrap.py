"""What the two commands say on a machine that lacks something, tried with a PATH of our own."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

TOO_OLD = "exit 1"
BROKEN_SHIM = "echo 'shim: command not found' >&2; exit 127"
GOOD = 'case "$*" in *--version*) echo Python 3.12.9 ;; esac'
WITHOUT_VENV = """case "$*" in
    *'import ensurepip'*) exit 1 ;;
    *print*) echo 3.12 ;;
    *--version*) echo Python 3.12.9 ;;
esac"""


def bootstrap(machine: Path, pythons: dict[str, str], **env: str) -> tuple[int, str]:
    """Run the bootstrap where nothing but `pythons` (name to shell body) is on PATH."""
    for name, body in pythons.items():
        program = machine / name
        program.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        program.chmod(0o755)
    run = subprocess.run(
        ["/bin/sh", ROOT / "tools" / "bootstrap.sh"],
        cwd=machine,
        env={"PATH": str(machine), **env},
        capture_output=True,
        text=True,
        check=False,
    )
    return run.returncode, run.stderr


# What make tells a make that it starts.
MAKE_SAYS = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "ARGS")

MISSING = {
    "no python": ({}, {}, "no Python >= 3.11 found on PATH"),
    "only old ones": ({"python3": TOO_OLD}, {}, "no Python >= 3.11 found on PATH"),
    "a bad wish": ({"python3": GOOD}, {"PYTHON": "python9"}, "PYTHON=python9 does not run"),
    "no venv": ({"python3": WITHOUT_VENV}, {}, "apt-get install python3.12-venv"),
}


@pytest.mark.parametrize(("pythons", "env", "says"), MISSING.values(), ids=MISSING)
def test_what_is_missing_is_named(
    tmp_path: Path, pythons: dict[str, str], env: dict[str, str], says: str
) -> None:
    """One clear message says what to install or to type, and the exit code is not 0."""
    code, output = bootstrap(tmp_path, pythons, **env)
    assert code == 1, output
    assert says in output


@pytest.mark.parametrize(
    ("pythons", "chosen"),
    [
        ({"python3.13": BROKEN_SHIM, "python3.12": GOOD, "python3": GOOD}, "python3.12"),
        ({"python3.11": TOO_OLD, "python": GOOD}, "python"),
    ],
    ids=["a shim that points nowhere", "only the plain name"],
)
def test_a_python_that_runs_is_chosen(tmp_path: Path, pythons: dict[str, str], chosen: str) -> None:
    """A name on PATH is not enough: the newest that runs and is new enough is taken."""
    _, output = bootstrap(tmp_path, pythons)
    assert f"({chosen})" in output


def make(*arguments: str) -> str:
    """Run make as a person would, whatever make this test was itself started by."""
    env = {name: value for name, value in os.environ.items() if name not in MAKE_SAYS}
    run = subprocess.run(
        ["make", *arguments], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )
    return run.stdout


def test_help_lists_every_target() -> None:
    """`make help` and the targets of the Makefile are the same list."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert re.findall(r"^  make (\w+)", make("help"), re.MULTILINE) == phony.split()


def test_the_tests_come_last() -> None:
    """Pytest is the last thing that `make test` runs, so its summary is the last word."""
    last = make("--dry-run", "test", "VENV=.venv").splitlines()[-1]
    assert last.strip() == ".venv/bin/python -m pytest -n auto --dist loadfile"
