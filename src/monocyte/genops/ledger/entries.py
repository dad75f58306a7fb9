"""What stands in the ledger: facts, each sealed in an entry that names the one before.

A fact is what somebody decided or spent, never what follows from it: states and sums are folded
from facts (`book.py`). Entries are written in one canonical form; what cannot be read to the last
byte, or has another format, is damage and not a reason to guess. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Annotated, Literal, NamedTuple, TypeAlias

import msgspec

from monocyte.errors import LedgerDamaged, LedgerError
from monocyte.genops.states import State
from monocyte.journal import chain

__all__ = [
    "START",
    "Adoption",
    "Approval",
    "Damage",
    "Entry",
    "Estimated",
    "Fact",
    "Head",
    "Purpose",
    "Release",
    "Reservation",
    "Sealed",
    "Settlement",
    "Transition",
    "Void",
    "Waiver",
    "compose",
    "damages",
    "opened",
    "said",
    "seal",
]

LARGEST = 1 << 20
"""Bytes of an entry; what is larger is attached."""

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Nano = Annotated[int, msgspec.Meta(ge=0)]
"""Money in nano-USD."""

Purpose = Literal["spend", "merge"]
"""What an approval is for."""


class _Fact(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="kind"
):
    pass


class Estimated(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one attempt at a cell was thought to cost, so that the ledger can learn from it."""

    pin: Name
    kind: Name
    nano: Nano


class Transition(_Fact, frozen=True, tag="transition"):
    """A plan went from one state to another; `evidence` are digests of what that rests on.

    `estimates` are by cell, and stand where a plan is made.
    """

    plan: Name
    source: State
    target: State
    why: str = ""
    evidence: dict[str, str] = {}
    estimates: dict[str, Estimated] = {}


class Approval(_Fact, frozen=True, tag="approval"):
    """Somebody agreed, or not; `envelope` is what they signed (DSSE), the rest is a copy of it."""

    plan: Name
    purpose: Purpose
    digest: Name
    by: Name
    expires: datetime
    envelope: str


class Reservation(_Fact, frozen=True, tag="reservation"):
    """The worst case of a call of a model, set aside before it is made."""

    id: Name
    plan: Name
    person: Name
    cell: str
    model: Name
    nano: Nano
    cap: Nano
    """What was approved for the plan as a whole."""


class Settlement(_Fact, frozen=True, tag="settlement"):
    """What a call has really cost; `usage` are the provider's own numbers.

    `ending` says how the call ended, and so whether those numbers were believed; `model` who has
    answered, by the answer's own word.
    """

    reservation: Name
    nano: Nano
    usage: dict[str, int] = {}
    ending: str = ""
    model: str = ""


class Release(_Fact, frozen=True, tag="release"):
    """A call was not made: what was set aside is free again."""

    reservation: Name
    why: str


class Adoption(_Fact, frozen=True, tag="adoption"):
    """A person took cells as they stand: their names, and digests of what was generated in them."""

    app: Name
    cells: dict[str, str]
    why: str = ""


class Waiver(_Fact, frozen=True, tag="waiver"):
    """A person lets edits by hand stand until a day: of a cell, exactly these (by a digest)."""

    app: Name
    cell: Name
    edits: Name
    until: date
    why: str


class Void(_Fact, frozen=True, tag="void"):
    """A fact that came too late: others had written first, and behind them it is not possible."""

    fact: str
    """Its JSON."""
    why: str


Fact: TypeAlias = (
    Transition | Approval | Reservation | Settlement | Release | Adoption | Waiver | Void
)


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A fact: who wrote it, when, and behind what.

    `at` never runs backwards; where the clock did, it is the time of the entry before, and `clock`
    says what the clock has said. `attached` are the SHA-256 of what belongs to it, by name.
    """

    format: Literal[1] = 1
    seq: Annotated[int, msgspec.Meta(ge=1)]
    at: datetime
    clock: datetime | None = None
    who: Name
    fact: Fact
    attached: dict[str, str] = {}
    previous: str


class Head(NamedTuple):
    """The end of a ledger: how many entries, the link behind them, and where they are stored."""

    seq: int
    link: bytes
    mark: str = ""


START = Head(0, chain.first("ledger"))
"""The head of a ledger in which nothing stands."""


class Sealed(NamedTuple):
    """An entry as it is stored: its bytes, and the link that seals them."""

    body: bytes
    link: bytes


class Damage(NamedTuple):
    """What is wrong with a ledger, at which entry."""

    seq: int
    what: str


def compose(
    fact: Fact, *, who: str, now: datetime, head: Head, last: Entry | None, files: dict[str, bytes]
) -> Entry:
    """The entry for a fact behind all others; time does not run backwards in a ledger."""
    now = now.astimezone(UTC)
    at = now if last is None else max(now, last.at)
    return Entry(
        seq=head.seq + 1,
        at=at,
        clock=now if now < at else None,
        who=who,
        fact=fact,
        attached={name: sha256(content).hexdigest() for name, content in sorted(files.items())},
        previous=head.link.hex(),
    )


def seal(entry: Entry) -> Sealed:
    """An entry in its canonical form, with its link.

    Raises:
        LedgerError: it is too large.
    """
    body = msgspec.json.encode(entry, order="sorted")
    if len(body) > LARGEST:
        said = f"an entry of {len(body):,} bytes is too large for the ledger"
        raise LedgerError(said, mend="attach what is large")
    return Sealed(body, chain.link(bytes.fromhex(entry.previous), body))


def opened(body: bytes) -> Entry:
    """The entry that was sealed.

    Raises:
        LedgerDamaged: it is none, has another format, or is not written as we write it.
    """
    try:
        entry = msgspec.json.decode(body, type=Entry)
    except (msgspec.DecodeError, UnicodeDecodeError) as why:
        mend = "monocyte ledger verify says where; fetch an intact ledger from another clone"
        raise LedgerDamaged(f"an entry cannot be read: {why}", mend=mend) from why
    if msgspec.json.encode(entry, order="sorted") != body:
        raise LedgerDamaged("an entry is not written as we write it", where=f"entry {entry.seq}")
    return entry


def damages(
    sealed: Iterable[Sealed], behind: Head = START, last: Entry | None = None
) -> Iterator[Damage]:
    """Everything that was edited, dropped, put in or exchanged, in the order of the entries.

    `behind` is the head of what was looked at before, and `last` the entry there.
    """
    link, at = behind.link, last.at if last else None
    for seq, (body, claimed) in enumerate(sealed, behind.seq + 1):
        try:
            entry = opened(body)
        except LedgerDamaged as why:
            yield Damage(seq, why.message)
            link = claimed
            continue
        if entry.seq != seq:
            yield Damage(seq, f"here stands entry {entry.seq}")
        if bytes.fromhex(entry.previous) != link:
            yield Damage(seq, "it does not follow the entry before it")
        if chain.link(bytes.fromhex(entry.previous), body) != claimed:
            yield Damage(seq, "it is not what was sealed")
        if at is not None and entry.at < at:
            yield Damage(seq, "its time is before that of the entry before it")
        link, at = claimed, entry.at


def said(fact: Fact) -> str:
    """A fact in a line, for people."""
    match fact:
        case Transition():
            because = f": {fact.why}" if fact.why else ""
            return f"{fact.plan} {fact.source} -> {fact.target}{because}"
        case Approval():
            return f"{fact.by} approves to {fact.purpose}, {fact.plan}"
        case Reservation():
            return f"reserved for {fact.plan}, {fact.cell} by {fact.model}: {fact.nano} nano-USD"
        case Settlement():
            return f"settled {fact.reservation}: {fact.nano} nano-USD"
        case Release():
            return f"released {fact.reservation}: {fact.why}"
        case Adoption():
            return f"adopted as they stand: {', '.join(sorted(fact.cells))}"
        case Waiver():
            return f"edits in {fact.cell} are let stand until {fact.until}: {fact.why}"
        case Void():
            return f"came too late: {fact.why}"
