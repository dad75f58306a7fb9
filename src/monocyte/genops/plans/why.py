"""Why a cell would be regenerated: what people changed since it was promoted, in words.

A row of `KINDS` for each reason, a generator for each place where one may lie: rules, words,
scenarios, neighbours whose contract it uses, the pin, evidence. What nobody but a model should have
changed is no reason but drift, and told apart: a plan that would lose it is refused. Pure.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from monocyte.genops.plans.facts import STUB, Facts, Shape
from monocyte.genops.plans.lock import Locked
from monocyte.literate.findings import Finding

__all__ = ["KINDS", "Drift", "Reason", "Written", "drifts", "reasons"]

KINDS = {
    "new": "The cell was never generated or adopted.",
    "gone": "The cell is in the lock, and no longer in the app.",
    "rule": "A rule was added, reworded, retired or taken away.",
    "word": "A word of its contract was added, changed or taken away.",
    "evidence": "A scenario, a decision, a runbook or a waiver was added, changed or taken away.",
    "contract": "A neighbour changed a word that the cell uses.",
    "stub": "A function says only `...`: it is to be written.",
    "pin": "It was written by a model that is pinned in another way now.",
    "template": "It was written from another prompt template than the one that is pinned.",
    "finding": "The last check has found something wrong that a model can mend.",
    "asked": "Somebody asked for it.",
}
"""Every reason to regenerate a cell."""

FINDINGS = frozenset(
    {
        *("rule-unenforced", "rule-unseen", "scenario-failed", "scenario-endless"),
        *("decision-failed", "rehearsal-failed", "mutant-survived", "cannot-fail"),
        *("picture-wrong", "picture-incomplete", "picture-undeclared-walk", "size"),
    }
)
"""Kinds of findings that are reasons; the others are for people."""


class Reason(msgspec.Struct, frozen=True, forbid_unknown_fields=True, order=True):
    """Why, in words; `kind` is a row of `KINDS`, `about` what has changed."""

    kind: str
    about: str
    said: str


class Drift(NamedTuple):
    """A generated part that somebody changed by hand, and how."""

    cell: str
    part: str
    how: str


class Written(NamedTuple):
    """What would write a cell today: its pin, and the template if that is pinned."""

    pin: str
    digest: str
    template: str = ""


def reasons(
    facts: Facts, locked: Locked | None, written: Written | None, findings: Iterable[Finding]
) -> Iterator[Reason]:
    """Every reason to regenerate a cell, in the order in which people look for them."""
    if locked is None:
        yield Reason("new", "", "the cell is new")
        return
    old = locked.facts
    yield from _rules(old.rules, facts.rules)
    yield from _words(old.words, facts.words)
    yield from _evidence(old.evidence, facts.evidence)
    yield from _contracts(old.uses, facts.uses)
    for name, digest in facts.generated.items():
        if digest == STUB:
            yield Reason("stub", name, f"`{name}` is to be written")
    if written is not None and locked.pin:
        yield from _writer(locked, written)
    yield from _findings(findings)


def drifts(cell: str, facts: Facts, locked: Locked | None) -> Iterator[Drift]:
    """What was changed by hand in the generated parts of a cell; a stub is a wish and no change.

    Nor is it one if parts are gone together with a word: what answered it had to go, too.
    """
    if locked is None:
        return
    old, new = locked.facts.generated, facts.generated
    is_smaller = bool(locked.facts.words.keys() - facts.words.keys())
    for name in sorted(old.keys() | new.keys()):
        if new.get(name) == STUB or old.get(name) == new.get(name):
            continue
        if is_smaller and name not in new:
            continue
        how = "is not there any more" if name not in new else "was edited by hand"
        yield Drift(cell, name, how if name in old else "was written by hand")


def _rules(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Reason]:
    for id in _all(old, new):
        if id not in old:
            yield Reason("rule", id, f"{id} was added")
        elif id not in new:
            yield Reason("rule", id, f"{id} is gone")
        elif new[id] == "retired" != old[id]:
            yield Reason("rule", id, f"{id} was retired")
        elif new[id] != old[id]:
            yield Reason("rule", id, f"{id} was reworded")


def _words(old: Mapping[str, Shape], new: Mapping[str, Shape]) -> Iterator[Reason]:
    for name in _all(old, new):
        for said in _changes(name, old.get(name), new.get(name), new):
            yield Reason("word", name, said)


def _evidence(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Reason]:
    for name in _all(old, new):
        if name not in old:
            yield Reason("evidence", name, f"`{name}` was added")
        elif name not in new:
            yield Reason("evidence", name, f"`{name}` is gone")
        elif old[name] != new[name]:
            yield Reason("evidence", name, f"`{name}` was changed")


def _contracts(old: Mapping[str, Shape], new: Mapping[str, Shape]) -> Iterator[Reason]:
    """What neighbours changed; that the cell itself uses more or less is told by its own parts."""
    known = {name.partition(".")[2] for name in new}
    for name in sorted(old.keys() & new.keys()):
        cell, _, word = name.partition(".")
        for said in _changes(word, old[name], new[name], known):
            yield Reason("contract", name, f"the contract of {cell} changed: {said}")


def _changes(
    name: str, old: Shape | None, new: Shape | None, known: Container[str]
) -> Iterator[str]:
    """What changed about a word, in words; what changed inside of another that is known, there."""
    if old is None or new is None:
        yield f"{name} is {'new' if old is None else 'gone'}"
        return
    for field in _all(old, new):
        what = {"is": f"{name}", "->": f"the answer of {name}"}.get(field, f"{name}.{field}")
        if field not in old:
            yield f"{what} is new"
        elif field not in new:
            yield f"{what} is gone"
        elif old[field] != new[field]:
            yield from _changed(what, _plain(old[field]), _plain(new[field]), known)


def _changed(what: str, old: str, new: str, known: Container[str]) -> Iterator[str]:
    if old != new and "" not in (old, new):
        yield f"{what} is {new} now, and was {old}"
    elif not new or new not in known:
        yield f"{what} is another {new or 'type'} now"


def _plain(shape: str) -> str:
    """A shape without its digest; nothing if it has no name."""
    name = shape.partition(" #")[0]
    return "" if name.startswith("#") else name


def _writer(locked: Locked, written: Written) -> Iterator[Reason]:
    if locked.pin != written.pin:
        yield Reason("pin", written.pin, f"`{written.pin}` writes it now, and `{locked.pin}` did")
    elif locked.pin_digest != written.digest:
        yield Reason("pin", written.pin, f"the pin `{written.pin}` changed")
    if written.template and locked.template != written.template:
        yield Reason("template", written.pin, "the prompt template changed")


def _findings(findings: Iterable[Finding]) -> Iterator[Reason]:
    for it in findings:
        if it.kind in FINDINGS and it.severity == "error":
            first = it.message.partition("\n")[0]
            yield Reason("finding", it.kind, f"{it.kind}: {first}")


def _all(old: Mapping[str, object], new: Mapping[str, object]) -> list[str]:
    """The names of both, as they stand in the new one; what is gone comes last."""
    return [*new, *(name for name in old if name not in new)]
