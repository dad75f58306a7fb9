"""What is kept is found again for the same content, and for nothing else."""

import sqlite3
from pathlib import Path

import pytest

from monocyte.semdiff import keeping, sketches
from monocyte.semdiff.difference import Change, Known, Options, _Shown, difference
from monocyte.semdiff.keeping import Keeper
from monocyte.semdiff.sources import Source, from_texts
from monocyte.semdiff.verdicts import Finding

TEXT = "def f(n):\n    return n + 1\n"
OLD = from_texts({"a.py": TEXT, "b.py": "import a\n"})
NEW = from_texts({"a.py": TEXT.replace("1", "2"), "b.py": "import a\n"})
READ_ONLY = Options(run=False)


def test_an_answer_is_the_same_from_memory(tmp_path: Path) -> None:
    """Word for word, witnesses and places included."""
    first = difference(OLD, NEW, READ_ONLY, memory=Keeper(tmp_path / "made"))
    again = Keeper(tmp_path / "made")
    assert again.recall(OLD, NEW) is not None
    assert difference(OLD, NEW, READ_ONLY, memory=again).changes == first.changes


def test_what_one_file_says_is_kept_for_other_trees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After one more edit, only what was edited is read; the answer is as without memory."""
    reader = "import traceback\ndef r():\n    return traceback.format_exc()\n"
    old = from_texts({"a.py": TEXT, "r.py": reader})
    new = from_texts({"a.py": "\n" + TEXT, "r.py": reader})
    more = from_texts({"a.py": "\n\n" + TEXT, "r.py": reader})
    difference(old, new, READ_ONLY, memory=Keeper(tmp_path))
    sketched: list[str] = []
    make = sketches._sketch

    def noted(source: Source) -> sketches.Sketch | None:
        sketched.append(source.path)
        return make(source)

    monkeypatch.setattr(sketches, "_sketch", noted)
    kept = difference(old, more, READ_ONLY, memory=Keeper(tmp_path))
    assert sketched == ["a.py"]
    assert kept.changes == difference(old, more, READ_ONLY).changes


def test_what_is_shown_of_a_change_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It depends on both contents and on what was found, and outlives an edit elsewhere."""
    more = from_texts({"a.py": NEW["a.py"].data, "b.py": "import a\nx = 1\n"})
    difference(OLD, NEW, READ_ONLY, memory=Keeper(tmp_path))
    alone = difference(OLD, more, READ_ONLY)
    drawn: list[str] = []
    draw = _Shown._drawn

    def noted(self: _Shown, finding: Finding) -> Change:
        drawn.append(finding.definition)
        return draw(self, finding)

    monkeypatch.setattr(_Shown, "_drawn", noted)
    assert difference(OLD, more, READ_ONLY, memory=Keeper(tmp_path)).changes == alone.changes
    assert "f" not in drawn
    assert drawn


def test_other_content_is_not_known(tmp_path: Path) -> None:
    """Neither another text, nor old and new the other way round."""
    Keeper(tmp_path).keep(OLD, NEW, Known())
    assert Keeper(tmp_path).recall(OLD, NEW) == Known()
    assert Keeper(tmp_path).recall(NEW, OLD) is None
    assert Keeper(tmp_path).recall(OLD, from_texts({"a.py": TEXT.replace("1", "3")})) is None


def test_what_other_rules_have_shown_is_not_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another version of this room, or another Python, begins anew."""
    Keeper(tmp_path).keep(OLD, NEW, Known())
    monkeypatch.setattr(keeping, "_ours", lambda: "another")
    assert Keeper(tmp_path).recall(OLD, NEW) is None


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE kept SET value = x'ffff'",
        "UPDATE kept SET value = (SELECT value FROM kept WHERE length(value) = 9999)",
        "UPDATE kept SET mark = x'00'",
        "DROP TABLE kept",
    ],
)
def test_a_damaged_entry_is_none(tmp_path: Path, damage: str) -> None:
    """Whatever was altered, nothing is taken for known; and it is written anew."""
    keeper = Keeper(tmp_path)
    keeper.put("other", b"x" * 9999)
    keeper.keep(OLD, NEW, Known())
    with sqlite3.connect(keeper.file) as base:
        base.execute(damage)
    base.close()
    assert Keeper(tmp_path).recall(OLD, NEW) is None
    Keeper(tmp_path).keep(OLD, NEW, Known())
    assert Keeper(tmp_path).recall(OLD, NEW) == Known()


def test_an_entry_under_another_name_is_none(tmp_path: Path) -> None:
    """What is whole, but was put in the place of another, says nothing of that."""
    keeper = Keeper(tmp_path)
    keeper.keep(OLD, NEW, Known())
    keeper.keep(NEW, OLD, Known())
    with sqlite3.connect(keeper.file) as base:
        base.execute("UPDATE kept SET (value, mark) = (SELECT value, mark FROM kept LIMIT 1)")
    base.close()
    last = Keeper(tmp_path)
    assert None in {last.recall(OLD, NEW), last.recall(NEW, OLD)}


@pytest.mark.parametrize("cut", [0, 10, 3000])
def test_a_damaged_file_is_put_away(tmp_path: Path, cut: int) -> None:
    """Text, half a file, or an empty one: it is made anew."""
    keeper = Keeper(tmp_path)
    keeper.keep(OLD, NEW, Known())
    data = keeper.file.read_bytes()
    keeper.file.write_bytes(data[:cut] if cut != 10 else b"no database " * 100)
    assert Keeper(tmp_path).recall(OLD, NEW) is None
    for _ in range(2):  # the first may only find out
        Keeper(tmp_path).keep(OLD, NEW, Known())
    assert Keeper(tmp_path).recall(OLD, NEW) == Known()


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    """A diff without memory is only slower."""
    (tmp_path / "file").write_text("")
    keeper = Keeper(tmp_path / "file" / "below")
    keeper.keep(OLD, NEW, Known())
    assert Keeper(tmp_path / "file" / "below").recall(OLD, NEW) is None


def test_two_at_once_both_keep(tmp_path: Path) -> None:
    """Neither loses what the other has kept in between."""
    one, other = Keeper(tmp_path), Keeper(tmp_path)
    one.put("one", b"1")
    other.put("other", b"2")
    one.keep(OLD, NEW, Known())
    other.keep(NEW, OLD, Known())
    third = Keeper(tmp_path)
    third.fetch(["one", "other"])
    assert (third.get("one"), third.get("other")) == (b"1", b"2")


def test_who_cannot_wait_goes_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another run writes, reading finds what was there, and writing gives up."""
    Keeper(tmp_path).keep(OLD, NEW, Known())
    connect = sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda *given, **named: connect(*given, **{**named, "timeout": 0})
    )
    with sqlite3.connect(Keeper(tmp_path).file, isolation_level=None) as base:
        base.execute("BEGIN IMMEDIATE")
        assert Keeper(tmp_path).recall(OLD, NEW) == Known()
        Keeper(tmp_path).keep(NEW, OLD, Known())
    base.close()
    assert Keeper(tmp_path).recall(NEW, OLD) is None


def test_what_was_used_longest_ago_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file does not grow without end, and what is read counts as used."""
    monkeypatch.setattr(keeping, "MOST", 1000)
    now = iter(range(10**6, 10**9, 10 * keeping.DAY))
    monkeypatch.setattr("time.time", lambda: next(now))
    for name in ("a", "b", "c"):
        keeper = Keeper(tmp_path)
        keeper.put(name, b"x" * 300)
        keeper.keep(OLD, NEW, Known())
        Keeper(tmp_path).fetch(["a"])
    keeper.put("d", b"x" * 300)
    keeper.keep(OLD, NEW, Known())
    last = Keeper(tmp_path)
    assert [name for name in "abcd" if last.get(name)] == ["a", "d"]
