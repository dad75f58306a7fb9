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

__all__ = ["Clone", "Window", "clones", "lines_of", "windows"]

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


class Window(NamedTuple):
    """A run of statements in a file, with a digest that all its likes have."""

    first: int
    last: int
    weight: int
    digest: bytes


def clones(windows: Mapping[str, Sequence[Window]]) -> list[Clone]:
    """Every run that stands twice, the longest first, none within another of the list."""
    alike: defaultdict[bytes, list[tuple[str, Window]]] = defaultdict(list)
    for file, runs in windows.items():
        for window in runs:
            alike[window.digest].append((file, window))
    found: list[Clone] = []
    taken: set[tuple[str, int]] = set()
    for group in sorted(alike.values(), key=lambda them: -them[0][1].weight):
        (first_file, first), *others = sorted(group, key=lambda it: (it[0], it[1].first))
        for file, it in others:
            lines = {(file, line) for line in range(it.first, it.last + 1)}
            overlaps = file == first_file and it.first <= first.last
            if not overlaps and not lines & taken:
                taken |= lines
                found.append(Clone(file, it.first, it.last, first_file, first.first))
    return found


def lines_of(found: Sequence[Clone]) -> int:
    """How many lines could go."""
    return sum(it.lines for it in found)


def windows(tree: ast.Module) -> Iterator[Window]:
    """Every run of neighbouring statements of a file that is heavy enough."""
    for function in ast.walk(tree):
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for block in _blocks(function):
                yield from _runs(block)


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


def _runs(block: Sequence[ast.stmt]) -> Iterator[Window]:
    spelled = [_Spelled(it) for it in block]
    for start in range(len(block)):
        weight = 0
        for end in range(start, len(block)):
            weight += spelled[end].weight
            if weight >= WEIGHT:
                last = block[end].end_lineno or block[end].lineno
                digest = _digest(spelled[start : end + 1])
                yield Window(block[start].lineno, last, weight, digest)


class _Spelled:
    """A statement as words; a name is a word of its own kind, since it may be numbered."""

    def __init__(self, statement: ast.stmt) -> None:
        self.words: list[str | _Name] = []
        self.bound: set[str] = set()
        self.weight = 0
        for node in ast.walk(statement):
            self.weight += 1
            self.words.append(type(node).__name__)
            if isinstance(node, ast.Name):
                self.words.append(_Name(node.id))
                if not isinstance(node.ctx, ast.Load):
                    self.bound.add(node.id)
            else:
                self.words += [
                    repr(it)
                    for _, it in ast.iter_fields(node)
                    if not isinstance(it, (ast.AST, list))
                ]
        self.words.append(";")


class _Name(NamedTuple):
    id: str


def _digest(run: Sequence[_Spelled]) -> bytes:
    """What is equal for runs that differ in the names of their locals only."""
    bound = set().union(*(it.bound for it in run))
    numbers: dict[str, int] = {}
    words = [
        word
        if isinstance(word, str)
        else f"#{numbers.setdefault(word.id, len(numbers))}"
        if word.id in bound
        else repr(word.id)
        for it in run
        for word in it.words
    ]
    return hashlib.sha256("\0".join(words).encode(errors="surrogatepass")).digest()
