"""pytest in front of an app: what it finds, how it fails, and that it leaves other projects alone.

Each test runs a pytest of its own, as a user would, which finds the plugin by its entry point.
"""

import re
from pathlib import Path

import pytest

from tests.literate.outside import run_pytest as run

CELL = '''"""# Taps: who has had a beer."""

from monocyte import Caller, Cell, Command, Event, Query, State
from monocyte.testing import World


class Tapped(Event):
    by: str


class Tap(Command[Tapped]):
    pass


class HowOften(Query[int]):
    pass


class Taps(State):
    count: int = 0


cell = Cell("taps", state=Taps)

ENOUGH = cell.rule("TAP-1", "Three taps are enough.")


@cell.handles
def tap(it: Tap, taps: Taps, caller: Caller) -> Tapped:
    ENOUGH.require(taps.count < 3)
    return Tapped(caller.name)


@cell.handles
def how_often(it: HowOften, taps: Taps) -> int:
    return taps.count


@cell.evolves
def more(it: Tapped, taps: Taps) -> None:
    taps.count += 1


@cell.scenario(given={"once": (1,), "twice": (2,)})
def taps_are_counted(bar: World, times: int) -> None:
    """Each is one."""
    for _ in range(times):
        bar.by("ada").send(Tap())
    assert bar.by("ada").ask(HowOften()) == times


@cell.scenario
def three_are_enough(bar: World) -> None:
    """The fourth is refused."""
    for _ in range(3):
        bar.by("ada").send(Tap())
    with ENOUGH.refuses():
        bar.by("ada").send(Tap())


@cell.decision(instead_of="counting by name", review="2099-01-01")
def all_are_counted_together(bar: World) -> None:
    """The barrel is one."""
    for who in ("ada", "eve"):
        bar.by(who).send(Tap())
    assert bar.by("tom").ask(HowOften()) == 2
'''

JOURNEYS = '''"""# A bar, from end to end."""

from bar.taps import HowOften, Tap
from monocyte import App
from monocyte.testing import Stage

app = App("bar")


@app.scenario
def an_evening(bar: Stage) -> None:
    """Ada taps, Eve sees it."""
    bar.by("ada").send(Tap())
    assert bar.by("eve").ask(HowOften()) == 1
'''

WRONG = """

@cell.scenario
def wrong(bar: World) -> None:
    expected = 2
    bar.by("ada").send(Tap())
    assert bar.by("ada").ask(HowOften()) == expected
"""

AT = (CELL + WRONG).count("\n")
"""The line of its assert."""

REFUSED = """

@cell.scenario
def refused(bar: World) -> None:
    for _ in range(4):
        bar.by("ada").send(Tap())
"""

ENDLESS = """

@cell.scenario
def endless(bar: World) -> None:
    while True:
        pass
"""


@pytest.fixture
def bar(tmp_path: Path) -> Path:
    """An app with one cell and one journey."""
    return make(tmp_path / "app")


def make(root: Path, package: str = "bar") -> Path:
    """Write the app into a directory."""
    folder = root / package
    folder.mkdir(parents=True)
    (root / "monocyte.toml").write_text(f'[app]\nname = "bar"\ncells = "{package}"\n')
    (folder / "__init__.py").write_text("")
    (folder / "taps.py").write_text(CELL)
    (folder / "journeys.py").write_text(JOURNEYS.replace("bar.taps", f"{package}.taps"))
    return root


def add(root: Path, text: str) -> None:
    """Add something to the cell."""
    file = root / "bar" / "taps.py"
    file.write_text(file.read_text() + text)


ALL = [
    "bar/journeys.py::an_evening",
    "bar/taps.py::taps_are_counted[once]",
    "bar/taps.py::taps_are_counted[twice]",
    "bar/taps.py::three_are_enough",
    "bar/taps.py::all_are_counted_together",
]


CHOICES: dict[str, tuple[tuple[str, ...], list[str]]] = {
    "all": ((), ALL),
    "a directory": (("bar",), ALL),
    "a file": (("bar/journeys.py",), ALL[:1]),
    "an item": (("bar/taps.py::taps_are_counted[twice]",), ALL[2:3]),
    "by name": (("-k", "counted and not twice"), [ALL[1], ALL[4]]),
    "decisions": (("-m", "decision"), ALL[4:]),
    "scenarios": (("-m", "scenario"), ALL[:4]),
    "another import mode": (("--import-mode=importlib", "bar/taps.py"), ALL[1:]),
    "whatever is a test": (("-o", "python_files=*.py"), ALL),
}


@pytest.mark.parametrize(("arguments", "items"), CHOICES.values(), ids=CHOICES)
def test_scenarios_are_ordinary_items(
    bar: Path, arguments: tuple[str, ...], items: list[str]
) -> None:
    """Found without a line of configuration, chosen as tests are, in the order of the file."""
    ran = run(bar, "-v", *arguments)
    assert ran.code == 0, ran.text
    assert ran.items == [f"{item} PASSED" for item in items]


def test_every_seed_is_an_item(bar: Path) -> None:
    """The plain world has the plain name."""
    ran = run(bar, "-v", "--seeds", "3", "-k", "three")
    names = [f"bar/taps.py::three_are_enough{at} PASSED" for at in ("", "@1", "@2")]
    assert ran.items == names


def test_several_workers_agree_on_what_there_is(bar: Path) -> None:
    """Of pytest-xdist, which compares what its workers have collected, and runs each once."""
    ran = run(bar, "-v", "-n", "2", "--seeds", "2")
    assert ran.code == 0, ran.text
    assert len(set(ran.items)) == len(ran.items) == 9


def test_coverage_sees_the_lines_of_cells(bar: Path) -> None:
    """Those that are run at import too."""
    ran = run(bar, "--cov=bar", "--cov-report=term-missing")
    assert re.search(r"bar/taps.py\s+\d+\s+0\s+100%", ran.text), ran.text


def test_an_assert_explains_itself(bar: Path) -> None:
    """With the values on both sides, the line, and what had been said; nothing of ours."""
    add(bar, WRONG)
    ran = run(bar)
    assert ran.code == 1
    for part in (
        ">       assert bar.by(",
        "E       AssertionError: assert 1 == 2",
        " = ask(HowOften())",
        f"bar/taps.py:{AT}: AssertionError",
        "Captured trace call",
        "  ada -> taps: HowOften() -> 1",
        "FAILED bar/taps.py::wrong - AssertionError: assert 1 == 2",
        "1 failed, 5 passed",
    ):
        assert part in ran.text
    assert "testing/world.py" not in ran.text


def test_a_refusal_nobody_expected_is_shown_where_it_was_sent(bar: Path) -> None:
    """The error of the rule, and no frame of the World's."""
    add(bar, REFUSED)
    ran = run(bar, "-x")
    assert "refused by TAP-1" in ran.text
    assert '>           bar.by("ada").send(Tap())' in ran.text
    assert "simulation.py" not in ran.text
    assert "src/monocyte" in run(bar, "--full-trace").text


def test_the_debugger_stops_in_the_scenario(bar: Path) -> None:
    """With --pdb, and nothing to type, it shows where it has stopped."""
    add(bar, WRONG)
    ran = run(bar, "--pdb", "-k", "wrong")
    assert f"bar/taps.py({AT})wrong()" in ran.text


def test_one_that_never_ends_is_stopped(bar: Path) -> None:
    """And shown at its line; the others go on."""
    add(bar, ENDLESS)
    ran = run(bar, "--scenario-timeout", "0.5")
    assert re.search(r"bar/taps.py:\d+: NeverEnded", ran.text), ran.text
    assert "1 failed, 5 passed" in ran.text


ILL: dict[str, tuple[str, str]] = {
    "a fault": ('\n\ncell.rule("TAP-1", "Again.")\n', "rule TAP-1 is declared twice"),
    "no Python": ("\ndef (:\n", "invalid syntax"),
    "it cannot be imported": ("\nimport nothing_of_that_name\n", "No module named"),
}


@pytest.mark.parametrize(("text", "said"), ILL.values(), ids=ILL)
def test_a_cell_that_does_not_load_is_an_error_with_a_line(bar: Path, text: str, said: str) -> None:
    """File, line and mend, and no traceback."""
    add(bar, text)
    ran = run(bar, "bar/taps.py")
    assert ran.code == 2
    assert re.search(r"bar/taps.py:\d+: .*" + said, ran.text), ran.text
    assert "what to do:" in ran.text
    assert "Traceback" not in ran.text


def test_settings_that_cannot_be_are_an_error_too(bar: Path) -> None:
    """Said once for each file that would be looked at."""
    (bar / "monocyte.toml").write_text('[app]\nname = "bar"\n')
    ran = run(bar)
    assert ran.code == 2
    assert "'cells' is missing" in ran.text


def test_two_apps_of_one_package_are_refused(tmp_path: Path) -> None:
    """Python has one module of a name; so it is said what to do, and the first one is tested."""
    for name in ("one", "two"):
        make(tmp_path / name)
    ran = run(tmp_path, "--continue-on-collection-errors")
    assert "another module is called bar" in ran.text
    assert "run each app in a process of its own" in ran.text
    assert "5 passed" in ran.text


def test_two_apps_of_different_packages_are_tested_together(tmp_path: Path) -> None:
    """Each in Worlds of its own."""
    make(tmp_path / "one", "bar")
    make(tmp_path / "two", "pub")
    ran = run(tmp_path)
    assert (ran.code, "10 passed" in ran.text) == (0, True), ran.text


def test_what_was_edited_is_what_is_tested(bar: Path) -> None:
    """No run remembers the asserts of an earlier one."""
    add(bar, WRONG)
    assert run(bar).code == 1
    file = bar / "bar" / "taps.py"
    file.write_text(file.read_text().replace("expected = 2", "expected = 1 # mended"))
    assert run(bar).code == 0


def test_ordinary_tests_beside_an_app_see_the_same_classes(bar: Path) -> None:
    """A cell has one name, whoever imports it, and in whatever order."""
    (bar / "test_bar.py").write_text(
        "import sys\n\nfrom bar.taps import Tap, cell\n\n\n"
        "def test_it():\n"
        "    assert sys.modules['bar.taps'].Tap is Tap\n"
        "    assert [n for n in sys.modules if n.endswith('taps')] == ['bar.taps']\n"
    )
    ran = run(bar)
    assert (ran.code, "6 passed" in ran.text) == (0, True), ran.text


def test_asserts_explain_themselves_whoever_imports_the_cell_first(tmp_path: Path) -> None:
    """Also where a file of tests comes before the package."""
    root = make(tmp_path / "app", "zoo")
    (root / "zoo" / "taps.py").write_text(CELL + WRONG)
    (root / "test_first.py").write_text("import zoo.taps\n\ndef test_it(): pass\n")
    ran = run(root)
    assert "E       AssertionError: assert 1 == 2" in ran.text


ODD = """

@cell.scenario(given={"a::b": (), "🍺 / [x]": (), "two\\nlines": ()})
def odd(bar: World) -> None:
    pass
"""


def test_rows_may_be_called_as_people_like(bar: Path) -> None:
    """Each has an id of its own, which chooses it."""
    add(bar, ODD)
    ran = run(bar, "-v", "-k", "odd")
    assert (ran.code, "3 passed" in ran.text) == (0, True), ran.text
    chosen = run(bar, "bar/taps.py::odd[🍺 / [x]]")
    assert "1 passed" in chosen.text, chosen.text


def test_a_package_may_lie_deeper_and_need_no_init(tmp_path: Path) -> None:
    """Wherever the settings say; asserts explain themselves there, too."""
    root = make(tmp_path / "app")
    (root / "bar" / "__init__.py").unlink()
    (root / "inner").mkdir()
    (root / "bar").rename(root / "inner" / "bar")
    (root / "monocyte.toml").write_text('[app]\nname = "bar"\ncells = "inner.bar"\n')
    folder = root / "inner" / "bar"
    (folder / "taps.py").write_text(CELL + WRONG)
    (folder / "journeys.py").write_text(JOURNEYS.replace("bar.taps", "inner.bar.taps"))
    ran = run(root)
    assert "E       AssertionError: assert 1 == 2" in ran.text
    assert "1 failed, 5 passed" in ran.text


def test_other_projects_do_not_notice(tmp_path: Path) -> None:
    """Without a monocyte.toml nothing of Monocyte is imported, and the option is anybody's."""
    (tmp_path / "conftest.py").write_text(
        "def pytest_addoption(parser):\n    parser.addoption('--seeds', action='store_true')\n"
    )
    (tmp_path / "test_it.py").write_text(
        "import sys\n\ndef test_it(request):\n"
        "    assert request.config.getoption('--seeds')\n"
        "    assert not [n for n in sys.modules if n.split('.')[0] == 'monocyte']\n"
    )
    ran = run(tmp_path, "--seeds")
    assert (ran.code, "1 passed" in ran.text) == (0, True), ran.text


def test_a_copy_of_the_app_among_its_data_is_passed_over(bar: Path) -> None:
    """As a demonstration leaves one; it is tested only if it is asked for."""
    copy = make(bar / "data" / "copy")
    assert "5 passed" in run(bar).text
    assert "5 passed" in run(bar, str(copy)).text
    assert "5 passed" in run(copy).text
