"""Trees of git that nobody else works in, and commits that no branch has."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from monocyte.errors import GenopsError
from monocyte.genops.generation.worktrees import commit_files, read_file, sweep, worktree
from monocyte.genops.git import Git
from tests.genops.ledger.facts import git, repository

ROOT = Path(__file__).parents[3]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with two files, one of them a program."""
    at = tmp_path / "repository"
    repository(at)
    (at / "inner").mkdir()
    (at / "a").write_bytes(b"one\r\n")
    (at / "inner" / "run").write_text("x", "utf-8")
    (at / "inner" / "run").chmod(0o755)
    git("add", "-A", cwd=at)
    git("commit", "-q", "-m", "a", cwd=at)
    return at


def test_a_tree_has_what_is_committed_and_goes_with_its_context(root: Path) -> None:
    """Byte by byte; what is not committed is not in it, and nobody's files are touched."""
    (root / "b").touch()
    (root / ".git" / "hooks").mkdir(exist_ok=True)
    hook = root / ".git" / "hooks" / "post-checkout"
    hook.write_text("#!/bin/sh\ntouch hooked\n", "utf-8")
    hook.chmod(0o755)
    git("config", "core.autocrlf", "true", cwd=root)
    with worktree(Git(root), "HEAD") as tree:
        assert (tree / "a").read_bytes() == b"one\r\n"
        assert not (tree / "b").exists()
        assert not (tree / "hooked").exists()
        folder = tree.parent
    assert not folder.exists()
    assert git("worktree", "list", cwd=root).count("\n") == 0


def test_what_was_locked_away_is_cleared_all_the_same(root: Path) -> None:
    """An agent may have taken rights away."""
    with worktree(Git(root), "HEAD") as tree:
        (tree / "inner").chmod(0)
        folder = tree.parent
    assert not folder.exists()


HOLDS = """
import sys
from pathlib import Path
from monocyte.genops.generation.worktrees import worktree
from monocyte.genops.git import Git
with worktree(Git(Path(sys.argv[1])), "HEAD") as tree:
    print(tree, flush=True)
    sys.stdin.read()
"""


def test_the_tree_of_a_killed_process_is_cleared_by_the_next(root: Path) -> None:
    """And that of a living one is not."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        text=True,
    ) as other:
        assert other.stdout is not None
        tree = Path(other.stdout.readline().strip())
        sweep(Git(root))
        assert (tree / "a").exists()
        other.send_signal(signal.SIGKILL)
        other.wait()
        sweep(Git(root))
    assert not tree.parent.exists()
    assert git("worktree", "list", cwd=root).count("\n") == 0


def test_a_note_that_names_another_folder_deletes_nothing(root: Path, tmp_path: Path) -> None:
    """Whoever has written it."""
    dear = tmp_path / "dear"
    dear.mkdir()
    note = root / ".git" / "monocyte" / "trees" / "monocyte-tree-x"
    note.parent.mkdir(parents=True)
    note.write_text(f"{dear}\n", "utf-8")
    sweep(Git(root))
    assert dear.exists()
    assert not note.exists()


def test_a_commit_that_is_not_here_is_said(root: Path) -> None:
    """As in a shallow clone; nothing is left of the try."""
    with pytest.raises(GenopsError, match="cannot be checked out"), worktree(Git(root), "1" * 40):
        pass
    assert [*(root / ".git/monocyte/trees").glob("*")] == []


@pytest.mark.parametrize("inside", ["", "inner"])
def test_a_commit_of_files_touches_nothing(root: Path, inside: str) -> None:
    """It is the same every time; a program stays one; what is None is gone."""
    base = git("rev-parse", "HEAD", cwd=root)
    at = Git(root / inside)
    files = {"inner/run": b"y", "inner/new": b"\0", "a": None}
    made = commit_files(at, base, files, "a candidate")
    assert made == commit_files(at, base, files, "a candidate")
    assert git("ls-tree", "-r", "--name-only", made, cwd=root).split() == ["inner/new", "inner/run"]
    assert git("ls-tree", made, "inner/run", cwd=root).startswith("100755")
    assert read_file(at, made, "inner/new") == b"\0"
    assert read_file(at, made, "a") is None
    assert git("status", "--porcelain", cwd=root) == ""
    assert git("branch", "-a", "--contains", made, cwd=root) == ""
