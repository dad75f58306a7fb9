"""A small project with tests, whose versions the tests here compare."""

from collections.abc import Mapping

from monocyte.semdiff.sources import Tree, from_texts
from monocyte.semdiff.testdiff import test_diff as judge
from monocyte.semdiff.verdicts import Finding, Severity

CODE = """
def price(n, each=2):
    if n < 0:
        raise ValueError("no negative amounts")
    total = n * each
    if n > 5:
        return total - 1
    return total

def mean(values):
    return sum(values) / len(values)
"""
TESTS = """
import pytest
from shop import mean, price

def test_few():
    assert price(2) == 4

def test_many():
    assert price(6) == 11
    assert price(5) == 10

@pytest.mark.parametrize("n, want", [(1, 2), (3, 6), (10, 19)])
def test_table(n, want):
    assert price(n) == want

def test_negative():
    with pytest.raises(ValueError, match="no negative"):
        price(-1)

def test_mean():
    assert mean([1, 2]) == pytest.approx(1.5, rel=1e-6)

class TestAll:
    def test_all(self):
        for n in [1, 2, 3]:
            assert price(n) == 2 * n
"""
PATH = "tests/test_shop.py"


def shop(tests: str = TESTS, code: str = CODE, **others: str) -> Tree:
    """The project, with other tests or code, and other files by path."""
    return from_texts({"shop.py": code, PATH: tests, **others})


def told(
    tests: str = TESTS,
    code: str = CODE,
    old: Mapping[str, str] | None = None,
    new: Mapping[str, str] | None = None,
    *,
    run: bool = False,
    seconds: float = 30.0,
) -> list[Finding]:
    """What is said of the project, where these tests, this code and these files have come."""
    before = from_texts({"shop.py": CODE, PATH: TESTS, **(old or {})})
    after = from_texts({"shop.py": code, PATH: tests, **(new or {})})
    return judge(before, after, seconds, run=run)


def edited(old: str, new: str) -> str:
    """The tests with one edit; it must have somewhere to be made."""
    assert old in TESTS, old
    return TESTS.replace(old, new)


def alarms(findings: list[Finding]) -> list[tuple[str, str]]:
    """Rule and test of what a person is to look at."""
    return [(it.rule, it.definition) for it in findings if it.severity >= Severity.WARNING]
