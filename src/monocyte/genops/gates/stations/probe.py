"""In a station: tell stories to the app, of its scenarios and others, and say what came of them."""

from __future__ import annotations

import msgspec

from monocyte.genops.gates.locked import Task, sealed
from monocyte.genops.gates.stations.loading import Fault, Staged, opened, so_far
from monocyte.genops.gates.stations.stories import Story, Told, recorded, tell
from monocyte.genops.gates.stations.varying import Constants, Varying

__all__ = ["Heard", "Made", "Make", "Retell", "make", "retell"]


class Make(msgspec.Struct, frozen=True, kw_only=True):
    """Which stories to make, at the base."""

    cells: tuple[str, ...]
    sequences: int
    constants: Constants
    fresh: Constants
    seed: int = 0
    timeout: float = 20.0
    given: tuple[Story, ...] = ()
    """From a journal."""


class Made(msgspec.Struct, frozen=True):
    """Stories, and what the base made of each."""

    stories: tuple[Story, ...] = ()
    told: tuple[Told, ...] = ()
    faults: tuple[Fault, ...] = ()


class Retell(msgspec.Struct, frozen=True, kw_only=True):
    """Which stories to tell to the head."""

    stories: tuple[Story, ...]
    timeout: float = 20.0
    only_base: bool = False


class Heard(msgspec.Struct, frozen=True):
    """What came of stories."""

    told: tuple[Told, ...] = ()
    faults: tuple[Fault, ...] = ()


def make(payload: bytes) -> bytes:
    """Record the stories of the base's scenarios, vary them, tell all to the base."""
    task = opened(payload)
    wish = msgspec.msgpack.decode(task.body, type=Make)
    staged = so_far(task.base, task.package)
    if staged.faults:
        return sealed(task.key, msgspec.msgpack.encode(Made(faults=staged.faults)))
    stories, told = _stories(staged, wish)
    return sealed(task.key, msgspec.msgpack.encode(Made(tuple(stories), tuple(told))))


def _stories(staged: Staged, wish: Make) -> tuple[list[Story], list[Told]]:
    every = list(recorded(staged, wish.timeout))
    ours = [story for story, touched in every if touched & {*wish.cells}]
    stories = [*ours, *wish.given]
    told = [tell(staged.manifests, it, wish.timeout) for it in stories]
    known = stories or [story for story, _ in every]
    varying = Varying(staged.manifests, known, wish.cells, wish.constants, wish.fresh, wish.seed)
    more = [*varying.targeted(told, 4 * wish.sequences), *varying.stories_of(wish.sequences)]
    return [*stories, *more], [*told, *(tell(staged.manifests, it, wish.timeout) for it in more)]


def retell(payload: bytes) -> bytes:
    """Tell stories to the head."""
    task: Task = opened(payload)
    wish = msgspec.msgpack.decode(task.body, type=Retell)
    staged = so_far(task.base if wish.only_base else task.head, task.package)
    if staged.faults:
        return sealed(task.key, msgspec.msgpack.encode(Heard(faults=staged.faults)))
    told = tuple(tell(staged.manifests, it, wish.timeout) for it in wish.stories)
    return sealed(task.key, msgspec.msgpack.encode(Heard(told)))
