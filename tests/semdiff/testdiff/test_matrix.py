"""Mutants that misbehave: they hang, or leave something behind for those that come after."""

import pytest

from monocyte.semdiff.sources import from_texts
from monocyte.semdiff.testdiff import test_diff as judge
from monocyte.semdiff.verdicts import Finding, Verdict

LOOP = """
def down(n):
    steps = 0
    while n > 0:
        n -= 1
        steps += 1
    return steps
"""
REGISTRY = """
known = []

def register(name):
    if name not in known:
        known.append(name)
    return len(known)
"""
EXITING = """
import os

def half(n):
    if n > 1000:
        os._exit(0)
    return n // 2
"""
LOOP_TEST = "from code_under import down\n\ndef test_it():\n    assert down(3) == 3\n"
REGISTRY_TEST = "from code_under import register\n\ndef test_it():\n    assert register('a') == 1\n"
EXITING_TEST = "from code_under import half\n\ndef test_it():\n    assert half(5) == 2\n"


def _judged(code: str, tests: str, old: str, new: str) -> Finding:
    assert old in tests
    before = from_texts({"code_under.py": code, "test_it.py": tests})
    after = from_texts({"code_under.py": code, "test_it.py": tests.replace(old, new)})
    return next(iter(judge(before, after, 30.0)))


CASES = {
    "loops for ever": (LOOP, LOOP_TEST, "down(3) == 3"),
    "is remembered": (REGISTRY, REGISTRY_TEST, "register('a') == 1"),
    "ends the process": (EXITING, EXITING_TEST, "half(5) == 2"),
}


@pytest.mark.parametrize(("code", "tests", "check"), CASES.values(), ids=CASES)
def test_a_weaker_test_is_shown_though_mutants_misbehave(code: str, tests: str, check: str) -> None:
    """What one mutant does to the process is no loss of a test's, and hides none."""
    weaker = f"{check.partition(' == ')[0]} is not None"
    assert _judged(code, tests, check, weaker).verdict is Verdict.CHANGED


@pytest.mark.parametrize(("code", "tests", "check"), CASES.values(), ids=CASES)
def test_an_honest_edit_is_quiet_though_mutants_misbehave(
    code: str, tests: str, check: str
) -> None:
    """The same check written in another way notices the same, whatever came before."""
    call, _, value = check.partition(" == ")
    found = _judged(code, tests, check, f"{call} in ({value},)")
    assert found.verdict is Verdict.NO_DIFFERENCE_FOUND, found
