"""Trees from git: revisions, the index, and the working tree without what git ignores.

Git is asked through a function that the caller hands in, so that this room starts no process
itself. All files of a tree are read in one go, and what two revisions share is read once.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from monocyte.errors import ConfigError
from monocyte.semdiff.sources import (
    LARGEST,
    BadSource,
    Source,
    Tree,
    is_source,
    plain_path,
    read_limited,
)

__all__ = ["INDEX", "Blobs", "Git", "from_git", "from_worktree", "merge_base"]

INDEX = ":"
"""The revision that stands for what is staged."""

MODES = {b"120000": "it is a link", b"160000": "it is a submodule, a repository of its own"}


class Git(Protocol):
    """Runs `git` with arguments and input, and returns its output; raises OSError if it fails."""

    def __call__(self, arguments: Sequence[str], given: bytes = b"") -> bytes:
        """Run one command."""


@dataclass
class Blobs:
    """Contents by the names that git gives them; read together, the first time one is asked for."""

    git: Git
    wanted: dict[str, None] = field(default_factory=dict)
    found: dict[str, bytes] = field(default_factory=dict)

    def get(self, blob: str) -> bytes:
        """The content of a blob; raises `BadSource`."""
        if blob not in self.found:
            self._fetch([*(self.wanted if blob in self.wanted else ()), blob])
        if blob not in self.found:
            raise BadSource(f"git has lost its content, {blob}, or it is too large")
        return self.found[blob]

    def _fetch(self, blobs: Sequence[str]) -> None:
        missing = [it for it in dict.fromkeys(blobs) if it not in self.found]
        answer = self.git(["cat-file", "--batch"], "".join(f"{it}\n" for it in missing).encode())
        at = 0
        for blob in missing:
            end = answer.index(b"\n", at)
            fields = answer[at:end].split()
            at = end + 1
            if len(fields) == 3:  # name, type, size; else "missing"
                size = int(fields[2])
                self.found[blob] = answer[at : at + size]
                at += size + 1


def from_git(git: Git, revision: str, blobs: Blobs | None = None) -> Tree:
    """Every file of a revision; `INDEX` is what is staged.

    Raises:
        ConfigError: git knows no such revision.
    """
    blobs = blobs or Blobs(git)
    tree = Tree(name="the index" if revision == INDEX else revision)
    for mode, blob, stage, path in _listed(git, revision):
        if mode in MODES:
            tree.unseen[path] = MODES[mode]
        elif stage not in (b"", b"0"):
            tree.unseen[path] = "it is in conflict, and has no one content"
        else:
            tree.add(Source(path, _Blob(blobs, blob), blob if len(blob) == 40 else ""))
            if is_source(path):
                blobs.wanted[blob] = None
    return tree


def _listed(git: Git, revision: str) -> list[tuple[bytes, str, bytes, str]]:
    if revision == INDEX:
        listing = git(["ls-files", "--stage", "-z", "--full-name", ":/"])
    else:
        listing = _asked(git, revision)
    return [_entry(line, revision == INDEX) for line in listing.split(b"\0") if line]


def _asked(git: Git, revision: str) -> bytes:
    # A revision is no option, whatever somebody called their branch.
    if not revision.startswith("-"):
        try:
            return git(["ls-tree", "-r", "-z", "--full-tree", f"{revision}^{{tree}}"])
        except OSError:
            pass
    raise ConfigError(
        "is no path here, and no revision that git knows",
        where=revision,
        mend="check how it is spelled; `git log --oneline --all` lists revisions",
    )


def _entry(line: bytes, is_index: bool) -> tuple[bytes, str, bytes, str]:
    r"""`mode type blob\tpath` of ls-tree, `mode blob stage\tpath` of ls-files."""
    fields, _, raw = line.partition(b"\t")
    mode, second, third = fields.split()[:3]
    blob, stage = (second, third) if is_index else (third, b"")
    path = plain_path(raw.decode("utf-8", "surrogateescape"))
    return mode, blob.decode("ascii"), stage, path


@dataclass(frozen=True)
class _Blob:
    blobs: Blobs
    blob: str

    def __call__(self) -> bytes:
        data = self.blobs.get(self.blob)
        if len(data) > LARGEST:
            raise BadSource(f"it is larger than {LARGEST:,} bytes")
        return data


def from_worktree(git: Git) -> Tree:
    """What lies in the working tree and is not ignored, whether git knows it already or not."""
    root = Path(os.fsdecode(git(["rev-parse", "--show-toplevel"]).rstrip(b"\n")))
    listing = git(["ls-files", "-z", "--full-name", "-c", "-o", "--exclude-standard", ":/"])
    tree = Tree(root=root, name="the working tree")
    for raw in sorted({it for it in listing.split(b"\0") if it}):
        path = root / os.fsdecode(raw)
        inside = plain_path(raw.decode("utf-8", "surrogateescape"))
        if path.is_symlink():
            tree.unseen[inside] = MODES[b"120000"]
        elif path.is_dir():
            tree.unseen[inside] = MODES[b"160000"]
        elif path.exists():  # else it is deleted, and not yet staged
            tree.add(Source(inside, _OnDisk(path)))
    return tree


@dataclass(frozen=True)
class _OnDisk:
    path: Path

    def __call__(self) -> bytes:
        return read_limited(self.path)


def merge_base(git: Git, one: str, other: str) -> str:
    """Where two revisions parted; raises `ConfigError` if they never were one."""
    try:
        return git(["merge-base", "--end-of-options", one, other]).decode("ascii").strip()
    except OSError as error:
        raise ConfigError(
            "have no common ancestor that git knows",
            where=f"{one} and {other}",
            mend="compare them directly, with two dots",
        ) from error
