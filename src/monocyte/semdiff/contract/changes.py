"""Changes of a contract as values, and the rules that explain them as a table. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

import msgspec

from monocyte.semdiff.verdicts import Finding, Place, Severity, Verdict, Witness

__all__ = ["RULES", "Change", "Effect", "Evidence", "Step", "step_demanded"]


class Effect(IntEnum):
    """What a change does to one side."""

    NEUTRAL = 0
    """Nothing that this side says or reads is different."""
    ADDITIVE = 1
    """There is more that can be said or read; all that was, still is."""
    BREAKING = 2
    """Something that worked fails, or means something else."""


class Step(IntEnum):
    """The version step that a change demands (semantic versioning)."""

    NONE = 0
    PATCH = 1
    MINOR = 2
    MAJOR = 3


class Evidence(msgspec.Struct, frozen=True):
    """What shows a break: what was said under one version, and what the other made of it."""

    said: str
    """The message as JSON, or the call."""
    by: str
    """The version that accepts it: `old` or `new`."""
    meant: str
    read: str
    """What the other version answers: its error, or what it reads instead."""
    wire: str = "json"
    """json, msgpack (as encoded by the version that says it), call, or code."""
    packed: bytes = b""
    """The message on the msgpack wire."""


class Change(msgspec.Struct, frozen=True):
    """One change of one part of a contract."""

    subject: str
    """The message, function, class… dotted from its module."""
    path: str
    """The part of it: `.slot.start`, a parameter's name; empty for the whole."""
    rule: str
    """Why it is so: a key of RULES."""
    what: str
    """What has changed, in words."""
    sender: Effect
    """For who still sends (or calls) as before."""
    receiver: Effect
    """For who still reads (or is called, or overrides) as before."""
    to_sender: Evidence | None = None
    """Shows the break of who sends."""
    to_receiver: Evidence | None = None
    open: str = ""
    """Why no more can be said, if a break was neither shown nor excluded."""
    old: Place | None = None
    new: Place | None = None
    about: str = ""
    """What it is about, where the subject does not say: an export, a base, an exception."""
    trials: tuple[str, ...] = ()
    """Scripts that would show it on either version; `showing` runs them."""
    witness: Witness | None = None
    """A script that was run, and what it said on either version."""
    unseen: str = ""
    """Why there is no witness."""

    module: str = ""
    """The module of the subject."""
    is_message: bool = False
    """Whether it is about what is said on a wire, not about what is offered to code."""

    @property
    def is_breaking(self) -> bool:
        """Whether it breaks anybody."""
        return Effect.BREAKING in (self.sender, self.receiver)

    def explain(self) -> str:
        """The change in words, with its rule."""
        sides = f"sender {self.sender.name.lower()}, receiver {self.receiver.name.lower()}"
        return f"{self.subject}{self.path}: {self.what} ({sides}): {RULES[self.rule]}"

    def finding(self) -> Finding:
        """The change as a finding of a diff."""
        verdict = Verdict.CHANGED if self.witness else Verdict.UNKNOWN
        worst = max(self.sender, self.receiver)
        severity = (Severity.NOTE, Severity.NOTE, Severity.BREAKING)[worst]
        reason = self.open or ("" if self.witness else self.unseen or "described, not run")
        return Finding(
            verdict=verdict,
            kind="contract",
            definition=self.subject.removeprefix(f"{self.module}.")
            if self.module
            else self.subject,
            what=f"{self.path.strip()}: {self.what}" if self.path else self.what,
            why=(self.explain(), *([reason] if reason else [])),
            rule=f"contract:{self.rule}",
            severity=Severity.WARNING
            if worst is Effect.BREAKING and not self.witness
            else severity,
            old=self.old,
            new=self.new,
            witness=self.witness,
        )


def step_demanded(changes: Iterable[Change]) -> Step:
    """The smallest version step that is honest about all of these changes."""
    step = Step.NONE
    for change in changes:
        if change.is_breaking or change.open:
            step = Step.MAJOR
        elif Effect.ADDITIVE in (change.sender, change.receiver):
            step = max(step, Step.MINOR)
        else:
            step = max(step, Step.PATCH)
    return step


RULES: dict[str, str] = {
    # -- messages --------------------------------------------------------------------------------
    "message-added": "Nobody knows the message yet; who reads the old version cannot receive it.",
    "message-removed": "A message that is still sent finds nobody who reads it.",
    "message-role": "A command, a query and an event travel on different ways.",
    "reply-changed": "Who asks reads the reply with the old type.",
    "field-added-required": "Messages without the field, which were complete, are refused.",
    "field-added-optional": "Messages without it get its default; strict old readers refuse it.",
    "field-removed": "What senders still say is refused as unknown, or silently ignored.",
    "field-renamed": "On the wire a field is its name: the new one is missing.",
    "field-now-required": "Messages that relied on the default are refused.",
    "field-now-optional": "New senders may leave it out; old readers require it.",
    "default-changed": "A message without the field means something else on each side.",
    "type-changed": "What fits the one type does not all fit the other.",
    "constraint-tightened": "Values that were accepted are refused.",
    "constraint-loosened": "New senders may send what old readers refuse.",
    "constraint-changed": "Each version accepts values that the other refuses.",
    "member-added": "New senders may send the new member, which old readers do not know.",
    "member-removed": "The member that old senders still send is refused.",
    "member-changed": "Members are their values on the wire, whatever their names.",
    "tag-changed": "The tag says which type it is; another tag is another type.",
    "unknown-forbidden": "Messages with fields beyond the declared ones are refused.",
    "unknown-allowed": "Fields beyond the declared ones are ignored.",
    "layout-changed": "A row and a record are written differently.",
    "order-changed": "In a row, a field is its place; another order reads one field as another.",
    "order-free": "In a record, order means nothing on the wire.",
    "validation-changed": "Code that judges messages has changed; what it refuses, no type says.",
    "reads-differently": "Both versions accept the message and understand something else.",
    "prose-changed": "Titles, descriptions and examples are for people.",
    "cannot-compare": "The types of a version could not be loaded in a locked worker.",
    # -- signatures: griffe's kinds are among these ----------------------------------------------
    "object-removed": "Who imports or uses it gets an error.",
    "object-added": "There is more to use.",
    "object-kind": "A function, a class and a value are used differently.",
    "parameter-moved": "Arguments given by position land in other parameters.",
    "parameter-removed": "Calls that give it fail.",
    "parameter-kind": "Calls that give it the old way, by position or by name, fail.",
    "parameter-default": "Calls that leave it out mean something else.",
    "parameter-required": "Calls that leave it out fail.",
    "parameter-optional": "Calls may leave it out; who overrides it must allow that.",
    "parameter-added-required": "Calls that do not know it fail.",
    "parameter-added-optional": "Calls go on as before; who overrides it must accept it.",
    "parameter-renamed": "Calls that give it by name fail.",
    "parameter-type": "Arguments of the old type are no longer promised to be understood.",
    "parameter-type-wider": "More arguments are understood; an override must understand them too.",
    "return-type": "Results may be of a type that callers do not expect.",
    "return-type-narrower": "Results keep the promise; an override must keep the narrower one.",
    "attribute-type": "Who reads the attribute may get a type that was not promised.",
    "attribute-value": "Who reads the value gets another one.",
    "base-removed": "`isinstance` and inherited members that users rely on are gone.",
    "base-added": "There is more to use.",
    "async-changed": "A coroutine must be awaited, a plain result must not.",
    "generator-changed": "A generator is iterated; what a function returns is the value itself.",
    "binding-changed": "On the class, on an instance, or without parentheses: the old way fails.",
    "exception-added": "Callers do not expect it, and let it through.",
    "exception-removed": "Handlers for it are no longer reached.",
    "export-removed": "`from … import *` no longer brings it.",
    "export-added": "`from … import *` brings one name more.",
    "abstract-added": "Subclasses that do not define it can no longer be made.",
    "final-added": "Who subclasses or overrides it may not.",
}
"""What each kind of change means, in one sentence."""
