"""What a name may be that is put together from pieces. Pure."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator

__all__ = ["spellings"]


def spellings(node: ast.expr, words: Collection[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """The words that a name may come out as which is put together here.

    With each goes what must be said as a string somewhere for that, one of these (in quotes) at
    least: what is unknown here must come from somewhere. Nothing, where nothing is unknown.
    """
    if isinstance(node, ast.BinOp | ast.JoinedStr | ast.Call):
        pattern = re.compile(_pattern(node), re.DOTALL)
        made = isinstance(node, ast.Call) and not _is_method_of_text(node)
        for word in () if made else words:
            match = pattern.fullmatch(word)
            if match:
                unknown = (it for group in match.groups() for it in _parts(group))
                yield word, frozenset(f'"{it}"' for it in unknown)
    elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Constant):
        yield from ((word, frozenset()) for word in words)


_SHORTEST = 3
"""Shorter pieces stand everywhere."""


def _parts(text: str) -> Iterator[str]:
    """All pieces of what is unknown; of a short one only the whole."""
    if len(text) <= _SHORTEST:
        yield from (text,) if text else ()
        return
    for start in range(len(text) - _SHORTEST + 1):
        yield from (text[start:end] for end in range(start + _SHORTEST, len(text) + 1))


def _is_method_of_text(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Constant)


_PERCENT = re.compile(r"%(?:\(\w*\))?[-+ #0]*\d*(?:\.\d+)?[a-zA-Z]")
_BRACES = re.compile(r"\{[^{}]*\}")


def _pattern(node: ast.expr) -> str:
    """What a built string may look like: its constant parts, and anything between."""
    match node:
        case ast.Constant(value=str(text)):
            return re.escape(text)
        case ast.JoinedStr():
            return "".join(map(_pattern, node.values))
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _pattern(left) + _pattern(right)
        case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Mod()):
            return "(.*)".join(map(re.escape, _PERCENT.split(text)))
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format")):
            return "(.*)".join(map(re.escape, _BRACES.split(text)))
        case _:
            return "(.*)"
