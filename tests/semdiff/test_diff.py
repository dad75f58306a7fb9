"""The diff of two trees: the laws that hold for any pair, and what it says of bad input."""

import ast
import functools
import random
import sysconfig
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monocyte.semdiff.definitions import Definitions, parse
from monocyte.semdiff.diff import diff_trees
from monocyte.semdiff.mutator import Mutator
from monocyte.semdiff.normal import STAGES
from monocyte.semdiff.sources import from_texts
from monocyte.semdiff.verdicts import Finding, Verdict

STDLIB = Path(sysconfig.get_path("stdlib"))
CORPUS = ["bisect.py", "textwrap.py", "shlex.py", "heapq.py", "graphlib.py", "fnmatch.py"]


def diff(old: str | bytes, new: str | bytes) -> list[Finding]:
    """What the diff says of one file."""
    return list(diff_trees(from_texts({"m.py": old}), from_texts({"m.py": new})))


def is_same(old: str, new: str) -> bool:
    """Whether the diff says nothing but SAME."""
    return all(finding.verdict is Verdict.SAME for finding in diff(old, new))


def test_equal_bytes_need_no_finding() -> None:
    """A file that did not change is not spoken of."""
    assert diff("x = 1\n", "x = 1\n") == []


@pytest.mark.parametrize("name", CORPUS)
def test_unparsing_is_the_same(name: str) -> None:
    """A module printed again from its syntax means what it meant."""
    text = (STDLIB / name).read_text(encoding="utf-8")
    flagged = {f.definition for f in diff(text, ast.unparse(ast.parse(text))) if f.why and f.open}
    assert not flagged


@functools.cache
def mutator_of(text: str) -> Mutator:
    """All mutants of a module."""
    return Mutator(text)


@settings(max_examples=12, deadline=None)
@given(st.sampled_from(["bisect.py", "fnmatch.py", "graphlib.py"]), st.integers(0, 10**6))
def test_a_mutant_is_never_the_same(name: str, seed: int) -> None:
    """One operator applied anywhere changes the meaning, unless it compiles to the same code."""
    text = (STDLIB / name).read_text(encoding="utf-8")
    mutator = mutator_of(text)
    mutant = random.Random(seed).choice(mutator.mutants)
    mutated = mutator.source(mutant)
    assert not is_same(text, mutated) or codes(text) == codes(mutated), mutant


@pytest.mark.parametrize("name", ["bisect.py", "graphlib.py"])
def test_the_diff_has_no_direction(name: str) -> None:
    """What is the same there is the same back, and what is not is not."""
    text = (STDLIB / name).read_text(encoding="utf-8")
    mutator = mutator_of(text)
    mutated = mutator.source(mutator.mutants[len(mutator.mutants) // 2])
    there, back = (
        {(f.definition, f.verdict) for f in diff(*p)} for p in ((text, mutated), (mutated, text))
    )
    assert there == back


def codes(text: str) -> list[tuple[bytes, str]]:
    """The code objects of a module, without their lines."""
    found, todo = [], [compile(text, "m", "exec")]
    while todo:
        code = todo.pop()
        todo += [c for c in code.co_consts if hasattr(c, "co_code")]
        plain = [c for c in code.co_consts if not hasattr(c, "co_code")]
        found.append((code.co_code, f"{plain!r} {code.co_names} {code.co_varnames}"))
    return found


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
@pytest.mark.parametrize("name", CORPUS)
def test_the_normal_form_is_stable(name: str, stage: object) -> None:
    """What a stage has made is what it makes of the same text again."""
    data = (STDLIB / name).read_bytes()
    rules = stage.rules  # type: ignore[attr-defined]
    one, two = (Definitions(parse(data, name), data, rules) for _ in range(2))
    assert {d.name: d.written.text for d in one} == {d.name: d.written.text for d in two}


BAD: dict[str, tuple[str | bytes, str | bytes]] = {
    "broken": ("x = 1\n", "def f(:\n"),
    "broken before": ("def f(:\n", "x = 1\n"),
    "python 2": ("print 1\n", "print(1)\n"),
    "binary": (b"\0\1", b"\0\2"),
    "bad bytes": (b"x = '\xff'", b"x = '\xfe'"),
    "coding cookie": (b"# coding: latin-1\nx = '\xe9'\n", b"# coding: cp1251\nx = '\xe9'\n"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_unknown(name: str) -> None:
    """What cannot be read, or is read differently, is never the same, and raises nothing."""
    assert [f for f in diff(*BAD[name]) if f.verdict is not Verdict.SAME]


def test_a_large_generated_file_is_compared() -> None:
    """Thousands of definitions in one file are no obstacle."""
    old = "".join(f"def f{n}(a):\n    return a + {n}\n" for n in range(1000))
    flagged = diff(old, old.replace("+ 77\n", "+ 78\n"))
    assert {f.definition for f in flagged if f.verdict is not Verdict.SAME} == {"f77"}


ACROSS = [
    (
        "who is given it",
        "import b\ndef f():\n '{}'\nb.show(f)\n",
        "def show(g): print(g.__doc__)\n",
    ),
    (
        "its base class",
        "import b\nclass A(b.B):\n '{}'\n",
        "class B:\n def u(self): print(type(self).__doc__)\n",
    ),
    (
        "its decorator",
        "import b\n@b.show\ndef f():\n '{}'\n",
        "def show(g): print(g.__doc__)\n",
    ),
    (
        "who gets its instance",
        "import b\nclass A:\n '{}'\nb.show(A())\n",
        "def show(o): print(type(o).__doc__)\n",
    ),
]


@pytest.mark.parametrize(("who", "text", "other"), ACROSS)
def test_documentation_is_read_across_modules(who: str, text: str, other: str) -> None:
    """A docstring that somebody of another module gets hold of is not ignored."""
    old, new = (from_texts({"a.py": text.format(doc), "b.py": other}) for doc in ("one", "two"))
    rules = {f.rule for f in diff_trees(old, new) if f.verdict is Verdict.UNKNOWN}
    assert rules == {"reads-docs"}, who


def test_documentation_that_nobody_reads_is_ignored() -> None:
    """Without a reader a docstring is text, and told as such."""
    (finding,) = (
        f for f in diff("def f():\n 'one'\n", "def f():\n 'two'\n") if f.kind == "function"
    )
    assert finding.verdict is Verdict.SAME
    assert any("documentation" in reason for reason in finding.why)
