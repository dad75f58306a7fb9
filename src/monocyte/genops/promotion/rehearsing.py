"""A release on everything that has happened: can it read the journal, and what would it have said?

Two children, one for each tree, decide anew what the journal says was decided; here their answers
are compared. A difference is explained if a rule that was changed on purpose has refused it, or was
asked; every other one is named, the first first.
"""

from __future__ import annotations

import hashlib
import os
import sys
import traceback
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from monocyte.errors import GenopsError
from monocyte.genops.promotion.looking import answer, asked

__all__ = ["Difference", "Rehearsed", "Said", "differences", "rehearse"]

SECONDS = 600.0


class Said(msgspec.Struct, frozen=True, array_like=True):
    """What a release says to an entry of the journal: in a line, and its digest."""

    seq: int
    name: str
    said: str
    digest: str
    refused: str
    asked: tuple[str, ...]


class Rehearsed(msgspec.Struct, frozen=True):
    """What came of it, by cell; or why one of them cannot read what has happened."""

    said: dict[str, tuple[Said, ...]] = {}
    unread: dict[str, str] = {}


class Difference(NamedTuple):
    """An entry to which two releases do not say the same; and the rule that explains it, if any."""

    cell: str
    seq: int
    name: str
    before: str
    after: str
    rule: str

    def __str__(self) -> str:
        return f"{self.cell} at {self.seq}, {self.name}: was {self.before}; would be {self.after}"


def rehearse(
    root: Path, package: str, journal: Path, cells: Sequence[str], *, folding: bool = False
) -> Rehearsed:
    """Let the app in `root` go through a journal; with `folding` it only reads what happened.

    Raises:
        GenopsError: it cannot be loaded, or the journal cannot be read.
    """
    told = asked(
        __name__,
        [str(root), package, str(journal), "fold" if folding else "decide", *cells],
        SECONDS,
    )
    try:
        return msgspec.json.decode(told.answer, type=Rehearsed)
    except (msgspec.DecodeError, UnicodeDecodeError) as why:
        lines = " ".join(told.printed.strip().splitlines()[-3:])
        said = f"it cannot be tried on the journal: {lines or f'it ended with {told.code}'}"
        raise GenopsError(said, where=str(root)) from why


def differences(old: Rehearsed, new: Rehearsed, rules: Iterable[str]) -> Iterator[Difference]:
    """Every entry to which the two do not say the same, in the order of each cell.

    An app that runs goes on meanwhile: what only one of them has come to see is left out.
    """
    changed = frozenset(rules)
    for cell, before in old.said.items():
        after = {it.seq: it for it in new.said.get(cell, ())}
        for was in before:
            now = after.get(was.seq)
            if now is not None and now.digest != was.digest:
                by = [it for it in (now.refused, was.refused) if it in changed]
                by += [it for it in (*now.asked, *was.asked) if it in changed]
                rule = by[0] if by else ""
                yield Difference(cell, was.seq, was.name, was.said, now.said, rule)


def main(arguments: Sequence[str]) -> None:
    """The child: load the package, and go through the journal."""
    from monocyte.cell import load_package  # noqa: PLC0415 (in the child only)
    from monocyte.engine.fold import Fold  # noqa: PLC0415
    from monocyte.engine.rehearsing import Rehearsal  # noqa: PLC0415
    from monocyte.journal import JournalReader  # noqa: PLC0415

    os.nice(10)  # whoever asks the app that runs comes first
    descriptor, root, package, journal, how, *cells = arguments
    loaded = load_package(Path(root), package)
    if loaded.faults:
        raise SystemExit(str(loaded.faults[0]))
    said: dict[str, tuple[Said, ...]] = {}
    unread: dict[str, str] = {}
    with JournalReader(Path(journal)) as reader:
        for manifest in loaded.manifests:
            if cells and manifest.name not in cells:
                continue
            try:
                entries = reader.read(manifest.name)
                if how == "fold":
                    fold = Fold(manifest)
                    for entry in entries:
                        fold.enter(entry)
                    continue
                said[manifest.name] = tuple(
                    Said(
                        it.seq,
                        it.name,
                        it.said,
                        hashlib.sha256(it.exactly).hexdigest()[:32],
                        it.refused,
                        it.asked,
                    )
                    for it in Rehearsal(manifest).outcomes(entries)
                )
            except Exception as why:  # noqa: BLE001 (a supervision edge: evolvers are the author's)
                place = traceback.extract_tb(why.__traceback__)[-1]
                unread[manifest.name] = (
                    f"{type(why).__name__}: {why} ({Path(place.filename).name}:{place.lineno})"
                )
    sys.stdout.flush()
    answer(descriptor, Rehearsed(said, unread))
