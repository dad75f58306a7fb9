"""Names that come out of a listing, and whether `__doc__` may be among them."""

from __future__ import annotations

import ast

import pytest

from monocyte.semdiff.guards import Channel, readers_of
from monocyte.semdiff.normal.facts import ModuleFacts
from monocyte.semdiff.scopes import resolve_module


def reads_docs(text: str) -> bool:
    """Whether some `getattr` of a module may read documentation."""
    facts = ModuleFacts(resolve_module(ast.parse(text)))
    facts.prepare()
    found = readers_of(facts)
    return any(it.word == "getattr" and it.channel is Channel.DOCS for it in found)


SORTED_OUT = [
    "[getattr(x, n) for n in dir(x) if not n.startswith('_')]",
    "[getattr(x, n) for n in sorted(dir(x)) if not n.startswith('__') and n != 'a']",
    "{n: getattr(x, n) for n in dir(x) if n.isupper()}",
    "[getattr(x, n) for n in dir(x) if n.startswith('do_')]",
    "[getattr(x, n) for n in dir(x) if n[0] != '_']",
    "[getattr(x, n) for n in dir(x) if n in known and getattr(x, n)]",
    "for n in dir(x):\n if n.startswith('_') or n == 'a':\n  continue\n print(getattr(x, n))",
    "for n in dir(x):\n if n[0] == '_': continue\n print(getattr(x, n))",
    "for n in dir(x):\n if not n.startswith('_'):\n  print(getattr(x, n))",
    "print(len(dir(x)), getattr(x, n))",
    "print(n in dir(x) and getattr(x, n))",
    "def f(x, n): return getattr(x, n)\ndef g(x): return [1 for n in dir(x)]",
    "import os\nprint(os.scan(dir=2), getattr(x, n))\ndef f(dir): return dir",
    "class A:\n def __getattr__(self, n): return getattr(self.x, n)\ndef g(x): return list(dir(x))",
]
TAKEN = [
    "[getattr(x, n) for n in dir(x)]",
    "[getattr(x, n) for n in dir(x) if n.startswith('__do')]",
    "[getattr(x, n) for n in dir(x) if not n.startswith('_') or n]",
    "[getattr(x, n) for n in dir(x) if n and not m.startswith('_')]",
    "[getattr(x, n) for n in dir(x) if not n.startswith('_a')]",
    "for n in dir(x):\n if not n.startswith('_'): pass\n print(getattr(x, n))",
    "for n in dir(x):\n if n.startswith('_') and n: continue\n print(getattr(x, n))",
    "for n in dir(x):\n if not n.startswith('_'):\n  pass\n else:\n  print(getattr(x, n))",
    "def f(x, n): return getattr(x, n)\ndef g(x): return [f(x, n) for n in dir(x)]",
    "def names(x): return dir(x)\ndef g(x): return [getattr(x, n) for n in names(x)]",
    "NAMES = dir(x)\ndef g(x): return [getattr(x, n) for n in NAMES]",
    "class A:\n def a(self): self.n = dir(self)\n def b(self): return getattr(self, self.n[0])",
    "import inspect\n[getattr(x, n) for n, v in inspect.getmembers(x)]",
    (
        "class A:\n def __init__(self, n): self.n = n\n def a(self): return getattr(1, self.n)\n"
        "def g(x): return [A(n).a() for n in dir(x)]"
    ),
    (
        "class A:\n def __getattr__(self, n): return getattr(self.x, n)\n"
        "def g(x): return [x.__getattr__(n) for n in dir(x)]"
    ),
]


@pytest.mark.parametrize("text", SORTED_OUT)
def test_names_that_are_sorted_out(text: str) -> None:
    """A name that cannot be `__doc__` reads no documentation."""
    assert not reads_docs(text)


@pytest.mark.parametrize("text", TAKEN)
def test_names_as_they_come(text: str) -> None:
    """A name that may come from a listing by any way in the module reads documentation."""
    assert reads_docs(text)
