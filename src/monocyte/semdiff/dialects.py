"""Which Python a text is written in that this one cannot parse, told by its words. Pure.

A guess for people, so that they know what to do: nothing depends on it.
"""

from __future__ import annotations

import re
import sys
from typing import NamedTuple

__all__ = ["complaint"]


class Dialect(NamedTuple):
    """How a construct of another Python shows: in the line that does not parse, or in the error."""

    python: tuple[int, int]
    line: str
    error: str = ""


TWO = (2, 7)
DIALECTS = (
    Dialect(TWO, r"^\s*(print|exec)\s+[^=(\s]", r"Missing parentheses in call to '(print|exec)'"),
    Dialect(TWO, r"^\s*except\b.*,\s*[a-z_]\w*\s*:"),
    Dialect(TWO, r"^\s*raise\s+\w[\w.]*\s*,"),
    Dialect(TWO, r"`[^`]+`|<>|\b[uU][rR]['\"]|\b0[0-7]+\b|\b\d+[lL]\b"),
    Dialect((3, 14), r"(?<![\w'\"])(?:[tT][rR]?|[rR][tT])['\"]"),
    Dialect((3, 14), r"^\s*except\*?\s+[^(:]+,[^:]*:"),
    Dialect((3, 13), r"^\s*(?:class|def|async def|type)\s+\w+\s*\[[^\]]*="),
    Dialect((3, 12), r"^\s*(?:class|def|async def)\s+\w+\s*\["),
    Dialect((3, 12), r"^\s*type\s+\w+\s*(?:\[.*\])?\s*="),
    Dialect((3, 12), "", r"f-string|unmatched '\)'|unterminated string literal"),
)
"""Those of newer Pythons matter only to older ones; the first that fits is said."""


def complaint(data: bytes, error: Exception) -> str:
    """Why a text cannot be parsed: what Python says, and what it seems to be written in."""
    running = ".".join(map(str, sys.version_info[:2]))
    said = f"Python {running} cannot parse it: {error}"
    found = _dialect(data, error) if isinstance(error, SyntaxError) else None
    if found is None:
        return said
    if found == TWO:
        return f"{said}; it seems to be Python 2, which is not compared: convert it first"
    wanted = ".".join(map(str, found))
    return f"{said}; it seems to be written for Python {wanted}: run monocyte with that"


def _dialect(data: bytes, error: SyntaxError) -> tuple[int, int] | None:
    lines = data.decode("utf-8", "replace").splitlines()
    line = lines[error.lineno - 1] if error.lineno and error.lineno <= len(lines) else ""
    for it in DIALECTS:
        if it.python[0] == 3 and sys.version_info >= it.python:
            continue
        is_shown = bool(it.line and re.search(it.line, line))
        is_said = bool(it.error and re.search(it.error, str(error)))
        quoted = it.line or re.search(r"\b[rR]?[fF][rR]?['\"]", line)
        if is_shown or (is_said and quoted):
            return it.python
    return None
