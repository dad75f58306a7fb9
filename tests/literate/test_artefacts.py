"""Artefacts: what counts as a failure of one's own, and what is run."""

from collections.abc import Callable

import pytest

from monocyte.errors import Crashed, Refused
from monocyte.literate.artefacts import Artefact, artefacts_of, played
from monocyte.literate.scenarios import Leftovers
from monocyte.semdiff import code_objects
from tests.literate.test_scenarios import MANIFESTS


def inner(why: BaseException | None) -> None:
    """An artefact that another calls."""
    if why is not None:
        raise why


def asks(why: BaseException) -> None:
    """No artefact: what they call to have something done."""
    raise why


def outer(inside: BaseException | None = None, own: BaseException | None = None) -> None:
    """An artefact that calls another, and goes on."""
    inner(inside)
    if own is not None:
        asks(own)
    _ = 1 // 0


def retold() -> None:
    """Says in its own words what went wrong in what it called."""
    try:
        inner(AssertionError())
    except AssertionError as why:
        raise AssertionError("the scenario before it fails") from why


FAILURES: dict[str, tuple[Callable[[], None], bool]] = {
    "an assert": (lambda: outer(own=AssertionError()), True),
    "a refusal that was not expected": (lambda: outer(own=Refused("no", rule="A-1")), True),
    "an error of its own lines": (outer, True),
    "the code broke down": (lambda: outer(own=Crashed("handler")), False),
    "the one that it calls": (lambda: outer(inside=AssertionError()), False),
    "a refusal in the one that it calls": (lambda: outer(inside=Refused("no", rule="A-1")), False),
    "the one that it calls, in other words": (retold, False),
}


@pytest.mark.parametrize(("run", "own"), FAILURES.values(), ids=FAILURES)
def test_a_failure_is_its_own_if_its_own_expectation_did_not_come_true(
    run: Callable[[], None], own: bool
) -> None:
    """Not if another artefact failed that it calls, and not if the code just broke down."""
    function = retold if run is retold else outer
    artefact = Artefact("taps", "scenario", "outer", "file.py:1", run, function)
    others = code_objects(inner) | code_objects(outer) | code_objects(retold)
    with pytest.raises(Exception) as caught:  # noqa: PT011 (whatever the row raises)
        artefact.run()
    assert artefact.failed(caught.value, others) is own


def test_without_a_function_every_failure_is_its_own() -> None:
    """Nothing is known about its lines."""
    artefact = Artefact("taps", "other", "some", "file.py:1", lambda: None)
    assert artefact.failed(OSError(), set())


def test_every_scenario_is_an_artefact() -> None:
    """In the order of the file, and raising what does not come true."""
    found = {it.name: it for it in artefacts_of(MANIFESTS, steps=5_000)}
    names = ["well", "wrong", "refused", "not_refused", "endless", "in_haste"]
    assert list(found) == names
    assert found["well"].id == "taps.well"
    found["well"].run()
    with pytest.raises(AssertionError):
        found["wrong"].run()
    with pytest.raises(Refused):
        found["refused"].run()


def test_what_was_given_up_is_a_failure() -> None:
    """Unless the scenario has looked at it."""
    from monocyte.cell import load_cells
    from tests.literate.toys import failing, poisoned

    manifests = load_cells([failing.cell, poisoned.cell]).manifests
    plays = {it.name: it.play for manifest in manifests for it in manifest.scenarios}
    played(manifests, plays["expected"])
    with pytest.raises(Leftovers, match="poisoned gave up Tapped"):
        played(manifests, plays["unseen"])
