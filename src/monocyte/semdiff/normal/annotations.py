"""Which annotations of a signature can be evaluated without anybody noticing.

Such an annotation is only data beside the code, seen by whoever reads annotations. Anything that
may raise, or run somebody's code, is code.
"""

from __future__ import annotations

import ast
import builtins

from monocyte.semdiff.normal.facts import ModuleFacts
from monocyte.semdiff.scopes import Scope

__all__ = ["is_inert_annotation"]

_TYPES = frozenset(n for n, v in vars(builtins).items() if isinstance(v, type))
_ARITY: dict[str, tuple[int, int]] = {
    **dict.fromkeys(("list", "set", "frozenset", "type"), (1, 1)),
    **dict.fromkeys(("List", "Set", "FrozenSet", "Type", "Optional"), (1, 1)),
    **dict.fromkeys(("Iterable", "Iterator", "Sequence", "Collection"), (1, 1)),
    **dict.fromkeys(("dict", "Dict", "Mapping", "MutableMapping"), (2, 2)),
    **dict.fromkeys(("tuple", "Tuple", "Union"), (1, 99)),
}
"""How many parameters a generic takes without raising."""

_TYPING = ("typing.", "collections.abc.")


def is_inert_annotation(node: ast.expr, facts: ModuleFacts, scope: Scope) -> bool:
    """Whether evaluating it where the function is defined cannot fail and runs no code."""
    if facts.lazy_annotations or isinstance(node, ast.Constant):
        return True
    return _is_type(node, facts, scope) or _is_typing_name(node, facts, scope)


def _is_type(node: ast.expr, facts: ModuleFacts, scope: Scope) -> bool:
    """Whether it surely evaluates to a type, or a generic alias of types."""
    match node:
        case ast.Name():
            return node.id in _TYPES and facts.is_builtin(node.id, scope)
        case ast.Subscript(value=ast.Name() as generic):
            known = generic.id in _TYPES and facts.is_builtin(generic.id, scope)
            return (known or _is_typing_name(generic, facts, scope)) and _fits(
                generic.id, node.slice, facts, scope
            )
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _is_type(left, facts, scope) and _is_part(right, facts, scope)
        case _:
            return False


def _fits(name: str, parts: ast.expr, facts: ModuleFacts, scope: Scope) -> bool:
    given = parts.elts if isinstance(parts, ast.Tuple) else [parts]
    least, most = _ARITY.get(name, (1, 0))
    return least <= len(given) <= most and all(_is_part(p, facts, scope) for p in given)


def _is_part(node: ast.expr, facts: ModuleFacts, scope: Scope) -> bool:
    if isinstance(node, ast.Constant):
        return node.value is None
    return _is_type(node, facts, scope)


def _is_typing_name(node: ast.expr, facts: ModuleFacts, scope: Scope) -> bool:
    """A name that an earlier line imports from `typing`."""
    if not isinstance(node, ast.Name):
        return False
    origin = facts.dotted(node, scope)
    if origin is None or not origin.startswith(_TYPING):
        return False
    return facts.import_lines.get(node.id, node.lineno) < node.lineno
