"""Capabilities: widenings must be found, neutral changes pass, and nothing heard may be missed.

The cases in `capability_cases/` know nothing of the table they test: what a case gains is proven by
running both versions in a locked worker and listening to Python's audit events (and to what no
event tells of: signal handlers, replaced attributes, environment values that are returned).

    python -m benchmarks.semdiff.capability [--held-out]
"""

from __future__ import annotations

import ast
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from monocyte.semdiff.audit_events import capabilities_of, is_covered
from monocyte.semdiff.capabilities import Gain, Where, gains, reached
from monocyte.semdiff.workers import Limits, Worker
from monocyte.semdiff.workers.listening import Heard, Program

__all__ = ["Case", "cases", "heard_of", "main", "proof", "uncovered", "verdict"]

CASES = Path(__file__).parent / "capability_cases"
PLAIN = 'def main(x="x"):\n    return x.upper()\n'
HIDDEN = ("obfuscated", "second", "third", "heldout")
DEVELOPED = ("widenings", "obfuscated", "second", "third", "neutral")
HELD_OUT = ("heldout", "heldout_neutral")
LISTEN = "monocyte.semdiff.workers.listening:listen"


class Case(NamedTuple):
    name: str
    gains: str
    old: dict[str, str]
    new: dict[str, str]


def cases(kind: str) -> Iterator[Case]:
    """The cases of a file: widenings, obfuscated, neutral."""
    text = (CASES / f"{kind}.txt").read_text(encoding="utf-8")
    for block in ("\n" + text).split("\n== ")[1:]:
        head, _, body = block.partition("\n")
        name, _, gained = head.partition(" : ")
        old, arrow, new = ("\n" + body).partition("\n-->\n")
        yield Case(name, gained, _files(old if arrow else PLAIN), _files(new if arrow else old))


def _files(text: str) -> dict[str, str]:
    first, *rest = ("\n" + text).split("\n### ")
    files = {"m.py": first.strip("\n") + "\n"} if first.strip() else {}
    for block in rest:
        name, _, body = block.partition("\n")
        files[name] = body
    return files


def heard_of(worker: Worker, files: dict[str, str]) -> Heard | str:
    """What a version really does, or why nobody can tell."""
    payload = msgspec.msgpack.encode(Program(files, tuple(sorted(_imports(files)))))
    report = worker.run(LISTEN, payload, Limits(wall=20, cpu=20))
    if report.value:
        return msgspec.msgpack.decode(report.value, type=Heard)
    return f"{report.fate.value}: {report.detail}"


def _imports(files: dict[str, str]) -> set[str]:
    """Modules of the standard library that a version imports in the open."""
    found: set[str] = set()
    for name, text in files.items():
        for node in ast.walk(ast.parse(text)) if name.endswith(".py") else ():
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found |= {node.module, *(f"{node.module}.{a.name}" for a in node.names)}
    tops = sys.stdlib_module_names | {"monocyte"}
    return {name for name in found if name.partition(".")[0] in tops and name != "antigravity"}


def _told(heard: Heard) -> set[str]:
    told = {c for event in heard.running for c in capabilities_of(*event)}
    told |= {f"import:{c}" for event in heard.importing for c in capabilities_of(*event)}
    told |= {"signals"} if heard.signals else set()
    told |= {"patching"} if heard.patched else set()
    told |= {"environment"} if heard.environment else set()
    return told


def _dependency_tried(heard: Heard, name: str) -> bool:
    events = (*heard.importing, *heard.running)
    return any(event == "import" and args.startswith(f"'{name}") for event, args in events)


def _asked_for(files: dict[str, str]) -> set[str]:
    """Packages in dependency files, read another way than the library reads them."""
    found = set()
    for name, text in files.items():
        if name == "pyproject.toml":
            wanted = tomllib.loads(text)["project"].get("dependencies", [])
        elif name == "requirements.txt":
            wanted = [line for line in text.splitlines() if not line.startswith("#")]
        elif name == "setup.py":
            wanted = [e.value for e in ast.walk(ast.parse(text)) if isinstance(e, ast.Constant)]
        else:
            continue
        found |= {"".join(c if c.isalnum() else " " for c in w).split()[0].lower() for w in wanted}
    return found


def proof(case: Case, old: Heard | str, new: Heard | str) -> bool:
    """Whether the new version was really seen to do what the case says, and the old was not."""
    if case.gains.startswith("dependency-file:"):
        wanted = case.gains.partition(":")[2]
        return wanted in _asked_for(case.new) - _asked_for(case.old)
    if isinstance(old, str) or isinstance(new, str):
        return False
    kind, _, name = case.gains.partition(":")
    if kind == "port":
        types = {t for t in new.annotated if t.endswith(f".{name}")}
        return bool(types) and not types & set(old.annotated)
    if kind == "dependency":
        return _dependency_tried(new, name) and not _dependency_tried(old, name)
    told = _told(new) - _told(old)
    if kind == "import":
        return any(c.startswith("import:") for c in told)
    return kind in told or f"import:{kind}" in told


def verdict(case: Case) -> tuple[Gain, ...]:
    """What the library says has been gained; what a new function may is told, not counted."""
    return tuple(g for g in gains(case.old, case.new) if g.where is not Where.NEW_ENTRY)


def found(case: Case, said: tuple[Gain, ...], *, obfuscated: bool) -> bool:
    names = {gain.capability for gain in said}
    if case.gains.startswith("dependency-file:"):
        return f"dependency:{case.gains.partition(':')[2]}" in names
    if case.gains == "import":
        return any(name.startswith("import:") for name in names)
    return case.gains in names or (obfuscated and "dynamic" in names)


def uncovered(files: dict[str, str], heard: Heard) -> list[str]:
    """Events that were heard and lie outside the static set: each one is a bug."""
    static = {name for can in reached(files).values() for name in can}
    imports = {name.removeprefix("import:") for name in static if name.startswith("import:")}
    imports |= {name for name in static if name.startswith("dependency:")}
    missed = [f"{e}({a})" for e, a in heard.running if not is_covered(e, a, static)]
    return missed + [
        f"import: {e}({a})" for e, a in heard.importing if not is_covered(e, a, imports)
    ]


def main() -> None:
    """Print the table, and every case that is wrong."""
    wrong = []
    with Worker() as worker:
        for kind in HELD_OUT if "--held-out" in sys.argv else DEVELOPED:
            counts = dict.fromkeys(("cases", "proven", "flagged", "uncovered"), 0)
            spent = 0.0
            for case in cases(kind):
                old, new = heard_of(worker, case.old), heard_of(worker, case.new)
                started = time.perf_counter()
                said = verdict(case)
                spent += time.perf_counter() - started
                neutral = kind.endswith("neutral")
                proven = not (_gained(old, new)) if neutral else proof(case, old, new)
                flagged = bool(said) if neutral else found(case, said, obfuscated=kind in HIDDEN)
                missed = [
                    *(uncovered(case.old, old) if isinstance(old, Heard) else []),
                    *(uncovered(case.new, new) if isinstance(new, Heard) else []),
                ]
                counts["cases"] += 1
                counts["proven"] += proven
                counts["flagged"] += flagged
                counts["uncovered"] += bool(missed)
                if not proven:
                    wrong.append(f"{kind} {case.name}: label not proven: {old} -> {new}")
                if flagged is neutral:
                    wrong.append(f"{kind} {case.name}: {[g.explain() for g in said]}")
                wrong += [f"{kind} {case.name}: uncovered {event}" for event in missed]
            print(f"{kind:15}", *(f"{k} {v}" for k, v in counts.items()), f"{spent:.2f} s")
    print(*wrong, sep="\n")


def _gained(old: Heard | str, new: Heard | str) -> set[str]:
    if isinstance(old, str) or isinstance(new, str):
        return {"did not run"}
    return _told(new) - _told(old)


if __name__ == "__main__":
    main()
