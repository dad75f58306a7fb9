"""The directory of a site: ours by the index in it; what is not in the index is not ours.

Each file is written beside its place and then put there, so nobody reads half a page. The index is
written before the pages, with what is about to come, and after them: a weaving that was interrupted
is carried on by the next. A file that somebody else has put or changed is never written or removed.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path, PurePosixPath

import msgspec

from monocyte.errors import ConfigError
from monocyte.literate.weave.files import digest
from monocyte.literate.weave.summary import Summary

__all__ = ["INDEX", "Index", "Kept", "Output", "Written"]

INDEX = ".monocyte-weave.json"
"""The file that makes a directory a site of ours."""


class Written(msgspec.Struct, frozen=True):
    """A file of the site: what it was made of, and what it holds; empty if in the making."""

    inputs: str
    content: str


class Kept(msgspec.Struct, frozen=True):
    """A summary, and the inputs that it was made of."""

    inputs: str
    summary: Summary


class Index(msgspec.Struct, frozen=True):
    """What was woven last."""

    monocyte_site: int = 1
    files: dict[str, Written] = {}
    kept: dict[str, Kept] = {}


class Output:
    """The directory `folder`, with what the last weaving left in `index`.

    Raises:
        ConfigError: it is not empty, and not ours.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.index = _opened(folder)
        self._digests: dict[str, str] = {}

    def current(self, path: str, inputs: str) -> Written | None:
        """What was made of these inputs, if the file is still as it was made."""
        known = self.index.files.get(path)
        is_same = known is not None and known.inputs == inputs and self._now(path) == known.content
        return known if is_same else None

    def begin(self, paths: list[str]) -> None:
        """Say what is about to be written.

        Raises:
            ConfigError: a foreign file is in the place of one of them.
        """
        for path in paths:
            self._refuse_foreign(path)
        coming = {path: Written("", "") for path in paths if path not in self.index.files}
        self.folder.mkdir(parents=True, exist_ok=True)
        self._save(Index(files=self.index.files | coming, kept=self.index.kept))

    def write(self, path: str, inputs: str, content: bytes) -> Written:
        """Put a file in its place; one that holds this already is left alone."""
        made = Written(inputs, digest(content))
        if self._now(path) != made.content:
            self._put(path, content)
        return made

    def finish(
        self, files: dict[str, Written], kept: dict[str, Kept]
    ) -> tuple[list[str], list[str]]:
        """Remove the files of what is no more, save the index; returns the removed, the foreign."""
        removed, foreign = [], []
        for path, known in sorted(self.index.files.items()):
            if path in files or not _is_inside(path):
                continue
            if self._now(path) == known.content and known.content:
                (self.folder / path).unlink()
                removed.append(path)
            elif self._now(path):
                foreign.append(path)
        self._save(Index(files=dict(sorted(files.items())), kept=dict(sorted(kept.items()))))
        return removed, foreign

    def _refuse_foreign(self, path: str) -> None:
        place = self.folder / path
        for folder in list(place.parents)[: path.count("/") + 1]:
            if folder.is_symlink() and folder != self.folder:
                mend = "move it away, or weave into another directory"
                raise ConfigError("a link leads out of the site", where=str(folder), mend=mend)
        if path not in self.index.files and (place.exists() or place.is_symlink()):
            mend = "move it away, or weave into another directory"
            raise ConfigError("this file is not of the site", where=str(place), mend=mend)

    def _now(self, path: str) -> str:
        """The digest of a file as it is; empty if there is none."""
        if path not in self._digests:
            place = self.folder / path
            try:
                self._digests[path] = "" if place.is_symlink() else digest(place.read_bytes())
            except OSError:
                self._digests[path] = ""
        return self._digests[path]

    def _put(self, path: str, content: bytes) -> None:
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".weaving-", dir=place.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(name).chmod(0o644)
            Path(name).replace(place)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def _save(self, index: Index) -> None:
        content = msgspec.json.encode(index) + b"\n"
        if self._now(INDEX) != digest(content):
            self._put(INDEX, content)
            self._digests[INDEX] = digest(content)


def _opened(folder: Path) -> Index:
    mend = "give an empty directory, or one that `monocyte weave` has made"
    if folder.exists() and not folder.is_dir():
        raise ConfigError("this is no directory", where=str(folder), mend=mend)
    if not folder.exists() or not any(folder.iterdir()):
        return Index()
    if not (folder / INDEX).is_file():
        raise ConfigError("this directory holds something else", where=str(folder), mend=mend)
    try:
        index = msgspec.json.decode((folder / INDEX).read_bytes(), type=Index)
    except msgspec.MsgspecError:
        return _unreadable(folder)
    return index


def _unreadable(folder: Path) -> Index:
    """An index of another version, or a damaged one: nobody knows what is ours."""
    mend = "remove the directory, and weave again"
    raise ConfigError("the index of this site cannot be read", where=str(folder / INDEX), mend=mend)


def _is_inside(path: str) -> bool:
    """Whether a path in the index stays inside of the site."""
    pure = PurePosixPath(path)
    return not pure.is_absolute() and ".." not in pure.parts
