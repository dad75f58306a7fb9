"""Mutants of what runs when a module is loaded: constants, attributes of classes, decorators.

No function can be swapped for these, so whoever tries one puts the mutated file into the suite and
runs it anew. That is dear: only a few are chosen, of what the tests name or have run.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence

from monocyte.semdiff.mutator import Mutant, Mutator

__all__ = ["loaded", "words_of"]

EACH = 2
"""Mutants of one constant."""


def loaded(
    text: str, mutator: Mutator, lines: Collection[int], words: Collection[str]
) -> list[Mutant]:
    """Mutants of constants that ran code or tests name, and of decorators of functions that ran."""
    tree = ast.parse(text)
    ran = [it for it in ast.walk(tree) if isinstance(it, FUNCTION) and _has_run(it, lines)]
    named = {*words, *(word for it in ran for word in words_of(it))}
    acting = [it for it in mutator.mutants if not it.function]
    constants = [it for it in _constants(tree.body) if _names(it) & named]
    found = [mutant for it in constants for mutant in _of_value(it, acting)[:EACH]]
    return found + [mutant for it in ran for mutant in _of_decorators(it, acting)]


FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef


def words_of(node: ast.AST) -> Iterator[str]:
    """The names that code mentions: its variables, attributes, and what it imports."""
    for it in ast.walk(node):
        if isinstance(it, ast.Name):
            yield it.id
        elif isinstance(it, ast.Attribute):
            yield it.attr
        elif isinstance(it, ast.Import | ast.ImportFrom):
            for alias in it.names:
                yield from alias.name.split(".")
            yield from (getattr(it, "module", "") or "").split(".")


def _has_run(node: ast.FunctionDef | ast.AsyncFunctionDef, lines: Collection[int]) -> bool:
    last = node.end_lineno or node.lineno
    return any(node.body[0].lineno <= line <= last for line in lines)


def _constants(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    for it in body:
        if isinstance(it, ast.Assign | ast.AnnAssign):
            yield it
        elif isinstance(it, ast.ClassDef):
            yield from _constants(it.body)


def _names(node: ast.stmt) -> set[str]:
    found = ast.walk(node)
    return {it.id for it in found if isinstance(it, ast.Name) and isinstance(it.ctx, ast.Store)}


def _of_value(node: ast.stmt, mutants: Sequence[Mutant]) -> list[Mutant]:
    """The mutants of a constant that change what it is, not whether it is."""
    last = node.end_lineno or node.lineno
    mine = [it for it in mutants if node.lineno <= it.line <= last and it.new]
    return [it for it in mine if not it.new.endswith("= None")]


def _of_decorators(
    node: ast.FunctionDef | ast.AsyncFunctionDef, mutants: Sequence[Mutant]
) -> list[Mutant]:
    """The mutants of a function's decorators: they stand where it does."""
    return [it for it in mutants if it.line == node.lineno and it.new.startswith(STARTS)]


STARTS = ("def ", "async def ", "@")
