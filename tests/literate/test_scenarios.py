"""Running scenarios: each in its World, under each seed, with an outcome that helps."""

from functools import lru_cache
from pathlib import Path

import pytest

from monocyte.cell import load_cells
from monocyte.literate import Outcome, run
from monocyte.literate.scenarios import staged
from monocyte.testing import Faults
from tests.literate.toys import endless, failing, journeys, poisoned

MANIFESTS = load_cells([failing.cell]).manifests
STEPS = 5_000
SOURCE = Path(failing.__file__).read_text(encoding="utf-8").splitlines()


def outcomes(*seeds: int, faults: Faults | None = None) -> dict[tuple[str, int], Outcome]:
    """How every scenario of the failing cell goes, by scenario and seed."""
    ran = run(MANIFESTS, seeds or (0,), faults=faults, steps=STEPS)
    return {(it.scenario, it.seed): it for it in ran}


def line_of(text: str) -> int:
    """The number of the first line that holds a text."""
    return next(n for n, line in enumerate(SOURCE, 1) if text in line)


def test_every_scenario_is_run_under_every_seed() -> None:
    """Seed by seed, in the order of the file; who fails does not stop the others."""
    ran = list(run(MANIFESTS, (0, 3), steps=STEPS))
    names = ["well", "wrong", "refused", "not_refused", "endless", "in_haste"]
    assert [(it.scenario, it.seed) for it in ran] == [(n, seed) for seed in (0, 3) for n in names]
    assert {it.cell for it in ran} == {"taps"}
    assert all(it.seconds > 0 for it in ran)


def test_what_goes_well_says_little() -> None:
    """No error, no place."""
    it = outcomes()["well", 0]
    assert (it.passed, it.error, it.where) == (True, "", "")
    assert str(it) == "taps.well, seed 0: passed"


WRONG = [
    (
        "wrong",
        "assert [lab.by(who)",
        ["] == [\n        expected\n    ] * 5", "AssertionError", "expected = 2"],
    ),
    ("refused", 'lab.by("ada").send(Tap())\n', ["Refused: Three taps are enough.", "_ = 3"]),
    ("not_refused", "with ONCE.refuses():", ["TAP-1 should refuse this"]),
    ("endless", "while lab.by", ["Endless", "budget of steps is spent"]),
]


@pytest.mark.parametrize(("name", "line", "parts"), WRONG, ids=[w[0] for w in WRONG])
def test_what_goes_wrong_says_where_and_with_what(name: str, line: str, parts: list[str]) -> None:
    """File and line of the author's, the statement, the error, and the variables."""
    it = outcomes()[name, 0]
    assert not it.passed
    file, _, number = it.where.rpartition(":")
    assert file == failing.__file__
    assert SOURCE[int(number) - 1].strip() in it.error
    if "\n" not in line:
        assert int(number) == line_of(line)
    assert all(part in str(it) for part in parts), it.error
    assert f"taps.{name}, seed 0: failed at {it.where}" in str(it)


def test_another_seed_finds_what_the_plain_world_does_not() -> None:
    """Who was in haste is found out, the seed is named, and it does it again."""
    found = outcomes(*range(1, 12))
    assert outcomes()["in_haste", 0].passed
    failed = [it for (name, _), it in found.items() if name == "in_haste" and not it.passed]
    assert failed
    again = outcomes(failed[0].seed)["in_haste", failed[0].seed]
    assert again._replace(seconds=0) == failed[0]._replace(seconds=0)
    assert f"seed {failed[0].seed}" in str(failed[0])
    assert all(found["well", seed].passed for seed in range(1, 12))


def test_faults_belong_to_the_other_seeds_unless_given() -> None:
    """Seed 0 has none, and an explicit choice holds for all."""
    said = "the power is cut"
    assert said not in "".join(outcomes()["refused", 0].log)
    assert said in "".join(outcomes(faults=Faults(crash=0.2))["refused", 0].log)
    assert any(said in "".join(it.log) for it in outcomes(*range(1, 20)).values())


def test_a_dead_letter_that_nobody_expected_fails_the_scenario() -> None:
    """What a cell gives up behind the scenario's back is told, unless the scenario looked at it."""
    cells = load_cells([failing.cell, poisoned.cell]).manifests
    ran = {it.scenario: it for it in run(cells, steps=STEPS) if it.cell == "poisoned"}
    assert ran["expected"].passed, ran["expected"].error
    assert not ran["unseen"].passed
    assert "poisoned gave up Tapped from" in ran["unseen"].error


# -- what never ends -------------------------------------------------------------------------------

WHEELS = load_cells([endless.cell]).manifests
LINES = Path(endless.__file__).read_text(encoding="utf-8").splitlines()


@lru_cache
def wheels() -> dict[str, Outcome]:
    """How the scenarios of the wheel go, when they may not take long."""
    return {it.scenario: it for it in run(WHEELS, timeout=0.3, steps=10**9)}


@pytest.mark.parametrize(
    ("name", "around"),
    [("first", "while True:"), ("in_the_handler", "while it.for_ever:"), ("stubborn", "")],
)
def test_what_never_ends_is_stopped_and_named(name: str, around: str) -> None:
    """In a scenario or in a handler, by file and line, whatever it catches; others go on."""
    ran = wheels()
    it = ran[name]
    assert (it.passed, it.endless) == (False, True)
    assert "it never ended: it was stopped after 0.3 s" in str(it)
    file, _, line = it.where.rpartition(":")
    assert file == endless.__file__
    if around:
        assert around in "".join(LINES[int(line) - 1 : int(line) + 1] + LINES[int(line) - 2 :][:1])
    assert ran["well[once]"].passed


def test_what_never_ends_in_virtual_time_is_named_too() -> None:
    """The budget of steps of a World is another way to find out."""
    assert [it.scenario for it in outcomes().values() if it.endless] == ["endless"]


# -- traces, rows, journeys, staging ---------------------------------------------------------------


def test_rows_are_scenarios_of_their_own() -> None:
    """Each with its name in brackets, in the order of the file."""
    assert list(wheels())[-2:] == ["well[once]", "well[twice]"]


def test_a_failure_shows_the_end_of_its_trace() -> None:
    """The last lines of who said what; of what went well only if wanted."""
    ran = outcomes()
    assert "ada -> taps: Tap() -> refused by TAP-1: Three taps are enough." in str(
        ran["refused", 0]
    )
    assert ran["well", 0].trace == ()
    traced = {it.scenario: it for it in run(MANIFESTS, steps=STEPS, traced=True)}
    assert "ada -> taps: HowOften() -> 1" in traced["well"].told()
    assert len(ran["endless", 0].told(3).splitlines()) == 3


def test_a_scenario_can_be_staged() -> None:
    """A World in which it has been played, for whoever goes on from there."""
    (well,) = [s for s in MANIFESTS[0].scenarios if s.name == "well"]
    with staged(MANIFESTS, well) as lab:
        assert lab.by("eve").ask(failing.HowOften()) == 1


def test_journeys_are_run_after_the_cells() -> None:
    """In a World with all cells, under the name of the app."""
    ran = list(run(MANIFESTS, journeys=[journeys.JOURNEYS], steps=STEPS))
    mine = [(it.cell, it.scenario, it.passed) for it in ran][-2:]
    assert mine == [("bar", "somebody_taps", True), ("bar", "nobody_taps", False)]
    assert ran[-1].where.startswith(journeys.__file__)
