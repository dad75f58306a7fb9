"""Mutation: what survives is told, what cannot fail is told, and nothing else goes wrong of it."""

import os
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from monocyte.cell import Loaded, Manifest, Waiver
from monocyte.literate.artefacts import Artefact, artefacts_of
from monocyte.literate.mutation.mutating import mutate
from monocyte.literate.mutation.report import MutationReport, mutation_findings
from tests.cell.apps import App

TODAY = date(2026, 11, 22)

TILL = '''\
"""# A till."""

import os
import time

from monocyte import Caller, Cell, Command, Event, Query, State
from monocyte.testing import World


class Paid(Event):
    amount: int
    by: str


class Pay(Command[Paid]):
    amount: int


class Total(Query[int]):
    pass


class Drawer(State):
    total: int = 0


cell = Cell("till", state=Drawer)

SMALL = cell.rule("TILL-1", "Nobody pays more than eight.")


@cell.handles
def pay(it: Pay, drawer: Drawer, caller: Caller) -> Paid:
    SMALL.require(it.amount <= 8, f"{it.amount} is too much")
    return Paid(it.amount, caller.name)


@cell.handles
def total(it: Total, drawer: Drawer) -> int:
    return drawer.total


@cell.evolves
def put(it: Paid, drawer: Drawer) -> None:
    drawer.total += it.amount


# more
'''

WELL = """
@cell.scenario
def ada_pays(lab: World) -> None:
    lab.by("ada").send(Pay(8))
    lab.by("ada").send(Pay(1))
    assert lab.by("ada").ask(Total()) == 9
    assert [it.by for it in lab.events(Paid)] == ["ada"] * 2


@cell.scenario
def nobody_pays_nine(lab: World) -> None:
    with SMALL.refuses():
        lab.by("ada").send(Pay(9))
"""

PACKAGES = iter(range(10_000))


class Till:
    """The cell above with other proofs; each is a package of its own, so that none is reused."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def load(self, proofs: str = WELL, change: tuple[str, str] = ("", "")) -> Loaded:
        """Write it, with one change to its behaviour, and load it."""
        text = TILL.replace(*change) if change[0] else TILL
        assert text != TILL or not change[0]
        loaded = App(self._root, f"till{next(PACKAGES)}").load(till=text + proofs)
        assert not loaded.faults, loaded.faults
        return loaded

    def mutate(
        self,
        proofs: str = WELL,
        change: tuple[str, str] = ("", ""),
        previous: MutationReport | None = None,
    ) -> MutationReport:
        """Mutate it."""
        return mutated(self.load(proofs, change).manifests, previous=previous)


def mutated(
    manifests: tuple[Manifest, ...],
    artefacts: tuple[Artefact, ...] = (),
    previous: MutationReport | None = None,
) -> MutationReport:
    """Mutate with the artefacts of the cells, and further ones."""
    proofs = [*artefacts_of(manifests, steps=2_000), *artefacts]
    return mutate(manifests, proofs, today=TODAY, previous=previous)


@pytest.fixture
def till(tmp_path: Path) -> Till:
    """A till to be mutated."""
    return Till(tmp_path)


@pytest.fixture(autouse=True)
def _no_child_is_left() -> Iterator[None]:
    """After every test all children have been waited for."""
    yield
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def keys(report: MutationReport) -> set[str]:
    """What survived."""
    return {it.key for it in report.survivors}


def kinds(report: MutationReport) -> list[str]:
    """The kinds of what was found."""
    return [it.kind for it in mutation_findings(report)]


# -- what is noticed -----------------------------------------------------------------------------


def test_a_well_proven_cell_has_no_finding(till: Till) -> None:
    """Every mutant is noticed, by an artefact that is named, and every artefact can fail."""
    report = till.mutate()
    assert kinds(report) == []
    assert {it.status for it in report.mutants} == {"killed"}
    assert {it.killer for it in report.mutants} == {"till.ada_pays", "till.nobody_pays_nine"}
    assert all(it.can_fail for it in report.artefacts)
    assert len({it.key for it in report.mutants}) == len(report.mutants) > 8


SURVIVING = {
    "only held": (
        """
@cell.scenario
def held(lab: World) -> None:
    lab.by("ada").send(Pay(8))
    assert lab.by("ada").ask(Total()) == 8
    assert lab.events(Paid)[0].by == "ada"
""",
        {
            "pay: `SMALL.require(it.amount <= 8, f'{it.amount} is too much')` is removed",
            "pay: `it.amount <= 8` becomes `it.amount <= 9`",
        },
    ),
    "not at the boundary": (
        WELL.replace("Pay(8)", "Pay(7)").replace("== 9", "== 8"),
        {"pay: `it.amount <= 8` becomes `it.amount < 8`"},
    ),
    "not the smallest beyond": (
        WELL.replace("Pay(9)", "Pay(10)"),
        {"pay: `it.amount <= 8` becomes `it.amount <= 9`"},
    ),
    "nobody adds two": (
        WELL.replace('    lab.by("ada").send(Pay(1))\n', "")
        .replace("9", "8", 1)
        .replace("* 2", ""),
        {"put: `drawer.total += it.amount` becomes `drawer.total = it.amount`"},
    ),
}


@pytest.mark.parametrize(("proofs", "wanted"), SURVIVING.values(), ids=SURVIVING)
def test_what_no_artefact_notices_survives(till: Till, proofs: str, wanted: set[str]) -> None:
    """Each hole in the evidence lets its own mutants through, and only those."""
    if "SMALL" in proofs and "Pay(9)" not in proofs:
        assert "Pay(10)" in proofs
    report = till.mutate(proofs)
    assert {it for it in keys(report) if it in wanted} == wanted
    assert "mutant-survived" in kinds(report)


def test_a_survivor_says_which_scenario_is_missing(till: Till) -> None:
    """Where it is, what nobody notices, what to add; and how to waive it."""
    report = till.mutate(WELL.replace("Pay(8)", "Pay(7)").replace("== 9", "== 8"))
    (found,) = mutation_findings(report)
    assert found.kind == "mutant-survived"
    assert found.where.endswith(f":{line_of('SMALL.require')}")
    assert "exactly equal to `8`" in found.mend
    assert "must be accepted" in found.mend
    assert "SMALL (TILL-1) refuses" in found.mend
    assert "cell.waives(mutant='pay: `it.amount <= 8` becomes `it.amount < 8`'" in found.mend


def line_of(text: str) -> int:
    """The line of the till with that text."""
    return next(n for n, line in enumerate(TILL.splitlines(), 1) if text in line)


def test_what_never_runs_is_unreached(till: Till) -> None:
    """It survives without being tried, and is said to be executed by nothing."""
    report = till.mutate(WELL.replace("assert lab.by", "assert 9 or lab.by"))
    unreached = {it.function for it in report.mutants if it.status == "unreached"}
    assert unreached == {"total"}
    missing = [it.proposal for it in report.survivors if it.function == "total"]
    assert missing
    assert all(it.startswith("Nothing executes") for it in missing)


# -- artefacts that cannot fail ------------------------------------------------------------------

IDLE = {
    "asserts nothing": ("pass", True),
    "asserts what is always so": ('lab.by("ada").ask(Total())\n    assert True', True),
    "swallows what fails": (
        'try:\n        assert lab.by("ada").ask(Total()) == 0\n    except Exception:\n        pass',
        True,
    ),
    "only calls another": ("ada_pays(lab)", True),
    "calls another and asserts nothing": ("ada_pays(lab)\n    assert lab.events(Paid)", True),
    "calls another and asserts": (
        'ada_pays(lab)\n    lab.by("ada").send(Pay(2))\n    assert lab.by("b").ask(Total()) == 11',
        False,
    ),
    "is refused": ("with SMALL.refuses():\n        lab.by('ada').send(Pay(10))", False),
}


@pytest.mark.parametrize(("body", "idle"), IDLE.values(), ids=IDLE)
def test_an_artefact_that_notices_nothing_by_itself_cannot_fail(
    till: Till, body: str, idle: bool
) -> None:
    """A vacuous assert is found, also behind another scenario whose asserts are good."""
    report = till.mutate(f"{WELL}\n\n@cell.scenario\ndef judged(lab: World) -> None:\n    {body}\n")
    assert [it.name for it in report.idle] == (["judged"] if idle else [])
    assert kinds(report) == (["cannot-fail"] if idle else [])


def test_an_artefact_that_runs_nothing_of_its_cell_is_told_so(till: Till) -> None:
    """It may be about another cell, or about nothing; the mend differs from that of a weak one."""
    idle = "\n\n@cell.scenario\ndef {}(lab: World) -> None:\n    {}\n"
    looks, passes = ('lab.by("ada").ask(Total())', "pass")
    report = till.mutate(WELL + idle.format("looks", looks) + idle.format("passes", passes))
    said = [it.message for it in mutation_findings(report)]
    assert said == [
        "scenario looks notices none of the 1 mutants that it runs",
        "scenario passes runs nothing of till that could be broken",
    ]


def test_an_artefact_need_not_be_the_first_to_notice(till: Till) -> None:
    """A second scenario that says the same as the first is tried until it has noticed, too."""
    report = till.mutate(WELL + WELL.replace("def ", "def again_"))
    assert kinds(report) == []
    assert len({it.proof for it in report.artefacts}) > 1


# -- mutants that misbehave ----------------------------------------------------------------------


def test_a_mutant_that_loops_for_ever_is_ended_and_named(till: Till) -> None:
    """It counts as noticed, as a timeout, by the artefact that ran."""
    loop = "    n = 0\n    while n < it.amount:\n        n += 1\n    drawer.total += n\n"
    report = till.mutate(change=("    drawer.total += it.amount\n", loop))
    ended = {it.key: it for it in report.mutants if it.status == "timeout"}
    mutant = ended["put: `n += 1` is removed"]
    assert (mutant.killer, mutant.error) == ("till.ada_pays", "it did not end in its time")
    assert keys(report) == {"put: `n = 0` becomes `n = 1`"}  # nobody pays nothing


def test_a_mutant_that_ends_its_process_is_killed(till: Till) -> None:
    """The process that it ends is its own; the other mutants are tried all the same."""
    leave = (
        "    drawer.total +=",
        "    if it.amount > 8:\n        os._exit(3)\n    drawer.total +=",
    )
    report = till.mutate(change=leave)
    mutant = next(it for it in report.mutants if it.key.endswith("becomes `if True: os._exit(3)`"))
    assert (mutant.status, mutant.error) == ("killed", "the process ended with 3")
    assert "put: `drawer.total += it.amount` is removed" not in keys(report)


def test_a_mutant_that_eats_memory_is_killed(till: Till) -> None:
    """It hits a bound, and neither the parent nor the machine."""
    eat = (
        "    return drawer.total\n",
        """\
    big = bytes(1 << 33) if drawer.total > 9 else b''
    return drawer.total + len(big)
""",
    )
    report = till.mutate(change=eat)
    mutant = next(it for it in report.mutants if it.key.endswith("becomes `bytes(1 << 33)`"))
    assert mutant.status == "killed"
    assert "MemoryError" in mutant.error


def test_what_a_mutant_leaves_in_a_global_is_not_seen_by_the_next(till: Till) -> None:
    """Each has the memory of the original: no survivor is noticed for another's rubbish."""
    rubbish = (
        "    drawer.total += it.amount\n",
        """\
    if it.amount > 100:
        SEEN.append(it)
    drawer.total += it.amount + 1000 * len(SEEN)
""",
    )
    report = till.mutate("\n\nSEEN: list[Paid] = []\n" + WELL, rubbish)
    noticed = {it.key for it in report.mutants if it.noticed}
    assert any("becomes `if True: SEEN.append(it)`" in key for key in noticed)
    assert "put: `1000 * len(SEEN)` becomes `1001 * len(SEEN)`" in keys(report)


def test_functions_are_broken_for_whoever_holds_them(till: Till) -> None:
    """A helper behind `functools.cache` is mutated, too, with an empty cache."""
    cached = (
        "    return drawer.total\n",
        """\
    return double(drawer.total) // 2


import functools


@functools.cache
def double(n: int) -> int:
    return n + n
""",
    )
    report = till.mutate(change=cached)
    mutant = next(it for it in report.mutants if it.key == "double: `n + n` becomes `n - n`")
    assert mutant.status == "killed"


def test_ctrl_c_ends_all_children(till: Till) -> None:
    """It gets through, and nobody is left behind; the fixture looks."""

    def interrupt(done: int, total: int) -> None:
        if done > 6:
            raise KeyboardInterrupt

    manifests = till.load().manifests
    with pytest.raises(KeyboardInterrupt):
        mutate(manifests, list(artefacts_of(manifests)), today=TODAY, progress=interrupt)


def test_progress_is_told_to_its_end(till: Till) -> None:
    """What is done grows one by one up to the total."""
    told: list[tuple[int, int]] = []
    manifests = till.load().manifests
    mutate(
        manifests,
        list(artefacts_of(manifests)),
        today=TODAY,
        progress=lambda done, total: told.append((done, total)),
    )
    assert told[-1][0] == told[-1][1] > 10
    assert [done for done, _ in told] == sorted(done for done, _ in told)


# -- artefacts that fail anyway ------------------------------------------------------------------

FAILING = {
    "fails": ("assert 1 == 2", "AssertionError"),
    "never ends": ('while lab.by("ada").ask(Total()) == 0:\n        pass', "Endless"),
    "leaves": ("os._exit(7)", "the process ended with 7"),
}


@pytest.mark.parametrize(("body", "error"), FAILING.values(), ids=FAILING)
def test_an_artefact_that_fails_on_the_original_is_left_out(
    till: Till, body: str, error: str
) -> None:
    """It is found, it kills nothing, and what the others notice is not hidden by it."""
    bad = f"\n\n@cell.scenario\ndef bad(lab: World) -> None:\n    {body}\n"
    report = till.mutate(WELL + bad)
    (found,) = mutation_findings(report)
    assert (found.kind, error in found.message) == ("scenario-failed", True)
    assert "till.bad" not in {it.killer for it in report.mutants}
    assert not report.survivors


def test_what_spans_cells_may_notice_in_any_of_them(till: Till) -> None:
    """An artefact of the app is tried after the cell's own, and has to notice something, too."""
    loaded = till.load()
    module = module_of(loaded.manifests[0])

    def journey() -> None:
        from monocyte.testing import World

        with World(*loaded.manifests) as lab:
            lab.by("ada").send(module.Pay(3))
            assert lab.by("ada").ask(module.Total()) == 3

    def nothing() -> None:
        assert loaded

    def artefact(run: Callable[[], None]) -> Artefact:
        return Artefact("app", "journey", run.__name__, f"{__file__}:1", run, run)

    report = mutated(loaded.manifests, (artefact(journey), artefact(nothing)))
    assert [it.name for it in report.idle] == ["nothing"]


def test_of_some_cells_only_what_belongs_to_them_is_judged(tmp_path: Path) -> None:
    """An artefact that spans cells may have its mutants in the others."""
    sources = {"till": TILL + WELL, "other": (TILL + WELL).replace('"till"', '"other"')}
    sources["other"] = sources["other"].replace("TILL-1", "OTHER-1")
    loaded = App(tmp_path, f"till{next(PACKAGES)}").load(**sources)
    assert not loaded.faults, loaded.faults
    idle = Artefact("app", "journey", "idle", f"{__file__}:1", lambda: None)
    proofs = [*artefacts_of(loaded.manifests), idle]
    report = mutate(loaded.manifests, proofs, cells=["till"], today=TODAY)
    assert {it.cell for it in report.mutants} == {"till"}
    assert {it.cell: it.judged for it in report.artefacts} == {"till": True, "app": False}
    assert kinds(report) == []


def module_of(manifest: Manifest) -> ModuleType:
    """The module of a cell."""
    import sys

    return sys.modules[manifest.module]


# -- waivers -------------------------------------------------------------------------------------

BOUNDARY = "pay: `it.amount <= 8` becomes `it.amount < 8`"
WAIVERS = {
    "used": (BOUNDARY, date(2027, 1, 1), ("used", ""), []),
    "on its last day": (BOUNDARY, TODAY, ("used", ""), []),
    "expired": (
        BOUNDARY,
        date(2026, 11, 21),
        ("expired", "it held until 2026-11-21"),
        ["mutant-survived", "waiver-expired"],
    ),
    "of nothing": (
        BOUNDARY.replace("< 8", "< 7"),
        date(2027, 1, 1),
        ("stale", f"there is no such mutant; perhaps {BOUNDARY!r} is meant"),
        ["mutant-survived", "waiver-stale"],
    ),
    "of what is noticed": (
        "put: `drawer.total += it.amount` is removed",
        date(2027, 1, 1),
        ("stale", "till.ada_pays notices it"),
        ["mutant-survived", "waiver-stale"],
    ),
}


@pytest.mark.parametrize(("mutant", "until", "wanted", "found"), WAIVERS.values(), ids=WAIVERS)
def test_a_waiver_is_for_one_survivor_and_a_time(
    till: Till, mutant: str, until: date, wanted: tuple[str, str], found: list[str]
) -> None:
    """Whatever else it is, is an error at the line of the waiver."""
    (manifest,) = till.load(WELL.replace("Pay(8)", "Pay(7)").replace("== 9", "== 8")).manifests
    waiver = Waiver(mutant, "nobody could tell", until, "till.py:99")
    report = mutated((manifest._replace(waivers=(waiver,)),))
    (judged,) = report.waivers
    assert (judged.status, judged.why) == wanted
    assert kinds(report) == found
    assert report.counts()["waived"] == (wanted[0] == "used")
    if wanted[0] != "used":
        assert list(mutation_findings(report))[-1].where == "till.py:99"


def test_waivers_are_judged_anew_on_the_next_run(till: Till) -> None:
    """One that is taken away gives its survivor back, though nothing is tried again."""
    (manifest,) = till.load(WELL.replace("Pay(8)", "Pay(7)").replace("== 9", "== 8")).manifests
    waiver = Waiver(BOUNDARY, "nobody could tell", date(2027, 1, 1), "till.py:99")
    first = mutated((manifest._replace(waivers=(waiver,)),))
    again = mutated((manifest,), previous=first)
    assert (kinds(first), kinds(again)) == ([], ["mutant-survived"])
    assert again.kept == len(again.mutants)


def test_a_second_waiver_of_a_mutant_is_stale(till: Till) -> None:
    """One mutant, one reason."""
    (manifest,) = till.load(WELL.replace("Pay(8)", "Pay(7)").replace("== 9", "== 8")).manifests
    waivers = [Waiver(BOUNDARY, "so", date(2027, 1, 1), f"till.py:{n}") for n in (98, 99)]
    report = mutated((manifest._replace(waivers=tuple(waivers)),))
    assert [it.status for it in report.waivers] == ["used", "stale"]


# -- what the last run knows ---------------------------------------------------------------------

AGAIN: dict[str, tuple[str, tuple[str, str], set[str]]] = {
    "nothing has changed": (WELL, ("", ""), set()),
    "a comment": (WELL, ("# more\n", "# more, or less\n"), set()),
    "a docstring": (WELL, ("-> int:\n", '-> int:\n    """All of it."""\n'), set()),
    "a function": (WELL, ("return drawer.total", "n = drawer.total\n    return n"), {"total"}),
    "a word": (WELL, ("    by: str\n", "    by: str\n    at: int = 0\n"), {"pay", "total", "put"}),
    "the artefact that noticed": (
        WELL.replace("== 9", "== 10 - 1"),
        ("", ""),
        {"pay", "total", "put"},
    ),
    "another artefact": (WELL.replace("Pay(9)", "Pay(3 * 3)"), ("", ""), {"pay"}),
    "one more artefact": (WELL + WELL.replace("def ", "def again_"), ("", ""), set()),
}


@pytest.mark.parametrize(("proofs", "change", "wanted"), AGAIN.values(), ids=AGAIN)
def test_only_what_a_change_concerns_is_tried_again(
    till: Till, proofs: str, change: tuple[str, str], wanted: set[str]
) -> None:
    """By content: the functions whose mutants are tried once more, and the same findings."""
    again = till.mutate(proofs, change, marked(as_json(till.mutate())))
    assert {it.function for it in again.mutants if it.seconds != MARK} == wanted
    assert kinds(again) == []


MARK = -1.0


def marked(report: MutationReport) -> MutationReport:
    """A report by whose impossible times one knows what was taken over from it."""
    replace = msgspec.structs.replace
    return replace(report, mutants=tuple(replace(it, seconds=MARK) for it in report.mutants))


def as_json(report: MutationReport) -> MutationReport:
    """A report after it was written and read."""
    read = msgspec.json.decode(msgspec.json.encode(report), type=MutationReport)
    assert read == report
    return read


def test_a_change_below_a_function_is_a_change_of_it(till: Till) -> None:
    """What a handler calls belongs to it."""
    helped = (
        "return drawer.total\n",
        "return plus(drawer)\n\n\ndef plus(d):\n    return d.total\n",
    )
    first = till.mutate(change=helped)
    changed = (helped[0], helped[1].replace("d.total", "d.total * 1"))
    again = till.mutate(change=changed, previous=marked(first))
    assert {it.function for it in again.mutants if it.seconds != MARK} == {"total", "plus"}


def test_a_new_scenario_is_tried_on_what_survived(till: Till) -> None:
    """And then the mutant is noticed, while the others are taken over."""
    weak = WELL.replace("Pay(8)", "Pay(7)").replace("== 9", "== 8")
    first = till.mutate(weak)
    more = "\n\n@cell.scenario\ndef eight(lab: World) -> None:\n    lab.by('ada').send(Pay(8))\n"
    again = till.mutate(weak + more, previous=first)
    assert (len(first.survivors), again.survivors) == (1, ())
    assert again.kept == len(again.mutants) - 1
    assert kinds(again) == []


def test_a_weakened_scenario_is_found_out(till: Till) -> None:
    """What it noticed is tried again, and survives; nothing is taken on trust."""
    first = till.mutate()
    again = till.mutate(
        WELL.replace('["ada"] * 2', "[it.by for it in lab.events(Paid)]"), previous=first
    )
    assert (
        any("caller.name" in key or "Paid(" in key for key in keys(again)) or again.survivors == ()
    )
    assert again.kept < len(again.mutants)


def test_an_idle_artefact_is_told_again(till: Till) -> None:
    """Without being tried once more on all that it reaches."""
    idle = f"{WELL}\n\n@cell.scenario\ndef idle(lab: World) -> None:\n    pass\n"
    loaded = till.load(idle)
    first = mutated(loaded.manifests)
    told: list[int] = []
    proofs = list(artefacts_of(loaded.manifests, steps=2_000))
    again = mutate(
        loaded.manifests, proofs, today=TODAY, previous=first, progress=lambda d, _: told.append(d)
    )
    assert kinds(first) == kinds(again) == ["cannot-fail"]
    assert told == []


def test_a_report_of_another_format_is_not_believed(till: Till) -> None:
    """Nor one of another Python."""
    loaded = till.load()
    first = msgspec.structs.replace(mutated(loaded.manifests), format="0")
    assert mutated(loaded.manifests, previous=first).kept == 0
