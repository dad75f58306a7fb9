"""Guards: which words look at what, and which uses of them carry nothing into behaviour."""

import ast

import pytest

from monocyte.semdiff.guards import readers_of
from monocyte.semdiff.normal.channels import Channel
from monocyte.semdiff.normal.facts import ModuleFacts
from monocyte.semdiff.scopes import resolve_module

C = Channel


def channels(text: str) -> set[C]:
    """The channels that somebody in a module looks at."""
    facts = ModuleFacts(resolve_module(ast.parse(text)))
    facts.prepare()
    return {reader.channel for reader in readers_of(facts)}


LOOKING: list[tuple[str, set[C]]] = [
    ("print(f.__doc__)", {C.DOCS, C.DOCUMENTED}),
    ("getattr(f, '__doc__')", {C.DOCS}),
    ("getattr(f, '__do' + x)", {C.NAMES, C.LINES, C.CODE, C.DOCS, C.ANNOTATIONS}),
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
]


@pytest.mark.parametrize(("text", "expected"), LOOKING)
def test_a_reader_is_seen(text: str, expected: set[C]) -> None:
    """Each way of looking at oneself is known for what it sees."""
    assert channels(text) >= expected


@pytest.mark.parametrize("text", HARMLESS)
def test_a_harmless_use_is_let_pass(text: str) -> None:
    """A use that carries nothing into behaviour trips no guard."""
    assert channels(text) <= {C.DOCUMENTED}


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
