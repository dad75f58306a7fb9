# ruff: noqa: W291 - a space at the end of a line is one of the traps
"""A third set of traps, by somebody who had read neither the normal form nor its guards."""

TEXT = r'''
## a temporary outlives a change
def f(x):
    a = x[0]
    x[0] = 5
    return a
print(f([1]))
====
def f(x):
    x[0] = 5
    a = x[0]
    return a
print(f([1]))
## a temporary across a call that changes a global
N = 1
def bump():
    global N
    N += 1
def f():
    t = N
    bump()
    return t
print(f())
====
N = 1
def bump():
    global N
    N += 1
def f():
    bump()
    t = N
    return t
print(f())
## a temporary inlined past a call
N = 1
def bump():
    global N
    N += 1
    return 0
def f():
    t = N
    return bump() + t
print(f())
====
N = 1
def bump():
    global N
    N += 1
    return 0
def f():
    return bump() + N
print(f())
## a temporary inlined twice
class A:
    n = 0
    @property
    def b(self):
        self.n += 1
        return self.n
def f(a):
    t = a.b
    return [t, t]
print(f(A()))
====
class A:
    n = 0
    @property
    def b(self):
        self.n += 1
        return self.n
def f(a):
    return [a.b, a.b]
print(f(A()))
## which of two calls comes first
def g():
    print("g")
    return 1
def h():
    print("h")
    return 2
def f():
    a = g()
    b = h()
    return a - b
print(f())
====
def g():
    print("g")
    return 1
def h():
    print("h")
    return 2
def f():
    b = h()
    a = g()
    return a - b
print(f())
## one list or two
def f():
    x = y = []
    x.append(1)
    return y
print(f())
====
def f():
    x = []
    y = []
    x.append(1)
    return y
print(f())
## a closure sees the loop variable change after the loop
def f(r):
    out = []
    for i in r:
        out.append(lambda: i)
    i = 100
    return [g() for g in out]
print(f(range(2)))
====
def f(r):
    out = [lambda: i for i in r]
    i = 100
    return [g() for g in out]
print(f(range(2)))
## any over a list, or lazily
def seen(x):
    print(x)
    return True
def f(xs):
    return any([seen(x) for x in xs])
f([1, 2])
====
def seen(x):
    print(x)
    return True
def f(xs):
    return any(seen(x) for x in xs)
f([1, 2])
## else of a loop
def f(xs):
    for x in xs:
        if x:
            break
    else:
        return "none"
    return "some"
print(f([1]), f([]))
====
def f(xs):
    for x in xs:
        if x:
            break
        return "none"
    return "some"
print(f([1]), f([]))
## finally only when it went well
def f(g, done):
    try:
        return g()
    finally:
        done.append(1)
d = []
try:
    f(lambda: 1 / 0, d)
except ZeroDivisionError:
    print(d)
====
def f(g, done):
    r = g()
    done.append(1)
    return r
d = []
try:
    f(lambda: 1 / 0, d)
except ZeroDivisionError:
    print(d)
## and, the other way round
def f(d, k):
    if k in d and d[k] > 1:
        return True
    return False
print(f({}, 1))
====
def f(d, k):
    if d[k] > 1 and k in d:
        return True
    return False
print(f({}, 1))
## nan is not ordered
def f(a, b):
    if not a < b:
        return "ge"
    return "lt"
print(f(float("nan"), 1))
====
def f(a, b):
    if a >= b:
        return "ge"
    return "lt"
print(f(float("nan"), 1))
## nan, in swapped branches
def f(a, b):
    if a < b:
        return "lt"
    else:
        return "ge"
print(f(float("nan"), 1))
====
def f(a, b):
    if a >= b:
        return "ge"
    else:
        return "lt"
print(f(float("nan"), 1))
## equality is the left one's
class A:
    def __eq__(self, other):
        return "A"
class B:
    def __eq__(self, other):
        return "B"
def f(a, b):
    return a == b
print(f(A(), B()))
====
class A:
    def __eq__(self, other):
        return "A"
class B:
    def __eq__(self, other):
        return "B"
def f(a, b):
    return b == a
print(f(A(), B()))
## None by identity or by equality
class A:
    def __eq__(self, other):
        return True
def f(a):
    return a is None
print(f(A()))
====
class A:
    def __eq__(self, other):
        return True
def f(a):
    return a == None
print(f(A()))
## in place, or anew
def f(x):
    x += [1]
    return x
a = []
f(a)
print(a)
====
def f(x):
    x = x + [1]
    return x
a = []
f(a)
print(a)
## a swap in two steps
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
## a target that uses what was just assigned
def f():
    x = [0, 0]
    i = 0
    i, x[i] = 1, 9
    return x
print(f())
====
def f():
    x = [0, 0]
    i = 0
    x[i], i = 9, 1
    return x
print(f())
## how a value is put into a string
class A:
    def __str__(self):
        return "str"
    def __format__(self, spec):
        return "format"
def f(a):
    return f"{a}"
print(f(A()))
====
class A:
    def __str__(self):
        return "str"
    def __format__(self, spec):
        return "format"
def f(a):
    return str(a)
print(f(A()))
## a tuple in a percent
def f(a):
    return "%s" % a
print(f((1,)))
====
def f(a):
    return f"{a}"
print(f((1,)))
## empty or of no length
def f(x):
    return len(x) == 0
print(f([]))
try:
    print(f(None))
except TypeError:
    print("TypeError")
====
def f(x):
    return not x
print(f([]))
try:
    print(f(None))
except TypeError:
    print("TypeError")
## one and True
X = 1
print(X)
====
X = True
print(X)
## one and one point nothing
def f():
    return 1
print(f())
====
def f():
    return 1.0
print(f())
## minus nothing
def f():
    return 0.0
print(f())
====
def f():
    return -0.0
print(f())
## one and True in a tuple
def f():
    return (1, 2)
print(f())
====
def f():
    return (True, 2)
print(f())
## text and bytes
def f():
    return "a"
print(f())
====
def f():
    return b"a"
print(f())
## nothing, of what sign, in a complex
def f():
    return 0j
print(f())
====
def f():
    return -0j
print(f())
## defaults are evaluated where the function stands
n = []
def tick():
    n.append(1)
    return len(n)
def a(x=tick()):
    return x
def b(x=tick()):
    return x
print(a(), b())
====
n = []
def tick():
    n.append(1)
    return len(n)
def b(x=tick()):
    return x
def a(x=tick()):
    return x
print(a(), b())
## decorators, in another order
def up(f):
    return lambda: f() + 1
def twice(f):
    return lambda: f() * 2
@up
@twice
def f():
    return 1
print(f())
====
def up(f):
    return lambda: f() + 1
def twice(f):
    return lambda: f() * 2
@twice
@up
def f():
    return 1
print(f())
## a method that is a decorator of the next
class A:
    def deco(f):
        return lambda self: 2
    @deco
    def go(self):
        return 1
print(A().go())
====
def deco(f):
    return lambda self: 3
class A:
    @deco
    def go(self):
        return 1
    def deco(f):
        return lambda self: 2
print(A().go())
## members of an enum
from enum import Enum
class E(Enum):
    A = 1
    B = 2
print(list(E))
====
from enum import Enum
class E(Enum):
    B = 2
    A = 1
print(list(E))
## methods seen by a base
class Base:
    def __init_subclass__(cls):
        print([n for n in cls.__dict__ if not n.startswith("_")])
class A(Base):
    def a(self): pass
    def b(self): pass
====
class Base:
    def __init_subclass__(cls):
        print([n for n in cls.__dict__ if not n.startswith("_")])
class A(Base):
    def b(self): pass
    def a(self): pass
## who is told its name first
class D:
    def __set_name__(self, owner, name):
        print(name)
class A:
    x = D()
    y = D()
====
class D:
    def __set_name__(self, owner, name):
        print(name)
class A:
    y = D()
    x = D()
## fields of a dataclass
from dataclasses import dataclass
@dataclass
class A:
    x: int
    y: int
print(A(1, 2))
====
from dataclasses import dataclass
@dataclass
class A:
    y: int
    x: int
print(A(1, 2))
## registered in another order
R = []
def reg(f):
    R.append(f.__name__)
    return f
@reg
def a(): pass
@reg
def b(): pass
print(R)
====
R = []
def reg(f):
    R.append(f.__name__)
    return f
@reg
def b(): pass
@reg
def a(): pass
print(R)
## a yield that never runs
def f():
    return 1
    yield
print(f() == 1)
====
def f():
    return 1
print(f() == 1)
## an assignment that never runs
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
## an annotation makes a local
x = 1
def f():
    x: int
    return x
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
## global, or not
x = 1
def f():
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
## nobody uses the result
def g():
    print("called")
def f():
    unused = g()
    return 1
f()
====
def g():
    print("called")
def f():
    return 1
f()
## nobody uses what might be missing
def f(d):
    unused = d["x"]
    return 1
try:
    print(f({}))
except KeyError:
    print("KeyError")
====
def f(d):
    return 1
try:
    print(f({}))
except KeyError:
    print("KeyError")
## nobody uses the sum
def f(a):
    unused = a + 1
    return 1
try:
    print(f("x"))
except TypeError:
    print("TypeError")
====
def f(a):
    return 1
try:
    print(f("x"))
except TypeError:
    print("TypeError")
## nobody uses the name, which might be none
def f():
    unused = nowhere
    return 1
try:
    print(f())
except NameError:
    print("NameError")
====
def f():
    return 1
try:
    print(f())
except NameError:
    print("NameError")
## an import for its effect
import a
print("main")
# file: a.py
print("a")
====
print("main")
# file: a.py
print("a")
## an import when it is needed
def f():
    import a
print("main")
f()
# file: a.py
print("a")
====
import a
def f():
    pass
print("main")
f()
# file: a.py
print("a")
## a name bound early
import a
from a import x
a.x = 2
print(x)
# file: a.py
x = 1
====
import a
a.x = 2
from a import x
print(x)
# file: a.py
x = 1
## a local annotation that runs
class A:
    x: print("annotation") = 1
====
class A:
    x = 1
## annotations that somebody asks for
def f(x: int): ...
print(f.__annotations__)
====
def f(x: str): ...
print(f.__annotations__)
## dispatched by annotation
from functools import singledispatch
@singledispatch
def f(x):
    return "any"
@f.register
def _(x: int):
    return "int"
print(f(1), f("a"))
====
from functools import singledispatch
@singledispatch
def f(x):
    return "any"
@f.register
def _(x: str):
    return "int"
print(f(1), f("a"))
## the name of an exception goes away
def f():
    e = 1
    try:
        raise ValueError
    except ValueError as e:
        pass
    return e
try:
    print(f())
except UnboundLocalError:
    print("unbound")
====
def f():
    e = 1
    try:
        raise ValueError
    except ValueError as g:
        pass
    return e
try:
    print(f())
except UnboundLocalError:
    print("unbound")
## a walrus leaks, a target does not
def f(xs):
    y = 0
    z = [y := x for x in xs]
    return y
print(f([1, 2]))
====
def f(xs):
    y = 0
    z = [y for y in xs]
    return y
print(f([1, 2]))
## what a class body lends to a comprehension
x = "module"
class A:
    x = "class"
    y = [x for _ in range(1)]
print(A.y)
====
x = "module"
class A:
    x = "class"
    y = [x]
print(A.y)
## keyword arguments have names
def f(a=0, b=0):
    return a - b
print(f(a=1, b=2))
====
def f(b=0, a=0):
    return b - a
print(f(a=1, b=2))
## bound now, or then
def f():
    out = []
    for i in range(2):
        out.append(lambda i=i: i)
    return [g() for g in out]
print(f())
====
def f():
    out = []
    for i in range(2):
        out.append(lambda: i)
    return [g() for g in out]
print(f())
## a local with the name of a builtin, seen from inside
def f(xs):
    def g():
        return len(xs)
    length = 3
    return g()
print(f([1]))
====
def f(xs):
    def g():
        return len(xs)
    len = 3
    return g()
try:
    print(f([1]))
except TypeError:
    print("TypeError")
## locals by name
def f():
    x = 1
    return "{x}".format(**locals())
print(f())
====
def f():
    y = 1
    try:
        return "{x}".format(**locals())
    except KeyError:
        return "KeyError"
print(f())
## the words of an unbound local
def f(c):
    if c:
        first = 1
    return first
try:
    f(0)
except UnboundLocalError as why:
    print(why)
====
def f(c):
    if c:
        second = 1
    return second
try:
    f(0)
except UnboundLocalError as why:
    print(why)
## the name of an inner function
def f():
    def one():
        pass
    return one
print(f().__name__)
====
def f():
    def two():
        pass
    return two
print(f().__name__)
## the name of an inner class
def f():
    class One:
        pass
    return One()
print(type(f()).__name__)
====
def f():
    class Two:
        pass
    return Two()
print(type(f()).__name__)
## the words for a missing argument
def f(one):
    return one
try:
    f()
except TypeError as why:
    print(why)
====
def f(two):
    return two
try:
    f()
except TypeError as why:
    print(why)
## the order of keywords that are handed on
def g(**more):
    return list(more)
def f():
    return g(a=1, b=2)
print(f())
====
def g(**more):
    return list(more)
def f():
    return g(b=2, a=1)
print(f())
## the order of a display
def f():
    return {"a": 1, "b": 2}
print(f())
====
def f():
    return {"b": 2, "a": 1}
print(f())
## what wins in a display
def f(a):
    return {**a, "x": 1}
print(f({"x": 2}))
====
def f(a):
    return {"x": 1, **a}
print(f({"x": 2}))
## the middle of a comparison is asked once
def g():
    print("g")
    return 2
def f():
    return 1 < g() < 3
f()
====
def g():
    print("g")
    return 2
def f():
    return 1 < g() and g() < 3
f()
## which context is entered first
class C:
    def __init__(self, n): self.n = n
    def __enter__(self): print("in", self.n)
    def __exit__(self, *a): print("out", self.n)
def f():
    with C(1), C(2):
        pass
f()
====
class C:
    def __init__(self, n): self.n = n
    def __enter__(self): print("in", self.n)
    def __exit__(self, *a): print("out", self.n)
def f():
    with C(2), C(1):
        pass
f()
## which handler is asked first
def f():
    try:
        raise KeyError
    except LookupError:
        return "lookup"
    except KeyError:
        return "key"
print(f())
====
def f():
    try:
        raise KeyError
    except KeyError:
        return "key"
    except LookupError:
        return "lookup"
print(f())
## a copy to go through
def f(xs):
    for x in list(xs):
        xs.remove(x)
    return xs
print(f([1, 2]))
====
def f(xs):
    for x in xs:
        xs.remove(x)
    return xs
print(f([1, 2]))
## and, or
def f(c, x, y):
    return x if c else y
print(f(True, 0, 1))
====
def f(c, x, y):
    return c and x or y
print(f(True, 0, 1))
## a reason that is kept back
def f():
    try:
        raise KeyError
    except KeyError:
        raise ValueError from None
try:
    f()
except ValueError as why:
    print(why.__suppress_context__)
====
def f():
    try:
        raise KeyError
    except KeyError:
        raise ValueError
try:
    f()
except ValueError as why:
    print(why.__suppress_context__)
## raised amid, or after
def f():
    try:
        raise KeyError
    except KeyError:
        raise ValueError
try:
    f()
except ValueError as why:
    print(repr(why.__context__))
====
def f():
    failed = False
    try:
        raise KeyError
    except KeyError:
        failed = True
    if failed:
        raise ValueError
try:
    f()
except ValueError as why:
    print(repr(why.__context__))
## sorted in place
def f(xs):
    return sorted(xs)
a = [2, 1]
f(a)
print(a)
====
def f(xs):
    xs.sort()
    return xs
a = [2, 1]
f(a)
print(a)
## in a set, or in a tuple
def f(x):
    return x in (1, 2)
try:
    print(f([]))
except TypeError:
    print("TypeError")
====
def f(x):
    return x in {1, 2}
try:
    print(f([]))
except TypeError:
    print("TypeError")
## true, or truthy
def f(x):
    if x:
        return True
    return False
print(f(3))
====
def f(x):
    return x
print(f(3))
## de Morgan's value
def f(a, b):
    return not (not a or not b)
print(f(1, 2))
====
def f(a, b):
    return a and b
print(f(1, 2))
## spaces at the end of a line inside a text
X = """a
b"""
print(repr(X))
====
X = """a 
b"""
print(repr(X))
## a tab in a text
X = "a\tb"
Y = "a	b"
print(X == Y, "	" in "a b")
====
X = "a\tb"
Y = "a	b"
print(X == Y, " " in "a b")
## the coding
# -*- coding: utf-8 -*-
print(len("ä"))
====
# -*- coding: latin-1 -*-
print(len("ä"))
## what stars bring
from a import *
print("x" in globals())
# file: a.py
__all__ = ["x"]
x = 1
====
from a import *
print("x" in globals())
# file: a.py
__all__ = []
x = 1
## annotations as text
def f(x: int): ...
print(f.__annotations__)
====
from __future__ import annotations
def f(x: int): ...
print(f.__annotations__)
## a definition below its use
def f():
    return 1
print(f())
====
try:
    print(f())
except NameError:
    print("NameError")
def f():
    return 1
## wrapped before it is defined anew
def f():
    return 1
g = f
def f():
    return 2
print(g(), f())
====
def f():
    return 1
def f():
    return 2
g = f
print(g(), f())
## the first definition of the name
def f():
    return 1
def f():
    return 2
print(f())
====
def f():
    return 2
def f():
    return 1
print(f())
## a generator starts at once with its first source
def src():
    print("src")
    return [1]
def f():
    return (x for x in src())
f()
====
def src():
    print("src")
    return [1]
def f():
    for x in src():
        yield x
f()
## what is sent to a generator
def g():
    got = yield 1
    print(got)
def f():
    yield from g()
it = f()
next(it)
try:
    it.send("hello")
except StopIteration:
    pass
====
def g():
    got = yield 1
    print(got)
def f():
    for x in g():
        yield x
it = f()
next(it)
try:
    it.send("hello")
except StopIteration:
    pass
## hoisted out of a loop that does not run
def g():
    print("g")
    return 1
def f(xs):
    for x in xs:
        y = g()
f([])
====
def g():
    print("g")
    return 1
def f(xs):
    y = g()
    for x in xs:
        pass
f([])
## a method looked up once
def f():
    xs = []
    for i in range(2):
        xs.append(i)
        xs = list(xs)
    return xs
print(f())
====
def f():
    xs = []
    add = xs.append
    for i in range(2):
        add(i)
        xs = list(xs)
    return xs
print(f())
## the bound is asked again each time
def f(xs):
    i = 0
    while i < len(xs):
        if xs[i] == 0:
            xs.pop()
        i += 1
    return i
print(f([0, 0, 1]))
====
def f(xs):
    i = 0
    n = len(xs)
    while i < n:
        if i < len(xs) and xs[i] == 0:
            xs.pop()
        i += 1
    return i
print(f([0, 0, 1]))
## an index that moves
def f():
    x = [0, 0]
    i = [0]
    def g():
        i[0] = 1
        return 9
    x[i[0]] = g()
    return x
print(f())
====
def f():
    x = [0, 0]
    i = [0]
    def g():
        i[0] = 1
        return 9
    t = i[0]
    x[t] = g()
    return x
print(f())
## a line more in the try
def f(g):
    try:
        x = 1
    except ValueError:
        return "caught"
    else:
        g()
    return "fine"
def bad():
    raise ValueError
try:
    print(f(bad))
except ValueError:
    print("raised")
====
def f(g):
    try:
        x = 1
        g()
    except ValueError:
        return "caught"
    return "fine"
def bad():
    raise ValueError
try:
    print(f(bad))
except ValueError:
    print("raised")
## it stays alive
import weakref
class A: pass
def f():
    a = A()
    r = weakref.ref(a)
    a = None
    return r() is None
print(f())
====
import weakref
class A: pass
def f():
    a = A()
    r = weakref.ref(a)
    keep = a
    a = None
    return r() is None
print(f())
## case order
def f(x):
    match x:
        case int():
            return "int"
        case True:
            return "true"
print(f(True))
====
def f(x):
    match x:
        case True:
            return "true"
        case int():
            return "int"
print(f(True))
## a capture is no constant
RED = 1
class C:
    RED = 1
def f(x):
    match x:
        case C.RED:
            return "red"
        case _:
            return "other"
print(f(2))
====
RED = 1
class C:
    RED = 1
def f(x):
    match x:
        case RED:
            return "red"
print(f(2))
## a mangled name
class A:
    def f(self, __x):
        return __x
try:
    print(A().f(_A__x=1))
except TypeError:
    print("TypeError")
====
class A:
    def f(self, _x):
        return _x
try:
    print(A().f(_A__x=1))
except TypeError:
    print("TypeError")
## super of whom
class A:
    def go(self): return "A"
class B(A):
    def go(self): return "B" + super().go()
class C(B):
    def go(self): return super().go()
print(C().go())
====
class A:
    def go(self): return "A"
class B(A):
    def go(self): return "B" + super().go()
class C(B):
    def go(self): return super(B, self).go()
print(C().go())
## a set is told by its reason
def f(x):
    assert x, "one"
try:
    f(0)
except AssertionError as why:
    print(why)
====
def f(x):
    assert x, "two"
try:
    f(0)
except AssertionError as why:
    print(why)
## a lambda of the same words in another place
x = "module"
def f():
    x = "local"
    return lambda: x
print(f()())
====
x = "module"
def f():
    y = "local"
    return lambda: x
print(f()())
## a slot
class A:
    __slots__ = ("x",)
try:
    A().y = 1
    print("set")
except AttributeError:
    print("AttributeError")
====
class A:
    slots = ("x",)
try:
    A().y = 1
    print("set")
except AttributeError:
    print("AttributeError")
## what finally returns
def f():
    try:
        return 1
    finally:
        return 2
print(f())
====
def f():
    try:
        return 2
    finally:
        return 1
print(f())
## deleted before it is used in a closure
def f():
    x = 1
    def g():
        return x
    del x
    try:
        return g()
    except NameError:
        return "NameError"
print(f())
====
def f():
    x = 1
    def g():
        return x
    try:
        return g()
    except NameError:
        return "NameError"
print(f())
## awaited in turn, or at once
import asyncio
async def say(n):
    print("start", n)
    await asyncio.sleep(0)
    print("end", n)
async def f():
    await say(1)
    await say(2)
asyncio.run(f())
====
import asyncio
async def say(n):
    print("start", n)
    await asyncio.sleep(0)
    print("end", n)
async def f():
    await asyncio.gather(say(1), say(2))
asyncio.run(f())
## a coroutine that is not awaited
import asyncio
async def say():
    print("said")
async def f():
    await say()
asyncio.run(f())
====
import asyncio, warnings
warnings.simplefilter("ignore")
async def say():
    print("said")
async def f():
    say()
asyncio.run(f())
## augmented, and when the target is read
def f():
    x = [1]
    def g():
        x[0] = 10
        return 1
    x[0] += g()
    return x
print(f())
====
def f():
    x = [1]
    def g():
        x[0] = 10
        return 1
    t = g()
    x[0] += t
    return x
print(f())
## the operands of a sum
class A:
    def __add__(self, o): return "left"
    def __radd__(self, o): return "right"
def f(a):
    return a + 1
print(f(A()))
====
class A:
    def __add__(self, o): return "left"
    def __radd__(self, o): return "right"
def f(a):
    return 1 + a
print(f(A()))
## grouped the other way
def f(a, b, c):
    return (a + b) + c
print(f(0.1, 0.2, 0.3))
====
def f(a, b, c):
    return a + (b + c)
print(f(0.1, 0.2, 0.3))
## a default that is shared
def f(x=[]):
    x.append(1)
    return x
f()
print(f())
====
def f(x=None):
    x = [] if x is None else x
    x.append(1)
    return x
f()
print(f())
## a dict that is read while it grows
def f(d):
    for k in d.keys():
        d.pop(k)
        break
    return d
print(f({1: 1, 2: 2}))
====
def f(d):
    for k in list(d)[::-1]:
        d.pop(k)
        break
    return d
print(f({1: 1, 2: 2}))
'''

CASES = {
    head.strip(): body
    for head, _, body in (case.partition("\n") for case in TEXT.split("\n## ")[1:])
}
