"""In a station: what the base wrote down, and what a release makes of it when it starts so."""

from __future__ import annotations

from typing import Any

import msgspec

from monocyte.contracts.codec import decode_json
from monocyte.errors import BusError, MonocyteError
from monocyte.genops.gates.locked import sealed
from monocyte.genops.gates.stations.loading import Fault, Staged, opened, so_far
from monocyte.genops.gates.stations.stories import Heard, Step, Story, Told, teller
from monocyte.genops.gates.stations.varying import Constants, Varying
from monocyte.journal.entries import Entry, decode, encode
from monocyte.literate.limits import Overdue, within
from monocyte.testing import World
from monocyte.testing.loop import Endless, Stuck

__all__ = ["Chapter", "Read", "Write", "Written", "read", "write"]


class Chapter(msgspec.Struct, frozen=True):
    """What one story left behind, what was then asked, and what was answered."""

    name: str
    entries: tuple[bytes, ...]
    wall: int
    """The time at its end, in µs since the epoch."""
    asked: tuple[Step, ...]
    heard: tuple[Heard, ...]
    broke: str = ""


class Write(msgspec.Struct, frozen=True, kw_only=True):
    """Which stories are to be told to the base."""

    stories: tuple[Story, ...]
    cells: tuple[str, ...]
    looks: int = 12
    timeout: float = 20.0


class Written(msgspec.Struct, frozen=True):
    """The history of each story."""

    chapters: tuple[Chapter, ...] = ()
    faults: tuple[Fault, ...] = ()


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """Histories with which to start, and messages that were once understood."""

    chapters: tuple[Chapter, ...]
    said: tuple[Step, ...] = ()
    timeout: float = 20.0


class Understood(msgspec.Struct, frozen=True):
    """What a release makes of histories and of messages; empty for those that it takes."""

    told: tuple[Told, ...] = ()
    refused: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()


def write(payload: bytes) -> bytes:
    """Tell stories to the base, and keep what it wrote down."""
    task = opened(payload)
    wish = msgspec.msgpack.decode(task.body, type=Write)
    staged = so_far(task.base, task.package)
    nothing = Constants()
    varying = Varying(staged.manifests, wish.stories, wish.cells, nothing, nothing, 1)
    chapters = tuple(_chapter(staged, it, varying, wish) for it in wish.stories)
    return sealed(task.key, msgspec.msgpack.encode(Written(chapters, staged.faults)))


def _chapter(staged: Staged, story: Story, varying: Varying, wish: Write) -> Chapter:
    asked = tuple(it for it in varying.looks(wish.looks) if it.do == "say")
    entries: tuple[Entry, ...] = ()
    wall = 0
    try:
        with within(wish.timeout), World(*staged.manifests) as world:
            told = teller(world, staged.manifests)
            for step in story.steps:
                told.take(step)
            entries, wall = world.entries, world._simulation.wall  # noqa: SLF001
    except (Exception, Overdue, SystemExit) as why:  # noqa: BLE001 (the edge: the author's code)
        return Chapter(story.name, (), 0, (), (), type(why).__name__)
    bodies = tuple(map(encode, entries))
    chapter = Chapter(story.name, bodies, wall, asked, ())
    heard = _started(staged, chapter, wish.timeout)
    return msgspec.structs.replace(chapter, heard=heard.heard, broke=heard.broke)


def read(payload: bytes) -> bytes:
    """Start with histories, and answer what was asked then."""
    task = opened(payload)
    wish = msgspec.msgpack.decode(task.body, type=Read)
    staged = so_far(task.head, task.package)
    if staged.faults:
        return sealed(task.key, msgspec.msgpack.encode(Understood(faults=staged.faults)))
    told = tuple(_started(staged, it, wish.timeout) for it in wish.chapters)
    refused = tuple(_understood(staged, it) for it in wish.said)
    return sealed(task.key, msgspec.msgpack.encode(Understood(told, refused)))


def _started(staged: Staged, chapter: Chapter, timeout: float) -> Told:
    """What is answered by an app that starts with this history."""
    heard: list[Heard] = []
    broke = ""
    try:
        with within(timeout), World(*staged.manifests) as world:
            simulation = world._simulation  # noqa: SLF001 (a World has no other way to a past)
            for body in chapter.entries:
                simulation.journal.append(decode(body), lambda _: None)
            simulation.journal.persist()
            simulation.wall = max(simulation.wall, chapter.wall)
            world.restart()
            world.settle()
            told = teller(world, staged.manifests)
            for step in chapter.asked:
                heard.append(told.take(step))  # noqa: PERF401 (what was heard until it broke)
    except (Endless, Stuck, Overdue) as why:
        broke = type(why).__name__
    except MonocyteError as why:
        broke = f"{type(why).__name__}: {why.message}"[:500]
    except (Exception, SystemExit) as why:  # noqa: BLE001 (the edge: the author's code)
        broke = f"{type(why).__name__}: {why}"[:500]
    return Told(tuple(heard), broke)


def _understood(staged: Staged, step: Step) -> str:
    words: dict[tuple[str, str], Any] = {
        (cell.name, name): word for cell in staged.manifests for name, word in cell.words.items()
    }
    word = words.get((step.cell, step.word))
    if word is None:
        return "nobody knows it any more"
    try:
        decode_json(word, step.body)
    except BusError as why:
        return str(why)[:300]
    return ""
