"""Work trees of git that nobody else works in, and commits that no branch has.

A tree lies in a folder of its own below the system's folder for temporary files, and is noted
beside the repository while somebody holds it: what a process that was killed has left is cleared
away by the next one. No hook and no setting of the repository runs while a tree is made.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from monocyte.errors import GenopsError
from monocyte.genops.git import Git

__all__ = ["commit_files", "read_file", "sweep", "worktree"]

NOTES = "trees"
PREFIX = "monocyte-tree-"

PLAIN = (
    *("-c", "core.hooksPath=/dev/null", "-c", "core.autocrlf=false", "-c", "core.symlinks=true"),
    *("-c", "advice.detachedHead=false", "-c", "core.fsmonitor=false"),
)
"""Settings under which a tree has exactly the bytes that are committed, and nothing runs."""

WHO = {
    f"GIT_{role}_{field}": text
    for role in ("AUTHOR", "COMMITTER")
    for field, text in (("NAME", "monocyte"), ("EMAIL", "generated@monocyte.invalid"))
}


@contextmanager
def worktree(git: Git, commit: str) -> Iterator[Path]:
    """The whole repository at a commit, in a directory of its own, until the context ends.

    Raises:
        GenopsError: it cannot be made, as where the disk is full or the commit is not here.
    """
    sweep(git)
    notes = git.common / "monocyte" / NOTES
    try:
        notes.mkdir(parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
        note = os.open(notes / place.name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(note, fcntl.LOCK_EX)
        os.write(note, f"{place}\n".encode())
    except OSError as why:
        mend = "make room, or the folder writable"
        raise GenopsError(f"there is no room for a work tree: {why}", mend=mend) from why
    try:
        yield _checked_out(git, commit, place / "tree")
    finally:
        _clear(git, place, notes / place.name)
        os.close(note)


def sweep(git: Git) -> None:
    """Clear away what processes have left that are no more: they held a lock on a note each."""
    notes = git.common / "monocyte" / NOTES
    for note in sorted(notes.glob(f"{PREFIX}*")):
        try:
            held = os.open(note, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            place = Path(note.read_text("utf-8").strip() or tempfile.gettempdir())
            if place.name == note.name:  # it says what we wrote, and nothing else is deleted
                _clear(git, place, note)
            else:
                note.unlink(missing_ok=True)
        except (OSError, UnicodeDecodeError):
            continue  # somebody works there
        finally:
            os.close(held)


def _checked_out(git: Git, commit: str, place: Path) -> Path:
    done = git.run(*PLAIN, "worktree", "add", "--quiet", "--detach", str(place), commit)
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()[-500:]
        mend = "see to what git says: a full disk, or in a shallow clone: git fetch --unshallow"
        raise GenopsError(f"{commit[:12]} cannot be checked out: {said}", mend=mend)
    return place


def _clear(git: Git, place: Path, note: Path) -> None:
    """Take a tree away, registered or not; an agent may have taken rights away in it."""
    for folder, _, _ in os.walk(place):
        os.chmod(folder, 0o700)  # noqa: PTH101 (no link is followed: it is a folder that was walked)
    shutil.rmtree(place, ignore_errors=True)
    git.run("worktree", "prune", "--expire=now")
    note.unlink(missing_ok=True)


def read_file(git: Git, commit: str, path: str) -> bytes | None:
    """A file of a commit by its path within the repository; None if it has none."""
    name = f"{commit}:{path}"
    if git.run("cat-file", "-e", name).returncode:
        return None
    return git.answer("cat-file", "blob", name)


def commit_files(git: Git, base: str, files: Mapping[str, bytes | None], message: str) -> str:
    """A commit on `base` with these files, by path; the same for the same on every machine.

    No ref names it yet, and neither a work tree nor an index is touched.
    """
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
        own = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        git.ask("read-tree", base, more=own)
        rows = b""
        for path, content in sorted(files.items()):
            rows += _row(git, base, path, content)
        git.ask("update-index", "-z", "--index-info", stdin=rows, more=own)
        tree = git.ask("write-tree", more=own)
    when = git.ask("rev-list", "-1", "--no-commit-header", "--format=%ct +0000", base)
    dates = {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
    return git.ask(
        "commit-tree", tree, "-p", base, stdin=message.encode() + b"\n", more=WHO | dates
    ).strip()


def _row(git: Git, base: str, path: str, content: bytes | None) -> bytes:
    """A line for the index: a file that was executable stays so."""
    if content is None:
        return f"0 {'0' * len(base)}\t{path}\0".encode()
    known = git.ask("ls-tree", "-z", "--full-tree", base, "--", path).partition(" ")[0] or "100644"
    blob = git.ask("hash-object", "-w", "-t", "blob", "--stdin", stdin=content)
    return f"{known} {blob}\t{path}\0".encode()
