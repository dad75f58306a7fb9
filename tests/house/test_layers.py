"""The layers hold, and import-linter would say so if they did not."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
CONTRACTS = {
    contract["id"]: contract
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
        "importlinter"
    ]["contracts"]
}
PURE = (
    *("errors", "tables", "contracts", "cell", "semdiff", "policy"),
    *("bus.core", "bus.frames", "bus.interface", "bus.peer"),
    *("genops.budget", "genops.metering.exchange", "genops.metering.wires", "genops.money"),
)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the sources and the configuration, to do wrong in."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=ignored)
    return tmp_path


def lint(house: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the copy, and only on the copy."""
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"],
        cwd=house,
        env={**os.environ, "PYTHONPATH": str(house / "src"), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def exists(room: str) -> bool:
    """Whether `room` (dotted, below monocyte) has been built yet."""
    path = ROOT.joinpath("src", "monocyte", *room.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def add_line(house: Path, room: str, line: str) -> None:
    """Add an import to a room that is there, or open the room with it."""
    path = house.joinpath("src", "monocyte", *room.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    path.parent.mkdir(exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")


def test_the_house_as_it_is_keeps_every_contract(house: Path) -> None:
    """The unchanged copy is green, so that red below means the seeded wrong."""
    run = lint(house)
    assert run.returncode == 0, run.stdout + run.stderr


SEEDED = {
    "up": ("errors", "import monocyte.contracts", "layers"),
    "sibling": ("cell", "import monocyte.journal", "layers"),
    "a room without a place": ("attic", "", "layers"),
    "a loop in contracts": ("contracts", "import asyncio", "pure"),
    "a disk in a cell": ("cell", "def late() -> None:\n    import sqlite3", "pure"),
    "a wire in the bus core": ("bus.core", "import socket", "pure"),
    "only for types": (
        "errors",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import threading",
        "pure",
    ),
}


@pytest.mark.parametrize(("room", "line", "contract"), SEEDED.values(), ids=SEEDED)
def test_a_wrong_import_turns_its_contract_red(
    house: Path, room: str, line: str, contract: str
) -> None:
    """One wrong line anywhere in the house is named by the contract that forbids it."""
    add_line(house, room, line)
    run = lint(house)
    assert run.returncode == 1, run.stdout + run.stderr
    assert f"{CONTRACTS[contract]['name']} BROKEN" in run.stdout


def test_a_cycle_inside_a_room_turns_red(house: Path) -> None:
    """Two files of one room that import each other are found, too."""
    add_line(house, "contracts.heads", "import monocyte.contracts.tails")
    add_line(house, "contracts.tails", "import monocyte.contracts.heads")
    run = lint(house)
    assert run.returncode == 1, run.stdout + run.stderr
    assert f"{CONTRACTS['acyclic']['name']} BROKEN" in run.stdout


def test_every_pure_room_that_exists_is_under_the_pure_contract() -> None:
    """A pure room comes under its contract on the day it is built."""
    assert set(CONTRACTS["pure"]["source_modules"]) == {
        f"monocyte.{room}" for room in PURE if exists(room)
    }


OWNERS = {
    "sqlite3": {"journal", "semdiff.keeping"},  # the other is one file of what can be had again
    "starlette": {"dmz"},
    "granian": {"dmz"},
    "click": {"cli"},
    "rich": {"cli"},
    **{library: {"genops"} for library in ("genai_prices", "httpx2", "uvicorn")},
}
"""Rooms, or files of a room."""


@pytest.mark.parametrize(("library", "owners"), OWNERS.items(), ids=OWNERS)
def test_a_library_has_one_room(library: str, owners: set[str]) -> None:
    """What comes from outside is met in one room, and can be exchanged there."""
    graph = grimp.build_graph("monocyte", include_external_packages=True)
    users = graph.find_modules_that_directly_import(library)
    for user in users:
        room, file = user.split(".")[1], ".".join(user.split(".")[1:3])
        assert owners & {room, file}, user
    assert users
