"""The ratchet: each way of growing without need is seen, and what was asked for is not."""

import pytest

from monocyte.errors import GenopsError
from monocyte.genops.debt.measures import measure
from monocyte.genops.debt.ratchet import Allowed, overgrown

BASE = '''\
"""Orders."""

PRICES = {"tea": 3}


@cell.handles
def total(orders):
    """What it costs."""
    return sum(PRICES[it.name] * it.count for it in orders)
'''
LOOP = """
    found = 0
    for it in orders:
        if it.count > 3:
            found += it.count * PRICES[it.name]
    return found
"""
TANGLED = """
@cell.handles
def tangled(a):
    for i in a:
        if i:
            for j in i:
                if j:
                    while j:
                        if j > 3:
                            return j
"""
WORDY = """
@cell.handles
def is_dear(a):
    if a > 3:
        return True
    else:
        return False


@cell.handles
def is_known(a):
    found = a in PRICES.keys()
    return found


@cell.handles
def doubled(a):
    if a:
        if a > 1:
            return a * 2
"""


def kinds(text: str, asked: int = 1, base: str = BASE, **bounds: int) -> set[str]:
    """What grew by this change."""
    old, new = measure({"shop.py": base}), measure({"shop.py": text})
    return {it.kind for it in overgrown(old, new, asked, Allowed(**bounds))}


@pytest.mark.parametrize(
    ("added", "kind"),
    [
        (
            f"\n\n@cell.handles\ndef a(orders):{LOOP}\n\n@cell.handles\ndef b(orders):{LOOP}",
            "duplicated",
        ),
        ("\n\ndef helper(a):\n    return a\n", "dead-code"),
        ("\n\nimport os\n", "dead-code"),
        (TANGLED, "too-complex"),
        (WORDY, "wordy"),
        ("\n# " + "one more word of little use " * 80 + "\n", "overgrown"),
    ],
)
def test_growth_without_need_is_seen(added: str, kind: str) -> None:
    """Each kind by itself; taken back, nothing is said."""
    assert kind in kinds(BASE + added)
    assert kinds(BASE, base=BASE + added) == set()
    assert kinds(BASE + added, base=BASE + added) == set()


def test_what_was_asked_for_may_grow() -> None:
    """Three things that were asked for take three times the words."""
    text = BASE + "".join(
        f"\n\n@cell.handles\ndef dear{i}(orders):\n    return [it for it in orders "
        f"if PRICES[it.name] > {i} and it.count < {i + 7} and not it.is_given]\n"
        for i in range(9)
    )
    assert kinds(text, 3, tokens=150) == set()
    assert kinds(text, 1, tokens=150) == {"overgrown"}


def test_what_was_bad_may_stay_as_bad() -> None:
    """And only that."""
    assert kinds(BASE + TANGLED.replace("> 3", "> 4"), base=BASE + TANGLED) == set()
    worse = TANGLED.replace("return j", "if j > 9:\n                                return j")
    assert "too-complex" in kinds(BASE + worse, base=BASE + TANGLED)


@pytest.mark.parametrize("text", ["def f(:", "x = '\0'", "(" * 500])
def test_what_is_no_python_is_refused(text: str) -> None:
    """With its file."""
    with pytest.raises(GenopsError) as why:
        measure({"shop.py": text})
    assert why.value.where == "shop.py"
