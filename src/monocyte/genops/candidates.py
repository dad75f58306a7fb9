"""`Candidate`: what a model has written for a plan, as a commit that nobody's branch has.

It is named by its content, so whatever is said of it (a verdict, an approval, a release) is said of
exactly these files. It is kept alive by a ref of its own until its plan has ended. Pure.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from monocyte.genops.attached import Attached, read_attached

__all__ = ["FILE", "Candidate", "opened", "ref_of"]

FILE = "candidate.json"
"""Under what name it is attached to the transition to CANDIDATE."""

Sha = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{40,64}\Z")]


class Candidate(Attached, frozen=True, kw_only=True):
    """One attempt at a plan, whole: all its cells."""

    format: Literal[1] = 1
    plan: str
    attempt: Annotated[int, msgspec.Meta(ge=1)]
    base: Sha
    """The commit that it was written on."""
    commit: Sha
    """The commit that holds it; its only parent is `base`."""
    files: dict[str, str | None]
    """SHA-256 of what differs from the base, by path within the repository; None where it went."""
    cassettes: dict[str, str] = msgspec.field(default_factory=dict)
    """SHA-256 of what was said with the models, by name; they are attached beside this."""


def opened(content: bytes) -> Candidate:
    """A candidate as it was attached; raises GenopsError if it is none, or of another format."""
    return read_attached(content, Candidate, "candidate", "monocyte apply")


def ref_of(plan: str, attempt: int) -> str:
    """The git ref that keeps a candidate alive."""
    return f"refs/monocyte/candidates/{plan}/{attempt}"
