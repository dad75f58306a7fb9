"""Candidates and verdicts as generation and the gates leave them in the ledger, made by hand."""

import hashlib
from pathlib import Path

from monocyte.genops import candidates
from monocyte.genops.candidates import Candidate
from monocyte.genops.gates import verdict as verdicts
from monocyte.genops.gates.verdict import Finding, Looked, Verdict
from monocyte.genops.ledger.entries import Transition
from monocyte.genops.ledger.interface import Decided, record
from monocyte.genops.plans import keys
from monocyte.genops.plans.desk import Desk
from monocyte.genops.plans.plan import Plan
from monocyte.genops.promotion.commits import commit_on
from monocyte.genops.promotion.landing import Hand as Signs
from monocyte.genops.promotion.merging import Judged, Merging
from monocyte.genops.promotion.promoting import Promoted, Promoting
from monocyte.genops.states import State
from tests.genops.ledger.facts import Hand, git
from tests.genops.plans.toys import app, change, commit, load

RULE = 'ONCE = cell.rule("PEOPLE-1", "Nobody joins twice.")'
MORE = RULE + '\nSHORT = cell.rule("PEOPLE-2", "Names are short.")'
POLICY = """
[approval]
days = 3
[approval.keys]
{lines}
"""
WRITTEN = (
    "    ONCE.require(it.name not in register.names, it.name)\n",
    """    SHORT.require(len(it.name) <= 40)
    ONCE.require(it.name not in register.names, it.name)
""",
)
"""What the model has written for PEOPLE-2: the old lines, and the new ones."""


def team(at: Path) -> Path:
    """The app, adopted; ada and bob may approve; a rule was added on the branch `work`."""
    root = app(at)
    for name in ("ada", "bob", "eve"):
        keys.make_key(name)
    lines = "\n".join(keys.public_line(name) for name in ("ada", "bob"))
    toml = root / "monocyte.toml"
    toml.write_text(toml.read_text("utf-8") + POLICY.format(lines=lines), "utf-8")
    desk(root, Hand()).adopt()
    commit(root)
    git("checkout", "-q", "-b", "work", cwd=root)
    change(root, "shop/people.py", RULE, MORE)
    commit(root, "Names are short")
    return root


def desk(root: Path, clock: Hand, person: str = "ada") -> Desk:
    """A desk in a process that has just begun."""
    return Desk("shop", root, load(root), person=person, clock=clock)


def signs(name: str = "bob") -> Signs:
    """Who signs a release."""
    return Signs(name, keys.load_key(name))


def to(at: Desk, plan: str, *states: State, files: dict[str, bytes] | None = None) -> None:
    """Move a plan on, as others do."""
    for state in states:
        source = at.ledger.read().book.state(plan)
        fact = Transition(plan, source, state)
        record(at.ledger, lambda _, fact=fact: Decided(fact, files or {}), who="ada")  # type: ignore[misc]


def planned(at: Desk, *names: str) -> Plan:
    """The plan that there must be, generating."""
    made = at.plan(names)
    assert made is not None
    to(at, made.id, State.SPEND_APPROVED, State.GENERATING)
    return made


def attempted(at: Desk, plan: Plan, files: dict[str, bytes | None], attempt: int = 1) -> Candidate:
    """A candidate with these files, behind what is checked out."""
    base = at.git.resolve("HEAD")
    made = commit_on(at.git, base, files, "a candidate", "model")
    at.git.ask("update-ref", candidates.ref_of(plan.id, attempt), made)
    shas = {
        path: None if it is None else hashlib.sha256(it).hexdigest() for path, it in files.items()
    }
    found = Candidate(plan=plan.id, attempt=attempt, base=base, commit=made, files=shas)
    to(at, plan.id, State.CANDIDATE, files={candidates.FILE: found.content})
    return found


def verdict_of(
    candidate: Candidate,
    classes: tuple[str, ...] = ("behaviour-explained",),
    findings: tuple[Finding, ...] = (),
) -> Verdict:
    """What the gates say of a candidate."""
    return Verdict(
        base=candidate.base,
        head=candidate.commit,
        candidate=candidate.digest,
        classes=classes,
        findings=findings,
        looked=(Looked(gate="scenarios", outcome="passed", seconds=1.0),),
        summary="1 intended behaviour change, 0 unexplained, 0 new capabilities",
    )


def judged(at: Desk, plan: Plan, verdict: Verdict) -> Judged:
    """A plan that was judged."""
    to(at, plan.id, State.GATED, files={verdicts.FILE: verdict.content})
    book = at.ledger.read().book
    return Merging(at).judged(book, plan)


def written(root: Path, edit: tuple[str, str] = WRITTEN) -> dict[str, bytes | None]:
    """The cell as a model has written it."""
    text = (root / "shop" / "people.py").read_text("utf-8")
    assert text.count(edit[0]) == 1
    return {"shop/people.py": text.replace(*edit).encode()}


def gated(root: Path, clock: Hand, classes: tuple[str, ...] = ("behaviour-explained",)) -> Judged:
    """A candidate for the rule, judged, that waits for approval."""
    at = desk(root, clock)
    plan = planned(at)
    return judged(at, plan, verdict_of(attempted(at, plan, written(root)), classes))


def agreed(root: Path, clock: Hand) -> Judged:
    """A candidate for the rule to which bob has agreed."""
    found = gated(root, clock)
    return Merging(desk(root, clock)).approve(found.plan.id, keys.load_key("bob"), by="bob")


def promote(root: Path, clock: Hand, name: str = "plan", by: str = "bob") -> Promoted:
    """Promote it, as a process of its own."""
    return Promoting(desk(root, clock), "shop", signs(by)).promote(name)
