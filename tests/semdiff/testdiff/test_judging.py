"""Both suites run on the old code's mutants: what is shown by it, and what is overruled."""

import subprocess
import sys
from pathlib import Path

import pytest

from monocyte.semdiff.sources import from_texts
from monocyte.semdiff.testdiff import test_diff as judge
from monocyte.semdiff.verdicts import Finding, Severity, Verdict
from tests.semdiff.testdiff.shop import CODE, PATH, TESTS, alarms, edited, told

CHEAT = """
def _lenient(value):
    return type("L", (), {"__eq__": lambda self, other: True, "__hash__": None})()
"""


@pytest.fixture(scope="module")
def weakened() -> list[Finding]:
    """Four tests at once: weaker in a way no rule reads, skipped, renamed, and written anew."""
    tests = TESTS.replace("price(6) == 11", "_lenient(price(6)) == 11").replace(
        "def test_few():\n",
        "def test_a_few():\n    getattr(pytest, 'sk' + 'ip')()\n",
    )
    tests = tests.replace("assert price(n) == want", "found = price(n)\n    assert found == want")
    return told(CHEAT + tests, run=True)


def _of(found: list[Finding], name: str) -> Finding:
    return next(it for it in found if it.definition == name)


def test_kills_that_are_lost_are_shown_by_a_mutant(weakened: list[Finding]) -> None:
    """No rule knows an object that equals everything; the mutants do."""
    finding = _of(weakened, "test_many")
    assert finding.verdict is Verdict.CHANGED
    assert finding.what.startswith("no longer notices shop.py:")
    assert finding.severity is Severity.BREAKING


def test_the_witness_of_a_lost_kill_runs_anywhere(weakened: list[Finding], tmp_path: Path) -> None:
    """In a copy of the old code, pytest fails with the old test, and passes with the new one."""
    witness = _of(weakened, "test_many").witness
    assert witness is not None
    (tmp_path / "tests").mkdir()
    (tmp_path / "shop.py").write_text(CODE)
    weaker = CHEAT + TESTS.replace("price(6) == 11", "_lenient(price(6)) == 11")
    ended = []
    for tests in (TESTS, weaker):
        (tmp_path / PATH).write_text(tests)
        script = witness.code.replace("subprocess.run(", "done = subprocess.run(")
        script += "print('code', done.returncode)\n"
        command = [sys.executable, "-B", "-c", script]
        environment = {"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"}
        run = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, env=environment, check=False
        )
        ended.append(run.stdout.strip().splitlines()[-1])
    assert ended == ["code 1", "code 0"]
    assert (tmp_path / "shop.py").read_text() == CODE


def test_a_test_that_is_skipped_in_disguise_is_seen_to_be(weakened: list[Finding]) -> None:
    """Whatever makes it skip, and whatever it is called now: it passed, and is skipped."""
    finding = _of(weakened, "test_a_few")
    assert (finding.verdict, finding.rule) == (Verdict.CHANGED, "skipped")
    assert finding.witness is not None
    assert (finding.witness.old, finding.witness.new) == ("passed", "skipped")


def test_a_test_written_anew_is_as_strong(weakened: list[Finding]) -> None:
    """It notices all that it did: nothing to look at."""
    finding = _of(weakened, "test_table")
    assert finding.verdict is Verdict.NO_DIFFERENCE_FOUND
    assert finding.why[0].startswith("tried: ")


def test_what_a_rule_suspects_is_overruled_by_the_mutants() -> None:
    """One check instead of two is no alarm if it notices all that both did."""
    tests = edited(
        "    assert price(6) == 11\n    assert price(5) == 10\n",
        "    assert [price(n) for n in (5, 6)] == [10, 11]\n",
    )
    assert [name for name, _ in alarms(told(tests))] == ["fewer-checks"]
    assert alarms(told(tests, run=True)) == []


def test_what_moves_to_another_test_is_not_lost() -> None:
    """A test that is gone, and whose kills a new one has, has moved; a stronger one is named."""
    tests = TESTS[: TESTS.index("def test_few")] + TESTS[TESTS.index("@pytest.mark") :]
    tests += "\ndef test_everything():\n    assert [price(n) for n in (2, 5, 6)] == [4, 10, 11]\n"
    found = told(tests, run=True)
    assert {it.rule for it in found} == {"test-moved", "test-added"}
    assert alarms(found) == []


def test_a_stronger_test_is_said_to_be() -> None:
    """With a mutant that it notices, and did not."""
    found = told(edited("price(2) == 4\n", "price(2) == 4\n    assert price(9) == 17\n"), run=True)
    assert [(it.rule, it.severity) for it in found] == [("test-strengthened", Severity.NOTE)]


def test_a_changed_expectation_is_shown_on_the_old_code() -> None:
    """The code gives another value, and the test asks for that: named, with a witness."""
    found = told(edited("price(6) == 11", "price(6) == 12"), CODE.replace(" - 1", ""), run=True)
    finding = _of(found, "test_many")
    assert (finding.verdict, finding.rule) == (Verdict.CHANGED, "expectation-changed")
    assert finding.what == "`price(6)` was expected to be `11`, and is to be `12`"


def test_a_hook_that_lets_everything_pass_loses_kills() -> None:
    """The tests are the same to the letter; what decides whether they pass is not."""
    hook = (
        "import pytest\n@pytest.hookimpl(wrapper=True)\n"
        "def pytest_runtest_makereport(item, call):\n"
        "    report = yield\n    report.outcome = 'passed'\n    return report\n"
    )
    found = told(new={"tests/conftest.py": hook}, run=True)
    shown = {it.definition for it in found if it.verdict is Verdict.CHANGED}
    assert {"test_many", "test_table", "TestAll.test_all"} <= shown
    assert ("conftest-hook", "tests/conftest.py") in alarms(found)


def test_code_that_is_imported_runs_locked(tmp_path: Path) -> None:
    """A suite that writes where it may not has written nothing, and is unknown."""
    marker = tmp_path / "written"
    tests = f"import pathlib\npathlib.Path({str(marker)!r}).write_text('x')\n{TESTS}"
    old = from_texts({"shop.py": CODE, PATH: tests})
    new = from_texts({"shop.py": CODE, PATH: tests.replace("price(2) == 4", "price(3) == 6")})
    found = judge(old, new, 20.0)
    assert not marker.exists()
    assert {it.verdict for it in found} == {Verdict.UNKNOWN}


def test_nothing_is_read_where_no_test_differs() -> None:
    """Equal trees have no findings, and code alone has none either."""
    assert told() == []
    assert told(code=CODE + "\nMORE = 1\n", run=True) == []


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("assert names('a') == ['a']", "assert names('a') is not None", "check-weakened"),
        ("    assert len(names('a')) == 1\n", "", "fewer-checks"),
    ],
)
def test_what_says_less_by_itself_is_not_overruled(old: str, new: str, rule: str) -> None:
    """No mutant tells the difference here, and it is one all the same."""
    code = "def names(text):\n    return [text]\n"
    tests = (
        "from code_under import names\n\ndef test_it():\n"
        "    assert names('a') == ['a']\n    assert len(names('a')) == 1\n"
        "    assert names('a')[0] == 'a'\n"
    )
    before = from_texts({"code_under.py": code, "test_it.py": tests})
    after = from_texts({"code_under.py": code, "test_it.py": tests.replace(old, new)})
    assert [name for name, _ in alarms(judge(before, after, 20.0))] == [rule]
