"""`diff`, as people, git, pre-commit and machines run it."""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from monocyte.cli.diff import EXITS, SEVERITIES

Cli = Callable[..., Result]
OLD = "def price(n: int) -> int:\n    return n * 2\n"
NEW = "def price(n: int) -> int:\n    return n * 3\n"
BREAKS = 'def price(n: int) -> int:\n    raise ValueError("no")\n'
LAYOUT = "def price(n: int) -> int:  # twice\n    return (n * 2)\n"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One commit of `shop.py`, and git that knows nobody's configuration."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "ada")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "ada@example.org")
    git("init", "-q", "-b", "main", ".")
    (tmp_path / "shop.py").write_text(OLD)
    git("add", ".")
    git("commit", "-q", "-m", "one")
    return tmp_path


def git(*arguments: str, **options: str) -> str:
    """Run git here."""
    return subprocess.run(
        ["git", *arguments],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **options},
    ).stdout


EXIT_CODES = {
    "nothing": (OLD, 0, "no Python file differs"),
    "layout": (LAYOUT, 0, "nothing changed in meaning"),
    "a change": (NEW, 1, "1 definition means something else"),
    "a break": (BREAKS, 4, "1 breaking change: major step"),
}


@pytest.mark.parametrize(("text", "code", "said"), EXIT_CODES.values(), ids=EXIT_CODES)
def test_the_exit_code_follows_the_severity(
    cli: Cli, repository: Path, text: str, code: int, said: str
) -> None:
    """0 for nothing but notes, 1 where a meaning has or may have changed, 4 where it breaks."""
    (repository / "shop.py").write_text(text)
    result = cli("diff")
    assert result.exit_code == code
    assert said in result.output.splitlines()[0]
    assert code in (0, *EXITS.values())


@pytest.mark.parametrize(("level", "code"), [("note", 1), ("breaking", 0), ("never", 0)])
def test_the_threshold_can_be_moved(cli: Cli, repository: Path, level: str, code: int) -> None:
    """For a step that shall only tell, or be strict."""
    (repository / "shop.py").write_text(NEW)
    assert cli("diff", "--fail-on", level).exit_code == code
    assert level in (*SEVERITIES, "never")


def test_a_witness_is_told_and_written_as_a_test(cli: Cli, repository: Path) -> None:
    """The call and both answers; the test fails on the new version."""
    (repository / "shop.py").write_text(NEW)
    result = cli("diff", "HEAD", "--tests", "witnesses")
    assert "shop.price(1)` returned 2, now returned 3" in result.output
    written = list((repository / "witnesses").glob("test_*.py"))
    assert len(written) == 1
    assert "assert shop.price(*arguments, **named) == 2" in written[0].read_text()


def test_what_is_staged_is_compared(cli: Cli, repository: Path) -> None:
    """And not what lies on disk, as a hook wants it."""
    (repository / "shop.py").write_text(LAYOUT)
    git("add", ".")
    (repository / "shop.py").write_text(BREAKS)
    assert cli("diff", "--staged").exit_code == 0
    assert cli("diff").exit_code == 4


def test_revisions_are_compared(cli: Cli, repository: Path) -> None:
    """By two dots, or as two words."""
    (repository / "shop.py").write_text(NEW)
    git("commit", "-q", "-a", "-m", "two")
    for words in (["HEAD~1..HEAD"], ["HEAD~1", "main"], ["HEAD~1...main"]):
        assert cli("diff", *words, "--no-run").exit_code == 1
    assert cli("diff", "HEAD").exit_code == 0


def test_wheels_are_compared(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code is run from what they hold; what is no Python in them is said to differ."""
    monkeypatch.chdir(tmp_path)
    for version, text in (("1", OLD), ("2", NEW)):
        with zipfile.ZipFile(f"shop-{version}-py3-none-any.whl", "w") as wheel:
            wheel.writestr("shop/__init__.py", text)
            wheel.writestr(f"shop-{version}.dist-info/METADATA", f"Version: {version}\n")
    result = cli("diff", "--no-cache", *(f"shop-{it}-py3-none-any.whl" for it in "12"))
    assert result.exit_code == 1
    assert "shop.price(1)` returned 2, now returned 3" in result.output
    assert "METADATA" in result.output


def test_machines_get_what_they_ask_for(cli: Cli, repository: Path) -> None:
    """JSON, SARIF and Markdown on standard output, a page in a file."""
    (repository / "shop.py").write_text(NEW)
    assert json.loads(cli("diff", "--json").stdout)["counts"]["changed"] == 1
    assert json.loads(cli("diff", "--sarif").stdout)["runs"][0]["results"]
    assert cli("diff", "--markdown").stdout.startswith("**1 definition means something else")
    cli("diff", "--html", "out/page.html")
    assert "<!doctype html>" in (repository / "out" / "page.html").read_text(encoding="utf-8")


WRONG = {
    "unknown revision": (["nowhere"], "no revision that git knows"),
    "one tree": (["shop.py"], "a diff needs two"),
    "no wheel": (["shop.whl", "shop.whl"], "is no wheel"),
    "two formats": (["--json", "--sarif"], "exclude each other"),
}


@pytest.mark.parametrize(("words", "said"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_compared_says_so(
    cli: Cli, repository: Path, words: list[str], said: str
) -> None:
    """With exit code 2, and in words."""
    (repository / "shop.whl").write_bytes(b"no zip")
    result = cli("diff", *words)
    assert result.exit_code == 2
    assert said in result.output


def test_outside_of_a_repository_paths_are_needed(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And two of them are enough."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    (tmp_path / "a.py").write_text(OLD)
    (tmp_path / "b.py").write_text(NEW)
    result = cli("diff", "HEAD")
    assert (result.exit_code, "no git repository" in result.output) == (2, True)
    assert cli("diff", "a.py", "b.py", "--no-cache").exit_code == 1


@pytest.fixture
def command(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The program as a command that git can start."""
    path = tmp_path_factory.mktemp("bin") / "monocyte"
    program = "import sys; sys.argv[0] = 'monocyte'; from monocyte.cli import main; main()"
    path.write_text(
        f'#!/bin/sh\nPYTHONPATH={ROOT / "src"} exec {sys.executable} -c "{program}" "$@"\n'
    )
    path.chmod(0o755)
    return str(path)


def test_it_is_a_difftool(repository: Path, command: str) -> None:
    """Git hands over two files of any name, or two folders; it tells what it means."""
    (repository / "shop.py").write_text(NEW)
    said = git("difftool", "-y", "-x", f"{command} diff --no-run")
    assert "shop.py:1 function price" in said
    tool = f'BASE="$MERGED" {command} diff --no-run --fail-on never "$LOCAL" "$REMOTE"'
    git("config", "difftool.monocyte.cmd", tool)
    said = git("difftool", "-y", "-t", "monocyte")
    assert "shop.py:1 function price" in said
    said = git("difftool", "-d", "-t", "monocyte")
    assert "shop.py:1 function price" in said


def test_it_is_an_external_diff(repository: Path, command: str) -> None:
    """For `git diff` itself, which takes another code than 0 for a failure."""
    (repository / "shop.py").write_text(NEW)
    said = git("diff", GIT_EXTERNAL_DIFF=f"{command} diff --no-run --fail-on never")
    assert "shop.py:1 function price" in said


def test_it_is_a_hook(repository: Path, command: str) -> None:
    """A commit that breaks something is stopped; one that does not passes."""
    hook = repository / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\nexec {command} diff --staged --fail-on breaking\n")
    hook.chmod(0o755)
    (repository / "shop.py").write_text(NEW)
    git("commit", "-q", "-a", "-m", "fine")
    (repository / "shop.py").write_text(BREAKS)
    with pytest.raises(subprocess.CalledProcessError):
        git("commit", "-q", "-a", "-m", "breaks")


def test_what_is_known_is_kept_for_the_user(
    cli: Cli,
    repository: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Under its content, and not in the repository, which may be anybody's; it may be deleted."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    (repository / "shop.py").write_text(NEW)
    first = cli("diff", "--json", "--no-run").stdout
    kept = [it for it in home.rglob("*") if it.is_file()]
    assert kept
    again = cli("diff", "--json", "--no-run").stdout
    for path in kept:
        path.unlink(missing_ok=True)
    anew = cli("diff", "--json", "--no-run").stdout
    changes = [json.loads(it)["changes"] for it in (first, again, anew)]
    assert changes[0] == changes[1] == changes[2]
    assert "monocyte" not in git("status", "--porcelain")
