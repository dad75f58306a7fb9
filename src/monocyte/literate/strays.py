"""Strays: scenarios that were written and never run, and cells that have none.

A function that takes a `World` or a `Stage` was meant to be played. If nothing declares it, and
nothing else in its file uses it, it is dead.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from inspect import signature
from types import CodeType, FunctionType
from typing import Any

from monocyte.cell import Journeys, Manifest
from monocyte.literate.findings import Finding, finding
from monocyte.testing import Operator, Stage, World

__all__ = ["stray_findings"]

PLAYED = {"World": World, "Stage": Stage, "Operator": Operator}
"""What is given to functions that are played, by the names that annotations use."""


def stray_findings(part: Manifest | Journeys) -> Iterator[Finding]:
    """Every function that is never played; and the cell, if it has no scenario at all."""
    for function in _dead(part):
        where = f"{function.__code__.co_filename}:{function.__code__.co_firstlineno}"
        what = f"{function.__name__} is never run: nothing declares it, and nothing uses it"
        mend = "put @cell.scenario (or decision, runbook) above it, or delete it"
        yield finding("scenario-dead", part.name, where, what, mend)
    if not part.scenarios:
        what = f"{part.name} has no scenario: nothing shows that it does what it is for"
        mend = "write one: @cell.scenario above def (lab: World) -> None"
        yield finding("scenario-missing", part.name, f"{part.file}:1", what, mend)


def _dead(part: Manifest | Journeys) -> Iterator[FunctionType]:
    """In the order of the file."""
    own = [
        it
        for it in vars(sys.modules[part.module]).values()
        if isinstance(it, FunctionType) and it.__code__.co_filename == part.file
    ]
    alive = {name for it in own for name in _names(it.__code__) - {it.__name__}}
    declared = {it.function.__name__ for it in part.scenarios}
    if isinstance(part, Manifest):
        declared |= {it.name for it in part.decisions} | set(part.runbooks)
        alive |= {it.keeps.__name__ for it in part.runbooks.values() if it.keeps is not None}
    for function in sorted(own, key=lambda it: it.__code__.co_firstlineno):
        if _is_played(function) and function.__name__ not in declared | alive:
            yield function


def _is_played(function: FunctionType) -> bool:
    first: Any = next(iter(signature(function).parameters.values()), None)
    annotation = first.annotation if first is not None else None
    return annotation in PLAYED.values() or annotation in PLAYED


def _names(code: CodeType) -> set[str]:
    """Every name that a code uses, functions inside of it included."""
    inner = [it for it in code.co_consts if isinstance(it, CodeType)]
    return {*code.co_names, *(name for it in inner for name in _names(it))}
