"""Comparison methods that give plain values, and those that may give anything."""

import pytest

from monocyte.semdiff.normal.comparisons import compares_plainly

PLAIN = [
    "x = a == b",
    "class A:\n def __eq__(s, o): return s.x == o.x",
    "class A:\n def __eq__(s, o):\n  if s is o: return True\n  return NotImplemented",
    "class A:\n def __lt__(s, o): return not s.x and isinstance(o, A)",
    "class A:\n def __ne__(s, o): return not s.__eq__(o)",
    "class A:\n __hash__ = None\n __eq__ = None",
    "class A:\n def fail(s, o): raise TypeError\n __lt__ = __le__ = fail",
    "class A:\n __eq__ = object.__eq__",
    "class A:\n def fail(s, o): raise TypeError\nclass B:\n __eq__ = A.fail",
    "class A:\n @abc.abstractmethod\n def __eq__(s, o): pass",
    "class A:\n '__eq__ is told of'\n def f(s, o): return s.__eq__(o)",
    "class A:\n def __eq__(s, o):\n  def g(): return []\n  return bool(g())",
]
ANYTHING = [
    "class A:\n def __eq__(s, o): return A()",
    "class A:\n def __eq__(s, o): return s.x",
    "class A:\n def __eq__(s, o): yield 1",
    "class A:\n async def __eq__(s, o): return 1",
    "class A:\n @wrapped\n def __eq__(s, o): return True",
    "class A:\n __eq__ = make()",
    "class A:\n __eq__ = B.make",
    "class A:\n __eq__ = lambda s, o: A()",
    "class A:\n def g(s, o): return A()\n __gt__ = g",
    "class A:\n from m import compare as __eq__",
    "class A: pass\nA.__eq__ = f",
    "setattr(A, '__eq__', f)",
    "names = {'__eq__': f}",
    "def __eq__(",
]


@pytest.mark.parametrize("code", PLAIN)
def test_plain_values(code: str) -> None:
    """Bools, constants, and what compares for others."""
    assert compares_plainly(code.encode())


@pytest.mark.parametrize("code", ANYTHING)
def test_anything(code: str) -> None:
    """Whatever else may be set as a comparison method may give what dies noticed."""
    assert not compares_plainly(code.encode())
