"""What sways all tests at once: configuration, conftests, pragmas, pipelines, held answers."""

import pytest

from tests.semdiff.testdiff.shop import CODE, alarms, told

SETUP = (
    "[tool:pytest]\naddopts = -ra --strict-markers\nxfail_strict = true\nfilterwarnings = error\n"
)
TOML = '[tool.pytest.ini_options]\ntestpaths = ["tests"]\n[tool.coverage.report]\nfail_under = 95\n'
COVERAGE = "[run]\nbranch = true\nomit =\n    tests/*\n"
PIPELINE = "steps:\n  - run: pytest --cov --cov-fail-under=90\n"
CONFTEST = "import pytest\n\n@pytest.fixture\ndef number():\n    return 3\n"

WEAKENED = {
    "-k": ("deselected", "setup.cfg", SETUP, SETUP.replace("-ra", "-ra -k 'not many'")),
    "--deselect": ("deselected", "setup.cfg", SETUP, SETUP.replace("-ra", "--deselect tests/x.py")),
    "-p no:": ("deselected", "setup.cfg", SETUP, SETUP.replace("-ra", "-p no:python")),
    "strict markers": ("less-strict", "setup.cfg", SETUP, SETUP.replace(" --strict-markers", "")),
    "strict xfail": ("less-strict", "setup.cfg", SETUP, SETUP.replace("= true", "= false")),
    "warnings": ("less-strict", "setup.cfg", SETUP, SETUP.replace("filterwarnings = error", "")),
    "a new file of pytest's": (
        "uncollected",
        "pytest.ini",
        "",
        "[pytest]\npython_files = spec_*\n",
    ),
    "functions": ("uncollected", "pytest.ini", "", "[pytest]\npython_functions = spec_*\n"),
    "testpaths": ("uncollected", "pyproject.toml", TOML, TOML.replace('"tests"', '"docs"')),
    "fail_under": ("threshold-lowered", "pyproject.toml", TOML, TOML.replace("95", "50")),
    "no threshold": (
        "threshold-lowered",
        "pyproject.toml",
        TOML,
        TOML.replace("fail_under = 95", ""),
    ),
    "--cov-fail-under": ("threshold-lowered", "ci.yml", PIPELINE, PIPELINE.replace("90", "10")),
    "|| true": ("pipeline-hushed", "ci.yml", PIPELINE, PIPELINE.replace("90", "90 || true")),
    "continue-on-error": (
        "pipeline-hushed",
        "ci.yml",
        PIPELINE,
        PIPELINE + "    continue-on-error: true\n",
    ),
    "not run": ("pipeline-hushed", "ci.yml", PIPELINE, "steps:\n  - run: echo done\n"),
    "omit": ("coverage-narrowed", ".coveragerc", COVERAGE, COVERAGE + "    shop.py\n"),
    "branch": (
        "coverage-narrowed",
        ".coveragerc",
        COVERAGE,
        COVERAGE.replace("branch = true\n", ""),
    ),
    "pragma": ("pragma", "more.py", CODE, CODE.replace("- 1", "- 1  # pragma: no cover")),
    "makereport": (
        "conftest-hook",
        "tests/conftest.py",
        CONFTEST,
        CONFTEST + "def pytest_runtest_makereport(item, call):\n    pass\n",
    ),
    "a hook by assignment": (
        "conftest-hook",
        "tests/conftest.py",
        CONFTEST,
        CONFTEST + "def quiet(items): items.clear()\npytest_collection_modifyitems = quiet\n",
    ),
    "collect_ignore": (
        "uncollected",
        "tests/conftest.py",
        CONFTEST,
        CONFTEST + "collect_ignore = ['test_shop.py']\n",
    ),
    "autouse": (
        "autouse",
        "tests/conftest.py",
        CONFTEST,
        CONFTEST
        + "@pytest.fixture(autouse=True)\ndef fake(monkeypatch):\n"
        + "    monkeypatch.setattr('shop.price', 11)\n",
    ),
    "sys.modules": (
        "tampered",
        "tests/conftest.py",
        CONFTEST,
        CONFTEST + "import sys, types\nsys.modules['shop'] = types.ModuleType('shop')\n",
    ),
    "patched at import": (
        "tampered",
        "tests/conftest.py",
        CONFTEST,
        CONFTEST + "import shop\nshop.price = lambda n: 11\n",
    ),
    "a plugin": (
        "plugin",
        "tests/conftest.py",
        CONFTEST,
        CONFTEST + "pytest_plugins = ['quiet']\n",
    ),
    "a shadow": ("shadowed", "tests/shop.py", "", CODE),
    "sitecustomize": ("shadowed", "sitecustomize.py", "", "import shop\n"),
    "an answer": ("golden-changed", "tests/data/prices.json", '{"6": 11}', '{"6": 12}'),
    "an answer gone": ("golden-changed", "tests/data/prices.json", '{"6": 11}', ""),
    "a fixture's skip": (
        "skipped",
        "tests/conftest.py",
        CONFTEST,
        CONFTEST.replace("return 3", "pytest.skip('x')"),
    ),
}


@pytest.mark.parametrize(("rule", "path", "old", "new"), WEAKENED.values(), ids=WEAKENED)
def test_what_sways_all_tests_is_told(rule: str, path: str, old: str, new: str) -> None:
    """Each way is told at the file in which it stands."""
    found = told(old={path: old} if old else {}, new={path: new} if new else {})
    assert rule in {name for name, _ in alarms(found)}


HONEST = {
    "a new fixture": (
        "tests/conftest.py",
        CONFTEST,
        CONFTEST + "@pytest.fixture\ndef one(): return 1\n",
    ),
    "a stricter threshold": ("pyproject.toml", TOML, TOML.replace("95", "97")),
    "a marker": ("setup.cfg", SETUP, SETUP + "markers =\n    slow: takes long\n"),
    "another step": ("ci.yml", PIPELINE, PIPELINE + "  - run: ruff check\n"),
    "a pragma less": ("more.py", "x = 1  # pragma: no cover\n", "x = 1\n"),
    "new data": ("tests/data/more.json", "", "{}"),
    "settings of another tool": ("pyproject.toml", TOML, TOML + "[tool.ruff]\nline-length = 90\n"),
    "a hook that registers": (
        "tests/conftest.py",
        CONFTEST,
        CONFTEST
        + "def pytest_configure(config):\n    config.addinivalue_line('markers', 'a: b')\n",
    ),
}


@pytest.mark.parametrize(("path", "old", "new"), HONEST.values(), ids=HONEST)
def test_an_honest_edit_of_the_project_is_no_alarm(path: str, old: str, new: str) -> None:
    """Nothing that a person must look at is said of it."""
    assert alarms(told(old={path: old} if old else {}, new={path: new})) == []
