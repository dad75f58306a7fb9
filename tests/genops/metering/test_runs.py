"""Runs are found by their tokens, and keys travel only where nobody listens."""

import pytest

from monocyte.errors import ConfigError
from monocyte.genops.metering.runs import Runs
from tests.genops.till import run_at


def test_a_token_stands_for_its_run_as_long_as_it_goes_on() -> None:
    """Every run has its own, and a closed one is nobody's."""
    runs, run = Runs(), run_at("http://127.0.0.1:1")
    one, two = runs.open(run), runs.open(run)
    assert one != two
    assert runs.find(one) is run
    runs.close(one)
    assert (runs.find(one), runs.find("")) == (None, None)
    assert runs.find("\udcff") is None
    assert one not in repr(vars(runs))


@pytest.mark.parametrize(
    "base", ["http://api.example.com", "http://127.0.0.1.example.com", "ftp://127.0.0.1", "", "x"]
)
def test_a_key_is_not_sent_in_the_clear(base: str) -> None:
    """Except on this machine."""
    with pytest.raises(ConfigError, match="would show the key"):
        run_at(base)


@pytest.mark.parametrize(
    "base", ["https://api.example.com", "http://127.0.0.1:1", "http://[::1]:1"]
)
def test_other_ways_are_let_through(base: str) -> None:
    """Encrypted, or on this machine."""
    assert all(route.base.startswith(base) for route in run_at(base).routes.values())
