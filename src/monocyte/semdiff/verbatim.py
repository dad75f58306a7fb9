"""What two versions of a module have word for word: it need not be compared otherwise. Pure.

A statement that both say in the same words, under the same future imports and the same encoding,
compiles to the same code: what the names in it stand for is told where these are bound. Only what
stands once on either side is paired, so that numbering and order are left to who compares.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections import Counter
from collections.abc import Sequence

__all__ = ["Words", "shared"]

Words = tuple[int, int, tuple[str, ...]]
"""A statement as it is written: where it begins and ends on its lines, and these."""


def shared(
    old: ast.Module, old_lines: Sequence[str], new: ast.Module, new_lines: Sequence[str]
) -> dict[int, Words]:
    """The statements of both modules (by `id`) that the other one has, too, and how they read."""
    if _reads_otherwise(old, old_lines) != _reads_otherwise(new, new_lines):
        return {}
    said = [_said(old, old_lines), _said(new, new_lines)]
    common = _once(said[0]) & _once(said[1])
    return {at: words for side in said for at, words in side.items() if words in common}


def _said(module: ast.Module, lines: Sequence[str]) -> dict[int, Words]:
    """Every statement whose name no other one has."""
    names = Counter(_name(it) for it in module.body)
    return {
        id(it): _words(it, lines) for it in module.body if not _name(it) or names[_name(it)] == 1
    }


def _once(said: dict[int, Words]) -> set[Words]:
    return {words for words, count in Counter(said.values()).items() if count == 1}


def _name(statement: ast.stmt) -> str:
    return getattr(statement, "name", "")


def _words(statement: ast.stmt, lines: Sequence[str]) -> Words:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    first = min([statement.lineno, *(it.lineno for it in decorators)])
    last = statement.end_lineno or statement.lineno
    return statement.col_offset, statement.end_col_offset or 0, tuple(lines[first - 1 : last])


def _reads_otherwise(module: ast.Module, lines: Sequence[str]) -> tuple[str, frozenset[str]]:
    """What decides, beside the words of a statement, how they are read."""
    future = frozenset(
        alias.name
        for it in module.body
        if isinstance(it, ast.ImportFrom) and it.module == "__future__"
        for alias in it.names
    )
    head = "".join(lines[:2]).encode("utf-8", "surrogateescape")
    return tokenize.detect_encoding(io.BytesIO(head).readline)[0], future
