"""A difference as JSON, in a format of its own that is published as a schema.

The values here are the format: what they are made from may change, they may not without a new
`format` number. `docs/diff.schema.json` is drawn from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from monocyte.semdiff.difference import Change, Difference, Unseen
from monocyte.semdiff.hunks import Hunk
from monocyte.semdiff.report.summary import headline
from monocyte.semdiff.verdicts import Finding, Place, Verdict, Witness
from monocyte.semdiff.whole import Demand, Felt, Gained, Promise

__all__ = ["Page", "as_json", "schema"]

Severity = Literal["ignored", "note", "warning", "breaking"]
FORMAT: Literal[1] = 1


class Said(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What is known about one definition."""

    verdict: Verdict
    severity: Severity
    kind: str
    """module, class, function, method, constant or file."""
    definition: str
    """Its qualified name in its module; the module's own code is `<module>`."""
    what: str
    why: tuple[str, ...] = ()
    rule: str = ""
    """What decided: a stable short name."""
    old: Place | None = None
    new: Place | None = None
    witness: Witness | None = None


class Broken(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One change of what is promised, for who sends and who receives apart."""

    definition: str
    part: str = ""
    """The field, the parameter, the exception… that it is about."""
    what: str
    rule: str
    because: str
    """The rule in a sentence."""
    verdict: Verdict
    severity: Severity
    sender: Literal["neutral", "additive", "breaking"]
    receiver: Literal["neutral", "additive", "breaking"]
    message: bool = False
    """Whether it is about what is said on a wire."""
    said: str = ""
    """A message, or a call, that shows it."""
    by: str = ""
    """The version that accepts it: old or new."""
    meant: str = ""
    """What that version makes of it."""
    read: str = ""
    """What the other version makes of it."""
    why: str = ""
    """Why it has not been shown."""
    old: Place | None = None
    new: Place | None = None
    witness: Witness | None = None


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """Something that code can reach now and could not before."""

    capability: str
    what: str
    scope: Literal["program", "entry", "new entry", "tests"]
    severity: Severity
    entries: tuple[str, ...]
    way: tuple[str, ...]
    """From the first entry, step by step."""
    place: Place


class Changed(Said, frozen=True, omit_defaults=True, kw_only=True):
    """A definition whose meaning has changed, or may have."""

    words: tuple[str, ...] = ()
    hunks: tuple[Hunk, ...] = ()
    tried: str = ""
    test: str = ""
    more: tuple[Said, ...] = ()
    contract: tuple[Broken, ...] = ()
    """What has changed of what it promises to those outside."""


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """The whole answer of `monocyte diff --json`."""

    format: Literal[1]
    monocyte: str
    """The version that wrote this."""
    python: str
    """The version of Python whose grammar and meaning were assumed."""
    headline: str
    severity: Severity
    """The worst of all."""
    counts: dict[str, int]
    """Definitions by verdict."""
    old: str
    new: str
    changes: tuple[Changed, ...]
    capabilities: tuple[Reach, ...]
    """What the code can reach now and could not before."""
    step: Demand
    """The version step that the change asks for."""
    impact: Felt
    """Who can feel it."""
    ignored: tuple[Said, ...]
    """Definitions that differ as text and mean the same."""
    unseen: tuple[Unseen, ...]
    """What was not looked at, and why."""
    files: dict[str, int]
    ran: bool
    seconds: float


def as_json(difference: Difference, version: str = "") -> str:
    """The page as JSON, over several lines."""
    data = msgspec.json.encode(page(difference, version))
    return msgspec.json.format(data, indent=2).decode() + "\n"


def schema() -> dict[str, Any]:
    """What `as_json` promises, as a JSON Schema."""
    made: dict[str, Any] = msgspec.json.schema(Page)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "monocyte diff"}
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode({**head, **made}))
    return plain


def page(difference: Difference, version: str = "") -> Page:
    """The difference in the published format."""
    looked = difference.looked
    return Page(
        format=FORMAT,
        monocyte=version,
        python=difference.python,
        headline=headline(difference),
        severity=_severity(difference.severity),
        counts={it.value: difference.count(it) for it in Verdict},
        old=difference.old,
        new=difference.new,
        changes=tuple(map(_changed, difference.changes)),
        capabilities=tuple(Reach(**_fields(it, Reach)) for it in difference.gains),
        step=difference.demand,
        impact=difference.felt,
        ignored=tuple(Said(**_said(it)) for it in difference.ignored),
        unseen=difference.unseen,
        files={"old": looked.old_files, "new": looked.new_files, "differing": looked.differing},
        ran=difference.ran,
        seconds=round(difference.seconds, 3),
    )


def _severity(severity: Any) -> Severity:
    name: Severity = severity.name.lower()
    return name


def _fields(value: Promise | Gained, published: type[msgspec.Struct]) -> dict[str, Any]:
    """The published fields of a value, which has them by the same names."""
    found = {name: getattr(value, name) for name in published.__struct_fields__}
    return {**found, "severity": _severity(value.severity)}


def _said(finding: Finding) -> Mapping[str, Any]:
    names = ("verdict", "kind", "definition", "what", "why", "rule", "old", "new", "witness")
    fields = {name: getattr(finding, name) for name in names}
    return {**fields, "severity": _severity(finding.severity)}


def _changed(change: Change) -> Changed:
    return Changed(
        **_said(change.finding),
        words=change.words,
        hunks=change.hunks,
        tried=change.tried,
        test=change.test,
        more=tuple(Said(**_said(it)) for it in change.more),
        contract=tuple(Broken(**_fields(it, Broken)) for it in change.promises),
    )
