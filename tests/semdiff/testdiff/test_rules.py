"""What reading alone tells of a test: every way of weakening it, and no honest edit."""

import pytest

from monocyte.semdiff.verdicts import Severity
from tests.semdiff.testdiff.shop import TESTS, alarms, edited, told

MANY = "def test_many():\n    assert price(6) == 11\n    assert price(5) == 10\n"
ONE = "    assert price(6) == 11\n"


def many(body: str, head: str = "") -> str:
    """The tests with another body for one of them."""
    return head + edited(MANY, f"def test_many():\n{body}")


def with_mark(mark: str, head: str = "") -> str:
    """The tests with a decorator on one of them."""
    return head + edited("def test_many", f"@{mark}\ndef test_many")


WEAKENED = {
    "skip": ("skipped", with_mark("pytest.mark.skip")),
    "skip, aliased": ("skipped", with_mark("later", "import pytest as p\nlater = p.mark.skip\n")),
    "skip by getattr": ("skipped", with_mark("getattr(pytest.mark, 'skip')")),
    "unittest.skip": ("skipped", with_mark("u.skip('x')", "import unittest as u\n")),
    "xfail": ("xfailed", with_mark("pytest.mark.xfail(run=False)")),
    "pytestmark": ("skipped", TESTS + "\npytestmark = [pytest.mark.skip]\n"),
    "mark of the class": ("skipped", edited("class TestAll", "@pytest.mark.skip\nclass TestAll")),
    "mark of a parameter": (
        "skipped",
        edited("(1, 2),", "pytest.param(1, 2, marks=pytest.mark.skip),"),
    ),
    "skip called": ("skipped", edited(MANY, MANY.replace(ONE, "    pytest.skip()\n" + ONE))),
    "SkipTest": ("skipped", many("    raise unittest.SkipTest\n" + ONE, "import unittest\n")),
    "xfail called": ("xfailed", many("    pytest.xfail('x')\n" + ONE)),
    "return": ("returns-early", many("    return\n" + ONE)),
    "if False": ("unreachable", many("    if False:\n    " + ONE)),
    "else of True": ("unreachable", many("    if True:\n        pass\n    else:\n    " + ONE)),
    "swallowed": (
        "swallowed",
        many(f"    try:\n    {ONE}    except AssertionError:\n        pass\n"),
    ),
    "all swallowed": ("swallowed", many(f"    try:\n    {ONE}    except:\n        pass\n")),
    "suppressed": (
        "swallowed",
        many(
            f"    with quiet(Exception):\n    {ONE}", "from contextlib import suppress as quiet\n"
        ),
    ),
    "finally returns": ("swallowed", many(f"    try:\n    {ONE}    finally:\n        return\n")),
    "uncalled": ("uncalled", many(f"    def inner():\n    {ONE}")),
    "empty loop": ("empty-loop", many(f"    for n in []:\n    {ONE}")),
    "emptied list": ("empty-loop", many(f"    ns = []\n    for n in ns:\n    {ONE}")),
    "assert True": ("cannot-fail", many("    assert True\n    assert price(5) == 10\n")),
    "or True": ("cannot-fail", many("    assert price(6) == 11 or True\n")),
    "a tuple": ("cannot-fail", many("    assert (price(6) == 11, 'eleven')\n")),
    "itself": ("cannot-fail", many("    it = price(6)\n    assert it == it\n")),
    "an object": ("cannot-fail", many("    assert isinstance(price(6), object)\n")),
    "no assertion": ("no-assertion", many("    price(6)\n")),
    "fewer": ("fewer-checks", many(ONE)),
    "not None": (
        "check-weakened",
        many("    assert price(6) is not None\n    assert price(5) == 10\n"),
    ),
    "in": ("check-weakened", many("    assert price(6) in (10, 11)\n    assert price(5) == 10\n")),
    "conditional": ("conditional", many(f"    if price:\n    {ONE}    assert price(5) == 10\n")),
    "generator": ("generator", edited(ONE, ONE + "    yield\n")),
    "coroutine": ("awaited-by-nobody", edited("def test_few", "async def test_few")),
    "wider error": ("raises-widened", edited("ValueError,", "Exception,")),
    "wider built-in": ("raises-widened", edited("(ValueError", "((ValueError, LookupError)")),
    "match dropped": ("match-dropped", edited(', match="no negative"', "")),
    "match anything": ("match-dropped", edited("no negative", ".*")),
    "match shortened": ("match-dropped", edited("no negative", "no")),
    "tolerance": ("tolerance-widened", edited("rel=1e-6", "rel=0.1")),
    "tolerance, absolute": ("tolerance-widened", edited("rel=1e-6", "abs=10")),
    "a case gone": ("cases-removed", edited(", (10, 19)", "")),
    "cases sliced": ("cases-removed", edited("(10, 19)]", "(10, 19)][:1]")),
    "no turn": ("empty-loop", edited("[1, 2, 3]", "[]")),
    "fewer turns": ("cases-removed", edited("[1, 2, 3]", "[1]")),
    "mocked": (
        "mocked",
        many("    import shop\n    monkeypatch.setattr(shop, 'price', lambda n: 11)\n" + ONE),
    ),
    "deleted": ("test-removed", edited(MANY, "")),
    "underscore": ("uncollected", edited("def test_few", "def _test_few")),
    "bound again": ("uncollected", TESTS + "\ntest_few = None\n"),
    "__test__": ("uncollected", TESTS + "\ntest_few.__test__ = False\n"),
    "__test__ of all": ("uncollected", "__test__ = False\n" + TESTS),
    "__init__": (
        "uncollected",
        edited("class TestAll:", "class TestAll:\n    def __init__(self): ..."),
    ),
    "defined again": ("no-assertion", TESTS + "\ndef test_few():\n    pass\n"),
    "unreadable": ("unreadable", TESTS + "\ndef test_more(:\n"),
}


@pytest.mark.parametrize(("rule", "tests"), WEAKENED.values(), ids=WEAKENED)
def test_a_weaker_test_is_told_by_its_rule(rule: str, tests: str) -> None:
    """Each way is seen without running anything, and named for what it is."""
    loud = [it for it in told(tests) if it.severity >= Severity.WARNING]
    assert any(it.rule == rule or f"{rule}: " in " ".join(it.why) for it in loud)


HONEST = {
    "nothing": TESTS,
    "a comment": "# words\n" + TESTS,
    "a docstring": edited("def test_few():", 'def test_few():\n    """Few."""'),
    "renamed": edited("test_few", "test_a_few"),
    "sides swapped": edited("price(2) == 4", "4 == price(2)"),
    "one more check": edited(ONE, ONE + "    assert price(7) == 13\n"),
    "one more case": edited("(3, 6),", "(3, 6), (4, 8),"),
    "ids": edited("(10, 19)]", "(10, 19)], ids=list('abc')"),
    "split": edited(
        MANY, f"def test_many():\n{ONE}\ndef test_five():\n    assert price(5) == 10\n"
    ),
    "merged": TESTS.replace(MANY, "").replace(
        "assert price(2) == 4", "assert price(2) == 4\n" + ONE + "    assert price(5) == 10"
    ),
    "unittest style": edited(ONE, ONE)
    + "\nclass TestMore:\n    def test_x(self): assert price(0) == 0\n",
    "narrower": edited("rel=1e-6", "rel=1e-9"),
    "a longer match": edited("no negative", "no negative amounts"),
    "a helper": TESTS + "\ndef helper():\n    return price(1)\n",
    "in order": edited(MANY, "") + "\n" + MANY,
    "cleaned up": edited(ONE, f"    try:\n    {ONE}    finally:\n        print()\n"),
    "failing on its own": edited(
        ONE, f"    try:\n    {ONE}    except ValueError:\n        raise\n"
    ),
}


@pytest.mark.parametrize("tests", HONEST.values(), ids=HONEST)
def test_an_honest_edit_is_no_alarm(tests: str) -> None:
    """Nothing that a person must look at is said of it, also where nothing is run."""
    assert alarms(told(tests)) == []


def test_a_test_that_goes_with_its_subject_is_no_alarm() -> None:
    """What tested a function that the code no longer has may go."""
    tests = TESTS.replace(TESTS[TESTS.index("def test_mean") : TESTS.index("class TestAll")], "")
    code = "def price(n, each=2):\n    return n\n"
    found = [it for it in told(tests.replace("mean, ", ""), code) if it.definition == "test_mean"]
    assert [it.what for it in found] == ["is gone with what it tested: `shop.mean`"]
    assert alarms(found) == []


def test_a_test_that_goes_alone_is_one() -> None:
    """The same removal is told where the code has what it tested."""
    tests = TESTS.replace(TESTS[TESTS.index("def test_mean") : TESTS.index("class TestAll")], "")
    assert alarms(told(tests)) == [("test-removed", "test_mean")]


HYPOTHESIS = """
from hypothesis import assume, given, settings, strategies as st
from shop import price

@settings(max_examples=200)
@given(st.integers(min_value=0, max_value=5))
def test_small(n):
    assert price(n) == 2 * n
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("max_examples=200", "max_examples=5"),
        ("max_value=5", "max_value=1"),
        ("min_value=0", "min_value=4"),
        ("    assert", "    assume(n == 1)\n    assert"),
        ("max_value=5)", "max_value=5).filter(bool)"),
    ],
)
def test_fewer_generated_inputs_are_told(old: str, new: str) -> None:
    """Examples, bounds, filters and assumptions narrow what is tried."""
    path = "tests/test_generated.py"
    found = told(old={path: HYPOTHESIS}, new={path: HYPOTHESIS.replace(old, new)})
    assert alarms(found) == [("inputs-narrowed", "test_small")]


def test_an_expectation_that_follows_the_code_is_named_with_both_values() -> None:
    """Whoever approves sees what was expected, and what is now."""
    tests = edited("price(6) == 11", "price(6) == 12")
    code = "def price(n, each=2):\n    return n * each\n\ndef mean(values):\n    return 0\n"
    found = [it for it in told(tests, code) if it.rule == "expectation-changed"]
    assert [it.what for it in found] == ["`price(6)` was expected to be `11`, and is to be `12`"]
