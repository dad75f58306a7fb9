"""In a worker: load one version of a module, and call one definition of it under observation.

Two versions may be loaded side by side: each has its own modules, which are put into `sys.modules`
for the time of its calls only. This file executes what is judged; nothing but a worker's job may.
"""

from __future__ import annotations

import ast
import collections
import contextlib
import importlib
import importlib.util
import inspect
import io
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from monocyte.semdiff.evidence import Call, Version
from monocyte.semdiff.outcomes import Outcome, image
from monocyte.semdiff.workers.lock import effects
from monocyte.semdiff.workers.stopwatch import Overtime, finish, stopwatch

__all__ = ["Loaded", "NoTarget", "Target", "load"]

DRIVER = "monocyte_driver"
MUTABLE = (list, dict, set, bytearray, collections.deque)
"""Of these it can be seen whether a result is the argument itself, or a copy."""


class NoTarget(Exception):
    """The definition is not there, or cannot be called from outside; the argument says why."""


class Loaded:
    """A version whose modules are loaded; they are to be seen only while it is active."""

    def __init__(self, version: Version) -> None:
        self.version = version
        self.modules: dict[str, ModuleType] = {}
        self.roots = tuple(os.path.realpath(root) for root in version.roots)
        self._known: frozenset[str] = frozenset()
        self._hidden = self._namesakes()

    @contextlib.contextmanager
    def active(self) -> Iterator[None]:
        """Within, imports mean this version's."""
        path = sys.path[:]
        sys.path[:0] = self.roots
        for name in self._hidden:
            sys.modules.pop(name, None)
        sys.modules.update(self.modules)
        if len(self._known) != len(sys.modules):
            self._known = frozenset(sys.modules)
        try:
            yield
        finally:
            sys.path[:] = path
            self._detach()

    def _detach(self) -> None:
        if len(sys.modules) != len(self._known):
            for name in sys.modules.keys() - self._known:
                if self._owns(name, sys.modules[name]):
                    self.modules[name] = sys.modules[name]
        for name in self.modules:
            sys.modules.pop(name, None)
        sys.modules.update(self._hidden)

    def _namesakes(self) -> dict[str, ModuleType]:
        """What we have imported ourselves under the names of what is judged, a tool's own package.

        Without this, both versions would be that one, and no difference would ever be found.
        """
        top = self.version.module.partition(".")[0]
        found = {
            name: module
            for name, module in sys.modules.items()
            if name.partition(".")[0] == top and not self._owns(name, module)
        }
        return found if self.roots else {}

    def _owns(self, name: str, module: object) -> bool:
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and self.roots:
            return os.path.realpath(file).startswith(tuple(root + os.sep for root in self.roots))
        # A namespace package has no file; that of our module is ours.
        return file is None and self.version.module.startswith(name + ".")

    def check(self, module: ModuleType) -> None:
        """Refuse a module that came from elsewhere than the tree; raises NoTarget."""
        file = getattr(module, "__file__", None)
        if self.roots and file and not self._owns(module.__name__, module):
            raise NoTarget(f"{module.__name__} is imported from {file}, and not from the tree")

    def resolve(self, module: str, name: str) -> Any:
        """An object of this version, by module and qualified name."""
        found: Any = self.modules.get(module) or importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
        return found


def load(version: Version, driver: str = "") -> Loaded:
    """Import the version's module, and the driver if there is one; raises whatever that raises."""
    loaded = Loaded(version)
    importlib.invalidate_caches()
    with loaded.active():
        if version.source:
            _execute(version.module, version.source, loaded)
        else:
            found = loaded.modules[version.module] = importlib.import_module(version.module)
            loaded.check(found)
        if driver:
            _execute(DRIVER, driver, loaded)
    return loaded


def _execute(name: str, source: str, loaded: Loaded) -> None:
    package = name.rpartition(".")[0]
    if package:
        importlib.import_module(package)
    module = ModuleType(name)
    module.__package__ = package
    module.__file__ = f"{loaded.roots[0] if loaded.roots else ''}/{name.replace('.', '/')}.py"
    module.__spec__ = importlib.util.spec_from_loader(name, loader=None)
    loaded.modules[name] = sys.modules[name] = module
    exec(compile(source, module.__file__, "exec"), vars(module))  # noqa: S102 (in a locked worker)


class Target:
    """One definition of one version, ready to be called; the receiver is the first argument."""

    def __init__(self, loaded: Loaded, module: str, name: str) -> None:
        self.loaded, self.module, self.name = loaded, module, name
        self.owner, self.function, self.kind = self._find()
        self._raising: dict[str, frozenset[int]] = {}

    def _find(self) -> tuple[Any, Callable[..., Any], str]:
        """The owner, the function, and its kind: function, method, property or class."""
        *outer, last = self.name.split(".")
        if "<locals>" in outer:
            raise NoTarget(f"{self.name} lives inside a function")
        try:
            owner: Any = self.loaded.modules[self.module]
            for part in outer:
                owner = getattr(owner, part)
            found = inspect.getattr_static(owner, last)
        except (AttributeError, KeyError):
            raise NoTarget(f"{self.module} has no {self.name}") from None
        if isinstance(found, property) and found.fget:
            return owner, found.fget, "property"
        if isinstance(found, staticmethod | classmethod):
            return owner, getattr(owner, last), "function"
        if not callable(found):
            raise NoTarget(f"{self.name} cannot be called")
        if isinstance(owner, type) and not isinstance(found, type):
            return owner, found, "method"
        return owner, getattr(owner, last), "class" if isinstance(found, type) else "function"

    @property
    def has_receiver(self) -> bool:
        """Whether the first argument is the object whose method it is."""
        return self.kind in ("method", "property")

    def observe(
        self, build: Callable[[], tuple[list[Any], dict[str, Any]]], seconds: float, seed: int
    ) -> Outcome | None:
        """Call it, and say all that is to be seen of it; None if the arguments cannot be made."""
        with self.loaded.active():
            try:
                with stopwatch(seconds):
                    args, named = build()
            except (Exception, Overtime):  # noqa: BLE001 (the edge: anybody's constructor)
                return None
            return self._watched(args, named, seconds, seed)

    def _watched(
        self, args: list[Any], named: dict[str, Any], seconds: float, seed: int
    ) -> Outcome:
        given = enumerate((*args, *named.values()))
        marks = {id(it): f"argument {i}" for i, it in given if isinstance(it, MUTABLE)}
        output = io.StringIO()
        outer, sys.stdout = sys.stdout, output
        random.seed(seed)
        effects.tried, effects.on = [], True
        started = time.process_time()
        try:
            with stopwatch(seconds):
                result = self._result(args, named)
                painted = image(result, marks)
                ended: dict[str, Any] = {
                    "kind": "returned",
                    "type": type(result).__qualname__,
                    "value": painted,
                    "source": _plain(result, painted),
                }
        except (Overtime, MemoryError):
            return Outcome("unfinished", seconds=time.process_time() - started)
        except SystemExit as left:
            ended = {"kind": "exited", "value": repr(left.code)}
        except BaseException as error:  # noqa: BLE001 (the edge: this is what is observed)
            ended = {"kind": "raised", "type": _name(error), "message": self._message(error)}
        finally:
            effects.on = False
            sys.stdout = outer
        return Outcome(
            **ended,
            arguments=self._left(args, named, seconds),
            output=output.getvalue(),
            effects=tuple(effects.tried),
            seconds=time.process_time() - started,
        )

    def _result(self, args: list[Any], named: dict[str, Any]) -> Any:
        if self.kind == "property":
            return self.function(args[0])
        result = self.function(*args, **named)
        if inspect.iscoroutine(result):
            return finish(result)
        if inspect.isasyncgen(result):
            return finish(_listed(result))
        return result

    def _left(self, args: list[Any], named: dict[str, Any], seconds: float) -> str:
        """The arguments afterwards; an iterator that was read tells how much is left."""
        try:
            with stopwatch(seconds):
                return image((*args, named))
        except (Exception, Overtime):  # noqa: BLE001 (the edge: anybody's iterator)
            return "unreadable"

    def _message(self, error: BaseException) -> str:
        """Its text, if a `raise` of the judged code made it: Python's own differs by wording."""
        last = error.__traceback__
        while last and last.tb_next:
            last = last.tb_next
        file = last.tb_frame.f_code.co_filename if last else ""
        if last is None or last.tb_lineno not in self._raises(file):
            return ""
        try:
            return str(error)
        except Exception:  # noqa: BLE001 (the edge: anybody's __str__)
            return ""

    def _raises(self, file: str) -> frozenset[int]:
        """The lines of a module of this version on which a `raise` statement stands."""
        if file not in self._raising:
            sources = [module for module in self.loaded.modules.values() if module.__file__ == file]
            text = ""
            if sources and sources[0].__name__ == self.loaded.version.module:
                text = self.loaded.version.source
            if sources and not text:
                with contextlib.suppress(OSError), open(file, encoding="utf-8") as opened:  # noqa: PTH123
                    text = opened.read()
            self._raising[file] = _raise_lines(text)
        return self._raising[file]


def _raise_lines(text: str) -> frozenset[int]:
    with contextlib.suppress(SyntaxError, ValueError):
        return frozenset(
            line
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Raise)
            for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
        )
    return frozenset()


def _name(error: BaseException) -> str:
    kind = type(error)
    return (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )


async def _listed(items: Any) -> list[Any]:
    found = []
    async for item in items:
        found.append(item)
        if len(found) > 1000:
            break
    return found


PLAIN = (int, str, bytes, bool, type(None), float, list, tuple, dict, set, complex)


def _plain(value: Any, painted: str) -> str:
    """An expression for it, if it is made of builtins only and reads back as the same."""
    if type(value) not in PLAIN or len(painted) > 20_000:
        return ""
    text = painted if type(value) is not set else repr(value)
    try:
        return text if image(ast.literal_eval(text)) == painted else ""
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return ""


def built(call: Call) -> Callable[[], tuple[list[Any], dict[str, Any]]]:
    """How the arguments of a call that is written as source are made."""
    arguments = compile(call.arguments, "<arguments>", "eval")
    named = compile(call.named, "<named>", "eval")

    def build() -> tuple[list[Any], dict[str, Any]]:
        names: dict[str, Any] = {}
        for module in call.imports:
            top = module.partition(".")[0]
            importlib.import_module(module)
            names[top] = sys.modules[top]
        return list(eval(arguments, names)), eval(named, names)  # noqa: S307 (in a locked worker)

    return build
