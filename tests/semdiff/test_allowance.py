"""What one spends, the others do not have; what one leaves, they have."""

import pytest

from monocyte.semdiff.allowance import Allowance


@pytest.mark.parametrize(
    ("part", "most", "spent", "given", "left"),
    [
        (1.0, 100.0, 4.0, 30.0, 26.0),
        (0.5, 100.0, 4.0, 15.0, 26.0),
        (0.5, 10.0, 4.0, 10.0, 26.0),
        (0.5, 100.0, 40.0, 15.0, 0.0),
    ],
    ids=["all", "half", "at most", "overdrawn"],
)
def test_what_is_spent_is_gone(
    part: float, most: float, spent: float, given: float, left: float
) -> None:
    """A share is of what is left; what was spent is taken off, but never more than there is."""
    moments = iter((100.0, 100.0 + spent))
    purse = Allowance(30.0, lambda: next(moments))
    with purse.share(part, most) as seconds:
        assert seconds == given
    assert purse.left == left


def test_what_fails_has_cost_as_well() -> None:
    """Time is gone also when what it was for has failed."""
    moments = iter((0.0, 12.0))
    purse = Allowance(30.0, lambda: next(moments))
    with pytest.raises(OSError, match="gone"), purse.share():
        raise OSError("gone")
    assert purse.left == 18.0
