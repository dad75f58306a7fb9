"""Reads what proves a cell or an app: scenarios, decisions, runbooks; says what is wrong.

What can be known without executing anything is judged here. Whether it comes true, and whether it
could fail at all, others find out.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from monocyte.cell.definition import App, Declared, date_of
from monocyte.cell.evidence import Decision, DecisionKind, Picture, Runbook, Scenario
from monocyte.cell.places import line_of, release_of
from monocyte.cell.rules import Retired, Rule
from monocyte.cell.signatures import annotations_of, shape_faults
from monocyte.cell.source import Source
from monocyte.contracts.annotations import spell
from monocyte.errors import DefinitionError

__all__ = ["PROOFS", "Journeys", "Proofs", "journeys_of", "retirement_faults"]


class Journeys(NamedTuple):
    """What holds across the cells of an app, as one file declares it."""

    name: str
    module: str
    file: str
    where: str
    purpose: str
    release: str
    scenarios: tuple[Scenario, ...]
    picture: Picture | None


def journeys_of(app: App, purpose: str) -> Journeys:
    """Read an app's scenarios and map; `purpose` is the prose at the top of its file.

    Raises:
        DefinitionError: they are not well formed; `more` holds the further faults.
    """
    proofs = Proofs()
    for where, role in app.unused.items():
        proofs.fault(f"@{role} stands above no function", where, f"@app.{role}(...) above a def")
    for declared in app.declared:
        proofs.found += shape_faults(declared, is_global=app.is_global)
        proofs.scenario(declared)
    if faults := sorted([*app.faults, *proofs.found], key=line_of):
        first, *more = faults
        raise DefinitionError(first.message, where=first.where, mend=first.mend, more=tuple(more))
    told = (app.name, app.module, app.file, app.where, purpose, release_of(app.file))
    return Journeys(*told, tuple(proofs.scenarios), app.drawn)


class Proofs:
    """What was read so far, and what is `found` wrong; one method for each role."""

    def __init__(self) -> None:
        self.scenarios: list[Scenario] = []
        self.decisions: list[Decision] = []
        self.runbooks: list[Runbook] = []
        self.found: list[DefinitionError] = []
        self._names: dict[str, str] = {}
        self._unsound: set[Any] = set()
        """Scenarios with a fault: what stands on them is not reported once more."""

    def fault(self, message: str, where: str, mend: str) -> None:
        """Note what is wrong."""
        self.found.append(DefinitionError(message, where=where, mend=mend))

    # -- scenarios ---------------------------------------------------------------------------------

    def scenario(self, it: Declared) -> None:
        """Read a scenario: one, or one for each row that is given."""
        self._take(it)
        self._plain(it)
        rows: Any = it.options.get("given")
        wanted = [p for p in _parameters(it)[1:] if rows is not None or p.default is p.empty]
        if not _parameters(it) or (rows is None and wanted):
            what = f"{it.function.__name__} must be a plain function of one parameter"
            mend = "def (lab: World) -> None; further ones need @scenario(given={…})"
            self.fault(what, it.where, mend)
            self._unsound.add(it.function)
        elif rows is None:
            self.scenarios.append(Scenario(it.function, it.where))
        else:
            self._rows(it, rows, [p.name for p in wanted])

    def _rows(self, it: Declared, rows: object, wanted: list[str]) -> None:
        if not isinstance(rows, Mapping) or not rows:
            mend = 'given={"a name": (argument, …), …}'
            self.fault("a scenario is given a mapping of rows", it.where, mend)
            self._unsound.add(it.function)
            return
        for row, arguments in rows.items():
            if not isinstance(arguments, tuple) or len(arguments) != len(wanted):
                takes = f"a tuple of {len(wanted)}: {', '.join(wanted) or 'nothing'}"
                what = f"row {row!r} of {it.function.__name__} does not fit its parameters"
                self.fault(what, it.where, f"give {takes}")
                self._unsound.add(it.function)
            else:
                self.scenarios.append(Scenario(it.function, it.where, str(row), arguments))

    # -- decisions ---------------------------------------------------------------------------------

    def decision(self, it: Declared) -> None:
        """Read a decision: what it is checked against, and until when it holds."""
        self._take(it)
        self._plain(it)
        self._said(it, "why it is so")
        if not str(it.options["instead_of"]).strip():
            mend = 'instead_of="what else could have been done"'
            self.fault("a decision names its alternative", it.where, mend)
        kind = self._kind(it)
        if kind is None:
            return
        self._dates(it, kind)
        until, review = it.options["until"], date_of(it.options["review"])
        ends = until if callable(until) else date_of(until)
        refuted: Any = it.options["refuted_by"]
        if not isinstance(refuted, str):
            mend = "give it as source, as a string"
            self.fault(f"refuted_by of {it.function.__name__} is no text", it.where, mend)
        elif (kind == "structure") is not bool(refuted.strip()):
            self._refutation(it, kind)
        made = Decision(
            *(it.function.__name__, kind, it.function, it.where),
            *(it.options["instead_of"], ends, review, refuted),
        )
        self.decisions.append(made)

    def _kind(self, it: Declared) -> DecisionKind | None:
        """What it is checked against; None if that cannot be told, which is noted."""
        parameters = _parameters(it)
        if not parameters:
            return "assumption"
        hints = self._hints(it)
        if hints is None:
            return None
        mend = "(lab: World), (it: Source), or () for an assumption"
        name, hint = it.function.__name__, hints.get(parameters[0].name)
        if len(parameters) > 1 or hint is None:
            self.fault(f"{name} takes one annotated parameter, or none", it.where, mend)
        elif hint is Source:
            return "structure"
        elif any(base.__name__ == "World" for base in getattr(hint, "__mro__", ())):
            return "behaviour"  # World lives above this room: known by its name
        else:
            self.fault(f"{name} is checked against {spell(hint)}", it.where, mend)
        return None

    def _dates(self, it: Declared, kind: DecisionKind) -> None:
        name, until, review = it.function.__name__, it.options["until"], it.options["review"]
        conditional = callable(until)
        for what, given in (("until", None if conditional else until), ("review", review)):
            if given is not None and date_of(given) is None:
                fault = f"{what}={given!r} of {name} is no date"
                self.fault(fault, it.where, 'write it as "2028-01-31"')
        if review is None and (conditional or kind == "assumption"):
            why = "nothing executes it" if kind == "assumption" else "a condition may never hold"
            mend = f'give review="2027-01-31": {why}, so people look again on that day'
            self.fault(f"{name} has no date of review", it.where, mend)
        if conditional and _required(until) > 1:
            mend = "let it take nothing, or the cell's Source"
            self.fault(f"the condition that ends {name} takes too much", it.where, mend)

    def _refutation(self, it: Declared, kind: DecisionKind) -> None:
        name = it.function.__name__
        if kind == "structure":
            mend = 'say what source would: refuted_by="import socket"'
            self.fault(f"nothing refutes {name}, so it may be unable to fail", it.where, mend)
        else:
            mend = "take it away, or let the check take a Source"
            self.fault(f"refuted_by of {name} is source, and it reads none", it.where, mend)

    # -- runbooks ----------------------------------------------------------------------------------

    def runbook(self, it: Declared) -> None:
        """Read a runbook; its scenario must have been declared above it."""
        self._take(it)
        self._said(it, "what it achieves")
        self._occasion(it)
        hints = self._hints(it)
        if hints is None:
            return
        name, options = it.function.__name__, it.options
        names = [p.name for p in _parameters(it)]
        example: Any = options["example"]
        if not names or any(n not in hints for n in names):
            mend = "def (it: Operator, …) -> Steps, each parameter with its type"
            self.fault(f"{name} needs an operator and annotations", it.where, mend)
        elif not isinstance(example, Mapping) or {*example} != {*names[1:]}:
            mend = f"example={{…}} with {', '.join(names[1:]) or 'nothing'}"
            self.fault(f"the example of {name} does not fit its parameters", it.where, mend)
        after = next((s for s in self.scenarios if s.function is options["after"]), None)
        if after is not None:
            parameters = {n: hints.get(n) for n in names[1:]}
            made = Runbook(
                *(name, it.function, it.where, options["when"], after, options["keeps"]),
                *(tuple(options["roles"]), parameters, example),
            )
            self.runbooks.append(made)
        elif options["after"] not in self._unsound:
            mend = "after=a scenario of this cell, declared above"
            self.fault(f"{name} is rehearsed after no scenario", it.where, mend)

    def _occasion(self, it: Declared) -> None:
        """When it is needed, who does it, and what it must restore."""
        name, options = it.function.__name__, it.options
        if not inspect.isgeneratorfunction(it.function):
            mend = "write it as a generator: yield Step(…)"
            self.fault(f"{name} yields no steps", it.where, mend)
        if not str(options["when"]).strip():
            self.fault(f"{name} does not say when it is needed", it.where, 'when="…"')
        if options["keeps"] is not None and not callable(options["keeps"]):
            mend = "keeps=a function of the operator"
            self.fault(f"what {name} keeps is no view", it.where, mend)
        roles = options["roles"]
        if isinstance(roles, str) or not all(isinstance(role, str) for role in roles):
            mend = f"roles=({roles!r},)" if isinstance(roles, str) else "roles=('technician',)"
            self.fault(f"the roles of {name} are no tuple of names", it.where, mend)

    # -- what they share ---------------------------------------------------------------------------

    def _take(self, it: Declared) -> None:
        name = it.function.__name__
        first = self._names.setdefault(name, it.where)
        if first != it.where:
            self.fault(f"two artefacts are called {name}", it.where, f"rename one; see {first}")

    def _plain(self, it: Declared) -> None:
        if inspect.iscoroutinefunction(it.function):
            what = f"{it.function.__name__} must be a plain function of one parameter"
            self.fault(what, it.where, "def (lab: World) -> None: it waits by itself")

    def _said(self, it: Declared, what: str) -> None:
        if not (it.function.__doc__ or "").strip():
            mend = f"its docstring says {what}"
            self.fault(f"{it.function.__name__} does not say {what}", it.where, mend)

    def _hints(self, it: Declared) -> dict[str, Any] | None:
        """Its annotations; None if they cannot be read, which is noted."""
        try:
            return annotations_of(it)
        except DefinitionError as fault:
            self.found.append(fault)
            return None


PROOFS: dict[str, Callable[[Proofs, Declared], None]] = {
    "scenario": Proofs.scenario,
    "decision": Proofs.decision,
    "runbook": Proofs.runbook,
}
"""How what proves a cell is read, by its role."""


def _parameters(it: Declared) -> list[inspect.Parameter]:
    return list(inspect.signature(it.function).parameters.values())


def _required(condition: Callable[..., bool]) -> int:
    """How many arguments a condition must be given."""
    try:
        parameters = inspect.signature(condition).parameters.values()
    except (TypeError, ValueError):  # a builtin that does not say
        return 0
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    keywords = sum(p.kind is p.KEYWORD_ONLY and p.default is p.empty for p in parameters)
    return sum(p.kind in kinds and p.default is p.empty for p in parameters) + 2 * keywords


def retirement_faults(rules: Mapping[str, Rule | Retired]) -> Iterator[DefinitionError]:
    """Every rule that supersedes what was never retired; `rules` are those of all cells, by ID."""
    for rule in rules.values():
        old = rule.supersedes
        if old and (old == rule.id or not isinstance(rules.get(old), Retired)):
            here = "which is still in force" if old in rules else "which nobody knows"
            here = "which is itself" if old == rule.id else here
            yield DefinitionError(
                f"{rule.id} supersedes {old}, {here}",
                where=rule.where,
                mend=f'keep it with its reason: cell.retired("{old}", "…", because="…")',
            )
