"""In a worker: CrossHair, if it is installed and asked for, where generated inputs found nothing.

It solves for an input instead of guessing one. Its own time limits do not stop an endless loop, so
the worker that it runs in is killed in the end; that is no more than "nothing found". What
it finds is confirmed like any other input.
"""

from __future__ import annotations

import contextlib
import importlib
from typing import Any

import msgspec

from monocyte.semdiff.evidence import Call, Found, Search
from monocyte.semdiff.trial import DRIVER, NoTarget, Target, load

__all__ = ["solve"]


def solve(payload: bytes) -> bytes:
    """The job: from a Search to what was Found."""
    asked = msgspec.msgpack.decode(payload, type=Search)
    try:
        found = _solved(asked)
    except ImportError:
        found = Found(problem="CrossHair is not installed")
    except NoTarget as reason:
        found = Found(problem=str(reason))
    return msgspec.msgpack.encode(found)


def _solved(asked: Search) -> Found:
    differ: Any = importlib.import_module("crosshair.diff_behavior")
    info = importlib.import_module("crosshair.fnutil").FunctionInfo
    options: Any = importlib.import_module("crosshair.options")
    importlib.import_module("crosshair.core_and_libs")  # registers what it knows of the library
    loaded = [load(version, asked.driver) for version in (asked.old, asked.new)]
    module = DRIVER if asked.driver else asked.old.module
    old, new = [Target(it, module, asked.name) for it in loaded]
    if old.kind != "function" or new.kind != "function":
        raise NoTarget("CrossHair is asked about functions only")
    limits = options.AnalysisOptionSet(per_condition_timeout=asked.budget.symbolic)
    with loaded[1].active(), contextlib.suppress(RecursionError):
        pair = [info.from_fn(it.function) for it in (old, new)]
        for said in differ.diff_behavior(*pair, options.DEFAULT_OPTIONS.overlay(limits)):
            return Found(
                call=_call(module, asked.name, said.args), differs="value", source="solved"
            )
    return Found()


def _call(module: str, name: str, said: dict[str, str]) -> Call:
    """Its arguments are written as expressions already."""
    named = "{" + ", ".join(f"{key!r}: {text}" for key, text in said.items()) + "}"
    inside = ", ".join(f"{key}={text}" for key, text in said.items())
    return Call(arguments="()", named=named, text=f"{module}.{name}({inside})")
