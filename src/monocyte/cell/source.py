"""`Source`: what can be known of a cell by reading it; structural decisions are checked on it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from monocyte.contracts.tokens import estimate

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
                inside = origin if origin.endswith(".") else f"{origin}."
                found |= {origin, *(inside + alias.name for alias in node.names)}
        return frozenset(found)

    @cached_property
    def calls(self) -> frozenset[str]:
        """Everything that is called by name, as it is written: `f`, `a.b.c`."""
        called = (node.func for node in ast.walk(self.tree) if isinstance(node, ast.Call))
        return frozenset(
            ast.unparse(it) for it in called if isinstance(it, (ast.Name, ast.Attribute))
        )

    @property
    def tokens(self) -> int:
        """How many tokens a model will count in it, estimated."""
        return estimate(self.text)

    @cached_property
    def neighbours(self) -> frozenset[str]:
        """The modules of its own package that it imports from, without the package: `people`."""
        package = Path(self.file).parent.name
        found: set[str] = set()
        for node in ast.walk(self.tree):
            for module, names in _imported(node, package):
                found |= {module} if module else names
        return frozenset(found)

    @cached_property
    def annotations(self) -> Mapping[str, str]:
        """What annotations say, as it is written, by `Class.field`, `function.parameter`, or name.

        A function's result is `function.return`. Annotations inside of functions are left out.
        """
        return dict(_annotated(self.tree.body, ""))

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


def _imported(node: ast.AST, package: str) -> Iterator[tuple[str, set[str]]]:
    """The modules of the package that a statement imports; `""` with the names, if it is itself."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            root, _, module = alias.name.partition(".")
            if root == package and module:
                yield module, set()
    elif isinstance(node, ast.ImportFrom):
        root, _, module = (node.module or "").partition(".")
        names = {alias.name for alias in node.names}
        if node.level:
            yield node.module or "", names
        elif root == package:
            yield module, names


def _annotated(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, str]]:
    for node in body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield prefix + node.target.id, ast.unparse(node.annotation)
        elif isinstance(node, ast.ClassDef):
            yield from _annotated(node.body, f"{prefix}{node.name}.")
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for it in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
                if it.annotation is not None:
                    yield f"{prefix}{node.name}.{it.arg}", ast.unparse(it.annotation)
            if node.returns is not None:
                yield f"{prefix}{node.name}.return", ast.unparse(node.returns)
