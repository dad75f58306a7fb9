"""The gate of cost: what the change takes of processor and memory, against the base, turn by turn.

It is told the stories of the base and one long one, in which there is much to look through. What
counts is what whoever waits would notice: the whole of a message, and, if a function takes several
times what it took, that function.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import msgspec

from monocyte.genops.gates.behaviour import told_to_base
from monocyte.genops.gates.locked import worker
from monocyte.genops.gates.scene import Scene
from monocyte.genops.gates.stations.measuring import Cost, Measure, Measured
from monocyte.genops.gates.stations.stories import Step, Story
from monocyte.genops.gates.verdict import Finding

__all__ = ["judge", "judged"]

LONG = 700
"""Steps of the long story."""

EACH = 30
"""How often each message is said at its end, when there is much to look through."""

STEEP, PER_CALL = 4.0, 40e-6
"""A function that takes so many times more, and so many seconds more for each call, is slower."""

NOTICED = 3e-3
"""Seconds in all below which nobody could tell it from noise."""

ROOM = 512 * 1024
"""Bytes by which memory may differ in any case."""


def judge(scene: Scene) -> Iterator[Finding]:
    """Whether it is slower or heavier."""
    if not scene.cells or not scene.keeps_words:
        return  # other words are other work
    stories = told_to_base(scene).stories
    plain = [it for it in stories if ", varied " not in it.name and ", aimed " not in it.name]
    large = [it for it in stories if it.name.endswith("aimed large")]
    long = _long(stories, scene.cells)
    wish = Measure(stories=(*plain[:10], *large, long), cells=scene.cells)
    first = _measured(scene, wish)
    if first:  # a second look, in another process: what is slow is slow again
        again = {it.kind for it in _measured(scene, wish)}
        yield from (it for it in first if it.kind in again)


def _measured(scene: Scene, wish: Measure) -> list[Finding]:
    with worker() as made:
        answer = scene.ask(made, "measuring:measure", wish)
    if answer.wrong:
        said = f"measuring came to no end: {answer.why}"
        return [scene.found(answer.wrong, said, mend="let it come to an end")]
    measured = msgspec.msgpack.decode(answer.body, type=Measured)
    if measured.old is None or measured.new is None:
        return []  # it does not load: the gate of scenarios says so
    return list(judged(scene, measured.old, measured.new))


def _long(stories: tuple[Story, ...], cells: tuple[str, ...]) -> Story:
    """All that was ever said to the cells in question, one thing after the other."""
    steps: list[Step] = []
    for story in stories:
        steps += [it for it in story.steps if it.do == "say"]
        if len(steps) > LONG:
            break
    ours: dict[str, list[Step]] = defaultdict(list)
    for step in (it for story in stories for it in story.steps):
        if step.do == "say" and step.cell in cells and len(ours[step.word]) < EACH:
            ours[step.word].append(step)
    again = [it for every in ours.values() for it in every]
    return Story("a long one", (*steps[:LONG], *again))


def judged(scene: Scene, old: Cost, new: Cost) -> Iterator[Finding]:
    """What is said of two costs."""
    limits = scene.limits
    cells = ", ".join(scene.cells)
    mend = "look for what is done again and again, or with all that there is"
    steep = [
        name for name in new.functions if _is_steep(old.functions.get(name), new.functions[name])
    ]
    for name in steep:
        took, takes = (_each(it.functions[name]) for it in (old, new))
        said = (
            f"{name} takes {takes * 1e6:.0f} µs of the processor a call, and took {took * 1e6:.0f}"
        )
        yield scene.found("slower", said, cell=scene.cells[0], mend=mend)
    if new.seconds > limits.slower * old.seconds and not steep:
        said = f"{cells} takes {new.seconds:.2f} s for all stories, and took {old.seconds:.2f}"
        yield scene.found("slower", said, cell=scene.cells[0], mend=mend)
    if new.memory > limits.heavier * old.memory + ROOM:
        said = f"{cells} takes {new.memory >> 10} KiB of memory, and took {old.memory >> 10}"
        mend = "keep only what is asked for"
        yield scene.found("heavier", said, cell=scene.cells[0], mend=mend)


def _each(spent: tuple[float, int]) -> float:
    """Seconds of a call."""
    return spent[0] / max(1, spent[1])


def _is_steep(old: tuple[float, int] | None, new: tuple[float, int]) -> bool:
    if old is None:
        return False
    took, takes = _each(old), _each(new)
    total = (takes - took) * new[1]
    return takes > STEEP * took and takes - took > PER_CALL and total > NOTICED
