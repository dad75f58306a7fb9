"""Changes get a witness that runs; what is equal gets none; what is unstable is said to be."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from monocyte.semdiff.behaviour import Behaviour, Observatory
from monocyte.semdiff.evidence import Budget, Call, Version
from monocyte.semdiff.verdicts import Verdict

BUDGET = Budget(examples=300, seconds=3.0)
HEAD = """
from __future__ import annotations
import asyncio, dataclasses, datetime, enum, random, typing
from typing import Annotated
import msgspec
from msgspec import Meta
"""


@pytest.fixture(scope="module")
def observatory() -> Iterator[Observatory]:
    """One set of workers for all."""
    with Observatory(budget=BUDGET) as made:
        yield made


def version(text: str) -> Version:
    """A module of its own text."""
    return Version("subject", source=HEAD + textwrap.dedent(text))


def compare(observatory: Observatory, old: str, new: str, name: str = "f") -> Behaviour:
    """What is known of two texts."""
    return observatory.compare(version(old), version(new), name)


CLASS = "@dataclasses.dataclass\nclass C:\n    n: int\n"
STRUCT = "class S(msgspec.Struct):\n    n: Annotated[int, Meta(ge=1000, le=1010)]\n"
ENUM = "class E(enum.Enum):\n    A = 1\n    B = 2\n"
# (what differs, old, new, name of the definition)
CHANGES: dict[str, tuple[str, str, str, str]] = {
    "value": (
        "value",
        "def f(n: int) -> int: return n + 1",
        "def f(n: int) -> int: return n + 2",
        "f",
    ),
    "a value far away": (
        "value",
        "def f(n: int): return n > 123456",
        "def f(n: int): return n >= 123456",
        "f",
    ),
    "type": ("type", "def f(n: int): return n", "def f(n: int): return float(n)", "f"),
    "equal and of another type": (
        "value",
        "def f(n: int): return [n > 0]",
        "def f(n: int): return [int(n > 0)]",
        "f",
    ),
    "exception": (
        "exception",
        "def f(n: int): return n",
        "def f(n: int):\n    if n == 7:\n        raise ValueError\n    return n",
        "f",
    ),
    "exception type": (
        "exception type",
        "def f(d: dict[str, int]): return d['key']",
        "def f(d: dict[str, int]):\n    if not 'key' in d: raise LookupError\n    return d['key']",
        "f",
    ),
    "exception message": (
        "exception message",
        "def f(n: int): raise ValueError('old')",
        "def f(n: int): raise ValueError('new')",
        "f",
    ),
    "mutated argument": (
        "arguments",
        "def f(a: list[int]) -> None: a.append(1)",
        "def f(a: list[int]) -> None: a.append(2)",
        "f",
    ),
    "output": (
        "output",
        "def f(n: int) -> None: print('old', n)",
        "def f(n: int) -> None: print('new', n)",
        "f",
    ),
    "effect": (
        "effects",
        "def f(n: int) -> None: open('old.txt', 'w').close()",
        "def f(n: int) -> None: open('new.txt', 'w').close()",
        "f",
    ),
    "time": (
        "time",
        "def f(n: int): return n",
        "def f(n: int):\n    while n == 3: pass\n    return n",
        "f",
    ),
    "order of a dict": (
        "value",
        "def f(n: int): return {'a': 1, 'b': 2}",
        "def f(n: int): return {'b': 2, 'a': 1}",
        "f",
    ),
    "a copy": (
        "value",
        "def f(a: list[int]): return a",
        "def f(a: list[int]): return list(a)",
        "f",
    ),
    "generator": (
        "value",
        "def f(n: int):\n    yield 1\n    yield 2",
        "def f(n: int):\n    yield 1",
        "f",
    ),
    "coroutine": (
        "value",
        "async def f(n: int):\n    await asyncio.sleep(0)\n    return n",
        "async def f(n: int):\n    await asyncio.sleep(0)\n    return -n",
        "f",
    ),
    "method": (
        "value",
        CLASS + "    def m(self, k: int): return self.n + k",
        CLASS + "    def m(self, k: int): return self.n - k",
        "C.m",
    ),
    "property": (
        "value",
        CLASS + "    @property\n    def p(self): return self.n > 5",
        CLASS + "    @property\n    def p(self): return self.n >= 5",
        "C.p",
    ),
    "static method": (
        "value",
        "class C:\n    @staticmethod\n    def m(n: int): return n",
        "class C:\n    @staticmethod\n    def m(n: int): return n * n",
        "C.m",
    ),
    "class": (
        "value",
        "class C:\n    def __init__(self, n: int): self.n = n",
        "class C:\n    def __init__(self, n: int): self.n = abs(n)",
        "C",
    ),
    "struct with constraints": (
        "value",
        STRUCT + "def f(s: S): return s.n == 1010",
        STRUCT + "def f(s: S): return False",
        "f",
    ),
    "enumeration": (
        "value",
        ENUM + "def f(e: E): return e is E.B",
        ENUM + "def f(e: E): return e is not E.A and e is not E.B",
        "f",
    ),
    "untyped": (
        "value",
        "def f(text, n=3):\n    return text.strip()[:n]",
        "def f(text, n=3):\n    return text.strip()[:n + 1]",
        "f",
    ),
    "callable": (
        "value",
        "def f(g: typing.Callable[[int], int], n: int): return g(n)",
        "def f(g: typing.Callable[[int], int], n: int): return g(g(n))",
        "f",
    ),
}


@pytest.fixture(scope="module")
def found(observatory: Observatory) -> dict[str, Behaviour]:
    """What was found for each row; each subject is a module of its own name."""
    return {row: observatory.compare(*subjects(row), CHANGES[row][3]) for row in CHANGES}


def subjects(row: str) -> tuple[Version, Version]:
    """Old and new of a row."""
    name = f"subject_{list(CHANGES).index(row)}"
    old, new = CHANGES[row][1:3]
    return Version(name, source=HEAD + old), Version(name, source=HEAD + new)


@pytest.mark.parametrize("row", CHANGES)
def test_a_change_is_witnessed(found: dict[str, Behaviour], row: str) -> None:
    """CHANGED, and in what it is said to be."""
    assert (found[row].verdict, found[row].differs) == (Verdict.CHANGED, CHANGES[row][0])
    assert found[row].witness is not None


@pytest.mark.parametrize("side", ["old", "new"])
def test_a_witness_is_a_test(found: dict[str, Behaviour], tmp_path: Path, side: str) -> None:
    """Each rendered test passes on the old version, and fails on the new."""
    tests = {row: it.test for row, it in found.items() if it.test}
    assert set(CHANGES) - set(tests) == {"effect"}  # a test that tries effects would have them
    for i, (row, test) in enumerate(tests.items()):
        subject = subjects(row)[side == "new"]
        (tmp_path / f"{subject.module}.py").write_text(subject.source, encoding="utf-8")
        (tmp_path / f"test_{i}.py").write_text(test, encoding="utf-8")
    source = Path(__file__).parents[2] / "src"
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=no", "."],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{source}"},
        capture_output=True,
        text=True,
        check=False,
    )
    outcome = "passed" if side == "old" else "failed"
    assert f"{len(tests)} {outcome} in" in run.stdout, run.stdout


EQUALS = {
    "renamed": (
        "def f(n: int):\n    total = n + 1\n    return total",
        "def f(n: int):\n    t = n + 1\n    return t",
    ),
    "comprehension": (
        "def f(a: list[int]): return [i for i in a if i > 2]",
        "def f(a: list[int]):\n    o = []\n    for i in a: i > 2 and o.append(i)\n    return o",
    ),
    "order of a set": (
        "def f(a: set[str]): return {it for it in a}",
        "def f(a: set[str]): return set(list(a)[::-1])",
    ),
    "random with one law": (
        "def f(n: int): return random.Random(n).random() < 2",
        "def f(n: int): return random.random() < 2",
    ),
    "wording of python's own error": (
        "def f(a: list[int]): return a[0] + a[1]",
        "def f(a: list[int]):\n    b = a[1:]\n    return a[0] + b[0]",
    ),
}


@pytest.mark.parametrize(("old", "new"), EQUALS.values(), ids=EQUALS)
def test_what_is_equal_is_not_called_changed(observatory: Observatory, old: str, new: str) -> None:
    """No difference is found, and what was tried is told."""
    found = compare(observatory, old, new)
    assert found.verdict is Verdict.NO_DIFFERENCE_FOUND, found
    assert found.examples > 150  # of 300 drawn, those that are distinct


UNSTABLE = {
    "chance": "def f(n: int): return random.random()",
    "address": "def f(n: int): return str(object())",
    "order of a set as text": "def f(n: int): return str({'a', 'b', 'c', 'd', 'e'})",
}


@pytest.mark.parametrize("text", UNSTABLE.values(), ids=UNSTABLE)
def test_what_differs_from_itself_is_unknown(observatory: Observatory, text: str) -> None:
    """Non-determinism is reported, and never taken for a change."""
    found = compare(
        observatory, text, text.replace("return", "_ = n\n    return").replace(": _", ":\n    _")
    )
    assert found.verdict is not Verdict.CHANGED, found


def test_a_difference_that_hangs_on_hashing_is_unknown(observatory: Observatory) -> None:
    """The two fresh processes hash differently; who differs between them is not deterministic."""
    old = "def f(n: int): return str({'a', 'b', 'c', 'd', 'e'})"
    new = "def f(n: int): return str({'a', 'b', 'c', 'd', 'f'})"
    found = compare(observatory, old, new)
    assert found.verdict is Verdict.UNKNOWN
    assert "differs from itself" in found.why


PROBLEMS = {
    "no such definition": ("def f(): pass", "def g(): pass", "has no f"),
    "does not import": ("def f(): pass", "import nowhere\ndef f(): pass", "nowhere"),
    "not Python": ("def f(): pass", "def f(:", "SyntaxError"),
    "not callable": ("f = 1", "f = 2", "cannot be called"),
    "exits": ("def f(): pass", "import os\nos._exit(3)", "exited"),
}


@pytest.mark.parametrize(("old", "new", "why"), PROBLEMS.values(), ids=PROBLEMS)
def test_what_cannot_be_tried_is_unknown(
    observatory: Observatory, old: str, new: str, why: str
) -> None:
    """UNKNOWN says why; nothing is raised, and the next question is answered."""
    found = compare(observatory, old, new)
    assert found.verdict is Verdict.UNKNOWN
    assert why in found.why


def test_recorded_calls_come_first(observatory: Observatory) -> None:
    """A recorded call on which they differ is the witness, and nothing is generated."""
    old, new = "def f(n: int): return n == 99887766", "def f(n: int): return False"
    call = Call(arguments="(99887766,)", text="subject.f(99887766)")
    found = observatory.compare(version(old), version(new), "f", recorded=[call])
    assert (found.verdict, found.examples, found.call) == (Verdict.CHANGED, 1, call.text)


def test_the_code_is_not_imported_here(observatory: Observatory) -> None:
    """Neither version is a module of this process afterwards."""
    compare(observatory, "def f(n: int): return 1", "def f(n: int): return 2")
    assert "subject" not in sys.modules


def test_trees_are_imported_from_their_own_roots(observatory: Observatory, tmp_path: Path) -> None:
    """Two versions of a package, with imports of their own that happen late."""
    for side, number in (("old", 1), ("new", 2)):
        package = tmp_path / side / "pack"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("")
        (package / "part.py").write_text(f"NUMBER = {number}\n")
        text = "def f(n: int) -> int:\n    from pack.part import NUMBER\n    return NUMBER + n\n"
        (package / "main.py").write_text(text)
    old, new = [Version("pack.main", (str(tmp_path / it),)) for it in ("old", "new")]
    found = observatory.compare(old, new, "f")
    assert (found.verdict, found.call) == (Verdict.CHANGED, "pack.main.f(0)")


def test_coverage_of_the_changed_lines_is_told(observatory: Observatory) -> None:
    """A change that no input reaches is not said to have been tried."""
    old = (
        "def f(n: Annotated[int, Meta(ge=0, le=5)]):\n    if n > 9:\n        return 1\n    return 0"
    )
    new = old.replace("return 1", "return 2")
    line = (HEAD + old).splitlines().index("        return 1") + 1
    found = observatory.compare(
        Version("subject", source=HEAD + old, lines=(line,)),
        Version("subject", source=HEAD + new, lines=(line,)),
        "f",
    )
    assert found.verdict is Verdict.NO_DIFFERENCE_FOUND
    assert (found.covered, found.changed) == (0, 2)
    assert "0 of 2 changed lines ran" in found.why
