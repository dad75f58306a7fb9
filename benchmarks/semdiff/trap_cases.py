"""The traps: written from the semantics of Python, not from the rules of the normal form."""

CASES = {
    "same-name imports swapped": """
from os.path import join
from shlex import join
print(join(["a", "b"]) if join.__module__ == "shlex" else "os")
====
from shlex import join
from os.path import join
print(join(["a", "b"]) if join.__module__ == "shlex" else "os")
""",
    "star imports swapped": """
from os.path import *
from shlex import *
print(join.__module__)
====
from shlex import *
from os.path import *
print(join.__module__)
""",
    "star imports of own modules": """
from a import *
from b import *
print(x)
# file: a.py
x = 1
# file: b.py
x = 2
====
from b import *
from a import *
print(x)
# file: a.py
x = 1
# file: b.py
x = 2
""",
    "function documentation printed": '''
def f():
    """one"""
print(f.__doc__)
====
def f():
    """two"""
print(f.__doc__)
''',
    "documentation of a parameter": '''
def show(g):
    print(g.__doc__)
def f():
    """one"""
show(f)
====
def show(g):
    print(g.__doc__)
def f():
    """two"""
show(f)
''',
    "module documentation": '''
"""one"""
print(__doc__)
====
"""two"""
print(__doc__)
''',
    "class documentation by self": '''
class A:
    """one"""
    def show(self):
        print(self.__doc__)
A().show()
====
class A:
    """two"""
    def show(self):
        print(self.__doc__)
A().show()
''',
    "documentation through getattr": '''
def f():
    """one"""
print(getattr(f, "__doc__"))
====
def f():
    """two"""
print(getattr(f, "__doc__"))
''',
    "documentation through a built name": '''
def f():
    """one"""
print(getattr(f, "__do" + "c__"))
====
def f():
    """two"""
print(getattr(f, "__do" + "c__"))
''',
    "documentation copied by wraps": '''
import functools
def d(g):
    @functools.wraps(g)
    def w():
        return g()
    return w
@d
def f():
    """one"""
print(f.__doc__)
====
import functools
def d(g):
    @functools.wraps(g)
    def w():
        return g()
    return w
@d
def f():
    """two"""
print(f.__doc__)
''',
    "documentation by inspect": '''
import inspect
def f():
    """one"""
print(inspect.getdoc(f))
====
import inspect
def f():
    """two"""
print(inspect.getdoc(f))
''',
    "doctest": '''
import doctest
def f():
    """
    >>> 1
    1
    """
print(doctest.testmod().attempted)
====
import doctest
def f():
    """
    >>> 1
    1
    >>> 2
    2
    """
print(doctest.testmod().attempted)
''',
    "documentation inside exec": '''
def f():
    """one"""
exec("print(f.__doc__)")
====
def f():
    """two"""
exec("print(f.__doc__)")
''',
    "documentation decides": '''
def f():
    """one"""
print("yes" if f.__doc__ else "no")
====
def f():
    pass
print("yes" if f.__doc__ else "no")
''',
    "documentation read in another module": '''
from b import show
def f():
    """one"""
show(f)
# file: b.py
def show(g):
    print(g.__doc__)
====
from b import show
def f():
    """two"""
show(f)
# file: b.py
def show(g):
    print(g.__doc__)
''',
    "documentation and a third module": '''
import a, b
b.show(a.f)
# file: a.py
def f():
    """one"""
# file: b.py
def show(g):
    print(g.__doc__)
====
import a, b
b.show(a.f)
# file: a.py
def f():
    """two"""
# file: b.py
def show(g):
    print(g.__doc__)
''',
    "frame f_locals": """
import sys
def peek():
    return sorted(sys._getframe(1).f_locals)
def f():
    value = 1
    return peek()
print(f())
====
import sys
def peek():
    return sorted(sys._getframe(1).f_locals)
def f():
    other = 1
    return peek()
print(f())
""",
    "frame f_locals elsewhere": """
from b import peek
def f():
    value = 1
    return peek()
print(f())
# file: b.py
import sys
def peek():
    return sorted(sys._getframe(1).f_locals)
====
from b import peek
def f():
    other = 1
    return peek()
print(f())
# file: b.py
import sys
def peek():
    return sorted(sys._getframe(1).f_locals)
""",
    "locals()": """
def f():
    value = 1
    return locals()
print(f())
====
def f():
    other = 1
    return locals()
print(f())
""",
    "vars()": """
def f():
    value = 1
    return vars()
print(f())
====
def f():
    other = 1
    return vars()
print(f())
""",
    "dir()": """
def f():
    value = 1
    return dir()
print(f())
====
def f():
    other = 1
    return dir()
print(f())
""",
    "eval of a local": """
def f():
    value = 1
    other = 2
    return eval("value")
print(f())
====
def f():
    other = 1
    value = 2
    return eval("value")
print(f())
""",
    "exec of a local": """
def f():
    value = 1
    exec("print(value)")
f()
====
def f():
    valu = 1
    exec("print(value)")
try:
    f()
except NameError:
    print("none")
""",
    "locals under another name": """
look = locals
def f():
    value = 1
    return look()
print(f())
====
look = locals
def f():
    other = 1
    return look()
print(f())
""",
    "format with locals": """
def f():
    name = "x"
    return "{name}".format(**locals())
print(f())
====
def f():
    nam = "x"
    return "{name}".format(**locals())
try:
    print(f())
except KeyError:
    print("none")
""",
    "co_varnames": """
def f():
    value = 1
    return value
print(f.__code__.co_varnames)
====
def f():
    other = 1
    return other
print(f.__code__.co_varnames)
""",
    "closure names": """
def f():
    value = 1
    def g():
        return value
    return g
print(f().__code__.co_freevars)
====
def f():
    other = 1
    def g():
        return other
    return g
print(f().__code__.co_freevars)
""",
    "unbound local's message": """
def f(x):
    if x:
        value = 1
    try:
        return value
    except UnboundLocalError as e:
        return str(e)
print(f(0))
====
def f(x):
    if x:
        other = 1
    try:
        return other
    except UnboundLocalError as e:
        return str(e)
print(f(0))
""",
    "name of an unbound free variable": """
def f():
    def g():
        return value
    try:
        g()
    except NameError as e:
        return e.name
    value = 1
print(f())
====
def f():
    def g():
        return other
    try:
        g()
    except NameError as e:
        return e.name
    other = 1
print(f())
""",
    "deleted variable's message": """
def f():
    value = 1
    del value
    try:
        value
    except NameError as e:
        print(e)
f()
====
def f():
    other = 1
    del other
    try:
        other
    except NameError as e:
        print(e)
f()
""",
    "globals order": """
def a(): pass
def b(): pass
print([n for n in globals() if len(n) == 1])
====
def b(): pass
def a(): pass
print([n for n in globals() if len(n) == 1])
""",
    "class dictionary order": """
class A:
    def a(self): pass
    def b(self): pass
print([n for n in A.__dict__ if len(n) == 1])
====
class A:
    def b(self): pass
    def a(self): pass
print([n for n in A.__dict__ if len(n) == 1])
""",
    "vars of a class": """
class A:
    def a(self): pass
    def b(self): pass
print([n for n in vars(A) if len(n) == 1])
====
class A:
    def b(self): pass
    def a(self): pass
print([n for n in vars(A) if len(n) == 1])
""",
    "module seen by another module": """
import b
# file: b.py
import a
print([n for n in vars(a) if len(n) == 1])
# file: a.py
def x(): pass
def y(): pass
====
import b
# file: b.py
import a
print([n for n in vars(a) if len(n) == 1])
# file: a.py
def y(): pass
def x(): pass
""",
    "subclasses order": """
class R: pass
class A(R): pass
class B(R): pass
print([c.__name__ for c in R.__subclasses__()])
====
class R: pass
class B(R): pass
class A(R): pass
print([c.__name__ for c in R.__subclasses__()])
""",
    "init_subclass order": """
class R:
    seen = []
    def __init_subclass__(cls):
        R.seen.append(cls.__name__)
class A(R): pass
class B(R): pass
print(R.seen)
====
class R:
    seen = []
    def __init_subclass__(cls):
        R.seen.append(cls.__name__)
class B(R): pass
class A(R): pass
print(R.seen)
""",
    "metaclass sees method order": """
class M(type):
    def __new__(m, n, b, d):
        print([k for k in d if not k.startswith("_")])
        return type.__new__(m, n, b, d)
class A(metaclass=M):
    def a(self): pass
    def b(self): pass
====
class M(type):
    def __new__(m, n, b, d):
        print([k for k in d if not k.startswith("_")])
        return type.__new__(m, n, b, d)
class A(metaclass=M):
    def b(self): pass
    def a(self): pass
""",
    "inherited metaclass": """
class M(type):
    def __new__(m, n, b, d):
        print([k for k in d if not k.startswith("_")])
        return type.__new__(m, n, b, d)
class R(metaclass=M): pass
class A(R):
    def a(self): pass
    def b(self): pass
====
class M(type):
    def __new__(m, n, b, d):
        print([k for k in d if not k.startswith("_")])
        return type.__new__(m, n, b, d)
class R(metaclass=M): pass
class A(R):
    def b(self): pass
    def a(self): pass
""",
    "enum member order": """
import enum
class E(enum.Enum):
    A = 1
    B = 2
print(list(E))
====
import enum
class E(enum.Enum):
    B = 2
    A = 1
print(list(E))
""",
    "dataclass field order": """
from dataclasses import dataclass
@dataclass
class P:
    x: int
    y: int
print(P(1, 2))
====
from dataclasses import dataclass
@dataclass
class P:
    y: int
    x: int
print(P(1, 2))
""",
    "set_name order": """
class D:
    def __set_name__(self, owner, name):
        print(name)
class A:
    a = D()
    b = D()
====
class D:
    def __set_name__(self, owner, name):
        print(name)
class A:
    b = D()
    a = D()
""",
    "decorator registry order": """
seen = []
def reg(f):
    seen.append(f.__name__)
    return f
@reg
def a(): pass
@reg
def b(): pass
print(seen)
====
seen = []
def reg(f):
    seen.append(f.__name__)
    return f
@reg
def b(): pass
@reg
def a(): pass
print(seen)
""",
    "coding cookie": """
# -*- coding: utf-8 -*-
print(len("\u00e9"))
====
# -*- coding: cp1252 -*-
print(len("\u00e9"))
""",
    "line number of a function": """
def f(): pass
print(f.__code__.co_firstlineno)
====
# a comment
def f(): pass
print(f.__code__.co_firstlineno)
""",
    "line number of a frame": """
import sys
print(sys._getframe().f_lineno)
====
import sys
# a comment
print(sys._getframe().f_lineno)
""",
    "line number of a traceback": """
def f():
    raise ValueError
try:
    f()
except ValueError as e:
    print(e.__traceback__.tb_lineno)
====
def f():

    raise ValueError
try:
    f()
except ValueError as e:
    print(e.__traceback__.tb_lineno)
""",
    "traceback text": """
import traceback
def f():
    raise ValueError
try:
    f()
except ValueError:
    print(traceback.format_exc())
====
import traceback
def f():

    raise ValueError
try:
    f()
except ValueError:
    print(traceback.format_exc())
""",
    "line of a warning": """
import warnings
with warnings.catch_warnings(record=True) as w:
    warnings.simplefilter("always")
    warnings.warn("x")
print(w[0].lineno)
====
import warnings
with warnings.catch_warnings(record=True) as w:
    warnings.simplefilter("always")

    warnings.warn("x")
print(w[0].lineno)
""",
    "line of a log record": """
import logging, sys
logging.basicConfig(stream=sys.stdout, format="%(lineno)d")
logging.error("x")
====
import logging, sys
logging.basicConfig(stream=sys.stdout, format="%(lineno)d")

logging.error("x")
""",
    "inspect source": """
import inspect
def f():
    return 1
print(inspect.getsource(f))
====
import inspect
def f():
    return (1)
print(inspect.getsource(f))
""",
    "inspect stack": """
import inspect
def f():
    return inspect.stack()[0].lineno
print(f())
====
import inspect
def f():

    return inspect.stack()[0].lineno
print(f())
""",
    "reads its own file": """
print(len(open(__file__).read()))
====
print(len(open(__file__).read()))  # more
""",
    "reads its own file by path": """
import pathlib
print(len(pathlib.Path(__file__).read_text()))
====
import pathlib
print(len(pathlib.Path(__file__).read_text()))  # more
""",
    "linecache": """
import linecache
print(linecache.getline(__file__, 2))
====
import linecache
print(linecache.getline(__file__, 2))  # more
""",
    "settrace counts lines": """
import sys
lines = []
def trace(frame, event, arg):
    lines.append(event)
    return trace
def f():
    a = 1; b = 2
sys.settrace(trace); f(); sys.settrace(None)
print(lines.count("line"))
====
import sys
lines = []
def trace(frame, event, arg):
    lines.append(event)
    return trace
def f():
    a = 1
    b = 2
sys.settrace(trace); f(); sys.settrace(None)
print(lines.count("line"))
""",
    "code constants": """
def f():
    return 60 * 60
print(f.__code__.co_consts)
====
def f():
    x = 60
    return x * 60
print(f.__code__.co_consts)
""",
    "annotations printed": """
def f(x: int): pass
print(f.__annotations__)
====
def f(x: str): pass
print(f.__annotations__)
""",
    "type hints": """
import typing
def f(x: int): pass
print(typing.get_type_hints(f))
====
import typing
def f(x: str): pass
print(typing.get_type_hints(f))
""",
    "signature": """
import inspect
def f(x: int): pass
print(inspect.signature(f))
====
import inspect
def f(x: str): pass
print(inspect.signature(f))
""",
    "singledispatch by annotation": """
from functools import singledispatch
@singledispatch
def f(x): return "any"
@f.register
def _(x: int): return "int"
print(f(1))
====
from functools import singledispatch
@singledispatch
def f(x): return "any"
@f.register
def _(x: str): return "int"
print(f(1))
""",
    "annotation evaluated": """
def loud(): print("loud"); return int
def f(x: loud()): pass
====
def loud(): print("loud"); return int
def f(x): pass
""",
    "annotation that fails": """
try:
    def f(x: undefined): pass
except NameError:
    print("none")
====
try:
    def f(x): pass
except NameError:
    print("none")
""",
    "class annotation added": """
from typing import NamedTuple
class P(NamedTuple):
    x: int
    y: int = 2
print(P._fields)
====
from typing import NamedTuple
class P(NamedTuple):
    x: int
    y = 2
print(P._fields)
""",
    "local annotation makes a name local": """
x = 1
def f():
    x: int
    try:
        return x
    except NameError:
        return "none"
print(f())
====
x = 1
def f():
    try:
        return x
    except NameError:
        return "none"
print(f())
""",
    "attribute annotation evaluates its object": """
def g(): print("g"); return g
def f():
    g().x: int
f()
====
def g(): print("g"); return g
def f():
    pass
f()
""",
    "dead yield": """
def f():
    return 1
    yield
print(type(f()).__name__)
====
def f():
    return 1
print(type(f()).__name__)
""",
    "dead assignment": """
x = 1
def f():
    try:
        return x
    except NameError:
        return "none"
    x = 2
print(f())
====
x = 1
def f():
    try:
        return x
    except NameError:
        return "none"
print(f())
""",
    "dead global": """
x = 1
def f():
    if 0:
        global x
    x = 2
f()
print(x)
====
x = 1
def f():
    x = 2
f()
print(x)
""",
    "dead await": """
import asyncio
def f():
    pass
async def g():
    return f()
print(asyncio.run(g()))
====
import asyncio
async def f():
    pass
async def g():
    return f()
r = asyncio.run(g())
print(type(r).__name__); r.close()
""",
    "not equal": """
class A:
    def __eq__(self, o): return True
    def __ne__(self, o): return True
def f(a, b): return not a == b
print(f(A(), A()))
====
class A:
    def __eq__(self, o): return True
    def __ne__(self, o): return True
def f(a, b): return a != b
print(f(A(), A()))
""",
    "not less": """
def f(a, b): return not a < b
print(f(float("nan"), 1))
====
def f(a, b): return a >= b
print(f(float("nan"), 1))
""",
    "equality turned round": """
class A:
    def __eq__(self, o): print("A"); return True
class B:
    def __eq__(self, o): print("B"); return True
def f(a, b): return a == b
f(A(), B())
====
class A:
    def __eq__(self, o): print("A"); return True
class B:
    def __eq__(self, o): print("B"); return True
def f(a, b): return b == a
f(A(), B())
""",
    "truth asked twice": """
class T:
    def __bool__(self): print("asked"); return True
def f(a, b): return not (a or b)
f(T(), T())
====
class T:
    def __bool__(self): print("asked"); return True
def f(a, b):
    if a or b:
        return False
    return True
f(T(), T())
""",
    "bool of an or": """
class T:
    def __bool__(self): print("asked"); return True
def f(a, b): return bool(a or b)
f(T(), T())
====
class T:
    def __bool__(self): print("asked"); return True
def f(a, b):
    if a or b: return True
    else: return False
f(T(), T())
""",
    "or returns its operand": """
def f(a, b): return a or b
print(f(2, 0))
====
def f(a, b): return bool(a) or bool(b)
print(f(2, 0))
""",
    "condition returned": """
def f(a):
    if a: return True
    return False
print(f(2))
====
def f(a):
    return a
print(f(2))
""",
    "compare returned": """
class V:
    def __eq__(self, o): return "maybe"
def f(a, b): return a == b
print(f(V(), 1))
====
class V:
    def __eq__(self, o): return "maybe"
def f(a, b):
    if a == b: return True
    return False
print(f(V(), 1))
""",
    "chained comparison evaluates once": """
def m(): print("m"); return 2
def f(a, b): return a < m() < b
f(1, 3)
====
def m(): print("m"); return 2
def f(a, b): return a < m() and m() < b
f(1, 3)
""",
    "chained global changes": """
class A:
    def __lt__(self, o):
        global mid
        mid = 9
        return True
mid = 2
def f(a, b): return a < mid < b
print(f(A(), 5))
====
class A:
    def __lt__(self, o):
        global mid
        mid = 9
        return True
mid = 2
def f(a, b): return a < mid and mid < b
print(f(A(), 5))
""",
    "addition of arguments swapped": """
def a(): print("a"); return 1
def b(): print("b"); return 2
def f(): return a() + b()
f()
====
def a(): print("a"); return 1
def b(): print("b"); return 2
def f():
    y = b()
    return a() + y
f()
""",
    "temporary before an attribute": """
class O:
    @property
    def m(self): print("m"); return print
def g(): print("g")
def f(o): o.m(g())
f(O())
====
class O:
    @property
    def m(self): print("m"); return print
def g(): print("g")
def f(o):
    t = g()
    o.m(t)
f(O())
""",
    "temporary before a global that changes": """
def h(x): print("old")
def g():
    global h
    h = lambda x: print("new")
def f(): h(g())
f()
====
def h(x): print("old")
def g():
    global h
    h = lambda x: print("new")
def f():
    t = g()
    h(t)
f()
""",
    "temporary before a missing global": """
def g(): print("g")
def f(): later(g())
try: f()
except NameError: print("none")
def later(x): pass
====
def g(): print("g")
def f():
    t = g()
    later(t)
try: f()
except NameError: print("none")
def later(x): pass
""",
    "temporary before an item": """
def k(): print("k"); return 0
def v(): print("v"); return 1
def f(d): d[k()] = v()
f({})
====
def k(): print("k"); return 0
def v(): print("v"); return 1
def f(d):
    t = k()
    d[t] = v()
f({})
""",
    "temporary in a condition's right side": """
def g(): print("g"); return 1
def f(x): return x and g()
f(0)
====
def g(): print("g"); return 1
def f(x):
    t = g()
    return x and t
f(0)
""",
    "temporary in a loop's test": """
n = 0
def g():
    global n
    n += 1
    return n
def f():
    c = 0
    while g() < 4: c += 1
    return c
print(f())
====
n = 0
def g():
    global n
    n += 1
    return n
def f():
    c = 0
    t = g()
    while t < 4:
        c += 1
        if c > 9: break
    return c
print(f())
""",
    "temporary in a comprehension": """
n = 0
def g():
    global n
    n += 1
    return n
def f(): return [g() for _ in range(3)]
print(f())
====
n = 0
def g():
    global n
    n += 1
    return n
def f():
    t = g()
    return [t for _ in range(3)]
print(f())
""",
    "temporary outside try": """
def g(): raise ValueError
def f():
    try:
        return g()
    except ValueError:
        return "caught"
print(f())
====
def g(): raise ValueError
def f():
    t = g()
    try:
        return t
    except ValueError:
        return "caught"
try: print(f())
except ValueError: print("out")
""",
    "temporary read by a closure": """
def f():
    t = 1
    g = lambda: t
    t = 2
    return g()
print(f())
====
def f():
    t = 1
    g = lambda: 1
    t = 2
    return g()
print(f())
""",
    "assert is not evaluated": """
import subprocess, sys
def f(c):
    assert c
    return 1
print(subprocess.run([sys.executable, "-O", "-c", "import main2"], capture_output=True).stdout)
# file: main2.py
def g(): print("g"); return 1
def f():
    t = g()
    assert t
f()
====
import subprocess, sys
def f(c):
    assert c
    return 1
print(subprocess.run([sys.executable, "-O", "-c", "import main2"], capture_output=True).stdout)
# file: main2.py
def g(): print("g"); return 1
def f():
    assert g()
f()
""",
    "value dies earlier": """
class N:
    def __del__(self): print("dead")
def use(x): print("use")
def f():
    t = N()
    use(t)
    print("end")
f()
====
class N:
    def __del__(self): print("dead")
def use(x): print("use")
def f():
    use(N())
    print("end")
f()
""",
    "file closed earlier": """
def f():
    t = open("x.txt", "w")
    t.write("x")
    return open("x.txt").read()
print(repr(f()))
====
def f():
    open("x.txt", "w").write("x")
    return open("x.txt").read()
print(repr(f()))
""",
    "weak reference": """
import weakref
class N: pass
def f():
    t = N()
    r = weakref.ref(t)
    return r()
print(f() is None)
====
import weakref
class N: pass
def f():
    r = weakref.ref(N())
    return r()
print(f() is None)
""",
    "dropped generator cleans up": """
def g():
    try: yield 1
    finally: print("clean")
def f():
    t = g()
    next(t)
    print("end")
f()
====
def g():
    try: yield 1
    finally: print("clean")
def f():
    next(g())
    print("end")
f()
""",
    "unused result kept alive": """
class N:
    def __del__(self): print("dead")
def f():
    t = N()
    print("end")
f()
====
class N:
    def __del__(self): print("dead")
def f():
    N()
    print("end")
f()
""",
    "reference count": """
import sys
def f():
    t = []
    return sys.getrefcount(t)
print(f())
====
import sys
def f():
    return sys.getrefcount([])
print(f())
""",
    "half-filled list": """
def g(x):
    if x == 2: raise ValueError
    return x
def f():
    r = []
    try:
        for x in range(5):
            r.append(g(x))
    except ValueError:
        pass
    return r
print(f())
====
def g(x):
    if x == 2: raise ValueError
    return x
def f():
    r = []
    try:
        r = [g(x) for x in range(5)]
    except ValueError:
        pass
    return r
print(f())
""",
    "loop variable stays": """
def f():
    r = []
    for x in range(3):
        r.append(x)
    return r, x
print(f())
====
def f():
    x = 9
    r = [x for x in range(3)]
    return r, x
print(f())
""",
    "loop appends to what it walks": """
def f():
    r = []
    for x in [1, 2]:
        r.append(len(r))
    return r
print(f())
====
def f():
    r = []
    r = [len(r) for x in [1, 2]]
    return r
print(f())
""",
    "lambda in a loop": """
def f():
    r = []
    for x in range(3):
        r.append(lambda: x)
    x = 9
    return [g() for g in r]
print(f())
====
def f():
    r = [lambda: x for x in range(3)]
    x = 9
    return [g() for g in r]
print(f())
""",
    "dict evaluation order": """
def k(x): print("k", x); return x
def v(x): print("v", x); return x
def f():
    d = {}
    for x in range(2):
        d[k(x)] = v(x)
    return d
f()
====
def k(x): print("k", x); return x
def v(x): print("v", x); return x
def f():
    d = {k(x): v(x) for x in range(2)}
    return d
f()
""",
    "frame of a comprehension": """
import sys
def who(x): return len(repr(sys._getframe(1).f_code.co_consts))
def f():
    r = []
    for x in range(2):
        r.append(who(x))
    return r
print(f())
====
import sys
def who(x): return len(repr(sys._getframe(1).f_code.co_consts))
def f():
    return [who(x) for x in range(2)]
print(f())
""",
    "generator for list": """
def f(): return type([x for x in range(3)]).__name__
print(f())
====
def f(): return type((x for x in range(3))).__name__
print(f())
""",
    "any of a list": """
def p(x): print(x); return x
def f(): return any([p(x) for x in (1, 2)])
f()
====
def p(x): print(x); return x
def f(): return any(p(x) for x in (1, 2))
f()
""",
    "super in a comprehension": """
class A:
    def m(self): return 1
class B(A):
    def m(self):
        r = []
        for x in range(2):
            r.append(super().m())
        return r
try: print(B().m())
except (RuntimeError, TypeError): print("error")
====
class A:
    def m(self): return 1
class B(A):
    def m(self):
        return [super(A).m() for x in range(2)]
try: print(B().m())
except (RuntimeError, TypeError, AttributeError): print("error")
""",
    "class body does not close over": """
n = 1
class A:
    n = 2
    v = [n for _ in range(1)]
print(A.v)
====
n = 1
class A:
    n = 2
    v = [n]
print(A.v)
""",
    "shadowed builtin": """
def dict(): return 7
def f(): return dict()
print(f())
====
def dict(): return 7
def f(): return {}
print(f())
""",
    "shadowed builtin by global": """
def mess():
    global list
    list = lambda: 7
mess()
def f(): return list()
print(f())
====
def mess():
    global list
    list = lambda: 7
mess()
def f(): return []
print(f())
""",
    "shadowed builtin by builtins": """
import builtins
builtins.tuple = lambda: 7
def f(): return tuple()
print(f())
====
import builtins
builtins.tuple = lambda: 7
def f(): return ()
print(f())
""",
    "shadowed builtin by globals()": """
globals()["dict"] = lambda: 7
def f(): return dict()
print(f())
====
globals()["dict"] = lambda: 7
def f(): return {}
print(f())
""",
    "shadowed builtin by star": """
from b import *
def f(): return dict()
print(f())
# file: b.py
def dict(): return 7
====
from b import *
def f(): return {}
print(f())
# file: b.py
def dict(): return 7
""",
    "shadowed object": """
class object:
    x = 1
class A(object): pass
print(hasattr(A, "x"))
====
class object:
    x = 1
class A: pass
print(hasattr(A, "x"))
""",
    "augmented list": """
def f(a):
    b = a
    b += [1]
    return a
print(f([]))
====
def f(a):
    b = a
    b = b + [1]
    return a
print(f([]))
""",
    "mutable default": """
def f(x, r=[]):
    r.append(x)
    return r
f(1); print(f(2))
====
def f(x, r=None):
    if r is None: r = []
    r.append(x)
    return r
f(1); print(f(2))
""",
    "default evaluated at definition": """
n = 1
def f(x=n): return x
n = 2
print(f())
====
n = 1
n = 2
def f(x=n): return x
print(f())
""",
    "default reads another function": """
def g(): return 1
def f(x=g): return x()
def g(): return 2
print(f())
====
def g(): return 1
def g(): return 2
def f(x=g): return x()
print(f())
""",
    "function moved below its use": """
def f(): return 1
print(f())
====
try: print(f())
except NameError: print("none")
def f(): return 1
""",
    "function moved below a transitive use": """
def a(): return b()
def b(): return 1
def run(g):
    try: print(g())
    except NameError: print("none")
run(a)
====
def a(): return b()
def run(g):
    try: print(g())
    except NameError: print("none")
run(a)
def b(): return 1
""",
    "function redefined": """
def f(): return 1
def f(): return 2
print(f())
====
def f(): return 2
def f(): return 1
print(f())
""",
    "import that speaks": """
import a
import b
# file: a.py
print("a")
# file: b.py
print("b")
====
import b
import a
# file: a.py
print("a")
# file: b.py
print("b")
""",
    "import that registers": """
import a
import b
import reg
print(reg.seen)
# file: reg.py
seen = []
def add(x): seen.append(x)
# file: a.py
import reg
reg.add("a")
# file: b.py
import reg
reg.add("b")
====
import b
import a
import reg
print(reg.seen)
# file: reg.py
seen = []
def add(x): seen.append(x)
# file: a.py
import reg
reg.add("a")
# file: b.py
import reg
reg.add("b")
""",
    "import that registers by decorator": """
import a
import b
import reg
print(reg.seen)
# file: reg.py
seen = []
def add(x):
    seen.append(x.__name__)
    return x
# file: a.py
from reg import add
@add
def fa(): pass
# file: b.py
from reg import add
@add
def fb(): pass
====
import b
import a
import reg
print(reg.seen)
# file: reg.py
seen = []
def add(x):
    seen.append(x.__name__)
    return x
# file: a.py
from reg import add
@add
def fa(): pass
# file: b.py
from reg import add
@add
def fb(): pass
""",
    "import that registers by subclass": """
import a
import b
import reg
print(reg.seen)
# file: reg.py
seen = []
class R:
    def __init_subclass__(cls): seen.append(cls.__name__)
# file: a.py
from reg import R
class A(R): pass
# file: b.py
from reg import R
class B(R): pass
====
import b
import a
import reg
print(reg.seen)
# file: reg.py
seen = []
class R:
    def __init_subclass__(cls): seen.append(cls.__name__)
# file: a.py
from reg import R
class A(R): pass
# file: b.py
from reg import R
class B(R): pass
""",
    "import in a circle": """
try:
    import a
    import b
    print("fine")
except ImportError: print("circle")
# file: a.py
from b import y
x = 1
# file: b.py
y = 1
from a import x
====
try:
    import b
    import a
    print("fine")
except ImportError: print("circle")
# file: a.py
from b import y
x = 1
# file: b.py
y = 1
from a import x
""",
    "imports in try": """
try:
    import json
    import no_such_module
except ImportError:
    pass
print("json" in dir())
====
try:
    import no_such_module
    import json
except ImportError:
    pass
print("json" in dir())
""",
    "from-import in try": """
try:
    from os import path, no_such_name
except ImportError:
    pass
print("path" in dir())
====
try:
    from os import no_such_name, path
except ImportError:
    pass
print("path" in dir())
""",
    "submodule or attribute": """
from p import x
import p.x
print(x)
# file: p/__init__.py
x = 1
# file: p/x.py
====
import p.x
from p import x
print(x)
# file: p/__init__.py
x = 1
# file: p/x.py
""",
    "import after environment": """
import os
os.environ["A"] = "1"
import a
# file: a.py
import os
print(os.environ.get("A"))
====
import os
import a
os.environ["A"] = "1"
# file: a.py
import os
print(os.environ.get("A"))
""",
    "dotted import binds the top": """
def f():
    import os.path
    return os.__name__
print(f())
====
def f():
    import os.path as os
    return os.__name__
print(f())
""",
    "private name mangled": """
__x = 1
class A:
    def f(self):
        try: return __x
        except NameError: return "none"
print(A().f())
====
__x = 1
def f(self):
    try: return __x
    except NameError: return "none"
class A: pass
A.f = f
print(A().f())
""",
    "class renamed, private attribute": """
class A:
    def __init__(self): self.__x = 1
print(A().__dict__)
====
class B:
    def __init__(self): self.__x = 1
A = B
print(A().__dict__)
""",
    "f-string shows its expression": """
def f():
    value = 1
    return f"{value=}"
print(f())
====
def f():
    other = 1
    return f"{other=}"
print(f())
""",
    "nested function's name": """
def f():
    def inner(): pass
    return inner.__name__
print(f())
====
def f():
    other = lambda: None
    return other.__name__
print(f())
""",
    "nested function renamed": """
def f():
    def inner(): pass
    return inner
print(f().__qualname__)
====
def f():
    other = None
    def outer(): pass
    return outer
print(f().__qualname__)
""",
    "keyword of a parameter": """
def f(x): return x
print(f(x=1))
====
def f(y): return y
try: print(f(x=1))
except TypeError: print("error")
""",
    "nonlocal dropped": """
def f():
    x = 1
    def g():
        nonlocal x
        x = 2
    g()
    return x
print(f())
====
def f():
    x = 1
    def g():
        x = 2
    g()
    return x
print(f())
""",
    "walrus leaks": """
def f():
    [y := x for x in range(3)]
    return y
print(f())
====
y = "global"
def f():
    [y for y in range(3)]
    return y
print(f())
""",
    "handler name is deleted": """
def f():
    e = 1
    try: raise ValueError
    except ValueError as e: pass
    try: return e
    except NameError: return "none"
print(f())
====
def f():
    e = 1
    try: raise ValueError
    except ValueError as x: pass
    try: return e
    except NameError: return "none"
print(f())
""",
    "else of a loop": """
def f(xs):
    for x in xs:
        if x: break
    else:
        return "else"
    return "end"
print(f([0]))
====
def f(xs):
    for x in xs:
        if x: break
        else:
            return "else"
    return "end"
print(f([0, 1]), f([]))
""",
    "dedented statement": """
def f(xs):
    for x in xs:
        y = x
        print(y)
f([1, 2])
====
def f(xs):
    for x in xs:
        y = x
    print(y)
f([1, 2])
""",
    "while with else": """
def f(n):
    while n:
        n -= 1
        if n == 1: break
    else:
        return "else"
    return "end"
print(f(1))
====
def f(n):
    while True:
        if not n: break
        n -= 1
        if n == 1: break
    return "end"
print(f(1))
""",
    "return in finally": """
def f():
    try: return 1
    finally: return 2
print(f())
====
def f():
    try: return 1
    finally: pass
    return 2
print(f())
""",
    "code after with that swallows": """
class S:
    def __enter__(self): pass
    def __exit__(self, *a): return True
def f():
    with S():
        raise ValueError
    return "after"
print(f())
====
class S:
    def __enter__(self): pass
    def __exit__(self, *a): return True
def f():
    with S():
        raise ValueError
print(f())
""",
    "try widened": """
def g(): raise KeyError
def f():
    try:
        x = {}["a"]
    except KeyError:
        return "own"
    else:
        return g()
try: print(f())
except KeyError: print("out")
====
def g(): raise KeyError
def f():
    try:
        x = {}["a"]
        return g()
    except KeyError:
        return "own"
try: print({"f": f()})
except KeyError: print("out")
""",
    "exception order": """
def f():
    try: raise KeyError
    except LookupError: return 1
    except KeyError: return 2
print(f())
====
def f():
    try: raise KeyError
    except KeyError: return 2
    except LookupError: return 1
print(f())
""",
    "context managers swapped": """
class C:
    def __init__(self, n): self.n = n
    def __enter__(self): print("in", self.n)
    def __exit__(self, *a): print("out", self.n)
def f():
    with C(1), C(2): pass
f()
====
class C:
    def __init__(self, n): self.n = n
    def __enter__(self): print("in", self.n)
    def __exit__(self, *a): print("out", self.n)
def f():
    with C(2), C(1): pass
f()
""",
    "true is not one": """
def f(): return True
print(f())
====
def f(): return 1
print(f())
""",
    "one is not one point zero": """
def f(): return 1
print(f())
====
def f(): return 1.0
print(f())
""",
    "negative zero": """
def f(): return 0.0
print(f())
====
def f(): return -0.0
print(f())
""",
    "bytes and text": """
def f(): return "a"
print(f())
====
def f(): return b"a"
print(f())
""",
    "raw string": r"""
def f(): return "\\n"
print(f())
====
def f(): return "\n"
print(f())
""",
    "string concatenation and a comma": """
def f(): return ["a", "b"]
print(f())
====
def f(): return ["a" "b"]
print(f())
""",
    "tuple by a comma": """
def f(): return (1)
print(f())
====
def f(): return (1,)
print(f())
""",
    "is and equals": """
def f(a): return a is None
class N:
    def __eq__(self, o): return True
print(f(N()))
====
def f(a): return a == None
class N:
    def __eq__(self, o): return True
print(f(N()))
""",
    "set literal and dict": """
def f(): return {}
print(f())
====
def f(): return set()
print(f())
""",
    "star argument order": """
def a(): print("a"); return [1]
def k(): print("k"); return {}
def h(*a, **k): pass
def f(): h(*a(), **k())
f()
====
def a(): print("a"); return [1]
def k(): print("k"); return {}
def h(*a, **k): pass
def f():
    t = k()
    h(*a(), **t)
f()
""",
    "keyword argument order": """
def p(x): print(x); return x
def h(**k): return list(k)
def f(): return h(a=p(1), b=p(2))
print(f())
====
def p(x): print(x); return x
def h(**k): return list(k)
def f(): return h(b=p(2), a=p(1))
print(f())
""",
    "dict literal order": """
def f(): return list({"a": 1, "b": 2})
print(f())
====
def f(): return list({"b": 2, "a": 1})
print(f())
""",
    "default dict key twice": """
def f(): return {1: "a", True: "b"}
print(f())
====
def f(): return {True: "b", 1: "a"}
print(f())
""",
    "property of an unpacked tuple": """
def f(a, b):
    a, b = b, a
    return a, b
print(f(1, 2))
====
def f(a, b):
    a = b
    b = a
    return a, b
print(f(1, 2))
""",
    "assignment targets in order": """
def f():
    i = 0
    a = [0, 0]
    i = a[i] = 1
    return a
print(f())
====
def f():
    i = 0
    a = [0, 0]
    a[i] = i = 1
    return a
print(f())
""",
    "unused name kept its error": """
def f(d):
    x = d["missing"]
    return 1
try: print(f({}))
except KeyError: print("error")
====
def f(d):
    return 1
try: print(f({}))
except KeyError: print("error")
""",
    "expression with an effect": """
class P:
    @property
    def x(self): print("x")
def f(p):
    p.x
f(P())
====
class P:
    @property
    def x(self): print("x")
def f(p):
    pass
f(P())
""",
    "global rebinding seen later": """
def f(): return g()
def g(): return 1
def h():
    x = g
    k()
    return x()
def k():
    global g
    g = lambda: 2
print(h())
====
def f(): return g()
def g(): return 1
def h():
    k()
    return g()
def k():
    global g
    g = lambda: 2
print(h())
""",
    "lazy annotations": """
from __future__ import annotations
def f(x: undefined): pass
print("fine")
====
try:
    def f(x: undefined): pass
    print("fine")
except NameError:
    print("error")
""",
    "slots": """
class A:
    __slots__ = ("x",)
try:
    A().y = 1
    print("fine")
except AttributeError: print("error")
====
class A:
    slots = ("x",)
try:
    A().y = 1
    print("fine")
except AttributeError: print("error")
""",
    "staticmethod dropped": """
class A:
    @staticmethod
    def f(*a): return len(a)
print(A().f())
====
class A:
    def f(*a): return len(a)
print(A().f())
""",
    "decorators swapped": """
def d(n):
    def w(f):
        print(n)
        return f
    return w
@d(1)
@d(2)
def f(): pass
====
def d(n):
    def w(f):
        print(n)
        return f
    return w
@d(2)
@d(1)
def f(): pass
""",
    "all list changed": """
from b import *
print("y" in dir())
# file: b.py
__all__ = ["x"]
x = y = 1
====
from b import *
print("y" in dir())
# file: b.py
__all__ = ["x", "y"]
x = y = 1
""",
    "module getattr": """
import b
print(b.x)
# file: b.py
def __getattr__(n): return 1
====
import b
try: print(b.x)
except AttributeError: print("none")
# file: b.py
def getattr__(n): return 1
""",
    "match captures or compares": """
X = 1
def f(v):
    match v:
        case 1: return "one"
        case _: return "other"
print(f(2))
====
X = 1
def f(v):
    match v:
        case X: return "one"
print(f(2))
""",
    "async comprehension": """
import asyncio
async def g():
    for x in range(2):
        print("g", x); yield x
async def f(): return [x async for x in g()]
print(type(asyncio.run(f())).__name__)
====
import asyncio
async def g():
    for x in range(2):
        print("g", x); yield x
async def f(): return (x async for x in g())
print(type(asyncio.run(f())).__name__)
""",
    "hidden words": """
def f():
    value = 1
    return value
print(getattr(getattr(f, "__co" + "de__"), "co_var" + "names"))
====
def f():
    other = 1
    return other
print(getattr(getattr(f, "__co" + "de__"), "co_var" + "names"))
""",
    "hidden words joined": """
def f():
    value = 1
    return value
print(getattr(getattr(f, "".join(["__co", "de__"])), "_".join(["co", "varnames"])))
====
def f():
    other = 1
    return other
print(getattr(getattr(f, "".join(["__co", "de__"])), "_".join(["co", "varnames"])))
""",
    "hidden words reversed": """
def f():
    value = 1
    return value
import operator
print(operator.attrgetter("semanrav_oc.__edoc__"[::-1])(f))
====
def f():
    other = 1
    return other
import operator
print(operator.attrgetter("semanrav_oc.__edoc__"[::-1])(f))
""",
    "attrgetter": """
import operator
def f():
    value = 1
    return value
print(operator.attrgetter("__code__.co_varnames")(f))
====
import operator
def f():
    other = 1
    return other
print(operator.attrgetter("__code__.co_varnames")(f))
""",
    "builtin doc reader by dir": '''
def f():
    """one"""
for name in dir(f):
    if "doc" in name: print(getattr(f, name))
====
def f():
    """two"""
for name in dir(f):
    if "doc" in name: print(getattr(f, name))
''',
    "generator frame": """
def g():
    value = 1
    yield value
x = g(); next(x)
print(x.gi_frame.f_locals)
====
def g():
    other = 1
    yield other
x = g(); next(x)
print(x.gi_frame.f_locals)
""",
    "traceback frame": """
def f():
    value = 1
    raise ValueError
try: f()
except ValueError as e: print(e.__traceback__.tb_next.tb_frame.f_locals)
====
def f():
    other = 1
    raise ValueError
try: f()
except ValueError as e: print(e.__traceback__.tb_next.tb_frame.f_locals)
""",
    "pickle by name": """
import pickle
def f(): pass
print(pickle.dumps(f))
====
import pickle
def g(): pass
print(pickle.dumps(g))
""",
    "marshalled code": """
import marshal
def f():
    return 1
print(marshal.dumps(f.__code__))
====
import marshal

def f():
    return 1
print(marshal.dumps(f.__code__))
""",
    "disassembled": """
import dis
def f():
    x = 1
    return x
print(len(list(dis.get_instructions(f))))
====
import dis
def f():
    return 1
print(len(list(dis.get_instructions(f))))
""",
    "recursion depth": """
import sys
def depth(n=0):
    f = sys._getframe()
    while f: n += 1; f = f.f_back
    return n
def f():
    r = []
    for x in range(1):
        r.append(depth())
    return r[0] - depth()
print(f())
====
import sys
def depth(n=0):
    f = sys._getframe()
    while f: n += 1; f = f.f_back
    return n
def f():
    r = list(map(lambda x: depth(), range(1)))
    return r[0] - depth()
print(f())
""",
}
