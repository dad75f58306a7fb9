"""The watch: shares against shares before, and nothing from a handful of requests."""

import pytest

from monocyte.genops.promotion.watching import Counted, Limits, Sample, breach, sampled, since

LIMITS = Limits(60, 0.01, 0.1, 3.0)
BEFORE = Counted(1000, 10, 100, 1.0)

ROWS = {
    "as before": (BEFORE, Counted(1000, 10, 100, 1.0), ""),
    "nothing was asked": (BEFORE, Counted(), ""),
    "one crash": (BEFORE, Counted(10, 1, 0, 0.1), ""),
    "crashes, of a few": (BEFORE, Counted(5, 2, 0, 0.1), "2 of 5 requests crashed"),
    "no more crashes than before": (BEFORE, Counted(100, 2, 10, 0.1), ""),
    "refusals": (BEFORE, Counted(100, 0, 50, 0.1), "50% of requests were refused, and 10% before"),
    "refusals, of a few": (BEFORE, Counted(10, 0, 10, 0.01), ""),
    "refusals, and nothing known of before": (Counted(), Counted(100, 0, 90, 0.1), ""),
    "slower": (BEFORE, Counted(100, 0, 10, 0.5), "a request took 5.0 ms, and 1.0 ms before"),
    "three times next to nothing": (Counted(100, 0, 0, 0.001), Counted(100, 0, 0, 0.01), ""),
}


@pytest.mark.parametrize(("before", "after", "why"), ROWS.values(), ids=ROWS)
def test_what_is_worse_is_said(before: Counted, after: Counted, why: str) -> None:
    """And what is not, is not."""
    assert breach(before, after, LIMITS) == why


def test_before_is_as_long_a_time_before() -> None:
    """As far as there are samples, of the cells of the release."""
    samples = [Sample(at, {"a": Counted(at * 10), "b": Counted(at)}) for at in range(100)]
    now = Sample(100, {"a": Counted(1000), "b": Counted(100)})
    assert since(samples, 60, now, ("a",)) == Counted(600)
    assert since([], 60, now, ("a",)) == Counted()
    assert since(samples, 60, now, ("c",)) == Counted()


def test_everything_that_was_asked_counts() -> None:
    """Work is what it computed and what it waited."""
    asked = {"queries": 1.0, "commands": 2.0, "reactions": 3.0, "timers": 4.0}
    row = asked | {"crashes": 1.0, "refusals": 2.0, "cpu": 0.25, "waiting": 0.5}
    assert sampled(0, {"a": row}).of(["a"]) == Counted(10, 1, 2, 0.75)


def test_what_crashed_was_asked() -> None:
    """Also where nobody has counted that it was: a query that crashes at once."""
    row = dict.fromkeys(("queries", "commands", "reactions", "timers", "refusals"), 0.0)
    row |= {"crashes": 3.0, "cpu": 0.0, "waiting": 0.0}
    after = sampled(0, {"a": row}).of(["a"])
    assert after == Counted(3, 3, 0, 0)
    assert breach(Counted(), after, LIMITS) == "3 of 3 requests crashed"
