"""Pieces of code and what they name: each function's own code, and the module's.

Used to see who may hand a definition to whom; only names count, whatever they are bound to.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from monocyte.semdiff.normal.facts import ModuleFacts
from monocyte.semdiff.scopes import FUNCTIONS

__all__ = ["Chunk", "chunks_of"]

_NAME = re.compile(r"[A-Za-z_][\w.]{0,80}")


@dataclass(slots=True)
class Chunk:
    """One function without the functions inside it, or the code around all functions."""

    name: str
    words: set[str] = field(default_factory=set)
    """Every name and attribute in it; for an imported alias the original, too."""
    calls: set[str] = field(default_factory=set)
    """The names in it that are called."""
    values: set[str] = field(default_factory=set)
    """The names in it that are handed on as values: not called, not looked into, not types."""
    made: set[str] = field(default_factory=set)
    """The names in it whose call's result is handed on: of a class, an instance."""
    strings: set[str] = field(default_factory=set)
    """The strings in it that may name something."""
    operates: bool = False
    """Whether it uses an operator, which may be anybody's method."""


def chunks_of(facts: ModuleFacts) -> list[Chunk]:
    """The pieces of one module."""
    originals = {
        node.asname: node.name.rpartition(".")[2]
        for node in facts.nodes
        if isinstance(node, ast.alias) and node.asname
    }
    chunks = list(_collect(facts.tree, Chunk("")))
    for chunk in chunks:
        for named in (chunk.words, chunk.calls, chunk.values, chunk.made):
            named |= {originals[word] for word in named & originals.keys()}
    return chunks


def _collect(node: ast.AST, chunk: Chunk) -> Iterator[Chunk]:
    todo: list[tuple[ast.AST, bool]] = [(node, False)]
    while todo:
        node, used = todo.pop()
        _note(node, chunk, used=used)
        for child, consumed in _children(node):
            if isinstance(child, FUNCTIONS):
                inner = Chunk(child.name)
                if child.decorator_list:
                    inner.values.add(child.name)  # its decorators are handed it
                yield from _collect(child, inner)
            else:
                todo.append((child, consumed))
    yield chunk


def _note(node: ast.AST, chunk: Chunk, *, used: bool) -> None:
    match node:
        case ast.Name(id=word) | ast.Attribute(attr=word):
            chunk.words.add(word)
            if not used:
                chunk.values.add(word)
        case ast.Call(func=ast.Name(id=word) | ast.Attribute(attr=word)):
            chunk.calls.add(word)
            if not used:
                chunk.made.add(word)
        case ast.Constant(value=str(text)) if _NAME.fullmatch(text):
            chunk.strings.update((text, text.rpartition(".")[2]))
        case ast.BinOp() | ast.Compare() | ast.Subscript() | ast.AugAssign():
            chunk.operates = True


def _children(node: ast.AST) -> Iterator[tuple[ast.AST, bool]]:
    """The children of a node, and whether it uses them up on the spot."""
    for name, value in ast.iter_fields(node):
        consumed = name in _CONSUMED.get(type(node), ())
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield child, consumed


_CONSUMED: dict[type[ast.AST], tuple[str, ...]] = {
    ast.Expr: ("value",),
    ast.Call: ("func",),
    ast.Attribute: ("value",),
    ast.arg: ("annotation",),
    ast.FunctionDef: ("returns", "decorator_list"),
    ast.AsyncFunctionDef: ("returns", "decorator_list"),
    ast.AnnAssign: ("annotation", "target"),
    ast.Assign: ("targets",),
    ast.ExceptHandler: ("type",),
    ast.ClassDef: ("bases", "decorator_list"),
    ast.Raise: ("exc",),
    ast.Compare: ("left", "comparators"),
}
"""The fields whose value goes no further: calling, looking inside, raising, comparing, typing."""
