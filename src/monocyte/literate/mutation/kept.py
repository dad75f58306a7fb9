"""What a mutation run may take over from the last one: digests of code, by meaning and not by time.

A digest knows neither positions nor comments nor docstrings. That of a function knows what it
calls in its own file, so a change below a function is a change of the function. Pure: text in,
digests out.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["Digests", "digest_of", "file_digests", "key_of"]

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DOCUMENTED = (*FUNCTIONS, ast.ClassDef, ast.Module)


class Digests:
    """The digests of one file's text; raises SyntaxError if it is not Python."""

    def __init__(self, text: str) -> None:
        tree = _bare(ast.parse(text))
        self._functions = {it.name: it for it in tree.body if isinstance(it, FUNCTIONS)}
        self._own = {name: ast.dump(it) for name, it in self._functions.items()}
        self._calls = {name: self._named(it) for name, it in self._functions.items()}
        rest = [it for it in tree.body if not isinstance(it, (*FUNCTIONS, ast.Expr))]
        self.rest = digest_of(map(ast.dump, rest))
        """Of all that is no function: words, state, constants; but not what is only said."""

        self.whole = digest_of([*self._own.values(), self.rest])
        """Of everything that runs."""
        self.imports = frozenset(_imports(tree))
        """The modules that the file may import; of `from a import b` both a and a.b."""

    def of(self, name: str) -> str:
        """Of a function of the file with all that it calls there; of a method, of the rest."""
        if name not in self._functions:
            return self.rest
        reached, left = set[str](), [name]
        while left:
            if (each := left.pop()) not in reached:
                reached.add(each)
                left += self._calls[each]
        return digest_of([self._own[name], *(self._own[it] for it in sorted(reached))])

    def _named(self, node: ast.AST) -> list[str]:
        names = {it.id for it in ast.walk(node) if isinstance(it, ast.Name)}
        return sorted((names - _bound(node)) & set(self._functions))


def key_of(function: Callable[..., Any]) -> str:
    """The digest of a function of a module, with what it calls there."""
    it = inspect.unwrap(function)
    digests = file_digests(it.__code__.co_filename)
    return digest_of([digests.of(it.__qualname__), digests.rest])


def file_digests(file: str) -> Digests:
    """The digests of a file as it is now.

    Raises:
        OSError: it cannot be read.
    """
    return _digests(Path(file).read_text(encoding="utf-8"))


@cache
def _digests(text: str) -> Digests:
    return Digests(text)


def digest_of(parts: Iterable[str]) -> str:
    """A digest of texts, in their order."""
    made = hashlib.blake2b(digest_size=12)
    for part in parts:
        made.update(part.encode("utf-8", "surrogatepass") + b"\0")
    return made.hexdigest()


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _bare(tree: ast.Module) -> ast.Module:
    """The tree without its docstrings."""
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and node.body and _is_text(node.body[0]):
            node.body = node.body[1:]
    return tree


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _bound(node: ast.AST) -> set[str]:
    """The names that are a function's own: a variable called as a function is another thing."""
    inside = list(ast.walk(node))
    stored = {it.id for it in inside if isinstance(it, ast.Name) and isinstance(it.ctx, ast.Store)}
    given = {it.arg for it in inside if isinstance(it, ast.arg)}
    declared = {it for one in inside if isinstance(one, ast.Global) for it in one.names}
    return (stored | given) - declared
