"""Where trees of source come from: directories, files, git revisions, the index, wheels, notebooks.

A tree is a mapping from path to `Source`; nothing in it is ever imported or executed. Reading is
lazy and tells what it could not read. Git is asked through a function that the caller hands in, so
that this room starts no process itself.
"""

from __future__ import annotations

import ast
import io
import json
import os
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Protocol

from monocyte.errors import ConfigError

__all__ = [
    "BadSource",
    "Source",
    "Tree",
    "from_archive",
    "from_directory",
    "from_file",
    "from_git",
    "from_texts",
    "open_pair",
    "open_tree",
]

PYTHON = frozenset({".py", ".pyi", ".pyw"})
NOTEBOOK = ".ipynb"
SKIPPED = frozenset({".git", ".hg", "__pycache__", ".tox", ".nox", ".venv", "node_modules"})
LARGEST = 20_000_000
"""Bytes; a larger file is named and not read."""


class BadSource(Exception):  # noqa: N818 - private to the diff, which turns it into UNKNOWN
    """A file that cannot be read as source, and why."""


@dataclass(eq=False)
class Source:
    """One file of a tree: its path in the tree, and how to get its bytes."""

    path: str
    read: Callable[[], bytes]

    @cached_property
    def data(self) -> bytes:
        """The file's bytes as they are; raises `BadSource`."""
        try:
            return self.read()
        except OSError as error:
            raise BadSource(f"it cannot be read: {error}") from error

    @cached_property
    def python(self) -> bytes:
        """The Python source in it; raises `BadSource` for what holds none."""
        if len(self.data) > LARGEST:
            raise BadSource(f"it is larger than {LARGEST} bytes")
        if self.path.endswith(NOTEBOOK):
            return notebook_code(self.data)
        if b"\0" in self.data:
            raise BadSource("it is binary")
        return self.data


Tree = Mapping[str, Source]


class Git(Protocol):
    """Runs `git` with arguments and input, and returns its output; raises OSError if it fails."""

    def __call__(self, arguments: Sequence[str], given: bytes = b"") -> bytes:
        """Run one command."""


def is_source(path: str) -> bool:
    """Whether the diff reads files of this name."""
    suffix = PurePosixPath(path).suffix
    return suffix in PYTHON or suffix == NOTEBOOK


# -- directories and single files -----------------------------------------------------------------


def from_directory(root: Path) -> dict[str, Source]:
    """Every source file below a directory; links to directories already seen are not followed."""
    found: dict[str, Source] = {}
    seen: set[tuple[int, int]] = set()
    for folder, folders, files in os.walk(root, followlinks=True):
        state = Path(folder).stat()
        if (state.st_dev, state.st_ino) in seen:
            folders.clear()
            continue
        seen.add((state.st_dev, state.st_ino))
        folders[:] = sorted(f for f in folders if f not in SKIPPED)
        for name in sorted(files):
            path = Path(folder, name)
            if is_source(name):
                inside = path.relative_to(root).as_posix()
                found[inside] = Source(inside, path.read_bytes)
    return found


def from_file(path: Path, name: str | None = None) -> dict[str, Source]:
    """A tree of one file; `name` is what it is called in the tree."""
    inside = name or path.name
    return {inside: Source(inside, path.read_bytes)}


def from_texts(texts: Mapping[str, str | bytes]) -> dict[str, Source]:
    """A tree from memory."""
    return {path: _held(path, text) for path, text in texts.items()}


def _held(path: str, text: str | bytes) -> Source:
    data = text.encode() if isinstance(text, str) else text
    return Source(path, lambda: data)


# -- archives -------------------------------------------------------------------------------------


def from_archive(path: Path) -> dict[str, Source]:
    """Every source file of a wheel, a zip or an sdist."""
    if zipfile.is_zipfile(path):
        return dict(_zipped(path))
    if tarfile.is_tarfile(path):
        return dict(_tarred(path))
    raise ConfigError(
        "is neither a wheel, a zip nor a tar archive",
        where=str(path),
        mend="name a directory, a file, an archive, or a git revision",
    )


def _zipped(path: Path) -> Iterator[tuple[str, Source]]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if is_source(info.filename) and info.file_size <= LARGEST:
                yield info.filename, _held(info.filename, archive.read(info))


def _tarred(path: Path) -> Iterator[tuple[str, Source]]:
    with tarfile.open(path) as archive:
        for member in archive:
            if not member.isfile() or not is_source(member.name) or member.size > LARGEST:
                continue
            file = archive.extractfile(member)
            inside = member.name.partition("/")[2]  # below the sdist's one folder
            if file is not None and inside:
                yield inside, _held(inside, file.read())


# -- git ------------------------------------------------------------------------------------------


def from_git(git: Git, revision: str) -> dict[str, Source]:
    """Every source file of a revision; `:` alone is the index, that is, what is staged."""
    listing = (
        git(["ls-files", "--stage", "-z"])
        if revision == ":"
        else git(["ls-tree", "-r", "-z", "--full-tree", f"{_checked(revision)}^{{tree}}"])
    )
    entries = [_entry(line) for line in listing.split(b"\0") if line]
    return {
        path: Source(path, _Blob(git, blob))
        for mode, blob, path in entries
        if is_source(path) and mode in {b"100644", b"100755"}
    }


def _entry(line: bytes) -> tuple[bytes, str, str]:
    """`mode type blob\\tpath` of ls-tree, `mode blob stage\\tpath` of ls-files."""
    fields, _, path = line.partition(b"\t")
    mode, second, third = fields.split()[:3]
    blob = third if second in {b"blob", b"commit", b"tree"} else second
    return mode, blob.decode("ascii"), path.decode("utf-8", "surrogateescape")


def _checked(revision: str) -> str:
    """A revision is no option, whatever somebody called their branch."""
    if revision.startswith("-"):
        raise ConfigError("is not a git revision", where=revision, mend="name a commit or a branch")
    return revision


@dataclass(frozen=True)
class _Blob:
    git: Git
    blob: str

    def __call__(self) -> bytes:
        return self.git(["cat-file", "blob", self.blob])


# -- by what a person typed -----------------------------------------------------------------------


def open_tree(spec: str, git: Git | None = None) -> dict[str, Source]:
    """The tree that a path, an archive or a revision names; raises `ConfigError`."""
    path = Path(spec)
    if path.is_dir():
        return from_directory(path)
    if path.is_file():
        return from_file(path) if is_source(spec) else from_archive(path)
    if git is None:
        raise ConfigError(
            "is neither a file nor a directory",
            where=spec,
            mend="check the path, or run inside a git repository to name a revision",
        )
    return from_git(git, spec)


def open_pair(
    specs: Sequence[str], git: Git | None = None, *, staged: bool = False
) -> tuple[dict[str, Source], dict[str, Source]]:
    """Old and new: two specs, `A..B`, one revision against the working tree, or HEAD and the index."""
    if staged and git is not None:
        return from_git(git, specs[0] if specs else "HEAD"), from_git(git, ":")
    if len(specs) == 1 and ".." in specs[0] and git is not None and not Path(specs[0]).exists():
        old, _, new = specs[0].partition("..")
        return from_git(git, old or "HEAD"), from_git(git, new.lstrip(".") or "HEAD")
    if len(specs) == 1 and git is not None:
        return from_git(git, specs[0]), from_directory(_worktree(git))
    if len(specs) == 2 and all(Path(spec).is_file() and is_source(spec) for spec in specs):
        name = Path(specs[1]).name
        return from_file(Path(specs[0]), name), from_file(Path(specs[1]), name)
    if len(specs) == 2:
        return open_tree(specs[0], git), open_tree(specs[1], git)
    raise ConfigError(
        "old and new are needed", where=" ".join(specs), mend="give two trees, or A..B"
    )


def _worktree(git: Git) -> Path:
    return Path(os.fsdecode(git(["rev-parse", "--show-toplevel"]).rstrip(b"\n")))


# -- notebooks ------------------------------------------------------------------------------------


def notebook_code(data: bytes) -> bytes:
    """The code cells of a notebook as one module; a cell's last expression is shown, so it counts.

    Magic lines become calls of `__magic__`, and each cell starts with a call of `__cell__`, which
    keeps what it does in its place.
    """
    try:
        cells = json.loads(data)["cells"]
        code = [_joined(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError) as error:
        raise BadSource(f"it is no notebook: {error}") from error
    out = io.StringIO()
    for number, text in enumerate(code):
        out.write(f"__cell__({number})\n{_shown(text)}\n")
    return out.getvalue().encode()


def _joined(source: object) -> str:
    return "".join(source) if isinstance(source, list) else str(source)


def _shown(cell: str) -> str:
    lines = cell.rstrip().splitlines()
    if lines and lines[0].startswith("%%"):
        return f"__magic__({cell!r})"
    return _wrap_last("\n".join(_magic(line) for line in lines))


def _wrap_last(cell: str) -> str:
    """The expression that a cell ends in is what it displays."""
    try:
        body = ast.parse(cell).body
    except (SyntaxError, ValueError):
        return cell  # will be reported when the notebook as a whole is parsed
    if not body or not isinstance(body[-1], ast.Expr) or cell.rstrip().endswith(";"):
        return cell
    shown = ast.get_source_segment(cell, body[-1]) or ""
    before = cell.splitlines()[: body[-1].lineno - 1]
    return "\n".join([*before, f"__shown__(({shown}))"])


def _magic(line: str) -> str:
    bare = line.lstrip()
    if bare.startswith(("%", "!", "?")) or bare.endswith("?"):
        return f"{line[: len(line) - len(bare)]}__magic__({bare!r})"
    return line
