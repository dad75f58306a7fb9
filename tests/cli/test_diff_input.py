"""`diff` of what nobody should have to compare: said whose fault it is, and never a traceback."""

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Cli = Callable[..., Result]
ROOT = Path(__file__).parents[2]
FINE = b"x = 1\n"


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own, without git."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def trees(old: dict[str, bytes], new: dict[str, bytes]) -> list[str]:
    """Two directories with these files."""
    for side, files in (("old", old), ("new", new)):
        Path(side).mkdir()
        for name, data in files.items():
            path = Path(side, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    return ["old", "new"]


def plain(result: Result) -> str:
    """What was said, on one line; the process has ended as processes do."""
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return " ".join(result.output.split())


UNREADABLE = {
    "a syntax error, old": (b"def f(:\n", FINE, "old unreadable", "invalid syntax (m.py, line 1)"),
    "a syntax error, new": (FINE, b"def f(:\n", "new unreadable", "invalid syntax (m.py, line 1)"),
    "on both sides": (b"def f(:\n", b"def g(:\n", "old and new unreadable", "line 1"),
    "python 2": (FINE, b"print 'a'\n", "new unreadable", "it seems to be Python 2"),
    "no utf-8": (FINE, b"x = '\xff'\n", "new unreadable", "can't decode byte 0xff"),
    "an unknown cookie": (FINE, b"# coding: klingon\n", "new unreadable", "encoding: klingon"),
    "binary": (FINE, b"\0\1\2", "new unreadable", "it is binary"),
    "5 MB": (FINE, b"y = 2  # " + b"y" * 5_000_000, "new unreadable", "has 5,000,009 bytes"),
    "too deep": (FINE, b"x = " + b"(" * 500 + b")" * 500, "new unreadable", "nested parentheses"),
    "a newer python": (FINE, b"def f(:\n" + b'x = t"{n}"\n', "new unreadable", "invalid syntax"),
}


@pytest.mark.parametrize(("old", "new", "what", "why"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_said(cli: Cli, old: bytes, new: bytes, what: str, why: str) -> None:
    """Which side, where, and why; if that is all there is, it has made no sense to ask: 2."""
    result = cli("diff", *trees({"m.py": old}, {"m.py": new}))
    said = plain(result)
    assert f"UNKNOWN m.py file cannot be compared: {what}" in said
    assert why in said
    assert "It can do more" not in said
    assert result.exit_code == 2
    assert cli("diff", "old", "new", "--fail-on", "never").exit_code == 0


def test_what_can_be_read_beside_it_is_compared(cli: Cli) -> None:
    """One broken file does not hide the others."""
    old, new = {"m.py": FINE, "n.py": FINE}, {"m.py": b"def f(:\n", "n.py": b"x = 2\n"}
    result = cli("diff", *trees(old, new))
    assert "n.py:1 constant x" in result.output
    assert "m.py file" in result.output
    assert result.exit_code == 1


COMPARED = {
    "a coding cookie": ("# coding: latin-1\nX = 'é'\n", "# coding: latin-1\nX = 'è'\n", "latin-1"),
    "form feeds": ("A = 1\n\x0c\nX = 1\n", "A = 1\n\x0c\nX = 2\n", "utf-8"),
    "a byte order mark": ("\ufeffX = 1\n", "\ufeffX = 2\n", "utf-8"),
    "another end of lines": ("A = 1\r\nX = 1\r\n", "A = 1\r\nX = 2\r\n", "utf-8"),
}


@pytest.mark.parametrize(("old", "new", "code"), COMPARED.values(), ids=COMPARED)
def test_unusual_files_are_compared(cli: Cli, old: str, new: str, code: str) -> None:
    """By definition, and nothing else in them is claimed to differ."""
    result = cli("diff", *trees({"m.py": old.encode(code)}, {"m.py": new.encode(code)}))
    assert "constant X" in plain(result)
    assert result.output.startswith("1 definition means something else")
    assert result.exit_code == 1


def notebook(*cells: str) -> bytes:
    """A notebook with these cells of code."""
    made: list[dict[str, object]] = [
        {"cell_type": "code", "source": it, "metadata": {}, "outputs": [], "execution_count": None}
        for it in cells
    ]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def test_the_code_of_a_notebook_is_compared(cli: Cli) -> None:
    """It is not run; what is no notebook says so."""
    old = {"a.ipynb": notebook("def f(n):\n    return n"), "b.ipynb": notebook("x = 1")}
    new = {"a.ipynb": notebook("def f(n):\n    return -n"), "b.ipynb": b"{}"}
    said = plain(cli("diff", *trees(old, new)))
    assert "function f" in said
    assert "a notebook is compared, but not run" in said
    assert "b.ipynb file cannot be compared: new unreadable" in said


def test_a_stub_is_compared_and_never_run(cli: Cli) -> None:
    """It is a promise, and that is what is told."""
    old = {"m.pyi": b"def f(n: int) -> int: ...\n"}
    said = plain(cli("diff", *trees(old, {"m.pyi": b"def f(n: int, k: int) -> int: ...\n"})))
    assert "has a new parameter `k`" in said
    assert "a stub is never run" in said


def test_deleted_and_binary_files_are_told(cli: Cli) -> None:
    """Neither in silence, nor as if they had been understood."""
    result = cli("diff", *trees({"gone.py": FINE, "a.bin": b"\0\1"}, {"a.bin": b"\0\2"}))
    said = plain(result)
    assert "gone.py" in said
    assert "a.bin: it differs, but is no Python" in said
    assert result.exit_code == 4


EMPTY = {
    "both": ({}, {}, 0, "no Python file differs"),
    "old": ({}, {"m.py": FINE}, 0, "1 new"),
    "new": ({"m.py": FINE}, {}, 4, "1 gone"),
}


@pytest.mark.parametrize(("old", "new", "code", "said"), EMPTY.values(), ids=EMPTY)
def test_empty_trees_are_trees(
    cli: Cli, old: dict[str, bytes], new: dict[str, bytes], code: int, said: str
) -> None:
    """All is new, all is gone, or nothing differs."""
    result = cli("diff", *trees(old, new))
    assert (result.exit_code, said in plain(result)) == (code, True)


def test_a_loop_of_links_ends(cli: Cli) -> None:
    """A folder is looked at once, and a link that leads nowhere is named."""
    trees({"p/m.py": FINE}, {"p/m.py": b"x = 2\n"})
    for side in ("old", "new"):
        Path(side, "p", "again").symlink_to(Path(side).resolve(), target_is_directory=True)
        Path(side, "p", "self.py").symlink_to("self.py")
    said = plain(cli("diff", "old", "new", "--no-run"))
    assert said.count("p/m.py:1 constant x") == 1
    assert "it is a link to ., which is looked at there" in said


ACTS = """import os, pathlib
for act in (lambda: pathlib.Path({mark!r}).touch(), lambda: os.system("touch {mark}")):
    try:
        act()
    except Exception as error:
        print(type(error).__name__)
X = {value}
"""


def test_what_acts_on_import_acts_nowhere(cli: Cli, tmp_path: Path) -> None:
    """A file that writes outside when it is imported is imported in a locked worker only."""
    mark = tmp_path / "mark"
    sides = ({"m.py": ACTS.format(mark=str(mark), value=it).encode()} for it in (1, 2))
    said = plain(cli("diff", *trees(*sides)))
    assert not mark.exists()
    assert "constant X" in said
    namespace: dict[str, object] = {}
    exec(Path("old/m.py").read_text(), namespace)  # noqa: S102 (outside of a worker it does act)
    assert mark.exists()


WRONG = {
    "no such path": (["nowhere", "old"], "nowhere: is no path here, and this is no git repository"),
    "a range without git": (["A..B"], "A..B: is no path here, and this is no git repository"),
    "staged without git": (["--staged"], "--staged: is no path here, and this is no git"),
    "one tree": (["old"], "is one tree, and a diff needs two"),
    "three": (["old", "new", "old"], "old and new are two"),
    "a wheel that is none": (["a.whl", "a.whl"], "a.whl: is no wheel: neither a zip nor a tar"),
    "a damaged archive": (["b.tar.gz", "b.tar.gz"], "b.tar.gz: is"),
}


@pytest.mark.parametrize(("words", "said"), WRONG.values(), ids=WRONG)
def test_what_was_asked_wrongly_ends_with_2(cli: Cli, words: list[str], said: str) -> None:
    """It says what is wrong with which word, and what to do."""
    trees({"m.py": FINE}, {"m.py": FINE})
    Path("a.whl").write_bytes(b"no zip")
    Path("b.tar.gz").write_bytes(b"\x1f\x8b\x08\0\0\0\0\0\0\0junk")
    result = cli("diff", *words)
    assert result.exit_code == 2
    assert said in plain(result)
    assert "what to do:" in plain(result)


def test_a_bomb_does_not_go_off(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that would fill the memory, one by one or all together, are named and left packed."""
    monkeypatch.setattr("monocyte.semdiff.archives.LARGEST", 1_000_000)
    monkeypatch.setattr("monocyte.semdiff.archives.MOST", 2_000_000)
    for name, value in (("a.whl", b"1"), ("b.whl", b"2")):
        with zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED) as wheel:
            wheel.writestr("m.py", b"x = " + value)
            wheel.writestr("one.py", b"#" * 1_000_001)
            for i in range(4):
                wheel.writestr(f"part{i}.py", b"#" * 900_000)
            wheel.writestr("../evil.py", b"x = " + value)
            wheel.writestr("/evil.py", b"x = " + value)
    said = plain(cli("diff", "a.whl", "b.whl", "--no-run", "--full"))
    assert "m.py:1 constant x" in said
    assert "one.py: it is larger than 1,000,000 bytes" in said
    assert "part2.py, part3.py: the files of the archive before it have" in said
    assert "../evil.py, /evil.py: its path leads outside of the archive" in said


def test_links_in_an_sdist_lead_nowhere(cli: Cli) -> None:
    """They are named, and not followed."""
    for name in ("a.tar.gz", "b.tar.gz"):
        with tarfile.open(name, "w:gz") as archive:
            link = tarfile.TarInfo("shop-1/passwd.py")
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(link)
    assert "passwd.py: it is a link, or no plain file" in plain(cli("diff", "a.tar.gz", "b.tar.gz"))


def test_the_hook_of_pre_commit_is_run_as_pre_commit_does(nowhere: Path) -> None:
    """Its entry as a command, by the words of the docs, with staged files and without them."""
    docs = (ROOT / "docs" / "diff.md").read_text(encoding="utf-8")
    entry = next(it for it in docs.splitlines() if it.strip().startswith("entry: "))
    words = entry.partition("entry: ")[2].split()
    assert words[0] == "monocyte"
    assert "pass_filenames: false" in docs
    who = {
        f"GIT_{it}_{what}": "ada@x" for it in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    environment = {**os.environ, **who, "GIT_CONFIG_GLOBAL": os.devnull}
    environment["PYTHONPATH"] = str(ROOT / "src")

    def run(*command: str) -> int:
        return subprocess.run(command, env=environment, check=False, capture_output=True).returncode

    Path("shop.py").write_text("def price(n: int) -> int:\n    return n\n")
    assert run("git", "init", "-q", ".") == run("git", "add", ".") == 0
    assert run("git", "commit", "-q", "-m", "one") == 0
    script = "from monocyte.cli.main import main; main()"
    hook = [sys.executable, "-c", script, *words[1:]]
    assert run(*hook) == 0
    Path("shop.py").write_text("def cost(n: int) -> int:\n    return 2 * n + 1\n")
    assert run(*hook) == 0
    run("git", "add", ".")
    assert run(*hook) == 4
