"""`Plan`: which cells would be regenerated, why, by which model and at what price: made and judged.

A plan is a value that says everything it was made from, by digests. The same app, lock, settings
and history give the same plan with the same ID; if any of it has moved, `moved` says what, and the
plan is no longer good for anything. Nothing is asked of a model here, and nothing is written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Literal, NamedTuple

import msgspec

from monocyte.cell import Manifest
from monocyte.contracts.tokens import estimate
from monocyte.errors import Drifted, GenopsError, NoSuchCell, PlanStale
from monocyte.genops.attached import Attached, read_attached
from monocyte.genops.budget import OverBudget
from monocyte.genops.ledger.book import Book
from monocyte.genops.metering.wires import weigh
from monocyte.genops.money import Money
from monocyte.genops.pins import Pin, Regeneration, refuse_unusable
from monocyte.genops.plans.cost import Cost, Work, cost_of, total
from monocyte.genops.plans.facts import Facts
from monocyte.genops.plans.lock import FILE, Lock
from monocyte.genops.plans.spending import history, room
from monocyte.genops.plans.template import TASK, TEMPLATE
from monocyte.genops.plans.why import Drift, Reason, Written, drifts, reasons
from monocyte.genops.states import OPEN, State
from monocyte.literate.context import Known, pack
from monocyte.literate.findings import Finding

__all__ = [
    "TEMPLATE",
    "CellPlan",
    "Plan",
    "Scene",
    "briefing",
    "drifting",
    "make_plan",
    "moved",
    "opened",
    "refuse_stale",
    "told",
]

Action = Literal["change", "create", "retire"]


class CellPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What would be done with one cell, and what for."""

    cell: str
    action: Action
    reasons: tuple[Reason, ...]
    findings: tuple[Finding, ...] = ()
    """Of the last check, as a model is told them: who approves need not have checked."""
    pin: str = ""
    model: str = ""
    tokens: int = 0
    """Of what the model is told, estimated."""
    cost: Cost = Cost(0, 0, 0, 0)


class Plan(Attached, frozen=True, kw_only=True):
    """Cells that are regenerated as one set; `read` are digests of all that it was made from."""

    format: Literal[1] = 1
    id: str = ""
    app: str
    by: str
    round: int = 0
    """How many plans with the same content have ended before."""
    cells: tuple[CellPlan, ...]
    cost: Cost
    prices: str
    read: dict[str, str]

    @property
    def rules(self) -> tuple[str, ...]:
        """The IDs of the rules that it is for: what they cover is changed on purpose."""
        kinds = (why for it in self.cells for why in it.reasons if why.kind == "rule")
        return tuple(dict.fromkeys(it.about for it in kinds))


class Scene(NamedTuple):
    """Everything that a plan is made from."""

    app: str
    manifests: Sequence[Manifest]
    lock: Lock
    settings: Regeneration
    policy: str
    """A digest of what the base revision says about approval."""
    findings: Mapping[str, Sequence[Finding]]
    """What the last check has found, by cell; only of cells that are still the same."""
    book: Book
    person: str
    today: date
    facts: Mapping[str, Facts]
    """Of every cell."""
    packs: Known
    """What the packed contexts have in common."""


def opened(content: bytes) -> Plan:
    """A plan as it was attached; raises GenopsError if it is none, or of another format."""
    plan = read_attached(content, Plan, "plan", "monocyte plan")
    if _named(plan) != plan:
        raise GenopsError(f"{plan.id} is not what its ID says", mend="make a new one")
    return plan


def make_plan(scene: Scene, names: Iterable[str] = (), *, everything: bool = False) -> Plan | None:
    """The plan for these cells, or for all that have a reason; None if there is nothing to do.

    An edit by hand in a cell that has no reason stands in nobody's way; but as long as it waits for
    a person, it is not said that there is nothing to do.

    Raises:
        NoSuchCell: there is no cell of that name.
        Drifted: a generated part was edited by hand, of a chosen cell, or where none is chosen.
        OverBudget: the caps leave less than it is expected to cost.
        ConfigError: a pin is missing or cannot be used, or a cell does not fit into a prompt.
    """
    wanted = frozenset(names)
    _refuse_unknown(wanted, scene)
    chosen = dict(_chosen(scene, wanted, everything=everything))
    edited = [it for it in drifting(scene) if not wanted or it.cell in wanted]
    _refuse_drift([it for it in edited if not chosen or it.cell in chosen])
    if not chosen:
        return None
    read = dict(_settings_read(scene))
    cells = [_cell(scene, name, why, read) for name, why in chosen.items()]
    return _priced(scene, tuple(cells), read)


def drifting(scene: Scene) -> Iterator[Drift]:
    """Every generated part that somebody edited by hand."""
    for name, it in scene.facts.items():
        yield from drifts(name, it, scene.lock.cells.get(name))


def moved(plan: Plan, scene: Scene, of: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """What has changed since a plan was made, in words; nothing if it is still good.

    With `of` only these kinds of things are looked at (see `SAID`).
    """
    scene = scene._replace(findings={it.cell: it.findings for it in plan.cells})
    read = dict(_settings_read(scene))
    known = {it.name for it in scene.manifests}
    for it in plan.cells:
        if it.action != "retire" and it.cell in known:
            _told(scene, it.cell, it.reasons, read)
        _locked(scene, it.cell, read)
    names = [*plan.read, *(name for name in read if name not in plan.read)]
    other = [name for name in names if plan.read.get(name) != read.get(name)]
    follows = {f"context {name.removeprefix('facts ')}" for name in other if "facts " in name}
    told = (name for name in other if name not in follows)
    return tuple(_said(name) for name in told if not of or name.partition(" ")[0] in of)


def refuse_stale(plan: Plan, scene: Scene, of: frozenset[str] = frozenset()) -> None:
    """Raise PlanStale if anything has moved that a plan was made from; see `moved` for `of`."""
    if what := moved(plan, scene, of):
        said = f"{plan.id} is stale: {'; '.join(what)}"
        raise PlanStale(said, moved=what, mend="make a new one: monocyte plan")


# -- which cells -----------------------------------------------------------------------------------


def _refuse_unknown(wanted: frozenset[str], scene: Scene) -> None:
    known = {it.name for it in scene.manifests} | scene.lock.cells.keys()
    for name in sorted(wanted - known):
        mend = f"there are: {', '.join(sorted(known))}"
        raise NoSuchCell(f"there is no cell {name!r}", cell=name, mend=mend)


def _chosen(
    scene: Scene, wanted: frozenset[str], *, everything: bool
) -> Iterator[tuple[str, tuple[Reason, ...]]]:
    for name, it in scene.facts.items():
        if wanted and name not in wanted:
            continue
        written = _written(scene, name)
        found = scene.findings.get(name, ())
        why = tuple(reasons(it, scene.lock.cells.get(name), written, found))
        if not why and (everything or wanted):
            said = "somebody asked for it" if wanted else "the whole system is regenerated"
            why = (Reason("asked", "", said),)
        if why:
            yield name, why
    for name in scene.lock.cells:
        if name not in scene.facts and (not wanted or name in wanted):
            yield name, (Reason("gone", "", "the cell is gone"),)


def _written(scene: Scene, cell: str) -> Written | None:
    """What would write a cell; None if nothing is pinned for it."""
    name = scene.settings.options.cells.get(cell, scene.settings.options.model)
    pin = scene.settings.pins.get(name or "")
    return None if pin is None else Written(name or "", pin.digest, pin.template or "")


def _refuse_drift(found: Sequence[Drift]) -> None:
    if not found:
        return
    said = "; ".join(f"{it.cell}.{it.part} {it.how}" for it in found[:5])
    more = f", and {len(found) - 5} more" if len(found) > 5 else ""
    cells = " ".join(dict.fromkeys(it.cell for it in found))
    mend = (
        f"a regeneration would lose that. Take it as it stands: monocyte plan --adopt {cells}; "
        f"or take it back: git diff, git checkout"
    )
    raise Drifted(f"edited by hand: {said}{more}", where=FILE, mend=mend)


# -- what each costs -------------------------------------------------------------------------------


def _cell(
    scene: Scene,
    name: str,
    why: tuple[Reason, ...],
    read: dict[str, str],
) -> CellPlan:
    _locked(scene, name, read)
    if name not in scene.facts:
        return CellPlan(cell=name, action="retire", reasons=why)
    pin_name, pin = scene.settings.pin_of(name)
    refuse_unusable(pin_name, pin, scene.today)
    _refuse_template(pin_name, pin)
    text = _told(scene, name, why, read)
    work = _work(scene, name, pin_name, pin, text)
    price = pin.priced(scene.today)
    cost = cost_of(work, price, history(scene.book))
    action: Action = "change" if name in scene.lock.cells else "create"
    return CellPlan(
        cell=name,
        action=action,
        reasons=why,
        findings=tuple(scene.findings.get(name, ())),
        pin=pin_name,
        model=pin.model,
        tokens=work.tokens,
        cost=cost,
    )


def _refuse_template(name: str, pin: Pin) -> None:
    if pin.template is not None and pin.template != TEMPLATE:
        mend = f'look at what changed, then write template = "{TEMPLATE}"'
        raise GenopsError(f"the pin {name} wants another prompt template", mend=mend)


def _told(
    scene: Scene,
    name: str,
    why: tuple[Reason, ...],
    read: dict[str, str],
) -> str:
    """What a model would be told about a cell; that it was read is noted."""
    text = briefing(scene, name, why)
    read[f"facts {name}"] = scene.facts[name].digest
    read[f"context {name}"] = _digest(text)
    pin_name, pin = scene.settings.pin_of(name)
    read[f"pin {pin_name}"] = pin.digest
    read[f"price {pin_name}"] = _digest(msgspec.json.encode(pin.priced(scene.today)).decode())
    return text


def briefing(scene: Scene, name: str, why: Iterable[Reason]) -> str:
    """All that a model is told about a cell, and why; a reason is a line, whatever stands in it."""
    manifest = next(it for it in scene.manifests if it.name == name)
    found = scene.findings.get(name, ())
    options = scene.settings.options
    budget, known = options.context, scene.packs
    packed = pack(manifest, scene.manifests, budget=budget, findings=found, known=known)
    reasons = "".join(f"- {' '.join(it.said.split())}\n" for it in why)
    return f"{packed.text}\n# Why it is to be written\n\n{reasons}"


def told(plan: Plan, scene: Scene, cell: CellPlan) -> str:
    """What a model is told about a cell of a plan: exactly what the plan was made from.

    Raises:
        PlanStale: it would be told something else.
    """
    text = briefing(scene._replace(findings={cell.cell: cell.findings}), cell.cell, cell.reasons)
    if _digest(text) != plan.read.get(f"context {cell.cell}"):
        what = _said(f"context {cell.cell}")
        raise PlanStale(f"{plan.id} is stale: {what}", moved=(what,), mend="monocyte plan")
    return text


def _work(scene: Scene, name: str, pin_name: str, pin: Pin, text: str) -> Work:
    manifest = next(it for it in scene.manifests if it.name == name)
    kind = "change" if name in scene.lock.cells else "create"
    with open(manifest.file, encoding="utf-8") as file:  # noqa: PTH123 (a path as text)
        answer = estimate(file.read()) * 5 // 4
    return Work(
        "agent" if pin.way == "agent" else kind,
        pin_name,
        estimate(TASK + text),
        weigh(TASK, text),
        answer,
        pin.max_output_tokens,
        scene.settings.options.attempts,
    )


def _priced(scene: Scene, cells: tuple[CellPlan, ...], read: dict[str, str]) -> Plan:
    """The plan within what the budget leaves, under an ID of its own."""
    costs = [it.cost for it in cells]
    whole = sum(it.cap for it in costs)
    plan = _plan(scene, cells, total(costs, Money(whole)), read)
    if not whole:
        return plan
    spending = scene.settings.budget
    left = room(scene.book, spending, plan=plan.id, person=scene.person, today=scene.today)
    expected = Money(sum(it.expected for it in costs))
    if left < expected or not left.nano:
        said = f"it is expected to cost {expected.about()}, and {left.about()} is left"
        mend = "raise a cap in [budget], wait for the next day or month, or plan fewer cells"
        raise OverBudget(said if spending.caps else "there is no [budget]", mend=mend)
    limited = tuple(msgspec.structs.replace(it, cost=_capped(it.cost, left)) for it in cells)
    return _plan(scene, limited, total(costs, left), read)


def _capped(cost: Cost, left: Money) -> Cost:
    return msgspec.structs.replace(cost, cap=min(cost.cap, left.nano), p90=min(cost.p90, left.nano))


def _plan(scene: Scene, cells: tuple[CellPlan, ...], cost: Cost, read: dict[str, str]) -> Plan:
    limited = msgspec.structs.replace(cost, p90=min(cost.p90, cost.cap))
    sources = {scene.settings.pins[it.pin].priced(scene.today).source for it in cells if it.pin}
    plan = Plan(
        app=scene.app,
        by=scene.person,
        cells=cells,
        cost=limited,
        prices=", ".join(sorted(sources)),
        read=dict(sorted(read.items())),
    )
    named = _named(plan)
    while scene.book.states.get(named.id, State.DRAFT) not in OPEN:
        named = _named(msgspec.structs.replace(named, round=named.round + 1))
    return named


def _named(plan: Plan) -> Plan:
    """The plan under the ID that follows from its content."""
    return msgspec.structs.replace(
        plan, id=f"plan-{_digest(msgspec.structs.replace(plan, id='').content.decode())[:12]}"
    )


# -- what was read ---------------------------------------------------------------------------------


def _settings_read(scene: Scene) -> Iterator[tuple[str, str]]:
    settings = scene.settings
    for name, it in (("budget", settings.budget), ("options", settings.options)):
        yield name, _digest(msgspec.json.encode(it, order="sorted").decode())
    yield "policy", scene.policy


def _locked(scene: Scene, name: str, read: dict[str, str]) -> None:
    locked = scene.lock.cells.get(name)
    read[f"lock {name}"] = locked.digest if locked else ""


SAID = {
    "budget": "[budget] changed",
    "options": "[genops] changed",
    "policy": "the policy of the base revision changed",
    "pin": "the pin `{}` changed",
    "price": "the price of `{}` changed",
    "lock": "{} was promoted or adopted in between",
    "facts": "{} changed",
    "context": "what a model is told about {} changed",
}
"""What it means that something moved, in words."""


def _said(name: str) -> str:
    kind, _, about = name.partition(" ")
    return SAID[kind].format(about)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
