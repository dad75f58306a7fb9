"""What became of each test: weakened, gone, strengthened, moved, or the same; and how it is known.

Rules read both versions, the kill matrix runs them. One finding per test: CHANGED with a witness
where a run shows it, UNKNOWN with the rule where only reading does.
"""

from __future__ import annotations

import ast
import difflib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath

from monocyte.semdiff.sources import Tree
from monocyte.semdiff.testdiff.asked import Key, Ran
from monocyte.semdiff.testdiff.both import Both, data_of
from monocyte.semdiff.testdiff.checks import Reading
from monocyte.semdiff.testdiff.conventions import (
    Module,
    Test,
    is_support,
    module_of,
)
from monocyte.semdiff.testdiff.layout import CONFIG_FILES, Layout
from monocyte.semdiff.testdiff.loading import words_of
from monocyte.semdiff.testdiff.matrix import Matrix, Runs, Spot, running
from monocyte.semdiff.testdiff.pairing import paired, said
from monocyte.semdiff.testdiff.project import project_hits
from monocyte.semdiff.testdiff.reading import read
from monocyte.semdiff.testdiff.rules import (
    Expected,
    Hit,
    Pair,
    expectations,
    hits,
    lost_checks,
)
from monocyte.semdiff.verdicts import Finding, Place, Severity, Verdict, Witness

__all__ = ["test_diff"]


def test_diff(
    old: Tree,
    new: Tree,
    seconds: float = 20.0,  # noqa: PT028 (it is about tests, and is none)
    *,
    run: bool = True,  # noqa: PT028
) -> list[Finding]:
    """What became of the tests between two trees; nothing is run if that is not wished."""
    both = Both(old, new)
    if not both.differing:
        return []
    judge = _Judge(both)
    if run and judge.wanted != ([], []):
        judge.run(seconds)
    return sorted(judge.findings(), key=_order)


test_diff.__test__ = False  # type: ignore[attr-defined]


def _order(finding: Finding) -> tuple[str, int, str]:
    place = finding.new or finding.old
    return (place.file, place.line, finding.definition) if place else ("", 0, "")


# -- judging --------------------------------------------------------------------------------------


@dataclass
class _Case:
    """One test: its versions, what was read of it, and what was seen."""

    old: Test | None
    new: Test | None
    hits: list[Hit] = field(default_factory=list)
    differs: bool = True
    """Whether its own code differs, and not only what it rests on."""
    pair: Pair | None = None

    @property
    def is_elsewhere(self) -> bool:
        """Whether it is not found under its name where it was."""
        return self.old is not None and (self.new is None or self.old.key != self.new.key)


class _Judge:
    def __init__(self, both: Both) -> None:
        self.both = both
        self.tests = both.tests(0), both.tests(1)
        self.pairs = paired(*self.tests)
        self.cases = self._cases()
        self.project = project_hits(both.sides)
        self.helpers = list(self._helpers())
        self.wanted = self._wanted()
        self.matrix: Matrix | None = None
        self.shown: dict[Key, Spot] = {}

    # -- by reading -------------------------------------------------------------------------------

    def _cases(self) -> list[_Case]:
        old, new = self.tests
        cases = [_Case(it, new.get(self.pairs.get(key, key))) for key, it in old.items()]
        taken = set(self.pairs.values())
        cases += [_Case(None, it) for key, it in new.items() if key not in taken]
        for case in cases:
            if case.old and case.new:
                case.differs = said(case.old) != said(case.new)
                case.pair = self._pair(case.old, case.new)
        self.moved = [self._come(it) for it in cases]
        every = Counter(text for texts in self.moved for text in texts)
        for case, own in zip(cases, self.moved, strict=True):
            if case.pair:
                others = frozenset(it for it, count in every.items() if count > (it in own))
                case.pair = case.pair._replace(elsewhere=others)
                if case.differs or case.pair.old != case.pair.new or case.old != case.new:
                    case.hits = hits(case.pair)
        return cases

    def _pair(self, old: Test, new: Test) -> Pair:
        modules = self.both.modules[0][old.path], self.both.modules[1][new.path]
        names = self.both.names(modules[0]), self.both.names(modules[1])
        readings = (
            read(old.node, modules[0], names[0]),
            read(new.node, modules[1], names[1]),
        )
        return Pair(*readings, (old, new), modules, names, frozenset(), self.both.project)

    def _read(self, test: Test, side: int) -> Reading:
        module = self.both.modules[side][test.path]
        return read(test.node, module, self.both.names(module))

    def _come(self, case: _Case) -> frozenset[str]:
        """Checks that a test has gained: what another has lost may be there."""
        if case.new and not case.old:
            come = self._read(case.new, 1).checks
        else:
            come = lost_checks(case.pair)[1] if case.pair and case.differs else []
        return frozenset(it.text for it in come if not it.conditions)

    def _helpers(self) -> Iterator[tuple[str, str, Hit]]:
        """What the rules see in functions of the tests that are no tests: fixtures, helpers."""
        for path, new in self.both.modules[1].items():
            old = self.both.modules[0].get(path)
            if old is None:
                continue
            ours, theirs = _helpers(old), _helpers(new)
            for name in ours.keys() & theirs.keys():
                pair = self._pair(ours[name], theirs[name])
                if said(ours[name]) != said(theirs[name]):
                    for hit in hits(pair):
                        yield path, name, hit

    # -- what is run ------------------------------------------------------------------------------

    def _wanted(self) -> tuple[list[Key], list[Key]]:
        """The tests that are run: those that differ, and those that rest on what differs."""
        old: dict[Key, None] = {}
        new: dict[Key, None] = {}
        resting = self._resting()
        for case in self.cases:
            if case.old is None:
                assert case.new is not None  # noqa: S101
                new[case.new.key] = None
            elif case.differs or case.is_elsewhere or case.old.key in resting:
                old[case.old.key] = None
                if case.new is not None:
                    new[case.new.key] = None
        for path in sorted({path for path, _ in resting} - set(self.both.modules[0])):
            for test in self._unchanged(path):
                old[test.key] = new[test.key] = None
                self.tests[0][test.key] = self.tests[1][test.key] = test
                self.pairs[test.key] = test.key
                self.cases.append(_Case(test, test, differs=False))
        return list(old), list(new)

    def _unchanged(self, path: str) -> list[Test]:
        """The tests of a file that is the same on both sides."""
        module = module_of(self.both.trees[0][path], self.both.rules[0])
        return list(module.tests.values()) if module else []

    def _resting(self) -> set[Key]:
        """Tests that rest on something that differs: helpers, fixtures, data, configuration."""
        keys: set[Key] = set()
        for path in self._files_resting():
            module = self.both.modules[0].get(path)
            tests = module.tests.values() if module else self._unchanged(path)
            keys |= {it.key for it in tests}
        for path, old in self.both.modules[0].items():
            new = self.both.modules[1].get(path)
            if new is not None and self.both.rules[0].is_test_file(path):
                other = {name for name, _ in (old.rest - new.rest) + (new.rest - old.rest)}
                keys |= {(path, name) for name in old.resting(other)} if other else set()
        return keys

    def _files_resting(self) -> set[str]:
        """Test files that rest on another file that differs."""
        found: set[str] = set()
        tree, rules = self.both.trees[0], self.both.rules[0]
        every = [it for it in tree if it.endswith(".py") and rules.is_test_file(it)]
        for path in self.both.differing:
            name = PurePosixPath(path).name
            old, new = (it.get(path) for it in self.both.modules)
            if name == "conftest.py":
                if (old.rest if old else None) != (new.rest if new else None):
                    below = str(PurePosixPath(path).parent)
                    found |= {it for it in every if below == "." or it.startswith(f"{below}/")}
            elif path in CONFIG_FILES:
                if self.both.rules[0] != self.both.rules[1]:
                    found |= set(every)
            elif rules.is_test_file(path):
                continue
            elif path not in self.both.code[0] and is_support(path, rules):
                words = {PurePosixPath(path).stem.encode(), name.encode()}
                found |= {it for it in every if any(word in data_of(tree[it]) for word in words)}
            elif (
                path not in tree and is_support(path, self.both.rules[1]) and name == "__init__.py"
            ):
                found |= {
                    it for it in every if PurePosixPath(it).parent == PurePosixPath(path).parent
                }
        return found

    def run(self, seconds: float) -> None:
        """Run what is wanted, on the old code and on its mutants."""
        both = self.both
        old, new = self.wanted
        first = [it for it in old if self._differs(it)]
        rest = [it for it in old if it not in set(first)]
        rest = rest[:: max(1, len(rest) // MOST_RESTING)]  # of those that only rest on it, some
        old = [*first, *rest][:MOST_TESTS]
        kept = {self.pairs[it] for it in old if it in self.pairs}
        new = [it for it in new if it in kept or it not in set(self.pairs.values())]
        files = tuple(sorted({path for path, _ in side}) for side in (old, new))
        with Layout(*both.trees, both.rules) as layout:
            if not layout.complete:
                return
            with running(layout, (files[0], files[1]), seconds) as runs:
                suspected = any(not hit.sure for case in self.cases for hit in case.hits)
                self.matrix = runs.matrix(
                    (old, new), self.pairs, self._words(first), thorough=suspected
                )
                self._confirm(runs)
                self.sources = {spot: runs.mutated(spot) for spot in set(self.shown.values())}

    def _words(self, keys: Iterable[Key]) -> frozenset[str]:
        """What old tests mention, and what their files import."""
        tests = [self.tests[0][key] for key in keys]
        modules = {it.path: self.both.modules[0][it.path].tree for it in tests}
        imports = [
            node
            for tree in modules.values()
            for node in tree.body
            if isinstance(node, ast.Import | ast.ImportFrom)
        ]
        return frozenset(
            word for node in (*(it.node for it in tests), *imports) for word in words_of(node)
        )

    def _differs(self, key: Key) -> bool:
        other = self.tests[1].get(self.pairs.get(key, key))
        return other is None or other.key != key or said(self.tests[0][key]) != said(other)

    def _confirm(self, runs: Runs) -> None:
        found = self.matrix
        if found is None or found.old.problem or found.new.problem:
            return
        losses = {
            key: sorted(self.lost(key), key=lambda it: _rank(found, it)) for key in self._ran()
        }
        self.shown = runs.seen_again(
            found, {key: spots for key, spots in losses.items() if spots}, self.pairs
        )

    def _ran(self) -> list[Key]:
        """Old tests that passed, and whose new version runs."""
        assert self.matrix is not None  # noqa: S101
        return [
            key
            for key in self.wanted[0]
            if any(it.outcome == "passed" for it in self.matrix.old.of(key))
        ]

    def lost(self, key: Key) -> set[Spot]:
        """What an old test noticed that neither its new version nor a gain of others does."""
        found = self.matrix
        assert found is not None  # noqa: S101
        before = found.old.kills_of(key) & found.mutants.keys()
        other = self.pairs.get(key)
        after = found.new.kills_of(other) if other else set()
        return before - after - self.gained

    @cached_property
    def gained(self) -> set[Spot]:
        """What new tests notice, and what changed ones notice now that they did not."""
        assert self.matrix is not None  # noqa: S101
        back = {new: old for old, new in self.pairs.items()}
        gained: set[Spot] = set()
        for key in {(it.file, it.name) for it in self.matrix.new.ran.values()}:
            before = self.matrix.old.kills_of(back[key]) if key in back else set()
            gained |= self.matrix.new.kills_of(key) - before
        return gained

    # -- what is said -----------------------------------------------------------------------------

    def findings(self) -> Iterator[Finding]:
        """One finding for each test that is not the same, and for each file that sways them."""
        for case in self.cases:
            finding = self._of(case)
            if finding is not None:
                yield finding
        for path, hit in self.project:
            if hit.sure or not self._is_kept():
                yield _suspect(path, hit, None, Place(path, hit.line))
        for path, name, hit in self.helpers:
            if hit.sure or not self._is_kept():
                yield _suspect(name, hit, Place(path), Place(path, hit.line))

    def _is_kept(self) -> bool:
        """Whether the matrix shows that all tests notice what they did."""
        found = self.matrix
        if found is None or found.old.problem or found.new.problem or not found.mutants:
            return False
        if not any(found.old.kills.values()) or not found.is_enough:
            return False
        return all(not self.lost(key) and self._runs(key) for key in self._ran())

    def _runs(self, key: Key) -> bool:
        assert self.matrix is not None  # noqa: S101
        other = self.pairs.get(key)
        return other is not None and any(it.outcome == "passed" for it in self.matrix.new.of(other))

    def _of(self, case: _Case) -> Finding | None:
        if case.old is None:
            return self._added(case)
        found = self.matrix
        usable = found is not None and not found.old.problem and not found.new.problem
        seen = found.old.of(case.old.key) if usable and found else []
        passed = [it for it in seen if it.outcome == "passed"]
        if case.new is None:
            return self._gone(case, passed)
        if not passed:
            return self._unseen(case, found, seen)
        return self._compared(case, passed)

    def _added(self, case: _Case) -> Finding | None:
        assert case.new is not None  # noqa: S101
        if not self._read(case.new, 1).checks and not self.matrix:
            return None
        return Finding(
            verdict=Verdict.UNKNOWN,
            kind="test",
            definition=case.new.name,
            what="is a new test",
            why=("there is nothing to compare it with",),
            rule="test-added",
            severity=Severity.NOTE,
            new=_place(case.new),
        )

    def _gone(self, case: _Case, passed: Sequence[Ran]) -> Finding:
        assert case.old is not None  # noqa: S101
        rule, what = self._whereabouts(case.old)
        subject = self._lost_subject(case.old)
        if subject:
            return _note(case, "test-removed", f"is gone with what it tested: `{subject}`")
        if self._is_elsewhere(case.old):
            return _note(case, "test-moved", "is gone; what it checked, others check now")
        if passed:
            witness = _command(passed[0].id, "passed", what)
            return _changed(case, rule, what, (), witness)
        return _unknown(case, rule, what, (self._why_unrun(),))

    def _is_elsewhere(self, test: Test) -> bool:
        found = self.matrix
        if found and not found.old.problem and not found.new.problem:
            before = found.old.kills_of(test.key) & found.mutants.keys()
            if before:
                return not self.lost(test.key)
        checks = {it.text for it in self._read(test, 0).checks}
        return bool(checks) and checks <= frozenset().union(*self.moved)

    def _whereabouts(self, test: Test) -> tuple[str, str]:
        """Why a test is none any more."""
        module = self.both.modules[1].get(test.path)
        if module is None:
            held = test.path in self.both.trees[1]
            return ("unreadable" if held else "test-removed"), (
                "its file cannot be read" if held else "its file is gone"
            )
        if not self.both.rules[1].is_test_file(test.path):
            return "uncollected", "its file is not collected any more"
        why = module.uncollected(test.name)
        return ("uncollected", why) if why else ("test-removed", "is gone")

    def _lost_subject(self, test: Test) -> str:
        """What the test is about, if the code has none of it any more."""
        module = self.both.modules[0][test.path]
        names = self.both.names(module)
        used = {it for it in names.within([test.node]) if it.partition(".")[0] in self.both.project}
        used = {it for it in used if not any(other.startswith(f"{it}.") for other in used)}
        old, new = self.both.defined
        lost = {it for it in used if it.rpartition(".")[2] in old - new}
        return ", ".join(sorted(lost)) if lost == used else ""

    def _why_unrun(self) -> str:
        found = self.matrix
        if found is None:
            return "nothing was run"
        return found.old.problem or found.new.problem or "it does not pass on the old code here"

    def _unseen(self, case: _Case, found: Matrix | None, seen: Sequence[Ran]) -> Finding | None:
        """A test that could not be run: what reading tells stands alone."""
        assert case.old is not None  # noqa: S101
        said = _told(case.hits)
        expected = expectations(case.pair) if case.pair and self.both.code_differs else []
        if expected:
            said += tuple(_expectation(it) for it in expected)
        reason = next((it.why for it in seen if it.why), "") or self._why_unrun()
        if case.hits:
            return _unknown(case, case.hits[0].rule, case.hits[0].what, (*said[1:], reason))
        if expected:
            return _unknown(case, "expectation-changed", said[0], (*said[1:], reason))
        if case.differs and found is not None:
            return _unknown(case, "unseen", "differs, and could not be compared", (reason,))
        if case.is_elsewhere:
            return _note(case, "test-moved", f"was {case.old.path}::{case.old.name}", reason)
        return None

    def _compared(self, case: _Case, passed: Sequence[Ran]) -> Finding | None:
        assert case.old is not None  # noqa: S101
        assert case.new is not None  # noqa: S101
        found = self.matrix
        assert found is not None  # noqa: S101
        now = found.new.of(case.new.key)
        if not any(it.outcome == "passed" for it in now):
            return self._not_passing(case, passed, now)
        sure = [it for it in case.hits if it.sure]
        if case.old.key in self.shown:
            return self._weakened(case, passed, self.shown[case.old.key])
        fewer = [it for it in now if it.outcome in ("skipped", "xfailed")]
        if fewer and len([it for it in now if it.outcome == "passed"]) < len(passed):
            witness = _command(fewer[0].id, "passed", fewer[0].outcome)
            return _changed(case, "skipped", f"`{fewer[0].id}` is {fewer[0].outcome}",
                            _told(case.hits), witness)  # fmt: skip
        kills = found.old.kills_of(case.old.key) & found.mutants.keys()
        cleared = kills and found.is_enough and not self.lost(case.old.key)
        held = sure if cleared else case.hits
        if not held and not cleared and len(now) < len(passed):
            what = f"is {len(now)} tests now, and was {len(passed)}"
            return _unknown(case, "cases-removed", what, (found.budget,))
        if held:
            return _unknown(case, held[0].rule, held[0].what, (*_told(held[1:]), found.budget))
        return self._stronger(case, kills)

    def _not_passing(self, case: _Case, passed: Sequence[Ran], now: Sequence[Ran]) -> Finding:
        assert self.matrix is not None  # noqa: S101
        assert case.new is not None  # noqa: S101
        broken = self.matrix.new.uncollected.get(case.new.path, "")
        failed = next((it for it in now if it.outcome == "failed"), None)
        if now and failed is None:
            outcome = now[0].outcome or "not run"
            if not now[0].outcome and case.hits:
                first = case.hits[0]
                return _unknown(case, first.rule, first.what, (*_told(case.hits[1:]), now[0].why))
            if not now[0].outcome:
                differs = case.differs or case.is_elsewhere
                bad = Severity.WARNING if differs else Severity.NOTE
                what = "differs" if differs else "rests on what differs"
                return _unknown(case, "unseen", f"{what}, and was not run", (now[0].why,), bad)
            rule = {"skipped": "skipped", "xfailed": "xfailed"}.get(outcome, "not-run")
            what = f"is {outcome}, where it passed"
            witness = _command(passed[0].id, "passed", outcome)
            return _changed(case, rule, what, (*_told(case.hits), now[0].why), witness)
        if not now and not broken:
            witness = _command(passed[0].id, "passed", "not collected")
            return _changed(case, "uncollected", "is not collected", _told(case.hits), witness)
        reason = broken or (failed.why if failed else "")
        return self._following(case, passed, reason)

    def _following(self, case: _Case, passed: Sequence[Ran], reason: str) -> Finding:
        """The new version does not pass on the old code: it goes with the change of the code."""
        why = f"it does not pass on the old code: {reason}"
        expected = expectations(case.pair) if case.pair else []
        if not self.both.code_differs:
            return _unknown(case, "fails", "fails, and the code is the same", (why,))
        if expected:
            said = [_expectation(it) for it in expected]
            witness = _command(passed[0].id, "passed", f"failed: {reason}")
            told = (*said[1:], *_told(case.hits), "both were run on the old code")
            return _changed(case, "expectation-changed", said[0], told, witness, Severity.WARNING)
        if case.hits:
            return _unknown(
                case, case.hits[0].rule, case.hits[0].what, (*_told(case.hits[1:]), why)
            )
        return _unknown(case, "follows-code", "goes with the new code", (why,), Severity.NOTE)

    def _weakened(self, case: _Case, passed: Sequence[Ran], spot: Spot) -> Finding:
        found = self.matrix
        assert found is not None  # noqa: S101
        assert case.old is not None  # noqa: S101
        mutant = found.mutants[spot]
        kills = found.old.kills_of(case.old.key) & found.mutants.keys()
        lost = self.lost(case.old.key)
        what = f"no longer notices {mutant}"
        count = f"{len(lost)} of {len(kills)} mutants that it noticed are unnoticed now"
        first = next(
            (it.id for it in passed if spot in found.old.kills.get(it.id, ())),
            passed[0].id,
        )
        error = found.old.errors.get((first, spot), "")
        witness = _with_mutant(spot[0], self.sources[spot], first, case, error)
        rule = case.hits[0].rule if case.hits else "kills-lost"
        return _changed(case, rule, what, (*_told(case.hits), count, found.budget), witness)

    def _stronger(self, case: _Case, kills: set[Spot]) -> Finding | None:
        found = self.matrix
        assert found is not None  # noqa: S101
        assert case.new is not None  # noqa: S101
        assert case.old is not None  # noqa: S101
        more = (found.new.kills_of(case.new.key) & found.mutants.keys()) - kills
        if more:
            mutant = found.mutants[min(more)]
            what = f"is stronger: it notices {len(more)} mutants more, such as {mutant}"
            return _note(case, "test-strengthened", what, found.budget)
        if case.old.key != case.new.key:
            return _note(
                case,
                "test-moved",
                f"was {case.old.path}::{case.old.name}",
                found.budget,
            )
        if not case.differs:
            return None
        if not kills:
            return _note(case, "unseen", "notices no mutant, before and after", found.budget)
        return Finding(
            verdict=Verdict.NO_DIFFERENCE_FOUND,
            kind="test",
            definition=case.new.name,
            what=f"notices what it did: {len(kills)} mutants",
            why=(found.budget,),
            rule="kill-matrix",
            severity=Severity.IGNORED,
            old=_place(case.old),
            new=_place(case.new),
        )


MOST_TESTS = 400
"""Test functions that are run, at most; those that differ come first."""

MOST_RESTING = 40
"""About so many are run of those that are the same, and only rest on what differs."""


def _rank(found: Matrix, spot: Spot) -> tuple[int, Spot]:
    """Losses that are plain to see first: a value or a condition, rather than a lost statement."""
    return (found.mutants[spot].operator in ("statement", "decided condition"), spot)


def _helpers(module: Module) -> dict[str, Test]:
    return {it.name: it for it in module.helpers}


# -- findings -------------------------------------------------------------------------------------


def _place(test: Test) -> Place:
    return Place(test.path, test.node.lineno)


def _told(found: Iterable[Hit]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{it.rule}: {it.what}" for it in found))


def _expectation(it: Expected) -> str:
    actual, old, new, _ = it
    return f"`{actual}` was expected to be `{old}`, and is to be `{new}`"


def _name(case: _Case) -> str:
    held = case.new or case.old
    assert held is not None  # noqa: S101
    return held.name


def _note(case: _Case, rule: str, what: str, *why: str) -> Finding:
    return _unknown(case, rule, what, why or ("it was read, and not run",), Severity.NOTE)


def _unknown(
    case: _Case,
    rule: str,
    what: str,
    why: Sequence[str],
    severity: Severity = Severity.WARNING,
) -> Finding:
    kept = tuple(it for it in why if it) or ("it was read, and not run",)
    return Finding(
        verdict=Verdict.UNKNOWN,
        kind="test",
        definition=_name(case),
        what=what,
        why=kept,
        rule=rule,
        severity=severity,
        old=_place(case.old) if case.old else None,
        new=_place(case.new) if case.new else None,
    )


def _suspect(name: str, hit: Hit, old: Place | None, new: Place) -> Finding:
    return Finding(
        verdict=Verdict.UNKNOWN,
        kind="test",
        definition=name,
        what=hit.what,
        why=("it bears on every test that rests on it",),
        rule=hit.rule,
        old=old,
        new=new,
    )


def _changed(
    case: _Case,
    rule: str,
    what: str,
    why: Sequence[str],
    witness: Witness,
    severity: Severity = Severity.BREAKING,
) -> Finding:
    return Finding(
        verdict=Verdict.CHANGED,
        kind="test",
        definition=_name(case),
        what=what,
        why=tuple(it for it in why if it),
        rule=rule,
        severity=severity,
        witness=witness,
        old=_place(case.old) if case.old else None,
        new=_place(case.new) if case.new else None,
    )


def _command(test: str, old: str, new: str) -> Witness:
    code = (
        "import subprocess, sys\n\n"
        f'subprocess.run([sys.executable, "-m", "pytest", "-rA", {test!r}])\n'
    )
    return Witness(code=code, old=old, new=new)


def _with_mutant(file: str, texts: tuple[str, str], test: str, case: _Case, error: str) -> Witness:
    """A script that puts the mutant into the old code, and runs the test."""
    before, after = (it.splitlines(keepends=True) for it in texts)
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    edits = [
        (start, end, after[first:last])
        for tag, start, end, first, last in matcher.get_opcodes()
        if tag != "equal"
    ]
    new = case.new
    again = f"{new.path}::{new.name.replace('.', '::')}" if new else "(gone)"
    code = (
        '"""On the old code: the old test notices this mutant, the new one does not."""\n'
        "import pathlib, subprocess, sys\n\n"
        f"path = pathlib.Path({file!r})\n"
        "text = path.read_text()\n"
        "lines = text.splitlines(keepends=True)\n"
        f"for start, end, new in reversed({edits!r}):\n"
        "    lines[start:end] = new\n"
        'path.write_text("".join(lines))\n'
        "try:\n"
        f'    subprocess.run([sys.executable, "-m", "pytest", "-q", {test!r}])  # now {again}\n'
        "finally:\n"
        "    path.write_text(text)\n"
    )
    return Witness(code=code, old=f"fails: {error}" if error else "fails", new="passes")
