"""The gate knows three endpoints, and hands on few headers."""

import pytest

from monocyte.genops.metering.gate import PASSED, PATHS, bearer, passed, wire_of
from monocyte.genops.metering.wires import WIRES, Refusal

BEARERS = {
    "Bearer abc": "abc",
    "bearer  abc ": "abc",
    "Basic abc": "",
    "abc": "",
    "": "",
}


@pytest.mark.parametrize(("said", "token"), BEARERS.items())
def test_a_token_is_shown_in_the_way_of_either_provider(said: str, token: str) -> None:
    """As a bearer, or as a key."""
    assert bearer({"authorization": said}) == token
    assert bearer({"x-api-key": "abc"}) == "abc"


def test_every_wire_format_has_its_endpoint() -> None:
    """And no endpoint is without one."""
    assert sorted(PATHS.values()) == sorted(WIRES)
    for path, name in PATHS.items():
        assert wire_of("POST", path, "").name == name


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "post"])
def test_nothing_but_asking_is_let_through(method: str) -> None:
    """Lists of models, batches and stored answers are none of a generator's business."""
    with pytest.raises(Refusal):
        wire_of(method, "/v1/messages", "")


def test_headers_that_nobody_has_looked_at_stay_here() -> None:
    """Above all those with keys, and those that choose who pays."""
    sent = dict.fromkeys(
        (*PASSED, "authorization", "x-api-key", "openai-organization", "cookie"), "x"
    )
    assert passed(sent) == dict.fromkeys(PASSED, "x")
