"""Of a large program only what a change demands is read, and what it gains is found all the same."""
# ruff: noqa: E501 (tables: one case, one line)

import pytest

from benchmarks.semdiff.capability import HIDDEN, Case, cases, found, verdict
from monocyte.semdiff import capabilities
from monocyte.semdiff.capabilities import Where, gains
from monocyte.semdiff.impact import felt_files
from monocyte.semdiff.scoped import Scope

FOUND = [
    (kind, case)
    for kind in ("widenings", "obfuscated", "second", "heldout")
    for case in cases(kind)
]
NEUTRAL = [*cases("neutral"), *cases("heldout_neutral")]


@pytest.fixture(autouse=True)
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every program counts as large."""
    monkeypatch.setattr(capabilities, "WHOLE", -1)


@pytest.mark.parametrize(("kind", "case"), FOUND, ids=[case.name for _, case in FOUND])
def test_a_widening_is_found(kind: str, case: Case) -> None:
    """As when the whole program is read."""
    assert found(case, verdict(case), obfuscated=kind in HIDDEN)


@pytest.mark.parametrize("case", NEUTRAL, ids=[case.name for case in NEUTRAL])
def test_a_neutral_change_gains_nothing(case: Case) -> None:
    """As when the whole program is read."""
    assert verdict(case) == ()


LIB = "import os\ndef wipe(p): os.remove(p)\ndef nothing(p): pass\n"
APP = "from lib import nothing as act\ndef go(p): act(p)\ndef other(): return 1\n"


@pytest.mark.parametrize(
    ("old", "new", "gained"),
    [
        # a new step into a file that has not changed is followed there
        (
            {"lib.py": LIB, "app.py": APP},
            {"lib.py": LIB, "app.py": APP.replace("nothing", "wipe")},
            ("app:go", "files.write", Where.ENTRY),
        ),
        # through two more files
        (
            {"lib.py": LIB, "mid.py": "from lib import wipe\ndef m(p): wipe(p)\n", "app.py": "def go(p): pass\n"},
            {"lib.py": LIB, "mid.py": "from lib import wipe\ndef m(p): wipe(p)\n", "app.py": "import mid\ndef go(p): mid.m(p)\n"},
            ("app:go", "files.write", Where.ENTRY),
        ),
        # an alias that means another module now, used in a file that has not changed
        (
            {"tools.py": "import json as lib\n", "app.py": "from tools import lib\ndef go(): lib.run('x')\n"},
            {"tools.py": "import subprocess as lib\n", "app.py": "from tools import lib\ndef go(): lib.run('x')\n"},
            ("app:go", "subprocess", Where.PROGRAM),
        ),
        # the same, in the file itself: the function has not changed, its name has
        (
            {"app.py": "import json as lib\ndef go(): lib.run('x')\n"},
            {"app.py": "import subprocess as lib\ndef go(): lib.run('x')\n"},
            ("app:go", "subprocess", Where.PROGRAM),
        ),
        # what the program could do elsewhere is not new to it
        (
            {"lib.py": LIB, "app.py": "def go(p): pass\n"},
            {"lib.py": LIB, "app.py": "import os\ndef go(p): os.remove(p)\n"},
            ("app:go", "files.write", Where.ENTRY),
        ),
    ],
    ids=range(5),
)  # fmt: skip
def test_what_is_gained_across_files(
    old: dict[str, str], new: dict[str, str], gained: tuple[str, str, Where]
) -> None:
    """Who gains it, and whether it is new to the whole program."""
    assert gained in [(it.entry, it.capability, it.where) for it in gains(old, new)]


def test_what_did_not_change_is_not_read() -> None:
    """A thousand files that nobody leads to cost nothing."""
    idle = {f"idle{i}.py": "def f(): ...\n" for i in range(1000)}
    old, new = {"app.py": "a = 1\n", **idle}, {"app.py": "a = 2\n", **idle}
    scope = Scope(old, new)
    assert set(scope.new.program.modules) == {"app"}


@pytest.mark.parametrize(
    ("files", "felt"),
    [
        ({"m.py": "from c import TOP\nclass M: a: TOP\n"}, {"m.py"}),
        ({"m.py": "import c\nclass M: a: c.TOP\n"}, {"m.py"}),
        ({"m.py": "from c import *\nclass M: a: TOP\n"}, {"m.py"}),
        ({"m.py": "from c import TOP as T\nU = T\n", "n.py": "from m import U\nclass N: a: U\n"}, {"m.py", "n.py"}),
        ({"m.py": "TOP = 3\nclass M: a: TOP\n"}, set()),
        ({"m.py": "from c import OTHER\nclass M: a: OTHER\n"}, set()),
    ],
    ids=range(6),
)  # fmt: skip
def test_which_files_feel_a_change(files: dict[str, str], felt: set[str]) -> None:
    """Those into which a changed name is imported, and those into which theirs are."""
    old = {"c.py": "TOP = 1\nOTHER = 1\n", **files}
    new = {**old, "c.py": "TOP = 2\nOTHER = 1\n"}
    assert felt_files(old, new) == {"c.py", *felt}
