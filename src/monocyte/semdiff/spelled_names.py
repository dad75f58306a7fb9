"""What a name may be that is put together from pieces. Pure."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection

__all__ = ["may_spell"]


def may_spell(node: ast.expr, words: Collection[str]) -> bool:
    """Whether a name that is put together here may come out as one of these words."""
    if isinstance(node, ast.BinOp | ast.JoinedStr | ast.Call):
        pattern = re.compile(_pattern(node), re.DOTALL)
        made = isinstance(node, ast.Call) and not _is_method_of_text(node)
        return not made and any(pattern.fullmatch(word) for word in words)
    return isinstance(node, ast.Subscript) and isinstance(node.value, ast.Constant)


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
            return ".*".join(map(re.escape, _PERCENT.split(text)))
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format")):
            return ".*".join(map(re.escape, _BRACES.split(text)))
        case _:
            return ".*"
