"""Keeps what checks have seen beside the app, in `.monocyte/`, which anybody may delete.

Two files. `record.json` is for whoever shows what was seen, with places inside of the app only.
`mutation.json` is what the next run takes over. What cannot be read is as good as not there: it is
evidence of the past, and can be had again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

import msgspec

from monocyte.errors import ConfigError
from monocyte.literate.mutation.report import MutationReport, joined
from monocyte.literate.record import Record

__all__ = ["FOLDER", "Keeper", "inside"]

T = TypeVar("T")

FOLDER = ".monocyte"
"""The folder in an app for what can be had again."""


class Keeper:
    """Reads and writes what was seen of the app in `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._folder = root / FOLDER

    def record(self) -> Record | None:
        """What the last checks have seen; None if there is nothing that can be read."""
        return self._read("record.json", Record)

    def mutation(self) -> MutationReport | None:
        """What the last mutation has found; None if there is nothing that can be read."""
        return self._read("mutation.json", MutationReport)

    def write(self, record: Record, mutation: MutationReport | None, known: Iterable[str]) -> None:
        """Keep what was seen; of cells that were not looked at, what was known, if still there.

        Raises:
            ConfigError: the folder cannot be written.
        """
        before = self.record()
        names = set(known)
        kept = {} if before is None else {n: c for n, c in before.cells.items() if n in names}
        cells = kept | record.cells
        whole = Record(record.app, {name: cells[name] for name in sorted(cells)})
        try:
            self._folder.mkdir(exist_ok=True)
            self._write(".gitignore", b"*\n")
            self._write("record.json", msgspec.json.format(msgspec.json.encode(whole), indent=1))
            if mutation is not None:
                whole_report = joined(self.mutation(), mutation)
                self._write("mutation.json", msgspec.json.encode(whole_report))
        except OSError as why:
            said = f"what was seen cannot be kept: {why.strerror}"
            mend = "make the folder writable"
            raise ConfigError(said, where=str(self._folder), mend=mend) from why

    def _read(self, name: str, kind: type[T]) -> T | None:
        try:
            return msgspec.json.decode((self._folder / name).read_bytes(), type=kind)
        except (OSError, msgspec.DecodeError, UnicodeError):
            return None

    def _write(self, name: str, content: bytes) -> None:
        """Whole or not at all: whoever reads meanwhile sees the old one."""
        file = self._folder / name
        fresh = file.with_name(f"{name}.{os.getpid()}")
        fresh.write_bytes(content)
        fresh.replace(file)


def inside(where: str, root: Path) -> str:
    """A place (file:line) as seen from the app's directory, if it is inside of it."""
    return where.removeprefix(f"{root}/")
