"""Guards: which words look at what, and which uses of them carry nothing into behaviour."""

import ast

import pytest

from monocyte.semdiff.guards import Reader, readers_of
from monocyte.semdiff.normal.channels import Channel
from monocyte.semdiff.normal.facts import ModuleFacts
from monocyte.semdiff.scopes import resolve_module

C = Channel


def readers(text: str) -> list[Reader]:
    """Who looks at anything in a module."""
    facts = ModuleFacts(resolve_module(ast.parse(text)))
    facts.prepare()
    return readers_of(facts)


def channels(text: str) -> set[C]:
    """The channels that somebody in a module looks at, records of logs left out."""
    return {reader.channel for reader in readers(text) if reader.of != "<recorded>"}


LOOKING: list[tuple[str, set[C]]] = [
    ("print(f.__doc__)", {C.DOCS, C.DOCUMENTED}),
    ("getattr(f, '__doc__')", {C.DOCS}),
    ("getattr(f, '__do' + x)", {C.DOCS}),
    ("getattr(f, x + '__')", {C.NAMES, C.LINES, C.CODE, C.DOCS, C.ANNOTATIONS}),
    ("import inspect\ninspect.getsource(f)", {C.TEXT, C.LINES}),
    ("import sys\nprint(sys._getframe().f_lineno)", {C.FRAMES, C.LINES}),
    ("import sys\nsys._getframe().f_locals", {C.FRAMES, C.NAMES}),
    ("f.__closure__", {C.CODE}),
    ("list(globals())", {C.ORDER}),
    ("A.__dict__", {C.ORDER}),
    ("A.__subclasses__()", {C.ORDER}),
    ("open(__file__)", {C.TEXT, C.LINES, C.LIFETIME}),
    ("f.__annotations__", {C.ANNOTATIONS}),
    ("import weakref\nweakref.ref(a)", {C.LIFETIME}),
    ("try: f()\nexcept Exception as e: print(e)", {C.UNBOUND}),
    ("x = open('main.py').read()", {C.TEXT, C.LINES, C.LIFETIME}),
    ("from traceback import format_exc as told\nprint(told())", {C.LINES, C.TEXT}),
    ("import b\nprint(b.format_exc())", {C.LINES, C.TEXT}),
    ("import traceback\ntraceback.TracebackException.from_exception(e).print()", {C.LINES}),
    ("import traceback\ntraceback.print_exc(file=out)", {C.LINES, C.TEXT}),
    ("from doctest import testmod\ntestmod()", {C.DOCS}),
    ("import inspect\ninspect.getmembers(x)", {C.DOCS}),
    ("getattr(traceback, 'format_%s' % x)", {C.LINES}),
    ("getattr(frame, name) if name == 'f_' + 'lineno' else 0", {C.LINES}),
    ("import logging\nlogging.basicConfig(format='%(lineno)d')", {C.LINES}),
    ("CONFIG = {'formatters': {'f': {'format': '{lineno}', 'style': '{'}}}", {C.LINES}),
    ("import warnings\nwith warnings.catch_warnings(record=True) as w: pass\nprint(w)", {C.LINES}),
    ("import warnings\nwarnings.showwarning = show", {C.LINES}),
    ("import sys, io\nsys.stderr = io.StringIO()", {C.LINES}),
    ("import sys\nsys.stderr = Wrapper(sys.stderr)", {C.LINES}),
    ("import sys\nsys.stderr.write = print", {C.LINES}),
    ("from unittest.mock import patch\nwith patch('sys.stderr', out): f()", {C.LINES}),
    ("for name in vars(A): print(name)", {C.ORDER}),
    ("print(**vars(A))", {C.ORDER}),
    ("sorted(vars(A), key=len)", {C.ORDER}),
    ("try: f()\nexcept given as e: print(e)", {C.UNBOUND, C.SWALLOWED}),
]

HARMLESS = [
    "g.__doc__ = f.__doc__",
    "globals()['x']",
    "def f(): return locals()",
    "class A:\n def f(self): return self.__dict__",
    "__all__ = ['__doc__']",
    "from types import CodeType\ndef f(c): return CodeType(c.co_argcount, c.co_firstlineno)",
    "def f(c): return c.replace(co_code=c.co_code, co_lnotab=c.co_lnotab)",
    "try: f()\nexcept ValueError as e: print(e)",
    "try: f()\nexcept Exception: pass",
    "def help(): pass\nhelp()",
    "parser.help('x')",
    "from inspect import stack\ndef f(): return stack()[1].frame",
    "import traceback\ndef f() -> traceback.StackSummary: pass",
    "import inspect\ninspect.getmembers(x, inspect.isfunction)",
    "archive.getmembers()",
    "getattr(x, 'render_%s' % name)",
    "getattr(x, 'visit_{}'.format(name))",
    "token.lineno",
    "'{lineno}'.format(lineno=1)",
    "class Trace: pass\nTrace()",
    "import sys\nsaved = sys.stderr\nsys.stderr = saved",
    (
        "import warnings\ndef f():\n with warnings.catch_warnings(record=True) as w: g('always')\n"
        " return len(w), w[0].message"
    ),
    "import warnings\nwith warnings.catch_warnings(): pass",
    "'{x}'.format(**globals())",
    "'%(x)s' % locals()",
    "sorted(vars(A).items())",
    "vars(a) == vars(b)",
    "vars(parser.parse_args())",
]

ASKED = [
    ("import b\ntry: f()\nexcept b.Oops as e: print(e)", {"Oops=error"}),
    ("class Oops(Exception): pass\ntry: f()\nexcept Oops as e: print(e)", {"Oops=error"}),
]


@pytest.mark.parametrize(("text", "needs"), ASKED)
def test_an_error_by_its_name_counts_where_it_may_be_another(text: str, needs: set[str]) -> None:
    """A handler of one error shows another's words only if the name stands for that, too."""
    found = {it.needs for it in readers(text) if it.channel is C.UNBOUND}
    assert found == {frozenset(needs)}


@pytest.mark.parametrize(("text", "expected"), LOOKING)
def test_a_reader_is_seen(text: str, expected: set[C]) -> None:
    """Each way of looking at oneself is known for what it sees."""
    assert channels(text) >= expected


@pytest.mark.parametrize("text", HARMLESS)
def test_a_harmless_use_is_let_pass(text: str) -> None:
    """A use that carries nothing into behaviour trips no guard."""
    assert channels(text) <= {C.DOCUMENTED, C.FRAMES}


def test_a_frame_is_looked_at_only_behind_its_mark() -> None:
    """Who asks for a global of the frame first sees only modules that have it."""
    text = (
        "def f(tb):\n"
        "    mark = tb.tb_frame.f_globals.get('__marked__')\n"
        "    if mark is not None:\n"
        "        print(tb.tb_lineno)\n"
    )
    facts = ModuleFacts(resolve_module(ast.parse(text)))
    facts.prepare()
    assert {r.of for r in readers_of(facts) if r.channel is C.LINES} == {"<mark __marked__>"}
