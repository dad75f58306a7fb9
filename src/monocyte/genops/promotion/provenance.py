"""Provenance: where a release came from, as an in-toto Statement v1 that is signed in DSSE.

The predicate is that of SLSA: what was asked for, what it was made from, who built it, and, as
byproducts, what each gate has said. It also says what the release replaces, and in which order
releases follow each other, so that whoever receives one needs nothing else that is signed. It is
attached to the ledger where the plan becomes PROMOTED, and not committed: there a change could edit
it, a commit could not name itself in it, and reviewers would scroll past it. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from monocyte.errors import GenopsError, NotApproved
from monocyte.genops.candidates import Candidate
from monocyte.genops.gates.verdict import Verdict
from monocyte.genops.pins import PublicKey
from monocyte.genops.plans.keys import Signer, sign, verified
from monocyte.genops.plans.plan import Plan

__all__ = [
    "BUILD",
    "FILE",
    "KIND",
    "Order",
    "Provenance",
    "Statement",
    "digest_of",
    "opened",
    "state",
]

FILE = "provenance.json"
"""Under what name it is attached to the transition to PROMOTED or ROLLED_BACK."""

KIND = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
BUILD = "urn:monocyte:promotion:1"
BUILDER = "urn:monocyte:cli"

Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
Commit = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{40,64}\Z")]
Path = Annotated[str, msgspec.Meta(min_length=1, max_length=400)]


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class Resource(_Strict, frozen=True, kw_only=True, omit_defaults=True):
    """A ResourceDescriptor of in-toto."""

    name: str
    uri: str = ""
    digest: dict[str, str]
    annotations: dict[str, Any] = {}


class Order(_Strict, frozen=True, kw_only=True):
    """What was asked for: which release of which app, in place of what."""

    app: str
    plan: str
    act: Literal["promote", "rollback"]
    cells: tuple[str, ...]
    rules: tuple[str, ...] = ()
    """IDs of the rules that were changed on purpose: what they explain needs no further reason."""
    classes: tuple[str, ...] = ()
    author: str = ""
    """Who made the plan: whose own approval counts only if the policy says so."""
    candidate: str = ""
    verdict: str = ""
    """Their digests; empty for a rollback, which brings back what was judged before."""
    sequence: Annotated[int, msgspec.Meta(ge=1)]
    """The number of its entry in the ledger, at least: later releases have greater ones."""
    replaces: dict[Path, Digest | None]
    """SHA-256 of each file that it touches, as it was; None where there was none."""
    removes: tuple[Path, ...] = ()


class Build(_Strict, frozen=True, kw_only=True, rename="camel"):
    """The buildDefinition of SLSA."""

    build_type: Literal["urn:monocyte:promotion:1"] = "urn:monocyte:promotion:1"
    external_parameters: Order
    internal_parameters: dict[str, str] = {}
    resolved_dependencies: tuple[Resource, ...] = ()


class Builder(_Strict, frozen=True, kw_only=True):
    """Who has built it: this program, in somebody's hands."""

    id: str
    version: dict[str, str] = {}


class Times(_Strict, frozen=True, kw_only=True, rename="camel"):
    """When and in which run."""

    invocation_id: str
    finished_on: datetime


class Run(_Strict, frozen=True, kw_only=True):
    """The runDetails of SLSA."""

    builder: Builder
    metadata: Times
    byproducts: tuple[Resource, ...] = ()


class Provenance(_Strict, frozen=True, kw_only=True, rename="camel"):
    """The predicate."""

    build_definition: Build
    run_details: Run


class Statement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A Statement v1: which files, and what is said of them."""

    type: Literal["https://in-toto.io/Statement/v1"] = msgspec.field(
        name="_type", default="https://in-toto.io/Statement/v1"
    )
    subject: tuple[Resource, ...]
    predicate_type: Literal["https://slsa.dev/provenance/v1"] = msgspec.field(
        name="predicateType", default="https://slsa.dev/provenance/v1"
    )
    predicate: Provenance

    @property
    def order(self) -> Order:
        """What was asked for."""
        return self.predicate.build_definition.external_parameters

    @property
    def files(self) -> dict[str, str | None]:
        """SHA-256 of every file of the release by its path within the app; None where it goes."""
        made: dict[str, str | None] = {
            it.name: it.digest["sha256"] for it in self.subject if "sha256" in it.digest
        }
        return made | dict.fromkeys(self.order.removes)

    @property
    def commit(self) -> str:
        """The commit that holds it."""
        return next((it.digest["gitCommit"] for it in self.subject if "gitCommit" in it.digest), "")

    @property
    def base(self) -> str:
        """The commit whose keys and policy counted."""
        made_from = self.predicate.build_definition.resolved_dependencies
        return next((it.digest["gitCommit"] for it in made_from if it.name == "policy"), "")

    @property
    def by(self) -> str:
        """Who has signed it, by their own word."""
        return self.predicate.build_definition.internal_parameters.get("by", "")


class Signed(NamedTuple):
    """A statement and the envelope around it."""

    statement: Statement
    envelope: str


def state(
    order: Order,
    files: Mapping[str, bytes | None],
    *,
    commit: str,
    made_from: tuple[Resource, ...],
    byproducts: tuple[Resource, ...],
    version: str,
    by: str,
    at: datetime,
) -> Statement:
    """The statement about a release; `files` by path within the app."""
    subject = [
        Resource(name=path, digest={"sha256": digest_of(it)})
        for path, it in sorted(files.items())
        if it is not None
    ]
    subject.append(Resource(name="commit", digest={"gitCommit": commit}))
    build = Build(
        external_parameters=order, internal_parameters={"by": by}, resolved_dependencies=made_from
    )
    run = Run(
        builder=Builder(id=BUILDER, version={"monocyte": version}),
        metadata=Times(invocation_id=f"{order.plan}/{order.act}/{commit}", finished_on=at),
        byproducts=byproducts,
    )
    predicate = Provenance(build_definition=build, run_details=run)
    return Statement(subject=tuple(subject), predicate=predicate)


def signed(statement: Statement, signer: Signer) -> str:
    """The envelope with a statement, signed."""
    return sign(signer, msgspec.json.encode(statement, order="sorted"), KIND)


def opened(envelope: str, keys: Mapping[str, PublicKey]) -> Statement:
    """What somebody has signed who has one of these keys.

    Raises:
        NotApproved: nobody who has a key here has signed it, or it is nothing of ours.
    """
    unsigned = unverified(envelope)
    public = keys.get(unsigned.by)
    if public is None:
        raise NotApproved(f"{unsigned.by or 'nobody'} has signed it, who has no key here")
    found = _decoded(verified(envelope, KIND, public))
    if found.files.keys() != found.order.replaces.keys():
        raise NotApproved("it does not say of each file what it replaces")
    return found


def materials(plan: Plan, candidate: Candidate, base: str, parent: str) -> tuple[Resource, ...]:
    """What a release was made from: commits, the plan, prompts, pins, what models have said."""
    return (
        Resource(name="policy", uri="git:", digest={"gitCommit": base}),
        Resource(name="parent", uri="git:", digest={"gitCommit": parent}),
        Resource(name="base", uri="git:", digest={"gitCommit": candidate.base}),
        Resource(name=plan.id, digest={"sha256": plan.digest}),
        *(
            Resource(name=name, digest={"sha256": digest})
            for name, digest in sorted(plan.read.items())
            if name.startswith(("context ", "pin ")) and len(digest) == 64
        ),
        *(
            Resource(name=f"cassette {name}", digest={"sha256": digest})
            for name, digest in sorted(candidate.cassettes.items())
        ),
    )


def results(verdict: Verdict) -> Iterator[Resource]:
    """What the gates have said: the verdict, and how each of them has ended."""
    told = {it.gate: it.outcome for it in verdict.looked}
    kinds: dict[str, int] = {}
    for it in verdict.findings:
        kinds[f"{it.gate}.{it.kind} ({it.severity})"] = (
            kinds.get(f"{it.gate}.{it.kind} ({it.severity})", 0) + 1
        )
    passed = "PASSED" if verdict.passed else "FAILED"
    about = {"result": passed, "gates": told, "findings": kinds, "summary": verdict.summary}
    yield Resource(name="verdict", digest={"sha256": verdict.digest}, annotations=about)


def digest_of(content: bytes) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(content).hexdigest()


def unverified(envelope: str) -> Statement:
    """What an envelope says, believed by nobody: whose key is to be tried."""
    try:
        raw = msgspec.json.decode(envelope)
        payload = msgspec.convert(raw["payload"], bytes)
    except (msgspec.MsgspecError, UnicodeError, KeyError, TypeError, ValueError) as why:
        raise NotApproved(f"this is no envelope: {why}") from why
    return _decoded(payload)


def _decoded(content: bytes) -> Statement:
    try:
        return msgspec.json.decode(content, type=Statement)
    except (msgspec.DecodeError, UnicodeDecodeError) as why:
        raise NotApproved(f"this is no provenance: {why}", mend="or a newer monocyte's") from why


def refuse_other(found: Mapping[str, str | None], wanted: Mapping[str, str | None]) -> None:
    """Raise GenopsError if files are not those that were signed, naming the first."""
    for path in sorted(found.keys() | wanted.keys()):
        if found.get(path, "") != wanted.get(path, ""):
            raise GenopsError("it is not the file that was signed", where=path)
