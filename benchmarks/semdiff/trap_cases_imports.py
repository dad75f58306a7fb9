"""Traps about imports in `try`, for type checkers, with stars, and about names that are listed.

Written as attacks on what the diff allows of them, before it was allowed.
"""

TEXT = r'''
## a tried import parted, and the second one fails
try:
    from pkg import a, b
except ImportError:
    pass
print("a" in globals())
# file: pkg/__init__.py
# file: pkg/a.py
# file: pkg/b.py
raise ImportError
====
try:
    from pkg import a
    from pkg import b
except ImportError:
    pass
print("a" in globals())
# file: pkg/__init__.py
# file: pkg/a.py
# file: pkg/b.py
raise ImportError
## a tried import parted, and the handler gives one name only
a = 0
try:
    from pkg import a, b
except ImportError:
    b = None
print(a)
# file: pkg/__init__.py
# file: pkg/a.py
def __repr__(): pass
# file: pkg/b.py
raise ImportError
====
a = 0
try:
    from pkg import a
    from pkg import b
except ImportError:
    b = None
print(a)
# file: pkg/__init__.py
# file: pkg/a.py
def __repr__(): pass
# file: pkg/b.py
raise ImportError
## tried imports swapped, and the handler shows the error
try:
    import nothing_one
    import nothing_two
except ImportError as error:
    nothing_one = nothing_two = None
    print(error)
====
try:
    import nothing_two
    import nothing_one
except ImportError as error:
    nothing_one = nothing_two = None
    print(error)
## tried imports swapped, and the handler asks for the error
import sys
try:
    import nothing_one
    import nothing_two
except ImportError:
    nothing_one = nothing_two = sys.exc_info()[1].name
print(nothing_one)
====
import sys
try:
    import nothing_two
    import nothing_one
except ImportError:
    nothing_one = nothing_two = sys.exc_info()[1].name
print(nothing_one)
## tried imports swapped, and the handler takes one kind of error only
try:
    try:
        from one import a
        from two import b
    except ModuleNotFoundError:
        a = b = None
except ImportError:
    print("other")
print("end")
# file: one.py
raise ModuleNotFoundError
# file: two.py
raise ImportError
====
try:
    try:
        from two import b
        from one import a
    except ModuleNotFoundError:
        a = b = None
except ImportError:
    print("other")
print("end")
# file: one.py
raise ModuleNotFoundError
# file: two.py
raise ImportError
## tried imports swapped, two handlers
try:
    from one import a
    from two import b
except ModuleNotFoundError:
    a = b = "module"
except ImportError:
    a = b = "name"
print(a)
# file: one.py
raise ModuleNotFoundError
# file: two.py
raise ImportError
====
try:
    from two import b
    from one import a
except ModuleNotFoundError:
    a = b = "module"
except ImportError:
    a = b = "name"
print(a)
# file: one.py
raise ModuleNotFoundError
# file: two.py
raise ImportError
## tried imports swapped, and another name for the error
ImportError = KeyError
try:
    try:
        from one import a
        from two import b
    except ImportError:
        a = b = None
    print("caught")
except BaseException:
    print("not")
# file: one.py
raise KeyError
# file: two.py
raise ValueError
====
ImportError = KeyError
try:
    try:
        from two import b
        from one import a
    except ImportError:
        a = b = None
    print("caught")
except BaseException:
    print("not")
# file: one.py
raise KeyError
# file: two.py
raise ValueError
## a tried import parted, and the handler looks at what was bound
a = 0
try:
    from pkg import a, b
except ImportError:
    b = a
    a = None
print(b)
# file: pkg/__init__.py
# file: pkg/a.py
# file: pkg/b.py
raise ImportError
====
a = 0
try:
    from pkg import a
    from pkg import b
except ImportError:
    b = a
    a = None
print(b)
# file: pkg/__init__.py
# file: pkg/a.py
# file: pkg/b.py
raise ImportError
## a tried import parted, and a function of the handler looks
def known():
    return "a" in globals()
try:
    from pkg import a, b
except ImportError:
    a = b = known()
print(b)
# file: pkg/__init__.py
# file: pkg/a.py
# file: pkg/b.py
raise ImportError
====
def known():
    return "a" in globals()
try:
    from pkg import a
    from pkg import b
except ImportError:
    a = b = known()
print(b)
# file: pkg/__init__.py
# file: pkg/a.py
# file: pkg/b.py
raise ImportError
## a tried import parted, seen on the way out
try:
    from pkg import a, b
except ImportError:
    a = b = None
finally:
    print("end")
try:
    from pkg import a as one, b as two
finally:
    print("one" in globals())
# file: pkg/__init__.py
# file: pkg/a.py
# file: pkg/b.py
raise ImportError
====
try:
    from pkg import a, b
except ImportError:
    a = b = None
finally:
    print("end")
try:
    from pkg import a as one
    from pkg import b as two
finally:
    print("one" in globals())
# file: pkg/__init__.py
# file: pkg/a.py
# file: pkg/b.py
raise ImportError
## an import of a handler parted, inside another try
try:
    try:
        import nothing
    except ImportError:
        from pkg import a, b
except ImportError:
    pass
print("a" in globals())
# file: pkg/__init__.py
# file: pkg/a.py
# file: pkg/b.py
raise ImportError
====
try:
    try:
        import nothing
    except ImportError:
        from pkg import a
        from pkg import b
except ImportError:
    pass
print("a" in globals())
# file: pkg/__init__.py
# file: pkg/a.py
# file: pkg/b.py
raise ImportError
## tried imports swapped that speak
try:
    import one
    import two
except ImportError:
    one = two = None
# file: one.py
print(1)
# file: two.py
print(2)
====
try:
    import two
    import one
except ImportError:
    one = two = None
# file: one.py
print(1)
# file: two.py
print(2)
## tried imports swapped that bind one name
try:
    from one import a
    from two import a
except ImportError:
    a = None
print(a)
# file: one.py
a = 1
# file: two.py
a = 2
====
try:
    from two import a
    from one import a
except ImportError:
    a = None
print(a)
# file: one.py
a = 1
# file: two.py
a = 2
## imports under a flag of one's own
TYPE_CHECKING = True
if TYPE_CHECKING:
    import one
    import two
# file: one.py
print(1)
# file: two.py
print(2)
====
TYPE_CHECKING = True
if TYPE_CHECKING:
    import two
    import one
# file: one.py
print(1)
# file: two.py
print(2)
## imports under a flag that somebody sets
import setting
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    import one
    import two
# file: setting.py
import typing
typing.TYPE_CHECKING = True
# file: one.py
print(1)
# file: two.py
print(2)
====
import setting
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    import two
    import one
# file: setting.py
import typing
typing.TYPE_CHECKING = True
# file: one.py
print(1)
# file: two.py
print(2)
## imports under a flag, and otherwise
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    import one
else:
    import one
    import two
# file: one.py
print(1)
# file: two.py
print(2)
====
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    import one
else:
    import two
    import one
# file: one.py
print(1)
# file: two.py
print(2)
## a star gives a submodule
from pkg import *
from other import sub
print(sub)
# file: pkg/__init__.py
from pkg.sub import x
# file: pkg/sub.py
x = 1
# file: other.py
sub = 2
====
from other import sub
from pkg import *
print(sub == 2)
# file: pkg/__init__.py
from pkg.sub import x
# file: pkg/sub.py
x = 1
# file: other.py
sub = 2
## a star gives a submodule, imports swapped
from pkg import *
from pother import sub
print(sub == 2)
# file: pkg/__init__.py
from pkg.sub import x
# file: pkg/sub.py
x = 1
# file: pother.py
sub = 2
====
from pother import sub
from pkg import *
print(sub == 2)
# file: pkg/__init__.py
from pkg.sub import x
# file: pkg/sub.py
x = 1
# file: pother.py
sub = 2
## a star gives what another star gave
from one import *
from two import x
print(x)
# file: one.py
from inner import *
# file: inner.py
x = 1
# file: two.py
x = 2
====
from two import x
from one import *
print(x)
# file: one.py
from inner import *
# file: inner.py
x = 1
# file: two.py
x = 2
## a star brings another list of what stars give
from one import *
from two import x
print(x)
# file: one.py
__all__ = ["y"]
from inner import *
y = 3
# file: inner.py
__all__ = ["__all__", "x"]
x = 1
# file: two.py
x = 2
====
from two import x
from one import *
print(x)
# file: one.py
__all__ = ["y"]
from inner import *
y = 3
# file: inner.py
__all__ = ["__all__", "x"]
x = 1
# file: two.py
x = 2
## a star inside a try gives more
from one import *
from two import x
print(x)
# file: one.py
try:
    from inner import *
except ImportError:
    pass
# file: inner.py
x = 1
# file: two.py
x = 2
====
from two import x
from one import *
print(x)
# file: one.py
try:
    from inner import *
except ImportError:
    pass
# file: inner.py
x = 1
# file: two.py
x = 2
## two ways into a cycle further down
import one
import two
# file: one.py
import first
# file: two.py
import second
# file: first.py
import second
x = 1
# file: second.py
from first import x
====
import two
import one
# file: one.py
import first
# file: two.py
import second
# file: first.py
import second
x = 1
# file: second.py
from first import x
## a package further down speaks
from pkg.inner.mod import x
from other import y
# file: pkg/__init__.py
# file: pkg/inner/__init__.py
print("inner")
# file: pkg/inner/mod.py
x = 1
# file: other.py
y = print("other")
print(1)
====
from other import y
from pkg.inner.mod import x
# file: pkg/__init__.py
# file: pkg/inner/__init__.py
print("inner")
# file: pkg/inner/mod.py
x = 1
# file: other.py
y = print("other")
print(1)
## a package of what is imported further down speaks
import one
import two
# file: one.py
from pkg.inner.mod import x
# file: two.py
print("two")
# file: pkg/__init__.py
# file: pkg/inner/__init__.py
print("inner")
# file: pkg/inner/mod.py
x = 1
====
import two
import one
# file: one.py
from pkg.inner.mod import x
# file: two.py
print("two")
# file: pkg/__init__.py
# file: pkg/inner/__init__.py
print("inner")
# file: pkg/inner/mod.py
x = 1
## classes that a base writes down
import one
import two
from base import ALL
print(ALL)
# file: base.py
ALL = []
class Base:
    def __init_subclass__(cls):
        ALL.append(cls.__name__)
# file: one.py
from base import Base
class One(Base):
    pass
# file: two.py
from base import Base
class Two(Base):
    pass
====
import two
import one
from base import ALL
print(ALL)
# file: base.py
ALL = []
class Base:
    def __init_subclass__(cls):
        ALL.append(cls.__name__)
# file: one.py
from base import Base
class One(Base):
    pass
# file: two.py
from base import Base
class Two(Base):
    pass
## classes that a base's base writes down
import one
import two
from base import ALL
print(ALL)
# file: base.py
ALL = []
class Base:
    def __init_subclass__(cls):
        ALL.append(cls.__name__)
# file: middle.py
from base import Base
class Middle(Base):
    pass
# file: one.py
from middle import Middle
class One(Middle):
    pass
# file: two.py
from middle import Middle
class Two(Middle):
    pass
====
import two
import one
from base import ALL
print(ALL)
# file: base.py
ALL = []
class Base:
    def __init_subclass__(cls):
        ALL.append(cls.__name__)
# file: middle.py
from base import Base
class Middle(Base):
    pass
# file: one.py
from middle import Middle
class One(Middle):
    pass
# file: two.py
from middle import Middle
class Two(Middle):
    pass
## classes that a class of classes writes down, made by a call
import one
import two
from base import ALL
print(ALL)
# file: base.py
ALL = []
class Kind(type):
    def __init__(cls, *rest):
        ALL.append(cls.__name__)
Base = Kind("Base", (), {})
# file: one.py
from base import Base
class One(Base):
    pass
# file: two.py
from base import Base
class Two(Base):
    pass
====
import two
import one
from base import ALL
print(ALL)
# file: base.py
ALL = []
class Kind(type):
    def __init__(cls, *rest):
        ALL.append(cls.__name__)
Base = Kind("Base", (), {})
# file: one.py
from base import Base
class One(Base):
    pass
# file: two.py
from base import Base
class Two(Base):
    pass
## a register filled inside a try
import one
import two
from base import ALL
print(ALL)
# file: base.py
ALL = []
# file: one.py
from base import ALL
try:
    ALL.append(1)
except ImportError:
    pass
# file: two.py
from base import ALL
try:
    ALL.append(2)
except ImportError:
    pass
====
import two
import one
from base import ALL
print(ALL)
# file: base.py
ALL = []
# file: one.py
from base import ALL
try:
    ALL.append(1)
except ImportError:
    pass
# file: two.py
from base import ALL
try:
    ALL.append(2)
except ImportError:
    pass
## a register filled by an assignment under a branch
import one
import two
from base import ALL
print(ALL)
# file: base.py
ALL = []
# file: one.py
import sys
from base import ALL
if sys.version_info > (3,):
    x = ALL.append(1)
# file: two.py
from base import ALL
if ALL:
    print("late")
====
import two
import one
from base import ALL
print(ALL)
# file: base.py
ALL = []
# file: one.py
import sys
from base import ALL
if sys.version_info > (3,):
    x = ALL.append(1)
# file: two.py
from base import ALL
if ALL:
    print("late")
## one speaks before it imports the other
import one
import two
from base import ALL
print(ALL)
# file: base.py
ALL = []
# file: one.py
from base import ALL
ALL.append(1)
import two
# file: two.py
from base import ALL
ALL.append(2)
====
import two
import one
from base import ALL
print(ALL)
# file: base.py
ALL = []
# file: one.py
from base import ALL
ALL.append(1)
import two
# file: two.py
from base import ALL
ALL.append(2)
## one imports the other only if it must
import one
import two
from base import ALL
print(ALL)
# file: base.py
ALL = []
# file: one.py
from base import ALL
if ALL:
    import two
ALL.append(1)
# file: two.py
from base import ALL
ALL.append(2)
====
import two
import one
from base import ALL
print(ALL)
# file: base.py
ALL = []
# file: one.py
from base import ALL
if ALL:
    import two
ALL.append(1)
# file: two.py
from base import ALL
ALL.append(2)
## a package that lets others choose
import pkg.one
import pkg.two
from base import ALL
print(ALL)
# file: base.py
ALL = []
# file: pkg/__init__.py
# file: pkg/one.py
from base import ALL
ALL.append(1)
# file: pkg/two.py
from base import ALL
ALL.append(2)
====
import pkg.two
import pkg.one
from base import ALL
print(ALL)
# file: base.py
ALL = []
# file: pkg/__init__.py
# file: pkg/one.py
from base import ALL
ALL.append(1)
# file: pkg/two.py
from base import ALL
ALL.append(2)
## two that lead to the same two in other orders
import left
import right
from base import ALL
print(ALL)
# file: base.py
ALL = []
# file: left.py
import one
import two
# file: right.py
import two
import one
# file: one.py
from base import ALL
ALL.append(1)
# file: two.py
from base import ALL
ALL.append(2)
====
import right
import left
from base import ALL
print(ALL)
# file: base.py
ALL = []
# file: left.py
import one
import two
# file: right.py
import two
import one
# file: one.py
from base import ALL
ALL.append(1)
# file: two.py
from base import ALL
ALL.append(2)
## names that a function lists for another
class A:
    """One."""
def names(x):
    return [n for n in dir(x) if len(n) == 7]
def show(x, n):
    return getattr(x, n)
print([show(A, n) for n in names(A) if n < "__e"])
====
class A:
    """Two."""
def names(x):
    return [n for n in dir(x) if len(n) == 7]
def show(x, n):
    return getattr(x, n)
print([show(A, n) for n in names(A) if n < "__e"])
## names that are kept for another method
class A:
    """One."""
class Shower:
    def __init__(self, x):
        self.names = [n for n in dir(x) if n.endswith("oc__")]
        self.x = x
    def show(self):
        return [getattr(self.x, n) for n in self.names]
print(Shower(A).show())
====
class A:
    """Two."""
class Shower:
    def __init__(self, x):
        self.names = [n for n in dir(x) if n.endswith("oc__")]
        self.x = x
    def show(self):
        return [getattr(self.x, n) for n in self.names]
print(Shower(A).show())
## names that are sorted out, or not
class A:
    """One."""
print([getattr(A, n) for n in dir(A) if not n.startswith("_") or len(n) == 7 and n < "__e"])
====
class A:
    """Two."""
print([getattr(A, n) for n in dir(A) if not n.startswith("_") or len(n) == 7 and n < "__e"])
## names that are sorted out by how documentation begins
class A:
    """One."""
print([getattr(A, n) for n in dir(A) if n.startswith("__do")])
====
class A:
    """Two."""
print([getattr(A, n) for n in dir(A) if n.startswith("__do")])
## names of which some are passed by
class A:
    """One."""
for n in dir(A):
    if n.startswith("__e"):
        continue
    if n < "__e" and isinstance(getattr(A, n), str):
        print(getattr(A, n))
====
class A:
    """Two."""
for n in dir(A):
    if n.startswith("__e"):
        continue
    if n < "__e" and isinstance(getattr(A, n), str):
        print(getattr(A, n))
## names that another listing has, too
class A:
    """One."""
class B:
    pass
known = set(dir(B))
print([v for n in dir(A) if n in known for v in [getattr(A, n)] if v == "One." or v == "Two."])
====
class A:
    """Two."""
class B:
    pass
known = set(dir(B))
print([v for n in dir(A) if n in known for v in [getattr(A, n)] if v == "One." or v == "Two."])
## names that are sorted out by another variable
class A:
    """One."""
for n in dir(A):
    for m in ("x",):
        if not m.startswith("_"):
            v = getattr(A, n)
            if v == "One." or v == "Two.":
                print(v)
====
class A:
    """Two."""
for n in dir(A):
    for m in ("x",):
        if not m.startswith("_"):
            v = getattr(A, n)
            if v == "One." or v == "Two.":
                print(v)
## half a name, and half of it from elsewhere
import half
class A:
    """One."""
def show(x, n):
    return getattr(x, "_" + n)
print(show(A, half.NAME))
# file: half.py
NAME = "_doc__"
====
import half
class A:
    """Two."""
def show(x, n):
    return getattr(x, "_" + n)
print(show(A, half.NAME))
# file: half.py
NAME = "_doc__"
## half a name, and the rest in two pieces
class A:
    """One."""
def show(x, a, b):
    return getattr(x, f"__{a}{b}")
print(show(A, "doc", "__"))
====
class A:
    """Two."""
def show(x, a, b):
    return getattr(x, f"__{a}{b}")
print(show(A, "doc", "__"))
## half a name, formatted
class A:
    """One."""
def show(x, n):
    return getattr(x, "__%s__" % n)
print(show(A, "doc"))
====
class A:
    """Two."""
def show(x, n):
    return getattr(x, "__%s__" % n)
print(show(A, "doc"))
## the documentation of a property made of another's
class A:
    def get(self):
        """One."""
    p = property(get, doc=get.__doc__)
print(A.p.__doc__)
====
class A:
    def get(self):
        """Two."""
    p = property(get, doc=get.__doc__)
print(A.p.__doc__)
## what is called property, and is not
def property(get, doc):
    return doc
class A:
    def get(self):
        """One."""
    p = property(get, doc=get.__doc__)
print(A.p)
====
def property(get, doc):
    return doc
class A:
    def get(self):
        """Two."""
    p = property(get, doc=get.__doc__)
print(A.p)
## an attribute that is asked for by its special method
class A:
    """One."""
class Proxy:
    def __getattr__(self, name):
        return getattr(A, name)
print([v for n in dir(A) for v in [Proxy().__getattr__(n)] if v == "One." or v == "Two."])
====
class A:
    """Two."""
class Proxy:
    def __getattr__(self, name):
        return getattr(A, name)
print([v for n in dir(A) for v in [Proxy().__getattr__(n)] if v == "One." or v == "Two."])
## annotations that ask a module which answers
import pkg.sub
def f(x: pkg.sub.One): pass
def g(x: pkg.sub.Two): pass
# file: pkg/__init__.py
# file: pkg/sub.py
def __getattr__(name):
    if not name.startswith("_"):
        print(name)
    return int
====
import pkg.sub
def g(x: pkg.sub.Two): pass
def f(x: pkg.sub.One): pass
# file: pkg/__init__.py
# file: pkg/sub.py
def __getattr__(name):
    if not name.startswith("_"):
        print(name)
    return int
## annotations that ask what stands in the place of a module
import pkg.sub
def f(x: pkg.sub.One): pass
def g(x: pkg.sub.Two): pass
# file: pkg/__init__.py
import pkg.sub
class Answering:
    def __getattr__(self, name):
        print(name)
sub = Answering()
# file: pkg/sub.py
====
import pkg.sub
def g(x: pkg.sub.Two): pass
def f(x: pkg.sub.One): pass
# file: pkg/__init__.py
import pkg.sub
class Answering:
    def __getattr__(self, name):
        print(name)
sub = Answering()
# file: pkg/sub.py
## annotations that ask what somebody put in the place of a module
import pkg.sub
import other
def f(x: pkg.sub.One): pass
def g(x: pkg.sub.Two): pass
# file: other.py
import pkg
class Answering:
    def __getattr__(self, name):
        print(name)
pkg.sub = Answering()
# file: pkg/__init__.py
# file: pkg/sub.py
====
import pkg.sub
import other
def g(x: pkg.sub.Two): pass
def f(x: pkg.sub.One): pass
# file: other.py
import pkg
class Answering:
    def __getattr__(self, name):
        print(name)
pkg.sub = Answering()
# file: pkg/__init__.py
# file: pkg/sub.py
## annotations that ask a class in a module
import mod
def f(x: mod.Kind.One): pass
def g(x: mod.Kind.Two): pass
# file: mod.py
class Meta(type):
    def __getattr__(cls, name):
        print(name)
class Kind(metaclass=Meta):
    pass
====
import mod
def g(x: mod.Kind.Two): pass
def f(x: mod.Kind.One): pass
# file: mod.py
class Meta(type):
    def __getattr__(cls, name):
        print(name)
class Kind(metaclass=Meta):
    pass
## annotations that subscript a class in a module
import mod
def f(x: mod.Kind[1]): pass
def g(x: mod.Kind[2]): pass
# file: mod.py
class Kind:
    def __class_getitem__(cls, name):
        print(name)
====
import mod
def g(x: mod.Kind[2]): pass
def f(x: mod.Kind[1]): pass
# file: mod.py
class Kind:
    def __class_getitem__(cls, name):
        print(name)
## annotations with what only looks like a variable of types
class TypeVar:
    def __init__(self, name): pass
    def __getitem__(self, n):
        print(n)
T = TypeVar("T")
def f(x: T[1]): pass
def g(x: T[2]): pass
====
class TypeVar:
    def __init__(self, name): pass
    def __getitem__(self, n):
        print(n)
T = TypeVar("T")
def g(x: T[2]): pass
def f(x: T[1]): pass
## annotations that ask a module which got its answers from elsewhere
import mod
def f(x: mod.One): pass
def g(x: mod.Two): pass
# file: mod.py
from answers import __getattr__
# file: answers.py
def __getattr__(name):
    if not name.startswith("_"):
        print(name)
    return int
====
import mod
def g(x: mod.Two): pass
def f(x: mod.One): pass
# file: mod.py
from answers import __getattr__
# file: answers.py
def __getattr__(name):
    if not name.startswith("_"):
        print(name)
    return int
## annotations that ask a name for two modules
import mod
import other as mod
def f(x: mod.One): pass
def g(x: mod.Two): pass
# file: mod.py
# file: other.py
def __getattr__(name):
    if not name.startswith("_"):
        print(name)
    return int
====
import mod
import other as mod
def g(x: mod.Two): pass
def f(x: mod.One): pass
# file: mod.py
# file: other.py
def __getattr__(name):
    if not name.startswith("_"):
        print(name)
    return int
'''

CASES = {head: body for head, _, body in (case.partition("\n") for case in TEXT.split("\n## ")[1:])}
