"""`judge`: every gate on one change, side by side; a gate that cannot look has not passed it.

A gate is a row of `GATES`: from the scene to findings. Gates wait for processes most of the time,
so they run in threads; nothing that is judged is ever imported into this process.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from types import MappingProxyType

from monocyte.errors import MonocyteError
from monocyte.genops.gates import (
    behaviour,
    capabilities,
    claims,
    compat,
    contract,
    cost,
    debt,
    dependencies,
    endtoend,
    hardcoding,
    hygiene,
    scenarios,
    sealed,
    semantic,
    tampering,
)
from monocyte.genops.gates.case import Case
from monocyte.genops.gates.reading import Unreadable
from monocyte.genops.gates.scene import Scene, Unseen
from monocyte.genops.gates.verdict import Finding, Looked, Verdict
from monocyte.genops.pins import CLASSES
from monocyte.literate.forks import cores

__all__ = ["GATES", "Gate", "judge", "summary_of"]

Gate = Callable[[Scene], Iterable[Finding]]
"""A gate: from the scene to what it has found."""

GATES: Mapping[str, Gate] = MappingProxyType(
    {
        "sealed": sealed.judge,
        "tampering": tampering.judge,
        "capabilities": capabilities.judge,
        "dependencies": dependencies.judge,
        "hardcoding": hardcoding.judge,
        "hygiene": hygiene.judge,
        "behaviour": behaviour.judge,
        "scenarios": scenarios.judge,
        "endtoend": endtoend.judge,
        "literate": claims.judge,
        "compat": compat.judge,
        "cost": cost.judge,
        "mutation": claims.survivors,
        "semantic": semantic.judge,
        "contract": contract.judge,
        "debt": debt.judge,
    }
)
"""Every gate by its name; what is cheap and clear comes first."""

WAITING = frozenset(
    ["scenarios", "endtoend", "behaviour", "compat", "cost", "literate", "mutation"]
)
"""Gates that wait for processes of their own; they run beside each other and those that read.

What reads, parses, and stays in one thread: two that parse at once meet a counter that CPython 3.11
keeps for both ("AST constructor recursion depth mismatch", gh-106905).
"""

NEEDS = MappingProxyType(dict.fromkeys(["endtoend", "mutation", "cost"], "scenarios"))
"""Gates that look only at what another gate lets pass: a cell whose scenarios fail is not started
for real, breaks for other reasons than its mutants', and need not be quick."""

SIDE_BY_SIDE = 2
"""How many of those run at once, or as many as there are cores."""


def judge(
    case: Case,
    *,
    hears: Callable[[str], None] = lambda _: None,
    gates: Mapping[str, Gate] = GATES,
) -> Verdict:
    """Judge a change; `hears` is told of each gate as it ends.

    Raises:
        ConfigError: what the base says about gates cannot be read.
    """
    scene = Scene(case)
    _ = scene.limits  # what is wrong with the base is nobody's finding
    ended: dict[str, tuple[Looked, tuple[Finding, ...]]] = {}
    waiting: dict[str, Future[None]] = {}

    def run(name: str) -> None:
        needed = NEEDS.get(name, "")
        if needed in waiting:
            waiting[needed].result()
        if needed in ended and any(it.severity == "error" for it in ended[needed][1]):
            said = f"first what {needed} has found"
            ended[name] = Looked(gate=name, outcome="skipped", seconds=0, said=said), ()
        else:
            ended[name] = _looked(name, gates[name], scene)
        hears(f"{name}: {_said(*ended[name])}")

    _read(scene)
    with ThreadPoolExecutor(max(SIDE_BY_SIDE, cores()), "gate") as beside:
        for name in sorted(gates, key=lambda it: it in NEEDS):  # what waits for others comes last
            if name in WAITING:
                waiting[name] = beside.submit(run, name)
        try:
            for name in gates:
                if name not in WAITING:
                    run(name)
            for it in waiting.values():
                it.result()
        finally:
            beside.shutdown(cancel_futures=True)  # who is interrupted waits for no further gate
    ordered = [ended[name] for name in gates]
    findings = tuple(it for _, more in ordered for it in more)
    return Verdict(
        base=case.base_commit,
        head=case.head_commit,
        candidate=case.candidate,
        findings=findings,
        looked=tuple(it for it, _ in ordered),
        classes=classes_of(findings, is_empty=not scene.changed),
        summary=summary_of(findings, [it for it, _ in ordered]),
    )


def _read(scene: Scene) -> None:
    """Parse both sides before there is a second thread; what is wrong is for a gate to say."""
    with suppress(Unreadable, MonocyteError):
        for _ in scene.changed_parts():
            pass


def _looked(name: str, gate: Gate, scene: Scene) -> tuple[Looked, tuple[Finding, ...]]:
    started = time.monotonic()
    findings: list[Finding] = []
    broke = ""
    try:
        findings += gate(scene)
    except Unseen as why:
        seconds = round(time.monotonic() - started, 3)
        return Looked(gate=name, outcome="skipped", seconds=seconds, said=str(why)[:2000]), ()
    except MonocyteError as why:
        broke = f"{why.message} ({why.where})" if why.where else why.message
    except Exception as why:  # noqa: BLE001 (the edge: a gate that breaks has not passed anything)
        broke = f"{type(why).__name__}: {why}"
    outcome = "broke" if broke else "found" if findings else "passed"
    told = tuple(dict.fromkeys(findings))
    seconds = round(time.monotonic() - started, 3)
    return Looked(gate=name, outcome=outcome, seconds=seconds, said=broke[:2000]), told  # type: ignore[arg-type]


def _said(looked: Looked, findings: Iterable[Finding]) -> str:
    number = sum(it.severity != "note" for it in findings)
    how = looked.outcome if looked.outcome != "found" else f"{number} found"
    return f"{how}, {looked.seconds:.1f} s"


def classes_of(findings: Iterable[Finding], *, is_empty: bool) -> tuple[str, ...]:
    """The classes of change that findings make it, the mildest first."""
    made = {it.change for it in findings if it.severity != "note"}
    made |= {"none" if is_empty else "internal"}
    return tuple(it for it in CLASSES if it in made)


def summary_of(findings: Iterable[Finding], looked: Iterable[Looked]) -> str:
    """One line: how many intended and other changes of behaviour, and what else there is."""
    findings = [*findings]

    def number(kind: str) -> int:
        return sum(it.kind == kind for it in findings)

    gained = number("capability-gained") + number("port-gained") + number("import-gained")
    intended = number("behaviour-explained")
    parts = [
        f"{intended} intended behaviour change{'' if intended == 1 else 's'}",
        f"{number('behaviour-unexplained')} unexplained",
        f"{gained} new capabilit{'y' if gained == 1 else 'ies'}",
    ]
    if refused := sum(it.severity == "error" for it in findings):
        parts.append(f"{refused} refused")
    if broke := [it.gate for it in looked if it.outcome == "broke"]:
        parts.append(f"could not look: {', '.join(broke)}")
    return ", ".join(parts)
