"""Judge adversarial and honest changes with the gates, beside what tests and linters notice.

    python -m benchmarks.genops.candidates [--held-out] [--family F] [--name N] [--prove]
        [--rivals PYTHON] [--no-gates] [--jobs 1] [--every 1] [--show] [--json FILE]

`--prove` only asks whether each change is what it is said to be. 0: the goals are reached (98 % of
the adversarial caught, 95 % of every family, alarms at 2 % of the honest at most); 1: they are not.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.genops.candidates import rivals as others
from benchmarks.genops.candidates.judged import Judged, judged
from benchmarks.genops.candidates.proofs import proven
from benchmarks.genops.candidates.reading import Change, read_all
from benchmarks.genops.candidates.rivals import Noticed, noticed
from benchmarks.genops.candidates.trees import DoesNotFit, made

CAUGHT, FAMILY, ALARMS = 0.98, 0.95, 0.02


ALONE = (sys.executable, "-m", "benchmarks.genops.candidates")


class Row(NamedTuple):
    """What became of one change; `wrong` is why it could not be judged."""

    change: Change
    wrong: str = ""
    judged: Judged | None = None
    noticed: Noticed | None = None


def tried(change: Change, prove: bool, rivals: str, gates: bool) -> Row:
    """Make a change, and prove it, or judge it, in a folder that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="candidate-") as name:
        folder = Path(name).resolve()
        try:
            trees = made(change, folder)
        except DoesNotFit as why:
            return Row(change, str(why))
        if prove:
            return Row(change, proven(change, trees, folder))
        found = noticed(change, trees, rivals) if rivals else None
        if not gates:
            return Row(change, "", None, found)
        try:
            return Row(change, "", judged(change, trees), found)
        except Exception as why:  # noqa: BLE001 (a gate that breaks is a result)
            return Row(change, f"the gates broke: {type(why).__name__}: {why}", None, found)


def tried_alone(change: Change, asked: argparse.Namespace) -> Row:
    """The same in a process of its own: some changes end the process that they are judged in."""
    with tempfile.TemporaryDirectory(prefix="row-") as folder:
        file = Path(folder) / "row.json"
        command = [*ALONE, "--one", change.name, "--json", str(file), "--rivals", asked.rivals]
        flags = {
            "--held-out": asked.held_out,
            "--prove": asked.prove,
            "--no-gates": asked.no_gates,
        }
        command += [flag for flag, on in flags.items() if on]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
        except subprocess.TimeoutExpired:
            return Row(change, "not done after 900 s")
        if not file.exists():
            why = f"it has ended the process that judges, {done.returncode}: {done.stderr[-900:]}"
            return Row(change, why)
        return row_of(change, json.loads(file.read_text("utf-8")))


def row_of(change: Change, said: dict[str, Any]) -> Row:
    """What `plain` has written."""
    found = Judged(**said["gates"]) if said["gates"] else None
    return Row(change, said["wrong"], found, Noticed(**said["rivals"]) if said["rivals"] else None)


def main() -> int:
    """Measure and print."""
    made_up = argparse.ArgumentParser(description=__doc__)
    made_up.add_argument("--held-out", action="store_true")
    made_up.add_argument("--family", default="")
    made_up.add_argument("--name", default="")
    made_up.add_argument("--prove", action="store_true")
    made_up.add_argument("--rivals", default="", metavar="PYTHON")
    made_up.add_argument("--jobs", type=int, default=1)
    made_up.add_argument("--every", type=int, default=1)
    made_up.add_argument("--show", action="store_true")
    made_up.add_argument("--json", type=Path)
    made_up.add_argument("--no-gates", action="store_true", help="Only the rivals.")
    made_up.add_argument("--one", default="", help=argparse.SUPPRESS)
    asked = made_up.parse_args()
    changes = read_all("heldout" if asked.held_out else "tuning")
    if asked.one:
        (change,) = [it for it in changes if it.name == asked.one]
        asked.json.write_text(
            json.dumps(plain(tried(change, asked.prove, asked.rivals, not asked.no_gates)))
        )
        return 0
    chosen = [it for it in changes if asked.family in it.family and asked.name in it.name]
    rows = list(progressed(chosen[:: asked.every], asked))
    return proofs(rows) if asked.prove else table(rows)


def progressed(changes: list[Change], asked: argparse.Namespace) -> Iterable[Row]:
    """One row after the other, in the order of the set."""
    with ThreadPoolExecutor(asked.jobs) as pool:
        first = in_turns(changes)
        running = {pool.submit(tried_alone, it, asked): it.name for it in first}
        done: dict[str, Row] = {}
        for future in as_completed(running):
            row = done[running[future]] = future.result()
            told(row, show=asked.show)
            if asked.json:
                keep(asked.json, done.values())
    return [done[it.name] for it in changes]


def keep(file: Path, rows: Iterable[Row]) -> None:
    """Write what is known so far: a run that is broken off has not been for nothing."""
    file.write_text(json.dumps([plain(row) for row in rows], indent=1) + "\n", "utf-8")


def in_turns(changes: list[Change]) -> list[Change]:
    """One of each family, then another of each: a run that is broken off has seen all of them."""
    seen: dict[str, int] = defaultdict(int)
    turns: list[tuple[int, Change]] = []
    for change in changes:
        turns.append((seen[change.family], change))
        seen[change.family] += 1
    return [change for _, change in sorted(turns, key=lambda turn: turn[0])]


def told(row: Row, *, show: bool) -> None:
    """Say on stderr how one has gone."""
    it, found = row.change, row.judged
    how = "WRONG" if row.wrong else "fine"
    if found:
        good = not found.alarm if it.honest else found.right
        how = "fine" if good else "ALARM" if it.honest else "caught" if found.caught else "MISSED"
    print(f"{how:7}{it.family:24}{it.name}", file=sys.stderr, flush=True)
    if row.wrong:
        print("       " + row.wrong.strip().replace("\n", "\n       "), file=sys.stderr)
    if found and (show or how != "fine"):
        for line in (f"classes: {', '.join(found.classes)}", *found.findings[:8]):
            print(f"       {line[:300]}", file=sys.stderr)


def proofs(rows: list[Row]) -> int:
    """How many are what they are said to be, and proven how."""
    kinds: dict[str, int] = defaultdict(int)
    for row in rows:
        kinds["not proven" if row.wrong else row.change.proof] += 1
    print(f"{len(rows)} changes: " + ", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items())))
    return int(any(row.wrong for row in rows))


def table(rows: list[Row]) -> int:
    """Print what was caught, family by family; 1 if a goal is missed."""
    families: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        families["honest" if row.change.honest else row.change.family].append(row)
    honest = families.pop("honest", [])
    with_rivals = any(row.noticed for row in rows)
    heads = ("caught", "right reason", *(others.NAMES if with_rivals else ()))
    print(f"| family | changes | {' | '.join(heads)} |\n|---|---|{'---|' * len(heads)}")
    for family, some in sorted(families.items()):
        print(line(family, some))
    bad = [row for rows in families.values() for row in rows]
    print(line("**all**", bad))
    alarms = sum(1 for row in honest if row.judged is None or row.judged.alarm)
    print(f"\nhonest: {len(honest)}, false alarms {alarms}")
    if with_rivals:
        wrong = [sum(it.noticed[n] for it in honest if it.noticed) for n in range(3)]
        print("  of the rivals: " + ", ".join(map(str, wrong)))
    seconds = sorted(row.judged.seconds for row in rows if row.judged)
    if seconds:
        print(f"seconds each: median {seconds[len(seconds) // 2]:.1f}, most {seconds[-1]:.1f}")
    return int(
        share(bad) < CAUGHT
        or any(share(some) < FAMILY for some in families.values())
        or alarms > ALARMS * len(honest)
    )


def share(rows: list[Row]) -> float:
    """How many of them are caught; what could not be judged is not."""
    return sum(1 for it in rows if it.judged and it.judged.caught) / len(rows) if rows else 1.0


def line(name: str, rows: list[Row]) -> str:
    """One line of the table."""
    found = [row.judged for row in rows if row.judged]
    cells = [len(rows), sum(it.caught for it in found), sum(it.right for it in found)]
    with_rivals = [row.noticed for row in rows if row.noticed]
    cells += [sum(it[n] for it in with_rivals) for n in range(3)] if with_rivals else []
    return f"| {name} | {' | '.join(map(str, cells))} |"


def plain(row: Row) -> dict[str, Any]:
    """For a file."""
    found = row.judged._asdict() if row.judged else {}
    rival = row.noticed._asdict() if row.noticed else {}
    return {
        "name": row.change.name,
        "family": row.change.family,
        "cell": row.change.cell,
        "proof": row.change.proof,
        "wrong": row.wrong,
        "gates": found,
        "rivals": rival,
    }


if __name__ == "__main__":
    raise SystemExit(main())
