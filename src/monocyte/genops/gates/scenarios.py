"""The gate of scenarios: those of the base, played on the cells of the change; and its own.

The scenarios of the base are played as the base has them, in its own module: what the change made
of their text, of the functions they use or of the rules they name has no part in it. Where words
have changed that is not possible, and then it is the change's copy that is played. Which scenarios
there are is read from the text of the base. No outcome is no success, and scenarios that cannot
come true must have failed, or the judge was tampered with.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from monocyte.genops.gates.locked import Answer, worker
from monocyte.genops.gates.reading import AppText
from monocyte.genops.gates.scene import Scene
from monocyte.genops.gates.stations.play import CONTROLS, JUDGE, Play, Played, Went
from monocyte.genops.gates.verdict import Finding

__all__ = ["judge"]

SEE = "make it come true: monocyte test -k {name} shows who said what to whom"
STATION = "play:play"
PLAIN = "let the change do nothing but handle messages: it may not end, print or answer for us"


def judge(scene: Scene) -> Iterator[Finding]:
    """How every scenario went."""
    base, head = expected(scene.base), expected(scene.head)
    seconds = scene.limits.scenario
    with worker() as made:
        if scene.keeps_words:
            answer = scene.ask(made, STATION, Play(exchanged=True, timeout=seconds))
            yield from _judged(scene, answer, base, "of the base")
        wanted = [*dict.fromkeys([*base, *head])]
        if scene.keeps_words:  # what reads the same was played, in the base's own words
            same = {it for it in base if it not in _differing(scene)}
            wanted = [it for it in wanted if it not in same and it in head]
        wish = Play(exchanged=False, names=tuple(wanted), timeout=seconds)
        yield from _judged(scene, scene.ask(made, STATION, wish), wanted, "of the change")


def _differing(scene: Scene) -> set[str]:
    """The scenarios of the head whose text is not that of the base, with or without rows."""
    found = set()
    for cell, part, _ in scene.changed_parts():
        if part.kind == "scenario":
            found |= {f"{cell.name}.{it}" for it in cell.scenarios if it.split("[")[0] == part.name}
    return found


def expected(app: AppText) -> list[str]:
    """The scenarios that the text of an app declares, as `owner.name[row]`."""
    owners = [*app.cells.values(), *app.journeys.values()]
    return [f"{it.name}.{name}" for it in owners for name in it.scenarios]


def _judged(scene: Scene, answer: Answer, wanted: Iterable[str], whose: str) -> Iterator[Finding]:
    if answer.wrong:
        said = f"the scenarios {whose} came to no end: {answer.why}"
        yield scene.found(answer.wrong, said, mend=PLAIN)
        return
    played = msgspec.msgpack.decode(answer.body, type=Played)
    for fault in played.faults[:3]:  # the first is the cause of most
        where = local(scene, fault.where)
        yield scene.found("not-loaded", fault.said, where=where, mend="correct the declaration")
    if played.faults:
        return
    went = {f"{it.owner}.{it.scenario}": it for it in played.went}
    yield from controlled(scene, went)
    for name in wanted:
        yield from _heard(scene, name, whose, went)


def controlled(scene: Scene, went: dict[str, Went]) -> Iterator[Finding]:
    """Whether what cannot come true was seen to fail."""
    for name in CONTROLS:
        it = went.get(f"{JUDGE}.{name}")
        if it is None or it.passed:
            what = "was not played" if it is None else "came true"
            said = f"{name}, which cannot come true, {what}: something has a hand in the judge"
            yield scene.found("run-forged", said, mend=PLAIN)


def _heard(scene: Scene, name: str, whose: str, went: dict[str, Went]) -> Iterator[Finding]:
    stem = name.removesuffix("*]")
    rows = [
        it for key, it in went.items() if key == name or (stem != name and key.startswith(stem))
    ]
    cell = name.partition(".")[0]
    if not rows:
        said = f"the scenario {name} {whose} was not played"
        yield scene.found("scenario-unheard", said, cell=cell, mend="declare it as it was")
    for it in rows:
        if not it.passed:
            full = f"{it.owner}.{it.scenario}"
            said = f"the scenario {full} {whose} fails: {_first(it.error)}"
            where = local(scene, it.where)
            yield scene.found(
                "scenario-failed", said, cell=cell, where=where, evidence=it.error,
                mend=SEE.format(name=full),
            )  # fmt: skip


ERROR = re.compile(r"[A-Za-z_.]+(Error|Exception|Exit|Refused|Leftovers|Overdue|Endless)\b")


def _first(error: str) -> str:
    lines = [it for it in error.splitlines() if it.strip()]
    said = [it for it in lines if ERROR.match(it)]
    return (said or lines or ["nobody knows why"])[0].strip()[:300]


def local(scene: Scene, where: str) -> str:
    """A place within the repository, of one that a station has told."""
    for root in (scene.case.head, scene.case.base):
        where = where.replace(f"{root.resolve()}/", "").replace(f"{root}/", "")
    return where
