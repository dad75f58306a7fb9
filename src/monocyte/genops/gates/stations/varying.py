"""Varies stories: other values, other people, other orders; values come from types and constants.

A value is preferred that somebody has used before in such a place, or that stands in the code of
either side, with its neighbours: that is where behaviour turns. What only the new code names is
tried most.
"""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import zip_longest
from random import Random
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec

from monocyte.cell import Manifest
from monocyte.contracts import Command, Map, Query
from monocyte.contracts.annotations import struct_of, unalias, union_members
from monocyte.contracts.codec import decode_json
from monocyte.errors import BusError
from monocyte.genops.gates.stations.stories import Step, Story, Told

__all__ = ["Constants", "Varying"]


class Constants(msgspec.Struct, frozen=True):
    """What stands in code: of both sides, and (`fresh`) what only the new one has."""

    ints: tuple[int, ...] = ()
    floats: tuple[float, ...] = ()
    strings: tuple[str, ...] = ()
    seconds: tuple[float, ...] = ()
    """Time spans."""
    moments: tuple[str, ...] = ()
    """ISO 8601."""
    decimals: tuple[str, ...] = ()


DAY = 86400.0

RENAMED = 12
"""Stories that are told once more under other names."""

LARGE = 100_000
"""How many times larger all numbers are in a story for who loops over them."""

OVERLAPPING = 40
"""Messages with moments of others, for each way in which one was answered."""

PACK = 10
"""How many aimed messages stand in one story, one behind the other."""


class Varying:
    """Makes stories of stories; the same ones for the same seed."""

    def __init__(
        self,
        manifests: Iterable[Manifest],
        stories: Sequence[Story],
        cells: Iterable[str],
        constants: Constants,
        fresh: Constants,
        seed: int,
    ) -> None:
        self.random = Random(seed)  # noqa: S311 (the same stories for the same seed)
        self.stories = [it for it in stories if it.steps]
        self.cells = frozenset(cells)
        self.words = {
            (m.name, name): word
            for m in manifests
            for name, word in m.words.items()
            if issubclass(word, (Command, Query))
        }
        self.all, self.fresh = constants, fresh
        self.pool: dict[str, list[Any]] = defaultdict(list)
        self.people: list[tuple[str, tuple[str, ...]]] = []
        self._learn()

    def _learn(self) -> None:
        for story in self.stories:
            for step in story.steps:
                word = self.words.get((step.cell, step.word))
                if word is None:
                    continue
                self.people.append((step.who, step.roles))
                self._keep(word, msgspec.json.decode(step.body))
        self.people = list(dict.fromkeys(self.people)) or [("ada", ())]

    def _keep(self, annotation: Any, value: Any) -> None:
        """Remember a value, and all that it is made of, by its type."""
        annotation = _plain(annotation, value)
        room = self.pool[str(annotation)]
        if value not in room and len(room) < 60:
            room.append(value)
        if (struct := struct_of(annotation)) is not None and isinstance(value, dict):
            for field in msgspec.structs.fields(struct):
                if field.encode_name in value:
                    self._keep(field.type, value[field.encode_name])
        elif isinstance(value, list):
            args = [it for it in get_args(_bare(annotation)) if it is not Ellipsis]
            for at, item in enumerate(value):
                if args:
                    self._keep(args[min(at, len(args) - 1)], item)

    # -- stories -----------------------------------------------------------------------------------

    def stories_of(self, number: int) -> Iterator[Story]:
        """So many new stories."""
        if not self.stories:
            return
        for count in range(number):
            story = self.random.choice(self.stories)
            steps = list(story.steps)
            for _ in range(self.random.choice((1, 2, 3, 4, 6))):
                steps = self._changed(steps)
            steps += self._looks(4)
            yield Story(f"{story.name}, varied {count}", tuple(steps))

    def targeted(self, told: Sequence[Told], number: int) -> Iterator[Story]:
        """Stories in which constants stand in every place where they fit.

        `told` is what came of the stories that there are: of each way in which a message was
        answered some examples are taken.
        """
        rounds: list[list[tuple[int, int, list[Step]]]] = []
        for constants, most in ((self.fresh, 400), (self.all, 24)):
            for which, at in self._examples(told):
                made = list(dict.fromkeys(self._aimed(self.stories[which].steps[at], constants)))
                made = self.random.sample(made, min(len(made), most))
                packs = [(which, at, made[i : i + PACK]) for i in range(0, len(made), PACK)]
                rounds.append(packs)
        for which, at in self._examples(told):
            made = list(dict.fromkeys(self._overlapping(self.stories[which].steps, at)))
            made = self.random.sample(made, min(len(made), OVERLAPPING))
            packs = [(which, at, made[i : i + PACK]) for i in range(0, len(made), PACK)]
            rounds.append(packs)
        yield from self._renamed()
        yield from self._scaled()
        for story in self.stories[:4]:
            steps = tuple(self._times(it, LARGE) for it in story.steps)
            yield Story(f"{story.name}, aimed large", steps)
        aims = [it for row in zip_longest(*rounds) for it in row if it is not None]
        for count, (which, at, made) in enumerate(aims[:number]):
            story = self.stories[which]
            steps = (*story.steps[:at], *made, *story.steps[at:])
            yield Story(f"{story.name}, aimed {count}", steps)

    def _renamed(self) -> Iterator[Story]:
        """Stories in which somebody, or something, has a name that only the new code knows."""
        for text in self.fresh.strings[:6]:
            for count, story in enumerate(self.stories[:RENAMED]):
                names = dict.fromkeys(it.who for it in story.steps if it.do == "say")
                for name in [*names][:4]:
                    steps = tuple(self._as(it, name, text) for it in story.steps)
                    yield Story(f"{story.name}, aimed at {text} {count}", steps)

    def _scaled(self) -> Iterator[Story]:
        """Stories in which all numbers are so many times larger that they pass a new constant."""
        wanted = sorted({abs(it) for it in (*self.fresh.ints, *self.fresh.floats) if abs(it) > 1})
        tops = [*dict.fromkeys([*wanted[-1:], *wanted[:1]])]
        for top in tops:
            for story in self.stories[:RENAMED]:
                ours = [it for it in story.steps if it.cell in self.cells]
                values = sorted({n for it in ours for n in _numbers(msgspec.json.decode(it.body))})
                times = {-int(-(top + 1) // value) for value in values if 0 < value <= top}
                for factor in sorted(times)[:3]:
                    steps = tuple(self._times(it, factor) for it in story.steps)
                    yield Story(f"{story.name}, aimed {factor} times", steps)

    def _times(self, step: Step, factor: int) -> Step:
        """A step with larger numbers, if its type takes them."""
        word = self.words.get((step.cell, step.word))
        if step.do != "say" or word is None:
            return step
        body = _multiplied(msgspec.json.decode(step.body), factor)
        return self._said(step.who, step.roles, word, body) or step

    def _as(self, step: Step, name: str, text: str) -> Step:
        """A step with one name in the place of another."""
        if step.do != "say":
            return step
        who = text if step.who == name else step.who
        body = _swapped(msgspec.json.decode(step.body), name, text)
        word = self.words.get((step.cell, step.word))
        said = self._said(who, step.roles, word, body) if word is not None else None
        return said or msgspec.structs.replace(step, who=who)

    def _examples(self, told: Sequence[Told]) -> list[tuple[int, int]]:
        """Messages to the cells in question: two for each way in which one was answered."""
        found: dict[tuple[str, ...], list[tuple[int, int]]] = defaultdict(list)
        for which, (story, end) in enumerate(zip(self.stories, told, strict=False)):
            for at, (step, heard) in enumerate(zip(story.steps, end.heard, strict=False)):
                if step.do == "say" and step.cell in self.cells:
                    fields = msgspec.json.decode(step.body)
                    key = (step.cell, step.word, heard.how, heard.rule, *sorted(fields))
                    found[key].append((which, at))
        return [it for every in found.values() for it in (every[0], every[-1])[: len(every)]]

    def _aimed(self, step: Step, constants: Constants) -> Iterator[Step]:
        """A step with each constant in each place where it fits."""
        word = self.words.get((step.cell, step.word))
        if word is None:
            return
        for text in constants.strings[:40]:
            yield msgspec.structs.replace(step, who=text)
            yield msgspec.structs.replace(step, roles=tuple(sorted({*step.roles, text})))
        for body in _placed(msgspec.json.decode(step.body), constants):
            if (made := self._said(step.who, step.roles, word, body)) is not None:
                yield made

    def _overlapping(self, steps: Sequence[Step], at: int) -> Iterator[Step]:
        """A step with each of its moments at, before and after those of what else was said."""
        step = steps[at]
        word = self.words.get((step.cell, step.word))
        if word is None:
            return
        others = {
            m for it in steps if it.do == "say" for m in _moments(msgspec.json.decode(it.body))
        }
        moments = tuple(
            (datetime.fromisoformat(it) + timedelta(hours=hours)).isoformat()
            for it in sorted(others)
            for hours in (0, -1, 1)
        )
        for body in _placed(msgspec.json.decode(step.body), Constants(moments=moments)):
            if (made := self._said(step.who, step.roles, word, body)) is not None:
                yield made

    def _changed(self, steps: list[Step]) -> list[Step]:
        if not steps:  # all that was said has been left out
            return self._new(steps, 0)
        at = self._place(steps)
        ways = (self._value, self._value, self._value, self._person, self._again, self._new)
        way = self.random.choice((*ways, self._without, self._later))
        return way(steps, at)

    def _place(self, steps: list[Step]) -> int:
        """A step, of the cells in question if there is any."""
        ours = [i for i, it in enumerate(steps) if it.do == "say" and it.cell in self.cells]
        told = ours if ours and self.random.random() < 0.8 else [*range(len(steps))]
        return self.random.choice(told)

    def _value(self, steps: list[Step], at: int) -> list[Step]:
        step = steps[at]
        word = self.words.get((step.cell, step.word))
        if word is None:
            return self._new(steps, at)
        for _ in range(5):
            body = self._varied(word, msgspec.json.decode(step.body))
            if (changed := self._said(step.who, step.roles, word, body)) is not None:
                # half of the time somebody says it beside what was said before
                kept = steps[: at + 1] if self.random.random() < 0.5 else steps[:at]
                return [*kept, changed, *steps[at + 1 :]]
        return steps

    def _person(self, steps: list[Step], at: int) -> list[Step]:
        step = steps[at]
        who, roles = self.random.choice(self.people)
        if self.random.random() < 0.5:
            who = self._text() or who
        if self.random.random() < 0.3:
            roles = (*roles, self._text() or "owner")
        if self.random.random() < 0.3:
            roles = ()
        changed = msgspec.structs.replace(step, who=who, roles=tuple(sorted(set(roles))))
        return [*steps[:at], changed, *steps[at + self.random.randint(0, 1) :]]

    def _again(self, steps: list[Step], at: int) -> list[Step]:
        to = self.random.randint(at, len(steps))
        return [*steps[:to], steps[at], *steps[to:]]

    def _without(self, steps: list[Step], at: int) -> list[Step]:
        return [*steps[:at], *steps[at + 1 :]]

    def _later(self, steps: list[Step], at: int) -> list[Step]:
        seconds = self.random.choice(
            (*self.all.seconds, *self.fresh.seconds, DAY, 30 * DAY, 3600.0)
        )
        passed = Step("advance", micros=int(abs(seconds) * 1_000_000) + self.random.choice((0, 1)))
        return [*steps[:at], passed, *steps[at:]]

    def _new(self, steps: list[Step], at: int) -> list[Step]:
        made = self._looks(self.random.randint(1, 3), commands=True)
        to = self.random.randint(at, len(steps))
        return [*steps[:to], *made, *steps[to:]]

    def looks(self, number: int) -> list[Step]:
        """So many questions to the cells in question."""
        return self._looks(number)

    def _looks(self, number: int, *, commands: bool = False) -> list[Step]:
        """Messages to the cells in question, made from nothing."""
        kinds = (Command, Query) if commands else (Query,)
        words = [
            it for (cell, _), it in self.words.items()
            if issubclass(it, kinds) and (cell in self.cells or self.random.random() < 0.1)
        ]  # fmt: skip
        found = []
        for _ in range(number if words else 0):
            word = self.random.choice(words)
            who, roles = self.random.choice(self.people)
            if (made := self._said(who, roles, word, self._made(word, 0))) is not None:
                found.append(made)
        return found

    def _said(self, who: str, roles: tuple[str, ...], word: Any, body: Any) -> Step | None:
        """A step, if its type takes that."""
        try:
            data = msgspec.json.encode(body)
            decode_json(word, data)
        except (BusError, TypeError, ValueError):
            return None
        return Step("say", who, roles, word.__cell__, word.__name__, data)

    # -- values ------------------------------------------------------------------------------------

    def _varied(self, annotation: Any, value: Any) -> Any:
        """A value like this one, with something else somewhere in it."""
        annotation = _plain(annotation, value)
        struct = struct_of(annotation)
        if struct is not None and isinstance(value, dict):
            fields = list(msgspec.structs.fields(struct))
            if not fields:
                return value
            field = self.random.choice(fields)
            inner = value.get(field.encode_name)
            near = [it for it in value.values() if isinstance(it, str)]
            if inner is not None and self.random.random() < 0.6:
                new = self._varied(field.type, inner)
            else:
                new = self._made(field.type, 1, near)
            return {**value, field.encode_name: new}
        if isinstance(value, list) and value and self.random.random() < 0.6:
            args = [it for it in get_args(_bare(annotation)) if it is not Ellipsis] or [Any]
            at = self.random.randrange(len(value))
            new = self._varied(args[min(at, len(args) - 1)], value[at])
            return [*value[:at], new, *value[at + 1 :]]
        return self._near(value) or self._made(annotation, 1)

    def _near(self, value: Any) -> Any:
        """A neighbour of a scalar."""
        if isinstance(value, bool) or value is None:
            return None
        if isinstance(value, int):
            return value + self.random.choice((-1, 1, *self.fresh.ints, *self.all.ints[:20]))
        if isinstance(value, float):
            return value + self.random.choice((-0.01, 0.01, 0.005, *self.fresh.floats, 1.0))
        if isinstance(value, str) and (moved := self._moved(value)) is not None:
            return moved
        return None

    def _moved(self, text: str) -> str | None:
        """A moment or a day, earlier or later."""
        spans = [*self.fresh.seconds, *self.all.seconds, 3600.0, DAY, 1.0, 1e-6]
        delta = timedelta(seconds=self.random.choice(spans) * self.random.choice((1, -1, 1, 2)))
        try:
            if len(text) == 10:
                return (date.fromisoformat(text) + delta).isoformat()
            return (datetime.fromisoformat(text) + delta).isoformat()
        except (ValueError, OverflowError):
            return None

    def _made(self, annotation: Any, depth: int, near: Sequence[str] = ()) -> Any:  # noqa: C901, PLR0911, PLR0912 (a table)
        """Some value of a type, as JSON has it."""
        rng = self.random
        annotation = unalias(annotation)
        if members := union_members(annotation):
            return self._made(rng.choice(members), depth, near)
        known = self.pool.get(str(annotation))
        bare = _bare(annotation)
        origin, args = get_origin(bare) or bare, get_args(bare)
        if known and rng.random() < 0.6:
            return rng.choice(known)
        if depth > 6 or bare is NoneType or bare is None:
            return None
        if origin is Literal:
            return rng.choice(args)
        if (struct := struct_of(bare)) is not None:
            fields = msgspec.structs.fields(struct)
            return {
                it.encode_name: self._made(it.type, depth + 1, near)
                for it in fields
                if it.required or rng.random() < 0.5
            }
        if isinstance(origin, type) and issubclass(origin, enum.Enum):
            return rng.choice([it.value for it in origin])
        if origin is bool:
            return rng.random() < 0.5
        if origin is int:
            picks = (*self.fresh.ints, *self.fresh.ints, *self.all.ints, 0, 1, -1, 2, 100)
            return rng.choice(picks) + rng.choice((0, 0, 0, 1, -1))
        if origin is float:
            return rng.choice((*self.fresh.floats, *self.all.floats, 0.0, 0.5, 1.0, 2.675, 0.1))
        if origin is Decimal:
            picks_d = (*self.fresh.decimals, *self.all.decimals, "0", "0.005", "1", "2.675")
            return rng.choice(picks_d)
        if origin is str:
            return self._text() or rng.choice(("x", "", "ada", "é" * 3, " a ", "A-1"))
        if origin in (datetime, date, time, timedelta):
            return self._time(origin, near)
        if origin is bytes:
            return rng.choice(("", "AAEC", "eA=="))
        if origin in (tuple, frozenset, list, set):
            if origin is tuple and args and args[-1] is not Ellipsis:
                return [self._made(it, depth + 1) for it in args]
            inner = args[0] if args else Any
            return [self._made(inner, depth + 1) for _ in range(rng.choice((0, 1, 1, 2, 3)))]
        if origin in (dict, Map):
            made = (
                [(self._made(args[0], depth + 1), self._made(args[1], depth + 1))] if args else []
            )
            return {str(key): item for key, item in made[: rng.choice((0, 1))]}
        return None

    def _time(self, origin: Any, near: Sequence[str]) -> Any:
        rng = self.random
        if origin is timedelta:
            return rng.choice((*self.fresh.seconds, *self.all.seconds, 60.0, 0.0))
        if origin is time:
            return rng.choice(("09:00:00", "23:59:59", "00:00:00"))
        moments = [*near, *near, *self.fresh.moments, *self.all.moments]
        moments += [
            "2026-01-05T09:00:00+00:00",
            "2026-01-12T10:00:00+00:00",
            "2026-12-31T23:00:00+00:00",
        ]
        text = self._moved(rng.choice(moments)) or "2026-01-05T09:00:00+00:00"
        text = text if len(text) > 10 else f"{text}T00:00:00+00:00"
        return text[:10] if origin is date else text

    def _text(self) -> str:
        """A text that somebody has used, or that stands in the code."""
        used = [it for room in self.pool.values() for it in room if isinstance(it, str)]
        rooms = (self.fresh.strings, self.fresh.strings, self.all.strings, used)
        room = self.random.choice([it for it in rooms if it] or [("x",)])
        return str(self.random.choice(room))


def _moments(value: Any) -> Iterator[str]:
    """Every moment in a JSON value, as it is spelled there."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for it in value:
            yield from _moments(it)
    elif isinstance(value, str) and len(value) > len("2026-01-05"):
        with suppress(ValueError):
            datetime.fromisoformat(value)
            yield value


def _numbers(value: Any) -> Iterator[float]:
    """Every number in a JSON value, as it is without its sign."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for it in value:
            yield from _numbers(it)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield abs(value)


def _multiplied(value: Any, factor: int) -> Any:
    """A JSON value with every number so many times larger."""
    if isinstance(value, dict):
        return {key: _multiplied(it, factor) for key, it in value.items()}
    if isinstance(value, list):
        return [_multiplied(it, factor) for it in value]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value * factor
    return value


def _swapped(value: Any, name: str, text: str) -> Any:
    """A JSON value with one text in the place of another."""
    if isinstance(value, dict):
        return {key: _swapped(it, name, text) for key, it in value.items()}
    if isinstance(value, list):
        return [_swapped(it, name, text) for it in value]
    return text if value == name else value


def _placed(  # noqa: C901 (a case for each kind of JSON)
    value: Any, constants: Constants, root: Any = None
) -> Iterator[Any]:
    """A JSON value with each constant in each place where it fits, one at a time."""
    root = value if root is None else root
    if isinstance(value, dict):
        for key, inner in value.items():
            for new in _placed(inner, constants, value):
                yield {**value, key: new}
            if inner is None:
                yield from ({**value, key: it} for it in constants.strings[:40])
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            for new in _placed(inner, constants, root):
                yield [*value[:at], new, *value[at + 1 :]]
    elif isinstance(value, str):
        yield from _texts(value, constants, root)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        for number in (*constants.ints, *constants.floats):
            yield from (number, number + 1, number - 1) if isinstance(number, int) else (number,)


def _texts(value: str, constants: Constants, root: Any) -> Iterator[str]:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        yield from constants.strings[:40]
        yield from constants.decimals
        return
    others = [it for it in root.values() if isinstance(it, str)] if isinstance(root, dict) else []
    for seconds in constants.seconds:
        for base in (value, *(it for it in others if it != value)):
            with suppress(ValueError, OverflowError):
                moved = datetime.fromisoformat(base) + timedelta(seconds=seconds)
                yield moved.date().isoformat() if len(value) == 10 else moved.isoformat()
    for name in ("minute", "hour", "day", "month", "second", "year"):
        for number in constants.ints[:12]:
            with suppress(ValueError, OverflowError):
                changed = moment.replace(**{name: number})  # type: ignore[arg-type]
                yield changed.date().isoformat() if len(value) == 10 else changed.isoformat()
    yield from constants.moments


def _bare(annotation: Any) -> Any:
    """A type without what `Annotated` says about it."""
    annotation = unalias(annotation)
    while get_origin(annotation) is Annotated:
        annotation = unalias(get_args(annotation)[0])
    return annotation


def _plain(annotation: Any, value: Any) -> Any:
    """Of an optional type what it is if it is there."""
    annotation = unalias(annotation)
    members = [it for it in union_members(annotation) if it is not NoneType]
    return members[0] if members and value is not None else annotation
