"""`Candidate`: what a model has written for a plan, as a commit that nobody's branch has.

It is named by its content, so whatever is said of it (a verdict, an approval, a release) is said of
exactly these files. It is kept alive by a ref of its own until its plan has ended. Pure.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

import msgspec

from monocyte.errors import GenopsError

__all__ = ["FILE", "Candidate", "opened", "ref_of"]

FILE = "candidate.json"
"""Under what name it is attached to the transition to CANDIDATE."""

Sha = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{40,64}\Z")]


class Candidate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
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
    cassettes: dict[str, str] = {}
    """SHA-256 of what was said with the models, by name; they are attached beside this."""

    @property
    def content(self) -> bytes:
        """As it is attached."""
        return msgspec.json.format(msgspec.json.encode(self, order="sorted"), indent=1)

    @property
    def digest(self) -> str:
        """What a verdict and an approval are bound to."""
        return hashlib.sha256(self.content).hexdigest()


def opened(content: bytes) -> Candidate:
    """A candidate as it was attached; raises GenopsError if it is none, or of another format."""
    try:
        return msgspec.json.decode(content, type=Candidate)
    except (msgspec.DecodeError, UnicodeDecodeError) as why:
        mend = "generate it again: monocyte apply; or a newer monocyte wrote it"
        raise GenopsError(f"this is no candidate: {why}", mend=mend) from why


def ref_of(plan: str, attempt: int) -> str:
    """The git ref that keeps a candidate alive."""
    return f"refs/monocyte/candidates/{plan}/{attempt}"
