# ruff: noqa: E501, W291 - programs as they are
"""More traps, most of them across modules: somebody elsewhere looks, patches, or keeps alive."""

CASES = {
    "imports of own modules in a function": """
def f():
    import a
    import b
f()
# file: a.py
print("a")
# file: b.py
print("b")
====
def f():
    import b
    import a
f()
# file: a.py
print("a")
# file: b.py
print("b")
""",
    "imports of own modules in a class": """
class A:
    import a
    import b
# file: a.py
print("a")
# file: b.py
print("b")
====
class A:
    import b
    import a
# file: a.py
print("a")
# file: b.py
print("b")
""",
    "destructor in another module": """
from b import make
def f():
    t = make()
    print("working")
f()
# file: b.py
class T:
    def __del__(self):
        print("gone")
def make():
    return T()
====
from b import make
def f():
    make()
    print("working")
f()
# file: b.py
class T:
    def __del__(self):
        print("gone")
def make():
    return T()
""",
    "temporary directory dies": """
import tempfile, os
def f(path):
    t = tempfile.TemporaryDirectory()
    path.append(t.name)
    print(os.path.exists(path[0]))
f([])
====
import tempfile, os
def f(path):
    path.append(tempfile.TemporaryDirectory().name)
    print(os.path.exists(path[0]))
f([])
""",
    "temporary directory kept by unused name": """
import tempfile, os
def f(folder):
    keep = tempfile.TemporaryDirectory(dir=folder)
    print(len(os.listdir(folder)))
f(tempfile.mkdtemp())
====
import tempfile, os
def f(folder):
    tempfile.TemporaryDirectory(dir=folder)
    print(len(os.listdir(folder)))
f(tempfile.mkdtemp())
""",
    "condition temporary with destructor elsewhere": """
from b import T
def f():
    t = T()
    if t:
        print("in")
f()
# file: b.py
class T:
    def __del__(self): print("gone")
====
from b import T
def f():
    if T():
        print("in")
f()
# file: b.py
class T:
    def __del__(self): print("gone")
""",
    "closure cell by dead code": """
def outer():
    x = 1
    def f():
        return 2
        x
    return f
print(outer().__closure__ is None)
====
def outer():
    x = 1
    def f():
        return 2
    return f
print(outer().__closure__ is None)
""",
    "class cell by dead super": """
class A:
    def f(self):
        return 1
        super()
print(A.f.__closure__ is None)
====
class A:
    def f(self):
        return 1
print(A.f.__closure__ is None)
""",
    "dead local assignment makes name local": """
x = 1
def f():
    return x
    x = 2
try:
    print(f())
except UnboundLocalError:
    print("unbound")
====
x = 1
def f():
    return x
try:
    print(f())
except UnboundLocalError:
    print("unbound")
""",
    "if False with a yield": """
def f():
    if False:
        yield
    return 1
print(type(f()).__name__)
====
def f():
    return 1
print(type(f()).__name__)
""",
    "while False with a yield": """
def f():
    while 0:
        yield
    return 1
print(type(f()).__name__)
====
def f():
    return 1
print(type(f()).__name__)
""",
    "dead nonlocal makes a cell": """
def outer():
    x = 1
    def g():
        nonlocal x
        x = 2
    g()
    return x
print(outer())
====
def outer():
    x = 1
    def g():
        x = 2
    g()
    return x
print(outer())
""",
    "two variables merged": """
def f(p):
    a = 1
    b = 2
    if p:
        a = 3
    return a, b
print(f(1))
====
def f(p):
    a = 1
    b = 2
    if p:
        b = 3
    return a, b
print(f(1))
""",
    "variables swapped in numbering": """
def f():
    for x in "ab":
        for y in "cd":
            print(x, y)
f()
====
def f():
    for y in "ab":
        for x in "cd":
            print(x, y)
f()
print()
""",
    "local becomes global": """
x = 0
def f():
    global x
    x = 1
f()
print(x)
====
x = 0
def f():
    x = 1
f()
print(x)
""",
    "inner and outer variable": """
def f():
    x = 1
    def g():
        x = 2
        return x
    g()
    return x
print(f())
====
def f():
    x = 1
    def g():
        nonlocal x
        x = 2
        return x
    g()
    return x
print(f())
""",
    "comprehension variable and outer": """
def f(x, y):
    return [x for x in y]
print(f(1, [2]))
====
def f(x, y):
    return [x for z in y]
print(f(1, [2]))
""",
    "class attribute and local": """
def f():
    x = 1
    class A:
        x = 2
        def g(self):
            return x
    return A().g()
print(f())
====
def f():
    x = 1
    class A:
        x = 2
        def g(self):
            return A.x
    return A().g()
print(f())
""",
    "class body reads global then own": """
x = 1
class A:
    y = x
    x = 2
print(A.y)
====
x = 1
class A:
    x = 2
    y = x
print(A.y)
""",
    "class body constants swapped with property": """
class A:
    def x(self): return 1
    y = x
    def x(self): return 2
print(A().y())
====
class A:
    def x(self): return 1
    def x(self): return 2
    y = x
print(A().y())
""",
    "methods same name order": """
class A:
    def x(self): return 1
    def x(self): return 2
print(A().x())
====
class A:
    def x(self): return 2
    def x(self): return 1
print(A().x())
""",
    "functions same name order": """
def x(): return 1
def x(): return 2
print(x())
====
def x(): return 2
def x(): return 1
print(x())
""",
    "constants same name order": """
x = 1
x = 2
print(x)
====
x = 2
x = 1
print(x)
""",
    "conditional def order": """
import sys
if sys: 
    def f(): return 1
def f(): return 2
print(f())
====
import sys
def f(): return 2
if sys: 
    def f(): return 1
print(f())
""",
    "slots order of layout": """
class A:
    __slots__ = ("a", "b")
print(A.__slots__)
====
class A:
    __slots__ = ("b", "a")
print(A.__slots__)
""",
    "class namespace order through vars elsewhere": """
from b import show
class A:
    def x(self): pass
    def y(self): pass
show(A)
# file: b.py
def show(cls):
    print([k for k in vars(cls) if not k.startswith("_")])
====
from b import show
class A:
    def y(self): pass
    def x(self): pass
show(A)
# file: b.py
def show(cls):
    print([k for k in vars(cls) if not k.startswith("_")])
""",
    "base class elsewhere has init_subclass": """
from b import Base
class A(Base):
    def x(self): pass
    def y(self): pass
# file: b.py
class Base:
    def __init_subclass__(cls):
        print([k for k in cls.__dict__ if not k.startswith("_")])
====
from b import Base
class A(Base):
    def y(self): pass
    def x(self): pass
# file: b.py
class Base:
    def __init_subclass__(cls):
        print([k for k in cls.__dict__ if not k.startswith("_")])
""",
    "subclasses registered order elsewhere": """
from b import Base
class X(Base): pass
class Y(Base): pass
# file: b.py
class Base:
    def __init_subclass__(cls):
        print(cls.__name__)
====
from b import Base
class Y(Base): pass
class X(Base): pass
# file: b.py
class Base:
    def __init_subclass__(cls):
        print(cls.__name__)
""",
    "dir order dict of module elsewhere": """
import b, c
b.show(c)
# file: b.py
def show(m):
    print([k for k in vars(m) if not k.startswith("_")])
# file: c.py
def x(): pass
def y(): pass
====
import b, c
b.show(c)
# file: b.py
def show(m):
    print([k for k in vars(m) if not k.startswith("_")])
# file: c.py
def y(): pass
def x(): pass
""",
    "decorator counts": """
import b
@b.count
def x(): pass
@b.count
def y(): pass
print(x, y)
# file: b.py
n = 0
def count(f):
    global n
    n += 1
    return n
====
import b
@b.count
def y(): pass
@b.count
def x(): pass
print(x, y)
# file: b.py
n = 0
def count(f):
    global n
    n += 1
    return n
""",
    "default calls": """
import itertools
c = itertools.count()
def x(a=next(c)): return a
def y(a=next(c)): return a
print(x(), y())
====
import itertools
c = itertools.count()
def y(a=next(c)): return a
def x(a=next(c)): return a
print(x(), y())
""",
    "annotation evaluated with effect": """
def loud(x):
    print(x)
def f(a: loud(1)): pass
def g(a: loud(2)): pass
====
def loud(x):
    print(x)
def g(a: loud(2)): pass
def f(a: loud(1)): pass
""",
    "annotation subscript with class_getitem": """
class L:
    def __class_getitem__(cls, x):
        print(x)
def f(a: L[1]): pass
def g(a: L[2]): pass
====
class L:
    def __class_getitem__(cls, x):
        print(x)
def g(a: L[2]): pass
def f(a: L[1]): pass
""",
    "annotation attribute with effect": """
class P:
    def __getattr__(self, n):
        print(n)
p = P()
def f(a: p.x): pass
def g(a: p.y): pass
====
class P:
    def __getattr__(self, n):
        print(n)
p = P()
def g(a: p.y): pass
def f(a: p.x): pass
""",
    "annotation names a later class": """
class A: pass
def f(a: "A" = A): return a
def g(): return 1
print(f().__name__)
====
def f(a: "A" = A): return a
class A: pass
def g(): return 1
print(f().__name__)
""",
    "function moved above annotation's class": """
class A: pass
def f(a: A): return 1
print(f(0))
====
def f(a: A): return 1
class A: pass
print(f(0))
""",
    "bool of not equal": """
class N:
    def __eq__(self, o): return []
    def __ne__(self, o): return [1]
print(bool(not (N() == 1)), bool(N() != 1))
def f(a): return not a == 1
print(f(N()))
====
class N:
    def __eq__(self, o): return []
    def __ne__(self, o): return [1]
print(bool(not (N() == 1)), bool(N() != 1))
def f(a): return a != 1
print(f(N()))
""",
    "return of contains": """
def f(a, b):
    return a in b
print(f(1, [1]))
====
def f(a, b):
    return a not in b
print(f(1, [1]))
""",
    "return if with truth": """
def f(a):
    if a: return True
    return False
print(f([1]))
====
def f(a):
    return a
print(f([1]))
""",
    "return or": """
def f(a, b):
    if a: return a
    return b
class T:
    n = 0
    def __bool__(self):
        self.n += 1
        return True
t = T(); f(t, 1); print(t.n)
====
def f(a, b):
    if a or a: return a
    return b
class T:
    n = 0
    def __bool__(self):
        self.n += 1
        return False
t = T(); f(t, 1); print(t.n)
""",
    "or in return tests truth": """
class T:
    def __bool__(self):
        print("asked")
        return False
def f(a, b):
    return bool(a or b)
f(T(), T())
====
class T:
    def __bool__(self):
        print("asked")
        return False
def f(a, b):
    if a or b:
        return True
    return False
f(T(), T())
print()
""",
    "temporary evaluated before callee": """
def f(g):
    t = g.a()
    return g.b(t)
class G:
    def a(self): print("a")
    @property
    def b(self):
        print("b")
        return print
f(G())
====
def f(g):
    return g.b(g.a())
class G:
    def a(self): print("a")
    @property
    def b(self):
        print("b")
        return print
f(G())
""",
    "temporary and rebinding of callee": """
def h(x): print("old", x)
def g():
    global h
    h = lambda x: print("new", x)
    return 1
def f():
    t = g()
    return h(t)
f()
====
def h(x): print("old", x)
def g():
    global h
    h = lambda x: print("new", x)
    return 1
def f():
    return h(g())
f()
""",
    "temporary and monkeypatched callee": """
import b
def h(x): print("old", x)
def f():
    t = b.patch()
    return h(t)
f()
# file: b.py
import sys
def patch():
    sys.modules["__main__"].h = lambda x: print("new", x)
====
import b
def h(x): print("old", x)
def f():
    return h(b.patch())
f()
# file: b.py
import sys
def patch():
    sys.modules["__main__"].h = lambda x: print("new", x)
""",
    "builtin patched elsewhere": """
import b
def f():
    t = b.patch()
    return len(t)
print(f())
# file: b.py
import builtins
def patch():
    builtins.len = lambda x: "patched"
    return ()
====
import b
def f():
    return len(b.patch())
print(f())
# file: b.py
import builtins
def patch():
    builtins.len = lambda x: "patched"
    return ()
""",
    "builtin patched elsewhere and list display": """
import b
b.patch()
def f():
    return list()
print(f())
# file: b.py
import builtins
def patch():
    builtins.list = lambda: "patched"
====
import b
b.patch()
def f():
    return []
print(f())
# file: b.py
import builtins
def patch():
    builtins.list = lambda: "patched"
""",
    "loop to comprehension: exception leaves half": """
def f(it):
    r = []
    try:
        for x in it:
            r.append(1 // x)
    except ZeroDivisionError:
        pass
    return r
print(f([1, 0]))
====
def f(it):
    r = []
    try:
        r = [1 // x for x in it]
    except ZeroDivisionError:
        pass
    return r
print(f([1, 0]))
""",
    "loop to comprehension in a generator": """
def f(it):
    r = []
    for x in it:
        r.append(x)
        yield r
print([len(x) for x in f([1, 2])])
====
def f(it):
    r = [x for x in it]
    yield r
print([len(x) for x in f([1, 2])])
""",
    "loop variable read later": """
def f(it):
    r = []
    for x in it:
        r.append(x)
    return r, x
print(f([1]))
====
def f(it, x=0):
    r = [x for x in it]
    return r, x
print(f([1]))
""",
    "append rebound by subclass": """
def f(it, r):
    for x in it:
        r.append(x)
    return r
print(f([1], [2]))
====
def f(it, r):
    r = [x for x in it]
    return r
print(f([1], [2]))
""",
    "set literal call": """
def f(): return set()
print(f())
====
def f(): return {}
print(f())
""",
    "global set() rebound": """
def f():
    r = set()
    for x in (1, 1):
        r.add(x)
    return r
class set(set):
    def add(self, x): print(x)
f()
====
def f():
    r = {x for x in (1, 1)}
    return r
class set(set):
    def add(self, x): print(x)
f()
""",
    "recursion by name": """
def f(n):
    return n and f(n - 1)
g = f
def f(n): return "other"
print(g(1))
====
def g(n):
    return n and g(n - 1)
def f(n): return "other"
print(g(1))
""",
    "renamed function shows its name": """
def make():
    def inner(): pass
    return inner
print(make().__name__)
====
def make():
    def other(): pass
    return other
print(make().__name__)
""",
    "renamed local class": """
def make():
    class inner: pass
    return inner
print(make())
====
def make():
    class other: pass
    return other
print(make())
""",
    "namedtuple name": """
from collections import namedtuple
def make():
    P = namedtuple("P", "x")
    return P(1)
print(make())
====
from collections import namedtuple
def make():
    P = namedtuple("Q", "x")
    return P(1)
print(make())
""",
    "local import alias": """
def f():
    import os.path as p
    return p.join("a", "b")
print(f())
====
def f():
    import os as p
    return p.path.join("a", "b", "c")
print(f())
""",
    "import a.b binds a": """
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
    "except star or plain": """
def f():
    try:
        raise ValueError
    except ValueError as e:
        return type(e).__name__
print(f())
====
def f():
    try:
        raise ValueError
    except* ValueError as e:
        r = type(e).__name__
    return r
print(f())
""",
    "with order nested vs flat suppress": """
from contextlib import suppress
def f():
    with suppress(ValueError):
        return 1
    return 2
print(f())
====
from contextlib import suppress
def f():
    return 2
print(f())
""",
    "with return after swallow": """
from contextlib import suppress
def f():
    with suppress(ValueError):
        raise ValueError
    return 2
print(f())
====
from contextlib import suppress
def f():
    with suppress(ValueError):
        raise ValueError
print(f())
""",
    "try else and body": """
def f(g):
    try:
        x = 1
    except ValueError:
        return 0
    else:
        x = g()
    return x
def g(): raise ValueError
try: print(f(g))
except ValueError: print("up")
====
def f(g):
    try:
        x = 1
        x = g()
    except ValueError:
        return 0
    return x
def g(): raise ValueError
try: print(f(g))
except ValueError: print("up")
""",
    "finally overrides": """
def f():
    try:
        return 1
    finally:
        return 2
print(f())
====
def f():
    try:
        return 1
    finally:
        pass
    return 2
print(f())
""",
    "continue in finally": """
def f():
    for x in (1, 2):
        try:
            1 / 0
        except ZeroDivisionError:
            continue
        finally:
            print(x)
        print("after")
f()
====
def f():
    for x in (1, 2):
        try:
            1 / 0
        except ZeroDivisionError:
            pass
        finally:
            print(x)
        print("after")
f()
""",
    "break and else": """
def f(it):
    for x in it:
        if x:
            break
    else:
        return "else"
    return "end"
print(f([1]))
====
def f(it):
    for x in it:
        if x:
            break
    return "end" if x else "else"
print(f([]) if 0 else f([0]))
""",
    "while else by test": """
def f(n):
    while n:
        n -= 1
        if n == 1:
            break
    else:
        return "else"
    return "end"
print(f(1))
====
def f(n):
    while n:
        n -= 1
        if n == 1:
            break
    return "end"
print(f(1))
""",
    "early continue": """
def f(it):
    for x in it:
        if x:
            print(x)
        print("tail")
f([0, 1])
====
def f(it):
    for x in it:
        if not x:
            continue
        print(x)
        print("tail")
f([0, 1])
""",
    "return in generator": """
def f():
    yield 1
    return 2
def g():
    print((yield from f()))
list(g())
====
def f():
    yield 1
    return
def g():
    print((yield from f()))
list(g())
""",
    "await dropped": """
import asyncio
async def a(): return 1
async def f():
    return await a()
print(type(asyncio.run(f())).__name__)
====
import asyncio
async def a(): return 1
async def f():
    return a()
r = asyncio.run(f())
print(type(r).__name__); r.close()
""",
    "async generator by dead yield": """
async def f():
    return
    yield
print(type(f()).__name__)
====
async def f():
    return
c = f(); print(type(c).__name__); c.close()
""",
    "string prefix bytes": """
print(b"a" == "a")
====
print("a" == "a")
""",
    "int float equal keys": """
print({1: "a"})
====
print({1.0: "a"})
""",
    "complex sign": """
print(-0j)
====
print(0j)
""",
    "ellipsis or none": """
def f(): return ...
print(f())
====
def f(): return None
print(f())
""",
    "huge int": """
print(10**30 + 1 - 10**30)
====
print(10**30 + 1.0 - 10**30)
""",
    "folded string plus percent": """
print("a" "b" % ())
====
print("a" + "b" % () + "")
print()
""",
    "fold precedence": """
def f(x): return x + 1 + 2
class X:
    def __init__(self, t): self.t = t
    def __add__(self, o): return X(self.t + [o])
print(f(X([])).t)
====
def f(x): return x + 3
class X:
    def __init__(self, t): self.t = t
    def __add__(self, o): return X(self.t + [o])
print(f(X([])).t)
""",
    "true plus one": """
print(True + 1, repr(True))
====
print(1 + 1, repr(1))
""",
    "dict display order of evaluation": """
def p(x):
    print(x)
    return x
d = {p(1): p(2)}
====
def p(x):
    print(x)
    return x
d = {}
d[p(1)] = p(2)
""",
    "f-string conversion": """
x = "a"
print(f"{x}")
====
x = "a"
print(f"{x!r}")
""",
    "f-string spec": """
x = 1.5
print(f"{x:.2f}")
====
x = 1.5
print(f"{x:.3f}")
""",
    "f-string nested spec": """
x, w = 1.5, 8
print(f"{x:{w}}")
====
x, w = 1.5, 9
print(f"{x:{w}}")
""",
    "kwonly and positional": """
def f(a, *, b=1): return b
try: print(f(1, 2))
except TypeError: print("no")
====
def f(a, b=1): return b
try: print(f(1, 2))
except TypeError: print("no")
""",
    "posonly": """
def f(a, /): return a
try: print(f(a=2))
except TypeError: print("no")
====
def f(a): return a
try: print(f(a=2))
except TypeError: print("no")
""",
    "lambda default capture": """
def f():
    return [lambda i=i: i for i in range(3)]
print([g() for g in f()])
====
def f():
    return [lambda: i for i in range(3)]
print([g() for g in f()])
""",
    "parameter renamed by keyword": """
def f(a): return a
try: print(f(a=1))
except TypeError: print("no")
====
def f(b): return b
try: print(f(a=1))
except TypeError: print("no")
""",
    "lambda parameter by keyword": """
def f():
    return lambda a: a
try: print(f()(a=1))
except TypeError: print("no")
====
def f():
    return lambda b: b
try: print(f()(a=1))
except TypeError: print("no")
""",
    "nested function keyword": """
def f():
    def g(a): return a
    return g
try: print(f()(a=1))
except TypeError: print("no")
====
def f():
    def g(b): return b
    return g
try: print(f()(a=1))
except TypeError: print("no")
""",
    "decorator removed": """
import functools
@functools.lru_cache
def f(): print("x")
f(); f()
====
import functools
def f(): print("x")
f(); f()
""",
    "property removed": """
class A:
    @property
    def x(self): return 1
print(A().x == 1)
====
class A:
    def x(self): return 1
print(A().x == 1)
""",
    "property setter order": """
class A:
    @property
    def x(self): return 1
    @x.setter
    def x(self, v): print(v)
A().x = 2
====
class A:
    def _(self): return 1
    @property
    def x(self): return 1
try: A().x = 2
except AttributeError: print("no")
""",
    "class keyword": """
class M(type): pass
class A(metaclass=M): pass
print(type(A).__name__)
====
class M(type): pass
class A: pass
print(type(A).__name__)
""",
    "bases order": """
class X: v = 1
class Y: v = 2
class A(X, Y): pass
print(A.v)
====
class X: v = 1
class Y: v = 2
class A(Y, X): pass
print(A.v)
""",
    "docstring becomes a string expression": """
def f():
    "a"
    return f.__doc__
print(f())
====
def f():
    f
    "a"
    return f.__doc__
print(f())
""",
    "docstring emptied by optimisation": '''
class A:
    """a"""
print(A.__doc__)
====
class A:
    pass
print(A.__doc__)
''',
    "help prints": '''
def f():
    """one"""
import pydoc
print(pydoc.render_doc(f))
====
def f():
    """two"""
import pydoc
print(pydoc.render_doc(f))
''',
    "argparse description from doc": '''
"""one"""
import argparse
print(argparse.ArgumentParser(description=__doc__).format_help())
====
"""two"""
import argparse
print(argparse.ArgumentParser(description=__doc__).format_help())
''',
    "cmd module reads docs": '''
import cmd
class C(cmd.Cmd):
    def do_x(self, arg):
        """one"""
C().onecmd("help x")
====
import cmd
class C(cmd.Cmd):
    def do_x(self, arg):
        """two"""
C().onecmd("help x")
''',
    "unittest short description": '''
import unittest
class T(unittest.TestCase):
    def test_a(self):
        """one"""
print(T("test_a").shortDescription())
====
import unittest
class T(unittest.TestCase):
    def test_a(self):
        """two"""
print(T("test_a").shortDescription())
''',
    "unittest doc string in output": '''
import unittest, io
class T(unittest.TestCase):
    def test_a(self):
        """one"""
s = io.StringIO()
unittest.TextTestRunner(stream=s, verbosity=2).run(unittest.defaultTestLoader.loadTestsFromTestCase(T))
print(s.getvalue().splitlines()[1])
====
import unittest, io
class T(unittest.TestCase):
    def test_a(self):
        """two"""
s = io.StringIO()
unittest.TextTestRunner(stream=s, verbosity=2).run(unittest.defaultTestLoader.loadTestsFromTestCase(T))
print(s.getvalue().splitlines()[1])
''',
    "xmlrpc method help": '''
from xmlrpc.server import SimpleXMLRPCDispatcher
class A:
    def f(self):
        """one"""
d = SimpleXMLRPCDispatcher(); d.register_introspection_functions(); d.register_function(A().f, "f")
print(d.system_methodHelp("f"))
====
from xmlrpc.server import SimpleXMLRPCDispatcher
class A:
    def f(self):
        """two"""
d = SimpleXMLRPCDispatcher(); d.register_introspection_functions(); d.register_function(A().f, "f")
print(d.system_methodHelp("f"))
''',
    "property doc": '''
class A:
    @property
    def x(self):
        """one"""
print(A.x.__doc__)
====
class A:
    @property
    def x(self):
        """two"""
print(A.x.__doc__)
''',
    "dataclass doc": '''
from dataclasses import dataclass
@dataclass
class A:
    x: int
print(A.__doc__)
====
from dataclasses import dataclass
@dataclass
class A:
    """A(y: int)"""
    x: int
print(A.__doc__)
''',
    "enum members by docs": """
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
    "enum auto": """
import enum
class E(enum.Enum):
    A = enum.auto()
    B = enum.auto()
print(E.A.value)
====
import enum
class E(enum.Enum):
    B = enum.auto()
    A = enum.auto()
print(E.A.value)
""",
    "enum with function order": """
import enum
class E(enum.Enum):
    A = 1
    def f(self): return 1
    B = 2
print(E._member_names_)
====
import enum
class E(enum.Enum):
    B = 2
    def f(self): return 1
    A = 1
print(E._member_names_)
""",
    "NamedTuple fields": """
from typing import NamedTuple
class P(NamedTuple):
    x: int
    y: int
print(P(1, 2))
====
from typing import NamedTuple
class P(NamedTuple):
    y: int
    x: int
print(P(1, 2))
""",
    "TypedDict annotations": """
from typing import TypedDict
class P(TypedDict):
    x: int
print(P.__annotations__)
====
from typing import TypedDict
class P(TypedDict):
    x: str
print(P.__annotations__)
""",
    "dataclass field type only": """
from dataclasses import dataclass, fields
@dataclass
class A:
    x: int = 1
print([f.type for f in fields(A)])
====
from dataclasses import dataclass, fields
@dataclass
class A:
    x: str = 1
print([f.type for f in fields(A)])
""",
    "dataclass ClassVar": """
from dataclasses import dataclass
from typing import ClassVar
@dataclass
class A:
    x: int = 1
print(A())
====
from dataclasses import dataclass
from typing import ClassVar
@dataclass
class A:
    x: ClassVar[int] = 1
print(A())
""",
    "abstract methods": """
from abc import ABC, abstractmethod
class A(ABC):
    @abstractmethod
    def f(self): pass
try: A(); print("ok")
except TypeError: print("no")
====
from abc import ABC, abstractmethod
class A(ABC):
    def f(self): pass
try: A(); print("ok")
except TypeError: print("no")
""",
    "abc abstract method names order": """
import abc
class A(abc.ABC):
    def f(self): pass
    def g(self): pass
print([n for n in A.__dict__ if len(n) == 1])
====
import abc
class A(abc.ABC):
    def g(self): pass
    def f(self): pass
print([n for n in A.__dict__ if len(n) == 1])
""",
    "protocol runtime members": """
from typing import Protocol
class P(Protocol):
    def f(self): ...
    def g(self): ...
print([n for n in vars(P) if len(n) == 1])
====
from typing import Protocol
class P(Protocol):
    def g(self): ...
    def f(self): ...
print([n for n in vars(P) if len(n) == 1])
""",
    "inspect.getmembers order is sorted, signature order": """
import inspect
class A:
    def f(self): pass
    def g(self): pass
print([n for n, _ in A.__dict__.items() if len(n) == 1])
====
import inspect
class A:
    def g(self): pass
    def f(self): pass
print([n for n, _ in A.__dict__.items() if len(n) == 1])
""",
    "unittest method order by loader": """
import unittest
class T(unittest.TestCase):
    def test_b(self): print("b")
    def test_a(self): print("a")
names = [n for n in T.__dict__ if n.startswith("test")]
for n in names: getattr(T(n), n)()
====
import unittest
class T(unittest.TestCase):
    def test_a(self): print("a")
    def test_b(self): print("b")
names = [n for n in T.__dict__ if n.startswith("test")]
for n in names: getattr(T(n), n)()
""",
    "unbound name shown by another module": """
from b import f
try: f(0)
except NameError as e: print(e)
# file: b.py
def f(p):
    if p:
        x = 1
    return x
====
from b import f
try: f(0)
except NameError as e: print(e)
# file: b.py
def f(p):
    if p:
        y = 1
    return y
""",
    "callee reads our global back": """
import a
# file: a.py
import b
def f(): return "f"
b.run()
# file: b.py
def run():
    import a
    print(hasattr(a, "f"))
====
import a
# file: a.py
import b
b.run()
def f(): return "f"
# file: b.py
def run():
    import a
    print(hasattr(a, "f"))
""",
    "callee reads main by sys.modules": """
import b
def f(): return "f"
b.run()
# file: b.py
import sys
def run():
    print(hasattr(sys.modules["__main__"], "f"))
====
import b
b.run()
def f(): return "f"
# file: b.py
import sys
def run():
    print(hasattr(sys.modules["__main__"], "f"))
""",
    "constant read back by a called module": """
import a
# file: a.py
import b
LEVEL = 1
b.run()
LEVEL = 2
# file: b.py
def run():
    import a
    print(a.LEVEL)
====
import a
# file: a.py
import b
b.run()
LEVEL = 1
LEVEL = 2
# file: b.py
def run():
    import a
    print(getattr(a, "LEVEL", None))
""",
    "constants moved across reader": """
import a
# file: a.py
import b
X = 1
Y = b.get()
# file: b.py
def get():
    import a
    print(getattr(a, "X", "none"))
====
import a
# file: a.py
import b
Y = b.get()
X = 1
# file: b.py
def get():
    import a
    print(getattr(a, "X", "none"))
""",
    "frame read in callee elsewhere": """
from b import show
def f():
    secret = 1
    show()
f()
# file: b.py
import sys
def show():
    print(list(sys._getframe(1).f_locals))
====
from b import show
def f():
    other = 1
    show()
f()
# file: b.py
import sys
def show():
    print(list(sys._getframe(1).f_locals))
""",
    "frame read two callees away": """
from b import middle
def f():
    secret = 1
    middle()
f()
# file: b.py
import sys
def middle():
    show()
def show():
    print(list(sys._getframe(2).f_locals))
====
from b import middle
def f():
    other = 1
    middle()
f()
# file: b.py
import sys
def middle():
    show()
def show():
    print(list(sys._getframe(2).f_locals))
""",
    "frame read by a method elsewhere": """
from b import S
def f(s):
    secret = 1
    s.show()
f(S())
# file: b.py
import inspect
class S:
    def show(self):
        print(list(inspect.currentframe().f_back.f_locals))
====
from b import S
def f(s):
    other = 1
    s.show()
f(S())
# file: b.py
import inspect
class S:
    def show(self):
        print(list(inspect.currentframe().f_back.f_locals))
""",
    "frame read by an operator elsewhere": """
from b import S
def f(s):
    secret = 1
    return s + s
f(S())
# file: b.py
import inspect
class S:
    def __add__(self, other):
        print(list(inspect.currentframe().f_back.f_locals))
====
from b import S
def f(s):
    other = 1
    return s + s
f(S())
# file: b.py
import inspect
class S:
    def __add__(self, other):
        print(list(inspect.currentframe().f_back.f_locals))
""",
    "frame read by a callback": """
from b import peek
def f(g):
    secret = 1
    g()
f(peek)
# file: b.py
import inspect
def peek():
    print(list(inspect.currentframe().f_back.f_locals))
====
from b import peek
def f(g):
    other = 1
    g()
f(peek)
# file: b.py
import inspect
def peek():
    print(list(inspect.currentframe().f_back.f_locals))
""",
    "line number read by a callback": """
from b import peek
def f(g):
    g()
f(peek)
# file: b.py
import inspect
def peek():
    print(inspect.currentframe().f_back.f_lineno)
====
from b import peek
def f(g):

    g()
f(peek)
# file: b.py
import inspect
def peek():
    print(inspect.currentframe().f_back.f_lineno)
""",
    "line number of an exception elsewhere": """
from b import show
def f():
    1 / 0
show(f)
# file: b.py
def show(g):
    try: g()
    except ZeroDivisionError as e:
        tb = e.__traceback__
        while tb.tb_next: tb = tb.tb_next
        print(tb.tb_lineno)
====
from b import show
def f():

    1 / 0
show(f)
# file: b.py
def show(g):
    try: g()
    except ZeroDivisionError as e:
        tb = e.__traceback__
        while tb.tb_next: tb = tb.tb_next
        print(tb.tb_lineno)
""",
    "line number of an exception, third module": """
import c
from b import show
show(c.run)
# file: b.py
import traceback
def show(g):
    try: g()
    except ZeroDivisionError as e:
        print(traceback.extract_tb(e.__traceback__)[-1].lineno)
# file: c.py
from d import f
def run():
    f()
# file: d.py
def f():
    1 / 0
====
import c
from b import show
show(c.run)
# file: b.py
import traceback
def show(g):
    try: g()
    except ZeroDivisionError as e:
        print(traceback.extract_tb(e.__traceback__)[-1].lineno)
# file: c.py
from d import f
def run():
    f()
# file: d.py
def f():

    1 / 0
""",
    "profiler elsewhere": """
import b
def f():
    return sum([x for x in range(3)])
b.run(f)
# file: b.py
import sys
def run(f):
    n = []
    sys.setprofile(lambda *a: n.append(a[1]))
    f()
    sys.setprofile(None)
    print(len(n))
====
import b
def f():
    r = []
    for x in range(3):
        r.append(x)
    return sum(r)
b.run(f)
# file: b.py
import sys
def run(f):
    n = []
    sys.setprofile(lambda *a: n.append(a[1]))
    f()
    sys.setprofile(None)
    print(len(n))
""",
    "doc read by a class in another module": '''
from b import Registry
r = Registry()
def f():
    """one"""
r.add(f)
r.show()
# file: b.py
class Registry:
    def __init__(self): self.items = []
    def add(self, g): self.items.append(g)
    def show(self):
        for g in self.items: print(g.__doc__)
====
from b import Registry
r = Registry()
def f():
    """two"""
r.add(f)
r.show()
# file: b.py
class Registry:
    def __init__(self): self.items = []
    def add(self, g): self.items.append(g)
    def show(self):
        for g in self.items: print(g.__doc__)
''',
    "doc read through a list": '''
from b import show
def f():
    """one"""
handlers = [f]
show(handlers)
# file: b.py
def show(gs):
    for g in gs: print(g.__doc__)
====
from b import show
def f():
    """two"""
handlers = [f]
show(handlers)
# file: b.py
def show(gs):
    for g in gs: print(g.__doc__)
''',
    "doc read by base class elsewhere": '''
from b import Command
class A(Command):
    """one"""
A().usage()
# file: b.py
class Command:
    def usage(self): print(type(self).__doc__)
====
from b import Command
class A(Command):
    """two"""
A().usage()
# file: b.py
class Command:
    def usage(self): print(type(self).__doc__)
''',
    "doc of methods read by base class elsewhere": '''
from b import Command
class A(Command):
    def do_x(self):
        """one"""
A().usage()
# file: b.py
class Command:
    def usage(self):
        for n in dir(self):
            if n.startswith("do_"): print(getattr(self, n).__doc__)
====
from b import Command
class A(Command):
    def do_x(self):
        """two"""
A().usage()
# file: b.py
class Command:
    def usage(self):
        for n in dir(self):
            if n.startswith("do_"): print(getattr(self, n).__doc__)
''',
    "doc of all functions of a module": '''
import b, c
b.show(c)
# file: b.py
def show(m):
    for n in dir(m):
        if not n.startswith("_"): print(getattr(m, n).__doc__)
# file: c.py
def f():
    """one"""
====
import b, c
b.show(c)
# file: b.py
def show(m):
    for n in dir(m):
        if not n.startswith("_"): print(getattr(m, n).__doc__)
# file: c.py
def f():
    """two"""
''',
    "doc by plugin name": '''
import b
b.show("c")
# file: b.py
import importlib
def show(name):
    m = importlib.import_module(name)
    print(m.main.__doc__)
# file: c.py
def main():
    """one"""
====
import b
b.show("c")
# file: b.py
import importlib
def show(name):
    m = importlib.import_module(name)
    print(m.main.__doc__)
# file: c.py
def main():
    """two"""
''',
    "module doc elsewhere": '''
import c
print(c.__doc__)
# file: c.py
"""one"""
====
import c
print(c.__doc__)
# file: c.py
"""two"""
''',
    "class doc inherited by wrapper": '''
import b
@b.command
def f():
    """one"""
f()
# file: b.py
class command:
    def __init__(self, f): self.help = f.__doc__
    def __call__(self): print(self.help)
====
import b
@b.command
def f():
    """two"""
f()
# file: b.py
class command:
    def __init__(self, f): self.help = f.__doc__
    def __call__(self): print(self.help)
''',
    "annotations read by base class elsewhere": """
from b import Base
class A(Base):
    def f(self, x: int): pass
A().show()
# file: b.py
class Base:
    def show(self): print(type(self).f.__annotations__)
====
from b import Base
class A(Base):
    def f(self, x: str): pass
A().show()
# file: b.py
class Base:
    def show(self): print(type(self).f.__annotations__)
""",
    "annotations of a method by a registry": """
import b
class H:
    def on(self, x: int): return x
b.run(H())
# file: b.py
import inspect
def run(h):
    for n, m in inspect.getmembers(h, inspect.ismethod):
        print(inspect.signature(m))
====
import b
class H:
    def on(self, x: str): return x
b.run(H())
# file: b.py
import inspect
def run(h):
    for n, m in inspect.getmembers(h, inspect.ismethod):
        print(inspect.signature(m))
""",
    "order of class by base elsewhere": """
from b import Base
class A(Base):
    def x(self): pass
    def y(self): pass
A.show()
# file: b.py
class Base:
    @classmethod
    def show(cls): print([n for n in cls.__dict__ if len(n) == 1])
====
from b import Base
class A(Base):
    def y(self): pass
    def x(self): pass
A.show()
# file: b.py
class Base:
    @classmethod
    def show(cls): print([n for n in cls.__dict__ if len(n) == 1])
""",
    "order of class seen by decorator elsewhere": """
import b
@b.reg
class A:
    def x(self): pass
    def y(self): pass
# file: b.py
def reg(cls):
    print([n for n in vars(cls) if len(n) == 1])
    return cls
====
import b
@b.reg
class A:
    def y(self): pass
    def x(self): pass
# file: b.py
def reg(cls):
    print([n for n in vars(cls) if len(n) == 1])
    return cls
""",
    "order of instance through type": """
import b
class A:
    def x(self): pass
    def y(self): pass
b.show(A())
# file: b.py
def show(o): print([n for n in type(o).__dict__ if len(n) == 1])
====
import b
class A:
    def y(self): pass
    def x(self): pass
b.show(A())
# file: b.py
def show(o): print([n for n in type(o).__dict__ if len(n) == 1])
""",
    "order of module by plugin name": """
import b
b.show("c")
# file: b.py
import importlib
def show(name):
    print([n for n in importlib.import_module(name).__dict__ if len(n) == 1])
# file: c.py
def x(): pass
def y(): pass
====
import b
b.show("c")
# file: b.py
import importlib
def show(name):
    print([n for n in importlib.import_module(name).__dict__ if len(n) == 1])
# file: c.py
def y(): pass
def x(): pass
""",
    "source text hashed elsewhere": """
import b
def f(): return 1
b.show(f)
# file: b.py
import inspect
def show(f): print(inspect.getsource(f))
====
import b
def f():
    return 1
b.show(f)
# file: b.py
import inspect
def show(f): print(inspect.getsource(f))
""",
    "source of a module read elsewhere": """
import b, c
b.show(c)
# file: b.py
def show(m): print(len(open(m.__file__).read()))
# file: c.py
x = 1
====
import b, c
b.show(c)
# file: b.py
def show(m): print(len(open(m.__file__).read()))
# file: c.py
x =  1
""",
    "source of a file read by name": """
import c
print(len(open("c.py").read()))
# file: c.py
x = 1
====
import c
print(len(open("c.py").read()))
# file: c.py
x =  1
""",
    "pkgutil get_data": """
import pkgutil, c
print(len(pkgutil.get_data("c", "c.py")))
# file: c.py
x = 1
====
import pkgutil, c
print(len(pkgutil.get_data("c", "c.py")))
# file: c.py
x =  1
""",
    "source by glob": """
import glob
print(sum(len(open(p).read()) for p in glob.glob("*.py")))
# file: c.py
x = 1
====
import glob
print(sum(len(open(p).read()) for p in glob.glob("*.py")))
# file: c.py
x =  1
""",
    "source by pathlib": """
from pathlib import Path
print(sum(p.stat().st_size for p in Path(".").rglob("*.py")))
# file: c.py
x = 1
====
from pathlib import Path
print(sum(p.stat().st_size for p in Path(".").rglob("*.py")))
# file: c.py
x =  1
""",
    "weak set elsewhere": """
from b import make, count
def f():
    t = make()
    return count(t)
def g():
    t = make()
    u = [t]
    return len(u)
print(f())
# file: b.py
import weakref
alive = weakref.WeakSet()
class T: pass
def make():
    t = T(); alive.add(t); return t
def count(t):
    del t
    return len(alive)
====
from b import make, count
def f():
    return count(make())
def g():
    t = make()
    u = [t]
    return len(u)
print(f())
# file: b.py
import weakref
alive = weakref.WeakSet()
class T: pass
def make():
    t = T(); alive.add(t); return t
def count(t):
    del t
    return len(alive)
""",
    "generator left by a loop": """
from b import gen
def f():
    g = gen()
    for x in g:
        break
    print("after")
f()
# file: b.py
def gen():
    try:
        yield 1
        yield 2
    finally:
        print("closed")
====
from b import gen
def f():
    for x in gen():
        break
    print("after")
f()
# file: b.py
def gen():
    try:
        yield 1
        yield 2
    finally:
        print("closed")
""",
    "executor dies": """
from concurrent.futures import ThreadPoolExecutor
import weakref
def f(seen):
    t = ThreadPoolExecutor()
    seen.append(weakref.ref(t))
    print(seen[0]() is None)
f([])
====
from concurrent.futures import ThreadPoolExecutor
import weakref
def f(seen):
    seen.append(weakref.ref(ThreadPoolExecutor()))
    print(seen[0]() is None)
f([])
""",
    "lock held by unused object": """
import os, tempfile
def f(p):
    d = os.scandir(p)
    print(len(os.listdir("/proc/self/fd")))
f(tempfile.mkdtemp())
====
import os, tempfile
def f(p):
    os.scandir(p)
    print(len(os.listdir("/proc/self/fd")))
f(tempfile.mkdtemp())
""",
    "id reused": """
class A: pass
def f():
    a = A()
    return id(a)
def g():
    t = A()
    k = id(t)
    return k == id(A())
print(g())
====
class A: pass
def f():
    a = A()
    return id(a)
def g():
    k = id(A())
    return k == id(A())
print(g())
""",
    "global patched by attribute of own module elsewhere": """
import a
print(a.f())
# file: a.py
import b
def h(x): return "old"
def f():
    t = b.patch()
    return h(t)
# file: b.py
import a
def patch():
    a.h = lambda x: "new"
====
import a
print(a.f())
# file: a.py
import b
def h(x): return "old"
def f():
    return h(b.patch())
# file: b.py
import a
def patch():
    a.h = lambda x: "new"
""",
    "builtin in own namespace by exec elsewhere": """
import a
print(a.f())
# file: a.py
def f():
    return list()
import b
b.patch(globals())
# file: b.py
def patch(space):
    space["list"] = lambda: "patched"
====
import a
print(a.f())
# file: a.py
def f():
    return []
import b
b.patch(globals())
# file: b.py
def patch(space):
    space["list"] = lambda: "patched"
""",
    "builtin shadowed from outside": """
import a
a.list = lambda: "patched"
print(a.f())
# file: a.py
def f():
    return list()
====
import a
a.list = lambda: "patched"
print(a.f())
# file: a.py
def f():
    return []
""",
    "builtin shadowed from outside by setattr": """
import a
setattr(a, "list", lambda: "patched")
print(a.f())
# file: a.py
def f():
    return list()
====
import a
setattr(a, "list", lambda: "patched")
print(a.f())
# file: a.py
def f():
    return []
""",
    "builtin mocked": """
import a
from unittest.mock import patch
with patch("builtins.list", lambda: "patched"):
    print(a.f())
# file: a.py
def f():
    return list()
====
import a
from unittest.mock import patch
with patch("builtins.list", lambda: "patched"):
    print(a.f())
# file: a.py
def f():
    return []
""",
    "decimal context by order of imports": """
import a, b
# file: a.py
import decimal
decimal.getcontext().prec = 3
# file: b.py
import decimal
print(decimal.Decimal(1) / 3)
====
import b, a
# file: a.py
import decimal
decimal.getcontext().prec = 3
# file: b.py
import decimal
print(decimal.Decimal(1) / 3)
""",
    "environment by order of imports": """
import a, b
# file: a.py
import os
os.environ["X"] = "1"
# file: b.py
import os
X = os.environ.get("X")
print(X)
====
import b, a
# file: a.py
import os
os.environ["X"] = "1"
# file: b.py
import os
X = os.environ.get("X")
print(X)
""",
    "counter by order of imports": """
import a, b
print(a.N, b.N)
# file: a.py
from c import nxt
N = nxt()
# file: b.py
from c import nxt
N = nxt()
# file: c.py
n = 0
def nxt():
    global n
    n += 1
    return n
====
import b, a
print(a.N, b.N)
# file: a.py
from c import nxt
N = nxt()
# file: b.py
from c import nxt
N = nxt()
# file: c.py
n = 0
def nxt():
    global n
    n += 1
    return n
""",
    "subclass registration by order of imports": """
import a, b
from c import Base
print([c.__name__ for c in Base.seen])
# file: a.py
from c import Base
class A(Base): pass
# file: b.py
from c import Base
class B(Base): pass
# file: c.py
class Base:
    seen = []
    def __init_subclass__(cls): Base.seen.append(cls)
====
import b, a
from c import Base
print([c.__name__ for c in Base.seen])
# file: a.py
from c import Base
class A(Base): pass
# file: b.py
from c import Base
class B(Base): pass
# file: c.py
class Base:
    seen = []
    def __init_subclass__(cls): Base.seen.append(cls)
""",
    "subclasses order by order of imports": """
import a, b
from c import Base
print([c.__name__ for c in Base.__subclasses__()])
# file: a.py
from c import Base
class A(Base): pass
# file: b.py
from c import Base
class B(Base): pass
# file: c.py
class Base: pass
====
import b, a
from c import Base
print([c.__name__ for c in Base.__subclasses__()])
# file: a.py
from c import Base
class A(Base): pass
# file: b.py
from c import Base
class B(Base): pass
# file: c.py
class Base: pass
""",
    "id order by import of random": """
import a, b
print(a.X)
# file: a.py
import random
X = random.random()
# file: b.py
import random
random.seed(1)
====
import b, a
print(a.X)
# file: a.py
import random
X = random.random()
# file: b.py
import random
random.seed(1)
""",
    "warnings filter by order of imports": """
import a, b
# file: a.py
import warnings
warnings.simplefilter("ignore")
# file: b.py
import warnings
print(len(warnings.filters))
====
import b, a
# file: a.py
import warnings
warnings.simplefilter("ignore")
# file: b.py
import warnings
print(len(warnings.filters))
""",
    "submodule attribute by order": """
import p
from p import x
print(x)
# file: p/__init__.py
x = 1
# file: p/x.py
====
from p import x
import p
import p.x
from p import x
print(x)
# file: p/__init__.py
x = 1
# file: p/x.py
""",
    "sys.path change then import": """
import sys
sys.path.insert(0, "lib")
import m
print(m.x)
# file: lib/m.py
x = 1
# file: m.py
x = 2
====
import m
import sys
sys.path.insert(0, "lib")
print(m.x)
# file: lib/m.py
x = 1
# file: m.py
x = 2
""",
    "future import order": """
from __future__ import annotations
def f(x: undefined): pass
print(f.__annotations__)
====
def f(x: "undefined"): pass
print(f.__annotations__, 1)
""",
    "subscript annotation in function": """
def f(d):
    d[print("k")]: int = 1
f({})
====
def f(d):
    d[None]: int = 1
f({})
""",
    "class annotated name without value": """
class A:
    x: int
print(hasattr(A, "x"), A.__annotations__)
====
class A:
    pass
print(hasattr(A, "x"), A.__annotations__)
""",
    "module annotation": """
x: int = 1
print(__annotations__)
====
x = 1
print(globals().get("__annotations__"))
""",
    "module annotation read elsewhere": """
import c
print(getattr(c, "__annotations__", {}))
# file: c.py
x: int = 1
====
import c
print(getattr(c, "__annotations__", {}))
# file: c.py
x = 1
""",
    "type comment is nothing but slots are": """
class A:
    x: int = 1
    __slots__ = ()
print(A.__slots__)
====
class A:
    x: int = 1
print(hasattr(A, "__slots__"))
""",
    "unicode names normalise": """
\u017f = 1
print(list(globals())[-1])
s = 2
print(s)
====
s = 1
print(list(globals())[-1], "x")
s = 2
print(s)
""",
    "unicode string escapes": r"""
print("\u0061", "\N{LATIN SMALL LETTER A}", len("\\u0061"))
====
print("a", "a", len("\u0061"))
""",
    "form feed and tabs": "def f():\n\tif 1:\n\t\tx = 1\n\treturn 2\nprint(f())\n====\ndef f():\n\tif 1:\n\t\tx = 1\n\t\treturn 3\n\treturn 2\nprint(f())\n",
    "walrus in comprehension condition": """
def f(d):
    last = 0
    r = [last for x in d if (last := x)]
    return last
print(f([1, 2]))
====
def f(d):
    last = 0
    r = [y for x in d if (y := x)]
    return last
print(f([1, 2]))
""",
    "generator evaluated later": """
def f(a):
    g = (x + a for x in [1])
    a = 10
    return list(g)
print(f(1))
====
def f(a):
    g = [x + a for x in [1]]
    a = 10
    return list(g)
print(f(1))
""",
    "lambda inlined past a rebinding": """
def f(a):
    g = lambda: a
    a = 2
    return g()
print(f(1))
====
def f(a):
    a = 2
    g = lambda: a
    b = g()
    return 1 if b == 2 else 0
print(f(1))
""",
    "temporary across yield": """
def f(a):
    t = a.pop()
    return (yield t)
print(next(f([1])))
====
def f(a):
    return (yield)
print(next(f([1])))
""",
    "temporary moved into a lambda": """
def f(a):
    t = len(a)
    return lambda: t
a = [1]; g = f(a); a.append(2); print(g())
====
def f(a):
    return lambda: len(a)
a = [1]; g = f(a); a.append(2); print(g())
""",
    "temporary moved into a comprehension element": """
def f(a):
    t = a.pop()
    return [t for _ in range(2)]
print(f([1, 2]))
====
def f(a):
    return [a.pop() for _ in range(2)]
print(f([1, 2]))
""",
    "temporary moved behind short circuit": """
def f(a):
    t = a.pop()
    return a and t
a = []
try: print(f(a))
except IndexError: print("err")
====
def f(a):
    return a and a.pop()
a = []
try: print(f(a))
except IndexError: print("err")
""",
    "temporary moved into default": """
def f(a):
    t = a.pop()
    def g(x=t): return x
    return g, a
print(f([1])[1])
====
def f(a):
    def g(x=1): return x
    return g, a
print(f([1])[1])
""",
    "attribute read before call": """
def f(o):
    t = o.n
    return o.bump() + t
class O:
    n = 1
    def bump(self):
        self.n = 5
        return 0
print(f(O()))
====
def f(o):
    return o.bump() + o.n
class O:
    n = 1
    def bump(self):
        self.n = 5
        return 0
print(f(O()))
""",
    "local read before a call that changes nothing but order": """
def f(a):
    t = a
    a = a + 1
    return t
print(f(1))
====
def f(a):
    a = a + 1
    return a
print(f(1))
""",
    "augmented temporary": """
def f(a):
    t = a
    t += [1]
    return a
print(f([]))
====
def f(a):
    t = a + [1]
    return a
print(f([]))
""",
    "global temporary": """
t = 0
def f():
    global t
    t = 5
    return t
f(); print(t)
====
t = 0
def f():
    return 5
f(); print(t)
""",
    "dead store of a global": """
t = 0
def f():
    global t
    t = 5
f(); print(t)
====
t = 0
def f():
    pass
f(); print(t)
""",
    "dead store with unpacking error": """
def f(a):
    x, y = a
    return 1
try: print(f([1]))
except ValueError: print("err")
====
def f(a):
    a
    return 1
try: print(f([1]))
except ValueError: print("err")
""",
    "dead name lookup": """
def f():
    missing
    return 1
try: print(f())
except NameError: print("err")
====
def f():
    return 1
try: print(f())
except NameError: print("err")
""",
    "dead attribute": """
class P:
    @property
    def x(self): print("x")
def f(p):
    t = p.x
f(P())
====
class P:
    @property
    def x(self): print("x")
def f(p):
    pass
f(P())
""",
    "compare chain with effect": """
def f(a, b, c):
    return a() < b() < c()
def k(n):
    def g():
        print(n)
        return n
    return g
f(k(1), k(2), k(3))
====
def f(a, b, c):
    return a() < b() and b() < c()
def k(n):
    def g():
        print(n)
        return n
    return g
f(k(1), k(2), k(3))
""",
    "is not singleton": """
def f(a): return a is not None
print(f(0))
====
def f(a): return a != None
class E:
    def __ne__(self, o): return "ne"
print(f(E()))
""",
    "de morgan value": """
def f(a, b): return not (a and b)
print(f(1, 0))
====
def f(a, b): return not a and not b
print(f(1, 0))
""",
    "if expression nested": """
def f(a, b): return 1 if a else 2 if b else 3
print([f(a, b) for a in (0, 1) for b in (0, 1)])
====
def f(a, b): return (1 if a else 2) if b else 3
print([f(a, b) for a in (0, 1) for b in (0, 1)])
""",
    "elif or if": """
def f(a, b):
    r = []
    if a: r.append(1)
    elif b: r.append(2)
    return r
print(f(1, 1))
====
def f(a, b):
    r = []
    if a: r.append(1)
    if b: r.append(2)
    return r
print(f(1, 1))
""",
    "else after raise in try": """
def f(a):
    try:
        if a: raise ValueError
        else: return 1
    except ValueError:
        return 2
print(f(1))
====
def f(a):
    try:
        if a: raise ValueError
    except ValueError:
        return 2
    else: return 1
    return 3
print(f(1), f(0))
""",
    "a cycle looks for a name of the half-made package": """
import pkg
print(pkg.Base.kind.__name__)
# file: pkg/__init__.py
from .store import Store
from .base import Base
# file: pkg/store.py
class Store:
    pass
# file: pkg/base.py
from . import Store
class Base:
    kind = Store
====
import pkg
print(pkg.Base.kind.__name__)
# file: pkg/__init__.py
from .base import Base
from .store import Store
# file: pkg/store.py
class Store:
    pass
# file: pkg/base.py
from . import Store
class Base:
    kind = Store
""",
    "a cycle looks for it by the name of the package": """
import pkg
print(pkg.Base.kind.__name__)
# file: pkg/__init__.py
from .store import Store
from .base import Base
# file: pkg/store.py
class Store:
    pass
# file: pkg/base.py
from pkg import Store
class Base:
    kind = Store
====
import pkg
print(pkg.Base.kind.__name__)
# file: pkg/__init__.py
from .base import Base
from .store import Store
# file: pkg/store.py
class Store:
    pass
# file: pkg/base.py
from pkg import Store
class Base:
    kind = Store
""",
    "a cycle looks for it as an attribute": """
import pkg
print(pkg.Base.kind.__name__)
# file: pkg/__init__.py
from .store import Store
from .base import Base
# file: pkg/store.py
class Store:
    pass
# file: pkg/base.py
import pkg
class Base:
    kind = pkg.Store
====
import pkg
print(pkg.Base.kind.__name__)
# file: pkg/__init__.py
from .base import Base
from .store import Store
# file: pkg/store.py
class Store:
    pass
# file: pkg/base.py
import pkg
class Base:
    kind = pkg.Store
""",
    "a cycle looks for a submodule": """
import pkg
print(pkg.Base.kind.__name__)
# file: pkg/__init__.py
from .store import Store
from .base import Base
# file: pkg/store.py
class Store:
    pass
# file: pkg/base.py
import pkg
class Base:
    kind = pkg.store.Store
====
import pkg
print(pkg.Base.kind.__name__)
# file: pkg/__init__.py
from .base import Base
from .store import Store
# file: pkg/store.py
class Store:
    pass
# file: pkg/base.py
import pkg
class Base:
    kind = pkg.store.Store
""",
    "a cycle that is two modules deep": """
import pkg
print(pkg.Base.kind.__name__)
# file: pkg/__init__.py
from .store import Store
from .base import Base
# file: pkg/store.py
class Store:
    pass
# file: pkg/base.py
from .deep import kind as found
class Base:
    kind = found
# file: pkg/deep.py
from . import Store
kind = Store
====
import pkg
print(pkg.Base.kind.__name__)
# file: pkg/__init__.py
from .base import Base
from .store import Store
# file: pkg/store.py
class Store:
    pass
# file: pkg/base.py
from .deep import kind as found
class Base:
    kind = found
# file: pkg/deep.py
from . import Store
kind = Store
""",
    "a cycle looks for any name": """
import pkg
print(pkg.Base.kind.__name__)
# file: pkg/__init__.py
from .store import Store
from .base import Base
# file: pkg/store.py
class Store:
    pass
# file: pkg/base.py
import pkg
class Base:
    kind = vars(pkg)['St' 'ore']
====
import pkg
print(pkg.Base.kind.__name__)
# file: pkg/__init__.py
from .base import Base
from .store import Store
# file: pkg/store.py
class Store:
    pass
# file: pkg/base.py
import pkg
class Base:
    kind = vars(pkg)['St' 'ore']
""",
    "a cycle looks for a module of the library": """
import pkg
print(pkg.Base.kind.__name__)
# file: pkg/__init__.py
import os
from .base import Base
# file: pkg/store.py
class Store:
    pass
# file: pkg/base.py
from . import os
class Base:
    kind = os
====
import pkg
print(pkg.Base.kind.__name__)
# file: pkg/__init__.py
from .base import Base
import os
# file: pkg/store.py
class Store:
    pass
# file: pkg/base.py
from . import os
class Base:
    kind = os
""",
    "a cycle through a plain module": """
import one
print(one.two.seen)
# file: one.py
from store import Store
import two
# file: two.py
import one
seen = hasattr(one, "Store")
# file: store.py
class Store:
    pass
====
import one
print(one.two.seen)
# file: one.py
import two
from store import Store
# file: two.py
import one
seen = hasattr(one, "Store")
# file: store.py
class Store:
    pass
""",
}
