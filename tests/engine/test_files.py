"""Files: names stay inside, contents are whole, and both outlive the process."""

import os
import threading
from pathlib import Path

import pytest

from monocyte.engine.files import DRAFTS, Directory, clear_drafts
from monocyte.errors import Crashed, PortFailed
from tests.engine.stage import Stage, play, until
from tests.engine.toys import bank, gates


@pytest.fixture
def files(tmp_path: Path) -> Directory:
    """The files of a cell."""
    return Directory("notes", tmp_path / "files")


@pytest.mark.parametrize(
    "name",
    ["", ".", "./", "..", "../other/a", "a/../../b", "a/..", "/etc/passwd", "//etc", "a\0b"],
)
@pytest.mark.parametrize("method", ["read", "write", "remove"])
def test_a_name_that_leads_outside_is_refused(files: Directory, method: str, name: str) -> None:
    """Whatever is to be done with it, nothing is made anywhere."""
    with pytest.raises(PortFailed, match="is not inside"):
        getattr(files, method)(name, *([b""] if method == "write" else []))


@pytest.mark.parametrize("method", ["read", "write", "remove"])
def test_links_are_followed_and_must_stay_inside(
    files: Directory, method: str, tmp_path: Path
) -> None:
    """One to a file outside, one to a directory outside, one to itself: all refused."""
    (tmp_path / "secret").write_bytes(b"secret")
    files.write("a", b"a")
    home = tmp_path / "files" / "notes"
    (home / "out").symlink_to(tmp_path / "secret")
    (home / "up").symlink_to(tmp_path)
    (home / "round").symlink_to(home / "round")
    for name in ("out", "up/secret", "up/new", "round"):
        with pytest.raises((PortFailed, OSError)):
            getattr(files, method)(name, *([b"x"] if method == "write" else []))
    assert (tmp_path / "secret").read_bytes() == b"secret"
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", ["x" * 300, "a/" * 3000 + "a", "\ud800"])
def test_what_the_disk_refuses_is_a_failed_port(name: str, tmp_path: Path) -> None:
    """Too long, too deep, unsayable: an error for the handler, no crash of the cell."""

    async def story(stage: Stage) -> None:
        with pytest.raises(Exception, match=r"Files|File name too long|cannot be sent") as caught:
            await stage.send(bank.Write(name))
        assert not isinstance(caught.value, Crashed)
        assert stage.engine("bank").failure is None

    play(story, "bank", files=tmp_path)


NAMES = ("Ada.md", "ada.md", "e\u0301.md", "\u00e9.md", "deep/er/one", ".hidden", "a.draft")


def test_every_other_name_is_a_file_of_its_own(files: Directory) -> None:
    """Case and normalisation tell names apart, as on the disk; list says all, sorted."""
    for name in NAMES:
        files.write(name, name.encode())
    assert files.list() == tuple(sorted(NAMES))
    assert [files.read(name).decode() for name in NAMES] == list(NAMES)
    for name in NAMES:
        files.remove(name)
        files.remove(name)
    assert files.list() == ()


def test_cells_do_not_see_each_other(files: Directory, tmp_path: Path) -> None:
    """Two cells, one name, two files; nobody else may read them."""
    other = Directory("notes2", tmp_path / "files")
    files.write("a", b"mine")
    other.write("a", b"theirs")
    assert (files.read("a"), other.read("a")) == (b"mine", b"theirs")
    assert (tmp_path / "files" / "notes").stat().st_mode & 0o077 == 0


def test_concurrent_writes_leave_one_of_them_whole(files: Directory) -> None:
    """Eight threads write one name: what is read at any time is what one of them wrote."""
    contents = [bytes([n]) * 100_000 for n in range(8)]
    files.write("a", contents[0])
    start = threading.Barrier(9)

    def write(content: bytes) -> None:
        start.wait()
        for _ in range(5):
            files.write("a", content)

    threads = [threading.Thread(target=write, args=(it,)) for it in contents]
    for thread in threads:
        thread.start()
    start.wait()
    while any(it.is_alive() for it in threads):
        assert files.read("a") in contents
    assert files.list() == ("a",)


def test_a_crash_before_the_rename_leaves_the_old_content(
    files: Directory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The draft is nobody's file, and the next start removes it."""
    files.write("a", b"old")

    def die(*_: object) -> None:
        os._exit(3)

    pid = os.fork()
    if pid == 0:
        monkeypatch.setattr(Path, "replace", die)
        files.write("a", b"new")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 3
    assert files.read("a") == b"old"
    assert files.list() == ("a",)
    assert len(list((tmp_path / "files" / DRAFTS).iterdir())) == 1
    clear_drafts(tmp_path / "files")
    assert not (tmp_path / "files" / DRAFTS).exists()


def test_a_write_that_the_disk_refuses_leaves_no_draft(
    files: Directory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the old content nor the drafts change."""
    files.write("a", b"old")

    def full(_: int) -> None:
        raise OSError("full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="full"):
        files.write("a", b"new")
    assert files.read("a") == b"old"
    assert list((tmp_path / "files" / DRAFTS).iterdir()) == []


def test_a_write_is_done_again_when_its_decision_was_not_recorded(tmp_path: Path) -> None:
    """The power fails between the write and the entry: sent again, it writes the same."""

    async def story(stage: Stage) -> None:
        gates.close("written")
        lost = stage.begin(stage.send(bank.Write("a"), id="one"))
        await until(lambda: gates.waiting.get("written"))
        await stage.crash()
        assert lost.cancelled()
        gates.closed.clear()
        for _ in range(2):
            await stage.send(bank.Write("a"), id="one")
        assert gates.passed["write"] == 2
        assert (tmp_path / "bank" / "a").read_bytes() == b"ada"

    play(story, "bank", files=tmp_path)


def test_a_host_without_files_says_so() -> None:
    """The port is there, the directory is not."""

    async def story(stage: Stage) -> None:
        with pytest.raises(PortFailed, match="keeps no files"):
            await stage.send(bank.Write("a"))

    play(story, "bank")
