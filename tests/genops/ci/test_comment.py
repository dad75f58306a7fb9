"""The sticky comment: the line that people read first, and text of others that stays text."""

import re

import msgspec
import pytest

from monocyte.errors import GenopsError
from monocyte.genops.ci.comment import Planned, comment, mark_of, planned, verdict_of
from monocyte.genops.gates.verdict import Finding, Looked, Verdict
from monocyte.genops.plans.cost import Cost
from monocyte.genops.plans.plan import CellPlan, Plan
from monocyte.genops.plans.why import Reason

CENT = 10_000_000
SUMMARY = "1 intended behaviour change, 0 unexplained, 0 new capabilities"


def a_plan(said: str = "BOOK-7 was added") -> Planned:
    """The plan of the example."""
    cost = Cost(base=6 * CENT, expected=11 * CENT, p90=24 * CENT, cap=40 * CENT, runs=3)
    why = Reason("rule", "BOOK-7", said)
    cell = CellPlan(
        cell="booking", action="change", reasons=(why,), pin="writer", tokens=3120, cost=cost
    )
    plan = Plan(id="plan-1", app="lab", by="ada", cells=(cell,), cost=cost, prices="", read={})
    return Planned(plan, "PLANNED", ("spending needs 1",))


def a_verdict(*findings: Finding) -> Verdict:
    """What one gate has said."""
    return Verdict(
        base="0" * 40,
        head="1" * 40,
        findings=findings,
        looked=(Looked(gate="behaviour", outcome="found", seconds=1.0),),
        summary=SUMMARY,
    )


def a_finding(**more: str) -> Finding:
    """A finding with these fields."""
    fields = {"gate": "behaviour", "kind": "unexplained", "severity": "error", "said": "it differs"}
    return msgspec.convert(fields | more, Finding)


def test_the_first_line_is_what_most_people_read() -> None:
    """The price in bold, and what the change does."""
    lines = comment("lab", a_plan(), a_verdict()).splitlines()
    assert lines[:2] == [
        "<!-- monocyte: lab -->",
        f"Regenerating `booking` for BOOK-7: **$0.11 expected, $0.24 p90, cap $0.40**; {SUMMARY}",
    ]
    assert "| booking | change | writer | 3,120 | $0.11 | $0.24 | $0.40 |" in lines


@pytest.mark.parametrize(
    ("severity", "says"),
    [("error", "**refused**: "), ("approval", "**needs somebody**: "), ("note", "")],
)
def test_the_first_line_says_how_it_stands(severity: str, says: str) -> None:
    """Refused, or waiting for somebody; nothing where all is well."""
    line = comment("lab", None, a_verdict(a_finding(severity=severity))).splitlines()[1]
    assert line == says + SUMMARY


def test_the_worst_is_told_first() -> None:
    """And each finding with its mend and its evidence."""
    note = a_finding(severity="note", said="a remark")
    worst = a_finding(said="it refuses", mend="look there", evidence="```\nx = 1", where="a.py:3")
    page = comment("lab", None, a_verdict(note, worst))
    assert page.index("it refuses") < page.index("a remark")
    assert "a.py:3: it refuses" in page
    assert "What to do next: look there" in page
    assert "````text\n```\nx = 1\n````" in page


ATTACKS = [
    "</details><h1>approved</h1>",
    "@everyone look",
    "[click](https://evil.example)",
    "![](https://evil.example/x.png)",
    "a | b\n| c |",
    "**passed**",
    "\u202egnp.exe",
    "<!-- monocyte: lab -->",
]


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("field", ["said", "mend", "where", "rule", "gate", "kind"])
def test_text_of_others_is_only_text(attack: str, field: str) -> None:
    """No markup, no mention, no link, no row, nothing that turns the reading around."""
    page = comment("lab", None, a_verdict(a_finding(**{field: attack})))
    body = re.sub(r"\\.", "", page.split("\n", 1)[1])  # without what is escaped
    tags = re.findall(r"<[^>]*>", body)
    assert set(tags) <= {"<details>", "</details>", "<summary>", "</summary>"}
    assert tags.count("<details>") == tags.count("</details>") == 1
    assert not re.search(r"@\w|\]\(|\u202e|^\| c|\*\*passed", body, re.MULTILINE)


def test_reasons_are_text_of_others_too() -> None:
    """A rule's words come from the change."""
    page = comment("lab", a_plan("</details>@team"), None)
    assert "\\</details\\>\\@team" in page


def test_it_fits_into_a_comment() -> None:
    """Findings that have no room are counted; nothing stays open."""
    many = [a_finding(said=f"number {i}", evidence="x\n" * 900) for i in range(200)]
    page = comment("lab", a_plan(), a_verdict(*many))
    assert len(page) < 65_000
    assert "findings more." in page
    assert page.count("<details>") == page.count("</details>")


def test_gates_that_could_say_nothing_are_told() -> None:
    """An error is a verdict that passes nothing."""
    verdict = verdict_of(b'{"error": {"message": "no such commit", "fault": "caller"}}')
    assert not verdict.passed
    assert "could not look: no such commit" in comment("lab", None, verdict)


def test_a_plan_that_could_not_be_made_is_told() -> None:
    """With its reason."""
    plan = planned(b'{"error": {"message": "edited by hand: booking"}}')
    assert comment("lab", plan, None).splitlines()[1] == "**No plan**: edited by hand: booking"
    nothing = planned(b'{"plan": null, "cells": []}')
    assert comment("lab", nothing, None).splitlines()[1] == "Nothing to regenerate"


@pytest.mark.parametrize("content", [b"", b"[]", b'{"findings": 7}', b"\xff", b'{"format": 2}'])
def test_what_is_no_verdict_is_refused(content: bytes) -> None:
    """Nothing that we say is guessed at."""
    with pytest.raises(GenopsError, match="no verdict"):
        verdict_of(content)


def test_a_mark_cannot_be_left() -> None:
    """Whatever the app is called."""
    assert mark_of("a --> <b>") == "<!-- monocyte: a-----b- -->".replace("-----", "---")
