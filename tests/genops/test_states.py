"""The table of states: exactly these states, exactly these ways."""

import itertools

import pytest

from monocyte.errors import IllegalMove
from monocyte.genops.states import FINAL, MEANINGS, MOVES, State, move, table

MAIN = [
    *("DRAFT", "PLANNED", "SPEND_APPROVED", "GENERATING"),
    *("CANDIDATE", "GATED", "MERGE_APPROVED", "PROMOTED"),
]
ENDS = [
    *("ROLLED_BACK", "SUPERSEDED"),
    *("STALE", "OVER_BUDGET", "REJECTED", "FAILED", "CANCELLED"),
]
LEGAL = {(it.source, it.target) for it in MOVES}


def test_there_are_exactly_these_states() -> None:
    """In this order, each with a meaning."""
    assert [it.value for it in State] == MAIN + ENDS
    assert set(MEANINGS) == set(State)


def test_the_main_way_is_open_from_end_to_end() -> None:
    """From a draft to what runs, and from there to its two ends."""
    for source, target in itertools.pairwise(MAIN):
        assert move(State(source), State(target)) is State(target)
    for end in ("ROLLED_BACK", "SUPERSEDED"):
        assert move(State.PROMOTED, State(end)) is State(end)


def test_the_only_way_back_is_the_fix_loop() -> None:
    """From the gates to another attempt."""
    order = {State(name): place for place, name in enumerate(MAIN)}
    back = [(s, t) for s, t in LEGAL if t in order and order[t] <= order[s]]
    assert back == [(State.GATED, State.GENERATING)]


def test_nothing_leads_out_of_an_end() -> None:
    """But what was replaced can still be taken back, once it runs again."""
    assert {State(name) for name in ENDS} == FINAL | {State.SUPERSEDED}
    assert [it.target for it in MOVES if it.source is State.SUPERSEDED] == [State.ROLLED_BACK]


@pytest.mark.parametrize(("source", "target"), [*itertools.product(State, State)])
def test_what_is_not_in_the_table_is_refused(source: State, target: State) -> None:
    """All 225 pairs."""
    if (source, target) in LEGAL:
        assert move(source, target) is target
        return
    with pytest.raises(IllegalMove) as refusal:
        move(source, target, plan="plan-1")
    assert (refusal.value.source, refusal.value.target) == (source, target)
    assert refusal.value.mend


def test_nothing_skips_who_must_agree() -> None:
    """No money without an approval, and no promotion without one."""
    assert {s for s, t in LEGAL if t is State.GENERATING} == {State.SPEND_APPROVED, State.GATED}
    assert {s for s, t in LEGAL if t is State.PROMOTED} == {State.MERGE_APPROVED}


def test_the_table_is_drawn_with_every_state() -> None:
    """One row each."""
    assert [row.split(" | ")[0].strip("| ") for row in table().splitlines()[2:]] == MAIN + ENDS
