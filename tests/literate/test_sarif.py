"""Findings as SARIF: what a code host needs to show them beside the line."""

import json
from pathlib import Path

import pytest

from monocyte.literate.findings import KINDS, finding
from monocyte.literate.sarif import place_of, sarif

ROOT = Path("/app")
FINDINGS = [
    finding("rule-unseen", "shop", "/app/shop/till.py:12", "nobody saw ALONE refused", "send two"),
    finding("decision-expiring", "shop", "/app/shop/till.py:40", "its time is over", "look again"),
    finding("rule-unseen", "bar", "/app/shop/ä b.py:3", "nobody saw OPEN held", "send one"),
]


def test_each_finding_has_its_place_and_its_severity() -> None:
    """Relative to the root, with the mend in the text, and with the rule that it belongs to."""
    log = sarif(FINDINGS, ROOT, "1.0")
    json.dumps(log)
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert log["version"] == "2.1.0"
    assert [rule["id"] for rule in rules] == ["decision-expiring", "rule-unseen"]
    told = [
        (
            result["ruleId"],
            rules[result["ruleIndex"]]["id"],
            result["level"],
            result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
            result["locations"][0]["physicalLocation"]["region"]["startLine"],
        )
        for result in run["results"]
    ]
    assert told == [
        ("rule-unseen", "rule-unseen", "error", "shop/till.py", 12),
        ("decision-expiring", "decision-expiring", "warning", "shop/till.py", 40),
        ("rule-unseen", "rule-unseen", "error", "shop/%C3%A4%20b.py", 3),
    ]
    assert run["results"][0]["message"]["text"] == "nobody saw ALONE refused\nWhat to do: send two"


def test_what_has_only_moved_is_the_same_finding() -> None:
    """The fingerprint leaves the line out, and nothing else."""
    first = FINDINGS[0]
    others = [
        first,
        first._replace(where="/app/shop/till.py:99"),
        first._replace(message="another"),
        first._replace(where="/app/shop/other.py:12"),
    ]
    results = sarif(others, ROOT, "1.0")["runs"][0]["results"]
    prints = [result["partialFingerprints"]["finding/v1"] for result in results]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


@pytest.mark.parametrize(
    ("where", "place"),
    [
        ("/app/shop/till.py:7", ("shop/till.py", 7)),
        ("/elsewhere/x.py:7", ("/elsewhere/x.py", 7)),
        ("/app/shop/till.py", ("shop/till.py", 1)),
        ("/app/shop/till.py:0", ("shop/till.py", 1)),
        ("", (".", 1)),
    ],
)
def test_a_place_is_told_from_the_root(where: str, place: tuple[str, int]) -> None:
    """A line there always is, since the format wants one."""
    assert place_of(where, ROOT) == place


def test_every_kind_is_explained() -> None:
    """In one sentence, and with a severity that the format knows."""
    for kind, (severity, text) in KINDS.items():
        assert severity in {"error", "warning", "note"}, kind
        assert text.endswith("."), kind
