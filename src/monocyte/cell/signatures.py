"""Read the signature of one declared function: can it be called at all, and with what?"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, get_type_hints

from monocyte.cell.definition import Declared
from monocyte.errors import DefinitionError

__all__ = ["LAMBDA", "annotations_of", "shape_faults", "unannotated"]

LAMBDA = "<lambda>"
BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def shape_faults(it: Declared, *, is_global: bool) -> Iterator[DefinitionError]:
    """Why a function cannot serve, whatever its annotations say.

    `is_global` says that its cell stands at the top of a file, and so its functions must too.
    """
    name = it.function.__name__
    if name == LAMBDA:
        yield _fault(it, f"a lambda cannot say what it {it.role}", "write a def with annotations")
    elif is_global and it.function.__qualname__ != name:
        what = f"{it.function.__qualname__} is inside of a function or class"
        yield _fault(it, what, "move it to the top level of the file")
    if it.role != "runbook" and (
        inspect.isgeneratorfunction(it.function) or inspect.isasyncgenfunction(it.function)
    ):
        mend = "return what it makes; several events as a tuple"
        yield _fault(it, f"{name} yields, so nobody would run it to its end", mend)
    for parameter in inspect.signature(it.function).parameters.values():
        if parameter.kind not in BY_NAME:
            what = f"parameter {parameter.name} of {name} cannot be passed by name"
            yield _fault(it, what, "no *, ** or /")


def annotations_of(it: Declared) -> dict[str, Any]:
    """The annotations of the parameters in their order, then that of the result as `return`.

    Raises:
        DefinitionError: one cannot be evaluated.
    """
    try:
        hints = get_type_hints(it.function, include_extras=True)
    except Exception as why:  # a supervision edge: annotations are the author's expressions
        what = f"an annotation of {it.function.__name__} cannot be read: {why}"
        raise _fault(it, what, "import or define what it names") from why
    names = [*inspect.signature(it.function).parameters, "return"]
    return {name: hints[name] for name in names if name in hints}


def unannotated(it: Declared, hints: dict[str, Any]) -> Iterator[DefinitionError]:
    """Every parameter that says nothing, and the result if it does."""
    name = it.function.__name__
    for parameter in inspect.signature(it.function).parameters:
        if parameter not in hints:
            mend = "annotate it: with a message, the state, or a port"
            yield _fault(it, f"parameter {parameter} of {name} has no annotation", mend)
    if "return" not in hints:
        mend = "annotate its result: -> None if there is none"
        yield _fault(it, f"{name} does not say what it returns", mend)


def _fault(it: Declared, message: str, mend: str) -> DefinitionError:
    return DefinitionError(message, where=it.where, mend=mend)
