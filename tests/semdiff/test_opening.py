"""What a person types becomes two trees, or an error that says what to do."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from monocyte.errors import ConfigError
from monocyte.semdiff.opening import open_pair
from monocyte.semdiff.revisions import Git


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two commits of `a.py`, a third text staged, a fourth on disk."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    git(["init", "-q", "-b", "main", "."])
    for number in (1, 2):
        (tmp_path / "a.py").write_text(f"x = {number}\n")
        (tmp_path / "data.bin").write_bytes(bytes([number]))
        git(["add", "."])
        git(["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", str(number)])
    (tmp_path / "a.py").write_text("x = 3\n")
    git(["add", "."])
    (tmp_path / "a.py").write_text("x = 4\n")
    return tmp_path


def git(arguments: Sequence[str], given: bytes = b"") -> bytes:
    """As the command runs it."""
    run = subprocess.run(["git", *arguments], input=given, capture_output=True, check=False)
    if run.returncode:
        raise OSError(run.returncode, run.stderr.decode())
    return run.stdout


ASK: Git = git
PAIRS: dict[str, tuple[list[str], bool, tuple[bytes, bytes]]] = {
    "nothing": ([], False, (b"x = 2\n", b"x = 4\n")),
    "a revision": (["HEAD~1"], False, (b"x = 1\n", b"x = 4\n")),
    "staged": ([], True, (b"x = 2\n", b"x = 3\n")),
    "staged since a revision": (["HEAD~1"], True, (b"x = 1\n", b"x = 3\n")),
    "A..B": (["HEAD~1..HEAD"], False, (b"x = 1\n", b"x = 2\n")),
    "A..": (["HEAD~1.."], False, (b"x = 1\n", b"x = 2\n")),
    "A...B": (["HEAD...HEAD~1"], False, (b"x = 1\n", b"x = 1\n")),
    "two revisions": (["HEAD~1", "main"], False, (b"x = 1\n", b"x = 2\n")),
    "a revision and a folder": (["HEAD", "."], False, (b"x = 2\n", b"x = 4\n")),
    "GIT_EXTERNAL_DIFF": (
        ["a.py", os.devnull, "0", "0", "a.py", "1", "100644"],
        False,
        (b"", b"x = 4\n"),
    ),
}


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize(("specs", "staged", "texts"), PAIRS.values(), ids=PAIRS)
def test_words_name_two_trees(specs: list[str], staged: bool, texts: tuple[bytes, bytes]) -> None:
    """Old and new, in every way of saying it."""
    pair = open_pair(specs, ASK, staged=staged)
    found = tuple(tree["a.py"].data if "a.py" in tree else b"" for tree in pair)
    assert found == texts


WRONG = {
    "an unknown revision": (["nowhere"], "no revision that git knows"),
    "one of two": (["HEAD~1..nowhere"], "no revision that git knows"),
    "one of three dots": (["nowhere...HEAD"], "no revision that git knows"),
    "an option for git": (["--output=x"], "no revision that git knows"),
    "one tree": (["a.py"], "a diff needs two"),
    "three": (["HEAD", "HEAD", "HEAD"], "old and new are two"),
    "no wheel": (["data.bin", "HEAD"], "is no archive"),
    "a wheel that is not there": (["x.whl", "y.whl"], "is no path here"),
}


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize(("specs", "said"), WRONG.values(), ids=WRONG)
def test_what_names_no_trees_says_what_to_do(specs: list[str], said: str) -> None:
    """An error with a remedy, and never a traceback of git's."""
    with pytest.raises(ConfigError, match=said) as caught:
        open_pair(specs, ASK)
    assert caught.value.mend


@pytest.mark.parametrize(("specs", "staged"), [([], False), (["HEAD"], False), ([], True)])
def test_without_a_repository_revisions_are_refused(specs: list[str], staged: bool) -> None:
    """The remedy is to be where git is."""
    with pytest.raises(ConfigError, match="no git repository"):
        open_pair(specs, None, staged=staged)


def test_two_files_are_one_that_changed(tmp_path: Path) -> None:
    """Whatever they are called; git says the name that both had."""
    for name in ("old.py", "new.py"):
        (tmp_path / name).write_text("x = 1\n")
    specs = [str(tmp_path / it) for it in ("old.py", "new.py")]
    assert [list(it) for it in open_pair(specs)] == [["new.py"], ["new.py"]]
    assert [list(it) for it in open_pair(specs, name="p/a.py")] == [["p/a.py"], ["p/a.py"]]


def test_a_file_that_one_side_lacks_is_nothing_there(tmp_path: Path) -> None:
    """As git hands over what was added or deleted."""
    (tmp_path / "a.py").write_text("x = 1\n")
    old, new = open_pair([os.devnull, str(tmp_path / "a.py")])
    assert (list(old), list(new)) == ([], ["a.py"])


def test_ignored_and_linked_files_of_the_working_tree(repository: Path) -> None:
    """What git ignores is not there; a link, a submodule's like, is named."""
    (repository / ".gitignore").write_text("build/\n")
    (repository / "build").mkdir()
    (repository / "build" / "b.py").write_text("x = 1\n")
    (repository / "fresh.py").write_text("x = 1\n")
    (repository / "link.py").symlink_to("a.py")
    _, new = open_pair([], ASK)
    assert sorted(new) == ["a.py", "fresh.py"]
    assert new.unseen == {"link.py": "it is a link"}


def test_what_two_revisions_share_is_read_once(repository: Path) -> None:
    """All contents come in one question to git, and equal ones are one object."""
    asked: list[Sequence[str]] = []

    def counting(arguments: Sequence[str], given: bytes = b"") -> bytes:
        asked.append(arguments)
        return git(arguments, given)

    (repository / "b.py").write_text("same = 1\n")
    git(["add", "b.py"])
    git(["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "3"])
    (repository / "a.py").write_text("x = 9\n")
    git(["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-a", "-m", "4"])
    old, new = open_pair(["HEAD~1", "HEAD"], counting)
    assert old["b.py"].data is new["b.py"].data
    assert (old["a.py"].data, new["a.py"].data) == (b"x = 3\n", b"x = 9\n")
    assert [it[0] for it in asked].count("cat-file") <= 2
