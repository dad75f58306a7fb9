"""A difference as SARIF 2.1.0, for code hosts and editors that show findings beside the line.

Source: OASIS, Static Analysis Results Interchange Format (SARIF) 2.1.0, 2020. `log` and `result`
know nothing of differences: whoever has rules and places can make a log of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, Literal

from monocyte.semdiff.difference import Change, Difference
from monocyte.semdiff.report.summary import BADGES
from monocyte.semdiff.verdicts import Severity
from monocyte.semdiff.whole import Gained, Promise

__all__ = ["Level", "as_sarif", "log", "result"]

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
Level = Literal["none", "note", "warning", "error"]
LEVELS: dict[Severity, Level] = {
    Severity.IGNORED: "none",
    Severity.NOTE: "note",
    Severity.WARNING: "warning",
    Severity.BREAKING: "error",
}
RULES = {
    "meaning-changed": "The meaning of a definition has changed, and a witness shows it.",
    "meaning-unknown": "The meaning of a definition may have changed.",
    "meaning-no-difference-found": "Other code, and no input was found on which it differs.",
    "contract-breaking": "A promise to those outside is not kept by the other version.",
    "contract-additive": "There is more that can be said, called or used.",
    "capability-gained": "Code can reach what it could not before.",
}
"""Of meanings by verdict; what means the same is no result."""


# -- for anybody with rules and places ------------------------------------------------------------


def log(
    results: Sequence[dict[str, Any]], rules: Mapping[str, str], version: str
) -> dict[str, Any]:
    """The log of one run, ready for JSON; `rules` maps an id to its description."""
    described = [{"id": it, "shortDescription": {"text": text}} for it, text in rules.items()]
    index = {it: i for i, it in enumerate(rules)}
    driver = {"name": "monocyte", "version": version or "0", "rules": described}
    run = {
        "tool": {"driver": driver},
        "columnKind": "utf16CodeUnits",
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "The root of the sources."}}},
        "results": [{**it, "ruleIndex": index[it["ruleId"]]} for it in results],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def result(
    rule: str, level: Level, text: str, file: str, line: int, *, same: str, lines: int = 1
) -> dict[str, Any]:
    """One result; `same` is what it has in common with itself after its line has moved."""
    start = max(line, 1)
    return {
        "ruleId": rule,
        "level": level,
        "message": {"text": text},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(file), "uriBaseId": "SRCROOT"},
                    "region": {"startLine": start, "endLine": start + max(lines, 1) - 1},
                }
            }
        ],
        "partialFingerprints": {
            "finding/v1": hashlib.blake2b(
                f"{rule}\n{file}\n{same}".encode("utf-8", "replace"), digest_size=16
            ).hexdigest()
        },
    }


def _uri(path: str) -> str:
    """A path relative to the root, as a URI writes it."""
    return PurePosixPath("/", path).as_uri().removeprefix("file:///")


# -- a difference ---------------------------------------------------------------------------------


def as_sarif(difference: Difference, version: str = "") -> str:
    """The log of a diff; what means the same is no result."""
    results = [_result(it) for it in difference.changes if it.finding.kind != "contract"]
    results += [_promise(it) for change in difference.changes for it in change.promises]
    results += [_gain(it) for it in difference.gains]
    return json.dumps(log(results, RULES, version), indent=1, ensure_ascii=False) + "\n"


def _result(change: Change) -> dict[str, Any]:
    finding, place = change.finding, change.place
    first = next((it for it in change.hunks if it.new), None)
    line = first.new_line if first and finding.new else place.line
    words = f"\n{'; '.join(change.words)}" if change.words else ""
    why = f"\n{'; '.join(finding.why)}" if finding.why else ""
    name = "" if finding.kind == "file" else f" {finding.definition}"
    made = result(
        f"meaning-{finding.verdict}",
        LEVELS[change.severity],
        f"{BADGES[finding.verdict]}: {finding.kind}{name}: {finding.what}{words}{why}",
        place.file,
        line,
        same=finding.definition,
        lines=len(first.new) if first else 1,
    )
    kept = {"verdict": finding.verdict.value, "rule": finding.rule, "test": change.test}
    return {**made, "properties": {name: it for name, it in kept.items() if it}}


def _promise(promise: Promise) -> dict[str, Any]:
    rule = "contract-breaking" if promise.is_breaking else "contract-additive"
    text = f"{promise.definition}: {promise.text}\n{promise.because}"
    shows = f"\n{promise.said}: {promise.by} {promise.meant}; other {promise.read}"
    place = promise.place
    made = result(
        rule,
        LEVELS[promise.severity],
        text + (shows if promise.said else ""),
        place.file,
        place.line,
        same=f"{promise.definition} {promise.part} {promise.rule}",
    )
    kept = {"sender": promise.sender, "receiver": promise.receiver, "rule": promise.rule}
    return {**made, "properties": kept}


def _gain(gained: Gained) -> dict[str, Any]:
    made = result(
        "capability-gained",
        LEVELS[gained.severity],
        f"{', '.join(gained.entries[:5])}: {gained.what}\n{' → '.join(gained.way)}",
        gained.place.file,
        gained.place.line,
        same=f"{gained.capability} {gained.entries[0]}",
    )
    kept = {"capability": gained.capability, "scope": gained.scope}
    return {**made, "properties": kept}
