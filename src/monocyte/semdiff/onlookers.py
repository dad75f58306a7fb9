"""Who sees others differently: one finding for each reader, however much it sees. Pure.

A definition means what it does by itself; that it has moved, or is documented otherwise, changes
nothing in it. What changes is the answer of whoever reads that, and so the reader is what is told,
unless it was set to look at this very definition (by decorating it, or by name).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from monocyte.semdiff.guard_words import CATCHING, RENDERINGS
from monocyte.semdiff.guards import Channel, Home, Reader
from monocyte.semdiff.verdicts import Finding, Place, Severity, Verdict

__all__ = ["Onlookers", "looks_by_itself"]

OF_READER = frozenset(Channel) - {
    Channel.LIFETIME,
    Channel.DEATHS,
    Channel.ANNOTATIONS,
}
"""Channels whose difference shows in what the reader answers.

When a value dies shows where it dies; annotations, in the thing that is made of them.
"""

_MOST = 3
"""How many names are told of what a reader sees."""


def looks_by_itself(reader: Reader) -> bool:
    """Whether what a reader sees is told of the reader, and not of what it sees."""
    generic = not reader.of or reader.of.startswith(("<mark ", "<called ", "<recorded>"))
    return generic and reader.channel in OF_READER


@dataclass
class _Looking:
    """One reader, as it stands on either side, and what it may see differently."""

    homes: list[Home | None] = field(default_factory=lambda: [None, None])
    uses: dict[tuple[int, str], None] = field(default_factory=dict)
    seen: dict[Channel, dict[tuple[str, str], None]] = field(default_factory=dict)
    words: set[tuple[Channel, str]] = field(default_factory=set)


class Onlookers:
    """All readers that may see some definition differently."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], _Looking] = {}

    def note(self, side: int, path: str, reader: Reader, seen: tuple[str, str]) -> None:
        """On one side (0 old, 1 new), a reader in a file may see this (file, name) differently."""
        looking = self._found.setdefault((path, reader.home.name), _Looking())
        looking.homes[side] = looking.homes[side] or reader.home
        if side or not looking.homes[1]:
            looking.uses[reader.line, reader.word] = None
        looking.seen.setdefault(reader.channel, {})[seen] = None
        looking.words.add((reader.channel, reader.word))

    def findings(self) -> Iterator[Finding]:
        """One for each reader, in the order of files."""
        for (path, name), looking in sorted(self._found.items(), key=lambda it: it[0]):
            yield _told(path, name, looking)


def _told(path: str, name: str, looking: _Looking) -> Finding:
    old, new = looking.homes
    home = new or old or Home()
    lines = ", ".join(f"line {line} reads {word}" for line, word in list(looking.uses)[:_MOST])
    shown = {word for _, word in looking.words} <= RENDERINGS | CATCHING | {"an error's words"}
    main = min(looking.seen)
    differ = (f"{c} differ: {_named(path, looking.seen[c])}" for c in sorted(looking.seen))
    return Finding(
        verdict=Verdict.UNKNOWN,
        kind=home.kind,
        definition=name,
        what=f"may see {_counted(looking)} differently",
        why=(lines, *differ),
        rule=f"reads-{main.name.lower()}",
        severity=Severity.NOTE if shown else Severity.WARNING,
        old=Place(path, old.line) if old else None,
        new=Place(path, new.line) if new else None,
    )


def _counted(looking: _Looking) -> str:
    seen = {it for found in looking.seen.values() for it in found}
    return f"{len(seen)} definitions" if len(seen) > 1 else "a definition"


def _named(path: str, seen: dict[tuple[str, str], None]) -> str:
    """The first few of what is seen; of other files, with these."""
    found: Sequence[tuple[str, str]] = list(seen)
    named = [name if file == path else f"{file} {name}" for file, name in found[:_MOST]]
    more = f" and {len(found) - _MOST} more" if len(found) > _MOST else ""
    return ", ".join(f"`{it}`" for it in named) + more
