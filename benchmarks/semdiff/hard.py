"""Hard rewrites of whole packages: what is not SAME is UNKNOWN, and too many of these are useless.

`python -m benchmarks.semdiff.hard [tuning|held-out] [--show]`. Old is the package through
`ast.unparse`, so that only the rewrite differs. Every new module is compiled; the packages' suites
are run on the rewritten trees by `--suites` (not yet).
"""

import argparse
import sys
from collections import Counter

from benchmarks.semdiff import corpora
from benchmarks.semdiff.hard_rewrites import REWRITES, rewrite
from monocyte.semdiff.diff import diff_trees
from monocyte.semdiff.sources import from_texts
from monocyte.semdiff.verdicts import Verdict


def measure(requirement: str, kind: str, *, show: bool) -> Counter[str]:
    """How many files one kind rewrites in a package, and what the diff says of them."""
    texts = corpora.python_files(corpora.fetch(requirement))
    new = dict(texts)
    for path, text in texts.items():
        made = rewrite(kind, text)
        if made is not None:
            compile(made, path, "exec", dont_inherit=True)
            new[path] = made
    changed = {path for path in texts if new[path] != texts[path]}
    flagged: dict[str, Verdict] = {}
    definitions = Counter[str]()
    for finding in diff_trees(from_texts(texts), from_texts(new)):
        place = finding.new or finding.old
        definitions["all"] += 1
        if finding.verdict is not Verdict.SAME and place is not None:
            flagged[place.file] = finding.verdict
            definitions["flagged"] += 1
            if show:
                print("   ", kind, requirement, finding.explain()[:200])
    return Counter(
        files=len(changed),
        unknown=len(flagged),
        changed=sum(v is Verdict.CHANGED for v in flagged.values()),
        definitions=definitions["all"],
        definitions_unknown=definitions["flagged"],
    )


def main() -> int:
    """Measure every kind on every package of one set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("set", nargs="?", default="held-out", choices=["tuning", "held-out"])
    parser.add_argument("--kinds", nargs="*", default=list(REWRITES))
    parser.add_argument("--show", action="store_true")
    asked = parser.parse_args()
    packages = corpora.TUNING if asked.set == "tuning" else corpora.HELD_OUT
    total: Counter[str] = Counter()
    for kind in asked.kinds:
        count: Counter[str] = Counter()
        for requirement in packages:
            count += measure(requirement, kind, show=asked.show)
        show(kind, count)
        total += count
    show("all", total)
    return 1 if total["changed"] else 0


def show(kind: str, count: Counter[str]) -> None:
    """One row."""
    print(
        f"{kind:20} {count['files']:5} files {count['unknown']:4} UNKNOWN"
        f" {count['changed']:3} CHANGED"
        f"   {count['definitions']:6} definitions {count['definitions_unknown']:5} UNKNOWN",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
