"""Rewrites of packages that nobody tuned on, proven equivalent by the packages' own suites.

    python -m benchmarks.semdiff.heldout prove easy|hard [--tools PYTHON] [--kinds K…] [PACKAGE…]
    python -m benchmarks.semdiff.heldout audit easy|hard [--kinds K…] [PACKAGE…]
    python -m benchmarks.semdiff.heldout measure easy|hard [--json FILE] [--kinds K…] [PACKAGE…]

`prove` makes a copy of every package under every kind of rewrite, and runs its suite on it. A file
of the copy that differs is a label: *proven* where the suite passes and imports it, *by
construction* where no suite was run or none imports it, *dropped* where the suite fails. `audit`
runs the suites again, and hears what every function of a package returns: a file in which one
answers otherwise on the copy, and the same twice on either side, is *visible*: its rewrite is no
equivalent one, though no test minds. `measure` asks the diff; only numbers are shown, for who sees
a false alarm here will tune on it.
"""

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.semdiff import corpora, easy, hard_rewrites, suites
from monocyte.semdiff.diff import diff_trees
from monocyte.semdiff.sources import from_directory
from monocyte.semdiff.verdicts import Finding, Verdict

STACKED = "all-at-once"
"""Of the hard rewrites: every kind on what the one before has made."""
KINDS = {"easy": tuple(easy.KINDS), "hard": (*hard_rewrites.REWRITES, STACKED)}
SETS = {
    "held-out": corpora.HELD_OUT,
    "glimpsed": corpora.GLIMPSED,
    "tuning": corpora.TUNING,
    "varied": corpora.VARIED,
}
REWRITER = {"easy": easy.REWRITES, "hard": Path(hard_rewrites.__file__)}


def home(group: str) -> Path:
    """Where the copies of one version of the rewriter are."""
    digest = hashlib.sha256(REWRITER[group].read_bytes()).hexdigest()[:8]
    return corpora.home() / "heldout" / f"{group}-{digest}"


def copied(group: str, requirement: str, kind: str, tools: str) -> Path:
    """A package under one rewrite, made once."""
    source = corpora.fetch(requirement)
    target = home(group) / kind / source.name
    if not target.is_dir():
        making = target.with_name(f"{target.name}.making")
        shutil.rmtree(making, ignore_errors=True)
        shutil.copytree(source, making)
        if group == "easy":
            subprocess.run([tools, str(easy.REWRITES), kind, str(making)], check=True)
        else:
            _rewrite(making, kind)
        making.rename(target)
    return target


def _rewrite(folder: Path, kind: str) -> None:
    for path, text in corpora.python_files(folder).items():
        made = text
        for one in hard_rewrites.REWRITES if kind == STACKED else (kind,):
            made = hard_rewrites.rewrite(one, made) or made
        if made != text:
            compile(made, path, "exec", dont_inherit=True)
            (folder / path).write_text(made, encoding="utf-8")


# -- labels ---------------------------------------------------------------------------------------


def labels(group: str, requirement: str, kind: str, tools: str) -> dict[str, str]:
    """What is known of every file that a rewrite has changed."""
    old, new = corpora.fetch(requirement), copied(group, requirement, kind, tools)
    changed = {path for path in corpora.python_files(old) if _differ(old / path, new / path)}
    kept = _proof(group, requirement, kind)
    if not kept.exists():
        return dict.fromkeys(changed, "by construction")
    proven, why = json.loads(kept.read_text())
    if why.startswith(suites.NO_SUITE):
        return dict.fromkeys(changed, "by construction")
    if why:
        return dict.fromkeys(changed, "dropped")
    known = {path: "proven" if path in set(proven) else "by construction" for path in changed}
    heard = _heard(group, requirement, kind)
    seen = {it.partition(":")[0] for it in json.loads(heard.read_text())} if heard.exists() else ()
    return known | dict.fromkeys(changed & set(seen), "visible")


def _differ(one: Path, two: Path) -> bool:
    return one.read_bytes() != two.read_bytes()


def _proof(group: str, requirement: str, kind: str) -> Path:
    return home(group) / "proofs" / kind / f"{requirement}.json"


def _heard(group: str, requirement: str, kind: str) -> Path:
    return home(group) / "heard" / kind / f"{requirement}.json"


def audit(group: str, requirement: str, kind: str, tools: str) -> None:
    """Hear whose answers differ on the copy of a package whose suite passes on it, once."""
    proof, kept = _proof(group, requirement, kind), _heard(group, requirement, kind)
    if kept.exists() or not proof.exists() or json.loads(proof.read_text())[1]:
        return
    began = time.perf_counter()
    seen = suites.seen(requirement, copied(group, requirement, kind, tools))
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(seen))
    files = len({it.partition(":")[0] for it in seen})
    seconds = time.perf_counter() - began
    print(f"{requirement:26} {kind:20} {files:4} visible files {seconds:6.0f} s", flush=True)


def prove(group: str, requirement: str, kind: str, tools: str) -> None:
    """Run a package's suite on its copy, once."""
    kept = _proof(group, requirement, kind)
    tree = copied(group, requirement, kind, tools)
    if kept.exists() or requirement not in suites.SUITES:
        return
    began = time.perf_counter()
    proven, why = suites.proven(requirement, tree)
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps([sorted(proven), why]))
    seconds = time.perf_counter() - began
    print(f"{requirement:26} {kind:20} {len(proven):4} files {seconds:6.0f} s {why}", flush=True)


# -- measuring ------------------------------------------------------------------------------------


def judged(group: str, requirement: str, kind: str, tools: str, name: str) -> dict[str, Any]:
    """What the diff says of one package under one rewrite; kept under the name of the run."""
    kept = home(group) / "runs" / name / kind / f"{requirement}.json"
    if not kept.exists():
        old = from_directory(corpora.fetch(requirement))
        new = from_directory(copied(group, requirement, kind, tools))
        began = time.process_time()
        findings = list(diff_trees(old, new))
        told = {
            "cpu": time.process_time() - began,
            "files": {path: _worst(path, findings) for path in {_file(f) for f in findings}},
            "definitions": len(findings),
            "flagged": Counter(f.rule for f in findings if f.verdict is not Verdict.SAME),
        }
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(told))
    answer: dict[str, Any] = json.loads(kept.read_text())
    return answer


def measure(group: str, requirement: str, kind: str, tools: str, name: str) -> Counter[str]:
    """Labels and verdicts of one package under one rewrite, counted."""
    known = labels(group, requirement, kind, tools)
    said = judged(group, requirement, kind, tools, name)
    count: Counter[str] = Counter({"cpu ms": round(1000 * said["cpu"])})
    for path, label in known.items():
        count[f"{label} files"] += 1
        count[f"{label} {said['files'].get(path, 'same')}"] += 1
    if "dropped" not in known.values():
        count["definitions"] += said["definitions"]
        count["definitions flagged"] += sum(said["flagged"].values())
        count.update({f"rule {rule}": n for rule, n in said["flagged"].items()})
    return count


def _file(finding: Finding) -> str:
    place = finding.new or finding.old
    return place.file if place else ""


def _worst(path: str, findings: list[Finding]) -> str:
    verdicts = {finding.verdict for finding in findings if _file(finding) == path}
    if Verdict.CHANGED in verdicts:
        return "changed"
    return "same" if verdicts <= {Verdict.SAME} else "unknown"


def row(kind: str, count: Counter[str]) -> dict[str, Any]:
    """One row, printed and to be kept."""
    told: dict[str, Any] = {"kind": kind}
    for label in ("proven", "by construction", "visible"):
        told |= {f"{label} {what}": count[f"{label} {what}"] for what in WHAT}
    told |= {"dropped files": count["dropped files"], "definitions": count["definitions"]}
    told |= {"definitions flagged": count["definitions flagged"]}
    told |= {"cpu seconds": count["cpu ms"] / 1000}
    told |= {key: count[key] for key in sorted(count) if key.startswith("rule ")}
    print("  ".join(f"{key} {value}" for key, value in told.items()), flush=True)
    return told


WHAT = ("files", "same", "unknown", "changed")


def size(requirement: str) -> int:
    """Bytes of Python in a package."""
    return sum(path.stat().st_size for path in corpora.fetch(requirement).rglob("*.py"))


def main() -> int:
    """Prove, or measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["prove", "audit", "measure"])
    parser.add_argument("group", choices=["easy", "hard"])
    parser.add_argument("packages", nargs="*")
    parser.add_argument("--set", default="held-out", choices=list(SETS))
    parser.add_argument("--kinds", nargs="*")
    parser.add_argument("--largest", type=int, default=10**9, help="bytes of a package")
    parser.add_argument("--tools", default=sys.executable)
    parser.add_argument("--name", default="now", help="of the run: the commit that is measured")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    kinds = asked.kinds or KINDS[asked.group]
    packages = [p for p in asked.packages or SETS[asked.set] if size(p) <= asked.largest]
    if asked.what != "measure":
        learn = prove if asked.what == "prove" else audit
        for kind in kinds:
            for requirement in packages:
                learn(asked.group, requirement, kind, asked.tools)
        return 0
    total: Counter[str] = Counter()
    rows: list[dict[str, Any]] = []
    for kind in kinds:
        count: Counter[str] = Counter()
        for requirement in packages:
            count += measure(asked.group, requirement, kind, asked.tools, asked.name)
        total += count
        rows.append(row(kind, count))
        if asked.json:
            kept = {"packages": list(packages), "rows": rows}
            asked.json.write_text(json.dumps(kept, indent=1))
    row("all", total)
    return 1 if total["proven changed"] + total["by construction changed"] else 0


if __name__ == "__main__":
    sys.exit(main())
