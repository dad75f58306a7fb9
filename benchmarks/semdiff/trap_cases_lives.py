"""Traps about what dies when, and about names that somebody else binds."""

TEXT = r"""
## file written inside with, temp
from contextlib import contextmanager
@contextmanager
def checking():
    yield
    print(open('x').read())
def f():
    with checking():
        t = open('x', 'w')
        return t.write('abc')
f()
====
from contextlib import contextmanager
@contextmanager
def checking():
    yield
    print(open('x').read())
def f():
    with checking():
        return open('x', 'w').write('abc')
f()
## generator closed inside try finally
def g():
    try:
        yield 1
    finally:
        print('closed')
def f():
    try:
        t = g()
        return next(t)
    finally:
        print('left')
f()
====
def g():
    try:
        yield 1
    finally:
        print('closed')
def f():
    try:
        return next(g())
    finally:
        print('left')
f()
## generator kept by exception
def g():
    try:
        yield 1
    finally:
        print('closed')
def fail(x):
    next(x)
    del x
    raise ValueError
def f():
    t = g()
    return fail(t)
try:
    f()
except ValueError:
    print('caught')
====
def g():
    try:
        yield 1
    finally:
        print('closed')
def fail(x):
    next(x)
    del x
    raise ValueError
def f():
    return fail(g())
try:
    f()
except ValueError:
    print('caught')
## a module given to its own function, that writes into it
# file: util.py
def install(target, **names):
    target.__dict__.update(names)
def make():
    return list()
# file: main.py
import util
util.install(util, list=lambda: 7)
print(util.make())
====
# file: util.py
def install(target, **names):
    target.__dict__.update(names)
def make():
    return []
# file: main.py
import util
util.install(util, list=lambda: 7)
print(util.make())
## a module given on under another name
# file: p/__init__.py
# file: p/util.py
def install(target, **names):
    target.__dict__.update(names)
def make():
    return list()
# file: main.py
from p import util as u
u.install(u, list=lambda: 7)
print(u.make())
====
# file: p/__init__.py
# file: p/util.py
def install(target, **names):
    target.__dict__.update(names)
def make():
    return []
# file: main.py
from p import util as u
u.install(u, list=lambda: 7)
print(u.make())
## a module looked up by a string
# file: p/__init__.py
# file: p/util.py
def install(target, **names):
    target.__dict__.update(names)
def make():
    return list()
# file: main.py
import p.util
it = getattr(p, 'util')
p.util.install(it, list=lambda: 7)
print(it.make())
====
# file: p/__init__.py
# file: p/util.py
def install(target, **names):
    target.__dict__.update(names)
def make():
    return []
# file: main.py
import p.util
it = getattr(p, 'util')
p.util.install(it, list=lambda: 7)
print(it.make())
## the builtins given to a function that writes into what it is given
# file: util.py
def install(target, **names):
    vars(target).update(names)
def make():
    return list()
# file: main.py
import builtins
import util
util.install(builtins, list=lambda: 7)
print(util.make())
====
# file: util.py
def install(target, **names):
    vars(target).update(names)
def make():
    return []
# file: main.py
import builtins
import util
util.install(builtins, list=lambda: 7)
print(util.make())
## a module that imports itself
# file: util.py
import util as me
class Box:
    it = me
def install(box, **names):
    box.it.__dict__.update(names)
def make():
    install(Box, list=lambda: 7)
    return list()
# file: main.py
import util
print(util.make())
====
# file: util.py
import util as me
class Box:
    it = me
def install(box, **names):
    box.it.__dict__.update(names)
def make():
    install(Box, list=lambda: 7)
    return []
# file: main.py
import util
print(util.make())
## a module whose class has been replaced
# file: util.py
class Given:
    def __get__(self, instance, owner):
        instance.__dict__['list'] = lambda: 7
        return 1
def make():
    return list()
# file: main.py
import types
import util
class Kind(types.ModuleType):
    x = util.Given()
util.__class__ = Kind
util.x
print(util.make())
====
# file: util.py
class Given:
    def __get__(self, instance, owner):
        instance.__dict__['list'] = lambda: 7
        return 1
def make():
    return []
# file: main.py
import types
import util
class Kind(types.ModuleType):
    x = util.Given()
util.__class__ = Kind
util.x
print(util.make())
## a module whose class has been replaced, by its type
# file: util.py
class Given:
    def __get__(self, instance, owner):
        instance.__dict__['list'] = lambda: 7
        return 1
def make():
    return list()
# file: main.py
import sys
import util
class Kind(type(sys)):
    x = util.Given()
util.__class__ = Kind
util.x
print(util.make())
====
# file: util.py
class Given:
    def __get__(self, instance, owner):
        instance.__dict__['list'] = lambda: 7
        return 1
def make():
    return []
# file: main.py
import sys
import util
class Kind(type(sys)):
    x = util.Given()
util.__class__ = Kind
util.x
print(util.make())
## a module among all modules
# file: util.py
def install(target, **names):
    target.__dict__.update(names)
def make():
    return list()
# file: main.py
import sys
import util
for it in list(sys.modules.values()):
    if hasattr(it, 'install'):
        it.install(it, list=lambda: 7)
print(util.make())
====
# file: util.py
def install(target, **names):
    target.__dict__.update(names)
def make():
    return []
# file: main.py
import sys
import util
for it in list(sys.modules.values()):
    if hasattr(it, 'install'):
        it.install(it, list=lambda: 7)
print(util.make())
## a module looked up in an attribute
# file: p/__init__.py
# file: p/util.py
def install(target, **names):
    target.__dict__.update(names)
def make():
    return list()
# file: main.py
import p.util
p.util.install(p.util, list=lambda: 7)
print(p.util.make())
====
# file: p/__init__.py
# file: p/util.py
def install(target, **names):
    target.__dict__.update(names)
def make():
    return []
# file: main.py
import p.util
p.util.install(p.util, list=lambda: 7)
print(p.util.make())
## a star import of a package with a module named like a builtin
# file: p/__init__.py
from p import list
# file: p/list.py
# file: m.py
from p import *
def f():
    try:
        return list()
    except TypeError:
        return 'module'
# file: main.py
import m
print(m.f())
====
# file: p/__init__.py
from p import list
# file: p/list.py
# file: m.py
from p import *
def f():
    try:
        return []
    except TypeError:
        return 'module'
# file: main.py
import m
print(m.f())
## a star import of a package of which somebody imports a module named like a builtin
# file: p/__init__.py
# file: p/list.py
# file: m.py
import p.list
from p import *
def f():
    try:
        return list()
    except TypeError:
        return 'module'
# file: main.py
import m
print(m.f())
====
# file: p/__init__.py
# file: p/list.py
# file: m.py
import p.list
from p import *
def f():
    try:
        return []
    except TypeError:
        return 'module'
# file: main.py
import m
print(m.f())
## a star import of what a function declares global
# file: p.py
def bind():
    global list
    list = lambda: 7
bind()
# file: m.py
from p import *
def f():
    return list()
# file: main.py
import m
print(m.f())
====
# file: p.py
def bind():
    global list
    list = lambda: 7
bind()
# file: m.py
from p import *
def f():
    return []
# file: main.py
import m
print(m.f())
## a star import of what a module lists, and makes when asked
# file: p.py
__all__ = ['list']
def __getattr__(name):
    return lambda: 7
# file: m.py
from p import *
def f():
    return list()
# file: main.py
import m
print(m.f())
====
# file: p.py
__all__ = ['list']
def __getattr__(name):
    return lambda: 7
# file: m.py
from p import *
def f():
    return []
# file: main.py
import m
print(m.f())
## a star import through another
# file: q.py
def list():
    return 7
# file: p.py
from q import *
# file: m.py
from p import *
def f():
    return list()
# file: main.py
import m
print(m.f())
====
# file: q.py
def list():
    return 7
# file: p.py
from q import *
# file: m.py
from p import *
def f():
    return []
# file: main.py
import m
print(m.f())
## a star import of a list that is added to
# file: p.py
__all__ = ['a']
__all__ += ['list']
a = 1
def list():
    return 7
# file: m.py
from p import *
def f():
    return list()
# file: main.py
import m
print(m.f())
====
# file: p.py
__all__ = ['a']
__all__ += ['list']
a = 1
def list():
    return 7
# file: m.py
from p import *
def f():
    return []
# file: main.py
import m
print(m.f())
## a star import of a list that another module adds to
# file: p.py
__all__ = ['a']
a = 1
def list():
    return 7
# file: r.py
import p
p.__all__.append('list')
# file: m.py
import r
from p import *
def f():
    return list()
# file: main.py
import m
print(m.f())
====
# file: p.py
__all__ = ['a']
a = 1
def list():
    return 7
# file: r.py
import p
p.__all__.append('list')
# file: m.py
import r
from p import *
def f():
    return []
# file: main.py
import m
print(m.f())
## a star import of what another module sets
# file: p.py
a = 1
# file: r.py
import p
p.list = lambda: 7
# file: m.py
import r
from p import *
def f():
    return list()
# file: main.py
import m
print(m.f())
====
# file: p.py
a = 1
# file: r.py
import p
p.list = lambda: 7
# file: m.py
import r
from p import *
def f():
    return []
# file: main.py
import m
print(m.f())
## a star import of what another module sets by name
# file: p.py
a = 1
# file: r.py
import p
for name in ('list',):
    setattr(p, name, lambda: 7)
# file: m.py
import r
from p import *
def f():
    return list()
# file: main.py
import m
print(m.f())
====
# file: p.py
a = 1
# file: r.py
import p
for name in ('list',):
    setattr(p, name, lambda: 7)
# file: m.py
import r
from p import *
def f():
    return []
# file: main.py
import m
print(m.f())
## a star import that fails to hide what was there before
# file: main.py
from os.path import *
from math import *
def f():
    return pow(2, 3)
print(f())
====
# file: main.py
from math import *
from os.path import *
def pow(a, b):
    return a ** b
def f():
    return pow(2, 3)
print(f())
## what another module sets by name
# file: p.py
def f():
    return list()
# file: main.py
import p
for name in ('list',):
    setattr(p, name, lambda: 7)
print(p.f())
====
# file: p.py
def f():
    return []
# file: main.py
import p
for name in ('list',):
    setattr(p, name, lambda: 7)
print(p.f())
## what another module sets by name, in its namespace
# file: p.py
def f():
    return list()
# file: main.py
import p
names = {'list': lambda: 7}
vars(p).update(names)
print(p.f())
====
# file: p.py
def f():
    return []
# file: main.py
import p
names = {'list': lambda: 7}
vars(p).update(names)
print(p.f())
## what another module sets by keyword, in its namespace
# file: p.py
def f():
    return list()
# file: main.py
import p as q
q.__dict__.update(list=lambda: 7)
print(q.f())
====
# file: p.py
def f():
    return []
# file: main.py
import p as q
q.__dict__.update(list=lambda: 7)
print(q.f())
## order of a module that is reordered and rewritten
import sys
if 1:
    def a(x):
        if not x: return 1
        else: return 2
if 1:
    def b(x): return x
print([n for n in vars(sys.modules['__main__']) if len(n) == 1])
====
import sys
if 1:
    def b(x): return x
if 1:
    def a(x):
        if x: return 2
        return 1
print([n for n in vars(sys.modules['__main__']) if len(n) == 1])
## comparison with hash that dies
import weakref
class R:
    def __bool__(self): return True
class A:
    def __eq__(self, o):
        r = R()
        global w
        w = weakref.ref(r)
        return r
def f(a):
    t = a == 1
    if t:
        print(w() is None)
f(A())
====
import weakref
class R:
    def __bool__(self): return True
class A:
    def __eq__(self, o):
        r = R()
        global w
        w = weakref.ref(r)
        return r
def f(a):
    if a == 1:
        print(w() is None)
f(A())
## a generator that the frame of an error holds, returned through a with
from contextlib import contextmanager
@contextmanager
def failing():
    yield
    raise ValueError
def g():
    try:
        yield 1
    finally:
        print('closed')
def started():
    it = g()
    next(it)
    return it
def f():
    with failing():
        t = started()
        return t
try:
    f()
except ValueError as e:
    print('caught')
    e.__traceback__ = None
====
from contextlib import contextmanager
@contextmanager
def failing():
    yield
    raise ValueError
def g():
    try:
        yield 1
    finally:
        print('closed')
def started():
    it = g()
    next(it)
    return it
def f():
    with failing():
        return started()
try:
    f()
except ValueError as e:
    print('caught')
    e.__traceback__ = None
## a directory that is gone when it dies
import os
import tempfile
def listed(d):
    name = d.name
    del d
    return os.path.exists(name)
def f():
    t = tempfile.TemporaryDirectory()
    return listed(t)
import warnings
warnings.simplefilter('ignore')
print(f())
====
import os
import tempfile
def listed(d):
    name = d.name
    del d
    return os.path.exists(name)
def f():
    return listed(tempfile.TemporaryDirectory())
import warnings
warnings.simplefilter('ignore')
print(f())
## an archive that is written when it dies
import zipfile
def size(z):
    z.writestr('a', 'b')
    name = z.filename
    del z
    return zipfile.is_zipfile(name)
def f():
    t = zipfile.ZipFile('x.zip', 'w')
    return size(t)
print(f())
====
import zipfile
def size(z):
    z.writestr('a', 'b')
    name = z.filename
    del z
    return zipfile.is_zipfile(name)
def f():
    return size(zipfile.ZipFile('x.zip', 'w'))
print(f())
## a wrapper of a stream that closes it when it dies
import io
RAW = io.BytesIO(b'text')
def first(s):
    s.read(1)
    del s
    return RAW.closed
def f():
    t = io.TextIOWrapper(RAW)
    return first(t)
print(f())
====
import io
RAW = io.BytesIO(b'text')
def first(s):
    s.read(1)
    del s
    return RAW.closed
def f():
    return first(io.TextIOWrapper(RAW))
print(f())
## a library's file behind a function of the tree
# file: opened.py
import io
def get():
    return io.FileIO('x', 'w')
# file: main.py
import os
import opened
def done(it):
    n = it.fileno()
    del it
    try:
        os.fstat(n)
        return 'open'
    except OSError:
        return 'closed'
def f():
    t = opened.get()
    return done(t)
print(f())
====
# file: opened.py
import io
def get():
    return io.FileIO('x', 'w')
# file: main.py
import os
import opened
def done(it):
    n = it.fileno()
    del it
    try:
        os.fstat(n)
        return 'open'
    except OSError:
        return 'closed'
def f():
    return done(opened.get())
print(f())
## a docstring under an if
if True:
    def f():
        'one'
print(f.__doc__)
====
if True:
    def f():
        'two'
print(f.__doc__)
## a docstring of a class under a try
try:
    class A:
        'one'
finally:
    pass
print(A.__doc__)
====
try:
    class A:
        'two'
finally:
    pass
print(A.__doc__)
## a docstring of a method under an if
class A:
    if True:
        def f(self):
            'one'
print(A.f.__doc__)
====
class A:
    if True:
        def f(self):
            'two'
print(A.f.__doc__)
## an annotation under an if
if True:
    def f(a: int): pass
print(f.__annotations__)
====
if True:
    def f(a: str): pass
print(f.__annotations__)
## the names of variables under a try
try:
    def f():
        x = 1
        return locals, x
except NameError:
    pass
print(f.__code__.co_varnames)
====
try:
    def f():
        y = 1
        return locals, y
except NameError:
    pass
print(f.__code__.co_varnames)
## two functions under two branches change places
import sys
if len(sys.argv) > 5:
    def f(): return 1
else:
    def f(): return 2
print(f())
====
import sys
if len(sys.argv) > 5:
    def f(): return 2
else:
    def f(): return 1
print(f())
## a function moves from one branch to the other
import sys
if len(sys.argv) > 5:
    def f(): return 1
    def g(): return 1
else:
    f = g = max
print(f is max)
====
import sys
if len(sys.argv) > 5:
    def g(): return 1
    f = g = max
else:
    def f(): return 1
    g = max
print(f is max)
## a function under a try comes before what fails
try:
    def f(): return 1
    raise ValueError
except ValueError:
    pass
print('f' in globals())
====
try:
    raise ValueError
    def f(): return 1
except ValueError:
    pass
print('f' in globals())
## the same two functions under an if, in another order
if True:
    def g(x=[]): x.append(1); return x
    def f(x=g()): return x
print(f())
====
if True:
    def g(x=[]): x.append(1); return x
    def f(x=g()): return x
    def g(x=[]): x.append(1); return x
print(f() is g())
## a function under a loop that is left at another time
for i in range(3):
    def f(i=i): return i
    if i: break
print(f())
====
for i in range(3):
    if i: break
    def f(i=i): return i
print(f())
## a decorated function under an if
def twice(g): return lambda: g() * 2
if True:
    @twice
    def f(): return 1
print(f())
====
def twice(g): return lambda: g() * 2
if True:
    def f(): return 1
print(f())
## a default of a function under a with
from contextlib import nullcontext
with nullcontext(3) as n:
    def f(a=n): return a
print(f())
====
from contextlib import nullcontext
with nullcontext(3) as n:
    def f(a=n + 1): return a
print(f())
## a function under a match
match 1:
    case 1:
        def f(): return 1
    case _:
        def f(): return 2
print(f())
====
match 1:
    case 1:
        def f(): return 2
    case _:
        def f(): return 1
print(f())
## a class under an if whose method changes
if True:
    class A:
        def m(self): return 1
print(A().m())
====
if True:
    class A:
        def m(self): return 2
print(A().m())
## a method with the name of one of text, that gives a generator
# file: p.py
class Parts:
    def split(self):
        try:
            yield 1
        finally:
            print('closed')
def taken(it):
    next(it)
    del it
    print('taken')
# file: main.py
import p
def f(x):
    t = x.split()
    return p.taken(t)
f(p.Parts())
====
# file: p.py
class Parts:
    def split(self):
        try:
            yield 1
        finally:
            print('closed')
def taken(it):
    next(it)
    del it
    print('taken')
# file: main.py
import p
def f(x):
    return p.taken(x.split())
f(p.Parts())
## a file that cannot be closed
def g():
    try:
        yield 1
    finally:
        print('closed')
def started():
    it = g()
    next(it)
    return it
def f():
    with open('/dev/full', mode='w') as out:
        out.write('x')
        t = started()
        return t
try:
    f()
except OSError as e:
    print('caught')
====
def g():
    try:
        yield 1
    finally:
        print('closed')
def started():
    it = g()
    next(it)
    return it
def f():
    with open('/dev/full', mode='w') as out:
        out.write('x')
        return started()
try:
    f()
except OSError as e:
    print('caught')
## a file of an opener that fails
import builtins
def g():
    try:
        yield 1
    finally:
        print('closed')
def started():
    it = g()
    next(it)
    return it
class Failing:
    def __init__(self, *a): pass
    def __enter__(self): pass
    def __exit__(self, *a): raise OSError
open = Failing
def f():
    with open('x') as out:
        t = started()
        return t
try:
    f()
except OSError as e:
    print('caught')
====
import builtins
def g():
    try:
        yield 1
    finally:
        print('closed')
def started():
    it = g()
    next(it)
    return it
class Failing:
    def __init__(self, *a): pass
    def __enter__(self): pass
    def __exit__(self, *a): raise OSError
open = Failing
def f():
    with open('x') as out:
        return started()
try:
    f()
except OSError as e:
    print('caught')
## a temporary that is bound again in one branch only
def f(a, b):
    t = a
    if t:
        t = b
    return t
print(f(1, 2))
====
def f(a, b):
    if a:
        t = b
    return a
print(f(1, 2))
## a temporary that is read again after its second life
def f(a, b):
    t = a
    if t:
        pass
    t = b
    if t:
        return t
print(f(1, 2))
====
def f(a, b):
    if a:
        pass
    t = b
    if b:
        return a
print(f(1, 2))
## a temporary that a loop brings back
def f(xs):
    t = 0
    for x in xs:
        if t:
            return t
        t = x
print(f([3, 4]))
====
def f(xs):
    for x in xs:
        if 0:
            return 0
        t = x
print(f([3, 4]))
## a temporary that a handler finds
def f(a):
    try:
        t = 1
        print(t, a.x)
        t = 2
        print(t)
    except AttributeError:
        t = 3
        return t
    return 4
print(f(1))
====
def f(a):
    try:
        print(1, a.x)
        print(2)
    except AttributeError:
        return 4
    return 3
print(f(1))
## a temporary that is bound by what reads it
def f(a):
    t = a()
    t = t, a()
    return t
n = iter(range(9))
print(f(lambda: next(n)))
====
def f(a):
    return (a(), a())[::-1]
n = iter(range(9))
print(f(lambda: next(n)))
## a temporary that is read a second time where it is stored to
def f(a):
    t = 0
    a[t] = t
    t = 1
    a[t] = t
    return a
print(f([5, 6]))
====
def f(a):
    a[1] = 0
    a[0] = 1
    return a
print(f([5, 6]))
## a temporary with two lives is deleted in one
def f(a):
    t = a
    if t:
        del t
    t = 2
    return t
print(f(1))
====
def f(a):
    if a:
        del a
    t = 2
    return a
try:
    print(f(1))
except UnboundLocalError:
    print('unbound')
## a temporary with two lives, swallowed
from contextlib import suppress
def f(a):
    t = a
    with suppress(ZeroDivisionError):
        t = 1 / t
    return t
print(f(0))
====
from contextlib import suppress
def f(a):
    with suppress(ZeroDivisionError):
        a = 1 / a
        return a
print(f(0))
## a generator in a variable with two lives
def g(n):
    try:
        yield n
    finally:
        print('closed', n)
def f():
    t = g(1)
    print(next(t))
    t = g(2)
    print(next(t))
    print('left')
f()
====
def g(n):
    try:
        yield n
    finally:
        print('closed', n)
def f():
    print(next(g(1)))
    print(next(g(2)))
    print('left')
f()
## a method named as those of mappings, that gives a generator
class Kept:
    def items(self):
        try:
            yield 1
        finally:
            print('closed')
def f(x):
    t = x.items()
    return next(t)
def g(x):
    try:
        return f(x)
    finally:
        print('left')
def fails(it):
    next(it)
    del it
    raise ValueError
def h(x):
    t = x.items()
    return fails(t)
try:
    h(Kept())
except ValueError:
    print('caught')
====
class Kept:
    def items(self):
        try:
            yield 1
        finally:
            print('closed')
def f(x):
    t = x.items()
    return next(t)
def g(x):
    try:
        return f(x)
    finally:
        print('left')
def fails(it):
    next(it)
    del it
    raise ValueError
def h(x):
    return fails(x.items())
try:
    h(Kept())
except ValueError:
    print('caught')
## a method named as those of mappings, set on an instance
def made():
    try:
        yield 1
    finally:
        print('closed')
class Kept:
    def __init__(self):
        self.get = made
def fails(it):
    next(it)
    del it
    raise ValueError
def h(x):
    t = x.get()
    return fails(t)
try:
    h(Kept())
except ValueError:
    print('caught')
====
def made():
    try:
        yield 1
    finally:
        print('closed')
class Kept:
    def __init__(self):
        self.get = made
def fails(it):
    next(it)
    del it
    raise ValueError
def h(x):
    return fails(x.get())
try:
    h(Kept())
except ValueError:
    print('caught')
## a method named as those of mappings, set as a class's
def made(self):
    try:
        yield 1
    finally:
        print('closed')
class Kept:
    get = made
def fails(it):
    next(it)
    del it
    raise ValueError
def h(x):
    t = x.get()
    return fails(t)
try:
    h(Kept())
except ValueError:
    print('caught')
====
def made(self):
    try:
        yield 1
    finally:
        print('closed')
class Kept:
    get = made
def fails(it):
    next(it)
    del it
    raise ValueError
def h(x):
    return fails(x.get())
try:
    h(Kept())
except ValueError:
    print('caught')
## a getter that is asked for what nobody else holds
def made():
    try:
        yield 1
    finally:
        print('closed')
class Kept(dict):
    def __missing__(self, key):
        return made()
def fails(it):
    next(it)
    del it
    raise ValueError
def h(x):
    t = x[1]
    return fails(t)
try:
    h(Kept())
except ValueError:
    print('caught')
====
def made():
    try:
        yield 1
    finally:
        print('closed')
class Kept(dict):
    def __missing__(self, key):
        return made()
def fails(it):
    next(it)
    del it
    raise ValueError
def h(x):
    return fails(x[1])
try:
    h(Kept())
except ValueError:
    print('caught')
## a property that gives what nobody else holds
def made():
    try:
        yield 1
    finally:
        print('closed')
class Kept:
    @property
    def it(self):
        return made()
def fails(it):
    next(it)
    del it
    raise ValueError
def h(x):
    t = x.it
    return fails(t)
try:
    h(Kept())
except ValueError:
    print('caught')
====
def made():
    try:
        yield 1
    finally:
        print('closed')
class Kept:
    @property
    def it(self):
        return made()
def fails(it):
    next(it)
    del it
    raise ValueError
def h(x):
    return fails(x.it)
try:
    h(Kept())
except ValueError:
    print('caught')
## an operator that gives what nobody else holds
class Kept:
    def __or__(self, other):
        try:
            yield 1
        finally:
            print('closed')
def fails(it):
    next(it)
    del it
    raise ValueError
def h(x):
    t = x | x
    return fails(t)
try:
    h(Kept())
except ValueError:
    print('caught')
====
class Kept:
    def __or__(self, other):
        try:
            yield 1
        finally:
            print('closed')
def fails(it):
    next(it)
    del it
    raise ValueError
def h(x):
    return fails(x | x)
try:
    h(Kept())
except ValueError:
    print('caught')
## what is looked up on something that dies
def made():
    try:
        yield 1
    finally:
        print('closed')
class Box:
    def __init__(self):
        self.it = made()
def fails(it):
    next(it)
    del it
    raise ValueError
def h():
    t = Box().it
    return fails(t)
try:
    h()
except ValueError:
    print('caught')
====
def made():
    try:
        yield 1
    finally:
        print('closed')
class Box:
    def __init__(self):
        self.it = made()
def fails(it):
    next(it)
    del it
    raise ValueError
def h():
    return fails(Box().it)
try:
    h()
except ValueError:
    print('caught')
## what is got from a mapping that dies
def made():
    try:
        yield 1
    finally:
        print('closed')
def fails(it):
    next(it)
    del it
    raise ValueError
def h():
    t = dict(a=made()).get('a')
    return fails(t)
try:
    h()
except ValueError:
    print('caught')
====
def made():
    try:
        yield 1
    finally:
        print('closed')
def fails(it):
    next(it)
    del it
    raise ValueError
def h():
    return fails(dict(a=made()).get('a'))
try:
    h()
except ValueError:
    print('caught')
## a list of what nobody else holds, joined
def made():
    try:
        yield 1
    finally:
        print('closed')
def fails(its):
    next(its[0])
    del its
    raise ValueError
def h(xs):
    t = list(map(lambda x: made(), xs)) + xs
    return fails(t)
try:
    h([1])
except ValueError:
    print('caught')
====
def made():
    try:
        yield 1
    finally:
        print('closed')
def fails(its):
    next(its[0])
    del its
    raise ValueError
def h(xs):
    return fails(list(map(lambda x: made(), xs)) + xs)
try:
    h([1])
except ValueError:
    print('caught')
"""

CASES = {
    head.strip(): body
    for head, _, body in (case.partition("\n") for case in TEXT.split("\n## ")[1:])
}
