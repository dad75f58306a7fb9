"""CHANGED is what was seen to differ when it ran; of everything else it is said why it was not."""
# ruff: noqa: E501 (tables: one case, one line)

from collections.abc import Iterator

import pytest

from monocyte.semdiff.contract import Change, Effect, compare_surfaces, shown
from monocyte.semdiff.verdicts import Severity, Verdict
from monocyte.semdiff.workers import Worker


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    """One nursery for all versions."""
    with Worker() as one:
        yield one


def seen(worker: Worker, old: str, new: str) -> list[Change]:
    """The changes of one file, tried."""
    before, after = {"m.py": old}, {"m.py": new}
    return list(shown(compare_surfaces(before, after), before, after, worker))


SEEN = [
    ("object-removed", "def f(): ...", "", "imported", "ImportError: cannot import name 'f'"),
    ("object-added", "", "def f(): ...", "ImportError: cannot", "imported"),
    ("export-removed", "__all__ = ['f', 'g']\nf = g = 1", "__all__ = ['f']\nf = g = 1", "True", "False"),
    ("export-added", "__all__ = ['f']\nf = _g = 1", "__all__ = ['f', '_g']\nf = _g = 1", "False", "True"),
    ("object-kind", "class f: ...", "def f(): ...", "True True", "False True"),
    ("base-removed", "class A(KeyError): ...", "class A(Exception): ...", "True", "False"),
    ("attribute-value", "LIMIT = 60 * 60", "LIMIT = 60 * 61", "3600", "3660"),
    ("attribute-value", "class A:\n x = 1", "class A:\n x = 2", "1", "2"),
    ("async-changed", "def f(): ...", "async def f(): ...", "False False", "True False"),
    ("generator-changed", "def f(): return []", "def f(): yield", "False False", "False True"),
    ("binding-changed", "class A:\n def m(self): ...", "class A:\n @property\n def m(self): ...", "function", "property"),
    ("abstract-added", "from abc import *\nclass A(ABC): ...", "from abc import *\nclass A(ABC):\n @abstractmethod\n def m(self): ...", "False", "True"),
    ("final-added", "from typing import final\nclass A: ...", "from typing import final\n@final\nclass A: ...", "False", "True"),
    ("exception-added", "def f(x): return x", "def f(x):\n if x == 42:\n  raise KeyError(x)\n return x", "42", "KeyError: 42"),
    ("exception-added", "class A:\n def m(self, s: str): ...", "class A:\n def m(self, s: str):\n  if not s:\n   raise ValueError", "None", "ValueError: "),
    ("exception-added", "async def f(n: int): ...", "async def f(n: int):\n if n < 0:\n  raise OSError", "StopIteration", "OSError: "),
    ("exception-removed", "def f(x):\n raise KeyError(x)", "def f(x): return x", "KeyError: 1", "1"),
    ("parameter-added-required", "def f(x): ...", "def f(x, y): ...", "{'x': 'x'}", "TypeError: missing"),
    ("parameter-renamed", "class A:\n def m(self, x): ...", "class A:\n def m(self, y): ...", "{'self': None, 'x'", "TypeError: "),
    ("parameter-moved", "def f(x, y): ...", "def f(y, x): ...", "{'x': 'x'", "{'y': 'x'"),
    ("parameter-default", "def f(x=1): ...", "def f(x=2): ...", "1", "2"),
    ("parameter-optional", "def f(x): ...", "def f(x=1): ...", "TypeError: ", "{}"),
    ("parameter-added-optional", "def f(): ...", "def f(x=1): ...", "TypeError: ", "{'x': 'x'}"),
    ("parameter-type", "def f(x: int): return x + 1", "def f(x: str): return x + 'a'", "2", "TypeError: "),
    ("return-type", "def f(x: int) -> int: return x", "def f(x: int) -> str: return str(x)", "int", "str"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "old", "new", "was", "now"), SEEN, ids=range(len(SEEN)))
def test_a_change_is_shown_by_a_script_that_ran(
    worker: Worker, rule: str, old: str, new: str, was: str, now: str
) -> None:
    """What each side said is in the witness, and the finding is CHANGED because of it."""
    change = next(it for it in seen(worker, old, new) if it.rule == rule)
    assert change.witness is not None
    assert change.witness.old.startswith(was)
    assert change.witness.new.startswith(now)
    assert change.finding().verdict is Verdict.CHANGED


def test_the_witness_is_plain_python(worker: Worker) -> None:
    """Nothing of ours is needed to run it: who doubts can."""
    (change,) = seen(worker, "LIMIT = 1", "LIMIT = 2")
    assert change.witness is not None
    assert change.witness.code == "from m import LIMIT\nprint(repr(LIMIT))\n"


UNSEEN = [
    ("parameter-type", "def f(x: int): ...", "def f(x: str): ...", "showed no difference"),
    ("return-type", "def f() -> int: ...", "def f() -> str: ...", "showed no difference"),
    ("parameter-renamed", "import nowhere\ndef f(x): ...", "import nowhere\ndef f(y): ...", "could not be loaded"),
    ("attribute-value", "import time\nA = time.time()", "import time\nA = 0 + time.time()", "another thing each time"),
    ("exception-added", "def f(x: int): ...", "def f(x: int):\n if hash(str(x)) == 7:\n  raise KeyError", "showed no difference"),
    ("exception-added", "def f(): ...", "def f():\n while 1: pass\n raise KeyError", "did not end"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "old", "new", "why"), UNSEEN, ids=range(len(UNSEEN)))
def test_what_was_not_seen_is_unknown(
    worker: Worker, rule: str, old: str, new: str, why: str
) -> None:
    """A description is no witness: the finding is UNKNOWN, and says what has been tried."""
    (change,) = [it for it in seen(worker, old, new) if it.rule == rule]
    finding = change.finding()
    assert (finding.verdict, finding.witness) == (Verdict.UNKNOWN, None)
    assert any(why in reason for reason in finding.why)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("LIMIT = 60 * 60", "LIMIT = 3600"),
        ("class B: ...\nclass A(B): ...", "class B: ...\nclass C(B): ...\nclass A(C): ..."),
        ("__all__ = ['f', 'g']\nf = g = 1", "__all__ = ['f']\nf = g = 1"),
    ],
)
def test_what_is_seen_to_be_the_same_breaks_nobody(worker: Worker, old: str, new: str) -> None:
    """Another text with the same value, and a base that is still one, are no break."""
    changes = [it for it in seen(worker, old, new) if it.rule != "export-removed"]
    settled = [
        it for it in changes if it.rule in ("attribute-value", "base-removed", "object-removed")
    ]
    assert settled
    assert all((it.sender, it.receiver) == (Effect.NEUTRAL, Effect.NEUTRAL) for it in settled)
    assert all(it.finding().severity is Severity.NOTE for it in settled)


def test_nothing_is_shown_before_it_is_run() -> None:
    """What the structure says alone is never CHANGED."""
    changes = compare_surfaces({"m.py": "A = 1"}, {"m.py": "A = 2"})
    assert [it.finding().verdict for it in changes] == [Verdict.UNKNOWN]


def test_a_script_cannot_harm_its_reader(worker: Worker) -> None:
    """Code that ends the process is reported as such, and other changes are still shown."""
    old = "def f(x): ...\nA = 1\n"
    new = "import os\ndef f(x):\n os._exit(3)\n raise KeyError\nA = 2\n"
    found = {it.rule: it.finding() for it in seen(worker, old, new)}
    assert found["exception-added"].verdict is Verdict.UNKNOWN
    assert found["attribute-value"].verdict is Verdict.CHANGED


def test_what_there_was_no_time_for_is_told(worker: Worker) -> None:
    """A budget that is used up is the reason; that it may break is told all the same."""
    before, after = {"m.py": "def f(x): ..."}, {"m.py": "def f(x, y): ..."}
    (change,) = shown(compare_surfaces(before, after), before, after, worker, seconds=0)
    assert change.witness is None
    assert "used up" in change.unseen
    assert change.finding().severity is Severity.WARNING
