"""The gate of history: what was written down and said before is understood after.

The base tells its stories and keeps its journal; the change starts with that journal and is asked
what the base is asked when it starts with it.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from monocyte.genops.gates.behaviour import AGREE, TIMEOUT, Incomparable, compared, told_to_base
from monocyte.genops.gates.locked import worker
from monocyte.genops.gates.scene import Scene
from monocyte.genops.gates.stations.history import Chapter, Read, Understood, Write, Written
from monocyte.genops.gates.stations.stories import Step, Story, Told
from monocyte.genops.gates.verdict import Finding

__all__ = ["judge"]

CHAPTERS = 24
"""Stories whose journals are tried."""

LOST = frozenset(["unavailable", "crashed", "no-such-cell"])
UPCAST = "keep its evolver, and upcast what is stored: @cell.upcasts(name, version=…)"


def judge(scene: Scene) -> Iterator[Finding]:
    """What the change makes of the past."""
    if not scene.cells:
        return
    stories = told_to_base(scene).stories
    plain = [it for it in stories if ", varied " not in it.name and ", aimed " not in it.name]
    chosen = tuple((plain or list(stories))[:CHAPTERS])
    with worker() as made:
        wish = Write(stories=chosen, cells=scene.cells, timeout=TIMEOUT)
        answer = scene.ask(made, "history:write", wish)
        if answer.wrong:
            raise Incomparable(f"the base: {answer.why}")
        written = msgspec.msgpack.decode(answer.body, type=Written)
    chapters = tuple(it for it in written.chapters if not it.broke)
    said = tuple({(it.cell, it.word, it.body): it for it in _said(chosen)}.values())
    with worker() as made:
        tried = Read(chapters=chapters, said=said, timeout=TIMEOUT)
        answer = scene.ask(made, "history:read", tried)
    if answer.wrong:
        what = f"starting with what the base wrote came to no end: {answer.why}"
        yield scene.found(answer.wrong, what, mend="let the change do nothing but handle messages")
        return
    understood = msgspec.msgpack.decode(answer.body, type=Understood)
    if understood.faults:
        return  # the gate of scenarios says so
    yield from _histories(scene, chapters, understood.told)
    yield from _messages(scene, said, understood.refused)


def _said(stories: tuple[Story, ...]) -> Iterator[Step]:
    return (it for story in stories for it in story.steps if it.do == "say")


def _histories(
    scene: Scene, chapters: tuple[Chapter, ...], told: tuple[Told, ...]
) -> Iterator[Finding]:
    stories = [Story(it.name, it.asked) for it in chapters]
    before = [Told(it.heard, it.broke) for it in chapters]
    seen = set()
    for it in compared(stories, before, told, grown=not scene.keeps_words):
        lost = it.aspect == "end" or (it.new.how in LOST and it.old.how not in LOST)
        key = (lost, it.step.cell, it.step.word)
        if key in seen:
            continue
        seen.add(key)
        if lost:
            what = it.new.said.decode("utf-8", "replace") or it.new.how
            text = f"{it.step.cell} does not start with what was written down before: {what}"
            kind, mend = "history-lost", UPCAST
        else:
            text = f"{it.step.cell}: after a restart {it.step.word} answers something else"
            kind, mend = "history-otherwise", AGREE
        yield scene.found(
            kind, text, cell=it.step.cell, mend=mend,
            evidence=f"journal of {it.story.name}\nold: {it.old.how} {it.old.said.decode()[:500]}\n"
            f"new: {it.new.how} {it.new.said.decode()[:500]}",
        )  # fmt: skip


def _messages(scene: Scene, said: tuple[Step, ...], refused: tuple[str, ...]) -> Iterator[Finding]:
    seen = set()
    for step, why in zip(said, refused, strict=True):
        if why and (step.cell, step.word) not in seen:
            seen.add((step.cell, step.word))
            yield scene.found(
                "wire-otherwise", f"{step.cell}.{step.word} as it was said before: {why}",
                cell=step.cell, mend="take what was taken before, or have a person agree",
                evidence=step.body.decode("utf-8", "replace"),
            )  # fmt: skip
