"""In a worker: run a program and listen to the interpreter, to hear what it really does.

Python's audit events are the independent witness of what `references` and `capability_table` claim:
every event heard must lie inside the static set. The listener is installed when this module is
imported, in the worker, before the worker is locked: what the lock refuses is still heard.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import signal
import sys
import sysconfig
import threading
from functools import partial
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, ClassVar

import msgspec

__all__ = ["Heard", "Program", "listen"]

PROBE = "MONOCYTE_PROBE"
STANDARD = (sysconfig.get_path("stdlib"), "<frozen ")


class Program(msgspec.Struct, frozen=True):
    """Files by name, what to import beforehand, and the call to make: `module:function`."""

    files: dict[str, str]
    preload: tuple[str, ...] = ()
    call: str = "m:main"


class Heard(msgspec.Struct, frozen=True):
    """What a run did: audit events (at import, and after), and what no event tells of."""

    importing: tuple[tuple[str, str], ...]
    """Event and its arguments, shortened, while the module was imported."""
    running: tuple[tuple[str, str], ...]
    signals: bool
    """Whether a signal's handler was replaced."""
    patched: tuple[str, ...]
    """Attributes of modules that were replaced."""
    environment: bool
    """Whether what was returned holds a value that only the environment has."""
    error: str
    annotated: tuple[str, ...] = ()
    """Types that the parameters of its functions are annotated with."""


class _Ear:
    """Hears while it is on; there is one, for a hook cannot be taken away."""

    on = False
    events: ClassVar[list[tuple[str, str]]] = []
    modules: frozenset[str] = frozenset()
    """Of the program itself: that these are imported is no secret."""


ALWAYS = frozenset(
    {"builtins.id", "time.sleep", "array.__new__", "sys.unraisablehook", "gc.collect"}
)
MAKING = frozenset(
    {
        "exec",
        "compile",
        "sys._getframe",
        "sys._getframemodulename",
        "object.__getattr__",
        "object.__setattr__",
        "code.__new__",
        "object.__delattr__",
    }
)
MAKERS = (
    *(
        "dataclasses.py",
        "collections/__init__.py",
        "typing.py",
        "enum.py",
        "functools.py",
        "abc.py",
    ),
    *("logging/__init__.py", "warnings.py", "contextlib.py", "asyncio", "inspect.py", "weakref.py"),
    *(
        "unittest",
        "traceback.py",
        "_weakrefset.py",
        "re/",
        "copy.py",
        "types.py",
        "_pydatetime",
        "ast.py",
        "<frozen abc>",
    ),
)
"""Modules of the standard library that make code for their callers' classes, by design."""


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if not _Ear.on or event in ALWAYS:
        return
    _Ear.on = False
    try:
        frame = sys._getframe(1)  # noqa: SLF001 (whose doing it is)
        if not _of_the_house(event, args, frame):
            _Ear.events.append((event, ", ".join(_shown(arg) for arg in args)[:300]))
    finally:
        _Ear.on = True


def _shown(arg: Any) -> str:
    return (
        repr(arg)[:100] if isinstance(arg, str | bytes | int | type(None)) else type(arg).__name__
    )


def _of_the_house(event: str, args: tuple[Any, ...], frame: FrameType) -> bool:
    """Whether the standard library did it for itself: its own imports, code of its own making."""
    name = frame.f_code.co_filename
    if event == "import":
        return str(args[0]) in _Ear.modules or _first_outside_imports(frame).startswith(STANDARD)
    if event.startswith("sys.set_asyncgen_hook"):
        return "asyncio" in name
    if event in ("exec", "compile") and name.endswith("typing.py"):
        return False  # a type hint written as text
    if event in MAKING and any(maker in name for maker in MAKERS) and name.startswith(STANDARD):
        return True
    if event in MAKING and name.endswith("typing_extensions.py"):
        return True  # replaces parts of `typing` wherever it is imported
    if event.startswith("socket.") and _any_frame(
        frame, "asyncio/selector_events.py", "_make_self_pipe"
    ):
        return True
    if event == "open" and _any_frame(frame, "warnings.py", ""):
        return True  # the line that a warning shows
    return _importing(frame)


def _first_outside_imports(frame: FrameType | None) -> str:
    """The file of the code that asked for an import."""
    while frame is not None and "importlib" in frame.f_code.co_filename:
        frame = frame.f_back
    return frame.f_code.co_filename if frame is not None else ""


def _importing(frame: FrameType | None) -> bool:
    """Whether the import system is at work: below it, until some module's own code."""
    while frame is not None:
        name = frame.f_code.co_filename
        if "importlib._bootstrap" in name:
            return True
        if frame.f_code.co_name == "<module>":
            return False
        frame = frame.f_back
    return False


def _any_frame(frame: FrameType | None, file: str, function: str) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.endswith(file) and function in frame.f_code.co_name:
            return True
        frame = frame.f_back
    return False


sys.addaudithook(_hook)


def listen(payload: bytes) -> bytes:
    """Run a Program; the Heard."""
    program = msgspec.msgpack.decode(payload, type=Program)
    _write(program.files)
    for name in program.preload:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    os.environ[PROBE] = "probed-value"
    sys.unraisablehook = lambda _: None
    _hear_threads()
    sys.meta_path.insert(0, _Finder)
    _Ear.modules = frozenset(_dotted(name) for name in program.files)
    before = _state()
    module, _, function = program.call.partition(":")
    sys.path.insert(0, str(Path.cwd()))
    sys.stdin = io.StringIO("1\n")
    heard: list[tuple[tuple[str, str], ...]] = []
    value: Any = None
    error = ""
    for step in (
        partial(importlib.import_module, module),
        partial(_call, module, function),
    ):
        _Ear.events = []
        _Ear.on = True
        try:
            value = step()
        except BaseException as why:  # noqa: BLE001 (whatever the program does, is told)
            error = f"{type(why).__name__}: {why}"[:300]
        _Ear.on = False
        heard.append(tuple(_Ear.events))
    after = _state()
    found = Heard(
        heard[0],
        heard[1],
        after[0] != before[0],
        tuple(sorted(name for name in before[1] if before[1][name] != after[1].get(name))),
        "probed-value" in _text(value),
        error,
        _annotations(sys.modules.get(module)),
    )
    return msgspec.msgpack.encode(found)


def _call(module: str, function: str) -> Any:
    return getattr(sys.modules[module], function)()


class _Finder:
    """Finds no module, but hears that one is looked for: `import_module` raises no event."""

    @staticmethod
    def find_spec(name: str, *_: object) -> None:
        if not _Ear.on or name in _Ear.modules:
            return
        asking = sys._getframe(1)  # noqa: SLF001 (whose import it is)
        if not _first_outside_imports(asking).startswith(STANDARD):
            _Ear.events.append(("import", repr(name)))


def _hear_threads() -> None:
    """Python tells of new threads from 3.13 on; until then we do."""
    for name in ("_start_new_thread", "_start_joinable_thread"):
        start = getattr(threading, name, None)
        if start is not None:
            setattr(threading, name, _telling(start))


def _telling(start: Any) -> Any:
    def tell(*args: Any, **kwargs: Any) -> Any:
        if _Ear.on:
            _Ear.events.append(("_thread.start_new_thread", ""))
        return start(*args, **kwargs)

    return tell


def _dotted(file: str) -> str:
    return file.removesuffix(".py").replace("/", ".").removesuffix(".__init__")


def _write(files: dict[str, str]) -> None:
    for name, text in files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _text(value: Any) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001 (the text is the author's)
        return ""


WATCHED = ("json", "os", "sys", "builtins", "math", "logging", "random", "re")


def _state() -> tuple[list[Any], dict[str, int]]:
    """Handlers of signals, and the identity of what modules hold."""
    handlers = [signal.getsignal(number) for number in (signal.SIGUSR1, signal.SIGALRM)]
    held = {
        f"{name}.{key}": id(value)
        for name in WATCHED
        if (module := sys.modules.get(name)) is not None
        for key, value in vars(module).items()
        if not key.startswith("_") and key not in ("stdin", "path", "last_value", "last_type")
    }
    return handlers, held


def _annotations(module: ModuleType | None) -> tuple[str, ...]:
    found = set()
    for value in list(vars(module).values()) if module else ():
        for annotation in getattr(value, "__annotations__", {}).values():
            if isinstance(annotation, type):
                found.add(f"{annotation.__module__}.{annotation.__qualname__}")
            elif isinstance(annotation, str):
                found.add(annotation)
    return tuple(sorted(found))
