"""`Bundle`: a release as it travels to an app that runs elsewhere. Pure.

It holds what was signed, who has agreed, and the files; it is believed in nothing that is not
signed by a key that the receiver knows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

import msgspec

from monocyte.genops.ledger.book import Book
from monocyte.genops.ledger.entries import Approval
from monocyte.genops.plans.plan import Plan

__all__ = ["Bundle", "Deliver", "bundled", "nowhere"]


class Bundle(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What was signed, who has agreed, and the files by path within the app."""

    format: Literal[1] = 1
    provenance: str
    approvals: tuple[Approval, ...] = ()
    files: dict[str, bytes | None]

    @property
    def content(self) -> bytes:
        """As it is sent."""
        return msgspec.json.encode(self)


Deliver: TypeAlias = Callable[[Bundle, bool], dict[str, Any]]
"""Brings a bundle to an app that runs, or (True) only asks what it has against it."""


def nowhere(_: Bundle, __: bool) -> dict[str, Any]:
    """No app runs."""
    return {}


def bundled(book: Book, plan: Plan, envelope: str, files: Mapping[str, bytes | None]) -> Bundle:
    """A release, with every approval to merge that was given."""
    given = (it for it in book.approvals.get(plan.id, ()) if it.purpose == "merge")
    return Bundle(provenance=envelope, approvals=tuple(given), files=dict(files))
