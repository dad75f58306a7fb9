"""Where things stand: file:line of functions, classes and fields, for whoever must mend them."""

from __future__ import annotations

import ast
import hashlib
import sys
from pathlib import Path
from types import FrameType, FunctionType

from monocyte.errors import DefinitionError

__all__ = ["class_place", "frame_place", "function_place", "line_of", "release_of"]


def frame_place(frame: FrameType) -> str:
    """file:line of what a frame is executing."""
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def function_place(function: FunctionType) -> str:
    """file:line of a function, its first decorator included."""
    return f"{function.__code__.co_filename}:{function.__code__.co_firstlineno}"


def class_place(cls: type, field: str = "") -> str:
    """file:line of a class, or of one of its fields; without the line if its source is gone."""
    file = getattr(sys.modules.get(cls.__module__), "__file__", None) or "?"
    try:
        tree = ast.parse(Path(file).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return file
    found = [n for n in ast.walk(tree) if isinstance(n, ast.ClassDef) and n.name == cls.__name__]
    if not found:
        return file
    fields = (
        statement.lineno
        for statement in found[-1].body
        if isinstance(statement, ast.AnnAssign)
        and isinstance(statement.target, ast.Name)
        and statement.target.id == field
    )
    return f"{file}:{next(fields, found[-1].lineno)}"


def line_of(fault: DefinitionError) -> tuple[str, int]:
    """File and line of a fault, to put faults in order."""
    file, _, line = fault.where.rpartition(":")
    return file, int(line) if line.isdigit() else 0


def release_of(file: str) -> str:
    """The digest of a file's text, which tells one release of a cell from another."""
    source = Path(file)
    text = source.read_bytes() if source.is_file() else b""
    return hashlib.blake2b(text, digest_size=8).hexdigest()
