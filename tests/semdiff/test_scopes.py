"""The resolver says of every name what the compiler says, and of each scope what kind it is."""

import ast
import random
import symtable
import sysconfig
import warnings
from pathlib import Path

import pytest

from monocyte.semdiff.scopes import Scope, disagreements, inner_scope, resolve_module

STDLIB = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
SAMPLE = random.Random(4).sample(STDLIB, 25)


def agreed(source: str | bytes) -> list[str]:
    """Where the resolver and the compiler differ about a module."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes of old modules
        scope = resolve_module(ast.parse(source))
        text = source if isinstance(source, str) else source.decode()
        return list(disagreements(scope, symtable.symtable(text, "<test>", "exec")))


@pytest.mark.parametrize("path", SAMPLE, ids=lambda p: p.name)
def test_the_compiler_agrees_about_the_library(path: Path) -> None:
    """Every scope of a module of the standard library is resolved as the compiler does."""
    assert agreed(path.read_bytes()) == []


PROGRAMS = [
    "def f(a):\n def g():\n  nonlocal a\n  a = 1\n return g",
    "x = 1\nclass A:\n x = x\n def f(self): return x",
    "class A:\n __p = 1\n def f(self, __q): return self.__p, __q, __A",
    "def f(): return [y for x in z if (y := x)], [w for w in y for v in w]",
    "def f():\n try: pass\n except E as e: print(e)\n else: lambda: e\n finally: pass",
    "def f(x):\n match x:\n  case [a, *b] | {'k': a, **b}: return a\n  case A(p=c) as d: return c",
    "def f():\n import a.b, c.d as e\n from g import h as i\n return a, e, i",
    "def f(a=lambda: a, *b, c: d = 1, **e) -> a: global g; g = a",
    "async def f():\n return [x async for x in y], (z for z in await w)",
    "def f():\n class A:\n  def g(self): return __class__, super()",
    "def f():\n x: int\n return x",
    "def f():\n global x\n class A:\n  def x(self): return x\n def g(): return x",
    "del x\nfor i in i: pass\nwith a as b, c as (d, [e]): pass",
]


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_compiler_agrees_about_corners(program: str) -> None:
    """Mangling, walrus, captures, handlers, headers and declarations are resolved alike."""
    assert agreed(program) == []


def scope_of(source: str, name: str) -> Scope:
    """The scope of the function or class of that name."""
    tree = ast.parse(source)
    resolve_module(tree)
    node = next(n for n in ast.walk(tree) if getattr(n, "name", None) == name)
    return inner_scope(node)


# source, scope, name, the kind of the scope that owns it (None: global or builtin)
OWNERS = [
    ("def f(a): return a", "f", "a", "function"),
    ("def f(): return a", "f", "a", None),
    ("def f(a):\n def g(): return a", "g", "a", "function"),
    ("def f(a):\n class C:\n  b = a", "C", "b", "class"),
    ("def f():\n global a\n a = 1", "f", "a", None),
    ("def f(a):\n def g():\n  global a\n  return a", "g", "a", None),
    ("class C:\n a = 1\n def f(self): return a", "f", "a", None),
]


@pytest.mark.parametrize(("source", "scope", "name", "kind"), OWNERS)
def test_a_name_has_one_owner(source: str, scope: str, name: str, kind: str | None) -> None:
    """The scope that a name is read from is the one that the language says."""
    owner = scope_of(source, scope).owner(name)
    assert (owner.kind if owner else None) == kind


def test_a_wrong_resolver_is_noticed() -> None:
    """A resolver that misses a binding disagrees with the compiler, and says where."""
    source = "def f():\n x = 1\n return x"
    scope = resolve_module(ast.parse(source))
    scope.children[0].bound.discard("x")
    found = list(disagreements(scope, symtable.symtable(source, "<test>", "exec")))
    assert found == ["'x' in 'f' (line 1) is resolved differently"]
