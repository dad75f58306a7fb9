"""What is kept is found again for the same content, and for nothing else."""

from pathlib import Path

from monocyte.semdiff.difference import Known, Options, difference
from monocyte.semdiff.keeping import MOST, Keeper
from monocyte.semdiff.sources import from_texts

TEXT = "def f(n):\n    return n + 1\n"
OLD = from_texts({"a.py": TEXT})
NEW = from_texts({"a.py": TEXT.replace("1", "2")})
READ_ONLY = Options(run=False)


def test_an_answer_is_the_same_from_memory(tmp_path: Path) -> None:
    """Word for word, witnesses and places included."""
    keeper = Keeper(tmp_path / "made")
    first = difference(OLD, NEW, READ_ONLY, memory=keeper)
    assert keeper.recall(OLD, NEW) is not None
    assert difference(OLD, NEW, READ_ONLY, memory=keeper).changes == first.changes


def test_other_content_is_not_known(tmp_path: Path) -> None:
    """Neither another text, nor old and new the other way round."""
    keeper = Keeper(tmp_path)
    keeper.keep(OLD, NEW, Known())
    assert keeper.recall(OLD, NEW) == Known()
    assert keeper.recall(NEW, OLD) is None
    assert keeper.recall(OLD, from_texts({"a.py": TEXT.replace("1", "3")})) is None


def test_a_damaged_entry_is_none(tmp_path: Path) -> None:
    """It is written anew."""
    keeper = Keeper(tmp_path)
    keeper.keep(OLD, NEW, Known())
    next(tmp_path.glob("*.msgpack")).write_bytes(b"\xff\xff")
    assert keeper.recall(OLD, NEW) is None
    keeper.keep(OLD, NEW, Known())
    assert keeper.recall(OLD, NEW) == Known()


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    """A diff without memory is only slower."""
    (tmp_path / "file").write_text("")
    keeper = Keeper(tmp_path / "file" / "below")
    keeper.keep(OLD, NEW, Known())
    assert keeper.recall(OLD, NEW) is None


def test_the_oldest_entries_go(tmp_path: Path) -> None:
    """The folder does not grow without end."""
    keeper = Keeper(tmp_path)
    for number in range(MOST + 5):
        (tmp_path / f"{number}.msgpack").write_bytes(b"")
    keeper.keep(OLD, NEW, Known())
    assert len(list(tmp_path.glob("*.msgpack"))) == MOST
