"""A rule and a scenario that a model drafts, for a person to accept or not.

What comes back is one rule and one scenario, or nothing: it can bring no behaviour, no import and
no second scenario along, and changes nothing that is there. Who accepts it seals it.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import NamedTuple

from monocyte.errors import GenopsError
from monocyte.genops.gates.verdict import Finding
from monocyte.genops.generation.answers import parsed, read_answer
from monocyte.genops.generation.findings import found
from monocyte.genops.generation.prompts import quoted
from monocyte.genops.generation.splicing import Segment, segments
from monocyte.genops.generation.writing import Cell, Question, Redraws, Unanswered, Way
from monocyte.genops.metering.wires import Turn
from monocyte.genops.models.interface import Answer, Prompt
from monocyte.genops.plans.template import PROPOSAL

__all__ = ["Drafted", "draft", "inserted", "proposal_prompt"]


class Drafted(NamedTuple):
    """What was drafted: the rule's ID, the two statements, and the file with them."""

    rule: str
    statements: str
    text: str


class _Parts(NamedTuple):
    """The two statements, as text, and the rule's ID."""

    rule: str
    rule_text: str
    scenario_text: str


def proposal_prompt(briefing: str, wish: str, findings: Sequence[Finding] = ()) -> Prompt:
    """How a rule and a scenario are asked for."""
    quote = "\n".join(f"> {line}".rstrip() for line in wish.splitlines() or [""])
    told = f"{briefing}\n# What somebody asks for\n\n{quote}\n"
    if findings:
        told += f"\n# What was wrong with your last answer\n{quoted(findings)}"
    return Prompt(PROPOSAL, (Turn("user", told),))


def draft(
    cell: Cell, wish: str, taken: frozenset[str], way: Way, loads: Redraws, *, attempts: int
) -> Drafted:
    """Have a rule and a scenario drafted; `taken` are the IDs that were ever used.

    Raises:
        GenopsError: no attempt has brought one.
        ModelError, OverBudget: see `Way`.
    """
    findings: tuple[Finding, ...] = ()
    for attempt in range(1, attempts + 1):
        prompt = proposal_prompt(cell.briefing, wish, findings)
        take = way.answer(Question(cell, attempt, prompt, None))
        if isinstance(take, Unanswered):
            findings = (found("answer-missing", cell.name, take.said),)
            continue
        drafted, findings = _read(cell, take.answer, taken, loads)
        if drafted is not None:
            return drafted
    said = "; ".join(it.said for it in findings)
    mend = "say it otherwise, or write the rule and the scenario yourself"
    raise GenopsError(f"no draft in {attempts} attempts: {said}", where=cell.path, mend=mend)


def _read(
    cell: Cell, answer: Answer, taken: frozenset[str], loads: Redraws
) -> tuple[Drafted | None, tuple[Finding, ...]]:
    """The draft that an answer is, or what is wrong with it."""
    written = read_answer(answer, cell.name, cell.base)
    if written.text is None:
        return None, written.findings
    try:
        parts = _parts(written.text, cell, taken)
        text = inserted(cell.base, parts.rule_text, parts.scenario_text)
        parsed(text)
    except (GenopsError, SyntaxError) as why:
        return None, (found("answer-prose", cell.name, str(why), mend="answer as you were asked"),)
    loaded = loads(cell, text)
    if loaded.text is None:
        return None, loaded.findings
    statements = f"{parts.rule_text}\n\n{parts.scenario_text}"
    return Drafted(parts.rule, statements, text), ()


def _parts(text: str, cell: Cell, taken: frozenset[str]) -> _Parts:
    """The two statements of a draft.

    Raises:
        GenopsError: they are others, or name what is named already.
    """
    there, _ = segments(cell.base)
    drafted, _ = segments(text)
    variable = next((it.key for it in there if "Cell(" in it.body), "cell")
    rules = [it for it in drafted if _rule_of(it, variable) is not None]
    proofs = [it for it in drafted if _is_scenario(it, variable)]
    if len(drafted) != 2 or len(rules) != 1 or len(proofs) != 1:
        said = f"the draft has {len(drafted)} statements: {len(rules)} rules"
        raise GenopsError(f"{said} and {len(proofs)} scenarios, and not one of each")
    (rule,), (proof,) = rules, proofs
    id = _rule_of(rule, variable) or ""
    if id in taken:
        raise GenopsError(f"the ID {id} was used before, and is never used twice")
    names = {it.key for it in there}
    for it in (rule, proof):
        if it.key in names:
            raise GenopsError(f"the cell has something called {it.key} already")
    return _Parts(id, rule.near + rule.body, proof.near + proof.body)


def _rule_of(it: Segment, variable: str) -> str | None:
    """The ID of the rule that a statement makes; None if it makes none."""
    call = it.node.value if isinstance(it.node, ast.Assign) else None
    if not isinstance(call, ast.Call) or ast.unparse(call.func) != f"{variable}.rule":
        return None
    plain = [one.value for one in call.args if isinstance(one, ast.Constant)]
    is_plain = len(plain) == len(call.args) == 2 and not call.keywords
    return plain[0] if is_plain and all(isinstance(one, str) for one in plain) else None  # type: ignore[return-value]


def _is_scenario(it: Segment, variable: str) -> bool:
    marks = getattr(it.node, "decorator_list", ())
    return isinstance(it.node, ast.FunctionDef) and [*map(ast.unparse, marks)] == [
        f"{variable}.scenario"
    ]


def inserted(base: str, rule: str, scenario: str) -> str:
    """The file with a rule behind its rules, and a scenario behind its scenarios."""
    parts, below = segments(base)
    variable = next((it.key for it in parts if "Cell(" in it.body), "cell")
    rules = [n for n, it in enumerate(parts) if _rule_of(it, variable) is not None]
    cells = [n for n, it in enumerate(parts) if it.key == variable]
    proofs = [
        n
        for n, it in enumerate(parts)
        if any(ast.unparse(one).startswith(f"{variable}.scenario") for one in _marks(it))
    ]
    behind_rule = (rules or cells or [len(parts) - 1])[-1]
    behind_proof = (proofs or [len(parts) - 1])[-1]
    newline = "\r\n" if base.count("\r\n") * 2 > base.count("\n") else "\n"
    text = ""
    for n, it in enumerate(parts):
        text += it.text
        if n == behind_rule:
            text += ("" if rules else "\n") + rule
        if n == behind_proof:
            text += f"\n\n{scenario}"
    return (text + below).replace("\r\n", "\n").replace("\n", newline)


def _marks(it: Segment) -> list[ast.expr]:
    return getattr(it.node, "decorator_list", [])
