"""Traps of readers: where lines, source or documentation come back into what a program does.

Each is written once: `#+` is a line that only the new side has, as a comment; `DOC` is a docstring
that says something else there; `value` is renamed; `#1` to `#3` stand around two pieces that swap.
They attack what the guards let pass: diagnostics, readers in other files, under other names, by
hooks, callbacks and records.
"""

MOVED = {
    "reader in another file": """
import b
#+
def f():
    return b.where()
print(f())
# file: b.py
import sys
def where():
    return sys._getframe(1).f_lineno
""",
    "reader in a decorator": """
import b
#+
@b.traced
def f():
    return 1
print(f())
# file: b.py
def traced(g):
    def inner():
        return g.__code__.co_firstlineno
    return inner
""",
    "reader by callback in another file": """
import b, c
print(c.run(b.where))
# file: b.py
import sys
def where():
    return sys._getframe(1).f_lineno
# file: c.py
#+
def run(g):
    return g()
""",
    "findCaller used as data": """
import logging
#+
def f():
    return logging.getLogger("x").findCaller()[1]
print(f())
""",
    "stacklevel of a record": """
import logging
seen = []
class Keep(logging.Handler):
    def emit(self, record):
        seen.append(record.lineno)
log = logging.getLogger("x")
log.addHandler(Keep())
#+
def f():
    log.error("x", stacklevel=2)
f()
print(seen)
""",
    "record handed to another file": """
import logging, b
class Keep(logging.Handler):
    def emit(self, record):
        b.keep(record)
log = logging.getLogger("x")
log.addHandler(Keep())
#+
log.error("x")
print(b.kept)
# file: b.py
kept = []
def keep(it):
    kept.append(it.lineno)
""",
    "record as a string": """
import logging
class Keep(logging.Handler):
    def emit(self, record):
        print(record)
log = logging.getLogger("x")
log.addHandler(Keep())
#+
log.error("x")
""",
    "record by name": """
import logging
class Keep(logging.Handler):
    def emit(self, record):
        print(getattr(record, "lineno"))
log = logging.getLogger("x")
log.addHandler(Keep())
#+
log.error("x")
""",
    "record by its dictionary": """
import logging
class Keep(logging.Handler):
    def emit(self, record):
        print(record.__dict__["lineno"])
log = logging.getLogger("x")
log.addHandler(Keep())
#+
log.error("x")
""",
    "traceback logged to stdout": """
import logging, sys
logging.basicConfig(stream=sys.stdout)
#+
try:
    1 / 0
except ZeroDivisionError:
    logging.exception("x")
""",
    "traceback logged by a handler on stdout": """
import b
log = b.made()
#+
try:
    1 / 0
except ZeroDivisionError:
    log.error("x", exc_info=True)
# file: b.py
import logging, sys
def made():
    log = logging.getLogger("x")
    log.addHandler(logging.StreamHandler(sys.stdout))
    return log
""",
    "stack logged to memory": """
import io, logging
out = io.StringIO()
logging.basicConfig(stream=out)
#+
logging.error("x", stack_info=True)
print(out.getvalue())
""",
    "a log of one's own": """
import traceback
class Log:
    def error(self, text):
        print(text)
log = Log()
#+
try:
    1 / 0
except ZeroDivisionError:
    log.error(traceback.format_exc())
""",
    "a log of one's own elsewhere": """
import traceback
from b import log
#+
try:
    1 / 0
except ZeroDivisionError:
    log.error(traceback.format_exc())
# file: b.py
class Log:
    def error(self, text):
        print(text)
log = Log()
""",
    "a log that is rebound": """
import logging, sys, traceback
log = logging.getLogger("x")
class Log:
    def error(self, text):
        print(text)
if len(sys.argv) == 1:
    log = Log()
#+
try:
    1 / 0
except ZeroDivisionError:
    log.error(traceback.format_exc())
""",
    "format_exc under another name": """
from traceback import format_exc as told
#+
try:
    1 / 0
except ZeroDivisionError:
    print(told())
""",
    "format_exc by another module": """
import b
#+
try:
    1 / 0
except ZeroDivisionError:
    print(b.format_exc())
# file: b.py
from traceback import format_exc
""",
    "format_exc as a value": """
import traceback
told = traceback.format_exc
#+
try:
    1 / 0
except ZeroDivisionError:
    print(told())
""",
    "format_exc by a built name": """
import traceback
#+
try:
    1 / 0
except ZeroDivisionError:
    print(getattr(traceback, "format_" + "exc")())
""",
    "format_exc by a formatted name": """
import traceback
#+
try:
    1 / 0
except ZeroDivisionError:
    print(getattr(traceback, "%s_exc" % "format")())
""",
    "traceback exception": """
import traceback
#+
try:
    1 / 0
except ZeroDivisionError as e:
    print("".join(traceback.TracebackException.from_exception(e).format()))
""",
    "stack of a traceback exception": """
import traceback
#+
try:
    1 / 0
except ZeroDivisionError as e:
    print([s.lineno for s in traceback.TracebackException.from_exception(e).stack])
""",
    "traceback on stdout": """
import sys, traceback
#+
try:
    1 / 0
except ZeroDivisionError:
    traceback.print_exc(file=sys.stdout)
""",
    "traceback in a list of the caller": """
import b
seen = []
b.f(seen)
print(seen)
# file: b.py
import traceback
#+
def f(seen):
    try:
        1 / 0
    except ZeroDivisionError:
        seen.append(traceback.format_exc())
""",
    "traceback in a list by another name": """
import traceback
seen = []
#+
def f():
    lines = []
    lines = seen
    try:
        1 / 0
    except ZeroDivisionError:
        lines.append(traceback.format_exc())
f()
print(seen)
""",
    "traceback added to a list": """
import traceback
seen = []
#+
def f():
    lines = seen
    try:
        1 / 0
    except ZeroDivisionError as e:
        lines += traceback.format_tb(e.__traceback__)
f()
print(seen)
""",
    "traceback of a global": """
import traceback
text = ""
#+
def f():
    global text
    try:
        1 / 0
    except ZeroDivisionError:
        text = traceback.format_exc()
f()
print(text)
""",
    "traceback by locals": """
import traceback
#+
def f():
    try:
        1 / 0
    except ZeroDivisionError:
        text = traceback.format_exc()
    return locals()
print(f())
""",
    "length of a traceback": """
import sys
#+
def f(tb):
    if tb.tb_lineno > 7:
        return "late"
    return "early"
try:
    1 / 0
except ZeroDivisionError as e:
    print(f(e.__traceback__))
""",
    "stderr replaced": """
import io, sys, traceback
sys.stderr = io.StringIO()
#+
try:
    1 / 0
except ZeroDivisionError:
    traceback.print_exc()
print(sys.stderr.getvalue())
""",
    "stderr replaced elsewhere": """
import b, traceback
out = b.caught()
#+
try:
    1 / 0
except ZeroDivisionError:
    traceback.print_exc()
print(out.getvalue())
# file: b.py
import io, sys
def caught():
    sys.stderr = io.StringIO()
    return sys.stderr
""",
    "stderr redirected": """
import contextlib, io, traceback
out = io.StringIO()
#+
with contextlib.redirect_stderr(out):
    try:
        1 / 0
    except ZeroDivisionError:
        traceback.print_exc()
print(out.getvalue())
""",
    "stderr is stdout": """
import sys, traceback
sys.stderr = sys.stdout
#+
try:
    1 / 0
except ZeroDivisionError:
    traceback.print_exc()
""",
    "warning recorded elsewhere": """
import b, c
print(b.recorded(c.f))
# file: b.py
import warnings
def recorded(g):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        g()
    return [it.lineno for it in seen]
# file: c.py
import warnings
#+
def f():
    warnings.warn("x")
""",
    "recorded warning as a string": """
import warnings
def g():
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        f()
    return str(seen[0])
#+
def f():
    warnings.warn("x")
print(g())
""",
    "recorded warning unpacked": """
import warnings
def g():
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        f()
    return [vars(it) for it in seen][0]["lineno"]
#+
def f():
    warnings.warn("x")
print(g())
""",
    "line in the words of a warning": """
import sys, warnings
def g():
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        f()
    return str(seen[0].message)
#+
def f():
    warnings.warn(f"in line {sys._getframe().f_lineno}")
print(g())
""",
    "warning made an error": """
import sys, warnings
warnings.simplefilter("error")
#+
def f():
    warnings.warn(f"in line {sys._getframe().f_lineno}")
try:
    f()
except UserWarning as e:
    print(e)
""",
    "showwarning replaced": """
import warnings
def show(message, category, filename, lineno, file=None, line=None):
    print(lineno)
warnings.showwarning = show
#+
warnings.warn("x")
""",
    "formatwarning replaced": """
import sys, warnings
def shown(message, category, filename, lineno, line=None):
    print(lineno)
    return ""
warnings.formatwarning = shown
#+
warnings.warn("x")
""",
    "inspect.stack": """
import inspect
#+
def f():
    return [it.lineno for it in inspect.stack()][0]
print(f())
""",
    "inspect.stack by place": """
import inspect
#+
def f():
    return inspect.stack()[0][2]
print(f())
""",
    "inspect.stack unpacked": """
import inspect
#+
def f():
    for frame, name, line, *rest in inspect.stack():
        return line
print(f())
""",
    "frames in a variable": """
import traceback
#+
def f():
    frames = traceback.extract_stack()
    last = list(reversed(frames))[0]
    where = last[1]
    return where
print(f())
""",
    "frames compared": """
import traceback
#+
def f():
    a = traceback.extract_stack()[-1]
    b = traceback.extract_stack()[-1]
    return a == b
def g():
    a = traceback.extract_stack()[-1]; b = traceback.extract_stack()[-1]
    return a.lineno
print(f(), g())
""",
    "walk_tb": """
import traceback
#+
try:
    1 / 0
except ZeroDivisionError as e:
    for frame, line in traceback.walk_tb(e.__traceback__):
        print(line)
""",
    "source parsed": """
import ast, inspect
#+
def f():
    return 1
tree = ast.parse(inspect.getsource(f))
print(inspect.getsourcelines(f)[1])
""",
    "linecache of a function's file": """
import linecache
def f(): pass
#+
print(linecache.getline(f.__code__.co_filename, 4))
""",
    "settrace elsewhere": """
import b, c
b.start()
c.f()
b.stop()
print(b.seen)
# file: b.py
import sys
seen = []
def trace(frame, event, arg):
    seen.append(frame.f_lineno)
    return trace
def start():
    sys.settrace(trace)
def stop():
    sys.settrace(None)
# file: c.py
#+
def f():
    return 1
""",
    "co_lines": """
#+
def f(): return 1
print([line for *_, line in f.__code__.co_lines()])
""",
    "code in another file": """
import b, c
print(b.first(c.f))
# file: b.py
def first(g):
    return g.__code__.co_firstlineno
# file: c.py
#+
def f(): pass
""",
    "code of a frame in another file": """
import b, c
print(c.f())
# file: b.py
def first(code):
    return code.co_firstlineno
# file: c.py
import sys
import b
#+
def f():
    return b.first(sys._getframe().f_code)
""",
    "code of a generator": """
import b
#+
def f():
    yield 1
print(b.first(f()))
# file: b.py
def first(g):
    return g.gi_code.co_firstlineno
""",
    "code replaced": """
import b
#+
def f():
    return 1
g = b.copied(f)
print(g.__code__.co_firstlineno)
# file: b.py
import types
def copied(f):
    return types.FunctionType(f.__code__.replace(co_name="x"), f.__globals__)
""",
    "code in a registry": """
import b
#+
@b.register
def f(): pass
print(b.lines())
# file: b.py
known = []
def register(g):
    known.append(g)
    return g
def lines():
    return [g.__code__.co_firstlineno for g in known]
""",
    "code of the methods of a class": """
import b
class A:
#+
    def f(self): pass
print(b.lines(A))
# file: b.py
def lines(kind):
    return [it.__code__.co_firstlineno for it in vars(kind).values() if callable(it)]
""",
    "code of the functions of a module": """
import b, c
print(b.lines(c))
# file: b.py
def lines(module):
    return [it.__code__.co_firstlineno for it in vars(module).values() if callable(it)]
# file: c.py
#+
def f(): pass
""",
    "dis": """
import dis
#+
def f(): return 1
print([i.positions.lineno for i in dis.get_instructions(f)])
""",
    "dis under another name": """
from dis import findlinestarts as starts
#+
def f(): return 1
print(list(starts(f.__code__)))
""",
    "excepthook": """
import sys, b
sys.excepthook = b.hook
import c
c.f()
# file: b.py
def hook(kind, value, tb):
    while tb.tb_next:
        tb = tb.tb_next
    print(tb.tb_lineno)
# file: c.py
#+
def f():
    1 / 0
""",
    "excepthook prints": """
import sys, traceback
def hook(kind, value, tb):
    print("".join(traceback.format_exception(kind, value, tb)))
sys.excepthook = hook
#+
1 / 0
""",
    "faulthandler on stdout": """
import faulthandler, sys
#+
faulthandler.dump_traceback(file=sys.stdout)
""",
    "faulthandler on stdout by place": """
import faulthandler, sys
#+
faulthandler.dump_traceback(sys.stdout)
""",
    "unraisable hook": """
import sys, b
sys.unraisablehook = b.hook
class A:
#+
    def __del__(self):
        1 / 0
A()
# file: b.py
def hook(it):
    print(it.exc_traceback.tb_lineno)
""",
    "line by operator": """
import operator, sys
#+
print(operator.attrgetter("f_lineno")(sys._getframe()))
""",
    "line by a tuple of names": """
import sys
#+
frame = sys._getframe()
print([getattr(frame, name) for name in ("f_" + "lineno",)])
""",
    "tb_lineno of a cause": """
#+
def f():
    try:
        1 / 0
    except ZeroDivisionError as e:
        raise ValueError from e
try:
    f()
except ValueError as e:
    print(e.__cause__.__traceback__.tb_lineno)
""",
    "lines of an exception group": """
import traceback
#+
def f():
    1 / 0
try:
    f()
except Exception as e:
    lines = traceback.format_exception(e)
    print(lines[-2])
""",
    "lines hashed into a key": """
import hashlib, traceback
def key():
    frame = traceback.extract_stack(limit=2)[0]
    return hashlib.md5(f"{frame.lineno}".encode()).hexdigest()
#+
print(key())
""",
    "line into an error's words": """
import sys
def fail():
    raise ValueError(f"in line {sys._getframe(1).f_lineno}")
try:
#+
    fail()
except ValueError as e:
    print(e)
""",
    "log format in a dictionary elsewhere": """
import logging.config, c
logging.config.dictConfig(c.CONFIG)
#+
logging.error("x")
# file: c.py
CONFIG = {
    "version": 1,
    "formatters": {"f": {"format": "{lineno}", "style": "{"}},
    "handlers": {"h": {"class": "logging.StreamHandler", "formatter": "f",
                       "stream": "ext://sys.stdout"}},
    "root": {"handlers": ["h"]},
}
""",
    "source of a neighbour by pyclbr": """
import pyclbr
print(pyclbr.readmodule_ex("c")["f"].lineno)
# file: c.py
#+
def f(): pass
""",
    "profile on stdout": """
import cProfile, c
p = cProfile.Profile()
p.runcall(c.f)
print(sorted(e.code.co_firstlineno for e in p.getstats() if not isinstance(e.code, str)))
# file: c.py
#+
def f(): pass
""",
    "code interpreter shows a traceback": """
import code, c
class Console(code.InteractiveConsole):
    def write(self, data):
        print(data)
Console({"f": c.f}).push("f()")
# file: c.py
#+
def f():
    1 / 0
""",
    "thread hook": """
import threading, b, c
threading.excepthook = b.hook
t = threading.Thread(target=c.f)
t.start()
t.join()
# file: b.py
def hook(it):
    tb = it.exc_traceback
    while tb.tb_next:
        tb = tb.tb_next
    print(tb.tb_lineno)
# file: c.py
#+
def f():
    1 / 0
""",
    "task prints its stack": """
import asyncio, sys
#+
async def f():
    await asyncio.sleep(0)
    asyncio.current_task().print_stack(file=sys.stdout)
asyncio.run(f())
""",
    "tracemalloc names lines": """
import tracemalloc
tracemalloc.start()
#+
x = [bytearray(100_000) for _ in range(3)]
snap = tracemalloc.take_snapshot()
print(max(s.lineno for t in snap.traces for s in t.traceback if t.size >= 100_000))
""",
    "code in a class's list": """
import b
#+
def f(): pass
class A:
    steps = [f]
print(b.lines(A()))
# file: b.py
def lines(it):
    return [step.__code__.co_firstlineno for step in it.steps]
""",
    "stderr with another write": """
import sys, traceback
sys.stderr.write = print
#+
try:
    1 / 0
except ZeroDivisionError:
    traceback.print_exc()
""",
    "stderr copied": """
import sys, traceback
class Tee:
    def __init__(self, out):
        self.out = out
    def write(self, text):
        print(text)
        self.out.write(text)
sys.stderr = Tee(sys.stderr)
#+
try:
    1 / 0
except ZeroDivisionError:
    traceback.print_exc()
""",
    "stderr patched": """
import io, sys, traceback
from unittest import mock
out = io.StringIO()
#+
with mock.patch("sys.stderr", out):
    try:
        1 / 0
    except ZeroDivisionError:
        traceback.print_exc()
print(out.getvalue())
""",
    "stderr set by name": """
import io, sys, traceback
out = io.StringIO()
setattr(sys, "stderr", out)
#+
try:
    1 / 0
except ZeroDivisionError:
    traceback.print_exc()
print(out.getvalue())
""",
    "stderr duplicated": """
import os, sys, traceback
os.dup2(1, 2)
#+
try:
    1 / 0
except ZeroDivisionError:
    traceback.print_exc()
""",
    "frames kept on the instance": """
import traceback
class A:
    def __init__(self):
        self.made = traceback.extract_stack(limit=2)[0]
#+
a = A()
print(a.made.lineno)
""",
}

DOCUMENTED = {
    "getdoc in another file": '''
import b
def f():
    """DOC"""
b.show(f)
# file: b.py
import inspect
def show(g):
    print(inspect.getdoc(g))
''',
    "getdoc under another name": '''
from inspect import getdoc as told
def f():
    """DOC"""
print(told(f))
''',
    "documentation by attrgetter": '''
import operator
def f():
    """DOC"""
print(operator.attrgetter("__doc__")(f))
''',
    "documentation in a registry": '''
import b
@b.register
def f():
    """DOC"""
print(b.helps())
# file: b.py
known = {}
def register(g):
    known[g.__name__] = g
    return g
def helps():
    return {name: g.__doc__ for name, g in known.items()}
''',
    "documentation in a registry of a class": '''
import b
commands = b.Commands()
@commands.register
def f():
    """DOC"""
print(commands.helps())
# file: b.py
class Commands:
    def __init__(self):
        self.known = {}
    def register(self, g):
        self.known[g.__name__] = g
        return g
    def helps(self):
        return {name: g.__doc__ for name, g in self.known.items()}
''',
    "documentation in a registry of another file": '''
import b, c
print(c.helps())
# file: b.py
import c
def f():
    """DOC"""
c.known.append(f)
# file: c.py
known = []
def helps():
    return [g.__doc__ for g in known]
''',
    "documentation under a further name": '''
from b import told
print(told.__doc__)
# file: b.py
from c import f as told
# file: c.py
def f():
    """DOC"""
''',
    "documentation of an assigned name": '''
import b
print(b.told.__doc__)
# file: b.py
import c
told = c.f
# file: c.py
def f():
    """DOC"""
''',
    "documentation in a class's list": '''
import b
def f():
    """DOC"""
class A:
    steps = [f]
print(b.helps(A()))
# file: b.py
def helps(it):
    return [step.__doc__ for step in it.steps]
''',
    "documentation in a tuple of another file": '''
import b, c
print(b.helps(c.Steps.known))
# file: b.py
def helps(steps):
    return [step.__doc__ for step in steps]
# file: c.py
def f():
    """DOC"""
class Steps:
    known = (f,)
''',
    "doctest of a module": '''
from doctest import testmod
def f():
    """
    >>> print("DOC")
    one
    """
print(testmod(verbose=False).failed)
''',
}

RENAMED = {
    "unbound after a swallowing manager": """
import b
def f():
    with b.Quiet():
        value = 1 / 0
    return value
try:
    f()
except Exception as e:
    print(e)
# file: b.py
class Quiet:
    def __enter__(self):
        return self
    def __exit__(self, *error):
        return True
""",
    "unbound after a swallowing generator": """
import b
def f():
    with b.quiet():
        value = 1 / 0
    return value
try:
    f()
except Exception as e:
    print(e)
# file: b.py
from contextlib import contextmanager
@contextmanager
def quiet():
    try:
        yield
    except ArithmeticError:
        pass
""",
    "unbound after a generator that returns": """
import b
def f():
    with b.quiet():
        value = 1 / 0
    return value
try:
    f()
except Exception as e:
    print(e)
# file: b.py
import contextlib
@contextlib.contextmanager
def quiet():
    try:
        yield
    except ArithmeticError as e:
        if e.args:
            return
        raise
""",
    "unbound after suppress": """
from contextlib import suppress as quiet
def f():
    with quiet(ArithmeticError):
        value = 1 / 0
    return value
try:
    f()
except Exception as e:
    print(e)
""",
    "unbound after a kept suppress": """
import contextlib
quiet = contextlib.suppress(ArithmeticError)
def f():
    with quiet:
        value = 1 / 0
    return value
try:
    f()
except Exception as e:
    print(e)
""",
    "unbound after a returned suppress": """
import contextlib
def quiet():
    return contextlib.suppress(ArithmeticError)
def f():
    with quiet():
        value = 1 / 0
    return value
try:
    f()
except Exception as e:
    print(e)
""",
    "unbound after suppress inside a generator": """
import contextlib
@contextlib.contextmanager
def quiet():
    with contextlib.suppress(ArithmeticError):
        yield
def f():
    with quiet():
        value = 1 / 0
    return value
try:
    f()
except Exception as e:
    print(e)
""",
    "unbound shown by an error's other name": """
import b
def f(x):
    if x:
        value = 1
    return value
try:
    f(0)
except b.Oops as e:
    print(e)
# file: b.py
Oops = NameError
""",
    "unbound shown by a tuple of errors elsewhere": """
from b import OOPS
def f(x):
    if x:
        value = 1
    return value
try:
    f(0)
except OOPS as e:
    print(e)
# file: b.py
OOPS = (ValueError, Exception)
""",
    "unbound shown by a renamed import": """
from b import Oops
def f(x):
    if x:
        value = 1
    return value
try:
    f(0)
except Oops as e:
    print(e)
# file: b.py
from builtins import Exception as Oops
""",
    "unbound shown by an error that is given": """
def f(x):
    if x:
        value = 1
    return value
def shown(g, Oops):
    try:
        g(0)
    except Oops as e:
        return str(e)
print(shown(f, NameError))
""",
}

ORDERED = {
    "order of a module by another name": """
import b as c
print([n for n in vars(c) if not n.startswith("_")])
# file: b.py
#1
def f(): pass
#2
def g(): pass
#3
""",
    "order of a module that is handed on": """
import b, c
print(c.names(b))
# file: b.py
#1
def f(): pass
#2
def g(): pass
#3
# file: c.py
def names(module):
    return [n for n in module.__dict__ if not n.startswith("_")]
""",
    "order of a class by its items": """
import b
class A:
#1
    def f(self): pass
#2
    def g(self): pass
#3
print(b.names(A))
# file: b.py
def names(kind):
    return [n for n, it in vars(kind).items() if callable(it)]
""",
    "order kept by a stable sort": """
class A:
#1
    def f(self): pass
#2
    def g(self): pass
#3
print([n for n in sorted(vars(A), key=len) if len(n) == 1])
""",
    "order of a mapping that is handed on": """
import b
class A:
#1
    def f(self): pass
#2
    def g(self): pass
#3
print(b.listed(**vars(A)))
# file: b.py
def listed(**names):
    return [n for n in names if not n.startswith("_")]
""",
}

WHOLE = {
    "warnings counted once a line": """
import warnings
def g():
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("default")
        f()
    return len(seen)
def f():
    warnings.warn("x"); warnings.warn("x")
print(g())
====
import warnings
def g():
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("default")
        f()
    return len(seen)
def f():
    warnings.warn("x")
    warnings.warn("x")
print(g())
""",
}

FEEDS = """
from b import f
import inspect
print(inspect.getsource(f))
# file: b.py
# FEED
def g():
    return 0

def f():
    return VALUE
"""


def _pair(old: str, new: str) -> str:
    return f"{old}====\n{new}"


def _moved(text: str) -> str:
    lines = text.splitlines(keepends=True)
    old = "".join(line for line in lines if line != "#+\n")
    return _pair(old, text.replace("#+\n", "# a comment\n"))


def _renamed(text: str) -> str:
    return _pair(text, text.replace("value", "other"))


def _reordered(text: str) -> str:
    before, rest = text.split("#1\n")
    one, rest = rest.split("#2\n")
    two, after = rest.split("#3\n")
    return _pair(before + one + two + after, before + two + one + after)


def _fed(feed: str) -> str:
    text = FEEDS.replace("FEED", feed * 4)
    return _pair(text.replace("VALUE", "(1)"), text.replace("VALUE", "1"))


CASES = {
    **WHOLE,
    **{name: _moved(text) for name, text in MOVED.items()},
    **{
        name: _pair(text.replace("DOC", "one"), text.replace("DOC", "two"))
        for name, text in DOCUMENTED.items()
    },
    **{name: _renamed(text) for name, text in RENAMED.items()},
    **{name: _reordered(text) for name, text in ORDERED.items()},
    "source behind form feeds": _fed("\f"),
    "source behind vertical tabs": _fed("\v"),
    "source behind line separators": _fed("\u2028"),
    "source behind group separators": _fed("\x1d"),
}
