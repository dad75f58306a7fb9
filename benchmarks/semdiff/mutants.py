"""Mutants of real packages: none may be SAME, and the definition that was broken is named.

    python -m benchmarks.semdiff.mutants kill [PACKAGE…] [--each N] [--seconds S]
    python -m benchmarks.semdiff.mutants judge [PACKAGE…] [--json FILE]

`kill` breaks packages by `semdiff.mutator` and keeps which mutants their own suites notice (see
`killing`); `judge` asks the diff about every one of these. Mutants of different definitions share
one diff; what is flagged by a guard alone is judged again by itself, and counted, for there the
normal form took a broken definition for the same.
"""

import argparse
import ast
import json
import os
import subprocess
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import monocyte
from benchmarks.semdiff import corpora, suites
from monocyte.semdiff.diff import diff_trees
from monocyte.semdiff.sources import from_texts
from monocyte.semdiff.verdicts import Finding, Verdict

KILLER = Path(__file__).with_name("killing.py")
PACKAGES = {
    "toolz==1.0.0": ("toolz.itertoolz", "toolz.functoolz", "toolz.dicttoolz", "toolz.recipes"),
    "more-itertools==10.7.0": ("more_itertools.more", "more_itertools.recipes"),
    "cachetools==6.1.0": ("cachetools", "cachetools.keys", "cachetools.func"),
    "h11==0.16.0": (
        *("h11._connection", "h11._events", "h11._headers", "h11._readers", "h11._state"),
        *("h11._receivebuffer", "h11._util", "h11._writers"),
    ),
    "packaging==25.0": (
        *("packaging.version", "packaging.specifiers", "packaging.tags", "packaging.markers"),
        *("packaging.requirements", "packaging.utils", "packaging.metadata", "packaging._parser"),
        *("packaging._tokenizer", "packaging.licenses"),
    ),
    "pluggy==1.6.0": ("pluggy._manager", "pluggy._hooks", "pluggy._callers", "pluggy._result"),
    "itsdangerous==2.2.0": (
        *("itsdangerous.signer", "itsdangerous.serializer", "itsdangerous.timed"),
        *("itsdangerous.encoding", "itsdangerous.url_safe", "itsdangerous.exc"),
    ),
    "sqlparse==0.5.3": (
        *("sqlparse.sql", "sqlparse.lexer", "sqlparse.utils", "sqlparse.formatter"),
        *("sqlparse.engine.grouping", "sqlparse.engine.statement_splitter"),
        *(
            "sqlparse.filters.reindent",
            "sqlparse.filters.others",
            "sqlparse.filters.aligned_indent",
        ),
    ),
    "tabulate==0.9.0": ("tabulate",),
    "tomlkit==0.13.3": ("tomlkit.items", "tomlkit.container", "tomlkit.parser", "tomlkit.source"),
    "marshmallow==4.0.0": (
        *("marshmallow.fields", "marshmallow.schema", "marshmallow.validate", "marshmallow.utils"),
        *("marshmallow.class_registry", "marshmallow.error_store"),
    ),
    "pyparsing==3.2.3": ("pyparsing.core", "pyparsing.results", "pyparsing.helpers"),
    "python-dateutil==2.9.0.post0": (
        *("dateutil.relativedelta", "dateutil.rrule", "dateutil.parser._parser"),
        *("dateutil.parser.isoparser", "dateutil.easter"),
    ),
}
"""What is broken: modules whose tests are quick. All are packages that one may look at."""


# -- killing --------------------------------------------------------------------------------------


def kill(requirement: str, each: int, seconds: float) -> None:
    """Break one package in a process of its own, on a copy of its sdist."""
    suite = suites.SUITES[requirement]
    command = [suites.PYTHON, "-P", str(KILLER)]
    with suites.scratch(requirement, suite.package, corpora.fetch(requirement)) as (root, home):
        paths = [str(home), str(root), str(Path(monocyte.__file__).parents[1])]
        subprocess.run(
            [
                *(*command, str(home), str(kept(requirement)), "--modules", *PACKAGES[requirement]),
                *("--each", str(each), "--seconds", str(seconds)),
                *("--", *suites.LENIENT, *suite.options, *suite.tests),
            ],
            cwd=root,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "HOME": str(root.parent)},
            check=False,
        )


def kept(requirement: str) -> Path:
    """Where the answers of a package's suite are."""
    return corpora.home() / "mutants" / requirement


# -- judging --------------------------------------------------------------------------------------


class Broken(NamedTuple):
    """A killed mutant, as the lines that it replaces."""

    definition: str
    operator: str
    what: str
    first: int
    last: int
    lines: list[str]

    @property
    def place(self) -> str:
        """The innermost definition that is compared by itself: what is local belongs to it."""
        return self.definition.partition(".<locals>")[0]


def modules(requirement: str) -> Iterator[tuple[str, str, list[Broken]]]:
    """Every module that was broken: its path, its text, and its killed mutants."""
    tree = corpora.fetch(requirement)
    for name in PACKAGES[requirement]:
        answers = kept(requirement) / f"{name}.jsonl"
        if not answers.exists():
            continue
        stem = name.replace(".", "/")
        path = next(p for p in (f"{stem}.py", f"{stem}/__init__.py") if (tree / p).is_file())
        text = (tree / path).read_bytes().decode("utf-8")
        told = [json.loads(line) for line in answers.read_text().splitlines()]
        killed = [Broken(**{f: it[f] for f in Broken._fields}) for it in told if "lines" in it]
        yield path, text, [narrowed(text, one) for one in killed]


def narrowed(text: str, one: Broken) -> Broken:
    """A mutant that is its whole module, printed again, as the one statement that differs."""
    if one.last - one.first < LONG:
        return one
    old, new = ast.parse(text), ast.parse(together(text, [one]))
    pairs = _apart(old.body, new.body)
    while len(pairs) == 1:
        (before, after) = pairs[0]
        if not (isinstance(before, ast.ClassDef) and isinstance(after, ast.ClassDef)):
            break
        inner = _apart(before.body, after.body)
        if len(inner) != 1:
            break
        pairs = inner
    if len(pairs) != 1:
        return one
    before, after = pairs[0]
    lines = textwrap.indent(ast.unparse(after), " " * before.col_offset).split("\n")
    first = min([before.lineno, *(d.lineno for d in getattr(before, "decorator_list", ()))]) - 1
    made = one._replace(first=first, last=before.end_lineno or 0, lines=lines)
    return made if ast.dump(ast.parse(together(text, [made]))) == ast.dump(new) else one


LONG = 60
"""Lines; what replaces more is looked at again."""


def _apart(old: list[ast.stmt], new: list[ast.stmt]) -> list[tuple[ast.stmt, ast.stmt]]:
    """The statements that differ, where there are as many as before."""
    if len(old) != len(new):
        return []
    return [(a, b) for a, b in zip(old, new, strict=True) if ast.dump(a) != ast.dump(b)]


def batches(found: list[Broken]) -> Iterator[list[Broken]]:
    """Mutants of different definitions, put into one text: many are judged by one diff."""
    left = found
    while left:
        taken: list[Broken] = []
        rest: list[Broken] = []
        for one in left:
            (rest if any(_clash(one, other) for other in taken) else taken).append(one)
        yield sorted(taken, key=lambda one: one.first)
        left = rest


def _clash(one: Broken, other: Broken) -> bool:
    """One definition inside of the other, or lines in common."""
    a, b = f"{one.place}.", f"{other.place}."
    nested = a.startswith(b) or b.startswith(a)
    return nested or (one.first <= other.last and other.first <= one.last)


def together(text: str, batch: list[Broken]) -> str:
    """A module with all mutants of a batch in it."""
    lines = text.split("\n")
    for one in reversed(batch):
        lines[one.first : one.last] = one.lines
    return "\n".join(lines)


def flagged(path: str, text: str, mutated: str) -> list[Finding]:
    """What the diff of two modules does not call SAME."""
    ast.parse(mutated)
    found = diff_trees(from_texts({path: text}), from_texts({path: mutated}))
    return [finding for finding in found if finding.verdict is not Verdict.SAME]


def judge(path: str, text: str, batch: list[Broken]) -> Counter[str]:
    """What the diff says of a batch: each mutant's definition must be flagged, and no other."""
    findings = flagged(path, text, together(text, batch))
    count: Counter[str] = Counter()
    explained: set[str] = set()
    for one in batch:
        ours = [f for f in findings if _holds(f, one)] if len(batch) > 1 else findings
        explained |= {_name(f) for f in ours}
        if len(batch) > 1 and not any(_by_form(f) for f in ours):
            count += judge(path, text, [one])
            continue
        count += _told(path, one, ours)
    strangers = {_name(f) for f in findings} - explained
    if strangers and len(batch) > 1:
        print("  flagged beside:", path, sorted(strangers))
    count["strangers"] += len(strangers)
    return count


def _name(finding: Finding) -> str:
    return finding.definition.partition("#")[0]


def _holds(finding: Finding, one: Broken) -> bool:
    """Whether a finding is about a mutant's definition, or about what that stands in."""
    return f"{one.definition}.".startswith(f"{_name(finding)}.")


def _by_form(finding: Finding) -> bool:
    return not finding.rule.startswith("reads-")


def _told(path: str, one: Broken, ours: list[Finding]) -> Counter[str]:
    """Whether one mutant is flagged, by what, and under the right name."""
    names = {_name(f) for f in ours if _by_form(f)}
    named = bool(names) and all(_holds(f, one) for f in ours if _by_form(f))
    guarded = bool(ours) and not names
    for wrong, words in ((not ours, "FALSE SAME"), (guarded, "equal forms, saved by a guard")):
        if wrong:
            print(f"  {words}: {path} {one.definition}: {one.what}")
    if names and not named:
        print(f"  not named: {path} {one.definition}: {one.what}: {sorted(names)}")
    counts = {"mutants": 1, "same": not ours, "named": named, "exact": one.place in names}
    return Counter({**counts, "guarded": guarded, f"by {one.operator}": 1})


def measure(requirement: str) -> Iterator[tuple[str, Counter[str], float]]:
    """Ask the diff about every killed mutant of a package, module by module."""
    for path, text, killed in modules(requirement):
        began = time.process_time()
        count: Counter[str] = Counter()
        for batch in batches(killed):
            count += judge(path, text, batch)
        yield path, count, time.process_time() - began


def row(name: str, count: Counter[str], seconds: float) -> dict[str, Any]:
    """One row, printed and to be kept."""
    told = {
        "module": name,
        **{
            key: count[key] for key in ("mutants", "same", "guarded", "named", "exact", "strangers")
        },
        "operators": sum(key.startswith("by ") for key in count),
        "cpu seconds": round(seconds, 1),
    }
    print("  ".join(f"{value} {key}" for key, value in told.items()), flush=True)
    return told


def main() -> int:
    """Kill, or judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["kill", "judge"])
    parser.add_argument("packages", nargs="*")
    parser.add_argument("--each", type=int, default=600, help="mutants of each module at most")
    parser.add_argument("--seconds", type=float, default=240, help="for each module at most")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    total: Counter[str] = Counter()
    rows: list[dict[str, Any]] = []
    for requirement in asked.packages or PACKAGES:
        print(requirement, flush=True)
        if asked.what == "kill":
            kill(requirement, asked.each, asked.seconds)
            continue
        for path, count, seconds in measure(requirement):
            total += count
            rows.append(row(path, count, seconds))
            by = {key.removeprefix("by "): n for key, n in total.items() if key.startswith("by ")}
            if asked.json:
                asked.json.write_text(json.dumps({"modules": rows, "operators": by}, indent=1))
    if asked.what == "judge":
        row("all", total, sum(it["cpu seconds"] for it in rows))
    return 1 if total["same"] else 0


if __name__ == "__main__":
    sys.exit(main())
