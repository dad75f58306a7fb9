"""Handlers that look at what an error says: the words of some name a variable. Pure."""

from __future__ import annotations

import ast

from monocyte.semdiff.scopes import BUILTINS
from monocyte.semdiff.uses import spelled as _spelled

__all__ = ["shows_error"]


def shows_error(handler: ast.ExceptHandler, plain: frozenset[str]) -> frozenset[str] | None:
    """Whether a handler may show the words of a `NameError`, which name a variable: if what holds.

    `plain` are names that are bound by imports and classes only: of such the tree must say, by one
    of the words in the answer, that they are other errors' names. None if it shows none.
    """
    if not _looks(handler):
        return None
    if handler.type is None:
        return frozenset()
    needs = set()
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    for kind in kinds:
        root: ast.expr = kind
        while isinstance(root, ast.Attribute):
            root = root.value
        if not isinstance(root, ast.Name) or _spelled(kind) in _BROAD:
            return frozenset()
        if root.id in plain:
            needs.add(f"{_spelled(kind)}=error")
        elif root is not kind or root.id not in BUILTINS:
            return frozenset()
    return frozenset(needs) or None


_BROAD = frozenset({"Exception", "BaseException", "NameError", "UnboundLocalError"})
_LOOKING = frozenset({"exc_info", "format_exc", "print_exc", "exception", "format_exception"})


def _looks(handler: ast.ExceptHandler) -> bool:
    """Whether the handler does more with the error than raise it on."""
    harmless: set[int] = set()
    for node in ast.walk(handler):
        if isinstance(node, ast.Raise):
            harmless.update(id(n) for n in (node.exc, node.cause) if n is not None)
    for node in ast.walk(handler):
        if isinstance(node, ast.Name) and node.id == handler.name and id(node) not in harmless:
            return True
        if isinstance(node, ast.Attribute) and node.attr in _LOOKING - {"exception"}:
            return True
        if isinstance(node, ast.Name) and node.id in _LOOKING:
            return True
    return False
