"""What a check can mend by itself, for people to review: pictures are redrawn, rules accepted.

Only what is drawn from the code is touched. Whether the code is right, people see in the diff.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from monocyte.literate.evidence import Subject
from monocyte.literate.pictures.cells import redraw_file
from monocyte.literate.pictures.maps import redraw_map_file
from monocyte.literate.rules.rulebook import FILE, accept

__all__ = ["mended"]


def mended(subject: Subject) -> Iterator[Path]:
    """Redraw every picture and the map, accept every rule; yields the files that have changed.

    Raises:
        OSError: a file cannot be written.
    """
    for manifest in subject.manifests:
        file = Path(manifest.file)
        yield from _rewritten(file, redraw_file(_text(file), manifest))
    for journeys in subject.journeys:
        file = Path(journeys.file)
        yield from _rewritten(file, redraw_map_file(_text(file), subject.manifests))
    book = subject.root / FILE
    if not subject.faults and accept(book, subject.manifests):
        yield book


def _text(file: Path) -> str:
    return file.read_bytes().decode("utf-8")  # as it is: line ends are the author's


def _rewritten(file: Path, text: str) -> Iterator[Path]:
    if text != _text(file):
        file.write_bytes(text.encode("utf-8"))
        yield file
