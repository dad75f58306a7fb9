"""From the journal to the state: snapshot, then tail; old events are upcast on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from monocyte.cell import Manifest
from monocyte.contracts import Event
from monocyte.contracts.codec import decode, digest, encode, raw
from monocyte.contracts.images import from_image, image
from monocyte.engine.books import Books
from monocyte.errors import Invalid, JournalDamaged
from monocyte.journal import Entry, EventRecord, Snapshot

__all__ = ["Fold"]


class _Saved(msgspec.Struct, frozen=True, array_like=True):
    state: bytes
    books: bytes


_Known = tuple[int, type[Event], Callable[[Any, Any], Any], bool]
"""An event that the release knows: its version, its type, its evolver, whether that replaces."""


class Fold:
    """The state and books of one cell, and how they follow from entries."""

    __slots__ = ("_apply", "_schema", "_timed", "books", "manifest", "seq", "state")

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        self._schema: str | None = None
        self.state: Any = _initial(manifest.state)
        self.books = Books()
        self.seq = 0
        """The position up to which everything is folded in."""
        self._apply: dict[str, _Known] = {}
        """How to apply each event, by name; filled when the first one happens."""
        self._timed = tuple(t.event for t in manifest.timers.values() if t.delay)

    @property
    def schema(self) -> str:
        """The digest of the state's shape; only snapshots need it, and most Worlds take none."""
        if self._schema is None:
            state = self.manifest.state
            self._schema = digest(state) if state is not type(None) else ""
        return self._schema

    def restore(self, snapshot: Snapshot | None) -> bool:
        """Start from a snapshot, if this very release has taken it; say whether it was.

        Another release may fold the same events into something else, even of the same shape.
        """
        if snapshot is None or not self._trusts(snapshot):
            return False
        try:
            saved = from_image(_Saved, snapshot.body)
            state = from_image(self.manifest.state, saved.state)
            books = Books.restored(saved.books)
        except Invalid:
            return False
        self.state, self.books, self.seq = state, books, snapshot.seq
        return True

    def _trusts(self, snapshot: Snapshot) -> bool:
        return snapshot.schema == self.schema and snapshot.release == self.manifest.release

    def snapshot(self, at: int) -> Snapshot:
        """The state and books as they are; `at` in µs since the epoch."""
        manifest = self.manifest
        body = image(_Saved(image(self.state), self.books.kept()))
        return Snapshot(manifest.name, self.seq, at, manifest.release, self.schema, body)

    def enter(self, entry: Entry) -> None:
        """Fold in an entry as the journal has it.

        Raises:
            JournalDamaged: it holds an event that this release cannot read.
        """
        for index, record in enumerate(entry.events):
            self.happen(self.revive(record), entry.seq + index, entry.at)
        self.books.enter(self.manifest, entry)
        self.seq = entry.end

    def happen(self, event: Event, seq: int, at: int) -> None:
        """Apply one event to the state, and start the timers that run from it."""
        _, _, evolve, replaces = (self._apply or self._learn())[type(event).__name__]
        if replaces:
            self.state = evolve(event, self.state)
        else:
            evolve(event, self.state)
        self.books.last_event = seq
        if type(event) in self._timed:
            self.books.happened(self.manifest, event, seq, at)

    def revive(self, record: EventRecord) -> Event:
        """The event of a record, in today's shape.

        Raises:
            JournalDamaged: this release does not know it, or not that version, or cannot read it.
        """
        known = (self._apply or self._learn()).get(record.name)
        if known is None or record.version > known[0]:
            raise JournalDamaged(
                f"{self.manifest.name}: the journal holds {record.name} of version "
                f"{record.version}, which this release does not know",
                where=self.manifest.file,
                mend="run the release that wrote it, or bring back the event and its evolver",
            )
        version, event, _, _ = known
        body = record.body if record.version == version else self._upcast(record, version)
        try:
            return decode(event, body)
        except Invalid as why:
            raise JournalDamaged(
                f"{self.manifest.name}: a stored {record.name} of version {record.version} does "
                f"not fit this release: {why.message}",
                where=self.manifest.file,
                mend="raise __version__ of the event and declare @cell.upcasts for the old one",
            ) from why

    def _learn(self) -> dict[str, _Known]:
        self._apply = {
            event.__name__: (event.__version__, event, evolver.call, evolver.replaces)
            for event, evolver in self.manifest.evolvers.items()
        }
        return self._apply

    def _upcast(self, record: EventRecord, until: int) -> bytes:
        fields: dict[str, Any] = raw(record.body)
        for version in range(record.version, until):
            step: Callable[[dict[str, Any]], dict[str, Any]] | None
            step = self.manifest.upcasts.get((record.name, version))
            if step is None:
                raise JournalDamaged(
                    f"{self.manifest.name}: nothing upcasts {record.name} of version {version}",
                    where=self.manifest.file,
                    mend=f'declare @cell.upcasts("{record.name}", version={version})',
                )
            fields = step(fields)
        return encode(fields)


def _initial(state: Any) -> Any:
    return None if state is type(None) else state()
