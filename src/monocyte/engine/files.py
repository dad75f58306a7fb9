"""The Files port on a disk: one private directory per cell, below the host's.

A name is a relative path that stays inside, links followed. A file is replaced whole: written
beside, synced, and renamed, so that a crash leaves the old content or the new; and what `write` has
returned from outlives a power cut. Drafts are kept outside of every cell's directory, so that they
take nobody's name; a host clears what a crash has left of them when it starts.
"""

from __future__ import annotations

import os
import shutil
from itertools import count
from pathlib import Path, PurePosixPath

from monocyte.errors import PortFailed
from monocyte.journal.opening import sync_directory

__all__ = ["Directory", "clear_drafts"]

DRAFTS = ".drafts"
"""No cell is called so."""

_number = count(1).__next__


class Directory:
    """The files of one cell. Methods block, and may be called on any thread.

    All raise PortFailed for what cannot be a name, OSError for what the disk refuses.
    """

    def __init__(self, cell: str, root: Path | None) -> None:
        self._cell = cell
        self._host = root

    def read(self, name: str) -> bytes:
        """The bytes of a file."""
        return self._path(name).read_bytes()

    def write(self, name: str, content: bytes) -> None:
        """Replace a file, or make it, with the directories on its way."""
        path = self._path(name)
        drafts = self._root().parent / DRAFTS
        drafts.mkdir(exist_ok=True, mode=0o700)
        self._make(path.parent)
        draft = drafts / f"{self._cell}-{_number()}"
        try:
            with draft.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        sync_directory(path.parent)

    def list(self) -> tuple[str, ...]:
        """The names of all files, sorted."""
        root = self._root()
        return tuple(sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file()))

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        path = self._path(name)
        if path.exists():
            path.unlink(missing_ok=True)
            sync_directory(path.parent)

    def _path(self, name: str) -> Path:
        inside = PurePosixPath(name)
        if inside.is_absolute() or ".." in inside.parts or "\0" in name or not inside.parts:
            raise PortFailed(f"Files: {name!r} is not inside the cell's directory", cell=self._cell)
        root = self._root()
        try:
            path = (root / inside).resolve()
        except RuntimeError as why:
            raise PortFailed(f"Files: {name!r} leads in a circle", cell=self._cell) from why
        if not path.is_relative_to(root):
            raise PortFailed(f"Files: {name!r} leads out of the cell's directory", cell=self._cell)
        return path

    def _root(self) -> Path:
        if self._host is None:
            raise PortFailed("Files: this host keeps no files", cell=self._cell)
        root = self._host.resolve() / self._cell
        self._make(root)
        return root

    def _make(self, directory: Path) -> None:
        """Make a directory and those above it, so that a power cut does not take them away."""
        if directory.is_dir():
            return
        self._make(directory.parent)
        directory.mkdir(exist_ok=True, mode=0o700)
        sync_directory(directory.parent)


def clear_drafts(root: Path | None) -> None:
    """Remove what a crash has left half-written; nobody may be writing."""
    if root is not None:
        shutil.rmtree(root / DRAFTS, ignore_errors=True)
