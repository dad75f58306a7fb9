"""Approvals: what somebody has signed, for what exactly, until when; and who has agreed by now.

An approval is bound to a digest, so it is worth nothing for anything else, and it expires. It is
judged anew each time by the keys and the policy of the base revision as they are then: who has lost
their key has not agreed any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, NamedTuple

import msgspec

from monocyte.errors import NotApproved
from monocyte.genops.ledger.entries import Approval as Approved
from monocyte.genops.ledger.entries import Purpose
from monocyte.genops.pins import Approval
from monocyte.genops.plans.keys import Signer, sign, verified

__all__ = ["KIND", "Statement", "Subject", "approve", "judged", "valid"]

KIND = "application/vnd.monocyte.approval+json"


class Subject(NamedTuple):
    """What is approved: of which app, which plan, for what; and a digest: what exactly."""

    app: str
    plan: str
    purpose: Purpose
    digest: str


class Statement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is signed."""

    format: Literal[1] = 1
    app: str
    plan: str
    purpose: Purpose
    digest: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
    by: str
    at: datetime
    expires: datetime
    why: str = ""

    @property
    def subject(self) -> Subject:
        """What it is about."""
        return Subject(self.app, self.plan, self.purpose, self.digest)


def approve(
    subject: Subject, signer: Signer, *, by: str, now: datetime, days: int, why: str = ""
) -> Approved:
    """Sign that somebody agrees, for so many days."""
    now = now.astimezone(UTC)
    statement = Statement(
        app=subject.app,
        plan=subject.plan,
        purpose=subject.purpose,
        digest=subject.digest,
        by=by,
        at=now,
        expires=now + timedelta(days=days),
        why=why,
    )
    envelope = sign(signer, msgspec.json.encode(statement, order="sorted"), KIND)
    told = (subject.plan, subject.purpose, subject.digest, by, statement.expires)
    return Approved(*told, envelope)


def judged(it: Approved, subject: Subject, approval: Approval, now: datetime) -> Statement:
    """What was signed, if it counts for the subject now; `approval` is what the base says.

    Raises:
        NotApproved: it is for something else, not signed by that key, or over.
    """
    public = approval.keys.get(it.by)
    if public is None:
        raise NotApproved(f"{it.by} has no key in the base revision")
    content = verified(it.envelope, KIND, public)
    try:
        said = msgspec.json.decode(content, type=Statement)
    except (msgspec.DecodeError, UnicodeDecodeError) as why:
        raise NotApproved(f"what {it.by} has signed is no approval: {why}") from why
    if said.by != it.by or said.subject != subject:
        raise NotApproved(f"what {it.by} has signed is for something else")
    if now >= said.expires:
        raise NotApproved(f"the approval of {it.by} was good until {said.expires:%Y-%m-%d %H:%M}")
    if said.expires - said.at > timedelta(days=approval.days):
        raise NotApproved(f"the approval of {it.by} is longer than the policy allows")
    return said


def valid(
    given: Iterable[Approved], subject: Subject, approval: Approval, now: datetime
) -> Iterator[Statement]:
    """Every approval that counts for the subject now."""
    for it in given:
        try:
            yield judged(it, subject, approval, now)
        except NotApproved:
            continue
