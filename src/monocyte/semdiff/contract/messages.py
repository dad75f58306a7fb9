"""Messages, old against new: each version says what it can, and the other reads it.

A break is never inferred: it is a message that the one version accepted and the other refused, or
understood as something else. Everything that the code of either version does happens in locked
workers; structure only names what a break comes from.
"""

from __future__ import annotations

import ast
import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

import msgspec

from monocyte.semdiff.bindings import module_name
from monocyte.semdiff.contract.changes import Change, Effect, Evidence
from monocyte.semdiff.contract.loading import needed
from monocyte.semdiff.contract.readers import script
from monocyte.semdiff.contract.samples import hints_of
from monocyte.semdiff.contract.showing import ENOUGH, LATE, shown, within
from monocyte.semdiff.contract.station import (
    REPLY,
    Described,
    Given,
    Outcome,
    Spoken,
    Told,
    Version,
    Wanted,
)
from monocyte.semdiff.contract.structure import Difference, differences, spelled
from monocyte.semdiff.impact import felt_files
from monocyte.semdiff.summaries import summary
from monocyte.semdiff.verdicts import Place
from monocyte.semdiff.workers import Limits, Report, Worker

__all__ = ["compare_messages", "may_speak"]

T = TypeVar("T")
BREAKING = Effect.BREAKING
STATION = "monocyte.semdiff.contract.station"
LIMITS = Limits(wall=30, cpu=30, output=1 << 24)
HINT = re.compile(
    r"Struct|Value|Command|Query|Event|State|dataclass|TypedDict|NamedTuple|BaseModel|RootModel|Enum"
    r"|\battrs?\b"
)


def may_speak(old: Mapping[str, str], new: Mapping[str, str]) -> bool:
    """Whether there can be messages in a program (file -> source), told by words alone."""
    return any(
        file.endswith(".py") and HINT.search(text)
        for side in (old, new)
        for file, text in side.items()
    )


def compare_messages(
    old: Mapping[str, str],
    new: Mapping[str, str],
    worker: Worker | None = None,
    summed: Callable[[str], bytes] = summary,
    seconds: float = ENOUGH,
) -> tuple[Change, ...]:
    """What has changed in the messages of a program (file -> source), breaks with witnesses.

    Only modules that differ are loaded, and those that mention what differs.
    """
    if worker is None:
        with Worker(preload=("monocyte.semdiff.contract.station", "monocyte")) as mine:
            return compare_messages(old, new, mine, summed, seconds)
    until = time.monotonic() + seconds
    changes = tuple(_Comparison(worker, old, new, summed, until).changes())
    return shown(changes, old, new, worker, until - time.monotonic())


class _Silent(Exception):
    """A worker had no answer; the argument says why."""


class _Comparison:
    """Two versions, a worker, and what has been asked of it."""

    def __init__(
        self,
        worker: Worker,
        old: Mapping[str, str],
        new: Mapping[str, str],
        summed: Callable[[str], bytes],
        until: float,
    ) -> None:
        self.worker = worker
        self.until = until
        self.sources = {"old": dict(old), "new": dict(new)}
        felt = felt_files(old, new, summed)
        self.versions = {side: _version(files, felt) for side, files in self.sources.items()}
        self.modules = {it for version in self.versions.values() for it in version.modules}
        self.files = {
            side: {module_name(f, files): f for f in files if f in felt}
            for side, files in self.sources.items()
        }
        self.lines: dict[tuple[str, str], dict[str, int]] = {}
        self.said: dict[str, dict[str, list[Spoken]]] = {"old": {}, "new": {}}

    def changes(self) -> Iterator[Change]:
        if not any(version.modules for version in self.versions.values()):
            return
        try:
            before, after = (self.described(side) for side in ("old", "new"))
        except _Silent as why:
            module = next(it for side in ("new", "old") for it in self.versions[side].modules)
            yield self.unloaded(module, f"a version could not be described: {why}")
            return
        for name in before.errors.keys() | after.errors.keys():
            said = after.errors.get(name) or before.errors.get(name)
            yield self.unloaded(name, f"could not be loaded: {said}")
        both = [name for name in before.messages if name in after.messages]
        changed = [n for n in both if before.messages[n] != after.messages[n]]
        yield from self.come_and_gone(before, after)
        if changed:
            yield from self.compared(changed, before.messages, after.messages)

    def described(self, side: str) -> Described:
        return self.ask("describe", self.versions[side], Described)

    def ask(self, entry: str, payload: Any, answer: type[T]) -> T:
        limits = within(LIMITS, self.until)
        if limits is None:
            raise _Silent(LATE)
        report: Report = self.worker.run(
            f"{STATION}:{entry}", msgspec.msgpack.encode(payload), limits
        )
        if report.fate.value != "done":
            is_late = within(LIMITS, self.until) is None
            raise _Silent(LATE if is_late else f"{report.fate.value}: {report.detail[-300:]}")
        return msgspec.msgpack.decode(report.value, type=answer)

    def come_and_gone(self, before: Described, after: Described) -> Iterator[Change]:
        for name in before.messages.keys() - after.messages.keys() - after.errors.keys():
            if not name.endswith(REPLY) and name.rpartition(".")[0] not in after.errors:
                yield self.lonely(name, "old", before.messages[name])
        for name in after.messages.keys() - before.messages.keys() - before.errors.keys():
            if not name.endswith(REPLY) and name.rpartition(".")[0] not in before.errors:
                yield self.lonely(name, "new", after.messages[name])

    def lonely(self, name: str, side: str, told: Told) -> Change:
        """A message that only one version has: whatever is said in it, the other cannot read."""
        try:
            said = self.spoken(side, (name,), {name: told.shape}, {})[name]
        except (_Silent, KeyError):
            said = []
        shown = said and Evidence(
            said[0].json.decode(), side, said[0].meant.decode(), f"no type called {name}"
        )
        gone = side == "old"
        value = told.role == "value"
        module, _, own = name.rpartition(".")
        trials = (script(module, own, said[0].json, model=told.is_model),) if said else ()
        return Change(
            subject=name,
            path="",
            rule="message-removed" if gone else "message-added",
            what=f"{told.role} is {'gone' if gone else 'new'}",
            sender=Effect.BREAKING if gone else Effect.ADDITIVE,
            receiver=Effect.NEUTRAL if gone or value else Effect.ADDITIVE,
            to_sender=shown or None if gone else None,
            old=self.place("old", name),
            new=self.place("new", name),
            trials=trials,
            is_message=True,
            module=self.module_of(name.removesuffix(REPLY)),
        )

    def compared(
        self, names: list[str], before: dict[str, Told], after: dict[str, Told]
    ) -> Iterator[Change]:
        shapes = [{n: told[n].shape for n in names} for told in (before, after)]
        try:
            forth = self.conversation("old", "new", names, *shapes)
            back = self.conversation("new", "old", names, *shapes)
        except _Silent as why:
            for name in names:
                yield self.unloaded(name, f"its messages could not be tried: {why}")
            return
        for name in names:
            if before[name].role != after[name].role:
                yield self.role_change(name, before[name], after[name])
            found = list(differences(before[name].shape, after[name].shape))
            told = (before[name], after[name])
            yield from self.judged(name, told, found, forth.get(name, []), back.get(name, []))

    def role_change(self, name: str, old: Told, new: Told) -> Change:
        seen = Evidence(name, "old", old.role, new.role, "code")
        module, _, own = name.rpartition(".")
        asked = f"from {module} import {own}\nprint([it.__name__ for it in {own}.__mro__])\n"
        return Change(
            subject=name,
            path="",
            rule="message-role",
            what=f"{old.role} became {new.role}",
            sender=Effect.BREAKING,
            receiver=Effect.BREAKING,
            to_sender=seen,
            to_receiver=seen,
            old=self.place("old", name),
            new=self.place("new", name),
            trials=(asked,),
            is_message=True,
            module=self.module_of(name.removesuffix(REPLY)),
        )

    def conversation(
        self, by: str, to: str, names: list[str], old: dict[str, Any], new: dict[str, Any]
    ) -> dict[str, list[Trouble]]:
        """What one version says and the other does not understand, by message."""
        said = self.spoken(by, tuple(names), old, new)
        self.said[by] |= said
        read = self.ask("read", Given(self.versions[to], said), dict[str, list[Outcome]])
        promised = by == "old"
        return {
            name: [
                trouble
                for message, outcome in zip(said[name], read.get(name, []), strict=True)
                if (trouble := _trouble(by, message, outcome, promised=promised)) is not None
            ]
            for name in said
        }

    def spoken(
        self, side: str, names: tuple[str, ...], old: dict[str, Any], new: dict[str, Any]
    ) -> dict[str, list[Spoken]]:
        hints = {name: hints_of(old.get(name, {}), new.get(name, {})) for name in names}
        wanted = Wanted(self.versions[side], names, hints)
        return self.ask("speak", wanted, dict[str, list[Spoken]])

    def judged(
        self,
        name: str,
        told: tuple[Told, Told],
        found: list[Difference],
        forth: list[Trouble],
        back: list[Trouble],
    ) -> Iterator[Change]:
        """Each structural change with the troubles that it explains, then the unexplained."""
        left = [list(forth), list(back)]
        swap = name.endswith(REPLY)
        made: list[Change] = []
        lone = sum(it.rule not in PLAIN for it in found) == 1
        for difference in found:
            mine = [_of(difference, forth, LOOSER), _of(difference, back, TIGHTER)]
            if lone and difference.rule not in PLAIN:
                mine = left
            best = [_best(troubles, difference) for troubles in mine]
            made.append(self.change(name, difference, best[0], best[1], told, swap=swap))
            left = [
                [t for t in troubles if t not in own]
                for troubles, own in zip(left, mine, strict=True)
            ]
        yield from made
        # What no structural change explains is not lost: somebody breaks, and nobody has said so.
        told_of = [
            any(c.sender is BREAKING for c in made),
            any(c.receiver is BREAKING for c in made),
        ]
        extra = Difference("", "reads-differently", "messages are judged differently")
        rest = [
            None if is_told else _best(troubles, extra)
            for troubles, is_told in zip(left, told_of[::-1] if swap else told_of, strict=True)
        ]
        if any(rest):
            yield self.change(name, extra, rest[0], rest[1], told, swap=swap)

    def change(
        self,
        name: str,
        difference: Difference,
        forth: Trouble | None,
        back: Trouble | None,
        told: tuple[Told, Told],
        *,
        swap: bool,
    ) -> Change:
        sender, receiver = _effects(difference, forth, back)
        shown = [trouble.evidence if trouble else None for trouble in (forth, back)]
        if swap:
            sender, receiver, shown = receiver, sender, shown[::-1]
        subject = name.removesuffix(REPLY)
        doubtful = difference.rule in DOUBTFUL and not forth and not back
        return Change(
            subject=subject,
            path=(" reply" if swap else "") + difference.path,
            rule=difference.rule,
            what=difference.what,
            sender=sender,
            receiver=receiver,
            to_sender=shown[0],
            to_receiver=shown[1],
            open=f"no message was found that shows it ({spelled(told[1].shape)})"
            if doubtful
            else "",
            old=self.place("old", subject),
            new=self.place("new", subject),
            trials=tuple(self.trials(name, difference, [forth, back], model=told[0].is_model)),
            is_message=True,
            module=self.module_of(name.removesuffix(REPLY)),
        )

    def trials(
        self, name: str, difference: Difference, troubles: list[Trouble | None], *, model: bool
    ) -> Iterator[str]:
        """Scripts that read the messages that were not understood, or that mention what is new."""
        if name.endswith(REPLY):
            return
        module, _, own = name.rpartition(".")
        for it in (trouble.evidence for trouble in troubles if trouble):
            if it.wire == "msgpack":
                yield script(module, own, it.packed, model=model, packed=True)
            else:
                yield script(module, own, it.said.encode(), model=model)
        field = re.findall(r"\.([^.\[\]{}]+)", difference.path)[-1:]
        for side in ("new", "old"):
            mine = [
                it
                for it in self.said[side].get(name, [])
                if not field or field[0].encode() in it.json
            ]
            for message in mine[:3]:
                yield script(module, own, message.json, model=model)

    def unloaded(self, name: str, why: str) -> Change:
        """Of that module, or message, nothing can be said."""
        return Change(
            subject=name,
            path="",
            rule="cannot-compare",
            what="unknown",
            sender=Effect.NEUTRAL,
            receiver=Effect.NEUTRAL,
            open=why,
            old=self.place("old", name),
            new=self.place("new", name),
            is_message=True,
            module=self.module_of(name),
        )

    def module_of(self, name: str) -> str:
        """The module that a name is of, or that it is."""
        return name if name in self.modules else name.rpartition(".")[0]

    def place(self, side: str, name: str) -> Place | None:
        """Where a message is declared; of a module, its file."""
        name = name.removesuffix(REPLY)
        module = self.module_of(name)
        file = self.files[side].get(module)
        if file is None:
            return None
        if (side, file) not in self.lines:
            self.lines[side, file] = _lines(self.sources[side][file])
        return Place(file, self.lines[side, file].get(name.removeprefix(f"{module}."), 0))


def _lines(text: str) -> dict[str, int]:
    """The classes of a file, and where they stand."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError):
        return {}
    return {node.name: node.lineno for node in body if isinstance(node, ast.ClassDef)}


PLAIN = frozenset({"prose-changed", "order-free"})
DOUBTFUL = frozenset(
    {
        "constraint-changed",
        "type-changed",
        "validation-changed",
        "layout-changed",
        "default-changed",
    }
)
WIDER = frozenset(
    {
        "field-added-optional",
        "field-now-optional",
        "constraint-loosened",
        "member-added",
        "unknown-allowed",
    }
)
LOOSER = WIDER - {"field-added-optional"}
"""Changes by which all that was understood still is."""

TIGHTER = frozenset(
    {"constraint-tightened", "member-removed", "field-now-required", "unknown-forbidden"}
)
"""Changes by which nothing is understood that was not before."""

OMITTED = frozenset({"default-changed", "field-now-required", "field-now-optional"})
"""Changes that only messages show in which the field is left out."""


class Trouble(msgspec.Struct, frozen=True):
    """A message that was not understood, and the names that the trouble is about."""

    evidence: Evidence
    about: tuple[str, ...]
    size: int


def _version(files: Mapping[str, str], felt: Collection[str]) -> Version:
    python = {name: text for name, text in files.items() if name.endswith(".py")}
    modules = tuple(
        module_name(n, python) for n, text in python.items() if n in felt and HINT.search(text)
    )
    start = [n for n, text in python.items() if n in felt and HINT.search(text)]
    return Version(needed(python, start), modules)


def _trouble(by: str, message: Spoken, outcome: Outcome, *, promised: bool) -> Trouble | None:
    said, meant = message.json.decode(), message.meant.decode()
    size = len(message.json)
    if outcome.json_error:
        return Trouble(
            Evidence(said, by, meant, outcome.json_error), _names(outcome.json_error), size
        )
    ours, theirs = (msgspec.json.decode(data) for data in (message.meant, outcome.meant))
    path = _differs(ours, theirs, msgspec.json.decode(message.json), promised=promised)
    if path is not None:
        shown = Evidence(said, by, meant, f"reads it as {outcome.meant.decode()}")
        return Trouble(shown, tuple(path), size)
    if outcome.packed_error:
        shown = Evidence(said, by, meant, outcome.packed_error, "msgpack", message.packed)
        return Trouble(shown, _names(outcome.packed_error), size + 1000)
    return None


def _names(error: str) -> tuple[str, ...]:
    """The fields that an error is about: its path, and the field that it names."""
    names = re.findall(r"field `([^`]*)`", error)
    for path in re.findall(r"- at `([^`]*)`", error):
        names = [*re.findall(r"\.([^.\[\]]+)", path), *names]
    if " validation error" in error:  # pydantic's: each place on a line of its own
        place = next(iter(re.findall(r"^(\S+)$", error, re.MULTILINE)), "")
        names = [part for part in place.split(".") if part and not part.isdigit()]
    return tuple(names)


def _differs(ours: Any, theirs: Any, said: Any, *, promised: bool) -> list[str] | None:
    """The path at which two readings differ; None if they agree."""
    if isinstance(ours, dict) and "$unsteady" in ours:
        return None
    if (
        isinstance(ours, dict)
        and isinstance(theirs, dict)
        and "$fields" in ours
        and "$fields" in theirs
    ):
        return _fields_differ(ours["$fields"], theirs["$fields"], said, promised=promised)
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        items = said if isinstance(said, list) and len(said) == len(ours) else [None] * len(ours)
        for one, other, part in zip(ours, theirs, items, strict=True):
            path = _differs(one, other, part, promised=promised)
            if path is not None:
                return path
        return None
    return None if _equal(ours, theirs) else []


def _fields_differ(ours: Any, theirs: Any, said: Any, *, promised: bool) -> list[str] | None:
    for name, value in ours.items():
        here = said.get(name) if isinstance(said, dict) else None
        if name in theirs:
            path = _differs(value, theirs[name], here, promised=promised)
            if path is not None:
                return [name, *path]
        elif promised and isinstance(said, dict) and name in said:
            return [name]  # what the old version promised to read is ignored
    return None


def _equal(one: Any, other: Any) -> bool:
    if type(one) is bool or type(other) is bool:
        return one is other
    if isinstance(one, dict) and isinstance(other, dict) and "$map" in one and "$map" in other:
        return len(one["$map"]) == len(other["$map"]) and all(
            _differs(a, b, None, promised=False) is None
            for a, b in zip(one["$map"], other["$map"], strict=True)
        )
    kinds = {_kind(one), _kind(other)}
    if kinds == {"$text", "str"}:
        return True  # the one reads a moment, an id… where the other reads the text that says it
    return bool(_plain(one) == _plain(other))


def _kind(value: Any) -> str:
    return next(iter(value), "") if isinstance(value, dict) else type(value).__name__


def _plain(value: Any) -> Any:
    """Numbers as numbers, however they are held; sets and lists as the same many things."""
    if isinstance(value, int | float) or (isinstance(value, dict) and "$number" in value):
        try:
            return ("number", Decimal(str(value["$number"] if isinstance(value, dict) else value)))
        except InvalidOperation:
            return value
    if isinstance(value, dict) and "$set" in value:
        return ("many", sorted(repr(_plain(item)) for item in value["$set"]))
    if isinstance(value, list):
        return ("many", sorted(repr(_plain(item)) for item in value))
    return value


def _explains(difference: Difference, trouble: Trouble) -> bool:
    """Whether a trouble is about the place of a structural change."""
    names = re.findall(r"\.([^.\[\]{}]+)", difference.path)
    if difference.rule == "field-renamed":
        names = [*names[:-1], names[-1]]
        return trouble.about[-1:] in ((names[-1],), (difference.what.removeprefix("is now "),))
    if difference.rule in ("unknown-forbidden", "unknown-allowed"):
        return "surplus_field_of_nobody" in trouble.about
    if not names and difference.rule.startswith("member-"):
        said = difference.what.partition(" is ")[0].rpartition(": ")[2].strip("'\"")
        return not trouble.about and said in trouble.evidence.said
    return bool(names) and tuple(names) == trouble.about[: len(names)]


def _of(difference: Difference, troubles: list[Trouble], never: Collection[str]) -> list[Trouble]:
    """The troubles that a structural change explains; several changes may share one."""
    if difference.rule in never:
        return []
    return [it for it in troubles if _explains(difference, it) and _fits(difference, it)]


def _fits(difference: Difference, trouble: Trouble) -> bool:
    """Whether the message says the field that the change is about, or leaves it out, as it must."""
    names = re.findall(r"\.([^.\[\]{}]+)", difference.path)
    said = msgspec.json.decode(trouble.evidence.said)
    return not names or _says(said, names) in (None, difference.rule not in OMITTED)


def _says(said: Any, names: list[str]) -> bool | None:
    """Whether a message says a field; None if that cannot be told: it has rows, or several."""
    for name in names:
        if not isinstance(said, dict):
            return None
        if name not in said:
            return False
        said = said[name]
    return True


def _best(troubles: list[Trouble], difference: Difference) -> Trouble | None:
    """One that speaks of the limit that has changed; then the shortest, as people can read it."""
    limits = difference.what.partition(": ")[2].split(" became ")

    def rank(it: Trouble) -> tuple[bool, int, str]:
        words = re.findall(r"[-\w.]+", it.evidence.read)
        return not any(limit in words for limit in limits), it.size, it.evidence.said

    return min(troubles, key=rank) if troubles else None


def _effects(
    difference: Difference, forth: Trouble | None, back: Trouble | None
) -> tuple[Effect, Effect]:
    grown = back is not None or difference.rule in WIDER
    sender = Effect.BREAKING if forth else Effect.ADDITIVE if grown else Effect.NEUTRAL
    more = difference.rule in ("field-added-optional", "field-added-required")
    receiver = Effect.BREAKING if back else Effect.ADDITIVE if more else Effect.NEUTRAL
    return sender, receiver
