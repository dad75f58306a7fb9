"""A key is seen by nobody who does not ask for it by name."""

import copy
import pickle

import msgspec
import pytest

from monocyte.errors import ConfigError
from monocyte.genops.metering.secrets import Secret
from tests.genops.till import KEY, run_at


def test_a_key_is_not_shown() -> None:
    """Neither by itself, nor in what holds it."""
    run = run_at("http://127.0.0.1:1")
    assert KEY not in f"{Secret(KEY)} {Secret(KEY)!r} {run} {run.routes}"
    assert Secret(KEY).reveal() == KEY


def test_a_key_is_not_copied_or_written() -> None:
    """Not by any way that Python has for it."""
    for copying in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            copying(Secret(KEY))
    with pytest.raises(TypeError):
        msgspec.json.encode(run_at("http://127.0.0.1:1"))


@pytest.mark.parametrize(
    "text", ["", "short", "with space inside", "line\nend-of-it", "schlüssel-123"]
)
def test_what_is_no_key_is_refused_without_being_shown(text: str) -> None:
    """A mistyped secret may be one all the same."""
    with pytest.raises(ConfigError) as refused:
        Secret(text)
    assert not text or text not in str(refused.value)
