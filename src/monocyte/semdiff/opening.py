"""Old and new by what a person typed: paths, archives, revisions, `A..B`, or what git hands over.

This is where it is decided what a word means; the trees themselves come from `sources`, `archives`
and `revisions`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from monocyte.errors import ConfigError
from monocyte.semdiff.archives import ARCHIVES, from_archive
from monocyte.semdiff.revisions import INDEX, Blobs, Git, from_git, from_worktree, merge_base
from monocyte.semdiff.sources import Tree, from_directory, from_file, is_source

__all__ = ["open_pair", "open_tree"]

NOTHING = {os.devnull, "nul", "NUL"}
"""What git calls the side on which a file does not exist."""

EXTERNAL = 7
"""Arguments that git gives to GIT_EXTERNAL_DIFF: path, old file, hex, mode, new file, hex, mode."""


def open_pair(
    specs: Sequence[str], git: Git | None = None, *, staged: bool = False, name: str = ""
) -> tuple[Tree, Tree]:
    """Old and new. Without a word: HEAD and the working tree; `name` is what two files are called.

    Raises:
        ConfigError: what was typed names no two trees.
    """
    if len(specs) == EXTERNAL:
        path, old, _, _, new, *_ = specs
        return _side(old, path), _side(new, path)
    if staged:
        return _staged(specs, git)
    if len(specs) == 2 and all(_is_single(it) for it in specs):
        called = name or next(Path(it).name for it in reversed(specs) if it not in NOTHING)
        return _side(specs[0], called), _side(specs[1], called)
    if len(specs) == 2:
        blobs = Blobs(git) if git else None
        return open_tree(specs[0], git, blobs), open_tree(specs[1], git, blobs)
    if len(specs) > 2:
        raise ConfigError(
            "old and new are two", where=" ".join(specs), mend="narrow a diff down by --only PATH"
        )
    return _since(specs[0] if specs else "HEAD", git)


def _is_single(spec: str) -> bool:
    path = Path(spec)
    return spec in NOTHING or (path.is_file() and path.suffix not in ARCHIVES)


def _side(spec: str, name: str) -> Tree:
    return Tree(name=spec) if spec in NOTHING else from_file(Path(spec), name)


def _staged(specs: Sequence[str], git: Git | None) -> tuple[Tree, Tree]:
    if git is None:
        raise _needs_git("--staged")
    if len(specs) > 1:
        raise ConfigError(
            "is compared with one revision", where="--staged", mend="leave one of them out"
        )
    blobs = Blobs(git)
    return from_git(git, specs[0] if specs else "HEAD", blobs), from_git(git, INDEX, blobs)


def _since(spec: str, git: Git | None) -> tuple[Tree, Tree]:
    """`A..B`, `A...B` (since they parted), or a revision against the working tree."""
    if Path(spec).exists():
        raise ConfigError(
            "is one tree, and a diff needs two",
            where=spec,
            mend=f"name what to compare it with, or: monocyte diff HEAD --only {spec}",
        )
    if git is None:
        raise _needs_git(spec)
    blobs = Blobs(git)
    if ".." not in spec:
        return from_git(git, spec, blobs), from_worktree(git)
    old, dots, new = spec.partition("..." if "..." in spec else "..")
    old, new = old or "HEAD", new or "HEAD"
    if dots == "...":
        for revision in (old, new):
            from_git(git, revision, blobs)  # says which of the two is unknown
        old = merge_base(git, old, new)
    return from_git(git, old, blobs), from_git(git, new, blobs)


def _needs_git(spec: str) -> ConfigError:
    return ConfigError(
        "is no path here, and this is no git repository",
        where=spec,
        mend="check the path, or run inside a git repository to name a revision",
    )


def open_tree(spec: str, git: Git | None = None, blobs: Blobs | None = None) -> Tree:
    """The tree that a path, an archive or a revision names; raises `ConfigError`."""
    path = Path(spec)
    if spec in NOTHING:
        return Tree(name=spec)
    if path.is_dir():
        return from_directory(path)
    if path.is_file():
        return from_file(path) if is_source(spec) else from_archive(path)
    if git is None or path.suffix in ARCHIVES:
        raise _needs_git(spec)
    return from_git(git, spec, blobs)
