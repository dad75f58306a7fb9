"""Apps for the tests of this room: written to disk, and loaded."""

from pathlib import Path

from monocyte.cell import Loaded, load_package

HERE = "#!"
"""Marks, at the end of a line, where a fault is expected."""

HEAD = """\
from datetime import datetime, timedelta
from typing import Any, ClassVar

from monocyte import (
    Ask, Caller, Cell, Clock, Command, Event, Files, Ids, Map, Query, State, Tick, Value,
)

"""

SHOP = (
    HEAD
    + """\
class Made(Event):
    id: int

class Make(Command[Made]):
    id: int

S = dict[int, int]
cell = Cell("shop", state=S)

@cell.handles
def make(it: Make, s: S, caller: Caller) -> Made:
    return Made(it.id)

@cell.evolves
def enter(it: Made, s: S) -> None:
    s[it.id] = it.id

class _Draft(Value):
    id: int

LIMIT = 3

"""
)
"""A small cell that is well formed, to which a test adds what it is about."""


class App:
    """A package on disk: write its files, load it."""

    def __init__(self, root: Path, package: str) -> None:
        self.root = root
        self.package = package
        self.folder = root / package

    def write(self, name: str, source: str) -> Path:
        """Write one file of the package; `{app}` stands for the package's name."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source.replace("{app}", self.package))
        return file

    def load(self, **sources: str) -> Loaded:
        """Write files (`shop="..."` is shop.py) and load the package."""
        for name, source in sources.items():
            self.write(f"{name}.py", source)
        return load_package(self.root, self.package)

    def marked(self, name: str) -> list[str]:
        """file:line of the lines that are marked `HERE`."""
        file = self.folder / f"{name}.py"
        lines = enumerate(file.read_text().splitlines(), 1)
        return [f"{file}:{number}" for number, line in lines if line.endswith(HERE)]
