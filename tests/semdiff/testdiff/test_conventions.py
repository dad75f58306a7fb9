"""Which functions are tests, as pytest itself collects them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from monocyte.semdiff.sources import from_texts
from monocyte.semdiff.testdiff.conventions import conventions, is_support, module_of

CONFIGS = {
    "nothing": {},
    "pyproject.toml": {
        "pyproject.toml": '[tool.pytest.ini_options]\npython_files = ["spec_*.py", "test_*.py"]\n'
    },
    "pytest.ini": {"pytest.ini": "[pytest]\npython_functions = test_* check_*\n"},
    "setup.cfg": {"setup.cfg": "[tool:pytest]\npython_classes = Check* Test\n"},
    "tox.ini": {"tox.ini": "[pytest]\npython_files = *_test.py\n", "setup.cfg": "[tool:pytest]\n"},
}
FILES = {
    "test_plain.py": """
import unittest
def test_one(): ...
def test(): ...
def check_two(): ...
def helper_test(): ...
class TestThree:
    def test_four(self): ...
    def helper(self): ...
    class TestInner:
        def test_five(self): ...
class CheckSix:
    def test_seven(self): ...
class Case(unittest.TestCase):
    def test_eight(self): ...
    def check_nine(self): ...
class Derived(Case):
    def test_ten(self): ...
class TestInit:
    def __init__(self): ...
    def test_eleven(self): ...
class TestHidden:
    __test__ = False
    def test_twelve(self): ...
def test_gone(): ...
del test_gone
if True:
    def test_within(): ...
""",
    "spec_more.py": "def test_spec(): ...\n",
    "late_test.py": "def test_late(): ...\n",
    "build/test_built.py": "def test_built(): ...\n",
}
LISTING = """
import json, pytest
class Plugin:
    def pytest_collection_modifyitems(self, items):
        # What is inherited stands where it is defined.
        found = {(it.location[0], it.function.__qualname__) for it in items}
        print("FOUND", json.dumps(sorted(found)))
pytest.main(["-s", "--collect-only", "-p", "no:cacheprovider"], plugins=[Plugin()])
"""


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_tests_are_found_as_pytest_finds_them(config: dict[str, str], tmp_path: Path) -> None:
    """Under each configuration the same functions, by file and qualified name."""
    texts = {**FILES, **config}
    for name, text in texts.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    command = [sys.executable, "-B", "-c", LISTING]
    environment = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PATH": "/usr/bin:/bin"}
    run = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    said = next(it for it in run.stdout.splitlines() if "FOUND" in it).partition("FOUND ")[2]
    collected = {tuple(it) for it in json.loads(said)}
    tree = from_texts(texts)
    rules = conventions(tree)
    modules = [module_of(tree[it], rules) for it in tree if rules.is_test_file(it)]
    found = {test.key for module in modules if module for test in module.tests.values()}
    assert found == collected


@pytest.mark.parametrize(
    ("path", "belongs"),
    [
        ("tests/data/answers.json", True),
        ("conftest.py", True),
        ("pkg/tests/helpers.py", True),
        ("test_all.py", True),
        ("src/shop.py", False),
        ("docs/tests.md", False),
    ],
)
def test_what_belongs_to_the_tests(path: str, *, belongs: bool) -> None:
    """Test files, conftests, and whatever lies in a folder of tests."""
    assert is_support(path, conventions(from_texts({}))) is belongs


def test_what_rests_on_a_helper_is_found_through_others() -> None:
    """A fixture that uses a helper that differs, and the tests that use the fixture."""
    text = """
import pytest
LIMIT = 3
def helper(): return LIMIT
@pytest.fixture
def number(): return helper()
def test_a(number): assert number
def test_b(): assert True
class TestC:
    def test_d(self): assert helper()
"""
    tree = from_texts({"test_x.py": text})
    module = module_of(tree["test_x.py"], conventions(tree))
    assert module is not None
    assert module.resting({"LIMIT"}) == {"test_a", "TestC.test_d"}
    assert module.resting({""}) == {"test_a", "test_b", "TestC.test_d"}
