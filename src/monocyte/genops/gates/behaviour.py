"""The gate of behaviour: old and new are told the same stories, and must make the same of them.

The stories are those of the base's scenarios, many variations of them, and what a journal has
recorded. Old and new run in processes of their own; only what they answered and what was written
down is compared, here. The first difference of a story ends it: what follows follows from it.

A difference is explained if a rule that was changed on purpose has a hand in it: it refused on one
side, or was asked on one side only. Any other is unexplained. That is for a person to agree to and
no refusal, also of a model: what no rule says may still be what was meant (a query that is right
now), and a model that is told to take it back would pay to hide it.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from monocyte.genops.gates.corpus import stories_of
from monocyte.genops.gates.locked import Answer, worker
from monocyte.genops.gates.reading import CellText
from monocyte.genops.gates.scene import Scene
from monocyte.genops.gates.stations.probe import Heard as Retold
from monocyte.genops.gates.stations.probe import Made, Make, Retell
from monocyte.genops.gates.stations.stories import Heard, Step, Story, Told
from monocyte.genops.gates.stations.varying import Constants
from monocyte.genops.gates.verdict import Finding
from monocyte.semdiff.mining import Mined, mine
from monocyte.semdiff.workers import Worker

__all__ = ["Difference", "Incomparable", "compared", "judge", "told_to_base"]

PLAIN = "let the change do nothing but handle messages"
AGREE = "take it back; or have a person agree, or say it in a rule of the plan"
NEW = ("no-such-message", "no-such-cell")


class Difference(NamedTuple):
    """The first step of a story of which old and new make something else."""

    story: Story
    at: int
    old: Heard
    new: Heard
    aspect: str
    """`answer`, `events`, `letters` or `end`."""

    @property
    def step(self) -> Step:
        """What was done."""
        return self.story.steps[self.at]

    @property
    def rules(self) -> frozenset[str]:
        """The rules that had a hand in it."""
        refused = {it.rule for it in (self.old, self.new) if it.rule}
        return frozenset(refused | {rule for rule, _ in {*self.old.asked} ^ {*self.new.asked}})

    @property
    def key(self) -> tuple[str, ...]:
        """What makes two of them the same finding."""
        old, new = (f"{it.how} {it.rule}" for it in (self.old, self.new))
        return self.step.cell, self.step.word or self.step.do, old, new, self.aspect


def judge(scene: Scene) -> Iterator[Finding]:
    """Every way in which old and new differ."""
    if not scene.cells:
        return
    told = told_to_base(scene)
    with worker() as made:
        wish = Retell(stories=told.stories, timeout=TIMEOUT)
        answer = _asked(scene, made, "retell", wish)
        retold = _opened(answer, Retold)
    if isinstance(retold, str):
        said = f"what was told to it came to no end: {retold}"
        yield scene.found(answer.wrong or "run-forged", said, mend=PLAIN)
        return
    if retold.faults:
        return  # the gate of scenarios says so
    differences = compared(told.stories, told.told, retold.told, grown=not scene.keeps_words)
    yield from _findings(scene, differences)
    yield from _unstable(scene, told.stories, retold.told)


def told_to_base(scene: Scene) -> Made:
    """The stories, and what the base makes of them; told once, for all gates that need them.

    Raises:
        Incomparable: the base does not load, or comes to no end.
    """

    def tells() -> Made:
        with worker() as made:
            told = _opened(_asked(scene, made, "make", _wish(scene)), Made)
        if isinstance(told, str):
            raise Incomparable(f"the base: {told}")
        if told.faults:
            raise Incomparable(f"the base does not load: {told.faults[0].said}")
        assert isinstance(told, Made)  # noqa: S101 (what was asked for)
        return told

    return scene.once("told", tells)


class Incomparable(Exception):
    """There is nothing to compare with: the gate cannot look."""


TIMEOUT = 10.0
"""Seconds that a story may take."""

STABLE = 60
"""How many stories are told once more, to a process with other hashes."""


def _wish(scene: Scene) -> Make:
    old = [it for pair in scene.pairs if (it := pair[0]) is not None]
    new = [it for pair in scene.pairs if (it := pair[1]) is not None]
    before, after = _constants(old), _constants(new)
    fresh = Constants(
        **{name: tuple(set(getattr(after, name)) - set(getattr(before, name))) for name in FIELDS}
    )
    fresh = Constants(**{name: tuple(sorted(getattr(fresh, name), key=repr)) for name in FIELDS})
    both = _constants([*new, *old])
    return Make(
        cells=scene.cells,
        sequences=scene.limits.sequences,
        constants=both,
        fresh=fresh,
        timeout=TIMEOUT,
        given=_journal(scene),
    )


FIELDS = ("ints", "floats", "strings", "seconds", "moments", "decimals")


def _journal(scene: Scene) -> tuple[Story, ...]:
    """The stories of the corpus, if there is one."""
    return stories_of(scene.case.corpus) if scene.case.corpus is not None else ()


def _constants(cells: Iterable[CellText]) -> Constants:
    cells = [*cells]
    mined = mine(_code(cells))
    spelled: set[object] = {
        n.value for it in _code(cells) for n in ast.walk(it) if isinstance(n, ast.Constant)
    }
    hours = {n * unit for n in mined.ints if 0 < abs(n) <= 60 for unit in (60.0, 3600.0, 86400.0)}
    seconds = [*dict.fromkeys([*(it.total_seconds() for it in mined.deltas), *sorted(hours)])]
    return Constants(
        ints=tuple(it for it in mined.ints if abs(it) < 1 << 53),
        floats=tuple(mined.floats),
        strings=tuple(_strings(mined, spelled)),
        seconds=tuple(it for it in seconds if abs(it) < 10 * 365 * 86400)[:60],
        moments=tuple(it.isoformat() for it in mined.dates),
        decimals=tuple(map(str, mined.decimals)),
    )


def _code(cells: Iterable[CellText]) -> Iterator[ast.AST]:
    """What is generated, first; then the words and the values around it."""
    for cell in cells:
        yield from (it.node for it in cell.parts if it.name in cell.generated)
        yield from (it.node for it in cell.parts if it.kind in ("word", "value"))


def _strings(mined: Mined, spelled: set[object]) -> Iterator[str]:
    """Texts that stand there, without their neighbours: these are nobody's name."""
    for text in (*mined.strings, *mined.keys):
        if text in spelled and text and len(text) < 80 and "\n" not in text and text.isprintable():
            yield text


def _asked(scene: Scene, made: Worker, station: str, wish: object) -> Answer:
    return scene.ask(made, f"probe:{station}", wish)


def _opened(answer: Answer, kind: type[Made | Retold]) -> Made | Retold | str:
    if answer.wrong:
        return answer.why
    return msgspec.msgpack.decode(answer.body, type=kind)


# -- comparing -------------------------------------------------------------------------------------


def compared(
    stories: Sequence[Story], old: Sequence[Told], new: Sequence[Told], *, grown: bool = False
) -> list[Difference]:
    """Where stories part. With `grown`, words may have fields that are new."""
    found: list[Difference] = []
    if len(old) != len(stories) or len(new) != len(stories):
        raise Incomparable("not every story was told to its end")
    for story, before, after in zip(stories, old, new, strict=True):
        found += _parting(story, before, after, grown=grown)
    return found


def _parting(story: Story, old: Told, new: Told, *, grown: bool) -> Iterator[Difference]:
    """Every difference up to the one from which on both write down other things."""
    for at, (before, after) in enumerate(zip(old.heard, new.heard, strict=False)):
        aspect = _aspect(before, after, grown=grown)
        if aspect:
            yield Difference(story, at, before, after, aspect)
            if before.events or after.events or aspect != "answer":
                return
    if (len(old.heard), old.broke) != (len(new.heard), new.broke):
        at = min(len(old.heard), len(new.heard), len(story.steps) - 1)
        before, after = (Heard(how=it.broke or "went on") for it in (old, new))
        yield Difference(story, at, before, after, "end")


def _aspect(old: Heard, new: Heard, *, grown: bool) -> str:
    if (old.how, old.rule) != (new.how, new.rule):
        return "answer"
    if not _alike(old.said, new.said, grown=grown):
        return "answer"
    ours, theirs = ([(it.cell, it.name) for it in heard.events] for heard in (old, new))
    if sorted(ours) != sorted(theirs):
        return "events"
    pairs = zip(sorted(old.events), sorted(new.events), strict=True)
    if not all(_alike(a.body, b.body, grown=grown) for a, b in pairs):
        return "events"
    return "letters" if old.letters != new.letters else ""


def _alike(old: bytes, new: bytes, *, grown: bool) -> bool:
    if old == new or not grown:
        return old == new
    try:
        return _contained(msgspec.json.decode(old), msgspec.json.decode(new))
    except msgspec.DecodeError:
        return False


def _contained(old: object, new: object) -> bool:
    """Whether the old value is in the new one, which may have more fields."""
    if isinstance(old, dict) and isinstance(new, dict):
        return all(key in new and _contained(it, new[key]) for key, it in old.items())
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(_contained, old, new))
    return old == new


# -- findings --------------------------------------------------------------------------------------

MOST = 20
"""Findings of a kind that are told."""


def _findings(scene: Scene, differences: Sequence[Difference]) -> Iterator[Finding]:
    groups: dict[tuple[str, ...], list[Difference]] = defaultdict(list)
    for it in differences:
        groups[_group(scene, it)].append(it)
    shown: dict[str, int] = defaultdict(int)
    for (kind, *_), group in sorted(groups.items(), key=lambda it: (it[0][0], -len(it[1]))):
        shown[kind] += 1
        if shown[kind] <= MOST:
            shortest = min(group, key=lambda it: it.at)
            yield _finding(scene, kind, shortest, len(group))


def _group(scene: Scene, it: Difference) -> tuple[str, ...]:
    """What is one finding: of what is explained, whatever else follows from the same rule."""
    kind = _kind(scene, it)
    if kind == "behaviour-explained":
        return kind, it.step.cell, it.step.word, *sorted(it.rules & scene.case.rules)
    return kind, *it.key


def _kind(scene: Scene, it: Difference) -> str:
    if it.old.how in NEW or _is_stub(scene, it):
        return "behaviour-new"
    explained = bool(it.rules & scene.case.rules)
    return "behaviour-explained" if explained else "behaviour-unexplained"


def _is_stub(scene: Scene, it: Difference) -> bool:
    """Whether the old handler says no more than that it is still to be written."""
    cell = scene.base.cells.get(it.step.cell)
    if cell is None or it.old.how != "crashed":
        return False
    for part in cell.parts:
        arguments = getattr(getattr(part.node, "args", None), "args", ())
        told = ast.unparse(arguments[0].annotation or arguments[0]) if arguments else ""
        if part.kind == "handles" and told == it.step.word:
            last = part.node.body[-1]  # type: ignore[attr-defined]
            return isinstance(last, ast.Expr) and ast.unparse(last) == "..."
    return False


def _finding(scene: Scene, kind: str, it: Difference, number: int) -> Finding:
    step, rules = it.step, it.rules
    refused = [rule for rule in (it.new.rule, it.old.rule) if rule]
    rule = next(iter(sorted(rules & scene.case.rules)), "") or next(
        iter([*refused, *sorted(rules)]), ""
    )
    what = f"{step.word} by {step.who}" if step.do == "say" else f"when time passes ({step.do})"
    if it.aspect == "events":
        said = f"{step.cell}: {what}: {_events(it.old)} happened, now {_events(it.new)}"
    else:
        said = f"{step.cell}: {what}: was {_answer(it.old)}, now {_answer(it.new)}"
    cell = step.cell if step.cell in scene.cells else next(iter(scene.cells), "")
    where = _place(scene, it)
    times = f" ({number} stories)" if number > 1 else ""
    return scene.found(
        kind, f"{said}{times}", cell=cell, where=where, rule=rule,
        mend="" if kind != "behaviour-unexplained" else AGREE, evidence=_evidence(it),
    )  # fmt: skip


def _place(scene: Scene, it: Difference) -> str:
    """The handler that was asked, in the head."""
    cell = scene.head.cells.get(it.step.cell)
    for part in cell.parts if cell is not None else ():
        if part.kind == "handles" and it.step.word in ast.unparse(part.node.args):  # type: ignore[attr-defined]
            return cell.place(part) if cell is not None else ""
    return cell.path if cell is not None else ""


def _answer(heard: Heard) -> str:
    if heard.how == "refused":
        return f"refused by {heard.rule} ({heard.said.decode('utf-8', 'replace')[:120]})"
    text = heard.said.decode("utf-8", "replace")[:160]
    return f"{heard.how} {text}".strip()


def _events(heard: Heard) -> str:
    told = [f"{it.cell}.{it.name}{it.body.decode()[:100]}" for it in heard.events[:4]]
    return ", ".join(told) or "nothing"


def _evidence(it: Difference) -> str:
    lines = [f"the story {it.story.name!r}, until old and new part:"]
    for step in it.story.steps[: it.at + 1][-40:]:
        if step.do == "say":
            roles = f" ({', '.join(step.roles)})" if step.roles else ""
            body = step.body.decode("utf-8", "replace")[:300]
            lines.append(f"  {step.who}{roles} -> {step.cell}: {step.word}{body}")
        else:
            lines.append(f"  {step.do} {step.micros / 1_000_000:g} s")
    for name, heard in (("old", it.old), ("new", it.new)):
        asked = ", ".join(f"{rule} {'held' if held else 'refused'}" for rule, held in heard.asked)
        lines.append(f"{name}: {_answer(heard)}; rules asked: {asked or 'none'}")
        lines += [f"     {e.cell}.{e.name} {e.body.decode()[:300]}" for e in heard.events[:6]]
    return "\n".join(lines)


def _unstable(scene: Scene, stories: Sequence[Story], first: Sequence[Told]) -> Iterator[Finding]:
    """Whether it does the same again, in a process where sets are in another order."""
    few = tuple(stories[:STABLE])
    with worker(seed=1) as made:
        answer = _asked(scene, made, "retell", Retell(stories=few, timeout=TIMEOUT))
    again = _opened(answer, Retold)
    if isinstance(again, str) or again.faults:
        return
    assert isinstance(again, Retold)  # noqa: S101 (what was asked for)
    for it in compared(few, first[: len(few)], again.told)[:3]:
        said = f"{it.step.cell}: {it.step.word} gives {_answer(it.old)}, and then {_answer(it.new)}"
        mend = "do not hang anything on the order of a set, on chance or on the clock"
        yield scene.found(
            "behaviour-unstable", said, cell=it.step.cell, where=_place(scene, it), mend=mend,
            evidence=_evidence(it),
        )  # fmt: skip
