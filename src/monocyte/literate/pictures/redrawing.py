"""Puts a picture into a source file: into the call that declares it, or where one belongs.

Nothing else in the file is touched, byte for byte: neither its line endings, nor its tabs, nor a
byte order mark. The source is parsed to find the call, and never executed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

__all__ = ["put_picture"]

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

LINES = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
"""Lines as Python counts them; `str.splitlines` also breaks at form feeds and the like."""

HEADING = re.compile(r"#\s*#+\s*.*scenario", re.IGNORECASE)
BOM = "\ufeff"


def put_picture(source: str, text: str, maker: str) -> str:
    """The source with `text` as the picture of the thing that `maker(…)` (Cell or App) makes there.

    Raises:
        SyntaxError: the source is no Python.
    """
    mark = BOM if source.startswith(BOM) else ""
    lines = LINES.findall(source.removeprefix(BOM))
    tree = ast.parse("".join(lines))
    variable = _variable(tree, maker)
    call = next(_calls(tree, variable), None)
    if call is None:
        changed = _inserted(lines, tree, variable, text) if text else "".join(lines)
    else:
        changed = _replaced(lines, call, text)
    return mark + changed


def _variable(tree: ast.Module, maker: str) -> str:
    """The name that the cell, or the app, has in its file."""
    for node in ast.walk(tree):
        value = node.value if isinstance(node, (ast.Assign, ast.AnnAssign)) else None
        if isinstance(value, ast.Call) and ast.unparse(value.func).split(".")[-1] == maker:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]  # type: ignore[attr-defined]
            if isinstance(targets[0], ast.Name):
                return targets[0].id
    return maker.lower()


def _calls(tree: ast.Module, variable: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _is_method(node.func, variable, "picture"):
            yield node


def _is_method(node: ast.AST, variable: str, name: str) -> bool:
    is_method = isinstance(node, ast.Attribute) and node.attr == name
    return is_method and isinstance(node.value, ast.Name) and node.value.id == variable  # type: ignore[attr-defined]


# -- replacing -------------------------------------------------------------------------------------


def _replaced(lines: list[str], call: ast.Call, text: str) -> str:
    given: ast.expr | None = call.args[0] if call.args else None
    if given is None:
        given = next((keyword.value for keyword in call.keywords), None)
    indent = _indent(lines[call.lineno - 1])
    newline = _newline(lines, call.lineno)
    if given is None:  # cell.picture(): the literal goes before the bracket that closes it
        end = _offset(lines, call.end_lineno or call.lineno, call.end_col_offset or 1) - 1
        return _spliced(lines, end, end, _literal(text, indent + _step(lines), indent, newline))
    start = _offset(lines, given.lineno, given.col_offset)
    end = _offset(lines, given.end_lineno or 0, given.end_col_offset or 0)
    if isinstance(given, ast.Constant) and isinstance(given.value, str):
        inner = _inner_indent(given.value)
        if _shape(given.value) == _shape(text) and inner is not None:
            return "".join(lines)
        step = inner if inner is not None else indent + _step(lines)
    else:
        step = indent + _step(lines)
    return _spliced(lines, start, end, _literal(text, step, indent, newline))


def _shape(text: str) -> list[str]:
    """What matters in a picture's text: its lines without what they are indented by."""
    lines = text.expandtabs().rstrip().lstrip("\r\n").split("\n")
    margin = min((len(it) - len(it.lstrip()) for it in lines if it.strip()), default=0)
    return [line[margin:].rstrip() for line in lines]


def _inner_indent(text: str) -> str | None:
    """What all lines of the text are indented by; None if it does not stand on lines of its own."""
    first, *rest = text.split("\n")
    inner = [line for line in rest if line.strip()]
    if first.strip() or not inner:
        return None
    indents = [_indent(line) for line in inner]
    return min(indents, key=len)


def _literal(text: str, indent: str, outside: str, newline: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    inner = [indent + line if line else "" for line in escaped.split("\n")] if text else []
    return newline.join(['"""', *inner, f'{outside}"""'])


def _spliced(lines: list[str], start: int, end: int, new: str) -> str:
    whole = "".join(lines)
    return whole[:start] + new + whole[end:]


def _offset(lines: list[str], line: int, column: int) -> int:
    """Where a place of the syntax tree, which counts columns in bytes, is in the text."""
    before = sum(map(len, lines[: line - 1]))
    return before + len(lines[line - 1].encode()[:column].decode())


# -- inserting -------------------------------------------------------------------------------------


def _inserted(lines: list[str], tree: ast.Module, variable: str, text: str) -> str:
    """Before the scenarios, which people read after the behaviour; or at the end."""
    at = _before_scenarios(lines, tree, variable)
    newline = _newline(lines, at or 1)
    call = f"{variable}.picture({_literal(text, _step(lines), '', newline)}){newline}"
    if at is None:
        whole = "".join(lines)
        gap = "" if not whole or whole.endswith(("\n", "\r")) else newline
        return whole + gap + newline + call
    call += newline * (1 if lines[at - 1].lstrip().startswith("#") else 2)
    return "".join([*lines[: at - 1], call, *lines[at - 1 :]])


def _before_scenarios(lines: list[str], tree: ast.Module, variable: str) -> int | None:
    """The line of the heading of the scenarios, or of the first scenario."""
    inside = [range(it.lineno, (it.end_lineno or it.lineno) + 1) for it in tree.body]
    for number, line in enumerate(lines, 1):
        if HEADING.match(line) and not any(number in body for body in inside):
            return number
    for node in tree.body:
        if isinstance(node, FUNCTIONS):
            for decorator in node.decorator_list:
                called = decorator.func if isinstance(decorator, ast.Call) else decorator
                if _is_method(called, variable, "scenario"):
                    return _with_remarks(lines, decorator.lineno)
    return None


def _with_remarks(lines: list[str], number: int) -> int:
    """The line at which the comments right above a line begin, the heading of its part included."""
    above = number - 1
    while above and (not lines[above - 1].strip() or lines[above - 1].startswith("#")):
        above -= 1
    first = next(n for n in range(above, number) if lines[n].startswith("#") or n == number - 1)
    return first + 1


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]


def _step(lines: list[str]) -> str:
    """What this file indents by."""
    return next(("\t" for line in lines if line.startswith("\t")), "    ")


def _newline(lines: list[str], number: int) -> str:
    """How lines end there."""
    line = lines[number - 1] if lines else "\n"
    ending = line[len(line.rstrip("\r\n")) :]
    return ending or next((e for e in ("\r\n", "\r") if lines and lines[0].endswith(e)), "\n")
