"""The directory of a site: what is not ours is never touched, what was interrupted goes on."""

from pathlib import Path

import msgspec
import pytest

from monocyte.errors import ConfigError
from monocyte.literate.weave.output import INDEX, Index, Output, Written


def put(out: Path, files: dict[str, str]) -> tuple[list[str], list[str]]:
    """Make a directory hold these files, as one weaving."""
    output = Output(out)
    made = {path: output.current(path, text) for path, text in files.items()}
    stale = [path for path, written in made.items() if written is None]
    output.begin(stale)
    kept = {path: it for path, it in made.items() if it is not None}
    kept |= {path: output.write(path, files[path], files[path].encode()) for path in stale}
    return output.finish(kept, {})


def test_files_are_written_and_removed_again(tmp_path: Path) -> None:
    """What is no more in the site is taken away."""
    put(tmp_path, {"a.html": "a", "cells/b.html": "b"})
    assert put(tmp_path, {"a.html": "A"}) == (["cells/b.html"], [])
    assert (tmp_path / "a.html").read_text() == "A"
    assert not (tmp_path / "cells" / "b.html").exists()


def test_what_is_as_it_was_is_not_written_again(tmp_path: Path) -> None:
    """A file of the same inputs that still holds what it did is current."""
    put(tmp_path, {"a.html": "a"})
    assert Output(tmp_path).current("a.html", "a") is not None
    assert Output(tmp_path).current("a.html", "b") is None
    (tmp_path / "a.html").write_text("changed")
    assert Output(tmp_path).current("a.html", "a") is None
    (tmp_path / "a.html").unlink()
    assert Output(tmp_path).current("a.html", "a") is None


def foreign_file(out: Path) -> None:
    """Something of somebody else's is there."""
    out.mkdir()
    (out / "thesis.txt").write_text("years of work")


def a_file(out: Path) -> None:
    """It is no directory."""
    out.write_text("a file")


def damaged_index(out: Path) -> None:
    """Its index is no JSON."""
    out.mkdir()
    (out / INDEX).write_text("{")


def later_index(out: Path) -> None:
    """Its index is of another kind."""
    out.mkdir()
    (out / INDEX).write_text('{"files": 1}')


@pytest.mark.parametrize("make", [foreign_file, a_file, damaged_index, later_index])
def test_a_directory_that_is_not_ours_is_refused(tmp_path: Path, make: object) -> None:
    """Nothing in it is changed, and the message says what to do."""
    out = tmp_path / "out"
    make(out)  # type: ignore[operator]
    before = {it: it.read_bytes() for it in tmp_path.rglob("*") if it.is_file()}
    with pytest.raises(ConfigError) as raised:
        put(out, {"a.html": "a"})
    assert raised.value.mend
    assert {it: it.read_bytes() for it in tmp_path.rglob("*") if it.is_file()} == before


def test_a_foreign_file_beside_ours_stays(tmp_path: Path) -> None:
    """Somebody may keep a file in the site; it is neither removed nor written over."""
    put(tmp_path, {"a.html": "a"})
    (tmp_path / "notes.txt").write_text("mine")
    put(tmp_path, {"a.html": "A"})
    assert (tmp_path / "notes.txt").read_text() == "mine"
    with pytest.raises(ConfigError, match="not of the site"):
        put(tmp_path, {"a.html": "A", "notes.txt": "ours"})
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_page_of_a_deleted_cell_that_somebody_changed_stays(tmp_path: Path) -> None:
    """It is told instead of removed."""
    put(tmp_path, {"a.html": "a", "b.html": "b"})
    (tmp_path / "b.html").write_text("my notes")
    assert put(tmp_path, {"a.html": "a"}) == ([], ["b.html"])
    assert (tmp_path / "b.html").read_text() == "my notes"


def test_links_lead_nowhere_else(tmp_path: Path) -> None:
    """A folder of the site that was made a link is not written through."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    put(tmp_path / "out", {"a.html": "a"})
    (tmp_path / "out" / "cells").symlink_to(elsewhere)
    with pytest.raises(ConfigError, match="link"):
        put(tmp_path / "out", {"a.html": "a", "cells/b.html": "b"})
    assert list(elsewhere.iterdir()) == []


def test_a_hostile_index_removes_nothing_outside(tmp_path: Path) -> None:
    """Paths in the index that lead out of the directory are passed over."""
    outside = tmp_path / "outside.txt"
    outside.write_text("x")
    out = tmp_path / "out"
    put(out, {"a.html": "x"})
    index = msgspec.json.decode((out / INDEX).read_bytes(), type=Index)
    same = index.files["a.html"]
    files = {"../outside.txt": same, str(outside): same, "a.html": same}
    (out / INDEX).write_bytes(msgspec.json.encode(Index(files=files)))
    put(out, {"b.html": "b"})
    assert outside.read_text() == "x"


def test_an_interrupted_weaving_is_carried_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages that were written before the power went are ours, and are not half."""
    real, calls = Path.replace, []

    def dying(self: Path, target: Path) -> Path:
        calls.append(target)
        if len(calls) == 3:
            raise OSError(28, "No space left on device")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", dying)
    with pytest.raises(OSError, match="No space"):
        put(tmp_path, {"a.html": "a", "b.html": "b"})
    monkeypatch.undo()
    assert sorted(it.name for it in tmp_path.iterdir()) == [INDEX, "a.html"]
    put(tmp_path, {"a.html": "a", "b.html": "b"})
    assert sorted(it.name for it in tmp_path.iterdir()) == [INDEX, "a.html", "b.html"]


def test_what_cannot_be_written_names_its_place(tmp_path: Path) -> None:
    """A directory of somebody else's stands where a page belongs: it is not made away with."""
    put(tmp_path, {"b.html": "b"})
    (tmp_path / "a.html").mkdir()
    with pytest.raises(ConfigError, match=r"a\.html"):
        put(tmp_path, {"a.html": "A", "b.html": "b"})
    assert (tmp_path / "a.html").is_dir()


def test_the_index_knows_nothing_of_the_machine(tmp_path: Path) -> None:
    """No path of the machine, and sorted."""
    put(tmp_path, {"b.html": "b", "a.html": "a"})
    index = (tmp_path / INDEX).read_text()
    assert str(tmp_path) not in index
    assert list(msgspec.json.decode(index, type=Index).files) == ["a.html", "b.html"]
    assert isinstance(msgspec.json.decode(index, type=Index).files["a.html"], Written)
