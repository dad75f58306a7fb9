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


LOADED = """
import functools

LIMIT = 5
NAMES = ("a", "b")


class Box:
    size = 3


def doubled(function):
    @functools.wraps(function)
    def inner(n):
        return 2 * function(n)
    return inner


@doubled
def price(n):
    return n


def names():
    return ", ".join(NAMES)
"""
LOADING = {
    "a constant": ("LIMIT", "code_under.LIMIT == 5"),
    "a constant that a function reads": ("names", "code_under.names() == 'a, b'"),
    "an attribute of a class": ("Box", "code_under.Box.size == 3"),
    "a decorator": ("price", "code_under.price(2) == 4"),
}


@pytest.mark.parametrize(("name", "check"), LOADING.values(), ids=LOADING)
def test_what_runs_when_a_module_is_loaded_is_mutated_too(name: str, check: str) -> None:
    """A test of a constant or a decorator that looks at nothing any more is shown to be weaker."""
    tests = f"import code_under\n\ndef test_it():\n    assert {check}\n"
    call = check.partition(" == ")[0]
    found = _judged(LOADED, tests, check, f"{call} == {call} or {name!r}")
    assert found.verdict is Verdict.CHANGED, found
    assert found.witness


@pytest.mark.parametrize(("name", "check"), LOADING.values(), ids=LOADING)
def test_the_same_check_of_what_is_loaded_is_quiet(name: str, check: str) -> None:
    """Written in another way, it notices the same constants and decorators."""
    tests = f"import code_under\n\ndef test_it():\n    assert {check}\n"
    call, _, value = check.partition(" == ")
    found = _judged(LOADED, tests, check, f"{call} in ({value},)")
    assert found.verdict is Verdict.NO_DIFFERENCE_FOUND, (name, found)
