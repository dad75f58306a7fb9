"""A commit on the branch that people are on, made without a hand in their index or their files.

The tree is built in an index of our own, so that nothing of a person's gets into it. Files are
written beside their places first, when a full disk still costs nothing; then the branch moves; then
they are put in place. Whoever is killed in between has a branch that is whole, and `lay_out` again
brings the files to it: it touches none that a person has changed.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from monocyte.errors import GenopsError
from monocyte.genops.git import Git

__all__ = [
    "Branch",
    "Files",
    "branch_of",
    "checked_out",
    "commit_on",
    "drafted",
    "file_at",
    "is_as_in",
    "lay_out",
]

Files = Mapping[str, bytes | None]
"""What files are to hold, by path within the repository; None where they go."""

UNDERWAY = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply")


class Branch(NamedTuple):
    """The branch that is checked out, and the commit at its tip."""

    ref: str
    tip: str


def branch_of(git: Git) -> Branch:
    """The branch to commit on.

    Raises:
        GenopsError: nothing is checked out but a commit, or a merge or the like is under way.
    """
    done = git.run("symbolic-ref", "--quiet", "HEAD")
    if done.returncode:
        said = "no branch is checked out (HEAD is detached): a release would belong to none"
        raise GenopsError(said, where=str(git.top), mend="git switch BRANCH")
    for name in UNDERWAY:
        if Path(git.ask("rev-parse", "--path-format=absolute", "--git-path", name)).exists():
            said = f"a merge or the like is under way ({name})"
            raise GenopsError(said, where=str(git.top), mend="end it first: git status")
    ref = done.stdout.decode().strip()
    return Branch(ref, git.resolve(ref))


def file_at(git: Git, commit: str, path: str) -> bytes | None:
    """A file of a commit, by its path within the repository; None if it has none of that name."""
    name = f"{commit}:{path}"
    if git.run("cat-file", "-e", name).returncode:
        return None
    return git.answer("cat-file", "blob", name)


def commit_on(git: Git, parent: str, files: Files, message: str, person: str) -> str:
    """A commit behind `parent` that differs from it in these files; nothing names it yet.

    Raises:
        LedgerUnavailable: git could not, as on a full disk.
    """
    with _own_index(git, parent) as index:
        told = b"".join(_row(git, parent, path, it) for path, it in sorted(files.items()))
        git.ask("update-index", "-z", "--index-info", stdin=told, more=index)
        tree = git.ask("write-tree", more=index)
    who = _identity(git, person)
    body = message.encode("utf-8", "replace")
    return git.ask("commit-tree", tree, "-p", parent, "-F", "-", stdin=body, more=who)


@contextmanager
def checked_out(git: Git, commit: str) -> Iterator[Path]:
    """All files of a commit in a folder of their own, until the block ends."""
    with tempfile.TemporaryDirectory(prefix="monocyte-tree-") as folder:
        with _own_index(git, commit) as index:
            git.ask("checkout-index", "--all", "--force", f"--prefix={folder}/", more=index)
        yield Path(folder).resolve()


@contextmanager
def drafted(git: Git, files: Files) -> Iterator[dict[str, Path]]:
    """Every file written beside its place, by its path; what is not used is taken away.

    Raises:
        GenopsError: it cannot be written.
    """
    drafts: dict[str, Path] = {}
    try:
        for path, content in files.items():
            if content is not None:
                drafts[path] = _draft(git.top / path, content)
        yield drafts
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)


def lay_out(git: Git, files: Files, drafts: Mapping[str, Path], parent: str) -> None:
    """Put the drafts in place, and tell the index; the branch has moved already.

    What differs from `parent` by now has been edited in this very moment, and stays.

    Raises:
        GenopsError: it could not be ended; the commit stands all the same.
    """
    edited = [path for path in files if not is_as_in(git, parent, path)]
    try:
        for path, content in files.items():
            if path in edited:
                continue
            if content is None:
                (git.top / path).unlink(missing_ok=True)
            else:
                drafts[path].replace(git.top / path)
        named = b"".join(_row(git, "HEAD", path, it) for path, it in sorted(files.items()))
        git.ask("update-index", "-z", "--index-info", stdin=named)
        git.run("update-index", "-q", "--refresh")
    except (OSError, GenopsError) as why:
        mend = "see to it, then the same command once more"
        said = f"the commit stands, but the files could not be brought to it: {why}"
        raise GenopsError(said, mend=mend) from why
    if edited:
        mend = "look at it: git diff"
        said = f"the commit stands, but was edited meanwhile and left alone: {', '.join(edited)}"
        raise GenopsError(said, mend=mend)


def is_as_in(git: Git, commit: str, path: str) -> bool:
    """Whether a file in the work tree is as a commit has it."""
    place = git.top / path
    if not place.exists():
        return file_at(git, commit, path) is None
    told = git.run("hash-object", "--path", path, "--stdin", stdin=place.read_bytes())
    wanted = git.run("rev-parse", "--verify", "--quiet", f"{commit}:{path}")
    return told.returncode == wanted.returncode == 0 and told.stdout == wanted.stdout


@contextmanager
def _own_index(git: Git, commit: str) -> Iterator[dict[str, str]]:
    with tempfile.TemporaryDirectory(prefix="monocyte-index-") as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        git.ask("read-tree", commit, more=index)
        yield index


def _row(git: Git, commit: str, path: str, content: bytes | None) -> bytes:
    """A file as `update-index --index-info` wants it; its mode is what it was."""
    name = path.encode("utf-8", "surrogateescape")
    if content is None:
        return b"0 " + b"0" * 40 + b"\t" + name + b"\0"
    known = git.ask("ls-tree", "--full-tree", "-z", commit, "--", path).split()
    mode = known[0] if known else "100644"
    blob = git.ask("hash-object", "-w", "-t", "blob", "--stdin", stdin=content)
    return f"{mode} {blob}\t".encode() + name + b"\0"


def _identity(git: Git, person: str) -> dict[str, str]:
    """Who commits: as git knows them, else by the name under which they sign."""
    roles = [r for r in ("AUTHOR", "COMMITTER") if git.run("var", f"GIT_{r}_IDENT").returncode]
    fields = (("NAME", person), ("EMAIL", f"{person}@monocyte.invalid"))
    return {f"GIT_{role}_{name}": it for role in roles for name, it in fields}


def _draft(place: Path, content: bytes) -> Path:
    draft = place.with_name(f".{place.name}.{os.getpid()}.draft")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if place.exists():
            draft.chmod(place.stat().st_mode & 0o777)
    except OSError as why:
        draft.unlink(missing_ok=True)
        mend = "make room, or the folder writable; nothing was changed"
        said = f"it cannot be written: {why.strerror}"
        raise GenopsError(said, where=str(place), mend=mend) from why
    return draft
