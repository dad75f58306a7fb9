"""What may rebind a module's globals or builtins unseen, and what only looks at a namespace."""

import ast

import pytest

from monocyte.semdiff.normal.facts import ModuleFacts
from monocyte.semdiff.scopes import resolve_module

READS = [
    "def f(o): return o.__dict__.get('a')",
    "def f(o):\n d = o.__dict__\n return d.items()",
    "def f(o):\n for k in o.__dict__: print(k)",
    "class A:\n def f(self, d): self.__dict__.update(d)",
    "def f(c):\n new = object.__new__(c)\n new.__dict__.update(c.__dict__)",
    "import sys\ndef f(n): return n in sys.modules",
    "import sys\ndef f(n): sys.modules[n] = 1",
    "import sys\ndef f(g, n): g.update(sys.modules[n].__dict__)",
    "import sys\ndef f():\n m = sys.modules['a']\n return m is None or getattr(m, 'b', m.c)",
    "def f(globals): globals['len'] = 1",
    "def f(): return globals()['a']",
    "def f(code, names): exec(code, names)",
    "import builtins\ndef f(): return builtins.len",
    "def f(a): return g(**locals())",
    "def f(locals): return g(locals)",
    "import sys\ndef f(m=None):\n if m is None: m = sys.modules['a']\n return m.b",
    "class A:\n def f(self): self.__dict__.update(__import__('m').b)",
    "def f():\n 'Tells globals(), then more.'\ndef g(c, d): exec(c, d)",
    "def f(m): m = 1\ndef g(c):\n m = C(c)\n m.__dict__.update(c)",
    "def f(a):\n d = a.__dict__ if a else {}\n return d.get('k')",
]
WRITES = [
    "def f(m, d): m.__dict__.update(d)",
    "def f(self, d): self.__dict__.update(d)",
    "import m\ndef f(d): m.__dict__.update(d)",
    "import sys\nclass A:\n def f(self, d): sys.modules[__name__].__dict__.update(d)",
    "import sys\ndef f(d):\n m = sys.modules[__name__]\n m.__dict__.update(d)",
    "import sys as s\ndef f(n): g(s.modules[__name__])",
    "from sys import modules\ndef f(n): g(modules[n])",
    "import sys\ndef f():\n m = sys.modules['a']\n m.b = 1",
    "import sys\ndef f(): getattr(sys.modules['a'], '__dict__').update({})",
    "def f(d): globals().update(d)",
    "def f(k): globals()[k] = 1",
    "def f(k):\n g = globals()\n g[k] = 1",
    "def f(g=globals): g().clear()",
    "def f(code): exec(code)",
    "def f(code): exec(code, globals())",
    "def f(d): exec('import builtins as b; b.len = 1', d)",
    "def f(o, d): o.__globals__.update(d)",
    "import builtins\ndef f(k): setattr(builtins, k, 1)",
    "import builtins\ndef f(d): builtins.__dict__.update(d)",
    "import builtins\ndef f(d):\n b = builtins\n b.__dict__.update(d)",
    "import builtins as b\ndef f(d): vars(b).update(d)",
    "def f(): __builtins__['len'] = 1",
    "def f(globals=globals): globals().clear()",
    "def f(d):\n def g(): d.update({})\n d = globals()",
    "def f(m, d):\n if d: m = C()\n m.__dict__.update(d)",
    "def f(x):\n d = x.__dict__ if x else {}\n d.clear()",
    "vars().update({})",
    "locals().update({})",
    "from types import ModuleType\nclass A(ModuleType):\n def f(self, d): self.__dict__.update(d)",
]


def facts(code: str) -> ModuleFacts:
    """What is known of a module of this code."""
    return ModuleFacts(resolve_module(ast.parse(code)))


@pytest.mark.parametrize("code", READS)
def test_looking_changes_nothing(code: str) -> None:
    """A namespace that is only read, or is surely none of ours, leaves builtins what they are."""
    assert not facts(code).rebinds_unseen


@pytest.mark.parametrize("code", WRITES)
def test_writing_is_seen(code: str) -> None:
    """Whatever may write, or hands a namespace on, may rebind any name."""
    assert facts(code).rebinds_unseen
