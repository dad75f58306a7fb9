"""What is left after fifty regenerations by a verbose, forgetful model? This says.

    python -m benchmarks.genops.regenerations [--rounds 50] [--control] [--json FILE]

A small app of five cells; in each round a person adds a rule or mends a fault, with a scenario, and
commits; then it is planned, approved, applied, judged, agreed to and promoted, as the commands do
it, ledger, proxy and signatures included. The model is scripted, and serves on this machine. Its
first answer in each round does what is asked, forgets one of the cell's earlier fixes, and is
wordy: a helper that nobody calls, a block that stands twice, a needless `else`, a needless name, a
nested `if`; which of them, chance says. Its further answers mend what the findings in the prompt
name, and nothing else: what the gates let pass stays. The person agrees to whatever has passed.

At the end every scenario that was ever written is played, and every fix is asked for by messages
that no scenario has. Debt is compared with the same app written tidily by hand (`TEMPLATE`).

The control is the same without gates: a judge that is content with everything. It must fail.

The gates are `FEW`, and in every tenth round all of them; `--all` has all of them always.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.genops.desks import (
    BEGUN,
    FIXES,
    NOUNS,
    PACKAGE,
    Fix,
    Noun,
    asked,
    declared,
    scene,
    tidy,
)
from benchmarks.genops.wordy import MODEL, Scripted, served
from monocyte.cell import load_package
from monocyte.contracts.tokens import estimate
from monocyte.errors import GenopsError
from monocyte.genops.applying import Applying, Outcome
from monocyte.genops.debt.measures import measure
from monocyte.genops.gates.case import Case
from monocyte.genops.gates.judging import GATES, judge
from monocyte.genops.gates.verdict import Looked, Verdict
from monocyte.genops.plans import keys
from monocyte.genops.plans.desk import Desk
from monocyte.genops.promotion.landing import Hand
from monocyte.genops.promotion.merging import Merging
from monocyte.genops.promotion.promoting import Promoting
from monocyte.genops.states import State

FEW = ("sealed", "hygiene", "behaviour", "scenarios", "debt")
EVERY = 10
"""Each so-manieth round is judged by all gates."""

LIMIT = 1.1
"""How many times the debt of the baseline it may be."""

# -- the team --------------------------------------------------------------------------------------

SETTINGS = """[app]
name = "desks"
cells = "{package}"

[models.writer]
provider = "scripted"
model = "{model}"
wire = "chat"
base_url = "{url}"
price = {{ input = "0.10", output = "0.40" }}

[genops]
model = "writer"
attempts = {attempts}

[budget]
plan = "5.00"
day = "1000.00"
month = "1000.00"

[approval]
own = true

[approval.keys]
{key}
"""
ATTEMPTS = 6


class Team:
    """A person with a repository, and a model that writes for them."""

    def __init__(self, root: Path, model: Scripted, url: str) -> None:
        self.root, self.model = root, model
        folder = root / PACKAGE
        folder.mkdir(parents=True)
        keys.make_key("ada")
        self.key = keys.load_key("ada")
        (folder / "__init__.py").write_text('"""Five cells."""\n', "utf-8")
        for it in NOUNS:
            self.file(it).write_text(tidy(it, FIXES[it.cell][:BEGUN]), "utf-8")
        line = keys.public_line("ada")
        told = SETTINGS.format(package=PACKAGE, model=MODEL, url=url, attempts=ATTEMPTS, key=line)
        (root / "monocyte.toml").write_text(told, "utf-8")
        (root / ".gitignore").write_text("data/\n.monocyte/\n__pycache__/\n", "utf-8")
        self.locks()
        self.git("init", "-q", "-b", "main", ".")
        self.git("config", "user.name", "Ada")
        self.git("config", "user.email", "ada@example.org")
        self.git("config", "gc.auto", "0")
        self.commit("A new app")
        self.desk().adopt()
        self.commit("Adopt what is there")

    def file(self, it: Noun) -> Path:
        """The file of a cell."""
        return self.root / PACKAGE / f"{it.cell}.py"

    def texts(self) -> dict[str, str]:
        """The files of all cells."""
        return {f"{PACKAGE}/{it.cell}.py": self.file(it).read_text("utf-8") for it in NOUNS}

    def git(self, *arguments: str) -> None:
        """Run git."""
        subprocess.run(["git", *arguments], cwd=self.root, check=True, capture_output=True)

    def commit(self, message: str) -> None:
        """Commit everything."""
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)

    def locks(self) -> None:
        """Write the book of rules: those that the cells declare."""
        pattern = re.compile(r'cell\.rule\("([A-Z]+-\d+)", "(.*)"\)')
        lines = [
            f"{id} | {it.cell} | in force | {said}\n"
            for it in NOUNS
            for id, said in pattern.findall(self.file(it).read_text("utf-8"))
        ]
        (self.root / "rules.lock").write_text("".join(lines), "utf-8")

    def desk(self) -> Desk:
        """The desk as a command finds it that has just begun."""
        forget()
        loaded = load_package(self.root, PACKAGE)
        if loaded.faults:
            raise loaded.faults[0]
        return Desk("desks", self.root, loaded.manifests, person="ada")

    def ask(self, it: Noun, fix: Fix) -> None:
        """A person asks for a fix: its rule, if it has one, and its scenario."""
        file = self.file(it)
        text = file.read_text("utf-8")
        if fix.rule:
            last = [one for one in FIXES[it.cell] if one.rule and declared(it, one) in text][-1]
            text = text.replace(declared(it, last), declared(it, last) + declared(it, fix))
        file.write_text(text + scene(fix), "utf-8")
        self.locks()
        self.commit(fix.rule or fix.name)

    def regenerate(self, it: Noun, fix: Fix, judges: Judges) -> tuple[Outcome, bool]:
        """Plan, agree, have it written and judged, agree, promote; whether it was promoted."""
        self.ask(it, fix)
        self.model.due = fix
        desk = self.desk()
        plan = desk.plan()
        if plan is None:
            raise RuntimeError("nothing to do")
        desk.approve(plan.id, self.key, by="ada")
        applying = Applying(desk, judges, environment=os.environ, pause=lambda _: None)
        outcome = again(lambda: applying.run(plan.id))
        if outcome.verdict is None or not outcome.verdict.passed:
            return outcome, False
        if outcome.state is State.GATED:
            Merging(self.desk()).approve(plan.id, self.key, by="ada")
        Promoting(self.desk(), PACKAGE, Hand("ada", self.key)).promote(plan.id)
        return outcome, True


def again(run: Callable[[], Outcome], times: int = 5) -> Outcome:
    """What becomes of a plan; applied again, as its message says, where a gate could not look."""
    for turn in range(times):
        try:
            return run()
        except GenopsError as why:
            if "could not judge" not in why.message or turn == times - 1:
                raise
    raise AssertionError


class Judges:
    """The gates of a round, and what they have found; without any, content with everything."""

    def __init__(self, gates: Iterable[str]) -> None:
        self.gates = {name: GATES[name] for name in gates}
        self.verdicts: list[Verdict] = []

    def __call__(self, case: Case, *, hears: Callable[[str], None]) -> Verdict:
        """Judge."""
        verdict = judge(case, hears=hears, gates=self.gates) if self.gates else content(case)
        self.verdicts.append(verdict)
        return verdict


def content(case: Case) -> Verdict:
    """What the control says of everything."""
    return Verdict(
        base=case.base_commit,
        head=case.head_commit,
        candidate=case.candidate,
        looked=(Looked(gate="none", outcome="passed", seconds=0.0),),
        classes=("internal",),
        summary="not judged",
    )


# -- what is left ----------------------------------------------------------------------------------


def played(texts: Mapping[str, str], settings: str) -> dict[str, bool]:
    """How the scenarios of an app went, by `cell.name`; none if it cannot be loaded."""
    with tempfile.TemporaryDirectory(prefix="regenerations-") as folder:
        root = Path(folder)
        (root / PACKAGE).mkdir()
        (root / PACKAGE / "__init__.py").write_text("", "utf-8")
        (root / "monocyte.toml").write_text(settings, "utf-8")
        for name, text in texts.items():
            (root / name).write_text(text, "utf-8")
        ran = subprocess.run(
            [str(Path(sys.executable).with_name("monocyte")), "test", "--json", str(root)],
            capture_output=True,
            text=True,
            check=False,
        )
        told = json.loads(ran.stdout)
    names = [
        f"{Path(file).stem}.{name}"
        for file, text in texts.items()
        for name in re.findall(r"^@cell\.scenario\ndef (\w+)", text, re.MULTILINE)
    ]
    failed = {f"{it['cell']}.{it['scenario']}" for it in told["failed"]}
    if told["passed"] + len(failed) != len(names):
        raise RuntimeError(f"{len(names)} scenarios, and {told['passed']} + {len(failed)} outcomes")
    return {it: it not in failed for it in names}


def left(texts: Mapping[str, str], settings: str, wanted: Sequence[tuple[Noun, Fix]]) -> Any:
    """Of the fixes that were ever made: those whose scenario passes, and whose probe does."""
    probed = dict(texts)
    for it, fix in wanted:
        file = f"{PACKAGE}/{it.cell}.py"
        probed[file] += scene(fix, f"probe_of_{fix.name}", fix.probe)
    went = played(probed, settings)
    lost = [
        f"{it.cell}: {fix.id or fix.name}"
        for it, fix in wanted
        if not (went.get(f"{it.cell}.{fix.name}") and went.get(f"{it.cell}.probe_of_{fix.name}"))
    ]
    return {
        "fixes": len(wanted),
        "scenarios": sum(went.get(f"{it.cell}.{fix.name}", False) for it, fix in wanted),
        "enforced": sum(went.get(f"{it.cell}.probe_of_{fix.name}", False) for it, fix in wanted),
        "lost": lost,
    }


def debts(texts: Mapping[str, str], fixes: Mapping[str, Sequence[Fix]]) -> Any:
    """The debt of what is there, and of the same written tidily."""
    by_hand = {f"{PACKAGE}/{it.cell}.py": tidy(it, fixes[it.cell]) for it in NOUNS}
    theirs = sum(estimate(asked(it, fixes[it.cell])) for it in NOUNS)
    made: dict[str, Any] = {}
    for name, which in (("ours", texts), ("tidy", by_hand)):
        debt = measure(which).debt
        made[name] = {
            "complexity": debt.complexity,
            "duplicated": debt.duplicated,
            "tokens": debt.tokens,
            "bodies": debt.tokens - theirs,
            "largest": max(it.tokens for it in debt.cells.values()),
            "dead": len(debt.dead),
            "simpler": len(debt.simpler),
        }
    made["ratio"] = {
        key: round(made["ours"][key] / made["tidy"][key], 3) if made["tidy"][key] else None
        for key in ("complexity", "duplicated", "tokens", "bodies")
    }
    made["more"] = {key: made["ours"][key] - made["tidy"][key] for key in made["tidy"]}
    return made


def run(
    rounds: int,
    *,
    gates: Sequence[str] = FEW,
    seed: int = 1,
    writes: Callable[[Any], None] = lambda _: None,
) -> Any:
    """So many regenerations; what is known after each is given to `writes`. No gates: control."""
    report: dict[str, Any] = {
        "scripted": True,
        "control": not gates,
        "seed": seed,
        "gates": [*gates],
        "all gates in every round divisible by": EVERY if gates else None,
        "begun": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}",
        "rounds": [],
    }
    model = Scripted(seed)
    with alone() as folder, served(model) as url:
        team = Team(folder / "app", model, url)
        made = {it.cell: list(FIXES[it.cell][:BEGUN]) for it in NOUNS}
        for number in range(rounds):
            it = NOUNS[number % len(NOUNS)]
            fix = FIXES[it.cell][BEGUN + number // len(NOUNS)]
            model.round, model.asked = number, 0
            chosen = (GATES if (number + 1) % EVERY == 0 else gates) if gates else ()
            told = one_round(team, it, fix, Judges(chosen))
            report["rounds"].append({"round": number + 1, **told})
            if told["promoted"]:
                made[it.cell].append(fix)
            report["debt"] = debts(team.texts(), made)
            writes(report)
            if not told["promoted"]:
                break
        settings = (team.root / "monocyte.toml").read_text("utf-8")
        wanted = [(it, fix) for it in NOUNS for fix in made[it.cell]]
        report["left"] = left(team.texts(), settings, wanted)
        report["texts"] = team.texts()
        report["model"] = {"shown": dict(model.found), "could not mend": dict(model.unmended)}
    writes(report)
    return report


@contextmanager
def alone() -> Iterator[Path]:
    """A folder, with keys of its own; and nothing of the app that was loaded stays behind."""
    path, written = [*sys.path], sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    with tempfile.TemporaryDirectory(prefix="regenerations-") as folder:
        config = {"XDG_CONFIG_HOME": str(Path(folder) / "config")}
        with patch.dict(os.environ, config):
            try:
                yield Path(folder)
            finally:
                sys.path[:], sys.dont_write_bytecode = path, written
                forget()


def forget() -> None:
    """Forget the cells of the app: they change from round to round."""
    for name in [it for it in sys.modules if it.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


def one_round(team: Team, it: Noun, fix: Fix, judges: Judges) -> dict[str, Any]:
    """One regeneration, and what is to be known of it."""
    started, used = time.perf_counter(), sum(os.times()[:4])
    outcome, promoted = team.regenerate(it, fix, judges)
    model, verdicts = team.model, judges.verdicts
    refused = [[one.kind for one in v.findings if one.severity == "error"] for v in verdicts]
    looked = [one for v in verdicts for one in v.looked]
    return {
        "cell": it.cell,
        "fix": fix.id or fix.name,
        "forgot": model.dropped and (model.dropped.id or model.dropped.name),
        "promoted": promoted,
        "state": str(outcome.state),
        "answers": model.asked,
        "found": [dict(Counter(kinds)) for kinds in refused],
        "refused": [] if promoted else [f"{one.kind}: {one.said}" for one in outcome.findings],
        "gates": len(judges.gates),
        "broke": [f"{one.gate}: {one.said}" for one in looked if one.outcome == "broke"],
        "skipped": [one.gate for one in looked if one.outcome == "skipped"],
        "seconds": round(time.perf_counter() - started, 1),
        "cpu": round(sum(os.times()[:4]) - used, 1),
    }


def summary(report: Any) -> list[str]:
    """What came of it, in a few lines."""
    rounds, debt, after = report["rounds"], report["debt"], report["left"]
    caught: Counter[str] = Counter()
    for it in rounds:
        for found in it["found"]:
            caught.update(found)
    ours, by_hand = debt["ours"], debt["tidy"]
    lines = [
        f"{sum(it['promoted'] for it in rounds)} of {len(rounds)} rounds promoted, by "
        f"{sum(it['answers'] for it in rounds)} answers of a scripted model"
        + (" WITHOUT GATES (control)" if report["control"] else ""),
        "refused: " + (", ".join(f"{k} {n}" for k, n in caught.most_common()) or "nothing"),
        f"fixes: {after['fixes']}; scenarios that pass: {after['scenarios']}",
        f"enforced: {after['enforced']}; lost: {', '.join(after['lost']) or 'none'}",
    ]
    for key in ("complexity", "duplicated", "tokens", "bodies", "dead", "simpler"):
        ratio = debt["ratio"].get(key)
        lines.append(
            f"{key}: {ours[key]}, by hand {by_hand[key]}" + (f": {ratio}x" if ratio else "")
        )
    lines.append(f"largest cell: {ours['largest']} tokens")
    return lines


def holds(report: Any) -> bool:
    """Whether every fix is there, and debt is within its limit."""
    ours, by_hand = report["debt"]["ours"], report["debt"]["tidy"]
    light = all(ours[key] <= LIMIT * by_hand[key] for key in ("complexity", "duplicated", "tokens"))
    every = all(it["promoted"] for it in report["rounds"])
    return light and every and not report["left"]["lost"]


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--control", action="store_true", help="without gates: this must fail")
    parser.add_argument("--all", action="store_true", help="all gates in every round")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()

    def writes(report: Any) -> None:
        if given.json:
            given.json.write_text(json.dumps(report, indent=1), "utf-8")
        last = report["rounds"][-1]
        print(json.dumps(last), flush=True)

    gates = () if given.control else GATES if given.all else FEW
    report = run(given.rounds, gates=[*gates], seed=given.seed, writes=writes)
    print("\n".join(summary(report)))
    return 0 if holds(report) != given.control else 1


if __name__ == "__main__":
    sys.exit(main())
