r"""Where trees of source come from: directories, files and memory; what a file of a tree is.

A tree is a mapping from path to `Source`; nothing in it is ever imported or executed. It also knows
the files that are no Python, which are compared but not read, and what it has not looked at, with
the reason: nothing is left out in silence. Archives, git and notebooks have files of their own.
"""

from __future__ import annotations

import codecs
import hashlib
import io
import os
import re
import tokenize
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath

from monocyte.semdiff.notebooks import NoNotebook, notebook_code

__all__ = [
    "BadSource",
    "Source",
    "Tree",
    "from_directory",
    "from_file",
    "from_texts",
    "held",
    "is_source",
    "plain_path",
    "python_lines",
    "read_limited",
]

PYTHON = frozenset({".py", ".pyi", ".pyw"})
NOTEBOOK = ".ipynb"
SKIPPED = {
    **dict.fromkeys((".git", ".hg", ".svn"), "it belongs to version control"),
    **dict.fromkeys((".tox", ".nox", ".venv", "node_modules"), "it holds what was installed"),
    **dict.fromkeys(("__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache"), ""),
}
"""Folders that are passed over, and why; without a reason, they hold nothing but caches."""

LARGEST = 20_000_000
"""Bytes; a larger file is named and not read."""


class BadSource(Exception):
    """A file that cannot be read as source, and why; the diff turns it into UNKNOWN."""


@dataclass(eq=False)
class Source:
    """One file of a tree: its path in the tree, and how to get its bytes."""

    path: str
    read: Callable[[], bytes]
    known: str = ""
    """Its digest, where that is known without reading it."""

    @cached_property
    def data(self) -> bytes:
        """The file's bytes as they are; raises `BadSource`."""
        try:
            return self.read()
        except OSError as error:
            raise BadSource(f"it cannot be read: {error.strerror or error}") from error

    @cached_property
    def digest(self) -> str:
        """What names its content, as git names it; raises `BadSource`."""
        if self.known:
            return self.known
        head = b"blob %d\0" % len(self.data)
        return hashlib.sha1(head + self.data, usedforsecurity=False).hexdigest()

    @cached_property
    def python(self) -> bytes:
        """The Python source in it; raises `BadSource` for what holds none."""
        if self.path.endswith(NOTEBOOK):
            try:
                return notebook_code(self.data)
            except NoNotebook as error:
                raise BadSource(str(error)) from error
        if b"\0" in self.data:
            raise BadSource("it is binary")
        return self.data

    @cached_property
    def text(self) -> str:
        """The Python source as text, by its coding cookie; what cannot be decoded is escaped."""
        try:
            encoding = tokenize.detect_encoding(io.BytesIO(self.python).readline)[0]
            return codecs.decode(self.python, encoding, "backslashreplace")
        except (SyntaxError, LookupError, ValueError, TypeError):
            return self.python.decode("utf-8", "backslashreplace")

    @cached_property
    def lines(self) -> list[str]:
        """Its lines as Python counts them, without their ends."""
        return [line.rstrip("\r\n") for line in python_lines(self.text)]


_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")


def python_lines(text: str) -> list[str]:
    """Lines as Python counts them: a form feed, or U+2028, ends none, other than `splitlines`."""
    return _LINE.findall(text)


@dataclass
class Tree(Mapping[str, Source]):
    """The Python files of one side, by path."""

    sources: dict[str, Source] = field(default_factory=dict)
    others: dict[str, Source] = field(default_factory=dict)
    """Files that are no Python, by path: whether they differ is seen, what it means is not."""
    unseen: dict[str, str] = field(default_factory=dict)
    """What was passed over, by path, and why."""
    root: Path | None = None
    """Where it lies as a directory, if it does."""
    name: str = ""
    """What people call it: a path, a revision."""

    def __getitem__(self, path: str) -> Source:
        return self.sources[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self.sources)

    def __len__(self) -> int:
        return len(self.sources)

    def add(self, source: Source) -> None:
        """Take in a file, by its name as Python or as something else."""
        kept = self.sources if is_source(source.path) else self.others
        kept[source.path] = source

    @property
    def digest(self) -> str:
        """What names the content of all Python files, their paths included."""
        made = hashlib.blake2b(digest_size=20)
        for path in sorted(self.sources):
            made.update(f"{path}\0{_digest(self.sources[path])}\n".encode("utf-8", "replace"))
        return made.hexdigest()


def _digest(source: Source) -> str:
    try:
        return source.digest
    except BadSource as why:
        return f"unreadable: {why}"


def is_source(path: str) -> bool:
    """Whether the diff reads files of this name."""
    suffix = PurePosixPath(path).suffix
    return suffix in PYTHON or suffix == NOTEBOOK


def plain_path(path: str) -> str:
    """A path that can be printed and written as JSON, whatever bytes a file is named by."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def read_limited(path: Path) -> bytes:
    """A plain file's bytes; raises `BadSource` for what is none, or is too large."""
    if not path.is_file():
        raise BadSource("it is a broken link" if path.is_symlink() else "it is no plain file")
    if path.stat().st_size > LARGEST:
        raise BadSource(f"it is larger than {LARGEST:,} bytes")
    return path.read_bytes()


# -- directories, single files, memory ------------------------------------------------------------


def from_directory(root: Path) -> Tree:
    """Every file below a directory; a folder that has been looked at is not followed again."""
    tree = Tree(root=root, name=str(root))
    seen: dict[tuple[int, int], str] = {}
    for folder, folders, files in os.walk(root, followlinks=True):
        inside = PurePosixPath(Path(folder).relative_to(root).as_posix())
        why = _pass_over(folder, str(inside), files, seen)
        if why is not None:
            folders.clear()
            if why:
                tree.unseen[f"{plain_path(str(inside))}/"] = why
            continue
        folders.sort()
        for name in sorted(files):
            path = Path(folder, name)
            tree.add(Source(plain_path(str(inside / name)), _Disk(path)))
    return tree


def _pass_over(
    folder: str, inside: str, files: list[str], seen: dict[tuple[int, int], str]
) -> str | None:
    """Why a folder is passed over; empty if that need not be said, None if it is looked at."""
    name = PurePosixPath(inside).name
    if name in SKIPPED:
        return SKIPPED[name]
    if "pyvenv.cfg" in files and inside != ".":
        return "it is a virtual environment"
    state = Path(folder).stat()
    key = (state.st_dev, state.st_ino)
    if key in seen:
        return f"it is a link to {seen[key]}, which is looked at there"
    seen[key] = plain_path(inside)
    return None


@dataclass(frozen=True)
class _Disk:
    path: Path

    def __call__(self) -> bytes:
        return read_limited(self.path)


def from_file(path: Path, name: str | None = None) -> Tree:
    """A tree of one file; `name` is what it is called in the tree."""
    inside = name or plain_path(path.name)
    tree = Tree(name=str(path))
    tree.add(Source(inside, _Disk(path)))
    return tree


def from_texts(texts: Mapping[str, str | bytes]) -> Tree:
    """A tree from memory."""
    tree = Tree(name="memory")
    for path, text in texts.items():
        tree.add(held(path, text))
    return tree


def held(path: str, text: str | bytes) -> Source:
    """A file whose content is known."""
    data = text.encode() if isinstance(text, str) else text
    return Source(path, lambda: data)
