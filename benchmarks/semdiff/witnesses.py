"""How often a change that is proven gets a witness: mutants of typed and constrained entry points.

    python -m benchmarks.semdiff.witnesses [--quixbugs CHECKOUT] [--limit 1000] [--json FILE]

A mutant counts if inputs written by somebody else tell it from the original: the recorded test
cases of QuixBugs (31 programs have them), and the examples beside `shop`, written before any
search was run. The search never sees those inputs. It may use what a caller's words say: types
and constraints.
"""

from __future__ import annotations

import argparse
import collections
import json
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from benchmarks.semdiff import shop_examples
from benchmarks.semdiff.quixbugs_domains import DOMAINS, driver
from monocyte.semdiff.behaviour import Behaviour, Observatory
from monocyte.semdiff.evidence import Budget, Call, Replay, Replayed, Version
from monocyte.semdiff.mutator import Mutant, Mutator
from monocyte.semdiff.outcomes import difference
from monocyte.semdiff.verdicts import Verdict
from monocyte.semdiff.workers import Fate, Limits, Worker


class Subject(NamedTuple):
    """An original with inputs that prove, and how it is searched."""

    label: str
    version: Version
    source: str
    name: str
    """What the proving inputs are for, and what is searched if there is no driver."""
    proofs: tuple[Call, ...]
    driver: str = ""


def main() -> int:
    """Measure, print, write JSON; 0 if the goals were reached."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--quixbugs", type=Path)
    made.add_argument("--limit", type=int, default=1000, help="proven mutants to search, at least")
    made.add_argument("--step", type=int, default=1, help="take every so many mutants")
    made.add_argument("--only", nargs="*", default=[])
    made.add_argument("--json", type=Path)
    asked = made.parse_args()
    subjects = [*shop(), *(quixbugs(asked.quixbugs) if asked.quixbugs else [])]
    subjects = [it for it in subjects if not asked.only or it.label.split(".")[-1] in asked.only]
    rows = measure(subjects, asked.step)
    summary = conclude(rows)
    print(json.dumps(summary, indent=1))
    if asked.json:
        asked.json.write_text(json.dumps({"summary": summary, "rows": rows}, indent=1))
    return 0 if summary["rate"] >= 0.97 and summary["median"] <= 1 else 1


def quixbugs(checkout: Path) -> Iterator[Subject]:
    """The 31 programs with recorded cases, through our words for their arguments."""
    good = checkout / "correct_python_programs"
    for file in sorted((checkout / "json_testcases").glob("*.json")):
        name = file.stem
        cases = [json.loads(line) for line in file.read_text().splitlines() if line.strip()]
        calls = []
        for given, *_ in cases[:20]:
            args = tuple(given) if isinstance(given, list) else (given,)
            calls.append(Call(arguments=repr(args)))
        source = (good / f"{name}.py").read_text(encoding="utf-8")
        if name in DOMAINS:
            yield Subject(
                f"quixbugs.{name}",
                Version(name, (str(good),)),
                source,
                name,
                tuple(calls),
                driver(name),
            )


def shop() -> Iterator[Subject]:
    """Our own: functions and methods over Structs, enumerations, dates, amounts and text."""
    folder = Path(__file__).parent
    source = (folder / "shop.py").read_text(encoding="utf-8")
    version = Version("shop", (str(folder),))
    for name, arguments in shop_examples.EXAMPLES.items():
        calls = tuple(
            Call(arguments=it, imports=("shop", "datetime", "decimal")) for it in arguments
        )
        yield Subject(f"shop.{name}", version, source, name, calls)


def measure(subjects: list[Subject], step: int) -> list[dict[str, Any]]:
    """Prove, then search; one row for each proven mutant."""
    rows: list[dict[str, Any]] = []
    with (
        Worker(preload=("monocyte.semdiff.replaying",), seed=3) as prover,
        Observatory() as observatory,
    ):
        for subject in subjects:
            only = [] if subject.driver else [subject.name]
            mutator = Mutator(subject.source, f"{subject.version.module}.py", only=only)
            mutants = [it for it in mutator.mutants if it.function][::step]
            honest = outcomes(prover, subject, subject.version)
            counts: collections.Counter[str] = collections.Counter()
            for mutant in mutants:
                version = msgspec.structs.replace(subject.version, source=mutator.source(mutant))
                proven = proof(prover, subject, version, honest)
                counts["proven" if proven else "not proven"] += 1
                if proven:
                    row = search(observatory, subject, version, mutant)
                    rows.append({**row, "proof": proven})
                    counts[row["verdict"]] += 1
            print(f"{subject.label:40s} {dict(counts)}", flush=True)
    return rows


def outcomes(prover: Worker, subject: Subject, version: Version) -> Any:
    """What a version does on the proving inputs; a text if it could not be asked."""
    question = Replay(version, subject.name, subject.proofs, 0.2)
    report = prover.run("monocyte.semdiff.replaying:replay", question, Limits(wall=30, cpu=20))
    if report.fate is not Fate.DONE:
        return report.fate.value
    replayed = msgspec.msgpack.decode(report.value, type=Replayed)
    return replayed.problem or replayed.outcomes


def proof(prover: Worker, subject: Subject, version: Version, honest: Any) -> str:
    """The first recorded input on which the mutant is another program, and how; or nothing."""
    seen = outcomes(prover, subject, version)
    if isinstance(seen, str):
        return ""
    for call, old, new in zip(subject.proofs, honest, seen, strict=True):
        differs = difference(old, new)
        if differs and differs not in ("time", "exception message"):
            return f"{differs} on {call.arguments}"[:200]
    return ""


def search(
    observatory: Observatory, subject: Subject, version: Version, mutant: Mutant
) -> dict[str, Any]:
    """Look for a witness, as a user would."""
    begun = time.monotonic()
    name = "entry" if subject.driver else subject.name
    found: Behaviour = observatory.compare(subject.version, version, name, driver=subject.driver)
    return {
        "subject": subject.label,
        "mutant": str(mutant),
        "operator": mutant.operator,
        "verdict": found.verdict.value,
        "seconds": round(time.monotonic() - begun, 3),
        "call": found.call[:300],
        "why": found.why[:300],
        "examples": found.examples,
    }


def conclude(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The rate, the times, and where it failed."""
    witnessed = [row for row in rows if row["verdict"] == Verdict.CHANGED.value]
    missed = [row for row in rows if row["verdict"] != Verdict.CHANGED.value]
    for row in missed:
        print("MISSED", row["subject"], row["mutant"], "| proof:", row["proof"], "|", row["why"])
    times = sorted(row["seconds"] for row in rows)
    return {
        "proven": len(rows),
        "witnessed": len(witnessed),
        "rate": round(len(witnessed) / max(1, len(rows)), 4),
        "median": statistics.median(times) if times else 0,
        "p95": times[int(len(times) * 0.95)] if times else 0,
        "operators": len({row["operator"] for row in rows}),
        "by source": dict(collections.Counter(row["subject"].split(".")[0] for row in rows)),
        "budget": msgspec.to_builtins(Budget()),
    }


if __name__ == "__main__":
    sys.exit(main())
