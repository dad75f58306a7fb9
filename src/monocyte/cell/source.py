"""`Source`: what can be known of a cell by reading it; structural decisions are checked on it."""

from __future__ import annotations

import ast
from functools import cached_property

__all__ = ["Source"]


class Source:
    """The text of one cell, read and never executed.

    Raises:
        SyntaxError: the text is no Python.

    >>> "socket" in Source("import socket").imports
    True
    """

    def __init__(self, text: str, file: str = "<source>") -> None:
        self.text = text
        self.file = file
        self.tree = ast.parse(text, file)

    def __repr__(self) -> str:
        return f"Source({self.file!r})"

    @cached_property
    def imports(self) -> frozenset[str]:
        """Every module that is imported anywhere, as `a.b`; of `from a import b` both a and a.b."""
        found: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                origin = "." * node.level + (node.module or "")
                found |= {origin, *(f"{origin}.{alias.name}" for alias in node.names)}
        return frozenset(found)

    @cached_property
    def calls(self) -> frozenset[str]:
        """Everything that is called by name, as it is written: `f`, `a.b.c`."""
        called = (node.func for node in ast.walk(self.tree) if isinstance(node, ast.Call))
        return frozenset(
            ast.unparse(it) for it in called if isinstance(it, (ast.Name, ast.Attribute))
        )

    @cached_property
    def names(self) -> frozenset[str]:
        """Every name and attribute that is read or written."""
        nodes = list(ast.walk(self.tree))
        plain = {node.id for node in nodes if isinstance(node, ast.Name)}
        return frozenset(plain | {node.attr for node in nodes if isinstance(node, ast.Attribute)})

    @cached_property
    def functions(self) -> frozenset[str]:
        """The functions at the top level."""
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
        return frozenset(node.name for node in self.tree.body if isinstance(node, kinds))

    @cached_property
    def classes(self) -> frozenset[str]:
        """The classes at the top level: the words, mostly."""
        return frozenset(node.name for node in self.tree.body if isinstance(node, ast.ClassDef))
