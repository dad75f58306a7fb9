"""`Git`: the git command, asked in a way that no setting, alias or hook of a person's can bend.

Only plumbing is used, with an environment of our own; what git says goes into errors, what it
answers comes back as bytes. Nothing here writes to a work tree, an index or a branch.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from monocyte.errors import GenopsError, LedgerUnavailable

__all__ = ["Git"]

LOCAL = (
    *("GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_CONFIG", "GIT_CONFIG_PARAMETERS"),
    *("GIT_OBJECT_DIRECTORY", "GIT_DIR", "GIT_WORK_TREE", "GIT_IMPLICIT_WORK_TREE"),
    *("GIT_GRAFT_FILE", "GIT_INDEX_FILE", "GIT_REPLACE_REF_BASE", "GIT_PREFIX"),
    *("GIT_SHALLOW_FILE", "GIT_COMMON_DIR", "GIT_NAMESPACE"),
)
"""What a hook or an outer git says about *its* repository (git rev-parse --local-env-vars)."""

OWN = {
    "GIT_NO_REPLACE_OBJECTS": "1",  # `git replace` shows another object under a known name
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}

SETTINGS = (
    *("-c", "core.fsync=objects,reference", "-c", "core.fsyncMethod=fsync"),
    *("-c", "core.filesRefLockTimeout=2000"),
    *("-c", "i18n.commitEncoding=UTF-8", "-c", "i18n.logOutputEncoding=UTF-8"),
    *("-c", "gc.auto=0", "-c", "maintenance.auto=false"),
)

SECONDS = 120.0
"""How long git may take, over a network too."""


class Git:
    """The repository in which `inside` lies.

    Raises:
        LedgerUnavailable: there is no repository, or no git.
    """

    def __init__(self, inside: Path) -> None:
        self.inside = inside
        self._kept: dict[str, str] = {}
        told = self.ask(
            "rev-parse", "--show-toplevel", "--path-format=absolute", "--git-common-dir"
        )
        top, common = told.splitlines()
        self.top, self.common = Path(top), Path(common)

    def run(
        self, *arguments: str, stdin: bytes = b"", more: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """Run git to its end, whatever that is.

        Raises:
            LedgerUnavailable: it cannot be started, or takes too long.
        """
        kept = {name: it for name, it in os.environ.items() if name not in LOCAL}
        try:
            return subprocess.run(  # noqa: S603 (no shell, and arguments are ours)
                ["git", *SETTINGS, "-C", str(self.inside), *arguments],  # noqa: S607 (as installed)
                input=stdin,
                capture_output=True,
                env={**kept, **OWN, **(more or {})},
                check=False,
                timeout=SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired) as why:
            mend = "is git installed, and in the PATH?"
            raise LedgerUnavailable(f"git cannot be asked: {why}", mend=mend) from why

    def ask(self, *arguments: str, stdin: bytes = b"", more: dict[str, str] | None = None) -> str:
        """What git answers, without the line end; raises LedgerUnavailable if it fails."""
        return self.answer(*arguments, stdin=stdin, more=more).decode("utf-8").rstrip("\n")

    def answer(
        self, *arguments: str, stdin: bytes = b"", more: dict[str, str] | None = None
    ) -> bytes:
        """What git answers, as it is; raises LedgerUnavailable if it fails."""
        done = self.run(*arguments, stdin=stdin, more=more)
        if done.returncode:
            raise self.failure(done, arguments[0])
        return done.stdout

    def failure(self, done: subprocess.CompletedProcess[bytes], what: str) -> LedgerUnavailable:
        """What to raise for a command that failed."""
        said = done.stderr.decode("utf-8", "replace").strip() or f"it ended with {done.returncode}"
        mend = "see to what git says: a full disk, rights, a repository that is none (git init)"
        where = str(self.inside)
        return LedgerUnavailable(f"git {what} failed: {said}", where=where, mend=mend)

    def resolve(self, revision: str) -> str:
        """The commit that a revision names, or nothing."""
        done = self.run(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
        )
        return done.stdout.decode().strip() if done.returncode == 0 else ""

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Whether one commit leads to another."""
        done = self.run("merge-base", "--is-ancestor", older, newer)
        if done.returncode not in (0, 1):
            raise self.failure(done, "merge-base")
        return done.returncode == 0

    def show(self, revision: str, path: Path) -> bytes | None:
        """A file as a revision has it; None if it has none of that name.

        Raises:
            GenopsError: the path is outside of the repository.
        """
        try:
            inside = path.resolve().relative_to(self.top.resolve()).as_posix()
        except ValueError as why:
            raise GenopsError("it is outside of the repository", where=str(path)) from why
        name = f"{revision}:{inside}"
        if self.run("cat-file", "-e", name).returncode:
            return None
        return self.answer("cat-file", "blob", name)

    def changed(self, paths: list[Path]) -> list[str]:
        """Which of these files differ from what is committed, as git calls them."""
        told = self.ask(
            *("status", "--porcelain", "-z", "--untracked-files=all", "--no-renames", "--"),
            *map(str, paths),
        )
        return sorted(row[3:] for row in told.split("\0") if row)
