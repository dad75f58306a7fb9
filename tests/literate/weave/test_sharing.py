"""Work that is shared with a second process comes out as if it were not."""

import os

import pytest

from monocyte.literate.weave import sharing
from monocyte.literate.weave.sharing import FEWEST, shared

NUMBERS = list(range(3 * FEWEST))
ANSWERS = [b"%d" % n for n in NUMBERS]


@pytest.fixture(params=["fork", "no fork"])
def _forking(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    can = request.param == "fork" and hasattr(os, "fork")
    monkeypatch.setattr(sharing, "_can_fork", lambda: can)


@pytest.mark.usefixtures("_forking")
@pytest.mark.parametrize("size", [0, 1, FEWEST - 1, FEWEST, 3 * FEWEST])
def test_every_answer_is_there_in_order(size: int) -> None:
    """However much there is, and whoever does it."""
    assert shared(NUMBERS[:size], lambda n: b"%d" % n) == ANSWERS[:size]


@pytest.mark.usefixtures("_forking")
def test_what_fails_elsewhere_fails_here() -> None:
    """An error in the helper's part is met again by this process, with its own traceback."""

    def fails(n: int) -> bytes:
        if n == NUMBERS[-1]:
            raise OSError(28, "No space left on device")
        return b"%d" % n

    with pytest.raises(OSError, match="No space"):
        shared(NUMBERS, fails)


@pytest.mark.usefixtures("_forking")
def test_an_error_here_waits_for_the_helper() -> None:
    """Nobody writes any more once it is raised, and no child is left behind."""

    def fails(n: int) -> bytes:
        if n == 0:
            raise ValueError("here")
        return b"x"

    with pytest.raises(ValueError, match="here"):
        shared(NUMBERS, fails)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_a_helper_that_dies_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed or out of memory: its part is done here."""
    monkeypatch.setattr(sharing, "_can_fork", lambda: hasattr(os, "fork"))
    parent = os.getpid()

    def dies(n: int) -> bytes:
        if os.getpid() != parent:
            os.kill(os.getpid(), 9)
        return b"%d" % n

    assert shared(NUMBERS, dies) == ANSWERS
