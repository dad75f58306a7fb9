"""What the books remember of tries that have begun and not ended."""

import pytest

from monocyte.contracts import Fault
from monocyte.contracts.codec import encode
from monocyte.engine import books as module
from monocyte.engine.books import Books
from monocyte.journal import Entry, PortResult
from tests.engine.stage import MANIFESTS

MANIFEST = MANIFESTS["clerk"]
SEEN = (PortResult("Ids", "new", b"12345678", 0, encode("x")),)


def entry(seq: int, kind: str, id: str, source: tuple[str, int] | None = None) -> Entry:
    """An entry without events."""
    reply = encode(Fault("refused", "no")) if kind == "dead" else None
    ports = SEEN if kind == "begun" else ()
    name = MANIFEST.name
    return Entry(name, seq, kind, id, 0, "It", 1, b"\x80", reply, ports=ports, source=source)


@pytest.mark.parametrize(
    ("kind", "id"),
    [("reaction", "{name}<bank:1"), ("command", "{name}<bank:1"), ("dead", "{name}<dead:bank:1")],
)
def test_what_has_ended_is_no_longer_begun(kind: str, id: str) -> None:
    """Decided, or given up: what its tries have seen is let go."""
    books, name = Books(), MANIFEST.name
    books.enter(MANIFEST, entry(1, "begun", f"{name}<bank:1"))
    assert books.begun == {f"{name}<bank:1": SEEN}
    books.enter(MANIFEST, entry(2, kind, id.format(name=name), ("bank", 1)))
    assert books.begun == {}


def test_the_oldest_is_forgotten_where_nobody_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries that are never ended do not fill the memory."""
    monkeypatch.setattr(module, "MOST_BEGUN", 2)
    books = Books()
    for number in (1, 2, 3):
        books.enter(MANIFEST, entry(number, "begun", f"try {number}"))
    assert list(books.begun) == ["try 2", "try 3"]
    assert list(Books.restored(books.kept()).begun) == ["try 2", "try 3"]
