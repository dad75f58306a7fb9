"""The code of a notebook as one module: what its cells do, in their order, and nothing of the rest.

Outputs, metadata and prose are not code, and are left out. Nothing is executed here.
"""

from __future__ import annotations

import ast
import io
import json
import re

__all__ = ["NoNotebook", "notebook_code"]


LINE_END = re.compile(r"\r\n|\r|\n")
"""As Python has it: U+2028 and others stay what they are in a text."""


class NoNotebook(ValueError):
    """The text is no notebook, or one of a format that is not known; the argument says why."""


def notebook_code(data: bytes) -> bytes:
    """The code cells as one module; a cell's last expression is shown, so it counts.

    Magic lines become calls of `__magic__`, and each cell starts with a call of `__cell__`, which
    keeps what it does in its place.

    Raises:
        NoNotebook: it cannot be read.
    """
    try:
        cells = json.loads(data)["cells"]
        code = [_joined(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise NoNotebook(f"it is no notebook: {type(error).__name__}: {error}") from error
    out = io.StringIO()
    for number, text in enumerate(code):
        out.write(f"__cell__({number})\n{_shown(text)}\n")
    return out.getvalue().encode("utf-8", "surrogatepass")


def _joined(source: object) -> str:
    return "".join(source) if isinstance(source, list) else str(source)


def _shown(cell: str) -> str:
    lines = LINE_END.split(cell.rstrip())
    if lines[0].startswith("%%"):
        return f"__magic__({cell!r})"
    return _wrap_last("\n".join(_magic(line) for line in lines))


def _wrap_last(cell: str) -> str:
    """The expression that a cell ends in is what it displays."""
    try:
        body = ast.parse(cell).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return cell  # will be reported when the notebook as a whole is parsed
    if not body or not isinstance(body[-1], ast.Expr) or cell.rstrip().endswith(";"):
        return cell
    shown = ast.get_source_segment(cell, body[-1]) or ""
    before = LINE_END.split(cell)[: body[-1].lineno - 1]
    return "\n".join([*before, f"__shown__(({shown}))"])


def _magic(line: str) -> str:
    bare = line.lstrip()
    if bare.startswith(("%", "!", "?")) or bare.endswith("?"):
        return f"{line[: len(line) - len(bare)]}__magic__({bare!r})"
    return line
