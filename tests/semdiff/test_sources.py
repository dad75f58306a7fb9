"""Trees hold what is there, say what they pass over, and read nothing that is no source."""

import os
from pathlib import Path

import pytest

from monocyte.semdiff.sources import (
    LARGEST,
    BadSource,
    Source,
    from_directory,
    from_file,
    from_texts,
    held,
    python_lines,
)


def test_a_directory_is_its_python_files_and_the_others(tmp_path: Path) -> None:
    """Python by name; what is none is kept apart, by path."""
    (tmp_path / "pack").mkdir()
    for name in ("pack/a.py", "pack/b.pyi", "n.ipynb", "data.bin"):
        (tmp_path / name).write_bytes(b"x = 1\n")
    tree = from_directory(tmp_path)
    assert sorted(tree) == ["n.ipynb", "pack/a.py", "pack/b.pyi"]
    assert list(tree.others) == ["data.bin"]


def test_links_in_a_circle_are_followed_once(tmp_path: Path) -> None:
    """A folder that is reached again is named, with where it is looked at."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "m.py").write_text("x = 1\n")
    (tmp_path / "a" / "back").symlink_to(tmp_path)
    (tmp_path / "b").symlink_to(tmp_path / "a")
    tree = from_directory(tmp_path)
    assert list(tree) == ["a/m.py"]
    assert tree.unseen == {
        "a/back/": "it is a link to ., which is looked at there",
        "b/": "it is a link to a, which is looked at there",
    }


def test_installed_folders_are_passed_over_and_named(tmp_path: Path) -> None:
    """Nothing is left out in silence, but for caches."""
    for folder in (".venv", "env", "__pycache__", "node_modules"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.py").write_text("x = 1\n")
    (tmp_path / "env" / "pyvenv.cfg").write_text("")
    tree = from_directory(tmp_path)
    assert not tree
    assert set(tree.unseen) == {".venv/", "env/", "node_modules/"}


UNREADABLE = {
    "binary": (b"x\0y", "it is binary"),
    "no notebook": (b"{", "no notebook"),
}


@pytest.mark.parametrize(("data", "why"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_holds_no_python_says_why(data: bytes, why: str) -> None:
    """The reason is for people."""
    source = held("n.ipynb" if "notebook" in why else "a.py", data)
    with pytest.raises(BadSource, match=why):
        _ = source.python


def test_a_broken_link_a_pipe_and_a_huge_file_are_refused(tmp_path: Path) -> None:
    """Without blocking on the pipe, and without reading the file."""
    (tmp_path / "gone.py").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.py")
    with (tmp_path / "huge.py").open("wb") as file:
        file.truncate(LARGEST + 1)
    tree = from_directory(tmp_path)
    reasons = {}
    for path in tree:
        with pytest.raises(BadSource) as caught:
            _ = tree[path].data
        reasons[path] = str(caught.value)
    assert reasons["gone.py"] == "it is a broken link"
    assert reasons["pipe.py"] == "it is no plain file"
    assert "larger than" in reasons["huge.py"]


ENCODED = {
    "utf-8": ("x = 'é'\n".encode(), "x = 'é'\n"),
    "a byte order mark": (b"\xef\xbb\xbfx = 1\n", "x = 1\n"),
    "a cookie": ("# coding: latin-1\nx = 'é'\n".encode("latin-1"), "# coding: latin-1\nx = 'é'\n"),
    "no utf-8": (b"x = '\xff'\n", "x = '\\xff'\n"),
    "an unknown cookie": (b"# coding: klingon\nx = 1\n", "# coding: klingon\nx = 1\n"),
}


@pytest.mark.parametrize(("data", "text"), ENCODED.values(), ids=ENCODED)
def test_text_is_decoded_as_python_would(data: bytes, text: str) -> None:
    """By its cookie; what cannot be decoded is escaped, so that it can be shown."""
    assert held("a.py", data).text == text


def test_lines_are_those_of_python() -> None:
    """A form feed and U+2028 end no line; CR, LF and CRLF do."""
    assert python_lines("a\x0cb\nc\u2028d\re\r\nf") == ["a\x0cb\n", "c\u2028d\r", "e\r\n", "f"]


def test_a_digest_is_that_of_git() -> None:
    """So that what git names and what lies on disk have one name; as `git hash-object` says."""
    assert held("a.py", "x = 1\n").digest == "7d4290a117a4ddcc11daae7ea675841033830c8f"


def test_a_trees_digest_tells_contents_and_paths() -> None:
    """Equal trees have one digest; another text, or another name, another."""
    texts = {"a.py": "x = 1\n", "b.py": "y = 2\n"}
    one = from_texts(texts).digest
    assert from_texts(dict(reversed(texts.items()))).digest == one
    assert from_texts({**texts, "b.py": "y = 3\n"}).digest != one
    assert from_texts({"a.py": "x = 1\n", "c.py": "y = 2\n"}).digest != one


def test_a_file_can_be_called_by_another_name(tmp_path: Path) -> None:
    """As git does it, whose temporary files have names of their own."""
    (tmp_path / "x1y2_a.py").write_text("x = 1\n")
    assert list(from_file(tmp_path / "x1y2_a.py", "pack/a.py")) == ["pack/a.py"]


def test_an_error_of_the_disk_is_a_bad_source() -> None:
    """Whatever goes wrong while reading is a reason, not a crash."""

    def read() -> bytes:
        raise PermissionError(13, "Permission denied")

    with pytest.raises(BadSource, match="Permission denied"):
        _ = Source("a.py", read).data
