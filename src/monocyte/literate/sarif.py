"""Findings as SARIF 2.1.0, for code hosts and editors that show them beside the line.

Source: OASIS, Static Analysis Results Interchange Format (SARIF) 2.1.0, 2020. Places are relative
to the root of the sources, so that a log made on one machine fits every checkout.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from monocyte.literate.findings import KINDS, Finding

__all__ = ["place_of", "sarif"]

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(findings: Sequence[Finding], root: Path, version: str) -> dict[str, Any]:
    """The log of one run, ready for JSON; `root` is where the sources begin."""
    kinds = sorted({finding.kind for finding in findings})
    driver = {"name": "monocyte", "version": version, "rules": [_rule(kind) for kind in kinds]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "utf16CodeUnits",
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "The root of the sources."}}},
        "results": [_result(finding, kinds.index(finding.kind), root) for finding in findings],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def place_of(where: str, root: Path) -> tuple[str, int]:
    """The file of a place, relative to `root` where it is inside, and its line (1 if unknown)."""
    file, _, line = where.rpartition(":")
    if not line.isdigit():
        file, line = where, "1"
    path = Path(file)
    inside = path.is_relative_to(root)
    return (path.relative_to(root) if inside else path).as_posix(), max(int(line), 1)


def _rule(kind: str) -> dict[str, Any]:
    severity, text = KINDS[kind]
    return {
        "id": kind,
        "shortDescription": {"text": text},
        "defaultConfiguration": {"level": severity},
    }


def _result(finding: Finding, index: int, root: Path) -> dict[str, Any]:
    file, line = place_of(finding.where, root)
    said = f"{finding.message}\nWhat to do: {finding.mend}" if finding.mend else finding.message
    # Without the line: what has only moved is the same finding.
    same = f"{finding.kind}\n{finding.cell}\n{file}\n{finding.message}"
    return {
        "ruleId": finding.kind,
        "ruleIndex": index,
        "level": finding.severity,
        "message": {"text": said},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(file), "uriBaseId": "SRCROOT"},
                    "region": {"startLine": line},
                }
            }
        ],
        "partialFingerprints": {
            "finding/v1": hashlib.blake2b(same.encode(), digest_size=16).hexdigest()
        },
    }
