"""In a station: much of what was said, said again with other names, so that there is much to know.

Each copy of the stories takes other names for some of what is named and keeps the rest, at random:
so one box fills, and there are many boxes. Only what the base accepts is kept.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple

import msgspec

from monocyte.cell import Manifest
from monocyte.contracts import Command, Query
from monocyte.contracts.codec import decode_json
from monocyte.errors import BusError
from monocyte.genops.gates.stations.stories import Step, Story, teller
from monocyte.genops.gates.stations.varying import Constants, Varying
from monocyte.literate.limits import Overdue, within
from monocyte.literate.scenarios import STEPS
from monocyte.testing import Faults, World
from monocyte.testing.loop import Endless, Stuck

__all__ = ["SIZES", "Grown", "grown"]

SIZES = (1, 4, 16)
"""How many times what the stories come to."""

MOST, SECONDS = 300, 0.8
"""So many accepted messages are enough, and so long is looked for them."""

COPIES = 600
"""Copies that are tried at most."""

FEWEST = 12
"""Accepted messages that one time is at least, for what has few stories."""

EACH, LOOKS = 3, 6
"""How many messages of each kind are said at every size, and questions made from nothing."""


class Grown(NamedTuple):
    """What is said to get to a size, and what is said there."""

    size: int
    steps: tuple[Step, ...]
    probes: tuple[Step, ...]
    asks: tuple[bool, ...]
    """Whether a probe is a question, which can be asked again."""


def grown(
    manifests: tuple[Manifest, ...], stories: Sequence[Story], cells: Sequence[str], timeout: float
) -> list[Grown]:
    """How an app of the base gets so many times as large; nothing if nothing is accepted."""
    growing = _Growing(manifests, stories, cells)
    found: list[Grown] = []
    with World(*manifests, faults=Faults.none(), steps=STEPS) as world:
        try:
            with within(timeout):
                for size, steps in growing.sizes(world):
                    found.append(Grown(size, steps, growing.probes, growing.asks))
        except (Endless, Stuck, Overdue, BusError):
            pass  # as far as it has come
    return found


class _Growing:
    def __init__(
        self, manifests: tuple[Manifest, ...], stories: Sequence[Story], cells: Sequence[str]
    ) -> None:
        self.random = Random(0)  # noqa: S311 (the same for both looks)
        self.manifests = manifests
        self.cells = frozenset(cells)
        self.words: dict[tuple[str, str], Any] = {
            (m.name, name): word for m in manifests for name, word in m.words.items()
        }
        said = [it for story in stories for it in story.steps if it.do == "say"]
        self.stories = [made for it in stories if (made := self._useful(it.steps))]
        looks = Varying(manifests, stories, cells, Constants(), Constants(), 0).looks(LOOKS)
        self.probes = tuple(self._examples([*said, *looks]))
        self.asks = tuple(self._is(it, Query) for it in self.probes)

    def _useful(self, steps: Sequence[Step]) -> list[Step]:
        """Commands up to the last one to a cell in question: what came then may undo others."""
        found = [it for it in steps if self._is(it, Command)]
        while found and found[-1].cell not in self.cells and self._is_said_to:
            found.pop()
        return found

    @property
    def _is_said_to(self) -> bool:
        """Whether the cells in question know commands: others only listen to others."""
        ours = (it for (cell, _), it in self.words.items() if cell in self.cells)
        return any(issubclass(it, Command) for it in ours)

    def _is(self, step: Step, kind: type) -> bool:
        word = self.words.get((step.cell, step.word))
        return isinstance(word, type) and issubclass(word, kind)

    def _examples(self, said: Iterable[Step]) -> Iterator[Step]:
        seen: dict[str, list[Step]] = defaultdict(list)
        for step in said:
            known = seen[f"{step.cell}.{step.word}"]
            if step.cell in self.cells and len(known) < EACH and step not in known:
                known.append(step)
                yield step

    def sizes(self, world: World) -> Iterator[tuple[int, tuple[Step, ...]]]:
        """What is accepted until each size is reached."""
        until = time.thread_time() + SECONDS
        accepted: list[Step] = []
        kept, once, total, sizes = 0, 0, 0, list(SIZES)
        for steps in self._copies(teller(world, self.manifests)):
            accepted += steps
            total += len(steps)
            kept += self._ours(steps)
            is_over = total > MOST or time.thread_time() > until
            once = once or (kept if kept >= FEWEST else 0)
            if once and (is_over or kept >= once * sizes[0]):
                yield kept // once, tuple(accepted)
                accepted = []
                sizes = [it for it in sizes if it > kept // once]
            if is_over or not sizes:
                return

    def _ours(self, steps: Sequence[Step]) -> int:
        """How many of them were said to the cells in question, if anything is."""
        return sum(it.cell in self.cells for it in steps) if self._is_said_to else len(steps)

    def _copies(self, told: Any) -> Iterator[list[Step]]:
        """What is accepted of one copy after the other; a story that gives nothing is left out."""
        stories, failed = list(self.stories), defaultdict[int, int](int)
        for count in range(COPIES):
            if not stories:
                return
            at = count % len(stories)
            steps = []
            names: dict[str, str] = {}
            share = self.random.choice((0.2, 0.5, 0.5, 1.0))
            for step in stories[at]:
                new = self._renamed(step, names, share, count) if count >= len(stories) else step
                if told.take(new).how == "replied":
                    steps.append(new)
            failed[id(stories[at])] += 1 if not self._ours(steps) else -1
            if failed[id(stories[at])] > 1:
                del stories[at]
            yield steps

    def _renamed(self, step: Step, names: dict[str, str], share: float, count: int) -> Step:
        """The step with other names, as far as its type takes them."""
        body = msgspec.json.decode(step.body)
        for text in sorted(set(_texts(body))):
            if text not in names and self.random.random() > share:
                names[text] = text
            for new in (names[text],) if text in names else _others(text, count):
                changed = _swapped(body, text, new)
                if self._fits(step, changed):
                    names[text], body = new, changed
                    break
        who = names.get(step.who, step.who)
        return msgspec.structs.replace(step, who=who, body=msgspec.json.encode(body))

    def _fits(self, step: Step, body: Any) -> bool:
        try:
            decode_json(self.words[step.cell, step.word], msgspec.json.encode(body))
        except (BusError, TypeError, ValueError):
            return False
        return True


def _others(text: str, count: int) -> Iterator[str]:
    """Names like this one; of a moment, later ones."""
    try:
        moment = datetime.fromisoformat(text) + timedelta(hours=count % 24, days=count // 4)
        yield moment.date().isoformat() if len(text) == 10 else moment.isoformat()
    except (ValueError, OverflowError):
        last = re.search(r"\d+(?=\D*$)", text)
        if last is not None:
            number = str(int(last[0]) + 17 * count).zfill(len(last[0]))
            yield text[: last.start()] + number + text[last.end() :]
        yield f"{text}{count}"
        yield text + "".join(chr(ord("a") + int(it)) for it in str(count))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for it in value:
            yield from _texts(it)
    elif isinstance(value, str):
        yield value


def _swapped(value: Any, old: str, new: str) -> Any:
    if isinstance(value, dict):
        return {key: _swapped(it, old, new) for key, it in value.items()}
    if isinstance(value, list):
        return [_swapped(it, old, new) for it in value]
    return new if value == old else value
