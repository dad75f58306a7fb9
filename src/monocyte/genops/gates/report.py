"""A verdict for people and for machines: text that leads with one line, SARIF, JUnit."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from textwrap import indent
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from monocyte.genops.gates.kinds import KINDS
from monocyte.genops.gates.verdict import Finding, Verdict
from monocyte.literate.sarif import SCHEMA

__all__ = ["APPROVAL", "PASSED", "REFUSED", "as_junit", "as_sarif", "as_text", "exit_code"]

PASSED, REFUSED, APPROVAL = 0, 1, 2
"""What `monocyte gate` ends with."""

ORDER = ("error", "approval", "note")
CALLED = {"error": "refused", "approval": "a person must agree", "note": "said"}
LEVELS = {"error": "error", "approval": "warning", "note": "note"}


def exit_code(verdict: Verdict) -> int:
    """0 if nothing is in its way, 1 if it is refused, 2 if somebody has to agree."""
    if not verdict.passed:
        return REFUSED
    return APPROVAL if any(it.severity == "approval" for it in verdict.findings) else PASSED


def as_text(verdict: Verdict, *, full: bool = False) -> str:
    """The verdict as people read it; with `full`, notes and all evidence."""
    word = {PASSED: "passed", REFUSED: "refused", APPROVAL: "needs approval"}[exit_code(verdict)]
    lines = [f"{word}: {verdict.summary}"]
    lines.append(f"{verdict.base[:12]}..{verdict.head[:12]}: {', '.join(verdict.classes)}")
    for severity in ORDER:
        found = [it for it in verdict.findings if it.severity == severity]
        if found and (severity != "note" or full):
            lines += ["", f"{CALLED[severity]}:"]
            lines += [line for it in found for line in _lines(it, full=full)]
        elif found:
            lines += ["", f"{len(found)} of note (--full)"]
    lines += ["", _gates(verdict)]
    return "\n".join(lines) + "\n"


def _lines(it: Finding, *, full: bool) -> Iterator[str]:
    rule = f" ({it.rule})" if it.rule else ""
    yield f"  {it.where or it.cell or it.gate}: {it.said} [{it.kind}]{rule}"
    if it.mend:
        yield f"    what to do: {it.mend}"
    if it.evidence and (full or it.severity != "note"):
        shown = it.evidence if full else "\n".join(it.evidence.splitlines()[-6:])
        yield indent(shown, "      ")


def _gates(verdict: Verdict) -> str:
    told = []
    for it in verdict.looked:
        said = f" ({it.said})" if it.outcome == "broke" else ""
        told.append(f"{it.gate} {it.outcome}{said}")
    return f"gates: {', '.join(told)}; {sum(it.seconds for it in verdict.looked):.1f} s in all"


# -- SARIF -----------------------------------------------------------------------------------------


def as_sarif(verdict: Verdict, version: str) -> dict[str, Any]:
    """The log of one run, ready for JSON; places are relative to the root of the repository."""
    kinds = sorted({it.kind for it in verdict.findings})
    driver = {"name": "monocyte gate", "version": version, "rules": [_rule(it) for it in kinds]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "utf16CodeUnits",
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "The root of the sources."}}},
        "invocations": [_invocation(verdict)],
        "results": [_result(it, kinds.index(it.kind)) for it in verdict.findings[:MOST]],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


MOST = 5000
"""Results that code hosts take."""


def _rule(kind: str) -> dict[str, Any]:
    row = KINDS.get(kind)
    level = LEVELS[row.person] if row is not None else "warning"
    text = row.means if row is not None else kind
    return {
        "id": kind,
        "shortDescription": {"text": text},
        "defaultConfiguration": {"level": level},
    }


def _invocation(verdict: Verdict) -> dict[str, Any]:
    broke = [it for it in verdict.looked if it.outcome == "broke"]
    notes = [{"level": "error", "message": {"text": f"{it.gate}: {it.said}"}} for it in broke]
    return {"executionSuccessful": not broke, "toolExecutionNotifications": notes}


def _result(it: Finding, index: int) -> dict[str, Any]:
    file, _, line = it.where.rpartition(":")
    if not line.isdigit():
        file, line = it.where, "1"
    said = f"{it.said}\nWhat to do: {it.mend}" if it.mend else it.said
    same = f"{it.kind}\n{it.cell}\n{file}\n{it.said}"
    place = {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(file or "."), "uriBaseId": "SRCROOT"},
            "region": {"startLine": max(int(line), 1)},
        }
    }
    return {
        "ruleId": it.kind,
        "ruleIndex": index,
        "level": LEVELS[it.severity],
        "message": {"text": said},
        "locations": [place],
        "partialFingerprints": {
            "finding/v1": hashlib.blake2b(same.encode(), digest_size=16).hexdigest()
        },
    }


# -- JUnit -----------------------------------------------------------------------------------------


def as_junit(verdict: Verdict) -> str:
    """A test suite with a case for each gate; what is refused is a failure, what broke an error."""
    failed = broke = 0
    cases = []
    for looked in verdict.looked:
        found = [it for it in verdict.findings if it.gate == looked.gate and it.severity == "error"]
        inner = "".join(_failures(found))
        failed += bool(found)
        if looked.outcome == "broke":
            broke += 1
            inner += f"<error message={quoteattr(_plain(looked.said))}/>"
        if looked.outcome == "skipped":
            inner += "<skipped/>"
        name = quoteattr(looked.gate)
        about = f'classname="monocyte.gate" name={name} time="{looked.seconds}"'
        cases.append(f"<testcase {about}>{inner}</testcase>")
    counts = f'tests="{len(cases)}" failures="{failed}" errors="{broke}"'
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    suite = f'<testsuite name="monocyte gate" {counts}>{"".join(cases)}</testsuite>'
    return f"{head}<testsuites>{suite}</testsuites>\n"


def _failures(found: Iterable[Finding]) -> Iterator[str]:
    for it in found:
        text = "\n".join(filter(None, [it.where, it.mend, it.evidence]))
        said = quoteattr(_plain(f"{it.kind}: {it.said}"))
        yield f"<failure type={quoteattr(it.kind)} message={said}>{escape(_plain(text))}</failure>"


def _plain(text: str) -> str:
    """Without what XML cannot say."""
    return "".join(
        it if it in "\n\t" or (it >= " " and it not in "\ufffe\uffff") else "?" for it in text
    )
