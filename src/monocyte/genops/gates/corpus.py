"""A corpus: what a journal has recorded, as stories that old and new releases can be told.

It is for runners that have no journal. One JSON line says what it is, then comes one line for each
story. Personal data is not in it, if it was made so: names are replaced by others, always the same
ones, and free text by text of the same kind and length.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

import msgspec

from monocyte.errors import GenopsError
from monocyte.genops.gates.stations.stories import Step, Story

__all__ = ["Head", "lines_of", "stories_of"]


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The first line: which format it is of, and of which app."""

    corpus: Literal[1] = 1
    app: str
    redacted: bool
    stories: int


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    steps: tuple[_Step, ...]


class _Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    do: Literal["say", "advance", "restart"]
    who: str = ""
    roles: tuple[str, ...] = ()
    cell: str = ""
    word: str = ""
    body: msgspec.Raw = msgspec.Raw(b"null")
    micros: int = 0


def lines_of(head: Head, stories: Iterable[Story]) -> Iterator[bytes]:
    """A corpus as the lines of its file."""
    yield msgspec.json.encode(head) + b"\n"
    for story in stories:
        steps = tuple(
            _Step(
                it.do,
                it.who,
                it.roles,
                it.cell,
                it.word,
                msgspec.Raw(it.body or b"null"),
                it.micros,
            )
            for it in story.steps
        )
        yield msgspec.json.encode(_Line(story.name, steps)) + b"\n"


def stories_of(file: Path) -> tuple[Story, ...]:
    """The stories of a corpus; raises GenopsError if it is none, or of another format."""
    try:
        head, *lines = file.read_bytes().splitlines()
        said = msgspec.json.decode(head, type=Head)
        stories = tuple(map(_story, lines))
    except (OSError, ValueError, msgspec.DecodeError) as why:
        mend = "make it again: monocyte journal sample"
        raise GenopsError(f"this is no corpus: {why}", where=str(file), mend=mend) from why
    if len(stories) != said.stories:
        what = f"of {said.stories} stories {len(stories)} are there"
        raise GenopsError(what, where=str(file), mend="copy it again, it was cut short")
    return stories


def _story(line: bytes) -> Story:
    read = msgspec.json.decode(line, type=_Line)
    steps = (
        Step(it.do, it.who, it.roles, it.cell, it.word, bytes(it.body), it.micros)
        for it in read.steps
    )
    return Story(read.name, tuple(steps))
