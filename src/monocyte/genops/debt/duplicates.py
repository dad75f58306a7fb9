"""Code that stands twice: runs of statements that are the same but for the names of locals.

Windows of neighbouring statements are compared by their syntax trees, in which the names that a
window binds for itself are numbered; what is defined elsewhere, attributes and constants count as
they are. (Type-2 clones in the terms of Roy, Cordy, Koschke, "Comparison and evaluation of code
clone detection techniques and tools", 2009.) Pure.
"""

from __future__ import annotations

import ast
import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

__all__ = ["Clone", "clones", "lines_of"]

WEIGHT = 30
"""Nodes of syntax that a run must have at least: some three lines."""


class Clone(NamedTuple):
    """A run of statements that stands elsewhere too, where it was found first."""

    file: str
    first: int
    last: int
    like_file: str
    like_first: int

    @property
    def lines(self) -> int:
        """How many there are."""
        return self.last - self.first + 1

    def __str__(self) -> str:
        return f"{self.file}:{self.first}-{self.last} is {self.like_file}:{self.like_first} again"


class _Window(NamedTuple):
    file: str
    first: int
    last: int
    weight: int
    digest: bytes


def clones(trees: Mapping[str, ast.Module]) -> list[Clone]:
    """Every run that stands twice, the longest first, none within another of the list."""
    windows = [it for file, tree in trees.items() for it in _windows(file, tree)]
    alike: defaultdict[bytes, list[_Window]] = defaultdict(list)
    for window in windows:
        alike[window.digest].append(window)
    found: list[Clone] = []
    taken: set[tuple[str, int]] = set()
    for group in sorted(alike.values(), key=lambda them: -them[0].weight):
        first, *others = sorted(group, key=lambda it: (it.file, it.first))
        for it in others:
            lines = {(it.file, line) for line in range(it.first, it.last + 1)}
            overlaps = it.file == first.file and it.first <= first.last
            if not overlaps and not lines & taken:
                taken |= lines
                found.append(Clone(it.file, it.first, it.last, first.file, first.first))
    return found


def lines_of(found: Sequence[Clone]) -> int:
    """How many lines could go."""
    return sum(it.lines for it in found)


def _windows(file: str, tree: ast.Module) -> Iterator[_Window]:
    for function in ast.walk(tree):
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for block in _blocks(function):
                yield from _runs(file, block)


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """The lists of statements in a function, without those of functions within it."""
    for _, value in ast.iter_fields(node):
        items = value if isinstance(value, list) else [value]
        if value and isinstance(value, list) and isinstance(value[0], ast.stmt):
            yield [it for it in value if not _is_prose(it)]
        for it in items:
            if isinstance(it, ast.AST) and not isinstance(
                it, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
            ):
                yield from _blocks(it)


def _is_prose(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _runs(file: str, block: Sequence[ast.stmt]) -> Iterator[_Window]:
    weights = [sum(1 for _ in ast.walk(it)) for it in block]
    for start in range(len(block)):
        for end in range(start + 1, len(block) + 1):
            weight = sum(weights[start:end])
            if weight >= WEIGHT:
                run = block[start:end]
                last = run[-1].end_lineno or run[-1].lineno
                yield _Window(file, run[0].lineno, last, weight, _digest(run))


def _digest(run: Sequence[ast.stmt]) -> bytes:
    """What is equal for runs that differ in the names of their locals only."""
    bound = {
        it.id for top in run for it in ast.walk(top) if isinstance(it, ast.Name) and _binds(it)
    }
    numbers: dict[str, int] = {}
    words: list[str] = []
    for top in run:
        for node in ast.walk(top):
            words.append(type(node).__name__)
            if isinstance(node, ast.Name) and node.id in bound:
                words.append(f"#{numbers.setdefault(node.id, len(numbers))}")
            else:
                words.extend(
                    repr(it)
                    for _, it in ast.iter_fields(node)
                    if not isinstance(it, (ast.AST, list))
                )
        words.append(";")
    return hashlib.sha256("\0".join(words).encode(errors="surrogatepass")).digest()


def _binds(name: ast.Name) -> bool:
    return not isinstance(name.ctx, ast.Load)
