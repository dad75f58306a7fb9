"""Ways of weakening a suite, each a function that edits one test or what surrounds it.

A way is named for what it does; `needs` says which tests it can be done to. Every second one, in
the order in which they stand here, is held out: not looked at until the rules were finished.
"""

# ruff: noqa: E501 (a way is read best on one line)

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Target:
    """A test of a suite, and everything around it, to be edited."""

    path: str
    tree: ast.Module
    function: str
    owner: str
    files: dict[str, str] = field(default_factory=dict)
    """Other files: their new text."""
    held: dict[str, str] = field(default_factory=dict)
    """Other files as they are."""
    gone: set[str] = field(default_factory=set)

    @property
    def folder(self) -> str:
        return self.path.rpartition("/")[0]

    def beside(self, name: str) -> str:
        return f"{self.folder}/{name}" if self.folder else name

    @property
    def body(self) -> list[ast.stmt]:
        """Where the test stands: the module's body, or its class's."""
        return self.class_.body if self.owner else self.tree.body

    @property
    def class_(self) -> ast.ClassDef:
        found = [it for it in self.tree.body if isinstance(it, ast.ClassDef)]
        return next(it for it in found if it.name == self.owner)

    @property
    def node(self) -> Any:
        found = [it for it in self.body if isinstance(it, Function)]
        return [it for it in found if it.name == self.function][-1]

    def decorate(self, code: str) -> None:
        self.node.decorator_list.insert(0, expression(code))

    def first(self, code: str) -> None:
        self.node.body[:0] = statements(code)

    def head(self, code: str) -> None:
        at = 0
        for i, it in enumerate(self.tree.body):
            is_text = isinstance(it, ast.Expr) and isinstance(it.value, ast.Constant)
            is_future = isinstance(it, ast.ImportFrom) and it.module == "__future__"
            if is_text or is_future:
                at = i + 1
        self.tree.body[at:at] = statements(code)

    def tail(self, code: str) -> None:
        self.tree.body += statements(code)

    def replace(self, code: str) -> None:
        """Another body."""
        self.node.body = statements(code)

    def around(self, code: str) -> None:
        """The body inside of something: where BODY stands."""
        held, self.node.body = self.node.body, statements(code)
        for it in ast.walk(self.node):
            for name in ("body", "orelse", "finalbody"):
                part = getattr(it, name, None)
                if isinstance(part, list):
                    for i, inner in enumerate(part):
                        if isinstance(inner, ast.Expr) and ast.unparse(inner) == "BODY":
                            part[i : i + 1] = held
                            return

    def config(self, lines: str, heading: str = "pytest") -> None:
        """Write pytest's own file, which goes before all others."""
        self.files["pytest.ini"] = f"[{heading}]\n{lines}\n"

    def conftest(self, code: str) -> None:
        path = self.beside("conftest.py")
        self.files[path] = f"{self.held.get(path, '')}\n\n{code}\n"


def expression(code: str) -> ast.expr:
    return ast.parse(code, mode="eval").body


def statements(code: str) -> list[ast.stmt]:
    return ast.parse(code).body


# -- checks of both styles ------------------------------------------------------------------------


@dataclass
class Equal:
    """An equality that is asserted: where it stands, and both sides."""

    body: list[ast.stmt]
    statement: ast.stmt
    actual: ast.expr
    expected: ast.expr

    def put(self, code: str) -> None:
        text = code.replace("ACTUAL", f"({ast.unparse(self.actual)})")
        text = text.replace("EXPECTED", f"({ast.unparse(self.expected)})")
        at = self.body.index(self.statement)
        self.body[at : at + 1] = statements(text)


def bodies(node: ast.AST) -> list[list[ast.stmt]]:
    return [
        part
        for it in ast.walk(node)
        for name in ("body", "orelse", "finalbody")
        if isinstance(part := getattr(it, name, None), list)
    ]


def equals(node: ast.AST) -> list[Equal]:
    found = []
    for body in bodies(node):
        for it in body:
            match it:
                case ast.Assert(test=ast.Compare(left=left, ops=[ast.Eq()], comparators=[right])):
                    found.append(Equal(body, it, left, right))
                case ast.Expr(
                    value=ast.Call(func=ast.Attribute(attr="assertEqual"), args=[left, right, *_])
                ):
                    found.append(Equal(body, it, left, right))
    return sorted(found, key=lambda it: it.statement.lineno)


def checks(node: ast.AST) -> list[tuple[list[ast.stmt], int]]:
    found = []
    for body in bodies(node):
        for i, it in enumerate(body):
            call = it.value if isinstance(it, ast.Expr) and isinstance(it.value, ast.Call) else None
            name = call.func.attr if call and isinstance(call.func, ast.Attribute) else ""
            if isinstance(it, ast.Assert) or name.startswith("assert"):
                found.append((body, i))
    return found


def raisings(node: ast.AST) -> list[ast.With]:
    return [
        it
        for it in ast.walk(node)
        if isinstance(it, ast.With)
        and isinstance(it.items[0].context_expr, ast.Call)
        and ast.unparse(it.items[0].context_expr.func).rpartition(".")[2]
        in ("raises", "assertRaises")
        and it.items[0].optional_vars is None
    ]


def parametrized(node: Any) -> ast.Call | None:
    for it in node.decorator_list:
        is_one = isinstance(it, ast.Call) and ast.unparse(it.func).endswith("parametrize")
        if is_one and isinstance(it.args[-1], ast.List | ast.Tuple) and len(it.args[-1].elts) > 1:
            return it
    return None


# -- the ways -------------------------------------------------------------------------------------

Edit = Callable[[Target], None]
WAYS: dict[str, tuple[str, Edit]] = {}


def way(name: str, needs: str = "any") -> Callable[[Edit], Edit]:
    def add(edit: Edit) -> Edit:
        assert name not in WAYS, name
        WAYS[name] = needs, edit
        return edit

    return add


def simple(name: str, needs: str, edit: Edit) -> None:
    way(name, needs)(edit)


PY = "import pytest\n"
UT = "import unittest\n"
DECORATORS = {
    "skip mark": ("import pytest", "pytest.mark.skip"),
    "skip mark with a reason": ("import pytest", "pytest.mark.skip(reason='flaky')"),
    "skipif True": ("import pytest", "pytest.mark.skipif(True, reason='later')"),
    "skipif version": (
        "import pytest, sys",
        "pytest.mark.skipif(sys.version_info >= (3, 0), reason='old')",
    ),
    "unittest.skip": ("import unittest", "unittest.skip('slow')"),
    "unittest.skipIf": ("import unittest", "unittest.skipIf(1, 'slow')"),
    "unittest.skipUnless": (
        "import unittest, os",
        "unittest.skipUnless(os.environ.get('NIGHTLY'), 'slow')",
    ),
    "expectedFailure, imported": ("from unittest import skip as later", "later('x')"),
    "xfail mark, not run": ("import pytest", "pytest.mark.xfail(run=False)"),
    "xfail mark": ("import pytest", "pytest.mark.xfail(strict=False)"),
    "skip by getattr": ("import pytest", "getattr(pytest.mark, 'skip')"),
    "skip by alias": ("import pytest\nslow = pytest.mark.skip(reason='slow')", "slow"),
    "skip by skipif and environment": (
        "import pytest, os",
        "pytest.mark.skipif('CI' not in os.environ, reason='ci')",
    ),
}
for _name, (_head, _code) in DECORATORS.items():

    def _decorate(it: Target, head: str = _head, code: str = _code) -> None:
        it.decorate(code)
        it.head(head)

    simple(_name, "any", _decorate)

FIRST = {
    "pytest.skip first": ("import pytest", "pytest.skip('later')"),
    "raise SkipTest": ("import unittest", "raise unittest.SkipTest('later')"),
    "pytest.skip if": (
        "import pytest, os",
        "if not os.environ.get('FULL'):\n    pytest.skip('later')",
    ),
    "raise skip.Exception": ("import pytest", "raise pytest.skip.Exception('x')"),
    "importorskip of nothing": ("import pytest", "pytest.importorskip('no_such_module_anywhere')"),
    "pytest.xfail first": ("import pytest", "pytest.xfail('known')"),
    "skip by alias, called": ("from pytest import skip as enough", "enough('x')"),
    "return first": ("", "return"),
    "return if the environment": ("import os", "if not os.environ.get('FULL'):\n    return"),
    "return if True": ("", "if True:\n    return"),
}
for _name, (_head, _code) in FIRST.items():

    def _begin(it: Target, head: str = _head, code: str = _code) -> None:
        it.first(code)
        it.head(head) if head else None

    simple(_name, "any", _begin)

AROUND = {
    "if False": "if False:\n    BODY",
    "if an environment variable": "import os\nif os.environ.get('FULL_TESTS'):\n    BODY",
    "while of nothing": "while 0:\n    BODY",
    "for of nothing": "for _ in ():\n    BODY",
    "except AssertionError": "try:\n    BODY\nexcept AssertionError:\n    pass",
    "except Exception": "try:\n    BODY\nexcept Exception:\n    pass",
    "bare except": "try:\n    BODY\nexcept:\n    print('failed')",
    "except a tuple": "try:\n    BODY\nexcept (ValueError, AssertionError, TypeError) as error:\n    print(error)",
    "suppress Exception": "import contextlib\nwith contextlib.suppress(Exception):\n    BODY",
    "suppress AssertionError, alias": "from contextlib import suppress as quietly\nwith quietly(AssertionError):\n    BODY",
    "return in finally": "try:\n    BODY\nfinally:\n    return",
    "a function nobody calls": "def later():\n    BODY",
    "a loop over an emptied list": "cases = []\nfor _ in cases:\n    BODY",
    "if TYPE_CHECKING": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    BODY",
    "else of True": "if 1 == 1:\n    pass\nelse:\n    BODY",
    "except and warn": "import warnings\ntry:\n    BODY\nexcept Exception as why:\n    str(why)",
}
for _name, _code in AROUND.items():
    simple(_name, "any", lambda it, code=_code: it.around(code))

EQUALS = {
    "== to is not None": "assert ACTUAL is not None",
    "== to truth of a tuple": "assert (ACTUAL, EXPECTED)",
    "== to or True": "assert ACTUAL == EXPECTED or True",
    "== to isinstance object": "assert isinstance(ACTUAL, object)",
    "== to a message": "assert (ACTUAL == EXPECTED, 'must be equal')",
    "== to itself": "_it = ACTUAL\nassert _it == _it",
    "== to one of two": "_it = ACTUAL\nassert _it in (EXPECTED, _it)",
    "== to a call and True": "ACTUAL\nassert True",
    "== to nothing": "ACTUAL",
    "== without assert": "ACTUAL == EXPECTED",
    "== to type": "assert type(ACTUAL) is type(EXPECTED)",
    "== to isinstance type": "assert isinstance(ACTUAL, type(EXPECTED))",
    "== to str in str": "assert str(ACTUAL)[:1] in str(EXPECTED)",
    "== to !=": "assert ACTUAL != 'no such thing'",
    "== under a condition": "_it = ACTUAL\nif _it == EXPECTED:\n    assert _it == EXPECTED",
    "== to mock.ANY": "from unittest import mock\nassert ACTUAL == mock.ANY",
    "== negated twice": "assert not (ACTUAL != EXPECTED and False)",
    "== to bool": "assert bool(ACTUAL == EXPECTED) in (True, False)",
    "== printed": "print(ACTUAL, EXPECTED)",
    "== to repr is str": "assert isinstance(repr(ACTUAL), str)",
    "== to >= of lengths": "assert len(str(ACTUAL)) >= 0",
    "== to is-None-or": "_it = ACTUAL\nassert _it is None or _it is not None",
    "== in an uncalled lambda": "assert lambda: ACTUAL == EXPECTED",
    "== in a generator": "assert (_ for _ in [ACTUAL == EXPECTED])",
    "== expected is what comes": "assert ACTUAL == ACTUAL",
    "== to hasattr": "assert hasattr(ACTUAL, '__class__')",
    "== if equal to None": "_it = ACTUAL\nassert _it == (EXPECTED if _it is None else _it)",
    "== swallowed alone": "try:\n    assert ACTUAL == EXPECTED\nexcept AssertionError:\n    pass",
    "== to any of it and True": "assert any([ACTUAL == EXPECTED, True])",
    "== to max of it": "assert max(ACTUAL == EXPECTED, True)",
}
for _name, _code in EQUALS.items():

    def _weaken(it: Target, code: str = _code) -> None:
        for equal in equals(it.node):
            equal.put(code)

    simple(_name, "eq", _weaken)


@way("one of several checks dropped", "eq2")
def _(it: Target) -> None:
    equals(it.node)[-1].put("pass")


@way("all checks dropped", "checks")
def _(it: Target) -> None:
    for body, at in checks(it.node):
        body[at] = ast.Pass()


@way("half of the checks dropped", "eq2")
def _(it: Target) -> None:
    for found in equals(it.node)[::2]:
        found.put("pass")


@way("the body emptied")
def _(it: Target) -> None:
    it.replace("pass")


@way("the body a docstring")
def _(it: Target) -> None:
    it.replace("'''It works.'''")


@way("the body an assert True")
def _(it: Target) -> None:
    it.replace("assert True")


@way("the test deleted")
def _(it: Target) -> None:
    it.body.remove(it.node)
    if not it.body:
        it.body.append(ast.Pass())


@way("renamed to begin with an underscore")
def _(it: Target) -> None:
    it.node.name = f"_{it.function}"


@way("renamed to what is no test")
def _(it: Target) -> None:
    it.node.name = it.function.replace("test", "check", 1)


@way("bound to None afterwards", "plain")
def _(it: Target) -> None:
    it.tail(f"{it.function} = None")


@way("deleted afterwards", "plain")
def _(it: Target) -> None:
    it.tail(f"del {it.function}")


@way("defined again, empty", "plain")
def _(it: Target) -> None:
    it.tail(f"def {it.function}():\n    pass")


@way("__test__ of the module")
def _(it: Target) -> None:
    it.tail("__test__ = False")


@way("__test__ of the function", "plain")
def _(it: Target) -> None:
    it.tail(f"{it.function}.__test__ = False")


@way("__test__ of the class", "class")
def _(it: Target) -> None:
    it.class_.body[:0] = statements("__test__ = False")


@way("skip mark of the class", "class")
def _(it: Target) -> None:
    it.class_.decorator_list.append(expression("pytest.mark.skip"))
    it.head(PY)


@way("pytestmark of the module")
def _(it: Target) -> None:
    it.tail("import pytest\npytestmark = [pytest.mark.skip(reason='later')]")


@way("pytestmark in the middle of the class", "class")
def _(it: Target) -> None:
    it.class_.body += statements("pytestmark = pytest.mark.xfail")
    it.head(PY)


@way("skip of the whole module")
def _(it: Target) -> None:
    it.head("import pytest\npytest.skip('later', allow_module_level=True)")


@way("the file deleted")
def _(it: Target) -> None:
    it.gone.add(it.path)


@way("the file renamed to what is no test")
def _(it: Target) -> None:
    it.gone.add(it.path)
    it.files[it.beside(f"old_{it.path.rpartition('/')[2].replace('test', 'tst')}")] = ast.unparse(
        it.tree
    )


@way("the test moved to where none is collected")
def _(it: Target) -> None:
    it.files[it.beside("more_helpers.py")] = ast.unparse(it.tree)
    it.body.remove(it.node)
    if not it.body:
        it.body.append(ast.Pass())


@way("made a generator")
def _(it: Target) -> None:
    it.node.body += statements("yield")


@way("made a coroutine", "plain")
def _(it: Target) -> None:
    node = it.node
    fields = {name: getattr(node, name) for name in node._fields}
    it.body[it.body.index(node)] = ast.copy_location(ast.AsyncFunctionDef(**fields), node)


@way("an __init__ for the class", "pytest class")
def _(it: Target) -> None:
    it.class_.body += statements("def __init__(self):\n    self.ready = True")


@way("a set-up that skips", "class")
def _(it: Target) -> None:
    it.class_.body += statements(
        "def setup_method(self, method=None):\n    pytest.skip('x')\nsetUp = setup_method"
    )
    it.head(PY)


@way("a decorator that swallows", "plain")
def _(it: Target) -> None:
    it.decorate("quiet")
    it.head("import functools\ndef quiet(f):\n    @functools.wraps(f)\n    def inner(*a, **k):\n"
            "        try:\n            f(*a, **k)\n        except Exception:\n            pass\n    return inner")  # fmt: skip


@way("a decorator that does not call", "plain")
def _(it: Target) -> None:
    it.decorate("noted")
    it.head("def noted(f):\n    return lambda: None")


# -- errors ---------------------------------------------------------------------------------------

RAISES = {
    "raises Exception": ("raises", "import pytest", "pytest.raises(Exception)"),
    "raises BaseException": ("raises", "import pytest", "pytest.raises(BaseException)"),
    "raises a tuple": ("raises", "import pytest", "pytest.raises((ERROR, Exception))"),
    "raises to suppress": ("raises", "import contextlib", "contextlib.suppress(Exception)"),
    "raises to a null context": ("raises", "import contextlib", "contextlib.suppress(ERROR)"),
}
for _name, (_needs, _head, _code) in RAISES.items():

    def _widen(it: Target, head: str = _head, code: str = _code) -> None:
        for found in raisings(it.node):
            call = found.items[0].context_expr
            error = ast.unparse(call.args[0])  # type: ignore[attr-defined]
            found.items[0].context_expr = expression(code.replace("ERROR", error))
        it.head(head)

    simple(_name, _needs, _widen)


def _matches(it: Target) -> list[ast.keyword]:
    return [
        kw
        for found in raisings(it.node)
        for kw in found.items[0].context_expr.keywords  # type: ignore[attr-defined]
        if kw.arg == "match"
    ]


@way("match dropped", "match")
def _(it: Target) -> None:
    for found in raisings(it.node):
        call = found.items[0].context_expr
        call.keywords = [kw for kw in call.keywords if kw.arg != "match"]  # type: ignore[attr-defined]


@way("match anything", "match")
def _(it: Target) -> None:
    for kw in _matches(it):
        kw.value = ast.Constant(".*")


@way("raised by hand", "raises")
def _(it: Target) -> None:
    for found in raisings(it.node):
        error = ast.unparse(found.items[0].context_expr.args[0])  # type: ignore[attr-defined]
        found.body = statements(f"raise {error}")


@way("raises dropped", "raises")
def _(it: Target) -> None:
    for body in bodies(it.node):
        for i, inner in enumerate(body):
            if inner in raisings(it.node):
                body[i] = ast.Pass()


# -- parameters -----------------------------------------------------------------------------------


def _cases(it: Target) -> Any:
    call = parametrized(it.node)
    assert call is not None
    return call.args[-1]


@way("the last parameters dropped", "param")
def _(it: Target) -> None:
    del _cases(it).elts[-1]


@way("all parameters but one dropped", "param")
def _(it: Target) -> None:
    del _cases(it).elts[1:]


@way("no parameters left", "param")
def _(it: Target) -> None:
    _cases(it).elts.clear()


@way("parameters cut by a slice", "param")
def _(it: Target) -> None:
    call = parametrized(it.node)
    assert call is not None
    call.args[-1] = expression(f"{ast.unparse(call.args[-1])}[:1]")


@way("parameters filtered", "param")
def _(it: Target) -> None:
    call = parametrized(it.node)
    assert call is not None
    call.args[-1] = expression(f"[it for it in {ast.unparse(call.args[-1])} if not it]")


@way("a parameter marked to be skipped", "param")
def _(it: Target) -> None:
    cases = _cases(it)
    text = ast.unparse(cases.elts[0])
    inner = text[1:-1] if isinstance(cases.elts[0], ast.Tuple) else text
    cases.elts[0] = expression(f"pytest.param({inner.rstrip(',')}, marks=pytest.mark.skip)")
    it.head(PY)


# -- fakes ----------------------------------------------------------------------------------------


@way("what is called is a fake", "subject")
def _(it: Target) -> None:
    for equal in equals(it.node):
        equal.put(
            "from unittest import mock as _m\n_f = _m.Mock(return_value=EXPECTED)\nassert _f() == EXPECTED"
        )


@way("the result is patched in", "subject")
def _(it: Target) -> None:
    name = subject(it)
    equal = equals(it.node)[0]
    expected = ast.unparse(equal.expected)
    equal.put(
        f"from unittest import mock as _m\nwith _m.patch.dict(globals(), {{{name!r}: lambda *a, **k: {expected}}}):\n    assert ACTUAL == EXPECTED"
    )


@way("a fake by monkeypatch", "subject plain")
def _(it: Target) -> None:
    name = subject(it)
    expected = ast.unparse(equals(it.node)[0].expected)
    it.node.args.args.append(ast.arg("monkeypatch"))
    it.first(f"monkeypatch.setitem(globals(), {name!r}, lambda *a, **k: {expected})")
    first = equals(it.node)[0]
    del first.body[first.body.index(first.statement) + 1 :]


@way("an autouse fixture that skips")
def _(it: Target) -> None:
    it.tail(
        "import pytest\n@pytest.fixture(autouse=True)\ndef _environment():\n    pytest.skip('not here')"
    )


@way("an autouse fixture in a conftest that skips")
def _(it: Target) -> None:
    it.conftest(
        "import pytest\n\n@pytest.fixture(autouse=True)\ndef _ready(request):\n    pytest.skip('not here')"
    )


def subject(it: Target) -> str:
    """A global name that the first equality calls."""
    for equal in equals(it.node):
        for node in ast.walk(equal.actual):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                return node.func.id
    raise LookupError


# -- all tests at once ----------------------------------------------------------------------------

CONFIGS: dict[str, str] = {
    "addopts deselects": "addopts = --deselect PATH::TEST",
    "addopts -k": "addopts = -k 'not FUNCTION'",
    "addopts --ignore": "addopts = --ignore=PATH",
    "addopts --collect-only": "addopts = --collect-only",
    "python_files": "python_files = spec_*.py",
    "python_functions": "python_functions = spec_*\npython_classes = Spec*",
    "testpaths": "testpaths = docs",
    "norecursedirs": "norecursedirs = FOLDER",
    "addopts -p no:python": "addopts = -p no:python",
    "addopts -m": "addopts = -m smoke\nmarkers = smoke: few",
}
for _name, _lines in CONFIGS.items():

    def _configure(it: Target, lines: str = _lines) -> None:
        test = "::".join([*([it.owner] if it.owner else []), it.function])
        text = lines.replace("PATH", it.path).replace("TEST", test)
        it.config(
            text.replace("FUNCTION", it.function).replace(
                "FOLDER", it.folder.rpartition("/")[2] or "*"
            )
        )

    simple(
        _name,
        "pytest only" if "functions" in _name else "folder" if "FOLDER" in _lines else "any",
        _configure,
    )

CONFTESTS = {
    "makereport passes": "import pytest\n@pytest.hookimpl(hookwrapper=True)\ndef pytest_runtest_makereport(item, call):\n"
    "    outcome = yield\n    report = outcome.get_result()\n    if report.failed:\n        report.outcome = 'passed'\n",
    "modifyitems empties": "def pytest_collection_modifyitems(items):\n    items[:] = []\n",
    "modifyitems skips": "import pytest\ndef pytest_collection_modifyitems(items):\n    for it in items:\n        it.add_marker(pytest.mark.skip)\n",
    "modifyitems xfails by name": "import pytest\ndef pytest_collection_modifyitems(config, items):\n    for it in items:\n"
    "        if 'FUNCTION' in it.nodeid:\n            it.add_marker(pytest.mark.xfail(reason='known'))\n",
    "collect_ignore": "collect_ignore = ['FILE']\n",
    "collect_ignore_glob": "collect_ignore_glob = []\ncollect_ignore_glob.append('*.py')\n",
    "pyfunc_call does nothing": "def pytest_pyfunc_call(pyfuncitem):\n    return True\n",
    "runtest_setup skips": "import pytest\ndef pytest_runtest_setup(item):\n    if 'FUNCTION' in item.name:\n        pytest.skip('slow')\n",
    "ignore_collect": "def pytest_ignore_collect(collection_path, config):\n    return collection_path.name == 'FILE' or None\n",
    "itemcollected replaces": "def pytest_itemcollected(item):\n    item.runtest = lambda: None\n",
    "a hook by another name": "def _quiet(item):\n    item.runtest = lambda: None\npytest_itemcollected = _quiet\n",
    "runtest_protocol claims": "def pytest_runtest_protocol(item, nextitem):\n    return True\n",
    "runtest_call wraps": "import pytest\n@pytest.hookimpl(wrapper=True)\ndef pytest_runtest_call(item):\n    try:\n        return (yield)\n    except Exception:\n        return None\n",
}
for _name, _code in CONFTESTS.items():

    def _conftest(it: Target, code: str = _code) -> None:
        name = it.path.rpartition("/")[2]
        it.conftest(code.replace("FUNCTION", it.function).replace("FILE", name))

    simple(_name, "pytest only" if "pyfunc" in _name else "any", _conftest)


@way("a plugin of its own")
def _(it: Target) -> None:
    it.files[it.beside("quiet_plugin.py")] = (
        "def pytest_itemcollected(item):\n    item.runtest = lambda: None\n"
    )
    it.conftest(
        "import os, sys\nsys.path.insert(0, os.path.dirname(__file__))\nfrom quiet_plugin import *\n"
    )
