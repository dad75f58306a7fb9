"""What a diff of large trees will need for sure, read ahead by two processes at once.

Each piece is made of contents alone and told as bytes under the name of its content, so it does not
matter who made it. Small trees, and machines where that would not help, do without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from monocyte.semdiff.sketches import Shelf, sketched
from monocyte.semdiff.sources import BadSource, Source
from monocyte.semdiff.workers.twin import Twin, may_fork

__all__ = ["LARGE", "WHOLE", "reading_ahead"]

LARGE = 1_000_000
"""Bytes of Python; reading fewer takes less than a second."""

WHOLE = "whole"
"""The name of what is said of both trees as a whole."""


@contextmanager
def reading_ahead(
    old: Mapping[str, Source],
    new: Mapping[str, Source],
    shelf: Shelf | None,
    whole: Callable[[], bytes],
) -> Iterator[Shelf | None]:
    """A shelf on which what is needed stands, or will when it is asked for."""
    sources = {digest: it for side in (old, new) for digest, it in _readable(side.values())}
    if sum(len(it.data) for it in sources.values()) < LARGE or not may_fork():
        yield shelf
        return
    inner = shelf or _Table()
    names = {f"sketch {digest}": it for digest, it in sources.items() if it.path.endswith(".py")}
    inner.fetch(names)
    missing = {name: it for name, it in names.items() if inner.get(name) is None}
    largest = sorted(missing, key=lambda it: -len(missing[it].data))
    with Twin({it: _Sketching(missing[it]) for it in largest}, {WHOLE: whole}) as twin:
        yield _Ahead(inner, twin)


def _readable(sources: Iterable[Source]) -> Iterator[tuple[str, Source]]:
    """Those that can be read, by their digests: they are read here, once, for both processes."""
    for source in sources:
        try:
            if source.data:
                yield source.digest, source
        except BadSource:
            continue


class _Sketching:
    """Making the sketch of a file."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def __call__(self) -> bytes:
        return sketched(self.source)


class _Ahead:
    """A shelf before which two processes are at work."""

    def __init__(self, inner: Shelf, twin: Twin) -> None:
        self.inner = inner
        self.twin = twin

    def get(self, name: str) -> bytes | None:
        """What is kept under a name, or is being made for it."""
        if name == WHOLE:  # of these two trees, so nobody keeps it by that name
            return self.twin.take(name)
        kept = self.inner.get(name)
        if kept is None and name in self.twin:
            kept = self.twin.take(name)
            self.inner.put(name, kept)
        return kept

    def put(self, name: str, value: bytes) -> None:
        """Keep it."""
        self.inner.put(name, value)

    def fetch(self, names: Iterable[str]) -> None:
        """Get all of these at once, for they will be asked for."""
        self.inner.fetch(names)


class _Table:
    """A shelf that lasts as long as this diff."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def get(self, name: str) -> bytes | None:
        return self.kept.get(name)

    def put(self, name: str, value: bytes) -> None:
        self.kept[name] = value

    def fetch(self, names: Iterable[str]) -> None:
        """All is here already."""
