"""The gate of cost: what the change takes of processor and memory, against the base, call by call.

Old and new are told the same stories side by side: as they are, with large numbers, and again and
again with other names, so that there is much to look through. What one call takes more than the
same call of the base is what whoever waits for it would notice; that others are as fast as they
were is no help. What was slow must be slow again, in another process, before anything is said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from statistics import median
from typing import NamedTuple

import msgspec

from monocyte.genops.gates.behaviour import told_to_base
from monocyte.genops.gates.locked import worker
from monocyte.genops.gates.scene import Scene
from monocyte.genops.gates.stations.measuring import ALL, KEPT, Call, Measure, Measured, Room
from monocyte.genops.gates.stations.stories import Story, Told
from monocyte.genops.gates.verdict import Finding
from monocyte.genops.pins import Judging

__all__ = ["accused", "judge"]

STORIES = 5
"""How many stories are measured as they are."""

FLOOR = 40e-6
"""Seconds by which calls may differ in any case: less nobody notices, and much is noise."""

GROWS, FAINT = 3.0, 12e-6
"""A call that takes so many times more in a large state, and so many seconds more, has grown."""

BROAD = 2e-3
"""The same of a whole message: the machine around it takes now more and now less."""

SURE, DOUBTED = 3, 1e-3
"""A call that was measured less often counts if it takes so many seconds more."""

WINDOW = 12
"""Else so many calls of a function in a row count together, by their median."""

SPACE = 256 * 1024
"""Bytes by which memory may differ in any case."""

QUICKER = "look for what is done again and again, or with all that there is"
LIGHTER = "keep only what is asked for"


class Accused(NamedTuple):
    """What seems too slow or too heavy; the same if seen again at the same place."""

    kind: str
    what: str
    place: str
    more: float
    said: str
    evidence: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """What both looks must have seen."""
        return self.kind, self.what, self.place


def judge(scene: Scene) -> Iterator[Finding]:
    """Whether it is slower or heavier."""
    if not scene.cells or not scene.keeps_words:
        return  # other words are other work
    made = told_to_base(scene)
    stories = made.stories
    plain = [it for it in stories if ", varied " not in it.name and ", aimed " not in it.name]
    large = [it for it in stories if it.name.endswith("aimed large")]
    told = (*plain[:STORIES], *large)
    growing = [_accepted(*it) for it in zip(plain, made.told, strict=False)]
    wish = Measure(stories=told, growing=tuple(growing[: 6 * STORIES]), cells=scene.cells)
    first = _look(scene, wish)
    if isinstance(first, Finding):
        yield first
    elif first:  # a second look, in another process: what is slow is slow again
        again = _look(scene, msgspec.structs.replace(wish, turns=wish.turns + 2))
        if isinstance(again, Finding):
            yield again
        else:
            seen = {it.key for it in again}
            yield from _findings(scene, [it for it in first if it.key in seen])


def _accepted(story: Story, told: Told) -> Story:
    """What was said and answered: only that can be said again with success."""
    pairs = zip(story.steps, told.heard, strict=False)
    steps = [it for it, heard in pairs if it.do == "say" and heard.how == "replied"]
    return Story(story.name, tuple(steps))


def _look(scene: Scene, wish: Measure) -> list[Accused] | Finding:
    with worker() as made:
        answer = scene.ask(made, "measuring:measure", wish)
    if answer.wrong:
        said = f"measuring came to no end: {answer.why}"
        return scene.found(answer.wrong, said, mend="let it come to an end")
    measured = msgspec.msgpack.decode(answer.body, type=Measured)
    return list(accused(scene.limits, measured))  # nothing if it does not load: scenarios say so


def _findings(scene: Scene, every: Iterable[Accused]) -> Iterator[Finding]:
    """One for each function, by its worst call; whole messages only if no function is it."""
    worst: dict[tuple[str, str], Accused] = {}
    for it in sorted(every, key=lambda it: -it.more):
        worst.setdefault((it.kind, it.what), it)
    named = any(it.kind == "slower" and it.what != ALL for it in worst.values())
    for it in worst.values():
        if it.what != ALL or not named:
            mend = QUICKER if it.kind == "slower" else LIGHTER
            yield scene.found(
                it.kind, it.said, cell=scene.cells[0], mend=mend, evidence=it.evidence
            )


# -- comparing -------------------------------------------------------------------------------------


def accused(limits: Judging, measured: Measured) -> Iterator[Accused]:
    """What takes too much more than it took."""
    calls = [*measured.calls, *_windows(measured.calls)]
    yield from (it for call in calls if (it := _slower(limits, call)) is not None)
    yield from _grown(measured.calls)
    yield from _heavier(limits, measured.rooms)


def _slower(limits: Judging, it: Call) -> Accused | None:
    floor = BROAD if it.function == ALL else FLOOR
    floor = floor if it.times >= SURE else max(floor, DOUBTED)
    if it.new <= limits.slower * it.old + floor:
        return None
    word = it.message.partition(" ")[0]
    who = f"{word} with all that follows" if it.function == ALL else it.function
    said = f"{who} takes {it.new * 1e6:.0f} µs of the processor a call, and took {it.old * 1e6:.0f}"
    where = f", with {it.size} times as much to know" if it.size > 1 else ""
    return Accused("slower", it.function, it.place, it.new - it.old, said + where, it.message)


def _windows(calls: Iterable[Call]) -> Iterator[Call]:
    """What some calls in a row take that were measured seldom: no single one says much."""
    rows: dict[str, list[Call]] = defaultdict(list)
    for it in calls:
        if it.times < SURE and it.function != ALL:
            rows[it.function].append(it)
    for name, row in rows.items():
        for at in range(0, len(row) - WINDOW + 1, WINDOW):
            window = row[at : at + WINDOW]
            new, old = _medians(window)
            yield Call(name, f"window {at}", 0, old, new, SURE, window[0].message)


def _grown(calls: Iterable[Call]) -> Iterator[Accused]:
    """Functions that take more, the more there is, and did not."""
    sizes: dict[str, dict[int, list[Call]]] = defaultdict(lambda: defaultdict(list))
    for it in calls:
        if it.size and it.function != ALL:
            sizes[it.function][it.size].append(it)
    for name, by in sizes.items():
        if len(by) > 1 and _grows(by):
            (new, old), most = _medians(by[max(by)]), max(by)
            said = (
                f"{name} takes {new * 1e6:.0f} µs of the processor a call when there is {most} "
                f"times as much to know, and took {old * 1e6:.0f}: it takes more, the more there is"
            )
            yield Accused("slower", name, "grown", new - old, said, by[most][0].message)


def _grows(by: Mapping[int, list[Call]]) -> bool:
    """Whether new grows with the size, and far more than old did."""
    pairs = [_medians(by[size]) for size in sorted(by)]
    (first_new, first_old), (last_new, last_old) = pairs[0], pairs[-1]
    more = [new - old for new, old in pairs]
    steady = all(a <= b for a, b in pairwise(more))
    alone = last_new - first_new > GROWS * max(0.0, last_old - first_old)
    steep = last_new > GROWS * first_new and last_new > GROWS * last_old
    return steady and alone and steep and more[-1] > FAINT


def _medians(calls: Iterable[Call]) -> tuple[float, float]:
    calls = [*calls]
    return median(it.new for it in calls), median(it.old for it in calls)


def _heavier(limits: Judging, rooms: Iterable[Room]) -> Iterator[Accused]:
    for it in rooms:
        if it.new > limits.heavier * it.old + SPACE:
            keeps = it.what.startswith(KEPT)
            what = "all that is kept" if keeps else it.what.removesuffix(" grown")
            said = f"{what} takes {it.new >> 10} KiB of memory, and took {it.old >> 10}"
            yield Accused("heavier", what, "", float(it.new - it.old), said)
