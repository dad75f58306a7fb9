"""Which lines of a definition a change is about: statement by statement, not text line by line.

Statements that differ in layout, comments, docstrings, or in a local name that was changed
throughout, are the same statement. This decides what is shown and what should be covered, never a
verdict: where nothing is left to show, the lines that differ as text are shown.
"""

from __future__ import annotations

import ast
import difflib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

__all__ = ["Hunk", "Unit", "find", "hunks", "pairs", "units"]

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Hunk(msgspec.Struct, frozen=True):
    """Lines that changed together; a side without lines has gained, or lost, them all."""

    old_line: int
    """Number of the first old line; where there is none, of the line that they would follow."""
    old: tuple[str, ...]
    new_line: int
    new: tuple[str, ...]


@dataclass(frozen=True)
class Unit:
    """One statement without the statements inside it, with the lines that it takes."""

    node: ast.AST
    key: str
    """What it says, with local names left out."""
    names: tuple[str, ...]
    """The local names that were left out, in order."""
    first: int
    last: int


# -- finding --------------------------------------------------------------------------------------


def find(tree: ast.Module, name: str, line: int) -> ast.AST | None:
    """The definition of this qualified name that starts, decorators included, on this line."""
    if name.startswith("<"):
        return tree
    wanted = name.partition("#")[0].rpartition(".")[2]
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and start(node) == line and wanted in _bound(node):
            return node
    return None


def start(node: ast.AST) -> int:
    """The first line of a statement; of a definition, that of its first decorator."""
    decorators = getattr(node, "decorator_list", [])
    lines: list[int] = [getattr(node, "lineno", 1), *(it.lineno for it in decorators)]
    return min(lines)


def _bound(node: ast.stmt) -> set[str]:
    if isinstance(node, DEFINITIONS):
        return {node.name}
    return {
        it.id for it in ast.walk(node) if isinstance(it, ast.Name) and isinstance(it.ctx, ast.Store)
    }


# -- taking apart ---------------------------------------------------------------------------------


def units(node: ast.AST) -> list[Unit]:
    """The statements of a definition, in order; not what is defined inside a class or module.

    Functions, classes and constants there have findings of their own.
    """
    if isinstance(node, ast.Module):
        own = [it for it in _body(node) if not _speaks_for_itself(it, in_module=True)]
        return [it for child in own for it in _units(child, frozenset(), 0, whole=False)]
    local = _locals(node) if isinstance(node, FUNCTIONS) else frozenset()
    return list(_units(node, local, 0, whole=True))


def _units(node: ast.AST, local: frozenset[str], depth: int, *, whole: bool) -> Iterator[Unit]:
    if not whole and _speaks_for_itself(node):
        return
    # Inside a function all is its own; a class does not show what is defined in it.
    whole = not isinstance(node, ast.ClassDef)
    spelled = _Spelling(local)
    key = spelled.header(node)
    inner = [it for block in _blocks(node) for it in block[1]]
    last = getattr(node, "end_lineno", 0) or 0
    if inner:
        below = min(start(inner[0]), _first_inside(node))
        last = max(start(node), below - 1) if start(inner[0]) > start(node) else last
    yield Unit(node, f"{depth} {key}", tuple(spelled.names), start(node), last)
    for label, block in _blocks(node):
        if label:
            first = start(block[0])
            yield Unit(block[0], f"{depth} {label}", (), max(first - 1, 1), max(first - 1, 1))
        for child in block:
            yield from _units(child, local, depth + 1, whole=whole)


def _first_inside(node: ast.AST) -> int:
    """The first line below the head of a definition, a docstring counted."""
    body = node.body if isinstance(node, DEFINITIONS) else []
    return start(body[0]) if body else sys.maxsize


def _speaks_for_itself(node: ast.AST, *, in_module: bool = False) -> bool:
    """Whether it has a finding of its own: a definition, or a constant of a module."""
    match node:
        case ast.Assign(targets=[ast.Name()]):
            return in_module
    return isinstance(node, DEFINITIONS)


def _blocks(node: ast.AST) -> list[tuple[str, list[ast.AST]]]:
    """The blocks inside a statement, with what introduces all but the first."""
    if isinstance(node, ast.Lambda | ast.IfExp):
        return []
    found: list[tuple[str, list[ast.AST]]] = []
    for name, label in (
        *(("body", ""), ("handlers", ""), ("cases", "")),
        *(("orelse", "else"), ("finalbody", "finally")),
    ):
        block = _body(node) if name == "body" else getattr(node, name, None)
        if isinstance(block, list) and block:
            is_elif = label == "else" and isinstance(node, ast.If) and _is_elif(block, node)
            found.append(("" if is_elif else label, block))
    return found


def _is_elif(block: list[ast.AST], node: ast.If) -> bool:
    only = block[0]
    return len(block) == 1 and isinstance(only, ast.If) and only.col_offset == node.col_offset


def _body(node: ast.AST) -> list[ast.AST]:
    """The statements in it, without the docstring."""
    body = getattr(node, "body", None)
    if not isinstance(body, list):
        return []
    is_documented = isinstance(node, (*DEFINITIONS, ast.Module)) and body
    if is_documented and isinstance(body[0], ast.Expr):
        value = body[0].value
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            return body[1:]
    return body


def _locals(node: ast.AST) -> frozenset[str]:
    """Names that a function binds and nobody outside sees; a parameter may be named by callers."""
    arguments = {it.arg for it in ast.walk(node) if isinstance(it, ast.arg)}
    shared = {
        name
        for it in ast.walk(node)
        if isinstance(it, ast.Global | ast.Nonlocal)
        for name in it.names
    }
    stored = {
        it.id for it in ast.walk(node) if isinstance(it, ast.Name) and isinstance(it.ctx, ast.Store)
    }
    return frozenset(stored - arguments - shared)


class _Spelling:
    """A statement's own words, with local names left out and kept apart."""

    BLOCKS = frozenset({"body", "orelse", "finalbody", "handlers", "cases"})
    SILENT = frozenset({"ctx", "type_comment", "kind", "type_ignores"})

    def __init__(self, local: frozenset[str]) -> None:
        self.local = local
        self.names: list[str] = []

    def header(self, node: ast.AST) -> str:
        """The statement without the blocks inside it."""
        return self._node(node, without=self.BLOCKS if _blocks(node) else frozenset())

    def _node(self, node: ast.AST, without: frozenset[str] = frozenset()) -> str:
        if isinstance(node, ast.Name) and node.id in self.local:
            self.names.append(node.id)
            return "?"
        fields = (
            f"{name}={self._value(value)}"
            for name, value in ast.iter_fields(node)
            if name not in without and name not in self.SILENT
        )
        return f"{type(node).__name__}({', '.join(fields)})"

    def _value(self, value: object) -> str:
        if isinstance(value, ast.AST):
            return self._node(value)
        if isinstance(value, list):
            return f"[{', '.join(map(self._value, value))}]"
        return repr(value)


# -- comparing ------------------------------------------------------------------------------------

Pair = tuple[Sequence[Unit], Sequence[Unit]]


def pairs(old: Sequence[Unit], new: Sequence[Unit]) -> list[Pair]:
    """Groups of statements that changed together, in order; one side of a group may be empty."""
    matcher = difflib.SequenceMatcher(
        None, [it.key for it in old], [it.key for it in new], autojunk=False
    )
    found: list[Pair] = []
    renamed = _Renaming()
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag != "equal":
            found += _heads_apart(old[a:b], new[c:d])
            continue
        for ours, theirs in zip(old[a:b], new[c:d], strict=True):
            if not renamed.fits(ours.names, theirs.names):
                found.append(([ours], [theirs]))
    return found


def _heads_apart(old: Sequence[Unit], new: Sequence[Unit]) -> list[Pair]:
    """A definition's head by itself: between it and what follows a docstring may stand."""
    if len(old) + len(new) > 2 and old and new:
        heads = old[0].node, new[0].node
        if all(isinstance(it, DEFINITIONS) for it in heads):
            rest = (old[1:], new[1:])
            return [(old[:1], new[:1]), *([rest] if any(rest) else [])]
    return [(old, new)]


class _Renaming:
    """Which local name was changed to which; one to one, throughout."""

    def __init__(self) -> None:
        self.there: dict[str, str] = {}
        self.back: dict[str, str] = {}

    def fits(self, old: Sequence[str], new: Sequence[str]) -> bool:
        """Whether these names agree with all before."""
        return all(
            self.there.setdefault(a, b) == b and self.back.setdefault(b, a) == a
            for a, b in zip(old, new, strict=True)
        )


def hunks(
    found: Sequence[Pair], old_lines: Sequence[str], new_lines: Sequence[str]
) -> tuple[Hunk, ...]:
    """Groups of statements as lines of both files."""
    made: list[Hunk] = []
    at_old = at_new = 0
    for old, new in found:
        old_line, ours = _lines(old, old_lines, at_old)
        new_line, theirs = _lines(new, new_lines, at_new)
        at_old, at_new = old_line + len(ours), new_line + len(theirs)
        made.append(Hunk(old_line, ours, new_line, theirs))
    return tuple(made)


def _lines(side: Sequence[Unit], lines: Sequence[str], after: int) -> tuple[int, tuple[str, ...]]:
    if not side:
        return after, ()
    first, last = min(it.first for it in side), max(it.last for it in side)
    return first, tuple(lines[first - 1 : last])


Stretch = tuple[int, Sequence[str]]


def _narrowed(old: Stretch, new: Stretch) -> tuple[Stretch, Stretch]:
    """Without the lines that both begin and end with: comparing takes the square of the rest."""
    (at, ours), (to, theirs) = old, new
    least = min(len(ours), len(theirs))
    head = next((i for i in range(least) if ours[i] != theirs[i]), least)
    most = least - head
    tail = next((i for i in range(most) if ours[-1 - i] != theirs[-1 - i]), most)
    ends = len(ours) - tail, len(theirs) - tail
    return (at + head, ours[head : ends[0]]), (to + head, theirs[head : ends[1]])


def by_text(old: Stretch, new: Stretch, most: int = 6) -> tuple[Hunk, ...]:
    """The lines that differ as text, of two stretches that start at these lines."""
    (at, ours), (to, theirs) = _narrowed(old, new)
    matcher = difflib.SequenceMatcher(None, ours, theirs, autojunk=False)
    return tuple(
        Hunk(at + a, tuple(ours[a:b]), to + c, tuple(theirs[c:d]))
        for tag, a, b, c, d in matcher.get_opcodes()
        if tag != "equal"
    )[:most]
