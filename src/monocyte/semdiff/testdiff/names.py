"""What names of a test module stand for: aliases of pytest's and unittest's words, resolved."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

__all__ = ["Names", "literal", "shown"]


class Names:
    """The imports and simple assignments of a module: name to dotted name."""

    def __init__(self, tree: ast.Module) -> None:
        self.known = dict(_imported(tree))
        self.values = _assigned_once(tree)
        """What is assigned to a global name, once."""
        for name, value in self.values.items():
            dotted = self.dotted(value)
            if dotted and isinstance(value, ast.Attribute | ast.Name | ast.Call):
                self.known.setdefault(name, dotted)

    def dotted(self, node: ast.AST) -> str:
        """The dotted name that an expression stands for; empty if it is none."""
        match node:
            case ast.Name(id=name):
                return self.known.get(name, name)
            case ast.Attribute(value=value, attr=attr):
                outer = self.dotted(value)
                return f"{outer}.{attr}" if outer else ""
            case ast.Call(
                func=ast.Name(id="getattr"), args=[value, ast.Constant(value=str(attr)), *_]
            ):
                outer = self.dotted(value)
                return f"{outer}.{attr}" if outer else ""
            case ast.Call(func=function):
                return self.dotted(function)
            case _:
                return ""

    def within(self, nodes: Iterable[ast.AST]) -> set[str]:
        """All dotted names in some code."""
        found = {self.dotted(it) for node in nodes for it in ast.walk(node)}
        return found - {""}


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for it in node.names:
                top = it.name.partition(".")[0]
                yield it.asname or top, it.name if it.asname else top
        elif isinstance(node, ast.ImportFrom):
            for it in node.names:
                yield it.asname or it.name, f"{node.module or ''}.{it.name}"


def _assigned_once(tree: ast.Module) -> dict[str, ast.expr]:
    found: dict[str, list[ast.expr]] = {}
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found.setdefault(name, []).append(value)
    return {name: values[0] for name, values in found.items() if len(values) == 1}


def shown(node: ast.AST, most: int = 80) -> str:
    """Code on one line, shortened."""
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= most else f"{text[: most - 1]}…"


def literal(node: ast.AST | None) -> object:
    """The value of a literal; `...` for anything else."""
    try:
        return ast.literal_eval(node) if node is not None else ...
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return ...
