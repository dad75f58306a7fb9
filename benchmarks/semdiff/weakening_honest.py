"""Honest edits of a suite: what people do to tests that leaves them as strong, or makes them stronger.

Each is honest by construction, and its tests are run to see that they pass. Every second one, in the
order in which they stand here, is held out.
"""

# ruff: noqa: E501 (a way is read best on one line)

from __future__ import annotations

import ast
import copy
from collections.abc import Callable
from typing import Any

from benchmarks.semdiff.weakening_cases import (
    Edit,
    Target,
    bodies,
    equals,
    expression,
    parametrized,
    raisings,
    statements,
)

EDITS: dict[str, tuple[str, Edit]] = {}


def edit(name: str, needs: str = "any") -> Callable[[Edit], Edit]:
    def add(made: Edit) -> Edit:
        assert name not in EDITS, name
        EDITS[name] = needs, made
        return made

    return add


def each(it: Target, code: str) -> None:
    for equal in equals(it.node):
        equal.put(code)


@edit("printed anew")
def _(it: Target) -> None:
    pass


@edit("a docstring")
def _(it: Target) -> None:
    it.first("'''What it is about, in a sentence.'''")


@edit("renamed")
def _(it: Target) -> None:
    it.node.name = f"{it.function}_as_it_should"


@edit("an expected value named", "eq")
def _(it: Target) -> None:
    each(it, "expected_ = EXPECTED\nassert ACTUAL == expected_")


@edit("an actual value named", "eq")
def _(it: Target) -> None:
    each(it, "result_ = ACTUAL\nassert result_ == EXPECTED")


@edit("sides swapped", "eq")
def _(it: Target) -> None:
    each(it, "assert EXPECTED == ACTUAL")


@edit("a message", "eq")
def _(it: Target) -> None:
    each(it, "assert ACTUAL == EXPECTED, 'they must be equal'")


@edit("a helper that asserts", "eq")
def _(it: Target) -> None:
    each(it, "_equal(ACTUAL, EXPECTED)")
    it.head("def _equal(actual, expected):\n    assert actual == expected")


@edit("a helper by another name", "eq")
def _(it: Target) -> None:
    each(it, "must_be(ACTUAL, EXPECTED)")
    it.head(
        "def must_be(actual, expected):\n    if actual != expected:\n        raise AssertionError(actual, expected)"
    )


@edit("one new assertion", "eq")
def _(it: Target) -> None:
    found = equals(it.node)[0]
    found.put("_it = ACTUAL\nassert _it == EXPECTED\nassert type(_it) is type(EXPECTED)")


@edit("to self.assertEqual's plain twin", "eq")
def _(it: Target) -> None:
    each(it, "assert ACTUAL == EXPECTED")


@edit("moved to another file", "plain")
def _(it: Target) -> None:
    other = copy.deepcopy(it.tree)
    other.body = [x for x in other.body if not _is_test(x) or getattr(x, "name", "") == it.function]
    it.body.remove(it.node)
    name = it.path.rpartition("/")[2].removesuffix(".py")
    ending = f"{name}_more.py" if name.startswith("test") else f"more_{name}.py"
    it.files[it.beside(ending)] = ast.unparse(other)


def _is_test(node: ast.stmt) -> bool:
    name = getattr(node, "name", "")
    return name.startswith(("test", "Test")) or (
        isinstance(node, ast.ClassDef) and name.endswith("Test")
    )


@edit("the file renamed")
def _(it: Target) -> None:
    it.gone.add(it.path)
    name = it.path.rpartition("/")[2].removesuffix(".py")
    new = f"{name}_renamed.py" if name.startswith("test") else f"renamed_{name}.py"
    it.files[it.beside(new)] = ast.unparse(it.tree)


@edit("moved to the end", "plain")
def _(it: Target) -> None:
    node = it.node
    it.body.remove(node)
    it.body.append(node)


@edit("put into a class", "plain noparam")
def _(it: Target) -> None:
    node = it.node
    at = it.body.index(node)
    node.args.args.insert(0, ast.arg("self"))
    holder = statements("class TestTogether:\n    pass")[0]
    holder.body = [node]  # type: ignore[attr-defined]
    it.body[at] = holder


@edit("split in two", "splits")
def _(it: Target) -> None:
    node = it.node
    second = copy.deepcopy(node)
    second.name = f"{it.function}_further"
    half = len(node.body) // 2
    second.body, node.body = node.body[half:], node.body[:half]
    it.body.insert(it.body.index(node) + 1, second)


@edit("merged into one", "splits")
def _(it: Target) -> None:
    node = it.node
    first = copy.deepcopy(node)
    it.body.insert(it.body.index(node), first)
    first.name = f"{it.function}_and_all"
    it.body.remove(node)


@edit("parametrised", "splits plain")
def _(it: Target) -> None:
    if it.node.args.args:
        raise LookupError
    pairs = equals(it.node)
    cases = ", ".join(
        f"(lambda: ({ast.unparse(p.actual)}), lambda: ({ast.unparse(p.expected)}))" for p in pairs
    )
    it.decorate(f"pytest.mark.parametrize('actual, expected', [{cases}])")
    it.node.args.args = [ast.arg("actual"), ast.arg("expected")]
    it.replace("assert actual() == expected()")
    it.head("import pytest")


@edit("a loop over pairs", "splits")
def _(it: Target) -> None:
    pairs = equals(it.node)
    cases = ", ".join(f"(({ast.unparse(p.actual)}), ({ast.unparse(p.expected)}))" for p in pairs)
    it.replace(f"for actual, expected in [{cases}]:\n    assert actual == expected")


@edit("parameters with ids", "param")
def _(it: Target) -> None:
    call = parametrized(it.node)
    assert call is not None
    count = len(call.args[-1].elts)  # type: ignore[attr-defined]
    call.keywords = [kw for kw in call.keywords if kw.arg != "ids"]
    call.keywords.append(ast.keyword("ids", expression(repr([f"case-{i}" for i in range(count)]))))


@edit("parameters in another order", "param")
def _(it: Target) -> None:
    call = parametrized(it.node)
    assert call is not None
    if any(kw.arg == "ids" for kw in call.keywords):
        raise LookupError
    call.args[-1].elts.reverse()  # type: ignore[attr-defined]


@edit("parameters hoisted", "param")
def _(it: Target) -> None:
    call = parametrized(it.node)
    assert call is not None
    at = it.tree.body.index(it.class_ if it.owner else it.node)
    it.tree.body[at:at] = statements(f"CASES_OF_THIS = {ast.unparse(call.args[-1])}")
    call.args[-1] = expression("CASES_OF_THIS")


@edit("parameters by pytest.param", "param")
def _(it: Target) -> None:
    call = parametrized(it.node)
    assert call is not None
    cases: Any = call.args[-1]
    for i, one in enumerate(cases.elts):
        inner = (
            ", ".join(map(ast.unparse, one.elts))
            if isinstance(one, ast.Tuple)
            else ast.unparse(one)
        )
        if "param(" not in inner:
            cases.elts[i] = expression(f"pytest.param({inner}, id='n{i}')")
    it.head("import pytest")


@edit("the same parameter twice no more", "param")
def _(it: Target) -> None:
    call = parametrized(it.node)
    assert call is not None
    names = call.args[0]
    call.args[0] = names
    call.args[-1] = expression(f"[*{ast.unparse(call.args[-1])}]")


@edit("an error looked at", "raises")
def _(it: Target) -> None:
    for i, found in enumerate(raisings(it.node)):
        found.items[0].optional_vars = ast.Name(f"caught{i}", ast.Store())
        after = statements(f"assert caught{i} is not None")
        for body in bodies(it.node):
            if found in body:
                body[body.index(found) + 1 : body.index(found) + 1] = after


@edit("an error's message asked", "raises pytest")
def _(it: Target) -> None:
    for found in raisings(it.node):
        call: Any = found.items[0].context_expr
        if not any(kw.arg == "match" for kw in call.keywords):
            call.keywords.append(ast.keyword("match", ast.Constant("")))


@edit("an import moved inside")
def _(it: Target) -> None:
    it.first("import itertools as _itertools, functools as _functools")


@edit("a fixture more", "plain pytest only")
def _(it: Target) -> None:
    it.node.args.args.append(ast.arg("tmp_path"))


@edit("a new fixture in a conftest")
def _(it: Target) -> None:
    it.conftest("import pytest\n\n@pytest.fixture\ndef some_new_numbers():\n    return [1, 2, 3]")


@edit("a new test")
def _(it: Target) -> None:
    it.tail("def test_something_new_here():\n    assert sorted([2, 1]) == [1, 2]")


@edit("a marker, registered")
def _(it: Target) -> None:
    it.decorate("pytest.mark.regression")
    it.head("import pytest")
    it.conftest(
        "def pytest_configure(config):\n    config.addinivalue_line('markers', 'regression: once broken')"
    )


@edit("annotations")
def _(it: Target) -> None:
    it.node.returns = ast.Constant(None)


@edit("imports sorted and a comment")
def _(it: Target) -> None:
    it.head("import collections, itertools")


@edit("a warning expected")
def _(it: Target) -> None:
    it.around("import warnings\nwith warnings.catch_warnings():\n    BODY")


@edit("a clean-up in finally")
def _(it: Target) -> None:
    it.around("made = []\ntry:\n    BODY\nfinally:\n    made.clear()")


@edit("said what runs")
def _(it: Target) -> None:
    it.first("print('now running')")


@edit("a timer around it")
def _(it: Target) -> None:
    it.around("import time\nbegan = time.perf_counter()\nBODY")


@edit("a local function that is called")
def _(it: Target) -> None:
    it.around("def check_it():\n    BODY\ncheck_it()")


@edit("and for two asserts", "splits")
def _(it: Target) -> None:
    pairs = equals(it.node)
    said = " and ".join(f"({ast.unparse(p.actual)}) == ({ast.unparse(p.expected)})" for p in pairs)
    it.replace(f"assert {said}")


@edit("not != for ==", "eq")
def _(it: Target) -> None:
    each(it, "assert not ACTUAL != EXPECTED")


@edit("fail by hand", "eq")
def _(it: Target) -> None:
    each(it, "if not (ACTUAL == EXPECTED):\n    raise AssertionError('not equal')")


@edit("all over a list", "splits")
def _(it: Target) -> None:
    pairs = equals(it.node)
    said = ", ".join(f"({ast.unparse(p.actual)}) == ({ast.unparse(p.expected)})" for p in pairs)
    it.replace(f"assert all([{said}])")


@edit("a class of constants", "eq")
def _(it: Target) -> None:
    found = equals(it.node)[0]
    found.put("class Wanted:\n    value = EXPECTED\nassert ACTUAL == Wanted.value")


@edit("pytest.ini says -ra")
def _(it: Target) -> None:
    if any(
        name in it.held for name in ("pytest.ini", "tox.ini", "setup.cfg")
    ) or "pytest" in it.held.get("pyproject.toml", ""):
        raise LookupError
    it.config("addopts = -ra --strict-markers")
