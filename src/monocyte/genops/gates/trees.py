"""Trees of git's on the disk, byte by byte as they were committed, for gates to look at.

Nothing of a repository's own has a say in it: no attribute, no filter, no hook. Links are made as
links, so that nobody takes for a file what leads elsewhere; submodules stay empty, and differ.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from monocyte.errors import GenopsError
from monocyte.genops.gates.case import Author, Case
from monocyte.genops.gates.reading import AppText, Unreadable, read_app
from monocyte.genops.git import Git

__all__ = ["case_of", "materialise", "rules_changed"]

LARGEST = 200_000_000
"""Bytes of a tree; more is no app."""


def materialise(git: Git, commit: str, into: Path) -> None:
    """Write the tree of a commit into a new directory.

    Raises:
        GenopsError: it cannot be written, or holds what cannot be a path.
        LedgerUnavailable: git cannot say.
    """
    into.mkdir(parents=True)
    rows = git.answer("ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0")
    listed = [_row(it) for it in rows if it]
    blobs = _contents(git, [sha for _, kind, sha, _ in listed if kind == "blob"])
    for mode, kind, sha, path in listed:
        target = _inside(into, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        if kind != "blob":
            target.write_text(f"a submodule at {sha}\n", encoding="ascii")
        elif mode == "120000":
            target.symlink_to(os.fsdecode(blobs[sha]))
        else:
            target.write_bytes(blobs[sha])
            target.chmod(0o755 if mode == "100755" else 0o644)


def _row(row: bytes) -> tuple[str, str, str, str]:
    head, _, path = row.partition(b"\t")
    mode, kind, sha = head.decode("ascii").split()
    return mode, kind, sha, os.fsdecode(path)


def _inside(root: Path, path: str) -> Path:
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or any(it in ("..", ".git") for it in parts):
        raise GenopsError(f"{path!r} is no path that could be written", where=path)
    folder = root
    for part in parts[:-1]:
        folder /= part
        if folder.is_symlink():
            raise GenopsError(f"{path!r} lies behind a link", where=path)
    return root.joinpath(*parts)


def _contents(git: Git, shas: Iterable[str]) -> dict[str, bytes]:
    """Every blob by its name, in one go."""
    wanted = [*dict.fromkeys(shas)]
    answer = git.answer("cat-file", "--batch", stdin="".join(f"{it}\n" for it in wanted).encode())
    if len(answer) > LARGEST:
        raise GenopsError(f"the tree is larger than {LARGEST:,} bytes", mend="part the repository")
    found: dict[str, bytes] = {}
    at = 0
    for sha in wanted:
        end = answer.index(b"\n", at)
        words = answer[at:end].split()
        if len(words) != 3:
            raise GenopsError(f"git has lost {sha}", mend="fetch it: a shallow clone has not all")
        size = int(words[2])
        found[sha] = answer[end + 1 : end + 1 + size]
        at = end + 2 + size
    return found


def case_of(
    git: Git,
    base: str,
    head: str,
    root: Path,
    into: Path,
    *,
    author: Author = "person",
    rules: Iterable[str] = (),
    corpus: Path | None = None,
) -> Case:
    """The change from one commit to another, of the app in `root`, its trees written to `into`.

    Of a person's change without a plan the rules count as changed on purpose that it changes.

    Raises:
        GenopsError: a tree cannot be written, or holds no such app.
    """
    app = root.resolve().relative_to(git.top.resolve()).as_posix()
    app = "" if app == "." else app
    materialise(git, base, into / "base")
    materialise(git, head, into / "head")
    try:
        old = read_app(into / "base", app)
        new = read_app(into / "head", app, into / "base" / app)
    except Unreadable as why:
        mend = "name revisions that hold the app"
        raise GenopsError(f"there is no app in it: {why}", where=why.where, mend=mend) from why
    meant = {*rules, *(rules_changed(old, new) if author == "person" else ())}
    return Case(
        into / "base", into / "head", base, head, app, (), frozenset(meant), author, corpus=corpus
    )  # fmt: skip


def rules_changed(old: AppText, new: AppText) -> set[str]:
    """The IDs of the rules that are new, gone, or say something else."""
    before, after = _rules(old), _rules(new)
    return {it for it in before.keys() | after.keys() if before.get(it) != after.get(it)}


def _rules(app: AppText) -> dict[str, str]:
    return {id: it.meaning for cell in app.cells.values() for id, it in cell.rules.items()}
