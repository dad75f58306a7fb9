"""What code gains is found, what it does not gain is not claimed, and nothing heard is missed."""

from collections.abc import Iterator

import pytest

from benchmarks.semdiff.capability import Case, cases, found, heard_of, uncovered, verdict
from monocyte.semdiff.capabilities import Where, gains, reached
from monocyte.semdiff.verdicts import Severity
from monocyte.semdiff.whole import gained
from monocyte.semdiff.workers import Worker
from monocyte.semdiff.workers.listening import Heard

WIDENINGS = list(cases("widenings"))
OBFUSCATED = list(cases("obfuscated"))
NEUTRAL = list(cases("neutral"))


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    """One nursery for all programs that are run."""
    with Worker() as one:
        yield one


@pytest.mark.parametrize("case", WIDENINGS, ids=[case.name for case in WIDENINGS])
def test_a_widening_is_found(case: Case) -> None:
    """What a program can do that it could not before is said by its name."""
    assert found(case, verdict(case), obfuscated=False)


@pytest.mark.parametrize("case", OBFUSCATED, ids=[case.name for case in OBFUSCATED])
def test_an_obfuscated_widening_is_found_or_dynamic(case: Case) -> None:
    """However a capability is hidden, it is found, or DYNAMIC says that it cannot be known."""
    assert found(case, verdict(case), obfuscated=True)


@pytest.mark.parametrize("case", NEUTRAL, ids=[case.name for case in NEUTRAL])
def test_a_neutral_change_gains_nothing(case: Case) -> None:
    """A change that reaches nothing new is not accused of it."""
    assert verdict(case) == ()


@pytest.mark.parametrize(
    "case", OBFUSCATED[::4] + NEUTRAL[::4], ids=[c.name for c in OBFUSCATED[::4] + NEUTRAL[::4]]
)
def test_what_is_heard_lies_inside_the_static_set(worker: Worker, case: Case) -> None:
    """Every audit event of a run is of a capability that was said to be reachable."""
    heard = heard_of(worker, case.new)
    assert isinstance(heard, Heard), heard
    assert uncovered(case.new, heard) == []


def test_the_listener_hears() -> None:
    """A run that writes a file is heard to write it: silence is no proof of a deaf ear."""
    with Worker() as worker:
        heard = heard_of(worker, {"m.py": "def main():\n    open('o', 'w').close()\n"})
    assert isinstance(heard, Heard)
    assert any(event == "open" for event, _ in heard.running)


def test_a_gain_says_the_way_that_leads_there() -> None:
    """The path starts at the entry point and ends at the call that reaches outside."""
    old = {"m.py": "def _b(): pass\ndef a(): _b()\n"}
    new = {"m.py": "import os\ndef _b(): os.remove('x')\ndef a(): _b()\n"}
    (gain,) = [g for g in gains(old, new) if g.entry == "m:a"]
    assert [(step.node, step.line) for step in gain.path] == [("m:a", 3), ("m:_b", 2)]
    assert gain.path[-1].what == "os.remove"
    assert "m:a can write files" in gain.explain()


def test_a_new_function_with_an_old_capability_is_only_a_note() -> None:
    """What the program could do already, a new entry point may do too; people may want to know."""
    old = {"m.py": "def a(): open('x')\n"}
    new = {"m.py": "def a(): open('x')\ndef b(): open('y')\n"}
    assert [(g.entry, g.where) for g in gains(old, new)] == [("m:b", Where.NEW_ENTRY)]
    assert [it.severity for it in gained(gains(old, new))] == [Severity.NOTE]


def test_a_sure_gain_is_not_hidden_by_an_unsure_one() -> None:
    """That an unknown value might have written files does not excuse one that surely does."""
    store = "class Store:\n    def save(self): open('o', 'w')\n"
    old = {"m.py": store + "def a(it): it.save()\n"}
    new = {"m.py": store + "def a(it): Store().save()\n"}
    assert ("m:a", "files.write") in [(g.entry, g.capability) for g in gains(old, new)]


def test_code_that_does_not_parse_is_dynamic() -> None:
    """What cannot be read can do anything."""
    assert "import:dynamic" in reached({"m.py": "def ("})["m.py:<module>"]
    assert "dynamic" in {g.capability for g in gains({"m.py": ""}, {"m.py": "def ("})}


def test_the_order_of_definitions_gains_nothing() -> None:
    """An attribute that is stored further down is no unknown one."""
    hook = "class H:\n    def __getattr__(self, name): return open('x')\n"
    init = "    def __init__(self): self.size = 1\n"
    use = "    def use(self): return self.size\n"
    old = {"m.py": hook + "class A:\n" + init + use}
    new = {"m.py": hook + "class A:\n" + use + init}
    assert gains(old, new) == gains(new, old) == ()


CHECKED = """
if {flag}:
    import numpy as np
    from flask import Flask
def main(x: "np.ndarray", app: "Flask | None" = None):
    return app
"""


@pytest.mark.parametrize(
    ("head", "flag"),
    [
        ("from typing import TYPE_CHECKING", "TYPE_CHECKING"),
        ("from typing import TYPE_CHECKING as T", "T"),
        ("import typing", "typing.TYPE_CHECKING"),
        ("import typing as t", "t.TYPE_CHECKING"),
        ("from typing_extensions import TYPE_CHECKING", "TYPE_CHECKING"),
    ],
)
def test_what_only_type_checkers_import_is_no_dependency(head: str, flag: str) -> None:
    """A package that is named in annotations alone, and never loaded, can do nothing."""
    new = f"{head}\n{CHECKED.format(flag=flag)}"
    found = gains({"m.py": f"{head}\ndef main(x, app=None):\n    return app\n"}, {"m.py": new})
    assert {it.capability for it in found} <= {"dependency:typing_extensions"}


@pytest.mark.parametrize(
    ("head", "flag"),
    [
        ("TYPE_CHECKING = True", "TYPE_CHECKING"),
        ("from typing import TYPE_CHECKING\nTYPE_CHECKING = 1", "TYPE_CHECKING"),
        ("from typing import TYPE_CHECKING\nfrom m2 import TYPE_CHECKING", "TYPE_CHECKING"),
        ("from m2 import TYPE_CHECKING", "TYPE_CHECKING"),
        ("import typing\ntyping.TYPE_CHECKING = True", "typing.TYPE_CHECKING"),
        ("import typing\nsetattr(typing, 'TYPE_CHECKING', 1)", "typing.TYPE_CHECKING"),
        ("import m2 as typing", "typing.TYPE_CHECKING"),
        ("from typing import *\nfrom m2 import *", "TYPE_CHECKING"),
        ("from typing import TYPE_CHECKING", "not TYPE_CHECKING"),
        ("from typing import TYPE_CHECKING", "TYPE_CHECKING or True"),
        ("from typing import TYPE_CHECKING\nimport numpy, flask", "TYPE_CHECKING"),
        ("from typing import TYPE_CHECKING\nfor TYPE_CHECKING in [1]: pass", "TYPE_CHECKING"),
        (
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING: pass\nelse: import numpy, flask",
            "TYPE_CHECKING",
        ),
    ],
)
def test_what_may_be_loaded_all_the_same_is_a_dependency(head: str, flag: str) -> None:
    """Only the real flag of `typing` hides an import, and only if nothing else imports it."""
    found = gains({"m.py": "def main(): pass\n"}, {"m.py": f"{head}\n{CHECKED.format(flag=flag)}"})
    assert {"dependency:numpy", "dependency:flask"} <= {it.capability for it in found}
