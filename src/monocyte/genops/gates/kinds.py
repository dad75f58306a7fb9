"""`KINDS`: everything that a gate can find, how much it matters and which class of change it makes.

The one table: a gate names a kind, and the row says the rest; docs are drawn from it. What a model
may not do at all, a person may, and then somebody agrees: so a row has a severity for each. What
stays `approval` for a model, too, is what only a person can weigh. Pure.
"""

from __future__ import annotations

from typing import NamedTuple

from monocyte.genops.gates.case import Author
from monocyte.genops.gates.verdict import Finding, Severity

__all__ = ["KINDS", "Kind", "found", "table"]


class Kind(NamedTuple):
    """A row: whose it is, how severe for whom, which class of change it makes, what it means."""

    gate: str
    model: Severity
    person: Severity
    change: str
    means: str


def _rows(gate: str, rows: dict[str, tuple[Severity, Severity, str, str]]) -> dict[str, Kind]:
    return {kind: Kind(gate, *row) for kind, row in rows.items()}


INTERNAL, EXPLAINED, UNEXPLAINED = "internal", "behaviour-explained", "behaviour-unexplained"
ADDITIVE, BREAKING = "contract-additive", "contract-breaking"
CAPABILITY, DEPENDENCY = "capability", "dependency"

KINDS: dict[str, Kind] = {
    **_rows(
        "sealed",
        {
            "sealed-removed": (
                *("error", "approval", UNEXPLAINED),
                "A rule, word, scenario, decision or runbook of the base is gone.",
            ),
            "sealed-changed": (
                *("error", "approval", UNEXPLAINED),
                "A rule, word, scenario, decision or runbook means something else.",
            ),
            "proof-extended": (
                *("error", "note", INTERNAL),
                "A scenario, decision or runbook that asks all it asked, and more.",
            ),
            "sealed-added": (
                *("error", "approval", EXPLAINED),
                "A rule or a word that nobody has agreed to.",
            ),
            "sealed-rebound": (
                *("error", "approval", UNEXPLAINED),
                "A name that proves or requires something is bound once more.",
            ),
            "unsealed-proof": (
                *("note", "note", INTERNAL),
                "A new scenario, decision or runbook, not sealed until a person accepts it.",
            ),
            "unreadable": (
                *("error", "error", UNEXPLAINED),
                "A cell that cannot be read, or whose declarations cannot be told.",
            ),
        },
    ),
    **_rows(
        "scenarios",
        {
            "scenario-failed": (
                *("error", "error", UNEXPLAINED),
                "A scenario of the base, or of the change itself, does not come true.",
            ),
            "scenario-unheard": (
                *("error", "error", UNEXPLAINED),
                "A scenario of which no outcome came back.",
            ),
            "run-ended": (
                *("error", "error", UNEXPLAINED),
                "The process of the change ended, hung or died before it had answered.",
            ),
            "run-forged": (
                *("error", "error", UNEXPLAINED),
                "An answer that the judge did not write, or a judge that was tampered with.",
            ),
            "not-loaded": (
                *("error", "error", UNEXPLAINED),
                "The app, as it was changed, does not load.",
            ),
        },
    ),
    **_rows(
        "endtoend",
        {
            "journey-failed": (
                *("error", "error", UNEXPLAINED),
                "A scenario of the app does not come true in front of a real process.",
            ),
            "journey-unheard": (
                *("error", "error", UNEXPLAINED),
                "A scenario of the app of which no outcome came back.",
            ),
        },
    ),
    **_rows(
        "semantic",
        {
            "meaning-changed": (
                *("note", "note", INTERNAL),
                "A definition means something else; a witness shows it.",
            ),
            "meaning-open": (
                *("note", "note", INTERNAL),
                "A definition reads otherwise, and no difference was found.",
            ),
        },
    ),
    **_rows(
        "contract",
        {
            "contract-additive": (
                *("approval", "approval", ADDITIVE),
                "The contract has more in it; who spoke it before still can.",
            ),
            "contract-breaking": (
                *("approval", "approval", BREAKING),
                "The contract lost, or demands, something: who spoke it before fails.",
            ),
        },
    ),
    **_rows(
        "behaviour",
        {
            "behaviour-explained": (
                *("approval", "approval", EXPLAINED),
                "It behaves otherwise, as a rule that was changed on purpose demands.",
            ),
            "behaviour-unexplained": (
                *("approval", "approval", UNEXPLAINED),
                "It behaves otherwise, and no rule that was changed on purpose covers that.",
            ),
            "behaviour-new": (
                *("note", "note", INTERNAL),
                "It answers what it could not answer before.",
            ),
            "behaviour-unstable": (
                *("error", "approval", UNEXPLAINED),
                "It does not do the same again in the same world.",
            ),
        },
    ),
    **_rows(
        "capabilities",
        {
            "capability-gained": (
                *("error", "approval", CAPABILITY),
                "Code reaches files, network, processes, environment or the like, and did not.",
            ),
            "port-gained": (
                *("approval", "approval", CAPABILITY),
                "A cell asks for a port that it did not have.",
            ),
            "import-gained": (
                *("error", "approval", CAPABILITY),
                "A cell imports a module that can reach into the process it runs in.",
            ),
        },
    ),
    **_rows(
        "dependencies",
        {
            "dependency-added": (
                *("error", "approval", DEPENDENCY),
                "A package that was not needed before.",
            ),
            "licence-unknown": (
                *("error", "approval", DEPENDENCY),
                "A new package whose licence is not among those that are allowed.",
            ),
        },
    ),
    **_rows(
        "tampering",
        {
            "outside-changed": (
                *("error", "note", INTERNAL),
                "A file that is no cell of the plan differs.",
            ),
            "settings-changed": (
                *("error", "approval", UNEXPLAINED),
                "A file that sways how everything is judged differs: settings, hooks, pipelines.",
            ),
            "lock-changed": (
                *("error", "approval", INTERNAL),
                "A lock file that only our own commands write differs.",
            ),
            "test-weakened": (
                *("error", "approval", UNEXPLAINED),
                "A test that notices less than it did.",
            ),
            "suppressed": (
                *("error", "approval", UNEXPLAINED),
                "A mark that hides code from a tool: noqa, pragma, type: ignore, a waiver.",
            ),
            "type-ignored": (
                *("note", "note", INTERNAL),
                "A complaint of the type checker, of one kind that is named, is not to be made.",
            ),
            "runner-patched": (
                *("error", "error", UNEXPLAINED),
                "Code that changes what is not its own: the runner, rules, other cells.",
            ),
        },
    ),
    **_rows(
        "hardcoding",
        {
            "test-detected": (
                *("error", "error", UNEXPLAINED),
                "Code that can tell that it is being tested.",
            ),
            "answer-hardcoded": (
                *("error", "approval", UNEXPLAINED),
                "A value that only scenarios use decides what code does.",
            ),
            "person-named": (
                *("error", "approval", UNEXPLAINED),
                "Who somebody is decides, and no rule or word of the base says so.",
            ),
            "time-bomb": (
                *("error", "approval", UNEXPLAINED),
                "What code does hangs on a date that stands in it.",
            ),
            "code-hidden": (
                *("error", "approval", CAPABILITY),
                "Text that is run, decoded or looked up as code.",
            ),
        },
    ),
    **_rows(
        "mutation",
        {
            "mutant-survived": (
                *("approval", "note", UNEXPLAINED),
                "Something in what was changed can be broken, and nothing that is sealed notices.",
            ),
            "boundary-unasked": (
                *("note", "note", INTERNAL),
                "Nothing that is sealed asks whether a boundary belongs to what is within.",
            ),
        },
    ),
    **_rows(
        "literate",
        {
            "claim-untrue": (
                *("error", "error", INTERNAL),
                "A picture, decision, runbook, rule or prose that the code does not bear out.",
            ),
        },
    ),
    **_rows(
        "compat",
        {
            "history-lost": (
                *("error", "error", BREAKING),
                "An event that was written down is not read any more.",
            ),
            "history-otherwise": (
                *("approval", "approval", UNEXPLAINED),
                "What was written down leads to another state.",
            ),
            "wire-otherwise": (
                *("approval", "approval", BREAKING),
                "A message that was sent is understood otherwise, or not at all.",
            ),
        },
    ),
    **_rows(
        "cost",
        {
            "slower": (
                *("error", "approval", INTERNAL),
                "It takes more of the processor than the base did for the same.",
            ),
            "heavier": (
                *("error", "approval", INTERNAL),
                "It takes more memory than the base did for the same.",
            ),
        },
    ),
    **_rows(
        "hygiene",
        {
            "error-swallowed": (
                *("error", "approval", UNEXPLAINED),
                "An `except` that takes whatever goes wrong, and goes on.",
            ),
            "equality-faked": (
                *("error", "approval", UNEXPLAINED),
                "A comparison that was made to answer what one likes to hear.",
            ),
            "record-dropped": (
                *("error", "approval", UNEXPLAINED),
                "An event, an announcement or a log line that is not said any more.",
            ),
            "rule-dropped": (
                *("error", "approval", UNEXPLAINED),
                "A rule is asked at fewer places than before.",
            ),
            "state-shared": (
                *("error", "approval", UNEXPLAINED),
                "A function keeps something outside of the state of its cell.",
            ),
            "nondeterministic": (
                *("error", "approval", UNEXPLAINED),
                "What is new each time decides: a random identifier, an address, the wall's clock.",
            ),
        },
    ),
    **_rows(
        "debt",
        {
            "too-complex": (
                *("error", "note", INTERNAL),
                "A function that nobody can follow, and that was not as bad before.",
            ),
            "duplicated": (*("error", "note", INTERNAL), "Code that stands twice now."),
            "dead-code": (*("error", "note", INTERNAL), "Code that nobody uses."),
            "wordy": (*("error", "note", INTERNAL), "Code that could be said more simply."),
            "overgrown": (
                *("error", "note", INTERNAL),
                "Far more text than what was asked for takes.",
            ),
        },
    ),
}
"""Every kind by its name; a verdict shows the row's gate, severity and class."""


def found(  # noqa: PLR0913 (the fields of a finding)
    author: Author,
    kind: str,
    said: str,
    *,
    cell: str = "",
    where: str = "",
    mend: str = "",
    rule: str = "",
    evidence: str = "",
    change: str = "",
) -> Finding:
    """A finding as its row says; raises KeyError if there is none, which is a gate's defect.

    `change` is the class that it makes this change, where that hangs on what was found.
    """
    row = KINDS[kind]
    severity = row.model if author == "model" else row.person
    return Finding(
        gate=row.gate,
        kind=kind,
        severity=severity,
        change=change or row.change,
        said=said,
        cell=cell,
        where=where,
        mend=mend,
        rule=rule,
        evidence=evidence[:MOST],
    )


MOST = 20_000
"""Characters of evidence that are kept of a finding."""


def table() -> str:
    """The kinds as a Markdown table, for the docs."""
    rows = [
        "| gate | finding | of a model | of a person | class | means |",
        "|---|---|---|---|---|---|",
    ]
    rows += [
        f"| {it.gate} | `{kind}` | {it.model} | {it.person} | {it.change} | {it.means} |"
        for kind, it in KINDS.items()
    ]
    return "\n".join(rows) + "\n"
